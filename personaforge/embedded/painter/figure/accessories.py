"""Accessories on the torso: necklaces, scarves, ties, straps and bags that hang from them.

Each shape is a function of the body's painter and a colour. All of these are painted over the garment and under the
arms. Things at the wrist or in the hand are in `figure.carried`, those on the head in `figure.headwear`. Points are
body points in face units for the viewer's right, mirrored for the left; colours are float RGB in 0..255 sRGB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np

from personaforge.embedded.painter.figure.outline import shoulder_line
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.outfit import Piece
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, mirrored, ribbon, smooth
from personaforge.media.exact import hypot, interp, sin

_SHADE: Final = (0.55, 0.50, 0.50)


def paint_worn(painter: BodyPainter, pieces: Iterable[Piece]) -> None:
    """Paint the accessories on the torso, in the order in which they were named."""
    for piece in pieces:
        shape = WORN.get(piece.shape)
        if shape is not None:
            shape(painter, np.asarray(piece.color, np.float32))


def _loop(painter: BodyPainter, low: float, wide: float = 0.56) -> Points:
    """Return a chain's line on the screen, from one side of the neck to the other; `low` is its lowest point."""
    top = min(2.0, shoulder_line(painter, wide) + 0.02)
    right = smooth([(wide, top), (0.86 * wide, top + 0.34 * (low - top)), (0.5 * wide, top + 0.78 * (low - top)),
                    (0.0, low)], 8)  # fmt: skip
    line = np.concatenate([mirrored(right), right[-2::-1]])
    # The ends lie at the neck's side, the middle on the chest.
    depth = sin(np.linspace(0, np.pi, len(line)))[:, None]
    return np.asarray(painter.placed(line, 0.0) * (1 - depth) + painter.placed(line, 1.0) * depth)


def _chain(painter: BodyPainter, line: Points, color: Pixels, wide: float) -> None:
    canvas = painter.canvas
    canvas.crease(np.add(line, (0.02, 0.05)), wide * 1.4, _SHADE, 0.4, soft=0.03)
    canvas.line(line, max(wide, 1.2 / canvas.scale), color, 0.95)
    canvas.line(np.subtract(line, (0.0, 0.3 * wide)), 0.35 * wide, np.clip(color * 1.25 + 20, 0, 255), 0.8)


