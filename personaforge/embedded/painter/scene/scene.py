"""Backgrounds: a place drawn with a few large shapes, out of focus as behind a portrait.

A place is painted on a small canvas of its own, one unit high with x = 0 in the middle, and blurred; wide pictures
simply show more of it. The scene's two colours set its mood, the seed moves its furniture, so that personas have
different homes. A place without a name here gets soft shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from personaforge.embedded.painter.cache import Memory
from personaforge.embedded.painter.scene.country import countryside, mountain
from personaforge.embedded.painter.scene.outdoors import box, gradient, leisure, street, vacation
from personaforge.embedded.painter.scene.rooms import clinic, hall, kitchen, workshop
from personaforge.embedded.painter.strokes import Canvas, Pixels, smooth
from personaforge.faces.opencv import opencv
from personaforge.media.exact import blurred, curved

cv2 = opencv()

_ZOOM: Final = {"headshot": 1.5, "bust": 1.25, "half": 1.08, "full": 1.0}
"""How much closer the background is by distance, about the middle of the picture."""
_SOFT: Final = {"headshot": 0.016, "bust": 0.012, "half": 0.0085, "full": 0.0055}
"""Blur by distance, as a share of the picture's height."""
_SCENES: Final = Memory(24)
_PIXELS: Final = 240
"""Height of the small canvas: finer detail would be lost in the blur."""


def paint_scene(
    place: str, colors: tuple[Pixels, Pixels], width: int, height: int, distance: str, floor: float, seed: int
) -> Pixels:
    """Return a background, (3, height, width). `floor` is where a standing person's soles are, as a share of height."""
    key = (place, tuple(map(tuple, colors)), width, height, distance, round(floor, 3), seed)
    soft = _SCENES.get(key, lambda: _soft_scene(place, colors, width, height, distance, floor, seed))
    return np.stack([curved(plane, height, width) for plane in cv2.split(soft)])


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
    picture = canvas.picture()
    if zoom > 1:
        keep_y, keep_x = max(2, round(rows / zoom)), max(2, round(columns / zoom))
        top, left = int(0.40 * (rows - keep_y)), (columns - keep_x) // 2
        picture = picture[top : top + keep_y, left : left + keep_x]
    sigma = max(_SOFT[distance] * picture.shape[0], 0.5)
    return blurred(np.clip(picture, 0, 255), sigma)


