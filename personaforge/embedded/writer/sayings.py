"""Signature phrases in languages other than English: the table, and which phrases come from it.

Rules that read English words judge no phrase of the table: its stance is written there. No other phrase is known here,
so what is said of one is what it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from personaforge.embedded.once import once
from personaforge.embedded.writer.tables import table

_SLOTS = "slots"
SOFT = "soft"

Row = tuple[str, Mapping[str, float], str]
"""Stance, axes, text."""


def sayings(tag: str) -> list[Row]:
    """Return the phrases of a language; none for English, whose own are in mask.yaml, and for one without a table."""
    tables = table("phrases")
    if tag not in tables or tag == _SLOTS:
        return []
    return [(stance, axes, text) for (stance, axes), text in zip(tables[_SLOTS], tables[tag], strict=True)]


@once
def _stances() -> dict[str, str]:
    return {text: stance for tag in table("phrases") for stance, _, text in sayings(tag)}


def stance_of(phrase: str) -> str:
    """Return the stance of a phrase of the table: soft, plain or assert; empty for any other phrase."""
    return _stances().get(phrase, "")


def of_no_table(phrases: Sequence[str]) -> list[str]:
    """Return the phrases that are not from the table."""
    return [phrase for phrase in phrases if not stance_of(phrase)]
