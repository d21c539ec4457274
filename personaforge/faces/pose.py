"""Which way a head is turned, from its landmarks: yaw, pitch and roll in degrees.

A generic head's points are turned, scaled and shifted until they lie on the picture's (weak perspective: no camera is
known). That is a linear least-squares problem for the first two rows of the rotation, which are then replaced by the
nearest pair of orthogonal rows of equal length, the polar factor (Higham, Functions of Matrices, 2008, chapter 8).

    yaw    > 0: the face is turned to the viewer's right          0 is frontal, -90 and 90 are profiles
    pitch  > 0: the face looks up                                 0 is level for the generic head
    roll   > 0: the head leans to the viewer's right              in the picture's plane

Points are (n, 2), (x, y) in pixels, origin top left, in the layouts that `landmarks` describes. The head is an average
one, so the pitch of a frontal picture may be wrong by up to about twenty degrees; differences between two pictures of
one person are more exact than either value. Yaw is right within 8 degrees up to 60 on drawn heads of known pose (median
error 2), and photographs and their mirror images give opposite yaw and roll within 3 degrees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEAD_106 = {
    35: (-4.45, 2.66, 3.17),  # left eye, outer corner
    39: (-1.86, 2.59, 3.76),
    89: (1.86, 2.59, 3.76),
    93: (4.45, 2.66, 3.17),
    72: (0.0, 2.9, 5.2),  # nose, root
    86: (0.0, -1.13, 7.48),  # nose, tip
    52: (-2.46, -4.34, 4.28),  # corners of the mouth
    61: (2.46, -4.34, 4.28),
    0: (0.0, -9.40, 4.26),  # chin
}
"""Point -> (right, up, to the viewer) in centimetres, after MediaPipe's canonical face model (Apache-2.0)."""

_MESH_POINTS = (33, 133, 362, 263, 168, 1, 61, 291, 152)
"""The points of MediaPipe's mesh that are those of `_HEAD_106`, in its order: the nose's tip is 1 and not 86, and so
on. Their places in the canonical model are where those of `_HEAD_106` come from."""

_HEAD_5 = ((-3.15, 2.62, 3.6), (3.15, 2.62, 3.6), (0.0, -1.13, 7.48), (-2.46, -4.34, 4.28), (2.46, -4.34, 4.28))
"""The same head's pupils, nose tip and corners of the mouth."""


class Pose(NamedTuple):
    """A head's angles in degrees."""

    yaw: float
    """[-90, 90]"""
    pitch: float
    """[-90, 90]"""
    roll: float
    """(-180, 180]"""


def pose_106(points: Sequence[Any]) -> Pose:
    """Return the pose by nine of the 106 points. Raises ValueError when they coincide or aren't finite."""
    return _pose([tuple(points[index]) for index in _HEAD_106], list(_HEAD_106.values()))


def pose_mesh(points: Sequence[Any]) -> Pose:
    """Return the pose by nine points of a mesh, (468, 2) or (468, 3), whose depth is not used: it is the network's
    guess, and the pose would be another one than that of 106 points. On eight photographed faces yaw differs from
    `pose_106` by 6 degrees at most, and pitch is 3 to 12 degrees lower: the root of the mesh's nose lies higher. Raises
    as `pose_106` does."""
    return _pose([tuple(points[index][:2]) for index in _MESH_POINTS], list(_HEAD_106.values()))


def pose_5(points: Sequence[Any]) -> Pose:
    """Return the pose by the five points, which show yaw and roll well and pitch poorly. Raises as `pose_106` does."""
    return _pose([tuple(point) for point in points], list(_HEAD_5))


def _pose(points: Sequence[tuple[Any, ...]], head: Sequence[tuple[float, float, float]]) -> Pose:
    import numpy as np

    seen = np.array([(float(x), -float(y)) for x, y in points])  # up is positive from here on
    if seen.shape != (len(head), 2) or not np.isfinite(seen).all():
        raise ValueError(f"found points of shape {seen.shape}, expected {len(head)} finite ones")
    affine = _solver(tuple(head)) @ (seen - seen.mean(axis=0))  # (3, 2)
    return _angles(_orthonormal(affine.T))


@cache
def _solver(head: tuple[tuple[float, float, float], ...]) -> NDArray[np.float64]:
    """Return the matrix that solves the least-squares problem for this head; (3, points)."""
    import numpy as np

    model = np.array(head)
    return np.asarray(np.linalg.pinv(model - model.mean(axis=0)), dtype=np.float64)


def _orthonormal(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest orthonormal pair of rows, (A A^T)^(-1/2) A, with the root of a 2 x 2 matrix in closed form."""
    import numpy as np

    a, b, d = (float(rows[i] @ rows[j]) for i, j in ((0, 0), (0, 1), (1, 1)))
    product = math.sqrt(max(a * d - b * b, 0.0))  # of the singular values
    total = math.sqrt(a + d + 2 * product)  # their sum
    if total < 1e-6:
        raise ValueError("the landmarks fall together")
    if product < 1e-12 * total * total:
        raise ValueError("the landmarks lie on a line")
    root = np.array([[a + product, b], [b, d + product]]) / total
    return np.asarray(np.linalg.inv(root) @ rows, dtype=np.float64)


def _angles(rows: NDArray[np.float64]) -> Pose:
    """Return the angles of a rotation given by its first two rows: roll after pitch after yaw."""
    import numpy as np

    facing = np.cross(rows[0], rows[1])  # where the head's forward axis points is the third column
    forward = (float(rows[0, 2]), float(rows[1, 2]), float(facing[2]))
    yaw = math.degrees(math.atan2(forward[0], math.hypot(forward[1], forward[2])))
    pitch = math.degrees(math.atan2(forward[1], math.hypot(forward[0], forward[2])))
    roll = math.degrees(math.atan2(-float(rows[1, 0]) + 0.0, float(rows[0, 0])))
    return Pose(round(yaw, 2) + 0.0, round(pitch, 2) + 0.0, round(roll, 2) + 0.0)
