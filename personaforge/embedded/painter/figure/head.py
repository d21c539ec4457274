"""The head in layers: hair behind, ears, face, hair in front. Each layer is lit here and returned as pixels.

Colours are float32 RGB in 0..255 sRGB; light is computed in linear light with the square law, which is close to sRGB's
curve and exactly invertible. A layer covers a window of the frame at the frame's own resolution; positions inside it
are face units around the head's axis, y down from between the eyes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.embedded.painter.cache import Memory
from personaforge.embedded.painter.expression import Expression
from personaforge.embedded.painter.face.canvas import LEFT, TOP, open_eyes, paint_face, skin_color
from personaforge.embedded.painter.face.curves import gaze_of
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.shell import (
    Shell,
    View,
    head_shell,
    turned,
    view_shell,
)
from personaforge.embedded.painter.figure.ears import ears
from personaforge.embedded.painter.figure.knots import Sitter, patch
from personaforge.embedded.painter.figure.layers import Layer, Window, detail, enlarged, shifted, stretched
from personaforge.embedded.painter.figure.tresses import Tresses
from personaforge.embedded.painter.scene.light import Light
from personaforge.embedded.painter.strokes import Pixels, Points
from personaforge.embedded.painter.subject import Pose
from personaforge.faces.opencv import opencv
from personaforge.media.exact import blurred, cos, lowered, reduced, sampled

cv2 = opencv()

_STEP: Final = 0.02
"""Steps of an expression's amplitudes; at a headshot's size one moves a lip by a fifth of a pixel."""
_HAIR: Final = Memory(8)
_MASKS: Final = Memory(16)
"""Faces without eyes."""
_EYES: Final = Memory(8)
"""Faces with eyes."""
_TINTED: Final = 0.6
"""Share of the shine of skin that has the skin's own colour."""
_FACE_BOTTOM: Final = 2.2
"""Face units: lower than any chin, even in the deepest nod."""


class _Mask(NamedTuple):
    """A face with one expression."""

    shell: Shell
    normals: Pixels
    painted: NDArray[np.uint8]


