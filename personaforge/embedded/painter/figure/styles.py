"""Which parts a head of hair is made of, by its form, its texture, its length and the way that it is worn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.shell import Shell
from personaforge.embedded.painter.figure.gathered import KNOTS, TAILS, combed_back, tail, tail_line, wound
from personaforge.embedded.painter.figure.grooms import ENDS, VOLUME, Roots, cropped, fallen, fringe
from personaforge.embedded.painter.figure.hair import GATHERED, grown_cover, is_afro, is_cut
from personaforge.embedded.painter.figure.locks import Board, Locks, draw_locks
from personaforge.embedded.painter.figure.made import (
    WIDTHS,
    gathered_cords,
    halo,
    hung_cords,
    knots,
    puff,
    rows,
    wound_cords,
)
from personaforge.embedded.painter.figure.scalp import Floats, Points3, hairline
from personaforge.embedded.painter.figure.strung import cords
from personaforge.embedded.painter.subject import Pose


class Part(Protocol):
    """Hair that is drawn in one way."""

    @property
    def points(self) -> Points3:
        """Where it is, (locks, points)."""

    def draw(self, board: Board, face_on: Floats, pose: Pose, light: float, *, behind: bool) -> None:
        """Draw what is in front of the head, or what is behind it."""


class Groom(NamedTuple):
    """A head of hair."""

    parts: tuple[Part, ...]
    """In the order in which they are drawn."""
    ground: float
    """How densely the scalp's own texture shows: 1 for a closely cut head."""
    under: float
    """Brightness of that ground."""
    shine: float
    inset: float = 0.0
    """How far the ground stays inside the surface's outline, in face units: locks make the outline."""


class Loose(NamedTuple):
    """Loose locks."""

    locks: Locks

    @property
    def points(self) -> Points3:
        """Where it is."""
        return self.locks.points

    def draw(self, board: Board, face_on: Floats, pose: Pose, light: float, *, behind: bool) -> None:
        """Draw it."""
        draw_locks(board, self.locks, face_on, pose.yaw, pose.pitch, light, behind=behind)


def groom_of(face: Face, at: Mapping[str, float], shell: Shell) -> Groom:
    """Return a person's hair. `shell` is the hair's surface."""
    if is_cut(face):
        bare = face.hair_cut == "bald" and face.hair_length == "shaved"
        return Groom((), 0.10 if bare else 0.85 if face.hair_cut == "waves" else 0.66, 1.0, 0.0, 0.02)
    if face.hair_form == "cornrows":
        return Groom((rows(face, at),), 0.5, 0.8, 0.3, 0.06)
    if face.hair_form == "knots":
        return Groom((knots(face, at),), 0.55, 0.7, 0.3)
    if face.hair_form in WIDTHS:
        return _corded(face, at)
    if is_afro(face):
        short = face.hair_length == "short"
        size = (0.042 if short else 0.055) * (1.0 if face.hair_texture == "coily" else 1.5)
        coils = halo(face, shell, grown_cover(face, at, shell), 40, size, 3400 if short else 3800)
        return Groom((coils,), 1.0, 0.66, 0.3)
    if face.hair_style in GATHERED:
        return _gathered(face, at)
    return _loose(face, at)


def _corded(face: Face, at: Mapping[str, float]) -> Groom:
    kind = face.hair_form
    if face.hair_style not in GATHERED or face.hair_length == "short":
        return Groom((hung_cords(face, at, kind),), 0.95, 0.6, 0.6)
    parts: list[Part] = [*gathered_cords(face, at, kind)]
    if face.hair_style in ("tied", "topknot"):
        parts.append(wound_cords(face, KNOTS[face.hair_style], 0.44, kind))
    return Groom(tuple(parts), 0.95, 0.6, 0.6)


def _gathered(face: Face, at: Mapping[str, float]) -> Groom:
    roots = Roots(face, at, 620, 20, spacing=0.05)
    roots = roots.kept((roots.points.y < 0.1) | (KNOTS[face.hair_style][1] < 0))  # a low knot hides the nape
    shine = 1.0 if face.hair_texture in ("straight", "wavy") else 0.5
    parts: list[Part] = [Loose(combed_back(face, roots))]
    random, short = roots.random, face.hair_length == "short"
    own = 1.0 if face.parting >= 0 else -1.0
    if short:
        pass
    elif face.hair_style in ("tied", "topknot"):
        if face.hair_texture == "coily":
            parts.append(puff(face, KNOTS[face.hair_style], 0.54, random))
        else:
            parts.append(Loose(wound(face, KNOTS[face.hair_style], 0.44, random)))
    else:
        for side in (-1.0, 1.0) if face.hair_style == "plaits" else (own,):
            line = tail_line(face, side, TAILS[face.hair_length])
            if face.hair_style == "ponytail":
                parts.append(Loose(tail(face, line, random, 0.24)))
            else:
                size = 0.30 if face.hair_style == "plaits" else 0.38
                until = round(0.86 * len(line))
                tip = line[until - 3 :]
                parts.append(Loose(tail(face, tip, random, 0.3 * size, 12)))
                parts.append(cords([line[:until]], np.array([size]), "braids", np.ones(1), np.array([0.5]),
                                   None, 0.5))  # fmt: skip
    return Groom(tuple(parts), 1.0, 0.88, shine)


def _loose(face: Face, at: Mapping[str, float]) -> Groom:
    smooth = face.hair_texture in ("straight", "wavy")
    hangs = face.hair_length in ENDS
    count = 680 if not smooth else 500 if hangs else 900
    roots = Roots(face, at, count, 20, spacing=0.09 if hangs else 0.045)
    if face.hair_cut in ("fade", "undercut", "mohawk"):
        away = np.abs(roots.degrees)
        # At the sides locks begin so high that they end where the clipped hair begins.
        low = -0.72 - 0.16 * np.clip((away - 40) / 20, 0, 1) * (face.hair_texture not in ("straight", "wavy"))
        keep = roots.points.y < (low if face.hair_cut != "mohawk" else -0.7)
        if face.hair_cut == "mohawk":
            keep &= np.abs(roots.points.x) < 0.34
        roots = roots.kept(keep & (away < 400))
    if not hangs:
        # Sideburns are the ground's own short hair.
        low = np.where(np.abs(roots.degrees) > 96, hairline(face, at, roots.degrees) - 0.16, -0.34)
        roots = roots.kept(roots.points.y < low)
        return Groom((Loose(cropped(face, at, roots)),), 1.0, 0.8, 0.7 if smooth else 0.3)
    end = ENDS[face.hair_length]
    # What grows in front of the ears would lie on the cheeks.
    roots = roots.kept((np.abs(roots.degrees) > 96) | (roots.points.y < -0.36))
    parts: list[Part] = []
    if face.hair_style == "half up":
        upper = (roots.points.y < -0.62) | (np.abs(roots.degrees) < 84)
        held = Roots(face, at, 620, 20, spacing=0.05)
        held = held.kept((held.points.y < -0.62) | (np.abs(held.degrees) < 84) & (held.points.y < -0.3))
        parts.append(Loose(fallen(face, at, roots.kept(~upper), 0.6 * VOLUME[face.hair_texture], end)))
        parts.append(Loose(combed_back(face, held)))
    else:
        parts.append(Loose(fallen(face, at, roots, VOLUME[face.hair_texture], end)))
    if face.hair_style in ("fringe", "curtain"):
        parts.append(Loose(fringe(face, at, roots)))
    return Groom(tuple(parts), 1.0, 0.76 if smooth else 0.82, 1.0 if smooth else 0.4, 0.02)
