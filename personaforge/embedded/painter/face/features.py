"""Eyes, brows and mouth on the flat front view of a face.

These carry the expression and the gaze. Lengths are in face units; `side` is -1 for the eye on the viewer's left and
1 for the one on the right; along a lid, a brow or a lip, t runs from -1 to 1 (inner to outer corner, left to right).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import brow, lids, lips, pupil
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.words import HAIR, SKIN, hair_tint, iris_tint, is_dyed
from personaforge.embedded.painter.strokes import Canvas, Points, ellipse, smooth
from personaforge.media.exact import cos, interp, power, sin

_LASH: Final = (34, 25, 23)


def paint_eye(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, gaze: float, side: int) -> None:
    """Paint one eye with its lids and lashes. `gaze` shifts the iris, in face units."""
    t, x, upper, lower, tall = lids(at, act, side)
    top, bottom = np.stack([x, upper], 1), np.stack([x, lower], 1)
    lid_height = at["lid"] * (0.5 + 0.5 * np.sqrt(np.clip(1 - t**2, 0, 1))) + 0.09 * act.shut * (1 - t**2)
    fold = np.stack([x, upper - lid_height], 1)
    shown = float(np.clip((at["lid"] - 0.045) / 0.025, 0, 1))
    soft_look = 1 - face.masculinity
    canvas.tint(
        np.concatenate([top, fold[::-1]]), (0.90, 0.83, 0.82), 0.22 + 0.30 * shown + 0.2 * soft_look, soft=0.014
    )
    middle = np.stack([x, upper - 0.5 * lid_height], 1)[8:26]
    canvas.crease(middle, 0.02, (1.07, 1.06, 1.05), 0.6 * shown, soft=0.012)

    if act.shut < 0.85:
        _eyeball(canvas, face, at, gaze, side, top, bottom, tall)
    lash = (0.013 + 0.014 * soft_look) * (0.35 + 0.65 * np.clip((t + 1.1) / 1.2, 0, 1)) * (1 - 0.3 * (t > 0.97))
    outward = np.stack([side * 0.022 * soft_look * np.clip(t - 0.8, 0, 1) * 5, -0.4 * lash], 1)
    color = np.asarray(_LASH, float) if face.age < 68 else np.asarray(_LASH, float) + 24
    canvas.line(top + outward, lash, color, 0.86, soft=0.005)
    _lashes(canvas, t, top, bottom, side, soft_look, act.shut, color)
    canvas.crease(bottom, 0.012, (0.60, 0.48, 0.46), 0.55, soft=0.006)
    canvas.crease(np.add(bottom, (0, 0.018)), 0.02, (1.07, 1.045, 1.035), 0.5, soft=0.009)
    if shown > 0.05:
        canvas.crease(fold, 0.016 * (1 - 0.6 * t**2), (0.58, 0.47, 0.45), 0.65 * shown, soft=0.008)
    if act.squint > 0.05:
        canvas.crease(np.add(bottom, (0, 0.07)), 0.02, (0.8, 0.72, 0.7), 0.5 * act.squint, soft=0.014)


def _eyeball(
    canvas: Canvas,
    face: Face,
    at: Mapping[str, float],
    gaze: float,
    side: int,
    top: Points,
    bottom: Points,
    tall: float,
) -> None:
    almond = np.concatenate([top, bottom[::-1]])
    canvas.clip = canvas.area(almond, soft=0.005)
    canvas.fill(almond, (226, 218, 211))
    center, level = pupil(at, gaze, side, tall)
    # The iris is larger than the open eye is high: both lids cover a little of it, as in a calm look.
    _iris(canvas, face, center, level, at["iris"])
    canvas.glow(side * (at["eye_x"] - at["eye_width"]), at["eye_y"] + at["eye_tilt"], 0.03, 0.03, (0.95, 0.72, 0.69))
    canvas.glow(side * (at["eye_x"] - 0.6 * at["eye_width"]), at["eye_y"], 0.06, 0.06, (0.90, 0.85, 0.85))
    canvas.glow(side * (at["eye_x"] + at["eye_width"]), at["eye_y"] - at["eye_tilt"], 0.07, 0.06, (0.74, 0.68, 0.68))
    canvas.crease(top, 0.085, (0.42, 0.38, 0.39), 0.7, soft=0.02)
    canvas.fill(ellipse(center - 0.03, level - 0.034, 0.018, 0.020), (255, 255, 255), 0.92, soft=0.004)
    canvas.fill(ellipse(center + 0.034, level + 0.036, 0.012, 0.012), (255, 255, 255), 0.20, soft=0.006)
    canvas.crease(bottom, 0.016, (1.10, 1.04, 1.03), 0.6, soft=0.006)
    canvas.clip = None


def _lashes(
    canvas: Canvas, t: Points, top: Points, bottom: Points, side: int, soft_look: float, shut: float, color: Points
) -> None:
    strokes: list[Points] = []
    count = 15
    for index in range(count):
        at = -0.75 + 1.72 * index / (count - 1)
        root = np.array([interp(at, t, top[:, 0]), interp(at, t, top[:, 1])])
        long = (0.028 + 0.040 * soft_look) * (0.55 + 0.45 * max(at, -0.2))
        lean, lift = side * (0.15 + 0.75 * max(at, -0.3)), 1.0 - 1.6 * shut
        tip = root + long * np.array([lean, -lift * 0.85])
        strokes.append(smooth([root, root + long * np.array([0.65 * lean, -0.30 * lift]), tip], 3))
    canvas.hairs(strokes, color, 0.28 + 0.42 * soft_look, 0.006)
    if soft_look > 0.5:
        below = [np.array([(px, py), (px + side * 0.012, py + 0.018)]) for px, py in bottom[6:31:3]]
        canvas.hairs(below, color, 0.22 * soft_look, 0.005)


def paint_brow(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, side: int) -> None:
    """Paint one brow: a soft body and single hairs."""
    t, x, y, width = brow(at, act)
    line = np.stack([side * x, y], 1)
    color = np.asarray(HAIR["dark brown"] if is_dyed(face.hair_color) else hair_tint(face.hair_color), float)
    if face.hair_color in ("gray", "white") and face.age < 74:
        color = 0.6 * color + 0.4 * np.asarray(HAIR["dark brown"], float)  # brows turn later than the head
    light = float(np.asarray(SKIN[face.skin_tone], float).mean())
    color = np.minimum(np.clip(color * 0.7 + (10, 5, 3), 0, 136), 0.62 * light + 14)
    random = np.random.default_rng(face.strands + 20 + side)
    fade = np.clip(t / 0.16, 0.25, 1)
    canvas.line(line, width * fade, color, 0.46, soft=0.020)
    canvas.line(line[4:], 0.55 * width[4:], color, 0.38, soft=0.014)
    count = int(110 + 70 * face.masculinity)
    where = power(random.uniform(0, 1, count), 0.9)
    off = random.uniform(-0.55, 0.42, count)
    root_x = interp(where, t, x)
    root_y = interp(where, t, y) + (off + 0.12) * interp(where, t, width)
    lean = np.deg2rad(64 - 62 * where + 22 * off + random.uniform(-7, 7, count))
    long = (0.036 + 0.024 * random.uniform(0, 1, count)) * (0.7 + 6 * at["brow_thickness"])
    tip_x, tip_y = root_x + long * cos(lean), root_y - long * sin(lean) * (0.72 - 0.55 * where)
    strokes: list[Points] = [
        np.array([(side * a, b), (side * c, d)]) for a, b, c, d in zip(root_x, root_y, tip_x, tip_y, strict=True)
    ]
    canvas.hairs(strokes[::2], color * 0.80, 0.50, 0.006)
    canvas.hairs(strokes[1::2], np.minimum(color * 1.2 + 8, 200), 0.38, 0.006)


def paint_mouth(
    canvas: Canvas, at: Mapping[str, float], act: Expression, rouge: tuple[float, float, float], seed: int = 0
) -> None:
    """Paint the mouth. `rouge` is the lips' colour as a factor on the skin around them."""
    t, x, half, middle, gap, body, upper, seam_up, seam_down, lower = lips(at, act)

    def outline(above: Points, below: Points) -> Points:
        return np.concatenate([np.stack([x, above], 1), np.stack([x, below], 1)[::-1]])

    canvas.glow(0, float(lower[20]) + 0.06, 0.16, 0.04, (0.82, 0.74, 0.72), 0.6)
    canvas.crease(np.stack([x, upper - 0.012], 1)[6:35], 0.016, (1.06, 1.05, 1.045), 0.55, soft=0.010)
    if act.open > 0.02:
        _inside(canvas, x, seam_up, seam_down, middle, half, gap, body, act)
    factor = np.asarray(rouge)
    canvas.tint(outline(upper, seam_up), factor * 0.90, 0.92, soft=0.011)
    canvas.tint(outline(seam_down, lower), factor * 1.02, 0.88, soft=0.013)
    canvas.crease(np.stack([x, 0.75 * seam_up + 0.25 * upper], 1)[3:38], 0.03, (0.80, 0.74, 0.74), 0.5, soft=0.014)
    shine = seam_down + 0.45 * (lower - seam_down)
    canvas.crease(np.stack([x, shine], 1)[10:31], 0.4 * at["lower_lip"], (1.14, 1.13, 1.13), 0.65, soft=0.018)
    canvas.crease(np.stack([x, lower - 0.012], 1)[8:33], 0.02, (0.86, 0.80, 0.79), 0.5, soft=0.012)
    random = np.random.default_rng(seed + 31)
    folds = random.uniform(-0.72, 0.72, 16)
    lines = [
        np.array([(half * a, interp(a, t, seam_down) + 0.012), (half * a * 1.06, interp(a, t, lower) - 0.02)])
        for a in folds
    ]
    for line in lines:
        canvas.crease(line, 0.009, (0.86, 0.82, 0.82), 0.35, soft=0.005)
    if act.open <= 0.12:
        canvas.crease(np.stack([x * 1.03, middle], 1), 0.015 * (0.4 + 0.6 * body), (0.42, 0.30, 0.30), 0.8, soft=0.006)
    for corner in (-1, 1):
        canvas.glow(corner * (half + 0.012), float(middle[0]), 0.026, 0.022, (0.66, 0.55, 0.54), 0.6)


