"""The head and the hair as surfaces around an upright axis, and what a camera sees of them when the head turns.

A shell is a grid over (row, angle): row i lies at height `top + i * step`, the angle theta runs from behind the left
ear over the nose (0) to behind the right ear, in radians. It holds x and z of each point in face units. Seen
orthographically, a turn to the side moves points only within their row, so the visible ones are found row by row with
a running maximum: a point behind one that is already seen (the far side of the nose) is hidden. A nod is computed in
the same way column by column. The result is, for each screen pixel, the grid position that it shows: exact for a turn,
very close for a nod of 30 degrees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.relief import profile as profile
from personaforge.embedded.painter.face.relief import relief
from personaforge.embedded.painter.face.skew import displacement
from personaforge.embedded.painter.strokes import Pixels
from personaforge.faces.opencv import opencv
from personaforge.media.exact import (
    blurred,
    cos,
    hypot,
    interp,
    positions,
    power,
    sampled,
    scalar_cos,
    scalar_sin,
    sin,
)

cv2 = opencv()

_ROUNDNESS: Final = 2.35
"""Exponent of the head's cross-section; 2 is an ellipse, more is boxier."""
_AXIS_Z: Final = -0.3
_NECK_Y: Final = 1.3
"""The head turns around the upright line at z = -0.3 and nods around the line at y = 1.3."""
_STEEP: Final = 30.0
"""How fast `inside` falls above the first and below the last row: both ends are round, so nearly flat."""
_ANGLES: Final = 241
_BEHIND: Final = 2.5
"""How far round the head shell goes, in radians; hair covers the rest."""


@dataclass(frozen=True, slots=True)
class Shell:
    """A surface. Arrays are (rows, angles)."""

    top: float
    step: float
    theta: Pixels
    x: Pixels
    z: Pixels
    cavity: Pixels
    """Factor on the light: below 1 in folds that little sky light reaches."""
    painted: tuple[Pixels, Pixels] | None = None
    """Where on the canvas each point of a face is painted: its x, and how far below the row it lies."""

    def normals(self) -> Pixels:
        """Return unit normals, (rows, angles, 3), outward."""
        across, down = np.gradient(self.theta), np.float32(self.step)
        x_t, z_t = np.gradient(self.x, axis=1) / across, np.gradient(self.z, axis=1) / across
        x_y, z_y = np.gradient(self.x, axis=0) / down, np.gradient(self.z, axis=0) / down
        found = np.stack([-z_t, z_t * x_y - x_t * z_y, x_t], axis=2)
        found /= np.maximum(np.sqrt((found * found).sum(axis=2, keepdims=True)), 1e-6)
        return found.astype(np.float32)


@dataclass(frozen=True, slots=True)
class View:
    """The view of a shell through a window of the screen. Arrays are (height, width)."""

    column: Pixels
    """Grid position along the angles."""
    row: Pixels
    inside: Pixels
    """How far inside the silhouette, along the row, in face units; negative outside. A mask would not enlarge well."""

    def cover(self) -> Pixels:
        """Return how much of each pixel the shell covers, 0..1."""
        across = cv2.Sobel(self.inside, cv2.CV_32F, 1, 0, scale=0.125)
        down = cv2.Sobel(self.inside, cv2.CV_32F, 0, 1, scale=0.125)
        steep = np.maximum(hypot(across, down), np.float32(1e-6))
        return np.asarray(np.clip(self.inside / steep + np.float32(0.5), 0, 1), np.float32)

    def take(self, grid: Pixels) -> Pixels:
        """Return the values of a per-grid-point array at each pixel."""
        return sampled(grid, self.column, self.row)


def cross_section(theta: Pixels, width: Pixels, front: Pixels, back: Pixels) -> tuple[Pixels, Pixels]:
    """Return x and z, (rows, angles), of rows with these half widths and depths."""
    sine, cosine = sin(theta), cos(theta)
    round_off = power(np.maximum(1 - power(np.abs(sine), _ROUNDNESS), 0), 1 / _ROUNDNESS)
    x = width[:, None] * sine[None]
    z = np.where(cosine[None] >= 0, front[:, None], -back[:, None]) * round_off[None]
    return x.astype(np.float32), z.astype(np.float32)


def skull(y: Pixels, top: float) -> Pixels:
    """Return the factor, 0..1, that rounds every width and depth off towards the top of the head."""
    return np.asarray(power(1 - power(np.clip((-0.42 - y) / (-0.42 - top), 0, 1), 2.05), 1 / 2.05), np.float32)


