"""What stands in a document twice: texts of different layers, clauses of one text, entries of one list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.embedded.writer.clash import clash
from personaforge.embedded.writer.flaws import Flaw, quoted, ruled, texts
from personaforge.embedded.writer.own import Said, said_in
from personaforge.embedded.writer.wording import is_same_entry, likeness, stems
from personaforge.embedded.writer.words import content_words, fold

_PROSE = ("soul", "lifestyle.vacation_style.description", "lifestyle.daily_rhythm", "mask.social_role")
_LISTS = ("self.values", "surface.languages", "intent.themes", "intent.genre", "mask.signature_phrases", "mask.tone",
          "dna.skin.marks", "intent.constraints")  # fmt: skip
_ONE_WORD = ("self.values", "intent.themes", "mask.tone", "dna.skin.marks")
"""Lists in which two words of one stem are one entry: an honest person's honesty is one value."""
_CLAUSES = re.compile(r"[.;:!?]\s+|,\s+")
_OPENING = re.compile(r"^(?:and then|and|then|from|through|towards?|to)\s+")
"""What stands before a clause that is the same without it: from wanting to be first, through wanting to be first."""
_MEANT = 2
"""Stems of a clause that is compared without its little words."""
_FEWEST = 3
"""Words from which a clause that stands twice in a text is a copy."""
_RUN = 7
"""Words in a row that two texts share only where one is copied: on 200 drafted documents no two share so many."""
_WHOLE = 4
"""Words of a text that stands whole inside another one."""
_ALIKE = 0.75
"""Share of the meaningful words of the shorter of two texts from which one is a copy."""
_SAME_STEMS = 0.5
"""Share of the stems of two texts from which one is the other in other words; see `likeness`. No two texts of 226 clean
documents share more than .34."""
_LONG = 5
"""Meaningful words of a text that is compared so."""


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
        one = next((one for one in told[:place] if _said_before(one, other)), None)
        if one is not None:
            yield clash(other, f"{one.path} has {quoted(one.text)}", "one is a copy of the other", "depth")


def _said_before(one: Said, other: Said) -> bool:
    """Tell whether one text is the other. Two phrases are compared by `craft`, too."""
    if one.path == other.path == "mask.signature_phrases":
        return one.folded != other.folded and likeness(one.folded, other.folded) >= _SAME_STEMS
    return _copied(one, other)


def _copied(one: Said, other: Said) -> bool:
    first, second = _words(one.folded), _words(other.folded)
    fewer, more = sorted((first, second), key=len)
    if len(fewer) >= _WHOLE and _inside(fewer, more):
        return True
    runs = {tuple(first[at : at + _RUN]) for at in range(len(first) - _RUN + 1)}
    if any(tuple(second[at : at + _RUN]) in runs for at in range(len(second) - _RUN + 1)):
        return True
    if likeness(one.folded, other.folded) >= _SAME_STEMS:
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
        entries = texts(document, path)
        bare = [re.sub(r"[^\w ]", "", fold(entry)).strip() for entry in entries]
        for place, entry in enumerate(entries):
            if bare[place] in bare[:place] or any(
                is_same_entry(one, entry, path in _ONE_WORD) for one in entries[:place]
            ):
                problem = f"{path} has {quoted(bare[place])} twice."
                yield Flaw("depth", 0.7, path.partition(".")[0], problem, "Let every entry say something else.", 0.1)
                break


def _clauses(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield a clause that stands twice in one text, word for word or nearly."""
    for one in said_in(document, _PROSE):
        clauses = [
            _OPENING.sub("", clause.strip(" .,;:!?"))
            for clause in _CLAUSES.split(one.folded)
            if clause.strip(" .,;:!?")
        ]
        twice = next(
            (
                clause
                for place, clause in enumerate(clauses)
                if len(clause.split()) >= _FEWEST
                and (clause in clauses[:place] or any(_nearly(before, clause) for before in clauses[:place]))
            ),
            "",
        )
        if twice:
            problem = f"{one.path} says {quoted(twice)} twice."
            yield Flaw("depth", 0.7, one.path.partition(".")[0], problem, "Say it once.", 0.1)


def _nearly(first: str, second: str) -> bool:
    """Tell whether two clauses have the same words but for little ones: the stems of both are one set."""
    return len(stems(first)) >= _MEANT and stems(first) == stems(second)


def _interests(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield an interest that another one says in other order, or only at more length."""
    interests = said_in(document, ("lifestyle.interests",))
    for place, other in enumerate(interests):
        same = next((one for one in interests[:place] if is_same_entry(one.text, other.text, False)), None)
        if same is not None and same.folded != other.folded:
            problem = f"The interests {quoted(same.text)} and {quoted(other.text)} are one."
            yield Flaw("depth", 0.4, "lifestyle", problem, "Give each category interests of its own.")
