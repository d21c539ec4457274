"""Legs and shoes."""

from __future__ import annotations

from typing import Final

import numpy as np

from personaforge.providers.embedded.figure_clothes import CUTS, Cut
from personaforge.providers.embedded.figure_painter import SHADE, BodyPainter
from personaforge.providers.embedded.painter_strokes import Pixels, Points, ellipse, smooth


def paint_legs(painter: BodyPainter, cut: Cut, cloth: Pixels) -> None:
    """Paint legs and shoes; trousers unless the garment has a skirt."""
    if painter.point(0, 8.5)[1] > painter.canvas.top + painter.canvas.height / painter.canvas.scale:
        return  # the frame ends above
    body, limb = painter.body, painter.body.limb
    walk = painter.stance == "walk"
    lean = 0.16 if painter.stance in ("pocket", "hip") else 0.0
    # (side, how far the foot goes out, how much higher it stands: further back)
    feet = ((-1, 0.02, 0.85), (1, 0.10, 0.0)) if walk else ((-1, 0.06 + lean, 0.12), (1, 0.06, 0.0))
    if not cut.skirt:
        seat = smooth([(-body.hip, 8.9), (-1.02 * body.hip, 10.4), (-0.8 * body.hip, 11.6), (0.0, 12.1),
                       (0.8 * body.hip, 11.6), (1.02 * body.hip, 10.4), (body.hip, 8.9)], 5)  # fmt: skip
        painter.solid(painter.placed(seat), 1.2, cloth)
        for side in (-1, 1):
            fly = painter.placed(smooth([(side * 0.03, 10.6), (side * 0.05, 11.7), (side * 0.5, 11.4)]))
            painter.canvas.crease(fly,
                                  0.10, SHADE, 0.35, soft=0.05)  # fmt: skip
    for side, out, back in feet:
        ankle = body.hip * 0.40 + out * 2.4
        knee = body.hip * 0.46 + out * 1.1 + (0.10 if back > 0.1 else 0.0)
        bottom = 20.7 - back
        joints = [(body.hip * 0.52, 10.3), (body.hip * 0.53, 12.0), (knee, 15.6 - 0.5 * back), (ankle, bottom)]
        line = smooth(np.array(joints) * (side, 1), 8)
        along = np.linspace(0, 1, len(line))
        skin_width = (
            np.interp(along, [0, 0.25, 0.55, 0.62, 0.75, 1], [body.hip * 0.98 / limb, 1.75, 1.12, 1.08, 1.16, 0.62])
            * limb
        )
        if cut.skirt:
            painter.solid(painter.ribbon(line, skin_width * 0.92), 0.6, painter.skin)
        _shoe(painter, side, ankle, bottom, walk and back > 0.1)
        if not cut.skirt:
            wide = np.interp(
                along, [0, 0.25, 0.55, 0.8, 1], [body.hip * 1.02, 1.95 * limb, 1.55 * limb, 1.42 * limb, 1.34 * limb]
            )
            tone = cloth * (0.8 if walk and back > 0.1 else 1.0)
            leg = painter.ribbon(line, wide)
            painter.solid(leg, 0.9, tone)
            _leg_folds(painter, line, wide, side)


def _leg_folds(painter: BodyPainter, line: Points, wide: Points, side: int) -> None:
    random = np.random.default_rng(painter.seed + 9 + side)
    for mark in (15, 16, 17, 21, 22, 23):
        center, half = line[mark], 0.42 * wide[mark]
        slope = random.uniform(-0.12, 0.2)
        start = np.add(center, (side * half * random.uniform(-0.9, -0.3), -slope))
        stop = np.add(center, (side * half * random.uniform(0.2, 0.85), slope))
        painter.fold(painter.placed(smooth([start, 0.5 * (start + stop) + (0, 0.12), stop], 5)), 0.15, 0.45)
    crease = np.add(line[6:-1], (side * 0.02, 0))
    painter.canvas.crease(painter.placed(crease), 0.05, (1.10, 1.10, 1.10), 0.5, soft=0.03)
    hem = line[-1]
    edge = painter.placed([hem - (0.5 * wide[-1], 0.05), np.add(hem, (0.5 * wide[-1], -0.05))])
    painter.canvas.crease(edge, 0.08, SHADE, 0.6,
                          soft=0.03)  # fmt: skip


_SHOES: Final[dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]]] = {
    "sneaker": ((214, 214, 212), (244, 243, 240)),
    "leather": ((66, 48, 38), (36, 30, 28)),
    "boot": ((38, 36, 38), (24, 22, 22)),
    "flat": ((78, 74, 84), (52, 48, 54)),
}
"""Upper and sole of a kind of shoe, sRGB."""
_SHOE_OF: Final[dict[str, str]] = {
    "tee": "sneaker", "hoodie": "sneaker", "tank": "sneaker", "knit": "sneaker", "polo": "sneaker", "jacket": "boot",
    "blazer": "leather", "shirt": "flat", "blouse": "flat", "dress": "flat", "robe": "flat",
}  # fmt: skip


def _shoe(painter: BodyPainter, side: int, x: float, ankle: float, heel_up: bool) -> None:
    kind = _SHOE_OF[painter.scenery.garment]
    upper, sole = (np.asarray(color, np.float32) for color in _SHOES[kind])
    long = 0.95 - (0.25 if heel_up else 0.0)
    out = side * 0.16
    shape = smooth(
        [(-0.34, -0.15), (0.34, -0.15), (0.42 + 0.5 * out, 0.35), (0.52 + out, long - 0.12), (0.28 + out, long),
         (-0.28 + out, long), (-0.52 + out, long - 0.12), (-0.42 + 0.5 * out, 0.35)], 5, closed=True)  # fmt: skip
    center = np.array([side * x, ankle])
    ground = ellipse(side * x + out, ankle + long - 0.02, 0.95, 0.16)
    painter.canvas.tint(painter.placed(ground), (0.45, 0.44, 0.45), 0.55, soft=0.12)
    painter.solid(painter.placed(shape + center + (0, 0.07)), 0.1, sole)
    painter.solid(painter.placed(shape * (0.94, 0.97) + center), 0.4, upper)
    if kind in ("sneaker", "boot"):
        for row in range(4):
            y = ankle + 0.12 + 0.14 * row
            lace = painter.placed([(side * x - 0.17 + 0.6 * out, y), (side * x + 0.17 + 0.6 * out, y)])
            painter.canvas.crease(
                lace, 0.035, (0.72, 0.72, 0.74) if kind == "sneaker" else (1.9, 1.9, 1.9), 0.8, soft=0.01
            )
    toe = ellipse(side * x + out, ankle + long - 0.22, 0.36, 0.17)
    painter.canvas.tint(painter.placed(toe), (1.10, 1.10, 1.10), 0.7, soft=0.07)


assert set(_SHOE_OF) == set(CUTS)
