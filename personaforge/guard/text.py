"""A text as the rules read it: one form for what looks alike, with the way back to the original.

Full-width letters and digits, ligatures and superscripts become the plain ones (NFKC), letters are case-folded, what
has no width vanishes, and so do marks set over letters whose script doesn't need them. Letters of another script that
look alike stay: no table of look-alikes is complete.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_CLUSTER = re.compile(
    "[\u1100-\u115f][\u1160-\u11a7]?[\u11a8-\u11ff]?"  # a Korean syllable in its parts
    "|.[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u093c\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\u200b-\u200f\u2060\ufe00-\ufe0f]*",
    re.DOTALL,
)
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks that are left where no letter has them; vowel points of Hebrew and Arabic; the stretching of Arabic."""
_ALIKE = str.maketrans("ёı\u2019\u02bc\u2010\u2011\u2012\u2013\u2014\u2212\u05be", "еi''-------")
"""Letters and signs that are written either way."""


class Text(NamedTuple):
    """A text in the rules' form."""

    plain: str
    places: tuple[int, ...]
    """The index in the original of each character, and the original's length."""
    original: str

    def words(self, start: int, end: int) -> str:
        """Return the original's words from one index of `plain` to another, in one line."""
        return " ".join(_visible(self.original[self.places[start] : self.places[end]]).split())


def text_of(original: str) -> Text:
    """Return a text in the rules' form."""
    parts: list[str] = []
    places: list[int] = []
    for found in _CLUSTER.finditer(original):
        part = plain_form(found.group())
        parts.append(part)
        places += [found.start()] * len(part)
    return Text("".join(parts), (*places, len(original)), original)


def plain_form(text: str) -> str:
    """Return a short text in the rules' form."""
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", "".join(map(_digit, text)).casefold())
    # NFKC composes what has a letter of its own, as ñ and й; a mark that is left belongs to none.
    composed = _MARKS.sub("", composed).translate(_ALIKE)
    return "".join(one for one in composed if unicodedata.category(one) not in ("Cf", "Cc") or one in "\n\t")


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _visible(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one) not in ("Cf", "Cc") or one.isspace())
