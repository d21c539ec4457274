"""Things that tell a trade or a pastime: ovens, easels, vehicles, instruments. See `scene.kits`.

`y` of what stands is its foot, where it isn't said a little in front of the wall.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from personaforge.embedded.painter.scene.setting import Setting, rounded
from personaforge.embedded.painter.strokes import ellipse, smooth
from personaforge.media.exact import scalar_cos, scalar_sin

Tone = str | Sequence[str]
_STEEL = (168, 174, 180)


def hood(s: Setting, x: float, w: float = 0.4) -> None:
    """An extractor hood over a stove, and the stove with pots."""
    s.fill([(x - 0.2 * w, 0.0), (x + 0.2 * w, 0.0), (x + 0.5 * w, 0.2), (x - 0.5 * w, 0.2)], _STEEL)
    s.fill([(x + 0.05 * w, 0.0), (x + 0.2 * w, 0.0), (x + 0.5 * w, 0.2), (x + 0.2 * w, 0.2)], (146, 152, 158))
    s.box(x - 0.5 * w, 0.2, x + 0.5 * w, 0.235, (132, 138, 144))
    s.canvas.glow(x, 0.34, 0.4 * w, 0.14, (1.14, 1.11, 1.04), 0.9)


def stove(s: Setting, x: float, y: float, w: float = 0.3, flames: bool = True) -> None:
    """A stove's top at y with pots, and its oven below."""
    s.box(x - 0.5 * w, y, x + 0.5 * w, s.ground + 0.02, (150, 156, 162))
    s.box(x - 0.5 * w, y, x + 0.5 * w, y + 0.05, (96, 102, 108))
    for at in np.linspace(x - 0.38 * w, x + 0.38 * w, 5):
        s.fill(ellipse(float(at), y + 0.026, 0.009, 0.009, 10), (216, 218, 220))
    s.box(x - 0.4 * w, y + 0.08, x + 0.4 * w, s.ground - 0.02, (52, 54, 58))
    s.box(x - 0.34 * w, y + 0.06, x + 0.34 * w, y + 0.07, (206, 210, 214))
    for side, tone in ((-1, (188, 120, 74)), (1, (132, 138, 144))):
        at, r = x + side * 0.24 * w, 0.19 * w
        if flames:
            s.fill(ellipse(at, y - 0.004, 0.8 * r, 0.01, 12), (92, 150, 226), 0.9)
        s.box(at - r, y - 0.085, at + r, y - 0.008, tone)
        s.box(at - r, y - 0.085, at - 0.5 * r, y - 0.008, np.minimum(np.asarray(tone) * 1.2, 255), 0.7)
        s.fill(ellipse(at, y - 0.085, r, 0.012, 18), (70, 72, 76))
        s.canvas.glow(at, y - 0.15, 0.05, 0.05, (1.1, 1.1, 1.1), 0.7)


def oven(s: Setting, x: float, w: float = 0.34, top: float = 0.16) -> None:
    """A baker's brick oven with fire, or rather its glow, behind the door."""
    low = s.ground
    s.box(x - 0.5 * w, top, x + 0.5 * w, low, (176, 112, 84))
    rows = np.arange(top, low, 0.036)
    for row, y in enumerate(rows):
        s.line([(x - 0.5 * w, y), (x + 0.5 * w, y)], 0.003, (206, 164, 140), 0.8)
        for at in np.arange(x - 0.5 * w + 0.035 * (row % 2), x + 0.5 * w, 0.07):
            s.line([(at, y), (at, y + 0.036)], 0.003, (206, 164, 140), 0.8)
    middle = 0.52 * (top + low)
    turn = ellipse(x, middle, 0.36 * w, 0.13, 40)
    head = turn[turn[:, 1] <= middle]
    head = head[np.argsort(head[:, 0])]
    for grow, tone in ((1.14, (112, 76, 58)), (1.0, (46, 26, 20))):
        about = (head - (x, middle)) * grow + (x, middle)
        s.fill([(about[0, 0], middle + 0.05), *about, (about[-1, 0], middle + 0.05)], tone)
    for wide, tone in ((0.3, (214, 92, 36)), (0.22, (246, 158, 60)), (0.12, (255, 220, 130))):
        s.fill(ellipse(x, middle + 0.03, wide * w, 0.2 * wide, 20), tone, 0.85, 0.008)
    s.canvas.glow(x, middle, 0.3, 0.2, (1.24, 1.1, 0.9), 0.9)


