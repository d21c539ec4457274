"""Cuts and patterns of clothes: how the painter draws a garment's words.

A cut says where the neckline is, how long the sleeves are and what lies over it; a pattern gives each point of the body
in face units its colour, so that it doesn't move when the picture's size changes. Colours are float RGB in 0..255 sRGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.outfit import Color
from personaforge.embedded.painter.strokes import Pixels, noise
from personaforge.media.exact import arctan2, cos, hypot, sin


class Cut(NamedTuple):
    """One garment."""

    neck: tuple[tuple[float, float], ...]
    """Right half of the neckline from the shoulder to the middle, face units."""
    sleeve: float
    """0 none, 0.4 short, 1 to the wrist."""
    extra: str = ""
    """What lies over it: collar, lapels, hood, roll, zip, wrap, placket, drape."""
    loose: float = 0.0
    """Added to the half width, face units."""
    skirt: float = 0.0
    """Height of a skirt's hem in body units, 0 for trousers."""
    hem: float = 9.9
    """Height of the lower edge, body units."""
    inner: bool = False
    """Whether a second layer shows in the opening."""


CROPPED: Final = 8.3
"""The hem of a top that is cropped, face units below the eyes."""
CUTS: Final[dict[str, Cut]] = {
    "tee": Cut(((0.74, 2.04), (0.58, 2.38), (0.30, 2.60), (0.0, 2.66)), 0.42),
    "blouse": Cut(((1.45, 2.28), (1.15, 2.7), (0.60, 2.96), (0.0, 3.05)), 0.8, loose=0.1, hem=9.6),
    "shirt": Cut(((0.66, 1.96), (0.42, 2.42), (0.18, 2.85), (0.0, 3.15)), 1.0, "collar", 0.05, hem=10.3),
    "blazer": Cut(((0.80, 2.04), (0.62, 3.0), (0.35, 4.6), (0.0, 6.3)), 1.0, "lapels", 0.16, hem=10.7, inner=True),
    "hoodie": Cut(((0.78, 2.02), (0.60, 2.38), (0.32, 2.62), (0.0, 2.70)), 1.0, "hood", 0.26),
    "knit": Cut(((0.62, 1.80), (0.45, 2.0), (0.22, 2.08), (0.0, 2.10)), 1.0, "roll", 0.12),
    "dress": Cut(((1.0, 2.14), (0.88, 2.7), (0.50, 3.12), (0.0, 3.22)), 0.35, skirt=15.6),
    "tank": Cut(((1.08, 2.18), (0.96, 2.85), (0.58, 3.3), (0.0, 3.4)), 0.0, hem=9.5),
    "polo": Cut(((0.66, 1.98), (0.42, 2.40), (0.16, 2.76), (0.0, 3.05)), 0.42, "collar"),
    "jacket": Cut(((0.82, 2.04), (0.74, 3.2), (0.62, 5.3), (0.5, 9.8)), 1.0, "zip", 0.18, hem=9.5, inner=True),
    "robe": Cut(((0.78, 2.02), (0.62, 2.8), (0.30, 4.0), (0.0, 5.2)), 0.85, "wrap", 0.3, skirt=18.0),
    "tunic": Cut(((0.62, 1.96), (0.44, 2.24), (0.20, 2.42), (0.0, 2.46)), 1.0, "placket", 0.14, hem=12.0),
    "kurta": Cut(((0.60, 1.92), (0.42, 2.16), (0.20, 2.32), (0.0, 2.36)), 1.0, "placket", 0.12, hem=15.4),
    "gown": Cut(((1.22, 2.22), (1.12, 2.95), (0.62, 3.36), (0.0, 3.20)), 0.0, skirt=20.4),
    "saree": Cut(((1.0, 2.14), (0.84, 2.66), (0.46, 3.0), (0.0, 3.08)), 0.36, "drape", skirt=20.2),
    "kaftan": Cut(((0.66, 1.96), (0.46, 2.26), (0.20, 2.50), (0.0, 2.58)), 0.94, "slit", 0.34, skirt=19.4),
    "kimono": Cut(((0.76, 1.98), (0.56, 2.5), (0.26, 3.1), (0.0, 3.5)), 0.94, "crossed", 0.24, skirt=19.8),
    "hanbok": Cut(((0.76, 1.98), (0.56, 2.45), (0.26, 3.0), (0.0, 3.3)), 0.96, "ribboned", 0.16, skirt=19.8),
    "qipao": Cut(((0.60, 1.90), (0.42, 2.14), (0.20, 2.30), (0.0, 2.34)), 0.34, "frogs", 0.03, skirt=17.6),
    "ao dai": Cut(((0.60, 1.90), (0.42, 2.14), (0.20, 2.30), (0.0, 2.34)), 1.0, "frogs", 0.04, skirt=17.6),
    "huipil": Cut(((0.92, 2.12), (0.84, 2.62), (0.70, 2.74), (0.0, 2.78)), 0.40, "woven", 0.26, hem=10.6),
    "dashiki": Cut(((0.70, 2.02), (0.46, 2.6), (0.20, 3.1), (0.0, 3.3)), 0.52, "yoke", 0.24, hem=11.0),
}
"""By name. The last seven are named by words of garments alone (`wear.yaml`, `cuts`), never by an origin."""


