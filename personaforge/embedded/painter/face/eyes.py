"""Eyes on the flat front view of a face: lids and their folds, the eyeball, lashes.

Lengths are in face units; `side` is -1 for the eye on the viewer's left and 1 for the one on the right; along a lid,
t runs from the inner corner (-1) to the outer one (1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import Gaze, Lids, lids, pupil
from personaforge.embedded.painter.face.makeup import paint_lid
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import SHADOW, tints
from personaforge.embedded.painter.face.words import HAIR, hair_tint, iris_tint, is_dyed
from personaforge.embedded.painter.strokes import Canvas, Points, ellipse, smooth
from personaforge.media.exact import cos, hump, interp, sin

_WHITE: Final = np.array((226.0, 218.0, 211.0))
"""Of the eyeball, sRGB: never pure white, and dimmer in a deeper face, where it would glow."""


def paint_eye(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, gaze: Gaze, side: int) -> None:
    """Paint one eye with its lids and lashes."""
    lid = lids(at, act, side)
    t, x, upper, lower, _ = lid
    top, bottom = np.stack([x, upper], 1), np.stack([x, lower], 1)
    soft_look = 1 - face.masculinity
    _lid(canvas, face, at, act, lid, side)
    paint_lid(canvas, face, at, lid, side)
    if act.shut < 0.85:
        _eyeball(canvas, face, at, gaze, side, lid)
    color = _lash_color(face)
    made_up = 0.5 * any(face.mark(kind) for kind in ("mascara", "make-up"))
    thick = (0.015 + 0.011 * soft_look + 0.006 * made_up) * (0.30 + 0.70 * np.clip((t + 1.05) / 1.1, 0, 1))
    thick = thick * (1 - 0.5 * np.clip((t - 0.9) / 0.1, 0, 1))
    outward = np.stack([side * 0.02 * soft_look * np.clip(t - 0.8, 0, 1) * 5, -0.35 * thick], 1)
    canvas.line(top + outward, thick, color, 0.82, soft=0.006)
    _lashes(canvas, lid, side, soft_look + made_up, act.shut, color)
    canvas.crease(bottom, 0.013, (0.66, 0.52, 0.50), 0.5, soft=0.007)
    canvas.crease(np.add(bottom, (0, 0.02)), 0.02, (1.06, 1.035, 1.025), 0.45, soft=0.010)
    _hood(canvas, at, lid, side)


def _lash_color(face: Face) -> Points:
    """Lashes and the lid's edge are as dark as the brows, and rarely lighter than brown."""
    color = np.asarray(HAIR["dark brown"] if is_dyed(face.hair_color) else hair_tint(face.hair_color), float)
    return np.clip(0.28 * color + (14, 8, 7), 18, 74)


def _lid(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, lid: Lids, side: int) -> None:
    """Paint the upper lid up to its crease."""
    t, x, upper, _, _ = lid
    room = at["lid"] * (0.5 + 0.5 * np.sqrt(np.clip(1 - t**2, 0, 1))) + 0.09 * act.shut * (1 - t**2)
    room = room * (1 - 0.55 * at["hood"] * hump((t - 0.5) / 0.6))
    fold = np.stack([x, upper - room], 1)
    shown = float(np.clip((at["lid"] - 0.042) / 0.03, 0, 1)) * (1 - 0.5 * at["hood"])
    top = np.stack([x, upper], 1)
    skin = tints(face)
    canvas.tint(np.concatenate([top, fold[::-1]]), (0.90, 0.84, 0.825), 0.20 + 0.42 * shown, soft=0.014)
    middle = np.stack([x, upper - 0.5 * room], 1)[9:25]
    canvas.crease(middle, 0.022, skin.gleam, 0.55 * shown + 0.25, soft=0.014)
    canvas.crease(top, 0.05, SHADOW, 0.30, soft=0.018)
    if shown > 0.05:
        width = 0.020 * (1 - 0.55 * t**2)
        canvas.crease(fold, width, (0.54, 0.44, 0.42), 0.72 * shown, soft=0.009)
        canvas.crease(np.add(fold, (0, -0.024)), 1.4 * width, skin.gleam, 0.35 * shown, soft=0.014)
    elif act.shut < 0.5:  # a lid without a crease is full up to the brow
        canvas.glow(side * at["eye_x"], at["eye_y"] - 1.1 * at["eye_open"] - 0.075, 0.15, 0.035, skin.gleam, 0.55)
    if at["epicanthus"] > 0.05:
        corner = np.array([x[0], upper[0]])
        line = corner + np.array(
            [(side * 0.10, -0.055), (side * 0.025, -0.03), (-side * 0.012, 0.012), (side * 0.012, 0.05)]
        )
        canvas.crease(smooth(line), 0.02, SHADOW, 0.75 * at["epicanthus"], soft=0.010)