def coffee_machine(s: Setting, x: float, y: float) -> None:
    """An espresso machine on the counter at y, with cups."""
    s.fill(rounded(x, y - 0.085, 0.13, 0.06), (186, 190, 194))
    s.box(x - 0.13, y - 0.15, x + 0.13, y - 0.125, (196, 62, 50))
    s.box(x - 0.12, y - 0.07, x + 0.12, y - 0.01, (64, 66, 70))
    for at in (-0.06, 0.06):
        s.box(x + at - 0.02, y - 0.075, x + at + 0.02, y - 0.05, (120, 124, 128))
        s.fill(ellipse(x + at, y - 0.02, 0.018, 0.016, 12), (244, 240, 232))
    for at in np.arange(-0.1, 0.11, 0.04):
        s.box(x + at - 0.013, y - 0.175, x + at + 0.013, y - 0.15, (244, 240, 232))


def easel(s: Setting, x: float, y: float | None = None, w: float = 0.2, h: float = 0.26) -> None:
    """An easel with a picture in work."""
    low, top = s.ground + 0.05 if y is None else y, 0.22
    for end in (-0.13, 0.13, 0.02):
        s.line([(x, top - 0.06), (x + end, low)], 0.014, (150, 108, 68))
    s.box(x - 0.5 * w, top, x + 0.5 * w, top + h, (246, 242, 232))
    tones = ((86, 128, 152), (214, 152, 84), (188, 86, 72), (122, 148, 96), (236, 206, 128))
    for _ in range(12):
        cx, cy = x + s.chance.uniform(-0.36, 0.36) * w, top + s.chance.uniform(0.15, 0.85) * h
        s.canvas.clip = None
        s.fill(ellipse(cx, cy, 0.12 * w, 0.05 * h, 12), s.pick(tones), 0.85)
    s.box(x - 0.6 * w, top + h, x + 0.6 * w, top + h + 0.016, (134, 94, 58))


def wheel(s: Setting, x: float) -> None:
    """A potter's wheel with a pot on it."""
    low = s.ground + 0.06
    s.shadow(x, low, 0.3)
    s.solid(x - 0.13, low - 0.2, x + 0.13, low, np.array((126, 118, 112), np.float32))
    s.fill(ellipse(x, low - 0.215, 0.11, 0.02, 24), (92, 90, 90))
    clay = [(x - 0.045, low - 0.22), (x - 0.075, low - 0.29), (x - 0.05, low - 0.34), (x - 0.06, low - 0.36)]
    s.fill(smooth([*clay, *((2 * x - a, b) for a, b in clay[::-1])], 5), (184, 122, 92))
    s.fill(ellipse(x, low - 0.36, 0.06, 0.012, 20), (128, 80, 60))


def dummy(s: Setting, x: float, color: Tone = ("#8c4a4e", "#4a6178", "#b08a52")) -> None:
    """A tailor's dummy with a half-made jacket and a tape."""
    tone, low = s.tone(color), s.ground + 0.05
    s.shadow(x, low, 0.2)
    s.line([(x, 0.55), (x, low)], 0.016, (112, 80, 52))
    for end in (-0.07, 0.07):
        s.line([(x, low - 0.06), (x + end, low)], 0.014, (112, 80, 52))
    right = [(0.022, 0.2), (0.03, 0.24), (0.095, 0.27), (0.1, 0.34), (0.072, 0.43), (0.095, 0.55), (0.09, 0.6)]
    s.fill(smooth([*((x + a, b) for a, b in right), *((x - a, b) for a, b in right[::-1])], 5), tone)
    s.fill([(x - 0.022, 0.2), (x + 0.022, 0.2), (x + 0.03, 0.25), (x, 0.34), (x - 0.03, 0.25)], (226, 212, 186))
    s.line(smooth([(x - 0.05, 0.25), (x - 0.06, 0.4), (x - 0.03, 0.5)], 5), 0.01, (240, 208, 92))


