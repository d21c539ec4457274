"""Hair that is made into cords or left as coils, over a whole head: locs, twists, braids, cornrows, knots, afros."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.shell import Shell
from personaforge.embedded.painter.figure.coils import Coils
from personaforge.embedded.painter.figure.gathered import TAILS, drawn_back, tail_line, wound
from personaforge.embedded.painter.figure.grooms import ENDS, Courses, Roots, falling
from personaforge.embedded.painter.figure.scalp import MIDDLE, Floats, Points3, Scalp, bare_above, hairline
from personaforge.embedded.painter.figure.strung import Cords, cords
from personaforge.embedded.painter.strokes import Pixels
from personaforge.media.exact import arctan2, cos, interp, sampled, sin

WIDTHS: Final[dict[str, float]] = {"locs": 0.150, "twists": 0.120, "braids": 0.098}
"""Full width of a cord, by what it is."""
_COUNTS: Final[dict[str, int]] = {"locs": 190, "twists": 240, "braids": 270}


def hung_cords(face: Face, at: Mapping[str, float], kind: str) -> Cords:
    """Return cords that fall from all over the head."""
    roots = Roots(face, at, _COUNTS[kind], 31, spacing=WIDTHS[kind])
    if face.hair_length == "short":
        roots = Roots(face, at, 2 * _COUNTS[kind], 31, spacing=WIDTHS[kind])
        roots = roots.kept((np.abs(roots.degrees) > 110) & (roots.points.y < 0.3) | (roots.points.y < -0.36))
        return _cords(face, _upright(roots), roots, kind)
    # None grows in front of the ears: it would lie on the cheek.
    roots = roots.kept((np.abs(roots.degrees) > 96) | (roots.points.y < -0.36))
    courses = falling(face, at, roots, 0.12, ENDS[face.hair_length], 6)
    return _cords(face, courses, roots, kind, free=True)


def gathered_cords(face: Face, at: Mapping[str, float], kind: str) -> list[Cords]:
    """Return cords that are drawn to a knot, and what hangs from it."""
    roots = Roots(face, at, _COUNTS[kind], 31, spacing=WIDTHS[kind])
    roots = roots.kept((np.abs(roots.degrees) > 96) | (roots.points.y < -0.30))
    found = [_cords(face, drawn_back(face, roots, 7), roots, kind)]
    if face.hair_style in ("ponytail", "plait", "plaits"):
        sides = (-1.0, 1.0) if face.hair_style == "plaits" else (1.0 if face.parting >= 0 else -1.0,)
        found.extend(_bundle(face, side, kind, roots.random) for side in sides)
    return found


def _cords(face: Face, courses: Courses, roots: Roots, kind: str, *, free: bool = False) -> Cords:
    order = courses.order
    lines = [np.stack([axis[index] for axis in courses.line], axis=1) for index in order]
    count, random = len(order), roots.random
    width = WIDTHS[kind] * random.uniform(0.85, 1.15, count)
    tone = np.linspace(0.82, 1.06, count) * random.uniform(0.92, 1.08, count)
    return cords(lines, width, kind, tone, random.uniform(0, 1, count), np.full(count, -0.1), _tip(kind),
                 free)  # fmt: skip


def _tip(kind: str) -> float:
    return 0.8 if kind == "locs" else 0.5


def _upright(roots: Roots) -> Courses:
    """Return short cords: they stand off the head and bend down under their weight."""
    _, y, z = roots.points
    random, count = roots.random, len(roots)
    normal = roots.scalp.normals(roots.points)
    top = np.clip((-0.5 - y) / 0.5, 0, 1)
    long = (0.22 + 0.12 * top) * random.uniform(0.8, 1.15, count)
    wild = [0.30 * random.uniform(-1, 1, count) for _ in range(3)]
    line = []
    for axis, way, lean in zip(roots.points, normal, wild, strict=True):
        steps = np.linspace(0, 1, 12)[None]
        line.append(axis[:, None] + (way + lean)[:, None] * long[:, None] * steps)
    fall = np.linspace(0, 1, 12)[None]
    line[2] = line[2] + (0.5 * long * top)[:, None] * fall * fall
    line[1] = line[1] + (0.95 * long * (1 - 0.5 * top))[:, None] * fall * fall
    whole = roots.scalp.pushed(Points3(*line), 0.04 * fall + 0 * line[0])
    return Courses(whole, roots.degrees, np.argsort(z - 0.6 * y, kind="stable"))


def _bundle(face: Face, side: float, kind: str, random: np.random.Generator) -> Cords:
    line = tail_line(face, side, TAILS.get(face.hair_length, 1.9))
    share = np.linspace(0, 1, len(line))
    lines = []
    for index in range(11):
        turn, far = 2.4 * index, 0.17 * np.sqrt((index + 0.5) / 11)
        thick = far * interp(share, [0, 0.1, 0.5, 1], [0.4, 0.7, 1.1, 1.3])
        until = max(4, round(len(line) * random.uniform(0.86, 1.0)))
        offset = np.stack([thick * cos(np.float64(turn)), 0 * thick, thick * sin(np.float64(turn))], axis=1)
        lines.append((line + offset)[:until])
    lines.sort(key=lambda found: float(found[:, 2].mean()))
    count = len(lines)
    return cords(lines, np.full(count, WIDTHS[kind]), kind, np.linspace(0.8, 1.05, count),
                 random.uniform(0, 1, count), None, _tip(kind))  # fmt: skip


def rows(face: Face, at: Mapping[str, float]) -> Cords:
    """Return cornrows: braids along the scalp from the hairline to the nape; longer hair hangs on from there."""
    scalp, random = Scalp(at), np.random.default_rng(face.strands + 33)
    lines = []
    for across in np.linspace(-0.95, 0.95, 15):
        ring = float(np.sqrt(1 - across * across))
        turn = np.linspace(0.1, 3.9, 90)
        x = across * (at["cranium"] + 0.02) + 0 * turn
        up = sin(turn) * ring
        y = np.where(up > 0, MIDDLE - up * (MIDDLE - at["forehead"]), MIDDLE - 1.3 * up)
        z = cos(turn) * ring * np.where(turn < np.pi / 2, 1.19, 1.38)
        points = scalp.laid(Points3(x, y, z), 0.012)
        degrees = np.rad2deg(_angle(points))
        grown = (points.y < hairline(face, at, degrees) - 0.02) & (points.y > bare_above(face, degrees))
        first = int(np.argmax(grown))
        last = len(grown) - int(np.argmax(grown[::-1]))
        line = np.stack([axis[first:last] for axis in points], axis=1)
        if face.hair_length in ENDS:
            end = ENDS[face.hair_length] * random.uniform(0.94, 1.0)
            x0, y0, z0 = line[-1]
            aside = 0.9 * x0 + 0.28 * across
            fall = np.linspace(0.08, 1, 14)[:, None]
            hang = np.concatenate([x0 + (aside - x0) * fall, y0 + (end - y0) * fall,
                                   z0 + (-0.75 - z0) * fall], axis=1)  # fmt: skip
            line = np.concatenate([line, hang])
        lines.append(line)
    count = len(lines)
    order = sorted(range(count), key=lambda index: -abs(index - (count - 1) / 2))
    return cords([lines[index] for index in order], np.full(count, 0.12), "braids",
                 1.0 + random.uniform(-0.05, 0.05, count), random.uniform(0, 1, count), np.full(count, -0.05),
                 0.6)  # fmt: skip


def knots(face: Face, at: Mapping[str, float]) -> Cords:
    """Return small knots in sections all over the head, each a twist wound round itself."""
    roots = Roots(face, at, 64, 35, inset=0.14, spacing=0.45)
    normal = roots.scalp.normals(roots.points)
    order = np.argsort(roots.points.z - 0.8 * roots.points.y, kind="stable")
    turn = np.linspace(0, 15.0, 40)
    far, high = np.linspace(0.15, 0.03, 40), np.linspace(0.02, 0.20, 40)
    lines = []
    for index in order:
        up = np.array([axis[index] for axis in normal])
        aside = np.array([up[2], 0.0, -up[0]]) + 1e-6
        aside = aside / np.sqrt(float(aside[0] * aside[0] + aside[2] * aside[2]))
        other = np.array([up[1] * aside[2] - up[2] * aside[1], up[2] * aside[0] - up[0] * aside[2],
                          up[0] * aside[1] - up[1] * aside[0]])  # fmt: skip
        start = np.array([axis[index] for axis in roots.points])
        lines.append(start[None] + up[None] * high[:, None] + aside[None] * (far * cos(turn))[:, None]
                     + other[None] * (far * sin(turn))[:, None])  # fmt: skip
    count = len(lines)
    return cords(lines, np.full(count, 0.10), "twists", np.linspace(0.9, 1.05, count), np.linspace(0, 1, count),
                 np.full(count, -0.1), 0.9)  # fmt: skip


def halo(face: Face, shell: Shell, cover: Pixels, seed: int, size: float, count: int) -> Coils:
    """Return coils all over a surface, where `cover`, on the surface's own grid, says that there is hair."""
    random = np.random.default_rng(face.strands + seed)
    rows_of, columns = shell.x.shape
    row, column = random.uniform(0, rows_of - 1.01, count), random.uniform(0, columns - 1.01, count)
    u, v = column.astype(np.float32)[None], row.astype(np.float32)[None]
    radius = np.sqrt(shell.x * shell.x + shell.z * shell.z)
    found = sampled(radius, u, v)[0]
    keep = (sampled(cover, u, v)[0] > 0.5) & (random.uniform(0, float(radius.max()), count) < found)
    u, v = u[:, keep], v[:, keep]
    x, z = (sampled(grid, u, v)[0].astype(np.float64) for grid in (shell.x, shell.z))
    y = shell.top + shell.step * v[0].astype(np.float64)
    number = len(x)
    out = 1 + size * random.uniform(-0.2, 0.75, number)
    points = Points3((x * out)[:, None], (MIDDLE + (y - MIDDLE) * out)[:, None], (z * out)[:, None])
    return Coils(points, size * random.uniform(0.75, 1.25, number), random.uniform(0, 2 * np.pi, number),
                 random.uniform(0.82, 1.12, number), random.uniform(0, 1, number))  # fmt: skip


