"""Soft headwear close to the head: beanies, bands and the coverings that a persona's description names.

Each is a shell grown from the head's or the hair's, with a texture over (height, angle): where it is, and how bright
its folds are. The lower edge is above the brows, so the face is measured in the same way as without it. Lengths are
face units, angles degrees from the nose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from personaforge.embedded.painter.face.shell import Shell, cross_section, head_width, profile, skull, turned
from personaforge.embedded.painter.figure.head import Head
from personaforge.embedded.painter.figure.layers import Layer, Window, enlarged, stretched
from personaforge.embedded.painter.figure.locks import Board, draw_locks, facing
from personaforge.embedded.painter.figure.scalp import Scalp
from personaforge.embedded.painter.figure.wraps import BODY, SINGLE, SOFT, Bands, gele, headscarf, turban, wrap
from personaforge.embedded.painter.strokes import Pixels
from personaforge.embedded.painter.subject import Pose
from personaforge.media.exact import blurred, cos, hump, interp, reduced, sin
from personaforge.media.exact import enlarged as larger

_REACH: Final = 3.1
_ANGLES: Final = 241
_BACK: Final[list[tuple[float, float]]] = [(-0.6, 1.36), (-0.3, 1.36), (0.4, 1.2), (0.9, 0.9), (4, 0.9)]


class Covering(NamedTuple):
    """One kind of soft headwear."""

    grown: float
    """How thick it is over the hair, or over the head where it hides the hair."""
    cover: Callable[[Mapping[str, float], Pixels, Pixels], Pixels]
    """(lengths, heights, degrees) -> signed distance inside, face units."""
    folds: Callable[[Pixels, Pixels], Pixels]
    """(heights, degrees) -> factor on the colour."""
    hides_hair: bool = False
    over_hair: bool = False
    """Whether it lies on the hair without pressing it down."""
    end: float = 1.0
    """Height where the shell ends."""
    bands: Bands | None = None
    """The cloth that is wound round it or draped over it."""
    soft: bool = False
    """Whether that cloth falls in soft folds, and over the ears."""


def _hem(at: Mapping[str, float], degrees: Pixels, front: float, temple: float, ear: float, nape: float) -> Pixels:
    """Return an edge's height by angle; `front` is counted up from the brows."""
    knots = [0, 35, 62, 90, 130, 180]
    high = at["brow_y"] - front
    return np.asarray(interp(np.abs(degrees), knots, [high, high + 0.02, temple, ear, nape, nape]), np.float32)


