"""Windows of the screen and the layers of pixels that a head is made of, and how coarse views become full ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from personaforge.embedded.painter.face.shell import View
from personaforge.embedded.painter.strokes import Pixels
from personaforge.media import exact


class Window(NamedTuple):
    """A rectangle of the screen in face units around the head's axis, and its resolution."""

    left: float
    top: float
    width: int
    height: int
    """Pixels."""
    scale: float
    """Pixels per face unit."""


class Layer(NamedTuple):
    """Pixels over a part of a window."""

    rgb: Pixels
    """(3, height, width)."""
    cover: Pixels
    """(height, width)."""
    x: int = 0
    y: int = 0
    """Where the part starts inside the window, in pixels."""


def shifted(layer: Layer, at: tuple[int, int], size: tuple[int, int]) -> Pixels:
    """Return a layer's cover on a part of the window that starts elsewhere."""
    found = np.zeros(size, np.float32)
    x, y = layer.x - at[0], layer.y - at[1]
    rows, columns = layer.cover.shape
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + columns, size[1]), min(y + rows, size[0])
    if x0 < x1 and y0 < y1:
        found[y0:y1, x0:x1] = layer.cover[y0 - y : y1 - y, x0 - x : x1 - x]
    return found


def enlarged(view: View, window: Window) -> View:
    """Return a coarse view at the window's full size."""
    return View(*(stretched(part, window) for part in (view.column, view.row, view.inside)))


def stretched(values: Pixels, window: Window) -> Pixels:
    """Return coarse values at the window's full size."""
    fine = detail(window.scale)
    if fine > 1:
        values = exact.enlarged(np.ascontiguousarray(values), fine)
    return np.ascontiguousarray(values[: window.height, : window.width])


def detail(scale: float) -> int:
    """Return how many pixels make one step of the coarse grid: shapes are smooth, so they are found coarsely."""
    return max(1 if scale < 80 else 2, round(scale / 95))
