"""The flaws of a document, and how to read a document in which any part may be missing or malformed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from personaforge.embedded.once import once
from personaforge.embedded.writer.tables import table

_SHOWN = 110
"""Characters of a document that a finding quotes."""


class Flaw(NamedTuple):
    """One thing that lowers a score. A small flaw is no finding."""

    score: str
    cost: float
    """Points subtracted from that score."""
    section: str
    problem: str
    advice: str
    contradiction: float = 0.0
    """How much the flaw makes the whole document unbelievable, 0 to 1: contradictory layers lower every score."""
    rule: str = ""
    """The rule that found it, by its name in levels.yaml."""

    @property
    def is_look(self) -> bool:
        """Whether it is only worth a look: it lowers no mark and refuses nothing. Raises KeyError for a rule that
        levels.yaml doesn't have."""
        return _looks()[self.rule]


@once
def _looks() -> Mapping[str, bool]:
    levels = table("levels")
    return {**dict.fromkeys(levels["finding"], False), **dict.fromkeys(levels["look"], True)}


def ruled(rule: str, flaws: Iterable[Flaw]) -> Iterator[Flaw]:
    """Yield flaws under the name of the rule that found them."""
    for flaw in flaws:
        yield flaw._replace(rule=rule)


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
    """Return words in quotation marks, cut to a finding's length."""
    return f"“{words if len(words) <= _SHOWN else words[: _SHOWN - 1].rstrip() + '…'}”"
