"""Finding words in free text, case-blind and accent-blind, and choosing among weighted ones.

Accent-blind because a brief says Bogota where a table says Bogotá. Every choice takes its random stream as an argument:
nothing here has a state of its own.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from random import Random

_PLAIN = str.maketrans(
    {
        "ı": "i",
        "ł": "l",
        "Ł": "L",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "’": "'",
    }
)
"""Letters that Unicode does not decompose, and the typographic apostrophe."""

_HABIT = re.compile(
    r" (?:on|at|for|from|by|in|with|after|before|when|until|kept|still|three|twice|while|against|every)\b"
    r"| (?:whisked|pressed|ground|stirred|rolled|folded|roasted|poured|pounded|fermented) |, "
)
_NEGATED = re.compile(
    r"(?:\bnot|\bnever|\bno|\bwithout|\bhardly|n't)(?:\s+(?:a|an|very|too|at all|particularly|really|so))*\s+$"
)


_FOR_OTHERS = re.compile(r"-free\b|\bfor (?:\w+ )?(?:guests|others|friends|everyone|people|neighbours)\b|\bwithout\b")


def plain(text: str) -> str:
    """Return the text without accents, its case kept."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def fold(text: str) -> str:
    """Return the text without accents and in lower case."""
    return plain(text).lower()


@lru_cache(maxsize=1024)
def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern for whole words over folded text. Longer words are tried first.

    `*` matches any letters, and a space also matches a hyphen, as in Turkish-German.
    """
    parts = sorted((_part(word) for word in words), key=len, reverse=True)
    return (
        re.compile(r"(?<!\w)(?<!non-)(?<!anti-)(?<!ex-)(?:" + "|".join(parts) + r")(?!\w)")
        if parts
        else re.compile(r"(?!)")
    )


def _part(word: str) -> str:
    return re.escape(fold(word)).replace(r"\*", r"[\w-]*").replace(r"\ ", r"[\s-]")


def count(words: Iterable[str], folded: str) -> int:
    """Return how often any of the words occurs in a folded text without being negated there."""
    hits = pattern(tuple(words)).finditer(folded)
    return sum(1 for hit in hits if not is_negated(folded, hit.start()))


def is_negated(folded: str, start: int) -> bool:
    """Return whether what begins at a place of a folded text is denied there: not, never, without."""
    return _NEGATED.search(folded, 0, start) is not None


def has(words: Iterable[str], folded: str) -> bool:
    """Return whether any of the words occurs in a folded text, negated or not."""
    return pattern(tuple(words)).search(folded) is not None


def for_others(folded: str) -> bool:
    """Return whether a folded text says that something is for somebody else, or goes without it."""
    return _FOR_OTHERS.search(folded) is not None


def content_words(text: str) -> list[str]:
    """Return the words of a text that carry meaning: longer than three letters."""
    return [word for word in re.findall(r"[\w'-]+", fold(text)) if len(word) > 3]


def pick(rng: Random, weights: Mapping[str, float]) -> str:
    """Return one random key; weights are probabilities."""
    return rng.choices(list(weights), list(weights.values()))[0]


def several(rng: Random, weights: Mapping[str, float], number: int) -> list[str]:
    """Return up to `number` different random keys by weight. Keys without weight are never taken."""
    left = {key: weight for key, weight in weights.items() if weight > 0}
    taken: list[str] = []
    while left and len(taken) < number:
        key = pick(rng, left)
        del left[key]
        taken.append(key)
    return taken


def leaning(axes: Mapping[str, float], readings: Mapping[str, float], strength: float = 3.0) -> float:
    """Return the weight of something with these axes for somebody with these readings, 1 being indifferent."""
    return math.exp(
        strength * sum(weight * (readings[axis] - 0.5) for axis, weight in axes.items() if axis in readings)
    )


def joined(items: Sequence[str]) -> str:
    """Return the items as a phrase: `a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def capitalized(text: str) -> str:
    """Return the text with its first letter in upper case and the rest untouched."""
    return text[:1].upper() + text[1:]


def bare(habit: str) -> str:
    """Return a dish or pastime without the habit around it: `ajiaco on rainy Sundays` is `ajiaco` inside a sentence."""
    return _HABIT.split(habit)[0]


def within(value: float, low: float, high: float) -> float:
    """Return the value, moved to the nearer end if it is outside."""
    return max(low, min(high, value))
