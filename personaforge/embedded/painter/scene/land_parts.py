"""Parts of the open: sky, land, water, trees, houses, boats, stalls. See `scene.kits`.

Leaves and meadows have the season's colours; in winter there is snow on the ground and on roofs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from personaforge.embedded.painter.scene.setting import GRASS, Setting
from personaforge.embedded.painter.strokes import ellipse, noise, smooth
from personaforge.media.exact import interp, scalar_cos, scalar_sin

Tone = str | Sequence[str]
_SNOW = (242, 246, 250)


def sky(s: Setting, top: Tone = "#7fb2dc", low: Tone = "#e4eef0", horizon: float = 0.58, clouds: float = 0.7) -> None:
    """The sky down to the horizon, with clouds."""
    high, deep = s.tone(top), s.tone(low)
    if s.season == "winter":
        high, deep = 0.5 * high + np.float32(104), 0.7 * deep + np.float32(72)
    s.band(0.0, horizon + 0.01, high, deep)
    s.band(horizon, 1.001, deep, deep)  # nothing of the canvas shows between sky and land
    if clouds:
        canvas = s.canvas
        soft = noise(canvas.height, canvas.width, 0.2 * canvas.scale, int(s.chance.integers(1 << 30)), stretch=0.35)
        fade = np.clip(horizon - 0.1 - np.arange(canvas.height, dtype=np.float32) / canvas.scale, 0, 0.3)[:, None] / 0.3
        canvas.stain(
            np.asarray(np.clip(1.3 * soft + 0.1, 0, 1) ** 2 * 0.8 * fade * np.float32(clouds), np.float32),
            (255, 255, 255),
        )


def land(s: Setting, horizon: float, color: Tone = "", low: float = 1.001) -> None:
    """The ground from the horizon down; without a colour a meadow of the season."""
    tone = s.tone(color) if color else np.asarray(GRASS[s.season], np.float32)
    s.band(horizon, low, tone * 0.94 + 8, tone * 0.98)


def hills(s: Setting, y: float, size: float = 0.08, color: Tone = "", haze: float = 0.3) -> None:
    """A line of soft hills whose foot is at y."""
    tone = s.tone(color) if color else s.green() if s.season != "winter" else np.asarray((214, 222, 230), np.float32)
    tone = tone + (np.asarray((214, 224, 232), np.float32) - tone) * np.float32(haze)
    points = [(float(x), y - size * s.chance.uniform(0.3, 1.0)) for x in np.arange(-s.half - 0.2, s.half + 0.45, 0.22)]
    s.fill([*smooth(points, 6), (s.half + 0.5, y + 0.01), (-s.half - 0.5, y + 0.01)], tone)


def peaks(s: Setting, y: float, size: float = 0.3, color: Tone = "#8c9aa8", snow: bool = True) -> None:
    """Mountains whose foot is at y, lit from the left, with snow on top."""
    tone, x = s.tone(color), -s.half - 0.2
    while x < s.half + 0.3:
        wide, tall = size * s.chance.uniform(0.8, 1.4), size * s.chance.uniform(0.7, 1.15)
        top = (x + wide, y - tall)
        s.fill([(x - 0.3 * wide, y + 0.02), top, (x + 2.2 * wide, y + 0.02)], tone)
        s.fill([top, (x + 2.2 * wide, y + 0.02), (x + 1.1 * wide, y + 0.02)], tone * 0.82, 0.85)
        if snow:
            edge = ((0.26, 0.26), (0.08, 0.20), (-0.10, 0.27), (-0.28, 0.24))
            s.fill([top, *((top[0] + a * wide, top[1] + b * tall) for a, b in edge)], (246, 248, 250))
        x += wide * s.chance.uniform(0.8, 1.3)


def dunes(s: Setting, y: float, color: Tone = "#dcb27a") -> None:
    """Three lines of dunes from y down."""
    tone = s.tone(color)
    for row in range(3):
        base = y + 0.05 * row
        points = [
            (float(x), base + 0.035 * (row + 1) * s.chance.uniform(-0.8, 0.5))
            for x in np.arange(-s.half - 0.3, s.half + 0.6, 0.35)
        ]
        s.fill([*smooth(points, 8), (s.half + 0.7, 1.1), (-s.half - 0.7, 1.1)], tone * (0.88 + 0.06 * row))


def path(s: Setting, x: float, y: float, color: Tone = "#cdb894", wide: float = 0.24) -> None:
    """A path that comes from the horizon at y."""
    tone = s.tone(color) if s.season != "winter" else np.asarray((222, 226, 232), np.float32)
    line = [
        (x - 0.01, y),
        (x + 0.015, y),
        (x + 0.06, y + 0.13),
        (x + wide, 1.1),
        (x - wide - 0.1, 1.1),
        (x - 0.03, y + 0.13),
    ]
    s.fill(smooth(line, 6, closed=True), tone, 0.92)


def rows(s: Setting, y: float, kind: str = "crops", color: Tone = "", x: float = 0.0) -> None:
    """Rows of plants that meet at the horizon: crops, vines on stakes, beds of flowers."""
    soil = np.asarray((146, 112, 80) if s.season != "winter" else (226, 230, 236), np.float32)
    s.band(y, 1.001, soil * 1.05, soil * 0.92)
    for index in range(-20, 21):
        tone = s.tone(color) if color else s.green()
        far, near = x + 0.022 * index, x + 0.2 * index
        if abs(near) > 5 * s.half + 0.6:
            continue
        for step in range(11):
            a, b = (step / 11) ** 2, ((step + 0.86) / 11) ** 2
            size = 0.006 + 0.045 * a
            at, level = far + (near - far) * a, y + (1.0 - y) * a
            to, down = far + (near - far) * b, y + (1.0 - y) * b
            if kind == "vines":
                s.fill(
                    ellipse(0.5 * (at + to), 0.5 * (level + down) - 2.2 * size, 1.1 * size, 2.0 * size, 12),
                    tone * s.chance.uniform(0.9, 1.1),
                )
                s.line([(at, level), (at, level - 4 * size)], 0.12 * size + 0.002, (116, 92, 68))
            elif kind == "flowers":
                s.fill(ellipse(0.5 * (at + to), 0.5 * (level + down), 1.3 * size, 0.7 * size, 12), tone)
                for _ in range(3):
                    s.fill(ellipse(0.5 * (at + to) + s.chance.uniform(-1, 1) * size, level - 0.4 * size, 0.3 * size,
                                   0.3 * size, 8),
                           s.pick(((226, 92, 110), (240, 190, 80), (236, 232, 240), (170, 110, 190))))  # fmt: skip
            else:
                s.fill(
                    ellipse(0.5 * (at + to), 0.5 * (level + down) - 0.4 * size, 1.2 * size, 0.9 * size, 12),
                    tone * s.chance.uniform(0.9, 1.1),
                )


def tree(s: Setting, x: float, y: float, size: float = 0.3, kind: str = "round") -> None:
    """A tree whose foot is at y: round, pine, palm, cypress, olive, baobab."""
    trunk = (104, 82, 62)
    s.shadow(x, y, 0.5 * size, 0.35)
    if kind == "palm":
        stem = smooth([(x + 0.08 * size, y), (x, y - 0.5 * size), (x - 0.06 * size, y - size)], 6)
        s.line(stem, np.linspace(0.06 * size, 0.035 * size, len(stem)), (134, 106, 78))
        crown = stem[-1]
        for turn in np.linspace(-0.25, np.pi + 0.25, 9):
            tip = np.add(crown, (0.42 * size * scalar_cos(float(turn)), size * (0.14 - 0.2 * scalar_sin(float(turn)))))
            leaf = smooth([crown, 0.5 * (crown + tip) - (0, 0.1 * size), tip], 8)
            s.line(
                leaf,
                interp(np.linspace(0, 1, len(leaf)), [0, 0.4, 1], [0.02 * size, 0.065 * size, 0.006]),
                s.pick(((66, 116, 70), (84, 132, 78))),
                0.97,
            )
        return
    if kind in ("pine", "cypress"):
        tone = s.pick(((52, 84, 66), (62, 96, 70), (46, 76, 62)))
        s.box(x - 0.025 * size, y - 0.15 * size, x + 0.025 * size, y, trunk)
        if kind == "cypress":
            s.fill(
                smooth(
                    [
                        (x - 0.09 * size, y - 0.08 * size),
                        (x - 0.07 * size, y - 0.6 * size),
                        (x, y - size),
                        (x + 0.07 * size, y - 0.6 * size),
                        (x + 0.09 * size, y - 0.08 * size),
                    ],
                    5,
                ),
                tone,
            )
            return
        for row in range(4):
            level, wide = y - size * (0.1 + 0.22 * row), size * (0.3 - 0.062 * row)
            s.fill([(x - wide, level), (x, level - 0.36 * size), (x + wide, level)], tone * (0.9 + 0.06 * row))
            if s.season == "winter":
                s.fill(
                    [
                        (x - 0.8 * wide, level - 0.05 * size),
                        (x, level - 0.36 * size),
                        (x + 0.5 * wide, level - 0.1 * size),
                        (x, level - 0.13 * size),
                    ],
                    _SNOW,
                    0.9,
                )
        return
    wide = {"baobab": 0.13, "olive": 0.06}.get(kind, 0.05)
    s.fill(
        [
            (x - wide * size, y),
            (x - 0.6 * wide * size, y - 0.55 * size),
            (x + 0.6 * wide * size, y - 0.55 * size),
            (x + wide * size, y),
        ],
        trunk,
    )
    for side in (-1, 1):
        s.line([(x, y - 0.42 * size), (x + side * 0.2 * size, y - 0.72 * size)], 0.03 * size, trunk)
    if s.season == "winter" and kind == "round":
        for turn in np.linspace(0.35, 2.8, 9):
            tip = (x + 0.34 * size * scalar_cos(float(turn)), y - 0.5 * size - 0.5 * size * scalar_sin(float(turn)))
            s.line([(x, y - 0.5 * size), tip], 0.014 * size, (116, 104, 96))
        return
    for row in range(5):  # from the shaded underside to the lit top
        for _ in range(10):
            turn, far = s.chance.uniform(0, 2 * np.pi), s.chance.uniform(0.0, 1.0)
            cx = x + (0.32 - 0.035 * row) * size * far * scalar_cos(turn) - 0.012 * row * size
            cy = y - size * (0.66 + 0.07 * row) + 0.17 * size * far * scalar_sin(turn)
            r = size * s.chance.uniform(0.07, 0.115)
            tone = s.leaf() if kind != "olive" else s.pick(((132, 146, 110), (150, 162, 126)))
            s.fill(ellipse(cx, cy, r, 0.8 * r, 14), np.clip(tone * (0.78 + 0.085 * row), 0, 255), 0.95)


def bushes(s: Setting, y: float, size: float = 0.05, flowers: bool = False, apart: float = 0.0) -> None:
    """A hedge whose foot is at y, all along; `apart` leaves so much of the middle free."""
    step = 0.9 * size
    for x in np.arange(-np.ceil(s.half / step) * step, s.half + size, step):
        if abs(float(x)) < apart:
            continue
        r = size * s.chance.uniform(0.7, 1.15)
        tone = s.green() if s.season != "winter" else np.asarray((208, 216, 222), np.float32)
        s.fill(ellipse(float(x), y - 0.7 * r, 1.15 * r, r, 16), tone, 0.97)
        for _ in range(3 if flowers and s.season in ("spring", "summer") else 0):
            s.fill(ellipse(float(x) + s.chance.uniform(-0.8, 0.8) * r, y - s.chance.uniform(0.4, 1.3) * r, 0.14 * r,
                           0.14 * r, 8),
                   s.pick(((226, 92, 110), (244, 196, 96), (240, 236, 244))))  # fmt: skip


def water(s: Setting, y: float, low: float, top: Tone = "#3f86ac", bottom: Tone = "#8cc4cc") -> None:
    """Sea or river between two heights, with glints."""
    s.band(y, low, s.tone(top), s.tone(bottom))
    for _ in range(60):
        level = s.chance.uniform(y + 0.005, low)
        x, w = s.chance.uniform(-s.half, s.half), s.chance.uniform(0.01, 0.05) * (0.4 + 4 * (level - y))
        s.line([(x - w, level), (x + w, level)], 0.0035, (230, 242, 244), 0.5)


def houses(
    s: Setting, y: float, tones: Tone, size: float = 0.2, roof: str = "gable", lit: float = 0.1, apart: float = 0.0
) -> None:
    """A row of houses whose feet are at y: gables, flat roofs, terraces, or towers of a city."""
    x = -s.half - 0.1
    while x < s.half + 0.1:
        wide = size * s.chance.uniform(0.5, 0.8) * (0.7 if roof == "tower" else 1)
        tall = size * s.chance.uniform(0.75, 1.25) * (1.4 if roof == "tower" else 1)
        if abs(x + 0.5 * wide) < apart:
            x += wide
            continue
        tone = s.tone(tones)
        s.box(x, y - tall, x + wide, y, tone)
        s.box(x + 0.82 * wide, y - tall, x + wide, y, tone * 0.86)
        if roof == "gable":
            lid = (
                np.asarray(_SNOW, np.float32)
                if s.season == "winter"
                else s.pick(((158, 84, 62), (136, 74, 58), (112, 84, 74)))
            )
            s.fill(
                [(x - 0.05 * wide, y - tall), (x + 0.5 * wide, y - tall - 0.36 * wide), (x + 1.05 * wide, y - tall)],
                lid,
            )
        elif roof == "flat":
            s.box(x - 0.01, y - tall, x + wide + 0.01, y - tall + 0.014, np.minimum(tone * 1.1, 255))
        count, levels = max(2, int(wide / 0.045)), max(2, int(tall / 0.07))
        for column in range(count):
            for level in range(levels):
                px, py = x + wide * (column + 0.3) / count, y - tall + tall * (level + 0.24) / levels
                pane = (250, 218, 150) if s.chance.uniform() < lit else tone * 0.55
                s.box(px, py, px + 0.42 * wide / count, py + 0.5 * tall / levels, pane, 0.95)
        x += wide * s.chance.uniform(1.0, 1.06)


def boat(s: Setting, x: float, y: float, size: float = 0.2, kind: str = "fishing") -> None:
    """A boat on the water at y: a fishing boat, a sailing boat, a rowing boat."""
    tone = s.pick(((60, 108, 144), (178, 62, 52), (236, 232, 220), (74, 120, 96), (222, 176, 74)))
    hull = [(-0.5, -0.12), (0.55, -0.16), (0.42, 0.0), (-0.4, 0.0)]
    s.fill(np.array(hull) * size + (x, y), tone)
    s.fill(np.array([(-0.5, -0.12), (0.55, -0.16), (0.53, -0.12), (-0.49, -0.085)]) * size + (x, y), (244, 240, 230))
    if kind == "sail":
        s.line([(x, y - 0.12 * size), (x, y - 1.1 * size)], 0.03 * size, (120, 96, 72))
        s.fill(np.array([(0.04, -1.08), (0.46, -0.24), (0.04, -0.2)]) * size + (x, y), (250, 248, 242))
        s.fill(np.array([(-0.04, -1.0), (-0.36, -0.22), (-0.04, -0.2)]) * size + (x, y), (232, 226, 214))
    elif kind == "fishing":
        s.box(x - 0.28 * size, y - 0.38 * size, x + 0.06 * size, y - 0.13 * size, (246, 244, 238))
        s.box(x - 0.22 * size, y - 0.33 * size, x, y - 0.23 * size, (84, 112, 130))
        s.line([(x + 0.16 * size, y - 0.14 * size), (x + 0.16 * size, y - 0.8 * size)], 0.025 * size, (110, 88, 66))
        s.line(
            [(x + 0.16 * size, y - 0.78 * size), (x + 0.5 * size, y - 0.16 * size)], 0.008 * size + 0.001, (90, 90, 92)
        )
    s.line([(x - 0.5 * size, y + 0.015), (x + 0.5 * size, y + 0.015)], 0.012, (216, 234, 238), 0.6)


def crane(s: Setting, x: float, y: float, h: float = 0.5, color: Tone = "#d9a03a") -> None:
    """A crane."""
    tone = s.tone(color)
    s.line([(x, y), (x, y - h)], 0.022, tone)
    s.line([(x - 0.12, y - h + 0.04), (x + 0.34, y - h)], 0.016, tone)
    s.line([(x, y - h - 0.05), (x + 0.3, y - h)], 0.006, tone * 0.8)
    s.line([(x, y - h - 0.05), (x - 0.1, y - h + 0.03)], 0.006, tone * 0.8)
    s.line([(x + 0.24, y - h), (x + 0.24, y - 0.55 * h)], 0.004, (70, 72, 76))
    s.box(x + 0.22, y - 0.55 * h, x + 0.26, y - 0.5 * h, (90, 92, 96))
    s.box(x - 0.12, y - h + 0.03, x - 0.06, y - h + 0.09, (120, 122, 126))


def stall(
    s: Setting,
    x: float,
    y: float,
    color: Tone = ("#b8453c", "#3f7a68", "#c98f3a", "#4a6a94"),
    w: float = 0.36,
    goods: str = "fruit",
) -> None:
    """A market stall with a striped awning and crates of goods."""
    tone, top = s.tone(color), y - 0.42
    for side in (-1, 1):
        s.line([(x + side * 0.46 * w, top), (x + side * 0.46 * w, y)], 0.012, (122, 98, 72))
    s.box(x - 0.45 * w, top + 0.06, x + 0.45 * w, y - 0.14, (92, 76, 62), 0.55)
    count = 7
    for index in range(count):
        a, b = x - 0.5 * w + w * index / count, x - 0.5 * w + w * (index + 1) / count
        stripe = tone if index % 2 == 0 else np.asarray((244, 238, 224), np.float32)
        s.fill(
            [(0.86 * (a - x) + x, top - 0.06), (0.86 * (b - x) + x, top - 0.06), (b, top + 0.05), (a, top + 0.05)],
            stripe,
        )
        s.fill(ellipse(0.5 * (a + b), top + 0.05, 0.5 * (b - a), 0.018, 12), stripe * 0.92)
    palette = {"fruit": ((196, 60, 46), (232, 148, 56), (232, 204, 92), (118, 152, 66), (138, 52, 82)),
               "cloth": ((178, 84, 72), (76, 104, 132), (214, 170, 88), (108, 128, 96), (142, 84, 130)),
               "spices": ((206, 120, 40), (176, 60, 36), (226, 182, 70), (120, 92, 60), (160, 150,
                   84))}[goods]  # fmt: skip
    for row in range(2):
        level = y - 0.15 + 0.07 * row
        for index in range(5):
            left = x - 0.46 * w + 0.185 * w * index
            s.box(left, level, left + 0.17 * w, level + 0.06, (150, 116, 76))
            one = palette[int(s.chance.integers(len(palette)))]
            for at in np.arange(left + 0.008, left + 0.17 * w, 0.016):
                s.fill(
                    ellipse(float(at), level - 0.004, 0.011, 0.013, 10), np.asarray(one) * s.chance.uniform(0.88, 1.1)
                )
    s.box(x - 0.48 * w, y - 0.02, x + 0.48 * w, y, (112, 84, 58))


def bench(s: Setting, x: float, y: float, w: float = 0.3, color: Tone = "#86603f") -> None:
    """A bench of slats."""
    tone = s.tone(color)
    s.shadow(x, y, w)
    for row in (0.15, 0.115, 0.07):
        s.box(x - 0.5 * w, y - row, x + 0.5 * w, y - row + 0.022, tone)
    for side in (-1, 1):
        s.box(x + side * 0.4 * w - 0.008, y - 0.15, x + side * 0.4 * w + 0.008, y, (62, 64, 66))


def lamp_post(s: Setting, x: float, y: float, h: float = 0.5) -> None:
    """A street lamp."""
    s.line([(x, y), (x, y - h)], 0.012, (58, 60, 64))
    s.fill(
        smooth(
            [(x - 0.022, y - h - 0.05), (x + 0.022, y - h - 0.05), (x + 0.016, y - h), (x - 0.016, y - h)],
            3,
            closed=True,
        ),
        (255, 240, 205),
    )
    s.fill([(x - 0.03, y - h - 0.05), (x, y - h - 0.075), (x + 0.03, y - h - 0.05)], (58, 60, 64))


def snow(s: Setting, count: int = 90) -> None:
    """Falling snow."""
    flakes = [
        ellipse(s.chance.uniform(-s.half, s.half), s.chance.uniform(0, 1), 0.0045, 0.0045, 8) for _ in range(count)
    ]
    s.canvas.strokes(flakes, (252, 253, 255), 0.9)


def wall_low(s: Setting, y: float, h: float = 0.08, color: Tone = "#c9b79a") -> None:
    """A low wall or quay all along whose top is at y, with its stones."""
    tone = s.tone(color)
    s.band(y, y + h, np.minimum(tone * 1.06, 255), tone * 0.82)
    s.box(-s.half, y, s.half, y + 0.014, np.minimum(tone * 1.16, 255))
    for row, level in enumerate(np.arange(y + 0.014, y + h, 0.035)):
        for x in np.arange(-np.ceil(s.half / 0.1) * 0.1 + 0.05 * (row % 2), s.half, 0.1):
            s.line([(x, level), (x, level + 0.035)], 0.003, tone * 0.7, 0.7)
        s.line([(-s.half, level), (s.half, level)], 0.003, tone * 0.7, 0.7)


def fence(s: Setting, y: float, h: float = 0.1, color: Tone = "#9c7a52", apart: float = 0.0) -> None:
    """A fence of posts and rails."""
    tone = s.tone(color)
    for level in (y - 0.8 * h, y - 0.4 * h):
        for x0, x1 in ((-s.half, -apart), (apart, s.half)):
            s.line([(x0, level), (x1, level)], 0.013, tone)
    for x in np.arange(-np.ceil(s.half / 0.16) * 0.16, s.half + 0.1, 0.16):
        if abs(float(x)) >= apart:
            s.box(x - 0.009, y - h, x + 0.009, y, tone * 0.86)


def sun(s: Setting, x: float = -0.25, y: float = 0.15) -> None:
    """The sun's light in the air."""
    s.canvas.glow(x, y, 0.35, 0.3, (1.12, 1.1, 1.04), 1.0)


PARTS: Final[dict[str, Callable[..., None]]] = {
    "sky": sky, "land": land, "hills": hills, "peaks": peaks, "dunes": dunes, "path": path, "rows": rows, "tree": tree,
    "bushes": bushes, "water": water, "houses": houses, "boat": boat, "crane": crane, "stall": stall,
    "bench": bench, "lamp_post": lamp_post, "snow": snow, "quay": wall_low, "fence": fence, "sun": sun,
}  # fmt: skip
"""By the name that kits give."""
