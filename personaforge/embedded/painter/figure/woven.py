"""Trims of garments with a history of their own: how a kimono closes, where a huipil is woven, what a yoke carries.

What is drawn follows how the garments are made and worn: a kimono and a hanfu close left over right, as the wearer sees
it; a hanbok's short jacket has a white collar and one long ribbon; a qipao closes along the collar and to the side
with knots; a huipil is woven in panels, joined and worked in rows round the neck; a kaftan has a slit and worked edges.
They are drawn where the words of a garment name them, and nowhere else. See `figure.trims` for what a trim gets.
"""

from __future__ import annotations

import numpy as np

from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, mirrored, ribbon, smooth

_DARK = (0.6, 0.6, 0.62)


def _tones(palette: list[Pixels]) -> tuple[Pixels, Pixels, Pixels]:
    first, second, third = (palette[min(index, len(palette) - 1)] for index in range(3))
    return first, second, third


def slit(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A kaftan's neck: a slit with a worked edge that widens into a panel on the chest, and worked cuffs of the hem."""
    _, second, third = _tones(palette)
    canvas = painter.canvas
    edge = smooth([(0.72, 1.86), (0.52, 2.3), (0.24, 2.62), (0.12, 3.2), (0.10, 4.9)], 6)
    for side in (-1, 1):
        painter.solid(painter.placed(ribbon(edge * (side, 1), 0.26), 0.8), 0.1, second)
        dots = [painter.placed(ellipse(side * float(x), float(y), 0.05, 0.05, 8), 0.8) for x, y in edge[2::3]]
        canvas.strokes(dots, third, 0.9)
    canvas.crease(painter.placed([(0.0, 2.6), (0.0, 4.9)], 1.0), 0.05, _DARK, 0.7, soft=0.02)
    canvas.fill(painter.placed(ellipse(0.0, 5.15, 0.26, 0.34, 24), 1.0), second, 0.95)
    canvas.fill(painter.placed(ellipse(0.0, 5.15, 0.12, 0.18, 20), 1.0), third, 0.9)
    hem = smooth([(-painter.body.hip - 1.05, 18.9), (0.0, 19.1), (painter.body.hip + 1.05, 18.9)], 8)
    canvas.clip = painter.cover
    canvas.line(painter.placed(hem), 0.3, second, 0.9)
    canvas.clip = None


def crossed(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A kimono's collar, the wearer's left over the right, the under collar's edge, and the sash."""
    first, second, third = _tones(palette)
    under = np.clip(0.3 * second + 170, 0, 250)
    collar = np.clip(first * 0.9 + 8, 0, 255)
    below = smooth([(-0.72, 1.84), (-0.58, 2.5), (-0.20, 3.3), (0.40, 4.5), (0.85, 5.4)], 6)
    above = smooth([(0.72, 1.84), (0.58, 2.5), (0.20, 3.3), (-0.50, 4.6), (-1.15, 5.8)], 6)
    for line in (below, above):
        inner = np.add(line, (0.12 if line is below else -0.12, -0.06))
        painter.canvas.line(painter.placed(inner[:-6], 0.9), 0.16, under, 0.97)
        painter.shade_under(np.add(painter.placed(ribbon(line, 0.36), 0.9), (0.0, 0.08)), 0.4, soft=0.08)
        painter.solid(painter.placed(ribbon(line, 0.34), 0.9), 0.12, collar)
    waist = painter.body.waist + 0.30
    sash = [(-waist, 5.7), (waist, 5.7), (waist * 1.02, 7.6), (-waist * 1.02, 7.6)]
    painter.shade_under(np.add(painter.placed(sash), (0.0, 0.12)), 0.4)
    painter.solid(painter.placed(sash), 0.6, second)
    painter.canvas.line(painter.placed([(-waist, 6.62), (waist, 6.62)], 0.3), 0.16, third, 0.95)
    painter.canvas.crease(painter.placed([(-0.3, 7.7), (-0.9, 19.6)], 0.6), 0.10, _DARK, 0.5, soft=0.05)


def ribboned(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A hanbok: the full skirt from the chest, the white collar, and the ribbon tied at the wearer's right."""
    _, second, third = _tones(palette)
    body, canvas = painter.body, painter.canvas
    side = smooth(
        [(body.waist * 0.98, 5.35), (body.hip + 0.5, 9.5), (body.hip + 1.1, 14.5), (body.hip + 1.35, 19.8)], 6
    )
    skirt = painter.placed(np.concatenate([side, mirrored(side)[::-1]]))
    painter.solid(skirt, 1.4, second)
    found = canvas.mask([skirt])
    if found is not None:
        with painter.shading(found):
            for share in np.linspace(-0.85, 0.85, 9):
                top = (float(share) * body.waist, 5.5)
                pleat = smooth(
                    [top, (float(share) * (body.hip + 0.8), 12.0), (float(share) * (body.hip + 1.3), 19.8)], 5
                )
                painter.fold(painter.placed(pleat), 0.15, 0.4)
    painter.canvas.crease(painter.placed([(-body.waist, 5.42), (body.waist, 5.42)]), 0.16, _DARK, 0.6, soft=0.06)
    for line in (
        smooth([(-0.72, 1.84), (-0.56, 2.5), (-0.16, 3.3), (0.30, 4.0)], 6),
        smooth([(0.72, 1.84), (0.56, 2.5), (0.16, 3.3), (-0.55, 4.4)], 6),
    ):
        painter.solid(painter.placed(ribbon(line, 0.36), 0.9), 0.12, third)
        canvas.line(painter.placed(np.add(line, (0.0, -0.05)), 0.9), 0.16, (248, 247, 243), 0.97)
    for low, lean in ((9.0, 0.15), (7.8, -0.25)):
        tail = smooth([(-0.5, 4.4), (-0.48 + 0.4 * lean, 6.0), (-0.5 + lean, low)], 6)
        painter.shade_under(np.add(painter.placed(ribbon(tail, 0.26), 0.9), (0.04, 0.06)), 0.35)
        painter.solid(painter.placed(ribbon(tail, 0.26), 0.9), 0.1, third)
    loop = smooth([(-0.5, 4.4), (-1.2, 4.25), (-1.25, 4.7), (-0.52, 4.5)], 5)
    painter.solid(painter.placed(ribbon(loop, 0.2), 0.9), 0.1, third)


def frogs(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A standing collar, and a closing that runs from it to the side with knots."""
    _, second, _ = _tones(palette)
    neck = painter.body.neck
    right = smooth([(0.0, 2.36), (0.30, 2.24), (neck + 0.10, 1.86), (neck + 0.06, 1.56)], 5)
    for half in (right, mirrored(right)):
        painter.solid(painter.placed(ribbon(half, 0.30), 0.5), 0.12, np.clip(palette[0] * 1.06 + 4, 0, 255))
        painter.canvas.line(painter.placed(np.subtract(half, (0.0, 0.15)), 0.5), 0.05, second, 0.95)
    closing = smooth([(0.02, 2.5), (0.35, 2.95), (1.0, 3.2), (painter.body.shoulder * 0.74, 4.0)], 6)
    painter.canvas.line(painter.placed(closing, 0.8), 0.09, second, 0.95)
    for x, y in closing[::6]:
        knot = painter.placed([(float(x) - 0.16, float(y) + 0.06), (float(x) + 0.16, float(y) - 0.04)], 0.8)
        painter.canvas.line(knot, 0.08, second, 0.97)
        painter.canvas.fill(painter.placed(ellipse(float(x), float(y), 0.07, 0.07, 12), 0.8), second * 0.85, 1.0)
    for side in (-1, 1):
        hip = painter.body.hip
        line = [(side * (hip + 0.12), 12.6), (side * (hip + 0.10), 17.5)]
        painter.canvas.crease(painter.placed(line), 0.10, _DARK, 0.7, soft=0.03)


def woven(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A huipil: rows worked round the neck and along the seams of its panels."""
    _, second, third = _tones(palette)
    canvas, tones = painter.canvas, (second, third, np.clip(0.5 * second + 0.5 * third + 20, 0, 255))
    for row in range(4):
        away = 0.16 + 0.2 * row
        line = [
            (-0.92 - away, 2.3),
            (-0.86 - 0.8 * away, 2.78 + away),
            (0.86 + 0.8 * away, 2.78 + away),
            (0.92 + away, 2.3),
        ]
        edge = smooth(line, 10)
        canvas.clip = painter.cover
        shapes = [painter.placed(_diamond(float(x), float(y), 0.075), 0.8) for x, y in edge[::2]]
        canvas.strokes(shapes, tones[row % 3], 0.95)
        canvas.clip = None
    for side in (-0.95, 0.95):
        for index, y in enumerate(np.arange(3.9, 10.3, 0.26)):
            canvas.fill(painter.placed(_diamond(side, float(y), 0.10), 0.9), tones[index % 3], 0.92)
    hem = [painter.placed(_diamond(float(x), 10.3, 0.09), 0.6) for x in np.arange(-2.4, 2.5, 0.22)]
    canvas.clip = painter.cover
    canvas.strokes(hem, third, 0.9)
    canvas.clip = None


def yoke(painter: BodyPainter, palette: list[Pixels]) -> None:
    """A dashiki's panel: a worked border round the neck that ends in a point on the chest."""
    _, second, third = _tones(palette)
    canvas = painter.canvas
    shape = smooth([(0.78, 2.06), (1.22, 2.4), (1.12, 3.4), (0.62, 4.6), (0.0, 5.6)], 6)
    inner = smooth([(0.70, 2.06), (0.46, 2.64), (0.20, 3.14), (0.0, 3.34)], 6)
    panel = np.concatenate([shape, mirrored(shape)[::-1], mirrored(inner), inner[::-1]])
    canvas.fill(painter.placed(panel, 0.9), second, 0.95)
    for factor, tone in ((0.92, third), (0.70, palette[0] * 0.9)):
        middle = np.array([0.0, 3.0])
        line = (shape - middle) * factor + middle
        for side in (-1, 1):
            canvas.line(painter.placed(line[4:] * (side, 1), 0.9), 0.07, tone, 0.95)
    for y in np.arange(3.7, 5.2, 0.36):
        canvas.fill(painter.placed(_diamond(0.0, float(y), 0.14), 1.0), third, 0.95)


def _diamond(x: float, y: float, size: float) -> Points:
    return np.array([(x, y - size), (x + size, y), (x, y + size), (x - size, y)])
