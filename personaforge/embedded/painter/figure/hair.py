"""Hair as a second shell around the head, with a painted texture: the ground that locks, coils and cords lie on.

`hair_shell` is the surface, which also carries the light; `hair_texture` says where on it there is hair and how bright
it is, over the same angles and rows. Hair that is cut closely is this texture alone. Lengths are face units, angles
degrees from the nose where they say so, otherwise radians.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.shell import Shell, cross_section, head_width, profile, skull
from personaforge.embedded.painter.figure.grooms import ENDS, VOLUME, part_x
from personaforge.embedded.painter.figure.scalp import bare_above, hairline, root_line
from personaforge.embedded.painter.figure.strands import fallen, opening, strands
from personaforge.embedded.painter.strokes import Pixels, noise
from personaforge.media.exact import blurred, cos, hump, interp, sin

_REACH: Final = 3.1
"""How far the shell extends around the head, in radians: nearly all the way."""
_ANGLES: Final = 301
GATHERED: Final = ("tied", "topknot", "ponytail", "plait", "plaits")
"""Ways of wearing hair in which all of it is drawn together."""
_AFRO: Final[dict[str, tuple[float, float]]] = {
    "short": (0.17, 0.85), "chin": (0.44, 0.42), "shoulder": (0.60, 0.95), "long": (0.66, 1.5),
}  # fmt: skip
"""Length -> how far an afro stands off the scalp, and the height that its lower edge reaches at the sides."""


class Texture(NamedTuple):
    """Strands over (rows, angles) at its own resolution."""

    cover: Pixels
    """Where there is hair, 0..1."""
    bright: Pixels
    """Factor on the hair colour, around 1."""


def is_cut(face: Face) -> bool:
    """Return whether hair is too short to have locks."""
    return face.hair_length == "shaved" or (face.hair_cut == "waves" and face.hair_length == "short")


def is_afro(face: Face) -> bool:
    """Return whether hair is left as coils that stand off the head."""
    coily = face.hair_texture == "coily" and face.hair_form == "loose"
    return (coily or face.hair_form == "afro") and face.hair_style not in GATHERED and not is_cut(face)


def is_open(face: Face) -> bool:
    """Return whether hair hangs below the nape."""
    return face.hair_length in ENDS and face.hair_style not in GATHERED and not is_afro(face)


def hair_end(face: Face) -> float:
    """Return the height where the hair's surface ends."""
    if is_afro(face):
        return _AFRO[face.hair_length][1]
    return ENDS[face.hair_length] if is_open(face) and face.hair_form not in ("cornrows", "knots") else 0.85


def hair_shell(face: Face, at: Mapping[str, float], step: float) -> Shell:
    """Return the hair's surface: the scalp, thicker where hair grows and longer where it hangs."""
    volume = _volume(face)
    end = hair_end(face) + 0.1
    crown = at["forehead"] - (0.9 if is_afro(face) else 0.75) * volume - 0.015
    y = np.arange(crown + 0.5 * step, end, step, dtype=np.float32)
    theta = np.linspace(-_REACH, _REACH, _ANGLES, dtype=np.float32)
    shape = {**at, "forehead": crown}
    width = head_width(shape, np.minimum(y, 0.3), at["chin_y"]) + 0.012 * (y > crown)
    width += profile(_hang(face), y, 0.15)
    front = profile([(-1.0, 1.16), (-0.5, 1.2), (0.5, 1.22), (4, 1.2)], y, 0.07) * skull(y, crown)
    back = profile([(-0.6, 1.36), (-0.3, 1.36), (0.4, 1.2), (0.9, 0.9), (4, 0.9)], y, 0.07) * skull(y, crown)
    x, z = cross_section(theta, width, front, back)
    grown = _cover(face, at, y[:, None], np.rad2deg(theta)[None], 1 / step, rough=False)
    soft = 0.20 if is_afro(face) else 0.13
    dense = blurred(grown, soft * _ANGLES / (2 * _REACH), soft / step)
    thick = (
        volume
        * np.clip(2.2 * (dense - 0.5), 0.1, 1)
        * np.sqrt(np.clip((y - crown) / (0.8 if is_afro(face) else 0.5), 0, 1))[:, None]
    )
    thick *= _cut(face, y[:, None], np.rad2deg(theta)[None])
    if is_afro(face):
        # An afro is round: its lower edge draws in towards the neck.
        low = hair_end(face)
        thick *= np.sqrt(np.clip((low + 0.1 - y) / (low + 0.75), 0, 1))[:, None]
        thick = thick * (1 + 0.06 * noise(len(y), _ANGLES, 0.30 / step * 0.5, face.strands))
    x, z = x + thick * sin(theta), z + thick * cos(theta)
    return Shell(float(y[0]), step, theta, x.astype(np.float32), z.astype(np.float32), np.ones_like(x))


