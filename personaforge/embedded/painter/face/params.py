"""A face as numbers and a few words: made from a DNA, written into a picture's metadata, read from a reference.

`z` holds the shape, one number in [-1, 1] for each row of `LAYOUT`; the other fields are closed words, a few switches
and two more numbers. No function here knows a request's seed, so one DNA is one face; only `jittered` differs, for the
anchor's candidates. Metadata is a stranger's data: only finite numbers in range and known words are used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import orjson

from personaforge.digest import derive_seed, digest_json
from personaforge.embedded.painter.face.words import (
    FACIAL_HAIR,
    HAIR,
    IRIS,
    LAYOUT,
    LENGTHS,
    MASCULINITY,
    PARTING_WORDS,
    SKIN,
    STYLE_WORDS,
    TEXTURES,
    UNDERTONE,
    WORDS,
    eye_colors,
    hair_colors,
)
from personaforge.embedded.painter.subject import number, section, word

_SPREAD_FREE: Final = 1.0
"""How far chance moves a parameter that no word of the DNA sets."""
_SPREAD_TOLD: Final = 0.75
"""How far chance moves a parameter that a word has set."""
_BY_GENDER: Final[dict[str, float]] = {
    "jaw": 0.10, "chin_width": 0.08, "chin_y": 0.06, "brow_y": 0.045, "brow_thickness": 0.024, "brow_arch": -0.035,
    "brow_ridge": 0.05, "eye_open": -0.022, "eye_width": -0.014, "upper_lip": -0.024, "lower_lip": -0.02,
    "nose_width": 0.022, "bridge_width": 0.02, "nose_length": 0.03, "forehead": -0.02, "mouth_width": 0.01,
}  # fmt: skip
"""The difference between a face at the woman's and one at the man's end of the scale, face units."""
_BY_AGE: Final[dict[str, float]] = {
    "eye_open": -0.018, "upper_lip": -0.022, "lower_lip": -0.02, "nose_length": 0.025, "nose_width": 0.012,
    "brow_y": 0.02, "brow_thickness": -0.008, "lid": -0.014, "jaw": 0.03,
}  # fmt: skip
"""The change from 35 to 80 years, face units."""
_LEAST: Final = {"upper_lip": 0.026, "lower_lip": 0.045, "brow_thickness": 0.026, "eye_open": 0.052}
_STRANGERS: Final = 24
"""How many strangers a drifting face can choose from."""
_MAX_METADATA: Final = 16_384
"""Bytes of `forge-face` that are read at most; our own take about 1,200."""

STYLES: Final = ("open", "fringe", "tied", "ponytail", "braids", "swept")

_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "skin_tone": tuple(SKIN),
    "undertone": tuple(UNDERTONE),
    "facial_hair": FACIAL_HAIR,
    "hair_texture": TEXTURES,
    "hair_length": LENGTHS,
    "hair_style": STYLES,
}
_RANGES: Final[dict[str, tuple[float, float]]] = {
    "age": (18, 95),
    "masculinity": (0, 1),
    "parting": (-1, 1),
    "strands": (0, 2**31 - 1),
}
_SWITCHES: Final = ("freckles", "mole", "cleft")


@dataclass(frozen=True, slots=True)
class Face:
    """Everything about a person that shows above the collar and is the same in all pictures."""

    z: Mapping[str, float]
    eye_color: str
    skin_tone: str
    undertone: str
    facial_hair: str
    hair_color: str
    hair_texture: str
    hair_length: str
    hair_style: str
    freckles: bool
    mole: bool
    cleft: bool
    age: float
    """Years."""
    masculinity: float
    """0 to 1; see `MASCULINITY`."""
    parting: float
    """Where the hair parts: -1 on the viewer's left, 0 in the middle."""
    strands: int
    """Seed of random details of the surface: strands, freckles, stubble."""

    def lengths(self) -> dict[str, float]:
        """Return every parameter in face units, with features that don't overlap."""
        found = {name: span.mean + span.half * self.z[name] for name, span in LAYOUT.items()}
        man = self.masculinity - 0.5
        old = min(max((self.age - 35) / 45, 0.0), 1.0)
        young = min(max((30 - self.age) / 12, 0.0), 1.0)
        for name, change in _BY_GENDER.items():
            found[name] += change * man
        for name, change in _BY_AGE.items():
            found[name] += change * old
        found["face_width"] += 0.02 * young
        lids = 1.12 * found["eye_open"] + 0.6 * found["lid"] + 0.5 * found["brow_thickness"]
        found["brow_y"] = min(found["brow_y"], found["eye_y"] - lids - 0.06)
        found["mouth_y"] = max(found["mouth_y"], found["nose_length"] + 0.24 + found["upper_lip"])
        found["chin_y"] = max(found["chin_y"], found["mouth_y"] + 0.46)
        found["jaw"] = min(found["jaw"], found["face_width"] - 0.06)
        found["eye_x"] = max(found["eye_x"], found["eye_width"] + 0.15)
        for name, least in _LEAST.items():
            found[name] = max(found[name], least)
        return found

    def jittered(self, amount: float, seed: int) -> Face:
        """Return a neighbour of this face: every z moved by up to `amount`. The anchor's candidates are such faces."""
        moved = {name: _clip(value + amount * _chance(seed, name)) for name, value in self.z.items()}
        return replace(self, z=moved)

    def drifted(self, amount: float) -> Face:
        """Return the face at `amount` (0..1) of the way to another person's.

        The other person is always the same for a face, so a series of amounts is a straight line from one identity to
        the other: ground truth for measuring drift. Shape and skin shift change; hair, colours and marks don't, since a
        recogniser hardly notices them and a viewer would.
        """
        if not amount:
            return self
        other = self._other()
        z = {name: _clip(value + amount * (other[name] - value)) for name, value in self.z.items()}
        return replace(self, z=z)

    def _other(self) -> dict[str, float]:
        """Return the farthest of a few seeded strangers' shapes; values that a recogniser notices more have more
        weight."""
        seed = derive_seed("drift", self.strands)
        strangers = [
            {name: _far(_chance(seed, f"{index} {name}")) for name in LAYOUT} for index in range(_STRANGERS)
        ]  # fmt: skip
        weights = {name: math.exp(-place / 12) for place, name in enumerate(LAYOUT)}
        return max(strangers, key=lambda z: sum(w * (z[name] - self.z[name]) ** 2 for name, w in weights.items()))

    def to_json(self) -> bytes:
        """Return the canonical metadata: the same face gives the same bytes."""
        look = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "z"}
        return orjson.dumps({"version": 1, "z": dict(self.z), **look}, option=orjson.OPT_SORT_KEYS)

    def digest(self) -> str:
        """Return the digest of the metadata."""
        return digest_json("embedded-face/1", orjson.loads(self.to_json()))


