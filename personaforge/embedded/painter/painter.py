"""Puts a picture together: background, hair behind, body, neck shadow, head, hair in front, grain.

`Stage` holds the parts that the frames of a clip share; a still is a clip of one frame. Frames are (height, width, 3)
uint8 in RGB. Origin is the top left corner, the framing of the distance converts face units into pixels. Only `seed`
makes anything random, and no result depends on the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.digest import derive_seed
from personaforge.embedded.painter.cache import Memory
from personaforge.embedded.painter.face.canvas import skin_color
from personaforge.embedded.painter.face.marks import makeup_of
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.figure.body import Body
from personaforge.embedded.painter.figure.covering import COVERINGS
from personaforge.embedded.painter.figure.head import Head
from personaforge.embedded.painter.figure.headwear import Headwear
from personaforge.embedded.painter.figure.layers import Layer, Window
from personaforge.embedded.painter.figure.painter import BodyPainter
from personaforge.embedded.painter.figure.stances import STRIDES
from personaforge.embedded.painter.figure.torso import paint_body
from personaforge.embedded.painter.scene.light import light_of
from personaforge.embedded.painter.scene.scene import Where, paint_scene
from personaforge.embedded.painter.strokes import Canvas, Pixels
from personaforge.embedded.painter.subject import Pose, Scenery
from personaforge.faces.opencv import opencv
from personaforge.media.exact import blurred, enlarged, fitted, interp, lowered, mixed, reduced, scalar_sin

cv2 = opencv()

Frame = NDArray[np.uint8]

_FRAMING: Final[dict[str, tuple[float, float]]] = {
    "headshot": (190.0, 0.42),
    "bust": (120.0, 0.33),
    "half": (78.0, 0.24),
    "full": (40.0, 0.125),
}
"""Pixels per face unit in a picture of 768 x 1024, and the eyes' height as a share of the picture's height."""
_LARGEST: Final = 1536
"""Longest side that is drawn; larger pictures are drawn at this size and enlarged, as there is no finer detail."""
_SMALLEST: Final = 160
"""Shortest side that is drawn; below it strokes would be thinner than pixels."""
_FINE: Final = 58.0
"""The least pixels per face unit that a head is drawn at; a smaller one is drawn larger and reduced."""
_TILE: Final = 128
"""Pixels after which grain repeats itself."""
_OUTLINE: Final = np.array((22, 23, 27), np.uint8)
"""The colour of a silhouette, sRGB."""
_SHADED: Final = 2.6
"""How far above the soles shadows lie on the ground, face units: the foot that is behind is higher in the picture."""
_VANISHING: Final = 0.6
"""Where streets and paths vanish, as a share of the height: a camera that goes backwards moves away from there."""
_BASES: Final = Memory(6)
"""3 MB each at 768 x 1024, 9 MB at the largest size that is drawn."""


@dataclass(frozen=True, slots=True)
class Frames:
    """How a picture is laid out: its working size and where the head's axis is, in pixels."""

    width: int
    height: int
    scale: float
    axis_x: float
    eyes_y: float


def layout(width: int, height: int, distance: str, yaw: float, soles: float) -> Frames:
    """Return the layout of a picture of this size; the working size may differ from it.

    `soles` is how far the soles are below the eyes, in face units: a full figure is shown whole.
    """
    factor = min(1.0, _LARGEST / max(width, height))
    factor = max(factor, min(_SMALLEST / min(width, height), _LARGEST / max(width, height)))
    w, h = max(2, round(width * factor)), max(2, round(height * factor))
    base, eyes = _FRAMING[distance]
    # A full figure is narrow, so that it isn't made smaller where the picture is.
    scale = base * min(h / 1024, w / (576 if distance == "full" else 768))
    place = 0.5
    if w > 1.3 * h:  # there is room beside the figure, so it may be larger; in a banner one side is left free
        scale *= 1.3
        place = 0.5 if w < 2.2 * h else 0.34
    if distance == "full":
        scale = min(scale, (0.96 - eyes) * h / soles)
    axis = w * place - 0.42 * scalar_sin(math.radians(yaw)) * scale
    return Frames(w, h, scale, float(axis), eyes * h)


class Move(NamedTuple):
    """How far figure and background are moved from their places in a still."""

    x: float = 0.0
    """Figure to the right, face units."""
    y: float = 0.0
    size: float = 1.0
    """Factor on the figure, about the eyes."""
    scene_x: float = 0.0
    """Background to the right, as a share of the width."""
    scene_size: float = 1.0
    breath: float = 0.0
    """How far the chest is lifted, face units."""
    lean: float = 0.0
    """How far to the right, and"""
    rise: float = 0.0
    """how far up hips and all above them are carried by a step, face units: the soles stay on the ground."""
    stride: int | None = None
    """The phase of a walk, one of `STRIDES`; None for who stands."""


