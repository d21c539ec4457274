"""The parts of a head outside its two surfaces: ears, and hair that is tied into a bun or a ponytail."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.face.canvas import skin_color
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.shell import screen_point
from personaforge.embedded.painter.face.words import hair_tint
from personaforge.embedded.painter.figure.hair import Texture
from personaforge.embedded.painter.figure.layers import Layer, Window
from personaforge.embedded.painter.scene.light import Light
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, ribbon, smooth
from personaforge.embedded.painter.subject import Pose
from personaforge.faces.opencv import opencv
from personaforge.media.exact import arctan2, blurred, hypot, interp, power, sampled, scalar_sin

cv2 = opencv()


class Sitter(NamedTuple):
    """The person whose head it is."""

    face: Face
    at: Mapping[str, float]
    """The face's lengths."""
    light: Light
    texture: Texture
    """Strands of the hair."""
    align: int
    """Layers start at multiples of so many pixels."""


def ear(head: Sitter, side: int, pose: Pose, window: Window) -> Layer:
    """Return the ear on one side: -1 the viewer's left, 1 the right."""
    at = head.at
    wide = 0.5 * (at["cranium"] + at["face_width"])
    turn = scalar_sin(math.radians(pose.yaw * -side))
    x, y = screen_point(side * (wide - 0.04), 0.2, -0.06, pose.yaw, pose.pitch)
    spread = 0.09 + 0.13 * max(turn, 0)
    skin = skin_color(head.face)
    outer = smooth([(-0.9, -0.75), (0.1, -1.0), (0.95, -0.6), (0.75, 0.2), (0.2, 0.95), (-0.6, 0.9)], 6, closed=True)
    outer = outer * (side * spread, 0.29) + (x + side * 0.35 * spread, y)
    cover, left, top = patch(head, outer, window)
    hollow = patch(head, (outer - (x, y)) * 0.5 + (x, y), window, (left, top), cover.shape)[0]
    soft = blurred(hollow, max(0.04 * window.scale, 0.6))
    rim = (
        patch(head, (outer - (x, y)) * 0.80 + (x, y), window, (left, top), cover.shape)[0]
        - patch(head, (outer - (x, y)) * 0.62 + (x, y), window, (left, top), cover.shape)[0]
    )
    fold = blurred(rim, max(0.018 * window.scale, 0.6))
    shade = head.light.flat(side) * (1 - 0.30 * soft - 0.14 * fold)
    return _tinted(np.asarray(shade, np.float32), skin * np.asarray((1.0, 0.93, 0.91), np.float32), cover, left, top)


def ponytail(head: Sitter, pose: Pose, window: Window) -> Layer:
    """Return a ponytail or plait that falls from the nape over one shoulder."""
    side = 1.0 if head.face.parting >= 0 else -1.0
    long = {"chin": 0.9, "shoulder": 1.7, "long": 2.6}[head.face.hair_length]
    x, y = screen_point(side * 0.42, 0.75, -0.7, pose.yaw, pose.pitch)
    line = smooth(
        [
            (x, y),
            (x + side * 0.32, y + 0.35 * long),
            (x + side * 0.36, y + 0.7 * long),
            (x + side * 0.22, y + long),
        ],
        8,
    )
    wide = interp(np.linspace(0, 1, len(line)), [0, 0.15, 0.6, 0.9, 1], [0.30, 0.34, 0.36, 0.22, 0.05])
    cover, left, top = patch(head, ribbon(line, wide), window)
    columns = window.left + (left + np.arange(cover.shape[1], dtype=np.float32)[None] + 0.5) / window.scale
    rows = window.top + (top + np.arange(cover.shape[0], dtype=np.float32)[:, None] + 0.5) / window.scale
    center, half = interp(rows, line[:, 1], line[:, 0]), 0.5 * interp(rows, line[:, 1], wide) + 0.02
    across = np.clip((columns - center) / half, -1.2, 1.2)
    texture = head.texture.bright
    u = ((across * 16 + 80 + 180) / 360 * (texture.shape[1] - 1)).astype(np.float32)
    v = np.broadcast_to(np.clip((rows - y) / 3.0, 0, 1) * 0.6 * texture.shape[0], u.shape).astype(np.float32)
    strand = sampled(texture, u, v, "mirror")
    return _tinted((0.98 - 0.45 * across**2) * strand, hair_tint(head.face.hair_color), cover, left, top)


def bun(head: Sitter, pose: Pose, window: Window) -> Layer:
    """Return the hair that is tied up: a knot above the crown."""
    wide, high = (0.50, 0.42) if head.face.hair_texture in ("straight", "wavy") else (0.62, 0.52)
    x, y = screen_point(0, head.at["forehead"] + 0.02, -0.75, pose.yaw, pose.pitch)
    cover, left, top = patch(head, ellipse(x, y - 0.08, wide, high), window)
    columns = window.left + (left + np.arange(cover.shape[1], dtype=np.float32)[None] + 0.5) / window.scale
    rows = window.top + (top + np.arange(cover.shape[0], dtype=np.float32)[:, None] + 0.5) / window.scale
    across, down = (columns - x) / wide, (rows - y + 0.08) / high
    away, turn = hypot(across, down), arctan2(down, across)
    # Strands are wound round: their number grows along a spiral.
    wound = ((away * 2.2 + turn / (2 * np.pi)) % 1.0 * 36.0 - 18.0).astype(np.float32)
    rows_of, columns_of = head.texture.bright.shape
    u = (wound + 180.0) / 360.0 * (columns_of - 1)
    v = np.broadcast_to(((turn + np.pi) / (2 * np.pi) * 0.3 * rows_of), u.shape)
    strand = sampled(head.texture.bright, u.astype(np.float32), v.astype(np.float32), "nothing")
    light = (
        1.02
        - 0.55 * power(np.clip(away, 0, 1), 2.5)
        - 0.16 * (across * head.light.direction[0] < 0) * np.abs(across)
        - 0.14 * down
    )
    return _tinted(light * strand, hair_tint(head.face.hair_color), cover, left, top)


def _tinted(shade: Pixels, color: ArrayLike, cover: Pixels, x: int, y: int) -> Layer:
    rgb = np.asarray(color, np.float32)[:, None, None] * shade.astype(np.float32)
    return Layer(np.clip(rgb, 0, 255), cover, x, y)


def patch(
    head: Sitter,
    outline: Points,
    window: Window,
    at: tuple[int, int] | None = None,
    size: tuple[int, int] | None = None,
) -> tuple[Pixels, int, int]:
    """Return a shape's cover on the smallest part of the window, or on the given one, and where that starts."""
    place = (outline - (window.left, window.top)) * window.scale
    if at is None or size is None:
        low, high = np.floor(place.min(axis=0) - 2), np.ceil(place.max(axis=0) + 2)
        align = head.align
        limit = (window.width - align, window.height - align)
        start = [int(np.clip(v, 0, most)) // align * align for v, most in zip(low, limit, strict=True)]
        stop = [int(np.clip(v, s + align, most + align)) for v, s, most in zip(high, start, limit, strict=True)]
        size = (-(-(stop[1] - start[1]) // align) * align, -(-(stop[0] - start[0]) // align) * align)
        at = (start[0], start[1])
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.round((place - at) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / np.float32(255), at[0], at[1]