def hair_texture(face: Face, at: Mapping[str, float], top: float, scale: float) -> Texture:
    """Return the strands. `top` is the shell's first row, `scale` pixels per face unit."""
    if not is_cut(face):
        scale = min(scale, 80.0)  # the ground between locks
    rows = max(8, round((hair_end(face) + 0.1 - top) * scale))
    columns = max(16, round(2 * _REACH * scale))
    y = (top + (np.arange(rows, dtype=np.float32) + 0.5) / scale)[:, None]
    degrees = np.rad2deg(np.linspace(-_REACH, _REACH, columns, dtype=np.float32))[None]
    bright = strands(face, root_line(face, at), y, degrees, scale, cut=is_cut(face))
    cover = _cover(face, at, y, degrees, scale, rough=True)
    if not is_cut(face):
        # Roots and ends get thinner strand by strand, so that no edge is hard.
        fringe = np.clip(1 - np.abs(2 * cover - 1), 0, 1)
        cover = np.clip(cover + fringe * (bright - 0.95) * 1.6, 0, 1)
    return Texture(np.asarray(cover * _shorn(face, y, degrees), np.float32), bright)


def grown_cover(face: Face, at: Mapping[str, float], shell: Shell) -> Pixels:
    """Return where on a hair's surface there is hair, on the surface's own grid, 0..1."""
    y = shell.top + shell.step * np.arange(shell.x.shape[0], dtype=np.float32)
    degrees = np.rad2deg(shell.theta)[None]
    return _cover(face, at, y[:, None], degrees, 1 / shell.step, rough=False) * _shorn(face, y[:, None], degrees)


def _hang(face: Face) -> list[tuple[float, float]]:
    """Return (height, added half width) of hair that hangs: in at the neck, out over the shoulders."""
    if not is_open(face):
        return [(0.3, 0.0), (3.8, 0.0)]
    if face.hair_length == "chin":
        return [(0.3, 0.02), (0.9, 0.03), (1.5, -0.02), (2.3, 0.0)]
    return [(0.3, 0.0), (0.9, 0.0), (1.5, -0.03), (2.3, 0.12), (3.8, 0.30)]


def _cut(face: Face, y: Pixels, degrees: Pixels) -> Pixels:
    """Return a factor on the hair's thickness: short hair is fuller on top than at the sides."""
    if face.hair_length != "short":
        return np.ones((1, 1), np.float32)
    side = 0.45 + 0.25 * (1 - face.masculinity)
    if face.hair_cut in ("fade", "undercut", "mohawk"):
        side = 0.12
    high = np.clip((-0.66 - y) / 0.45, 0, 1)
    front = np.clip(cos(np.deg2rad(degrees)), 0, 1)
    return np.asarray(side + (1.15 - side + 0.3 * front) * high, np.float32)


