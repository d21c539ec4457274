"""What a revision must keep: values of the first draft that the brief states in so many words.

A second reader's findings may lead away from the brief: told that the age is hard to believe, a writer turns a botanist
into a teacher. So a value that stands in the brief, word for word, has to be in the revised section, too. This knows no
language and understands nothing: what a brief says in other words than the draft is not protected here. Only values
that say who somebody is are looked at, since of others a brief may well say that it doesn't want them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from personaforge.leaves import leaves

_WHO = frozenset(("name", "age", "gender", "ethnicity", "occupation", "city", "country", "color", "height_cm"))
"""Last names of the paths that say who it is, as in the packaged schemas."""
_SMALLEST = 10
"""A smaller number is in a brief by chance."""
_UNSPACED = "\u2e80"
"""From this character on (Chinese, Japanese, Korean) words stand without spaces between them."""


def stated(sections: Mapping[str, Any], brief: str) -> dict[str, str | int]:
    """Return the values of a document, by dotted path, that a brief has as whole words; lists are not looked at."""
    folded = _folded(brief)
    return {
        path: value
        for path, value in leaves(sections).items()
        if path.rpartition(".")[2] in _WHO and _is_fact(value) and _has(folded, _folded(str(value)))
    }


def losses(kept: Mapping[str, str | int], section: str, revised: Any) -> list[str]:
    """Return a sentence for each value of `kept` that a revised section no longer has: where, what was found there, and
    what the brief says."""
    found = leaves({section: revised})
    return [
        f"{path.partition('.')[2]}: found {found.get(path)!r}, expected {value!r}, which the brief says"
        for path, value in kept.items()
        if path.startswith(f"{section}.") and not _holds(found.get(path), value)
    ]


def _holds(found: Any, value: str | int) -> bool:
    if isinstance(value, str):
        return isinstance(found, str) and _has(_folded(found), _folded(value))
    return bool(found == value)


def _is_fact(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int) and not isinstance(value, bool) and value >= _SMALLEST


def _has(folded: str, wanted: str) -> bool:
    if any(letter >= _UNSPACED for letter in wanted):
        return wanted in folded
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", folded) is not None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
