"""Whether what a brief states is plainly said of its person, of today: neither of a mother, a past nor a birthplace.

`forge brief` names whatever it reads, and a doubtful fact is worth a look. The audit sends a document back only for a
fact about which these rules have no doubt; any other is only worth a look.
"""

from __future__ import annotations

import re

from personaforge.brief.fate import Row
from personaforge.embedded.writer.own import others
from personaforge.embedded.writer.words import fold

_PERSON = frozenset(["age", "gender", "name", "occupation", "retired", "country", "city", "height", "look", "beard"])
"""Kinds of facts that somebody else in the same clause may have."""
_CLAUSES = re.compile(r"[,;.:()\n]| - | – | — ")
_BEFORE = re.compile(
    r"\b(?:former(?:ly)?|ex|once|used to (?:be|live|work)|previously|was|were|had been|born(?: and raised)?|raised|"
    r"grew up|brought up|native of|originally|left|fled|emigrated|moved|retired from|trained as|trained|studied|"
    r"instead of|not|never|no longer|turned|stopped|gave up|quit|wants?(?: to)?|dream\w*|hopes?|would|will|may|might|"
    r"before that|until then|earlier|first|"
    r"like an?|daughter|son|wife|husband|widow|widower|grand\w+)\b"
)
"""Words before a fact in its clause with which it is of the past, of somebody else, or only wished for."""
_BEHIND = re.compile(
    r"^(?:'s\b|s'|[- ]?turned\b|[- ]born\b|[- ]raised\b|[- ]trained\b| by (?:birth|training)\b| at heart\b)"
)
"""Words right behind it that say the same: a butcher's, chef turned father, Izmir-born."""
_SPAN = re.compile(r"^[^.;]{0,30}\bfor (?:\w+[ -]){1,3}(?:years|months|seasons|winters|summers)\b")
"""A span behind an occupation: an engineer for thirty years."""
_TOLD_FIRST = re.compile(r"[.;:!?]\s|, (?:who|whose|which|and|but)\b|\b(?:who|whose|which|until|before|after|since)\b")
"""Where a brief's first statement ends. The work named behind it may be another's, or of another time."""
_IS_ONE = re.compile(
    r"\b(?:(?:is|i'm|i am|he's|she's|as|now) (?:still |now |also )?(?:an?|the)|works as|job:?) (?:[\w-]+ ){0,2}$"
)
"""Words before an occupation with which it is that of today, wherever it stands."""
_FROM = re.compile(r"\bfrom (?:the )?$")
_AT = re.compile(r"\b(?:in|on|at|near|outside|around|beside|off|now in) (?:the )?(?:[A-Z]|\w+ [A-Z])")
"""Another place in a brief, beside which "from Lyon" is where somebody comes from."""
_ROOT = 5
"""First letters that two names of one trade share: a physicist is a professor of physics."""
_FREE = ("soul.", "mask.", "lifestyle.daily_rhythm", "lifestyle.vacation_style.description", "lifestyle.interests")
"""Where a document has free text, or none has it, so that words are compared with a meaning."""


def is_plain(row: Row, brief: str) -> bool:
    """Tell whether a fact that a document has otherwise is said of the person, of today, and of one field."""
    if not row.path or row.path.startswith(_FREE) or row.place or row.kind == "exclusion":
        return False
    before, behind = fold(brief[: row.start]), fold(brief[row.end :])
    clause = _CLAUSES.split(before)[-1]
    rest = _CLAUSES.split(behind)[0]
    if row.kind in ("city", "country") and re.search(r"\b(?:named|called)\s+$", clause):
        return False
    if row.kind in _PERSON and (_BEFORE.search(clause) or _BEHIND.search(behind)):
        return False
    if row.kind in _PERSON and others().search(f"{clause} {rest}"):
        return False
    if row.kind == "gender" and others().search(fold(row.words)):
        return False  # one husband who hates flying
    found = fold(row.found)
    # In another case, as languages inflect names: z Hajnówki is from Hajnówka.
    if row.kind == "city" and len(found) >= _ROOT and re.search(rf"(?<!\w){re.escape(found[:_ROOT])}", fold(brief)):
        return False
    # What the document has stands in the brief, too: born in one place, living in another.
    if found and re.search(rf"(?<!\w){re.escape(found)}(?!\w)", fold(brief)):
        return False
    # A city's short name is the city: Iloilo is Iloilo City.
    if row.kind == "city" and found and re.search(rf"(?<!\w){re.escape(fold(row.words))}(?!\w)", found):
        return False
    if row.kind == "city" and _FROM.search(before):
        return _AT.search(f"{brief[: row.start]} {brief[row.end :]}") is None
    return row.kind != "occupation" or (not _one_trade(row.words, row.found) and _is_of_today(row, brief))


def _one_trade(first: str, second: str) -> bool:
    """Tell whether two occupations may be one: a language teacher is what a Māori teacher is called."""
    if _head(first) == _head(second):
        return True
    roots = [
        {word[:_ROOT] for word in re.findall(r"\w+", fold(work)) if len(word) >= _ROOT} for work in (first, second)
    ]
    return bool(roots[0] & roots[1])


def _is_of_today(row: Row, brief: str) -> bool:
    """Tell whether a brief says so of today: in its first statement, or with a word such as "is a"."""
    before = fold(brief[: row.start])
    if _SPAN.search(fold(brief[row.end :])):
        return False
    return _TOLD_FIRST.search(before) is None or _IS_ONE.search(before) is not None


def _head(work: str) -> str:
    """Return the last word of an occupation: a language teacher may be what a Māori teacher is called."""
    return next(reversed(re.findall(r"\w+", fold(work))), "")
