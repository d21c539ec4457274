"""Things on the head, as layers over the painted head: earrings, glasses, hats, bands, coverings.

Soft headwear close to the head is a shell of its own, thicker than the hair's, so that it turns and nods with the head;
frames, pearls and bows are outlines through points of the head. Nothing here hides eyes or brows: a face must always be
measurable. Colours are float32 RGB in 0..255 sRGB, lengths face units.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from personaforge.embedded.painter.face.shell import screen_point
from personaforge.embedded.painter.figure.covering import COVERINGS, covering_layer
from personaforge.embedded.painter.figure.head import Head
from personaforge.embedded.painter.figure.layers import Layer, Window
from personaforge.embedded.painter.outfit import Outfit, Piece
from personaforge.embedded.painter.strokes import Pixels, Points, ellipse, ribbon, smooth
from personaforge.embedded.painter.subject import Pose
from personaforge.media.exact import cos, scalar_sin, sin

_HIDDEN: Final = 8.0
"""Degrees of yaw beyond which the far ear doesn't show."""

_PRESSED: Final = {"beanie": 0.08, "straw hat": 0.42, "round cap": 0.48, "peaked cap": 0.40}
"""Hats -> how far above the brows hair starts below them."""

SHAPES: Final = ("studs", "hoops", "drops", "glasses", "sunglasses", "ribbon", "clips", "straw hat", *COVERINGS)
"""Shapes by name."""