def _scarf(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    # The opening is an oval from above the hairline to under the chin.
    away = np.abs(degrees)
    top, low = at["brow_y"] - 0.40, at["chin_y"] + 0.01
    middle = 0.5 * (top + low)
    high = np.clip((y - middle) / (0.5 * (low - top)), -1, 1)
    half = 64 * np.sqrt(np.clip(1 - np.abs(high * high * high), 0, 1))
    outside = (away - half) / 60
    found = np.where((y < top) | (y > low), np.maximum(np.maximum(top - y, y - low), outside), outside)
    return np.asarray(found, np.float32)


def _draped(y: Pixels, degrees: Pixels) -> Pixels:
    """Return the folds of a scarf: soft ridges along the face's oval that gather towards the chin, and a hem."""
    away = np.abs(degrees)
    down = np.clip((y + 0.2) / 1.6, 0, 1)
    course = away * (0.115 + 0.05 * down) - 0.8 * y + 0.35 * sin(0.03 * degrees)
    ridge = sin(2 * course) + 0.5 * sin(3.7 * course + 1.1)
    depth = (0.035 + 0.06 * down) * np.clip((away - 30) / 40, 0, 1)
    hem = hump((away - 71) / 2.2) * np.clip((y + 0.3) / 0.4, 0, 1)
    return np.asarray(0.97 + depth * ridge - 0.06 * hem, np.float32)


def _ribbed(y: Pixels, degrees: Pixels) -> Pixels:
    """Return the ribs of knitwear, with a turned-up rim."""
    rib = 0.5 + 0.5 * cos(np.deg2rad(degrees) * 46)
    rim = np.clip((y + 0.98) / 0.03, 0, 1)
    seam = hump((y + 0.99) / 0.03)
    return np.asarray(0.90 + 0.14 * rib + 0.05 * rim - 0.22 * seam, np.float32)


def _plain(y: Pixels, degrees: Pixels) -> Pixels:
    return np.ones(np.broadcast_shapes(y.shape, degrees.shape), np.float32)


def _panels(y: Pixels, degrees: Pixels) -> Pixels:
    """Return the seams of a cap's panels and its band."""
    seam = hump(((degrees + 390) % 60 - 30) / 1.6)
    return np.asarray(1.0 - 0.14 * seam - 0.0 * y, np.float32)


def _stitched(y: Pixels, degrees: Pixels) -> Pixels:
    rows = 0.5 + 0.5 * cos(2 * np.pi * y / 0.07)
    return np.asarray(0.96 + 0.05 * rows + 0.0 * degrees, np.float32)


def _beanie(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    return _hem(at, degrees, 0.47, -0.56, -0.24, 0.35) - y


def _band(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    # It runs over the crown from ear to ear, so it falls with the angle.
    middle = at["forehead"] + 0.36 + 0.006 * np.abs(degrees)
    return np.asarray(0.12 - np.abs(y - middle), np.float32)


def _turban(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    peak = 0.16 * np.clip(1 - np.abs(degrees) / 26, 0, 1)
    return np.asarray(_hem(at, degrees, 0.26, -0.44, -0.32, 0.30) - y - peak, np.float32)


def _wrap(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    return _hem(at, degrees, 0.34, -0.50, -0.34, 0.30) - y


def _kippah(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    # It sits behind the crown, so from the front it is a rim.
    return np.asarray(at["forehead"] - 0.13 + 0.26 * (1 - cos(np.deg2rad(degrees))) - y, np.float32)


def _peaked_cap(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    return _hem(at, degrees, 0.40, -0.62, -0.46, -0.05) - y


def _round_cap(at: Mapping[str, float], y: Pixels, degrees: Pixels) -> Pixels:
    return _hem(at, degrees, 0.50, -0.76, -0.66, -0.40) - y


COVERINGS: Final[dict[str, Covering]] = {
    "beanie": Covering(0.10, _beanie, _ribbed),
    "headband": Covering(0.03, _band, _plain, over_hair=True),
    "headscarf": Covering(0.08, _scarf, _draped, hides_hair=True, end=2.35, bands=headscarf, soft=True),
    "turban": Covering(0.24, _turban, _plain, hides_hair=True, bands=turban),
    "wrap": Covering(0.14, _wrap, _plain, hides_hair=True, bands=wrap),
    "gele": Covering(0.14, _wrap, _plain, hides_hair=True, bands=gele),
    "kippah": Covering(0.035, _kippah, _plain, over_hair=True),
    "peaked cap": Covering(0.17, _peaked_cap, _panels),
    "round cap": Covering(0.14, _round_cap, _stitched),
}
"""Kinds by name."""


def covering_layer(
    head: Head, kind: Covering, color: Pixels, pose: Pose, window: Window, *, lining: bool = False
) -> Layer:
    """Return one kind of soft headwear as it is seen in a pose; its `lining` is the part behind the face."""
    shell = _over_hair(head, kind) if kind.over_hair else _hugging(head, kind)
    seen, part, at = head.surface(shell, pose, window)
    view = enlarged(seen, part)
    y = shell.top + view.row * np.float32(shell.step)
    spread = np.float32(np.rad2deg(shell.theta[1] - shell.theta[0]))
    degrees = view.column * spread + np.float32(np.rad2deg(shell.theta[0]))
    if lining:
        # What is seen past the face is the far side, from within.
        shown = view.cover() * np.clip((head.lengths["chin_y"] + 0.25 - y) / 0.15, 0, 1)
        shown *= np.clip(kind.cover(head.lengths, y, 180 - np.abs(degrees)) / 0.05 + 0.5, 0, 1)
        return Layer(np.broadcast_to(0.55 * color[:, None, None], (3, *y.shape)), shown.astype(np.float32), *at)
    inside = kind.cover(head.lengths, y, degrees)
    cover = (
        np.clip(inside / (1.2 / part.scale) + 0.5, 0, 1)
        * view.cover()
        * np.clip((kind.end - y) / (0.5 if kind.soft else 0.15), 0, 1)
    )
    normals = turned(seen.take(shell.normals()), pose.yaw, pose.pitch)
    light = stretched(head.light.on_cloth(normals), part)
    edge = 0.84 + 0.16 * np.clip(inside / 0.06, 0, 1)
    shade = light * kind.folds(y, degrees) * edge
    if kind.bands is not None:
        return _banded(head, kind, color, pose, window, Layer(shade[None], cover, *at))
    return Layer(np.clip(shade * color[:, None, None], 0, 255).astype(np.float32), cover.astype(np.float32), *at)


def _banded(head: Head, kind: Covering, color: Pixels, pose: Pose, window: Window, ground: Layer) -> Layer:
    """Return a covering with its bands of cloth; `ground` is the light on it and its cover."""
    board = Board(window)
    scalp, side = Scalp(head.lengths), 1.0 if head.light.direction[0] > 0 else -1.0
    body, single = (SOFT, ()) if kind.soft else (BODY, SINGLE)
    for part in kind.bands(head.lengths) if kind.bands is not None else ():
        turned_to = facing(scalp.normals(part.points), pose.yaw, pose.pitch)
        draw_locks(board, part, turned_to, pose.yaw, pose.pitch, side, behind=False, body=body, single=single)
    cover, tone, _ = board.strands()
    under, shade = np.zeros(cover.shape, np.float32), np.zeros(cover.shape, np.float32)
    box = (slice(ground.y, ground.y + ground.cover.shape[0]), slice(ground.x, ground.x + ground.cover.shape[1]))
    under[box] = ground.cover
    shade[box] = ground.rgb[0] * ground.cover
    if kind.soft:
        cover = cover * under  # folds of the cloth itself
    # Beyond the surface's outline bands have about the light of its edge.
    coarse = 8
    sigma = 0.25 * window.scale / coarse
    near = blurred(reduced(shade, coarse), sigma) + np.float32(0.09)
    near /= blurred(reduced(under, coarse), sigma) + np.float32(0.1)
    spread = np.zeros_like(cover) + np.float32(0.9)
    wide = larger(near, coarse)[: cover.shape[0], : cover.shape[1]]
    spread[: wide.shape[0], : wide.shape[1]] = wide
    light = spread * (1 - under) + shade
    whole = cover + (1 - cover) * under
    shown = light * (tone * cover + np.float32(0.95) * under * (1 - cover)) / np.maximum(whole, np.float32(1e-3))
    return Layer(np.clip(shown * color[:, None, None], 0, 255).astype(np.float32), whole)


def _over_hair(head: Head, kind: Covering) -> Shell:
    """Return the hair's shell, grown; it ends at `kind.end`."""
    hair = head.hair
    rows = max(3, int((kind.end - hair.top) / hair.step))
    x = hair.x[:rows] + kind.grown * sin(hair.theta)
    z = hair.z[:rows] + kind.grown * cos(hair.theta)
    top = hair.top - 0.6 * kind.grown
    return Shell(top, hair.step, hair.theta, x.astype(np.float32), z.astype(np.float32), np.ones_like(x))


def _hugging(head: Head, kind: Covering) -> Shell:
    """Return a shell around the head itself, loose below the chin."""
    at = head.lengths
    crown, chin = at["forehead"] - 0.9 * kind.grown - 0.02, at["chin_y"]
    y = np.arange(crown + 0.01, kind.end, head.step, dtype=np.float32)
    theta = np.linspace(-_REACH, _REACH, _ANGLES, dtype=np.float32)
    shape = {**at, "forehead": crown}
    drape = profile(
        [(-0.6, at["cranium"]), (0.0, 0.99 * at["cranium"]), (0.4, 0.98 * at["cranium"]), (chin - 0.75, 0.95),
         (chin - 0.35, 0.92), (chin, 0.95), (chin + 0.3, 1.08), (chin + 0.6, 1.28),
         (4, 1.5)], y, 0.16)  # fmt: skip
    grown = kind.grown + (0.0 if kind.hides_hair else 0.35 * min(head.volume, 0.3))
    drape *= np.clip((y + 0.7) / 0.3, 0, 1)
    width = np.maximum(head_width(shape, y, chin), drape) + np.float32(0.02)
    rounded = skull(y, crown)
    front = profile([(-1.0, 1.18), (0.5, 1.22), (chin - 0.2, 1.18), (chin + 0.1, 0.85), (4, 0.95)], y, 0.10) * rounded
    back = profile(_BACK, y, 0.07) * rounded
    x, z = cross_section(theta, width, front, back)
    # Cloth is thin at its edge and thicker further in.
    inside = kind.cover(at, y[:, None], np.rad2deg(theta)[None])
    thick = (0.02 + grown * np.sqrt(np.clip(inside / 0.35, 0, 1))) * np.sqrt(np.clip((y - crown) / 0.4, 0, 1))[:, None]
    x, z = x + thick * sin(theta), z + thick * cos(theta)
    return Shell(float(y[0]), head.step, theta, x.astype(np.float32), z.astype(np.float32), np.ones_like(x))
