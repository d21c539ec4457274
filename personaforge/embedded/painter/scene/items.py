"""Small things that stand on shelves, counters and tables: books, jars, loaves, pots. See `scene.kits`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from personaforge.embedded.painter.scene.setting import Setting, rounded
from personaforge.embedded.painter.strokes import ellipse, ribbon, smooth
from personaforge.media.exact import interp

Tone = str | Sequence[str]
_BOOKS = ((150, 70, 56), (58, 84, 104), (208, 182, 132), (92, 112, 84), (226, 216, 198), (84, 62, 78), (178, 132, 70))
_JARS = ((216, 170, 92), (150, 84, 56), (120, 142, 86), (226, 218, 200), (168, 60, 44))
CLOTH = (
    (178, 84, 72),
    (76, 104, 132),
    (214, 190, 148),
    (108, 128, 96),
    (142, 104, 140),
    (232, 226, 214),
    (204, 148, 74),
)
BOXES = ((196, 158, 112), (176, 138, 96), (210, 178, 136))
FRUIT = ((196, 60, 46), (232, 148, 56), (232, 200, 84), (118, 152, 66), (138, 52, 82), (84, 122, 58))
BOTTLES = ((58, 88, 62), (112, 66, 42), (190, 208, 206), (150, 40, 44), (206, 170, 92))
_WHITE = ((250, 250, 250), (110, 160, 178), (206, 228, 230), (232, 204, 140), (236, 240, 242))
_LOAVES = ((196, 138, 76), (176, 112, 58), (214, 164, 98), (152, 94, 50))
_CLAY = ((188, 118, 84), (222, 204, 178), (120, 146, 152), (164, 92, 66), (236, 228, 212), (92, 108, 96))


def _books(s: Setting, x: float, room: float, y: float) -> float:
    wide, tall = s.chance.uniform(0.013, 0.03), room * s.chance.uniform(0.6, 0.9)
    tone = s.pick(_BOOKS)
    s.box(x, y - tall, x + wide, y, tone)
    s.box(x, y - 0.8 * tall, x + wide, y - 0.74 * tall, np.minimum(tone * 1.3 + 16, 255), 0.8)
    return float(wide + (0.03 if s.chance.uniform() < 0.1 else 0.002))


def _jars(s: Setting, x: float, room: float, y: float) -> float:
    wide, tall = s.chance.uniform(0.03, 0.045), room * s.chance.uniform(0.5, 0.8)
    s.fill(rounded(x + 0.5 * wide, y - 0.5 * tall, 0.5 * wide, 0.5 * tall), s.pick(_JARS))
    s.box(x + 0.006, y - tall - 0.01, x + wide - 0.006, y - tall + 0.006, (206, 200, 190))
    return wide + 0.012


def _bottles(s: Setting, x: float, room: float, y: float) -> float:
    tall, tone = room * s.chance.uniform(0.72, 0.92), s.pick(BOTTLES)
    s.box(x, y - 0.6 * tall, x + 0.022, y, tone)
    s.fill([(x, y - 0.6 * tall), (x + 0.007, y - tall), (x + 0.015, y - tall), (x + 0.022, y - 0.6 * tall)], tone)
    s.box(x + 0.002, y - 0.42 * tall, x + 0.02, y - 0.2 * tall, (236, 228, 206), 0.85)
    return 0.03


def _boxes(s: Setting, x: float, room: float, y: float) -> float:
    wide, tall = s.chance.uniform(0.05, 0.08), room * s.chance.uniform(0.5, 0.85)
    tone = s.pick(BOXES)
    s.box(x, y - tall, x + wide, y, tone)
    s.box(x + 0.42 * wide, y - tall, x + 0.58 * wide, y, tone * 1.12, 0.9)
    return wide + 0.008


def _pots(s: Setting, x: float, room: float, y: float) -> float:
    wide, tall = s.chance.uniform(0.035, 0.055), room * s.chance.uniform(0.5, 0.85)
    tone, m = s.pick(_CLAY), x + 0.5 * wide
    body = [
        (m - 0.25 * wide, y),
        (m - 0.5 * wide, y - 0.5 * tall),
        (m - 0.3 * wide, y - 0.8 * tall),
        (m - 0.36 * wide, y - tall),
    ]
    s.fill(smooth([*body, *((2 * m - a, b) for a, b in body[::-1])], 5), tone)
    s.fill(smooth([(m - 0.3 * wide, y - 0.3 * tall), (m - 0.34 * wide, y - 0.6 * tall), (m - 0.2 * wide,
        y - 0.5 * tall)], 4, closed=True),
           np.minimum(tone * 1.25, 255), 0.6)  # fmt: skip
    return wide + 0.014


def _cloth(s: Setting, x: float, room: float, y: float) -> float:
    tone, count = s.pick(CLOTH), int(s.chance.integers(2, 5))
    for row in range(count):
        s.fill(rounded(x + 0.035, y - (row + 0.5) * 0.019, 0.034, 0.0095), tone if row % 2 else s.pick(CLOTH))
    return 0.08


def _medicine(s: Setting, x: float, room: float, y: float) -> float:
    wide, tall = s.chance.uniform(0.016, 0.034), room * s.chance.uniform(0.35, 0.75)
    s.box(x, y - tall, x + wide, y, s.pick(_WHITE))
    s.box(x, y - 0.6 * tall, x + wide, y - 0.4 * tall, s.pick(((90, 150, 170), (196, 100, 84), (110, 150, 110))), 0.8)
    return float(wide + 0.01)


def _loaves(s: Setting, x: float, room: float, y: float) -> float:
    wide = s.chance.uniform(0.05, 0.08)
    tone = s.pick(_LOAVES)
    s.fill(ellipse(x + 0.5 * wide, y - 0.018, 0.5 * wide, 0.024, 18), tone)
    for at in (0.3, 0.5, 0.7):
        s.line([(x + at * wide - 0.006, y - 0.03), (x + at * wide + 0.006, y - 0.018)], 0.004, tone * 1.25)
    return float(wide + 0.006)


def _shoes(s: Setting, x: float, room: float, y: float) -> float:
    tone = s.pick(_BOOKS)
    s.fill(
        smooth([(x, y - 0.035), (x + 0.02, y - 0.036), (x + 0.05, y - 0.016), (x + 0.05, y), (x, y)], 3, closed=True),
        tone,
    )
    return 0.06


def _plants(s: Setting, x: float, room: float, y: float) -> float:
    pot(s, x + 0.025, y, 0.3 * room, leaves=room * 0.55)
    return 0.07


def _fruit(s: Setting, x: float, room: float, y: float) -> float:
    tone = s.pick(FRUIT)
    for row in range(3):
        for at in (0.012, 0.034, 0.056):
            s.fill(
                ellipse(x + at + 0.01 * (row % 2), y - 0.014 - 0.014 * row, 0.013, 0.013, 12),
                tone * s.chance.uniform(0.9, 1.1),
            )
    return 0.085


ITEMS: Final[dict[str, Callable[[Setting, float, float, float], float]]] = {
    "books": _books, "jars": _jars, "bottles": _bottles, "boxes": _boxes, "pots": _pots, "cloth": _cloth,
    "medicine": _medicine, "loaves": _loaves, "shoes": _shoes, "plants": _plants, "fruit": _fruit,
}  # fmt: skip
"""What stands on a shelf: paints one thing at a place and returns how wide it is."""


def pot(
    s: Setting,
    x: float,
    y: float | None = None,
    size: float = 0.09,
    leaves: float = 0.2,
    color: Tone = ("#be7858", "#d8d0c2", "#7a8a92"),
) -> None:
    """A plant in a pot."""
    low, tone = s.ground if y is None else y, s.tone(color)
    greens = ((76, 112, 70), (96, 132, 78), (64, 98, 66))
    for _ in range(9):
        tip = (x + s.chance.uniform(-0.75, 0.75) * leaves, low - size - s.chance.uniform(0.45, 1.05) * leaves)
        line = smooth([(x, low - size), (0.5 * (x + tip[0]), tip[1] + 0.15 * leaves), tip], 5)
        s.fill(
            ribbon(
                line, interp(np.arange(len(line)), [0, 0.6 * len(line), len(line) - 1], [0.01, 0.24 * leaves, 0.004])
            ),
            s.pick(greens),
        )
    s.shadow(x, low, 1.2 * size)
    s.fill(
        [(x - 0.55 * size, low - size), (x + 0.55 * size, low - size), (x + 0.4 * size, low), (x - 0.4 * size, low)],
        tone,
    )
    s.box(x - 0.6 * size, low - size, x + 0.6 * size, low - 0.8 * size, np.minimum(tone * 1.08, 255))
