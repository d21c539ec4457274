"""Backgrounds: a place told by a few large shapes, out of focus as behind a portrait.

A place is painted on a small canvas of its own, one unit high with x = 0 in the middle, and blurred; wide pictures
simply show more of it. The scene's two colours set its mood, the seed moves its furniture, so that one persona's home
isn't another's. A place without a name here gets soft shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike

from personaforge.providers.embedded.painter_cache import Memory
from personaforge.providers.embedded.painter_strokes import Canvas, Pixels, ellipse, noise, smooth

_ZOOM: Final = {"headshot": 1.5, "bust": 1.25, "half": 1.08, "full": 1.0}
"""How much closer the background is by distance, about the middle of the picture."""
_SOFT: Final = {"headshot": 0.016, "bust": 0.012, "half": 0.0085, "full": 0.0055}
"""Blur by distance, as a share of the picture's height."""
_SCENES: Final = Memory(24)
_PIXELS: Final = 240
"""Height of the small canvas: less than the blur could show."""


def paint_scene(
    place: str, colors: tuple[Pixels, Pixels], width: int, height: int, distance: str, floor: float, seed: int
) -> Pixels:
    """Return a background, float32 RGB. `floor` is where a standing person's soles are, as a share of the height."""
    key = (place, tuple(map(tuple, colors)), width, height, distance, round(floor, 3), seed)
    soft = _SCENES.get(key, lambda: _soft_scene(place, colors, width, height, distance, floor, seed))
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _soft_scene(
    place: str, colors: tuple[Pixels, Pixels], width: int, height: int, distance: str, floor: float, seed: int
) -> Pixels:
    half = 0.5 * width / height
    zoom = _ZOOM[distance]
    scale = min(_PIXELS, height) * zoom
    canvas = Canvas(-half, 0.0, half, 1.0, scale, colors[0])
    random = np.random.default_rng(seed)
    PLACES.get(place, _anywhere)(canvas, colors, random, min(floor, 1.25), half)
    rows, columns = canvas.height, canvas.width
    if zoom > 1:
        keep_y, keep_x = max(2, round(rows / zoom)), max(2, round(columns / zoom))
        top, left = int(0.40 * (rows - keep_y)), (columns - keep_x) // 2
        canvas.rgb = np.ascontiguousarray(canvas.rgb[top : top + keep_y, left : left + keep_x])
    sigma = max(_SOFT[distance] * canvas.rgb.shape[0], 0.5)
    return np.asarray(cv2.GaussianBlur(np.clip(canvas.rgb, 0, 255), (0, 0), sigma), np.float32)


def _gradient(canvas: Canvas, top: ArrayLike, bottom: ArrayLike, start: float = 0.0, stop: float = 1.0) -> None:
    y = (np.arange(canvas.height, dtype=np.float32) + 0.5) / canvas.scale
    part = np.clip((y - start) / (stop - start), 0, 1)[:, None, None]
    rows = slice(int(start * canvas.scale), canvas.height)
    found = np.asarray(top, np.float32) + (np.asarray(bottom, np.float32) - np.asarray(top, np.float32)) * part
    canvas.rgb[rows] = found[rows]


