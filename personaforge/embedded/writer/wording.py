"""Whether two texts say the same in nearly the same words: by their stems, without little words, in any order.

The stems are crude: an ending cut off, in English first. Words of one meaning that wording.yaml lists are one stem.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from personaforge.embedded.once import once
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold

_ENDINGS = re.compile(
    r"(?:fulness|iness|ness|ity|ty|fully|ily|ly|ful|ings?|ed|ance|ence|ations?|ions?|al|ous|ies|y|es|s|e|ers?|in)$"
)
_SHORTEST = 3
"""Letters of a stem: shorter ones belong to different words."""
_SHARED = 3
"""Stems that two texts have to share."""
_MOST = 0.75
"""Share of the stems of two entries from which they are one."""


@once
def _little() -> frozenset[str]:
    return frozenset(word for words in table("wording")["little"].values() for word in words.split())


@once
def _same() -> Mapping[str, str]:
    """Return the first word's stem for every word of one meaning."""
    return {_cut(word): _cut(group[0]) for group in table("wording")["same"] for word in group}


def _cut(word: str) -> str:
    """Return a word without its ending."""
    stem = _ENDINGS.sub("", word)
    if len(stem) >= _SHORTEST:
        return stem[:-1] if len(stem) > _SHORTEST + 1 and stem[-1] == stem[-2] else stem
    return word


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """Return the stems of a text's words without little ones. Himself is self, as in self-mocking."""
    words = re.findall(r"[^\W_]+", re.sub(r"\b(?:her|him|my|your|one|our|them)sel(?:f|ves)\b", "self", fold(text)))
    found = (_cut(word) for word in words if word not in _little())
    return frozenset(_same().get(stem, stem) for stem in found)


def likeness(first: str, second: str) -> float:
    """Return the share of the stems of two texts that both have, 0 to 1; 0 for fewer than three."""
    one, other = stems(first), stems(second)
    shared = len(one & other)
    return shared / len(one | other) if shared >= _SHARED else 0.0


def is_same_entry(first: str, second: str, alone: bool) -> bool:
    """Tell whether two entries of a list are one: the same stems, one within the other, or the same letters (underwater
    sketches, sketches under water). `alone`: whether a single stem is enough."""
    one, other = stems(first), stems(second)
    fewer, more = sorted((one, other), key=len)
    if len(fewer) < (1 if alone else 2):
        return False
    if fewer == more or (len(fewer) >= 2 and fewer <= more):
        return True
    if len(fewer & more) >= _SHARED and len(fewer & more) >= _MOST * len(fewer | more):
        return True
    return len(one) != len(other) and _letters(first) == _letters(second)


def _letters(text: str) -> str:
    words = (word for word in re.findall(r"[^\W_]+", fold(text)) if word not in _little() or len(word) > _SHORTEST)
    return "".join(sorted("".join(words)))
