"""What the parts of a head outside its two surfaces are drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.figure.layers import Window
from personaforge.embedded.painter.scene.light import Light
from personaforge.embedded.painter.strokes import Pixels, Points
from personaforge.faces.opencv import opencv

cv2 = opencv()


class Sitter(NamedTuple):
    """The person whose head it is."""

    face: Face
    at: Mapping[str, float]
    """The face's lengths."""
    light: Light
    align: int
    """Layers start at multiples of so many pixels."""


def patch(
    head: Sitter,
    outline: Points,
    window: Window,
    at: tuple[int, int] | None = None,
    size: tuple[int, int] | None = None,
) -> tuple[Pixels, int, int]:
    """Return a shape's cover on the smallest part of the window, or on the given one, and where that starts."""
    place = (outline - (window.left, window.top)) * window.scale
    if at is None or size is None:
        low, high = np.floor(place.min(axis=0) - 2), np.ceil(place.max(axis=0) + 2)
        align = head.align
        limit = (window.width - align, window.height - align)
        start = [int(np.clip(v, 0, most)) // align * align for v, most in zip(low, limit, strict=True)]
        stop = [int(np.clip(v, s + align, most + align)) for v, s, most in zip(high, start, limit, strict=True)]
        size = (-(-(stop[1] - start[1]) // align) * align, -(-(stop[0] - start[0]) // align) * align)
        at = (start[0], start[1])
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.round((place - at) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / np.float32(255), at[0], at[1]
