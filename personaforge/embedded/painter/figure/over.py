"""Garments that are worn open over another, coats to robes, and the necklines that a jacket's opening shows.

Points are body points in face units for the viewer's right, mirrored for the left.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.figure.clothes import CUTS
from personaforge.embedded.painter.figure.outline import shoulder_line, sides
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.outfit import Color
from personaforge.embedded.painter.strokes import Pixels, Points, mirrored, ribbon, smooth
from personaforge.media.exact import cos, sin

_DARK: Final = (0.6, 0.6, 0.62)

Knots = tuple[tuple[float, float], ...]


class Layer(NamedTuple):
    """A garment worn open."""

    edge: Knots
    """The opening's edge from the shoulder to the hem."""
    hem: float
    """Height of the lower edge, body units."""
    sleeve: float
    """0 none, 1 to the wrist."""
    loose: float
    """Added to the half width, face units."""
    collar: str = ""
    """lapels, band, zip or ribs along the edge."""
    shine: float = 0.0
    """How much the cloth shines, 0..1."""


LAYERS: Final[dict[str, Layer]] = {
    "coat": Layer(((0.86, 2.02), (0.98, 3.4), (0.92, 6.5), (1.02, 15.4)), 15.6, 1.0, 0.24, "lapels"),
    "vest": Layer(((1.02, 2.14), (0.98, 3.6), (1.04, 6.5), (1.24, 9.0)), 9.2, 0.0, 0.10, "seam"),
    "cardigan": Layer(((0.86, 2.02), (0.84, 3.4), (0.86, 6.5), (0.98, 9.9)), 10.1, 1.0, 0.16, "ribs"),
    "robe": Layer(((0.84, 2.0), (0.92, 3.2), (0.90, 6.0), (1.16, 17.0)), 17.2, 0.9, 0.26, "band", 1.0),
    "zip jacket": Layer(((0.84, 2.02), (0.82, 3.4), (0.84, 6.0), (0.90, 9.0)), 9.2, 1.0, 0.12, "zip", 0.3),
}
"""Garments by name."""

INNER: Final[dict[str, Knots]] = {
    "crew": CUTS["tee"].neck,
    "roll": CUTS["knit"].neck,
    "vee": ((0.80, 2.06), (0.56, 2.7), (0.22, 3.3), (0.0, 3.62)),
}
"""Necklines by name; a roll neck is laid over the plain one."""


def paint_over(painter: BodyPainter, layer: Layer, color: Color, sleeves: list[Points]) -> None:
    """Paint both fronts of a layer with its upper `sleeves`, left and right, as one form each."""
    tone = np.asarray(color, np.float32)
    painter.cloth = ("plain", (color,))
    start = (layer.edge[0][0], min(layer.edge[0][1], shoulder_line(painter, layer.edge[0][0]) - 0.08))
    outer, side_line = sides(painter, start[0], layer.loose, layer.hem, bare=not layer.sleeve)
    edge = smooth([start, *layer.edge[1:]], 6)
    hem = [(0.5 * (side_line[-1][0] + layer.edge[-1][0]), layer.hem + 0.03), (layer.edge[-1][0], layer.hem)]
    half = np.concatenate([smooth([start, *outer, *side_line, *hem], 5), edge[::-1]])
    fronts = [painter.placed(half), painter.placed(mirrored(half))]
    for number, front in enumerate(fronts):
        painter.shade_under(np.add(front, (0.0, 0.08)), 0.45, soft=0.12)
        painter.united([front, *sleeves[1 - number : 2 - number]], 1.0)
    for side, front in zip((1, -1), fronts, strict=True):
        found = painter.canvas.mask([front])
        if found is not None:
            with painter.shading(found):
                _folds(painter, layer, side)
        _edge(painter, layer, edge * (side, 1), side, tone)


