"""Hair as a second shell around the head, with a painted texture of strands.

`hair_shell` is the surface, `hair_texture` says where on it there is hair and how bright each strand is, over the
same angles and rows. A shaved head has hair too: a close shadow on the scalp. Lengths are face units, angles degrees
from the nose where they say so, otherwise radians.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from personaforge.providers.embedded.face_params import Face
from personaforge.providers.embedded.face_shell import Shell, cross_section, head_width, profile, skull
from personaforge.providers.embedded.painter_strokes import Pixels, noise

_REACH: Final = 3.1
"""How far round the shell goes, in radians: nearly all the way."""
_ANGLES: Final = 301
_ENDS: Final[dict[str, float]] = {"chin": 1.5, "shoulder": 2.35, "long": 3.7}
"""Height of the hair's ends by length."""
_VOLUME: Final[dict[str, float]] = {"straight": 0.14, "wavy": 0.19, "curly": 0.27, "coily": 0.32}


class Texture(NamedTuple):
    """Strands over (rows, angles) at its own resolution."""

    cover: Pixels
    """Where there is hair, 0..1."""
    bright: Pixels
    """Factor on the hair colour, around 1."""


def is_open(face: Face) -> bool:
    """Return whether hair hangs below the nape."""
    return face.hair_length in _ENDS and face.hair_style != "tied"


def hair_end(face: Face) -> float:
    """Return the height where the hair ends."""
    return _ENDS[face.hair_length] if is_open(face) else 0.85


def hair_shell(face: Face, at: Mapping[str, float], step: float) -> Shell:
    """Return the hair's surface: the scalp, thickened where hair grows and let down where it hangs."""
    volume = _volume(face)
    end = hair_end(face) + 0.1
    crown = at["forehead"] - 0.7 * volume - 0.01
    y = np.arange(crown + 0.5 * step, end, step, dtype=np.float32)
    theta = np.linspace(-_REACH, _REACH, _ANGLES, dtype=np.float32)
    shape = {**at, "forehead": crown}
    width = head_width(shape, np.minimum(y, 0.3), at["chin_y"]) + 0.012 * (y > crown)
    width += profile([(0.3, 0.0), (0.9, 0.0), (1.5, -0.04), (2.3, 0.16), (3.8, 0.36)], y, 0.15)
    front = profile([(-1.0, 1.16), (-0.5, 1.2), (0.5, 1.22), (4, 1.2)], y, 0.07) * skull(y, crown)
    back = profile([(-0.6, 1.36), (-0.3, 1.36), (0.4, 1.2), (0.9, 0.9), (4, 0.9)], y, 0.07) * skull(y, crown)
    x, z = cross_section(theta, width, front, back)
    grown = _cover(face, at, y[:, None], np.rad2deg(theta)[None], 1 / step)
    dense = cv2.GaussianBlur(grown, (0, 0), sigmaX=0.13 * _ANGLES / (2 * _REACH), sigmaY=0.13 / step)
    thick = volume * np.clip(2.4 * (dense - 0.56), 0, 1) * np.sqrt(np.clip((y - crown) / 0.5, 0, 1))[:, None]
    if face.hair_texture in ("curly", "coily") and face.hair_length != "shaved":
        size = 0.34 if face.hair_texture == "curly" else 0.2
        thick = thick * (1 + 0.3 * noise(len(y), _ANGLES, size / step * 0.5, face.strands))
    x, z = x + thick * np.sin(theta), z + thick * np.cos(theta)
    return Shell(float(y[0]), step, theta, x.astype(np.float32), z.astype(np.float32), np.ones_like(x))


def hair_texture(face: Face, at: Mapping[str, float], top: float, scale: float) -> Texture:
    """Return the strands. `top` is the shell's first row, `scale` pixels per face unit."""
    rows = max(8, round((hair_end(face) + 0.1 - top) * scale))
    columns = max(16, round(2 * _REACH * scale))
    y = (top + (np.arange(rows, dtype=np.float32) + 0.5) / scale)[:, None]
    degrees = np.rad2deg(np.linspace(-_REACH, _REACH, columns, dtype=np.float32))[None]
    return Texture(_cover(face, at, y, degrees, scale), _strands(face, at, y, degrees, scale))


def _volume(face: Face) -> float:
    if face.hair_length == "shaved":
        return 0.012
    factor = 0.65 if face.hair_length == "short" else 0.5 if face.hair_style == "tied" else 1.0
    return _VOLUME[face.hair_texture] * factor


