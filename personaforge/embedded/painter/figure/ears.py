"""Ears, and the hearing aid behind one where a DNA's marks state it.

An ear is painted flat in its own frame, x from the head outwards and y down, both about -1..1, and narrowed as the head
turns away. Folds are tints of the skin, as on the face.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from personaforge.digest import derive_seed
from personaforge.embedded.painter.face.shell import screen_point
from personaforge.embedded.painter.face.skin import SHADOW, skin_color, tints
from personaforge.embedded.painter.figure.knots import Sitter, patch
from personaforge.embedded.painter.figure.layers import Layer, Window
from personaforge.embedded.painter.strokes import Canvas, Points, ribbon, smooth
from personaforge.embedded.painter.subject import Pose
from personaforge.media.exact import scalar_sin

_OUTLINE: Final = ((-0.9, -0.70), (-0.35, -1.0), (0.45, -0.98), (0.98, -0.55), (0.86, 0.05), (0.48, 0.52), (0.22, 0.95),
            (-0.25, 1.02), (-0.7, 0.8))  # fmt: skip
_RIDGES: Final = (
    (((-0.3, -0.25), (0.15, -0.35), (0.32, 0.0), (0.1, 0.42)), 0.03, 0.8),
    (((-0.6, -0.85), (0.3, -0.88), (0.82, -0.45), (0.72, 0.05)), 0.025, 0.8),
    (((-0.62, 0.0), (-0.45, 0.18), (-0.6, 0.4)), 0.04, 0.6),
)
"""The inner fold, the rim and the flap before the opening: lines, widths and how much they are lit."""
_AID: Final = (132.0, 138.0, 148.0)
_TUBE: Final = (206.0, 208.0, 212.0)
"""Colours of a hearing aid behind the ear and of its tube, sRGB."""
_HIGH: Final = 0.29
"""Half of an ear's height, face units; people's differ by a tenth, and it grows by a tenth in old age."""


def ears(head: Sitter, side: int, pose: Pose, window: Window) -> list[Layer]:
    """Return the layers of the ear on one side: -1 the viewer's left, 1 the right."""
    at, turn = head.at, scalar_sin(math.radians(pose.yaw * -side))
    wide = 0.5 * (at["cranium"] + at["face_width"])
    x, y = screen_point(side * (wide - 0.04), at["eye_y"] + 0.2, -0.06, pose.yaw, pose.pitch)
    own = [derive_seed("ears", name, head.face.strands) / 2**30 - 1 for name in ("spread", "high")]
    spread, high = 0.095 + 0.13 * max(turn, 0), _HIGH * (1 + 0.1 * at["old"])
    spread, high = spread * (1 + 0.22 * own[0]), high * (1 + 0.10 * own[1])

    def placed(points: ArrayLike) -> Points:
        return np.asarray(points, np.float64) * (side * spread, high) + (x + side * 0.35 * spread, y)

    outline = placed(smooth(_OUTLINE, 6, closed=True))
    cover, left, top = patch(head, outline, window)
    scale = window.scale
    corner = (window.left + left / scale, window.top + top / scale)
    skin = skin_color(head.face) * np.float32(head.light.flat(side)) * np.array((1.0, 0.94, 0.925), np.float32)
    canvas = Canvas(*corner, corner[0] + cover.shape[1] / scale, corner[1] + cover.shape[0] / scale, scale, skin)
    gleam = tints(head.face).gleam
    canvas.tint(placed(smooth([(-0.5, -0.45), (0.35, -0.5), (0.3, 0.2), (-0.2, 0.5), (-0.75, 0.3)], 5, closed=True)),
                SHADOW, 0.55, soft=0.03)  # fmt: skip
    canvas.crease(placed(smooth([(-0.5, -0.62), (0.2, -0.74), (0.66, -0.42), (0.56, 0.1), (0.25, 0.5)], 6)), 0.03,
                  SHADOW, 0.65, soft=0.012)  # fmt: skip
    for ridge, thick, lit in _RIDGES:
        canvas.crease(placed(smooth(ridge, 6)), thick, gleam, lit, soft=0.012)
    found = [Layer(np.clip(canvas.planes, 0, 255), cover, left, top)]
    aid = head.face.mark("hearing aid")
    if aid is not None and side == (aid.side or (1 if head.face.parting >= 0 else -1)):
        body = [(-0.75, -0.95), (-0.1, -1.22), (0.75, -1.12), (1.28, -0.55), (1.18, 0.05), (0.92, 0.02), (0.95, -0.5),
                (0.5, -0.92), (-0.1, -1.0)]  # fmt: skip
        found = [_shape(head, placed(smooth(body, 5, closed=True)), _AID, window), *found]
        tube = smooth([(-0.6, -1.02), (-0.72, -0.6), (-0.62, -0.1), (-0.4, 0.1)], 6)
        found.append(_shape(head, ribbon(placed(tube), 0.016), _TUBE, window))
    return found


def _shape(head: Sitter, outline: Points, color: tuple[float, float, float], window: Window) -> Layer:
    cover, left, top = patch(head, outline, window)
    shade = np.linspace(1.12, 0.88, cover.shape[0], dtype=np.float32)[:, None]
    rgb = np.asarray(color, np.float32)[:, None, None] * np.broadcast_to(shade, cover.shape)
    return Layer(rgb, cover, left, top)
