"""The persona's own adult age, where a text states one: it decides for innocence where a word is ambiguous.

"Bildhauer, 58, Schüler von Beuys" is no pupil, and the four-year-old of "a nurse of 41 with a girl, 4" is somebody
else. Only words of a language's list `ambiguous`, and numbers without a unit behind the adult age, are decided so; what
states an age of its own ("she is 15"), a class of a school or a minor outright never is. An adult age counts only
where it is the persona's: `elders` are other people's (her mother is 42), and `doubts` are words that take an age back
(on paper she is 21). Beside sexual content nothing is decided so: any hint of youth refuses.

Ages are read by the brief's own reader (number words of 16 languages), and in digits by the expressions for ages of
minors, in which 18 to 99 stand for a younger one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from personaforge.brief.reading import read_brief
from personaforge.guard.rules import Rules

_ADULT = re.compile(r"(?<![\d:/])(?<!\d[.,])(?:1[89]|[2-9]\d)(?![\d:/%]|[.,]\d)")
_YOUNG = "14"
_APART = re.compile(r"(?:^|[,;:(.|、，。،؛।]|\s-)\s*(?:[^\s,;:(.|、，。،؛।]{1,12}\s+){0,3}(?:[^\s\x00-\u2fff]{0,4})$")
"""The end of what stands before an age in a clause of its own: three words at most."""
_CLAUSE = 60
"""Characters before an age in which whose it is stands: a clause of usual length."""


class AdultAge(NamedTuple):
    """Where a text states its person's own age as 18 or more."""

    first: int
    is_apart: bool
    """Whether one stands in a clause of its own, as the person's: "Pupil of Ray, painter, 58", and not "a schoolboy who
    helps a postman of 60"."""

    def decides(self, is_word: bool, start: int) -> bool:
        """Return whether it makes what stands at `start` somebody else, or long ago."""
        return start > self.first or (is_word and self.is_apart)


def adult_age(plain: str, original: str, used: Sequence[Rules]) -> AdultAge | None:
    """Return where a text states its person's own age as 18 or more; None where it doesn't.

    An index is one of `plain`; where only the brief's reader finds an age, it is that of its digits, or the end of the
    text's first third: a number in words has no place in the rules' form.
    """
    if any(rules.clauses.doubts.search(plain) for rules in used):
        return None
    found = [*_in_digits(plain, used), *(one.start() for rules in used for one in rules.clauses.adults.finditer(plain))]
    places = [place for place in found if not _is_an_elders(plain, place, used)]
    for fact in read_brief(original).facts:
        if fact.kind == "age":
            at = plain.find(original[fact.start : fact.end].casefold())
            at = at if at >= 0 else len(plain) * fact.start // max(1, len(original))
            if not _is_an_elders(plain, at, used):
                places.append(at)
    if not places:
        return None
    return AdultAge(min(places), any(_APART.search(plain[max(0, place - _CLAUSE) : place]) for place in places))


def _in_digits(plain: str, used: Sequence[Rules]) -> Iterator[int]:
    adults = [found.start() for found in _ADULT.finditer(plain)]
    if not adults:
        return
    aged = _ADULT.sub(_YOUNG, plain)
    for rules in used:
        marked = rules.marked(aged)
        for line in rules.ages:
            if not line.has_number:
                continue
            for found in line.pattern.finditer(marked):
                yield from (place for place in adults if found.start() <= place < found.end())


def _is_an_elders(plain: str, place: int, used: Sequence[Rules]) -> bool:
    before = re.split(r"[.!?;。！？\n]", plain[max(0, place - _CLAUSE) : place])[-1]
    return any(rules.clauses.elders.search(before) for rules in used)
