"""Where on somebody a skin mark is, as a brief has it: on the chin, above the left eyebrow, 左の頬に. The words are in
`data/parts.yaml`; what they don't have is no place, and stays unread."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from personaforge.brief.found import Found
from personaforge.brief.language import data, language
from personaforge.brief.text import END, START

_FAR = 32
"""Characters between a mark and its place: a preposition, an article and a side."""
_CLAUSE = re.compile(r"[.,;:!?\n،؛。、，；！？।]")


class Place(NamedTuple):
    """A place on the body, in English, and its words."""

    words: str
    """Such as `on the left cheek`."""
    start: int
    end: int


def place_of(found: Found, start: int, end: int) -> Place | None:
    """Return the place of the mark between two indices of the plain text; None where none is named beside it."""
    tag, plain = found.words.tag, found.text.plain
    row, matcher = data("parts")[tag], _matcher(tag)
    first, last = (max(0, start - _FAR), start) if row["first"] else (end, min(len(plain), end + _FAR))
    around = plain[first:last]
    if row["first"]:
        first += max((hit.end() for hit in _CLAUSE.finditer(around)), default=0)
    elif barrier := _CLAUSE.search(around):
        last = first + barrier.start()
    hits = [hit for hit in matcher.finditer(plain, first, last) if found.is_free(*hit.span())]
    if not hits:
        return None
    hit = hits[-1] if row["first"] else hits[0]
    if any(word in _joining(tag) for word in re.findall(r"\w+", plain[end : hit.start()])):
        return None  # a scar and brown eyes
    part = next(name for name, words in row["parts"].items() if re.fullmatch(words, hit.group("part")))
    stretch = plain[first : hit.end() + _SIDE] if not row["first"] else plain[max(0, hit.start() - _SIDE) : start]
    side = next((name for name in ("left", "right") if _word(row[name], tag).search(stretch)), "")
    where = next((name for name in ("above", "below") if _word(row[name], tag).search(stretch)), "on")
    behind = re.match(rf"\s+(?:{row['left']}|{row['right']}){END}", plain[hit.end() :]) if not row["first"] else None
    stop = hit.end() + (behind.end() if behind else 0)
    begin = hit.start() if row["first"] else end
    if row["first"] and side:  # 左の頬: the side stands before its part
        offset = max(0, hit.start() - _SIDE)
        before = _word(row[side], tag).search(plain[offset : hit.start()])
        begin = offset + before.start() if before else begin
    return Place(f"{where} the {side + ' ' if side else ''}{part}", begin, stop)


_SIDE = 10
"""Characters beside a part of the body within which its side is named."""


@cache
def _matcher(tag: str) -> re.Pattern[str]:
    words = sorted("|".join(data("parts")[tag]["parts"].values()).split("|"), key=len, reverse=True)
    return _word("(?P<part>" + "|".join(words) + ")", tag)


@cache
def _word(words: str, tag: str) -> re.Pattern[str]:
    row = language(tag)
    if not row.parted or tag == "ko":
        return re.compile(words)
    before = str(row.lists.get("prefixes", ""))
    return re.compile(f"{START}{before}(?:{words}){END}")


@cache
def _joining(tag: str) -> frozenset[str]:
    return frozenset(data("kin")[tag]["conj"].split("|"))
