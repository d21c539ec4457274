"""Facial hair, and the shadow of a shaved beard, on the flat front view of a face."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.words import hair_tint
from personaforge.embedded.painter.strokes import Canvas, noise, smooth


def paint_beard(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    """Paint the facial hair of the DNA; a man who shaves has a faint shadow."""
    shaved = face.facial_hair == "none"
    if shaved and face.masculinity < 0.6:
        return
    color = np.asarray(hair_tint(face.hair_color), np.float32) * 0.72 + np.array((7, 4, 3), np.float32)
    jaw, chin, mouth, half = at["jaw"], at["chin_y"] + 0.1 * act.open, at["mouth_y"], at["mouth_width"]
    drop = 0.17 * act.open
    beard = smooth(
        [
            (-1.15, -0.1), (-jaw * 0.98, 0.3), (-jaw * 0.86, 0.72), (-half - 0.16, mouth - 0.14),
            (-half - 0.05, mouth + 0.08), (-half * 0.5, mouth + 0.2 + drop), (0, mouth + 0.17 + drop),
            (half * 0.5, mouth + 0.2 + drop), (half + 0.05, mouth + 0.08), (half + 0.16, mouth - 0.14),
            (jaw * 0.86, 0.72), (jaw * 0.98, 0.3),
            (1.15, -0.1), (1.25, chin), (0, chin + 0.5), (-1.25, chin),
        ],
        closed=True,
    )  # fmt: skip
    lip = mouth - at["upper_lip"] - 0.012 - 0.07 * act.open
    droop = 0.015 - 0.06 * act.smile
    moustache = smooth(
        [
            (0, lip - 0.075), (half * 0.5, lip - 0.085), (half + 0.01, lip + 0.01), (half + 0.05, lip + droop + 0.03),
            (half - 0.03, lip + droop - 0.02), (half * 0.5, lip + 0.012), (0, lip - 0.008),
            (-half * 0.5, lip + 0.012), (-half + 0.03, lip + droop - 0.02), (-half - 0.05, lip + droop + 0.03),
            (-half - 0.01, lip + 0.01), (-half * 0.5, lip - 0.085),
        ],
        closed=True,
    )  # fmt: skip
    chin_patch = smooth(
        [(-0.09, mouth + 0.2 + drop), (0.09, mouth + 0.2 + drop), (0.16, chin), (-0.16, chin)], closed=True
    )
    if shaved:
        zone = np.maximum(canvas.area(beard, 0.10), canvas.area(moustache, 0.05))
        dark = 0.75 if face.hair_color in ("black", "dark brown", "brown") else 0.35
        canvas.shade(zone, (0.90, 0.905, 0.93), dark * (face.masculinity - 0.4))
        return
    grain = 0.5 + 0.5 * noise(
        canvas.height, canvas.width, max(0.011 * canvas.scale, 1.2), face.strands + 3, stretch=2.6
    )
    grain = np.clip(grain * 1.5 - 0.1, 0.15, 1)
    if face.facial_hair == "stubble":
        zone = np.maximum(canvas.area(beard, 0.07), canvas.area(moustache, 0.03))
        canvas.stain(zone * (0.35 + 0.65 * grain), color, 0.3)
        return
    body = np.maximum(canvas.area(moustache, 0.013) * 0.95, 0)
    if face.facial_hair != "moustache":
        full = face.facial_hair == "full beard"
        body = np.maximum(body, canvas.area(beard, 0.035 if full else 0.05) * (1.0 if full else 0.85))
        body = np.maximum(body, canvas.area(chin_patch, 0.02) * 0.9)
    canvas.stain(body, color * 0.8, 0.72)
    canvas.stain(body * grain, color * 1.25, 0.55)
