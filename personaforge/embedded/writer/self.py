"""The self section: archetype, Big Five, HEXACO, values and attachment, drawn inside what the soul allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.bounds import hold
from personaforge.embedded.writer.reading import DRIVES, SCORES
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import count, fold, pick, several, within

_TWINS = {"extraversion": 1.0, "conscientiousness": 1.0, "openness": 1.0, "agreeableness": 0.7}
"""HEXACO scores that mean nearly the same as the Big Five's, with how closely they follow."""


def self_(a: Assignment) -> dict[str, Any]:
    """Draft the self."""
    drives = {drive: _score(a, f"soul.drives.{drive}", 0.5) for drive in DRIVES}
    archetype = _archetype(a, drives)
    big_five = _big_five(a, archetype, drives)
    hexaco = _hexaco(a, big_five, drives)
    return {
        "big_five": big_five,
        "hexaco": hexaco,
        "archetype": archetype,
        "values": _values(a, big_five, drives),
        "attachment_style": _attachment(a, big_five, drives),
    }


def _score(a: Assignment, path: str, otherwise: float) -> float:
    value = a.known(path)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else otherwise


def _archetype(a: Assignment, drives: Mapping[str, float]) -> str:
    pinned = a.text("self.archetype")
    archetypes: dict[str, Any] = table("self")["archetypes"]
    if pinned in archetypes:
        return pinned
    weights = {}
    for name, entry in archetypes.items():
        pull = sum(weight * (drives[drive] - 0.5) for drive, weight in entry["drives"].items())
        for score, shift in entry["scores"].items():  # brief and pinned scores make some archetypes likelier
            pull += 3.0 * shift * a.reading.traits.get(score, 0.0)
            pull += 6.0 * shift * (_score(a, f"self.big_five.{score}", 0.5) - 0.5)
        weights[name] = math.exp(7.0 * pull) * (1.0 + 2.5 * count([name, *entry["words"]], fold(a.brief)))
    return pick(a.rng("archetype"), a.allowed(weights))


def _big_five(a: Assignment, archetype: str, drives: Mapping[str, float]) -> dict[str, float]:
    tables = table("self")
    shifts = tables["archetypes"].get(archetype, {"scores": {}})["scores"]
    drafted: dict[str, float] = {}
    for score in SCORES:
        path = f"self.big_five.{score}"
        pinned = a.known(path)
        if isinstance(pinned, (int, float)):
            drafted[score] = pinned
            continue
        rng = a.rng(path)
        twin = a.known(f"self.hexaco.{score}")
        if isinstance(twin, (int, float)) and score in _TWINS:  # the user has pinned it in the other inventory
            drafted[score] = round(within(twin + rng.gauss(0, 0.04), max(0.0, twin - 0.1), min(1.0, twin + 0.1)), 2)
            continue
        pulled = sum(weight * (drives[drive] - 0.5) for drive, weight in tables["couple"][score].items())
        value = 0.5 + shifts.get(score, 0.0) + pulled + 0.85 * a.reading.traits.get(score, 0.0) + rng.gauss(0, 0.1)
        drafted[score] = hold(a.document, path, value, *a.advised(path, 0.07, 0.94))
    return drafted


def _hexaco(a: Assignment, big_five: Mapping[str, float], drives: Mapping[str, float]) -> dict[str, float]:
    document = {**a.document, "self": {**a.pinned, "big_five": big_five}}
    drafted: dict[str, float] = {}
    for score, terms in table("self")["hexaco"].items():
        path = f"self.hexaco.{score}"
        pinned = a.known(path)
        if isinstance(pinned, (int, float)):
            drafted[score] = pinned
            continue
        value = terms["base"] + a.rng(path).gauss(0, 0.05)
        for source, weight in terms.items():
            if source != "base":
                known = drives[source.removeprefix("drive.")] if source.startswith("drive.") else big_five[source]
                value += weight * (known - 0.5)
        drafted[score] = hold(document, path, value, *a.advised(path, 0.04, 0.96))
    return drafted


def _values(a: Assignment, big_five: Mapping[str, float], drives: Mapping[str, float]) -> list[str]:
    weights = {
        value: math.exp(5.0 * sum(weight * ({**drives, **big_five}[source] - 0.5) for source, weight in pulls.items()))
        for value, pulls in table("self")["values"].items()
    }
    rng = a.rng("values")
    return several(rng, a.allowed(weights), rng.choice([4, 4, 5]))


def _attachment(a: Assignment, big_five: Mapping[str, float], drives: Mapping[str, float]) -> str:
    weights = {}
    for style, terms in table("self")["attachment"].items():
        exponent = 0.0
        for source, weight in terms.items():
            if source != "base":
                known = drives[source.removeprefix("drive.")] if source.startswith("drive.") else big_five[source]
                exponent += weight * (known - 0.5)
        weights[style] = terms["base"] * math.exp(exponent)
    return pick(a.rng("attachment"), a.allowed(weights))