def face_of_dna(dna: Mapping[str, Any], *, age: float, gender: str, placement: int = 0) -> Face:
    """Return the face that a DNA describes. Raises ValueError that names the key of an unknown or missing word.

    `placement` is the number of one of the many shapes that the DNA's words allow: it draws the random part of the
    shape again, within the same ranges, and doesn't change words, colours, marks and hair.
    """
    # Words first: chance moves a parameter that a word has set less than a free one.
    told: dict[str, float] = {}
    for (part, key), words in WORDS.items():
        chosen = word(section(dna, part, "subject.dna"), key, tuple(words), f"subject.dna.{part}")
        for name, offset in words[chosen].items():
            told[name] = told.get(name, 0.0) + offset
    seed = derive_seed("embedded-face", digest_json("dna/1", dict(dna)))
    shape = derive_seed("placement", placement, seed) if placement else seed
    z = {
        name: _clip(told.get(name, 0.0) + (_SPREAD_TOLD if name in told else _SPREAD_FREE) * _far(_chance(shape, name)))
        for name in LAYOUT
    }
    eyes, skin, hair, face = (section(dna, part, "subject.dna") for part in ("eyes", "skin", "hair", "face"))
    marks = " ".join(str(mark) for mark in _strings(skin, "marks", "subject.dna.skin")).lower()
    style = str(hair.get("style", "")).lower()
    worn = next((worn for worn, names in STYLE_WORDS if any(name in style for name in names)), "open")
    # From `seed`, not from `shape`: a placement changes the face and leaves hair and details as they are.
    own = _chance(seed, "parting")
    parting = next((math.copysign(at, own) for name, at in PARTING_WORDS.items() if name in style), own)
    if gender not in MASCULINITY:
        raise ValueError(f"subject.surface.gender: {gender!r} is not one of {', '.join(MASCULINITY)}")
    return Face(
        z=z,
        eye_color=_color(eyes, eye_colors, tuple(IRIS), "subject.dna.eyes"),
        skin_tone=word(skin, "tone", tuple(SKIN), "subject.dna.skin"),
        undertone=word(skin, "undertone", tuple(UNDERTONE), "subject.dna.skin"),
        facial_hair=word(face, "facial_hair", FACIAL_HAIR, "subject.dna.face"),
        hair_color=_color(hair, hair_colors, tuple(HAIR), "subject.dna.hair"),
        hair_texture=word(hair, "texture", TEXTURES, "subject.dna.hair"),
        hair_length=word(hair, "length", LENGTHS, "subject.dna.hair"),
        hair_style=worn,
        freckles="freckle" in marks,
        mole="mole" in marks or "beauty" in marks,
        cleft=face["chin"] == "cleft",
        age=min(max(age, 18.0), 95.0),
        masculinity=min(max(MASCULINITY[gender] + 0.12 * _chance(seed, "masculinity"), 0.0), 1.0),
        parting=round(parting, 4),
        strands=derive_seed("strands", seed),
    )