def sewing_machine(s: Setting, x: float, y: float) -> None:
    """A sewing machine on a table at y."""
    s.box(x - 0.085, y - 0.022, x + 0.085, y, (52, 54, 58))
    s.fill(smooth([(x + 0.085, y - 0.02), (x + 0.085, y - 0.13), (x - 0.05, y - 0.13), (x - 0.075, y - 0.1),
                   (x - 0.07, y - 0.06), (x - 0.05, y - 0.06),
                   (x - 0.04, y - 0.095), (x + 0.04, y - 0.09), (x + 0.045, y - 0.02)], 3, closed=True), (60, 62,
                       68))  # fmt: skip
    s.fill(ellipse(x + 0.095, y - 0.105, 0.022, 0.03, 16), (150, 154, 158))
    s.fill(
        [(x - 0.14, y - 0.004), (x - 0.03, y - 0.02), (x + 0.02, y), (x - 0.1, y + 0.04)],
        s.pick(((190, 84, 92), (96, 130, 158))),
    )


def softbox(s: Setting, x: float, lean: float = 0.0) -> None:
    """A photographer's lamp on its stand."""
    low = s.ground + 0.06
    s.line([(x, 0.3), (x, low)], 0.01, (44, 45, 48))
    for end in (-0.08, 0.08):
        s.line([(x, low - 0.1), (x + end, low)], 0.008, (44, 45, 48))
    s.fill(
        [(x - 0.12, 0.12 - lean), (x + 0.12, 0.12 + lean), (x + 0.12, 0.36 + lean), (x - 0.12, 0.36 - lean)],
        (36, 37, 40),
    )
    s.fill(
        [(x - 0.105, 0.135 - lean), (x + 0.105, 0.135 + lean), (x + 0.105, 0.345 + lean), (x - 0.105, 0.345 - lean)],
        (255, 252, 244),
    )
    s.canvas.glow(x, 0.25, 0.22, 0.2, (1.16, 1.15, 1.12), 0.9)


def tripod(s: Setting, x: float, y: float = 0.36) -> None:
    """A film camera on a tripod."""
    low = s.ground + 0.06
    for end in (-0.1, 0.0, 0.1):
        s.line([(x, y), (x + end, low)], 0.011, (46, 47, 50))
    s.box(x - 0.085, y - 0.1, x + 0.075, y, (50, 51, 56))
    s.fill(ellipse(x - 0.095, y - 0.052, 0.03, 0.04, 20), (28, 29, 32))
    s.box(x - 0.03, y - 0.135, x + 0.05, y - 0.1, (64, 66, 70))
    s.fill(ellipse(x + 0.055, y - 0.08, 0.008, 0.008, 8), (226, 60, 50))


def guitar(s: Setting, x: float, y: float = 0.66, size: float = 1.0) -> None:
    """A guitar that hangs on the wall or leans."""
    tone = s.pick(((196, 134, 72), (160, 92, 50), (214, 168, 104)))
    s.box(x - 0.01 * size, y - 0.46 * size, x + 0.01 * size, y - 0.16 * size, (84, 58, 42))
    s.box(x - 0.016 * size, y - 0.5 * size, x + 0.016 * size, y - 0.44 * size, (64, 44, 34))
    half = [(0.0, -0.2), (0.048, -0.19), (0.05, -0.13), (0.04, -0.1), (0.068, -0.05), (0.05, 0.0), (0.0, 0.012)]
    s.fill(
        smooth(
            [*((x + a * size, y + b * size) for a, b in half), *((x - a * size, y + b * size) for a, b in half[::-1])],
            4,
        ),
        tone,
    )
    s.fill(ellipse(x, y - 0.115 * size, 0.018 * size, 0.018 * size, 16), (48, 34, 28))


