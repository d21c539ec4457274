"""How far the skin stands out from the smooth head: sockets, nose, cheeks, lips, chin, and what age makes of them.

Everything is a sum of bumps over (|x|, y), mirrored for both sides; lengths are face units and come from
`Face.lengths`. The nose is a ridge along y with a bell across, a ball for its tip and a lobe for each wing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.strokes import Pixels
from personaforge.media.exact import bell, interp, moving_mean

Bump = Callable[[float, float, float, float], Pixels]
"""(x, y, wide, high) -> a bell of height 1 around (x, y), with these sigmas."""


def profile(knots: list[tuple[float, float]], y: Pixels, soft: float) -> Pixels:
    """Return a curve through (y, value) knots, smoothed twice over `soft` face units."""
    values = interp(y, [knot[0] for knot in knots], [knot[1] for knot in knots])
    size = max(1, round(soft / float(y[1] - y[0]))) | 1
    for _ in range(2):
        values = moving_mean(values, size)
    return np.asarray(values, np.float32)


def relief(x: Pixels, y: Pixels, at: Mapping[str, float], act: Expression) -> Pixels:
    """Return how far the skin stands out, (rows, angles); `x` is the distance from the middle, `y` is (rows, 1)."""

    def bump(x0: float, y0: float, wide: float, high: float) -> Pixels:
        whole = np.zeros(x.shape, np.float32)
        near = np.flatnonzero(np.abs(y[:, 0] - y0) < 5 * high)  # further away it is zero
        if len(near):
            rows = slice(int(near[0]), int(near[-1]) + 1)
            whole[rows] = bell((x[rows] - np.float32(x0)) / np.float32(wide))
            if 0 < x0 < 3 * wide:  # the other side's reaches over the middle: without it there is a crease
                whole[rows] += bell((x[rows] + np.float32(x0)) / np.float32(wide))
            whole[rows] *= bell((y[rows] - np.float32(y0)) / np.float32(high))
        return whole

    found = _eyes(bump, at) + _cheeks(bump, at, act) + _mouth(bump, at, act)
    found += _nose(bump, x, y, at)
    return found.astype(np.float32)


def _eyes(bump: Bump, at: Mapping[str, float]) -> Pixels:
    x, y = at["eye_x"], at["eye_y"]
    found = -at["socket"] * bump(x, y - 0.03, 0.24, 0.15)
    found += 0.085 * bump(x, y, 0.16, 0.10)
    found += 0.85 * at["brow_ridge"] * bump(0.34, at["brow_y"] + 0.02, 0.20, 0.105)
    found += 0.35 * at["brow_ridge"] * bump(0.0, at["brow_y"] + 0.01, 0.16, 0.13)
    found += 0.035 * at["hood"] * bump(x + 0.06, y - 1.25 * at["eye_open"] - 0.05, 0.14, 0.045)
    found -= 0.035 * at["old"] * bump(x - 0.04, y + 0.22, 0.15, 0.05)  # the hollow under the bags
    found += 0.02 * at["old"] * bump(x, y + 0.135, 0.13, 0.035)
    found -= 0.05 * at["old"] * bump(0.86, -0.32, 0.12, 0.20)  # temples
    return found


def _cheeks(bump: Bump, at: Mapping[str, float], act: Expression) -> Pixels:
    tip, chin, smiling = at["nose_length"], at["chin_y"], max(act.smile, 0)
    full, old = at["cheek"], at["old"]
    found = (0.035 + at["cheekbone"]) * bump(0.66, at["eye_y"] + 0.38, 0.17, 0.13)
    found += (0.05 + 0.035 * full) * bump(0.49, tip - 0.08, 0.18, 0.17)
    found += 0.07 * smiling * bump(0.50, tip - 0.03, 0.15, 0.12)
    found += 0.05 * act.cheeks * bump(0.50, tip - 0.20, 0.17, 0.09)
    found -= (0.55 * at["cheekbone"] - 0.05 * full + 0.03 * old) * bump(0.64, at["mouth_y"] - 0.08, 0.15, 0.18)
    found += 0.08 * old * bump(0.52, chin - 0.27, 0.12, 0.12)  # jowls
    found -= 0.045 * old * bump(0.36, chin - 0.22, 0.06, 0.14)
    found += at["beard"] * bump(0.0, chin - 0.1, 0.42, 0.34)
    return found


def _mouth(bump: Bump, at: Mapping[str, float], act: Expression) -> Pixels:
    y, half, drop, smiling = at["mouth_y"], at["mouth_width"], 0.17 * act.open, max(act.smile, 0)
    full = at["upper_lip"] + at["lower_lip"]
    found = (0.05 + 0.12 * full) * bump(0.0, y, 0.33, 0.24)
    found += (0.02 + 0.25 * at["upper_lip"]) * bump(
        0.07, y - 0.45 * at["upper_lip"] - 0.07 * act.open, half * 0.5, 0.035
    )
    found += (0.02 + 0.28 * at["lower_lip"]) * bump(0.08, y + 0.5 * at["lower_lip"] + drop, half * 0.45, 0.042)
    found -= 0.05 * bump(0, y + at["lower_lip"] + 0.08 + drop, 0.2, 0.05)
    found -= 0.04 * bump(half + 0.01, y - 0.06 * smiling, 0.05, 0.06)
    found += 0.09 * bump(0, at["chin_y"] - 0.16 + 0.12 * act.open, 0.18, 0.13)
    return found


def _nose(bump: Bump, x: Pixels, y: Pixels, at: Mapping[str, float]) -> Pixels:
    tip, high, wide, eye = at["nose_length"], at["nose_depth"], at["nose_width"], at["eye_y"]
    level = tip - 0.03 - 0.5 * at["tip"]
    root = 0.6 * at["bridge"] + 0.012
    ridge = profile(
        [(eye - 0.46, 0.0), (eye - 0.20, 0.55 * root), (eye + 0.03, root),
         (0.5 * tip, 0.5 * root + 0.42 * high + at["hump"]),
         (level - 0.14, 0.72 * high), (level - 0.02, 0.84 * high), (level + 0.06, 0.78 * high),
         (tip + 0.12, 0.10 * high), (tip + 0.19, 0.0)],
        np.ascontiguousarray(y[:, 0]), 0.065)  # fmt: skip
    bridge = at["bridge_width"]
    spread = interp(
        y[:, 0],
        [eye - 0.30, eye + 0.02, 0.5 * tip, tip - 0.1, tip + 0.1],
        [0.20, 0.055 + 0.80 * bridge, 0.060 + 0.85 * bridge, 0.085 + 0.36 * wide, 0.08 + 0.36 * wide],
    )
    # A narrow crest on a broad foot: flanks run out into the cheeks, and no wall stands beside the bridge.
    across = x / (spread * math.sqrt(0.5)).astype(np.float32)[:, None]
    found = ridge[:, None] * (np.float32(0.66) * bell(across) + np.float32(0.34) * bell(across / np.float32(1.9)))
    found += 0.08 * bump(0.0, level + 0.005, 0.045 + 0.19 * wide, 0.075)
    found += (0.10 + 0.02 * at["flare"]) * bump(0.76 * wide, tip + 0.02, 0.27 * wide, 0.068)
    found -= 0.045 * bump(1.16 * wide, tip + 0.03, 0.05, 0.09)
    found -= 0.05 * bump(0.44 * wide, tip + 0.12, 0.22 * wide, 0.03)
    return np.asarray(found, np.float32)
