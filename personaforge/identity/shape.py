"""Whether a picture or clip has the size and the shape that were asked for. Plain arithmetic over whole pixels.

    scale           sqrt(width * height delivered / width * height asked); 1 is the size that was asked for
    aspect_error    the larger of two aspect ratios over the smaller one, minus 1; 0 is the same shape

A provider that is told pixels has both demands. One that is told a ratio chooses its pixels itself: only the shape was
asked of it. Both are exact, so a bound has to allow for nothing but the rounding of sides; see conf/delivered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from personaforge.identity.demand import Demand, Use


class Told(NamedTuple):
    """The size that a provider was told."""

    width: int
    height: int
    exact: bool
    """Whether these are pixels; otherwise only their ratio was asked for."""

    @property
    def text(self) -> str:
        """As people write it: 832x1216, or 2:3."""
        return f"{self.width}x{self.height}" if self.exact else f"{self.width}:{self.height}"


class Shape(NamedTuple):
    """How a picture's or clip's size compares with what was asked for, 6 decimals."""

    scale: float | None
    """None where no size in pixels was asked for."""
    aspect_error: float


def shape_of(told: Told, width: int, height: int) -> Shape:
    """Compare a size in pixels with what was asked for. All numbers are above 0."""
    ratios = sorted((told.width / told.height, width / height))
    scale = math.sqrt(width * height / (told.width * told.height)) if told.exact else None
    return Shape(None if scale is None else round(scale, 6), round(ratios[1] / ratios[0] - 1, 6))


def shape_demands(
    told: Told, width: int, height: int, bounds: Mapping[str, Any], *, of_clip: bool
) -> tuple[Demand, ...]:
    """Return the demands on the size, where pixels were asked for, and on the shape.

    `bounds` is the group `delivered` of the settings.
    """
    shape = shape_of(told, width, height)
    came = f"{width}x{height}"
    found = []
    if shape.scale is not None:
        low, high = float(bounds["size"]["min_scale"]), float(bounds["size"]["max_scale"])
        found.append(
            Demand(
                "size",
                told.text,
                came,
                f"{low:g} to {high:g} times as large",
                _use(bounds["size"], of_clip),
                low <= shape.scale <= high,
                words=f"The last result was {width} by {height} pixels; it must be {told.width} by {told.height}.",
                lasting=True,
            )
        )
    most = float(bounds["aspect"]["max_error"])
    kind = "wide" if width / height > told.width / told.height else "narrow"
    words = f"The last result was too {kind}; width to height must be {told.width} to {told.height}."
    bound = f"at most {most * 100:g} % off"
    met = shape.aspect_error <= most
    use = _use(bounds["aspect"], of_clip)
    return (*found, Demand("aspect", told.text, came, bound, use, met, words=words, lasting=True))


def _use(bound: Mapping[str, Any], of_clip: bool) -> Use:
    return Use(bound["of_clips" if of_clip else "action"])
