"""The scalp: where hair grows on it, and the surface that hair lies on.

Heights and lengths are face units, y down; angles are degrees from the nose, negative on the viewer's left. Points are
separate float64 arrays x, y, z of one shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personaforge.embedded.painter.face.params import Face
from personaforge.media.exact import arctan2, cos, interp, sin

Floats = NDArray[np.float64]

Order = NDArray[np.int64]
"""Places in a list."""

MIDDLE: Final = -0.42
"""Height of the head's greatest width: above it the skull is a dome, below it a column."""
_FRONT: Final = 1.19
_BACK: Final = 1.38
_GOLDEN: Final = 2.399963229728653
"""Radians of the golden angle: points that follow each other by it are spread evenly."""


class Points3(NamedTuple):
    """Points in the head's own frame, any shape."""

    x: Floats
    y: Floats
    z: Floats


def root_line(face: Face, at: Mapping[str, float]) -> float:
    """Return how high the hairline is in the middle of the forehead."""
    back = 0.10 * face.masculinity * float(np.clip((face.age - 38) / 35, 0, 1))
    back += 0.16 * (face.hair_cut == "receding")
    return max(at["brow_y"] - 0.60, at["forehead"] + 0.30) - back


def hairline(face: Face, at: Mapping[str, float], degrees: ArrayLike) -> Any:
    """Return the height of the lower edge of hair at each angle: forehead, temple, sideburn, ear, nape."""
    away = np.abs(np.asarray(degrees, np.float64))
    front, man = root_line(face, at), face.masculinity
    bare = man * float(np.clip((face.age - 30) / 40, 0, 1)) + 0.9 * (face.hair_cut == "receding")
    temples = 0.06 * man + 0.26 * bare
    knots = (
        (0, front - 0.03 * (face.hair_cut == "receding")), (13, front - 0.01), (30, front + 0.03 - 0.6 * temples),
        (42, front + 0.14 - temples), (54, front + 0.33 - 0.6 * temples), (62, -0.48), (70, -0.28),
        (77, -0.14 + 0.34 * man), (86, -0.16 + 0.32 * man), (93, -0.32), (112, -0.1), (125, 0.5), (150, 0.78),
        (180, 0.8),
    )  # fmt: skip
    return interp(away, [knot[0] for knot in knots], [knot[1] for knot in knots])


def bare_above(face: Face, degrees: ArrayLike) -> Any:
    """Return the height above which nothing grows at each angle: far above the head but on one that is bald on top."""
    away = np.abs(np.asarray(degrees, np.float64))
    if face.hair_cut != "bald":
        return np.full(away.shape, -9.0)
    return interp(away, [0, 58, 68, 90, 120, 180], [9.0, 9.0, -0.46, -0.64, -0.72, -0.6])


class Scalp:
    """The head's surface, for hair to grow from and to lie on."""

    def __init__(self, at: Mapping[str, float]) -> None:
        """`at` holds the face's lengths."""
        self._wide, self._high, self._at = at["cranium"], MIDDLE - at["forehead"], at

    def pushed(self, points: Points3, lift: ArrayLike) -> Points3:
        """Return the points, those that are less than `lift` above the surface moved outwards onto it."""
        lifted = np.asarray(lift, np.float64)
        x, y, z = points
        level = self._level(points, lifted)
        out = np.maximum(1.0, 1 / np.maximum(level, 0.05))
        up = np.where(y < MIDDLE, out, 1.0)
        return Points3(x * out, MIDDLE + (y - MIDDLE) * up, z * out)

    def laid(self, points: Points3, lift: ArrayLike) -> Points3:
        """Return the points moved onto the surface that is `lift` above the scalp, from inside or from outside."""
        x, y, z = points
        out = 1 / np.maximum(self._level(points, np.asarray(lift, np.float64)), 0.05)
        up = np.where(y < MIDDLE, out, 1.0)
        return Points3(x * out, MIDDLE + (y - MIDDLE) * up, z * out)

    def placed(self, degrees: ArrayLike, y: ArrayLike, lift: ArrayLike = 0.0) -> Points3:
        """Return the points of the surface at these angles and heights."""
        angle, height = np.broadcast_arrays(np.deg2rad(np.asarray(degrees, np.float64)), np.asarray(y, np.float64))
        flat = Points3(0.01 * sin(angle), height, 0.01 * cos(angle))
        wide, front, back, high = self._axes(height, np.asarray(lift, np.float64))
        depth = np.where(flat.z >= 0, front, back)
        up = np.clip((MIDDLE - height) / high, 0, 0.999)
        ring = np.sqrt(1 - up * up)
        sine, cosine = sin(angle), cos(angle)
        size = ring / np.sqrt((sine / wide) * (sine / wide) + (cosine / depth) * (cosine / depth))
        return Points3(size * sine, height.copy(), size * cosine)

    def along(self, x: ArrayLike, y: ArrayLike, behind: ArrayLike) -> tuple[Floats, Points3]:
        """Return angles and points of the dome at these distances from its middle and about these heights, at the back
        where `behind` is true."""
        aside = np.asarray(x, np.float64) / self._wide
        room = np.maximum(1 - aside * aside - 0.02, 0.02)
        up = np.minimum((MIDDLE - np.asarray(y, np.float64)) / self._high, np.sqrt(room))
        far = np.sqrt(np.maximum(room + 0.02 - up * up, 0.0))
        z = np.where(behind, -_BACK, _FRONT) * far
        points = Points3(aside * self._wide, MIDDLE - up * self._high, z)
        return np.asarray(np.rad2deg(arctan2(points.x, z)), np.float64), points

    def normals(self, points: Points3) -> Points3:
        """Return unit normals of the surface at or near these points, outward."""
        wide, front, back, high = self._axes(points.y, np.zeros(()))
        depth = np.where(points.z >= 0, front, back)
        x, z = points.x / (wide * wide), points.z / (depth * depth)
        y = np.minimum(points.y - MIDDLE, 0) / (high * high)
        long = np.maximum(np.sqrt(x * x + y * y + z * z), 1e-6)
        return Points3(x / long, y / long, z / long)

    def spread(self, count: int, random: np.random.Generator) -> tuple[Floats, Points3]:
        """Return about evenly spread angles, degrees, and points of the whole scalp down to the nape."""
        # A dome's area is even in its height, as a column's is.
        share = (np.arange(count) + 0.5) / count
        angle = np.rad2deg(np.arange(count) * _GOLDEN + random.uniform(-0.15, 0.15, count)) % 360 - 180
        return angle, self.placed(angle, self._at["forehead"] + 0.004 + share * (0.85 - self._at["forehead"]))

    def _level(self, points: Points3, lift: Floats) -> Floats:
        wide, front, back, high = self._axes(points.y, lift)
        depth = np.where(points.z >= 0, front, back)
        across, along = points.x / wide, points.z / depth
        up = np.maximum(MIDDLE - points.y, 0) / high
        return np.asarray(np.sqrt(across * across + along * along + up * up), np.float64)

    def _axes(self, y: Floats, lift: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        at = self._at
        wide = interp(
            y,
            [MIDDLE, 0.1, 0.5, 0.9, 1.3, 1.7],
            [self._wide, at["face_width"], 0.94 * at["face_width"], 0.84 * at["face_width"], 0.68, 0.62],
        )
        front = interp(y, [MIDDLE, 0.9, 1.5], [_FRONT, _FRONT, 0.8])  # fmt: skip
        back = interp(y, [MIDDLE, 0.4, 0.9, 1.4], [_BACK, 1.22, 0.95, 0.8])
        return wide + lift, front + lift, back + lift, self._high + 0.9 * lift
