"""How loose hair lies: the courses of its locks from the root to the tip, by the way that it is worn.

Every course is a curve through a few knots on or above the scalp; `Scalp.pushed` lifts it off the head, so hair has
volume and never cuts into the skull. Waves and curls are laid over the finished course. Lengths are face units, angles
degrees from the nose, `side` is -1 for the viewer's left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.figure.locks import Locks, curve
from personaforge.embedded.painter.figure.scalp import (
    MIDDLE,
    Floats,
    Order,
    Points3,
    Scalp,
    bare_above,
    hairline,
    root_line,
)
from personaforge.media.exact import cos, interp, sin

VOLUME: Final[dict[str, float]] = {"straight": 0.10, "wavy": 0.16, "curly": 0.24, "coily": 0.26}
"""How far loose hair stands off the scalp, by texture."""
ENDS: Final[dict[str, float]] = {"chin": 1.45, "shoulder": 2.35, "long": 3.8}
"""Height of the ends of loose hair, by length."""
HANGS: Final = 63.0
"""Degrees from the nose where hair that falls past the face begins."""


class Roots:
    """Where locks begin: on the scalp, wherever hair grows."""

    def __init__(
        self, face: Face, at: Mapping[str, float], count: int, seed: int, inset: float = 0.03, spacing: float = 0.09
    ) -> None:
        """`count` roots are spread over the whole head; those on bare skin are left out.

        `spacing` is how far apart they are in the rows along the hairline and the parting.
        """
        random = np.random.default_rng(face.strands + seed)
        self.scalp = Scalp(at)
        degrees, points = self.scalp.spread(count, random)
        keep = (points.y < hairline(face, at, degrees) - inset) & (
            points.y > bare_above(face, degrees) + random.uniform(-0.02, 0.14, count)
        )
        # A row just behind the hairline, so that its edge is even.
        edge = np.arange(-100.0, 100.1, spacing * 55)
        edge = edge + random.uniform(-1.5, 1.5, len(edge))
        height = hairline(face, at, edge) - inset * random.uniform(0.2, 1.8, len(edge))
        # And a row on both sides of the parting.
        parted = face.hair_length in ENDS and face.hair_style not in ("tied", "topknot")
        back = np.repeat(np.arange(0.0, 1.45 if parted else 0.0, spacing / 2.4), 2)
        aside = part_x(face) + np.tile((-0.04, 0.04), len(back) // 2) + random.uniform(-0.01, 0.01, len(back))
        front = root_line(face, at) - inset - 0.05 * (np.abs(aside) > 0.2)
        top = front + (at["forehead"] + 0.03 - front) * sin(0.5 * np.pi * back)
        turned, beside = self.scalp.along(aside, top, back > 1)
        row = Points3(*(np.concatenate(axis) for axis in zip(self.scalp.placed(edge, height), beside, strict=True)))
        edge = np.concatenate([edge, turned])
        if face.hair_cut == "bald":
            edge, row = edge[:0], Points3(*(axis[:0] for axis in row))
        self.degrees: Floats = np.concatenate([degrees[keep], edge])
        self.points = Points3(*(np.concatenate([a[keep], b]) for a, b in zip(points, row, strict=True)))
        self.random = random

    def __len__(self) -> int:
        return len(self.degrees)

    def kept(self, keep: NDArray[np.bool_]) -> Roots:
        """Return the roots where `keep` is true."""
        found = object.__new__(Roots)
        found.scalp, found.random, found.degrees = self.scalp, self.random, self.degrees[keep]
        found.points = Points3(*(axis[keep] for axis in self.points))
        return found


def part_x(face: Face) -> float:
    """Return how far from the middle hair parts on top of the head."""
    return (0.34 if face.hair_texture in ("straight", "wavy") else 0.14) * face.parting


class Courses(NamedTuple):
    """Finished courses, and the order in which they are laid on each other."""

    line: Points3
    """(courses, points)."""
    hang: Floats
    """(courses,): the angle at which each hangs, degrees."""
    order: Order


def falling(face: Face, at: Mapping[str, float], roots: Roots, volume: float, end: float, steps: int) -> Courses:
    """Return hair that falls from its parting past the temples to the ends."""
    x, y, z = roots.points
    scalp, random, count = roots.scalp, roots.random, len(roots)
    away = np.abs(roots.degrees)
    # Hair on top belongs to the side of the parting that it grows on, hair at the back to its own side.
    side = np.where(x - part_x(face) * np.clip(1.6 + z, 0, 1) >= 0, 1.0, -1.0)
    hang = interp(away, [0, 40, 75, 110, 145, 180], [64, 70, 86, 112, 146, 178]) + random.uniform(-3, 3, count)
    top = np.clip((-0.9 - y) / 0.4, 0, 1)
    # On top the angle from the nose says little: hair there falls further back, the further back it grows.
    over = interp(z, [-1.0, -0.3, 0.4, 0.9], [150, 108, 80, 66])
    hang = hang + (over - hang) * top
    own = 1.0 if face.parting >= 0 else -1.0
    if face.hair_style == "tucked":
        hang = np.where(side == own, np.maximum(hang, 104), hang)
    tight = (side != own) & (face.hair_style == "side")  # held behind the ear
    hang = np.where(tight, np.maximum(hang, 118), hang)
    hang = side * hang
    # Hair lies on an arc around the skull. At the crown its roots are under other hair, so only the front is parted.
    roof, eaves = 0.07 + 0.5 * volume, np.where(tight, 0.03, 0.04 + 0.75 * volume)
    crown = np.clip((0.55 - z) / 0.4, 0, 1) * top
    lively = random.uniform(0.88, 1.06, count)
    # Both sides overlap there, so that no gap opens in the outline.
    begin = roots.points._replace(x=x - 0.10 * side * crown)
    knots = [scalp.laid(begin, np.maximum(crown, 0.4 * top) * roof * lively)]
    brow = np.maximum(y + 0.12, -0.22)
    shoulder = scalp.placed(hang * 0.97, brow, eaves * lively)
    for part, grown in ((0.12, 0.62), (0.32, 1.0), (0.52, 1.0), (0.74, 1.0)):
        chord = Points3(*(a + (b - a) * part for a, b in zip(begin, shoulder, strict=True)))
        # It leaves the parting outwards before it bends down.
        chord = chord._replace(y=chord.y - 0.35 * part * (1 - part) * top * np.clip(z, 0, 1))
        lift = (roof + (eaves - roof) * part) * np.maximum(grown, crown) * lively
        knots.append(scalp.laid(chord, lift))
    knots.append(shoulder)
    bob = face.hair_cut == "bob"
    shorter = 0.0 if bob else 0.4 if face.hair_length == "chin" else 1.6
    ends = end + random.uniform(-0.12, 0.06, count) * (0.3 if bob and face.hair_texture == "straight" else 1.2)
    ends -= 0.006 * shorter * np.clip(100 - np.abs(hang), 0, 36)
    low = np.maximum(brow + 0.1, 0.25)
    drift = random.uniform(-1, 1, count)
    deep = 0.24 * random.uniform(0, 1, count) * (np.abs(hang) < 125)
    spread = 10 + 16 * random.uniform(0, 1, count)
    for part in (0.0, 0.33, 0.66, 1.0):
        height = low + (ends - low) * part
        # Over the chest hair spreads towards the middle.
        inward = interp(height, [0.9, 1.7, 2.6], [0.0, 0.5, 1.0]) * (np.abs(hang) < 100)
        turned = hang + 5 * part * drift - side * inward * spread
        if face.hair_style == "side":
            # It comes over one shoulder; what grows on the other side goes behind the neck.
            low_down = interp(height, [0.3, 1.5], [0.0, 1.0])
            aim = np.where(side == own, own * interp(np.abs(hang), [60, 130, 180], [54, 92, 150]),
                           -own * np.maximum(np.abs(hang), 150))  # fmt: skip
            turned = turned + (aim - turned) * low_down
        knots.append(_hung(face, at, turned, height, volume * np.where(tight, 0.2, 1.0), deep))
    line = curve(knots, steps)
    share = np.linspace(0.0, 1.0, line.x.shape[1])
    line = scalp.pushed(line, np.where(line.y < 0.4, 0.45 * volume * np.minimum(4 * share, 1)[None], 0.0))
    # Upper hair lies on lower hair, and near the parting on what is further away.
    return Courses(line, hang, np.argsort(-y + 0.25 * np.abs(x) + 0.15 * (z < 0), kind="stable"))


def fallen(face: Face, at: Mapping[str, float], roots: Roots, volume: float, end: float) -> Locks:
    """Return loose hair that falls from its parting."""
    random, count = roots.random, len(roots)
    steps = {"straight": 4, "wavy": 6}.get(face.hair_texture, 9)
    line, hang, order = falling(face, at, roots, volume, end, steps)
    share = np.linspace(0.0, 1.0, line.x.shape[1])
    width = {"straight": 0.135, "wavy": 0.14}.get(face.hair_texture, 0.095) * random.uniform(0.7, 1.3, count)
    taper = interp(share, [0, 0.06, 0.25, 0.7, 0.92, 1], [0.3, 0.7, 1, 1, 0.62, 0.12])
    if face.hair_cut == "bob" and face.hair_texture == "straight":
        taper = interp(share, [0, 0.12, 0.3, 0.94, 1], [0.12, 0.6, 1, 1, 0.5])
    tone = layered(order, random, 0.78)
    limit = np.where(line.y < 0.25, -0.10, -0.15)
    if face.hair_style == "side":
        behind = (hang * (1.0 if face.parting >= 0 else -1.0) < 0)[:, None] & (line.y > 0.2)
        limit = np.where(behind, 2.0, limit)
    locks = Locks(
        line, width[:, None] * taper[None], tone, random.uniform(0, 1, count), limit, free=face.hair_style != "side"
    )
    return ordered(curled(face, locks, hang, random), order)


def layered(order: Order, random: np.random.Generator, low: float) -> Floats:
    """Return tones of locks: what lies underneath is darker, `low` at the bottom."""
    tone = np.empty(len(order))
    tone[order] = np.linspace(low, 1.08, len(order))
    return np.asarray(tone * random.uniform(0.90, 1.10, len(order)), np.float64)


class _Combed(NamedTuple):
    """How short hair on top is combed; arrays are (roots,)."""

    way: tuple[Floats, Floats, Floats]
    """The direction of each lock."""
    rise: Floats
    """How far it stands off the scalp."""
    long: float
    loose: float
    """How much locks differ in their ways, 0..1."""


def _combed(face: Face, roots: Roots, front: Floats) -> _Combed:
    x = roots.points.x
    none, lean = np.zeros(len(roots)), float(np.sign(face.parting or 1.0))
    loose = {"straight": 0.16, "wavy": 0.45}.get(face.hair_texture, 0.7)
    rise = {"straight": 0.09, "wavy": 0.11}.get(face.hair_texture, 0.17) + none
    if face.hair_cut == "bald":
        return _Combed((none, none + 1.0, none), 0.3 * rise, 0.3, 0.3 * loose)
    if face.hair_cut == "mohawk":
        return _Combed((-0.6 * x, none - 0.5, none - 0.7), rise + 0.26, 0.5, loose)
    if face.hair_style == "swept":
        return _Combed((-0.25 * x, -0.2 * front, none - 1.0), 0.7 * rise + 0.07 * front, 0.85, 0.3 * loose)
    if face.hair_style == "fringe" or face.hair_cut == "pixie":
        way = (0.5 * x - 0.35 * lean, none + 0.35, none + 0.9)
        return _Combed(way, rise, 0.62 if face.hair_cut == "pixie" else 0.5, loose)
    if abs(face.parting) > 0.45:
        way = (np.where(x >= part_x(face), 1.0, -1.0), none + 0.1, 0.9 * front - 0.55)
        return _Combed(way, rise + 0.05 * front, 0.52, loose)
    way = (0.5 * lean + 0.3 * np.sign(x + 1e-9), none - 0.1, 1.5 * front - 0.75)
    return _Combed(way, rise + 0.06 * front, 0.42, loose)


def cropped(face: Face, at: Mapping[str, float], roots: Roots) -> Locks:
    """Return short hair: each lock lies along the way that it is combed, longer on top than at the sides."""
    x, y, z = roots.points
    random, count, man, scalp = roots.random, len(roots), face.masculinity, roots.scalp
    top = np.clip((-0.66 - y) / 0.30, 0, 1)
    front = np.clip((z - 0.1) / 0.8, 0, 1)
    side = np.sign(x + 1e-9)
    way, rise, long, loose = _combed(face, roots, front)
    down = (0.05 * side, 1.0 + 0.0 * x, -0.45 + 0.0 * x)
    aim = [a * top + b * (1 - top) + loose * random.uniform(-1, 1, count) * (0.4 + 0.6 * top) for a, b in
           zip(way, down, strict=True)]  # fmt: skip
    size = np.maximum(np.sqrt(aim[0] * aim[0] + aim[1] * aim[1] + aim[2] * aim[2]), 1e-6)
    feminine = 1 - man
    # Towards its edge hair is cut shorter, so that none hangs over bare skin.
    room = np.clip(hairline(face, at, roots.degrees) - y + 0.16 * feminine, 0.07, 0.26 + 0.14 * feminine)
    length = (long * top + room * (1 - top)) * random.uniform(0.75, 1.15, count) / size
    lift = rise * top + (0.03 + 0.05 * feminine) * (1 - top)
    lift = lift * (0.4 if face.hair_cut == "bald" else 1.0)
    # The whole of a lock keeps to one height, and neighbours to nearly the same: the outline is the skull's.
    lively = random.uniform(1 - 0.35 * loose, 1 + 0.15 * loose, count)
    knots = [scalp.laid(roots.points, 0.3 * lift * np.clip(1.4 - z, 0, 1))]
    # Tips lie down on the crown; over the forehead they stand off.
    tips = 0.45 + 0.4 * np.clip((z - 0.2) / 0.5, 0, 1)
    for part, height in ((0.3, 0.8), (0.65, 1.0), (1.0, tips)):
        moved = Points3(*(a + b * length * part for a, b in zip(roots.points, aim, strict=True)))
        knots.append(scalp.laid(moved, 0.012 + lift * height * lively))
    line = curve(knots, {"straight": 5, "wavy": 7}.get(face.hair_texture, 10))
    share = np.linspace(0.0, 1.0, line.x.shape[1])
    taper = interp(share, [0, 0.15, 0.5, 1], [0.15, 0.9, 1.0, 0.05])
    width = {"straight": 0.058, "wavy": 0.064}.get(face.hair_texture, 0.075) * random.uniform(0.6, 1.3, count)
    # What grows at the back is laid down first, then the sides, then the top towards the front.
    order = np.argsort(top + 0.7 * front * top + 0.1 * random.uniform(0, 1, count) - 0.3 * (y - MIDDLE), kind="stable")
    tone = layered(order, random, 0.80)
    limit = np.full(line.x.shape, -0.22)
    locks = Locks(line, width[:, None] * taper[None], tone, random.uniform(0, 1, count), limit)
    if face.hair_cut == "bald":
        return ordered(locks, order)
    return ordered(curled(face, locks, roots.degrees, random, 0.45 if face.hair_texture == "wavy" else 0.62), order)


def fringe(face: Face, at: Mapping[str, float], roots: Roots) -> Locks:
    """Return hair that falls over the forehead to just above the brows, or in two curtains to the sides of it."""
    x, y, z = roots.points
    front = roots.kept((y < -0.80) & (z > 0.25) & (np.abs(roots.degrees) < 62))
    x, y, z = front.points
    random, count = roots.random, len(front)
    curtain = face.hair_style == "curtain"
    away = front.degrees
    low = at["brow_y"] - 0.10
    knots = [front.points]
    if curtain:
        side = np.where(x - part_x(face) >= 0, 1.0, -1.0)
        aim = side * interp(np.abs(away), [0, 60], [40, 66])
        for height, part, lift in ((low - 0.30, 0.45, 0.16), (low + 0.12, 0.85, 0.16), (0.55, 1.0, 0.14)):
            turn = away + (aim - away) * part + 10 * side * (height > 0.3)
            knots.append(roots.scalp.placed(turn, np.maximum(height + random.uniform(-0.06, 0.06, count), y), lift))
    else:
        lean = 6.0 * np.sign(face.parting or 1.0)
        aim = np.clip(1.06 * away, -60, 60) + lean + random.uniform(-4, 4, count)
        end = low + 0.10 * (np.abs(aim) / 60) ** 2 + random.uniform(-0.06, 0.03, count)
        middle = np.minimum(0.5 * (y + end) - 0.08, end - 0.1)
        knots.append(roots.scalp.placed(0.5 * (away + aim), middle, 0.11))
        knots.append(roots.scalp.placed(0.8 * aim + 0.2 * away, 0.3 * middle + 0.7 * end, 0.10))
        knots.append(roots.scalp.placed(aim, end, 0.05))
    line = curve(knots, {"straight": 5, "wavy": 6}.get(face.hair_texture, 10))
    share = np.linspace(0.0, 1.0, line.x.shape[1])
    taper = interp(share, [0, 0.2, 0.6, 0.9, 1], [0.2, 1, 1, 0.5, 0.08])
    width = 0.11 * random.uniform(0.75, 1.25, count)
    order = np.argsort(-y + 0.1 * random.uniform(0, 1, count), kind="stable")
    tone = layered(order, random, 0.86)
    limit = np.full(line.x.shape, -0.1)
    locks = Locks(line, width[:, None] * taper[None], tone, random.uniform(0, 1, count), limit)
    return ordered(curled(face, locks, away, random, 0.6), order)


def curled(face: Face, locks: Locks, degrees: Floats, random: np.random.Generator, size: float = 1.0) -> Locks:
    """Return locks with their waves or curls: a swing to the side, or a winding that grows from root to tip."""
    if face.hair_texture == "straight":
        return locks
    line = locks.points
    count = len(line.x)
    steps = [np.diff(axis, axis=1) for axis in line]
    pace = np.sqrt(steps[0] * steps[0] + steps[1] * steps[1] + steps[2] * steps[2])
    long = np.concatenate([np.zeros((count, 1)), np.cumsum(pace, axis=1)], axis=1)
    turn = np.deg2rad(degrees)[:, None]
    sine, cosine = sin(turn), cos(turn)
    # Neighbours swing together, each a little in its own way; curls much less so than waves.
    if face.hair_texture == "wavy":
        tight, wide, begin, alone = 0.95, 0.07, 0.6, 0.4
    else:
        tight, wide, begin, alone = (0.40, 0.085, 0.0, 2.0) if face.hair_texture == "curly" else (0.24, 0.055, 0.0, 3.1)
    phase = 2.2 * sin(1.7 * turn + 0.4) + random.uniform(-alone, alone, (count, 1))
    grown = wide * size * np.clip((long - begin) / (2.5 * tight), 0.15 * (begin == 0), 1)
    grown = grown * random.uniform(0.7, 1.2, (count, 1))
    spread = 0.06 + 0.1 * (begin == 0)
    angle = 2 * np.pi * long / (tight * size * random.uniform(1 - spread, 1 + spread, (count, 1))) + phase
    swing, out = grown * sin(angle), 0.5 * grown * cos(angle)
    moved = Points3(line.x + swing * cosine + out * sine, line.y + 0.3 * out, line.z - swing * sine + out * cosine)
    return locks._replace(points=moved)


def _hung(face: Face, at: Mapping[str, float], degrees: Floats, y: Floats, volume: Floats, deep: Floats) -> Points3:
    """Return points of hanging hair: beside the jaw, behind the neck and over the shoulders; `deep` is how much further
    in they are below the cheeks."""
    top = max(at["face_width"], 0.97 * at["cranium"])
    wide = interp(y, [0.0, 0.5, 1.0, 1.5, 2.1, 2.8, 3.8], [top, top, 0.98 * top, 0.95 * top, 1.0, 1.06, 1.04])
    full = {"straight": 0.95, "wavy": 1.05, "curly": 1.2, "coily": 1.3}[face.hair_texture]
    swell = volume * full * interp(y, [0.0, 0.6, 1.4, 2.2, 3.8], [1.0, 1.15, 1.2, 1.1, 0.8])
    if face.hair_cut == "bob":
        swell = swell * interp(y, [0.5, 1.1, 1.45], [1.0, 1.25, 0.3])
    turn = np.deg2rad(degrees)
    front = interp(y, [0.2, 1.0, 2.0, 3.0], [0.85, 0.72, 0.85, 0.95])
    back = interp(y, [0.2, 1.0, 2.0], [1.25, 1.0, 0.85]) + 0.5 * volume
    sine, cosine = sin(turn), cos(turn)
    inner = 1 - deep * interp(y, [0.35, 1.0], [0.0, 1.0])
    return Points3((wide + swell) * inner * sine, y, np.where(cosine > 0, front + 0.3 * volume, back) * cosine)


def ordered(locks: Locks, order: Order) -> Locks:
    """Return the locks in this order."""
    points = Points3(*(axis[order] for axis in locks.points))
    return Locks(points, locks.width[order], locks.tone[order], locks.mix[order], locks.hidden[order], locks.free)
