"""What busy hands hold, in front of the body: painted before the arms, whose hands lie over it.

Points are body points in face units, x = 0 in the middle; where the hands are says `figure.stances`. Colours are float
RGB in 0..255 sRGB.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.stances import arms_of
from personaforge.embedded.painter.strokes import Points, ellipse, ribbon, smooth

_WIDER: Final = 1.25
_ABOVE: Final = 0.75
"""Face units."""


def paint_held(painter: BodyPainter) -> None:
    """Paint what the scenery's `held` names; a name without a shape here, and none, are an open notebook."""
    HELD.get(painter.scenery.held, _notebook)(painter)


def _put(painter: BodyPainter, points: ArrayLike) -> Points:
    """Return a thing's points on the screen: larger than they are written, and above the fingers that would hide it."""
    return painter.placed(np.multiply(points, (_WIDER, 1.0)) - (0.0, _ABOVE), 1.0)


def _solid(painter: BodyPainter, points: ArrayLike, bulge: float, color: ArrayLike) -> None:
    painter.solid(_put(painter, points), bulge, np.asarray(color, np.float32))


def _shaded(painter: BodyPainter, points: ArrayLike, bulge: float, color: ArrayLike) -> None:
    painter.shade_under(np.add(_put(painter, points), (0.06, 0.12)), 0.4)
    _solid(painter, points, bulge, color)


def _box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _notebook(painter: BodyPainter) -> None:
    page = painter.placed([(-1.25, 6.3), (1.25, 6.3), (1.32, 8.0), (-1.32, 8.0)], 1.0)
    painter.shade_under(np.add(page, (0.06, 0.12)), 0.4)
    painter.solid(page, 0.12, np.array((86, 74, 66)))
    for side in (-1, 1):
        sheet = painter.placed(
            [(side * 0.04, 6.38), (side * 1.17, 6.38), (side * 1.24, 7.88), (side * 0.04, 7.95)], 1.0
        )
        painter.solid(sheet, 0.3, np.array((236, 231, 221)))
    painter.canvas.crease(painter.placed([(0.0, 6.36), (0.0, 7.96)], 1.0), 0.08, (0.7, 0.68, 0.66), 0.8, soft=0.03)


def _clipboard(painter: BodyPainter) -> None:
    _shaded(painter, [(-0.95, 5.9), (0.95, 5.9), (1.0, 8.2), (-1.0, 8.2)], 0.12, (134, 98, 66))
    _solid(painter, [(-0.82, 6.1), (0.82, 6.1), (0.87, 8.08), (-0.87, 8.08)], 0.2, (240, 238, 231))
    _solid(painter, _box(-0.32, 5.8, 0.32, 6.08), 0.08, (150, 153, 158))
    for row in range(6):
        line = _put(painter, [(-0.65, 6.45 + 0.24 * row), (0.55 - 0.12 * (row % 3), 6.45 + 0.24 * row)])
        painter.canvas.line(line, 0.04, (120, 124, 132), 0.7)


def _bowl(painter: BodyPainter) -> None:
    bowl = smooth([(-1.15, 6.85), (-0.9, 7.7), (0.0, 8.1), (0.9, 7.7), (1.15, 6.85)], 6)
    _shaded(painter, bowl, 0.5, (206, 199, 186))
    _solid(painter, ellipse(0.0, 6.85, 1.15, 0.28), 0.1, (166, 158, 146))
    _solid(painter, ellipse(0.0, 6.87, 0.98, 0.2), 0.3, (214, 168, 92))
    _solid(painter, ribbon(np.asarray([(0.35, 6.85), (0.75, 5.6)]), 0.15), 0.06, (150, 112, 74))


def _cup(painter: BodyPainter) -> None:
    _solid(
        painter, ribbon(smooth([(0.5, 6.75), (0.98, 6.9), (0.9, 7.35), (0.45, 7.5)], 6), 0.14), 0.06, (228, 222, 212)
    )
    _shaded(painter, [(-0.55, 6.5), (0.55, 6.5), (0.42, 7.75), (-0.42, 7.75)], 0.3, (236, 231, 221))
    _solid(painter, ellipse(0.0, 6.5, 0.55, 0.15), 0.05, (96, 62, 40))


def _hammer(painter: BodyPainter) -> None:
    x = _grasp(painter)
    _shaded(painter, ribbon(np.asarray([(x + 0.22, 8.0), (x - 0.22, 5.5)]), 0.2), 0.09, (150, 108, 66))
    _solid(painter, [(x - 0.62, 5.2), (x + 0.30, 5.02), (x + 0.36, 5.36), (x - 0.56, 5.54)], 0.12, (112, 116, 122))


def _brush(painter: BodyPainter) -> None:
    x = _grasp(painter)
    _shaded(painter, ribbon(np.asarray([(x + 0.20, 7.9), (x - 0.20, 6.1)]), 0.12), 0.05, (168, 122, 74))
    _solid(painter, ribbon(np.asarray([(x - 0.18, 6.2), (x - 0.24, 5.92)]), 0.16), 0.06, (170, 172, 176))
    tip = [(x - 0.32, 5.95), (x - 0.15, 5.92), (x - 0.26, 5.42), (x - 0.34, 5.7)]
    _solid(painter, smooth(tip, 5, closed=True), 0.08, (62, 92, 128))


