"""Two pictures' appearance compared, and a picture's with the words of a DNA. Plain arithmetic over measurements.

A *change* is a distance from the anchor's picture; 0 is the same:

    skin_change, hair_change, eyes_change   CIELAB with half the lightness: sqrt((0.5 dL)^2 + da^2 + db^2), since light
                                            and shadow change the lightness most
    hair_length_change                      units (distances between the pupils) that hair reaches less or further down
    facial_hair_change                      the larger difference of what chin and upper lip are from the cheeks, CIELAB
    glasses_change                          1 where one of the two wears glasses and the other doesn't, else 0
    clothes_change                          Hellinger distance of the clothes' histograms, [0, 1]

Skin, hair and eyes are read as the word of a DNA whose colour is nearest in CIELAB. The colours are medians of how the
pack for drawings sees our own: 446 drawn people of 768 x 1024, frontal, as `embedded.training.people` makes them. Those
of porcelain, auburn, red, blond and amber are of 3 to 7 people each. Nobody has calibrated them, or any bound here,
on photographs; there a reading is advice and no more. `tests.benchmarks.verdicts_appearance` prints the errors on
drawings of other people.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

SKIN: Final[dict[str, tuple[float, float, float]]] = {
    "porcelain": (85.1, 9.9, 8.6),
    "fair": (80.9, 10.8, 14.5),
    "light": (75.6, 12.9, 18.9),
    "medium": (70.5, 13.9, 22.1),
    "olive": (65.7, 12.5, 25.6),
    "tan": (58.6, 15.3, 24.8),
    "brown": (47.5, 15.8, 21.7),
    "dark brown": (36.8, 12.9, 16.8),
    "deep": (28.6, 10.5, 11.8),
}
HAIR: Final[dict[str, tuple[float, float, float]]] = {
    "black": (13.1, 2.4, 0.9),
    "dark brown": (19.8, 6.6, 9.1),
    "brown": (27.6, 9.0, 14.8),
    "light brown": (42.8, 9.2, 21.0),
    "auburn": (31.1, 24.6, 24.8),
    "red": (42.3, 30.2, 36.6),
    "blond": (67.2, 4.8, 30.5),
    "gray": (55.6, 0.4, 1.3),
    "white": (80.4, -0.4, 2.8),
}
EYES: Final[dict[str, tuple[float, float, float]]] = {
    "dark brown": (19.2, 8.3, 10.6),
    "brown": (28.2, 11.1, 16.6),
    "light brown": (36.3, 10.7, 19.8),
    "hazel": (42.2, 2.2, 18.6),
    "amber": (47.9, 10.7, 31.4),
    "green": (43.8, -11.3, 13.2),
    "blue": (43.3, -1.2, -13.7),
    "gray": (49.2, 0.4, -2.2),
}
_REACH: Final = ((0.5, ("shaved", "short")), (2.1, ("chin",)), (3.25, ("shoulder",)), (math.inf, ("long",)))
"""Units up to which hair reaches, and the words for that. Shaved and short hair reach equally far."""
LENGTHS: Final = tuple(words for _, words in _REACH)
"""Words for the length of hair, those together that can't be told apart."""
_BEARD: Final = 32.0
"""Chin's and lip's sum from which on there is a beard: of those drawings 51 of 65 with a beard, and 1 of 373 others."""
_MOUSTACHE: Final = (7.0, 9.0)
"""Lip from the first up, chin below the second: of those drawings 12 of 14 moustaches, and none of 424 others."""
GLASSES: Final = 4.8
"""Of 163 drawings without glasses none had more than 4.4, of 13 with glasses none less than 5.2."""
_TIED: Final = re.compile(r"ponytail|plait|gathered|\bbuns?\b|updo|chignon|\btied|topknot|pulled back|pinned up")
"""How a DNA says that hair is worn so that its length isn't seen beside the face."""
NAMES: Final = {
    "points": "the pack gives no 106 points",
    "small": "the face is too small",
    "turned": "the head is turned too far",
    "closed": "the eyes are closed",
    "outside": "it lies beyond the picture's edge",
    "covered": "the hair is covered",
    "background": "the background has the hair's colour",
    "other_face": "another face than the largest was judged",
    "upright": "its face was measured in the turned picture",
}
"""What `why` of a measurement says, for people."""
PHOTOGRAPHS: Final = "the bounds for it are of drawings, and were wrong on photographs"
OLDER: Final = "it was measured before appearance was"
_FIELDS: Final = ("skin", "hair", "eyes", "reach", "beard", "moustache", "glasses", "clothes")
OTHER_FACE: Final[Mapping[str, Any]] = {"why": dict.fromkeys(_FIELDS, "other_face")}
"""The appearance of every face but the largest, of which alone it is measured."""
_UPRIGHT: Final[Mapping[str, Any]] = {"why": dict.fromkeys(_FIELDS, "upright")}


CHANGES: Final = (
    "skin_change", "hair_change", "eyes_change", "hair_length_change", "facial_hair_change", "glasses_change",
    "clothes_change",
)  # fmt: skip
"""Names of the changes, which are metrics."""


class Reading(NamedTuple):
    """What a picture shows of one word of the DNA."""

    name: str
    """skin, hair, hair length, eyes or facial hair."""
    asked: str
    """The DNA's word."""
    seen: str
    """The word that the picture shows, or several that it can't tell apart: `shaved or short`. Empty: not measured."""
    agrees: bool | None
    """None where it was not measured."""
    unmeasured: str = ""
    """Why not; for people."""


class Changes(NamedTuple):
    """A picture's changes from the anchor's."""

    numbers: Mapping[str, float]
    """By metric, 6 decimals."""
    unmeasured: Mapping[str, str]
    """Why others are missing, by metric; for people."""


