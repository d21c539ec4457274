"""Furniture and what lies on it: shelves, counters, tables, boards, seats. See `scene.kits`.

`y` of what stands is its foot, where it isn't said the ground.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from personaforge.embedded.painter.scene.items import BOTTLES, BOXES, CLOTH, FRUIT, ITEMS, pot
from personaforge.embedded.painter.scene.setting import Setting, rounded
from personaforge.embedded.painter.strokes import ellipse, smooth

Tone = str | Sequence[str]


def shelf(
    s: Setting, x: float, y: float, w: float, h: float, levels: int = 4, items: str = "books", color: Tone = "#705038",
    back: Tone = "", full: float = 0.96,
) -> None:  # fmt: skip
    """A shelf whose top is at y, filled with things; without a `back` the boards hang on the wall."""
    tone, left, right = s.tone(color), x - 0.5 * w, x + 0.5 * w
    if back:
        s.box(left - 0.014, y, right + 0.014, y + h, tone)
        s.box(left, y + 0.012, right, y + h, s.tone(back))
    room = h / levels
    for level in range(1, levels + 1):
        at, low = left + 0.006, y + room * level - 0.012
        while at < left + w * full - 0.05:
            at += ITEMS[items](s, at, 0.86 * room, low)
        s.box(left, low, right, low + 0.013, tone)
        s.canvas.tint([(left, low + 0.013), (right, low + 0.013), (right, low + 0.034), (left, low + 0.034)],
                      (0.72, 0.71, 0.72), 0.7, 0.006)  # fmt: skip


def counter(
    s: Setting, y: float, color: Tone, top: Tone = "#e6e0d4", low: float = 1.0, panels: float = 0.3,
    x: float | None = None,
    w: float = 0.5,
) -> None:  # fmt: skip
    """A counter whose top is at y: along the whole wall, or `w` wide at x."""
    tone, lid = s.tone(color), s.tone(top)
    x0, x1 = (-s.half, s.half) if x is None else (x - 0.5 * w, x + 0.5 * w)
    low = min(low, max(s.ground + 0.04, y + 0.1))
    s.box(x0, y + 0.02, x1, low, tone)
    for at in np.arange(np.floor(x0 / panels) * panels, x1, panels):
        if at > x0:
            s.box(at - 0.003, y + 0.04, at + 0.003, low, tone * 0.76)
    s.box(x0 - 0.01, y - 0.016, x1 + 0.01, y, np.minimum(lid * 1.06, 255))
    s.box(x0 - 0.01, y, x1 + 0.01, y + 0.02, lid * 0.86)
    s.canvas.tint([(x0, y + 0.02), (x1, y + 0.02), (x1, y + 0.05), (x0, y + 0.05)], (0.7, 0.7, 0.72), 0.7, 0.008)


def on_top(s: Setting, x: float, y: float, w: float, items: str, room: float = 0.12) -> None:
    """Things in a row that stand at y."""
    at = x - 0.5 * w
    while at < x + 0.5 * w - 0.03:
        at += ITEMS[items](s, at, room, y)


def table(
    s: Setting, x: float, y: float, w: float, color: Tone = "#a9794c", foot: float | None = None, legs: float = 0.022
) -> None:
    """A table with its top at y."""
    tone, low = s.tone(color), max(foot or s.ground + 0.05, y + 0.12)
    s.shadow(x, low, w)
    for side in (-1, 1):
        at = x + side * (0.5 * w - 0.03)
        s.box(at - legs, y, at + legs, low, tone * 0.72)
        s.box(at * 0.96 - 0.6 * legs, y, at * 0.96 + 0.6 * legs, low - 0.05, tone * 0.58)
    s.fill(
        [(x - 0.47 * w, y - 0.022), (x + 0.47 * w, y - 0.022), (x + 0.5 * w, y), (x - 0.5 * w, y)],
        np.minimum(tone * 1.14, 255),
    )
    s.box(x - 0.5 * w, y, x + 0.5 * w, y + 0.024, tone * 0.88)


def screen(
    s: Setting, x: float, y: float, w: float = 0.17, h: float = 0.11, foot: float = 0.04, glow: Tone = "#7fa3bd"
) -> None:
    """A screen on its foot; y is where it stands."""
    top = y - foot - h
    s.box(x - 0.01, y - foot, x + 0.01, y, (70, 74, 80))
    s.box(x - 0.05, y - 0.008, x + 0.05, y, (70, 74, 80))
    s.box(x - 0.5 * w, top, x + 0.5 * w, top + h, (38, 42, 48))
    s.box(x - 0.5 * w + 0.008, top + 0.008, x + 0.5 * w - 0.008, top + h - 0.008, s.tone(glow))
    for row in range(4):
        wide = s.chance.uniform(0.2, 0.75) * w
        s.box(
            x - 0.42 * w, top + 0.02 + 0.022 * row, x - 0.42 * w + wide, top + 0.028 + 0.022 * row, (226, 236, 240), 0.7
        )


def board(s: Setting, x: float, y: float, w: float, h: float, kind: str = "chalk") -> None:
    """A chalk board, a white board, a board of pinned papers, or a departures board."""
    base = {"chalk": (58, 84, 74), "white": (246, 248, 248), "pins": (190, 152, 108), "departures": (30, 34, 42)}[kind]
    s.box(
        x - 0.5 * w - 0.012,
        y - 0.012,
        x + 0.5 * w + 0.012,
        y + h + 0.012,
        (150, 116, 80) if kind != "white" else (184, 188, 192),
    )
    s.box(x - 0.5 * w, y, x + 0.5 * w, y + h, base)
    if kind == "pins":
        for _ in range(9):
            px, py = x + w * s.chance.uniform(-0.45, 0.28), y + h * s.chance.uniform(0.05, 0.68)
            s.box(
                px,
                py,
                px + 0.16 * w,
                py + 0.24 * h,
                s.pick(((244, 240, 228), (242, 222, 150), (190, 216, 226), (232, 190, 180))),
            )
        return
    ink = {"chalk": (226, 232, 226), "white": (70, 96, 150), "departures": (242, 200, 96)}[kind]
    rows = 7 if kind == "departures" else 4
    for row in range(rows):
        level, at = y + h * (row + 0.7) / (rows + 0.4), x - 0.44 * w
        while at < x + 0.3 * w:
            wide = w * s.chance.uniform(0.06, 0.2)
            s.line([(at, level), (at + wide, level)], 0.007 if kind != "departures" else 0.012, ink, 0.75)
            at += wide + 0.05 * w


def rail(s: Setting, x: float, y: float, w: float, items: str = "pans") -> None:
    """A rail with things that hang from it: pans, tools or clothes."""
    s.line([(x - 0.5 * w, y), (x + 0.5 * w, y)], 0.009, (88, 90, 94))
    step = {"pans": 0.115, "tools": 0.058, "clothes": 0.034}[items]
    for at in np.arange(x - 0.5 * w + 0.5 * step, x + 0.5 * w - 0.2 * step, step):
        at = float(at)
        if items == "pans":
            size = s.chance.uniform(0.04, 0.056)
            tone = s.pick(((178, 112, 70), (92, 94, 98), (120, 122, 126)))
            s.line([(at, y), (at, y + 0.075)], 0.009, (64, 64, 68))
            s.fill(ellipse(at, y + 0.07 + size, size, size, 24), tone)
            s.fill(
                ellipse(at - 0.2 * size, y + 0.07 + 0.8 * size, 0.6 * size, 0.6 * size, 20),
                np.minimum(tone * 1.2, 255),
                0.6,
                0.006,
            )
        elif items == "clothes":
            tone, long = s.pick(CLOTH), s.chance.uniform(0.24, 0.34)
            s.fill([(at - 0.006, y + 0.01), (at + 0.006, y + 0.01), (at + 0.026, y + 0.04), (at + 0.03, y + long),
                    (at - 0.026, y + long),
                    (at - 0.024, y + 0.04)], tone)  # fmt: skip
            s.line([(at + 0.008, y + 0.05), (at + 0.01, y + long)], 0.005, tone * 0.75, 0.8)
        else:
            tall, kind = s.chance.uniform(0.08, 0.14), int(s.chance.integers(4))
            steel, wood = (126, 132, 138), (156, 112, 70)
            s.box(at - 0.006, y, at + 0.006, y + 0.6 * tall, s.pick((wood, (176, 60, 48), (52, 84, 116))))
            if kind == 0:  # hammer
                s.box(at - 0.026, y + 0.6 * tall, at + 0.022, y + 0.6 * tall + 0.024, steel)
            elif kind == 1:  # saw
                s.fill(
                    [(at - 0.012, y + 0.5 * tall), (at + 0.026, y + 0.5 * tall), (at + 0.012, y + 1.5 * tall)],
                    (170, 176, 180),
                )
            elif kind == 2:  # spanner
                s.box(at - 0.005, y, at + 0.005, y + tall, steel)
                s.fill(ellipse(at, y + tall, 0.017, 0.017, 12), steel)
            else:  # chisel
                s.fill(
                    [
                        (at - 0.009, y + 0.6 * tall),
                        (at + 0.009, y + 0.6 * tall),
                        (at + 0.005, y + 1.1 * tall),
                        (at - 0.005, y + 1.1 * tall),
                    ],
                    steel,
                )


def crate(
    s: Setting,
    x: float,
    y: float | None = None,
    w: float = 0.16,
    h: float = 0.08,
    items: str = "fruit",
    color: Tone = "#b08a58",
) -> None:
    """A crate, with what it holds heaped in it."""
    low, tone = s.ground if y is None else y, s.tone(color)
    tones: dict[str, tuple[tuple[int, int, int], ...]] = {"fruit": FRUIT, "fish": ((176, 190, 200), (142, 158, 172),
        (208, 216, 220)),
                                                          "bottles": BOTTLES, "empty": ((96, 74, 50),),
                                                          "flowers": (*FRUIT, (226, 140, 170), (240, 236,
                                                              226))}  # fmt: skip
    one = s.pick(tones[items])
    for row in range(2):
        for at in np.arange(x - 0.44 * w, x + 0.45 * w, 0.028):
            shape = ellipse(
                float(at) + 0.014 * row,
                low - h - 0.006 - 0.014 * row,
                0.022 if items == "fish" else 0.016,
                0.009 if items == "fish" else 0.015,
                12,
            )
            s.fill(shape, (one if items in ("fruit", "fish") else s.pick(tones[items])) * s.chance.uniform(0.9, 1.1))
    s.shadow(x, low, w)
    s.solid(x - 0.5 * w, low - h, x + 0.5 * w, low, tone, 0.0)
    for row in np.linspace(low - 0.7 * h, low - 0.3 * h, 2):
        s.box(x - 0.5 * w, row - 0.004, x + 0.5 * w, row + 0.004, tone * 0.66)


def sofa(s: Setting, x: float, w: float = 0.5, color: Tone = "low*0.8") -> None:
    """A sofa with cushions."""
    tone, low = s.tone(color), s.ground + 0.03
    s.shadow(x, low, w)
    s.fill(rounded(x, low - 0.17, 0.5 * w, 0.12), tone * 0.9)
    s.fill(rounded(x, low - 0.07, 0.46 * w, 0.055), np.minimum(tone * 1.1, 255))
    for side in (-1, 1):
        s.fill(rounded(x + side * 0.48 * w, low - 0.1, 0.05, 0.09), tone)
        s.fill(rounded(x + side * 0.22 * w, low - 0.16, 0.07, 0.055), s.pick(CLOTH))


def bed(s: Setting, x: float, w: float = 0.5, kind: str = "ward") -> None:
    """A bed seen from its foot's side: one of a ward with rails, or a couch for treatments."""
    low = s.ground + 0.05
    s.shadow(x, low, w)
    for side in (-1, 1):
        s.box(x + side * 0.44 * w - 0.008, low - 0.16, x + side * 0.44 * w + 0.008, low, (164, 170, 176))
        s.fill(ellipse(x + side * 0.44 * w, low, 0.014, 0.014, 12), (70, 74, 80))
    s.fill(rounded(x, low - 0.19, 0.5 * w, 0.04), (240, 244, 246))
    s.box(x - 0.5 * w, low - 0.19, x + 0.5 * w, low - 0.13, (150, 192, 200) if kind == "ward" else (112, 148, 150))
    s.fill(rounded(x - 0.36 * w, low - 0.24, 0.1 * w, 0.028), (252, 252, 250))
    if kind == "ward":
        s.fill(rounded(x - 0.5 * w, low - 0.24, 0.014, 0.1), (198, 204, 208))
        for row in (0.29, 0.26):
            s.line([(x - 0.1 * w, low - row), (x + 0.3 * w, low - row)], 0.008, (186, 192, 196))


