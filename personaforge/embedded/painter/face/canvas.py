"""The flat front view of a face: skin, shadows, marks and nose; age, beard and features have modules of their own.

One canvas in face units, x from -1.25 to 1.25 and y from -1.75 to 2.05, which `face_shell` bends onto a head. It
holds colour only; light comes from the head's own surface, so shadows painted here are the shallow ones that the
surface is too smooth to throw. Everything on the skin is a tint, a factor on the skin tone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.age import SHADOW, paint_age
from personaforge.embedded.painter.face.beard import paint_beard
from personaforge.embedded.painter.face.features import paint_brow, paint_eye, paint_mouth
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.words import SKIN, UNDERTONE
from personaforge.embedded.painter.strokes import Canvas, Pixels, ellipse, noise, smooth
from personaforge.faces.opencv import opencv

cv2 = opencv()

LEFT: Final = -1.25
TOP: Final = -1.75
RIGHT: Final = 1.25
BOTTOM: Final = 2.05
_EYES: Final = 0.45
"""How far above and below their middle eyes reach at most: lids, lashes and all."""


def skin_color(face: Face) -> Pixels:
    """Return the skin's sRGB colour, 0..255."""
    tone = np.asarray(SKIN[face.skin_tone], np.float32)
    tint = np.asarray(UNDERTONE[face.undertone], np.float32) * (tone.mean() / 200)
    return np.asarray(np.clip((tone + tint) * (1 + face.lengths()["skin_shift"]), 0, 255), np.float32)


def paint_face(face: Face, act: Expression, scale: float) -> NDArray[np.uint8]:
    """Return the canvas without its eyes, (height, width, 3), 0..255. `scale` is pixels per face unit."""
    at = face.lengths()
    skin = skin_color(face)
    canvas = Canvas(LEFT, TOP, RIGHT, BOTTOM, scale, skin)
    mottle = noise(canvas.height, canvas.width, 0.11 * scale, face.strands) * 0.018
    mottle += noise(canvas.height, canvas.width, 0.03 * scale, face.strands + 1) * 0.010
    canvas.planes *= 1 + mottle
    _complexion(canvas, face, at, act)
    _marks(canvas, face, at)
    paint_age(canvas, face, at, act)
    _nose(canvas, at, act)
    paint_beard(canvas, face, at, act)
    paint_mouth(canvas, at, act, _rouge(face, skin), face.strands)
    for side in (-1, 1):
        paint_brow(canvas, face, at, act, side)
    return np.asarray(cv2.convertScaleAbs(canvas.picture()), np.uint8)


def open_eyes(painted: NDArray[np.uint8], face: Face, act: Expression, gaze: float, scale: float) -> NDArray[np.uint8]:
    """Return what `paint_face` returned, with eyes in it. `gaze` shifts both irises, in face units."""
    at = face.lengths()
    first, last = (round((at["eye_y"] + reach - TOP) * scale) for reach in (-_EYES, _EYES))
    strip = Canvas(LEFT, TOP + first / scale, RIGHT, TOP + last / scale, scale, (0, 0, 0))
    strip.planes = np.stack(cv2.split(painted[first:last])).astype(np.float32)
    for side in (-1, 1):
        paint_eye(strip, face, at, act, gaze, side)
    found = painted.copy()
    found[first:last] = cv2.convertScaleAbs(strip.picture())
    return found


def _rouge(face: Face, skin: Pixels) -> tuple[float, float, float]:
    # Lips on deep skin are close to the skin and browner, on light skin clearly pinker.
    light = float(skin.mean()) / 255
    soft = 1 - face.masculinity
    deep = (1 - light) ** 2
    green = 0.80 - 0.14 * light - 0.05 * soft + 0.16 * deep
    blue = 0.82 - 0.12 * light - 0.03 * soft + 0.20 * deep
    return (0.90 + 0.24 * deep, green, blue)


