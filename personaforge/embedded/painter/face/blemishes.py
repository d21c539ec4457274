"""Marks of the skin on the flat front view of a face: freckles, moles, birthmarks, vitiligo, scars, dimples, a bindi.

`paint_under` comes before nose, beard, mouth and brows, `paint_over` after them: a scar parts a brow. A mark lies where
its text puts it, else at a place that is the person's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import brow
from personaforge.embedded.painter.face.marks import Mark
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import SHADOW, Tints, patch, skin_color
from personaforge.embedded.painter.strokes import Canvas, Points, ellipse, smooth
from personaforge.media.exact import interp

Chance = np.random.Generator
_PALE: Final = (232.0, 198.0, 178.0)
"""Skin without its pigment, sRGB."""


def paint_under(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, tints: Tints) -> None:
    """Paint the marks that lie in the skin."""
    for index, mark in enumerate(face.marks):
        paint = _UNDER.get(mark.kind)
        if paint is not None:
            paint(canvas, face, at, mark, np.random.default_rng(face.strands + 41 + 7 * index))
    dimples = face.mark("dimples")
    if dimples is not None:
        _dimples(canvas, at, dimples, act, tints)


def paint_over(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    """Paint the marks that lie over brows and beard."""
    for index, mark in enumerate(face.marks):
        random = np.random.default_rng(face.strands + 41 + 7 * index)
        if mark.kind == "scar":
            _scar(canvas, face, at, act, mark, random)
        elif mark.kind == "bindi":
            y = at["brow_y"] - 0.06
            canvas.fill(ellipse(0.0, y, 0.036, 0.036), (150, 24, 38), 0.96, soft=0.004)
            canvas.glow(-0.01, y - 0.012, 0.014, 0.012, (1.35, 1.3, 1.3), 0.7)


def spot(at: Mapping[str, float], place: str, side: int) -> tuple[float, float]:
    """Return where a place of the face is, face units."""
    eye, tip, mouth, chin = at["eye_x"], at["nose_length"], at["mouth_y"], at["chin_y"]
    places = {
        "through brow": (side * (at["brow_gap"] + 1.1 * at["brow_length"]), at["brow_y"]),
        "above brow": (side * (at["brow_gap"] + 0.9 * at["brow_length"]), at["brow_y"] - 0.15),
        "under eye": (side * (eye + 0.06), at["eye_y"] + 0.27),
        "mouth": (side * (at["mouth_width"] + 0.07), mouth - 0.04),
        "lip": (side * 0.14, mouth - at["upper_lip"] - 0.06),
        "bridge": (side * 0.03, at["eye_y"] + 0.16),
        "nose": (side * 0.8 * at["nose_width"], tip - 0.02),
        "chin": (side * 0.16, chin - 0.17),
        "forehead": (side * 0.30, at["brow_y"] - 0.35),
        "temple": (side * 0.74, at["eye_y"] - 0.16),
        "jaw": (side * 0.86 * at["jaw"], mouth + 0.06),
        "cheek": (side * 0.52, tip + 0.02),
    }
    return places[place]


def _side(mark: Mark, random: Chance) -> int:
    own = 1 if random.uniform() < 0.5 else -1
    return mark.side or own


def _mole(canvas: Canvas, face: Face, at: Mapping[str, float], mark: Mark, random: Chance) -> None:
    x, y = spot(at, mark.place or "mouth", _side(mark, random))
    x, y = x + random.uniform(-0.02, 0.02), y + random.uniform(-0.02, 0.02)
    canvas.tint(ellipse(x, y, 0.021, 0.020, 12), (0.44, 0.35, 0.32), 0.88, soft=0.006)
    canvas.glow(x - 0.005, y - 0.007, 0.007, 0.006, (1.3, 1.3, 1.3), 0.4)


def _moles(canvas: Canvas, face: Face, at: Mapping[str, float], mark: Mark, random: Chance) -> None:
    side = _side(mark, random)
    x, y = spot(at, mark.place or "cheek", side)
    for dx, dy, size in ((0.0, 0.0, 0.020), (0.06, 0.09, 0.016)):
        canvas.tint(ellipse(x + side * dx, y + dy, size, size, 12), (0.44, 0.35, 0.32), 0.88, soft=0.006)


def _freckles(canvas: Canvas, face: Face, at: Mapping[str, float], mark: Mark, random: Chance) -> None:
    nose_only = mark.place in ("bridge", "nose")
    count = 150 if nose_only else 260
    x = random.normal(0, 0.26 if nose_only else 0.46, count)
    y = random.normal(0.62 * at["nose_length"], 0.12 if nose_only else 0.20, count)
    size = 0.004 + 0.007 * random.uniform(0, 1, count) ** 2
    dots = [ellipse(a, b, 1.15 * r, r, 8) for a, b, r in zip(x.tolist(), y.tolist(), size.tolist(), strict=True)]
    for part, amount in ((dots[::2], 0.62), (dots[1::2], 0.36)):
        found = canvas.mask(part, 0.004)
        if found is not None:
            canvas.multiply(*found, np.array((0.82, 0.68, 0.58), np.float32), amount)


def _birthmark(canvas: Canvas, face: Face, at: Mapping[str, float], mark: Mark, random: Chance) -> None:
    x, y = spot(at, mark.place or "cheek", _side(mark, random))
    canvas.shade(patch(canvas, x, y, 0.095, 0.075, face.strands + 61), (0.76, 0.64, 0.57), 0.8)


def _stain(canvas: Canvas, face: Face, at: Mapping[str, float], mark: Mark, random: Chance) -> None:
    """A port-wine stain follows a nerve: it covers a region of one side and ends near the middle line."""
    x, y = spot(at, mark.place or "cheek", _side(mark, random))
    canvas.shade(patch(canvas, x, y - 0.06, 0.27, 0.30, face.strands + 63, 0.8), (0.84, 0.60, 0.64), 0.72)


def _vitiligo(canvas: Canvas, face: Face, at: Mapping[str, float], mark: Mark, random: Chance) -> None:
    """Vitiligo is nearly symmetrical, and gathers around eyes and mouth."""
    eye, mouth = (at["eye_x"], at["eye_y"]), at["mouth_y"]
    regions = [
        (-eye[0] - 0.02, eye[1] + 0.02, 0.24, 0.19), (eye[0] + 0.04, eye[1] - 0.01, 0.26, 0.20),
        (-0.05, mouth + 0.03, 0.34, 0.19), (0.30, at["brow_y"] - 0.42, 0.20, 0.16),
        (-0.62, mouth - 0.12, 0.13, 0.16), (0.60, mouth + 0.05, 0.15, 0.18),
    ]  # fmt: skip
    whole = np.zeros((canvas.height, canvas.width), np.float32)
    for index, region in enumerate(regions):
        np.maximum(whole, patch(canvas, *region, face.strands + 67 + 2 * index, 0.9), out=whole)
    skin = skin_color(face)
    pale = np.maximum(np.asarray(_PALE) * (0.82 + 0.18 * float(skin.mean()) / 255), skin * 1.04)
    canvas.shade(whole, pale / np.maximum(skin, 1), 0.8)


def _flush(canvas: Canvas, face: Face, at: Mapping[str, float], mark: Mark, random: Chance) -> None:
    for side in (-1, 1):
        canvas.glow(side * 0.52, at["nose_length"] - 0.06, 0.20, 0.15, (1.03, 0.86, 0.86), 0.75)


def _dimples(canvas: Canvas, at: Mapping[str, float], mark: Mark, act: Expression, tints: Tints) -> None:
    smiling = max(act.smile, 0)
    if mark.place == "chin":
        canvas.glow(0, at["chin_y"] - 0.16, 0.035, 0.03, SHADOW, 0.7)
        return
    for side in (-1, 1):
        if mark.side and side != mark.side:
            continue
        x, y = side * (at["mouth_width"] + 0.15 + 0.04 * smiling), at["mouth_y"] - 0.05 - 0.07 * smiling
        line = smooth([(x - side * 0.01, y - 0.055), (x + side * 0.016, y), (x - side * 0.006, y + 0.055)])
        canvas.crease(line, 0.03, SHADOW, 0.40 + 0.45 * smiling, soft=0.020)
        canvas.glow(x + side * 0.06, y, 0.035, 0.05, tints.gleam, 0.2 + 0.4 * smiling)


def _scar(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, mark: Mark, random: Chance) -> None:
    side = _side(mark, random)
    x, y = spot(at, mark.place or "cheek", side)
    if mark.place == "through brow":
        hairs = brow(at, act, side)
        y = float(interp(abs(x), hairs.x, hairs.y))
    reach = {"through brow": 0.11, "bridge": 0.05, "nose": 0.05, "lip": 0.07, "chin": 0.08}.get(mark.place, 0.13)
    lean = side * {"through brow": 0.25, "bridge": 1.2, "cheek": 0.8}.get(mark.place, 0.4)
    line = smooth([(x - lean * reach, y - reach), (x + 0.012, y - 0.1 * reach), (x + lean * reach, y + reach)])
    taper = interp(np.linspace(0, 1, len(line)), [0, 0.4, 0.8, 1], [0.2, 1.0, 0.8, 0.1])
    skin = skin_color(face).astype(float)
    healed = np.minimum(skin * (1.05, 1.02, 1.03) + (9, 5, 6), 250)
    canvas.line(line, 0.024 * taper, healed, 0.8, soft=0.005)
    canvas.crease(_beside(line, 0.014), 0.010 * taper, SHADOW, 0.55, soft=0.006)


def _beside(line: Points, away: float) -> Points:
    return np.add(line, (away, 0.3 * away))


_UNDER: Final[dict[str, Callable[[Canvas, Face, Mapping[str, float], Mark, Chance], None]]] = {
    "vitiligo": _vitiligo, "port-wine stain": _stain, "birthmark": _birthmark, "flush": _flush,
    "freckles": _freckles, "mole": _mole, "moles": _moles,
}  # fmt: skip