def chair(s: Setting, x: float, y: float | None = None, color: Tone = "#8a6244", size: float = 1.0) -> None:
    """A chair seen from the front."""
    low, tone = s.ground + 0.05 if y is None else y, s.tone(color)
    w, back, seat = 0.075 * size, 0.33 * size, 0.16 * size
    s.shadow(x, low, 2 * w)
    for side in (-1, 1):
        s.line([(x + side * w, low - back), (x + side * w, low)], 0.014 * size, tone * 0.85)
    for row in (0.95, 0.72):
        s.box(x - w, low - back * row - 0.02, x + w, low - back * row + 0.02, tone)
    s.fill(
        [
            (x - w, low - seat - 0.02),
            (x + w, low - seat - 0.02),
            (x + 1.15 * w, low - seat + 0.012),
            (x - 1.15 * w, low - seat + 0.012),
        ],
        tone * 1.1,
    )


def seats(s: Setting, y: float, color: Tone, rows: int = 3, size: float = 0.09, deep: float = 0.075) -> None:
    """Rows of seats' backs across the whole width, larger towards the viewer."""
    tone = s.tone(color)
    for row in range(rows):
        grow = 1 + 0.35 * row
        step, level = size * 1.15 * grow, y + deep * row * grow
        count = int(np.ceil(s.half / step)) + 1
        for index in range(-count, count + 1):
            x = (index + 0.5 * (row % 2)) * step
            s.fill(
                rounded(x, level + 0.5 * size * grow, 0.5 * size * grow, 0.55 * size * grow), tone * (0.78 + 0.11 * row)
            )
            s.fill(
                rounded(x, level + 0.45 * size * grow, 0.36 * size * grow, 0.36 * size * grow),
                np.minimum(tone * (0.92 + 0.11 * row), 255),
                0.7,
            )


