"""How far a face is from others, and which of the faces that a DNA allows is farthest from those already issued.

A *shape* is the part of a face that a recogniser notices, as one letter for each of `WEIGHT`: short enough for a line
of the lock, and all that later personas know of an issued face. The distance of two shapes predicts 1 minus the cosine
of their ArcFace embeddings:

    distance = REACH * (1 - exp(-sum of WEIGHT * difference^2))

Weights and reach were fitted by us (least squares, weights at least 0) to the pairs of 240 drawn anchors, four faces
for each of 60 DNAs, as buffalo_s_dev sees them; pairs of one DNA count eight times, as placing chooses among those.
Fitted without a quarter of the DNAs, prediction and cosine correlate with 0.76 on theirs (of one DNA with 0.75) and
differ by 0.088 (root mean square): `tests.benchmarks.painter_fit placement`. Best-candidate
sampling is Mitchell's (SIGGRAPH 1991).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from personaforge.embedded.painter.face.params import Face, subject_face
from personaforge.embedded.painter.face.words import LAYOUT, LENGTHS, SKIN, hair_tint

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VERSION: Final = "3."
_FARTHEST: Final = 2.0
"""Larger values are limited to it. None is as large: words and chance reach 1, gender and age add at most 0.9."""

WEIGHT: Final[dict[str, float]] = {
    "eye_tilt": 0.092, "eye_x": 0.069, "nose_length": 0.145, "eye_width": 0.042, "mouth_y": 0.009, "brow_y": 0.010,
    "brow_gap": 0.032, "eye_y": 0.050, "bridge_width": 0.008, "face_width": 0.031, "mouth_width": 0.063,
    "chin_y": 0.013, "brow_arch": 0.018, "nose_width": 0.102, "jaw": 0.011, "brow_length": 0.030, "brow_ridge": 0.012,
    "brow_tilt": 0.005, "eye_open": 0.000, "brow_thickness": 0.025, "cheekbone": 0.014, "cranium": 0.005,
    "lid": 0.005, "bridge": 0.014, "upper_lip": 0.025, "lid_peak": 0.008, "lower_lip": 0.014, "socket": 0.004,
    "forehead": 0.004, "chin_width": 0.005, "tip": 0.029, "nose_depth": 0.000, "cupid": 0.013, "iris": 0.002,
    "hump": 0.010, "skin_shift": 0.005, "philtrum": 0.001, "hood": 0.024, "epicanthus": 0.000, "flare": 0.009,
    "cheek": 0.011, "corner": 0.000, "skin": 0.176, "hair": 0.000, "length": 0.015, "gender": 0.019, "age": 0.099,
    "beard": 0.043,
}  # fmt: skip
"""The part of the sum for a difference of 1 in each value of a shape, in the order of a shape's letters. The last six
are determined by the DNA's words and the age, and placing can't change them; they count because they show who is near
anyway."""
REACH: Final = 0.94
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
