"""Landmarks to what a face's expression is told by: eyes, mouth and brows. No models, no numpy, and no judgement.

    eyes     mean over both eyes of (|p2 p6| + |p3 p5|) / (2 |p1 p4|), the lids' distance over the eye's width: the eye
             aspect ratio of Soukupova and Cech (Real-Time Eye Blink Detection using Facial Landmarks, CVWW 2016)
    mouth    the same of the inner lips: the mean of three distances between them over that of their ends; 0 is shut
    smile    width of the mouth, corner to corner, over the distance between the eyes: a smile draws the corners out
    brows    height of the brows' lower edge over the middle of the eye's corners, square to the line of the eyes, over
             the distance between the eyes; mean of both, below 0 where they lie under the eyes

They have no unit, and all but `brows` are at least 0. An eye is the middle of its corners, so that lids move
nothing but `eyes`. Points are (n, 2) or (n, 3), (x, y) in pixels, origin top left; see `landmarks` for their order:

    106      left eye: corners 35 and 39, lids 41/36 and 42/37; right eye: corners 89 and 93, lids 95/90 and 96/91
             inner lips: ends 65 and 69, pairs 66/54, 62/60 and 70/57; corners 52 and 61
             brows' lower edges: 44, 45, 47 and 98, 99, 100
    mesh     left eye: corners 33 and 133, lids 160/144 and 158/153
             right eye: corners 362 and 263, lids 385/380 and 387/373
             inner lips: ends 78 and 308, pairs 82/87, 13/14 and 312/317; corners 61 and 291
             brows' lower edges: 53, 52, 65 and 283, 282, 295

The order of the 106 was confirmed by us on a photograph; that of the mesh is its canonical model's. Five points show no
expression. `tests.benchmarks.verdicts_expression` measures how these numbers follow a face, and how far they are off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from personaforge.faces.analyzer import Face

Point = tuple[float, float]
Pair = tuple[int, int]


class _Points(NamedTuple):
    """Which points of a layout are which; the left of the picture first."""

    number: int
    eyes: tuple[Pair, Pair]
    """Corners."""
    lids: tuple[tuple[Pair, Pair], tuple[Pair, Pair]]
    ends: Pair
    """Of the inner lips."""
    lips: tuple[Pair, Pair, Pair]
    corners: Pair
    brows: tuple[tuple[int, int, int], tuple[int, int, int]]


_106: Final = _Points(
    106,
    eyes=((35, 39), (89, 93)),
    lids=(((41, 36), (42, 37)), ((95, 90), (96, 91))),
    ends=(65, 69),
    lips=((66, 54), (62, 60), (70, 57)),
    corners=(52, 61),
    brows=((44, 45, 47), (98, 99, 100)),
)
_MESH: Final = _Points(
    468,
    eyes=((33, 133), (362, 263)),
    lids=(((160, 144), (158, 153)), ((385, 380), (387, 373))),
    ends=(78, 308),
    lips=((82, 87), (13, 14), (312, 317)),
    corners=(61, 291),
    brows=((53, 52, 65), (283, 282, 295)),
)
_LEAST: Final = 1e-3
"""Pixels: what is divided by is no distance below this."""


class Expression(NamedTuple):
    """What a face's expression is told by; see above. 4 decimals."""

    eyes: float
    mouth: float
    smile: float
    brows: float


def expression_106(points: Sequence[Any]) -> Expression:
    """Return the numbers of 106 points. Raises ValueError for another count, for points that aren't finite, and where
    the eyes coincide or an eye or the mouth has no width."""
    return _expression(points, _106)


def expression_mesh(points: Sequence[Any]) -> Expression:
    """Return the numbers of a mesh of 468 points. Raises ValueError as `expression_106` does."""
    return _expression(points, _MESH)


def measure_expression(face: Face) -> Mapping[str, float] | None:
    """Return a face's numbers by the points that its ratios come from, as a measurement holds them; None where it has
    five points alone, or where they can't be used."""
    try:
        if face.landmarks106 is not None:
            return expression_106(list(face.landmarks106))._asdict()
        return None if face.mesh is None else expression_mesh(list(face.mesh))._asdict()
    except ValueError:
        return None


def _expression(points: Sequence[Any], which: _Points) -> Expression:
    if len(points) != which.number:
        raise ValueError(f"found {len(points)} points, expected {which.number}")
    at = [(float(point[0]), float(point[1])) for point in points]
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in at):
        raise ValueError("a landmark is not a finite number")

    def apart(pair: Pair) -> float:
        return math.dist(at[pair[0]], at[pair[1]])

    left, right = (_middle([at[one] for one in pair]) for pair in which.eyes)
    between = _distance(math.dist(left, right), "the eyes coincide")
    # Square to the line of the eyes, and down where the picture is upright.
    down = (-(right[1] - left[1]) / between, (right[0] - left[0]) / between)
    eyes, brows = [], []
    for corners, lids, edge, eye in zip(which.eyes, which.lids, which.brows, (left, right), strict=True):
        width = _distance(apart(corners), "an eye has no width")
        eyes.append(sum(map(apart, lids)) / (len(lids) * width))
        brow = _middle([at[one] for one in edge])
        brows.append(((eye[0] - brow[0]) * down[0] + (eye[1] - brow[1]) * down[1]) / between)
    ends = _distance(apart(which.ends), "the mouth has no width")
    mouth = sum(map(apart, which.lips)) / (len(which.lips) * ends)
    found = (sum(eyes) / 2, mouth, apart(which.corners) / between, sum(brows) / 2)
    return Expression(*(round(one, 4) for one in found))


def _middle(points: Sequence[Point]) -> Point:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _distance(found: float, otherwise: str) -> float:
    if found < _LEAST:
        raise ValueError(otherwise)
    return found