def cupboard(
    s: Setting, x: float, y: float, w: float, h: float, color: Tone = "#f0f3f4", doors: int = 2, glass: str = ""
) -> None:
    """A cupboard on the wall or on the ground; behind glass doors its things show."""
    tone = s.tone(color)
    s.box(x - 0.5 * w, y, x + 0.5 * w, y + h, tone)
    wide = w / doors
    for index in range(doors):
        left = x - 0.5 * w + index * wide
        s.box(left + 0.008, y + 0.01, left + wide - 0.008, y + h - 0.01, tone * (0.94 if not glass else 0.82))
        if glass:
            for level in np.linspace(y + 0.34 * h, y + h - 0.02, 3):
                on_top(s, left + 0.5 * wide, float(level), wide - 0.03, glass, 0.26 * h)
                s.box(left + 0.01, level, left + wide - 0.01, level + 0.006, tone)
        else:
            s.box(left + wide - 0.03, y + 0.46 * h, left + wide - 0.022, y + 0.58 * h, (150, 150, 150))


def stack(s: Setting, x: float, y: float | None = None, w: float = 0.16, items: str = "sacks", count: int = 3) -> None:
    """A stack on the ground: sacks, boxes, planks, bales of straw, tyres, or barrels."""
    low = s.ground + 0.03 if y is None else y
    s.shadow(x, low, w)
    for row in range(count):
        if items == "sacks":
            s.fill(
                rounded(x + 0.01 * (-1) ** row, low - 0.05 - 0.08 * row, 0.5 * w, 0.048),
                s.pick(((206, 184, 144), (190, 166, 126))),
            )
            s.line(
                [(x - 0.3 * w, low - 0.05 - 0.08 * row), (x + 0.3 * w, low - 0.06 - 0.08 * row)],
                0.006,
                (160, 136, 98),
                0.7,
            )
        elif items == "boxes":
            s.solid(
                x - 0.5 * w + 0.02 * row,
                low - 0.1 * (row + 1),
                x + 0.5 * w - 0.012 * row,
                low - 0.1 * row,
                s.pick(BOXES),
                0.0,
            )
            s.box(x - 0.02, low - 0.1 * (row + 1), x + 0.02, low - 0.1 * row, (222, 198, 160))
        elif items == "planks":
            for line in range(3):
                level = low - 0.026 * (3 * row + line + 1)
                s.box(
                    x - 0.5 * w,
                    level,
                    x + 0.5 * w - 0.02 * (line % 2),
                    level + 0.022,
                    s.pick(((196, 150, 98), (212, 170, 116))),
                )
        elif items == "bales":
            s.solid(
                x - 0.5 * w,
                low - 0.1 * (row + 1),
                x + 0.5 * w,
                low - 0.1 * row,
                s.pick(((222, 190, 104), (208, 174, 90))),
                0.0,
            )
            for at in (-0.25, 0.25):
                s.box(x + at * w - 0.003, low - 0.1 * (row + 1), x + at * w + 0.003, low - 0.1 * row, (150, 116, 58))
        elif items == "tyres":
            s.fill(rounded(x, low - 0.035 - 0.066 * row, 0.5 * w, 0.034), (44, 45, 48))
            s.line(
                [(x - 0.4 * w, low - 0.035 - 0.066 * row), (x + 0.4 * w, low - 0.035 - 0.066 * row)], 0.01, (74, 76, 80)
            )
        else:  # barrels, side by side
            at = x + (row - 0.5 * (count - 1)) * 0.95 * w
            s.fill(smooth([(at - 0.38 * w, low), (at - 0.5 * w, low - 0.09), (at - 0.38 * w, low - 0.18),
                           (at + 0.38 * w, low - 0.18),
                           (at + 0.5 * w, low - 0.09), (at + 0.38 * w, low)], 4, closed=True), s.pick(((150, 104,
                               64), (134, 92, 56))))  # fmt: skip
            for level in (0.045, 0.135):
                s.box(at - 0.48 * w, low - level - 0.006, at + 0.48 * w, low - level + 0.006, (78, 78, 80))


PARTS: Final[dict[str, Callable[..., None]]] = {
    "shelf": shelf, "counter": counter, "on_top": on_top, "table": table, "screen": screen, "board": board,
    "rail": rail,
    "crate": crate, "pot": pot, "sofa": sofa, "bed": bed, "chair": chair, "seats": seats, "cupboard": cupboard,
    "stack": stack,
}  # fmt: skip
"""By the name that kits give."""
