"""Arithmetic and resampling whose results are equal to the bit on every machine; pinned pictures are made with these.

OpenCV's floats aren't: with AVX2, without it, on arm64 and with Intel's library they differ in the last bits, and so do
numpy's `exp`, `sin` and `power`, which have a version for each vector unit, and everything that goes through BLAS.
Three things don't differ: single rounded operations (`+ - * /` and `sqrt`, which IEEE 754 defines), integers, and
copying values. So this module uses nothing else. OpenCV's own integers are used where they were measured to be equal:
its Gaussian on 16 bits, copying by `remap` with the nearest point, `INTER_LINEAR_EXACT`, and its distances without
Intel's library. docs/design/portable-drawings.md has the measurements.

Arrays are float32 or float64 and keep their type; pictures are (rows, columns), the origin is the first pixel's middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from personaforge.faces.opencv import opencv

Plane = NDArray[np.float32]
Floats = NDArray[np.float64]
Border = Literal["edge", "mirror", "nothing"]
"""Values beyond a picture's edge: the edge again, the picture mirrored, or 0."""

_TURN: Final = 256
"""Entries of the table of a whole turn for float64."""
_FINE: Final = 4096
"""Entries of the same table for float32, which is read with linear interpolation: at most 3e-7 off."""
_OCTAVE: Final = 64
"""Entries of the tables of exp and log between one power of two and the next."""
_BELL: Final = 128
"""Entries of the bell curve's table for each standard deviation."""
_STRIP: Final = 20_000
"""Values that are processed at a time: while they fit into a processor's cache it is several times as fast."""
_LN2: Final = math.log(2)  # 0x1.62e42fefa39efp-1, which every C library gives
_LN2_LOW: Final = 2.3190468138462996e-17
"""ln 2 less the float64 that is nearest to it."""
_PI_LOW: Final = 1.2246467991473532e-16
"""pi less the float64 that is nearest to it."""


# --- functions ------------------------------------------------------------------------------------------------------


def sin(x: ArrayLike) -> Any:
    """Return the sine of radians, within 3e-16 for float64 and 5e-7 for float32 up to a hundred turns."""
    values = np.asarray(x)
    return _wave32(values, 0) if values.dtype == np.float32 else _wave64(values, 0)


def cos(x: ArrayLike) -> Any:
    """Return the cosine of radians, as exact as `sin`."""
    values = np.asarray(x)
    return _wave32(values, 1) if values.dtype == np.float32 else _wave64(values, 1)


def exp(x: ArrayLike) -> Any:
    """Return e to the power of x, within 2e-16 of the value; x in -700..700."""
    values = np.asarray(x)
    found = _exp64(values.astype(np.float64, copy=False))
    return found.astype(np.float32) if values.dtype == np.float32 else found


def power(base: ArrayLike, exponent: float) -> Any:
    """Return base to a constant power, above 0; a base must not be negative. Within 1e-14 of the value."""
    values = np.asarray(base)
    wide = values.astype(np.float64, copy=False)
    positive = np.maximum(wide, 1e-300)
    found = np.where(wide > 0, _exp64(exponent * _log64(positive)), 0.0)
    found = np.where(wide == 1, 1.0, found)
    return found.astype(np.float32) if values.dtype == np.float32 else found[()]


def bell(x: ArrayLike) -> Any:
    """Return exp(-x²/2), at most 8e-6 off; nothing beyond eight standard deviations."""
    values = np.asarray(x)
    return _by_strips(_bell, values) if values.size > _STRIP else _bell(values)[()]


def hump(x: ArrayLike) -> Any:
    """Return exp(-x²), as exact as `bell`."""
    values = np.asarray(x)
    return bell(values * values.dtype.type(math.sqrt(2)))


