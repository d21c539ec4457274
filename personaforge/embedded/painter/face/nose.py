"""The nose on the flat front view of a face: planes, ridge, tip, wings and nostrils.

The light on its surface comes from `face.relief`; what is painted here are the soft shadows that the surface is too
smooth for, so that bridge, tip and width are told apart from the front.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.skin import DEEP_LINE, SHADOW, Tints
from personaforge.embedded.painter.strokes import Canvas, smooth
from personaforge.media.exact import interp


def paint_nose(canvas: Canvas, at: Mapping[str, float], act: Expression, tints: Tints) -> None:
    """Paint the nose. Its bridge is the plainer the lower it is."""
    wide = at["nose_width"] * (1 + 0.08 * max(act.smile, 0))
    tip, eye, bridge = at["nose_length"], at["eye_y"], at["bridge_width"]
    level = tip - 0.035 - 0.4 * at["tip"]
    high = float(np.clip(at["bridge"] / 0.17, 0.05, 1.1))
    broad = 0.5 * bridge + 0.24 * wide
    for side in (-1, 1):
        # Planes turn softly: no edge of a shadow is ever seen on a nose.
        canvas.glow(side * (bridge + 0.085), eye - 0.02, 0.05, 0.08, SHADOW, 0.06 + 0.14 * high)
        canvas.glow(side * (broad + 0.06), eye + 0.60 * (tip - eye), 0.06, 0.12, SHADOW, 0.06 + 0.10 * high)
        canvas.glow(side * 0.55 * wide, tip + 0.035, 0.030, 0.04, SHADOW, 0.18)
        _wing(canvas, at, side, wide, tip, tints)
    canvas.glow(0, eye + 0.42 * (tip - eye), 0.35 * bridge + 0.025, 0.17, tints.gleam, 0.14 + 0.22 * high)
    if at["hump"] > 0.015:
        canvas.glow(0, 0.48 * tip, 0.05, 0.05, tints.gleam, 7 * at["hump"])
    canvas.glow(0, level - 0.01, 0.03 + 0.15 * wide, 0.060, tints.gleam, 0.65)
    canvas.glow(-0.012, level - 0.02, 0.028, 0.026, tints.gleam, 0.9)
    # The tip's underside, from wing to wing over the bridge between the nostrils, hangs like a gull's wings.
    under = [
        (-0.62 * wide, tip + 0.068), (-0.34 * wide, tip + 0.066), (0.0, tip + 0.098), (0.34 * wide, tip + 0.066),
        (0.62 * wide, tip + 0.068),
    ]  # fmt: skip
    canvas.crease(smooth(under), 0.055, SHADOW, 0.42, soft=0.022)
    canvas.glow(0, tip + 0.140, wide * 0.60, 0.032, SHADOW, 0.40)
    _philtrum(canvas, at, act, tip, tints)


def _wing(canvas: Canvas, at: Mapping[str, float], side: int, wide: float, tip: float, tints: Tints) -> None:
    flare, lift = at["flare"], max(at["tip"], 0.0)
    canvas.glow(side * (wide * 1.06 + 0.02), tip + 0.06, 0.045, 0.07, SHADOW, 0.22)
    tall = 0.022 + 0.004 * flare + 0.30 * lift
    left, right = wide * (0.25 - 0.02 * flare), wide * (0.62 + 0.04 * flare)
    hole = smooth(
        [
            (side * left, tip + 0.098), (side * (left + 0.3 * (right - left)), tip + 0.096 - tall),
            (side * (right - 0.25 * (right - left)), tip + 0.100 - 0.8 * tall), (side * right, tip + 0.106),
            (side * (left + 0.55 * (right - left)), tip + 0.112),
        ],
        closed=True,
    )  # fmt: skip
    canvas.tint(hole, (0.36, 0.25, 0.235), 0.86, soft=0.009)
    crease = [
        (side * wide * 0.80, tip - 0.090),
        (side * wide * 0.985, tip - 0.03),
        (side * wide * 1.02, tip + 0.065),
        (side * wide * 0.84, tip + 0.120),
    ]
    line = smooth(crease)
    taper = interp(np.linspace(0, 1, len(line)), [0, 0.35, 0.8, 1], [0.3, 0.9, 1.0, 0.5])
    canvas.crease(line, 0.060 * taper, SHADOW, 0.34, soft=0.022)
    canvas.crease(line, 0.022 * taper, DEEP_LINE, 0.34, soft=0.011)
    canvas.glow(side * wide * 0.76, tip - 0.005, 0.034 + 0.05 * wide, 0.042, tints.gleam, 0.60 + 0.1 * flare)


def _philtrum(canvas: Canvas, at: Mapping[str, float], act: Expression, tip: float, tints: Tints) -> None:
    lip = at["mouth_y"] - at["upper_lip"] - 0.07 * act.open
    tall = max(lip - tip - 0.15, 0.03)
    deep = 0.08 + 0.14 * at["philtrum"]
    canvas.glow(0, tip + 0.15 + 0.5 * tall, 0.022, 0.45 * tall, SHADOW, deep)
    for x in (-0.05, 0.05):
        canvas.glow(x, lip - 0.02, 0.022, 0.03, tints.gleam, 2.0 * deep)
