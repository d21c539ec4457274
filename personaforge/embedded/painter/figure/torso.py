"""Neck and torso with their clothes, and the order in which the parts of a body are painted."""

from __future__ import annotations

from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.accessories import OVER_ARMS, paint_worn
from personaforge.embedded.painter.figure.body import RAISED
from personaforge.embedded.painter.figure.carried import paint_carried
from personaforge.embedded.painter.figure.clothes import CROPPED, CUTS, Cut
from personaforge.embedded.painter.figure.details import paint_details
from personaforge.embedded.painter.figure.folds import torso_folds
from personaforge.embedded.painter.figure.legs import paint_legs
from personaforge.embedded.painter.figure.limbs import paint_arms, upper_arms
from personaforge.embedded.painter.figure.outline import nape, shoulders, torso
from personaforge.embedded.painter.figure.over import INNER, LAYERS, paint_over
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.trims import TRIMS
from personaforge.embedded.painter.figure.wheelchair import LAP, on_the_lap, paint_chair, paint_seated_legs
from personaforge.embedded.painter.strokes import mirrored, smooth


def paint_body(painter: BodyPainter) -> None:
    """Paint everything that is inside the canvas, back to front."""
    outfit, cut = painter.scenery.outfit, _finished(CUTS[painter.scenery.garment], painter.scenery.outfit.details)
    palette = [np.asarray(color, np.float32) for color in painter.scenery.palette]
    under = palette[min(1, len(palette) - 1)]
    bottom = under * (0.55 if float(under.mean()) > 150 else 0.85)
    if painter.body.seated:
        cut = cut._replace(hem=min(cut.hem, LAP))
        paint_chair(painter)
        paint_seated_legs(painter, cut, bottom)
    else:
        paint_legs(painter, cut, bottom)
    if cut.extra == "hood":
        back = smooth([(-0.95, 2.1), (-0.62, 1.62), (0, 1.5), (0.62, 1.62), (0.95, 2.1)])
        painter.solid(painter.placed(back), 0.3, palette[0] * 0.6)
    _neck(painter, cut)
    if cut.inner:
        shown = outfit.inner
        tone = under if shown is None else np.asarray(shown.color, np.float32)
        inner = torso(painter, INNER[shown.shape if shown is not None else "crew"], 0.0, min(cut.hem, 9.9))
        painter.solid(inner, 1.2, tone)
        if shown is not None and shown.shape == "roll":
            TRIMS["roll"](painter, [tone])
    top = torso(painter, cut.neck, cut.loose, 11.0 if cut.skirt else cut.hem, bare=not cut.sleeve)
    layer = LAYERS[outfit.over.shape] if outfit.over is not None else None
    if layer is not None and painter.body.seated and layer.hem > LAP:
        layer = layer._replace(hem=LAP, edge=on_the_lap(layer.edge))
    sleeved = layer is not None and layer.sleeve > 0
    painter.shade_under(np.add(top, (0.0, 0.10)), 0.35, soft=0.10)
    painter.united([top, *(upper_arms(painter, cut) if cut.sleeve else [])], 1.15)
    if cut.skirt and not painter.body.seated:
        _skirt(painter, cut.skirt, cut.loose)
    torso_folds(painter, cut, top)
    paint_details(painter, cut, top, palette, over=False)
    TRIMS[cut.extra](painter, palette)
    paint_details(painter, cut, top, palette, over=True)
    if layer is not None and outfit.over is not None:
        if sleeved:
            cut = cut._replace(sleeve=layer.sleeve, loose=layer.loose)
        paint_over(painter, layer, outfit.over.color, upper_arms(painter, cut) if sleeved else [])
        if not sleeved:
            painter.cloth = (painter.scenery.pattern, painter.scenery.palette)
    worn = (*outfit.accessories, *(() if outfit.covering is None else (outfit.covering,)))
    paint_worn(painter, (piece for piece in worn if piece.shape not in OVER_ARMS))
    paint_arms(painter, cut, under=not (sleeved or (cut.sleeve and layer is None)))
    painter.cloth = (painter.scenery.pattern, painter.scenery.palette)
    paint_worn(painter, (piece for piece in worn if piece.shape in OVER_ARMS))
    paint_carried(painter, outfit.accessories)