def _necklace(painter: BodyPainter, color: Pixels) -> None:
    line = _loop(painter, 2.98)
    _chain(painter, line, color, 0.028)
    x, y = line[len(line) // 2]
    painter.canvas.fill(ellipse(float(x), float(y) + 0.06, 0.06, 0.075, 14), color * 0.9, 1.0)
    painter.canvas.fill(ellipse(float(x) - 0.015, float(y) + 0.04, 0.022, 0.026, 10), np.clip(color + 60, 0, 255), 0.9)


def _chains(painter: BodyPainter, color: Pixels) -> None:
    for low, wide in ((2.75, 0.045), (3.35, 0.075)):
        line = _loop(painter, low, 0.60)
        _chain(painter, line, color, wide)
        links = [ellipse(float(x), float(y), 0.7 * wide, 0.7 * wide, 8) for x, y in line[2:-2:2]]
        painter.canvas.strokes(links, np.clip(color * 0.7, 0, 255), 0.6)


def _strung(painter: BodyPainter, low: float, radius: float, colors: list[Pixels], wide: float = 0.56) -> None:
    line = _loop(painter, low, wide)
    long = np.concatenate([[0], np.cumsum(hypot(*np.diff(line, axis=0).T))])
    count = max(6, int(long[-1] / (2.05 * radius)))
    at = np.linspace(0, long[-1], count)
    points = np.stack([interp(at, long, line[:, axis]) for axis in (0, 1)], axis=1)
    canvas = painter.canvas
    canvas.crease(np.add(line, (0.03, 0.06)), 2 * radius, _SHADE, 0.4, soft=0.04)
    for index, color in enumerate(colors):
        own = points[index :: len(colors)]
        canvas.strokes([ellipse(float(x), float(y), radius, radius, 10) for x, y in own], color, 1.0)
        canvas.strokes(
            [ellipse(float(x), float(y), 0.35 * radius, 0.35 * radius, 8) - 0.3 * radius for x, y in own],
            np.clip(color * 1.15 + 45, 0, 255),
            0.8,
        )


def _pearls(painter: BodyPainter, color: Pixels) -> None:
    _strung(painter, 2.62, 0.062, [color])


def _beads(painter: BodyPainter, color: Pixels) -> None:
    palette = [np.asarray(item, np.float32) for item in painter.scenery.palette]
    second = palette[min(1, len(palette) - 1)]
    _strung(painter, 2.9, 0.06, [second, color], 0.60)
    _strung(painter, 3.7, 0.075, [color, color, np.clip(0.5 * second + 90, 0, 255)], 0.66)
    _strung(painter, 4.7, 0.07, [color * 0.8, second], 0.72)


def _glitter(painter: BodyPainter, color: Pixels) -> None:
    """Sparkles on the collarbones and shoulders; none on the face, whose skin stays as it was measured."""
    random = np.random.default_rng(painter.seed + 41)
    x, y = random.normal(0, 0.75, 70), random.normal(2.45, 0.16, 70)
    canvas, sizes = painter.canvas, random.uniform(0.012, 0.035, 70)
    dots = [painter.placed(ellipse(float(a), float(b), float(r), float(r), 6), 0.8)
            for a, b, r in zip(x, y, sizes, strict=True) if abs(a) < 1.6]  # fmt: skip
    canvas.strokes(dots, color, 0.9)


def _headphones(painter: BodyPainter, color: Pixels) -> None:
    neck = painter.body.neck
    for side in (-1, 1):
        band = smooth(np.array([(neck + 0.10, 1.55), (neck + 0.24, 1.80), (neck + 0.26, 2.08)]) * (side, 1), 6)
        painter.solid(ribbon(painter.placed(band, 0.3), 0.15), 0.08, color)
        x, y = side * (neck + 0.22), 2.36
        cup = painter.placed(ellipse(x, y, 0.27, 0.36, 30), 0.5)
        painter.shade_under(np.add(cup, (0.03, 0.08)), 0.5, soft=0.05)
        painter.solid(cup, 0.18, color)
        painter.solid(painter.placed(ellipse(x - side * 0.06, y, 0.17, 0.25, 24), 0.5), 0.1, color * 1.5 + 8)
        ring = painter.placed(ellipse(x, y, 0.27, 0.36, 30), 0.5)
        accent = painter.scenery.palette[min(2, len(painter.scenery.palette) - 1)]
        painter.canvas.line(np.concatenate([ring[-6:], ring[:6]]), 0.035, accent, 0.8)


def _neckerchief(painter: BodyPainter, color: Pixels) -> None:
    neck = painter.body.neck
    for side in (-1, 1):
        roll = smooth(np.array([(neck + 0.12, 1.60), (neck + 0.12, 1.92), (0.34, 2.24), (0.04, 2.40)]) * (side, 1), 6)
        painter.solid(painter.placed(ribbon(roll, 0.34), 0.6), 0.2, color)
        painter.fold(painter.placed(roll, 0.6), 0.06, 0.6)
        end = np.array([(0.02, 2.42), (0.30, 2.52), (0.46, 3.12), (0.10, 3.04)]) * (side, 1)
        painter.solid(painter.placed(end, 0.9), 0.16, color * 0.94)
    painter.solid(painter.placed(ellipse(0.0, 2.44, 0.15, 0.14, 18), 0.9), 0.12, np.clip(color * 1.08, 0, 255))


def _scarf(painter: BodyPainter, color: Pixels) -> None:
    neck = painter.body.neck
    for level, wide in ((2.22, 0.62), (1.94, 0.54)):
        right = smooth(
            [(neck + 0.26, level - 0.42), (neck + 0.30, level - 0.1), (0.4, level + 0.28), (0.0, level + 0.36)]
        )
        line = np.concatenate([mirrored(right), right[-2::-1]])
        shape = painter.placed(ribbon(line, wide), 0.5)
        painter.shade_under(np.add(shape, (0.0, 0.10)), 0.4, soft=0.08)
        painter.solid(shape, 0.32, color)
        painter.fold(painter.placed(line, 0.5), 0.08, 0.5)
    for x, low in ((0.42, 6.6), (0.02, 5.9)):
        end = np.array([(x - 0.30, 2.6), (x + 0.30, 2.6), (x + 0.36, low), (x - 0.34, low)])
        painter.shade_under(np.add(painter.placed(end, 1.0), (0.05, 0.05)), 0.35)
        painter.solid(painter.placed(end, 1.0), 0.3, color)
        fringe = [painter.placed(ribbon([(a, low - 0.05), (a + 0.02, low + 0.3)], 0.05), 1.0)
                  for a in np.linspace(x - 0.30, x + 0.32, 8)]  # fmt: skip
        painter.canvas.strokes(fringe, color * 0.9, 0.95)


def _shawl(painter: BodyPainter, color: Pixels) -> None:
    """A shawl, rebozo or dupatta over both shoulders; its ends fall in front, one longer than the other."""
    canvas, shoulder = painter.canvas, painter.body.shoulder
    accent = np.asarray(painter.scenery.palette[min(2, len(painter.scenery.palette) - 1)], np.float32)
    for side, low in ((-1, 8.4), (1, 9.6)):
        start = shoulder_line(painter, 0.7) - 0.16
        out = shoulder_line(painter, 0.8 * shoulder) - 0.12
        shape = smooth([(0.62, start), (0.8 * shoulder, out), (1.0 * shoulder, out + 0.9), (0.92 * shoulder, 4.8),
                        (1.35, low), (0.62, low + 0.1), (0.72, 4.6), (0.66, 2.9)], 5, closed=True) * (side,
                            1)  # fmt: skip
        placed = painter.placed(shape, 0.5)
        painter.shade_under(np.add(placed, (0.0, 0.12)), 0.45, soft=0.10)
        painter.solid(placed, 0.5, color)
        for share in (0.25, 0.5, 0.75):
            line = [
                (0.66 + share * (0.75 * shoulder - 0.66), start + 0.3),
                (0.70 + 0.9 * share, 4.6),
                (0.66 + 0.62 * share, low),
            ]
            painter.fold(painter.placed(smooth(np.array(line) * (side, 1), 6), 0.6), 0.10, 0.5)
        for up in (0.35, 0.6):
            border = np.array([(0.62, low - up), (1.42, low - up)]) * (side, 1)
            canvas.line(painter.placed(border, 0.5), 0.09, accent, 0.9)
        fringe = [
            painter.placed(ribbon([(a * side, low), (a * side, low + 0.42)], 0.05), 0.5)
            for a in np.linspace(0.66, 1.34, 9)
        ]
        canvas.strokes(fringe, color * 0.92, 0.95)


def _tie(painter: BodyPainter, color: Pixels) -> None:
    blade = [(-0.13, 2.55), (0.13, 2.55), (0.20, 4.2), (0.34, 7.2), (0.0, 7.7), (-0.34, 7.2), (-0.20, 4.2)]
    painter.shade_under(np.add(painter.placed(blade, 1.0), (0.05, 0.05)), 0.4)
    painter.solid(painter.placed(blade, 1.0), 0.2, color)
    painter.solid(painter.placed([(-0.2, 2.28), (0.2, 2.28), (0.13, 2.64), (-0.13, 2.64)], 1.0), 0.12, color * 1.08)


def _bow_tie(painter: BodyPainter, color: Pixels) -> None:
    for side in (-1, 1):
        wing = np.array([(0.04, 2.36), (0.5, 2.2), (0.54, 2.6), (0.04, 2.48)]) * (side, 1)
        painter.solid(painter.placed(wing, 1.0), 0.14, color)
    painter.solid(painter.placed(ellipse(0.0, 2.42, 0.1, 0.12, 16), 1.0), 0.1, color * 1.1)


def _pocket_square(painter: BodyPainter, color: Pixels) -> None:
    for shift, factor in ((0.0, 1.0), (0.13, 0.86)):
        peak = [(1.12 + shift, 4.22), (1.22 + shift, 3.86), (1.40 + shift, 4.18)]
        painter.canvas.fill(painter.placed(peak, 0.9), color * factor, 1.0)
    welt = painter.placed([(1.06, 4.26), (1.62, 4.18)], 0.9)
    painter.canvas.crease(welt, 0.09, (0.7, 0.7, 0.72), 0.9, soft=0.015)


def _shoulder_sweater(painter: BodyPainter, color: Pixels) -> None:
    """A sweater over the shoulders, its sleeves knotted on the chest."""
    canvas = painter.canvas
    for side in (-1, 1):
        start = shoulder_line(painter, 0.7) - 0.22
        cape = smooth([(0.60, start), (1.2, start + 0.2), (1.85, start + 0.6), (1.92, start + 1.25),
                       (1.3, start + 1.15), (0.82, start + 1.0)], 5, closed=True) * (side, 1)  # fmt: skip
        painter.shade_under(np.add(painter.placed(cape, 0.3), (0.0, 0.10)), 0.4, soft=0.08)
        painter.solid(painter.placed(cape, 0.3), 0.35, color)
        for share in (0.25, 0.5, 0.75):
            cable = [(0.70 + 1.1 * share, start + 0.2 + 0.35 * share), (0.85 + 0.85 * share, start + 1.0)]
            canvas.crease(painter.placed(np.array(cable) * (side, 1), 0.3), 0.08, (0.8, 0.8, 0.82), 0.6, soft=0.03)
        sleeve = smooth(np.array([(1.2, start + 0.9), (0.75, start + 1.5), (0.05, start + 1.85)]) * (side, 1), 6)
        painter.solid(painter.placed(ribbon(sleeve, [*np.linspace(0.62, 0.42, len(sleeve))]), 0.8), 0.25, color)
    knot = shoulder_line(painter, 0.7) + 1.65
    for side, low in ((-1, 2.1), (1, 1.8)):
        end = smooth(np.array([(0.05, knot), (0.24, knot + 0.6 * low), (0.34, knot + low)]) * (side, 1), 6)
        outline = painter.placed(ribbon(end, 0.46), 0.9)
        painter.shade_under(np.add(outline, (0.04, 0.06)), 0.35)
        painter.solid(outline, 0.25, color)
        x, y = end[-1]
        cuff = painter.placed(ribbon([(x - 0.22, y - 0.16), (x + 0.22, y - 0.2)], 0.05), 0.9)
        accent = painter.scenery.palette[min(2, len(painter.scenery.palette) - 1)]
        canvas.fill(cuff, accent, 0.9)
    painter.solid(painter.placed(ellipse(0.0, knot, 0.30, 0.26, 24), 0.9), 0.22, np.clip(color * 1.03, 0, 255))


def _braces(painter: BodyPainter, color: Pixels) -> None:
    for side in (-1, 1):
        top = shoulder_line(painter, 1.0) - 0.05
        line = smooth(np.array([(1.0, top), (0.98, 4.0), (0.95, 9.3)]) * (side, 1), 8)
        painter.canvas.crease(painter.placed(np.add(line, (0.05, 0.0)), 0.7), 0.26, _SHADE, 0.35, soft=0.05)
        painter.canvas.line(painter.placed(line, 0.7), 0.22, color, 0.97)
        buckle = painter.placed(ellipse(side * 0.97, 4.6, 0.13, 0.09, 4), 0.7)
        painter.canvas.fill(buckle, (196, 178, 130), 0.95)


def _belt(painter: BodyPainter, color: Pixels) -> None:
    waist = painter.body.waist + 0.16
    band = painter.placed([(-waist, 7.35), (waist, 7.35), (waist, 7.75), (-waist, 7.75)])
    painter.solid(band, 0.2, color)
    buckle = painter.placed([(-0.22, 7.33), (0.22, 7.33), (0.22, 7.77), (-0.22, 7.77), (-0.22, 7.33)], 1.0)
    painter.canvas.line(buckle, 0.06, (205, 180, 110), 0.95)


def _strap(painter: BodyPainter, color: Pixels, wide: float) -> None:
    """A strap from the viewer's right shoulder across the chest to the other hip."""
    top = shoulder_line(painter, 1.05) - 0.4
    line = smooth([(1.05, top), (0.75, 3.4), (-0.35, 6.2), (-painter.body.hip * 0.98, 9.6)], 8)
    depth = sin(np.linspace(0, np.pi, len(line)))[:, None]
    placed = painter.placed(line, 0.0) * (1 - depth) + painter.placed(line, 1.0) * depth
    painter.canvas.clip = painter.cover  # behind the shoulder it is not seen
    painter.canvas.crease(np.add(placed, (0.05, 0.06)), 1.2 * wide, _SHADE, 0.4, soft=0.05)
    painter.canvas.line(placed, wide, color, 1.0)
    painter.canvas.line(np.subtract(placed, (0.25 * wide, 0.0)), 0.12 * wide, np.clip(color * 1.3 + 12, 0, 255), 0.7)
    painter.canvas.clip = None


def _bag(painter: BodyPainter, x: float, y: float, wide: float, high: float, color: Pixels, flap: float) -> None:
    outline = smooth([(x - wide, y), (x + wide, y), (x + 1.04 * wide, y + high), (x - 1.04 * wide, y + high)], 4,
                     closed=True)  # fmt: skip
    box = [(x - wide, y), (x + wide, y), (x + 1.05 * wide, y + high), (x - 1.05 * wide, y + high)]
    painter.shade_under(np.add(painter.placed(outline), (0.08, 0.10)), 0.45)
    painter.solid(painter.placed(box), 0.25, color)
    cover = [(x - wide, y), (x + wide, y), (x + 0.9 * wide, y + flap * high), (x - 0.9 * wide, y + flap * high)]
    painter.solid(painter.placed(cover), 0.15, np.clip(color * 1.1, 0, 255))
    painter.canvas.crease(painter.placed(cover[2:]), 0.07, _SHADE, 0.7, soft=0.03)
    painter.canvas.fill(painter.placed(ellipse(x, y + flap * high, 0.11, 0.09, 12)), (205, 182, 120), 0.95)


def _crossbody(painter: BodyPainter, color: Pixels) -> None:
    _strap(painter, color * 0.85, 0.16)
    _bag(painter, -painter.body.hip * 0.80, 9.3, 0.72, 1.15, color, 0.5)


def _satchel(painter: BodyPainter, color: Pixels) -> None:
    _strap(painter, color * 0.92, 0.26)
    x, hip = -painter.body.hip * 0.86, 9.2
    _bag(painter, x, hip, 1.05, 1.75, color, 0.62)
    for shift in (-0.5, 0.5):
        belt = painter.placed([(x + shift, hip + 0.1), (x + shift, hip + 1.35)])
        painter.canvas.line(belt, 0.15, color * 0.72, 0.9)
        painter.canvas.fill(painter.placed(ellipse(x + shift, hip + 1.1, 0.1, 0.08, 4)), (205, 182, 120), 0.95)


def _shoulder_bag(painter: BodyPainter, color: Pixels) -> None:
    """A structured bag on the viewer's left shoulder; its straps show at the chest."""
    hip = painter.body.hip
    for shift in (0.0, 0.24):
        start = 1.22 + shift
        top = shoulder_line(painter, start) - 0.4
        painter.canvas.clip = painter.cover
        line = smooth([(-start, top), (-start - 0.10, 3.4), (-start - 0.16, 5.2), (-hip - 0.02 - 0.5 * shift, 8.7)], 8)
        painter.canvas.crease(painter.placed(np.add(line, (0.04, 0.0))), 0.13, _SHADE, 0.4, soft=0.04)
        painter.canvas.line(painter.placed(line), 0.11, color * 0.9, 1.0)
        painter.canvas.clip = None
    _bag(painter, -hip - 0.25, 8.5, 0.95, 1.8, color, 0.28)


def _headscarf(painter: BodyPainter, color: Pixels) -> None:
    """The part of a headscarf that falls over neck and chest; the rest is painted with the head."""
    neck = painter.body.neck
    inner, outer = shoulder_line(painter, 1.05) - 0.10, shoulder_line(painter, 1.6) - 0.06
    right = smooth([(neck + 0.14, 1.0), (neck + 0.20, 1.55), (1.05, inner), (1.6, outer), (1.62, outer + 0.5),
                    (1.25, 3.8), (0.6, 4.35), (0.0, 4.55)], 6)  # fmt: skip
    outline = painter.placed(np.concatenate([right, mirrored(right)[::-1]]), 0.5)
    painter.shade_under(np.add(outline, (0.0, 0.12)), 0.45, soft=0.10)
    painter.solid(outline, 0.6, color)
    painter.canvas.clip = painter.canvas.area(outline)
    # One end lies over the other: its folds run from a shoulder across the chest.
    for level, wide in ((1.75, 1.1), (2.05, 1.3), (2.4, 1.5), (2.8, 1.55), (3.25, 1.5)):
        fold = smooth([(-wide, level - 0.15), (-0.35, level + 0.32), (0.5, level + 0.12), (wide, level - 0.62)], 8)
        painter.fold(painter.placed(fold, 0.5), 0.13, 0.6)
    hem = smooth([(-1.05, 1.72), (-0.3, 2.5), (0.5, 3.3), (0.95, 4.2)], 8)
    painter.fold(painter.placed(hem, 0.5), 0.09, 1.0)
    painter.canvas.clip = None


WORN: Final[dict[str, Callable[[BodyPainter, Pixels], None]]] = {
    "necklace": _necklace,
    "chains": _chains,
    "pearls": _pearls,
    "beads": _beads,
    "glitter": _glitter,
    "headphones": _headphones,
    "neckerchief": _neckerchief,
    "scarf": _scarf,
    "shawl": _shawl,
    "tie": _tie,
    "bow tie": _bow_tie,
    "pocket square": _pocket_square,
    "shoulder sweater": _shoulder_sweater,
    "braces": _braces,
    "belt": _belt,
    "crossbody": _crossbody,
    "satchel": _satchel,
    "shoulder bag": _shoulder_bag,
    "headscarf": _headscarf,
}
"""Shapes by name."""

OVER_ARMS: Final = ("shawl",)
"""Shapes that lie over the arms, and so are painted after them."""