def piano(s: Setting, x: float) -> None:
    """An upright piano with notes."""
    low = s.ground + 0.03
    s.shadow(x, low, 0.4)
    s.solid(x - 0.22, low - 0.36, x + 0.22, low, np.array((74, 46, 34), np.float32))
    s.box(x - 0.23, low - 0.2, x + 0.23, low - 0.17, (54, 34, 26))
    s.box(x - 0.2, low - 0.205, x + 0.2, low - 0.188, (244, 240, 230))
    for at in np.arange(x - 0.19, x + 0.2, 0.022):
        s.box(at, low - 0.205, at + 0.009, low - 0.195, (30, 28, 28))
    for side in (-0.045, 0.03):
        s.box(x + side, low - 0.3, x + side + 0.065, low - 0.22, (246, 242, 230))


def microphone(s: Setting, x: float, y: float = 0.4) -> None:
    """A microphone on its stand."""
    low = s.ground + 0.06
    s.line([(x, y), (x, low)], 0.01, (60, 62, 66))
    s.box(x - 0.07, low - 0.01, x + 0.07, low, (48, 50, 54))
    s.fill(ellipse(x, y - 0.03, 0.026, 0.04, 18), (120, 124, 130))
    s.box(x - 0.018, y, x + 0.018, y + 0.05, (40, 41, 45))


def drums(s: Setting, x: float) -> None:
    """A drum kit."""
    low = s.ground + 0.06
    s.shadow(x, low, 0.4)
    for at, high, tone in ((-0.2, 0.42, (206, 172, 88)), (0.2, 0.46, (206, 172, 88))):
        s.line([(x + at, low - high), (x + at, low)], 0.008, (130, 132, 136))
        s.fill(ellipse(x + at, low - high, 0.09, 0.014, 22), tone)
    for at, high in ((-0.085, 0.28), (0.085, 0.28)):
        s.fill(rounded(x + at, low - high, 0.07, 0.045), (156, 44, 48))
        s.fill(ellipse(x + at, low - high - 0.045, 0.07, 0.014, 20), (240, 236, 226))
    s.fill(ellipse(x, low - 0.12, 0.13, 0.12, 30), (120, 34, 40))
    s.fill(ellipse(x, low - 0.12, 0.112, 0.103, 30), (238, 232, 222))


def weights(s: Setting, x: float, w: float = 0.42) -> None:
    """A rack of dumb-bells and a ball."""
    low = s.ground + 0.03
    s.shadow(x, low, w)
    for row, y in enumerate((low - 0.26, low - 0.12)):
        s.box(x - 0.5 * w, y, x + 0.5 * w, y + 0.018, (64, 68, 74))
        for at in np.arange(x - 0.42 * w, x + 0.45 * w, 0.09):
            for end in (-0.022, 0.022):
                s.fill(rounded(float(at) + end, y - 0.026, 0.014, 0.027 + 0.004 * row), (44, 46, 50))
            s.box(at - 0.02, y - 0.03, at + 0.02, y - 0.022, (160, 164, 170))
    for side in (-1, 1):
        s.box(x + side * 0.48 * w - 0.01, low - 0.3, x + side * 0.48 * w + 0.01, low, (64, 68, 74))


def bar(s: Setting, y: float = 0.56, color: Tone = "#966c46") -> None:
    """A ballet bar along the wall."""
    for at in np.arange(-np.ceil(s.half / 0.4) * 0.4 + 0.2, s.half, 0.4):
        s.box(at - 0.006, y, at + 0.006, s.ground, (112, 84, 60))
    s.line([(-s.half, y), (s.half, y)], 0.018, s.tone(color))