def puff(face: Face, center: tuple[float, float, float], size: float, random: np.random.Generator) -> Coils:
    """Return coily hair that is held together and opens into a ball."""
    count = 520
    up = 1 - 1.7 * (np.arange(count) + 0.5) / count
    turn, ring = np.arange(count) * 2.399963, np.sqrt(1 - up * up)
    out = size * random.uniform(0.86, 1.06, count)
    x, y, z = center
    points = Points3((x + 1.1 * out * ring * cos(turn))[:, None], (y - 0.14 - 0.85 * out * up)[:, None],
                     (z + 0.9 * out * ring * sin(turn))[:, None])  # fmt: skip
    return Coils(points, 0.055 * random.uniform(0.75, 1.25, count), random.uniform(0, 2 * np.pi, count),
                 random.uniform(0.82, 1.12, count), random.uniform(0, 1, count), always_behind=True)  # fmt: skip


def wound_cords(face: Face, center: tuple[float, float, float], size: float, kind: str) -> Cords:
    """Return cords that are wound into a bun."""
    locks = wound(face, center, size, np.random.default_rng(face.strands + 36))
    lines = [np.stack([axis[index] for axis in locks.points], axis=1) for index in range(len(locks.tone))]
    count = len(lines)
    return cords(lines, np.full(count, 1.15 * WIDTHS[kind]), kind, locks.tone, locks.mix, np.full(count, 2.0), 0.8)


def _angle(points: Points3) -> Floats:
    return np.asarray(arctan2(points.x, points.z), np.float64)
