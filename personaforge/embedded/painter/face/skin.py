"""The colour of a face's skin, and what all that is painted on it shares: shadow, gleam, blood and patches.

Everything is a factor per channel on the skin's own tone, so that one stroke suits every skin. Deep skin shows form by
what it reflects more than by its shadows, so its gleams are stronger; blood shows through light skin more than through
deep skin.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from personaforge.digest import derive_seed
from personaforge.embedded.painter.face.params import Face
from personaforge.embedded.painter.face.words import SKIN, UNDERTONE
from personaforge.embedded.painter.strokes import Canvas, Pixels, noise
from personaforge.media.exact import bell

SHADOW: Final = np.array((0.68, 0.60, 0.575))
"""The tint of a soft shadow on skin: darker and a little warmer, since light comes back out of it."""
DEEP_LINE: Final = np.array((0.50, 0.40, 0.38))
"""The tint of the darkest lines of skin: between lips, behind wings of a nose."""


class Complexion(NamedTuple):
    """What differs between two skins of one tone: a person's own, from -1 to 1 each."""

    bloom: float
    """How much blood shows in the cheeks."""
    lids: float
    """How dark the skin around the eyes is."""
    lips: float
    """How deep the colour of the lips is."""
    warm: float
    """Whether lips are more of a rose (-1) or more of a brick (1)."""


def complexion(face: Face) -> Complexion:
    """Return a person's complexion, from the seed of the skin's details."""
    return Complexion(*(derive_seed("complexion", name, face.strands) / 2**30 - 1 for name in Complexion._fields))


class Tints(NamedTuple):
    """Factors for one skin."""

    light: float
    """How light the skin is, 0..1."""
    gleam: Pixels
    """Where light falls on a ridge."""
    blood: Pixels
    """Where blood shows: cheeks, nose, ears."""
    cold: Pixels
    """Where thin skin looks bluish: under the eyes."""


def skin_color(face: Face) -> Pixels:
    """Return the skin's sRGB colour, 0..255."""
    tone = np.asarray(SKIN[face.skin_tone], np.float32)
    tint = np.asarray(UNDERTONE[face.undertone], np.float32) * (tone.mean() / 200)
    return np.asarray(np.clip((tone + tint) * (1 + face.lengths()["skin_shift"]), 0, 255), np.float32)


def tints(face: Face) -> Tints:
    """Return the factors for a face's skin."""
    light = float(skin_color(face).mean()) / 255
    deep = 1 - light
    gleam = np.array((1.035 + 0.24 * deep, 1.035 + 0.225 * deep, 1.03 + 0.225 * deep), np.float32)
    blood = np.array((1.01, 0.90 + 0.06 * deep, 0.89 + 0.07 * deep), np.float32)
    return Tints(light, gleam, blood, np.array((0.90, 0.875, 0.90), np.float32))


def patch(canvas: Canvas, x: float, y: float, wide: float, high: float, seed: int, edge: float = 0.5) -> Pixels:
    """Return a full-size mask, 0..1, of a patch with an edge as irregular as a map's; `wide` and `high` are radii."""
    columns = canvas.left + (np.arange(canvas.width, dtype=np.float32) + np.float32(0.5)) / np.float32(canvas.scale)
    rows = canvas.top + (np.arange(canvas.height, dtype=np.float32) + np.float32(0.5)) / np.float32(canvas.scale)
    across, down = bell((columns - np.float32(x)) / np.float32(wide)), bell((rows - np.float32(y)) / np.float32(high))
    field = down[:, None] * across[None]
    rough = noise(canvas.height, canvas.width, 0.09 * canvas.scale, seed)
    rough += 0.25 * noise(canvas.height, canvas.width, 0.04 * canvas.scale, seed + 1)
    field = field + np.float32(0.22 * edge) * rough * (field > 0.2)
    return np.asarray(np.clip((field - np.float32(0.56)) * np.float32(7), 0, 1), np.float32)