class Base(NamedTuple):
    """The picture behind and below a head: the background and the body on it."""

    rgb: Frame
    cover: Frame
    """(height, width): how much of each pixel the body covers, 0..255."""


class Stage:
    """A person in front of a background, drawn in one pose after the other."""

    def __init__(
        self, face: Face, body: Body, scenery: Scenery, width: int, height: int, yaw: float, seed: int
    ) -> None:
        """`yaw` is the middle of the poses that follow: the body is turned by it. `seed` moves the head's light."""
        self._size = (width, height)
        self._frames = layout(width, height, scenery.distance, yaw, body.soles)
        frames, skin = self._frames, skin_color(face)
        key = (body, skin.tobytes(), scenery, frames, yaw, face.strands)
        self._base = _BASES.get(key, lambda: _painted(body, skin, scenery, frames, yaw, face.strands))
        self._walk = Memory(STRIDES)
        self._body = (body, skin, scenery, frames, yaw, face.strands)
        self._backdrop, self._soles = (scenery, frames, body.soles, face.strands), body.soles
        self._fine = max(1, int(np.ceil(_FINE / frames.scale)))
        light = light_of(scenery.light, derive_seed(seed, "light") / 2**30 - 1)
        covering = scenery.outfit.covering
        if covering is not None and COVERINGS[covering.shape].hides_hair:
            face = replace(face, hair_length="shaved", hair_style="open", hair_form="loose", hair_cut="bald")
        face = replace(face, marks=(*makeup_of(scenery.outfit.makeup), *face.marks))  # the first of a kind counts
        self._dark = scenery.silhouette
        ears = covering is None or not COVERINGS[covering.shape].soft
        self._head = Head(face, frames.scale * self._fine, light, self._fine, ears=ears)
        self._wear = Headwear(self._head, scenery.outfit)

    def frame(self, pose: Pose, grain: int | None = None, move: Move | None = None) -> Frame:
        """Return the person in this pose; `grain` is a seed for film grain, `move` shifts figure and background."""
        reach = 1.75  # face units; no head and no hair is wider
        box, window = self._window(-reach, -2.5, reach, self._head.lowest)
        base = self._base
        if move is not None and move.stride is not None:
            phase = move.stride / STRIDES
            base = self._walk.get(move.stride, lambda: _painted(*self._body, self._scene, phase))
        done, cover, shade = base.rgb.copy(), base.cover, None
        if move is not None:
            shade = self._shade(base)
        if window is not None:
            covered = np.multiply(cover[box], np.float32(1 / 255), dtype=np.float32)
            there = np.stack(cv2.split(done[box])).astype(np.float32)
            behind = self._wear.pressed(self._head.behind(pose, window), pose, window)
            _lay(there, self._reduced(behind), 1 - covered)
            *front, hair = self._head.front(pose, window)
            front.append(self._wear.pressed(hair, pose, window))
            layers = [self._reduced(layer) for layer in (*self._wear.behind(pose, window), *front)]
            self._throw_shadow(there, covered, layers)
            under, over = (
                [self._reduced(layer) for layer in worn]
                for worn in (self._wear.under(pose, window), self._wear.over(pose, window))
            )
            layers = [*layers[:-1], *under, layers[-1], *over]
            for layer in layers:
                _lay(there, layer)
            done[box] = _bytes(there)
            if move is not None or self._dark:
                cover = cover.copy()
                _widen(cover[box], layers)
                if self._dark and box[0].stop:
                    _widen(cover[box], [self._reduced(behind)])
        if self._dark:
            done = mixed(np.full_like(done, _OUTLINE), done, cover[..., None])
        if move is not None:
            done = self._moved(done, cover, shade, move)
        if grain is not None:
            _add_grain(done, grain)
        return self._fitted(done)

    @cached_property
    def _scene(self) -> Frame:
        """The background alone, which only a moving camera needs."""
        return _bytes(backdrop(*self._backdrop))

    def _shade(self, base: Base) -> Frame | None:
        """Return the light that is left on the ground at the feet, 255 for all; None where no ground shows."""
        frames = self._frames
        first = int(frames.eyes_y + (self._soles - _SHADED) * frames.scale)
        if first >= frames.height:
            return None
        shade = np.full(base.cover.shape, 255, np.uint8)
        bare, dark = (np.maximum(part[first:].astype(np.float32).sum(axis=2), 1) for part in (self._scene, base.rgb))
        share = np.where(base.cover[first:] > 0, 1, np.minimum(dark / bare, 1))  # under a foot it doesn't show
        shade[first:] = cv2.convertScaleAbs(share.astype(np.float32), alpha=255)
        return shade

    def _moved(self, figure: Frame, cover: Frame, shade: Frame | None, move: Move) -> Frame:
        """Return the frame with figure and background moved separately; the shadow at the feet goes with the figure."""
        frames = self._frames
        size, around = (frames.width, frames.height), np.array((frames.axis_x, frames.eyes_y))
        shift = np.array((move.x, move.y)) * frames.scale
        place = np.hstack([move.size * np.eye(2), (around * (1 - move.size) + shift)[:, None]]).astype(np.float32)
        drawn = cv2.merge([figure, cover])
        if move.breath or move.lean or move.rise:
            drawn = _carried(drawn, frames, self._soles, move)
        both = cv2.warpAffine(drawn, place, size, borderMode=cv2.BORDER_REPLICATE)
        middle = np.array((0.5 * frames.width, _VANISHING * frames.height))
        slide = np.array((move.scene_x * frames.width, 0.0))
        back = np.hstack([move.scene_size * np.eye(2), (middle * (1 - move.scene_size) + slide)[:, None]])
        scene = cv2.warpAffine(self._scene, back.astype(np.float32), size, borderMode=cv2.BORDER_REFLECT_101)
        if shade is not None:
            fallen = cv2.warpAffine(shade, place, size, borderMode=cv2.BORDER_REPLICATE)
            scene = mixed(scene, np.zeros_like(scene), np.asarray(fallen, np.uint8)[..., None])
        return mixed(both[..., :3], scene, both[..., 3:])

    def _fitted(self, done: Frame) -> Frame:
        if (done.shape[1], done.shape[0]) != self._size:
            done = fitted(done, *self._size)
        return done

    def _window(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[tuple[slice, slice], Window | None]:
        frames = self._frames
        x0 = max(0, int(frames.axis_x + left * frames.scale))
        x1 = min(frames.width, int(frames.axis_x + right * frames.scale) + 1)
        y0 = max(0, int(frames.eyes_y + top * frames.scale))
        y1 = min(frames.height, int(frames.eyes_y + bottom * frames.scale) + 1)
        box = (slice(y0, y1), slice(x0, x1))
        if x1 - x0 < 2 or y1 - y0 < 2:
            return box, None
        place = ((x0 - frames.axis_x) / frames.scale, (y0 - frames.eyes_y) / frames.scale)
        fine = self._fine
        return box, Window(*place, (x1 - x0) * fine, (y1 - y0) * fine, frames.scale * fine)

    def _reduced(self, layer: Layer) -> Layer:
        if self._fine == 1:
            return layer
        rows, columns = (side // self._fine for side in layer.cover.shape)
        whole = layer.cover[: rows * self._fine, : columns * self._fine]
        cover = reduced(whole, self._fine)
        rgb = np.stack([reduced(plane[: len(whole), : whole.shape[1]] * whole, self._fine) for plane in layer.rgb])
        rgb /= np.maximum(cover, np.float32(1e-3))
        return Layer(rgb, cover, layer.x // self._fine, layer.y // self._fine)

    def _throw_shadow(self, there: Pixels, covered: Pixels, layers: list[Layer]) -> None:
        """Darken the neck and shoulders under the head."""
        scale = self._frames.scale
        rows, columns = covered.shape
        coarse = int(np.clip(scale / 24, 1, 8))  # the shadow is soft enough to be computed on a smaller picture
        head = np.zeros((-(-rows // coarse), -(-columns // coarse)), np.float32)
        for layer in layers:
            across, down = -layer.x % coarse, -layer.y % coarse  # from the layer's corner to the next point taken
            taken = layer.cover[down::coarse, across::coarse]
            y, x = (layer.y + down) // coarse, (layer.x + across) // coarse
            part = head[y : y + taken.shape[0], x : x + taken.shape[1]]
            strength = np.float32(0.7 if layer is layers[-1] else 1)
            np.maximum(part, strength * taken[: part.shape[0], : part.shape[1]], out=part)
        moved = lowered(blurred(head, max(0.14 * scale / coarse, 0.8)), 0.26 * scale / coarse)
        first = int(np.argmax(covered.max(axis=1) > 0))  # no shadow falls above the neck
        moved = enlarged(moved, coarse)[first:rows, :columns]
        weight = moved * covered[first:]
        for plane, dark in zip(there[:, first:], (0.58, 0.68, 0.70), strict=True):
            plane *= 1 - weight * np.float32(0.62 * dark)


def _painted(
    body: Body,
    skin: Pixels,
    scenery: Scenery,
    frames: Frames,
    yaw: float,
    seed: int,
    behind: Frame | None = None,
    stride: float | None = None,
) -> Base:
    """Return the body in front of the background, which is painted unless it is given."""
    left, top = -frames.axis_x / frames.scale, -frames.eyes_y / frames.scale
    right, bottom = left + frames.width / frames.scale, top + frames.height / frames.scale
    canvas = Canvas(left, top, right, bottom, frames.scale, (0, 0, 0))
    if behind is None:
        canvas.planes = backdrop(scenery, frames, body.soles, seed)
    else:
        canvas.planes = np.stack(cv2.split(behind)).astype(np.float32)
    painter = BodyPainter(canvas, body, skin, scenery, light_of(scenery.light, 0.0), yaw, stride)
    paint_body(painter)
    base = Base(_bytes(canvas.planes), np.asarray(cv2.convertScaleAbs(painter.cover, alpha=255), np.uint8))
    for part in base:
        part.setflags(write=False)  # it is cached, for other threads too
    return base


def backdrop(scenery: Scenery, frames: Frames, soles: float, seed: int) -> Pixels:
    """Return the background, (3, height, width); `seed` is the person's, so that a home is the same in all pictures."""
    high, low = (np.asarray(color, np.float32) for color in scenery.backdrop)
    floor = (frames.eyes_y + soles * frames.scale) / frames.height
    chance = derive_seed("backdrop", scenery.place, scenery.setting, seed)
    where = Where(scenery.place, scenery.country, scenery.season, scenery.light)
    return paint_scene(where, (high, low), frames.width, frames.height, scenery.distance, floor, chance)


def _bytes(planes: Pixels) -> Frame:
    """Return planes, which are overwritten, as a frame."""
    np.maximum(planes, 0, out=planes)
    return np.asarray(cv2.merge([cv2.convertScaleAbs(plane) for plane in planes]), np.uint8)


def _carried(figure: Frame, frames: Frames, soles: float, move: Move) -> Frame:
    """Return a figure whose chest is lifted by breath, most at the collar bones, and whose body a step carries along:
    all above the hips, and less and less of the legs, as the foot that is on the ground doesn't move."""
    rows = np.arange(frames.height, dtype=np.float32)
    y = (rows - np.float32(frames.eyes_y)) / np.float32(frames.scale)
    chest = interp(y, (1.5, 2.5, 4.0, 7.5), (0.0, 1.0, 0.9, 0.0)).astype(np.float32)
    whole = interp(y, (0.45 * soles, soles - 1.0), (1.0, 0.0)).astype(np.float32)
    lift = np.float32(move.breath) * chest + np.float32(move.rise) * whole
    scale = np.float32(frames.scale)
    down = np.repeat((rows + scale * lift)[:, None], frames.width, axis=1)
    columns = np.arange(frames.width, dtype=np.float32)[None]
    across = columns - (scale * np.float32(move.lean) * whole)[:, None]
    return np.asarray(cv2.remap(figure, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _add_grain(frame: Frame, seed: int) -> None:
    """Add film grain in whole steps, the same to each channel."""
    height, width, _ = frame.shape
    tile = np.rint(np.random.default_rng(seed).normal(0, 0.8, (_TILE, _TILE))).astype(np.int8)
    wide = np.repeat(np.tile(tile, (1, -(-width // _TILE)))[:, :width], 3, axis=1)
    lighter, darker = np.maximum(wide, 0).astype(np.uint8), np.maximum(-wide, 0).astype(np.uint8)
    for top in range(0, height, _TILE):
        rows = frame[top : top + _TILE].reshape(-1, 3 * width)
        cv2.add(rows, lighter[: len(rows)], dst=rows)
        cv2.subtract(rows, darker[: len(rows)], dst=rows)


def _widen(cover: Frame, layers: list[Layer]) -> None:
    """Add the pixels of the layers to the cover."""
    for layer in layers:
        part = cover[layer.y : layer.y + layer.cover.shape[0], layer.x : layer.x + layer.cover.shape[1]]
        np.maximum(part, cv2.convertScaleAbs(layer.cover, alpha=255)[: part.shape[0], : part.shape[1]], out=part)


def _lay(there: Pixels, layer: Layer, through: Pixels | None = None) -> None:
    """Mix a layer into the window's planes; `through` is a mask of where it shows."""
    part = there[:, layer.y : layer.y + layer.cover.shape[0], layer.x : layer.x + layer.cover.shape[1]]
    rows, columns = part.shape[1:]
    weight = layer.cover[:rows, :columns]
    if through is not None:
        weight = weight * _under(through, layer)
    change = layer.rgb[:, :rows, :columns] - part
    change *= weight
    part += change


def _under(window: Pixels, layer: Layer) -> Pixels:
    """Return the part of a window's plane that a layer covers."""
    rows, columns = layer.cover.shape
    return window[layer.y : layer.y + rows, layer.x : layer.x + columns]
