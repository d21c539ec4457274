"""The painter that torso, limbs and trims share: solid parts, folds, and shadows of one part on another.

Everything is painted flat and lit as if each part were gently rounded. A part's roundness is computed from the distance
to its own edge, so any outline gets volume without a model. Points are body points in face units with the head's axis
at x = 0; `placed` puts them on the screen, as the body turns by a part of the head's turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from personaforge.digest import derive_seed
from personaforge.embedded.painter.figure.body import CHEST, RAISED, Body
from personaforge.embedded.painter.figure.clothes import cloth, folds
from personaforge.embedded.painter.figure.stances import Hand, stance_of
from personaforge.embedded.painter.scene.light import Light
from personaforge.embedded.painter.strokes import Canvas, Pixels, Points, ribbon
from personaforge.embedded.painter.subject import Scenery
from personaforge.faces.opencv import opencv
from personaforge.media.exact import blurred, distances, enlarged, reduced, scalar_cos, scalar_sin

cv2 = opencv()

_TURN: Final = 0.45
"""Share of the head's yaw that the body follows."""
SHADE: Final = (0.62, 0.56, 0.56)
"""The tint of a shadow on skin and cloth."""
_FOLDS: Final = 55.0
"""The least pixels per face unit that folds are painted at; they are too soft to show more."""


