"""A canvas in face units and the few strokes that everything is painted with.

The canvas is float32 RGB in 0..255 sRGB, plane by plane, which numpy is several times as fast on as on interleaved
pixels; points are (n, 2) arrays in face units, x right, y down. A stroke is an antialiased shape, softened with a
Gaussian, mixed in or multiplied in; all work is inside the shape's bounding box, which makes painting fast. Anything on
skin is shaded by multiplying (`tint`), since the same tint suits every skin tone.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personaforge.faces.opencv import opencv
from personaforge.media.exact import bell, cos, curved, hypot, reduced_mask, sin

cv2 = opencv()

Pixels = NDArray[np.float32]
Points = NDArray[np.float64]

_SHIFT: Final = 4
"""Fractional bits of OpenCV's integer coordinates."""
_UNSEEN: Final = 0.004
"""A tint that is weaker changes no pixel by a level of 255."""
_HALF: Final = 0.5 * (1 << _SHIFT)
"""From a pixel's corner to its middle, in those units."""


class Canvas:
    """A rectangle of face units with its pixels."""

    def __init__(self, left: float, top: float, right: float, bottom: float, scale: float, color: ArrayLike) -> None:
        """`scale` is pixels per face unit."""
        self.left, self.top, self.scale = left, top, scale
        self.width, self.height = max(2, round((right - left) * scale)), max(2, round((bottom - top) * scale))
        self.planes: Pixels = np.empty((3, self.height, self.width), np.float32)
        """(3, height, width)."""
        self.planes[:] = np.asarray(color, np.float32)[:, None, None]
        self.clip: Pixels | None = None
        """While set, strokes are multiplied with this full-size mask."""

    def picture(self) -> Pixels:
        """Return the pixels as (height, width, 3)."""
        return np.asarray(cv2.merge(list(self.planes)), np.float32)

    def fill(self, points: ArrayLike, color: ArrayLike, alpha: float = 1.0, soft: float = 0.0) -> None:
        """Mix a colour into a polygon. `soft` is the blur's sigma in face units."""
        found = self.mask([points], soft)
        if found is not None:
            self.mix(*found, np.asarray(color, np.float32), alpha)

    def strokes(self, shapes: list[Points], color: ArrayLike, alpha: float = 1.0, soft: float = 0.0) -> None:
        """Mix a colour into many polygons at once."""
        found = self.mask(shapes, soft)
        if found is not None:
            self.mix(*found, np.asarray(color, np.float32), alpha)

    def tint(self, points: ArrayLike, factor: ArrayLike, alpha: float = 1.0, soft: float = 0.0) -> None:
        """Multiply a polygon with a factor per channel."""
        if alpha < _UNSEEN:
            return
        found = self.mask([points], soft)
        if found is not None:
            self.multiply(*found, np.asarray(factor, np.float32), alpha)

    def line(
        self, points: ArrayLike, width: ArrayLike, color: ArrayLike, alpha: float = 1.0, soft: float = 0.0
    ) -> None:
        """Mix a colour into a stroke along the points; `width` is one number or one for each point."""
        self.fill(ribbon(points, width), color, alpha, soft)

    def crease(
        self, points: ArrayLike, width: ArrayLike, factor: ArrayLike, alpha: float = 1.0, soft: float = 0.0
    ) -> None:
        """Multiply a stroke along the points with a factor."""
        self.tint(ribbon(points, width), factor, alpha, soft)

    def hairs(self, strokes: list[Points], color: ArrayLike, alpha: float, width: float) -> None:
        """Mix a colour into many thin strokes at once. `width` in face units, at least one pixel."""
        found = self.mask(strokes, 0.0, thickness=max(1, round(width * self.scale)))
        if found is not None:
            self.mix(*found, np.asarray(color, np.float32), alpha)

    def glow(self, x: float, y: float, wide: float, high: float, factor: ArrayLike, alpha: float = 1.0) -> None:
        """Multiply with a factor that fades like a Gaussian; `wide` and `high` are its sigmas."""
        if alpha < _UNSEEN:
            return
        columns = self.left + (np.arange(self.width, dtype=np.float32) + 0.5) / self.scale
        rows = self.top + (np.arange(self.height, dtype=np.float32) + 0.5) / self.scale
        x0, x1 = np.searchsorted(columns, (x - 3 * wide, x + 3 * wide))
        y0, y1 = np.searchsorted(rows, (y - 3 * high, y + 3 * high))
        if x0 >= x1 or y0 >= y1:
            return
        across = bell((columns[x0:x1] - x) / wide)
        down = bell((rows[y0:y1] - y) / high)
        box = (slice(int(y0), int(y1)), slice(int(x0), int(x1)))
        weight = np.outer(down, across)
        if self.clip is not None:
            weight *= self.clip[box]
        self.multiply(box, weight, np.asarray(factor, np.float32), alpha)

    def area(self, points: ArrayLike, soft: float = 0.0) -> Pixels:
        """Return a full-size mask of a polygon, 0..1."""
        whole = np.zeros((self.height, self.width), np.float32)
        found = self.mask([points], soft)
        if found is not None:
            whole[found[0]] = found[1]
        return whole

    def stain(self, mask: Pixels, color: ArrayLike, alpha: float = 1.0) -> None:
        """Mix a colour in through a full-size mask."""
        self.mix((slice(None), slice(None)), mask, np.asarray(color, np.float32), alpha)

    def shade(self, mask: Pixels, factor: ArrayLike, alpha: float = 1.0) -> None:
        """Multiply with a factor through a full-size mask."""
        self.multiply((slice(None), slice(None)), mask, np.asarray(factor, np.float32), alpha)

    def mask(
        self, shapes: list[Any], soft: float = 0.0, thickness: int = 0, *, union: bool = False
    ) -> tuple[tuple[slice, slice], Pixels] | None:
        """Return the box and the weights, 0..1, of shapes: polygons, or strokes of `thickness` pixels. None outside.

        Where polygons overlap they are a hole in each other, but with `union` one shape.
        """
        unit = self.scale * (1 << _SHIFT)
        origin = np.array((self.left * unit + _HALF, self.top * unit + _HALF))
        fixed = [np.rint(np.asarray(shape) * unit - origin).astype(np.int32) for shape in shapes if len(shape)]
        if not fixed:
            return None
        sigma = soft * self.scale
        margin = int(3 * sigma) + thickness + 2
        left, top, wide, high = cv2.boundingRect(fixed[0] if len(fixed) == 1 else np.concatenate(fixed))
        x0, y0 = max((left >> _SHIFT) - margin, 0), max((top >> _SHIFT) - margin, 0)
        x1 = min(((left + wide) >> _SHIFT) + margin + 2, self.width)
        y1 = min(((top + high) >> _SHIFT) + margin + 2, self.height)
        if x0 >= x1 or y0 >= y1:
            return None
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for shape in fixed:
            shape -= (x0 << _SHIFT, y0 << _SHIFT)
        if thickness:
            cv2.polylines(mask, fixed, False, 255, thickness, cv2.LINE_AA, _SHIFT)
        elif union:
            for shape in fixed:
                cv2.fillPoly(mask, [shape], 255, cv2.LINE_AA, _SHIFT)
        else:
            cv2.fillPoly(mask, fixed, 255, cv2.LINE_AA, _SHIFT)
        if sigma > 0.3:
            mask = _blurred(mask, sigma)
        box = (slice(y0, y1), slice(x0, x1))
        weight = np.multiply(mask, np.float32(1 / 255), dtype=np.float32)
        if self.clip is not None:
            weight *= self.clip[box]
        return box, weight

    def mix(self, box: tuple[slice, slice], weight: Pixels, color: Pixels, alpha: float = 1.0) -> None:
        """Mix a colour, or planes of the box's size, into a box."""
        there = self.planes[:, box[0], box[1]]
        change = (color if color.ndim == 3 else color[:, None, None]) - there
        change *= weight if alpha == 1 else weight * np.float32(alpha)
        there += change

    def multiply(self, box: tuple[slice, slice], weight: Pixels, factor: Pixels, alpha: float = 1.0) -> None:
        """Multiply a box with a factor per channel, through weights."""
        change = ((factor - 1) * np.float32(alpha))[:, None, None] * weight
        change += 1
        self.planes[:, box[0], box[1]] *= change