def cloth(pattern: str, palette: Sequence[Color], x: Pixels, y: Pixels, seed: int) -> Pixels:
    """Return a cloth's colour at body points `x` (1, columns) and `y` (rows, 1): planes for (3, rows, columns)."""
    first, second, third = (
        np.asarray(palette[min(index, len(palette) - 1)], np.float32)[:, None, None] for index in range(3)
    )
    if pattern == "stripes":
        return _mixed(first, second, _wave(y, 0.62) > 0.25, 0.85)
    if pattern == "pinstripes":
        return _mixed(first, second, np.clip((_wave(x, 0.30) - 0.55) / 0.3, 0, 1), 0.8)
    if pattern == "dots":
        row = np.floor(y / 0.4)
        away = hypot((x / 0.4 + 0.5 * (row % 2)) % 1 - 0.5, (y / 0.4) % 1 - 0.5)
        return _mixed(first, second, np.clip((0.2 - away) / 0.05 + 0.5, 0, 1), 0.9)
    if pattern == "plaid":
        bands = 0.5 * (_wave(x, 1.1) > 0.3) + 0.5 * (_wave(y, 1.1) > 0.3)
        lines = np.maximum(_wave(x + 0.5, 1.1) > 0.97, _wave(y + 0.5, 1.1) > 0.97)
        return _mixed(_mixed(first, second, bands, 0.55), third, lines, 0.5)
    if pattern == "floral":
        cell = 0.62
        column, row = np.floor(x / cell), np.floor(y / cell)
        columns, rows = np.arange(column.min(), column.max() + 1), np.arange(row.min(), row.max() + 1)
        cells = sin((columns * 127.1 + rows[:, None] * 311.7 + seed % 97).astype(np.float64)) * 43758.5453 % 1
        chance = cells.astype(np.float32)[(row - rows[0]).astype(int), (column - columns[0]).astype(int)]
        dx = x / cell - column - 0.3 - np.float32(0.4) * chance
        dy = y / cell - row - 0.3 - np.float32(0.4) * (chance * np.float32(7.3) % 1)
        away = np.sqrt(dx * dx + dy * dy)
        petals = np.zeros_like(away)
        near = away < 0.3  # no petal is longer
        turn = arctan2(dy[near], dx[near])
        petals[near] = np.clip((0.2 * (1 + 0.35 * cos(5 * turn + 6 * chance[near])) - away[near]) / 0.05 + 0.5, 0, 1)
        flower = _mixed(first, np.where(chance > 0.5, second, third), petals, 0.85)
        return _mixed(flower, 0.5 * first + 60, np.clip((0.055 - away) / 0.03 + 0.5, 0, 1), 0.8)
    if pattern == "wax":  # a wax print: rings with rays, each row offset
        row = np.floor(y / 1.15)
        dx, dy = (x / 1.15 + 0.5 * (row % 2)) % 1 - 0.5, (y / 1.15) % 1 - 0.5
        away, turn = hypot(dx, dy), arctan2(dy, dx)
        rays = (away > 0.27) & (away < 0.43) & (cos(14 * turn) > 0.1)
        print_ = _mixed(first, second, rays, 0.95)
        print_ = _mixed(print_, third, (away < 0.24) & (away > 0.15), 0.95)
        return _mixed(print_, second, away < 0.08, 0.95)
    if pattern == "kente":  # strips of narrow loom cloth: plain blocks and blocks of fine bars take turns
        strip, block = np.floor(x / 0.62), np.floor(y / 0.62)
        odd = (strip + block) % 2 > 0
        bars = np.where(odd, _wave(y, 0.155) > 0.1, _wave(x, 0.31) > 0.75)
        woven = _mixed(first, np.where((strip % 3) > 1, third, second), bars, 0.92)
        return _mixed(woven, 0.35 * first, _wave(x, 0.62) > 0.985, 0.6)
    if pattern == "batik":  # small flowers and dots between waved bands
        bands = _wave(y + 0.18 * sin(4.2 * x), 0.95) > 0.72
        away = hypot((x / 0.34) % 1 - 0.5, (y / 0.34 + 0.5 * (np.floor(x / 0.34) % 2)) % 1 - 0.5)
        return _mixed(_mixed(first, second, bands, 0.8), third, (away < 0.2) & (away > 0.09), 0.75)
    if pattern == "sequins":
        row = np.floor(y / 0.11)
        column = np.floor(x / 0.11 + 0.5 * (row % 2))
        chance = sin((column * 91.7 + row * 247.3 + seed % 97).astype(np.float64)) * 43758.5453 % 1
        away = hypot((x / 0.11 + 0.5 * (row % 2)) % 1 - 0.5, (y / 0.11) % 1 - 0.5)
        scale = np.clip((0.5 - away) / 0.16 + 0.5, 0, 1)
        # Most lie flat and are hardly lighter than the cloth; a few catch the light in its own colour.
        shiny = np.asarray(first * (0.74 + 0.20 * chance * scale), np.float32)
        glint = np.clip(1.25 * first + 34, 0, 255)
        shiny = _mixed(shiny, glint, scale * (chance > 0.88), 0.75)
        shiny = _mixed(shiny, np.where(chance > 0.5, second, third), scale * ((chance > 0.40) & (chance < 0.44)), 0.5)
        return np.asarray(np.minimum(shiny, 255), np.float32)
    if pattern == "metallic":
        sheen = 0.5 + 0.5 * sin(3.1 * x + 1.7 * y + 2 * sin(0.9 * y + x))
        shiny = _mixed(first, second, sheen, 0.22) * (0.90 + 0.20 * sheen * sheen * sheen)
        return np.asarray(np.minimum(shiny, 255), np.float32)
    return first


def folds(shape: tuple[int, int], scale: float, seed: int) -> Pixels:
    """Return a factor around 1: soft folds that run mostly downwards."""
    wide = noise(shape[0], shape[1], max(0.7 * scale, 2), seed, stretch=2.2)
    fine = noise(shape[0], shape[1], max(0.28 * scale, 2), seed + 1, stretch=3.0)
    return np.asarray(1 + 0.055 * wide + 0.03 * fine, np.float32)


def _wave(at: Pixels, period: float) -> Pixels:
    return np.asarray(cos(2 * np.pi * at / period), np.float32)


def _mixed(base: Pixels, color: Pixels, weight: ArrayLike, alpha: float) -> Pixels:
    return np.asarray(base + (color - base) * (np.asarray(weight, np.float32) * np.float32(alpha)), np.float32)
