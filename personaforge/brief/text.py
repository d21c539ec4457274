"""A brief as the word lists read it: no case, no accents, and the way back to the original's characters.

Accents go from Latin and Cyrillic letters only (Sevilla, Séville; ё is е). Arabic loses its vowel points and the
variants of alif, and ta marbuta becomes ha; Hebrew loses its points. Full-width letters and digits, and the digits of
Arabic and Devanagari, become plain ones. A Devanagari vowel sign is a part of its word and stays.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

LETTER = r"(?:[^\W_]|[\u0900-\u0963])"
START, END = rf"(?<!{LETTER})", rf"(?!{LETTER})"
"""Where a word begins and ends. Python's own boundary lies inside a word of Hindi, whose vowel signs are marks."""
_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters and a sign that are blank (Unicode's Hangul fillers, the Braille pattern without dots)."""
_ALIKE = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "’": "'", "‘": "'"}
    | {"ʼ": "'", "‐": "-", "‑": "-", "–": "-", "—": "-", "־": "-", "׳": "'", "״": '"', "ـ": ""}
    | {"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "़": ""}
)


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: spaces, line breaks, and characters without a width."""
    return all(unicodedata.category(one)[0] in "ZC" or one in _FILLERS for one in text)


class Text(NamedTuple):
    """A brief in the lists' form."""

    plain: str
    places: tuple[int, ...]
    """Index in the original of each character of `plain`, and the original's length."""
    original: str

    def words(self, start: int, end: int) -> str:
        """Return the original's words from one index of `plain` to another, in one line."""
        return " ".join(self.original[self.places[start] : self.places[end]].split())


def text_of(original: str) -> Text:
    """Return a brief in the lists' form."""
    parts: list[str] = []
    places: list[int] = []
    for place, char in enumerate(original):
        part = _plain(char)
        parts.append(part)
        places += [place] * len(part)
    return Text("".join(parts), (*places, len(original)), original)


def plain(text: str) -> str:
    """Return a short text in the lists' form."""
    return "".join(map(_plain, text))


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char.isascii():
        return char.lower()
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    lower = unicodedata.normalize("NFKC", char).casefold().translate(_ALIKE)
    if any(_loses_accents(one) for one in lower):
        lower = unicodedata.normalize("NFKD", lower)
    kept = (one for one in lower if not _is_point(one) and unicodedata.category(one) != "Cf")
    return "".join(kept)


def _loses_accents(char: str) -> bool:
    return char < "\u0530" or "\u1e00" <= char < "\u2000"


def _is_point(char: str) -> bool:
    return bool(re.match("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670]", char))
