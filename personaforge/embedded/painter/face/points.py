"""Where the landmarks of a drawn head are, known because we drew it: ground truth for detectors and landmark models.

The 106 points are in the order of InsightFace's 2d106det (see `faces.landmarks`), found by that model's results on
drawings: 0..32 the contour, 33..42 and 87..96 the eyes, 43..51 and 97..105 the brows, 52..71 the mouth, 72..86 the
nose. Left and right are the picture's. The contour is the head's and not its outline in the picture, so on a turned
head the far half lies inside the face, as if the near half were transparent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import Gaze, brow, lids, lips, pupil
from personaforge.embedded.painter.face.shell import Shell, head_shell, head_width, screen_point
from personaforge.embedded.painter.face.skew import displacement

Points = NDArray[np.float64]

_CONTOUR: Final = (1, *range(9, 17), *range(2, 9))
"""From the left temple down to beside the chin, which is 0; the right side is the same, plus `_MIRROR`."""
_CONTOUR_RIGHT: Final = (17, *range(25, 33), *range(18, 25))
_LEFT_EYE: Final = {35: 1.0, 41: 0.45, 40: 0.0, 42: -0.45, 39: -1.0, 36: 0.45, 33: 0.0, 37: -0.45}
_RIGHT_EYE: Final = {93: 1.0, 96: 0.45, 94: 0.0, 95: -0.45, 89: -1.0, 91: 0.45, 87: 0.0, 90: -0.45}
"""Point -> t along the lid; the first five lie on the upper lid."""
_PUPILS: Final = {-1: (34, 38), 1: (88, 92)}
_BROW: Final = {-1: ((48, 49, 51, 50), (44, 45, 47, 46), 43), 1: ((105, 104, 103, 102), (100, 99, 98, 97), 101)}
"""Side -> upper edge from the outer end inwards, lower edge, outer tip."""
_BROW_T: Final = (0.78, 0.53, 0.27, 0.04)
_OUTER_LIPS: Final = {52: -0.96, 64: -0.52, 63: -0.2, 71: 0.0, 67: 0.2, 68: 0.52, 61: 0.96}
_LOWER_LIPS: Final = {55: -0.6, 56: -0.35, 53: 0.0, 59: 0.35, 58: 0.6}
_INNER_UPPER: Final = {65: -0.7, 66: -0.42, 62: 0.0, 70: 0.42, 69: 0.7}
_INNER_LOWER: Final = {54: -0.42, 60: 0.0, 57: 0.42}


class FacePoints(NamedTuple):
    """Landmarks on the screen, in face units around the head's axis, float64; y down."""

    points106: Points
    """(106, 2)."""
    points5: Points
    """(5, 2): left eye, right eye, nose tip, left and right corner of the mouth. Eyes without their gaze."""
    box: Points
    """(4,): left, top, right, bottom, from the middle of the forehead to the chin."""


def face_points(at: Mapping[str, float], act: Expression, gaze: Gaze, yaw: float, pitch: float) -> FacePoints:
    """Return the landmarks of a head with these lengths (`Face.lengths`), turned and nodding by degrees."""
    shell = head_shell(at, act, 0.02)
    flat, contour = _skewed(at, _flat(at, act, gaze)), _contour(at, act, shell)
    found = np.empty((106, 3))
    for index, (x, y) in flat.items():
        found[index] = (x, y, _depth(shell, x, y))
    for index, point in contour.items():
        found[index] = point
    seen = np.array([screen_point(x, y, z, yaw, pitch) for x, y, z in found.tolist()])
    corners = [flat[52], flat[61]]
    eyes = _skewed(at, {side: (side * at["eye_x"], at["eye_y"]) for side in (-1, 1)})
    five = [eyes[-1], eyes[1], flat[86], *corners]
    seen5 = np.array([screen_point(x, y, _depth(shell, x, y), yaw, pitch) for x, y in five])
    brow_line = [(x, 0.62 * at["forehead"]) for x in (-0.5, 0.0, 0.5)]
    top = np.array([screen_point(x, y, _depth(shell, x, y), yaw, pitch) for x, y in brow_line])
    every = np.concatenate([seen, top])
    return FacePoints(seen, seen5, np.concatenate([every.min(axis=0), every.max(axis=0)]))