def head_width(at: Mapping[str, float], y: Pixels, chin: float) -> Pixels:
    """Return the head's half width at each height."""
    top, wide, crown, jaw, tip = at["forehead"], at["face_width"], at["cranium"], at["jaw"], at["chin_width"]
    full, sag, beard = 0.035 * at["cheek"], 0.06 * at["old"], at["beard"]
    high = 0.24  # of the cheekbones
    # The angle of the jaw: the wider it is, the lower it lies, from a heart's to a square's.
    corner = chin - 0.56 + 0.7 * (jaw - 0.715)
    knots = [
        (-0.6, crown), (-0.35, 0.995 * crown), (-0.1, 0.4 * crown + 0.6 * wide), (high, wide + 0.15 * at["cheekbone"]),
        (0.5 * (high + corner), 0.58 * wide + 0.42 * jaw + 0.25 * at["cheekbone"] + full + 0.4 * beard),
        (corner, jaw + 0.7 * full + beard), (chin - 0.38, 0.78 * jaw + 0.08 * tip + sag + beard),
        (chin - 0.2, 0.44 * jaw + 0.46 * tip + 0.6 * (tip - 0.34) + 0.4 * sag + beard),
        (chin - 0.08, 0.18 * jaw + 0.7 * tip + beard), (chin + 0.05, 0.05 * jaw + 0.65 * tip + beard),
    ]  # fmt: skip
    below = np.clip((y - chin + 0.34) / 0.34, 0, 1)
    ends = skull(y, top) * power(1 - power(below, 2.6), 1 / 2.2)
    return np.asarray(np.maximum(profile(knots, y, 0.19), 0) * ends, np.float32)


def head_shell(at: Mapping[str, float], act: Expression, step: float) -> Shell:
    """Return the head with its relief. `step` is the distance of rows in face units."""
    chin = at["chin_y"] + 0.12 * act.open + at["beard"]
    # Rows end where the head does: a row without width would have no depth for a nod.
    top = at["forehead"] + 0.5 * step
    y = np.arange(top, chin - 0.2 * step, step, dtype=np.float32)
    theta = np.linspace(-_BEHIND, _BEHIND, _ANGLES, dtype=np.float32)
    width = head_width(at, y, chin)
    rounded = skull(y, at["forehead"])
    front = profile([(-1.0, 1.14), (-0.5, 1.18), (0.0, 1.2), (1.1, 1.2), (chin - 0.1, 1.14)], y, 0.07) * rounded
    # The chin turns back towards the neck, which shows when the head is lifted.
    under = np.clip((y - chin + 0.16) / 0.16, 0, 1)
    under = under * under * under
    front = front * (1 - 0.75 * under)
    back = profile([(-0.6, 1.35), (-0.3, 1.35), (0.3, 1.2), (0.9, 0.85), (chin, 0.3)], y, 0.07) * rounded
    x, z = cross_section(theta, width, front, back)
    facing = np.clip(cos(theta) / 0.35, 0, 1)
    facing = (facing * facing * (3 - 2 * facing)).astype(np.float32)
    across, down = displacement(at["skew"], x, y[:, None])
    raised = relief(np.abs(x - across), y[:, None], at, act) * facing[None] * (1 - under)[:, None]
    hollow = blurred(raised.astype(np.float32), 0.12 / step) - raised
    cavity = 1 - np.clip(1.3 * hollow, -0.05, 0.34)
    return Shell(top, step, theta, x, (z + raised).astype(np.float32), cavity.astype(np.float32), (x - across, -down))


def view_shell(shell: Shell, yaw: float, pitch: float, xs: Pixels, ys: Pixels) -> View:
    """Return the view at columns `xs` and rows `ys` of the screen (face units, evenly spaced, head axis at x = 0)."""
    sine, cosine = scalar_sin(math.radians(yaw)), scalar_cos(math.radians(yaw))
    depth = shell.z - _AXIS_Z
    across, toward = shell.x * cosine + depth * sine, depth * cosine - shell.x * sine
    rows, angles = across.shape
    if yaw < 0:  # a turn to the left is the mirror image of one to the right
        across, toward, screen = -across[:, ::-1], toward[:, ::-1], -xs[::-1]
    else:
        screen = xs
    start = np.argmin(across, axis=1)
    hidden = np.arange(angles)[None] < start[:, None]
    reached = np.maximum.accumulate(np.where(hidden, -np.inf, across), axis=1)
    reached[hidden] = np.repeat(across[np.arange(rows), start], start) if hidden.any() else 0
    column = positions(screen, reached)
    last = np.argmax(reached, axis=1)
    column = np.clip(column, start[:, None].astype(np.float32), last[:, None].astype(np.float32))
    low, high = reached[:, :1], reached[:, -1:]
    inside = np.minimum(screen - low, high - screen)
    if yaw < 0:
        column, inside = angles - 1 - column[:, ::-1], inside[:, ::-1]
        toward = toward[:, ::-1]
    return _nod(shell, View(np.ascontiguousarray(column), column, inside.astype(np.float32)), toward, pitch, ys)


