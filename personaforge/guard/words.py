"""Lists of words and phrases, found in a text word by word: no expression has to be compiled for thousands of them.

A phrase is a sequence of words and signs; any gap, hyphen or underscore may part them. A phrase that ends in `*` begins
longer words. In a script that parts no words, a list is an expression, and is found anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from personaforge.guard.text import plain_form

_TOKEN = re.compile(r"(?:[^\W_]|[\u0900-\u0963])+|[^\s_-]")
"""A word, or one sign; vowel signs of Hindi are marks, and belong to words."""


class Token(NamedTuple):
    """A word of a text, or a sign."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=64)
def tokens(plain: str) -> tuple[Token, ...]:
    """Return the words and signs of a text that is in the rules' form."""
    return tuple(Token(found.group(), *found.span()) for found in _TOKEN.finditer(plain))


class Phrases:
    """Phrases by their first word."""

    def __init__(self, phrases: Iterable[str], prefix: str = "") -> None:
        """`prefix` is an expression for what is written before a word without a gap, as Hebrew's `the`."""
        self._prefix = re.compile(prefix) if prefix else None
        self._whole: dict[str, list[tuple[str, ...]]] = {}
        self._begun: dict[str, int] = {}  # beginnings of single words, with their length
        for phrase in phrases:
            self._add(plain_form(phrase))
        for rest in self._whole.values():
            rest.sort(key=len, reverse=True)
        self._lengths = sorted(set(self._begun.values()), reverse=True)

    def _add(self, phrase: str) -> None:
        first, *rest = _TOKEN.findall(phrase.removesuffix("*"))
        if phrase.endswith("*") and not rest:
            self._begun[first] = len(first)
            return
        if phrase.endswith("*"):
            rest[-1] += "*"
        self._whole.setdefault(first, []).append(tuple(rest))
        if "-" in phrase:  # written as one word, too
            self._whole.setdefault(phrase.replace("-", ""), []).append(())

    def find(self, plain: str) -> Iterator[tuple[int, int]]:
        """Yield where phrases stand, from left to right, the longest where several begin at one word."""
        read = tokens(plain)
        index = 0
        while index < len(read):
            found = next(filter(None, (self._at(read, index, cut) for cut in self._cuts(read[index].text))), None)
            if found is not None:
                start, last = found
                yield start, read[last].end
                index = last
            index += 1

    def _cuts(self, word: str) -> Iterable[int]:
        if self._prefix is None:
            return (0,)
        return [cut for cut in range(min(len(word), 6)) if self._prefix.fullmatch(word, 0, cut)]

    def _at(self, read: tuple[Token, ...], index: int, cut: int) -> tuple[int, int] | None:
        """Return where a phrase begins, and the index of its last word."""
        word = read[index].text[cut:]
        for rest in self._whole.get(word, ()):
            end = index + len(rest)
            if end < len(read) and all(
                token.text.startswith(one[:-1]) if one.endswith("*") else token.text == one
                for token, one in zip(read[index + 1 : end + 1], rest, strict=True)
            ):
                return read[index].start + cut, end
        if any(word[:length] in self._begun for length in self._lengths if length <= len(word)):
            return read[index].start + cut, index
        return None


class Anywhere:
    """Words of a script that doesn't part them."""

    def __init__(self, words: Iterable[str]) -> None:
        longest = sorted((plain_form(word) for word in words), key=len, reverse=True)
        parts = (re.escape(word).replace(r"\ ", r"[\s_-]+").replace(r"\-", r"[\s_-]*") for word in longest)
        self._pattern = re.compile("|".join(parts))

    def find(self, plain: str) -> Iterator[tuple[int, int]]:
        """Yield where words stand, from left to right."""
        return (found.span() for found in self._pattern.finditer(plain))