def arctan2(y: ArrayLike, x: ArrayLike) -> Any:
    """Return the angle of (x, y) in -pi..pi, at most 1e-5 off."""
    down, across = np.asarray(y, np.float64), np.asarray(x, np.float64)
    high, wide = np.abs(down), np.abs(across)
    part = np.minimum(high, wide) / np.maximum(np.maximum(high, wide), 1e-300)
    square = part * part
    # Abramowitz and Stegun, 4.4.49.
    angle = part * (
        0.9998660 + square * (-0.3302995 + square * (0.1801410 + square * (-0.0851330 + square * 0.0208351)))
    )
    angle = np.where(high > wide, math.pi / 2 - angle, angle)
    angle = np.where(across < 0, math.pi - angle, angle)
    return np.where(down < 0, -angle, angle)[()]


def hypot(x: ArrayLike, y: ArrayLike) -> Any:
    """Return the length of (x, y)."""
    across, down = np.asarray(x), np.asarray(y)
    return np.sqrt(across * across + down * down)


def interp(x: ArrayLike, xp: ArrayLike, fp: ArrayLike) -> Any:
    """Return values between knots as `numpy.interp` does, which a compiler may fuse into one rounding; float64."""
    at, knots, values = np.asarray(x, np.float64), np.asarray(xp, np.float64), np.asarray(fp, np.float64)
    if len(knots) < 2:
        return np.broadcast_to(values[0], at.shape).astype(np.float64)[()]
    right = np.searchsorted(knots, at, "right")
    left = np.clip(right - 1, 0, len(knots) - 2)
    low, start = knots[left], values[left]
    wide = knots[left + 1] - low
    found = (values[left + 1] - start) / np.where(wide > 0, wide, 1.0) * (at - low) + start
    found = np.where(right == 0, values[0], found)
    return np.where(at >= knots[-1], values[-1], found)[()]


def positions(x: NDArray[Any], knots: NDArray[Any]) -> Plane:
    """Return where values, (n,), lie among each row of rising knots, (rows, m): 0 at the first, m - 1 at the last one.

    What `numpy.interp` gives for each row with 0, 1, 2 ... as its values.
    """
    rows, count = knots.shape
    right = np.empty((rows, len(x)), np.int64)
    for index in range(rows):
        right[index] = knots[index].searchsorted(x, "right")
    left = np.clip(right - 1, 0, count - 2)
    flat = left + (np.arange(rows) * count)[:, None]
    wide = knots.reshape(-1)
    low = wide.take(flat)
    flat += 1
    step = wide.take(flat)
    step -= low
    step[step <= 0] = 1
    found = x - low
    found /= step
    found = np.clip(found, 0, 1)
    found += left
    return np.asarray(found, np.float32)


def moving_mean(values: Floats, size: int) -> Floats:
    """Return the mean of `size`, odd, neighbours along a line, whose ends are repeated."""
    half = size // 2
    wide = np.concatenate([np.repeat(values[:1], half), values, np.repeat(values[-1:], half)])
    found = wide[: len(values)].copy()
    for shift in range(1, size):
        found += wide[shift : shift + len(values)]
    return found / size


def scalar_sin(x: float) -> float:
    """Return the sine of one number, as `sin` does for float64; ten times as fast on one."""
    return _scalar_wave(x, 0)


def scalar_cos(x: float) -> float:
    """Return the cosine of one number."""
    return _scalar_wave(x, 1)


# --- pictures -------------------------------------------------------------------------------------------------------


def blurred(values: Plane, sigma: float, sigma_y: float | None = None) -> Plane:
    """Return (rows, columns) or (rows, columns, channels) under a Gaussian, in 65535ths of the range of its values."""
    low, high = np.float32(values.min()), np.float32(values.max())
    if low == high:
        return np.asarray(values.copy(), np.float32)
    unit = (high - low) / np.float32(65535)
    codes = values - low
    codes /= unit
    codes += np.float32(0.5)  # and cut off below, which rounds
    # OpenCV takes a standard deviation of 0 as "the same as across".
    soft = opencv().GaussianBlur(codes.astype(np.uint16), (0, 0), sigmaX=sigma, sigmaY=sigma_y or 0)
    found = np.multiply(soft, unit, dtype=np.float32)
    found += low
    return np.asarray(found, np.float32)