_ONE: Final = (("skin_change", "skin"), ("hair_change", "hair"), ("eyes_change", "eyes"))


def appearance_of(measurement: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the appearance that a measurement has; empty where none was measured.

    Nothing but why where the face was measured in the turned picture: the appearance is of the picture as it is, where
    that face lies on its side or was misread.
    """
    return _UPRIGHT if measurement.get("turned_by") else measurement.get("appearance") or {}


def changes(anchor: Mapping[str, Any], candidate: Mapping[str, Any], *, same_clothes: bool) -> Changes:
    """Compare two measurements whose status is `measured`. Clothes only where the same are meant (`same_clothes`)."""
    one, other = appearance_of(anchor), appearance_of(candidate)
    numbers: dict[str, float] = {}
    unmeasured: dict[str, str] = {}

    def both(metric: str, *names: str) -> bool:
        for who, found in (("the picture", other), ("the anchor", one)):
            missing = next((name for name in names if found.get(name) is None), None)
            if missing is not None:
                why = OLDER if not found else NAMES.get(found["why"].get(missing, ""), "it was not measured")
                unmeasured[metric] = f"of {who}: {why}"
                return False
        return True

    for metric, name in _ONE:
        if both(metric, name):
            numbers[metric] = apart(one[name], other[name])
    if both("hair_length_change", "reach"):
        numbers["hair_length_change"] = abs(other["reach"] - one["reach"])
    if both("facial_hair_change", "beard", "moustache"):
        numbers["facial_hair_change"] = max(abs(other[name] - one[name]) for name in ("beard", "moustache"))
    if both("glasses_change", "glasses"):
        numbers["glasses_change"] = float((one["glasses"] >= GLASSES) != (other["glasses"] >= GLASSES))
    if same_clothes and both("clothes_change", "clothes"):
        numbers["clothes_change"] = clothes_distance(one["clothes"], other["clothes"])
    return Changes({name: round(value, 6) for name, value in numbers.items()}, unmeasured)


def readings(dna: Mapping[str, Any], measurement: Mapping[str, Any], *, drawn: bool = True) -> tuple[Reading, ...]:
    """Return what a measured picture shows of the words of a DNA. Left out are words that are not in the tables
    above, what the DNA doesn't say, and the length of hair that is tied.

    Of what isn't `drawn` by forge neither the length of hair nor facial hair is read: of five clean-shaven faces on
    photographs four came out with a beard or a moustache by these bounds, and one of six lengths of hair was wrong.
    """
    found = appearance_of(measurement)

    def word(part: str, key: str) -> str:
        section = dna.get(part)
        return str(section.get(key, "")) if isinstance(section, Mapping) else ""

    read = []
    for name, asked, table, field in (
        ("skin", word("skin", "tone"), SKIN, "skin"),
        ("hair", word("hair", "color"), HAIR, "hair"),
        ("eyes", word("eyes", "color"), EYES, "eyes"),
    ):
        bald = name == "hair" and word("hair", "length") == "shaved"
        if asked in table and not bald:
            read.append(_read(name, asked, found, (field,), lambda one, table=table: (nearest(one, table),)))
    tied = _TIED.search(word("hair", "style").lower())
    if any(word("hair", "length") in words for _, words in _REACH) and not tied:
        asked = word("hair", "length")
        read.append(
            _read("hair length", asked, found, ("reach",), length_words)
            if drawn
            else Reading("hair length", asked, "", None, PHOTOGRAPHS)
        )
    if word("face", "facial_hair") in FACIAL_HAIR:
        asked = word("face", "facial_hair")
        read.append(
            _read("facial hair", asked, found, ("beard", "moustache"), facial_hair_words)
            if drawn
            else Reading("facial hair", asked, "", None, PHOTOGRAPHS)
        )
    return tuple(read)


def _read(name: str, asked: str, found: Mapping[str, Any], fields: Sequence[str], words: Any) -> Reading:
    missing = next((field for field in fields if found.get(field) is None), None)
    if missing is not None:
        why = OLDER if not found else NAMES.get(found["why"].get(missing, ""), "it was not measured")
        return Reading(name, asked, "", None, why)
    seen = words(*(found[field] for field in fields))
    return Reading(name, asked, " or ".join(seen), asked in seen)


def apart(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the distance of two CIELAB colours with half the lightness."""
    return math.sqrt((0.5 * (other[0] - one[0])) ** 2 + (other[1] - one[1]) ** 2 + (other[2] - one[2]) ** 2)


def nearest(colour: Sequence[float], table: Mapping[str, Sequence[float]]) -> str:
    """Return the word whose colour is nearest in CIELAB."""
    return min(table, key=lambda word: math.dist(colour, table[word]))


def length_words(reach: float) -> tuple[str, ...]:
    """Return the words for hair that reaches so many units below the eyes. Tied hair is seen as short."""
    return next(words for end, words in _REACH if reach < end)


FACIAL_HAIR: Final = ("none", "stubble", "moustache", "short beard", "full beard")


def facial_hair_words(chin: float, lip: float) -> tuple[str, ...]:
    """Return the words for how far chin and upper lip are from the cheeks' colour: beards of two lengths look alike, as
    do stubble and a shaved face."""
    if lip >= _MOUSTACHE[0] and chin < _MOUSTACHE[1]:
        return ("moustache",)
    return ("short beard", "full beard") if chin + lip >= _BEARD else ("none", "stubble")


def clothes_distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the Hellinger distance of two histograms that sum to 1: sqrt(1 - sum(sqrt(p q))), in [0, 1]."""
    return math.sqrt(max(0.0, 1 - math.fsum(math.sqrt(p * q) for p, q in zip(one, other, strict=True))))