def _studio(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    gradient(canvas, colors[0], colors[1])
    canvas.glow(0.0, 0.35, 0.38, 0.34, (1.12, 1.12, 1.12), 0.9)
    if floor < 1.2:
        y = max(floor - 0.10, 0.1)
        canvas.fill(box(-half, y, half, 1.0), np.minimum(colors[1] * 1.12, 255), 0.5, soft=0.05)
        canvas.glow(0.0, floor, 0.20, 0.03, (0.72, 0.72, 0.74), 0.8)


def _anywhere(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    gradient(canvas, colors[0], colors[1])
    for _ in range(9):
        x, y = random.uniform(-half, half), random.uniform(0, 1)
        factor = 1 + random.uniform(-0.08, 0.08)
        canvas.glow(x, y, random.uniform(0.05, 0.2), random.uniform(0.05, 0.25), (factor, factor, factor))


def _plain(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    gradient(canvas, colors[0], colors[1])
    canvas.glow(-0.2, 0.3, 0.4, 0.4, (1.035, 1.035, 1.03), 1.0)


def _home(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    wall = 0.5 * (colors[0] + colors[1])
    gradient(canvas, wall * 1.05, wall * 0.92)
    side = -1.0 if random.uniform() < 0.6 else 1.0
    ground = min(floor - 0.10, 0.93)
    canvas.fill(box(-half, ground, half, 1.0), (132, 98, 70))
    canvas.fill(box(-half, ground - 0.018, half, ground), np.minimum(wall * 1.18, 255))
    for shift in np.arange(-2, 3) * 1.3:
        x = side * 0.24 + shift
        canvas.fill(box(x - 0.125, 0.10, x + 0.125, 0.62), (250, 248, 240))
        canvas.fill(box(x - 0.11, 0.115, x + 0.11, 0.605), (214, 232, 244))
        canvas.fill(box(x - 0.11, 0.40, x + 0.11, 0.605), (178, 200, 168), 0.8, soft=0.03)
        for bar in (x - 0.002, x - 0.11):
            canvas.fill(box(bar, 0.11, bar + 0.012, 0.61), (250, 248, 240))
        canvas.fill(box(x - 0.11, 0.33, x + 0.11, 0.342), (250, 248, 240))
        for edge in (-1, 1):
            line = smooth([(x + edge * 0.13, 0.07), (x + edge * 0.10, 0.3), (x + edge * 0.16, 0.68)])
            canvas.line(line, 0.07, np.minimum(colors[0] * 1.06, 255), 0.92, soft=0.004)
        canvas.glow(x, 0.38, 0.22, 0.30, (1.15, 1.14, 1.10), 0.9)
        shelf = x - side * 0.50
        for level in (0.22, 0.36, 0.50):
            canvas.fill(box(shelf - 0.15, level, shelf + 0.15, level + 0.014), (112, 80, 56))
            at = shelf - 0.135
            while at < shelf + 0.10:
                wide, tall = random.uniform(0.012, 0.030), random.uniform(0.06, 0.105)
                tone = random.choice(
                    np.array(
                        [(150, 70, 56), (58, 84, 104), (208, 182, 132), (92, 112, 84), (226, 216, 198), (84, 62, 78)]
                    )
                )
                canvas.fill(box(at, level - tall, at + wide, level), tone, 0.85)
                at += wide + (0.05 if random.uniform() < 0.12 else 0.002)
        pot = x + side * 0.20
        for _ in range(9):
            tip = (pot + random.uniform(-0.11, 0.11), ground - random.uniform(0.14, 0.34))
            leaf = smooth([(pot, ground - 0.08), (0.5 * (pot + tip[0]), tip[1] + 0.03), tip])
            canvas.line(leaf, [0.012] * 4 + [0.03] * 8 + [0.022] * 5, (76, 112, 70), 0.9)
        high, low = ground - 0.09, ground + 0.02
        canvas.fill([(pot - 0.05, high), (pot + 0.05, high), (pot + 0.038, low), (pot - 0.038, low)], (190, 120, 88))
        sofa = x - side * 0.52
        canvas.fill(
            smooth(box(sofa - 0.26, ground - 0.20, sofa + 0.26, ground + 0.05), 4, closed=True), colors[1] * 0.72
        )
        canvas.fill(
            smooth(box(sofa - 0.24, ground - 0.09, sofa + 0.24, ground + 0.06), 4, closed=True), colors[1] * 0.84
        )


def _work(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    gradient(canvas, colors[0] * 1.02, colors[0] * 0.88)
    ground = min(floor - 0.10, 0.95)
    canvas.fill(box(-half, ground, half, 1.0), colors[1] * 0.78)
    for shift in np.arange(-2, 3) * 1.1:
        for pane in range(3):
            x = shift - 0.46 + 0.20 * pane
            canvas.fill(box(x, 0.05, x + 0.185, 0.60), (222, 234, 244))
            canvas.fill(box(x, 0.34, x + 0.185, 0.60), (170, 186, 198), 0.85, soft=0.02)
            for block in range(3):
                left = x + 0.06 * block
                canvas.fill(box(left, random.uniform(0.26, 0.42), left + 0.055, 0.60), (142, 160, 176), 0.8)
        canvas.glow(shift - 0.2, 0.30, 0.3, 0.25, (1.10, 1.10, 1.10), 0.9)
        for row in range(7):
            canvas.fill(box(shift - 0.47, 0.05 + 0.02 * row, shift + 0.135, 0.058 + 0.02 * row), (240, 242, 242), 0.7)
        case = shift + 0.36
        canvas.fill(box(case - 0.17, 0.10, case + 0.17, ground), (158, 130, 100))
        for level in (0.14, 0.29, 0.44, 0.59):
            canvas.fill(box(case - 0.155, level, case + 0.155, level + 0.13), (104, 84, 66))
            at = case - 0.15
            while at < case + 0.11:
                wide = random.uniform(0.018, 0.036)
                tone = random.choice(
                    np.array([(198, 204, 208), (66, 92, 120), (176, 84, 62), (224, 214, 190), (74, 108, 98)])
                )
                canvas.fill(box(at, level + random.uniform(0.015, 0.04), at + wide, level + 0.13), tone, 0.9)
                at += wide + (0.06 if random.uniform() < 0.2 else 0.003)
        desk = shift - 0.18
        canvas.fill(box(desk - 0.07, 0.52, desk + 0.12, 0.65), (44, 50, 58))
        canvas.fill(box(desk - 0.06, 0.53, desk + 0.11, 0.64), (126, 158, 184))
        canvas.fill(box(desk - 0.30, 0.69, desk + 0.30, 0.72), (190, 160, 124))
        canvas.fill(box(desk - 0.28, 0.72, desk - 0.25, ground), (90, 92, 96))
        canvas.fill(box(desk + 0.25, 0.72, desk + 0.28, ground), (90, 92, 96))
        canvas.line([(shift, 0.0), (shift, 0.10)], 0.006, (60, 62, 66))
        canvas.fill(smooth([(shift - 0.05, 0.13), (shift, 0.085), (shift + 0.05, 0.13)], 5), (66, 70, 74))
        canvas.glow(shift, 0.14, 0.06, 0.04, (1.25, 1.20, 1.08), 1.0)


PLACES: Final[dict[str, Callable[[Canvas, tuple[Pixels, Pixels], np.random.Generator, float, float], None]]] = {
    "plain": _plain, "studio": _studio, "home": _home, "work": _work, "street": street, "leisure": leisure,
    "vacation": vacation, "beach": vacation, "mountain": mountain, "countryside": countryside, "kitchen": kitchen,
    "clinic": clinic, "workshop": workshop, "hall": hall,
}  # fmt: skip
"""The scenes that the matrix names, and the places of `matrix.places`."""
