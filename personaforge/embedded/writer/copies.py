"""What stands in a document twice: texts of different layers, clauses of one text, entries of one list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.embedded.writer.clash import clash
from personaforge.embedded.writer.flaws import Flaw, quoted, ruled, texts
from personaforge.embedded.writer.own import Said, said_in
from personaforge.embedded.writer.words import content_words, fold

_PROSE = ("soul", "lifestyle.vacation_style.description", "lifestyle.daily_rhythm", "mask.social_role")
_LISTS = ("self.values", "surface.languages", "intent.themes", "intent.genre", "mask.signature_phrases", "mask.tone",
          "dna.skin.marks", "intent.constraints")  # fmt: skip
_STEMMED = ("self.values", "intent.themes", "mask.tone")
"""Lists of single words: an honest person's honesty is one value."""
_ENDINGS = re.compile(r"(?:fulness|iness|ness|ity|ty|fully|ily|ly|ful|ing|ed|ance|ence|ation|ion|al|ous|y|s|e)$")
_SHORTEST_STEM = 4
"""Letters of a stem: shorter ones belong to different words."""
_CLAUSES = re.compile(r"[.;:!?]\s+|,\s+")
_FEWEST = 3
"""Words from which a clause that stands twice in a text is a copy."""
_RUN = 7
"""Words in a row that two texts share only where one is copied: on 200 drafted documents no two share so many."""
_WHOLE = 4
"""Words of a text that stands whole inside another one."""
_ALIKE = 0.75
"""Share of the meaningful words of the shorter of two texts from which one is a copy."""
_LONG = 5
"""Meaningful words of a text that is compared so."""
_LITTLE = frozenset(
    re.findall(r"\w+", "a an the in on at with of for to and by from her his their my playing doing after before every")
)


def copy_flaws(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what is said twice."""
    for found in (_across(document), _within_lists(document), _clauses(document), _interests(document)):
        yield from ruled("copy", found)


def _across(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield texts of different layers that say the same; `craft` compares the four of the soul."""
    # A day and a holiday may be full of an interest, in its words.
    interests = [one.folded for one in said_in(document, ("lifestyle.interests",))]
    told = [
        one._replace(folded=re.sub("|".join(map(re.escape, interests)) or r"(?!)", " ", one.folded))
        for one in said_in(document, (*_PROSE, "mask.signature_phrases"))
    ]
    for place, other in enumerate(told):
        one = next((one for one in told[:place] if not _alone(one, other) and _copied(one, other)), None)
        if one is not None:
            yield clash(other, f"{one.path} has {quoted(one.text)}", "one is a copy of the other", "depth")


def _alone(one: Said, other: Said) -> bool:
    """Tell whether two texts are compared elsewhere: two phrases, by `craft`."""
    return one.path == other.path == "mask.signature_phrases"


def _copied(one: Said, other: Said) -> bool:
    first, second = _words(one.folded), _words(other.folded)
    fewer, more = sorted((first, second), key=len)
    if len(fewer) >= _WHOLE and _inside(fewer, more):
        return True
    runs = {tuple(first[at : at + _RUN]) for at in range(len(first) - _RUN + 1)}
    if any(tuple(second[at : at + _RUN]) in runs for at in range(len(second) - _RUN + 1)):
        return True
    if one.path.startswith("soul.") and other.path.startswith("soul."):
        return False
    meaning, other_meaning = set(content_words(one.folded)), set(content_words(other.folded))
    least = min(len(meaning), len(other_meaning))
    return least >= _LONG and len(meaning & other_meaning) >= _ALIKE * least


def _words(folded: str) -> list[str]:
    return re.findall(r"[\w']+", folded)


def _inside(fewer: list[str], more: list[str]) -> bool:
    return any(more[at : at + len(fewer)] == fewer for at in range(len(more) - len(fewer) + 1))


def _within_lists(document: Mapping[str, Any]) -> Iterator[Flaw]:
    for path in _LISTS:
        entries = [re.sub(r"[^\w ]", "", fold(entry)).strip() for entry in texts(document, path)]
        stems = [_stem(entry) if path in _STEMMED else entry for entry in entries]
        twice = next((entry for entry, stem in zip(entries, stems, strict=True) if stems.count(stem) > 1), "")
        if twice:
            problem = f"{path} has {quoted(twice)} twice."
            yield Flaw("depth", 0.7, path.partition(".")[0], problem, "Let every entry say something else.", 0.1)


def _stem(entry: str) -> str:
    """Return a word without the ending that makes another kind of word of it; several words stay."""
    stem = _ENDINGS.sub("", entry)
    return stem if " " not in entry and len(stem) >= _SHORTEST_STEM else entry


def _clauses(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield a clause that stands twice in one text."""
    for one in said_in(document, _PROSE):
        clauses = [
            re.sub(r"^(?:and|then|and then) ", "", clause.strip(" .,;:!?")) for clause in _CLAUSES.split(one.folded)
        ]
        twice = next((c for c in clauses if len(c.split()) >= _FEWEST and clauses.count(c) > 1), "")
        if twice:
            problem = f"{one.path} says {quoted(twice)} twice."
            yield Flaw("depth", 0.7, one.path.partition(".")[0], problem, "Say it once.", 0.1)


def _interests(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield an interest that another one only says at more length."""
    interests = said_in(document, ("lifestyle.interests",))
    for place, other in enumerate(interests):
        words = _bare(other.folded)
        same = next((one for one in interests[:place] if _within(_bare(one.folded), words)), None)
        if same is not None and same.folded != other.folded:
            problem = f"The interests {quoted(same.text)} and {quoted(other.text)} are one."
            yield Flaw("depth", 0.4, "lifestyle", problem, "Give each category interests of its own.")


def _bare(folded: str) -> set[str]:
    return set(re.findall(r"\w+", folded)) - _LITTLE


def _within(first: set[str], second: set[str]) -> bool:
    fewer, more = sorted((first, second), key=len)
    return len(fewer) >= 2 and fewer <= more
