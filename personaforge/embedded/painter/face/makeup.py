"""Make-up on the flat front view of a face, where a DNA's marks state it: nothing is painted otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from personaforge.embedded.painter.face.curves import Lids
from personaforge.embedded.painter.face.marks import tint_of
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.skin import skin_color
from personaforge.embedded.painter.strokes import Canvas
from personaforge.media.exact import hump, interp


def paint_lid(canvas: Canvas, face: Face, at: Mapping[str, float], lid: Lids, side: int) -> None:
    """Paint eye shadow and eyeliner on one eye's upper lid."""
    shadow, liner, light = face.mark("eye shadow"), face.mark("eyeliner"), face.mark("make-up")
    t, x, upper, lower, _ = lid
    if shadow or light:
        color = tint_of(shadow, (120, 84, 74)) if shadow else (128, 92, 80)
        high = 0.7 * at["lid"] + 0.035
        above = np.stack([x, upper - high * (0.6 + 0.4 * hump((t - 0.2) / 0.7))], 1)
        area = np.concatenate([np.stack([x, upper], 1), above[::-1]])
        canvas.fill(area, color, 0.55 if shadow else 0.22, soft=0.022)
    if liner:
        color = tint_of(liner, (26, 20, 22))
        line = np.concatenate([np.stack([x, upper - 0.006], 1)[4:], [(x[-1] + side * 0.055, upper[-1] - 0.045)]])
        width = interp(np.linspace(0, 1, len(line)), [0, 0.7, 0.92, 1], [0.010, 0.030, 0.026, 0.003])
        canvas.line(line, width, color, 0.92, soft=0.004)
        canvas.line(np.stack([x, lower + 0.006], 1)[10:], 0.012, color, 0.5, soft=0.005)


def paint_blush(canvas: Canvas, face: Face, at: Mapping[str, float]) -> None:
    """Paint blush over the cheekbones."""
    blush, light = face.mark("blush"), face.mark("make-up")
    if not (blush or light):
        return
    color = np.asarray(tint_of(blush, (214, 118, 112)) if blush else (206, 122, 112), float)
    skin = skin_color(face).astype(float)
    factor = 1 + 0.55 * (np.minimum(color, skin * (1.06, 0.92, 0.92)) / skin - 1)
    for side in (-1, 1):
        canvas.glow(side * 0.58, at["eye_y"] + 0.40, 0.17, 0.11, factor, 0.9 if blush else 0.5)


def lip_color(face: Face) -> tuple[tuple[int, int, int], float] | None:
    """Return the colour of painted lips, sRGB, and how much it covers; None for bare lips."""
    stick, light = face.mark("lipstick"), face.mark("make-up")
    if stick:
        return tint_of(stick, (168, 52, 60)), 0.78
    return ((176, 88, 90), 0.30) if light else None