def _box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _studio(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    _gradient(canvas, colors[0], colors[1])
    canvas.glow(0.0, 0.35, 0.38, 0.34, (1.12, 1.12, 1.12), 0.9)
    if floor < 1.2:
        y = max(floor - 0.10, 0.1)
        canvas.fill(_box(-half, y, half, 1.0), np.minimum(colors[1] * 1.12, 255), 0.5, soft=0.05)
        canvas.glow(0.0, floor, 0.20, 0.03, (0.72, 0.72, 0.74), 0.8)


def _anywhere(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    _gradient(canvas, colors[0], colors[1])
    for _ in range(9):
        x, y = random.uniform(-half, half), random.uniform(0, 1)
        factor = 1 + random.uniform(-0.08, 0.08)
        canvas.glow(x, y, random.uniform(0.05, 0.2), random.uniform(0.05, 0.25), (factor, factor, factor))


def _plain(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    _gradient(canvas, colors[0], colors[1])
    canvas.glow(-0.2, 0.3, 0.4, 0.4, (1.035, 1.035, 1.03), 1.0)


def _home(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    wall = 0.5 * (colors[0] + colors[1])
    _gradient(canvas, wall * 1.05, wall * 0.92)
    side = -1.0 if random.uniform() < 0.6 else 1.0
    ground = min(floor - 0.10, 0.93)
    canvas.fill(_box(-half, ground, half, 1.0), (132, 98, 70))
    canvas.fill(_box(-half, ground - 0.018, half, ground), np.minimum(wall * 1.18, 255))
    for shift in np.arange(-2, 3) * 1.3:
        x = side * 0.24 + shift
        canvas.fill(_box(x - 0.125, 0.10, x + 0.125, 0.62), (250, 248, 240))
        canvas.fill(_box(x - 0.11, 0.115, x + 0.11, 0.605), (214, 232, 244))
        canvas.fill(_box(x - 0.11, 0.40, x + 0.11, 0.605), (178, 200, 168), 0.8, soft=0.03)
        for bar in (x - 0.002, x - 0.11):
            canvas.fill(_box(bar, 0.11, bar + 0.012, 0.61), (250, 248, 240))
        canvas.fill(_box(x - 0.11, 0.33, x + 0.11, 0.342), (250, 248, 240))
        for edge in (-1, 1):
            line = smooth([(x + edge * 0.13, 0.07), (x + edge * 0.10, 0.3), (x + edge * 0.16, 0.68)])
            canvas.line(line, 0.07, np.minimum(colors[0] * 1.06, 255), 0.92, soft=0.004)
        canvas.glow(x, 0.38, 0.22, 0.30, (1.15, 1.14, 1.10), 0.9)
        shelf = x - side * 0.50
        for level in (0.22, 0.36, 0.50):
            canvas.fill(_box(shelf - 0.15, level, shelf + 0.15, level + 0.014), (112, 80, 56))
            at = shelf - 0.135
            while at < shelf + 0.10:
                wide, tall = random.uniform(0.012, 0.030), random.uniform(0.06, 0.105)
                tone = random.choice(np.array([(150, 70, 56), (58, 84, 104), (208, 182, 132), (92, 112, 84), (226, 216, 198), (84, 62, 78)]))
                canvas.fill(_box(at, level - tall, at + wide, level), tone, 0.85)
                at += wide + (0.05 if random.uniform() < 0.12 else 0.002)
        pot = x + side * 0.20
        for _ in range(9):
            tip = (pot + random.uniform(-0.11, 0.11), ground - random.uniform(0.14, 0.34))
            canvas.line(smooth([(pot, ground - 0.08), (0.5 * (pot + tip[0]), tip[1] + 0.03), tip]), [0.012] * 4 + [0.03] * 8 + [0.022] * 5,
                        (76, 112, 70), 0.9)  # fmt: skip
        canvas.fill([(pot - 0.05, ground - 0.09), (pot + 0.05, ground - 0.09), (pot + 0.038, ground + 0.02), (pot - 0.038, ground + 0.02)],
                    (190, 120, 88))  # fmt: skip
        sofa = x - side * 0.52
        canvas.fill(smooth(_box(sofa - 0.26, ground - 0.20, sofa + 0.26, ground + 0.05), 4, closed=True), colors[1] * 0.72)
        canvas.fill(smooth(_box(sofa - 0.24, ground - 0.09, sofa + 0.24, ground + 0.06), 4, closed=True), colors[1] * 0.84)


def _work(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    _gradient(canvas, colors[0] * 1.02, colors[0] * 0.88)
    ground = min(floor - 0.10, 0.95)
    canvas.fill(_box(-half, ground, half, 1.0), colors[1] * 0.78)
    for shift in np.arange(-2, 3) * 1.1:
        for pane in range(3):
            x = shift - 0.46 + 0.20 * pane
            canvas.fill(_box(x, 0.05, x + 0.185, 0.60), (222, 234, 244))
            canvas.fill(_box(x, 0.34, x + 0.185, 0.60), (170, 186, 198), 0.85, soft=0.02)
            for block in range(3):
                left = x + 0.06 * block
                canvas.fill(_box(left, random.uniform(0.26, 0.42), left + 0.055, 0.60), (142, 160, 176), 0.8)
        canvas.glow(shift - 0.2, 0.30, 0.3, 0.25, (1.10, 1.10, 1.10), 0.9)
        for row in range(7):
            canvas.fill(_box(shift - 0.47, 0.05 + 0.02 * row, shift + 0.135, 0.058 + 0.02 * row), (240, 242, 242), 0.7)
        case = shift + 0.36
        canvas.fill(_box(case - 0.17, 0.10, case + 0.17, ground), (158, 130, 100))
        for level in (0.14, 0.29, 0.44, 0.59):
            canvas.fill(_box(case - 0.155, level, case + 0.155, level + 0.13), (104, 84, 66))
            at = case - 0.15
            while at < case + 0.11:
                wide = random.uniform(0.018, 0.036)
                tone = random.choice(np.array([(198, 204, 208), (66, 92, 120), (176, 84, 62), (224, 214, 190), (74, 108, 98)]))
                canvas.fill(_box(at, level + random.uniform(0.015, 0.04), at + wide, level + 0.13), tone, 0.9)
                at += wide + (0.06 if random.uniform() < 0.2 else 0.003)
        desk = shift - 0.18
        canvas.fill(_box(desk - 0.07, 0.52, desk + 0.12, 0.65), (44, 50, 58))
        canvas.fill(_box(desk - 0.06, 0.53, desk + 0.11, 0.64), (126, 158, 184))
        canvas.fill(_box(desk - 0.30, 0.69, desk + 0.30, 0.72), (190, 160, 124))
        canvas.fill(_box(desk - 0.28, 0.72, desk - 0.25, ground), (90, 92, 96))
        canvas.fill(_box(desk + 0.25, 0.72, desk + 0.28, ground), (90, 92, 96))
        canvas.line([(shift, 0.0), (shift, 0.10)], 0.006, (60, 62, 66))
        canvas.fill(smooth([(shift - 0.05, 0.13), (shift, 0.085), (shift + 0.05, 0.13)], 5), (66, 70, 74))
        canvas.glow(shift, 0.14, 0.06, 0.04, (1.25, 1.20, 1.08), 1.0)


def _street(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    _gradient(canvas, (188, 210, 232), (238, 228, 212), 0.0, 0.62)
    horizon = 0.60
    far = random.uniform(-0.08, 0.08)
    canvas.fill(_box(-half, horizon, half, 1.0), colors[1] * 0.85)
    canvas.fill([(far - 0.03, horizon), (far + 0.03, horizon), (0.62, 1.3), (-0.62, 1.3)], colors[1] * 0.68)
    tones = np.array([(196, 160, 132), (214, 196, 166), (168, 176, 184), (186, 132, 110), (222, 212, 196), (150, 140, 138)])
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
                        points.append((x, horizon + size * (-height + 0.06 + (height + 0.02) * (row + 0.55 * level) / 6)))
                    lit = random.uniform() < 0.25
                    canvas.fill(points, (250, 222, 168) if lit else color * 0.55, 0.9)
            awning = horizon + 0.0 * near
            canvas.fill([(outer, awning), (inner, awning), (inner, awning + 0.035 * deep), (outer, awning + 0.035 * near)],
                        random.choice(np.array([(150, 48, 44), (44, 84, 72), (52, 70, 110), (196, 150, 70)])), 0.9)  # fmt: skip
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


def _leisure(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    _gradient(canvas, (206, 226, 238), (232, 236, 214), 0.0, 0.6)
    horizon = 0.58
    canvas.fill(_box(-half, horizon, half, 1.0), colors[1] * 0.98)
    canvas.fill(_box(-half, horizon, half, 1.0), np.minimum(colors[0] * 0.95, 255), 0.5, soft=0.10)
    canvas.fill(smooth([(-0.02, horizon), (0.06, horizon), (0.10, 0.72), (0.34, 1.1), (-0.22, 1.1), (0.0, 0.72)], 6, closed=True),
                (206, 188, 154), 0.9)  # fmt: skip
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


def _vacation(canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float) -> None:
    _gradient(canvas, (96, 166, 218), (206, 232, 242), 0.0, 0.52)
    clouds = noise(canvas.height, canvas.width, 0.22 * canvas.scale, int(random.integers(1 << 30)), stretch=0.35)
    fade = np.clip(0.5 - (np.arange(canvas.height, dtype=np.float32) / canvas.scale), 0, 0.3)[:, None] / 0.3
    canvas.stain(np.clip(1.8 * clouds - 0.25, 0, 0.85) * fade, (255, 255, 255))
    horizon, shore = 0.52, 0.68
    sea = slice(int(horizon * canvas.scale), int(shore * canvas.scale))
    part = np.linspace(0, 1, sea.stop - sea.start, dtype=np.float32)[:, None, None]
    canvas.rgb[sea] = np.array((28, 110, 158), np.float32) + (np.array((120, 206, 206), np.float32) - (28, 110, 158)) * part
    for _ in range(70):
        y = random.uniform(horizon + 0.01, shore)
        x, w = random.uniform(-half, half), random.uniform(0.01, 0.06) * (0.4 + 4 * (y - horizon))
        canvas.line([(x - w, y), (x + w, y)], 0.003, (232, 246, 246), 0.5)
    sand = np.asarray(colors[1], np.float32)
    edge = [(-half, shore + 0.012), *((x, shore + 0.012 * np.sin(7 * x + 1)) for x in np.arange(-half, half, 0.06)), (half, shore)]
    canvas.fill([*edge, (half, 1.0), (-half, 1.0)], sand)
    canvas.line(edge, 0.016, (250, 252, 250), 0.9, soft=0.004)
    canvas.fill(_box(-half, 0.85, half, 1.0), sand * 0.9, 0.6, soft=0.08)
    hill = [(-half - 0.1, horizon), (-0.32, horizon - 0.06), (-0.12, horizon - 0.035), (0.04, horizon)]
    canvas.fill(smooth(hill, 6), (104, 140, 128), 0.9)
    side = 1.0 if random.uniform() < 0.5 else -1.0
    for shift in (0.0, 1.3, -1.3):
        x = side * 0.34 + shift
        trunk = smooth([(x + side * 0.04, 0.86), (x, 0.5), (x - side * 0.05, 0.14)])
        canvas.line(trunk, np.linspace(0.035, 0.02, len(trunk)), (126, 98, 72))
        crown = trunk[-1]
        for turn in np.linspace(-0.2, np.pi + 0.2, 9):
            tip = crown + (0.24 * np.cos(turn), -0.12 * np.sin(turn) + 0.09)
            leaf = smooth([crown, crown + (0.13 * np.cos(turn), -0.10 * np.sin(turn) - 0.01), tip], 8)
            canvas.line(leaf, np.interp(np.linspace(0, 1, len(leaf)), [0, 0.4, 1], [0.012, 0.036, 0.004]), (58, 108, 66), 0.95)
    canvas.glow(-side * 0.2, 0.12, 0.25, 0.2, (1.15, 1.13, 1.05), 1.0)


PLACES: Final[dict[str, Callable[[Canvas, tuple[Pixels, Pixels], np.random.Generator, float, float], None]]] = {
    "plain": _plain, "studio": _studio, "home": _home, "work": _work, "street": _street, "leisure": _leisure,
    "vacation": _vacation,
}  # fmt: skip
"""The scenes that the matrix names."""
