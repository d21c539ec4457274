"""Two things that excuse an age by the whole of its clause: a thing that has it (her shop turns ten), and an age of
long ago beside the one of today (at twelve she built a radio, today she is 53).

Both are read from a language's data file. `owned` has `lead` (her, the), `nouns` (shop, bicycle), and `link`, all that
may stand between the noun and its age (turns, this year): with any other word or a comma it is somebody's again.
`shared` are numbers that are ordinary words of other languages (once, seize): without a unit they count unless the text
has more of another language's `signs`.
`grown` has `at` (at the age of), `now` (today), `link` (she, is) before an age from 18, and `then` (years) behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from personaforge.guard.text import plain_form


def _any(lines: Iterable[Any]) -> str:
    return "|".join(plain_form(str(line)) for line in lines) or "(?!)"


class Clauses(NamedTuple):
    """What a data file has of these; None where it has no such list."""

    owned: re.Pattern[str] | None
    """The end of what stands before the age of a thing: her shop turns."""
    grown: tuple[re.Pattern[str], re.Pattern[str]] | None
    """What says "at the age of", and what says an adult's age of today behind it."""
    shared: frozenset[str]
    """Numbers that are ordinary words of other languages."""


def clauses(data: Mapping[str, Any], parts_words: bool, end: str) -> Clauses:
    """Return the expressions of a data file; `end` is the edge of a word."""
    shared = frozenset(map(plain_form, data.get("shared", ())))
    return Clauses(_owned(data, parts_words, end), _grown(data), shared)


def _owned(data: Mapping[str, Any], parts_words: bool, end: str) -> re.Pattern[str] | None:
    given = data.get("owned")
    if not given:
        return None
    gap = r"\s+" if parts_words else r"\s*"
    adjective = rf"(?:[^\W\d_]+{gap})?" if parts_words else ""
    lead, nouns, link = (_any(given.get(name, ())) for name in ("lead", "nouns", "link"))
    return re.compile(
        rf"(?:^|[,،、:(])\s*(?:(?:{lead}){end}{gap}){{1,3}}{adjective}(?:{nouns}){end}(?:{gap}(?:{link}){end})*\s*$"
    )


def _grown(data: Mapping[str, Any]) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    given = data.get("grown")
    if not given:
        return None
    at, now, link = (_any(given.get(name, ())) for name in ("at", "now", "link"))
    units = _any(one for forms in data.get("numbers", {}).values() for one in forms)
    adult = rf"(?:1[89]|[2-9]\d|(?:{_any(data.get('tens', ()))})(?:[\s-]*(?:{units}))?)"
    ends = rf"(?=\s*(?:$|[,.;:!?)]|(?:{_any(given.get('then', ()))})(?!\w)))"  # and not 40 pigeons
    return (
        re.compile(rf"(?:^|\s)(?:{at})(?!\w)"),
        re.compile(rf"[,.\s]\s?(?:{now})\s+(?:(?:{link})\s+){{1,3}}{adult}{ends}"),
    )
