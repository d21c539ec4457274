"""Backgrounds: a place drawn with its furniture, houses or trees, a little out of focus as behind a portrait.

A place is painted on a small canvas of its own, one unit high with x = 0 in the middle, and blurred; wide pictures
simply show more of it. Places are kits (`scene.kits`), beside two plain backdrops; the scene's two colours set the mood
of what has no colour of its own, the seed moves furniture, so that personas have different homes. A place without a
name here gets soft shapes. The light's words set the hour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.cache import Memory
from personaforge.embedded.painter.scene.kits import kits, paint_kit, street_of
from personaforge.embedded.painter.strokes import Canvas, Pixels
from personaforge.faces.opencv import opencv
from personaforge.media.exact import blurred, curved

cv2 = opencv()

_ZOOM: Final = {"headshot": 1.5, "bust": 1.25, "half": 1.08, "full": 1.0}
"""How much closer the background is by distance, about the middle of the picture."""
_SOFT: Final = {"headshot": 0.0095, "bust": 0.007, "half": 0.0048, "full": 0.003}
"""Blur by distance, as a share of the picture's height."""
_SCENES: Final = Memory(14)
_PIXELS: Final = 320
"""Height of the small canvas: finer detail would be lost in the blur."""
_ALIAS: Final = {
    "leisure": "park", "vacation": "beach", "mountain": "mountain_path",
}  # fmt: skip
"""Names of scenes that the matrix has had from the start, and the kits that they are."""
_HOURS: Final[tuple[tuple[tuple[str, ...], tuple[float, float, float]], ...]] = (
    (("late", "evening", "golden", "sunset"), (1.06, 0.99, 0.90)),
    (("night", "lamp light"), (0.62, 0.66, 0.86)),
    (("shade", "overcast"), (0.97, 0.985, 1.0)),
)
"""Words of a light, and what such an hour makes of colours."""


class Where(NamedTuple):
    """Which place is behind a person."""

    place: str
    """A kit, a backdrop, or `street` for the street of a country."""
    country: str = ""
    season: str = ""
    """spring, summer, autumn or winter; empty for one by the seed."""
    light: str = ""
    """The position's light in words."""


def paint_scene(
    where: Where, colors: tuple[Pixels, Pixels], width: int, height: int, distance: str, floor: float, seed: int
) -> Pixels:
    """Return a background, (3, height, width). `floor` is where a standing person's soles are, as a share of height."""
    key = (where, tuple(map(tuple, colors)), width, height, distance, round(floor, 3), seed)
    soft = _SCENES.get(key, lambda: _soft_scene(where, colors, width, height, distance, floor, seed))
    return np.stack([curved(plane, height, width) for plane in cv2.split(soft)])


def kit_named(where: Where) -> str:
    """Return the kit of a place; empty for a backdrop and for a place that no kit is."""
    name = _ALIAS.get(where.place, where.place)
    if name == "street":
        return street_of(where.country)
    return name if name in kits() else ""


def _soft_scene(
    where: Where, colors: tuple[Pixels, Pixels], width: int, height: int, distance: str, floor: float, seed: int
) -> Pixels:
    half = 0.5 * width / height
    kit, zoom = kit_named(where), _ZOOM[distance]
    scale = min(_PIXELS, height) * zoom
    canvas = Canvas(-half, 0.0, half, 1.0, scale, colors[0])
    floor = min(floor, 1.25)
    if kit:
        paint_kit(canvas, kit, colors, seed, floor, half, where.season)
        hour = next((tint for words, tint in _HOURS if any(word in where.light for word in words)), None)
        if hour is not None:
            canvas.planes *= np.asarray(hour, np.float32)[:, None, None]
    else:
        BACKDROPS.get(where.place, _anywhere)(canvas, colors, np.random.default_rng(seed), floor, half)
    rows, columns = canvas.height, canvas.width
    picture = canvas.picture()
    if zoom > 1:
        keep_y, keep_x = max(2, round(rows / zoom)), max(2, round(columns / zoom))
        top, left = int(0.40 * (rows - keep_y)), (columns - keep_x) // 2
        picture = picture[top : top + keep_y, left : left + keep_x]
    sigma = max(_SOFT[distance] * picture.shape[0], 0.5)
    return blurred(np.clip(picture, 0, 255), sigma)


def _gradient(canvas: Canvas, top: Pixels, bottom: Pixels) -> None:
    part = ((np.arange(canvas.height, dtype=np.float32) + 0.5) / canvas.height)[None, :, None]
    high, low = (np.asarray(color, np.float32)[:, None, None] for color in (top, bottom))
    canvas.planes[:] = high + (low - high) * part


def _studio(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    _gradient(canvas, colors[0], colors[1])
    canvas.glow(0.0, 0.35, 0.38, 0.34, (1.12, 1.12, 1.12), 0.9)
    if floor < 1.2:
        y = max(floor - 0.10, 0.1)
        below = [(-half, y), (half, y), (half, 1.0), (-half, 1.0)]
        canvas.fill(below, np.minimum(colors[1] * 1.12, 255), 0.5, soft=0.05)
        canvas.glow(0.0, floor, 0.20, 0.03, (0.72, 0.72, 0.74), 0.8)


def _anywhere(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    _gradient(canvas, colors[0], colors[1])
    for _ in range(9):
        x, y = random.uniform(-half, half), random.uniform(0, 1)
        factor = 1 + random.uniform(-0.08, 0.08)
        canvas.glow(x, y, random.uniform(0.05, 0.2), random.uniform(0.05, 0.25), (factor, factor, factor))


def _plain(
    canvas: Canvas, colors: tuple[Pixels, Pixels], random: np.random.Generator, floor: float, half: float
) -> None:
    _gradient(canvas, colors[0], colors[1])
    canvas.glow(-0.2, 0.3, 0.4, 0.4, (1.035, 1.035, 1.03), 1.0)


BACKDROPS: Final[dict[str, Callable[[Canvas, tuple[Pixels, Pixels], np.random.Generator, float, float], None]]] = {
    "plain": _plain,
    "studio": _studio,
}
"""What is not a place."""


def places() -> frozenset[str]:
    """Return all names that are drawn as something: backdrops, kits, and the matrix's own scenes."""
    return frozenset({*BACKDROPS, *_ALIAS, "street", *kits()})