def _folds(painter: BodyPainter, layer: Layer, side: int) -> None:
    random = np.random.default_rng(painter.seed + 31 + side)
    shoulder = painter.body.shoulder
    for reach, level in ((0.7, 4.3), (0.5, 5.0), (0.4, 6.9), (0.45, 7.8)):
        start = np.array([side * shoulder * 0.86, level + random.uniform(-0.1, 0.1)])
        stop = np.add(start, (-side * reach, random.uniform(0.2, 0.6)))
        painter.fold(painter.placed(smooth([start, 0.5 * (start + stop) + (0, -0.1), stop], 5)), 0.15, 0.35)
    for share in (0.62, 0.86):
        x = side * (share * painter.body.hip + 0.1)
        line = [(x, min(layer.hem, 9.0) - 2.0), (1.02 * x, layer.hem)]
        painter.canvas.crease(painter.placed(line), 0.18, (0.78, 0.77, 0.79), 0.4, soft=0.08)
        if layer.shine:
            lit = np.add(line, (side * -0.2, 0))
            painter.canvas.crease(painter.placed(lit), 0.16, (1.18, 1.17, 1.16), 0.6 * layer.shine, soft=0.08)
    if layer.shine:
        lit = [(side * 1.25, 2.7), (side * 1.3, 4.2), (side * 1.2, 6.2)]
        painter.canvas.crease(painter.placed(smooth(lit)), 0.24, (1.2, 1.19, 1.18), 0.6 * layer.shine, soft=0.12)


def _edge(painter: BodyPainter, layer: Layer, edge: Points, side: int, tone: Pixels) -> None:
    canvas = painter.canvas
    if layer.collar in ("band", "ribs"):  # these run on round the neck
        neck, first = painter.body.neck, side * edge[0, 0]  # never beyond the front's edge, or the band would fold over
        behind = [(min(neck + 0.20, first - 0.20), 1.82), (min(neck + 0.32, first - 0.08), 1.94)]
        edge = np.concatenate([np.array(behind) * (side, 1), edge])
    if layer.collar == "lapels":
        neck = painter.body.neck
        lapel = [(neck + 0.24, 1.92), (1.12, 2.24), (1.46, 3.2), (1.20, 3.36), (1.34, 3.62), (0.93, 6.0), (0.96, 4.0)]
        shape = np.array(lapel) * (side, 1)
        painter.solid(painter.draped(shape), 0.18, np.clip(tone * 1.06 + 4, 0, 255))
    elif layer.collar == "band":
        wide = np.minimum(0.42, 0.16 + 0.10 * np.arange(len(edge)))
        painter.solid(painter.draped(ribbon(edge, wide)), 0.14, np.clip(tone * 0.95, 0, 255))
    elif layer.collar == "ribs":
        painter.solid(painter.draped(ribbon(edge, 0.30)), 0.12, np.clip(tone * 1.03, 0, 255))
        for point in edge[4:-1:3]:
            away = (0.10, 0.0)
            rib = painter.placed([np.subtract(point, away), np.add(point, away)], 0.4)
            canvas.crease(rib, 0.04, _DARK, 0.35, soft=0.02)
        if side > 0:
            buttons = [painter.placed(_dot(x, y, 0.09), 0.4) for x, y in edge[8:-2:5]]
            canvas.strokes(buttons, tone * 0.55, 0.95)
    elif layer.collar == "zip":
        canvas.line(painter.placed(edge, 0.4), 0.05, (196, 197, 200), 0.9)
        neck = painter.body.neck
        collar = np.array([(neck + 0.12, 1.78), (neck + 0.42, 2.02), (0.94, 2.6), (0.80, 2.62)]) * (side, 1)
        painter.solid(painter.draped(collar), 0.2, np.clip(tone * 1.12 + 6, 0, 255))
    else:
        canvas.crease(painter.placed(edge, 0.4), 0.05, _DARK, 0.7, soft=0.015)
        inside = np.add(edge, (side * 0.14, 0))
        canvas.crease(painter.placed(inside, 0.4), 0.03, (1.25, 1.22, 1.2), 0.6, soft=0.01)


def _dot(x: float, y: float, radius: float) -> Points:
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    return np.stack([x + radius * cos(turn), y + radius * sin(turn)], axis=1)
