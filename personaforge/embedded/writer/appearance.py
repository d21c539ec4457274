"""Whether brief, body and voice of a document agree: looks, hair, gender, register."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.embedded.writer.flaws import Flaw, quoted, ruled, text, value
from personaforge.embedded.writer.locales import UNKNOWN, by_country, locales
from personaforge.embedded.writer.reading import Reading
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import count, fold, pattern

_CLEAR = 0.5
"""Contradiction of a clear one; see `contradiction`."""
_CM = re.compile(r"\b(1[3-9]\d|2[0-2]\d) ?cm\b")
_METRES = re.compile(r"\b([12])[.,](\d{2}) ?m\b")
_CENTIMETRES = 3
"""Difference in cm from which a height is another one."""


def appearance_flaws(document: Mapping[str, Any], reading: Reading, brief: str) -> Iterator[Flaw]:
    """Yield what contradicts the brief's looks or another layer."""
    yield from _looks(document, reading, brief)
    yield from ruled("hair", _hair(document))
    yield from _gender(document)
    yield from _manners(document, brief)


def _flaw(score: str, path: str, problem: str, advice: str, contradiction: float = _CLEAR, *, rule: str) -> Flaw:
    return Flaw(score, 0.7, path.partition(".")[0], problem, advice, contradiction, rule)


def _looks(document: Mapping[str, Any], reading: Reading, brief: str) -> Iterator[Flaw]:
    for path, wanted in reading.looks.items():
        found = value(document, f"dna.{path}")
        if path != "hair.style" and isinstance(found, str) and found != wanted:
            problem = f"The brief says {quoted(wanted)}, but dna.{path} is {quoted(found)}."
            yield _flaw("coherence", "dna", problem, f"Let dna.{path} be {wanted}.", rule="look of the brief")
    height = value(document, "dna.body.height_cm")
    if not isinstance(height, (int, float)) or isinstance(height, bool):
        return
    said = [int(hit) for hit in _CM.findall(fold(brief))] + [
        100 * int(metres) + int(rest) for metres, rest in _METRES.findall(fold(brief))
    ]
    if len(said) == 1 and abs(said[0] - height) > _CENTIMETRES:
        problem = f"The brief says {said[0]} cm, but dna.body.height_cm is {height}."
        advice = f"Let dna.body.height_cm be at least {said[0]} and at most {said[0]}."
        yield _flaw("coherence", "dna", problem, advice, rule="height of the brief")
    gender = text(document, "surface.gender")
    here = by_country(text(document, "surface.location.country")) or locales()[UNKNOWN]
    mean = here.height[gender] if gender in here.height else sum(here.height.values()) / 2
    if reading.taller and (height - mean) * reading.taller < -2 * abs(reading.taller):
        word = "tall" if reading.taller > 0 else "short"
        problem = f"The brief says {word}, but dna.body.height_cm is {height}."
        advice = f"Choose a height that is {word} for this person."
        yield _flaw("coherence", "dna", problem, advice, rule="height of the brief")


def _hair(document: Mapping[str, Any]) -> Iterator[Flaw]:
    style, length = fold(text(document, "dna.hair.style")), text(document, "dna.hair.length")
    texture = text(document, "dna.hair.texture")
    words = table("contradictions")["hair"]
    wrong = ""
    bare, cut = length == "shaved", length in ("shaved", "short")
    if (cut and count(words["long"], style)) or (length and not cut and count(words["none"], style)):
        wrong = f"dna.hair.length is {length}"
    elif texture in ("curly", "coily") and not bare and count(words["straight"], style):
        wrong = f"dna.hair.texture is {texture}"
    elif texture == "straight" and not bare and count(words["curled"], style):
        wrong = "dna.hair.texture is straight"
    if wrong:
        problem = f"dna.hair.style says {quoted(text(document, 'dna.hair.style'))}, but {wrong}."
        yield _flaw(
            "coherence", "dna", problem, "Let style, length and texture describe one head of hair.", rule="hair"
        )


def _gender(document: Mapping[str, Any]) -> Iterator[Flaw]:
    gender, beard = text(document, "surface.gender"), text(document, "dna.face.facial_hair")
    if gender == "woman" and beard not in ("", "none"):
        problem = f"surface.gender is woman, but dna.face.facial_hair is {quoted(beard)}."
        advice = "Choose none for dna.face.facial_hair, or say in the brief why not."
        yield _flaw("realism", "dna", problem, advice, rule="beard")
    for path in ("surface.occupation", "mask.social_role"):
        said = text(document, path)
        for other, words in table("contradictions")["gendered"].items():
            hit = pattern(tuple(words)).search(fold(said))
            if hit and gender in ("woman", "man") and gender != other:
                problem = f"{path} says {quoted(said)}, but surface.gender is {gender}."
                rule = "gender of the occupation" if path == "surface.occupation" else "gender of the role"
                yield _flaw("coherence", path, problem, f"Choose words for a {gender}.", rule=rule)


def _manners(document: Mapping[str, Any], brief: str) -> Iterator[Flaw]:
    """Yield a register that isn't that of how the brief says somebody talks."""
    register, told = text(document, "mask.register"), fold(brief)
    words, advice = table("contradictions")["register"], "Keep to the voice that the brief describes."
    if register in ("formal", "professional") and count(words["swears"], told):
        yield _flaw(
            "coherence",
            "mask",
            f"The brief has somebody who swears, the register is {register}.",
            advice,
            rule="manners of the brief",
        )
    if register in ("casual", "intimate") and count(words["polished"], told):
        problem = f"The brief has somebody of polished manners, the register is {register}."
        yield _flaw("coherence", "mask", problem, advice, rule="manners of the brief")