class BodyPainter:
    """Paints one person's body onto a canvas, and notes which pixels it covers."""

    def __init__(
        self,
        canvas: Canvas,
        body: Body,
        skin: ArrayLike,
        scenery: Scenery,
        light: Light,
        yaw: float,
        stride: float | None = None,
    ) -> None:
        """`stride` is the phase of a walk, 0..1 over two steps; None for who stands."""
        self.canvas, self.body, self.scenery, self._light = canvas, body, scenery, light
        self.skin: Pixels = np.asarray(skin, np.float32)
        self.stance, self.curve = stance_of(scenery.pose, scenery.held, seated=body.seated), body.curve
        self.stride = stride
        if stride is not None:
            self.stance = "walk"
        self.seed = derive_seed("cloth", scenery.garment, scenery.pattern)
        turn = math.radians(yaw * _TURN)
        self._narrow, self.shift = scalar_cos(turn), 0.75 * scalar_sin(turn)
        self.cover: Pixels = np.zeros((canvas.height, canvas.width), np.float32)
        self.hands: dict[int, Hand] = {}
        """Hands that show, by side: -1 is the viewer's left."""
        self.cloth = (scenery.pattern, scenery.palette)
        """The pattern and its colours with which `solid` paints if it gets no colour."""

    def point(self, x: float, y: float, depth: float = 0.0) -> tuple[float, float]:
        """Return one body point on the screen."""
        found = self.placed([(x, y)], depth)[0]
        return float(found[0]), float(found[1])

    def ribbon(self, line: Points, width: ArrayLike) -> Points:
        """Return the outline on the screen of a limb along body points."""
        return ribbon(self.placed(line), width)

    def _ramp(self, rows: slice, fade: tuple[float, float]) -> Pixels:
        """Return 0 above the first and 1 below the second of two heights, a smooth step between, (rows, 1)."""
        y = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / self.canvas.scale + self.canvas.top
        part = np.clip((y - np.float32(fade[0])) / np.float32(fade[1] - fade[0]), 0, 1)
        return np.asarray(part * part * (3 - 2 * part), np.float32)[:, None]

    def shade_under(
        self, outline: Points, amount: float, soft: float = 0.14, *, fade: tuple[float, float] | None = None
    ) -> None:
        """Darken the painting where something will lie over it, a little beyond its edge; for `fade` see `united`."""
        found = self.canvas.mask([outline], soft)
        if found is not None:
            box, weight = found
            weight *= self.cover[box]
            if fade is not None:
                weight *= self._ramp(box[0], fade)
            self.canvas.multiply(box, weight, np.array((0.1, 0.0, 0.0), np.float32), amount)

    def fold(self, line: Points, width: float, amount: float) -> None:
        """Paint a fold of cloth along points on the screen: a shadow, and above it the lit ridge."""
        self.canvas.crease(line, width, (0.70, 0.69, 0.71), amount, soft=0.45 * width)
        self.canvas.crease(line - (0.0, 0.8 * width), width, (1.12, 1.12, 1.11), 0.8 * amount, soft=0.45 * width)

    @contextmanager
    def shading(self, found: tuple[tuple[slice, slice], Pixels]) -> Iterator[Canvas]:
        """Make the strokes of a `with` block, which must be tints, shade only the pixels of `Canvas.mask`.

        Meanwhile `canvas` is a coarser one that holds factors; a large figure has its folds painted in fewer pixels.
        """
        whole, (box, weight) = self.canvas, found
        rows, columns = weight.shape
        coarse = max(1, int(whole.scale / _FOLDS))
        high, wide = -(-rows // coarse), -(-columns // coarse)
        left, top = whole.left + box[1].start / whole.scale, whole.top + box[0].start / whole.scale
        step = coarse / whole.scale
        self.canvas = Canvas(left, top, left + wide * step, top + high * step, 1 / step, (1, 1, 1))
        try:
            yield self.canvas
        finally:
            factors, self.canvas = self.canvas.planes, whole
        for plane, factor in zip(whole.planes[:, box[0], box[1]], factors, strict=True):
            if coarse > 1:
                factor = enlarged(factor, coarse)
            factor = factor[:rows, :columns]  # no canvas is smaller than 2 x 2
            plane *= 1 + weight * (factor - 1)

    def draped(self, points: ArrayLike) -> Points:
        """Return body points of a collar on the screen: at the neck it turns with the neck, on the chest with that."""
        found = np.asarray(points, np.float64)
        return self.placed(found, np.clip((found[:, 1] - 1.8) / 0.9, 0.1, 0.9))

    def placed(self, points: ArrayLike, depth: float | Points = 0.0) -> Points:
        """Return body points on the screen; `depth` 1, for all or each, lies on the chest and moves with the turn."""
        found = np.array(points, np.float64)
        found[:, 0] = found[:, 0] * self._narrow + depth * self.shift
        found[:, 1] = np.where(found[:, 1] > CHEST, CHEST + (found[:, 1] - CHEST) * self.body.stretch, found[:, 1])
        found[:, 1] -= RAISED
        return found

    def solid(
        self, outline: Points, bulge: float, color: ArrayLike | None = None, *, fade: tuple[float, float] | None = None
    ) -> None:
        """Paint a rounded part. Without a colour it is made of the garment's cloth; for `fade` see `united`."""
        self.united([outline], bulge, color, fade=fade)

    def united(
        self,
        outlines: list[Points],
        bulge: float,
        color: ArrayLike | None = None,
        *,
        fade: tuple[float, float] | None = None,
    ) -> None:
        """Paint one rounded part of several outlines that overlap.

        `fade`: two heights on the screen between which it comes in, so that it grows out of what lies under it.
        """
        canvas = self.canvas
        found = canvas.mask(list(outlines), union=True)
        if found is None:
            return
        box, weight = found
        coarse = int(np.clip(bulge * canvas.scale / 16, 1, 6))  # light is smooth: a smaller picture is enough
        shade = self._roundness(weight, bulge * canvas.scale, coarse)
        if fade is not None:
            weight = weight * self._ramp(box[0], fade)
        if color is None:
            rows, columns = (np.arange(part.start, part.stop, dtype=np.float32) for part in box)
            x = ((columns / canvas.scale + canvas.left - self.shift) / self._narrow).astype(np.float32)
            y = (rows / canvas.scale + canvas.top).astype(np.float32)
            painted = cloth(*self.cloth, x[None], y[:, None], self.seed)
            shade *= folds(shade.shape, canvas.scale / coarse, self.seed)
        else:
            painted = np.asarray(color, np.float32)[:, None, None]
        lit = painted * enlarged(shade, coarse)[: weight.shape[0], : weight.shape[1]]
        canvas.mix(box, weight, np.minimum(lit, 255, out=lit))
        np.maximum(self.cover[box], weight, out=self.cover[box])

    def _roundness(self, weight: Pixels, bulge: float, coarse: int) -> Pixels:
        """Return the light on a rounded part, `coarse` times as small as its weights; `bulge` is in pixels."""
        small = reduced(weight, coarse)
        inside = (small > 0.5).astype(np.uint8)
        away = np.full(small.shape, 1e3, np.float32) if inside.all() else distances(inside)
        limit = bulge / coarse
        part = np.clip(away / limit, 0, 1)
        dome = blurred(np.sqrt(1 - (1 - part) ** 2) * np.float32(limit * 0.8), max(limit * 0.12, 0.8))
        across, down = cv2.Sobel(dome, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(dome, cv2.CV_32F, 0, 1, scale=0.125)
        long = np.sqrt(across**2 + down**2 + 1)
        return self._light.on_cloth(np.stack([-across / long, -down / long, 1 / long], axis=2))
