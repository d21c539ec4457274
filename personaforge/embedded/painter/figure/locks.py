"""Locks of hair: curves in space with a width and a tone, and how they are drawn into pixels.

A lock is a curve of points in the head's frame. It is turned with the head, and what of it faces the camera is drawn as
a ribbon: a dark edge, a body that is lighter towards the light, and a few single strands. Later locks lie on earlier
ones. The drawing holds no colour: `Strands` has how much of a pixel is hair, how bright it is, and which of two colours
it takes, so that the light of the whole head is laid over it afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.figure.layers import Window
from personaforge.embedded.painter.figure.scalp import Floats, Points3
from personaforge.embedded.painter.strokes import Pixels
from personaforge.faces.opencv import opencv
from personaforge.media.exact import scalar_cos, scalar_sin

cv2 = opencv()

_AXIS_Z: Final = -0.3
_NECK_Y: Final = 1.3
"""The axes of a turn and of a nod, as in `face.shell`."""
_SHIFT: Final = 4
_UNIT: Final = 1 << _SHIFT
Style = tuple[tuple[int, int, float], ...]
_SMALL: Final = 115.0
"""Pixels per face unit below which locks have fewer parts."""
FLAT: Final = 128
"""The tone of hair without light and shadow of its own, of 255."""


class Locks(NamedTuple):
    """Locks in the order in which they are laid on each other, the lowest first."""

    points: Points3
    """(locks, points)."""
    width: Floats
    """(locks, points), full width in face units."""
    tone: Floats
    """(locks,): brightness, 1 as it is."""
    mix: Floats
    """(locks,): 0 for the first of two colours to 1 for the second."""
    hidden: Floats
    """(locks, points): below this share of facing the camera a point is behind the head."""
    free: bool = False
    """Whether they fall: what hangs free of the skull is in front of the head, or behind it, as a whole."""


class Board:
    """What locks are drawn on: three planes of a window, one after the other in a pixel."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.planes = np.zeros((window.height, window.width, 3), np.uint8)

    def fill(self, polygon: NDArray[np.int32], tone: float, mix: float) -> None:
        """Draw a polygon, its points in 16ths of a pixel."""
        cv2.fillPoly(self.planes, [polygon], self._value(tone, mix), cv2.LINE_AA, _SHIFT)

    def fills(self, polygons: NDArray[np.int32], tone: float, mix: float) -> None:
        """Draw polygons, (polygons, points, 2), that hardly overlap."""
        cv2.fillPoly(self.planes, list(polygons), self._value(tone, mix), cv2.LINE_AA, _SHIFT)

    @property
    def bottom(self) -> float:
        """The height of the window's lower edge, in face units."""
        return self.window.top + self.window.height / self.window.scale

    def patch(self, polygon: NDArray[np.int32], tone: float, mix: float) -> None:
        """Draw a convex polygon."""
        cv2.fillConvexPoly(self.planes, polygon, self._value(tone, mix), cv2.LINE_AA, _SHIFT)

    def lines(self, lines: Sequence[NDArray[np.int32]], tone: float, mix: float, thick: int) -> None:
        """Draw lines of so many pixels."""
        cv2.polylines(self.planes, lines, False, self._value(tone, mix), thick, cv2.LINE_AA, _SHIFT)

    def fixed(self, points: Floats) -> NDArray[np.int32]:
        """Return points on the screen, (..., 2) in face units, as the drawing takes them."""
        window = self.window
        found = (points - (window.left, window.top)) * (window.scale * _UNIT) - 0.5 * _UNIT
        return np.rint(np.clip(found, -1e6, 1e6)).astype(np.int32)

    def strands(self, rows: slice = slice(None)) -> tuple[Pixels, Pixels, Pixels]:
        """Return cover, tone and mix of some rows as shares and factors; where nothing is drawn they are 0, 1, 0."""
        cover, tone, mix = (plane.astype(np.float32) for plane in cv2.split(self.planes[rows]))
        least = np.maximum(cover, 1)
        tone *= np.float32(255 / FLAT)
        tone /= least
        mix /= least
        tone[cover == 0] = 1
        cover *= np.float32(1 / 255)
        return cover, tone, mix

    @staticmethod
    def _value(tone: float, mix: float) -> tuple[float, float, float]:
        return (255, min(max(round(tone * FLAT), 0), 255), round(255 * mix))


def seen(points: Points3, yaw: float, pitch: float) -> tuple[Floats, Floats]:
    """Return where points are on the screen, (..., 2), and how near they are to the camera."""
    turn, nod = math.radians(yaw), math.radians(pitch)
    sine, cosine, rise, level = scalar_sin(turn), scalar_cos(turn), scalar_sin(nod), scalar_cos(nod)
    depth = points.z - _AXIS_Z
    across, toward = points.x * cosine + depth * sine, depth * cosine - points.x * sine
    down = points.y - _NECK_Y
    return np.stack([across, _NECK_Y + down * level - toward * rise], axis=-1), toward * level + down * rise


def facing(normals: Points3, yaw: float, pitch: float) -> Floats:
    """Return how far normals point to the camera, -1..1."""
    turn, nod = math.radians(yaw), math.radians(pitch)
    toward = normals.z * scalar_cos(turn) - normals.x * scalar_sin(turn)
    return np.asarray(normals.y * scalar_sin(nod) + toward * scalar_cos(nod), np.float64)


