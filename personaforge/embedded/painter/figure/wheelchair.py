"""Somebody who uses a wheelchair sits in it: the chair behind and beside the body, and the legs of one who sits.

Seen from the front: the large wheels stand on edge at both sides, the legs come towards the viewer and down to the foot
rests. Points are body points in face units.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.body import SEATED_SOLES
from personaforge.embedded.painter.figure.clothes import Cut
from personaforge.embedded.painter.figure.legs import LEGS, SKIRTS, Legs
from personaforge.embedded.painter.figure.painter import SHADE, BodyPainter
from personaforge.embedded.painter.figure.shoes import paint_shoe, shoe_of
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, mirrored, smooth

LAP: Final = 10.6
"""How far down clothes of the upper body reach on somebody who sits."""
_FRAME: Final = np.array((74, 80, 88), np.float32)
_TYRE: Final = np.array((46, 48, 52), np.float32)
_CLOTH: Final = np.array((52, 56, 64), np.float32)


def paint_chair(painter: BodyPainter) -> None:
    """Paint what of the chair is behind and beside the body."""
    hip = painter.body.hip
    out = hip + 0.72
    back = painter.placed([(-1.85, 5.6), (1.85, 5.6), (2.0, 10.6), (-2.0, 10.6)])
    painter.solid(back, 0.3, _CLOTH)
    for side in (-1, 1):
        ground = ellipse(side * out, SEATED_SOLES - 0.1, 0.7, 0.2)
        painter.canvas.tint(painter.placed(ground), (0.45, 0.44, 0.45), 0.55, soft=0.14)
        post = np.array([(1.95, 5.2), (2.0, 10.8)]) * (side, 1)
        painter.solid(painter.ribbon(post, 0.2), 0.1, _FRAME)
        grip = np.array([(1.9, 5.15), (2.42, 5.05)]) * (side, 1)
        painter.solid(painter.ribbon(grip, 0.34), 0.16, _TYRE)
        wheel = _wheel(side * out, 8.9, SEATED_SOLES - 0.1, 0.34)
        painter.solid(painter.placed(wheel), 0.2, _TYRE)
        rim = _wheel(side * (out + 0.36), 9.4, SEATED_SOLES - 0.7, 0.09)
        painter.solid(painter.placed(rim), 0.08, _FRAME * 1.9)
        caster = _wheel(side * (0.62 * hip + 0.5), SEATED_SOLES - 1.5, SEATED_SOLES - 0.05, 0.2)
        painter.solid(painter.placed(caster), 0.12, _TYRE)
        tube = smooth(
            [(side * (hip + 0.3), 10.9), (side * (0.80 * hip + 0.3), 13.2), (side * (0.62 * hip + 0.4), 15.4)], 5
        )
        painter.solid(painter.ribbon(tube, 0.2), 0.1, _FRAME * 1.3)


def paint_seated_legs(painter: BodyPainter, cut: Cut, cloth: Pixels) -> None:
    """Paint lap, legs, shoes and foot rests. `cloth` is the trousers' colour where no word names one."""
    body, lower = painter.body, painter.scenery.outfit.lower
    shape = lower.shape if lower is not None else "straight"
    tone = cloth if lower is None else np.asarray(lower.color, np.float32)
    skirted = bool(cut.skirt) or shape in SKIRTS
    wear = LEGS.get(shape, LEGS["straight"])
    ankle = SEATED_SOLES - 1.05
    for side in (-1, 1):
        corners = [(0.16, 0.12), (0.92, 0.12), (1.0, 0.3), (0.16, 0.3)]
        rest = np.add(corners, (0.30 * body.hip - 0.34, SEATED_SOLES - 0.34))
        painter.solid(painter.placed(rest * (side, 1)), 0.1, _FRAME)
        if skirted or wear.end < 1:
            painter.solid(
                painter.ribbon(_shin(painter, side), np.linspace(1.05, 0.62, 11) * body.limb), 0.6, painter.skin
            )
        paint_shoe(painter, shoe_of(painter.scenery), side, 0.42 * body.hip, ankle, heel_up=False)
    lap = [(0.0, 9.4), (0.9 * body.hip, 9.5), (1.06 * body.hip, 10.4), (1.02 * body.hip, 11.7), (0.86 * body.hip, 12.5),
           (0.34 * body.hip, 12.6), (0.0, 12.0)]  # fmt: skip
    half = smooth(lap, 5)
    seat = painter.placed(np.concatenate([half, mirrored(half)[::-1]]))
    if skirted:
        color = None if cut.skirt else tone
        side_line = smooth(
            [(1.0 * body.hip, 9.6), (1.1 * body.hip, 11.0), (1.08 * body.hip, 12.6), (1.0 * body.hip, 14.4)], 5
        )
        skirt = painter.placed(np.concatenate([side_line, mirrored(side_line)[::-1]]))
        painter.united([seat, skirt], 1.1, color)
    else:
        painter.united([seat, *(_leg(painter, side, wear) for side in (-1, 1))], 0.85, tone)
    _knees(painter, skirted=skirted)


def _shin(painter: BodyPainter, side: int) -> Points:
    hip = painter.body.hip
    line = [(0.56 * hip, 12.0), (0.50 * hip, 13.8), (0.43 * hip, SEATED_SOLES - 0.95)]
    return np.asarray(smooth(np.array(line) * (side, 1), 5))


def _leg(painter: BodyPainter, side: int, wear: Legs) -> Points:
    line = _shin(painter, side)
    stop = len(line) if wear.end >= 1 else 8
    limb = painter.body.limb
    widths = np.linspace(max(1.15 * wear.widths[1], 1.5) * limb, min(wear.widths[3], 1.6) * limb, len(line))
    return painter.ribbon(line[:stop], widths[:stop])


def _knees(painter: BodyPainter, *, skirted: bool) -> None:
    """Paint the light on the knees, the shadow below them, and what parts the legs."""
    canvas, hip = painter.canvas, painter.body.hip
    canvas.crease(painter.placed([(0.0, 10.6), (0.0, 12.4 if not skirted else 14.2)]), 0.16, SHADE, 0.5, soft=0.08)
    for side in (-1, 1):
        canvas.glow(*painter.point(side * 0.56 * hip, 11.7), 0.5, 0.45, (1.10, 1.10, 1.10), 0.8)
        below = smooth([(side * 0.2 * hip, 12.7), (side * 0.56 * hip, 13.0), (side * 0.9 * hip, 12.6)], 5)
        canvas.crease(painter.placed(below), 0.3, SHADE, 0.35, soft=0.14)


def _wheel(x: float, top: float, bottom: float, half: float) -> Points:
    """Return a wheel on edge: a tall, narrow ellipse."""
    return ellipse(x, 0.5 * (top + bottom), half, 0.5 * (bottom - top), 40)


def on_the_lap(knots: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Return the edge of an open garment that ends on the lap."""
    kept = tuple(point for point in knots if point[1] < LAP - 0.6)
    return (*kept, (kept[-1][0] + 0.06, LAP - 0.1))