def _complexion(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    flush, soft = (1.03, 0.89, 0.885), 1 - face.masculinity
    light = float(skin_color(face).mean()) / 255
    bloom = (0.35 + 0.45 * light) * (0.7 + 0.3 * soft)
    for side in (-1, 1):
        canvas.glow(side * 0.54, 0.50, 0.21, 0.17, flush, bloom * (0.8 + 0.4 * max(act.smile, 0)))
        canvas.glow(side * 0.60, 0.30, 0.15, 0.07, (1.05, 1.045, 1.04), 0.55)
        canvas.glow(side * at["eye_x"], at["eye_y"] - 0.07, 0.20, 0.09, SHADOW, 0.16 + 1.1 * at["socket"])
        canvas.glow(side * (at["eye_x"] - 0.22), at["eye_y"] - 0.03, 0.06, 0.09, SHADOW, 0.22)
        canvas.glow(side * at["eye_x"], at["brow_y"] + 0.10, 0.16, 0.035, (1.05, 1.04, 1.03), 0.5)
        canvas.glow(side * at["jaw"] * 0.93, 0.80, 0.15, 0.28, SHADOW, 0.12 + 0.8 * max(at["cheekbone"], 0))
        canvas.glow(side * 0.86, -0.35, 0.14, 0.30, SHADOW, 0.20)
        canvas.glow(side * at["jaw"] * 0.8, at["chin_y"] - 0.16, 0.22, 0.12, SHADOW, 0.22)
    canvas.glow(0, at["nose_length"], 0.13, 0.12, flush, 0.4)
    canvas.glow(0, at["chin_y"] - 0.1, 0.16, 0.10, flush, 0.3)
    canvas.glow(0, -0.72, 0.4, 0.2, (1.035, 1.03, 1.02), 0.9)
    canvas.glow(0, at["chin_y"] - 0.17, 0.1, 0.07, (1.04, 1.04, 1.035), 0.8)
    if face.cleft:
        canvas.crease([(0, at["chin_y"] - 0.17), (0, at["chin_y"] - 0.06)], 0.03, SHADOW, 0.6, soft=0.016)


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


def _nose(canvas: Canvas, at: Mapping[str, float], act: Expression) -> None:
    wide = at["nose_width"] * (1 + 0.08 * max(act.smile, 0))
    tip = at["nose_length"]
    canvas.glow(0, tip + 0.12, wide * 0.62, 0.035, SHADOW, 0.45)
    for side in (-1, 1):
        inner = smooth([(side * 0.15, -0.2), (side * (at["bridge_width"] + 0.05), -0.02), (side * 0.15, 0.2)])
        canvas.crease(inner, 0.08, SHADOW, 0.30, soft=0.045)
        flank = smooth([(side * (at["bridge_width"] + 0.04), 0.2), (side * wide * 0.72, tip - 0.12)])
        canvas.crease(flank, 0.07, SHADOW, 0.08, soft=0.05)
        canvas.glow(side * wide * 1.02, tip + 0.02, 0.045, 0.09, SHADOW, 0.35)
        hole = smooth(
            [
                (side * wide * 0.24, tip + 0.086),
                (side * wide * 0.46, tip + 0.062),
                (side * wide * 0.70, tip + 0.078),
                (side * wide * 0.50, tip + 0.102),
            ],
            closed=True,
        )
        canvas.tint(hole, (0.34, 0.24, 0.23), 0.85, soft=0.012)
        wing = [
            (side * wide * 0.80, tip - 0.06),
            (side * wide * 0.99, tip - 0.005),
            (side * wide * 0.97, tip + 0.055),
            (side * wide * 0.80, tip + 0.095),
        ]
        canvas.crease(smooth(wing), 0.022, (0.58, 0.47, 0.45), 0.5, soft=0.014)
        canvas.glow(side * wide * 0.72, tip + 0.005, 0.035, 0.035, (1.05, 1.04, 1.04), 0.6)
    canvas.crease([(0, -0.08), (0, tip - 0.1)], 0.09, (1.06, 1.055, 1.05), 0.28, soft=0.05)
    canvas.glow(0, tip - 0.02, 0.06, 0.045, (1.09, 1.085, 1.08), 0.8)
    lip = at["mouth_y"] - at["upper_lip"]
    for x in (-0.05, 0.05):
        canvas.crease([(x, tip + 0.14), (x * 1.2, lip - 0.02)], 0.022, (1.05, 1.04, 1.04), 0.6, soft=0.014)
    groove = 0.12 + 0.3 * at["philtrum"]
    canvas.crease([(0, tip + 0.13), (0, lip - 0.01)], 0.045, SHADOW, groove, soft=0.02)
