"""Two pictures' appearance compared, and a picture's with the words of a DNA. Plain arithmetic over measurements.

A *change* is a distance from the anchor's picture; 0 is the same:

    skin_change, hair_change, eyes_change   CIELAB with half the lightness: sqrt((0.5 dL)^2 + da^2 + db^2), since light
                                            and shadow change the lightness most
    hair_length_change                      units (distances between the pupils) that hair reaches less or further down
    facial_hair_change                      the larger difference of what chin and upper lip are from the cheeks, CIELAB
    glasses_change                          1 where one of the two wears glasses and the other doesn't, else 0
    clothes_change                          Hellinger distance of the clothes' histograms, [0, 1]

Skin, hair and eyes are read as the word of a DNA whose colour is nearest in CIELAB. The colours are medians of how the
pack for drawings sees our own: 230 drawn people of 768 x 1024, frontal, as `tests.benchmarks.painter_fit appearance`
draws them. Those of porcelain, red and blond, and of gray eyes, are of 1 to 6 people each, auburn and amber of earlier
drawings. Nobody has calibrated them, or any bound here, on photographs; there a reading is advice and no more.
`tests.benchmarks.verdicts_appearance` prints the errors on drawings of other people.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

SKIN: Final[dict[str, tuple[float, float, float]]] = {
    "porcelain": (79.8, 13.6, 10.5),
    "fair": (80.9, 10.7, 15.0),
    "light": (76.3, 12.8, 19.2),
    "medium": (71.0, 13.3, 26.2),
    "olive": (66.1, 12.3, 27.4),
    "tan": (60.0, 16.0, 27.7),
    "brown": (49.1, 16.4, 23.9),
    "dark brown": (38.1, 13.9, 17.6),
    "deep": (30.1, 11.0, 12.5),
}
HAIR: Final[dict[str, tuple[float, float, float]]] = {
    "black": (14.1, 1.9, 0.7),
    "dark brown": (20.3, 6.2, 8.6),
    "brown": (27.6, 8.7, 14.1),
    "light brown": (41.7, 9.0, 20.4),
    "auburn": (31.1, 24.6, 24.8),
    "red": (43.5, 30.2, 35.9),
    "blond": (68.9, 4.8, 30.8),
    "gray": (55.4, 0.4, 1.3),
    "white": (84.8, -0.4, 3.2),
}
EYES: Final[dict[str, tuple[float, float, float]]] = {
    "dark brown": (13.4, 6.9, 9.2),
    "brown": (21.8, 9.0, 14.6),
    "light brown": (30.1, 9.5, 18.6),
    "hazel": (31.3, 2.3, 16.9),
    "amber": (47.9, 10.7, 31.4),
    "green": (33.5, -9.9, 12.0),
    "blue": (34.8, -1.7, -12.3),
    "gray": (40.1, -0.5, -2.2),
}
LENGTHS: Final = (("shaved", "short"), ("chin",), ("shoulder",), ("long",))
"""Words for the length of hair, those together that can't be told apart."""
_HANGING: Final = (1.1, 2.4, 3.4)
"""Units below the eyes from which on hair that hangs is of the next of `LENGTHS`: of 147 drawings 3 are beyond."""
_ROUND: Final = (0.4, 1.0, 2.0)
"""The same of coily hair that is left loose: it grows to all sides, and down by less. Of 24 drawings 1 is beyond, and
none is long."""
_BEARD: Final = 45.8
"""Chin's and lip's sum from which on there is a beard: of those drawings 11 of 217 are on the wrong side."""
_MOUSTACHE: Final = (4.5, 4.5)
"""Lip from the first up, chin below the second: of those drawings 2 of 222 are on the wrong side."""
GLASSES: Final = 4.8
"""Of 163 drawings without glasses none had more than 4.4, of 13 with glasses none less than 5.2."""
_TIED: Final = re.compile(
    r"ponytail|plait|gathered|\bbuns?\b|updo|chignon|\btied|topknot|pulled back|pinned up|pigtail|pineapple|\bpuffs?\b"
    r"|\bknots?\b|cornrow|(?:french|dutch|crown|side|single|one|fishtail|long|loose|thick) (?:braid|twist)\b|\bbraid$"
)
"""How a DNA says that hair is worn so that its length isn't seen beside the face."""
_COVERED: Final = re.compile(
    r"hijab|head ?scarf|khimar|shayla|turban|dastar|pagri|\bgele\b|head ?wrap|\bduku\b|\bdoek\b|tichel"
)
"""How a DNA says that hair is covered."""
_MADE: Final = re.compile(r"\blocs?\b|dread|braid|twists\b")
"""How a DNA says that hair is made into cords, which hang whatever its texture."""
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
    above, what the DNA doesn't say, hair that is covered, and the length of hair that is tied.

    Of what isn't `drawn` by forge neither the length of hair nor facial hair is read: of five clean-shaven faces on
    photographs four came out with a beard or a moustache by these bounds, and one of six lengths of hair was wrong.
    """
    found = appearance_of(measurement)

    def word(part: str, key: str) -> str:
        section = dna.get(part)
        return str(section.get(key, "")) if isinstance(section, Mapping) else ""

    style = word("hair", "style").lower()
    read = []
    for name, asked, table, field in (
        ("skin", word("skin", "tone"), SKIN, "skin"),
        ("hair", word("hair", "color"), HAIR, "hair"),
        ("eyes", word("eyes", "color"), EYES, "eyes"),
    ):
        unseen = name == "hair" and (word("hair", "length") == "shaved" or _COVERED.search(style))
        if asked in table and not unseen:
            read.append(_read(name, asked, found, (field,), lambda one, table=table: (nearest(one, table),)))
    if any(word("hair", "length") in words for words in LENGTHS) and not (
        _TIED.search(style) or _COVERED.search(style)
    ):
        asked = word("hair", "length")
        is_round = word("hair", "texture") == "coily" and not _MADE.search(style)
        read.append(
            _read("hair length", asked, found, ("reach",), lambda reach: length_words(reach, is_round=is_round))
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


def length_words(reach: float, *, is_round: bool = False) -> tuple[str, ...]:
    """Return the words for hair that reaches so many units below the eyes, where it hangs or grows to all sides. Tied
    hair is seen as short."""
    return LENGTHS[bisect_right(_ROUND if is_round else _HANGING, reach)]


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
