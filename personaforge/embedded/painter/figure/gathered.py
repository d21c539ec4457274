"""Hair that is drawn together: combed back to a knot, and what hangs or is wound there.

Lengths are face units. A tail or a plait comes over a shoulder, so that it shows from the front; a bun is above the
crown, behind the front hair.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.figure.grooms import Courses, Roots, curled, layered, ordered, part_x
from personaforge.embedded.painter.figure.locks import Locks, curve
from personaforge.embedded.painter.figure.scalp import Floats, Points3
from personaforge.embedded.painter.figure.strung import over_shoulder
from personaforge.media.exact import cos, interp, sin

KNOTS: Final[dict[str, tuple[float, float, float]]] = {
    "tied": (0.0, -1.12, -1.0),
    "topknot": (0.0, -1.36, -0.35),
    "ponytail": (0.0, 0.45, -1.2),
    "plait": (0.0, 0.55, -1.15),
    "plaits": (0.62, 0.5, -0.85),
    "half up": (0.0, -0.75, -1.3),
}
"""Where hair is held, by how it is worn; with two plaits on both sides."""
TAILS: Final[dict[str, float]] = {"chin": 1.9, "shoulder": 2.7, "long": 3.6}
"""Height of the ends of a tail, by the length of the hair."""


def drawn_back(face: Face, roots: Roots, steps: int) -> Courses:
    """Return the courses of hair that is combed to its knot, close to the head."""
    x, y, z = roots.points
    knot = KNOTS[face.hair_style]
    side = np.where(x - part_x(face) * np.clip(1.6 + z, 0, 1) >= 0, 1.0, -1.0)
    parted = face.hair_style in ("ponytail", "plait", "plaits")
    goal = [np.full(len(roots), value) for value in knot]
    if face.hair_style == "plaits":
        goal[0] = goal[0] * side
    aim = Points3(*goal)
    knots = [roots.points]
    top = np.clip((-0.7 - y) / 0.4, 0, 1) * np.clip((z + 0.5) / 0.8, 0, 1)
    height = {"straight": 0.065, "wavy": 0.08}.get(face.hair_texture, 0.095)
    lively = roots.random.uniform(0.90, 1.05, len(roots))
    for part, bend in ((0.12, 0.35), (0.32, 0.7), (0.58, 0.6), (0.8, 0.25)):
        chord = Points3(*(a + (b - a) * part for a, b in zip(roots.points, aim, strict=True)))
        if parted:
            bow = bend * top * side
            chord = Points3(chord.x + bow, chord.y + 0.25 * np.abs(bow), chord.z)
        knots.append(roots.scalp.laid(chord, height * min(0.25 + 2 * part, 1.0) * lively))
    knots.append(roots.scalp.laid(aim, 0.04))
    line = curve(knots, steps)
    share = np.linspace(0.0, 1.0, line.x.shape[1])
    line = roots.scalp.pushed(line, (0.75 * height * np.minimum(2.4 * share, 1))[None] + 0 * line.x)
    # What grows at the edge is drawn over all that grows further in.
    return Courses(line, roots.degrees, np.argsort(y + 0.1 * roots.random.uniform(0, 1, len(roots)), kind="stable"))


def combed_back(face: Face, roots: Roots) -> Locks:
    """Return loose hair that is combed to its knot."""
    line, _, order = drawn_back(face, roots, 7)
    share = np.linspace(0.0, 1.0, line.x.shape[1])
    taper = interp(share, [0, 0.12, 0.6, 1], [0.1, 0.8, 1, 0.5])
    width = 0.075 * roots.random.uniform(0.7, 1.25, len(roots))
    tone = layered(order, roots.random, 0.82)
    limit = np.full(line.x.shape, -0.06)
    mix = roots.random.uniform(0, 1, len(roots))
    locks = Locks(line, width[:, None] * taper[None], tone, mix, limit)
    return ordered(curled(face, locks, roots.degrees, roots.random, 0.2), order)


def tail_line(face: Face, side: float, end: float) -> Floats:
    """Return the course of a tail over a shoulder, (points, 3)."""
    knots = [
        (side * 0.25, 0.70, -1.05), (side * 0.62, 1.20, -0.75), (side * 0.98, 1.66, -0.10), (side * 0.96, 2.1, 0.45),
        (side * 0.86, 0.5 * (2.1 + end), 0.75), (side * 0.76, end, 0.8),
    ]  # fmt: skip
    found = curve([Points3(*(np.array([value]) for value in knot)) for knot in knots], 8)
    return np.stack([axis[0] for axis in found], axis=1)


def tail(face: Face, line: Floats, random: np.random.Generator, size: float, count: int = 30) -> Locks:
    """Return a bundle of loose hair along a line."""
    share = np.linspace(0, 1, len(line))
    thick = size * interp(share, [0, 0.06, 0.35, 0.8, 1], [0.45, 0.62, 1.0, 0.72, 0.15])
    around = np.linspace(0, 2 * np.pi, count, endpoint=False) + random.uniform(-0.2, 0.2, count)
    inner = np.sqrt(random.uniform(0.2, 1, count))
    aside, ahead = cos(around) * inner, sin(around) * inner
    late = random.uniform(0.88, 1.0, count)
    points = []
    for axis, offset in ((0, aside), (1, 0 * aside), (2, 0.8 * ahead)):
        places = interp((share[None] * late[:, None]).ravel(), share, line[:, axis]).reshape(count, len(line))
        points.append(places + offset[:, None] * thick[None])
    taper = interp(share, [0, 0.1, 0.7, 1], [0.6, 1, 0.9, 0.1])
    width = 0.55 * size * random.uniform(0.7, 1.2, count)
    order = np.argsort(ahead, kind="stable")
    tone = layered(order, random, 0.78)
    whole = Points3(*points)
    locks = Locks(whole, width[:, None] * taper[None], tone, random.uniform(0, 1, count), over_shoulder(whole.z))
    return ordered(curled(face, locks, np.zeros(count), random, 0.8), order)


def wound(face: Face, center: tuple[float, float, float], size: float, random: np.random.Generator) -> Locks:
    """Return a bun: hair wound round a ball, the outer turns first."""
    turns, points = 20, 24
    lines: list[list[Floats]] = [[], [], []]
    for index in range(turns):
        low = 1.25 - 1.15 * index / (turns - 1)  # from the rim of the ball, radians from its middle, to near its middle
        begin = 2.4 * index
        angle = begin + np.linspace(0, 3.3, points)
        lean = low + np.linspace(0.1, -0.15, points)
        ring, up = size * sin(lean), size * cos(lean)
        lines[0].append(center[0] + ring * cos(angle))
        lines[1].append(center[1] - 0.55 * up + 0.80 * ring * sin(angle))
        lines[2].append(center[2] + 0.6 * up - 0.4 * ring * sin(angle))
    whole = Points3(*(np.stack(line) for line in lines))
    taper = interp(np.linspace(0, 1, points), [0, 0.25, 0.75, 1], [0.15, 1, 1, 0.15])
    width = np.full(turns, 0.30 * size) * random.uniform(0.85, 1.15, turns)
    tone = np.linspace(0.8, 1.08, turns) * random.uniform(0.95, 1.05, turns)
    limit = np.full(whole.x.shape, 2.0)  # always behind the head
    locks = Locks(whole, width[:, None] * taper[None], tone, random.uniform(0, 1, turns), limit)
    return curled(face, locks, np.zeros(turns), random, 0.35) if face.hair_texture in ("curly", "coily") else locks
