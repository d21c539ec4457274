"""Hands: a palm, four fingers and a thumb, in the few ways in which a portrait shows them.

A hand has its own coordinates, in units of the limb: origin at the wrist, y along the hand, x to the thumb. It is
painted as one rounded form; what parts the fingers are thin shadows, as on a real hand in soft light.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.figure.painter import SHADE, BodyPainter
from personaforge.embedded.painter.strokes import Points, ellipse, ribbon, smooth
from personaforge.media.exact import interp

Knots = tuple[tuple[float, float], ...]
Put = Callable[[ArrayLike], Points]


class Finger(NamedTuple):
    """A finger or thumb: the points of its bones from the root, and its full widths at root, middle and tip."""

    bones: Knots
    widths: tuple[float, float, float] = (0.235, 0.215, 0.165)


class Shape(NamedTuple):
    """One way of holding a hand, seen from its back."""

    palm: Knots
    fingers: tuple[Finger, ...]
    """From the little finger to the forefinger."""
    thumb: Finger | None
    """None where it is behind."""
    nails: bool = True
    """Whether the fingertips show."""


_WIDE: Final = ((-0.26, -0.16), (0.26, -0.16), (0.38, 0.22), (0.45, 0.62), (0.42, 0.98), (0.20, 1.12), (-0.18, 1.08),
                (-0.40, 0.94), (-0.42, 0.50), (-0.33, 0.16))  # fmt: skip
_SLIM: Final = tuple((0.86 * x, y) for x, y in _WIDE)
_THUMB: Final = (0.30, 0.25, 0.19)

SHAPES: Final[dict[str, Shape]] = {
    # Hanging at ease: the fingers bend a little towards the thigh, the thumb lies before the forefinger.
    "hang": Shape(
        _SLIM,
        (
            Finger(((-0.27, 0.90), (-0.30, 1.22), (-0.25, 1.52)), (0.21, 0.19, 0.14)),
            Finger(((-0.11, 0.98), (-0.13, 1.40), (-0.06, 1.78))),
            Finger(((0.07, 1.00), (0.06, 1.46), (0.12, 1.88))),
            Finger(((0.24, 0.96), (0.25, 1.36), (0.26, 1.72))),
        ),
        Finger(((0.22, 0.22), (0.40, 0.62), (0.41, 0.98), (0.35, 1.24)), _THUMB),
    ),
    # Laid on the hip, the thumb behind: four fingers a little apart.
    "flat": Shape(
        _WIDE,
        (
            Finger(((-0.31, 0.88), (-0.44, 1.22), (-0.50, 1.50)), (0.21, 0.19, 0.14)),
            Finger(((-0.12, 1.00), (-0.19, 1.44), (-0.21, 1.80))),
            Finger(((0.09, 1.02), (0.08, 1.50), (0.09, 1.92))),
            Finger(((0.29, 0.96), (0.35, 1.38), (0.40, 1.72))),
        ),
        None,
    ),
    # Round the other upper arm: fingers together, the thumb along them.
    "grip": Shape(
        _WIDE,
        (
            Finger(((-0.30, 0.88), (-0.34, 1.18), (-0.33, 1.42)), (0.21, 0.19, 0.14)),
            Finger(((-0.11, 1.00), (-0.13, 1.36), (-0.12, 1.66))),
            Finger(((0.09, 1.02), (0.09, 1.42), (0.10, 1.74))),
            Finger(((0.28, 0.96), (0.30, 1.32), (0.31, 1.60))),
        ),
        Finger(((0.24, 0.24), (0.48, 0.56), (0.56, 0.88), (0.55, 1.12)), _THUMB),
    ),
    # Bent under the chin: the first bones of the fingers show, the rest is behind them.
    "curl": Shape(
        _WIDE,
        (
            Finger(((-0.30, 0.86), (-0.32, 1.10), (-0.30, 1.26)), (0.23, 0.24, 0.20)),
            Finger(((-0.11, 0.96), (-0.12, 1.22), (-0.11, 1.42)), (0.24, 0.25, 0.21)),
            Finger(((0.09, 0.98), (0.09, 1.26), (0.09, 1.47)), (0.24, 0.25, 0.21)),
            Finger(((0.28, 0.94), (0.30, 1.20), (0.29, 1.40)), (0.24, 0.25, 0.21)),
        ),
        Finger(((0.26, 0.26), (0.50, 0.62), (0.53, 0.98), (0.46, 1.24)), _THUMB),
        nails=False,
    ),
    # Over the front of a thing that both hands hold: fingers side by side, the thumb behind it.
    "clasp": Shape(
        _SLIM,
        (
            Finger(((-0.26, 0.86), (-0.28, 1.10), (-0.24, 1.32)), (0.21, 0.20, 0.15)),
            Finger(((-0.10, 0.96), (-0.10, 1.26), (-0.06, 1.54))),
            Finger(((0.08, 0.98), (0.08, 1.30), (0.10, 1.60))),
            Finger(((0.25, 0.92), (0.25, 1.20), (0.25, 1.46))),
        ),
        None,
    ),
    # Closed round a handle, the thumb across the fingers.
    "fist": Shape(
        ((-0.26, -0.16), (0.26, -0.16), (0.40, 0.24), (0.44, 0.70), (0.36, 0.92), (-0.34, 0.90), (-0.42, 0.66),
         (-0.36, 0.20)),
        (
            Finger(((-0.30, 0.58), (-0.32, 0.82), (-0.30, 1.00)), (0.24, 0.25, 0.22)),
            Finger(((-0.10, 0.62), (-0.11, 0.90), (-0.10, 1.08)), (0.25, 0.26, 0.23)),
            Finger(((0.11, 0.62), (0.11, 0.92), (0.11, 1.10)), (0.25, 0.26, 0.23)),
            Finger(((0.31, 0.58), (0.32, 0.84), (0.31, 1.02)), (0.25, 0.26, 0.23)),
        ),
        Finger(((0.40, 0.20), (0.50, 0.48), (0.36, 0.70), (0.10, 0.76)), _THUMB),
        nails=False,
    ),
}  # fmt: skip
"""By the kind of an arm's hand."""


