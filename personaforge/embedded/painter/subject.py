"""The part of a request that says what to draw, validated here: the drawing code below this module trusts it.

Every error is a ValueError that starts with the key's path inside the request, such as `subject.position.distance`.
Angles are in degrees: yaw > 0 turns the face to the viewer's right, pitch > 0 lifts it. Colours are sRGB.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from personaforge.embedded.painter.expression import EXPRESSIONS, Expression
from personaforge.embedded.painter.outfit import NOTHING, Color, Outfit, read_outfit
from personaforge.embedded.painter.speech import MOUTHS, Sound

DISTANCES: Final = ("headshot", "bust", "half", "full")
GARMENTS: Final = (
    "tee", "blouse", "shirt", "blazer", "hoodie", "knit", "dress", "tank", "polo", "jacket", "robe", "tunic", "kurta",
    "gown", "saree",
)  # fmt: skip
PATTERNS: Final = ("plain", "stripes", "pinstripes", "dots", "floral", "plaid", "metallic", "sequins")
MAX_YAW: Final = 75.0
"""Degrees. Beyond it parts would show that the painted face doesn't have."""
MAX_PITCH: Final = 30.0
MAX_KEYS: Final = 64
MAX_SOUNDS: Final = 4000

_COLOR: Final = re.compile("#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class Pose:
    """The direction of the head and the expression of the face."""

    yaw: float
    pitch: float
    expression: Expression
    camera_gaze: bool = True
    """Whether the eyes stay on the camera while the head turns."""


@dataclass(frozen=True, slots=True)
class Key:
    """A pose at a fraction of a clip's length."""

    at: float
    pose: Pose


@dataclass(frozen=True, slots=True)
class Scenery:
    """Everything around the face: frame, clothes, background and light. Only `light` and `setting` may be missing."""

    distance: str
    light: str
    garment: str
    pattern: str
    palette: tuple[Color, ...]
    """Main colour to accent, one to eight."""
    backdrop: tuple[Color, Color]
    """Top and bottom."""
    setting: str
    """Free text of the scene; only its digest is used, to place soft shapes."""
    place: str = ""
    """Name of the scene, such as `home`; one that the painter doesn't know gets soft shapes."""
    pose: str = ""
    """Free text of the stance; a few words of it are known."""
    outfit: Outfit = NOTHING
    """The outfit beside the main garment."""
    held: str = ""
    """What busy hands hold, one of `figure.held`; `none` for nothing, empty for the notebook."""
    country: str = ""
    """Whose street it is, where the place is `street`; empty for none in particular."""
    season: str = ""
    """spring, summer, autumn or winter; empty for one by the person's seed."""
    seated: bool = False
    """Whether the person uses a wheelchair and sits in it."""
    silhouette: bool = False
    """Whether only the outline of the person shows, dark against a light background."""


def read_pose(values: Mapping[str, Any], where: str, gaze: str | None) -> tuple[Pose, str]:
    """Return the pose and the expression's name. Where the gaze isn't told (None), eyes look into the camera unless the
    expression looks elsewhere, as one who thinks does."""
    name = word(values, "expression", tuple(EXPRESSIONS), where)
    yaw = number(values, "yaw", -MAX_YAW, MAX_YAW, where)
    pitch = number(values, "pitch", -MAX_PITCH, MAX_PITCH, where)
    act, camera = EXPRESSIONS[name], gaze is None or ("camera" in gaze and "past" not in gaze)
    if camera and gaze is not None:
        act = act._replace(aside=0.0, up=0.0)
    elif yaw < 0:  # who looks aside looks where the head is turned to
        act = act._replace(aside=-act.aside, side=-act.side)
    return Pose(yaw, pitch, act, camera_gaze=camera), name


def read_sounds(motion: Mapping[str, Any]) -> tuple[Sound, ...]:
    """Return what is spoken in a clip, in order of time; nothing where the motion has no `sounds`."""
    found, where = motion.get("sounds", ()), "subject.motion.sounds"
    if not isinstance(found, Sequence) or isinstance(found, str) or len(found) > MAX_SOUNDS:
        raise ValueError(f"{where}: a list of at most {MAX_SOUNDS} sounds was expected")
    sounds = []
    for index, item in enumerate(found):
        place = f"{where}[{index}]"
        if not isinstance(item, Mapping):
            raise ValueError(f"{place}: {item!r} is not a mapping")
        sounds.append(Sound(number(item, "at", 0, 3600, place), word(item, "mouth", tuple(MOUTHS), place)))
    return tuple(sorted(sounds))


def read_keys(motion: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return a clip's key poses in order of time."""
    where = "subject.motion"
    found = motion.get("keys")
    if not isinstance(found, Sequence) or isinstance(found, str) or not 1 <= len(found) <= MAX_KEYS:
        raise ValueError(f"{where}.keys: a list of 1 to {MAX_KEYS} poses was expected")
    keys = []
    for index, item in enumerate(found):
        place = f"{where}.keys[{index}]"
        if not isinstance(item, Mapping):
            raise ValueError(f"{place}: {item!r} is not a mapping")
        pose, _ = read_pose(item, place, str(motion["gaze"]) if "gaze" in motion else None)
        keys.append(Key(number(item, "at", 0, 1, place), pose))
    return tuple(sorted(keys, key=lambda key: key.at))


def read_scenery(subject: Mapping[str, Any], framing: Mapping[str, Any], where: str) -> Scenery:
    """Return everything around the face. `framing` is the position or motion, found at `where`."""
    clothing, scene = section(subject, "clothing", "subject"), section(subject, "scene", "subject")
    backdrop = colors(scene, "colors", "subject.scene")
    distance, palette = word(framing, "distance", DISTANCES, where), colors(clothing, "palette", "subject.clothing")
    hair = section(section(subject, "dna", "subject"), "hair", "subject.dna")
    outfit = read_outfit(clothing, palette, distance, str(hair.get("style", "")), "subject.clothing")
    garment = word(clothing, "garment", GARMENTS, "subject.clothing")
    pattern = word(clothing, "pattern", PATTERNS, "subject.clothing")
    return Scenery(
        distance=distance,
        light=str(framing.get("light", "")).lower(),
        garment=outfit.cut or garment,
        pattern=outfit.print or pattern,
        palette=palette,
        backdrop=(backdrop[0], backdrop[-1]),
        setting=str(scene.get("text", "")),
        place=str(scene.get("name", "")),
        pose=str(framing.get("pose", "")).lower(),
        outfit=outfit,
        held=str(framing.get("held", "")),
        country=str(scene.get("country", "")),
        season=str(framing.get("season", "")),
        seated=framing.get("uses") == "wheelchair",
        silhouette=framing.get("form") == "silhouette",
    )


def section(values: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    """Return the mapping under a key."""
    found = values.get(key)
    if not isinstance(found, Mapping):
        raise ValueError(f"{_place(where, key)}: {'missing' if found is None else repr(found) + ' is not a mapping'}")
    return found


def word(values: Mapping[str, Any], key: str, choices: Sequence[str], where: str) -> str:
    """Return the word under a key, which must be one of the choices."""
    found = values.get(key)
    if not isinstance(found, str) or found not in choices:
        said = "missing" if found is None else repr(found)
        raise ValueError(f"{_place(where, key)}: {said}, expected one of {', '.join(choices)}")
    return found


def number(values: Mapping[str, Any], key: str, low: float, high: float, where: str) -> float:
    """Return the finite number under a key, which must lie in [low, high]."""
    found = values.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ValueError(f"{_place(where, key)}: {'missing' if found is None else repr(found) + ' is not a number'}")
    if not low <= found <= high:
        raise ValueError(f"{_place(where, key)}: {found:g} is not between {low:g} and {high:g}")
    return float(found)


def whole(values: Mapping[str, Any], key: str, low: int, high: int, where: str) -> int:
    """Return the whole number under a key, which must lie in [low, high]."""
    found = number(values, key, low, high, where)
    if found != int(found):
        raise ValueError(f"{_place(where, key)}: {found:g} is not a whole number")
    return int(found)


def colors(values: Mapping[str, Any], key: str, where: str) -> tuple[Color, ...]:
    """Return the list of `#rrggbb` colours under a key."""
    found = values.get(key)
    if not isinstance(found, Sequence) or isinstance(found, str) or not 1 <= len(found) <= 8:
        raise ValueError(f"{_place(where, key)}: a list of 1 to 8 colours was expected")
    read = []
    for index, item in enumerate(found):
        if not isinstance(item, str) or not _COLOR.fullmatch(item):
            raise ValueError(f"{_place(where, key)}[{index}]: {item!r} is not a colour such as #3a6ea5")
        value = int(item[1:], 16)
        read.append((value >> 16, value >> 8 & 255, value & 255))
    return tuple(read)


def _place(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
