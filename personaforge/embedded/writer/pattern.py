"""A text that matches a regular expression, for schema patterns such as `^#[0-9a-f]{6}$`.

Understands what schemas use: literals, classes, escapes, groups, alternation and quantifiers. What it doesn't
understand (look-around, back-references) gives None, and the caller falls back to words.
"""

from __future__ import annotations

import re
import string
from random import Random

_CLASSES = {"d": string.digits, "w": string.ascii_lowercase + string.digits, "s": " "}
_ANY = string.ascii_lowercase
_MOST = 6
"""Repetitions of an open-ended quantifier beyond its least."""


def matching(pattern: str, rng: Random) -> str | None:
    """Return a text in which the pattern is found; None if none could be made."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None
    for _ in range(20):
        reader = _Reader(pattern, rng)
        try:
            text = reader.alternation()
        except (ValueError, IndexError):
            return None
        if reader.at == len(pattern) and compiled.search(text):
            return text
    return None


class _Reader:
    """Reads a pattern from left to right and writes a text as it goes. Raises ValueError for what it can't read."""

    def __init__(self, pattern: str, rng: Random) -> None:
        self.pattern, self.rng, self.at = pattern, rng, 0

    def alternation(self) -> str:
        options = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            options.append(self._sequence())
        return self.rng.choice(options)

    def _peek(self) -> str:
        return self.pattern[self.at] if self.at < len(self.pattern) else ""

    def _sequence(self) -> str:
        text = ""
        while self._peek() and self._peek() not in "|)":
            start = self.at
            atom = self._atom()
            end = self.at
            least, most = self._quantifier()
            for index in range(self.rng.randint(least, most)):
                if index:  # each repetition draws anew
                    after, self.at = self.at, start
                    atom = self._atom()
                    assert self.at == end
                    self.at = after
                text += atom
        return text

    def _atom(self) -> str:
        char = self._peek()
        self.at += 1
        if char in "^$":
            return ""
        if char == ".":
            return self.rng.choice(_ANY)
        if char == "[":
            return self.rng.choice(self._class())
        if char == "(":
            return self._group()
        if char == "\\":
            return self._escape()
        if char in "*+?{":
            raise ValueError("a quantifier without anything to repeat")
        return char

    def _group(self) -> str:
        if self.pattern.startswith("?:", self.at):
            self.at += 2
        elif self._peek() == "?":
            raise ValueError("look-around and named groups")
        text = self.alternation()
        if self._peek() != ")":
            raise ValueError("an open group")
        self.at += 1
        return text

    def _escape(self) -> str:
        char = self._peek()
        self.at += 1
        if char in "bBAZz":
            return ""
        if char in _CLASSES:
            return self.rng.choice(_CLASSES[char])
        if char.isalnum():
            raise ValueError("an unknown escape or a back-reference")
        return char

    def _class(self) -> str:
        negated = self._peek() == "^"
        self.at += negated
        chars, first = "", True
        while first or self._peek() != "]":
            first = False
            char = self.pattern[self.at]
            self.at += 1
            if char == "\\":
                escaped = self.pattern[self.at]
                self.at += 1
                chars += _CLASSES.get(escaped, escaped)
            elif self._peek() == "-" and self.pattern[self.at + 1] != "]":
                last = self.pattern[self.at + 1]
                self.at += 2
                chars += "".join(map(chr, range(ord(char), ord(last) + 1)))
            else:
                chars += char
        self.at += 1
        if negated:
            chars = "".join(other for other in _ANY + string.digits if other not in chars)
        return chars

    def _quantifier(self) -> tuple[int, int]:
        char = self._peek()
        if char and char in "*+?":
            self.at += 1
            least, most = {"*": (0, _MOST), "+": (1, 1 + _MOST), "?": (0, 1)}[char]
        elif char == "{" and (hit := re.match(r"\{(\d+)(?:(,)(\d*))?\}", self.pattern[self.at :])):
            self.at += hit.end()
            least = int(hit[1])
            most = least if not hit[2] else int(hit[3]) if hit[3] else least + _MOST
        else:
            return 1, 1
        if self._peek() == "?":  # lazy: the same texts
            self.at += 1
        return least, most
