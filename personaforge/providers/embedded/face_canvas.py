"""The flat front view of a face: skin, shadows, marks, nose, facial hair and the signs of age.

One canvas in face units, x from -1.25 to 1.25 and y from -1.75 to 2.05, which `face_shell` bends onto a head. It
holds colour only; light comes from the head's own surface, so shadows painted here are the shallow ones that the
surface is too smooth to throw. Everything on the skin is a tint, a factor on the skin tone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from personaforge.providers.embedded.face_expression import Expression
from personaforge.providers.embedded.face_features import paint_brow, paint_eye, paint_mouth
from personaforge.providers.embedded.face_params import Face
from personaforge.providers.embedded.face_words import HAIR, SKIN, UNDERTONE
from personaforge.providers.embedded.painter_strokes import Canvas, Pixels, ellipse, noise, smooth

LEFT: Final = -1.25
TOP: Final = -1.75
RIGHT: Final = 1.25
BOTTOM: Final = 2.05

_SHADOW: Final = np.array((0.66, 0.56, 0.53))
"""What a soft shadow does to skin: darker and a little redder."""


def skin_color(face: Face) -> Pixels:
    """Return the skin's sRGB colour, 0..255."""
    tone = np.asarray(SKIN[face.skin_tone], np.float32)
    tint = np.asarray(UNDERTONE[face.undertone], np.float32) * (tone.mean() / 200)
    return np.asarray(np.clip((tone + tint) * (1 + face.lengths()["skin_shift"]), 0, 255), np.float32)


def paint_face(face: Face, act: Expression, gaze: float, scale: float) -> Canvas:
    """Return the painted canvas. `gaze` shifts both irises, in face units; `scale` is pixels per face unit."""
    at = face.lengths()
    skin = skin_color(face)
    canvas = Canvas(LEFT, TOP, RIGHT, BOTTOM, scale, skin)
    mottle = noise(canvas.height, canvas.width, 0.11 * scale, face.strands) * 0.018
    mottle += noise(canvas.height, canvas.width, 0.03 * scale, face.strands + 1) * 0.010
    canvas.rgb *= (1 + mottle)[..., None]
    _complexion(canvas, face, at, act)
    _marks(canvas, face, at)
    _age(canvas, face, at, act)
    _facial_hair(canvas, face, at, act)
    _nose(canvas, at, act)
    paint_mouth(canvas, at, act, _rouge(face, skin))
    for side in (-1, 1):
        paint_eye(canvas, face, at, act, gaze, side)
        paint_brow(canvas, face, at, act, side)
    return canvas


def _rouge(face: Face, skin: Pixels) -> tuple[float, float, float]:
    # Lips on deep skin are close to the skin and browner, on light skin clearly pinker.
    light = float(skin.mean()) / 255
    soft = 1 - face.masculinity
    deep = (1 - light) ** 2
    green = 0.80 - 0.14 * light - 0.05 * soft + 0.16 * deep
    blue = 0.82 - 0.12 * light - 0.03 * soft + 0.20 * deep
    return (0.90 + 0.24 * deep, green, blue)


