"""Long material of a brief: a text file beside it, and the facts that its text states. Where files are, and whether
they may be read, is `personaforge.spec.material`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from personaforge.brief.fact import Fact, Span
from personaforge.brief.reading import read_brief
from personaforge.brief.text import plain

_PIECE = 1000
"""Characters. Measured on the guard: 0.1 s for so many of short sentences, and 50 s for 26,000 at once."""
_OVERLAP = 200
_STOP = re.compile(r"[.!?](?=\s)|[。！？।؟\n]")


class Material(NamedTuple):
    """One file."""

    path: str
    """Relative to the project, as messages show it."""
    digest: str
    """Of the file's bytes."""
    text: str
    """Without a byte order mark; lines end in one line feed."""


class Told(NamedTuple):
    """A fact that a file states and neither the brief nor a file before has stated."""

    fact: Fact
    place: str
    """`notes.md:12`."""
    language: str
    summarised: bool | None
    """Whether the summary says it, too; None where there is no summary yet."""


def told_by(brief: str, material: Sequence[Material], summary: str = "") -> Iterator[Told]:
    """Yield what files state besides their brief, in their order. A file is read as one text, in its own language."""
    seen = {_same(fact) for fact in read_brief(brief).facts}
    said = {_same(fact) for fact in read_brief(summary).facts} if summary else set()
    folded = " ".join(plain(summary).split())
    for file in material:
        reading = read_brief(file.text)
        for fact in reading.facts:
            if _same(fact) in seen:
                continue
            seen.add(_same(fact))
            stands = " ".join(plain(fact.words).split()) in folded or _same(fact) in said if summary else None
            yield Told(fact, place_of(file, fact.start), reading.language, stands)


def unread_of(material: Sequence[Material]) -> Iterator[tuple[str, Span]]:
    """Yield the runs of words of files that no rule read, with their place."""
    for file in material:
        for span in read_brief(file.text).unread:
            yield place_of(file, span.start), span


def place_of(file: Material, start: int) -> str:
    """Return `file:line` of a position in a file's text."""
    return f"{file.path}:{file.text.count(chr(10), 0, start) + 1}"


def place_of_words(file: Material, words: Sequence[str], start: int = 0) -> str:
    """Return `file:line` of the first of some words that a file has in just this form from `start` on; the line of
    `start` without one."""
    folded = file.text.lower()
    found = [place for word in words if (place := folded.find(word.lower(), start)) >= 0]
    return place_of(file, min(found[0] if found else start, len(file.text)))


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield a text in parts, each with where it begins: whole sentences where they are short enough, and else parts
    that overlap, so that no phrase of 200 characters is cut. For readers that take more time than they have text."""
    start = 0
    while start < len(text):
        window = text[start : start + _PIECE]
        if start + len(window) < len(text):
            ends = [hit.end() for hit in _STOP.finditer(window)]
            if ends and ends[-1] > _OVERLAP:
                yield start, window[: ends[-1]]
                start += ends[-1]
                continue
            yield start, window
            start += _PIECE - _OVERLAP
            continue
        yield start, window
        return


def _same(fact: Fact) -> tuple[str, str, object]:
    return fact.kind, fact.path, fact.value
