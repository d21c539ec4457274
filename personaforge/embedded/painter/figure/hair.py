"""Hair as a second shell around the head, with a painted texture of strands.

`hair_shell` is the surface, `hair_texture` says where on it there is hair and how bright each strand is, over the
same angles and rows. A shaved head has hair too: a close shadow on the scalp. Lengths are face units, angles degrees
from the nose where they say so, otherwise radians.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.shell import Shell, cross_section, head_width, profile, skull
from personaforge.embedded.painter.figure.strands import fallen, opening, strands
from personaforge.embedded.painter.strokes import Pixels, noise
from personaforge.media.exact import blurred, cos, interp, sin

_REACH: Final = 3.1
"""How far round the shell goes, in radians: nearly all the way."""
_ANGLES: Final = 301
_ENDS: Final[dict[str, float]] = {"chin": 1.45, "shoulder": 2.45, "long": 3.9}
"""Height of the hair's ends by length."""
_VOLUME: Final[dict[str, float]] = {"straight": 0.13, "wavy": 0.19, "curly": 0.26, "coily": 0.34}


class Texture(NamedTuple):
    """Strands over (rows, angles) at its own resolution."""

    cover: Pixels
    """Where there is hair, 0..1."""
    bright: Pixels
    """Factor on the hair colour, around 1."""


def is_open(face: Face) -> bool:
    """Return whether hair hangs below the nape."""
    return face.hair_length in _ENDS and face.hair_style not in ("tied", "ponytail")


def hair_end(face: Face) -> float:
    """Return the height where the hair ends."""
    return _ENDS[face.hair_length] if is_open(face) else 0.85


def hair_shell(face: Face, at: Mapping[str, float], step: float) -> Shell:
    """Return the hair's surface: the scalp, thickened where hair grows and let down where it hangs."""
    volume = _volume(face)
    end = hair_end(face) + 0.1
    crown = at["forehead"] - 0.75 * volume - 0.015
    y = np.arange(crown + 0.5 * step, end, step, dtype=np.float32)
    theta = np.linspace(-_REACH, _REACH, _ANGLES, dtype=np.float32)
    shape = {**at, "forehead": crown}
    width = head_width(shape, np.minimum(y, 0.3), at["chin_y"]) + 0.012 * (y > crown)
    width += profile(_hang(face), y, 0.15)
    front = profile([(-1.0, 1.16), (-0.5, 1.2), (0.5, 1.22), (4, 1.2)], y, 0.07) * skull(y, crown)
    back = profile([(-0.6, 1.36), (-0.3, 1.36), (0.4, 1.2), (0.9, 0.9), (4, 0.9)], y, 0.07) * skull(y, crown)
    x, z = cross_section(theta, width, front, back)
    grown = _cover(face, at, y[:, None], np.rad2deg(theta)[None], 1 / step, rough=False)
    dense = blurred(grown, 0.13 * _ANGLES / (2 * _REACH), 0.13 / step)
    thick = volume * np.clip(2.2 * (dense - 0.5), 0.1, 1) * np.sqrt(np.clip((y - crown) / 0.5, 0, 1))[:, None]
    thick *= _cut(face, y[:, None], np.rad2deg(theta)[None])
    if face.hair_texture in ("curly", "coily") and face.hair_length != "shaved":
        size = 0.52 if face.hair_texture == "curly" else 0.34
        thick = thick * (1 + 0.2 * noise(len(y), _ANGLES, size / step * 0.5, face.strands))
    elif is_open(face):
        thick = thick * (1 + 0.22 * noise(len(y), _ANGLES, 0.5 / step * 0.5, face.strands, stretch=2.5))
    x, z = x + thick * sin(theta), z + thick * cos(theta)
    return Shell(float(y[0]), step, theta, x.astype(np.float32), z.astype(np.float32), np.ones_like(x))


def hair_texture(face: Face, at: Mapping[str, float], top: float, scale: float) -> Texture:
    """Return the strands. `top` is the shell's first row, `scale` pixels per face unit."""
    rows = max(8, round((hair_end(face) + 0.1 - top) * scale))
    columns = max(16, round(2 * _REACH * scale))
    y = (top + (np.arange(rows, dtype=np.float32) + 0.5) / scale)[:, None]
    degrees = np.rad2deg(np.linspace(-_REACH, _REACH, columns, dtype=np.float32))[None]
    bright = strands(face, root_line(face, at), y, degrees, scale)
    cover = _cover(face, at, y, degrees, scale, rough=True)
    if face.hair_length != "shaved":
        # Roots and ends thin out strand by strand, so no edge is cut with a knife.
        fringe = np.clip(1 - np.abs(2 * cover - 1), 0, 1)
        cover = np.clip(cover + fringe * (bright - 0.95) * 1.6, 0, 1)
    return Texture(np.asarray(cover, np.float32), bright)


def root_line(face: Face, at: Mapping[str, float]) -> float:
    """Return how high the hairline is in the middle of the forehead."""
    back = 0.12 * face.masculinity * float(np.clip((face.age - 38) / 35, 0, 1))
    return max(at["brow_y"] - 0.66, at["forehead"] + 0.26) - back