def _complexion(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    flush = (1.03, 0.90, 0.89)
    for side in (-1, 1):
        canvas.glow(side * 0.50, 0.52, 0.20, 0.17, flush, 0.65 + 0.3 * max(act.smile, 0))
        canvas.glow(side * at["eye_x"], at["eye_y"] - 0.06, 0.20, 0.10, _SHADOW, 0.18 + 1.4 * at["socket"])
        canvas.glow(side * (at["eye_x"] - 0.2), at["eye_y"] - 0.05, 0.07, 0.10, _SHADOW, 0.28)
        canvas.glow(side * at["eye_x"], at["eye_y"] + 0.12, 0.15, 0.04, (0.86, 0.79, 0.8), 0.45)
        canvas.glow(side * at["jaw"] * 0.93, 0.75, 0.14, 0.30, _SHADOW, 0.14 + 1.2 * max(at["cheekbone"], 0))
    canvas.glow(0, at["nose_length"], 0.13, 0.12, flush, 0.5)
    canvas.glow(0, at["chin_y"] - 0.1, 0.16, 0.10, flush, 0.35)
    canvas.glow(0, -0.75, 0.4, 0.22, (1.03, 1.02, 1.01), 0.9)
    if face.cleft:
        canvas.crease([(0, at["chin_y"] - 0.17), (0, at["chin_y"] - 0.06)], 0.03, _SHADOW, 0.75, soft=0.014)


def _marks(canvas: Canvas, face: Face, at: Mapping[str, float]) -> None:
    random = np.random.default_rng(face.strands + 2)
    if face.freckles:
        x, y = random.normal(0, 0.42, 130), random.normal(0.34, 0.16, 130)
        radius = random.uniform(0.007, 0.015, 130)
        for a, b, r in zip(x, y, radius, strict=True):
            canvas.tint(ellipse(float(a), float(b), float(r), float(r), 8), (0.82, 0.7, 0.62), 0.55, soft=0.004)
    if face.mole:
        side = 1 if random.uniform() < 0.5 else -1
        canvas.tint(ellipse(side * 0.34, at["mouth_y"] - 0.1, 0.02, 0.02, 12), (0.42, 0.34, 0.32), 0.9, soft=0.005)


def _age(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    old = float(np.clip((face.age - 28) / 50, 0, 1))
    wing, mouth = at["nose_width"] * 1.05, at["mouth_width"]
    smiling = max(act.smile, 0)
    for side in (-1, 1):
        fold = smooth(
            [
                (side * wing, at["nose_length"] + 0.02),
                (side * (wing + 0.10 + 0.03 * smiling), at["nose_length"] + 0.18),
                (side * (mouth + 0.10 + 0.05 * smiling), at["mouth_y"] - 0.02),
            ]
        )
        canvas.crease(fold, 0.035, _SHADOW, 0.12 + 0.3 * old + 0.25 * smiling, soft=0.017)
        bag = smooth(
            [(side * (at["eye_x"] + d * at["eye_width"]), at["eye_y"] + 0.15 - 0.03 * abs(d)) for d in (-0.8, 0, 0.8)]
        )
        canvas.crease(bag, 0.02, _SHADOW, 0.12 + 0.42 * old, soft=0.012)
        for index in range(3):
            start = (side * (at["eye_x"] + at["eye_width"] + 0.05), at["eye_y"] - 0.03 + 0.05 * index)
            stop = (start[0] + side * 0.11, start[1] + (index - 1) * 0.05)
            canvas.crease([start, stop], 0.008, _SHADOW, 0.55 * max(old - 0.2, 0) + 0.3 * old * smiling, soft=0.005)
        canvas.glow(side * 0.55, 1.25, 0.12, 0.12, _SHADOW, 0.25 * old)
    for index in range(3):
        level = -0.55 - 0.13 * index
        line = smooth([(-0.45, level + 0.02), (-0.15, level - 0.01), (0.15, level - 0.01), (0.45, level + 0.02)])
        canvas.crease(line, 0.010, _SHADOW, 0.5 * max(old - 0.25, 0) + 0.25 * max(act.raised, 0), soft=0.008)
    if act.frown > 0.05 or old > 0.5:
        for side in (-1, 1):
            canvas.crease([(side * 0.06, -0.36), (side * 0.05, -0.22)], 0.012, _SHADOW,
                          0.6 * act.frown + 0.2 * max(old - 0.5, 0), soft=0.008)  # fmt: skip


def _nose(canvas: Canvas, at: Mapping[str, float], act: Expression) -> None:
    wide = at["nose_width"] * (1 + 0.08 * max(act.smile, 0))
    tip = at["nose_length"]
    canvas.glow(0, tip + 0.13, wide * 0.75, 0.045, _SHADOW, 0.75)
    for side in (-1, 1):
        edge = [
            (side * at["bridge_width"] * 0.9, -0.08),
            (side * at["bridge_width"] * 1.05, 0.2),
            (side * wide * 0.7, tip - 0.1),
        ]
        canvas.crease(smooth(edge), 0.06, _SHADOW, 0.32, soft=0.035)
        hole = smooth(
            [
                (side * wide * 0.26, tip + 0.082),
                (side * wide * 0.5, tip + 0.055),
                (side * wide * 0.76, tip + 0.075),
                (side * wide * 0.52, tip + 0.1),
            ],
            closed=True,
        )
        canvas.tint(hole, (0.24, 0.17, 0.16), 0.9, soft=0.009)
        wing = [
            (side * wide * 0.72, tip - 0.075),
            (side * wide * 0.99, tip - 0.01),
            (side * wide * 0.98, tip + 0.05),
            (side * wide * 0.8, tip + 0.092),
        ]
        canvas.crease(smooth(wing), 0.026, (0.5, 0.4, 0.38), 0.6, soft=0.012)
    canvas.crease([(0, -0.05), (0, tip - 0.12)], 0.07, (1.08, 1.07, 1.06), 0.55, soft=0.03)
    canvas.glow(0, tip - 0.03, 0.055, 0.045, (1.14, 1.13, 1.12), 0.8)
    lip = at["mouth_y"] - at["upper_lip"]
    for x in (-0.045, 0.045):
        canvas.crease([(x, tip + 0.14), (x * 1.2, lip - 0.02)], 0.02, (1.05, 1.04, 1.04), 0.6, soft=0.012)
    groove = 0.1 + 0.4 * at["philtrum"]
    canvas.crease([(0, tip + 0.13), (0, lip - 0.01)], 0.04, _SHADOW, groove, soft=0.018)


def _facial_hair(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    if face.facial_hair == "none":
        return
    color = np.asarray(HAIR[face.hair_color], np.float32) * 0.72 + np.array((7, 4, 3), np.float32)
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
    droop = 0.03 - 0.06 * act.smile
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
        body = np.maximum(body, canvas.area(beard, 0.022 if full else 0.03) * (1.0 if full else 0.85))
        body = np.maximum(body, canvas.area(chin_patch, 0.02) * 0.9)
    canvas.stain(body, color * 0.8, 0.72)
    canvas.stain(body * grain, color * 1.25, 0.55)
