"""Neck and torso with what they wear, and the painter that limbs and trims share.

Everything is painted flat and lit as if each part were gently rounded.

A part's roundness comes from the distance to its own edge, so any outline gets volume without a model behind it.
Lengths are face units with the head's axis at x = 0; below the shoulders they stretch with the person's height. The
body turns by a part of the head's turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike

from personaforge.digest import derive_seed
from personaforge.providers.embedded.face_words import BUILDS, POSTURES, SHOULDERS
from personaforge.providers.embedded.figure_clothes import CUTS, cloth, folds
from personaforge.providers.embedded.figure_folds import torso_folds
from personaforge.providers.embedded.figure_limbs import paint_arms, paint_legs, stance_of
from personaforge.providers.embedded.figure_trims import TRIMS
from personaforge.providers.embedded.painter_light import Light
from personaforge.providers.embedded.painter_strokes import Canvas, Pixels, Points, mirrored, ribbon, smooth
from personaforge.providers.embedded.subject import Scenery, number, section, word

_TURN: Final = 0.45
"""Share of the head's yaw that the body follows."""
_UNIT_CM: Final = 7.5
_CHEST: Final = 2.75
_SOLES: Final = 21.65
"""Heights; what lies below the chest stretches with the person's height."""
_RAISED: Final = 0.12
"""Taken off every height below: how much shorter the neck is than first measured."""


@dataclass(frozen=True, slots=True)
class Body:
    """Half widths in face units and a factor on the limbs."""

    shoulder: float
    waist: float
    hip: float
    neck: float
    limb: float
    drop: float
    """How far the shoulders hang."""
    stretch: float
    """Factor on lengths below the shoulders."""
    curve: float = 0.5
    """How rounded the chest is, 0..1."""

    @property
    def soles(self) -> float:
        """How far the soles are below the eyes."""
        return _CHEST + (_SOLES - _CHEST) * self.stretch - _RAISED


def body_of_dna(dna: Mapping[str, Any], masculinity: float) -> Body:
    """Return the body that a DNA describes. Raises ValueError that names the key."""
    values, where = section(dna, "body", "subject.dna"), "subject.dna.body"
    build = BUILDS[word(values, "build", tuple(BUILDS), where)]
    shoulders = SHOULDERS[word(values, "shoulders", tuple(SHOULDERS), where)]
    posture = POSTURES[word(values, "posture", tuple(POSTURES), where)]
    height = number(values, "height_cm", 140, 210, where)
    ratio = number(values, "waist_hip_ratio", 0.6, 1.05, where)
    waist = 1.50 + 0.24 * masculinity + 2 * build[1]
    return Body(
        shoulder=2.08 + 0.30 * masculinity + shoulders + 1.5 * max(build[0], -0.1),
        waist=waist,
        hip=min(max(waist / ratio, waist * 1.04), 2.9),
        neck=0.44 + 0.15 * masculinity + 0.25 * build[1],
        limb=build[2] * (0.92 + 0.16 * masculinity),
        drop=posture,
        stretch=(height / _UNIT_CM - 2.9) / 19.8,
        curve=1 - masculinity,
    )