def _hood(canvas: Canvas, at: Mapping[str, float], lid: Lids, side: int) -> None:
    """Paint the skin that hangs over the lid's outer half."""
    hood = at["hood"]
    if hood < 0.08:
        return
    t, x, upper, _, _ = lid
    part = slice(13, 33)
    edge = np.stack([x, upper - (0.012 + 0.03 * np.clip(0.9 - t, 0, 1))], 1)[part]
    beyond = edge[-1] + (side * 0.05, 0.03 * (1 + hood))
    line = np.concatenate([edge, [beyond]])
    taper = interp(np.linspace(0, 1, len(line)), [0, 0.4, 0.85, 1], [0.2, 0.9, 1.0, 0.3])
    canvas.crease(line, 0.024 * taper, (0.52, 0.42, 0.40), 0.7 * hood, soft=0.010)
    canvas.crease(np.add(line, (side * 0.01, -0.035)), 0.04 * taper, (1.05, 1.04, 1.035), 0.6 * hood, soft=0.018)


def _eyeball(canvas: Canvas, face: Face, at: Mapping[str, float], gaze: Gaze, side: int, lid: Lids) -> None:
    top, bottom = np.stack([lid.x, lid.upper], 1), np.stack([lid.x, lid.lower], 1)
    almond = np.concatenate([top, bottom[::-1]])
    canvas.clip = canvas.area(almond, soft=0.006)
    light = tints(face).light
    canvas.fill(almond, _WHITE * (0.80 + 0.22 * light))
    center, level = pupil(at, gaze, side)
    inner, outer = at["eye_x"] - at["eye_width"], at["eye_x"] + at["eye_width"]
    # The eyeball is round: both ends lie in shadow, the inner one with the pink of the tear duct.
    canvas.glow(side * (inner - 0.005), at["eye_y"] + at["eye_tilt"] + 0.02, 0.032, 0.032, (0.88, 0.62, 0.58))
    canvas.glow(side * (inner + 0.03), at["eye_y"], 0.06, 0.08, (0.86, 0.81, 0.80), 0.8)
    canvas.glow(side * outer, at["eye_y"] - at["eye_tilt"], 0.075, 0.08, (0.78, 0.72, 0.71), 0.8)
    # The iris is larger than the open eye is high: both lids cover a little of it, as in a calm look.
    _iris(canvas, face, center, level, at["iris"], side)
    canvas.crease(np.add(top, (0, 0.012)), 0.070, (0.44, 0.40, 0.40), 0.64, soft=0.020)
    canvas.fill(ellipse(center - 0.036, level - 0.038, 0.019, 0.020), (255, 253, 250), 0.9, soft=0.004)
    canvas.fill(ellipse(center + 0.036, level + 0.04, 0.012, 0.010), (255, 255, 255), 0.16, soft=0.006)
    canvas.crease(bottom, 0.020, (1.05, 0.97, 0.95), 0.8, soft=0.006)
    canvas.clip = None


def _iris(canvas: Canvas, face: Face, x: float, y: float, radius: float, side: int) -> None:
    color = np.asarray(iris_tint(face.eye_color, side), float)
    canvas.fill(ellipse(x, y, radius, radius), color * 0.38, soft=0.006)
    canvas.fill(ellipse(x, y, radius * 0.84, radius * 0.84), color * 0.92, soft=0.012)
    random = np.random.default_rng(face.strands)
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False) + random.uniform(-0.09, 0.09, 36)
    near, far = random.uniform(0.42, 0.55, 36) * radius, random.uniform(0.66, 0.88, 36) * radius
    ray = np.stack([cos(turn), sin(turn)], 1)
    rays = [np.stack([(x, y) + n * r, (x, y) + f * r]) for n, f, r in zip(near, far, ray, strict=True)]
    canvas.hairs(rays[::2], color * 0.66, 0.35, 0.006)
    canvas.hairs(rays[1::2], np.minimum(color * 1.18 + 8, 235), 0.35, 0.006)
    canvas.glow(x + 0.012, y + 0.045, 0.045, 0.028, (1.22, 1.21, 1.20), 0.7)
    canvas.fill(ellipse(x, y, radius * 0.42, radius * 0.42), (16, 12, 12), soft=0.006)


def _lashes(canvas: Canvas, lid: Lids, side: int, soft_look: float, shut: float, color: Points) -> None:
    strokes: list[Points] = []
    count = 21
    for index in range(count):
        at = -0.6 + 1.6 * index / (count - 1)
        root = np.array([interp(at, lid.t, lid.x), interp(at, lid.t, lid.upper)])
        long = (0.018 + 0.034 * soft_look) * (0.45 + 0.55 * max(at, -0.2)) * (0.85 + 0.3 * (index % 3) / 2)
        lean, lift = side * (0.10 + 0.85 * max(at, -0.3)), 1.0 - 1.6 * shut
        tip = root + long * np.array([lean, -lift * 0.7])
        strokes.append(smooth([root, root + long * np.array([0.62 * lean, -0.22 * lift]), tip], 3))
    canvas.hairs(strokes, color, 0.16 + 0.36 * soft_look, 0.006)
    if soft_look > 0.5:
        ends = zip(lid.x[8:31:3], lid.lower[8:31:3], strict=True)
        below = [np.array([(px, py + 0.006), (px + side * 0.010, py + 0.022)]) for px, py in ends]
        canvas.hairs(below, color, 0.16 * soft_look, 0.005)
