"""Trims on top of a garment: collars, lapels, hoods, zips and belts.

Each trim gets the painter of the body and the garment's colours, main colour first, float RGB in 0..255 sRGB. Points
are body points in face units, given for the viewer's right and mirrored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.clothes import CROPPED, CUTS
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.woven import crossed, frogs, ribboned, slit, woven, yoke
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, mirrored, ribbon, smooth

_DARK: Final = (0.6, 0.6, 0.62)
"""The tint of a seam."""


def _none(painter: BodyPainter, palette: list[Pixels]) -> None:
    pass


def _collar(painter: BodyPainter, palette: list[Pixels]) -> None:
    flap = [(0.50, 1.62), (0.76, 1.98), (0.80, 2.46), (0.52, 2.84), (0.10, 2.66), (0.36, 2.20)]
    for shape in _both(flap):
        painter.solid(painter.draped(shape), 0.1, _lighter(palette))
    top, bottom = (2.95, _hem(painter) if painter.scenery.garment == "shirt" else 4.05)
    painter.canvas.crease(painter.placed([(0.0, top), (0.0, bottom)], 1.0), 0.05, _DARK, 0.6, soft=0.015)
    for y in np.arange(top + 0.3, bottom, 1.05):
        painter.canvas.fill(painter.placed(ellipse(0.07, float(y), 0.06, 0.06, 12), 1.0), _accent(palette), 0.9)


def _lapels(painter: BodyPainter, palette: list[Pixels]) -> None:
    lapel = [
        (painter.body.neck + 0.09, 1.74),
        (painter.body.neck + 0.36, 1.90),
        (1.02, 2.24),
        (1.20, 3.1),
        (0.98, 3.22),
        (1.12, 3.48),
        (0.04, 6.3),
        (0.42, 4.2),
        (0.64, 2.8),
    ]
    for shape in _both(lapel):
        painter.solid(painter.draped(shape), 0.18, _lighter(palette) * 0.98)
    painter.canvas.crease(painter.placed([(0.0, 6.3), (0.12, _hem(painter) - 0.1)], 1.0), 0.05, _DARK, 0.6, soft=0.015)
    painter.canvas.fill(painter.placed(ellipse(0.05, 6.7, 0.1, 0.1, 14), 1.0), palette[0] * 0.55, 0.95)


def _hood(painter: BodyPainter, palette: list[Pixels]) -> None:
    rim = smooth([(0.60, 1.66), (1.00, 1.96), (0.90, 2.52), (0.42, 2.86), (0.0, 2.94)], 6)
    ring = np.concatenate([mirrored(rim), rim[::-1]])
    painter.solid(painter.placed(ribbon(ring, 0.46), 0.6), 0.25, _lighter(palette))
    for string in _both([(0.3, 2.95), (0.34, 4.4)]):
        painter.canvas.line(painter.placed(string, 1.0), 0.06, _accent(palette), 0.9)


def _roll(painter: BodyPainter, palette: list[Pixels]) -> None:
    neck = painter.body.neck
    low = smooth([(neck + 0.08, 1.48), (neck + 0.13, 1.7), (neck + 0.2, 2.0), (0.3, 2.26), (0.0, 2.3)], 5)
    high = smooth([(0.0, 1.74), (0.3, 1.69), (neck + 0.08, 1.48)], 5)
    outline = np.concatenate([low, mirrored(low)[::-1], mirrored(high)[::-1], high])
    painter.solid(painter.placed(outline, 0.3), 0.35, _lighter(palette))


def _zip(painter: BodyPainter, palette: list[Pixels]) -> None:
    for edge in _both([(0.84, 2.04), (0.74, 3.2), (0.62, 5.3), (0.5, _hem(painter))]):
        painter.canvas.crease(painter.placed(edge, 1.0), 0.14, (0.55, 0.55, 0.58), 0.6, soft=0.05)
        painter.canvas.line(painter.placed(edge, 1.0), 0.05, _accent(palette), 0.9)
    neck = painter.body.neck
    # A collar that is turned down: it follows the neck and ends on the chest.
    for flap in _both(smooth([(neck + 0.07, 1.84), (neck + 0.34, 2.02), (1.10, 2.46), (1.0, 2.98), (0.74, 2.66),
                              (neck + 0.12, 2.12)], 3, closed=True)):  # fmt: skip
        painter.solid(painter.draped(flap), 0.2, _lighter(palette))


def _wrap(painter: BodyPainter, palette: list[Pixels]) -> None:
    for band in _both(smooth([(0.74, 1.86), (0.66, 2.8), (0.34, 4.0), (-0.25, 5.7)])):
        painter.solid(painter.placed(ribbon(band, 0.34), 0.9), 0.14, _lighter(palette))
    waist = painter.body.waist + 0.3
    belt = [(-waist, 7.3), (waist, 7.3), (waist, 7.9), (-waist, 7.9)]
    painter.solid(painter.placed(belt), 0.25, _accent(palette))


def _placket(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A band collar and a short buttoned slit: tunics and kurtas."""
    slit = painter.placed([(-0.11, 2.4), (0.11, 2.4), (0.11, 4.6), (-0.11, 4.6)], 1.0)
    painter.solid(slit, 0.1, _lighter(palette))
    painter.canvas.crease(painter.placed([(0.11, 2.4), (0.11, 4.6)], 1.0), 0.04, _DARK, 0.6, soft=0.015)
    band = smooth([(0.0, 2.40), (0.24, 2.34), (0.46, 2.08), (0.60, 1.74)], 5)
    for half in _both(band):
        painter.solid(painter.placed(ribbon(half, 0.24), 0.6), 0.12, _lighter(palette))
    buttons = [painter.placed(ellipse(0.0, y, 0.055, 0.055, 10), 1.0) for y in (2.75, 3.3, 3.85, 4.4)]
    painter.canvas.strokes(buttons, _accent(palette) * 0.8, 0.95)