def _cover(face: Face, at: Mapping[str, float], y: Pixels, degrees: Pixels, scale: float) -> Pixels:
    rows, columns = len(y), degrees.shape[1]
    away = np.abs(degrees)
    brow = at["brow_y"]
    front = max(brow - 0.66, at["forehead"] + 0.22)
    temples, burns = 0.10 * face.masculinity, face.masculinity
    # (angle, height) of the lower edge: forehead, temple, sideburn, over the ear, nape.
    knots = [
        (0, front), (22, front - 0.02), (40, front + 0.02 - temples), (54, front + 0.22 - temples), (63, -0.42),
        (72, -0.25), (80, -0.18 + 0.34 * burns), (88, -0.2 + 0.3 * burns), (97, -0.3), (112, -0.1), (125, 0.5),
        (150, 0.78), (180, 0.8),
    ]  # fmt: skip
    if is_open(face) and face.hair_style == "open":
        # The hair falls from the parting in one line past the temples.
        knots = [
            (0, front), (20, front + 0.03), (38, front + 0.18), (50, front + 0.42), (58, -0.2), (66, 0.3), (72, 1),
            (180, 1),
        ]  # fmt: skip
    line: NDArray[Any] = np.interp(away[0], [knot[0] for knot in knots], [knot[1] for knot in knots])
    swoop = np.exp(-(((degrees[0] + 60 * face.parting) / 26) ** 2))
    if face.hair_style == "fringe" and face.hair_length != "shaved":
        line = np.where(away[0] < 62, np.maximum(line, brow - 0.13 + 0.10 * (away[0] / 60) ** 2), line)
    elif face.hair_length == "shaved" or face.hair_style == "tied":
        pass
    else:
        line = line + 0.06 * np.interp(away[0], [0, 40, 58], [1, 1, 0]) * (1 - 1.4 * swoop)
    line = cv2.GaussianBlur(line.astype(np.float32)[None], (0, 0), 3.2 / 360 * columns)
    rough = 0.014 if face.hair_length == "shaved" else 0.03
    edge = noise(1, columns, max(0.028 * scale, 1.5), face.strands + 4)[:1] * rough
    soft = 0.09 if face.hair_length == "shaved" else 0.022
    cover = np.clip((line + edge - y) / soft + 0.5, 0, 1)
    if is_open(face):
        end = hair_end(face) - 0.06
        inner = np.interp(
            y[:, 0], [-0.75, -0.5, -0.2, 0.3, 1.0, 1.6, 2.5, 3.7], [42, 51, 59, 66, 65, 58, 50, 42]
        ).astype(np.float32)[:, None]
        wave = noise(rows, columns, 0.3 * scale, face.strands + 5) * (1.0 if face.hair_texture == "straight" else 2.5)
        tips = end + 0.12 * noise(1, columns, max(0.09 * scale, 2), face.strands + 6)[:1]
        falling = np.clip((away - inner - wave) / (1.6 / scale * 57) + 0.5, 0, 1)
        falling *= np.clip((tips - y) / 0.1 + 0.5, 0, 1) * np.clip((y + 0.85) / 0.2, 0, 1)
        cover = np.maximum(cover, falling)
    return np.asarray(cover, np.float32)


def _strands(face: Face, at: Mapping[str, float], y: Pixels, degrees: Pixels, scale: float) -> Pixels:
    rows, columns = len(y), degrees.shape[1]
    if face.hair_length == "shaved" or (face.hair_texture == "coily" and face.hair_length == "short"):
        fine = noise(rows, columns, max(0.03 * scale, 1.5), face.strands + 7)
        return (0.95 + 0.22 * fine).astype(np.float32)
    if face.hair_texture == "coily":
        coarse = noise(rows, columns, max(0.09 * scale, 2), face.strands + 7)
        fine = noise(rows, columns, max(0.035 * scale, 1.5), face.strands + 8)
        return (0.88 + 0.22 * coarse + 0.2 * fine).astype(np.float32)
    straight = 0.6 * noise(rows, columns, max(0.016 * scale, 1.3), face.strands + 7, stretch=50)
    straight += 0.55 * noise(rows, columns, max(0.07 * scale, 2.5), face.strands + 8, stretch=14)
    below = np.clip(y - y[0], 0, 4)
    crown = 1 - np.clip(below / 1.2, 0, 1)
    combed = (
        34
        * np.tanh((degrees + 60 * face.parting) / 25)
        * crown
        * crown
        * (3 - 2 * crown)
        * np.clip((125 - np.abs(degrees)) / 20, 0, 1)
    )
    swing, length = {"straight": (0.5, 1.6), "wavy": (2.6, 0.85), "curly": (4.5, 0.36)}[face.hair_texture]
    phase = 1.3 * noise(rows, columns, 0.32 * scale, face.strands + 9, stretch=3)
    shift = combed + swing * np.sin(2 * np.pi * y / length + phase) * np.clip(below / 0.8, 0.15, 1)
    source_x = (np.arange(columns, dtype=np.float32)[None] + shift * columns / 360).astype(np.float32)
    source_y = np.repeat(np.arange(rows, dtype=np.float32)[:, None], columns, axis=1)
    found = cv2.remap(straight, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    lock = np.cos(2 * np.pi * y / length + phase) if face.hair_texture != "straight" else np.zeros_like(found)
    depth = 0.26 if face.hair_color in ("white", "blond", "gray") else 0.4  # light hair throws less shadow on itself
    return np.asarray(0.95 + depth * found + 0.08 * lock * np.clip(below / 0.8, 0, 1), np.float32)
