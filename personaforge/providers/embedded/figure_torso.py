"""Neck and torso with what they wear, and the order in which the parts of a body are painted."""

from __future__ import annotations

import numpy as np

from personaforge.providers.embedded.figure_body import RAISED
from personaforge.providers.embedded.figure_clothes import CUTS
from personaforge.providers.embedded.figure_folds import torso_folds
from personaforge.providers.embedded.figure_legs import paint_legs
from personaforge.providers.embedded.figure_limbs import paint_arms
from personaforge.providers.embedded.figure_painter import BodyPainter
from personaforge.providers.embedded.figure_trims import TRIMS
from personaforge.providers.embedded.painter_strokes import Points, mirrored, smooth


def paint_body(painter: BodyPainter) -> None:
    """Paint everything that is inside the canvas, back to front."""
    cut = CUTS[painter.scenery.garment]
    palette = [np.asarray(color, np.float32) for color in painter.scenery.palette]
    under = palette[min(1, len(palette) - 1)]
    bottom = under * (0.55 if float(under.mean()) > 150 else 0.85)
    paint_legs(painter, cut, bottom)
    if cut.extra == "hood":
        back = smooth([(-0.95, 2.1), (-0.62, 1.62), (0, 1.5), (0.62, 1.62), (0.95, 2.1)])
        painter.solid(painter.placed(back), 0.3, palette[0] * 0.6)
    _neck(painter)
    if cut.inner:
        inner = _torso(painter, CUTS["tee"].neck, 0.0, min(cut.hem, 9.9))
        painter.solid(inner, 1.2, under)
    torso = _torso(painter, cut.neck, cut.loose, 11.0 if cut.skirt else cut.hem)
    bare = cut.sleeve == 0 and painter.stance in ("rest", "pocket", "walk")
    if bare:  # straps lie over the shoulders
        paint_arms(painter, cut)
    painter.shade_under(np.add(torso, (0.0, 0.10)), 0.35, soft=0.10)
    painter.solid(torso, 1.15)
    if cut.skirt:
        _skirt(painter, cut.skirt, cut.loose)
    torso_folds(painter, cut, torso)
    TRIMS[cut.extra](painter, palette)
    if not bare:
        paint_arms(painter, cut)


def _shoulders(painter: BodyPainter, loose: float, *, cloth: bool) -> list[tuple[float, float]]:
    body, sink = painter.body, painter.body.drop
    reach, lift = body.shoulder + 0.5 * loose, 0.07 if cloth else 0.0
    return [
        (1.05, 2.20 + 0.4 * sink - lift),
        (reach * 0.77, 2.50 + sink - lift),
        (reach * 0.94, 2.88 + sink - lift),
    ]


def _shoulder_line(painter: BodyPainter, x: float) -> float:
    neck, (inner, outer, _) = painter.body.neck, _shoulders(painter, 0, cloth=False)
    return float(np.interp(x, [neck * 1.04, neck * 1.38, inner[0], outer[0]], [1.75, 2.02, inner[1], outer[1]]))


def _torso(painter: BodyPainter, neck: tuple[tuple[float, float], ...], loose: float, hem: float) -> Points:
    body = painter.body
    outer = [point for point in _shoulders(painter, loose, cloth=True) if point[0] > neck[0][0] + 0.05]
    chest = max(body.shoulder * 0.80, body.waist + 0.08)
    sides = [
        (body.shoulder * 0.90 + loose * 0.5, 3.7), (chest + 0.6 * loose, 4.9),
        (body.waist + 0.10 + loose, 6.4), (body.waist + loose, 7.5), (body.hip * 0.93 + loose, 9.2),
        (body.hip + loose, 10.3), (body.hip + loose * 0.9, 10.9),
    ]  # fmt: skip
    width = float(np.interp(hem, [point[1] for point in sides], [point[0] for point in sides]))
    sides = [*(point for point in sides if point[1] < hem - 0.25), (width, hem - 0.06)]
    # A neckline starts on the shoulder, wherever this person has it.
    start = (neck[0][0], min(neck[0][1], _shoulder_line(painter, neck[0][0]) - 0.05))
    right = smooth([start, *outer, *sides, (0.55 * width, hem + 0.08), (0.0, hem + 0.12)], 5)
    opening = smooth([start, *neck[1:]], 5)
    edge = painter.placed(opening, 1.0)
    far = painter.placed(mirrored(opening), 1.0)
    # The neckline's ends lie on the shoulders, which don't move with the chest.
    blend = np.linspace(0, 1, len(opening))[:, None]
    edge, far = (
        painter.placed(points, 0.0) * (1 - blend) + moved * blend
        for points, moved in ((opening, edge), (mirrored(opening), far))
    )
    return np.concatenate([painter.placed(right[::-1]), edge, far[::-1], painter.placed(mirrored(right))])


def _neck(painter: BodyPainter) -> None:
    neck = painter.body.neck
    right = [
        (neck, 0.7),
        (neck * 0.97, 1.35),
        (neck * 1.04, 1.75),
        (neck * 1.38, 2.02),
        *_shoulders(painter, 0, cloth=False),
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