def view_outline(shell: Shell, yaw: float, pitch: float, xs: Pixels, ys: Pixels) -> View:
    """Return the silhouette of a shell: `column` runs from 0 on the left edge to the last angle on the right."""
    (sine, cosine), (rise, level_off) = (_sine_cosine(angle) for angle in (yaw, pitch))
    across = shell.x * cosine + (shell.z - _AXIS_Z) * sine
    low, high = across.min(axis=1), across.max(axis=1)
    level = np.arange(len(low))
    y = shell.top + shell.step * level
    # The crown's edge is above the axis, hanging hair is behind it.
    down = _NECK_Y + (y - _NECK_Y) * level_off - interp(y, [-1.2, 0.6], [0.3, -0.7]) * rise
    row = interp(ys, down, level) + (np.minimum(ys - down[0], 0) + np.maximum(ys - down[-1], 0)) / shell.step
    left, right = interp(row, level, low)[:, None], interp(row, level, high)[:, None]
    beyond = np.maximum(np.maximum(-row, row - len(low) + 1), 0)[:, None] * shell.step
    inside = np.minimum(xs - left, right - xs) - _STEEP * beyond
    column = (xs - left) / np.maximum(right - left, 1e-3) * (shell.x.shape[1] - 1)
    rows = np.repeat(row.astype(np.float32)[:, None], len(xs), axis=1)
    return View(column.astype(np.float32), rows, inside.astype(np.float32))


def turned(normals: Pixels, yaw: float, pitch: float) -> Pixels:
    """Return normals, (..., 3), as the camera sees them."""
    (sine, cosine), (rise, level) = ([np.float32(part) for part in _sine_cosine(angle)] for angle in (yaw, pitch))
    x, y, z = (normals[..., axis] for axis in range(3))
    found = np.empty(normals.shape, np.float32)
    found[..., 0] = x * cosine + z * sine
    toward = z * cosine - x * sine
    found[..., 1] = y * level - toward * rise
    found[..., 2] = y * rise + toward * level
    return found


def screen_point(x: float, y: float, z: float, yaw: float, pitch: float) -> tuple[float, float]:
    """Return where a point of the head lands on the screen, in face units."""
    (sine, cosine), (rise, level) = (_sine_cosine(angle) for angle in (yaw, pitch))
    across = x * cosine + (z - _AXIS_Z) * sine
    toward = (z - _AXIS_Z) * cosine - x * sine
    return float(across), float(_NECK_Y + (y - _NECK_Y) * level - toward * rise)


def _sine_cosine(degrees: float) -> tuple[float, float]:
    turn = math.radians(degrees)
    return scalar_sin(turn), scalar_cos(turn)


def _nod(shell: Shell, seen: View, toward: Pixels, pitch: float, ys: Pixels) -> View:
    rows, columns = seen.column.shape
    if pitch == 0:
        row = np.repeat(((ys - shell.top) / shell.step).astype(np.float32)[:, None], columns, axis=1)
    else:
        sine, cosine = _sine_cosine(pitch)
        level = np.arange(rows, dtype=np.float32)
        depth = sampled(
            np.ascontiguousarray(toward, np.float32), seen.column, np.repeat(level[:, None], columns, axis=1), "nothing"
        )
        # Depth falls steeply at the silhouette; softened, its edge is smooth.
        depth = blurred(depth, 2.0, 0.8)
        y = shell.top + shell.step * level
        down = _NECK_Y + (y - _NECK_Y) * cosine - np.ascontiguousarray(depth.T) * sine  # (columns, rows)
        if pitch > 0:  # seen from below, lower points hide those above them
            down = np.minimum.accumulate(down[:, ::-1], axis=1)[:, ::-1]
        else:
            down = np.maximum.accumulate(down, axis=1)
        found = positions(ys, down)
        found += (np.minimum(ys - down[:, :1], 0) + np.maximum(ys - down[:, -1:], 0)) / np.float32(shell.step)
        row = np.ascontiguousarray(found.T)
    across = np.repeat(np.arange(columns, dtype=np.float32)[None], len(ys), axis=0)
    column = sampled(seen.column, across, row)
    inside = sampled(seen.inside, across, row)
    beyond = np.maximum(np.maximum(-row, row - rows + 1), 0) * np.float32(_STEEP * shell.step)
    return View(np.asarray(column), np.clip(row, 0, rows - 1), np.asarray(inside - np.minimum(beyond, 9)))
