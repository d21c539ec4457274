"""The lines that eyes, brows and mouth are painted along, on the flat front view of a face.

Painting and ground truth (`face.points`) use the same lines, so a landmark is always on the drawn line. Lengths
are in face units, y down; `side` is -1 for the viewer's left and 1 for the right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.expression import REST, Expression
from personaforge.embedded.painter.strokes import Points
from personaforge.media.exact import hump, power, scalar_sin, sin

_GAZE_STEP: Final = 0.004
"""Face units; irises move in steps too small to see, so that painted faces can be cached."""


_EYEBALL: Final = 0.125
"""How far a turned eye's iris moves for the sine of the turn: an eyeball's radius, less what its bulge hides."""
_FARTHEST: Final = 0.075
"""The farthest that an iris is shifted, face units."""
_LOOK: Final = 0.07
"""How far an iris moves for an expression that looks aside as far as it goes, face units."""
_NEAR: Final = 0.012
"""How far each iris lies inwards of the eye's middle, face units: a photographer's lens is two metres away."""


class Gaze(NamedTuple):
    """How far both irises are shifted from the middle of the eyes, face units: to the viewer's right, and down."""

    x: float = 0.0
    y: float = 0.0


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
    # The inner corner lies a little deeper, as a tear duct does, and deeper still below a fold.
    inner = np.clip(-t - 0.55, 0, 1)
    slope = at["eye_y"] - at["eye_tilt"] * t + (0.035 + 0.03 * at["epicanthus"]) * inner
    closed = 1 - act.shut
    tall = at["eye_open"] * (1 + 0.42 * act.wide - 0.38 * act.tight - 0.16 * act.cheeks) * closed
    # A brow that grieves lifts the inner half of its lid, one that is drawn together presses on it.
    slant = at["lid_peak"] - 0.30 * act.worried + 0.34 * act.frown
    upper = slope - 1.05 * tall * power(1 - power(np.abs(t), 2.1), 0.8) * (1 + (slant - 0.12) * t) + 0.05 * act.shut
    # What hangs over the lid flattens its outer half; the fold takes the round off the inner one.
    upper = upper + tall * (
        0.24 * at["hood"] * hump((t - 0.45) / 0.5) + 0.30 * at["epicanthus"] * hump((t + 0.8) / 0.3)
    )
    low = 0.60 * at["eye_open"] * (1 + 0.12 * act.wide - 0.45 * act.tight - 0.85 * act.cheeks) * closed
    lower = slope + low * power(np.clip(1 - power(np.abs(t), 2.4), 0, 1), 0.8) * (1 + 0.16 * t)
    return Lids(t, x, upper, np.maximum(lower + 0.05 * act.shut, upper), tall)


def gaze_of(yaw: float, camera: bool, pitch: float = 0.0, act: Expression = REST) -> Gaze:
    """Return how irises lie on a head turned by `yaw` and lifted by `pitch` degrees: to the camera, or a little past
    it to the side that the head is turned to; from there they go where the expression looks."""
    turn, lift = scalar_sin(math.radians(yaw)), scalar_sin(math.radians(pitch))
    across = -_EYEBALL * turn if camera else 0.03 * float(np.sign(turn))
    down = 0.8 * _EYEBALL * lift if camera else 0.0
    across, down = across + _LOOK * act.aside, down - 0.6 * _LOOK * act.up
    return Gaze(_stepped(across, _FARTHEST), _stepped(down, 0.5 * _FARTHEST))


def _stepped(shift: float, most: float) -> float:
    return round(float(np.clip(shift, -most, most)) / _GAZE_STEP) * _GAZE_STEP


def pupil(at: Mapping[str, float], gaze: Gaze, side: int) -> tuple[float, float]:
    """Return the middle of an iris. Eyes that look at something near turn inwards a little.

    It doesn't follow the lids: at rest the upper one covers a sixth of it, in surprise white shows above.
    """
    radius, tall = at["iris"], at["eye_open"]
    over = max(1.66 * radius - 1.65 * tall, 0.0)
    level = at["eye_y"] - 1.05 * tall + 0.66 * radius - 0.5 * over
    return side * (at["eye_x"] - _NEAR) + gaze.x, level + gaze.y


def brow(at: Mapping[str, float], act: Expression, side: int) -> Brow:
    """Return the line of a brow; the sides differ where one brow is raised alone."""
    t = np.linspace(0, 1, 22)
    inner = at["brow_gap"] - 0.045 * act.frown
    x = inner + 1.72 * at["brow_length"] * t
    rise = (
        at["brow_arch"] * (1.15 - 0.35 * act.outer) * (sin(np.pi * power(np.clip(0.12 + t * 0.8, 0, 1), 1.15)) - 0.35)
    )
    near, far = power(1 - t, 1.5), np.clip(1.7 * t - 0.05, 0, 1)
    far = far * far * (3 - 2 * far) * (1 - 0.25 * t * t)
    lift = 0.115 * act.inner * near + 0.125 * act.outer * act.lead(side) * far
    lift = lift - act.frown * (0.085 * near + 0.030 - 0.035 * t * t)
    y = at["brow_y"] - at["brow_tilt"] * (t - 0.4) - rise - lift + 0.10 * np.clip(t - 0.7, 0, 1)
    width = (
        at["brow_thickness"] * (0.34 + 0.86 * sin(np.pi * np.clip(t * 0.80 + 0.14, 0, 1))) * (1 - 0.78 * power(t, 2.2))
    )
    return Brow(t, x, y, width)


def lips(at: Mapping[str, float], act: Expression) -> Lips:
    """Return the lines of the mouth."""
    t = np.linspace(-1, 1, 41)
    smiling = max(act.smile, 0)
    narrow = 0.40 * act.round + 0.34 * act.open * (1 - 0.95 * smiling) + 0.05 * act.chin
    half = at["mouth_width"] * (1 + 0.2 * smiling + 0.12 * act.stretch - narrow)
    bow = at["cupid"] * 0.018
    rest = (0.030 + at["corner"]) * (1 - np.clip(1.6 * (act.open - act.smile), 0, 1.2))
    corner = rest + 0.092 * act.smile * (1 + act.side * t) - 0.085 * act.down
    middle = at["mouth_y"] - corner * (t * t - 0.33) + bow * hump(t / 0.2) - 0.028 * act.chin * hump(t / 0.5)
    middle = middle + 0.010 * hump((np.abs(t) - 0.45) / 0.25)
    body = np.clip(1 - t**2, 0, 1)
    gap = (0.15 + 0.27 * at["mouth_width"]) * act.apart * power(body, 0.55)
    peaks = 0.92 + (0.08 + 0.28 * at["cupid"]) * (hump((np.abs(t) - 0.24) / 0.22) - 0.75 * hump(t / 0.13))
    thin = (1 - 0.18 * smiling) * (1 - 0.45 * act.press) * (1 + 0.22 * act.round)
    # A dropped jaw alone makes an oval; a smile keeps the upper lip on the teeth.
    above = 0.3 + 0.10 * float(np.clip(act.open - smiling, 0, 1))
    seam_up, seam_down = middle - above * gap, middle + (1 - above) * gap
    upper = seam_up - at["upper_lip"] * thin * power(body, 1.05) * peaks - 0.003
    thin = thin * (1 - 0.55 * act.bite)
    lower = seam_down + at["lower_lip"] * thin * power(body, 0.82) * (0.88 + 0.14 * hump(t / 0.5)) + 0.003
    x = half * t + 0.035 * act.side * (max(act.press, smiling) + 0.5 * smiling * t * t)
    return Lips(t, x, half, middle, gap, body, upper, seam_up, seam_down, lower)