class Headwear:
    """The things on one person's head, for any pose."""

    def __init__(self, head: Head, outfit: Outfit) -> None:
        self._head, self._at = head, head.lengths
        found = (*outfit.accessories, *(() if outfit.covering is None else (outfit.covering,)))
        self._pieces = tuple(piece for piece in found if piece.shape in SHAPES)
        if outfit.covering is not None:  # a hat or a bow over a covering would look wrong
            self._pieces = tuple(p for p in self._pieces if p is outfit.covering or p.shape == "glasses")

    def behind(self, pose: Pose, window: Window) -> list[Layer]:
        """Return the layers behind the face: the inside of what hides the hair."""
        return [
            covering_layer(
                self._head, COVERINGS[piece.shape], np.asarray(piece.color, np.float32), pose, window, lining=True
            )
            for piece in self._pieces
            if piece.shape in COVERINGS and COVERINGS[piece.shape].hides_hair
        ]

    def under(self, pose: Pose, window: Window) -> list[Layer]:
        """Return the layers under the hair: earrings and glasses."""
        layers: list[Layer] = []
        for piece in self._pieces:
            layers += self._earrings(piece, pose, window)
            if piece.shape == "glasses":
                layers += self._glasses(np.asarray(piece.color, np.float32), pose, window)
        return layers

    def pressed(self, hair: Layer, pose: Pose, window: Window) -> Layer:
        """Return the hair without the part that a hat presses down, so that none of it shows beside the hat's crown."""
        lines = [_PRESSED[piece.shape] for piece in self._pieces if piece.shape in _PRESSED]
        if not lines:
            return hair
        _, line = screen_point(0, self._at["brow_y"] - min(lines), -0.1, pose.yaw, pose.pitch)
        rows = window.top + (hair.y + np.arange(hair.cover.shape[0], dtype=np.float32) + 0.5) / window.scale
        kept = np.clip((rows - line) / 0.22 + 0.5, 0, 1).astype(np.float32)
        return hair._replace(cover=hair.cover * kept[:, None])

    def over(self, pose: Pose, window: Window) -> list[Layer]:
        """Return the layers over the hair, back to front."""
        layers: list[Layer] = []
        for piece in self._pieces:
            color = np.asarray(piece.color, np.float32)
            if piece.shape in COVERINGS:
                layers.append(covering_layer(self._head, COVERINGS[piece.shape], color, pose, window))
            if piece.shape == "peaked cap":
                layers += self._visor(color, pose, window)
            elif piece.shape == "straw hat":
                layers += self._brim(color, pose, window)
            elif piece.shape == "sunglasses":
                layers += self._pushed_up(color, pose, window)
            elif piece.shape == "ribbon":
                layers += self._bow(color, pose, window)
            elif piece.shape == "clips":
                layers += self._clips(color, pose, window)
        return layers

    def _earrings(self, piece: Piece, pose: Pose, window: Window) -> list[Layer]:
        if piece.shape not in ("studs", "hoops", "drops"):
            return []
        color = np.asarray(piece.color, np.float32)
        layers = []
        wide = 0.5 * (self._at["cranium"] + self._at["face_width"])
        for side in (-1, 1):
            if side * pose.yaw > _HIDDEN:
                continue
            x, y = screen_point(side * (wide + 0.05), 0.47, -0.04, pose.yaw, pose.pitch)
            turn = abs(scalar_sin(math.radians(pose.yaw)))
            if piece.shape == "studs":
                layers += self._ball(x, y, 0.075, color, window)
            elif piece.shape == "hoops":
                ring = ellipse(x, y + 0.20, 0.07 + 0.12 * turn, 0.20, 28)
                layers.append(self._shape(_closed(ring, 0.045), color, window))
                layers.append(self._shape(_closed(ring[2:12], 0.018, ends=True), color * 0.6 + 100, window))
            else:
                layers += self._ball(x, y, 0.06, color, window)
                drop = smooth(
                    [(x, y + 0.06), (x + 0.16, y + 0.36), (x, y + 0.60), (x - 0.16, y + 0.36)], 6, closed=True
                )
                layers.append(self._shape(drop, color, window))
                inner = (drop - (x, y + 0.34)) * 0.55 + (x, y + 0.34)
                layers.append(self._shape(inner, np.array((86, 40, 120), np.float32), window))
                layers += self._ball(x, y + 0.68, 0.05, color, window)
        return layers

    def _glasses(self, color: Pixels, pose: Pose, window: Window) -> list[Layer]:
        """Thin round frames; the glass itself is clear, so that it doesn't change the eyes."""
        at, layers = self._at, []
        x0, y0, radius, thin = at["eye_x"], at["eye_y"] + 0.04, 0.27, 0.015
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        for side in (-1, 1):
            x, y = side * x0 + radius * cos(turn), y0 + 0.95 * radius * sin(turn)
            ring = self._points(x, y, 1.14 - 0.26 * x**2, pose=pose)
            layers.append(self._shape(_closed(ring, thin), color, window))
            if side * pose.yaw < 8:
                temple = [
                    (side * (x0 + radius), y0 - 0.06, 1.02),
                    (side * 0.93, y0 - 0.02, 0.75),
                    (side * 1.0, 0.02, 0.0),
                ]
                layers.append(self._shape(ribbon(self._points(*np.array(temple).T, pose=pose), thin), color, window))
        bridge = np.array(
            [(-x0 + 0.93 * radius, y0 - 0.08, 1.13), (0.0, y0 - 0.14, 1.22), (x0 - 0.93 * radius, y0 - 0.08, 1.13)]
        )
        layers.append(self._shape(ribbon(smooth(self._points(*bridge.T, pose=pose), 5), thin), color, window))
        return layers

    def _pushed_up(self, color: Pixels, pose: Pose, window: Window) -> list[Layer]:
        """Sunglasses on top of the hair, well above the brows."""
        layers: list[Layer] = []
        y0 = self._at["forehead"] + 0.16
        turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
        for side in (-1, 1):
            x, y = side * 0.37 + 0.31 * cos(turn), y0 + 0.19 * sin(turn) + 0.03 * cos(2 * turn)
            lens = self._points(x, y, 0.98 - 0.35 * x**2, pose=pose)
            layers.append(self._shape(lens, color, window, 0.92))
            middle = lens.mean(axis=0)
            shine = (lens - middle) * (0.62, 0.34) + middle - (0.03, 0.055)
            layers.append(self._shape(shine, np.clip(color * 1.25 + 50, 0, 255), window, 0.55))
            layers.append(self._shape(_closed(lens, 0.035), color * 0.45, window))
        bridge = np.array([(-0.08, y0 - 0.06, 0.97), (0.0, y0 - 0.09, 0.99), (0.08, y0 - 0.06, 0.97)])
        layers.append(self._shape(ribbon(self._points(*bridge.T, pose=pose), 0.05), color * 0.45, window))
        return layers

    def _bow(self, color: Pixels, pose: Pose, window: Window) -> list[Layer]:
        x, y = screen_point(0.62, self._at["forehead"] + 0.10, 0.1, pose.yaw, pose.pitch)
        tails = (
            [(0, 0), (0.10, 0.05), (0.26, 0.62), (0.12, 0.56)],
            [(0, 0), (0.12, -0.02), (0.46, 0.46), (0.32, 0.50)],
        )
        layers = [self._shape(np.add(tail, (x, y)), color * 0.82, window) for tail in tails]
        for side, lift in ((-1, -0.10), (1, 0.06)):
            wing = smooth([(0, 0), (side * 0.22, -0.20 + lift), (side * 0.42, -0.10 + lift), (side * 0.38, 0.14 + lift),
                           (side * 0.16, 0.12)], 5, closed=True)  # fmt: skip
            layers.append(self._shape(np.add(wing, (x, y)), color, window))
            layers.append(self._shape(wing * (0.5, 0.42) + (x + side * 0.03, y), color * 0.8, window, 0.7))
        return [*layers, *self._ball(x, y, 0.075, color, window)]

    def _clips(self, color: Pixels, pose: Pose, window: Window) -> list[Layer]:
        """Butterflies above both temples."""
        layers = []
        for side in (-1, 1):
            for dx, dy, size in ((0.66, 0.34, 1.0), (0.80, 0.62, 0.8)):
                x, y = screen_point(side * dx, self._at["forehead"] + dy, 0.72, pose.yaw, pose.pitch)
                for wing in (-1, 1):
                    upper = ellipse(0.075 * wing, -0.045, 0.085, 0.075, 16)
                    lower = ellipse(0.06 * wing, 0.06, 0.06, 0.055, 14)
                    for part, tone in ((upper, color), (lower, np.clip(color * 0.85, 0, 255))):
                        layers.append(self._shape(part * size + (x, y), tone, window))
                layers.append(self._shape(ellipse(0, 0.0, 0.018, 0.10, 10) * size + (x, y), color * 0.4, window))
        return layers

    def _brim(self, color: Pixels, pose: Pose, window: Window) -> list[Layer]:
        """The brim of a hat that sits far back: it passes above the brows, and hides neither them nor the eyes."""
        high = 0.25 + 0.4 * abs(scalar_sin(math.radians(pose.pitch)))
        x, y = screen_point(0, self._at["brow_y"] - 0.28 - high, -0.1, pose.yaw, pose.pitch)
        y = min(y, self._at["brow_y"] - 0.20 - high)
        wide = self._at["cranium"] + 0.06 + 0.4 * min(self._head.volume, 0.3)
        full = min(wide + 0.66, 1.72)
        outer = ellipse(x, y, full, high, 60)
        layers = [self._shape(np.add(outer, (0, 0.04)), color * 0.60, window), self._shape(outer, color, window)]
        for share in (0.76, 0.87, 0.96):
            ring = _closed(ellipse(x, y, full * share, high * share, 60), 0.02)
            layers.append(self._shape(ring, color * 0.86, window, 0.8))
        top = self._at["forehead"] - y - 0.16 - 0.4 * min(self._head.volume, 0.3)
        crown = smooth([(-1.0, 0.02), (-0.97, 0.5 * top), (-0.82, 0.86 * top), (-0.35, top), (0.35, top),
                        (0.82, 0.86 * top), (0.97, 0.5 * top), (1.0, 0.02), (0.5, 0.10), (0.0, 0.13), (-0.5, 0.10)],
                       5, closed=True)  # fmt: skip
        layers.append(self._shape(crown * (wide, 1) + (x, y), np.clip(color * 1.04, 0, 255), window))
        for share in (0.45, 0.62, 0.78, 0.9):
            row = smooth([(-0.96, share * top), (0.0, share * top + 0.10), (0.96, share * top)], 8)
            row = row * (wide * (1 - 0.25 * max(share - 0.6, 0) / 0.3), 1) + (x, y)
            layers.append(self._shape(ribbon(row, 0.02), color * 0.86, window, 0.8))
        dark = smooth([(0.52, 0.98 * top), (0.84, 0.84 * top), (0.99, 0.4 * top), (1.0, 0.02), (0.72, 0.06),
                       (0.66, 0.5 * top)], 5, closed=True)  # fmt: skip
        layers.append(self._shape(dark * (wide, 1) + (x, y), color * 0.80, window, 0.5))
        band = smooth(
            [(-1.0, 0.03), (-0.99, -0.20), (0.0, -0.10), (0.99, -0.20), (1.0, 0.03), (0.0, 0.13)], 6, closed=True
        )
        layers.append(self._shape(band * (wide, 1) + (x, y), np.array((84, 66, 52), np.float32), window))
        return layers

    def _visor(self, color: Pixels, pose: Pose, window: Window) -> list[Layer]:
        """The visor of a cap: it ends above the brows."""
        turn = np.linspace(-1.05, 1.05, 25)
        high = self._at["brow_y"] - 0.42
        inner = self._points(0.88 * sin(turn), high + 0.03 - 0.05 * cos(turn), 1.2 * cos(turn), pose=pose)
        outer = self._points(0.80 * sin(turn), high + 0.02 + 0.20 * cos(turn), 1.2 * cos(turn) + 0.5, pose=pose)
        stitch = 0.25 * inner + 0.75 * outer
        return [
            self._shape(np.concatenate([inner, np.add(outer, (0.0, 0.03))[::-1]]), color * 0.5, window),
            self._shape(np.concatenate([inner, outer[::-1]]), color * 0.84, window),
            self._shape(ribbon(stitch, 0.014), color * 0.68, window, 0.8),
        ]

    def _ball(self, x: float, y: float, radius: float, color: Pixels, window: Window) -> list[Layer]:
        shine = ellipse(x - 0.3 * radius, y - 0.3 * radius, 0.4 * radius, 0.4 * radius, 12)
        return [
            self._shape(ellipse(x, y, radius, radius, 18), color * 0.92, window),
            self._shape(shine, np.clip(color + 60, 0, 255), window, 0.9),
        ]

    def _shape(self, outline: Points, color: ArrayLike, window: Window, alpha: float = 1.0) -> Layer:
        cover, left, top = self._head.patch(np.asarray(outline, np.float64), window)
        rgb = np.broadcast_to(np.asarray(color, np.float32)[:, None, None], (3, *cover.shape))
        return Layer(rgb, cover * np.float32(alpha), left, top)

    def _points(self, x: ArrayLike, y: ArrayLike, z: ArrayLike, *, pose: Pose) -> Points:
        spots = zip(*np.broadcast_arrays(x, y, z), strict=True)
        return np.array([screen_point(float(a), float(b), float(c), pose.yaw, pose.pitch) for a, b, c in spots])


def _closed(line: Points, width: float, *, ends: bool = False) -> Points:
    """Return the outline of a stroke along a closed line."""
    return ribbon(line if ends else np.concatenate([line, line[:1]]), width)