def car(
    s: Setting,
    x: float,
    y: float | None = None,
    color: Tone = ("#a8433c", "#4d6f8c", "#d0a450", "#5f7f6a"),
    size: float = 1.0,
    lift: bool = False,
) -> None:
    """A small car from its side; on a lift where it is repaired."""
    low, tone = s.ground + 0.03 if y is None else y, s.tone(color)
    if lift:
        for side in (-0.2, 0.2):
            s.box(x + side - 0.02, 0.14, x + side + 0.02, s.ground, (206, 166, 60))
        s.box(x - 0.24, low, x + 0.24, low + 0.025, (96, 100, 106))
    else:
        s.shadow(x, low, 0.5 * size)
    body = np.array(
        [
            (-0.28, -0.03),
            (-0.28, -0.1),
            (-0.2, -0.125),
            (-0.13, -0.2),
            (0.08, -0.2),
            (0.17, -0.125),
            (0.27, -0.1),
            (0.28, -0.03),
        ]
    ) * size + (x, low)
    s.fill(smooth(body, 3, closed=True), tone)
    glass = np.array([(-0.165, -0.125), (-0.115, -0.182), (0.07, -0.182), (0.135, -0.125)]) * size + (x, low)
    s.fill(glass, (190, 210, 220))
    s.box(x - 0.03 * size, low - 0.185 * size, x - 0.015 * size, low - 0.12 * size, tone)
    for at in (-0.17, 0.17):
        s.fill(ellipse(x + at * size, low - 0.035 * size, 0.05 * size, 0.05 * size, 22), (36, 37, 40))
        s.fill(ellipse(x + at * size, low - 0.035 * size, 0.024 * size, 0.024 * size, 16), (176, 180, 184))
    s.fill(ellipse(x + 0.27 * size, low - 0.085 * size, 0.012 * size, 0.014 * size, 12), (250, 240, 206))


def coach(
    s: Setting, x: float, y: float | None = None, color: Tone = "#c0392f", kind: str = "tram", size: float = 1.0
) -> None:
    """A vehicle in side view: a tram with its wire, a train, or a fire engine with its ladder."""
    low, tone = s.ground + 0.05 if y is None else y, s.tone(color)
    w, h = 0.4 * size, 0.36 * size
    top = low - h
    s.shadow(x, low, 2 * w)
    s.fill(rounded(x, low - 0.5 * h, w, 0.5 * h), tone)
    s.box(x - w, top + 0.5 * h, x + w, top + 0.56 * h, (244, 238, 222))
    count = 3 if kind == "engine" else 6
    room = 1.9 * w / 6
    for index in range(count):
        left = x - 0.94 * w + room * index
        s.fill(rounded(left + 0.5 * room, top + 0.29 * h, 0.42 * room, 0.17 * h), (176, 200, 212))
        s.fill([(left + 0.2 * room, top + 0.42 * h), (left + 0.45 * room, top + 0.16 * h), (left + 0.62 * room,
            top + 0.16 * h), (left + 0.37 * room, top + 0.42 * h)],
               (226, 236, 240), 0.7)  # fmt: skip
    for at in (-0.62, 0.62):
        s.fill(ellipse(x + at * w, low - 0.005, 0.055 * size, 0.055 * size, 20), (38, 39, 42))
        s.fill(ellipse(x + at * w, low - 0.005, 0.025 * size, 0.025 * size, 16), (150, 154, 158))
    if kind == "tram":
        s.line([(x - 0.1 * w, top), (x, top - 0.08), (x + 0.1 * w, top)], 0.008, (66, 68, 72))
        s.line([(-s.half, top - 0.082), (s.half, top - 0.078)], 0.004, (80, 82, 88), 0.8)
        s.box(x - 0.16 * w, top - 0.03, x + 0.16 * w, top, (226, 220, 202))
    elif kind == "engine":
        for row in (0.0, 0.035):
            s.line([(x - 0.9 * w, top - 0.015 - row), (x + 0.9 * w, top - 0.05 - row)], 0.01, (206, 210, 214))
        for at in np.linspace(-0.86, 0.86, 12):
            s.line(
                [(x + at * w, top - 0.03 - 0.018 * at), (x + at * w, top - 0.066 - 0.018 * at)], 0.007, (206, 210, 214)
            )
        s.fill(rounded(x - 0.8 * w, top - 0.012, 0.05, 0.014), (80, 150, 220))
        for at in (0.12, 0.42, 0.72):
            s.box(x + at * w, top + 0.14 * h, x + (at + 0.24) * w, top + 0.46 * h, (190, 196, 200))
            s.box(x + at * w, top + 0.62 * h, x + (at + 0.24) * w, top + 0.84 * h, (190, 196, 200))


