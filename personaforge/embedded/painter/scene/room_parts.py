"""Parts of rooms: walls, floors, windows, lamps. Each paints one thing of a kit; see `scene.kits`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from personaforge.embedded.painter.scene.setting import Setting, rounded
from personaforge.embedded.painter.strokes import ellipse, smooth

Tone = str | Sequence[str]


def wall(s: Setting, color: Tone, fade: float = 0.88) -> None:
    """The back wall, a little darker towards the floor."""
    tone = s.tone(color)
    s.band(0.0, s.ground, np.minimum(tone * 1.03, 255), tone * fade)
    s.canvas.glow(-0.3, 0.3, 0.5, 0.5, (1.05, 1.045, 1.03), 0.8)


def band(s: Setting, y0: float, y1: float, color: Tone, edge: Tone = "") -> None:
    """A strip of the wall: wainscot, a dado, a painted base."""
    tone = s.tone(color)
    s.band(y0, min(y1, s.ground), tone, tone * 0.94)
    if edge:
        s.box(-s.half, y0 - 0.008, s.half, y0 + 0.004, s.tone(edge))


def tiles(s: Setting, y0: float, y1: float, size: float, color: Tone, across: float = 1.0) -> None:
    """The joints of tiles or bricks; with `across` 2 they are offset like bricks."""
    tone = s.tone(color)
    rows = np.arange(y0, min(y1, s.ground) + 0.001, size)
    for row, y in enumerate(rows):
        s.line([(-s.half, y), (s.half, y)], 0.003, tone, 0.7)
        if across and row + 1 < len(rows):
            wide = size * across
            start = -np.ceil(s.half / wide) * wide + (0.5 * wide * (row % 2) if across > 1 else 0.0)
            joints = [np.array([(x - 0.0013, y), (x + 0.0013, y), (x + 0.0013, y + size), (x - 0.0013, y + size)])
                      for x in np.arange(start, s.half, wide)]  # fmt: skip
            s.canvas.strokes(joints, tone, 0.6)


def floor(s: Setting, color: Tone, kind: str = "plain", skirting: Tone = "") -> None:
    """The floor, in perspective: boards, tiles, checks, or plain."""
    tone, ground = s.tone(color), s.ground
    s.band(ground, 1.001, tone * 0.86, np.minimum(tone * 1.05, 255))
    far = ground - 0.32  # height of the vanishing point
    deep = (1.0 - far) / max(ground - far, 0.05)
    dark = tone * 0.8
    step = 0.06 if kind == "boards" else 0.1
    lines = np.arange(-np.ceil(1.2 * s.half / step) * step, 1.2 * s.half, step)
    if kind in ("boards", "tiles", "checks"):
        s.canvas.strokes(
            [np.array([(x, ground), (x + 0.002, ground), (deep * x + 0.005, 1.0), (deep * x, 1.0)]) for x in lines],
            dark, 0.65,
        )  # fmt: skip
    if kind in ("tiles", "checks"):
        rows = [ground + (1.0 - ground) * part for part in (0.0, 0.14, 0.36, 0.66, 1.0)]
        for row, (y0, y1) in enumerate(pairwise(rows)):
            s.line([(-s.half, y1), (s.half, y1)], 0.003, dark, 0.6)
            if kind == "checks":
                a, b = (y0 - far) / (ground - far), (y1 - far) / (ground - far)
                dark_ones = [np.array([(a * x, y0), (a * (x + step), y0), (b * (x + step), y1), (b * x, y1)])
                             for x in lines[row % 2 :: 2]]  # fmt: skip
                s.canvas.strokes(dark_ones, tone * 0.55, 0.85)
    if skirting:
        s.box(-s.half, ground - 0.022, s.half, ground, s.tone(skirting))
    s.canvas.glow(0.0, ground, 3.0, 0.02, (0.8, 0.8, 0.82), 0.6)


def beams(s: Setting, color: Tone, count: int = 4, low: float = 0.1) -> None:
    """A ceiling with beams that run into the room."""
    tone = s.tone(color)
    s.band(0.0, low, tone * 1.12, tone * 0.95)
    for index in range(-3 * count, 3 * count + 1):
        x = (index + 0.5) * 0.8 / count
        s.fill([(1.5 * x, 0.0), (1.5 * x + 0.035, 0.0), (x + 0.02, low), (x, low)], tone * 0.7)
    s.box(-s.half, low - 0.004, s.half, low + 0.012, tone * 0.62)


def strip_lights(s: Setting, y: float = 0.05, color: Tone = "#fbfcf6") -> None:
    """Two rows of ceiling lights in perspective."""
    for side in (-1, 1):
        for near in (1.0, 0.62, 0.4):
            x = side * 0.32 * near
            s.fill([(x - 0.06 * near, y + 0.06 * (1 - near)), (x + 0.06 * near, y + 0.06 * (1 - near)),
                    (x + 0.075 * near, y + 0.06 * (1 - near) - 0.018), (x - 0.075 * near, y + 0.042 - 0.06 * near)],
                   s.tone(color), 0.95)  # fmt: skip
    s.canvas.glow(0.0, y, 0.6, 0.12, (1.08, 1.08, 1.08), 0.8)


def window(
    s: Setting, x: float, y: float, w: float, h: float, view: str = "sky", frame: Tone = "#f4f1ea", panes: int = 2,
    rows: int = 2, curtain: Tone = "", blind: bool = False,
) -> None:  # fmt: skip
    """A window; `view` is what is seen through it: sky, garden, city,
    sea, snow, night, field."""
    left, right, top, bottom = x - 0.5 * w, x + 0.5 * w, y, y + h
    tone = s.tone(frame)
    s.box(left - 0.014, top - 0.014, right + 0.014, bottom + 0.014, tone)
    view = "snow" if view in ("garden", "field") and s.season == "winter" else view
    high, low = _VIEWS.get(view, _VIEWS["sky"])
    for part in range(6):
        mix = part / 5
        color = np.asarray(high) * (1 - mix) + np.asarray(low) * mix
        s.box(left, top + h * part / 6, right, top + h * (part + 1) / 6 + 0.001, color)
    s.canvas.clip = s.canvas.area([(left, top), (right, top), (right, bottom), (left, bottom)])
    if view in ("garden", "snow"):
        for _ in range(9):
            r = s.chance.uniform(0.05, 0.1) * max(w, 0.2)
            tone_of = s.leaf() if view == "garden" else np.asarray((226, 232, 238), np.float32)
            middle = (left + w * s.chance.uniform(), bottom - 0.15 * h * s.chance.uniform(0.2, 2.2))
            s.fill(ellipse(*middle, 2 * r, 1.5 * r, 14), tone_of, 0.85, 0.006)
    elif view in ("city", "night"):
        at = left
        while at < right:
            wide = s.chance.uniform(0.025, 0.06)
            tall = s.chance.uniform(0.2, 0.6) * h
            tower = np.asarray((150, 166, 182) if view == "city" else (38, 44, 62)) * s.chance.uniform(0.9, 1.1)
            s.box(at, bottom - tall, at + wide, bottom, tower, 0.9)
            if view == "night":
                for _ in range(4):
                    px, py = at + wide * s.chance.uniform(0.1, 0.8), bottom - tall * s.chance.uniform(0.1, 0.9)
                    s.box(px, py, px + 0.006, py + 0.008, (250, 214, 140), 0.9)
            at += wide
    elif view == "sea":
        s.box(left, y + 0.55 * h, right, bottom, (92, 152, 182))
    elif view == "field":
        s.fill([*smooth([(left, y + 0.58 * h), (x, y + 0.5 * h), (right, y + 0.6 * h)], 6), (right, bottom), (left,
            bottom)],
               s.green())  # fmt: skip
        s.box(left, y + 0.76 * h, right, bottom, (196, 184, 104))
    s.canvas.clip = None
    for column in range(1, panes):
        at = left + w * column / panes
        s.box(at - 0.005, top, at + 0.005, bottom, tone)
    for row in range(1, rows):
        at = top + h * row / rows
        s.box(left, at - 0.005, right, at + 0.005, tone)
    if blind:
        slats = [np.array([(left, v), (right, v), (right, v + 0.012), (left, v + 0.012)])
                 for v in np.arange(top, top + 0.5 * h, 0.024)]  # fmt: skip
        s.canvas.strokes(slats, (246, 246, 242), 0.9)
    if curtain:
        cloth = s.tone(curtain)
        for side, edge in ((-1, left), (1, right)):
            line = smooth([(edge + side * 0.03, top - 0.03), (edge + side * 0.01, y + 0.5 * h),
                           (edge + side * 0.045, bottom + 0.08)])  # fmt: skip
            s.line(line, 0.075, cloth, 0.97)
            for shift in (-0.018, 0.012):
                s.line(np.add(line, (shift, 0)), 0.01, cloth * 0.86, 0.7)
    s.box(left - 0.03, bottom + 0.012, right + 0.03, bottom + 0.026, tone * 0.94)
    if view != "night":
        s.canvas.glow(x, y + 0.7 * h, 0.5 * w + 0.08, 0.5 * h + 0.05, (1.06, 1.055, 1.035), 0.8)


_VIEWS = {
    "sky": ((158, 198, 230), (214, 228, 232)), "garden": ((172, 208, 232), (206, 224, 196)),
    "city": ((164, 196, 226), (212, 220, 226)), "sea": ((150, 196, 230), (212, 228, 234)),
    "snow": ((190, 204, 220), (232, 236, 242)), "night": ((34, 40, 66), (66, 66, 94)),
    "field": ((160, 202, 234), (208, 222, 214)),
}  # fmt: skip


def door(s: Setting, x: float, w: float, h: float, color: Tone, glass: bool = False) -> None:
    """A door that stands on the ground, with its frame."""
    tone, top = s.tone(color), s.ground - h
    s.box(x - 0.5 * w - 0.018, top - 0.018, x + 0.5 * w + 0.018, s.ground, np.minimum(tone * 1.25 + 12, 255))
    s.box(x - 0.5 * w, top, x + 0.5 * w, s.ground, tone)
    for y0, y1 in ((0.08, 0.45), (0.54, 0.92)):
        inner = (212, 226, 232) if glass else tone * 0.86
        s.box(x - 0.36 * w, top + y0 * h, x + 0.36 * w, top + y1 * h, inner, 0.95)
    s.canvas.fill(ellipse(x + 0.4 * w, top + 0.52 * h, 0.01, 0.01, 10), (214, 190, 120))


def arch(s: Setting, x: float, y: float, w: float, h: float, color: Tone, inside: Tone = "#3c3632") -> None:
    """A round arch whose foot is at y, with its stones and what is seen through it."""
    for wide, tone in ((0.5 * w + 0.03, s.tone(color)), (0.5 * w, s.tone(inside))):
        turn = ellipse(x, y - h + 0.5 * w, wide, wide, 40)
        head = turn[turn[:, 1] <= y - h + 0.5 * w + 1e-6]
        head = head[np.argsort(head[:, 0])]
        s.fill([(x - wide, y), *head, (x + wide, y)], tone)


def column(s: Setting, x: float, w: float, color: Tone, top: float = 0.0) -> None:
    """A column with a light and a dark side."""
    tone = s.tone(color)
    s.box(x - 0.5 * w, top, x + 0.5 * w, s.ground, tone)
    s.canvas.tint([(x + 0.1 * w, top), (x + 0.5 * w, top), (x + 0.5 * w, s.ground), (x + 0.1 * w, s.ground)],
                  (0.82, 0.82, 0.84), 0.9, 0.006)  # fmt: skip
    for y in (top + 0.02, s.ground - 0.03):
        s.box(x - 0.65 * w, y, x + 0.65 * w, y + 0.03, tone * 1.04)


def pendant(s: Setting, x: float, y: float = 0.12, size: float = 0.05, color: Tone = "#42464a") -> None:
    """A lamp that hangs from the ceiling, and its light."""
    tone = s.tone(color)
    s.line([(x, 0.0), (x, y)], 0.005, (60, 60, 62))
    s.fill(smooth([(x - size, y + 0.6 * size), (x - 0.3 * size, y), (x + 0.3 * size, y), (x + size,
        y + 0.6 * size)], 5),
           tone)  # fmt: skip
    s.fill(ellipse(x, y + 0.62 * size, 0.6 * size, 0.18 * size, 16), (255, 240, 204))
    s.canvas.glow(x, y + 2 * size, 3.5 * size, 3.5 * size, (1.2, 1.15, 1.02), 0.8)


def spots(s: Setting, color: Tone = "#ffe6b4", y: float = 0.06) -> None:
    """Stage lights on a bar, and their beams."""
    s.box(-s.half, y - 0.012, s.half, y + 0.002, (40, 40, 46))
    for x in np.arange(-np.ceil(s.half / 0.22) * 0.22 + 0.06, s.half, 0.22):
        tone = s.tone(color)
        lean = -0.35 * float(x)
        s.fill([(x - 0.02, y), (x + 0.02, y), (x + 0.16 + lean, 0.92), (x - 0.16 + lean, 0.92)], tone, 0.16, 0.02)
        s.fill([(x - 0.022, y), (x + 0.022, y), (x + 0.028, y + 0.045), (x - 0.028, y + 0.045)], (28, 28, 32))
        s.fill(ellipse(float(x), y + 0.045, 0.024, 0.01, 14), np.minimum(tone * 1.1, 255))


def pictures(s: Setting, x: float, y: float, w: float = 0.11, h: float = 0.14) -> None:
    """A framed picture: a small landscape."""
    s.box(x - 0.5 * w, y, x + 0.5 * w, y + h, s.pick(((66, 52, 42), (232, 226, 214), (150, 118, 80))))
    inner = 0.012
    s.box(
        x - 0.5 * w + inner, y + inner, x + 0.5 * w - inner, y + h - inner, s.pick(((214, 222, 224), (232, 214, 186)))
    )
    low = y + h * s.chance.uniform(0.45, 0.6)
    s.box(
        x - 0.5 * w + inner,
        low,
        x + 0.5 * w - inner,
        y + h - inner,
        s.pick(((112, 136, 118), (176, 122, 92), (96, 118, 146))),
    )
    s.fill(ellipse(x + 0.15 * w, y + 0.35 * h, 0.11 * w, 0.11 * w, 14), (244, 214, 150))


def clock(s: Setting, x: float, y: float, size: float = 0.04) -> None:
    """A wall clock."""
    s.fill(ellipse(x, y, size, size, 26), (58, 56, 58))
    s.fill(ellipse(x, y, 0.84 * size, 0.84 * size, 26), (246, 244, 238))
    s.line([(x, y), (x, y - 0.6 * size)], 0.005, (48, 48, 50))
    s.line([(x, y), (x + 0.42 * size, y + 0.1 * size)], 0.006, (48, 48, 50))


def mirror(s: Setting, x: float, y: float, w: float, h: float, frame: Tone = "#c9b184", bulbs: bool = False) -> None:
    """A mirror, with bulbs round it where it is one for make-up."""
    s.fill(rounded(x, y + 0.5 * h, 0.5 * w + 0.014, 0.5 * h + 0.014), s.tone(frame))
    s.fill(rounded(x, y + 0.5 * h, 0.5 * w, 0.5 * h), (206, 218, 224))
    s.fill([(x - 0.4 * w, y + 0.9 * h), (x - 0.1 * w, y + 0.05 * h), (x + 0.12 * w, y + 0.05 * h), (x - 0.18 * w,
        y + 0.9 * h)],
           (236, 242, 245), 0.6)  # fmt: skip
    for edge in (-1, 1) if bulbs else ():
        for row in np.linspace(y + 0.05 * h, y + 0.95 * h, 5):
            s.fill(ellipse(x + edge * (0.5 * w + 0.008), float(row), 0.014, 0.014, 12), (255, 242, 206))


def curtain(s: Setting, x: float, w: float, color: Tone, y0: float = 0.0, y1: float = 1.0) -> None:
    """A heavy curtain in folds."""
    tone = s.tone(color)
    s.box(x - 0.5 * w, y0, x + 0.5 * w, y1, tone)
    for at in np.arange(x - 0.5 * w, x + 0.5 * w, 0.045):
        s.fill([(at, y0), (at + 0.018, y0), (at + 0.022, y1), (at + 0.002, y1)], tone * 0.72, 0.8, 0.004)
        s.fill(
            [(at + 0.026, y0), (at + 0.034, y0), (at + 0.036, y1), (at + 0.028, y1)],
            np.minimum(tone * 1.22, 255),
            0.6,
            0.003,
        )


def garland(s: Setting, y: float = 0.1) -> None:
    """A string of small lights."""
    xs = np.arange(-np.ceil(s.half / 0.4) * 0.4, s.half + 0.4, 0.4)
    for x in xs:
        line = smooth([(x, y), (x + 0.2, y + 0.06), (x + 0.4, y)], 6)
        s.line(line, 0.004, (70, 62, 56), 0.9)
        s.canvas.strokes(
            [ellipse(float(a), float(b) + 0.012, 0.009, 0.011, 10) for a, b in line[1::2]], (255, 232, 176)
        )


PARTS: Final[dict[str, Callable[..., None]]] = {
    "wall": wall, "band": band, "tiles": tiles, "floor": floor, "beams": beams, "strip_lights": strip_lights,
    "window": window, "door": door, "arch": arch, "column": column, "pendant": pendant, "spots": spots,
    "pictures": pictures, "clock": clock, "mirror": mirror, "curtain": curtain, "garland": garland,
}  # fmt: skip
"""By the name that kits give."""
