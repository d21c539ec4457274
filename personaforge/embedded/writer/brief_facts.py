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
    r"like an?|daughter|son|wife|husband|widow|widower|grand\w+)\b"
)
"""Words before a fact in its clause with which it is of the past, of somebody else, or only wished for."""
_BEHIND = re.compile(
    r"^(?:'s\b|s'|[- ]?turned\b|[- ]born\b|[- ]raised\b|[- ]trained\b| by (?:birth|training)\b| at heart\b)"
)
"""Words right behind it that say the same: a butcher's, chef turned father, Izmir-born."""
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
    found = fold(row.found)
    # What the document has stands in the brief, too: born in one place, living in another.
    if found and re.search(rf"(?<!\w){re.escape(found)}(?!\w)", fold(brief)):
        return False
    # A city's short name is the city: Iloilo is Iloilo City.
    if row.kind == "city" and found and re.search(rf"(?<!\w){re.escape(fold(row.words))}(?!\w)", found):
        return False
    return row.kind != "occupation" or _head(row.words) != _head(row.found)


def _head(work: str) -> str:
    """Return the last word of an occupation: a language teacher may be what a Māori teacher is called."""
    return next(reversed(re.findall(r"\w+", fold(work))), "")