def _neck(painter: BodyPainter, cut: Cut) -> None:
    neck = painter.body.neck
    right = [
        (neck, 0.7),
        (neck * 0.97, 1.35),
        (neck * 1.04, 1.75),
        (nape(neck), 2.02),
        *shoulders(painter, 0, cloth=False),
    ]
    side = smooth([*right, (painter.body.shoulder * 0.9, 3.6), (painter.body.shoulder * 0.75, 5.2)], 5)
    trunk = painter.placed(np.concatenate([side[::-1], mirrored(side)]))
    painter.united([trunk, *upper_arms(painter, cut, bare=True)], 0.7, painter.skin)
    canvas, shade = painter.canvas, (0.72, 0.62, 0.59)
    canvas.clip = painter.cover
    for x in (-1, 1):
        # The sides turn away from the light; in front of them a muscle runs from the ear to the breastbone.
        edge = painter.placed(smooth([(x * neck * 1.02, 0.9), (x * neck, 1.5), (x * neck * 1.1, 1.9)]), 0.1)
        canvas.crease(edge, 0.22, shade, 0.42, soft=0.10)
        tendon = painter.placed(smooth([(x * neck * 0.80, 1.4), (x * neck * 0.50, 2.0), (x * 0.14, 2.46)]), 0.8)
        canvas.crease(tendon, 0.12, shade, 0.26, soft=0.07)
        canvas.crease(np.subtract(tendon, (x * 0.10, 0)), 0.08, (1.05, 1.045, 1.04), 0.6, soft=0.05)
        bone = painter.placed(smooth([(x * 0.2, 2.46), (x * 0.7, 2.40), (x * 1.25, 2.40)]), 0.8)
        canvas.crease(bone, 0.07, shade, 0.35, soft=0.045)
        canvas.crease(np.subtract(bone, (0, 0.08)), 0.06, (1.07, 1.06, 1.05), 0.5, soft=0.04)
    canvas.glow(0.8 * painter.shift, 2.44 - RAISED, 0.10, 0.08, shade, 0.45)
    canvas.clip = None


_NARROW: Final = ("qipao", "ao dai", "kimono")
"""Garments that fall straight from the hip."""


def _skirt(painter: BodyPainter, hem: float, loose: float) -> None:
    body = painter.body
    flare = 0.2 if painter.scenery.garment in _NARROW else 0.8
    side = [
        (body.waist + loose, 7.6),
        (body.hip + loose, 10.2),
        (body.hip + 0.7 * flare + loose, 0.5 * (10.2 + hem)),
        (body.hip + flare + loose, hem),
    ]
    right = smooth(side, 6)
    painter.solid(painter.placed(np.concatenate([right, mirrored(right)[::-1]])), 1.3)


def _finished(cut: Cut, details: tuple[str, ...]) -> Cut:
    """Return a cut with the finishes that change its outline."""
    if "long" in details and cut.skirt:
        cut = cut._replace(skirt=18.4)
    if "crop" in details and not cut.skirt:
        # An open front ends where the hem does, and begins on the shoulder as ever.
        top, low = cut.neck[0][1], max(y for _, y in cut.neck)
        share = min((CROPPED - 0.3 - top) / (low - top), 1.0)
        cut = cut._replace(hem=CROPPED, neck=tuple((x, top + (y - top) * share) for x, y in cut.neck))
    if "puff" in details:
        cut = cut._replace(sleeve=max(cut.sleeve, 0.42))
    if "oversized" in details:
        cut = cut._replace(loose=cut.loose + 0.08, hem=cut.hem + 0.5)
    return cut