def _color(part: Mapping[str, Any], known: Callable[[str], list[str]], usual: Sequence[str], where: str) -> str:
    """Return the colour of a part, one that can be drawn or two. Raises ValueError that names the key."""
    said = part.get("color")
    return said if isinstance(said, str) and known(said) else word(part, "color", usual, where)


def face_of_reference(metadata: bytes | None, otherwise: Face) -> tuple[Face, bool]:
    """Return the face in a reference's metadata, and whether there was one.

    Each value that is missing, out of range or not a known word is taken from `otherwise`, so that garbage is never
    drawn. Metadata that isn't a JSON object of our version, or is longer than any of ours, counts as none.
    """
    if metadata is None or len(metadata) > _MAX_METADATA:
        return otherwise, False
    try:
        found = orjson.loads(metadata)
    except orjson.JSONDecodeError:
        return otherwise, False
    if not isinstance(found, dict) or found.get("version") != 1 or not isinstance(found.get("z"), dict):
        return otherwise, False
    z = {name: _in_range(found["z"].get(name), -1, 1, otherwise.z[name]) for name in LAYOUT}
    taken: dict[str, Any] = {}
    for name, choices in _CHOICES.items():
        if found.get(name) in choices:
            taken[name] = found[name]
    for name, known in (("hair_color", hair_colors), ("eye_color", eye_colors)):
        if isinstance(found.get(name), str) and known(found[name]):
            taken[name] = found[name]
    for name, (low, high) in _RANGES.items():
        taken[name] = _in_range(found.get(name), low, high, getattr(otherwise, name))
    for name in _SWITCHES:
        if isinstance(found.get(name), bool):
            taken[name] = found[name]
    taken["strands"] = int(taken["strands"])
    return replace(otherwise, z=z, **taken), True


def subject_face(subject: Mapping[str, Any], placement: int = 0) -> Face:
    """Return the face of a request's subject; see `face_of_dna`. Raises ValueError that names the key."""
    surface = section(subject, "surface", "subject")
    gender = surface.get("gender")
    if not isinstance(gender, str):
        raise ValueError(f"subject.surface.gender: {gender!r} is not one of {', '.join(MASCULINITY)}")
    age = number(surface, "age", 18, 120, "subject.surface")
    return face_of_dna(section(subject, "dna", "subject"), age=age, gender=gender, placement=placement)


def _chance(seed: int, name: str) -> float:
    """Return a number in [-1, 1) that depends only on the seed and the name, and on no library's random stream."""
    return derive_seed(seed, name) / 2**30 - 1.0


def _far(chance: float) -> float:
    """Return a random value moved towards the ends of its range: people differ more, and none leaves the range."""
    return math.sin(0.5 * math.pi * chance)


def _clip(value: float) -> float:
    return round(min(max(value, -1.0), 1.0), 4)


def _in_range(value: Any, low: float, high: float, otherwise: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return float(value) if low <= value <= high else otherwise  # NaN and infinities are in no range


def _strings(values: Mapping[str, Any], key: str, where: str) -> list[Any]:
    found = values.get(key)
    if not isinstance(found, list | tuple):
        raise ValueError(f"{where}.{key}: {found!r} is not a list")
    return list(found)