def curve(knots: Sequence[Points3], steps: int) -> Points3:
    """Return smooth curves, (curves, points), through knots that are (curves,) each."""
    t = (np.arange(steps, dtype=np.float64) / steps)[None]
    square, cube = t * t, t * t * t
    weights = (0.5 * (-t + 2 * square - cube), 0.5 * (2 - 5 * square + 3 * cube), 0.5 * (t + 4 * square - 3 * cube),
               0.5 * (cube - square))  # fmt: skip
    found = []
    for axis in range(3):
        line = [knot[axis] for knot in knots]
        line = [2 * line[0] - line[1], *line, 2 * line[-1] - line[-2]]
        parts = []
        for index in range(len(knots) - 1):
            part = line[index][:, None] * weights[0]
            for shift in (1, 2, 3):
                part = part + line[index + shift][:, None] * weights[shift]
            parts.append(part)
        parts.append(line[-2][:, None])
        found.append(np.concatenate(parts, axis=1))
    return Points3(*found)


def sides(line: Floats, width: Floats) -> Floats:
    """Return unit vectors across lines, (lines, points, 2), times half of their width."""
    along = np.empty_like(line)
    along[:, 1:-1] = line[:, 2:] - line[:, :-2]
    along[:, 0], along[:, -1] = line[:, 1] - line[:, 0], line[:, -1] - line[:, -2]
    long = np.sqrt(along[..., 0] * along[..., 0] + along[..., 1] * along[..., 1])
    half = 0.5 * width / np.maximum(long, 1e-9)
    return np.stack([-along[..., 1] * half, along[..., 0] * half], axis=-1)


def runs(shown: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return (lock, first, last) of the points in a row that are shown, two at least; `shown` is (locks, points)."""
    padded = np.zeros((shown.shape[0], shown.shape[1] + 2), np.int8)
    padded[:, 1:-1] = shown
    change = np.diff(padded, axis=1)
    starts, stops = np.argwhere(change == 1), np.argwhere(change == -1)
    return [
        (int(lock), int(first), int(last) - 1)
        for (lock, first), (_, last) in zip(starts, stops, strict=True)
        if last - first > 1
    ]


def draw_locks(
    board: Board,
    locks: Locks,
    face_on: Floats,
    yaw: float,
    pitch: float,
    light: float,
    *,
    behind: bool,
    body: Style | None = None,
    single: tuple[tuple[int, float], ...] | None = None,
) -> None:
    """Draw the part of locks in front of the head, or the part behind it.

    `face_on` is how far each point of a lock faces the camera, `light` -1 where it comes from the viewer's left, 1 from
    the right. `body` and `single` are how a ribbon is shaded, `_BODY` and `_SINGLE` where they are missing.
    """
    line, _ = seen(locks.points, yaw, pitch)
    shown = _shown(locks, face_on)
    if behind:
        shown = ~shown
    shown &= line[..., 1] < board.bottom + 0.2
    # One point further, so that both parts meet, and pointed where they do.
    grown = shown.copy()
    grown[:, 1:] |= shown[:, :-1]
    grown[:, :-1] |= shown[:, 1:]
    width = locks.width * np.where(shown, 1.0, 0.35)
    across = sides(line, width)
    # The light's side of a lock on the screen: it depends on the way that the lock runs.
    lit = np.where((across[..., 0] * light - 0.5 * np.abs(light) * across[..., 1]).sum(axis=1) >= 0, 1.0, -1.0)
    strips = [board.fixed(line + across * (offset * lit[:, None, None])) for offset in _EDGES]
    small, plain = board.window.scale < _SMALL, behind and locks.free
    shapes = body or (_PLAIN if plain or small else _BODY)
    lines = single if single is not None else () if plain else _SINGLE[1:] if small else _SINGLE
    for lock, first, last in runs(grown):
        tone, mix = float(locks.tone[lock]), float(locks.mix[lock])
        part = slice(first, last + 1)
        cuts = [strip[lock, part] for strip in strips]
        for low, high, factor in shapes:
            board.fill(np.concatenate([cuts[low], cuts[high][::-1]]), tone * factor, mix)
        for place, factor in lines:
            board.lines([cuts[place]], tone * factor, mix, 1)


def _shown(locks: Locks, face_on: Floats) -> NDArray[np.bool_]:
    """Return which points are in front of the head. What hangs free of the skull is so as a whole."""
    found = face_on > locks.hidden
    if not locks.free:
        return found
    hangs = locks.points.y > -0.45
    count = hangs.sum(axis=1)
    mostly = ((found & hangs).sum(axis=1) * 2 > count)[:, None]
    return np.asarray(np.where(hangs, mostly, found & (mostly | (face_on > 0.3) | (count == 0)[:, None])), np.bool_)


_EDGES: Final = (-1.0, -0.78, -0.45, -0.1, 0.2, 0.48, 0.8, 1.0)
"""Lines along a lock, from the side in the shadow to the side in the light, as shares of half of its width."""
_BODY: Final = ((0, 7, 0.84), (1, 7, 0.93), (2, 6, 1.0), (4, 5, 1.06))
"""(from line, to line, factor): the body of a lock, the later parts over the earlier ones."""
_PLAIN: Final = ((0, 7, 0.80), (1, 7, 0.98))
"""The body of a lock that is small, or in the shadow behind the head."""
_SINGLE: Final = ((3, 0.91), (2, 0.94), (6, 0.95), (4, 1.04))
"""(line, factor): single strands."""
