"""The soul section: a longing whose desire, fear, wound and arc fit each other, and how strongly each need pulls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.bounds import hold
from personaforge.embedded.writer.reading import DRIVES
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import capitalized, count, fold, pick, within

_TEXTS = {"desire": "desires", "fear": "fears", "wound": "wounds", "growth_arc": "arcs"}
_LONGEST = 400


def soul(a: Assignment) -> dict[str, Any]:
    """Draft the soul."""
    longings: dict[str, dict[str, Any]] = table("soul")["longings"]
    longing = longings[pick(a.rng("longing"), {name: _fit(a, entry) for name, entry in longings.items()})]
    slots = _slots(a.rng("slots"))
    draft: dict[str, Any] = {}
    for field, source in _TEXTS.items():
        rng = a.rng(field)
        offered = a.allowed({text.format(**slots): 1.0 for text in longing[source]})
        draft[field] = pick(rng, offered)
    rng, themes = a.rng("ground"), _themes(a)
    if themes and (a.findings or rng.random() < 0.6):
        ground = pick(rng, a.allowed(dict.fromkeys(table("soul")["grounds"], 1.0))).format(theme=rng.choice(themes))
        draft["desire"] = f"{draft['desire']} {ground}"[:_LONGEST]
    rng = a.rng("trace")
    if a.findings or rng.random() < 0.55:  # a finding about the soul always gets a longer answer
        draft["wound"] = f"{draft['wound']} {pick(rng, a.allowed(dict.fromkeys(table('soul')['traces'], 1.0)))}"[
            :_LONGEST
        ]
    draft["drives"] = _drives(a, longing["drives"])
    return draft


def _fit(a: Assignment, longing: Mapping[str, Any]) -> float:
    """Return how likely this longing is: by the brief's words, the genres, and how near its drives are to the known."""
    words = " ".join([a.brief, *(a.text(f"soul.{field}") for field in _TEXTS)])
    fit = 1.0 + 12.0 * count(longing["words"], fold(words))
    fit *= 1.0 + 0.6 * sum(min(weight, 2.0) for genre, weight in a.genres().items() if genre in longing["genres"])
    distance = 0.0
    for drive in DRIVES:
        center = longing["drives"][drive]
        wanted = a.known(f"soul.drives.{drive}")
        if isinstance(wanted, (int, float)):
            distance += 3.0 * abs(center - wanted)
        elif drive in a.reading.traits:
            distance += max(0.0, abs(center - within(0.5 + a.reading.traits[drive], 0.1, 0.9)) - 0.15)
        low, high = a.advised(f"soul.drives.{drive}", 0.0, 1.0)
        distance += 3.0 * abs(center - within(center, low, high))
    return fit * math.exp(-4.0 * distance)


def _drives(a: Assignment, centers: Mapping[str, float]) -> dict[str, float]:
    drives: dict[str, float] = {}
    document = a.document
    for drive in DRIVES:
        path = f"soul.drives.{drive}"
        pinned = a.known(path)
        if isinstance(pinned, (int, float)):
            drives[drive] = pinned
            continue
        # The longing was chosen with the brief's words in mind, so they move its drives only half as far again.
        value = centers[drive] + 0.5 * a.reading.traits.get(drive, 0.0) + a.rng(path).gauss(0, 0.06)
        drives[drive] = hold(document, path, value, *a.advised(path, 0.03, 0.97))
    return drives


def _themes(a: Assignment) -> list[str]:
    stated = a.known("intent.themes")
    return [str(theme) for theme in stated] if isinstance(stated, list) else list(a.reading.themes)


def _slots(rng: Random) -> dict[str, str]:
    slots = {slot: rng.choice(values) for slot, values in table("soul")["slots"].items()}
    return slots | {f"{slot}_cap": capitalized(value) for slot, value in slots.items()}
