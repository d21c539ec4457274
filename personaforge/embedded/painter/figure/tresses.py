"""A person's whole head of hair: its surface, its locks, and the pixels of both for any pose.

The surface carries the light of the whole head and the dark ground between locks; the locks give strands, edges and the
outline. What is behind the head is a layer of its own, which neck and shoulders cover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.shell import Shell, View, turned, view_outline, view_shell
from personaforge.embedded.painter.face.words import hair_tints
from personaforge.embedded.painter.figure.hair import Texture, hair_end, hair_shell, hair_texture, is_open
from personaforge.embedded.painter.figure.layers import Layer, Window, detail, enlarged, stretched
from personaforge.embedded.painter.figure.locks import Board, facing, seen
from personaforge.embedded.painter.figure.scalp import Scalp
from personaforge.embedded.painter.figure.styles import Groom, groom_of
from personaforge.embedded.painter.scene.light import Light
from personaforge.embedded.painter.strokes import Pixels
from personaforge.embedded.painter.subject import Pose
from personaforge.media.exact import sampled

_MARGIN: Final = 0.16
"""Face units around the points of locks that their widths may reach."""
_STRIP: Final = 20_000
"""Pixels that are lit at a time."""
_TONED: Final = 1.2
"""Height that hair reaches down to, at least, to have ends of another colour."""


class Tresses:
    """One person's hair, independent of pose. It is cached, so nothing of it changes."""

    def __init__(self, face: Face, at: Mapping[str, float], scale: float, step: float) -> None:
        """`scale` is pixels per face unit, `step` the distance of the surface's rows."""
        self.face, self.at, self.step = face, at, step
        self.shell: Shell = hair_shell(face, at, step)
        self.texture: Texture = hair_texture(face, at, self.shell.top, min(max(scale, 60.0), 170.0))
        self.groom: Groom = groom_of(face, at, self.shell)
        self._normals = self.shell.normals()
        scalp = Scalp(at)
        self._facings = [scalp.normals(part.points) for part in self.groom.parts]
        colors = [(np.asarray(color, np.float32) / 255) ** 2 for color in hair_tints(face.hair_color)]
        self._colors = (colors[0], colors[-1])
        light = float(np.sqrt(colors[0]).mean())
        # Light hair casts less shadow on itself.
        self._depth = np.float32(1 - 0.36 * np.clip((light - 0.42) / 0.35, 0, 1))
        self._end = max((float(part.points.y.max()) for part in self.groom.parts), default=0.0)
        self._blended = any(name in face.hair_color for name in ("gray", "white"))

    @property
    def lowest(self) -> float:
        """How far down hair reaches, in face units."""
        return max([hair_end(self.face), *(float(part.points.y.max()) for part in self.groom.parts)])

    def behind(self, pose: Pose, window: Window, light: Light, align: int) -> Layer:
        """Return the far side of the hair."""
        inner, at = self._inner(pose, window, align)
        view = enlarged(view_outline(self.shell, pose.yaw, pose.pitch, *_screen(inner)), inner)
        y = self.shell.top + view.row * self.step
        end = hair_end(self.face) - 0.45 if is_open(self.face) else -0.05
        inset = 0.03 * np.clip((y - self.at["forehead"]) / 0.3, 0, 1) + 0.05
        within = View(view.column, view.row, view.inside - inset.astype(np.float32))
        ground = within.cover() * np.clip((end - y) / 0.2, 0, 1).astype(np.float32)
        ground *= np.float32(self.groom.ground > 0 and self.face.hair_cut != "bald")
        board = self._drawn(pose, inner, light, behind=True)
        rgb = np.zeros((3, *ground.shape), np.float32)
        whole = np.zeros(ground.shape, np.float32)
        high = np.clip((0.1 - y) / 0.9, 0, 1).astype(np.float32)
        # Behind the neck little light comes; above the ears and beside the head it does.
        aside = np.abs(view.column / (self.shell.x.shape[1] - 1) - 0.5) * 2
        open_air = np.maximum(high, np.clip((aside - 0.8) / 0.25, 0, 1) * np.float32(0.6))
        for rows in _strips(*ground.shape):
            cover, tone, mix = self._strands(board, rows)
            bright = tone * cover + (np.float32(0.34) + np.float32(0.6) * high[rows]) * (1 - cover)
            bright *= np.float32(0.5) + np.float32(0.45) * open_air[rows]
            bright *= np.float32(255)
            np.add(cover, (1 - cover) * ground[rows], out=whole[rows])
            for plane, color in zip(rgb, self._color(mix, inner, rows), strict=True):
                np.multiply(bright, np.sqrt(color), out=plane[rows])
        return Layer(rgb, whole, *at)

    def front(self, pose: Pose, window: Window, light: Light, align: int) -> Layer:
        """Return the hair in front of the face."""
        inner, at = self._inner(pose, window, align)
        coarse = view_shell(self.shell, pose.yaw, pose.pitch, *_screen(inner))
        normals = turned(coarse.take(self._normals), pose.yaw, pose.pitch)
        lit = stretched(light.on_hair(normals), inner)
        gloss = stretched(light.gloss(normals), inner)
        # Towards the silhouette strands are thinner than pixels, so their mean is used.
        fine = np.clip(1.7 * normals[..., 2] - 0.1, 0, 1)
        if self.groom.parts:  # what lies under locks needs no more than the coarse view
            inside = View(coarse.column, coarse.row, stretched(coarse.inside, inner) - np.float32(self.groom.inset))
            ground = stretched(self._sampled(self.texture.cover, coarse), inner)
            under = stretched(0.95 + (self._sampled(self.texture.bright, coarse) - 0.95) * fine, inner)
        else:
            view = enlarged(coarse, inner)
            inside = View(view.column, view.row, view.inside - np.float32(self.groom.inset))
            ground = self._sampled(self.texture.cover, view)
            under = 0.95 + (self._sampled(self.texture.bright, view) - 0.95) * stretched(fine, inner)
        ground *= inside.cover()
        ground *= np.float32(self.groom.ground)
        under *= 1 - self._depth * np.float32(1 - self.groom.under)
        board = self._drawn(pose, inner, light, behind=False)
        rgb = np.zeros((3, *ground.shape), np.float32)
        whole = np.zeros(ground.shape, np.float32)
        for rows in _strips(*ground.shape):
            cover, tone, mix = self._strands(board, rows)
            here = 1 - cover
            here *= ground[rows]
            np.add(cover, here, out=whole[rows])
            bright = (tone * cover + under[rows] * here) / np.maximum(whole[rows], np.float32(1e-3))
            lights = lit[rows]
            # Single strands in the light shine, which is what shows the form of dark hair.
            glint = np.clip((bright - 0.92) * np.float32(3), 0, 1)
            glint *= lights
            glint *= np.float32(0.022)
            shine = gloss[rows] * np.clip(bright - 0.55, 0, 1)
            shine *= np.float32(self.groom.shine)
            bright *= bright
            bright *= lights
            for plane, color in zip(rgb, self._color(mix, inner, rows), strict=True):
                linear = np.multiply(bright, color, out=plane[rows])
                linear += shine * (np.float32(0.05) + np.float32(0.25) * color)
                linear += glint
                _show(linear)
        return Layer(rgb, whole, *at)

    def _drawn(self, pose: Pose, window: Window, light: Light, *, behind: bool) -> Board:
        board = Board(window)
        side = 1.0 if light.direction[0] > 0 else -1.0
        for part, normals in zip(self.groom.parts, self._facings, strict=True):
            part.draw(board, facing(normals, pose.yaw, pose.pitch), pose, side, behind=behind)
        return board

    def _strands(self, board: Board, rows: slice) -> tuple[Pixels, Pixels, Pixels]:
        cover, tone, mix = board.strands(rows)
        if self._depth < 1:
            tone -= 1
            tone *= self._depth
            tone += 1
        return cover, tone, mix

    def _color(self, mix: Pixels, window: Window, rows: slice) -> Sequence[Pixels | np.float32]:
        """Return the colour of some rows, linear, in three planes. Of two, long hair has the second towards its ends,
        short hair in some locks and not in others, and gray is between the other strands."""
        first, second = self._colors
        if first is second:
            return list(first)
        if self._blended or self._end < _TONED:
            share = np.clip((mix - np.float32(0.5)) * np.float32(1.8) + np.float32(0.45), 0, 1)
        else:
            lines = np.arange(window.height, dtype=np.float32)[rows, None]
            down = window.top + (lines + 0.5) / window.scale - (0.55 * self._end - 0.6)
            share = np.clip(down / (0.3 * self._end + 0.2) + (mix - np.float32(0.5)) * np.float32(0.9), 0, 1)
        return [one + (other - one) * share.astype(np.float32) for one, other in zip(first, second, strict=True)]

    def _inner(self, pose: Pose, window: Window, align: int) -> tuple[Window, tuple[int, int]]:
        """Return the part of a window that hair can be in and where it starts, in pixels."""
        wide, top = float(np.abs(self.shell.x).max()) + 0.5, self.shell.top - 0.45
        low = [hair_end(self.face) + 0.3]
        left, right = [-wide], [wide]
        for part in self.groom.parts:
            line, _ = seen(part.points, pose.yaw, pose.pitch)
            left.append(float(line[..., 0].min()) - _MARGIN)
            right.append(float(line[..., 0].max()) + _MARGIN)
            low.append(float(line[..., 1].max()) + _MARGIN)
            top = min(top, float(line[..., 1].min()) - _MARGIN)
        lines = ((min(left), window.left, window.width), (top, window.top, window.height))
        x, y = (
            int(np.clip((value - start) * window.scale, 0, size - align)) // align * align
            for value, start, size in lines
        )
        ends = ((max(right), window.left, window.width, x), (max(low), window.top, window.height, y))
        wide_px, high_px = (
            min(max(-(-int((value - start) * window.scale) // align) * align - at, align), size - at)
            for value, start, size, at in ends
        )
        return Window(window.left + x / window.scale, window.top + y / window.scale, wide_px, high_px, window.scale), (
            x,
            y,
        )

    def _sampled(self, texture: Pixels, view: View) -> Pixels:
        """Return a hair texture's values where a view shows the hair."""
        rows, columns = texture.shape
        grid_rows, grid_columns = self.shell.x.shape
        u = view.column * np.float32((columns - 1) / (grid_columns - 1))
        v = view.row * np.float32((rows - 1) / (grid_rows - 1))
        return sampled(texture, u, v)


def _screen(window: Window) -> tuple[Pixels, Pixels]:
    fine = detail(window.scale)
    step = fine / window.scale
    columns, rows = -(-window.width // fine) + 1, -(-window.height // fine) + 1
    xs = window.left + (np.arange(columns, dtype=np.float32) + 0.5) * step
    ys = window.top + (np.arange(rows, dtype=np.float32) + 0.5) * step
    return xs.astype(np.float32), ys.astype(np.float32)


def _strips(height: int, width: int) -> Iterator[slice]:
    """Yield rows that fit into a processor's cache together with what is computed from them."""
    high = max(1, _STRIP // max(width, 1))
    for start in range(0, height, high):
        yield slice(start, start + high)


def _show(linear: Pixels) -> None:
    """Turn linear light into sRGB in 0..255, in place."""
    np.clip(linear, 0, 1, out=linear)
    np.sqrt(linear, out=linear)
    linear *= np.float32(255)