def _blurred(mask: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Return a mask blurred; a wide blur is computed on a smaller picture, which makes no visible difference."""
    step = min(int(sigma / 1.7), 8)
    rows, columns = mask.shape
    if step < 2 or min(rows, columns) < 4 * step:
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.uint8)
    small = cv2.GaussianBlur(reduced_mask(mask, step), (0, 0), sigma / step)
    size = (small.shape[1] * step, small.shape[0] * step)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR_EXACT)[:rows, :columns], np.uint8)


def smooth(points: ArrayLike, steps: int = 8, *, closed: bool = False) -> Points:
    """Return a Catmull-Rom curve through the points."""
    knots = np.asarray(points, np.float64)
    ends = (knots[-1:], knots[:2]) if closed else (2 * knots[:1] - knots[1:2], 2 * knots[-1:] - knots[-2:-1])
    padded = np.concatenate([ends[0], knots, ends[1]])
    before, start, stop, after = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    one, two, three, four = _weights(steps)
    curve = before * one
    curve += start * two
    curve += stop * three
    curve += after * four
    flat = curve.reshape(-1, knots.shape[1])
    return flat if closed else np.concatenate([flat, knots[-1:]])


@cache
def _weights(steps: int) -> tuple[Points, Points, Points, Points]:
    """Return the weight of each of four neighbouring knots along a piece of the curve, (1, steps, 1)."""
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    cube = t * t * t
    return (
        0.5 * (-t + 2 * t**2 - cube),
        0.5 * (2 - 5 * t**2 + 3 * cube),
        0.5 * (t + 4 * t**2 - 3 * cube),
        0.5 * (cube - t**2),
    )


def ribbon(points: ArrayLike, width: ArrayLike) -> Points:
    """Return the outline of a stroke of the given full width along the points."""
    line = np.asarray(points, np.float64)
    along = np.empty_like(line)
    along[1:-1] = line[2:] - line[:-2]
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    along /= np.maximum(hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) * (np.asarray(width, np.float64) / 2).reshape(-1, 1)
    return np.concatenate([line + side, (line - side)[::-1]])


def ellipse(x: float, y: float, wide: float, high: float, steps: int = 40) -> Points:
    """Return an ellipse's outline; `wide` and `high` are radii."""
    turn = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return np.stack([x + wide * cos(turn), y + high * sin(turn)], axis=1)


def mirrored(points: ArrayLike) -> Points:
    """Return the points on the other side of x = 0."""
    return np.asarray(points, np.float64) * (-1, 1)


def noise(height: int, width: int, cell: float, seed: int, *, stretch: float = 1.0) -> Pixels:
    """Return smooth noise in about -1..1 with features of `cell` pixels, `stretch` times as tall as wide."""
    rows, columns = max(2, round(height / (cell * stretch)) + 2), max(2, round(width / cell) + 2)
    coarse = np.random.default_rng(seed).uniform(-1, 1, (rows, columns)).astype(np.float32)
    return curved(coarse, height, width)
