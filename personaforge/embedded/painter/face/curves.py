"""The lines that eyes, brows and mouth are painted along, on the flat front view of a face.

Painting and ground truth (`face_points`) follow the same lines, so a landmark can't lie beside what was drawn. Lengths
are in face units, y down; `side` is -1 for the viewer's left and 1 for the right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.strokes import Points
from personaforge.media.exact import hump, power, scalar_sin, sin

_GAZE_STEP: Final = 0.004
"""Face units; irises move in steps too small to see, so that painted faces are remembered."""


class Lids(NamedTuple):
    """An eye's opening. Arrays are (33,), from the inner corner (t = -1) to the outer one (t = 1)."""

    t: Points
    x: Points
    upper: Points
    lower: Points
    tall: float
    """Half of the opening's height, about."""


class Brow(NamedTuple):
    """A brow's middle line and its full width. Arrays are (22,), from the inner end (t = 0) to the outer one."""

    t: Points
    x: Points
    """Distance from the middle of the face: the same for both sides."""
    y: Points
    width: Points


class Lips(NamedTuple):
    """The mouth's lines. Arrays are (41,), from the viewer's left corner (t = -1) to the right one."""

    t: Points
    x: Points
    half: float
    middle: Points
    gap: Points
    """How far the lips are apart."""
    body: Points
    """1 in the middle to 0 at the corners."""
    upper: Points
    seam_up: Points
    seam_down: Points
    lower: Points


def lids(at: Mapping[str, float], act: Expression, side: int) -> Lids:
    """Return the lids of an eye."""
    t = np.linspace(-1, 1, 33)
    x = side * (at["eye_x"] + at["eye_width"] * t)
    slope = at["eye_y"] - at["eye_tilt"] * t
    tall = at["eye_open"] * (1 - 0.55 * act.squint) * (1 - act.shut)
    upper = slope - 1.12 * tall * power(1 - power(np.abs(t), 2.2), 0.75) * (1 + at["lid_peak"] * t) + 0.05 * act.shut
    lower = slope + (0.64 * tall - 0.03 * max(act.squint, 0)) * power(np.clip(1 - power(np.abs(t), 2.4), 0, 1), 0.8)
    return Lids(t, x, upper, np.maximum(lower + 0.05 * act.shut, upper), tall)


def gaze_of(yaw: float, camera: bool) -> float:
    """Return how far both irises are shifted on a head turned by `yaw` degrees: to the camera, or a little further."""
    turn = scalar_sin(math.radians(yaw))
    gaze = -0.096 * turn if camera else 0.03 * float(np.sign(turn))
    return round(float(np.clip(gaze, -0.06, 0.06)) / _GAZE_STEP) * _GAZE_STEP


def pupil(at: Mapping[str, float], gaze: float, side: int, tall: float) -> tuple[float, float]:
    """Return the middle of an iris. `gaze` shifts it, in face units."""
    return side * at["eye_x"] + gaze, at["eye_y"] - 0.012 - 0.1 * tall


def brow(at: Mapping[str, float], act: Expression) -> Brow:
    """Return the line of a brow."""
    t = np.linspace(0, 1, 22)
    inner = at["brow_gap"] - 0.035 * act.frown
    x = inner + 1.72 * at["brow_length"] * t
    rise = at["brow_arch"] * 1.15 * (sin(np.pi * power(np.clip(0.12 + t * 0.8, 0, 1), 1.15)) - 0.35)
    lift = 0.085 * act.raised + (0.07 * act.worried - 0.05 * act.frown) * power(1 - t, 1.5)
    y = at["brow_y"] - at["brow_tilt"] * (t - 0.4) - rise - lift + 0.10 * np.clip(t - 0.7, 0, 1)
    width = (
        at["brow_thickness"] * (0.50 + 0.70 * sin(np.pi * np.clip(t * 0.85 + 0.12, 0, 1))) * (1 - 0.72 * power(t, 2.5))
    )
    return Brow(t, x, y, width)


def lips(at: Mapping[str, float], act: Expression) -> Lips:
    """Return the lines of the mouth."""
    t = np.linspace(-1, 1, 41)
    smiling = max(act.smile, 0)
    round_mouth = max(act.open - smiling * 0.5, 0)
    half = at["mouth_width"] * (1 + 0.2 * smiling - 0.22 * round_mouth)
    bow = at["cupid"] * 0.018
    middle = at["mouth_y"] - (0.030 + 0.085 * act.smile) * (t * t - 0.33) + bow * hump(t / 0.2)
    middle = middle + 0.010 * hump((np.abs(t) - 0.45) / 0.25)
    body = np.clip(1 - t**2, 0, 1)
    gap = 0.24 * act.open * power(body, 0.55)
    peaks = 0.92 + 0.3 * at["cupid"] * (hump((np.abs(t) - 0.26) / 0.2) - 0.6 * hump(t / 0.13))
    thin = 1 - 0.18 * smiling
    seam_up, seam_down = middle - 0.3 * gap, middle + 0.7 * gap
    upper = seam_up - at["upper_lip"] * thin * power(body, 0.95) * peaks - 0.003
    lower = seam_down + at["lower_lip"] * thin * power(body, 0.85) * (0.90 + 0.10 * hump(t / 0.5)) + 0.003
    return Lips(t, half * t, half, middle, gap, body, upper, seam_up, seam_down, lower)
