"""Outlines of the upper body: shoulders, sides and necklines, as body points in face units."""

from __future__ import annotations

import numpy as np

from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.strokes import Points, mirrored, smooth
from personaforge.media.exact import interp

Half = list[tuple[float, float]]
"""Points of the viewer's right half."""


def shoulders(painter: BodyPainter, loose: float, *, cloth: bool) -> Half:
    """Return the right shoulder from the neck outwards, of the body or of cloth on it."""
    body, sink = painter.body, painter.body.drop
    reach, lift = body.shoulder + 0.5 * loose, 0.07 if cloth else 0.0
    return [
        (1.05, 2.20 + 0.4 * sink - lift),
        (reach * 0.77, 2.50 + sink - lift),
        (reach * 0.94, 2.88 + sink - lift),
    ]


def shoulder_line(painter: BodyPainter, x: float) -> float:
    """Return the height of this person's shoulder at `x`."""
    neck, (inner, outer, _) = painter.body.neck, shoulders(painter, 0, cloth=False)
    return float(interp(x, [neck * 1.04, nape(neck), inner[0], outer[0]], [1.75, 2.02, inner[1], outer[1]]))


def nape(neck: float) -> float:
    """Return how far from the middle a neck of this half width goes over into the shoulder, inside any collar."""
    return min(neck * 1.38, 0.88)


def sides(painter: BodyPainter, start: float, loose: float, hem: float, *, bare: bool = False) -> tuple[Half, Half]:
    """Return the right half of a top: its shoulder beyond x = `start`, and its side down to the hem.

    With `bare` arms it ends on the shoulder and goes in round the arm.
    """
    body = painter.body
    outer = [point for point in shoulders(painter, loose, cloth=True) if point[0] > start + 0.05]
    chest = max(body.shoulder * 0.80, body.waist + 0.08)
    armhole = [(body.shoulder * 0.90 + loose * 0.5, 3.7)]
    if bare:
        edge = max(body.shoulder * 0.66, start + 0.16)
        outer = [(edge, shoulder_line(painter, edge) - 0.05)]
        armhole = [(edge - 0.04, 3.1), (body.shoulder * 0.70, 3.9)]
    side = [
        *armhole, (chest + 0.6 * loose, 4.9),
        (body.waist + 0.10 + loose, 6.4), (body.waist + loose, 7.5), (body.hip * 0.93 + loose, 9.2),
        (body.hip + loose, 10.3), (body.hip + loose * 0.9, 10.9), (body.hip + loose + 0.12, 13.5),
        (body.hip + loose + 0.3, 18.0),
    ]  # fmt: skip
    width = float(interp(hem, [point[1] for point in side], [point[0] for point in side]))
    return outer, [*(point for point in side if point[1] < hem - 0.25), (width, hem - 0.06)]


def torso(
    painter: BodyPainter, neck: tuple[tuple[float, float], ...], loose: float, hem: float, *, bare: bool = False
) -> Points:
    """Return the outline on the screen of a top with this neckline, from shoulders to hem, without sleeves `bare`."""
    outer, side = sides(painter, neck[0][0], loose, hem, bare=bare)
    width = side[-1][0]
    # A neckline starts on this person's shoulder.
    line = shoulder_line(painter, neck[0][0]) - 0.05
    start = (neck[0][0], line if neck[0][0] > 1.0 else min(neck[0][1], line))
    right = smooth([start, *outer, *side, (0.55 * width, hem + 0.08), (0.0, hem + 0.12)], 5)
    opening = smooth([start, *neck[1:]], 5)
    edge = painter.placed(opening, 1.0)
    far = painter.placed(mirrored(opening), 1.0)
    # The neckline's ends lie on the shoulders, which don't move with the chest.
    blend = np.linspace(0, 1, len(opening))[:, None]
    edge, far = (
        painter.placed(points, 0.0) * (1 - blend) + moved * blend
        for points, moved in ((opening, edge), (mirrored(opening), far))
    )
    return np.concatenate([painter.placed(right[::-1]), edge, far[::-1], painter.placed(mirrored(right))])
