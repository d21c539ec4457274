"""Neck and torso with what they wear, and the order in which the parts of a body are painted."""

from __future__ import annotations

import numpy as np

from personaforge.embedded.painter.figure.accessories import paint_worn
from personaforge.embedded.painter.figure.body import RAISED
from personaforge.embedded.painter.figure.carried import paint_carried
from personaforge.embedded.painter.figure.clothes import CUTS, Cut
from personaforge.embedded.painter.figure.details import paint_details
from personaforge.embedded.painter.figure.folds import torso_folds
from personaforge.embedded.painter.figure.legs import paint_legs
from personaforge.embedded.painter.figure.limbs import paint_arms
from personaforge.embedded.painter.figure.outline import shoulders, torso
from personaforge.embedded.painter.figure.over import INNER, LAYERS, paint_over
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.trims import TRIMS
from personaforge.embedded.painter.strokes import mirrored, smooth


def paint_body(painter: BodyPainter) -> None:
    """Paint everything that is inside the canvas, back to front."""
    outfit, cut = painter.scenery.outfit, _finished(CUTS[painter.scenery.garment], painter.scenery.outfit.details)
    palette = [np.asarray(color, np.float32) for color in painter.scenery.palette]
    under = palette[min(1, len(palette) - 1)]
    bottom = under * (0.55 if float(under.mean()) > 150 else 0.85)
    paint_legs(painter, cut, bottom)
    if cut.extra == "hood":
        back = smooth([(-0.95, 2.1), (-0.62, 1.62), (0, 1.5), (0.62, 1.62), (0.95, 2.1)])
        painter.solid(painter.placed(back), 0.3, palette[0] * 0.6)
    _neck(painter)
    if cut.inner:
        shown = outfit.inner
        tone = under if shown is None else np.asarray(shown.color, np.float32)
        inner = torso(painter, INNER[shown.shape if shown is not None else "crew"], 0.0, min(cut.hem, 9.9))
        painter.solid(inner, 1.2, tone)
        if shown is not None and shown.shape == "roll":
            TRIMS["roll"](painter, [tone])
    top = torso(painter, cut.neck, cut.loose, 11.0 if cut.skirt else cut.hem)
    layer = LAYERS[outfit.over.shape] if outfit.over is not None else None
    sleeved = layer is not None and layer.sleeve > 0
    bare = cut.sleeve == 0 and painter.stance in ("rest", "pocket", "walk") and not sleeved
    if bare:  # straps lie over the shoulders
        paint_arms(painter, cut)
    painter.shade_under(np.add(top, (0.0, 0.10)), 0.35, soft=0.10)
    painter.solid(top, 1.15)
    if cut.skirt:
        _skirt(painter, cut.skirt, cut.loose)
    torso_folds(painter, cut, top)
    paint_details(painter, cut, top, palette)
    TRIMS[cut.extra](painter, palette)
    if layer is not None and outfit.over is not None:
        paint_over(painter, layer, outfit.over.color)
        if sleeved:
            cut = cut._replace(sleeve=layer.sleeve, loose=layer.loose)
        else:
            painter.cloth = (painter.scenery.pattern, painter.scenery.palette)
    paint_worn(painter, (*outfit.accessories, *(() if outfit.covering is None else (outfit.covering,))))
    if not bare:
        paint_arms(painter, cut)
    painter.cloth = (painter.scenery.pattern, painter.scenery.palette)
    paint_carried(painter, outfit.accessories)


def _neck(painter: BodyPainter) -> None:
    neck = painter.body.neck
    right = [
        (neck, 0.7),
        (neck * 0.97, 1.35),
        (neck * 1.04, 1.75),
        (neck * 1.38, 2.02),
        *shoulders(painter, 0, cloth=False),
    ]
    side = smooth([*right, (painter.body.shoulder * 0.9, 3.6), (painter.body.shoulder * 0.75, 5.2)], 5)
    painter.solid(painter.placed(np.concatenate([side[::-1], mirrored(side)])), 0.7, painter.skin)
    canvas, shade = painter.canvas, (0.72, 0.62, 0.59)
    canvas.clip = painter.cover
    for x in (-1, 1):
        tendon = painter.placed([(x * neck * 0.86, 1.4), (x * neck * 0.55, 1.95), (x * 0.16, 2.38)], 0.8)
        canvas.crease(tendon, 0.10, shade, 0.32, soft=0.06)
        bone = painter.placed(smooth([(x * 0.2, 2.46), (x * 0.7, 2.40), (x * 1.25, 2.40)]), 0.8)
        canvas.crease(bone, 0.07, shade, 0.35, soft=0.045)
        canvas.crease(np.subtract(bone, (0, 0.08)), 0.06, (1.07, 1.06, 1.05), 0.5, soft=0.04)
    canvas.glow(0.8 * painter.shift, 2.44 - RAISED, 0.10, 0.08, shade, 0.45)
    canvas.clip = None


def _skirt(painter: BodyPainter, hem: float, loose: float) -> None:
    body = painter.body
    side = [
        (body.waist + loose, 7.6),
        (body.hip + loose, 10.2),
        (body.hip + 0.55 + loose, 0.5 * (10.2 + hem)),
        (body.hip + 0.8 + loose, hem),
    ]
    right = smooth(side, 6)
    painter.solid(painter.placed(np.concatenate([right, mirrored(right)[::-1]])), 1.3)


def _finished(cut: Cut, details: tuple[str, ...]) -> Cut:
    """Return a cut with the finishes that change its outline."""
    if "long" in details and cut.skirt:
        cut = cut._replace(skirt=18.4)
    if "crop" in details and not cut.skirt:
        low = max(8.0 / max(y for _, y in cut.neck), 0.0)  # an open front ends where the hem does
        neck = tuple((x, min(y, y * low)) for x, y in cut.neck) if low < 1 else cut.neck
        cut = cut._replace(hem=8.3, neck=neck)
    if "puff" in details:
        cut = cut._replace(sleeve=max(cut.sleeve, 0.42))
    if "oversized" in details:
        cut = cut._replace(loose=cut.loose + 0.08, hem=cut.hem + 0.5)
    return cut
