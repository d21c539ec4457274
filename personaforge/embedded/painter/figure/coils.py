"""Coily hair: many small coils on and over the surface of the hair, which make its shape and its soft outline."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.figure.locks import Board, seen
from personaforge.embedded.painter.figure.scalp import Floats, Points3
from personaforge.embedded.painter.subject import Pose
from personaforge.media.exact import cos, sin

_STEPS: Final = 8


class Coils(NamedTuple):
    """Coils, each an arc around its own middle."""

    points: Points3
    """(coils, 1)."""
    size: Floats
    """(coils,): radius in face units."""
    start: Floats
    """(coils,): where the arc begins, radians."""
    tone: Floats
    mix: Floats
    always_behind: bool = False
    """Whether they are a ball behind the head, which is seen in front of nothing."""

    def draw(self, board: Board, face_on: Floats, pose: Pose, light: float, *, behind: bool) -> None:
        """Draw the coils in front of the head, or those behind it whose rim shows."""
        near = face_on[:, 0] > -0.12
        shown = ~near & (face_on[:, 0] > -0.75) if behind else near
        if self.always_behind:
            shown = np.full(near.shape, behind)
        line, depth = seen(self.points, pose.yaw, pose.pitch)
        chosen = np.flatnonzero(shown)
        chosen = chosen[np.argsort(depth[chosen, 0], kind="stable")]
        middle, size = line[chosen, 0], self.size[chosen]
        turn = np.linspace(0, 2 * np.pi, _STEPS, endpoint=False)
        disc = np.stack([cos(turn), sin(turn)], axis=1)
        dark = board.fixed(middle[:, None] + (1.25 * size)[:, None, None] * disc[None])
        steps = np.linspace(0, 4.3, _STEPS)[None] + self.start[chosen][:, None]
        arcs = np.stack([cos(steps), 0.86 * sin(steps)], axis=2)
        # An arc winds inwards, as a coil does.
        wound = np.linspace(1.0, 0.45, _STEPS)[None, :, None]
        arc = board.fixed(middle[:, None] + size[:, None, None] * wound * arcs)
        shine = middle + size[:, None] * np.array((0.35 * light, -0.4))
        spark = board.fixed(shine[:, None] + (0.42 * size)[:, None, None] * arcs[:, 1:4])
        for index, lock in enumerate(chosen):
            tone, mix = float(self.tone[lock]), float(self.mix[lock])
            thick = max(1, round(0.62 * float(size[index]) * board.window.scale))
            board.patch(dark[index], 0.60 * tone, mix)
            board.lines([arc[index]], tone, mix, thick)
            board.lines([spark[index]], 1.22 * tone, mix, max(1, thick // 2))
