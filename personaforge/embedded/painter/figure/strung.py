"""Hair that is made into cords: twists, locs, braids of three strands, cornrows, plaits.

A cord is a row of evenly spaced points; at each of them a lobe is drawn, as the strands of a cord come to lie on each
other: slanted one behind the other on a twist, from the left and the right in turn on a braid. A loc is one round cord
with an uneven surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.figure.locks import Board, runs, seen, sides
from personaforge.embedded.painter.figure.scalp import Floats, Points3
from personaforge.embedded.painter.subject import Pose
from personaforge.media.exact import cos, interp, sin

_STEPS: Final = 8
_LARGE: Final = 22.0
"""Pixels of width from which on a cord's lobes are drawn one by one, with their strands."""


def over_shoulder(z: Floats) -> Floats:
    """Return the limits of facing for a tail: what isn't yet over the shoulder is behind the neck in any pose."""
    return np.asarray(np.where(z < -0.12, 2.0, -2.0), np.float64)


Frame = tuple[Floats, Floats, Floats]
"""Points of cords on the screen, vectors across them of half their width, and vectors along them as long."""
SPACING: Final[dict[str, float]] = {"twists": 0.72, "braids": 0.46, "locs": 0.55}
"""How far apart the points of a cord are, as a share of its width."""


class Cords(NamedTuple):
    """Cords in the order in which they are laid on each other, (cords, points); shorter cords end earlier."""

    points: Points3
    sizes: NDArray[np.int64]
    """(cords,): how many points each has."""
    width: Floats
    tone: Floats
    """(cords,)."""
    mix: Floats
    """(cords,)."""
    kind: str
    """`twists`, `braids` or `locs`."""
    free: bool
    """Whether they fall: what hangs free of the skull is in front of the head, or behind it, as a whole."""
    limit: Floats
    """(cords, 1 or points): below this share of facing the camera a point is behind the head; 2 is always
    behind it."""

    def draw(self, board: Board, face_on: Floats, pose: Pose, light: float, *, behind: bool) -> None:
        """Draw the cords in front of the head, or those behind it."""
        line, _ = seen(self.points, pose.yaw, pose.pitch)
        known = np.arange(line.shape[1])[None] < self.sizes[:, None]
        limit = self.limit
        front = face_on > limit
        if self.free:
            hangs = known & (self.points.y > -0.45)
            mostly = ((front & hangs).sum(axis=1) * 2 > hangs.sum(axis=1))[:, None]
            front = np.where(hangs, mostly, front & (mostly | (face_on > 0.3)))
        shown = known & (~front if behind else front) & (line[..., 1] < board.bottom + 0.2)
        across = sides(line, self.width)
        along = np.stack([across[..., 1], -across[..., 0]], axis=-1)  # as long as `across`
        draw = _locs if self.kind == "locs" else _lobed
        draw(self, board, runs(shown), (line, across, along), light, plain=behind)


def cords(
    lines: Sequence[Floats],
    width: Floats,
    kind: str,
    tone: Floats,
    mix: Floats,
    limit: Floats | None,
    tip: float = 0.6,
    free: bool = False,
) -> Cords:
    """Return cords along lines, (points, 3) each, with `width` face units each; `tip` is the share of it at the end.

    Without a `limit` they are tails that come over a shoulder.
    """
    starts = np.cumsum([0, *(len(line) for line in lines)])
    flat = np.concatenate(lines)
    step = np.diff(flat, axis=0, prepend=flat[:1])
    pace = np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1] + step[:, 2] * step[:, 2])
    pace[starts[:-1]] = 0
    far = np.cumsum(pace)
    long = far[starts[1:] - 1] - far[starts[:-1]]
    count = np.maximum(3, (long / (SPACING[kind] * width)).astype(np.int64) + 1)
    most = int(count.max())
    # All cords lie one after the other on one long line, with a gap between them.
    gap = 1.0 + np.arange(len(lines))
    at = np.minimum(np.arange(most)[None] / (count[:, None] - 1), 1.0) * long[:, None] + far[starts[:-1]][:, None]
    knots = far + np.repeat(gap, np.diff(starts))
    whole = np.stack([interp(at + gap[:, None], knots, flat[:, axis]) for axis in range(3)], axis=2)
    share = np.arange(most)[None] / np.maximum(count[:, None] - 1, 1)
    taper = interp(np.clip(share, 0, 1).ravel(), [0, 0.08, 0.75, 1], [0.45, 1, 1, tip]).reshape(share.shape)
    points = Points3(*(np.ascontiguousarray(whole[..., axis]) for axis in range(3)))
    if limit is None:
        limit = over_shoulder(points.z)
    elif limit.ndim == 1:
        limit = limit[:, None]
    return Cords(points, count, width[:, None] * taper, tone, mix, kind, free, limit)


