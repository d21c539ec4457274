"""Open country: mountains, and fields with a farmhouse; see `scene.scene`."""

from __future__ import annotations

import numpy as np

from personaforge.embedded.painter.scene.outdoors import box, gradient
from personaforge.embedded.painter.strokes import Canvas, Pixels, ellipse, smooth


def mountain(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """Ridges in three depths, the farthest with snow, and a stony meadow."""
    gradient(canvas, colors[0] * 0.92, (232, 238, 242), 0.0, 0.6)
    ridges = ((0.60, 0.34, 0.55), (0.64, 0.22, 0.3), (0.70, 0.12, 0.0))
    for layer, (base, size, haze) in enumerate(ridges):
        tone = colors[1] * (0.86 - 0.12 * layer)
        tone = tone + (np.asarray((214, 224, 234)) - tone) * haze
        x = -half - 0.2
        while x < half + 0.3:
            wide, tall = size * random.uniform(0.8, 1.5), size * random.uniform(0.7, 1.15)
            peak = (x + wide, base - tall)
            canvas.fill([(x - 0.2 * wide, base + 0.02), peak, (x + 2.1 * wide, base + 0.02)], tone)
            canvas.fill([peak, (x + 2.1 * wide, base + 0.02), (x + 1.1 * wide, base + 0.02)], tone * 0.86, 0.8)
            if layer == 0:
                edge = ((0.26, 0.26), (0.08, 0.20), (-0.10, 0.27), (-0.28, 0.24))
                cap = [peak, *((peak[0] + along * wide, peak[1] + down * tall) for along, down in edge)]
                canvas.fill(cap, (246, 248, 250))
            x += wide * random.uniform(0.8, 1.3)
        canvas.fill(box(-half, base, half, 1.0), tone * 0.96)
    canvas.fill(box(-half, 0.70, half, 1.0), (124, 140, 92))
    for _ in range(60):
        x, y = random.uniform(-half, half), random.uniform(0.72, 1.0)
        r = 0.008 + 0.03 * (y - 0.7)
        canvas.fill(
            ellipse(x, y, 1.4 * r, r, 12),
            random.choice(np.array([(150, 150, 146), (112, 128, 84), (172, 168, 158)])),
            0.8,
        )
    for _ in range(16):
        x, y = random.uniform(-half, half), random.uniform(0.64, 0.74)
        tall = random.uniform(0.05, 0.1)
        canvas.fill([(x - 0.3 * tall, y), (x, y - tall), (x + 0.3 * tall, y)], (62, 88, 70), 0.95)
    canvas.glow(-0.25, 0.15, 0.35, 0.3, (1.10, 1.09, 1.05), 1.0)


def countryside(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """Fields in strips up to a low horizon, a farmhouse, hedges and a lane."""
    gradient(canvas, colors[0] * 0.96, (240, 238, 222), 0.0, 0.56)
    horizon = 0.56
    hills = [(x, horizon - 0.03 - 0.03 * random.uniform()) for x in np.arange(-half - 0.1, half + 0.3, 0.3)]
    canvas.fill([*smooth(hills, 6), (half + 0.3, 1.0), (-half - 0.1, 1.0)], colors[1] * 0.9 + (12, 14, 16))
    y = horizon
    while y < 1.0:
        deep = y + 0.03 + 0.45 * (y - horizon)
        tone = random.choice(np.array([(196, 178, 98), (134, 158, 86), (112, 140, 78), (168, 162, 92)])).astype(
            np.float32
        )
        canvas.fill([(-half, y), (half, y - 0.012), (half, deep), (-half, deep + 0.012)], tone)
        for x in np.arange(-2.0, 2.0, 0.16):
            canvas.line([(x * 0.6, y), (x * 0.6 + 0.3 * (deep - y) * x, deep)], 0.003, tone * 0.85, 0.6)
        y = deep
    side = 1.0 if random.uniform() < 0.5 else -1.0
    for shift in (0.0, 1.6, -1.6):
        x = side * 0.34 + shift
        canvas.fill(box(x - 0.09, 0.47, x + 0.09, 0.565), (226, 212, 188))
        canvas.fill([(x - 0.11, 0.475), (x - 0.06, 0.42), (x + 0.06, 0.42), (x + 0.11, 0.475)], (158, 84, 62))
        for pane in (-0.05, 0.03):
            canvas.fill(box(x + pane, 0.49, x + pane + 0.025, 0.525), (98, 110, 118))
    lane = [(-0.01, horizon + 0.01), (0.03, horizon + 0.01), (0.12, 0.74), (0.36, 1.1), (-0.3, 1.1), (0.0, 0.74)]
    canvas.fill(smooth(lane, 6, closed=True), (206, 186, 150), 0.9)
    for _ in range(26):
        x, base = random.uniform(-half, half), random.uniform(horizon - 0.005, 0.66)
        if abs(x) < 0.1:
            continue
        r = 0.02 + 0.18 * (base - horizon)
        for _ in range(4):
            cx, cy = x + random.normal(0, 0.6) * r, base - r + random.normal(0, 0.3) * r
            canvas.fill(ellipse(cx, cy, r, 0.9 * r, 14), np.asarray((86, 116, 64)) * random.uniform(0.85, 1.15), 0.95)
    canvas.glow(0.2, 0.12, 0.4, 0.3, (1.10, 1.08, 1.02), 1.0)
