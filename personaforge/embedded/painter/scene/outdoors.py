"""The places under the sky, and the two shapes that every place is made of; see `painter_scene`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.strokes import Canvas, Pixels, ellipse, noise, smooth
from personaforge.media.exact import interp, scalar_cos, scalar_sin


def gradient(canvas: Canvas, top: ArrayLike, bottom: ArrayLike, start: float = 0.0, stop: float = 1.0) -> None:
    """Fill from `start` down with a gradient that ends at `stop`."""
    y = (np.arange(canvas.height, dtype=np.float32) + 0.5) / canvas.scale
    part = np.clip((y - start) / (stop - start), 0, 1)[None, :, None]
    first = int(start * canvas.scale)
    high, low = (np.asarray(color, np.float32)[:, None, None] for color in (top, bottom))
    canvas.planes[:, first:] = (high + (low - high) * part)[:, first:]


def box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    """Return a rectangle's corners."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def street(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """A street that runs into the distance between facades."""
    gradient(canvas, (188, 210, 232), (238, 228, 212), 0.0, 0.62)
    horizon = 0.60
    far = random.uniform(-0.08, 0.08)
    canvas.fill(box(-half, horizon, half, 1.0), colors[1] * 0.85)
    canvas.fill([(far - 0.03, horizon), (far + 0.03, horizon), (0.62, 1.3), (-0.62, 1.3)], colors[1] * 0.68)
    tones = np.array(
        [(196, 160, 132), (214, 196, 166), (168, 176, 184), (186, 132, 110), (222, 212, 196), (150, 140, 138)]
    )
    for side in (-1, 1):
        near = 3.2
        while near > 0.16:
            deep = near * 0.72
            outer, inner = far + side * 0.5 * near, far + side * 0.5 * deep
            height = random.uniform(0.50, 0.85)
            color = random.choice(tones).astype(np.float32) * (0.80 if side > 0 else 1.0)
            roof = (horizon - height * near, horizon - height * deep)
            base = (horizon + 0.13 * near, horizon + 0.13 * deep)
            canvas.fill([(outer, roof[0]), (inner, roof[1]), (inner, base[1]), (outer, base[0])], color)
            for column in range(4):
                for row in range(6):
                    a, b = 0.12 + 0.22 * column, 0.12 + 0.22 * column + 0.12
                    points = []
                    for part, level in ((a, 0), (b, 0), (b, 1), (a, 1)):
                        size = near + (deep - near) * part
                        x = far + side * 0.5 * size
                        points.append(
                            (x, horizon + size * (-height + 0.06 + (height + 0.02) * (row + 0.55 * level) / 6))
                        )
                    lit = random.uniform() < 0.25
                    canvas.fill(points, (250, 222, 168) if lit else color * 0.55, 0.9)
            awning = horizon + 0.0 * near
            low = (awning + 0.035 * near, awning + 0.035 * deep)
            tone = random.choice(np.array([(150, 48, 44), (44, 84, 72), (52, 70, 110), (196, 150, 70)]))
            canvas.fill([(outer, awning), (inner, awning), (inner, low[1]), (outer, low[0])], tone, 0.9)
            near = deep
    for _ in range(14):
        x, y, r = random.uniform(-half, half), random.uniform(0.50, 0.68), random.uniform(0.008, 0.02)
        tone = random.choice(np.array([(255, 224, 160), (255, 246, 226), (240, 120, 90), (160, 210, 240)]))
        canvas.fill(ellipse(x, y, r, r, 16), tone, 0.55)
    for side in (-1, 1):
        post = far + side * 0.30
        canvas.line([(post, 0.22), (post, 0.72)], 0.010, (58, 60, 64))
        canvas.fill(ellipse(post, 0.22, 0.022, 0.026, 16), (255, 240, 205))
    canvas.glow(far, 0.5, 0.2, 0.2, (1.12, 1.08, 1.02), 1.0)


