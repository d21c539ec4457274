"""How strands of hair lie: a field over the hair's shell that is constant along each strand, and their brightness.

From the parting a strand begins sideways and bends down, a parabola of the angle in a height that saturates, so that
far below it hangs straight. `_field` numbers the strands by the angle at which they hang; noise that is drawn once over
those numbers and read through the field gives combed hair. Waves add a swing along the strand; curls and coils are
drawn as many small arcs. Angles are degrees from the nose, heights face units.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.strokes import Pixels, noise
from personaforge.faces.opencv import opencv
from personaforge.media.exact import cos, exp, sampled, sin

cv2 = opencv()

_SAG: Final = 0.9
"""Height over which a strand's sideways course ends."""
_HANGS: Final = 63.0
"""Angle of the strand that starts at the parting's front end: the edge of the face's opening."""
_BEND: Final = _SAG / _HANGS**2


def parting_degrees(face: Face) -> float:
    """Return where the parting is."""
    return (24.0 if face.hair_texture in ("straight", "wavy") else 9.0) * face.parting


def opening(face: Face, front: float, y: Pixels, degrees: Pixels) -> Pixels:
    """Return how far a point is past the edge of the face's opening, in degrees; negative inside it."""
    rel, sag = _relative(face, degrees), _sagged(y, front)
    return np.asarray(np.abs(rel) - np.sqrt(np.maximum(sag, 0) / _BEND), np.float32)


def fallen(y: Pixels, front: float) -> Pixels:
    """Return a weight that is 1 for hair below the root line."""
    return np.asarray(np.clip((y - front + 0.25) / 0.2, 0, 1), np.float32)


def strands(face: Face, front: float, y: Pixels, degrees: Pixels, scale: float, *, cut: bool) -> Pixels:
    """Return each point's brightness, a factor around 0.95; `front` is the root line in the middle, `cut` says whether
    hair is clipped to the scalp."""
    rows, columns = len(y), degrees.shape[1]
    if cut:
        found = 0.95 + 0.22 * noise(rows, columns, max(0.03 * scale, 1.5), face.strands + 7)
        if face.hair_cut == "waves":
            found = found + 0.30 * _rippled(face, y, degrees)
        return np.asarray(found, np.float32)
    if face.hair_texture in ("coily", "curly"):
        coils = _coils(rows, columns, scale, face.strands + 7, 0.055 if face.hair_texture == "coily" else 0.08)
        calm = 0.6 if face.hair_color in ("white", "gray", "silver") else 1.0
        return np.asarray(0.92 + calm * (coils - 0.92), np.float32)
    return _combed(face, _field(face, front, y, degrees), np.broadcast_to(y, (rows, columns)).astype(np.float32))


def _rippled(face: Face, y: Pixels, degrees: Pixels) -> Pixels:
    """Return waves brushed into closely cut hair: ripples around the crown, -1..1."""
    turn = np.deg2rad(degrees)
    away = np.sqrt((y + 1.35) ** 2 + 0.35 * (1 - cos(turn + 0.5)) + 0.02)
    sway = 0.5 * sin(3 * turn + 0.3) + 0.3 * sin(7 * turn)
    return np.asarray(sin(2 * np.pi * away / 0.115 + sway), np.float32)


def _relative(face: Face, degrees: Pixels) -> Pixels:
    """Return angles from the parting, stretched so that the face's opening ends at the same angle on both sides."""
    part = parting_degrees(face)
    rel = degrees - part
    return np.asarray(np.where(rel > 0, rel * _HANGS / (_HANGS - part), rel * _HANGS / (_HANGS + part)), np.float32)


def _sagged(y: Pixels, front: float) -> Pixels:
    return np.asarray(_SAG * (1 - exp(-(y - front) / _SAG)), np.float32)


def _field(face: Face, front: float, y: Pixels, degrees: Pixels) -> Pixels:
    """Return the angle at which the strand through each point hangs."""
    if face.hair_style in ("tied", "topknot", "ponytail", "plait", "plaits", "swept", "fringe"):
        # Combed back from, or down over, the forehead: strands gather towards the crown.
        gather = 1 - 0.25 * np.clip((front + 0.3 - y) / 0.6, 0, 1)
        lean = 10 * np.clip((y - front) / 0.5, -1, 1) * sin(np.deg2rad(2 * degrees))
        return np.asarray(degrees * gather + lean, np.float32)
    rel, sag = _relative(face, degrees), _sagged(y, front)
    squared = rel * rel - sag / _BEND
    inside = np.sign(rel) * np.sqrt(np.maximum(squared, 0.0))
    # In front of the parting's end, and far behind, strands simply run down.
    blend = np.clip((np.abs(rel) - 100) / 40, 0, 1)
    return np.asarray(inside * (1 - blend) + rel * blend, np.float32)


def _combed(face: Face, numbers: Pixels, along: Pixels) -> Pixels:
    """Return straight strands: fine ones, locks, and broad tones that drift along them."""
    wide, tall = 720, 96
    fine = 0.50 * noise(tall, wide * 4, 1.7, face.strands + 7, stretch=26)
    fine += 0.55 * noise(tall, wide * 4, 8.0, face.strands + 8, stretch=5)
    fine += 0.35 * noise(tall, wide * 4, 30.0, face.strands + 10, stretch=1.2)
    u = ((numbers + 180.0) * (wide * 4 / 360)).astype(np.float32)
    v = ((along + 2.0) * (tall / 6.5)).astype(np.float32)
    found = sampled(fine, u, v, "mirror")
    depth = (
        0.22 if face.hair_color in ("white", "blond", "gray", "silver", "yellow", "pink") else 0.34
    )  # light hair casts less shadow on itself
    return np.asarray(0.95 + depth * found, np.float32)


def _coils(rows: int, columns: int, scale: float, seed: int, size: float) -> Pixels:
    """Return small coils: arcs of light over dark, `size` across in face units."""
    random = np.random.default_rng(seed)
    tile = int(np.clip(3.2 * scale, 96, 384))
    radius = max(size * scale, 1.6)
    count = int(np.clip(3.0 * (tile / radius) ** 2 / 4, 60, 2600))
    ground = np.full((tile, tile), 120, np.uint8)
    place, start = random.uniform(0, tile, (count, 2)), random.uniform(0, 2 * np.pi, count)
    long, wide = random.uniform(2.2, 4.6, count), radius * random.uniform(0.55, 1.15, count)
    value = random.choice(np.array([60, 90, 165, 200, 225]), count)
    steps = np.linspace(0, 1, 9)
    turn = start[:, None] + long[:, None] * steps[None]
    arcs = place[:, None] + wide[:, None, None] * np.stack([cos(turn), 0.8 * sin(turn)], axis=2)
    fixed = np.round(arcs * 16).astype(np.int32)
    thick = max(1, round(0.22 * radius))
    for tone in (60, 90, 165, 200, 225):
        cv2.polylines(ground, list(fixed[value == tone]), False, tone, thick, cv2.LINE_AA, 4)
    drawn = (cv2.GaussianBlur(ground, (0, 0), 0.6).astype(np.float32) - 128) / 128
    again = (-(-rows // tile), -(-columns // tile))
    whole = np.tile(drawn, again)[:rows, :columns]
    coarse = noise(rows, columns, max(0.16 * scale, 2), seed + 1)
    return np.asarray(0.92 + 0.42 * whole + 0.16 * coarse, np.float32)
