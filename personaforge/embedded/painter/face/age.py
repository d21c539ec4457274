"""The signs of age on the flat front view of a face: folds, lines, bags, spots; and what a moving face folds.

Every line grows from nothing with the years, so that two ages differ by degree. Lines are pairs of a shadow and the
lit ridge below it, which is what makes them read as folds of skin instead of strokes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.strokes import Canvas, Points, ellipse, smooth
from personaforge.media.exact import interp, scalar_sin

SHADOW: Final = np.array((0.66, 0.56, 0.53))
"""What a soft shadow does to skin: darker and a little redder."""
_RIDGE: Final = (1.06, 1.055, 1.05)


def paint_age(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    """Paint the folds of a face at rest and in motion."""
    old = float(np.clip((face.age - 30) / 45, 0, 1.1))
    smiling = max(act.smile, 0)
    for side in (-1, 1):
        _cheek(canvas, at, side, old, smiling)
        _eye(canvas, at, side, old, smiling, act.squint)
    _forehead(canvas, at, old, act)
    if old > 0.55:
        _spots(canvas, face, old)


def _fold(canvas: Canvas, line: Points, width: float, amount: float, soft: float) -> None:
    if amount < 0.02:
        return
    canvas.crease(line, width, SHADOW, min(amount, 0.9), soft=soft)
    canvas.crease(np.add(line, (0, 0.75 * width)), width, _RIDGE, min(amount, 0.9) * 0.7, soft=soft)


def _cheek(canvas: Canvas, at: Mapping[str, float], side: int, old: float, smiling: float) -> None:
    wing, mouth = at["nose_width"] * 1.05, at["mouth_width"]
    fold = smooth(
        [
            (side * wing, at["nose_length"] + 0.02),
            (side * (wing + 0.12 + 0.03 * smiling), at["nose_length"] + 0.18),
            (side * (mouth + 0.12 + 0.05 * smiling), at["mouth_y"] - 0.04),
            (side * (mouth + 0.13 + 0.05 * smiling), at["mouth_y"] + 0.06),
        ]
    )
    taper = interp(np.linspace(0, 1, len(fold)), [0, 0.3, 1], [0.5, 1.0, 0.25])
    canvas.crease(fold, 0.035 * taper, SHADOW, min(0.10 + 0.55 * old + 0.28 * smiling, 0.8), soft=0.02)
    canvas.crease(fold - (side * -0.035, 0.0), 0.04 * taper, _RIDGE, 0.6 * old + 0.2 * smiling, soft=0.02)
    drop = [(side * (mouth + 0.03), at["mouth_y"] + 0.05), (side * (mouth + 0.08), at["mouth_y"] + 0.26)]
    _fold(canvas, np.asarray(drop), 0.026, 0.7 * max(old - 0.3, 0), 0.016)
    canvas.glow(side * 0.55, 1.25, 0.14, 0.10, SHADOW, 0.42 * max(old - 0.2, 0))
    canvas.glow(side * 0.62, 0.72, 0.12, 0.22, SHADOW, 0.30 * max(old - 0.25, 0))


def _eye(canvas: Canvas, at: Mapping[str, float], side: int, old: float, smiling: float, squint: float) -> None:
    x, y, wide = at["eye_x"], at["eye_y"], at["eye_width"]
    bag = smooth([(side * (x + d * wide), y + 0.155 - 0.045 * abs(d - 0.1)) for d in (-0.9, -0.4, 0.1, 0.7)])
    _fold(canvas, bag, 0.026, 0.06 + 0.55 * old, 0.014)
    if old > 0.3:
        lower = smooth([(side * (x + d * wide), y + 0.235 - 0.05 * abs(d)) for d in (-0.9, 0.0, 0.9)])
        _fold(canvas, lower, 0.02, 0.4 * (old - 0.3), 0.014)
    canvas.glow(side * (x - 0.4 * wide), y + 0.13, 0.11, 0.045, (0.84, 0.77, 0.79), 0.25 + 0.35 * old)
    feet = 0.75 * max(old - 0.15, 0) + 0.22 * smiling * min(1.0, 2 * old + 0.2) + 0.15 * max(squint, 0) * old
    for index in range(4):
        start = (side * (x + wide + 0.045), y - 0.05 + 0.045 * index)
        bend = (start[0] + side * 0.07, start[1] + (index - 1.4) * 0.02)
        stop = (start[0] + side * (0.12 + 0.05 * old), start[1] + (index - 1.4) * 0.055)
        _fold(canvas, smooth([start, bend, stop]), 0.010, feet, 0.006)
    if old > 0.4:
        hood = smooth([(side * (x + d * wide), y - 0.15 + 0.06 * d) for d in (0.0, 0.6, 1.15)])
        _fold(canvas, hood, 0.03, 0.5 * (old - 0.4), 0.02)


def _forehead(canvas: Canvas, at: Mapping[str, float], old: float, act: Expression) -> None:
    for index in range(4):
        level, half = at["brow_y"] - 0.23 - 0.11 * index, 0.46 - 0.05 * index
        xs = (-half, -0.4 * half, 0.15 * half, 0.5 * half, half)
        line = smooth([(x, level + 0.03 * (x / half) ** 2 + 0.012 * scalar_sin(9 * x + 2 * index)) for x in xs])
        amount = 0.62 * max(old - 0.3, 0) * (1 - 0.15 * index) + 0.22 * max(act.raised, 0) * (0.3 + old)
        _fold(canvas, line, 0.013, amount, 0.009)
    frown = 0.5 * act.frown + 0.45 * max(old - 0.4, 0)
    for side in (-1, 1):
        line = smooth([(side * 0.075, at["brow_y"] - 0.09), (side * 0.06, at["brow_y"] + 0.06)])
        canvas.crease(line, 0.015, SHADOW, min(frown, 0.6), soft=0.01)


def _spots(canvas: Canvas, face: Face, old: float) -> None:
    random = np.random.default_rng(face.strands + 12)
    for _ in range(int(14 * (old - 0.4))):
        x, y = random.choice((-1, 1)) * random.uniform(0.35, 0.85), random.uniform(-0.8, 0.7)
        size = random.uniform(0.012, 0.028)
        canvas.tint(ellipse(x, y, size, 0.8 * size, 10), (0.86, 0.77, 0.70), 0.6, soft=0.008)