def _inside(
    canvas: Canvas, x: Points, seam_up: Points, seam_down: Points, middle: Points, half: float, gap: Points,
    body: Points, act: Expression,
) -> None:  # fmt: skip
    """Paint teeth and tongue between open lips."""

    def outline(above: Points, below: Points) -> Points:
        return np.concatenate([np.stack([x, above], 1), np.stack([x, below], 1)[::-1]])

    canvas.clip = canvas.area(outline(seam_up - 0.01, seam_down + 0.01), soft=0.005)
    canvas.fill(outline(seam_up - 0.01, seam_down + 0.01), (64, 28, 30))
    teeth = seam_up + np.minimum(0.125 * np.sqrt(body), gap * (0.88 if act.smile > 0.3 else 0.5))
    canvas.fill(outline(seam_up - 0.01, teeth), (232, 225, 214), min(1.0, act.open * 7), soft=0.008)
    for tooth in (-0.62, -0.46, -0.29, -0.13, 0.13, 0.29, 0.46, 0.62, 0.0):
        low = float(interp(tooth, np.linspace(-1, 1, 41), teeth))
        canvas.crease([(half * tooth, float(seam_up[20]) - 0.02), (half * tooth, low - 0.01)], 0.006, (0.86, 0.83, 0.8),
                      0.45, soft=0.003)  # fmt: skip
    canvas.glow(0, float(seam_down.max()) + 0.01, 0.11, 0.035, (1.9, 1.55, 1.5), 0.8)
    for corner in (-half, half):
        canvas.glow(corner, float(middle[0]), 0.10, 0.09, (0.4, 0.3, 0.3), 0.9)
    canvas.crease(np.stack([x, seam_up], 1), 0.035, (0.5, 0.4, 0.4), 0.7, soft=0.012)
    canvas.clip = None


def _iris(canvas: Canvas, face: Face, x: float, y: float, radius: float) -> None:
    color = np.asarray(iris_tint(face.eye_color, -1 if x < 0 else 1), float)
    canvas.fill(ellipse(x, y, radius, radius), color * 0.42, soft=0.004)
    canvas.fill(ellipse(x, y, radius * 0.86, radius * 0.86), color, soft=0.008)
    random = np.random.default_rng(face.strands)
    turn = np.linspace(0, 2 * np.pi, 26, endpoint=False) + random.uniform(-0.1, 0.1, 26)
    near, far = random.uniform(0.42, 0.55, 26) * radius, random.uniform(0.68, 0.86, 26) * radius
    ray = np.stack([cos(turn), sin(turn)], 1)
    canvas.hairs(
        [np.stack([(x, y) + n * r, (x, y) + f * r]) for n, f, r in zip(near, far, ray, strict=True)],
        np.minimum(color * 1.4 + 14, 255), 0.5, 0.006,
    )  # fmt: skip
    canvas.glow(x + 0.01, y + 0.04, 0.045, 0.03, (1.35, 1.35, 1.35), 0.6)
    canvas.fill(ellipse(x, y, radius * 0.43, radius * 0.43), (14, 11, 12), soft=0.003)
