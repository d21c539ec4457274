"""The mouth on the flat front view of a face: lips, their line, and teeth and tongue between them.

Lengths are in face units; along a lip, t runs from the viewer's left corner (-1) to the right one (1).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.curves import Lips, lips
from personaforge.embedded.painter.face.makeup import lip_color
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import SHADOW, complexion, tints
from personaforge.embedded.painter.strokes import Canvas, Points, ellipse
from personaforge.media.exact import hump, interp


def paint_mouth(canvas: Canvas, face: Face, at: Mapping[str, float], act: Expression) -> None:
    """Paint the mouth. Lips are a tint of the skin, the upper one darker as it faces down."""
    mouth = lips(at, act)
    t, x, half, middle, _, body, upper, seam_up, seam_down, lower = mouth
    skin, (above, below) = tints(face), _tints(face)
    canvas.glow(0, float(lower[20]) + 0.05, 0.50 * half, 0.028, SHADOW, 0.46)
    canvas.crease(np.stack([x, upper - 0.014], 1)[6:35], 0.018, skin.gleam, 0.55, soft=0.010)
    if act.apart > 0.02:
        _inside(canvas, face, mouth, act)
    canvas.tint(_between(x, upper, seam_up), above, 0.94, soft=0.010)
    canvas.tint(_between(x, seam_down, lower), below, 0.92, soft=0.012)
    painted = lip_color(face)
    if painted is not None:
        for edge, other in ((upper, seam_up), (seam_down, lower)):
            canvas.fill(_between(x, edge, other), np.asarray(painted[0]) * (0.86 if other is seam_up else 1.0),
                        painted[1], soft=0.008)  # fmt: skip
    canvas.crease(
        np.stack([x, 0.70 * seam_up + 0.30 * upper], 1)[3:38],
        0.4 * at["upper_lip"],
        (0.80, 0.75, 0.75),
        0.55,
        soft=0.014,
    )
    shine = seam_down + 0.42 * (lower - seam_down)
    gloss = 0.65 + 0.3 * (painted is not None)
    for sign in (-1, 1):  # the lower lip is two soft pads
        canvas.glow(sign * 0.25 * half, float(shine[20]), 0.19 * half, 0.20 * at["lower_lip"], skin.gleam + 0.06, gloss)
    for sign in (-1, 1):
        canvas.glow(
            sign * 0.17 * half,
            float(upper[20]) + 0.4 * at["upper_lip"],
            0.1 * half,
            0.2 * at["upper_lip"],
            skin.gleam,
            0.5,
        )
    canvas.crease(np.stack([x, lower - 0.018], 1)[6:35], 0.03, (0.84, 0.76, 0.75), 0.5, soft=0.014)
    dry = 0.10 + 0.40 * at["old"]
    random = np.random.default_rng(face.strands + 31)
    lines = [
        np.array([(half * a, interp(a, t, seam_down) + 0.012), (half * a * 1.06, interp(a, t, lower) - 0.02)])
        for a in random.uniform(-0.7, 0.7, 16)
    ]
    for line in lines:
        canvas.crease(line, 0.010, (0.86, 0.82, 0.82), dry, soft=0.007)
    if act.apart <= 0.12:
        line = np.stack([x * 1.02, middle + 0.006 * hump(t / 0.25)], 1)
        canvas.crease(line, 0.018 * (0.40 + 0.60 * body), (0.40, 0.27, 0.27), 0.80, soft=0.009)
    for corner in (-1, 1):
        canvas.glow(corner * (half + 0.016), float(middle[0]) + 0.004, 0.032, 0.028, (0.64, 0.55, 0.53), 0.50)
        canvas.glow(corner * (half + 0.05), float(middle[0]) - 0.01, 0.05, 0.07, SHADOW, 0.16)


def _tints(face: Face) -> tuple[Points, Points]:
    """Return the factors of both lips. On deep skin they are browner, and the lower one lighter and pinker."""
    light, soft = tints(face).light, 1 - face.masculinity
    deep = 1 - light
    pale = float(np.clip((face.age - 45) / 50, 0, 0.9))
    green = 0.785 - 0.13 * light - 0.05 * soft + 0.15 * deep * deep + 0.10 * pale
    blue = 0.80 - 0.10 * light - 0.03 * soft + 0.23 * deep * deep + 0.10 * pale
    own = complexion(face)
    rich, warm = 0.045 * own.lips + 0.055 * face.masculinity, 0.03 * own.warm
    base = np.array((0.93 + 0.01 * deep + 0.2 * rich, green + rich + 0.5 * warm, blue + rich - warm))
    return base * (0.86 - 0.08 * deep), base * (1.02 + 0.10 * deep)


def _between(x: Points, above: Points, below: Points) -> Points:
    return np.concatenate([np.stack([x, above], 1), np.stack([x, below], 1)[::-1]])


def _inside(canvas: Canvas, face: Face, mouth: Lips, act: Expression) -> None:
    """Paint teeth and tongue between open lips."""
    t, x, half, middle, gap, body, _, seam_up, seam_down, _ = mouth
    hole = _between(x, seam_up - 0.01, seam_down + 0.01)
    canvas.clip = canvas.area(hole, soft=0.005)
    canvas.fill(hole, (62, 26, 28))
    shown = 0.36 + 0.52 * float(np.clip(max(act.smile / 0.4, act.stretch, act.part), 0, 1)) * (1 - 0.7 * act.round)
    teeth = seam_up + np.minimum(0.095 * np.sqrt(body), gap * max(shown, act.bite))
    worn = np.array((0.0, 4.0, 14.0)) * float(np.clip((face.age - 40) / 50, 0, 1))
    # In a deeper face the same white would glow: teeth lie in the mouth's shade.
    ivory = np.array((233.0, 227.0, 216.0)) * min(0.80 + 0.24 * tints(face).light, 1.0)
    canvas.fill(_between(x, seam_up - 0.01, teeth), ivory - worn, min(1.0, act.apart * 7), soft=0.008)
    for tooth in (-0.62, -0.46, -0.29, -0.13, 0.13, 0.29, 0.46, 0.62, 0.0):
        low = float(interp(tooth, t, teeth))
        rim = [(half * tooth, float(seam_up[20]) - 0.02), (half * tooth, low - 0.01)]
        canvas.crease(rim, 0.007, (0.80, 0.76, 0.72), 0.55, soft=0.003)
    if face.mark("tooth gap"):
        low = float(teeth[20])
        canvas.line([(0.0, float(seam_up[20]) - 0.02), (0.0, low + 0.004)], 0.017, (70, 32, 33), 0.9, soft=0.003)
    # The tongue lies low, or lifts its tip to the teeth.
    back = float(seam_down.max()) - (0.75 * float(gap.max()) - 0.02) * act.tongue
    canvas.glow(0, back + 0.01, 0.11 + 0.02 * act.tongue, 0.035 + 0.025 * act.tongue, (1.9, 1.55, 1.5), 0.8)
    if act.tongue > 0.05:
        canvas.fill(ellipse(0, back + 0.035, 0.5 * half, 0.055), (176, 92, 92), 0.9 * act.tongue, soft=0.014)
    for corner in (-half, half):
        canvas.glow(corner, float(middle[0]), 0.10, 0.09, (0.4, 0.3, 0.3), 0.9)
    canvas.crease(np.stack([x, seam_up], 1), 0.035, (0.5, 0.4, 0.4), 0.7, soft=0.012)
    canvas.clip = None