class Head:
    """One person's head, for any pose. Parts that poses share are cached."""

    def __init__(self, face: Face, scale: float, light: Light, align: int = 1, *, ears: bool = True) -> None:
        """`scale` is pixels per face unit; layers start at multiples of `align` pixels; `ears` may be covered."""
        self._face, self._light, self._align, self._ears = face, light, align, ears
        self._at = face.lengths()
        self._detail = detail(scale)
        self._canvas_scale = float(np.clip(scale, 70, 170))
        self._step = self._detail / max(scale, 40.0)
        self._key = (face.to_json(), self._step, self._canvas_scale, scale)
        self._tresses = _HAIR.get(self._key, lambda: Tresses(face, self._at, scale, self._step))
        self._sitter = Sitter(face, self._at, light, align)

    @property
    def lowest(self) -> float:
        """How far down the head and its shadow reach, in face units."""
        return max(self._tresses.lowest, 1.7) + 0.75

    @property
    def volume(self) -> float:
        """The greatest thickness of the hair, in face units."""
        return float(self._tresses.shell.x.max()) - self._at["cranium"]

    @property
    def hair(self) -> Shell:
        """The hair's surface."""
        return self._tresses.shell

    @property
    def lengths(self) -> Mapping[str, float]:
        """The face's lengths by name."""
        return self._at

    @property
    def light(self) -> Light:
        """The light that falls on it."""
        return self._light

    @property
    def step(self) -> float:
        """Distance of a surface's rows, in face units."""
        return self._step

    def surface(self, shell: Shell, pose: Pose, window: Window) -> tuple[View, Window, tuple[int, int]]:
        """Return the coarse view of something worn, the part of the window that shows it and where that part starts."""
        return self._cropped(view_shell(shell, pose.yaw, pose.pitch, *self._screen(window)), window)

    def patch(self, outline: Points, window: Window) -> tuple[Pixels, int, int]:
        """Return an outline's cover on the smallest part of the window, and where that starts."""
        return patch(self._sitter, outline, window)

    def behind(self, pose: Pose, window: Window) -> Layer:
        """Return the far side of the hair: the part behind the neck and the part that shows beside a turned
        forehead."""
        return self._tresses.behind(pose, window, self._light, self._align)

    def front(self, pose: Pose, window: Window) -> list[Layer]:
        """Return ears, face and hair, back to front. A layer may be lower than the window."""
        hair = self._tresses.front(pose, window, self._light, self._align)
        # Nothing of the face lies below this, but hair may.
        lower = window._replace(height=min(window.height, max(2, int((_FACE_BOTTOM - window.top) * window.scale))))
        mask = self._mask_of(pose)
        seen = view_shell(mask.shell, pose.yaw, pose.pitch, *self._screen(lower))
        layers = [self._face_layer(mask, seen, pose, hair, lower)]
        sitter = self._sitter
        shown = (-1, 1) if self._ears else ()
        near = [part for side in shown if side * pose.yaw < -4 for part in ears(sitter, side, pose, lower)]
        far = [part for side in shown if side * pose.yaw >= -4 for part in ears(sitter, side, pose, lower)]
        layers = [*far, *layers, *near]
        return [*layers, hair]

    def _mask_of(self, pose: Pose) -> _Mask:
        """Return the face of a pose, in steps too small to see: a clip paints it again only when it changes."""
        act = Expression(*(round(value / _STEP) * _STEP for value in pose.expression))
        gaze = gaze_of(pose.yaw, pose.camera_gaze, pose.pitch, act)

        def blind() -> _Mask:
            shell = head_shell(self._at, act, self._step)
            return _Mask(shell, shell.normals(), paint_face(self._face, act, self._canvas_scale))

        def seeing() -> _Mask:
            mask = _MASKS.get((self._key, act), blind)
            return mask._replace(painted=open_eyes(mask.painted, self._face, act, gaze, self._canvas_scale))

        return _EYES.get((self._key, act, gaze), seeing)

    def _cropped(self, seen: View, window: Window) -> tuple[View, Window, tuple[int, int]]:
        """Return the part of a coarse view that shows the shell, its window and where it starts inside the window."""
        shown = seen.inside > -2 * self._step
        rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
        if not len(rows):
            return seen, window, (0, 0)
        align, fine = self._align, self._detail
        top, left = int(rows[0]) // align * align, int(columns[0]) // align * align
        bottom = min(-(-(int(rows[-1]) + 2) // align) * align, shown.shape[0])
        right = min(-(-(int(columns[-1]) + 2) // align) * align, shown.shape[1])
        part = View(
            *(np.ascontiguousarray(grid[top:bottom, left:right]) for grid in (seen.column, seen.row, seen.inside))
        )
        x, y = left * fine, top * fine
        inner = Window(
            window.left + x / window.scale,
            window.top + y / window.scale,
            min((right - left) * fine, window.width - x),
            min((bottom - top) * fine, window.height - y),
            window.scale,
        )
        return part, inner, (x, y)

    def _screen(self, window: Window) -> tuple[Pixels, Pixels]:
        step = self._detail / window.scale
        columns, rows = -(-window.width // self._detail) + 1, -(-window.height // self._detail) + 1
        xs = window.left + (np.arange(columns, dtype=np.float32) + 0.5) * step
        ys = window.top + (np.arange(rows, dtype=np.float32) + 0.5) * step
        return xs.astype(np.float32), ys.astype(np.float32)

    def _face_layer(self, mask: _Mask, seen: View, pose: Pose, hair: Layer, window: Window) -> Layer:
        seen, window, at = self._cropped(seen, window)
        shell, scale = mask.shell, self._canvas_scale
        # A point's place on the canvas is that of the smooth head, so the relief doesn't stretch the painting.
        view = enlarged(seen, window)
        assert shell.painted is not None  # a face's always is
        across, down = (stretched(seen.take(place), window) for place in shell.painted)
        u = (across - LEFT) * scale - 0.5
        v = (shell.top + view.row * np.float32(shell.step) + down - TOP) * scale - 0.5
        painted = cv2.split(sampled(mask.painted, u, v))
        normals = turned(seen.take(mask.normals), pose.yaw, pose.pitch)
        # The sides of the head are plain skin: the canvas ends there.
        theta = shell.theta[0] + seen.column * (shell.theta[1] - shell.theta[0])
        frontal = stretched(np.clip((cos(theta) + 0.02) / 0.2, 0, 1).astype(np.float32), window)
        # Hair casts a soft shadow downwards on the skin.
        above = shifted(hair, at, (window.height, window.width))
        small = np.zeros(normals.shape[:2], np.float32)
        part = reduced(above, self._detail)
        small[: part.shape[0], : part.shape[1]] = part
        dense = window.scale / self._detail
        drop = lowered(blurred(small, max(0.07 * dense, 0.8)), 0.06 * dense)
        lights = self._light.on_skin(normals, seen.take(shell.cavity) * (1 - 0.5 * drop))
        sheen = stretched(self._light.sheen(normals), window)
        sheen *= self._matte(across, (v + 0.5) / scale + TOP)
        # Skin colours what it reflects: plain white light makes deep skin look like ash.
        reflect = _TINTED * skin_color(self._face) / float(skin_color(self._face).max()) + (1 - _TINTED)
        linear = np.empty((3, window.height, window.width), np.float32)
        parts = zip(linear, lights, painted, skin_color(self._face) / 255, reflect, strict=True)
        for plane, light, tone, skin, tint in parts:
            albedo = tone * np.float32(1 / 255)
            albedo -= skin
            albedo *= frontal
            albedo += skin
            np.multiply(albedo, albedo, out=plane)
            plane *= stretched(light, window)
            plane += sheen * np.float32(tint)
        return Layer(_shown(linear), view.cover(), *at)

    def _matte(self, across: Pixels, y: Pixels) -> Pixels:
        """Return the share of the skin's shine, 0 to 1, at places of the canvas in face units: none on the eyes, whose
        own light is painted."""
        at = self._at
        x = (np.abs(across) - np.float32(at["eye_x"])) / np.float32(1.15 * at["eye_width"])
        level = (y - np.float32(at["eye_y"])) / np.float32(1.5 * at["eye_open"])
        return np.asarray(np.clip(1.6 * (x * x + level * level) - 1.0, 0, 1), np.float32)


def _shown(linear: Pixels) -> Pixels:
    """Return linear light, which is overwritten, as sRGB in 0..255."""
    np.clip(linear, 0, 1, out=linear)
    np.sqrt(linear, out=linear)
    linear *= np.float32(255)
    return linear
