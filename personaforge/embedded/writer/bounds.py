"""The chain of constraints, read from bounds.yaml: what deeper layers allow later ones, and what they make of a person.

Drafting holds its values inside the bounds and the audit checks the same table, so the two can't disagree. A document
is a mapping of section names to sections; paths are dotted and begin with a section.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import within

_SLACK = 0.011
"""Values are drafted in hundredths: less than this outside a bound is rounding."""


class Bound(NamedTuple):
    """One side of what deeper layers allow a value."""

    target: str
    side: str
    """most or least."""
    base: float
    weights: Mapping[str, float]
    why: str

    def limit(self, document: Mapping[str, Any]) -> float | None:
        """Return the bound's number for a document; None while a value that it reads is unknown."""
        total = self.base
        for path, weight in self.weights.items():
            value = number(document, path)
            if value is None:
                return None
            total += weight * value
        return total


class Violation(NamedTuple):
    """A value outside a bound."""

    bound: Bound
    value: float
    limit: float

    @property
    def size(self) -> float:
        """How far outside, always positive."""
        return abs(self.value - self.limit)


@cache
def bounds() -> tuple[Bound, ...]:
    """Return all bounds."""
    found = []
    for entry in table("bounds")["bounds"]:
        for side in ("least", "most"):
            terms = entry.get(f"at_{side}")
            if terms:
                weights = {path: weight for path, weight in terms.items() if path != "base"}
                found.append(Bound(entry["target"], side, terms["base"], weights, entry["why"]))
    return tuple(found)


def number(document: Mapping[str, Any], path: str) -> float | None:
    """Return the number at a path. A word on an ordinal scale counts by its place, 0 to 1."""
    value: Any = document
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    scale: list[str] = table("bounds")["ordinals"].get(path, [])
    if isinstance(value, str):
        return scale.index(value) / (len(scale) - 1) if value in scale else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def limits(document: Mapping[str, Any], target: str) -> tuple[float, float]:
    """Return the lowest and the highest number that a document allows a value."""
    low, high = 0.0, 1.0
    section = target.partition(".")[0]
    applying = [bound for bound in bounds() if bound.target == target]
    # Bounds inside one section come last and win: they say that two numbers mean the same thing.
    for bound in sorted(applying, key=lambda bound: any(path.partition(".")[0] == section for path in bound.weights)):
        limit = bound.limit(document)
        if limit is not None and bound.side == "least":
            low, high = max(low, limit), max(high, limit)
        elif limit is not None:
            low, high = min(low, limit), min(high, limit)
    return within(low, 0, 1), within(high, 0, 1)


def hold(document: Mapping[str, Any], target: str, value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return a value in hundredths, moved inside what the document allows and, before that, inside low and high."""
    least, most = limits(document, target)
    least, most = math.ceil(least * 100 - 1e-9) / 100, math.floor(most * 100 + 1e-9) / 100
    return round(within(within(value, low, high), least, max(least, most)), 2)


def ordinal(document: Mapping[str, Any], target: str, value: float) -> str:
    """Return the word of an ordinal scale that is nearest to a number and allowed by the document."""
    scale: list[str] = table("bounds")["ordinals"][target]
    least, most = limits(document, target)
    places = {word: place / (len(scale) - 1) for place, word in enumerate(scale)}
    inside = {word: place for word, place in places.items() if least - _SLACK <= place <= most + _SLACK} or places
    return min(inside, key=lambda word: abs(inside[word] - value))


def number_of(target: str, word: str) -> float:
    """Return the place of a word on an ordinal scale, 0 to 1; the middle for a word that isn't on it."""
    scale: list[str] = table("bounds")["ordinals"][target]
    return scale.index(word) / (len(scale) - 1) if word in scale else 0.5


def violations(document: Mapping[str, Any]) -> list[Violation]:
    """Return every value of a document that is outside a bound, the farthest first."""
    found = []
    for bound in bounds():
        value, limit = number(document, bound.target), bound.limit(document)
        if value is None or limit is None:
            continue
        beyond = value - limit if bound.side == "most" else limit - value
        slack = _step(bound.target) + _SLACK
        if beyond > slack:
            found.append(Violation(bound, value, limit))
    return sorted(found, key=lambda violation: -violation.size)


def _step(target: str) -> float:
    """Return half a place of an ordinal scale: between two words there is nothing to choose."""
    scale = table("bounds")["ordinals"].get(target)
    return 0.5 / (len(scale) - 1) if scale else 0.0


def readings(document: Mapping[str, Any], shifts: Mapping[str, float]) -> dict[str, float]:
    """Return what later layers read off a document, each in [0, 1]: warmth, formality, energy, softening, ...

    `shifts` is what the brief's words add by name: a confident person hedges less than the scores alone would say.
    """
    found = {}
    for name, terms in table("bounds")["readings"].items():
        total = terms["base"] + shifts.get(name, 0.0)
        for path, weight in terms.items():
            value = number(document, path) if path != "base" else None
            if value is not None:
                total += weight * (value - 0.5)
        found[name] = within(total, 0.0, 1.0)
    return found


def soften_from() -> float:
    """Return the softening from which somebody hedges."""
    return float(table("bounds")["soften_from"])


def assert_below() -> float:
    """Return the softening below which somebody asserts."""
    return float(table("bounds")["assert_below"])
