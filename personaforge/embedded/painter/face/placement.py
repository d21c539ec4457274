"""How far a face is from others, and which of the faces that a DNA allows is farthest from those already issued.

A *shape* is the part of a face that a recogniser notices, as one letter for each of `WEIGHT`: short enough for a line
of the lock, and all that later personas know of an issued face. The distance of two shapes predicts 1 minus the cosine
of their ArcFace embeddings:

    distance = REACH * (1 - exp(-sum of WEIGHT * difference^2))

Weights and reach were fitted by us (least squares, weights at least 0) to the 44,850 pairs of 300 drawn anchors as
buffalo_s_dev sees them. On people left out of the fit, the correlation of prediction and cosine is 0.73 and they differ
by 0.077 (root mean square); with the order of `LAYOUT` alone it is 0.61. Best-candidate sampling is Mitchell's
(SIGGRAPH 1991).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from personaforge.embedded.painter.face.params import Face, subject_face
from personaforge.embedded.painter.face.words import LAYOUT, LENGTHS, SKIN, hair_tint

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VERSION: Final = "1."
_FARTHEST: Final = 2.0
"""Larger values are limited to it. None is as large: words and chance reach 1, gender and age add at most 0.9."""

WEIGHT: Final[dict[str, float]] = {
    "eye_tilt": 0.091, "eye_x": 0.100, "nose_length": 0.134, "eye_width": 0.046, "mouth_y": 0.049, "brow_y": 0.019,
    "brow_gap": 0.051, "eye_y": 0.041, "bridge_width": 0.001, "face_width": 0.029, "mouth_width": 0.031,
    "chin_y": 0.056, "brow_arch": 0.018, "nose_width": 0.046, "jaw": 0.037, "brow_length": 0.021, "brow_ridge": 0.033,
    "brow_tilt": 0.015, "eye_open": 0.009, "brow_thickness": 0.018, "cheekbone": 0.017, "cranium": 0.007,
    "lid": 0.017, "bridge": 0.003, "upper_lip": 0.005, "lid_peak": 0.003, "lower_lip": 0.004, "socket": 0.010,
    "forehead": 0.008, "chin_width": 0.004, "tip": 0.007, "nose_depth": 0.011, "cupid": 0.010, "iris": 0.008,
    "hump": 0.000, "skin_shift": 0.006, "philtrum": 0.000, "skin": 0.152, "hair": 0.003, "length": 0.018,
    "gender": 0.030, "age": 0.091, "beard": 0.062,
}  # fmt: skip
"""The part of the sum for a difference of 1 in each value of a shape, in the order of a shape's letters. The last six
are determined by the DNA's words and the age, and placing can't change them; they count because they show who is near
anyway."""
REACH: Final = 0.82
"""The largest possible distance: unrelated drawings have a cosine of about 0.2, not 0."""


Shape = tuple[float, ...]
"""Values in the order of `WEIGHT`, each times the root of its weight, so that plain Euclidean distance is weighted."""


class Placed(NamedTuple):
    """The face that was chosen for a persona."""

    number: int
    """The number of the DNA's face; see `face.params.face_of_dna`."""
    shape: str
    """Its shape as text."""
    nearest: str
    """The issued persona that it is nearest to; empty where none is issued."""
    distance: float
    """The distance to that persona: 0 to `REACH`, rounded to 3 digits; `REACH` where none is issued."""


def place_face(subject: Mapping[str, Any], issued: Mapping[str, str], draws: int) -> Placed:
    """Return which of the first `draws` faces of a subject is farthest from its nearest issued one.

    `issued` holds shapes as text by persona; text that is no shape of this version counts as none. Without any, and
    among equal ones, the first face is taken. Raises ValueError that names the key of a value that can't be drawn.
    """
    others = read_shapes(issued)
    best, found = -1.0, Placed(0, "", "", REACH)
    for number in range(draws if others else 1):
        text = shape_text(shape_of(subject_face(subject, number)))
        shape = read_shape(text)
        assert shape is not None
        apart, nearest = min(
            ((math.dist(shape, other), name) for name, other in others.items()), default=(math.inf, "")
        )
        if apart > best:
            best, found = apart, Placed(number, text, nearest, _distance(apart))
    return found


def nearest_of(persona: str, shapes: Mapping[str, Shape]) -> tuple[str, float] | None:
    """Return the nearest other persona and the distance, 0 to `REACH`. None where either has no shape."""
    mine = shapes.get(persona)
    near = [(math.dist(mine, shape), name) for name, shape in shapes.items() if name != persona] if mine else []
    if not near:
        return None
    apart, name = min(near)
    return name, _distance(apart)


def read_shapes(texts: Mapping[str, str]) -> dict[str, Shape]:
    """Return the values of shapes given as text, by persona in the order of names, without those of other versions."""
    return {name: shape for name, text in sorted(texts.items()) if (shape := read_shape(text)) is not None}


def shape_of(face: Face) -> dict[str, float]:
    """Return the values of a face that a recogniser notices, by name: lengths in half ranges from the mean of `LAYOUT`,
    the rest from -1 to 1."""
    lengths = face.lengths()
    found = {name: (lengths[name] - span.mean) / span.half for name, span in LAYOUT.items()}
    found["skin"] = _light(SKIN[face.skin_tone])
    found["hair"] = _light(hair_tint(face.hair_color))
    found["length"] = 2 * LENGTHS.index(face.hair_length) / (len(LENGTHS) - 1) - 1
    found["gender"] = 2 * face.masculinity - 1
    found["age"] = (face.age - 56) / 38
    found["beard"] = 1.0 if face.facial_hair in ("short beard", "full beard") else -1.0
    return found


def shape_text(shape: Mapping[str, float]) -> str:
    """Return a shape as text: a version, and a letter for each value in steps of 0.06."""
    steps = len(_LETTERS) - 1
    scaled = ((min(max(shape[name] / _FARTHEST, -1.0), 1.0) + 1) / 2 * steps for name in WEIGHT)
    return _VERSION + "".join(_LETTERS[round(value)] for value in scaled)


def read_shape(text: str) -> Shape | None:
    """Return a shape that was given as text, or None for text that is no shape of this version."""
    letters = text.removeprefix(_VERSION)
    if letters == text or len(letters) != len(WEIGHT) or not set(letters) <= _PLACES.keys():
        return None
    return tuple(root * _PLACES[letter] for root, letter in zip(_ROOTS, letters, strict=True))


def _distance(apart: float) -> float:
    return round(REACH * -math.expm1(-(apart**2)), 3)


def _light(color: tuple[int, int, int]) -> float:
    """Return how light a colour is: -1 for black, 1 for white, by the weights of Rec. 709."""
    red, green, blue = color
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 127.5 - 1


_PLACES: Final = {
    letter: _FARTHEST * (2 * place / (len(_LETTERS) - 1) - 1) for place, letter in enumerate(_LETTERS)
}  # fmt: skip
_ROOTS: Final = tuple(math.sqrt(weight) for weight in WEIGHT.values())