def enlarged(values: Plane, factor: int) -> Plane:
    """Return a plane `factor` times as large, linear between the middles of pixels."""
    if factor == 1:
        return values
    cv2 = opencv()
    rows, columns = values.shape
    wide = cv2.copyMakeBorder(values, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    step = wide[1:] - wide[:-1]
    tall = np.empty((rows, factor, columns + 2), np.float32)
    for phase, (start, weight) in enumerate(_phases(factor)):
        np.multiply(step[start : start + rows], weight, out=tall[:, phase])
        tall[:, phase] += wide[start : start + rows]
    wide = tall.reshape(rows * factor, columns + 2)
    step = wide[:, 1:] - wide[:, :-1]
    parts = []
    for start, weight in _phases(factor):
        part = step[:, start : start + columns] * weight
        part += wide[:, start : start + columns]
        parts.append(part)
    return np.asarray(cv2.merge(parts), np.float32).reshape(rows * factor, columns * factor)


def reduced(values: Plane, factor: int) -> Plane:
    """Return the means of squares of `factor` pixels; where the last squares are incomplete the edge is repeated."""
    if factor == 1:
        return values
    rows, columns = values.shape
    below, beside = -rows % factor, -columns % factor
    if below or beside:
        cv2 = opencv()
        values = np.asarray(cv2.copyMakeBorder(values, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.float32)
    tall = values[::factor].copy()
    for shift in range(1, factor):
        tall += values[shift::factor]
    found = tall[:, ::factor].copy()
    for shift in range(1, factor):
        found += tall[:, shift::factor]
    found *= np.float32(1 / (factor * factor))
    return found


def reduced_mask(mask: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Return the rounded means of squares of `factor` pixels, at most 16; missing pixels of the last squares count as
    0."""
    rows, columns = mask.shape
    whole = np.zeros((-(-rows // factor) * factor, -(-columns // factor) * factor), np.uint16)
    whole[:rows, :columns] = mask
    tall = whole[::factor].copy()
    for shift in range(1, factor):
        tall += whole[shift::factor]
    found = tall[:, ::factor].copy()
    for shift in range(1, factor):
        found += tall[:, shift::factor]
    found += factor * factor // 2
    found //= factor * factor
    return found.astype(np.uint8)


def curved(values: Plane, rows: int, columns: int) -> Plane:
    """Return a plane at another, larger size, along cubic curves (Keys, a = -0.75, as OpenCV has it)."""
    cv2 = opencv()
    # One row is the same as many equal ones.
    tall = np.repeat(values, rows, axis=0) if len(values) == 1 else _curved_rows(values, rows)
    return np.asarray(cv2.transpose(_curved_rows(cv2.transpose(tall), columns)), np.float32)


def scaled(plane: NDArray[np.uint8], by: float) -> NDArray[np.uint8]:
    """Return a plane in which each pixel shows what is `by` times as far from the middle, on cubic curves."""
    cv2 = opencv()
    found = np.ascontiguousarray(plane).astype(np.float32)
    for _ in range(2):  # down, then across
        middle = (len(found) - 1) / 2
        at = middle + (np.arange(len(found), dtype=np.float64) - middle) * np.float64(by)
        found = cv2.transpose(_curve(found, at))
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)


def lowered(values: Plane, by: float) -> Plane:
    """Return a plane moved down by so many pixels, 0 or more; zeros are added above."""
    whole = math.floor(by)
    part = np.float32(by - whole)
    found = np.zeros_like(values)
    rows = len(values)
    if whole < rows:
        found[whole:] = values[: rows - whole]
        found[whole + 1 :] -= part * (values[1 : rows - whole] - values[: max(rows - whole - 1, 0)])
        found[whole] -= part * values[0]
    return found


def sampled(values: NDArray[Any], column: Plane, row: Plane, border: Border = "edge") -> Plane:
    """Return a picture's values, linear between pixels, at float positions; `border` says what lies beyond its edge.

    `values` may have channels, and may be uint8. The result is float32.
    """
    cv2 = opencv()
    rows, columns = values.shape[:2]
    if border == "mirror":
        left, top = max(1, math.ceil(-float(column.min())) + 1), max(1, math.ceil(-float(row.min())) + 1)
        right = max(2, math.ceil(float(column.max())) + 3 - columns)
        bottom = max(2, math.ceil(float(row.max())) + 3 - rows)
    else:
        # More than a pixel beyond the edge nothing changes any more.
        column, row = np.clip(column, -1, columns), np.clip(row, -1, rows)
        left, top, right, bottom = 1, 1, 2, 2
    kind = {"edge": cv2.BORDER_REPLICATE, "mirror": cv2.BORDER_REFLECT_101, "nothing": cv2.BORDER_CONSTANT}[border]
    whole = cv2.copyMakeBorder(values, top, bottom, left, right, kind)
    # Four views of the picture, each a pixel further, so that one list of places is enough for all of them.
    parts = [whole[y : y + rows + top + bottom - 1, x : x + columns + left + right - 1] for y in (0, 1) for x in (0, 1)]
    found = np.empty((*column.shape, *values.shape[2:]), np.float32)
    for strip in _strips(found):
        across, down = column[strip] + np.float32(left), row[strip] + np.float32(top)
        place = np.empty((*across.shape, 2), np.int16)
        place[..., 0], place[..., 1] = across, down  # both are positive, so this is the floor
        across -= place[..., 0]
        down -= place[..., 1]
        if values.ndim == 3:
            across, down = across[..., None], down[..., None]
        first, second, third, fourth = (
            cv2.remap(part, place, None, cv2.INTER_NEAREST).astype(np.float32, copy=False) for part in parts
        )
        second -= first
        second *= across
        first += second
        fourth -= third
        fourth *= across
        third += fourth
        third -= first
        third *= down
        np.add(first, third, out=found[strip])
    return found


def distances(inside: NDArray[np.uint8]) -> Plane:
    """Return how far each pixel that isn't 0 is from the nearest 0, in pixels: OpenCV's 3 x 3 steps in 65536ths."""
    cv2 = opencv()
    # Intel's library computes in another way. The switch is for this thread alone.
    used = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        return np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)
    finally:
        cv2.ipp.setUseIPP(used)


def fitted(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture, (rows, columns, channels), at another size: means where it is smaller, curves where larger."""
    rows, columns = picture.shape[:2]
    planes = []
    for plane in np.moveaxis(picture, 2, 0):
        if width * height < rows * columns:
            tall = _meant_rows(plane.astype(np.float64), height)
            found = np.rint(_meant_rows(tall.T, width).T)
        else:
            found = np.rint(curved(plane.astype(np.float32), height, width))
        planes.append(np.clip(found, 0, 255).astype(np.uint8))
    return np.ascontiguousarray(np.stack(planes, axis=2))


def mixed(first: NDArray[np.uint8], second: NDArray[np.uint8], weight: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return first * weight + second * (255 - weight), over 255 and rounded, all (rows, columns, ...) alike."""
    wide = first.astype(np.uint16) * weight
    wide += second.astype(np.uint16) * (255 - weight)
    wide += 128
    wide += wide >> 8  # a division by 255, rounded, for all that 16 bits hold here
    wide >>= 8
    return wide.astype(np.uint8)


# --- tables and their use -------------------------------------------------------------------------------------------


def _taylor_sin(x: float) -> float:
    """Return the sine of a small number by its series, one rounded operation after the other."""
    square, term, total = x * x, x, x
    for index in range(1, 12):
        term = -term * square / ((2 * index) * (2 * index + 1))
        total += term
    return total


def _taylor_cos(x: float) -> float:
    square, term, total = x * x, 1.0, 1.0
    for index in range(1, 12):
        term = -term * square / ((2 * index - 1) * (2 * index))
        total += term
    return total


def _turn_sin(index: int, steps: int) -> float:
    """Return the sine of a part of a turn; `steps` is a multiple of 8."""
    index %= steps
    if 2 * index >= steps:
        return -_turn_sin(index - steps // 2, steps)
    if 4 * index > steps:
        index = steps // 2 - index
    if 8 * index > steps:
        return _taylor_cos(2 * math.pi * (steps // 4 - index) / steps)
    return _taylor_sin(2 * math.pi * index / steps)


@cache
def _turn_tables(steps: int) -> tuple[Floats, Floats]:
    """Return sine and cosine of each part of a turn."""
    sine = np.array([_turn_sin(index, steps) for index in range(steps)])
    return sine, np.roll(sine, -steps // 4)


@cache
def _fine_tables() -> tuple[tuple[Plane, Plane], tuple[Plane, Plane]]:
    """Return (sine, its steps) and (cosine, its steps)."""
    first, second = (
        (table.astype(np.float32), (np.roll(table, -1) - table).astype(np.float32)) for table in _turn_tables(_FINE)
    )
    return first, second


def _wave64(x: NDArray[Any], kind: int) -> Any:
    wide = x.astype(np.float64, copy=False)
    sines, cosines = _turn_tables(_TURN)
    nearest = np.rint(wide * (_TURN / (2 * math.pi)))
    rest = (wide - nearest * (2 * math.pi / _TURN)) - nearest * (2 * _PI_LOW / _TURN)
    index = nearest.astype(np.int64) & (_TURN - 1)
    sine, cosine = sines[index], cosines[index]
    square = rest * rest
    small_sin = rest * (1 - square * (1 / 6 - square * (1 / 120 - square / 5040)))
    small_cos = 1 - square * (0.5 - square * (1 / 24 - square / 720))
    if kind:
        return cosine * small_cos - sine * small_sin
    return sine * small_cos + cosine * small_sin


def _scalar_wave(x: float, kind: int) -> float:
    sines, cosines = _scalar_tables()
    nearest = round(x * (_TURN / (2 * math.pi)))
    rest = (x - nearest * (2 * math.pi / _TURN)) - nearest * (2 * _PI_LOW / _TURN)
    sine, cosine = sines[nearest & (_TURN - 1)], cosines[nearest & (_TURN - 1)]
    square = rest * rest
    small_sin = rest * (1 - square * (1 / 6 - square * (1 / 120 - square / 5040)))
    small_cos = 1 - square * (0.5 - square * (1 / 24 - square / 720))
    return cosine * small_cos - sine * small_sin if kind else sine * small_cos + cosine * small_sin


@cache
def _scalar_tables() -> tuple[list[float], list[float]]:
    sines, cosines = _turn_tables(_TURN)
    return sines.tolist(), cosines.tolist()


def _wave32(x: Plane, kind: int) -> Any:
    return _by_strips(lambda part: _wave32_strip(part, kind), x) if x.size > _STRIP else _wave32_strip(x, kind)[()]


def _wave32_strip(x: Plane, kind: int) -> Plane:
    table, step = _fine_tables()[kind]
    at = x * np.float32(_FINE / (2 * math.pi))
    whole = np.floor(at)
    at -= whole
    index = whole.astype(np.int32)
    index &= _FINE - 1
    at *= step.take(index)
    at += table.take(index)
    return np.asarray(at, np.float32)


@cache
def _octave() -> Floats:
    """Return 2 to the power of each part of 1."""
    found = []
    for index in range(_OCTAVE):
        term, total, x = 1.0, 1.0, _LN2 * index / _OCTAVE
        for power_of in range(1, 24):
            term = term * x / power_of
            total += term
        found.append(total)
    return np.array(found)


def _exp64(x: Floats) -> Any:
    nearest = np.rint(x * (_OCTAVE / _LN2))
    rest = (x - nearest * (_LN2 / _OCTAVE)) - nearest * (_LN2_LOW / _OCTAVE)
    whole = nearest.astype(np.int64)
    small = 1 + rest * (1 + rest * (0.5 + rest * (1 / 6 + rest * (1 / 24 + rest * (1 / 120)))))
    return np.ldexp(_octave()[whole & (_OCTAVE - 1)] * small, (whole >> 6).astype(np.int32))


@cache
def _logs() -> Floats:
    """Return the logarithm of 1, 65/64 ... 2, by the series of the inverse hyperbolic tangent."""
    found = []
    for index in range(_OCTAVE + 1):
        ratio = index / (2 * _OCTAVE + index)
        square, term, total = ratio * ratio, ratio, ratio
        for step in range(3, 60, 2):
            term *= square
            total += term / step
        found.append(2 * total)
    return np.array(found)


def _log64(x: Floats) -> Any:
    """Return the natural logarithm of what is above 0."""
    mantissa, exponent = np.frexp(x)  # 0.5..1
    mantissa = 2 * mantissa
    index = np.rint((mantissa - 1) * _OCTAVE)
    near = 1 + index / _OCTAVE
    ratio = (mantissa - near) / (mantissa + near)
    square = ratio * ratio
    small = 2 * ratio * (1 + square * (1 / 3 + square * (1 / 5 + square / 7)))
    return (exponent - 1) * _LN2 + (_logs()[index.astype(np.int64)] + small)


def _bell(values: NDArray[Any]) -> NDArray[Any]:
    table, step = _bell_table()
    at = np.abs(values)
    at *= at.dtype.type(_BELL)
    at = np.minimum(at, at.dtype.type(8 * _BELL))
    index = at.astype(np.int32)
    at -= index
    at *= step.take(index)
    at += table.take(index)
    return np.asarray(at)


@cache
def _bell_table() -> tuple[Plane, Plane]:
    at = np.arange(8 * _BELL + 2, dtype=np.float64) / _BELL
    values = _exp64(-0.5 * at * at)
    values[8 * _BELL :] = 0
    return values.astype(np.float32), np.append(np.diff(values), 0).astype(np.float32)


@cache
def _phases(factor: int) -> tuple[tuple[int, np.float32], ...]:
    """Return the position of each of a pixel's parts between it and its neighbours: from which one, and how far."""
    found = []
    for phase in range(factor):
        at = (phase + 0.5) / factor - 0.5
        found.append((0, np.float32(at + 1)) if at < 0 else (1, np.float32(at)))
    return tuple(found)


def _curved_rows(values: Plane, rows: int) -> Plane:
    return _curve(values, (np.arange(rows, dtype=np.float64) + 0.5) * (len(values) / rows) - 0.5)


def _curve(values: Plane, at: Floats) -> Plane:
    """Return the values between rows at positions in rows; beyond the first and the last row the values are those
    rows'."""
    count, rows = len(values), len(at)
    whole = np.floor(at)
    t = at - whole
    index = whole.astype(np.int64)
    a = -0.75
    weights = (
        ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a,
        ((a + 2) * t - (a + 3)) * t * t + 1,
        ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1,
        ((a * (2 - t) - 5 * a) * (2 - t) + 8 * a) * (2 - t) - 4 * a,
    )
    found = np.empty((rows, values.shape[1]), np.float32)
    places = [np.clip(index + shift, 0, count - 1) for shift in range(-1, 3)]
    factors = [weight.astype(np.float32)[:, None] for weight in weights]
    for strip in _strips(found):
        total = found[strip]
        np.multiply(values[places[0][strip]], factors[0][strip], out=total)
        for place, factor in zip(places[1:], factors[1:], strict=True):
            part = values[place[strip]]
            part *= factor[strip]
            total += part
    return found


def _by_strips(function: Callable[[NDArray[Any]], NDArray[Any]], values: NDArray[Any]) -> NDArray[Any]:
    found = np.empty(values.shape, values.dtype)
    for strip in _strips(found):
        found[strip] = function(values[strip])
    return found


def _strips(values: NDArray[Any]) -> Iterator[slice]:
    """Yield rows that fit into the processor's cache together with the values computed from them."""
    high = max(1, _STRIP * len(values) // max(1, values.size))
    for start in range(0, len(values), high):
        yield slice(start, start + high)


def _meant_rows(values: Floats, rows: int) -> Floats:
    """Return the means of equal parts of a column of rows, fractions of rows counted as such."""
    count = len(values)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    edges = np.arange(rows + 1) * (count / rows)
    whole = np.minimum(edges.astype(np.int64), count - 1)
    at = sums[whole] + (edges - whole)[:, None] * values[whole]
    return np.asarray((at[1:] - at[:-1]) * (rows / count), np.float64)
