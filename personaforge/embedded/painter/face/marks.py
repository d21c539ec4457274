"""What a DNA's `skin.marks` state, as closed words: marks of the skin, make-up and what is worn on an ear or a tooth.

The words are data (`embedded/writer/data/marks.yaml`). A mark that no row knows, or that lies beyond the face, is not
drawn and is named by `painter.undrawn`. Sides are the person's own in text and the viewer's here: a person's left is at
x > 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, NamedTuple

from personaforge.embedded.painter.stated import stated
from personaforge.embedded.writer.tables import table

LIMIT: Final = 12
"""Marks of one face at most; a DNA has three texts."""
_PARTS: Final = re.compile(r",|;| and | with ")


class Mark(NamedTuple):
    """One thing on a face."""

    kind: str
    place: str = ""
    """Where it is; empty for the kind's usual place."""
    side: int = 0
    """-1 for the viewer's left, 1 for the viewer's right, 0 where no side is stated."""
    color: str = ""
    """Of make-up, a name of the table; empty for the kind's usual one."""


def read_marks(texts: Iterable[str]) -> tuple[tuple[Mark, ...], list[str]]:
    """Return the marks that texts state and the texts, or names of kinds, that can't be drawn."""
    found: list[Mark] = []
    lacking: list[str] = []
    for said in (text.lower() for text in texts):
        text = stated(said)
        kinds = _kinds(text)
        place = _first(text, "places")
        if not kinds and (text != said or _pattern(tuple(table("marks")["figure"])).search(text)):
            continue
        if not kinds:
            lacking.append(said)
        elif not place and _pattern(tuple(table("marks")["beyond"])).search(text) and "hearing aid" not in kinds:
            lacking += [f"{kind} ({said})" for kind in kinds]
        else:
            side = {"left": 1, "right": -1, "": 0}[_first(text, "sides")]
            found += [
                Mark(kind, place, side, _color(text, kind) if kind in table("marks")["make_up"] else "")
                for kind in kinds
            ]
    return tuple(dict.fromkeys(found[:LIMIT])), lacking


def makeup_of(texts: Iterable[str]) -> tuple[Mark, ...]:
    """Return the make-up that texts state, and nothing else of them."""
    return tuple(mark for mark in read_marks(texts)[0] if mark.kind in table("marks")["make_up"])


def known_mark(values: Any) -> Mark | None:
    """Return the mark that a list of metadata holds, or None for anything that `read_marks` would not have given."""
    if not isinstance(values, list) or len(values) != len(Mark._fields):
        return None
    kind, place, side, color = values
    tables = table("marks")
    known = (
        isinstance(kind, str) and kind in tables["kinds"]
        and isinstance(place, str) and (not place or place in tables["places"])
        and type(side) is int and -1 <= side <= 1
        and isinstance(color, str) and (not color or color in tables["colors"])
    )  # fmt: skip
    return Mark(kind, place, side, color) if known else None


def tint_of(mark: Mark, usual: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the colour of make-up, sRGB."""
    if not mark.color:
        return usual
    value = int(table("marks")["colors"][mark.color][0][1:], 16)
    return (value >> 16, value >> 8 & 255, value & 255)


def _kinds(text: str) -> list[str]:
    found: list[str] = []
    for kind, words in table("marks")["kinds"].items():
        said = _pattern(tuple(words)).search(text)
        if said is not None:
            found.append(str(kind))
            text = text[: said.start()] + "," + text[said.end() :]  # a longer name is no shorter one, too
    return found


def _first(text: str, part: str) -> str:
    rows = table("marks")[part].items()
    return next((str(name) for name, words in rows if _pattern(tuple(words)).search(text)), "")


def _color(text: str, kind: str) -> str:
    """Return the colour that is said of a kind: the one in its own part of the sentence."""
    named = _pattern(tuple(table("marks")["kinds"][kind]))
    part = next((part for part in _PARTS.split(text) if named.search(part)), "")
    rows = table("marks")["colors"].items()
    return next((str(name) for name, (_, words) in rows if _pattern(tuple(words)).search(part)), "")


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)")