def _shorn(face: Face, y: Pixels, degrees: Pixels) -> Pixels:
    """Return how densely the ground shows: sides that are clipped let skin through."""
    away = np.abs(degrees)
    if face.hair_cut == "fade":
        low = np.clip((y + 0.80) / 0.72, 0, 1)
        side = np.clip((away - 44) / 14, 0, 1)
        return np.asarray(1 - 0.94 * low * side, np.float32)
    if face.hair_cut in ("undercut", "mohawk"):
        return np.asarray(np.where((away > 44) & (y > -0.80), 0.55, 1.0), np.float32)
    if face.hair_length == "short" and face.hair_texture != "coily":
        # Sides are cut shorter than the top, so a little skin shows through above the ears.
        sides = np.clip((y + 0.45) / 0.5, 0, 1) * np.clip((away - 50) / 20, 0, 1) * face.masculinity
        return np.asarray(1 - 0.35 * sides, np.float32)
    return np.ones((1, 1), np.float32)


def _volume(face: Face) -> float:
    if is_cut(face) or face.hair_cut == "bald":
        return 0.012
    if is_afro(face):
        return _AFRO[face.hair_length][0]
    if face.hair_form != "loose" or face.hair_style in GATHERED:
        return 0.03
    return 0.5 * VOLUME[face.hair_texture]


def _cover(face: Face, at: Mapping[str, float], y: Pixels, degrees: Pixels, scale: float, *, rough: bool) -> Pixels:
    columns = degrees.shape[1]
    away = np.abs(degrees)
    line: NDArray[Any] = hairline(face, at, degrees[0])
    line = blurred(line.astype(np.float32)[None], 3.2 / 360 * columns)
    edge = noise(1, columns, max(0.05 * scale, 1.5), face.strands + 4)[:1] * (0.02 if rough else 0)
    soft = 0.12 if is_cut(face) else 0.085 if face.hair_length == "short" or not is_open(face) else 0.06
    cover = np.clip((line + edge - y) / soft + 0.5, 0, 1)
    if face.hair_cut == "bald":
        cover = cover * np.clip((y - bare_above(face, degrees[0])[None]) / 0.16 + 0.2, 0, 1)
    if rough and not is_afro(face) and face.hair_form == "loose" and face.hair_style in _PARTED:
        # The scalp shows where hair is parted.
        round_off = np.sqrt(np.clip(1 - ((y + 0.42) / (at["forehead"] + 0.42)) ** 2, 0, 1))
        aside = 1.17 * round_off * sin(np.deg2rad(degrees)) - part_x(face)
        shows = 0.8 if face.hair_length in ENDS else 0.0
        shows = shows * np.clip((y - at["forehead"] - 0.08) / 0.15, 0, 1)
        cover = cover * (1 - shows * hump(aside / 0.022) * (away < 80))
    if is_afro(face) and face.hair_length != "short":
        low = hair_end(face)
        begin = interp(y[:, 0], [-0.4, 0.2, 0.9, 1.6], [58, 68, 76, 86]).astype(np.float32)[:, None]
        side = np.clip((away - begin) / 6 + 0.5, 0, 1)
        cover = np.maximum(cover, side * np.clip((low - y) / 0.1 + 0.5, 0, 1) * (y > -0.5))
    elif is_open(face):
        cover = np.maximum(cover, _fallen(face, root_line(face, at), y, degrees, scale, rough=rough))
    return np.asarray(cover, np.float32)


_PARTED: Final = ("open", "tucked", "curtain", "half up", "side", "ponytail", "plait", "plaits")


def _fallen(face: Face, front: float, y: Pixels, degrees: Pixels, scale: float, *, rough: bool) -> Pixels:
    """Return the cover of hair that falls from the parting past the temples to the ends."""
    rows, columns = len(y), degrees.shape[1]
    end = hair_end(face) - 0.35
    past = opening(face, front, y, degrees)
    below = interp(y[:, 0], [-0.2, 0.6, 1.5, 2.3, 3.9], [0, 0, 2, 4, 8]).astype(np.float32)[:, None]
    wave = noise(rows, columns, 0.35 * scale, face.strands + 5, stretch=2) * (1.2 if rough else 0)
    hangs = np.clip((past + below - wave) / (3.2 / scale * 57 + 1.0) + 0.5, 0, 1)
    hangs = hangs * np.clip((np.abs(degrees) - 76) / 8, 0, 1)
    return np.asarray(hangs * np.clip((end - y) / 0.3 + 0.5, 0, 1) * fallen(y, front), np.float32)
