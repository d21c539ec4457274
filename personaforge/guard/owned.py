"""What excuses an age by the whole of its clause: a thing that has it (her shop turns ten), children by their names
(mother of Tim, 12, and Ana, 15), and an age of long ago beside the one of today (at twelve she built a radio, today she
is 53). And the lists by which the persona's own adult age decides; see `adult`.

All are read from a language's data file. `owned` has `lead` (her, the), `nouns` (shop, bicycle), and `link`, all that
may stand between the noun and its age (turns, this year): with any other word or a comma it is somebody's again.
`shared` are numbers that are ordinary words of other languages (once, seize): without a unit they count unless the text
has more of another language's `signs`.
`parents` (mother of) stand before a list of names and ages, `parents_after` behind it. `then` is a time long ago beside
a word (in the nineties), with `{y}` for a year. `ambiguous` are the beginnings of words that an adult age makes
innocent, `elders` other people who are adults (her mother), `doubts` take an age back (on paper), and `adults` are ages
from 18, with `{a}` for digits.
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
    parents: re.Pattern[str] | None
    """The end of what stands before the age of one of somebody's children, by their names."""
    parents_after: re.Pattern[str] | None
    """What stands behind it where a language puts "mother of" behind the names."""
    then: re.Pattern[str] | None
    """A time long ago, beside a word: in the nineties; with a group `y` where it is a year."""
    ambiguous: re.Pattern[str]
    """The beginning of a mention that an adult age makes innocent."""
    elders: re.Pattern[str]
    """The end of what stands before the age of another adult."""
    doubts: re.Pattern[str]
    """What takes a stated age back."""
    adults: re.Pattern[str]
    """An adult's age in words: in his sixties."""


def clauses(data: Mapping[str, Any], parts_words: bool, end: str) -> Clauses:
    """Return the expressions of a data file; `end` is the edge of a word."""
    shared = frozenset(map(plain_form, data.get("shared", ())))
    start = rf"(?<!\w){data.get('prefix', '')}" if parts_words else ""
    return Clauses(
        _owned(data, parts_words, end),
        _grown(data),
        shared,
        _parents(data, parts_words, start),
        _parents_after(data, parts_words),
        re.compile(f"(?:{_any(data['then'])}){end}".replace("{y}", _YEAR)) if data.get("then") else None,
        re.compile(f"(?:{_any(data.get('ambiguous', ()))})"),
        re.compile(f"{start}(?:{_any(data.get('elders', ()))}){end}[^.;:]{{0,24}}$"),
        re.compile(f"{start}(?:{_any(data.get('doubts', ()))}){end}"),
        re.compile(f"{start}(?:{_any(data.get('adults', ()))}){end}".replace("{a}", _ADULT)),
    )


def _parents(data: Mapping[str, Any], parts_words: bool, start: str) -> re.Pattern[str] | None:
    """Return an expression for "mother of" and names, each with an age or none: Tim, 12, and Ana,"""
    if not data.get("parents"):
        return None
    return re.compile(rf"{start}(?:{_any(data['parents'])})(?!\w)(?!{_BETWEEN}*\d){_items(parts_words)}$")


def _parents_after(data: Mapping[str, Any], parts_words: bool) -> re.Pattern[str] | None:
    if not data.get("parents_after"):
        return None
    if not parts_words:  # and others, each with an age: 蒂姆(12岁)和安娜(15岁)的母亲
        another = r"(?:[,、和与與及とや와과&]\s*[^\W\d_]{1,8}\s*[(,、]?\s*\d{0,2}[岁歲歳才세살]?\)?\s*)"
        return re.compile(rf"[岁歲歳才세살]?[\s)]*{another}*(?:{_any(data['parents_after'])})")
    return re.compile(rf"{_items(parts_words)}(?:{_any(data['parents_after'])})(?!\w)")


_BETWEEN = r"[\s,،、():/&+'-]"
_ADULT = r"(?:1[89]|[2-9]\d)(?!\d)"
_YEAR = r"(?<!\d)(?P<y>(?:19|20)\d\d)(?!\d)"


def _items(parts_words: bool) -> str:
    """Return an expression for up to nine names, ages, and words between them."""
    item = r"(?:(?:[^\W\d_]|[\u0900-\u0963])+|\d{1,2})(?!\w)" if parts_words else r"[^\W_、,]{1,8}"
    return rf"(?:{_BETWEEN}*{item}){{0,9}}?{_BETWEEN}*"


def _owned(data: Mapping[str, Any], parts_words: bool, end: str) -> re.Pattern[str] | None:
    given = data.get("owned")
    if not given:
        return None
    gap = r"\s+" if parts_words else r"\s*"
    words = _any(given.get("and", ()))
    joins = rf"|\s(?:{words})(?=\s)|\s(?=(?:{words})\s)"  # and her dog is; whose, which leads itself
    adjective = rf"(?:[^\W\d_]+{gap})?" if parts_words else ""
    least = 0 if given.get("alone") else 1
    lead, nouns, link = (_any(given.get(name, ())) for name in ("lead", "nouns", "link"))
    return re.compile(
        rf"(?:^|[,،、:(]{joins})\s*(?:(?:{lead}){end}{gap}){{{least},3}}{adjective}"
        rf"(?:{nouns}){end}(?:{gap}(?:{link}){end})*\s*$"
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
