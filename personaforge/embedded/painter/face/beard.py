"""Facial hair, and the shadow of a shaved beard, on the flat front view of a face.

A beard is a soft body with hairs on it that grow as they do: down the cheeks, forward to the chin, outwards from the
middle of the lip. Straight hair lies in strokes, coily hair in short turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import lips
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.words import HAIR, hair_tint, is_dyed
from personaforge.embedded.painter.strokes import Canvas, Pixels, Points, noise, smooth
from personaforge.media.exact import cos, sin


class _Cut(NamedTuple):
    """How a beard is worn."""

    body: float
    """How much the soft body covers, 0..1."""
    hairs: int
    long: float
    """A hair's length, face units."""
    cheeks: bool
    """Whether it grows on cheeks and chin, or on the lip alone."""


_CUTS: Final = {
    "stubble": _Cut(0.30, 1400, 0.016, True),
    "moustache": _Cut(0.62, 360, 0.060, False),
    "short beard": _Cut(0.66, 1500, 0.050, True),
    "full beard": _Cut(0.84, 1900, 0.095, True),
}


def paint_beard(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    """Paint the facial hair of the DNA; a man who shaves has a faint shadow."""
    if face.facial_hair == "none":
        if face.masculinity >= 0.6:
            zone = np.maximum(_cheeks(canvas, at, act, 0.10), _lip(canvas, at, act, 0.05))
            dark = 0.5 if hair_tint(face.hair_color)[0] < 100 and face.age < 70 else 0.22
            canvas.shade(zone, (0.90, 0.905, 0.925), dark * (face.masculinity - 0.4))
        return
    cut = _CUTS[face.facial_hair]
    color = np.asarray(HAIR["dark brown"] if is_dyed(face.hair_color) else hair_tint(face.hair_color), np.float32)
    color = color * np.float32(0.80) + np.array((5, 3, 2), np.float32)
    edge = {"stubble": 0.07, "full beard": 0.03}.get(face.facial_hair, 0.035)
    zone = _lip(canvas, at, act, 0.016)
    if cut.cheeks:
        zone = np.maximum(zone, _cheeks(canvas, at, act, edge))
    grain = noise(canvas.height, canvas.width, max(0.018 * canvas.scale, 1.4), face.strands + 3, stretch=1.8)
    body = np.clip(zone * (1 + np.float32(0.35) * grain), 0, 1)
    pale = float(np.clip((float(color.mean()) - 50) / 90, 0, 1))  # white hair shines through all of a beard
    canvas.stain(body, color * np.float32(0.74 + 0.2 * pale), cut.body)
    _grow(canvas, face, at, zone, color, cut)


def _cheeks(canvas: Canvas, at: Mapping[str, float], act: Expression, soft: float) -> Pixels:
    """Return where hair grows on cheeks, chin and jaw, (height, width), 0..1."""
    mouth = lips(at, act)
    half, y, chin = mouth.half, at["mouth_y"], at["chin_y"] + 0.12 * act.open + at["beard"]
    low, wide = float(mouth.lower[20]), at["face_width"]
    ear = at["eye_y"] + 0.12
    outline = smooth(
        [
            (-1.15 * wide, ear - 0.1), (-0.90 * wide, ear + 0.02), (-0.86 * wide, ear + 0.32),
            (-0.62, y - 0.20), (-half - 0.16, y - 0.08), (-half - 0.055, y + 0.06), (-0.55 * half, low + 0.055),
            (-0.16, low + 0.10), (0, low + 0.045), (0.16, low + 0.10),
            (0.55 * half, low + 0.055), (half + 0.055, y + 0.06), (half + 0.16, y - 0.08), (0.62, y - 0.20),
            (0.86 * wide, ear + 0.32), (0.90 * wide, ear + 0.02), (1.15 * wide, ear - 0.1), (1.25, chin),
            (0, chin + 0.5),
            (-1.25, chin),
        ],
        closed=True,
    )  # fmt: skip
    return canvas.area(outline, soft)


def _lip(canvas: Canvas, at: Mapping[str, float], act: Expression, soft: float) -> Pixels:
    """Return where hair grows on the upper lip."""
    mouth = lips(at, act)
    half, top = mouth.half, np.stack([mouth.x, mouth.upper - 0.006], 1)
    corner = float(mouth.middle[0])
    under = max(at["nose_length"] + 0.155, float(mouth.upper[20]) - 0.13)
    above = [
        (half + 0.075, corner + 0.05), (half + 0.05, corner - 0.045), (0.62 * half, float(mouth.upper[28]) - 0.085),
        (0.14, under), (0.0, under + 0.02), (-0.14, under), (-0.62 * half, float(mouth.upper[12]) - 0.085),
        (-half - 0.05, corner - 0.045), (-half - 0.075, corner + 0.05),
    ]  # fmt: skip
    return canvas.area(np.concatenate([top[1:-1], smooth(above, 5)]), soft)


def _grow(canvas: Canvas, face: Face, at: Mapping[str, float], zone: Pixels, color: Pixels, cut: _Cut) -> None:
    """Paint single hairs where the zone has any, some darker and some lighter than the body."""
    random = np.random.default_rng(face.strands + 4)
    rows, columns = np.nonzero(zone > (0.7 if face.facial_hair == "stubble" else 0.4))
    if not len(rows):
        return
    taken = random.integers(0, len(rows), cut.hairs)
    x = canvas.left + (columns[taken] + random.uniform(0, 1, cut.hairs)) / canvas.scale
    y = canvas.top + (rows[taken] + random.uniform(0, 1, cut.hairs)) / canvas.scale
    on_lip = np.clip((at["mouth_y"] - y) / 0.05, 0, 1) * np.clip((at["mouth_width"] + 0.12 - np.abs(x)) / 0.08, 0, 1)
    # From straight down at the cheeks to forward on the jaw; on the lip outwards and down.
    lean = np.sign(x) * (1.05 * on_lip - 0.45 * (1 - on_lip) * np.clip(np.abs(x) / 0.8, 0, 1))
    curl = {"straight": 0.12, "wavy": 0.3, "curly": 0.7, "coily": 1.3}[face.hair_texture]
    lean = lean + random.uniform(-1, 1, cut.hairs) * (0.18 + 0.5 * curl)
    turn = random.choice((-1.0, 1.0), cut.hairs) * curl
    long = cut.long * (0.6 + 0.6 * random.uniform(0, 1, cut.hairs)) * (1 - 0.35 * min(curl, 1)) * (1 - 0.35 * on_lip)
    middle_x, middle_y = x + 0.5 * long * sin(lean), y + 0.5 * long * cos(lean)
    end_x, end_y = middle_x + 0.5 * long * sin(lean + turn), middle_y + 0.5 * long * cos(lean + turn)
    strokes: list[Points] = list(np.stack([np.stack(p, 1) for p in ((x, y), (middle_x, middle_y), (end_x, end_y))], 1))
    strength = 0.24 if face.facial_hair == "stubble" else 0.42
    canvas.hairs(strokes[::3], color * np.float32(0.58), strength, 0.006)
    canvas.hairs(strokes[1::3], color * np.float32(0.9), strength, 0.006)
    canvas.hairs(strokes[2::3], np.minimum(color * np.float32(1.12) + 6, 240), 0.7 * strength, 0.006)