def _drape(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A saree's end: pleats at the waist, and the cloth with its border across the chest over one shoulder."""
    body, canvas = painter.body, painter.canvas
    over = smooth([(0.62, 1.96), (1.62, 2.3), (1.55, 3.6), (0.2, 6.0), (-body.waist, 8.0), (-body.waist - 0.15, 7.0),
                   (-0.9, 5.4), (0.2, 3.6)], 5, closed=True)  # fmt: skip
    painter.shade_under(np.add(painter.placed(over, 0.6), (0.04, 0.1)), 0.35)
    cloth = np.asarray(np.clip(0.55 * palette[0] + 0.45 * palette[min(1, len(palette) - 1)], 0, 255), np.float32)
    painter.solid(painter.placed(over, 0.6), 0.5, cloth)
    for share in (0.25, 0.5, 0.75):
        first, last = np.array([(0.62, 1.96), (0.2, 3.6), (-0.9, 5.4), (-body.waist - 0.15, 7.0)]), 1 - share
        far = np.array([(1.62, 2.3), (1.55, 3.6), (0.2, 6.0), (-body.waist, 8.0)])
        painter.fold(painter.placed(smooth(first * last + far * share, 6), 0.6), 0.10, 0.4)
    border = smooth([(1.62, 2.3), (1.50, 3.6), (0.2, 6.0), (-body.waist, 8.0)], 6)
    canvas.line(painter.placed(border, 0.6), 0.22, _accent(palette), 0.95)
    for x in np.linspace(-0.5, 0.5, 6):
        canvas.crease(painter.placed([(x, 8.6), (1.8 * x, 19.8)]), 0.10, _DARK, 0.35, soft=0.04)
    hem = painter.placed(smooth([(-body.hip - 0.7, 19.8), (0.0, 20.0), (body.hip + 0.7, 19.8)], 6))
    canvas.line(hem, 0.5, _accent(palette), 0.9)


TRIMS: Final[dict[str, Callable[[BodyPainter, list[Pixels]], None]]] = {
    "": _none,
    "collar": _collar,
    "lapels": _lapels,
    "hood": _hood,
    "roll": _roll,
    "zip": _zip,
    "wrap": _wrap,
    "placket": _placket,
    "drape": _drape,
    "slit": slit,
    "crossed": crossed,
    "ribboned": ribboned,
    "frogs": frogs,
    "woven": woven,
    "yoke": yoke,
}
"""The values of a cut's `extra`."""


def _hem(painter: BodyPainter) -> float:
    cut = CUTS[painter.scenery.garment]
    return CROPPED if "crop" in painter.scenery.outfit.details and not cut.skirt else cut.hem


def _both(points: Points | list[tuple[float, float]]) -> tuple[Points, Points]:
    right = np.asarray(points, np.float64)
    return mirrored(right), right


def _lighter(palette: list[Pixels]) -> Pixels:
    return np.asarray(np.clip(palette[0] * 1.07 + 6, 0, 255), np.float32)


def _accent(palette: list[Pixels]) -> Pixels:
    return palette[min(2, len(palette) - 1)]
