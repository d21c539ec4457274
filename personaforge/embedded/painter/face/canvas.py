"""The flat front view of a face, put together: skin, marks, age, nose, beard, mouth and brows; then the eyes.

One canvas in face units, x from -1.25 to 1.25 and y from -1.75 to 2.05, which `face.shell` bends onto a head. It holds
colour only; the light is computed on the head's own surface, so only those shallow shadows are painted here for which
the surface is too smooth. Everything on the skin is a tint, a factor on the skin tone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.action import paint_action
from personaforge.embedded.painter.face.age import paint_age
from personaforge.embedded.painter.face.beard import paint_beard
from personaforge.embedded.painter.face.blemishes import paint_over, paint_under
from personaforge.embedded.painter.face.brows import paint_brow
from personaforge.embedded.painter.face.curves import Gaze
from personaforge.embedded.painter.face.eyes import paint_eye
from personaforge.embedded.painter.face.makeup import paint_blush
from personaforge.embedded.painter.face.mouth import paint_mouth
from personaforge.embedded.painter.face.nose import paint_nose
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import SHADOW, Tints, complexion, tints
from personaforge.embedded.painter.face.skin import skin_color as skin_color
from personaforge.embedded.painter.strokes import Canvas, noise
from personaforge.faces.opencv import opencv

cv2 = opencv()

LEFT: Final = -1.25
TOP: Final = -1.75
RIGHT: Final = 1.25
BOTTOM: Final = 2.05
_EYES: Final = 0.45
"""How far above and below their middle eyes reach at most, lids and lashes included."""


def paint_face(face: Face, act: Expression, scale: float) -> NDArray[np.uint8]:
    """Return the canvas without its eyes, (height, width, 3), 0..255. `scale` is pixels per face unit."""
    at, skin = face.lengths(), tints(face)
    canvas = Canvas(LEFT, TOP, RIGHT, BOTTOM, scale, skin_color(face))
    mottle = noise(canvas.height, canvas.width, 0.11 * scale, face.strands) * 0.010
    mottle += noise(canvas.height, canvas.width, 0.03 * scale, face.strands + 1) * 0.007
    mottle += noise(canvas.height, canvas.width, 0.16 * scale, face.strands + 7) * 0.010
    canvas.planes *= 1 + mottle
    _complexion(canvas, face, at, act, skin)
    paint_under(canvas, face, at, act, skin)
    paint_blush(canvas, face, at)
    paint_age(canvas, face, at, act, skin)
    paint_action(canvas, face, at, act, skin)
    paint_nose(canvas, at, act, skin)
    paint_beard(canvas, face, at, act)
    paint_mouth(canvas, face, at, act)
    for side in (-1, 1):
        paint_brow(canvas, face, at, act, side)
    paint_over(canvas, face, at, act)
    return np.asarray(cv2.convertScaleAbs(canvas.picture()), np.uint8)


def open_eyes(painted: NDArray[np.uint8], face: Face, act: Expression, gaze: Gaze, scale: float) -> NDArray[np.uint8]:
    """Return the result of `paint_face` with eyes in it."""
    at = face.lengths()
    first, last = (round((at["eye_y"] + reach - TOP) * scale) for reach in (-_EYES, _EYES))
    strip = Canvas(LEFT, TOP + first / scale, RIGHT, TOP + last / scale, scale, (0, 0, 0))
    strip.planes = np.stack(cv2.split(painted[first:last])).astype(np.float32)
    for side in (-1, 1):
        paint_eye(strip, face, at, act, gaze, side)
    found = painted.copy()
    found[first:last] = cv2.convertScaleAbs(strip.picture())
    return found


def _complexion(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression, skin: Tints) -> None:
    """Paint the forms of the face and where blood shows through."""
    soft, tip, chin, eye = 1 - face.masculinity, at["nose_length"], at["chin_y"], at["eye_y"]
    own = complexion(face)
    bloom = (0.42 + 0.14 * soft + 0.24 * own.bloom) * (0.9 + 0.3 * max(act.smile, 0))
    high = 0.35 + 4 * max(at["cheekbone"], 0)
    for side in (-1, 1):
        canvas.glow(side * 0.54, tip - 0.10, 0.24, 0.17, skin.blood, bloom)
        canvas.glow(side * 0.62, eye + 0.31, 0.16, 0.075, skin.gleam, 0.25 + 0.9 * high)
        canvas.glow(
            side * 0.70, eye + 0.62, 0.13, 0.17, SHADOW, 0.04 + 0.9 * max(at["cheekbone"], 0) - 0.06 * at["cheek"]
        )
        canvas.glow(side * 0.50, tip - 0.04, 0.13, 0.11, skin.gleam, 0.25 + 0.25 * max(at["cheek"], 0))
        _socket(canvas, at, side, own.lids, skin)
        canvas.glow(side * at["jaw"] * 0.93, at["mouth_y"] - 0.12, 0.14, 0.28, SHADOW, 0.10)
        canvas.glow(side * 0.88, eye - 0.35, 0.13, 0.30, SHADOW, 0.18)
        canvas.glow(side * at["jaw"] * 0.8, chin - 0.12, 0.16, 0.11, SHADOW, 0.20)
    canvas.glow(0, tip + 0.01, 0.6 * at["nose_width"], 0.08, skin.blood, 0.40 + 0.22 * own.bloom)
    canvas.glow(0, chin - 0.1, 0.16, 0.10, skin.blood, 0.18)
    canvas.glow(0, 0.5 * (at["brow_y"] + at["forehead"]) + 0.1, 0.38, 0.17, skin.gleam, 0.55)
    canvas.glow(0, chin - 0.16, 0.10, 0.06, skin.gleam, 0.35)
    if face.cleft:
        canvas.crease([(0, chin - 0.20), (0, chin - 0.07)], 0.04, SHADOW, 0.42, soft=0.026)


def _socket(canvas: Canvas, at: Mapping[str, float], side: int, dark: float, skin: Tints) -> None:
    """Paint the shadow below the brow: as deep as the eye is set, none to speak of for an eye that isn't; and the tint
    of the thin skin around the eye, `dark` from -1 to 1."""
    x, y, deep = at["eye_x"], at["eye_y"], max(at["socket"] - 0.03, 0.0)
    canvas.glow(side * x, y - 0.01, 0.21, 0.13, (0.90, 0.85, 0.85), (0.35 + 0.35 * dark) * (0.3 + 0.7 * skin.light))
    amount = 0.45 + 0.65 * skin.light  # deep skin keeps its eyes out of the dark
    canvas.glow(side * (x - 0.02), y - 0.09, 0.18, 0.07, SHADOW, amount * (0.10 + 1.8 * deep))
    canvas.glow(side * (x - at["eye_width"] + 0.01), y - 0.06, 0.07, 0.08, SHADOW, amount * (0.10 + 1.4 * deep))
    canvas.glow(side * (x + 0.06), at["brow_y"] + 0.085, 0.15, 0.035, skin.gleam, 0.55 + 2 * max(at["brow_ridge"], 0))