def leisure(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """A park: trees in three depths, a path, spots of light."""
    gradient(canvas, (206, 226, 238), (232, 236, 214), 0.0, 0.6)
    horizon = 0.58
    canvas.fill(box(-half, horizon, half, 1.0), colors[1] * 0.98)
    canvas.fill(box(-half, horizon, half, 1.0), np.minimum(colors[0] * 0.95, 255), 0.5, soft=0.10)
    path = [(-0.02, horizon), (0.06, horizon), (0.10, 0.72), (0.34, 1.1), (-0.22, 1.1), (0.0, 0.72)]
    canvas.fill(smooth(path, 6, closed=True), (206, 188, 154), 0.9)
    for layer, (base, size) in enumerate(((0.56, 0.10), (0.58, 0.16), (0.62, 0.26))):
        for x in np.arange(-half - 0.2, half + 0.2, 0.9 * size):
            if layer == 2 and abs(x) < 0.16:
                continue
            x0 = x + random.uniform(-0.3, 0.3) * size
            trunk = base - random.uniform(0.9, 1.5) * size
            canvas.line([(x0, trunk), (x0, base + 0.03)], 0.10 * size, (92, 74, 58))
            green = colors[1] * (1.0 - 0.16 * layer) * random.uniform(0.85, 1.1) + (8 * (2 - layer), 8, 6 * (2 - layer))
            for _ in range(9):
                cx, cy = x0 + random.normal(0, 0.42) * size, trunk + random.normal(-0.15, 0.38) * size
                r = size * random.uniform(0.22, 0.42)
                shade = green * random.uniform(0.78, 1.18)
                canvas.fill(ellipse(cx, cy, r, 0.85 * r, 14), np.clip(shade, 0, 255), 0.9)
    for _ in range(26):
        x, y, r = random.uniform(-half, half), random.uniform(0.05, 0.55), random.uniform(0.006, 0.022)
        canvas.fill(ellipse(x, y, r, r, 16), (250, 250, 214), random.uniform(0.15, 0.5))
    canvas.glow(-0.2, 0.1, 0.35, 0.3, (1.14, 1.13, 1.04), 1.0)
    for _ in range(30):
        x, y = random.uniform(-half, half), random.uniform(0.66, 1.0)
        canvas.fill(ellipse(x, y, 0.006 + 0.006 * y, 0.005, 8), (248, 240, 200), 0.6)


def vacation(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    """A beach under palms, the sea's horizon and a headland."""
    gradient(canvas, (96, 166, 218), (206, 232, 242), 0.0, 0.52)
    clouds = noise(canvas.height, canvas.width, 0.22 * canvas.scale, int(random.integers(1 << 30)), stretch=0.35)
    fade = np.clip(0.5 - (np.arange(canvas.height, dtype=np.float32) / canvas.scale), 0, 0.3)[:, None] / 0.3
    canvas.stain(np.clip(1.8 * clouds - 0.25, 0, 0.85) * fade, (255, 255, 255))
    horizon, shore = 0.52, 0.68
    sea = slice(int(horizon * canvas.scale), int(shore * canvas.scale))
    part = np.linspace(0, 1, sea.stop - sea.start, dtype=np.float32)[:, None]
    deep, shallow = (np.array(color, np.float32)[:, None, None] for color in ((28, 110, 158), (120, 206, 206)))
    canvas.planes[:, sea] = deep + (shallow - deep) * part
    for _ in range(70):
        y = random.uniform(horizon + 0.01, shore)
        x, w = random.uniform(-half, half), random.uniform(0.01, 0.06) * (0.4 + 4 * (y - horizon))
        canvas.line([(x - w, y), (x + w, y)], 0.003, (232, 246, 246), 0.5)
    sand = np.asarray(colors[1], np.float32)
    edge = [
        (-half, shore + 0.012),
        *((x, shore + 0.012 * scalar_sin(7 * x + 1)) for x in np.arange(-half, half, 0.06)),
        (half, shore),
    ]
    canvas.fill([*edge, (half, 1.0), (-half, 1.0)], sand)
    canvas.line(edge, 0.016, (250, 252, 250), 0.9, soft=0.004)
    canvas.fill(box(-half, 0.85, half, 1.0), sand * 0.9, 0.6, soft=0.08)
    hill = [(-half - 0.1, horizon), (-0.32, horizon - 0.06), (-0.12, horizon - 0.035), (0.04, horizon)]
    canvas.fill(smooth(hill, 6), (104, 140, 128), 0.9)
    side = 1.0 if random.uniform() < 0.5 else -1.0
    for shift in (0.0, 1.3, -1.3):
        x = side * 0.34 + shift
        trunk = smooth([(x + side * 0.04, 0.86), (x, 0.5), (x - side * 0.05, 0.14)])
        canvas.line(trunk, np.linspace(0.035, 0.02, len(trunk)), (126, 98, 72))
        crown = trunk[-1]
        for turn in np.linspace(-0.2, np.pi + 0.2, 9):
            tip = np.add(crown, (0.24 * scalar_cos(turn), -0.12 * scalar_sin(turn) + 0.09))
            leaf = smooth([crown, np.add(crown, (0.13 * scalar_cos(turn), -0.10 * scalar_sin(turn) - 0.01)), tip], 8)
            canvas.line(
                leaf, interp(np.linspace(0, 1, len(leaf)), [0, 0.4, 1], [0.012, 0.036, 0.004]), (58, 108, 66), 0.95
            )
    canvas.glow(-side * 0.2, 0.12, 0.25, 0.2, (1.15, 1.13, 1.05), 1.0)
