"""Eyes, brows and mouth on the flat front view of a face.

These carry the expression and the gaze. Lengths are in face units; `side` is -1 for the eye on the viewer's left and
1 for the one on the right; along a lid, a brow or a lip, t runs from -1 to 1 (inner to outer corner, left to right).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from personaforge.providers.embedded.face_expression import Expression
from personaforge.providers.embedded.face_params import Face
from personaforge.providers.embedded.face_words import HAIR, IRIS
from personaforge.providers.embedded.painter_strokes import Canvas, Points, ellipse

_LASH: Final = (34, 25, 23)


def paint_eye(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, gaze: float, side: int) -> None:
    """Paint one eye with its lids and lashes. `gaze` shifts the iris, in face units."""
    t = np.linspace(-1, 1, 33)
    x = side * (at["eye_x"] + at["eye_width"] * t)
    slope = at["eye_y"] - at["eye_tilt"] * t
    tall = at["eye_open"] * (1 - 0.6 * act.squint)
    upper = slope - 1.12 * tall * (1 - np.abs(t) ** 2.2) ** 0.75 * (1 + at["lid_peak"] * t)
    lower = slope + (0.64 * tall - 0.03 * max(act.squint, 0)) * np.clip(1 - np.abs(t) ** 2.4, 0, 1) ** 0.8
    top, bottom = np.stack([x, upper], 1), np.stack([x, lower], 1)
    lid_height = at["lid"] * (0.5 + 0.5 * np.sqrt(np.clip(1 - t**2, 0, 1)))
    fold = np.stack([x, upper - lid_height], 1)
    shown = float(np.clip((at["lid"] - 0.05) / 0.025, 0, 1))
    canvas.tint(np.concatenate([top, fold[::-1]]), (0.9, 0.84, 0.83), 0.25 + 0.45 * shown, soft=0.012)

    almond = np.concatenate([top, bottom[::-1]])
    canvas.clip = canvas.area(almond, soft=0.004)
    canvas.fill(almond, (224, 217, 209))
    center = side * at["eye_x"] + gaze
    level = at["eye_y"] - 0.012 - 0.1 * tall
    # The iris is larger than the open eye is high: both lids cover a little of it, as in a calm look.
    _iris(canvas, face, center, level, at["iris"])
    canvas.glow(side * (at["eye_x"] - at["eye_width"]), at["eye_y"] + at["eye_tilt"], 0.028, 0.03, (0.92, 0.7, 0.68))
    canvas.glow(side * (at["eye_x"] + at["eye_width"]), at["eye_y"] - at["eye_tilt"], 0.06, 0.06, (0.72, 0.66, 0.66))
    canvas.crease(top, 0.075, (0.36, 0.33, 0.34), 0.75, soft=0.016)
    canvas.fill(ellipse(center - 0.03, level - 0.034, 0.017, 0.019), (255, 255, 255), 0.92, soft=0.003)
    canvas.fill(ellipse(center + 0.034, level + 0.036, 0.012, 0.012), (255, 255, 255), 0.22, soft=0.006)
    canvas.clip = None

    soft_look = 1 - face.masculinity
    lash = (0.012 + 0.014 * soft_look) * (0.45 + 0.55 * np.clip((t + 1.1) / 1.2, 0, 1)) * (1 - 0.3 * (t > 0.97))
    outward = np.stack([side * 0.022 * soft_look * np.clip(t - 0.8, 0, 1) * 5, -0.4 * lash], 1)
    canvas.line(top + outward, lash, _LASH, 0.9, soft=0.004)
    canvas.crease(bottom, 0.012, (0.55, 0.44, 0.42), 0.6, soft=0.005)
    canvas.crease(np.add(bottom, (0, 0.018)), 0.02, (1.08, 1.05, 1.04), 0.5, soft=0.008)
    if shown > 0.05:
        canvas.crease(fold, 0.014 * (1 - 0.6 * t**2), (0.52, 0.42, 0.4), 0.75 * shown, soft=0.006)
    if act.squint > 0.05:
        canvas.crease(np.add(bottom, (0, 0.07)), 0.02, (0.8, 0.72, 0.7), 0.5 * act.squint, soft=0.014)


def paint_brow(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, side: int) -> None:
    """Paint one brow: a soft body and single hairs."""
    t = np.linspace(0, 1, 22)
    inner = at["brow_gap"] - 0.035 * act.frown
    reach = 1.75 * at["brow_length"]
    x = inner + reach * t
    rise = at["brow_arch"] * 1.15 * (np.sin(np.pi * np.clip(0.12 + t * 0.8, 0, 1) ** 1.15) - 0.35)
    lift = 0.085 * act.raised + (0.07 * act.worried - 0.05 * act.frown) * (1 - t) ** 1.5
    y = at["brow_y"] - at["brow_tilt"] * (t - 0.4) - rise - lift + 0.05 * np.clip(t - 0.75, 0, 1)
    width = at["brow_thickness"] * (0.45 + 0.75 * np.sin(np.pi * np.clip(t * 0.9 + 0.12, 0, 1))) * (1 - 0.65 * t**3)
    line = np.stack([side * x, y], 1)
    color = np.asarray(HAIR[face.hair_color], float)
    color = np.clip(color * 0.6 + (9, 5, 4), 0, 132)
    canvas.line(line, width, color, 0.62, soft=0.014)
    random = np.random.default_rng(face.strands + 20 + side)
    count = 70
    where = random.uniform(0, 1, count)
    off = random.uniform(-0.5, 0.4, count)
    root_x = np.interp(where, t, x)
    root_y = np.interp(where, t, y) + off * np.interp(where, t, width)
    lean = np.deg2rad(68 - 62 * where + random.uniform(-9, 9, count))
    long = 0.058 + 0.03 * random.uniform(0, 1, count)
    tip_x, tip_y = root_x + long * np.cos(lean), root_y - long * np.sin(lean) * (0.75 - 0.5 * where)
    strokes: list[Points] = [
        np.array([(side * a, b), (side * c, d)]) for a, b, c, d in zip(root_x, root_y, tip_x, tip_y, strict=True)
    ]
    canvas.hairs(strokes, color * 0.88, 0.7, 0.006)


def paint_mouth(canvas: Canvas, at: Mapping[str, float], act: Expression, rouge: tuple[float, float, float]) -> None:
    """Paint the mouth. `rouge` is the lips' colour as a factor on the skin around them."""
    t = np.linspace(-1, 1, 41)
    round_mouth = max(act.open - max(act.smile, 0) * 0.5, 0)
    half = at["mouth_width"] * (1 + 0.2 * max(act.smile, 0) - 0.22 * round_mouth)
    x = half * t
    bow = at["cupid"] * 0.018
    middle = at["mouth_y"] - (0.038 + 0.085 * act.smile) * (np.abs(t) ** 1.8 - 0.35) + bow * np.exp(-((t / 0.2) ** 2))
    body = np.clip(1 - t**2, 0, 1)
    gap = 0.24 * act.open * body**0.55
    peaks = 0.95 + 0.3 * at["cupid"] * (np.exp(-(((np.abs(t) - 0.26) / 0.2) ** 2)) - 0.55 * np.exp(-((t / 0.13) ** 2)))
    thin = 1 - 0.18 * max(act.smile, 0)
    seam_up, seam_down = middle - 0.3 * gap, middle + 0.7 * gap
    upper = seam_up - at["upper_lip"] * thin * body**0.75 * peaks - 0.004
    lower = seam_down + at["lower_lip"] * thin * body**0.6 + 0.004

    def outline(above: Points, below: Points) -> Points:
        return np.concatenate([np.stack([x, above], 1), np.stack([x, below], 1)[::-1]])

    canvas.glow(0, at["mouth_y"] + 0.6 * float(gap.max()) + at["lower_lip"] + 0.075, 0.15, 0.04, (0.8, 0.72, 0.7), 0.65)
    if act.open > 0.02:
        canvas.clip = canvas.area(outline(seam_up - 0.01, seam_down + 0.01))
        canvas.fill(outline(seam_up - 0.01, seam_down + 0.01), (62, 26, 28))
        teeth = seam_up + np.minimum(0.13 * body**0.5, gap * (0.9 if act.smile > 0.3 else 0.5))
        canvas.fill(outline(seam_up - 0.01, teeth), (233, 226, 215), min(1.0, act.open * 7), soft=0.006)
        for tooth in (-0.5, -0.27, 0.0, 0.27, 0.5):
            canvas.crease([(half * tooth, float(seam_up[20]) - 0.02), (half * tooth, float(teeth[20]))], 0.006,
                          (0.86, 0.83, 0.8), 0.6)  # fmt: skip
        canvas.glow(0, float(seam_down.max()) + 0.01, 0.11, 0.035, (1.9, 1.55, 1.5), 0.8)
        for corner in (-half, half):
            canvas.glow(corner, float(middle[0]), 0.09, 0.09, (0.4, 0.3, 0.3), 0.9)
        canvas.crease(np.stack([x, seam_up], 1), 0.03, (0.5, 0.4, 0.4), 0.7, soft=0.01)
        canvas.clip = None
    factor = np.asarray(rouge)
    canvas.tint(outline(upper, seam_up), factor * 0.86, 0.95, soft=0.008)
    canvas.tint(outline(seam_down, lower), factor, 0.95, soft=0.009)
    shine = seam_down + 0.42 * at["lower_lip"]
    canvas.crease(np.stack([x, shine], 1)[11:30], 0.024, (1.22, 1.2, 1.2), 0.55, soft=0.014)
    canvas.crease(np.stack([x, seam_down + 0.1 * at["lower_lip"]], 1), 0.02, (0.7, 0.62, 0.62), 0.5, soft=0.01)
    if act.open <= 0.12:
        canvas.crease(
            np.stack([x * 1.04, middle], 1), 0.016 * (0.55 + 0.45 * body), (0.38, 0.27, 0.27), 0.85, soft=0.004
        )
    for corner in (-1, 1):
        canvas.glow(corner * (half + 0.012), float(middle[0]), 0.024, 0.02, (0.6, 0.5, 0.49), 0.7)


def _iris(canvas: Canvas, face: Face, x: float, y: float, radius: float) -> None:
    color = np.asarray(IRIS[face.eye_color], float)
    canvas.fill(ellipse(x, y, radius, radius), color * 0.42, soft=0.004)
    canvas.fill(ellipse(x, y, radius * 0.86, radius * 0.86), color, soft=0.008)
    random = np.random.default_rng(face.strands)
    turn = np.linspace(0, 2 * np.pi, 26, endpoint=False) + random.uniform(-0.1, 0.1, 26)
    near, far = random.uniform(0.42, 0.55, 26) * radius, random.uniform(0.68, 0.86, 26) * radius
    ray = np.stack([np.cos(turn), np.sin(turn)], 1)
    canvas.hairs(
        [np.stack([(x, y) + n * r, (x, y) + f * r]) for n, f, r in zip(near, far, ray, strict=True)],
        np.minimum(color * 1.4 + 14, 255), 0.5, 0.006,
    )  # fmt: skip
    canvas.glow(x + 0.01, y + 0.04, 0.045, 0.03, (1.35, 1.35, 1.35), 0.6)
    canvas.fill(ellipse(x, y, radius * 0.43, radius * 0.43), (14, 11, 12), soft=0.003)