def _grasp(painter: BodyPainter) -> float:
    """Return where the fist of the viewer's right is, as things here are written."""
    _, right = arms_of("hold", painter.scenery.held, painter.body.shoulder)
    return (painter.body.shoulder * right.wrist[0] - 0.42) / _WIDER


def _crate(painter: BodyPainter) -> None:
    for x, y, tone in ((-0.9, 6.5, (186, 66, 48)), (-0.3, 6.35, (120, 150, 70)), (0.35, 6.4, (214, 150, 62)),
                       (0.92, 6.5, (112, 138, 72))):  # fmt: skip
        _solid(painter, ellipse(x, y, 0.42, 0.38, 20), 0.3, tone)
    _shaded(painter, [(-1.6, 6.6), (1.6, 6.6), (1.5, 8.2), (-1.5, 8.2)], 0.12, (172, 130, 84))
    for row in (7.05, 7.6):
        painter.canvas.crease(_put(painter, [(-1.55, row), (1.55, row)]), 0.07, (0.6, 0.57, 0.54), 0.8, soft=0.03)


def _parcel(painter: BodyPainter) -> None:
    _shaded(painter, [(-1.1, 6.3), (1.1, 6.3), (1.12, 8.0), (-1.12, 8.0)], 0.15, (190, 152, 108))
    _solid(painter, _box(-0.14, 6.3, 0.14, 8.0), 0.05, (222, 208, 180))


def _camera(painter: BodyPainter) -> None:
    _solid(painter, _box(-0.35, 6.25, 0.35, 6.7), 0.1, (40, 41, 45))
    _shaded(painter, _box(-1.0, 6.55, 1.0, 7.8), 0.2, (46, 47, 52))
    _solid(painter, ellipse(0.0, 7.18, 0.55, 0.55), 0.2, (28, 29, 33))
    _solid(painter, ellipse(0.0, 7.18, 0.36, 0.36), 0.2, (58, 72, 92))


def _plant(painter: BodyPainter) -> None:
    for x, y, lean in ((-0.6, 5.6, -0.2), (-0.25, 5.2, 0.0), (0.2, 5.3, 0.1), (0.62, 5.7, 0.2), (0.0, 5.75, 0.0)):
        leaf = smooth([(0.1 * lean, 7.0), (0.5 * x + lean, 0.5 * (y + 7.0)), (x, y)], 6)
        _solid(painter, ribbon(leaf, np.linspace(0.12, 0.34, len(leaf))), 0.1, (88, 128, 76))
    _shaded(painter, [(-0.75, 6.9), (0.75, 6.9), (0.55, 8.1), (-0.55, 8.1)], 0.3, (182, 108, 74))


def _stick(painter: BodyPainter) -> None:
    x = _grasp(painter)
    _shaded(painter, ribbon(np.asarray([(x - 0.06, 5.4), (x + 0.1, 20.6)]), 0.16), 0.08, (124, 92, 60))


def _paddle(painter: BodyPainter) -> None:
    x = _grasp(painter)
    _shaded(painter, ribbon(np.asarray([(x - 0.10, 3.2), (x + 0.12, 20.4)]), 0.15), 0.07, (58, 60, 66))
    for y in (2.5, 19.6):
        blade = [(x - 0.32, y), (x - 0.30, y - 0.75), (x - 0.05, y - 1.1), (x + 0.20, y - 0.8), (x + 0.22, y + 0.2),
                 (x - 0.08, y + 0.9)]  # fmt: skip
        _shaded(painter, smooth(blade, 6, closed=True), 0.15, (228, 156, 52))


def _basket(painter: BodyPainter) -> None:
    handle = smooth([(-1.25, 6.75), (-1.1, 5.6), (0.0, 5.0), (1.1, 5.6), (1.25, 6.75)], 8)
    _solid(painter, ribbon(handle, 0.17), 0.08, (158, 112, 62))
    for x, y, size in ((-0.75, 6.5, 0.36), (0.05, 6.35, 0.44), (0.8, 6.5, 0.38)):
        _solid(painter, _box(x - 0.12, y - 0.05, x + 0.12, y + 0.5), 0.1, (232, 220, 196))
        cap = [(x - size, y), (x - 0.7 * size, y - 0.8 * size), (x + 0.7 * size, y - 0.8 * size), (x + size, y)]
        _solid(painter, smooth(cap, 6, closed=True), 0.25, (166, 106, 60))
    _shaded(painter, smooth([(-1.4, 6.7), (-1.15, 8.05), (1.15, 8.05), (1.4, 6.7)], 3), 0.3, (188, 142, 84))
    for row in (7.0, 7.35, 7.7):
        half = 1.36 - 0.2 * (row - 6.7)
        painter.canvas.crease(_put(painter, [(-half, row), (half, row)]), 0.07, (0.66, 0.62, 0.58), 0.8, soft=0.03)
    for x in np.linspace(-1.05, 1.05, 8):
        painter.canvas.crease(_put(painter, [(x, 6.8), (0.88 * x, 7.95)]), 0.05, (0.72, 0.68, 0.64), 0.6, soft=0.02)


HELD: Final[dict[str, Callable[[BodyPainter], None]]] = {
    "book": _notebook, "board": _clipboard, "bowl": _bowl, "cup": _cup, "tool": _hammer, "brush": _brush,
    "crate": _crate, "parcel": _parcel, "camera": _camera, "plant": _plant, "stick": _stick,
    "paddle": _paddle, "basket": _basket,
}  # fmt: skip
"""By the name that `matrix.places` gives."""