def plane(s: Setting, x: float, y: float, size: float = 1.0) -> None:
    """An airliner on the apron, seen from its side."""
    body = [(-0.36, 0.0), (-0.3, -0.035), (0.2, -0.04), (0.33, -0.02), (0.36, 0.004), (0.3, 0.03), (-0.28, 0.03)]
    s.fill(smooth(np.array(body) * size + (x, y), 4, closed=True), (242, 244, 246))
    s.fill(np.array([(-0.34, -0.02), (-0.38, -0.15), (-0.31, -0.15), (-0.24, -0.03)]) * size + (x, y), (52, 92, 140))
    s.fill(np.array([(0.06, 0.0), (-0.1, 0.075), (-0.04, 0.08), (0.14, 0.01)]) * size + (x, y), (196, 202, 208))
    for at in np.arange(-0.22, 0.27, 0.035):
        s.fill(ellipse(x + at * size, y - 0.012 * size, 0.008 * size, 0.01 * size, 8), (92, 110, 130))
    s.fill(rounded(x + 0.02 * size, y + 0.05 * size, 0.035 * size, 0.02 * size), (120, 128, 136))


def scaffold(s: Setting, x: float, w: float = 0.5, levels: int = 3) -> None:
    """A scaffold before a wall of bare bricks."""
    top, low = 0.02, s.ground + 0.02
    s.box(x - 0.42 * w, top, x + 0.42 * w, low, (182, 122, 92))
    for row, y in enumerate(np.arange(top, low, 0.03)):
        s.line([(x - 0.42 * w, y), (x + 0.42 * w, y)], 0.003, (214, 186, 166), 0.8)
        for at in np.arange(x - 0.42 * w + 0.03 * (row % 2), x + 0.42 * w, 0.06):
            s.line([(at, y), (at, y + 0.03)], 0.003, (214, 186, 166), 0.7)
    s.box(x - 0.16 * w, 0.14, x + 0.16 * w, 0.34, (86, 92, 98))
    for level in range(1, levels + 1):
        y = low - (low - top) * level / (levels + 0.4)
        s.box(x - 0.54 * w, y, x + 0.54 * w, y + 0.022, (196, 156, 98))
        s.line([(x - 0.5 * w, y - 0.09), (x + 0.5 * w, y - 0.09)], 0.008, (150, 156, 162))
    for at in (-0.5, -0.17, 0.17, 0.5):
        s.line([(x + at * w, top - 0.05), (x + at * w, low)], 0.012, (156, 162, 168))
    s.line([(x - 0.5 * w, low), (x - 0.17 * w, low - 0.28)], 0.009, (156, 162, 168))


def machine(
    s: Setting,
    x: float,
    y: float | None = None,
    w: float = 0.2,
    h: float = 0.3,
    color: Tone = "#8fa3a6",
    lamp: Tone = "#7fd08a",
) -> None:
    """A cabinet with a display, dials and a vent: a machine, a monitor of a ward, a rack."""
    low, tone = s.ground + 0.02 if y is None else y, s.tone(color)
    s.solid(x - 0.5 * w, low - h, x + 0.5 * w, low, tone)
    s.box(x - 0.4 * w, low - 0.9 * h, x + 0.4 * w, low - 0.58 * h, (34, 44, 50))
    pulse = [(-0.36, 0.0), (-0.12, 0.0), (-0.05, -0.09), (0.02, 0.08), (0.08, 0.0), (0.36, 0.0)]
    s.line([(x + a * w, low - 0.74 * h + b * h) for a, b in pulse], 0.006, s.tone(lamp))
    for at in (-0.25, 0.0, 0.25):
        s.fill(ellipse(x + at * w, low - 0.44 * h, 0.07 * w, 0.07 * w, 14), (60, 66, 70))
    for row in np.linspace(low - 0.26 * h, low - 0.1 * h, 3):
        s.box(x - 0.35 * w, row, x + 0.35 * w, row + 0.008, tone * 0.7)