def _lobed(
    cords: Cords, board: Board, parts: Sequence[tuple[int, int, int]], frame: Frame, light: float, *, plain: bool
) -> None:
    """Draw cords of two or three strands: lobes on a dark ground, each with a line of light unless they are `plain`."""
    line, across, along = frame
    large = float(cords.width.max()) * board.window.scale > _LARGE
    turn = np.linspace(0, 2 * np.pi, 2 * _STEPS if large else _STEPS, endpoint=False)
    number = np.arange(line.shape[1])
    if cords.kind == "twists":
        offset, lean = np.zeros(len(number)), np.full(len(number), 0.62)
        wide, high = 0.90, 0.44
    else:
        offset = np.where(number % 2 == 0, -0.38, 0.38)
        lean, wide, high = -1.3 * offset, 0.58, 0.46

    def placed(a: Floats, b: Floats) -> NDArray[np.int32]:
        aside = (a[None] + offset[:, None])[..., None]
        down = (b[None] + lean[:, None] * a[None])[..., None]
        return board.fixed(line[:, :, None] + across[:, :, None] * aside + along[:, :, None] * down)

    left, right = board.fixed(line + 0.94 * across), board.fixed(line - 0.94 * across)
    shine = placed(np.linspace(-0.55, 0.55, 4) * wide, np.full(4, -0.12))
    size = (1.08, 1.12) if large else (1.0, 1.0)
    body = placed(size[0] * wide * cos(turn), size[1] * high * sin(turn))
    thin = max(1, round(0.09 * float(cords.width.max()) * board.window.scale))
    if large:
        edge = placed(1.2 * wide * cos(turn), 1.36 * high * sin(turn))
        level = np.linspace(-0.8, 0.8, 6) * wide
        strands = [placed(level, np.linspace(1.0, 0.6, 6) * down) for down in (-0.36, -0.05, 0.16, 0.32)]
    for cord, first, last in parts:
        part = slice(first, last + 1)
        tone, mix = float(cords.tone[cord]), float(cords.mix[cord])
        board.fill(np.concatenate([left[cord, part], right[cord, part][::-1]]), 0.44 * tone, mix)
        if not large:
            board.fills(body[cord, part], 0.98 * tone, mix)
            if not plain:
                board.lines(list(shine[cord, part]), 1.24 * tone, mix, thin)
            continue
        for index in range(first, last + 1):
            board.patch(edge[cord, index], 0.55 * tone, mix)
            board.patch(body[cord, index], 0.96 * tone, mix)
            board.lines([strand[cord, index] for strand in strands[1:]], 0.80 * tone, mix, 1)
            board.lines([shine[cord, index]], 1.14 * tone, mix, thin)
            board.lines([strands[0][cord, index]], 1.04 * tone, mix, 1)


def _locs(
    cords: Cords, board: Board, parts: Sequence[tuple[int, int, int]], frame: Frame, light: float, *, plain: bool
) -> None:
    """Draw locs: round, a little uneven, with the lines of hair that is wound round them unless they are `plain`."""
    line, across, along = frame
    random = np.random.default_rng(977)
    across = across * random.uniform(0.86, 1.12, line.shape[:2])[..., None]
    lit = np.where((across[..., 0] * light).sum(axis=1) >= 0, 1.0, -1.0)[:, None, None]
    edges = [board.fixed(line + across * share) for share in (1.0, -1.0)]
    bands = [
        ([board.fixed(line + across * (shift * lit + side * inner)) for side in (1, -1)], factor)
        for inner, shift, factor in ((0.80, 0.06, 0.84), (0.54, 0.16, 1.0), (0.22, 0.30, 1.16))
    ]
    turn = np.linspace(0, np.pi, 6)[1:-1]
    end = (np.arange(line.shape[0]), cords.sizes - 1)
    caps = board.fixed(
        line[end][:, None]
        + across[end][:, None] * cos(turn)[:, None]
        + along[end][:, None] * (0.9 * sin(turn))[:, None]
    )
    # Short slanted lines, darker and lighter in turn.
    wraps = random.uniform(-0.25, 0.25, (2, *line.shape[:2]))[..., None]
    t = np.linspace(-0.82, 0.82, 5)
    down = 0.55 * t * t + wraps[0] + wraps[1] * t
    marks = board.fixed(line[:, :, None] + across[:, :, None] * t[:, None] + along[:, :, None] * down[..., None])
    thick = 1 if board.window.scale < 130 else 2
    for cord, first, last in parts:
        part = slice(first, last + 1)
        tone, mix = float(cords.tone[cord]), float(cords.mix[cord])
        cap = [caps[cord]] if last + 1 >= cords.sizes[cord] else []
        board.fill(np.concatenate([edges[0][cord, part], *cap, edges[1][cord, part][::-1]]), 0.46 * tone, mix)
        for (one, other), factor in bands[:2] if plain else bands:
            board.fill(np.concatenate([one[cord, part], other[cord, part][::-1]]), factor * tone, mix)
        if not plain:
            drawn = marks[cord, part]
            board.lines(list(drawn[::2]), 0.64 * tone, mix, thick)
            board.lines(list(drawn[1::2, 1:4]), 1.20 * tone, mix, 1)
