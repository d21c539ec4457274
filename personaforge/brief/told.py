"""Facts of a brief that a drafter is told beside it, for one that reads little by itself: the embedded writer.

It reads English by its own rules, and what those read stays as it was: of an English brief it is told only what they
never read (a height, skin marks, an age in words or as a part of a decade, a colour nobody is born with, two colours),
so that no other request changes. Of any other brief it is told everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from personaforge.brief.fact import BriefReading, Fact
from personaforge.brief.reading import read_brief

_NEVER_READ = ("height", "mark")
_BEARDS = ("stubble", "moustache", "mustache", "short beard", "bearded", "full beard", "big beard")
"""English words for a beard that the drafter reads by itself."""
_NOUN = r"\b(?:hair|eyes?)\b"
_DYED = {
    "dna.hair.color": frozenset({"pink", "purple", "blue", "green", "silver", "orange", "yellow"}),
    "dna.eyes.color": frozenset({"pink", "purple", "red", "black", "white", "orange", "yellow"}),
}
"""Colours of hair and eyes that a drafter doesn't think of by itself."""
_DECADE = 9
"""Years between the youngest and the oldest of somebody in their forties."""
_BETWEEN = 14
"""Characters between two colours of one thing, at most: `blue and one green`."""


def told_facts(brief: str) -> list[dict[str, Any]]:
    """Return facts as a request has them: kind, path and value; empty where there is nothing to tell."""
    reading = read_brief(brief)
    pairs = _pairs(brief, reading)
    aside = [{"kind": "aside", "path": "", "value": [list(span) for span in reading.asides]}]
    return (
        (aside if reading.asides and reading.language == "en" else [])
        + [{"kind": "look", "path": path, "value": value} for path, value in pairs.items()]
        + [
            {
                "kind": fact.kind,
                "path": fact.path,
                "value": list(fact.value) if isinstance(fact.value, tuple) else fact.value,
            }
            for fact in reading.facts
            if reading.language != "en"
            or fact.kind in _NEVER_READ
            or fact.value == "wheelchair"
            or (fact.kind == "beard" and fact.words.lower() not in _BEARDS)
            or (fact.kind == "gender" and any(one.kind == "beard" and one.start == fact.start for one in reading.facts))
            or (fact.kind == "look" and _is_behind(brief, fact))
            or fact.value in _DYED.get(fact.path, ())
            or (fact.path == "surface.age" and _is_exact(fact.value) and _is_unusual(fact.words))
            or (fact.path == "surface.age" and _is_part_of_a_decade(fact.value))
        ]
    )


_SEVERAL = ("mark", "language", "exclusion", "thing")
"""Kinds of facts of which one person has several: what a summary adds to the brief's own."""


def told_beside(brief: str, summary: str) -> list[dict[str, Any]]:
    """Return the facts of a brief, and those of the summary of its files, which may be in another language. Where both
    state a field, the brief's own text stands."""
    told = told_facts(brief)
    if not summary:
        return told
    stated = {fact.path for fact in read_brief(brief).facts if fact.kind not in _SEVERAL}
    places = any(path.startswith("surface.location.") for path in stated)
    return told + [
        fact
        for fact in told_facts(summary)
        if fact not in told
        and (fact["kind"] in _SEVERAL or fact["path"] not in stated)
        and not (places and fact["path"].startswith("surface.location."))
    ]


def _is_unusual(words: str) -> bool:
    """Return whether an English age is in a form that the drafter's own rules never read: forty, of 41, Age: 41."""
    return not any(char.isdigit() for char in words) or bool(re.match(r"of\s|age ?[:=-]", words.lower()))


def _is_behind(brief: str, fact: Fact) -> bool:
    """Return whether an English look stands behind its noun and before none: hair that is brown and curly. The
    drafter's own rules read adjectives before one."""
    before, behind = brief[: fact.start].lower(), brief[fact.end :].lower()
    return bool(
        re.search(rf"{_NOUN}[^.;:!?,]{{0,30}}$", before)
        and not re.match(rf"(?:[,\s]+[\w-]+){{0,3}}?[,\s]+{_NOUN}", behind)
    )


def _is_exact(value: Any) -> bool:
    return isinstance(value, tuple) and value[0] == value[1]


def _is_part_of_a_decade(value: Any) -> bool:
    """Return whether an age is some years of ten, as in "late forties": the drafter's own rules read the decade."""
    return isinstance(value, tuple) and 0 < value[1] - value[0] < _DECADE


@lru_cache(maxsize=64)
def stated_colors(brief: str) -> Mapping[str, tuple[str, ...]]:
    """Return the colours that a brief states of hair and eyes, by path; two that belong together are one: `blue and
    green`."""
    reading = read_brief(brief)
    found: dict[str, list[str]] = {path: [value] for path, value in _pairs(brief, reading).items()}
    for fact in reading.facts:
        if fact.path in _DYED and fact.kind == "look":
            found.setdefault(fact.path, []).append(str(fact.value))
    return {path: tuple(dict.fromkeys(values)) for path, values in found.items()}


def _pairs(brief: str, reading: BriefReading) -> dict[str, str]:
    """Return two colours that a brief gives to one thing: one blue and one green eye, black and pink hair."""
    found: dict[str, str] = {}
    for path in _DYED:
        facts = [fact for fact in reading.facts if fact.path == path and fact.kind == "look"]
        for one, other in pairwise(facts):
            if one.value != other.value and _together(brief, reading.language, one, other):
                found.setdefault(path, f"{one.value} and {other.value}")
    return found


def _together(brief: str, tag: str, one: Fact, other: Fact) -> bool:
    """Return whether nothing but a few little words is between two colours: no comma, and no noun but `eye`."""
    from personaforge.brief.language import language

    between = brief[one.end : other.start].lower()
    if len(between) > _BETWEEN or re.search(r"[^\w\s'-]", between):
        return False
    lists = language(tag).lists
    nouns = [word for word in (*lists["hair"], *lists["eyes"], *lists.get("hair_words", ())) if word != "eye"]
    return not language(tag).pattern(nouns).search(between)
