"""Cloth that is wound or draped around a head, as bands in space: turbans, head wraps, the folds of a headscarf.

A band is a lock of cloth: it lies on the bands below it, its upper edge in the light and its lower edge in shadow.
Lengths are face units, angles degrees from the nose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.locks import Locks
from personaforge.embedded.painter.figure.scalp import Floats, Points3, Scalp
from personaforge.media.exact import cos, interp, power, sin

BODY: Final = ((0, 7, 0.72), (1, 7, 0.88), (2, 7, 0.95), (4, 7, 1.0), (5, 6, 1.04))
"""(from line, to line, factor) of a band of cloth; see `locks.draw_locks`."""
SOFT: Final = ((0, 7, 0.90), (1, 7, 0.95), (3, 7, 0.99), (5, 7, 1.03))
SINGLE: Final = ((3, 0.91), (5, 0.97))
Bands = Callable[[Mapping[str, float]], tuple[Locks, ...]]


def turban(at: Mapping[str, float]) -> tuple[Locks, ...]:
    """Return the layers of a turban: they rise to the middle of the forehead from both sides in turn."""
    scalp, count = Scalp(at), 7
    lines = []
    degrees = np.linspace(-150, 150, 41)
    for index in range(count):
        lean = 9.0 if index % 2 else -9.0
        middle = at["brow_y"] - 0.40 - 0.132 * index
        aside = -0.20 - 0.118 * index
        share = power(np.abs(degrees - lean) / 100, 1.25)
        y = middle + (aside - middle) * share * (1 + 0.04 * lean * np.sign(degrees - lean) / 9)
        lift = 0.12 + 0.14 * np.sqrt(np.clip(index / 4, 0, 1)) + 0.0 * y
        lines.append(scalp.placed(degrees, y, lift))
    return (_bands(lines, np.full(count, 0.25), 0.0),)


def wrap(at: Mapping[str, float]) -> tuple[Locks, ...]:
    """Return a head wrap: bands round the head, and a knot of wound cloth above the forehead."""
    return (_wound_base(at), _knot((0.0, at["forehead"] - 0.16, 0.35), 0.42))


def gele(at: Mapping[str, float]) -> tuple[Locks, ...]:
    """Return a gele: bands round the head, and stiff pleats that fan out above them, higher on one side."""
    back = _fan(at, 0.90, 9, 0.46, 50.0, -0.25)
    front = _fan(at, 0.62, 7, 0.44, 44.0, 0.15)
    return (back, front, _wound_base(at))


def headscarf(at: Mapping[str, float]) -> tuple[Locks, ...]:
    """Return the folds of a headscarf: along the face's oval, and under the chin to one shoulder."""
    chin = at["chin_y"]
    t = np.linspace(-1, 1, 34)
    drape = []
    # Each falls from beside the jaw under the chin, and lies lower towards one shoulder.
    for level, wide, deep, slope in ((0.86, 1.20, 0.70, 0.34), (0.60, 1.12, 0.74, 0.22), (0.40, 1.02, 0.72, 0.12),
                                     (0.17, 0.92, 0.66, 0.03)):  # fmt: skip
        y = chin + level - deep * t * t + slope * t
        drape.append(Points3(wide * t, y, 0.60 + 0.40 * (1 - t * t)))
    return (_bands(drape, np.array([0.42, 0.36, 0.32, 0.26]), -0.3, np.linspace(0.96, 1.0, 4), ends=0.12),)


def _wound_base(at: Mapping[str, float]) -> Locks:
    scalp, count = Scalp(at), 6
    degrees = np.linspace(-150, 150, 37)
    lines = []
    for index in range(count):
        tilt = 0.0011 * (1 if index % 2 else -1)
        middle = at["brow_y"] - 0.44 - 0.135 * index
        y = middle + tilt * degrees + (0.30 + 0.02 * index) * power(np.abs(degrees) / 100, 1.6)
        lines.append(scalp.placed(degrees, y, 0.06 + 0.10 * np.sqrt(index / count) + 0.0 * y))
    return _bands(lines, np.full(count, 0.22), 0.0)


def _knot(center: tuple[float, float, float], size: float) -> Locks:
    lines = []
    for index in range(7):
        begin, low = 0.9 + 2.1 * index, 1.2 - 0.18 * index
        angle = begin + np.linspace(0, 2.6, 14)
        ring, up = size * sin(np.full(14, low)), size * 0.5 * cos(np.full(14, low))
        lines.append(Points3(center[0] + 1.2 * ring * cos(angle), center[1] + 0.85 * ring * sin(angle),
                             center[2] + up))  # fmt: skip
    return _bands(lines, np.full(7, 0.25), -3.0, ends=0.35)


def _fan(at: Mapping[str, float], long: float, count: int, wide: float, open_to: float, z: float) -> Locks:
    order = sorted(range(count), key=lambda index: -abs(index - (count - 1) / 2))
    lines = []
    for index in order:
        lean = 17.0 + open_to * (2 * index / (count - 1) - 1)
        turn = np.deg2rad(np.float64(lean))
        aside = (lean - 17.0) / open_to
        reach = long * (1 - 0.16 * aside * aside)
        t = np.linspace(0, 1, 10)
        x = 0.55 * sin(turn) + reach * t * sin(turn)
        y = at["forehead"] + 0.42 - 0.34 * cos(turn) - reach * t * cos(turn) * 0.82
        lines.append(Points3(x, y, z + 0.45 - 0.5 * t))
    found = _bands(lines, np.full(count, wide), -3.0)
    spread = interp(np.linspace(0, 1, 10), [0, 0.7, 0.9, 1], [0.4, 1.0, 0.86, 0.45])
    tone = np.where(np.arange(count) % 2 == 0, 0.96, 1.03)
    return found._replace(width=np.full((count, 1), wide) * spread[None], tone=tone)


def _bands(lines: list[Points3], width: Floats, limit: float, tone: Floats | None = None, ends: float = 1.0) -> Locks:
    points = Points3(*(np.stack([line[axis] for line in lines]) for axis in range(3)))
    count, number = points.x.shape
    taper = interp(np.linspace(0, 1, number), [0, 0.2, 0.8, 1], [ends, 1, 1, ends])
    tones = np.linspace(0.95, 1.03, count) if tone is None else tone
    return Locks(points, width[:, None] * taper[None], tones, np.zeros(count), np.full((count, number), limit - 0.12))
