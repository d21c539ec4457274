"""What a reading of a document finds wrong, and how to look into a document that may lack or garble anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_SHOWN = 110
"""Characters of a document that a finding quotes."""


class Flaw(NamedTuple):
    """One thing that lowers a score. What costs little is no finding."""

    score: str
    cost: float
    """Points off that score."""
    section: str
    problem: str
    advice: str
    contradiction: float = 0.0
    """How far the flaw makes the whole document unbelievable, 0 to 1: layers that contradict spoil every score."""


def value(document: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path; None if there is none."""
    found: Any = document
    for key in path.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def text(document: Mapping[str, Any], path: str) -> str:
    """Return the text at a path; empty if there is none."""
    found = value(document, path)
    return found if isinstance(found, str) else ""


def texts(document: Mapping[str, Any], path: str) -> list[str]:
    """Return the texts of a list; empty if there is none."""
    found = value(document, path)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def numbers(document: Mapping[str, Any], path: str) -> dict[str, float]:
    """Return the numbers of a mapping by name."""
    found = value(document, path)
    items = found.items() if isinstance(found, Mapping) else ()
    return {name: float(item) for name, item in items if isinstance(item, (int, float)) and not isinstance(item, bool)}


def all_texts(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a document with its path."""
    if isinstance(found, str):
        yield path, found
    elif isinstance(found, Mapping):
        for key, item in found.items():
            yield from all_texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(found, list):
        for item in found:
            yield from all_texts(item, path)


def quoted(words: str) -> str:
    """Return words in quotation marks, cut to what a finding can carry."""
    return f"“{words if len(words) <= _SHOWN else words[: _SHOWN - 1].rstrip() + '…'}”"
