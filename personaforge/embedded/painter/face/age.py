"""The signs of age on the flat front view of a face, and the folds of a moving face.

Everything grows gradually with the years, so that two ages differ by degree: the skin's grain from 35, lines at the
eyes from 40, folds beside nose and mouth, bags, loose jaws from 55, spots from 60. A fold is a soft shadow with a lit
ridge below it; few are sharp, and those only where skin really creases.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import SHADOW, Tints
from personaforge.embedded.painter.strokes import Canvas, Points, ellipse, noise, smooth
from personaforge.media.exact import interp, scalar_sin


def paint_age(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, tints: Tints) -> None:
    """Paint the folds of a face at rest and in motion."""
    old = float(np.clip((face.age - 26) / 47, 0, 1.4))
    smiling = max(act.smile, 0)
    laughs = 0.3 * (face.mark("laughter lines") is not None)
    if old > 0.15:
        _grain(canvas, face, old)
    for side in (-1, 1):
        _cheek(canvas, at, side, old, smiling + laughs, tints)
        _eye(canvas, at, side, old, smiling + laughs, act.squint, tints)
    _forehead(canvas, face, at, old, act, tints)
    if old > 0.6:
        _spots(canvas, face, old)
        _lips(canvas, face, at, old)


def _grain(canvas: Canvas, face: Face, old: float) -> None:
    """Skin becomes coarser and less even in colour."""
    fine = noise(canvas.height, canvas.width, max(0.016 * canvas.scale, 1.5), face.strands + 5)
    uneven = noise(canvas.height, canvas.width, 0.16 * canvas.scale, face.strands + 6)
    amount = np.float32(min(old, 1.2))
    canvas.planes *= 1 + amount * np.float32(0.014) * fine
    for plane, share in zip(canvas.planes, (0.006, 0.020, 0.020), strict=True):
        plane *= 1 + amount * np.float32(share) * uneven


def _fold(canvas: Canvas, line: Points, width: float, amount: float, soft: float, tints: Tints) -> None:
    """Paint one fold: a shadow that fades towards its ends, and the lit ridge below."""
    if amount < 0.02:
        return
    taper = width * interp(np.linspace(0, 1, len(line)), [0, 0.3, 0.7, 1], [0.15, 1.0, 1.0, 0.15])
    amount = min(amount, 0.9)
    canvas.crease(line, taper, SHADOW, amount, soft=soft)
    canvas.crease(np.add(line, (0, 0.8 * width)), taper, tints.gleam, 0.55 * amount, soft=soft)


def _cheek(canvas: Canvas, at: Mapping[str, float], side: int, old: float, smiling: float, tints: Tints) -> None:
    wing, mouth = at["nose_width"] * 1.05, at["mouth_width"]
    out, low = mouth + 0.10 + 0.05 * smiling, at["mouth_y"]
    fold = smooth(
        [
            (side * (wing + 0.01), at["nose_length"] + 0.01),
            (side * (wing + 0.30 * (out - wing) + 0.02), at["nose_length"] + 0.13),
            (side * (wing + 0.72 * (out - wing) + 0.02), low - 0.16),
            (side * out, low - 0.03),
        ]
    )
    taper = interp(np.linspace(0, 1, len(fold)), [0, 0.2, 0.6, 1], [0.5, 1.0, 0.8, 0.1])
    canvas.crease(fold, 0.055 * taper, SHADOW, min(0.05 + 0.33 * old + 0.22 * smiling, 0.75), soft=0.026)
    canvas.crease(fold, 0.014 * taper, SHADOW, min(0.46 * max(old - 0.25, 0) + 0.10 * smiling, 0.6), soft=0.008)
    canvas.crease(np.add(fold, (side * 0.05, -0.01)), 0.07 * taper, tints.gleam, 0.22 * old + 0.25 * smiling, soft=0.03)
    drop = smooth(
        [
            (side * (mouth + 0.03), at["mouth_y"] + 0.05),
            (side * (mouth + 0.045), at["mouth_y"] + 0.14),
            (side * (mouth + 0.03), at["mouth_y"] + 0.25),
        ]
    )
    _fold(canvas, drop, 0.030, 0.38 * max(old - 0.4, 0), 0.020, tints)
    chin = at["chin_y"]
    canvas.glow(side * 0.36, chin - 0.24, 0.07, 0.13, SHADOW, 0.42 * max(old - 0.3, 0))
    canvas.glow(side * 0.55, chin - 0.29, 0.10, 0.09, tints.gleam, 0.5 * max(old - 0.3, 0))
    canvas.glow(side * 0.62, at["mouth_y"] - 0.18, 0.12, 0.20, SHADOW, 0.20 * max(old - 0.3, 0))
    canvas.glow(side * 0.88, at["eye_y"] - 0.30, 0.10, 0.20, SHADOW, 0.30 * max(old - 0.3, 0))


def _eye(
    canvas: Canvas, at: Mapping[str, float], side: int, old: float, smiling: float, squint: float, tints: Tints
) -> None:
    x, y, wide = at["eye_x"], at["eye_y"], at["eye_width"]
    low = y + 0.64 * at["eye_open"]
    bag = smooth(
        [(side * (x + d * wide), low + 0.085 - 0.05 * abs(d + 0.05) ** 2) for d in (-0.95, -0.5, 0.0, 0.5, 0.9)]
    )
    _fold(canvas, bag, 0.024, 0.05 + 0.46 * old, 0.014, tints)
    if old > 0.35:
        lower = smooth([(side * (x + d * wide), low + 0.165 - 0.06 * d * d) for d in (-0.9, -0.3, 0.3, 0.9)])
        _fold(canvas, lower, 0.026, 0.45 * (old - 0.35), 0.016, tints)
    tear = smooth(
        [(side * (x - 0.85 * wide), low + 0.03), (side * (x - 0.5 * wide), low + 0.13), (side * (x + 0.1), low + 0.20)]
    )
    canvas.crease(tear, 0.03, SHADOW, 0.06 + 0.26 * old, soft=0.02)
    canvas.glow(side * (x - 0.35 * wide), low + 0.065, 0.12, 0.045, tints.cold, 0.20 + 0.30 * old)
    feet = 0.42 * max(old - 0.15, 0) + 0.20 * smiling * min(1.0, 1.6 * old + 0.1) + 0.12 * max(squint, 0) * old
    for index in range(4):
        spread = index - 1.3
        start = (side * (x + wide + 0.055 + 0.012 * (index % 2)), y - 0.01 + 0.038 * spread)
        bend = (start[0] + side * 0.055, start[1] + 0.020 * spread + 0.006)
        stop = (start[0] + side * (0.10 + 0.04 * old), start[1] + 0.050 * spread + 0.022)
        _fold(canvas, smooth([start, bend, stop]), 0.010, feet * (1 - 0.15 * abs(spread)), 0.006, tints)
    if old > 0.45:
        loose = smooth(
            [(side * (x + d * wide), y - 1.3 * at["eye_open"] - 0.045 + 0.05 * d * d) for d in (-0.3, 0.4, 1.1)]
        )
        _fold(canvas, loose, 0.020, 0.5 * (old - 0.45), 0.012, tints)


def _forehead(canvas: Canvas, face: Face, at: Mapping[str, float], old: float, act: Expression, tints: Tints) -> None:
    lined = 0.25 * (face.mark("forehead lines") is not None)
    random = np.random.default_rng(face.strands + 17)
    for index in range(4):
        bend, shift, share = random.uniform(-0.02, 0.035), random.uniform(-0.08, 0.08), random.uniform(0.75, 1.1)
        level, half = at["brow_y"] - 0.22 - 0.105 * index, (0.44 - 0.06 * index) * share
        xs = np.linspace(-half, half, 7) + shift
        line = smooth(
            [(x, level + bend * (x / half) ** 2 + 0.010 * scalar_sin(8 * x + 2 * index)) for x in xs.tolist()]
        )
        amount = 0.42 * max(old - 0.2, 0) * (1 - 0.18 * index) + 0.10 * max(act.raised, 0) * old + lined
        _fold(canvas, line, 0.016, amount, 0.010, tints)
    frown = 0.22 * max(old - 0.45, 0)
    for side in (-1, 1):
        line = smooth(
            [
                (side * 0.075, at["brow_y"] - 0.10),
                (side * 0.068, at["brow_y"] - 0.02),
                (side * 0.055, at["brow_y"] + 0.07),
            ]
        )
        canvas.crease(line, 0.016, SHADOW, min(frown, 0.6), soft=0.010)


def _lips(canvas: Canvas, face: Face, at: Mapping[str, float], old: float) -> None:
    """The fine upright lines around the lips of the old."""
    random = np.random.default_rng(face.strands + 19)
    top = at["mouth_y"] - at["upper_lip"]
    for x in np.linspace(-0.7, 0.7, 9) * at["mouth_width"] + random.uniform(-0.012, 0.012, 9):
        line = [(float(x), top - 0.005), (float(x) * 1.05, top - 0.05 - 0.02 * random.uniform())]
        canvas.crease(np.asarray(line), 0.010, SHADOW, 0.32 * (old - 0.6), soft=0.008)


def _spots(canvas: Canvas, face: Face, old: float) -> None:
    random = np.random.default_rng(face.strands + 12)
    for _ in range(int(16 * (old - 0.5))):
        x, y = random.choice((-1, 1)) * random.uniform(0.40, 0.85), random.uniform(-0.85, 0.55)
        size = random.uniform(0.010, 0.024)
        canvas.tint(ellipse(x, y, size, 0.8 * size, 10), (0.87, 0.80, 0.74), 0.5, soft=0.009)