def glassware(s: Setting, x: float, y: float, w: float = 0.3) -> None:
    """Flasks, tubes and a microscope on a bench at y."""
    tones = ((96, 176, 196), (232, 176, 74), (150, 108, 176), (120, 184, 120))
    at = x - 0.5 * w
    while at < x + 0.2 * w:
        tall = s.chance.uniform(0.06, 0.1)
        s.fill([(at, y), (at + 0.018, y - 0.6 * tall), (at + 0.018, y - tall), (at + 0.03, y - tall), (at + 0.03,
            y - 0.6 * tall), (at + 0.048, y)],
               (226, 238, 242), 0.9)  # fmt: skip
        s.fill(
            [(at + 0.003, y), (at + 0.013, y - 0.36 * tall), (at + 0.035, y - 0.36 * tall), (at + 0.045, y)],
            s.pick(tones),
            0.95,
        )
        at += 0.056
    m = x + 0.38 * w
    s.box(m - 0.035, y - 0.014, m + 0.035, y, (58, 62, 68))
    s.line(smooth([(m + 0.02, y), (m + 0.03, y - 0.07), (m, y - 0.12)], 5), 0.018, (226, 230, 232))
    s.line([(m - 0.02, y - 0.05), (m + 0.012, y - 0.14)], 0.022, (70, 76, 82))


def wire_wheel(s: Setting, x: float, y: float, size: float = 0.11) -> None:
    """A bicycle that leans at a wall, from its side."""
    for at in (-1.05, 1.05):
        turn = ellipse(x + at * size, y - size, size, size, 36)
        s.line(np.concatenate([turn, turn[:1]]), 0.012, (44, 46, 50))
        for spoke in np.linspace(0, np.pi, 5)[:-1]:
            away = np.array((scalar_cos(float(spoke)), scalar_sin(float(spoke)))) * size
            middle = np.array((x + at * size, y - size))
            s.line([middle - away, middle + away], 0.003, (150, 154, 158), 0.8)
    tone = s.pick(((176, 62, 52), (60, 110, 130), (70, 92, 70)))
    a, b = (x - 1.05 * size, y - size), (x + 1.05 * size, y - size)
    seat, crank, head = (
        (x - 0.45 * size, y - 2.0 * size),
        (x - 0.1 * size, y - 0.95 * size),
        (x + 0.75 * size, y - 2.0 * size),
    )
    for line in ((a, seat), (a, crank), (seat, crank), (crank, head), (seat, head), (head, b)):
        s.line(list(line), 0.013, tone)
    s.box(seat[0] - 0.04, seat[1] - 0.022, seat[0] + 0.035, seat[1] - 0.006, (40, 38, 38))
    s.line([head, (head[0] + 0.01, head[1] - 0.05), (head[0] + 0.06, head[1] - 0.055)], 0.011, (50, 52, 56))


PARTS: Final[dict[str, Callable[..., None]]] = {
    "hood": hood, "stove": stove, "oven": oven, "coffee_machine": coffee_machine, "easel": easel, "wheel": wheel,
    "dummy": dummy, "sewing_machine": sewing_machine, "softbox": softbox, "tripod": tripod, "guitar": guitar,
    "piano": piano, "microphone": microphone, "drums": drums, "weights": weights, "bar": bar, "car": car,
    "coach": coach,
    "plane": plane, "scaffold": scaffold, "machine": machine, "glassware": glassware, "bicycle": wire_wheel,
}  # fmt: skip
"""By the name that kits give."""
