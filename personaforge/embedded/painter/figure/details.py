"""Finishes of the main garment: prints, lace, embroidery, ribs, leather.

`paint_details` is called after the cloth and its folds were painted, and again after collars and lapels. Points are
body points in face units for the viewer's right, mirrored for the left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.clothes import Cut
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, ribbon, smooth
from personaforge.media.exact import sin

_SEAM: Final = (0.62, 0.62, 0.64)


def paint_details(painter: BodyPainter, cut: Cut, outline: Points, palette: list[Pixels], *, over: bool) -> None:
    """Paint the finishes that the outfit's words name: those under collars and buttons, or those `over` them.

    `outline` is the garment's on the screen.
    """
    named = painter.scenery.outfit.details
    wanted = [detail for detail in named if detail in _DETAILS and (detail in _OVER) == over]
    if not wanted:
        return
    for detail in wanted:
        if detail not in _OUTSIDE:
            painter.canvas.clip = painter.canvas.area(outline)
        _DETAILS[detail](painter, cut, palette)
        painter.canvas.clip = None


def _graphic(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """A bold print on the chest: a disc cut by bars. No letters, which would be too small to read."""
    accent, second = palette[min(2, len(palette) - 1)], palette[min(1, len(palette) - 1)]
    canvas = painter.canvas
    canvas.fill(painter.placed(ellipse(0.0, 5.35, 0.92, 0.92, 48), 1.0), accent, 0.95)
    bars = [[(-1.0, y), (1.0, y - 0.25), (1.0, y - 0.25 + high), (-1.0, y + high)]
            for y, high in ((5.2, 0.10), (5.55, 0.15), (5.95, 0.2))]  # fmt: skip
    canvas.strokes([painter.placed(bar, 1.0) for bar in bars], palette[0] * 0.9, 1.0)
    band = [(-1.0, 6.5), (1.0, 6.5), (1.0, 6.68), (-1.0, 6.68)]
    canvas.fill(painter.placed(band, 1.0), second, 0.9)


def _embroidery(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """Stitched leaves along the neckline and down the middle."""
    first, second = palette[min(2, len(palette) - 1)], palette[min(1, len(palette) - 1)]
    edge = smooth([(x, y + 0.24) for x, y in cut.neck], 6)
    line = np.concatenate([edge, [(0.0, y) for y in np.arange(edge[-1][1] + 0.3, edge[-1][1] + 2.2, 0.3)]])
    leaves, dots = [], []
    for index, (x, y) in enumerate(line[1:]):
        for side in (-1, 1):
            if x == 0:
                leaves.append(painter.placed(ellipse(side * 0.16, y, 0.13, 0.06, 10), 1.0))
            else:
                leaves.append(painter.placed(ellipse(side * x, y, 0.075, 0.06, 10), 0.6))
            if index % 3 == 0:
                dots.append(painter.placed(ellipse(side * (x + 0.02), y + 0.2, 0.055, 0.055, 8), 0.7))
    painter.canvas.strokes(leaves, first, 0.9)
    painter.canvas.strokes(dots, second, 0.9)


def _lace(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """Scallops along the neckline, with holes."""
    white = np.clip(0.4 * palette[min(1, len(palette) - 1)] + 150, 0, 255)
    edge = smooth(cut.neck, 7)
    scallops, holes = [], []
    for side in (-1, 1):
        for x, y in edge[1:]:
            scallops.append(painter.placed(ellipse(side * x, y + 0.03, 0.13, 0.13, 12), 0.7))
            holes.append(painter.placed(ellipse(side * x, y + 0.07, 0.03, 0.03, 8), 0.7))
    painter.canvas.strokes(scallops, white, 0.92)
    painter.canvas.strokes(holes, white * 0.75, 0.8)


def _leather(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """The shine of leather, panel seams and a slanted pocket."""
    canvas = painter.canvas
    for side in (-1, 1):
        for line, wide, alpha in (
            ([(1.3, 2.7), (1.55, 3.6), (1.5, 5.0)], 0.30, 0.55),
            ([(1.0, 5.6), (1.25, 6.8), (1.2, 8.6)], 0.26, 0.45),
            ([(1.7, 3.2), (1.62, 4.6)], 0.12, 0.8),
        ):
            shine = smooth(np.array(line) * (side, 1), 6)
            canvas.line(painter.placed(shine, 0.6), wide, (150, 152, 160), 0.45 * alpha, soft=0.14)
        canvas.crease(
            painter.placed(np.array([(0.9, 3.6), (1.75, 3.75)]) * (side, 1), 0.7), 0.05, _SEAM, 0.7, soft=0.02
        )
        pocket = painter.placed(np.array([(0.95, 6.6), (1.35, 7.4)]) * (side, 1), 0.7)
        canvas.line(pocket, 0.07, (150, 152, 158), 0.9)


def _panels(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """Darker side panels, bright piping between, and a small mark on the chest."""
    accent, second = palette[min(2, len(palette) - 1)], palette[min(1, len(palette) - 1)]
    body = painter.body
    for side in (-1, 1):
        line = np.array([(1.30, 2.2), (1.22, 3.6), (body.waist * 0.74, 6.2), (body.hip * 0.74, 9.6)]) * (side, 1)
        curve = smooth(line, 6)
        outer = np.array([(3.2, 9.6), (3.2, 4.6)]) * (side, 1)  # under the arm, so that no sleeve is darkened
        painter.canvas.fill(painter.placed(np.concatenate([curve[curve[:, 1] > 4.2], outer])), second, 0.82)
        painter.canvas.line(painter.placed(curve), 0.08, accent, 0.95)
    for shift in (0.0, 0.16):
        mark = [(0.72 + shift, 4.0), (0.84 + shift, 3.82), (0.92 + shift, 3.82), (0.80 + shift, 4.0)]
        painter.canvas.fill(painter.placed(mark, 1.0), accent, 0.95)


def _ribs(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """Fine vertical ribs, and two cables."""
    ribs = [painter.placed(ribbon([(x, 1.9), (x * 1.02, cut.hem + 0.2)], 0.035), 0.8)
            for x in np.arange(-2.6, 2.61, 0.2) if abs(abs(x) - 0.8) > 0.2]  # fmt: skip
    found = painter.canvas.mask(ribs, 0.012)
    if found is not None:
        box, weight = found
        painter.canvas.multiply(box, weight, np.full(3, 0.87, np.float32))
    turns = np.linspace(0, 1, 60)
    for side in (-1, 1):
        for phase in (0.0, np.pi):
            x = side * 0.8 + 0.12 * sin(turns * 30 + phase)
            strand = np.stack([x, 2.2 + turns * (cut.hem - 2.2)], axis=1)
            painter.canvas.crease(painter.placed(strand, 0.8), 0.06, (0.80, 0.79, 0.80), 0.6, soft=0.02)
            lit = np.add(strand, (-0.06, -0.02))
            painter.canvas.crease(painter.placed(lit, 0.8), 0.06, (1.1, 1.1, 1.1), 0.6, soft=0.02)


def _apron(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """A bib with straps, tied at the waist."""
    color = np.clip(palette[min(1, len(palette) - 1)], 0, 245)
    hip = painter.body.hip
    low = 15.0 if cut.skirt else 13.0
    bib = smooth([(-0.95, 3.6), (0.95, 3.6), (1.15, 6.6), (hip * 0.82, 8.2), (hip * 0.85, low), (-hip * 0.85, low),
                  (-hip * 0.82, 8.2), (-1.15, 6.6)], 4, closed=True)  # fmt: skip
    for side in (-1, 1):
        strap = smooth(np.array([(0.7, 1.95), (0.85, 2.6), (0.82, 3.8)]) * (side, 1), 5)
        painter.solid(painter.placed(ribbon(strap, 0.24), 0.7), 0.1, color)
    painter.shade_under(np.add(painter.placed(bib, 0.8), (0.05, 0.08)), 0.35)
    painter.solid(painter.placed(bib, 0.8), 0.8, color)
    band = painter.placed([(-painter.body.waist - 0.25, 7.2), (painter.body.waist + 0.25, 7.2)])
    painter.canvas.clip = painter.cover
    painter.canvas.line(band, 0.3, color * 0.92, 0.95)
    painter.canvas.clip = None
    pocket = painter.placed([(-0.7, 9.2), (-0.7, 10.6), (0.7, 10.6), (0.7, 9.2)], 0.8)
    painter.canvas.crease(pocket, 0.05, _SEAM, 0.6, soft=0.02)


def _flutter(painter: BodyPainter, cut: Cut, palette: list[Pixels]) -> None:
    """Smocking under the chest and gathers below it, as on a prairie dress."""
    waist = painter.body.waist + 0.2
    for y in (6.7, 6.95, 7.2):
        seam = [(-waist, y), (0.0, y + 0.08), (waist, y)]
        painter.canvas.crease(painter.placed(smooth(seam)), 0.05, _SEAM, 0.7, soft=0.02)
    for x in np.linspace(-waist, waist, 13)[1:-1]:
        painter.canvas.crease(painter.placed([(x, 7.25), (1.15 * x, 8.4)]), 0.08, _SEAM, 0.35, soft=0.04)
    collar = smooth([(0.95, 2.22), (0.98, 2.7), (0.55, 3.05), (0.12, 3.42)], 5)
    for side in (-1, 1):
        shape = collar * (side, 1)
        painter.canvas.line(painter.placed(shape, 0.8), 0.24, np.clip(palette[min(1, len(palette) - 1)], 0, 250), 0.9)


_DETAILS: Final[dict[str, Callable[[BodyPainter, Cut, list[Pixels]], None]]] = {
    "graphic": _graphic,
    "embroidery": _embroidery,
    "lace": _lace,
    "leather": _leather,
    "panels": _panels,
    "ribs": _ribs,
    "apron": _apron,
    "long": _flutter,
}
_OUTSIDE: Final = ("apron", "lace")
"""Finishes that reach beyond the garment."""
_OVER: Final = ("apron",)
"""Finishes that lie over buttons."""
