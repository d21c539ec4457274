"""What the parts of a scene share: the canvas, the ground's height, season and hour, colours and chance.

A scene is one unit high, x = 0 in the middle, y down; a portrait shows x from -0.375 to 0.375. Colours are float RGB in
0..255 sRGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.strokes import Canvas, Pixels, Points

LEAVES: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    "spring": ((126, 166, 84), (148, 182, 98), (138, 174, 90), (158, 188, 108), (226, 190, 198)),
    "summer": ((84, 122, 66), (104, 142, 76), (72, 106, 62)),
    "autumn": ((206, 132, 58), (178, 92, 48), (214, 172, 76)),
    "winter": ((146, 146, 142), (170, 172, 172), (122, 120, 116)),
}
"""Colours of leaves by season; in winter those of bare twigs."""
GRASS: Final[dict[str, tuple[int, int, int]]] = {
    "spring": (150, 186, 104), "summer": (136, 164, 88), "autumn": (168, 156, 92), "winter": (236, 240, 245),
}  # fmt: skip
"""Colours of meadows by season; in winter there is snow."""


class Setting(NamedTuple):
    """One scene that is being painted. `chance` is anew for each part, so that no part moves another."""

    canvas: Canvas
    colors: tuple[Pixels, Pixels]
    """The scene's own two, top and bottom."""
    chance: np.random.Generator
    ground: float
    """Where a room's wall meets its floor, as a share of the height."""
    half: float
    """Half the picture's width."""
    season: str = "summer"

    def tone(self, said: str | Sequence[str]) -> Pixels:
        """Return the colour that a kit says: `#rrggbb`, `top` or `low` for the scene's own, or one of a list; `*0.8`
        behind it darkens."""
        if not isinstance(said, str):
            said = said[int(self.chance.integers(len(said)))]
        name, _, factor = said.partition("*")
        if name in ("top", "low"):
            found = self.colors[0 if name == "top" else 1]
        else:
            value = int(name[1:], 16)
            found = np.array((value >> 16, value >> 8 & 255, value & 255), np.float32)
        return np.asarray(np.clip(found * np.float32(factor or 1), 0, 255), np.float32)

    def leaf(self) -> Pixels:
        """Return a colour of leaves at this season."""
        tones = LEAVES[self.season]
        found = np.asarray(tones[int(self.chance.integers(len(tones)))], np.float32)
        return np.asarray(np.clip(found * self.chance.uniform(0.86, 1.12), 0, 255), np.float32)

    def green(self) -> Pixels:
        """Return a colour of leaves without blossom."""
        tones = LEAVES[self.season][: -1 if self.season == "spring" else None]
        return self.pick(tones, 0.9, 1.1)

    def pick(self, tones: Sequence[tuple[int, int, int]], low: float = 0.9, high: float = 1.08) -> Pixels:
        """Return one of some colours, a little lighter or darker."""
        found = np.asarray(tones[int(self.chance.integers(len(tones)))], np.float32)
        return np.asarray(np.clip(found * self.chance.uniform(low, high), 0, 255), np.float32)

    def fill(self, points: ArrayLike, color: ArrayLike, alpha: float = 1.0, soft: float = 0.0) -> None:
        """Mix a colour into a polygon."""
        self.canvas.fill(points, color, alpha, soft)

    def box(self, x0: float, y0: float, x1: float, y1: float, color: ArrayLike, alpha: float = 1.0) -> None:
        """Mix a colour into a rectangle."""
        self.canvas.fill([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], color, alpha)

    def line(self, points: ArrayLike, width: ArrayLike, color: ArrayLike, alpha: float = 1.0) -> None:
        """Mix a colour into a stroke."""
        self.canvas.line(points, width, color, alpha)

    def shadow(self, x: float, y: float, wide: float, amount: float = 0.45) -> None:
        """Darken the ground under something that stands there."""
        self.canvas.glow(x, y, 0.5 * wide, 0.012 + 0.05 * wide, (0.5, 0.5, 0.52), amount)

    def solid(self, x0: float, y0: float, x1: float, y1: float, color: Pixels, deep: float = 0.02) -> None:
        """Paint a box seen a little from above and from the middle: front, top and the side that faces x = 0."""
        side = -1.0 if x0 + x1 > 0 else 1.0
        near = x0 if side < 0 else x1
        shift = 0.5 * deep * side
        self.fill([(near, y0), (near + shift, y0 - deep), (near + shift, y1 - deep), (near, y1)], color * 0.72)
        self.fill([(x0, y0), (x1, y0), (x1 + shift, y0 - deep), (x0 + shift, y0 - deep)], np.minimum(color * 1.12, 255))
        self.box(x0, y0, x1, y1, color)

    def band(self, y0: float, y1: float, top: ArrayLike, bottom: ArrayLike) -> None:
        """Fill the whole width between two heights with a gradient."""
        canvas = self.canvas
        first, last = (min(max(round(y * canvas.scale), 0), canvas.height) for y in (y0, y1))
        if last <= first:
            return
        part = ((np.arange(last - first, dtype=np.float32) + 0.5) / max(last - first, 1))[None, :, None]
        high, low = (np.asarray(color, np.float32)[:, None, None] for color in (top, bottom))
        canvas.planes[:, first:last] = high + (low - high) * part


def rounded(x: float, y: float, wide: float, high: float) -> Points:
    """Return a rectangle with round corners; x, y is its middle."""
    r = 0.35 * min(wide, high)
    w, h = wide, high
    return np.array(
        [(x - w, y - h + r), (x - w + 0.3 * r, y - h + 0.3 * r), (x - w + r, y - h), (x + w - r, y - h),
         (x + w - 0.3 * r, y - h + 0.3 * r), (x + w, y - h + r), (x + w, y + h - r), (x + w - 0.3 * r, y + h - 0.3 * r),
         (x + w - r, y + h), (x - w + r, y + h), (x - w + 0.3 * r, y + h - 0.3 * r), (x - w, y + h - r)]
    )  # fmt: skip
