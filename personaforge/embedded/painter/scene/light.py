"""The light of a picture, from its free text, and its effect on skin, hair and cloth.

Directions are unit vectors, x to the viewer's right, y down, z to the viewer. Results are factors in linear light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from personaforge.embedded.painter.strokes import Pixels
from personaforge.media.exact import hump

_WRAP: Final = (0.30, 0.19, 0.15)
"""How far light reaches around skin, per channel: more in red, a simple substitute for light inside the skin."""


@dataclass(frozen=True, slots=True)
class Light:
    """A key light, a fill from the other side and an even surrounding light."""

    direction: tuple[float, float, float]
    key: float
    fill: float
    around: float
    tint: tuple[float, float, float]
    """Colour of the key."""
    rim: float

    def on_skin(self, normals: Pixels, sky: Pixels) -> list[Pixels]:
        """Return the light on skin, a plane for each channel; `sky` is the visible share of the surroundings."""
        facing = self._facing(normals)
        other = np.clip(-normals[..., 0] * np.sign(self.direction[0] or 1) * 0.7 + 0.6 * normals[..., 2], 0, 1)
        even = self.fill * other + self.around * (0.9 - 0.1 * normals[..., 1]) * sky
        near = 0.35 + 0.65 * sky
        return [
            np.asarray(even + self.key * tint * near * np.clip((facing + wrap) / (1 + wrap), 0, 1), np.float32)
            for wrap, tint in zip(_WRAP, self.tint, strict=True)
        ]

    def on_hair(self, normals: Pixels) -> Pixels:
        """Return the light on hair."""
        wrapped = np.clip((self._facing(normals) + 0.45) / 1.45, 0, 1)
        aside = np.clip(1 - normals[..., 2], 0, 1)
        edge = self.rim * aside * aside * aside  # numpy's power is many times as slow
        return np.asarray(self.key * wrapped + self.around + edge, np.float32)

    def gloss(self, normals: Pixels) -> Pixels:
        """Return the band of light around smooth hair."""
        level = normals[..., 1] - 0.8 * self.direction[1] + 0.18
        return np.asarray(self.key * hump(level / 0.24) * np.clip(normals[..., 2], 0, 1), np.float32)

    def sheen(self, normals: Pixels) -> Pixels:
        """Return the soft shine of skin and the rim light."""
        x, y, z = self.direction
        half = np.array((x, y, z + 1), np.float32)
        half /= np.sqrt((half * half).sum())
        toward, aside = np.clip(_along(normals, half), 0, 1) ** 2, np.clip(1 - normals[..., 2], 0, 1) ** 2
        eighth = toward**2
        eighth *= eighth
        bright = eighth * eighth * toward  # the 18th power of the cosine
        return np.asarray(0.05 * self.key * bright + 0.08 * self.rim * aside * aside, np.float32)

    def flat(self, side: int) -> float:
        """Return the brightness of something small that faces sideways, such as an ear, as a factor in sRGB."""
        return float(np.clip(0.80 + 0.10 * side * np.sign(self.direction[0]), 0, 1))

    def on_cloth(self, normals: Pixels) -> Pixels:
        """Return the light on cloth and limbs, as a factor in sRGB."""
        wrapped = np.clip((self._facing(normals) + 0.3) / 1.3, 0, 1)
        return np.asarray(np.sqrt(self.key * wrapped + self.around), np.float32)

    def _facing(self, normals: Pixels) -> Pixels:
        return _along(normals, self.direction)


def _along(normals: Pixels, direction: Sequence[float] | Pixels) -> Pixels:
    """Return how far normals point along a direction: numpy's matrix product differs between processors."""
    found = normals[..., 0] * np.float32(direction[0])
    found += normals[..., 1] * np.float32(direction[1])
    found += normals[..., 2] * np.float32(direction[2])
    return np.asarray(found, np.float32)


def light_of(text: str, jitter: float) -> Light:
    """Return the light that a position's text describes; without known words it is soft light from the upper left.

    `jitter` in [-1, 1] moves the key a little.
    """
    side = 1.0 if "right" in text else -1.0
    height, key, fill, around, rim = -0.55, 0.62, 0.10, 0.42, 0.1
    tint = (1.0, 1.0, 1.0)
    if "even" in text or "broad" in text or "shade" in text:
        side, key, around = side * 0.5, 0.50, 0.52
    if "single" in text:
        key, fill, around = 0.80, 0.04, 0.28
    if "window" in text or "daylight" in text:
        tint = (0.98, 1.0, 1.03)
    if "sun" in text or "afternoon" in text:
        key, around, tint = 0.72, 0.38, (1.07, 1.0, 0.88)
    if "top" in text:
        height, side = -0.95, side * 0.4
    if "rim" in text:
        rim, key = 0.8, 0.52
    direction = np.array((side * 0.5 + 0.06 * jitter, height, 0.75))
    direction /= np.sqrt((direction * direction).sum())
    return Light((float(direction[0]), float(direction[1]), float(direction[2])), key, fill, around, tint, rim)
