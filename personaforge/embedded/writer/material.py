"""The summary of a brief's files by rules: sentences of the files themselves, as they are written. Nothing is added,
and no sentence is cut.

Sentences that state a fact of a kind that neither the brief nor a chosen sentence has stated come first, then other
facts, then the rest from the beginning, as long as they fit. They are put back into the order of the files. A sentence
that contradicts the brief, or one before it, is left out: whoever reads the summary can't tell which of two holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from personaforge.brief.fact import Fact, Value
from personaforge.brief.reading import read_brief
from personaforge.embedded.writer.assignment import Assignment
from personaforge.errors import Refused

FIELD = "summary"
_LONGEST = 4000
"""Characters, where the schema has no bound: as many as a brief's own text may have."""
_SEVERAL = ("mark", "language", "exclusion", "thing", "retired")
"""Kinds of facts of which a person may have several, or one beside another of the same field."""
_END = re.compile(r"(?<=[.!?…])[\"”»')\]]*(?=\s)|(?<=[。！？।؟])|\n\s*\n|\n(?=\s*(?:[-*+•#>|]|\d+[.)])\s)|\n(?=\S)")
"""Where a sentence may end: at its mark, at an empty line, before a mark of a list or a heading, at a line's end."""
_MARK = re.compile(r"\s*(?:[-*+•#>|]|\d+[.)])\s")
_WRAPPED = 50
"""Characters from which on a line may have been wrapped within a sentence; editors wrap at 70 to 120."""
_ABBREVIATED = re.compile(r"(?:\b(?:[A-Za-z]|Dr|Mr|Mrs|Ms|St|Prof|Sr|Sra|Nr|ca|bzw|z\.B|e\.g|i\.e|vs|approx)|\d)\.$")
_MARKS = re.compile(r"^\s*(?:(?:[-*+•>|]|#{1,6}|\d+[.)])\s+)*")
_RULE = re.compile(r"^[\s=_*|:-]*$")


class _Sentence(NamedTuple):
    place: int
    text: str
    facts: tuple[Fact, ...]
    """What it states."""


def summarise(a: Assignment) -> dict[str, Any]:
    """Return the summary. Raises Refused for a schema that asks for more than a summary, and where no sentence
    fits."""
    properties = a.schema.get("properties") or {}
    further = [name for name in a.schema.get("required", ()) if name != FIELD]
    if FIELD not in properties or further:
        raise Refused(
            f"embedded text puts sentences of a brief's files into `{FIELD}`, and the schema asks for "
            f"{', '.join(further) or 'no such field'}",
            hint="leave the step's schema as it is packaged, or text=litellm",
        )
    limit = int(properties[FIELD].get("maxLength", _LONGEST))
    found = _chosen(a.brief, list(_sentences(a.material)), limit)
    if not found:
        raise Refused(
            f"embedded text takes whole sentences of a brief's files, and none has {limit} characters or less",
            hint="part long sentences, or text=litellm",
        )
    return {FIELD: found}


def _chosen(brief: str, sentences: Sequence[_Sentence], limit: int) -> str:
    stated = {_field(fact): fact.value for fact in read_brief(brief).facts}
    first: list[_Sentence] = []
    further: list[_Sentence] = []
    rest: list[_Sentence] = []
    for one in sentences:
        if any(_contradicts(fact, stated) for fact in one.facts):
            continue
        new = [fact for fact in one.facts if _field(fact) not in stated]
        (first if new else further if one.facts else rest).append(one)
        stated |= {_field(fact): fact.value for fact in new}
    kept: dict[int, str] = {}
    size = 0
    for one in (*first, *further, *rest):
        if size + len(one.text) + bool(kept) <= limit:
            size += len(one.text) + bool(kept)
            kept[one.place] = one.text
    return " ".join(kept[place] for place in sorted(kept))


def _field(fact: Fact) -> str:
    """Return what a fact is about: its path, or its kind where no single field has it."""
    return fact.path or fact.kind


def _contradicts(fact: Fact, stated: Mapping[str, Value]) -> bool:
    """Return whether a fact gives another value to a field of which one person has one; ages that overlap don't."""
    if fact.kind in _SEVERAL or _field(fact) not in stated:
        return False
    known = stated[_field(fact)]
    if isinstance(known, tuple) and isinstance(fact.value, tuple):
        return known[1] < fact.value[0] or fact.value[1] < known[0]
    return known != fact.value


def _sentences(material: Sequence[str]) -> Iterator[_Sentence]:
    number = 0
    for text in material:
        facts = read_brief(text).facts
        for start, end in _spans(text):
            said = " ".join(_MARKS.sub("", text[start:end]).split())
            if said and not _RULE.match(said):
                within = tuple(fact for fact in facts if start <= fact.start < end)
                yield _Sentence(number, _closed(said), within)
                number += 1


def _closed(said: str) -> str:
    """Return a sentence with a mark at its end, so that a heading doesn't run into what follows it."""
    return said if said[-1] in ".!?…。！？।؟:;\"”»')]" else f"{said}."


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for hit in _END.finditer(text):
        if hit.end() > start and _is_end(text, start, hit):
            yield start, hit.end()
            start = hit.end()
    yield start, len(text)


def _is_end(text: str, start: int, hit: re.Match[str]) -> bool:
    if not hit.group().startswith("\n"):
        return not _ABBREVIATED.search(text[start : hit.start()])
    if hit.group() != "\n" or _MARK.match(text, hit.end()):
        return True
    line = text[text.rfind("\n", 0, hit.start()) + 1 : hit.start()]
    return len(line) < _WRAPPED or line.lstrip().startswith("#")