def paint_hand(painter: BodyPainter, kind: str, put: Put, limb: float) -> None:
    """Paint a hand. `put` brings its coordinates to the screen, `limb` is a face unit in them."""
    shape, canvas, skin = SHAPES[kind], painter.canvas, painter.skin
    palm = put(smooth(shape.palm, 4, closed=True))
    lines = [smooth(finger.bones, 5) for finger in shape.fingers]
    outlines = [
        ribbon(put(line), limb * _widths(finger, len(line))) for line, finger in zip(lines, shape.fingers, strict=True)
    ]
    tips = [_tip(put, line, limb * finger.widths[2]) for line, finger in zip(lines, shape.fingers, strict=True)]
    painter.shade_under(put(smooth(shape.palm, 4, closed=True) * (1.1, 1.0) + (0.0, 0.06)), 0.35, soft=0.10)
    for outline in outlines:
        painter.shade_under(np.add(outline, (0.02, 0.05)), 0.30, soft=0.07)
    painter.united([palm, *outlines, *tips], 0.30 * limb, skin)
    fine = canvas.scale > 30
    for index, (line, finger) in enumerate(zip(lines, shape.fingers, strict=True)):
        if index:  # the shadow between neighbours, as far as the shorter one reaches
            other = lines[index - 1]
            count = min(len(line), len(other)) - 1
            canvas.crease(put(0.5 * (line[1:count] + other[1:count])), np.linspace(0.012, 0.045, count - 1) * limb,
                          SHADE, 0.6, soft=0.016)  # fmt: skip
        if not fine:
            continue
        knuckle = put([line[0] + (0.0, 0.04)])[0]
        canvas.glow(float(knuckle[0]), float(knuckle[1]), 0.075 * limb, 0.075 * limb, (1.05, 1.02, 1.01), 0.8)
        _joint(painter, put, line, finger, 0.5)
        if shape.nails:
            _nail(painter, put, line, finger)
    if shape.thumb is not None:
        line = smooth(shape.thumb.bones, 5)
        root = ribbon(put(line), limb * _widths(shape.thumb, len(line)))
        canvas.crease(put(np.subtract(line, (0.09, -0.02))), 0.08 * limb, SHADE, 0.5, soft=0.035)
        painter.united([root, _tip(put, line, limb * shape.thumb.widths[2])], 0.13 * limb, skin)
        if fine:
            _joint(painter, put, line, shape.thumb, 0.62)
            if shape.nails:
                _nail(painter, put, line, shape.thumb)


def _widths(finger: Finger, count: int) -> Points:
    return np.asarray(interp(np.linspace(0, 1, count), [0, 0.55, 1], finger.widths))


def _tip(put: Put, line: Points, width: float) -> Points:
    """Return the round end of a finger."""
    x, y = (float(value) for value in put(line[-1:])[0])
    return ellipse(x, y, 0.5 * width, 0.5 * width, 16)


def _joint(painter: BodyPainter, put: Put, line: Points, finger: Finger, at: float) -> None:
    """Paint the small fold over a joint."""
    index = round(at * (len(line) - 1))
    way = line[index] - line[index - 1]
    across = np.array((-way[1], way[0])) / max(float(np.abs(way).sum()), 1e-6)
    half = 0.34 * finger.widths[1] * across
    painter.canvas.crease(put([line[index] - half, line[index] + half]), 0.03, SHADE, 0.16, soft=0.02)


def _nail(painter: BodyPainter, put: Put, line: Points, finger: Finger) -> None:
    """Paint a finger's nail: a little lighter and pinker than the skin."""
    way = line[-1] - line[-3]
    way = way / max(float(np.abs(way).sum()), 1e-6)
    across = np.array((-way[1], way[0])) * 0.30 * finger.widths[2]
    middle = line[-1] + 0.01 * way
    long = 0.075 * way
    shape = smooth([middle - long - across, middle - long + across, middle + 0.6 * long + 0.9 * across, middle + long,
                    middle + 0.6 * long - 0.9 * across], 3, closed=True)  # fmt: skip
    painter.canvas.tint(put(shape), (1.10, 1.03, 1.04), 0.8, soft=0.008)
