"""Brows on the flat front view of a face: a soft body, and hairs that grow up at the inner end and outwards later."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import brow
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import skin_color
from personaforge.embedded.painter.face.words import HAIR, hair_tint, is_dyed
from personaforge.embedded.painter.strokes import Canvas, Points
from personaforge.media.exact import cos, interp, power, sin


def brow_color(face: Face) -> Points:
    """Return the colour of brows, sRGB: the hair's own, darker, and never lighter than the skin."""
    color = np.asarray(HAIR["dark brown"] if is_dyed(face.hair_color) else hair_tint(face.hair_color), float)
    if face.hair_color in ("gray", "white"):  # brows turn later than the head
        late = float(np.clip((face.age - 62) / 22, 0.15, 0.9))
        color = late * color + (1 - late) * np.asarray(HAIR["dark brown"], float)
    return np.minimum(np.clip(color * 0.68 + (8, 4, 2), 0, 150), 0.66 * float(skin_color(face).mean()) + 12)


def paint_brow(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, side: int) -> None:
    """Paint one brow; `side` is -1 for the viewer's left."""
    t, x, y, width = brow(at, act, side)
    line = np.stack([side * x, y], 1)
    color = brow_color(face)
    random = np.random.default_rng(face.strands + 20 + side)
    fade = np.clip(t / 0.26, 0.1, 1)
    canvas.line(line, 1.0 * width * fade, color, 0.42, soft=0.018)
    canvas.line(line[2:], 0.62 * width[2:], color, 0.50, soft=0.012)
    count = int(150 + 90 * face.masculinity)
    where = power(random.uniform(0, 1, count), 0.85)
    off = random.uniform(-0.52, 0.46, count) * np.clip(0.45 + 3.2 * where, 0, 1)
    root_x = interp(where, t, x)
    root_y = interp(where, t, y) + off * interp(where, t, width)
    # Hairs stand up at the inner end, lie along the brow further out, and meet from above and below at its crest.
    lean = np.deg2rad(72 - 78 * power(where, 0.7) + 40 * off * np.clip(where * 2, 0, 1) + random.uniform(-9, 9, count))
    long = (
        (0.030 + 0.026 * random.uniform(0, 1, count))
        * (0.60 + 5 * at["brow_thickness"])
        * np.clip(0.6 + 2.0 * where, 0, 1)
        * (1 - 0.35 * where)
    )
    tip_x, tip_y = root_x + long * cos(lean), root_y - long * sin(lean) * 0.75
    tip_y = tip_y + 0.5 * (interp(np.clip(where + 0.12, 0, 1), t, y) - interp(where, t, y))
    strokes: list[Points] = [
        np.array([(side * a, b), (side * c, d)]) for a, b, c, d in zip(root_x, root_y, tip_x, tip_y, strict=True)
    ]
    canvas.hairs(strokes[::3], color * 0.78, 0.55, 0.006)
    canvas.hairs(strokes[1::3], color, 0.50, 0.006)
    canvas.hairs(strokes[2::3], np.minimum(color * 1.18 + 6, 190), 0.36, 0.006)