class BodyPainter:
    """Paints one person's body onto a canvas; keeps what it covers."""

    def __init__(self, canvas: Canvas, body: Body, skin: ArrayLike, scenery: Scenery, light: Light, yaw: float) -> None:
        self.canvas, self.body, self.scenery, self._light = canvas, body, scenery, light
        self.skin: Pixels = np.asarray(skin, np.float32)
        self.stance, self.curve = stance_of(scenery.pose), body.curve
        self.seed = derive_seed("cloth", scenery.garment, scenery.pattern)
        turn = np.deg2rad(yaw * _TURN)
        self._narrow, self._shift = float(np.cos(turn)), float(0.75 * np.sin(turn))
        self.cover: Pixels = np.zeros((canvas.height, canvas.width), np.float32)

    def paint(self) -> None:
        """Paint everything that is inside the canvas, back to front."""
        cut = CUTS[self.scenery.garment]
        palette = [np.asarray(color, np.float32) for color in self.scenery.palette]
        under = palette[min(1, len(palette) - 1)]
        bottom = under * (0.55 if float(under.mean()) > 150 else 0.85)
        paint_legs(self, cut, bottom)
        if cut.extra == "hood":
            back = smooth([(-0.95, 2.1), (-0.62, 1.62), (0, 1.5), (0.62, 1.62), (0.95, 2.1)])
            self.solid(self.placed(back), 0.3, palette[0] * 0.6)
        self._neck()
        if cut.inner:
            inner = self._torso(CUTS["tee"].neck, 0.0, min(cut.hem, 9.9))
            self.solid(inner, 1.2, under)
        torso = self._torso(cut.neck, cut.loose, 11.0 if cut.skirt else cut.hem)
        bare = cut.sleeve == 0 and self.stance in ("rest", "pocket", "walk")
        if bare:  # straps lie over the shoulders
            paint_arms(self, cut)
        self.shade_under(np.add(torso, (0.0, 0.10)), 0.35, soft=0.10)
        self.solid(torso, 1.15)
        if cut.skirt:
            self._skirt(cut.skirt, cut.loose)
        torso_folds(self, cut, torso)
        TRIMS[cut.extra](self, palette)
        if not bare:
            paint_arms(self, cut)

    def point(self, x: float, y: float, depth: float = 0.0) -> tuple[float, float]:
        """Return one body point on the screen."""
        found = self.placed([(x, y)], depth)[0]
        return float(found[0]), float(found[1])

    def ribbon(self, line: Points, width: ArrayLike) -> Points:
        """Return the outline on the screen of a limb along body points."""
        return ribbon(self.placed(line), width)

    def shade_under(self, outline: Points, amount: float, soft: float = 0.14) -> None:
        """Darken what is already painted where something will lie over it, a little beyond its edge."""
        found = self.canvas.mask([outline], soft)
        if found is not None:
            box, weight = found
            shade = np.float32(amount) * weight * self.cover[box]
            self.canvas.rgb[box] *= 1 - shade[..., None] * np.array((0.9, 1.0, 1.0), np.float32)

    def fold(self, line: Points, width: float, amount: float) -> None:
        """Paint a fold of cloth along points on the screen: a shadow, and above it the lit ridge."""
        self.canvas.crease(line, width, (0.70, 0.69, 0.71), amount, soft=0.45 * width)
        self.canvas.crease(line - (0.0, 0.8 * width), width, (1.12, 1.12, 1.11), 0.8 * amount, soft=0.45 * width)

    def placed(self, points: ArrayLike, depth: float = 0.0) -> Points:
        """Return body points on the screen; `depth` 1 lies on the chest and moves with the turn."""
        found = np.array(points, np.float64)
        found[:, 0] = found[:, 0] * self._narrow + depth * self._shift
        found[:, 1] = np.where(found[:, 1] > _CHEST, _CHEST + (found[:, 1] - _CHEST) * self.body.stretch, found[:, 1])
        found[:, 1] -= _RAISED
        return found

    def _shoulders(self, loose: float, *, cloth: bool) -> list[tuple[float, float]]:
        body, sink = self.body, self.body.drop
        reach, lift = body.shoulder + 0.5 * loose, 0.07 if cloth else 0.0
        return [
            (1.05, 2.20 + 0.4 * sink - lift),
            (reach * 0.77, 2.50 + sink - lift),
            (reach * 0.94, 2.88 + sink - lift),
        ]

    def _shoulder_line(self, x: float) -> float:
        neck, (inner, outer, _) = self.body.neck, self._shoulders(0, cloth=False)
        return float(np.interp(x, [neck * 1.04, neck * 1.38, inner[0], outer[0]], [1.75, 2.02, inner[1], outer[1]]))

    def _torso(self, neck: tuple[tuple[float, float], ...], loose: float, hem: float) -> Points:
        body = self.body
        outer = [point for point in self._shoulders(loose, cloth=True) if point[0] > neck[0][0] + 0.05]
        chest = max(body.shoulder * 0.80, body.waist + 0.08)
        sides = [
            (body.shoulder * 0.90 + loose * 0.5, 3.7), (chest + 0.6 * loose, 4.9),
            (body.waist + 0.10 + loose, 6.4), (body.waist + loose, 7.5), (body.hip * 0.93 + loose, 9.2),
            (body.hip + loose, 10.3), (body.hip + loose * 0.9, 10.9),
        ]  # fmt: skip
        width = float(np.interp(hem, [point[1] for point in sides], [point[0] for point in sides]))
        sides = [*(point for point in sides if point[1] < hem - 0.25), (width, hem - 0.06)]
        # A neckline starts on the shoulder, wherever this person has it.
        start = (neck[0][0], min(neck[0][1], self._shoulder_line(neck[0][0]) - 0.05))
        right = smooth([start, *outer, *sides, (0.55 * width, hem + 0.08), (0.0, hem + 0.12)], 5)
        opening = smooth([start, *neck[1:]], 5)
        edge = self.placed(opening, 1.0)
        far = self.placed(mirrored(opening), 1.0)
        # The neckline's ends lie on the shoulders, which don't move with the chest.
        blend = np.linspace(0, 1, len(opening))[:, None]
        edge, far = (
            self.placed(points, 0.0) * (1 - blend) + moved * blend
            for points, moved in ((opening, edge), (mirrored(opening), far))
        )
        return np.concatenate([self.placed(right[::-1]), edge, far[::-1], self.placed(mirrored(right))])

    def _neck(self) -> None:
        neck = self.body.neck
        right = [
            (neck, 0.7),
            (neck * 0.97, 1.35),
            (neck * 1.04, 1.75),
            (neck * 1.38, 2.02),
            *self._shoulders(0, cloth=False),
        ]
        side = smooth([*right, (self.body.shoulder * 0.9, 3.6), (self.body.shoulder * 0.75, 5.2)], 5)
        self.solid(self.placed(np.concatenate([side[::-1], mirrored(side)])), 0.7, self.skin)
        canvas, shade = self.canvas, (0.72, 0.62, 0.59)
        canvas.clip = self.cover
        for x in (-1, 1):
            tendon = self.placed([(x * neck * 0.86, 1.4), (x * neck * 0.55, 1.95), (x * 0.16, 2.38)], 0.8)
            canvas.crease(tendon, 0.10, shade, 0.32, soft=0.06)
            bone = self.placed(smooth([(x * 0.2, 2.46), (x * 0.7, 2.40), (x * 1.25, 2.40)]), 0.8)
            canvas.crease(bone, 0.07, shade, 0.35, soft=0.045)
            canvas.crease(np.subtract(bone, (0, 0.08)), 0.06, (1.07, 1.06, 1.05), 0.5, soft=0.04)
        canvas.glow(0.8 * self._shift, 2.44 - _RAISED, 0.10, 0.08, shade, 0.45)
        canvas.clip = None

    def _skirt(self, hem: float, loose: float) -> None:
        body = self.body
        side = [
            (body.waist + loose, 7.6),
            (body.hip + loose, 10.2),
            (body.hip + 0.55 + loose, 0.5 * (10.2 + hem)),
            (body.hip + 0.8 + loose, hem),
        ]
        right = smooth(side, 6)
        self.solid(self.placed(np.concatenate([right, mirrored(right)[::-1]])), 1.3)

    def solid(self, outline: Points, bulge: float, color: ArrayLike | None = None) -> None:
        """Paint a rounded part. Without a colour it is made of the garment's cloth."""
        canvas = self.canvas
        found = canvas.mask([outline])
        if found is None:
            return
        box, weight = found
        shade = self._roundness(weight, bulge * canvas.scale)
        if color is None:
            rows, columns = (np.arange(part.start, part.stop, dtype=np.float32) for part in box)
            x = ((columns / canvas.scale + canvas.left - self._shift) / self._narrow).astype(np.float32)
            y = (rows / canvas.scale + canvas.top).astype(np.float32)
            painted = cloth(self.scenery.pattern, self.scenery.palette, x[None], y[:, None], self.seed)
            shade = shade * folds(shade.shape, canvas.scale, self.seed)
        else:
            painted = np.asarray(color, np.float32)
        canvas.mix(box, weight, np.clip(painted * shade[..., None], 0, 255))
        np.maximum(self.cover[box], weight, out=self.cover[box])

    def _roundness(self, weight: Pixels, bulge: float) -> Pixels:
        height, width = weight.shape
        coarse = int(np.clip(bulge / 16, 1, 6))  # roundness is smooth, so it is found on a smaller picture
        small = cv2.resize(weight, (max(2, width // coarse), max(2, height // coarse)), interpolation=cv2.INTER_AREA)
        inside = (small > 0.5).astype(np.uint8)
        if inside.all():
            away = np.full(small.shape, 1e3, np.float32)
        else:
            away = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32)
        limit = bulge / coarse
        part = np.clip(away / limit, 0, 1)
        dome = cv2.GaussianBlur(np.sqrt(1 - (1 - part) ** 2) * limit * 0.8, (0, 0), max(limit * 0.12, 0.8))
        across, down = cv2.Sobel(dome, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(dome, cv2.CV_32F, 0, 1, scale=0.125)
        long = np.sqrt(across**2 + down**2 + 1)
        shade = self._light.on_cloth(np.stack([-across / long, -down / long, 1 / long], axis=2))
        return np.asarray(cv2.resize(shade, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
