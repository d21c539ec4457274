"""A text as the rules read it: one form for what looks alike, with the way back to the original.

Full-width letters and digits, ligatures and superscripts become the plain ones (NFKC), letters are case-folded, what
has no width vanishes, and so do marks set over letters whose script doesn't need them. A word of two scripts is read in
the one that has all of it, where the letters of the other look alike: Cyrillic, Greek and Armenian ones in a Latin
word, Latin ones in a Cyrillic word. No table of look-alikes is complete (Unicode's own is UTS 39, confusables.txt).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import NamedTuple

_CLUSTER = re.compile(
    "[\u1100-\u115f][\u1160-\u11a7]?[\u11a8-\u11ff]?"  # a Korean syllable in its parts
    "|.[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u093c\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\u200b-\u200f\u2060\ufe00-\ufe0f]*",
    re.DOTALL,
)
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]"
)
"""Marks that are left where no letter has them, as those of a keycap; vowel points of Hebrew and Arabic; the stretching
of Arabic."""
_SMALL = (
    "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f"
    "\u1d0d\u0274\u1d0f\u1d18\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21\u028f\u1d22"
)
"""Small capitals, from A to Z; the alphabet has none for Q and X."""
_ALIKE = str.maketrans(
    "ёı\u2019\u02bc\u2010\u2011\u2012\u2013\u2014\u2212\u05be\u0251\u0261" + _SMALL,
    "еi''-------ag" + "abcdefghijklmnoprstuvwyz",
)
"""Letters and signs that are written either way."""
_INVERSE = {first + index: chr(ord("a") + index) for first in (0x1F150, 0x1F170) for index in range(26)}
"""White letters on a black circle or square, for which NFKC has nothing."""
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]{3,}")
"""Letters of which two make a flag; three and more spell words."""
_HALVES = {ord(sign): " " for sign in "\u00bc\u00bd\u00be"}
"""Signs of a quarter and a half: whoever is 17 and a half is 17, and NFKC would make 171\u20442 of it."""
_LATIN = dict(
    zip(
        "аеіорсухѕјԁһӏԛԝүкмтнгпѵьвαβγεηικνορτυχωϲϳσμζօոսցհլզյѐї",
        "aeiopcyxsjdhlqwykmthrnvbbabyenikvoptuxwcjouzonughlqjei",
        strict=True,
    )
)
"""What other scripts have that looks like a Latin letter, in lower case."""
_CYRILLIC = dict(zip("aceopxyikmthb", "асеорхуікмтнв", strict=True))
_MIXED = re.compile(r"[^\W\d_]*(?:[a-z][\u0370-\u058f]|[\u0370-\u058f][a-z])[^\W\d_]*")
_FOREIGN = re.compile(r"[\u0370-\u058f]")
_SIGN = r"(?:[^\W\d_]|[\u0900-\u0963])"
_LETTER = r"(?:[^\W\d_][\u0900-\u0903\u093a-\u094f\u0951-\u0963]*)"
"""A letter, with its vowel signs in Hindi."""
_GAP = re.compile(r"[\s.\-_*·|/]")
_SPELLED = re.compile(rf"(?<!{_SIGN})(?:{_LETTER}[ .\-_*·|/]){{2,}}{_LETTER}(?!{_SIGN})")
"""Three letters or more, one sign between each two: fewer are initials."""


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
    spelled = _FLAGS.sub(lambda run: "".join(chr(ord(one) - 0x1F1E6 + ord("a")) for one in run.group()), original)
    for found in _CLUSTER.finditer(spelled):
        part = plain_form(found.group())
        parts.append(part)
        places += [found.start()] * len(part)
    return Text(_one_script("".join(parts)), (*places, len(original)), original)


def joined_letters(text: Text, cuts: Callable[[str], Iterable[int]]) -> Text | None:
    """Return a text in which words that are written letter by letter (s i x t e e n, s.i.x.t.e.e.n) have no gaps; None
    where there are none. `cuts` says where in a run of letters words begin and end: there it has a gap again."""
    places: list[int] = []
    parts: list[str] = []
    last = 0
    for found in _SPELLED.finditer(text.plain):
        kept = [index for index in range(*found.span()) if not _GAP.match(text.plain[index])]
        parts.append(text.plain[last : found.start()])
        places += text.places[last : found.start()]
        edges = [0, *sorted({*cuts("".join(text.plain[index] for index in kept))} - {0, len(kept)}), len(kept)]
        for start, end in pairwise(edges):
            if start:
                parts.append(" ")
                places.append(text.places[kept[start] - 1])
            parts += [text.plain[index] for index in kept[start:end]]
            places += [text.places[index] for index in kept[start:end]]
        last = found.end()
    return Text("".join((*parts, text.plain[last:])), (*places, *text.places[last:]), text.original) if last else None


def _one_script(plain: str) -> str:
    if not _FOREIGN.search(plain):
        return plain
    if re.search("[a-z]", plain) and set(_FOREIGN.findall(plain)) <= _LATIN.keys():  # no word is of the other script
        return "".join(_LATIN.get(one, one) for one in plain)
    return _MIXED.sub(lambda found: _in_one_script(found.group()), plain)


def _in_one_script(word: str) -> str:
    for alike, other in ((_LATIN, _FOREIGN), (_CYRILLIC, re.compile("[a-z]"))):
        if set(other.findall(word)) <= alike.keys():
            return "".join(alike.get(one, one) for one in word)
    return word


def plain_form(text: str) -> str:
    """Return a short text in the rules' form."""
    if text.isascii():
        return text.lower()
    figures = "".join(map(_digit, text.translate(_HALVES).translate(_INVERSE)))
    composed = unicodedata.normalize("NFKC", figures.casefold()).casefold()  # NFKC makes capitals of letters in squares
    # NFKC composes what has a letter of its own, as ñ and й; a mark that is left belongs to none.
    composed = _MARKS.sub("", composed).translate(_ALIKE)
    return "".join(one for one in composed if unicodedata.category(one) not in ("Cf", "Cc") or one in "\n\t")


def _digit(character: str) -> str:
    """Return a digit as an ASCII one, and a whole number in one sign (in a circle) as its digits."""
    value: float | None = unicodedata.decimal(character, None)
    if value is None and unicodedata.category(character) == "No":
        value = unicodedata.numeric(character)
    return character if value is None or value != int(value) else str(int(value))


def _visible(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one) not in ("Cf", "Cc") or one.isspace())
