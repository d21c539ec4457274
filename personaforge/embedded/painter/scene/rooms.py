"""Rooms that people work in or train in: a kitchen, a treatment room, a workshop, a hall; see `scene.scene`."""

from __future__ import annotations

import numpy as np

from personaforge.embedded.painter.scene.outdoors import box, gradient
from personaforge.embedded.painter.strokes import Canvas, Pixels, ellipse, smooth

_SHIFTS = (-2.4, -1.2, 0.0, 1.2, 2.4)
"""Furniture repeats itself beside the middle, so that a wide picture shows no empty wall."""


def _ground(canvas: Canvas, half: float, floor: float, color: Pixels) -> float:
    ground = min(floor - 0.10, 0.94)
    canvas.fill(box(-half, ground, half, 1.0), color)
    return ground


def kitchen(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """Tiles, a hood, pans on a rail, shelves of jars and a long counter."""
    gradient(canvas, colors[0] * 1.03, colors[0] * 0.9)
    ground = _ground(canvas, half, floor, colors[1] * 0.62)
    for row in range(1, 9):
        y = 0.06 + 0.068 * row
        canvas.line([(-half, y), (half, y)], 0.003, colors[0] * 0.82, 0.8)
    for x in np.arange(-half, half, 0.09):
        canvas.line([(x, 0.1), (x, 0.62)], 0.0025, colors[0] * 0.84, 0.7)
    for shift in _SHIFTS:
        hood = shift - 0.3
        canvas.fill([(hood - 0.10, 0.0), (hood + 0.10, 0.0), (hood + 0.24, 0.24), (hood - 0.24, 0.24)], (168, 172, 176))
        canvas.fill(box(hood - 0.24, 0.24, hood + 0.24, 0.275), (128, 132, 138))
        rail = shift + 0.28
        canvas.line([(rail - 0.26, 0.2), (rail + 0.26, 0.2)], 0.01, (96, 98, 102))
        for at in (-0.18, -0.03, 0.13):
            size = random.uniform(0.045, 0.065)
            canvas.line([(rail + at, 0.2), (rail + at, 0.27)], 0.008, (70, 70, 74))
            tone = (178, 112, 70) if random.uniform() < 0.4 else (92, 94, 98)
            canvas.fill(ellipse(rail + at, 0.27 + size, size, size, 24), tone)
        shelf = shift + 0.28
        canvas.fill(box(shelf - 0.28, 0.5, shelf + 0.28, 0.515), (132, 98, 66))
        at = shelf - 0.26
        while at < shelf + 0.22:
            wide, tall = random.uniform(0.03, 0.05), random.uniform(0.05, 0.1)
            tone = random.choice(np.array([(216, 170, 92), (150, 84, 56), (120, 142, 86), (226, 218, 200)]))
            canvas.fill(box(at, 0.5 - tall, at + wide, 0.5), tone, 0.9)
            at += wide + random.uniform(0.006, 0.02)
        canvas.glow(shift - 0.3, 0.36, 0.2, 0.16, (1.14, 1.12, 1.06), 1.0)
    canvas.fill(box(-half, 0.64, half, 0.675), np.minimum(colors[0] * 0.98, 255))
    canvas.fill(box(-half, 0.675, half, ground), colors[1] * 0.92)
    for x in np.arange(-half, half, 0.3):
        canvas.line([(x, 0.68), (x, ground)], 0.005, colors[1] * 0.7, 0.8)
    for shift in _SHIFTS:
        canvas.fill(box(shift - 0.40, 0.57, shift - 0.24, 0.64), (104, 108, 114))
        canvas.fill(smooth([(shift + 0.1, 0.64), (shift + 0.13, 0.6), (shift + 0.27, 0.6), (shift + 0.3, 0.64)], 4),
                    (238, 234, 226))  # fmt: skip


def clinic(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """A bright room: a window with blinds, cupboards with glass, a couch."""
    gradient(canvas, np.minimum(colors[0] * 1.04, 255), colors[0] * 0.95)
    ground = _ground(canvas, half, floor, colors[1] * 0.9)
    for shift in _SHIFTS:
        left = shift - 0.5
        canvas.fill(box(left, 0.08, left + 0.36, 0.5), (230, 241, 247))
        for row in range(10):
            canvas.fill(box(left, 0.09 + 0.041 * row, left + 0.36, 0.105 + 0.041 * row), (250, 252, 252), 0.8)
        canvas.glow(left + 0.18, 0.3, 0.3, 0.25, (1.08, 1.08, 1.08), 1.0)
        case = shift + 0.22
        canvas.fill(box(case - 0.2, 0.12, case + 0.2, 0.52), (240, 243, 244))
        for column in (-0.19, 0.005):
            canvas.fill(box(case + column, 0.135, case + column + 0.185, 0.505), colors[1] * 1.02, 0.7)
            for level in (0.25, 0.37, 0.49):
                at = case + column + 0.015
                while at < case + column + 0.16:
                    wide, tall = random.uniform(0.015, 0.03), random.uniform(0.03, 0.07)
                    tone = random.choice(np.array([(250, 250, 250), (110, 160, 178), (206, 224, 228), (226, 196, 130)]))
                    canvas.fill(box(at, level - tall, at + wide, level), tone, 0.85)
                    at += wide + 0.008
        couch = shift - 0.28
        canvas.fill(smooth(box(couch - 0.3, 0.66, couch + 0.3, 0.74), 4, closed=True), colors[1] * 0.72)
        canvas.fill(box(couch - 0.28, 0.74, couch + 0.28, 0.76), (236, 238, 240))
        for leg in (-0.24, 0.24):
            canvas.line([(couch + leg, 0.76), (couch + leg, ground)], 0.014, (176, 182, 186))
    canvas.fill(box(-half, ground - 0.03, half, ground), np.minimum(colors[0] * 0.9, 255))


def workshop(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """A wall of tools, boards that lean, a window and a bench."""
    gradient(canvas, colors[0], colors[0] * 0.82)
    ground = _ground(canvas, half, floor, colors[1] * 0.8)
    for shift in _SHIFTS:
        left = shift - 0.52
        canvas.fill(box(left, 0.07, left + 0.34, 0.42), (222, 234, 240))
        for bar in (0.113, 0.226):
            canvas.line([(left + bar, 0.07), (left + bar, 0.42)], 0.009, colors[1] * 0.6)
        canvas.line([(left, 0.245), (left + 0.34, 0.245)], 0.009, colors[1] * 0.6)
        canvas.glow(left + 0.17, 0.25, 0.28, 0.25, (1.14, 1.12, 1.07), 1.0)
        wall = shift + 0.2
        canvas.fill(box(wall - 0.34, 0.08, wall + 0.34, 0.5), colors[1] * 1.04)
        for row in (0.13, 0.31):
            for at in np.arange(-0.28, 0.3, 0.085):
                x, tall = wall + at + random.uniform(-0.01, 0.01), random.uniform(0.08, 0.14)
                canvas.line([(x, row), (x, row + tall)], 0.012, (150, 108, 66))
                if random.uniform() < 0.5:
                    canvas.fill(box(x - 0.026, row, x + 0.026, row + 0.024), (84, 88, 94))
                else:
                    canvas.fill(
                        [(x - 0.016, row + tall), (x + 0.016, row + tall), (x, row + tall + 0.05)], (120, 126, 132)
                    )
        for at in (-0.14, -0.06, 0.02):
            x, tone = shift - 0.36 + at, np.asarray((186, 142, 92)) * random.uniform(0.8, 1.12)
            canvas.fill([(x, ground), (x + 0.06, ground), (x + 0.1, 0.46), (x + 0.04, 0.46)], np.clip(tone, 0, 255))
    canvas.fill(box(-half, 0.645, half, 0.69), (164, 122, 78))
    canvas.fill(box(-half, 0.69, half, 0.715), (120, 86, 56))
    for x in np.arange(-half, half, 0.5):
        canvas.fill(box(x, 0.7, x + 0.05, ground), (112, 82, 54))
    for _ in range(12):
        x, r = random.uniform(-half, half), random.uniform(0.012, 0.03)
        canvas.fill(box(x, 0.645 - r, x + 2 * r, 0.645), random.choice(np.array([(196, 150, 98), (96, 100, 106)])), 0.9)


def hall(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    """A training or rehearsal hall: tall windows, a mirror with a bar, a wooden floor."""
    gradient(canvas, colors[0], colors[0] * 0.9)
    ground = min(floor - 0.16, 0.84)
    canvas.fill(box(-half, ground, half, 1.0), (182, 138, 92))
    for x in np.arange(-2.0, 2.0, 0.12):
        canvas.line([(0.5 * x, ground), (1.4 * x, 1.0)], 0.004, (146, 106, 68), 0.8)
    for shift in _SHIFTS:
        left = shift - 0.55
        canvas.fill(box(left, 0.06, left + 0.22, 0.58), (232, 240, 244))
        canvas.fill(box(left + 0.27, 0.06, left + 0.49, 0.58), (232, 240, 244))
        for bar in (0.19, 0.32, 0.45):
            canvas.line([(left, bar), (left + 0.49, bar)], 0.007, colors[1] * 0.8)
        canvas.glow(left + 0.25, 0.35, 0.3, 0.3, (1.12, 1.11, 1.08), 1.0)
        mirror = shift + 0.26
        canvas.fill(box(mirror - 0.27, 0.1, mirror + 0.27, ground - 0.06), np.minimum(colors[0] * 1.08, 255))
        canvas.fill(box(mirror - 0.24, 0.4, mirror + 0.24, ground - 0.07), colors[1] * 1.05, 0.4, soft=0.05)
    canvas.line([(-half, 0.56), (half, 0.56)], 0.014, (150, 108, 70))
    canvas.fill(box(-half, ground - 0.03, half, ground), colors[1] * 0.85)
    canvas.fill(box(-half, 0.93, half, 1.0), (150, 110, 70), 0.4, soft=0.06)
