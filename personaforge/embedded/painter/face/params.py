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
from personaforge.embedded.painter.face.hairstyles import CUTS, FORMS, WORN, read_style
from personaforge.embedded.painter.face.marks import LIMIT, Mark, known_mark, read_marks
from personaforge.embedded.painter.face.words import (
    FACIAL_HAIR,
    HAIR,
    IRIS,
    LAYOUT,
    LENGTHS,
    MASCULINITY,
    PARTING_WORDS,
    SKIN,
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
    "jaw": 0.085, "chin_width": 0.10, "chin_y": 0.07, "brow_y": 0.035, "brow_thickness": 0.022, "brow_arch": -0.035,
    "brow_ridge": 0.06, "eye_open": -0.012, "eye_width": -0.012, "upper_lip": -0.020, "lower_lip": -0.020,
    "nose_width": 0.026, "bridge_width": 0.020, "nose_length": 0.03, "forehead": -0.02, "mouth_width": 0.020,
    "cheek": -0.4, "brow_length": 0.015, "brow_gap": -0.012, "mouth_y": 0.025,
}  # fmt: skip
"""The difference between a face at the woman's and one at the man's end of the scale, face units."""
_BY_AGE: Final[dict[str, float]] = {
    "eye_open": -0.013, "upper_lip": -0.030, "lower_lip": -0.028, "nose_length": 0.035, "nose_width": 0.016,
    "brow_y": 0.022, "brow_thickness": -0.006, "hood": 0.65, "jaw": 0.02, "cheek": -0.45, "corner": -0.006,
    "eye_tilt": -0.014, "mouth_y": 0.03, "eye_width": -0.010, "brow_arch": -0.008,
}  # fmt: skip
"""The change from 35 to 80 years, face units."""
_LEAST: Final = {"upper_lip": 0.036, "lower_lip": 0.056, "brow_thickness": 0.04, "eye_open": 0.068, "nose_width": 0.175}
_BEARD: Final = {"short beard": 0.03, "full beard": 0.085}
"""How thick a beard is on the jaw, face units."""
_STRANGERS: Final = 24
"""How many strangers a drifting face can choose from."""
_MAX_METADATA: Final = 16_384
"""Bytes of `forge-face` that are read at most; our own take about 1,200."""

_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "skin_tone": tuple(SKIN),
    "undertone": tuple(UNDERTONE),
    "facial_hair": FACIAL_HAIR,
    "hair_texture": TEXTURES,
    "hair_length": LENGTHS,
    "hair_style": WORN,
    "hair_form": FORMS,
    "hair_cut": CUTS,
}
_RANGES: Final[dict[str, tuple[float, float]]] = {
    "age": (18, 95),
    "masculinity": (0, 1),
    "parting": (-1, 1),
    "strands": (0, 2**31 - 1),
}
_SWITCHES: Final = ("cleft",)


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
    """How it is worn; see `face.hairstyles` for this and the next two."""
    hair_form: str
    hair_cut: str
    cleft: bool
    age: float
    """Years."""
    masculinity: float
    """0 to 1; see `MASCULINITY`."""
    parting: float
    """Where the hair parts: -1 on the viewer's left, 0 in the middle."""
    strands: int
    """Seed of random details of the surface: strands, freckles, stubble."""
    marks: tuple[Mark, ...] = ()
    """Marks of the skin and make-up."""

    def mark(self, kind: str) -> Mark | None:
        """Return the first mark of a kind."""
        return next((mark for mark in self.marks if mark.kind == kind), None)

    def lengths(self) -> dict[str, float]:
        """Return every parameter in face units, with features that don't overlap; besides, `old`, the signs of age from
        0 at 35 years to 1.25, `beard`, a beard's thickness, and `skew`, the seed of `face.skew`."""
        found = {name: span.mean + span.half * self.z[name] for name, span in LAYOUT.items()}
        man = self.masculinity - 0.5
        old = min(max((self.age - 35) / 45, 0.0), 1.25)
        young = min(max((30 - self.age) / 12, 0.0), 1.0)
        for name, change in _BY_GENDER.items():
            found[name] += change * man
        for name, change in _BY_AGE.items():
            found[name] += change * old
        found["face_width"] += 0.02 * young
        found["cheek"] += 0.35 * young
        # A steeper slope looks like grief, or is a caricature of a people.
        found["eye_tilt"] = min(max(found["eye_tilt"], -0.024), 0.050)
        found["hood"] = min(max(found["hood"], 0.0), 1.0)
        found["epicanthus"] = min(max(found["epicanthus"], 0.0), 1.0)
        found["old"], found["beard"], found["skew"] = old, _BEARD.get(self.facial_hair, 0.0), float(self.strands)
        for name, least in _LEAST.items():
            found[name] = max(found[name], least)
        found["nose_width"] = min(found["nose_width"], 0.335)
        lip = found["nose_length"] + found["upper_lip"]
        found["mouth_y"] = min(max(found["mouth_y"], lip + 0.215), lip + 0.345)
        found["chin_y"] = min(max(found["chin_y"], found["mouth_y"] + 0.42), found["mouth_y"] + 0.64)
        found["jaw"] = min(max(found["jaw"], 0.725 * found["face_width"]), 0.92 * found["face_width"])
        # Eyes are about one eye's width apart, and brows begin above their inner corners.
        wide = found["eye_width"]
        found["eye_x"] = min(max(found["eye_x"], 1.64 * wide), 2.32 * wide)
        # A mouth ends below the inner edges of the irises, and when it smiles (a fifth wider) below the pupils.
        found["mouth_width"] = min(max(found["mouth_width"], 0.70 * found["eye_x"]), 0.92 * found["eye_x"])
        found["brow_gap"] += 0.7 * (found["eye_x"] - wide - 0.19)
        # At rest the upper lid covers a sixth of the iris and the lower one touches it.
        found["iris"] = min(max(found["iris"], 1.0 * found["eye_open"]), 1.1 * found["eye_open"])
        lids = 1.05 * found["eye_open"] + 0.6 * found["lid"] + 0.5 * found["brow_thickness"]
        found["brow_y"] = min(max(found["brow_y"], -0.345), found["eye_y"] - lids - 0.03)
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
        look["marks"] = [list(mark) for mark in self.marks]
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
    marks, _ = read_marks(str(mark) for mark in _strings(skin, "marks", "subject.dna.skin"))
    style = str(hair.get("style", "")).lower()
    texture = word(hair, "texture", TEXTURES, "subject.dna.hair")
    length = word(hair, "length", LENGTHS, "subject.dna.hair")
    worn = read_style(style, texture, length)
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
        hair_texture=texture,
        hair_length=length,
        hair_style=worn.worn,
        hair_form=worn.form,
        hair_cut=worn.cut,
        cleft=face["chin"] == "cleft",
        age=min(max(age, 18.0), 95.0),
        masculinity=min(max(MASCULINITY[gender] + 0.12 * _chance(seed, "masculinity"), 0.0), 1.0),
        parting=round(parting, 4),
        strands=derive_seed("strands", seed),
        marks=marks,
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
    if isinstance(found.get("marks"), list):
        read = [known_mark(values) for values in found["marks"][:LIMIT]]
        taken["marks"] = tuple(mark for mark in read if mark is not None)
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