def _flat(at: Mapping[str, float], act: Expression, gaze: Gaze) -> dict[int, tuple[float, float]]:
    """Return the points that lie on the painted canvas."""
    found: dict[int, tuple[float, float]] = {}
    for side, eye in ((-1, _LEFT_EYE), (1, _RIGHT_EYE)):
        lid = lids(at, act, side)
        for rank, (index, t) in enumerate(eye.items()):
            line = lid.upper if rank < 5 else lid.lower
            found[index] = (float(np.interp(t, lid.t, lid.x)), float(np.interp(t, lid.t, line)))
        for index in _PUPILS[side]:
            found[index] = pupil(at, gaze, side)
        hairs = brow(at, act, side)
        above, below, tip = _BROW[side]
        for edge, sign in ((above, -0.5), (below, 0.5)):
            for index, t in zip(edge, _BROW_T, strict=True):
                x, y, width = (float(np.interp(t, hairs.t, values)) for values in (hairs.x, hairs.y, hairs.width))
                found[index] = (side * x, y + sign * width)
        found[tip] = (side * float(hairs.x[-1]), float(hairs.y[-1]))
    mouth = lips(at, act)
    for part, values in (
        (_OUTER_LIPS, mouth.upper),
        (_LOWER_LIPS, mouth.lower),
        (_INNER_UPPER, mouth.seam_up),
        (_INNER_LOWER, mouth.seam_down),
    ):
        for index, t in part.items():
            found[index] = (float(np.interp(t, mouth.t, mouth.x)), float(np.interp(t, mouth.t, values)))
    wide, tip_y, root = at["nose_width"] * (1 + 0.08 * max(act.smile, 0)), at["nose_length"], at["eye_y"] - 0.02
    for index, part_way in ((72, 0.0), (73, 1 / 3), (74, 2 / 3), (86, 1.0)):
        found[index] = (0.0, root + part_way * (tip_y - 0.02 - root))
    found[80] = (0.0, tip_y + 0.125)
    for side, (bridge, flank, wing, hole, inner) in ((-1, (75, 76, 77, 78, 79)), (1, (81, 82, 83, 84, 85))):
        found[bridge] = (side * (at["bridge_width"] + 0.04), at["eye_y"] + 0.06)
        found[flank] = (side * 0.85 * wide, tip_y - 0.12)
        found[wing] = (side * (1.05 * wide + 0.01), tip_y + 0.02)
        found[hole] = (side * 0.76 * wide, tip_y + 0.08)
        found[inner] = (side * 0.4 * wide, tip_y + 0.105)
    return found


def _skewed(at: Mapping[str, float], flat: dict[int, tuple[float, float]]) -> dict[int, tuple[float, float]]:
    """Return points of the canvas where the face shows them."""
    x, y = (np.array(values, np.float64) for values in zip(*flat.values(), strict=True))
    across, down = displacement(at["skew"], x, y)
    return dict(zip(flat, zip((x + across).tolist(), (y + down).tolist(), strict=True), strict=True))


def _contour(at: Mapping[str, float], act: Expression, shell: Shell) -> dict[int, tuple[float, float, float]]:
    """Return the contour's points in space: along the head's outline from the front, evenly from temple to chin."""
    chin = at["chin_y"] + 0.12 * act.open
    y = np.linspace(at["eye_y"] - 0.13, chin - 0.05, 121, dtype=np.float32)
    x = np.asarray(head_width({**at, "beard": 0.0}, y, chin), np.float64)  # the skin's, below a beard
    x[-1] = 0.0
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    stops = np.linspace(0, walked[-1], len(_CONTOUR) + 1)
    found: dict[int, tuple[float, float, float]] = {}
    for indices, side in ((_CONTOUR, -1), (_CONTOUR_RIGHT, 1)):
        for index, stop in zip(indices, stops, strict=False):
            across, down = float(np.interp(stop, walked, x)), float(np.interp(stop, walked, y))
            found[index] = (side * across, down, _jaw_depth(across, at["jaw"]))
    found[0] = (0.0, chin - 0.05, _depth(shell, 0.0, chin - 0.12))
    return found


def _jaw_depth(across: float, jaw: float) -> float:
    """Return how far forward the edge of the jaw lies: level with the ears at its angle, under the lips at the chin."""
    return 0.1 + 0.95 * (1 - min(across / jaw, 1.0) ** 2)


def _depth(shell: Shell, x: float, y: float) -> float:
    """Return the surface's z at a place of the canvas."""
    row = float(np.clip((y - shell.top) / shell.step, 0, len(shell.x) - 1))
    low = min(int(row), len(shell.x) - 2)
    values = []
    for index in (low, low + 1):
        across, front = shell.x[index], np.cos(shell.theta) > 0
        values.append(float(np.interp(x, across[front], shell.z[index][front])))
    return values[0] + (row - low) * (values[1] - values[0])