def _hang(face: Face) -> list[tuple[float, float]]:
    """Return (height, added half width) of hair that hangs: in at the neck, out over the shoulders."""
    if face.hair_length == "chin":
        return [(0.3, 0.02), (0.9, 0.03), (1.5, -0.02), (2.3, 0.0)]
    return [(0.3, 0.0), (0.9, 0.0), (1.5, -0.03), (2.3, 0.12), (3.8, 0.30)]


def _cut(face: Face, y: Pixels, degrees: Pixels) -> Pixels:
    """Return a factor on the hair's thickness: short hair is fuller on top than at the sides."""
    if face.hair_length != "short":
        return np.ones((1, 1), np.float32)
    side = 0.45 + 0.25 * (1 - face.masculinity)
    high = np.clip((-0.72 - y) / 0.45, 0, 1)
    front = np.clip(cos(np.deg2rad(degrees)), 0, 1)
    return np.asarray(side + (1.15 - side + 0.55 * front * (face.hair_style != "fringe")) * high, np.float32)


def _volume(face: Face) -> float:
    if face.hair_length == "shaved":
        return 0.012
    factor = 0.85 if face.hair_length == "short" else 0.45 if not is_open(face) else 1.0
    return _VOLUME[face.hair_texture] * factor


def _cover(face: Face, at: Mapping[str, float], y: Pixels, degrees: Pixels, scale: float, *, rough: bool) -> Pixels:
    columns = degrees.shape[1]
    away = np.abs(degrees)
    front, man = root_line(face, at), face.masculinity
    bare = man * float(np.clip((face.age - 32) / 40, 0, 1))
    temples = 0.05 * man + 0.26 * bare
    # (angle, height) of the lower edge: forehead, temple, sideburn, over the ear, nape.
    knots = [
        (0, front + 0.015), (14, front - 0.01), (30, front - 0.4 * temples), (42, front + 0.10 - temples),
        (54, front + 0.28 - 0.6 * temples), (63, -0.42), (71, -0.22), (77, -0.12 + 0.34 * man),
        (86, -0.14 + 0.32 * man),
        (93, -0.32), (112, -0.1), (125, 0.5), (150, 0.78), (180, 0.8),
    ]  # fmt: skip
    line: NDArray[Any] = interp(away[0], [knot[0] for knot in knots], [knot[1] for knot in knots])
    if face.hair_style == "fringe" and face.hair_length != "shaved":
        fringe = at["brow_y"] - 0.13 + 0.10 * (away[0] / 60) ** 2
        line = np.where(away[0] < 62, np.maximum(line, fringe), line)
    line = blurred(line.astype(np.float32)[None], 3.2 / 360 * columns)
    edge = noise(1, columns, max(0.05 * scale, 1.5), face.strands + 4)[:1] * (0.02 if rough else 0)
    soft = 0.14 if face.hair_length == "shaved" else 0.085 if face.hair_length == "short" or not is_open(face) else 0.06
    cover = np.clip((line + edge - y) / soft + 0.5, 0, 1)
    if face.hair_length == "short" and face.hair_texture != "coily":
        # Sides are cut shorter than the top, so a little skin shines through above the ears.
        sides = np.clip((y + 0.55) / 0.5, 0, 1) * np.clip((away - 50) / 20, 0, 1) * man
        cover = cover * (1 - 0.3 * sides)
    if is_open(face):
        cover = np.maximum(cover, _fallen(face, front, y, degrees, scale, rough=rough))
    return np.asarray(cover, np.float32)


def _fallen(face: Face, front: float, y: Pixels, degrees: Pixels, scale: float, *, rough: bool) -> Pixels:
    """Return the cover of what falls from the parting past the temples to the ends."""
    rows, columns = len(y), degrees.shape[1]
    end = hair_end(face) - 0.06
    past = opening(face, front, y, degrees)
    if face.hair_style == "fringe":
        past = np.broadcast_to(np.abs(degrees) - interp(y, [-0.4, 0.4], [55, 60]), past.shape).astype(np.float32)
    below = interp(y[:, 0], [-0.2, 0.6, 1.5, 2.3, 3.9], [0, 0, 2, 9, 20]).astype(np.float32)[:, None]
    wave = noise(rows, columns, 0.35 * scale, face.strands + 5, stretch=2) * (1.2 if rough else 0)
    wave *= 1.0 if face.hair_texture == "straight" else 2.6
    falling = np.clip((past + below - wave) / (3.2 / scale * 57 + 1.0) + 0.5, 0, 1)
    tips = end + (0.10 * noise(1, columns, max(0.16 * scale, 2), face.strands + 6)[:1] if rough else 0)
    tips = tips - 0.0016 * np.clip(70 - np.abs(degrees), 0, 60) * (face.hair_length != "chin")
    thin = 0.12 if face.hair_length == "chin" else 0.34
    return np.asarray(falling * np.clip((tips - y) / thin + 0.5, 0, 1) * fallen(y, front), np.float32)
