"""A persona's timelines as series to draw. The only place of the report that asks `personaforge.drift`.

A full-length picture scores lower than a headshot by its nature, so a record is drawn against its own slot: the band is
the mean of the slot's records plus and minus two of their standard deviations (population), from three records on. With
fewer there is no band, since two numbers say little about how they scatter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from personaforge.errors import PlanError
from personaforge.workspace import Workspace

MIN_BASELINE = 3
"""Records of a slot before its scatter is drawn."""
_WIDTH = 2.0
"""Standard deviations on each side of the mean."""


@dataclass(frozen=True)
class Baseline:
    """What is usual for a slot."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Point:
    """One record."""

    slot: str
    """Node name, such as `image/05`; `eval` for a picture that `forge eval --record` measured."""
    value: float
    baseline: Baseline | None
    """None where the slot has too few records."""


@dataclass(frozen=True)
class Change:
    """A marked change: where the series began to differ, as far as that is known."""

    at: int
    """Index of the first record after the change, from 0."""
    first: int
    """First index that the change may lie at; equal to `at` without an interval."""
    last: int
    label: str
    """In a few words: what changed."""


@dataclass(frozen=True)
class Slot:
    """A slot's records in numbers."""

    name: str
    n: int
    mean: float
    std: float | None
    """Population standard deviation; None with one record, which scatters around nothing."""
    low: float
    high: float
    last: float


@dataclass(frozen=True)
class Series:
    """One timeline: a modality as one analyzer measured it, oldest record first."""

    modality: str
    """face, video or text."""
    measured_by: str
    version: str
    points: tuple[Point, ...]
    slots: tuple[Slot, ...]
    """In the order in which they first appear."""
    verdict: str
    """In words, with the rule that it comes from."""
    changes: tuple[Change, ...] = ()


def series_of(space: Workspace, persona: str) -> tuple[Series, ...]:
    """Return a persona's timelines, those with most records first; none when nothing was measured."""
    from personaforge.drift import drift
    from personaforge.identity.drift import DriftSummary

    try:
        found = drift(space, persona, last=None, modality=None)
    except PlanError:
        return ()
    series = []
    for line in found.timelines:
        names = [node or "eval" for node in line.nodes]
        summary = line.summary
        if isinstance(summary, DriftSummary):
            slope = "" if summary.slope is None else f", slope {summary.slope:+.4f} a record"
            verdict = f"{summary.trend}{slope} over {summary.n} record{'' if summary.n == 1 else 's'}"
        else:
            verdict = summary.reason
        points, slots = against_slots(names, line.values)
        by = line.measured_by
        series.append(Series(line.modality, str(by), by.version, points, slots, verdict))
    return tuple(sorted(series, key=lambda one: (one.modality, -len(one.points), one.measured_by, one.version)))


def against_slots(names: Sequence[str], values: Sequence[float]) -> tuple[tuple[Point, ...], tuple[Slot, ...]]:
    """Return every record beside its slot's baseline, and the slots in numbers."""
    by_slot: dict[str, list[float]] = {}
    for name, value in zip(names, values, strict=True):
        by_slot.setdefault(name, []).append(value)
    slots = {name: _slot(name, known) for name, known in by_slot.items()}
    points = tuple(Point(name, value, _baseline(slots[name])) for name, value in zip(names, values, strict=True))
    return points, tuple(slots.values())


def _slot(name: str, values: Sequence[float]) -> Slot:
    middle = math.fsum(values) / len(values)
    std = None
    if len(values) > 1:
        std = math.sqrt(math.fsum((value - middle) ** 2 for value in values) / len(values))
    return Slot(name, len(values), middle, std, min(values), max(values), values[-1])


def _baseline(slot: Slot) -> Baseline | None:
    if slot.n < MIN_BASELINE or slot.std is None:
        return None
    return Baseline(slot.mean, slot.mean - _WIDTH * slot.std, slot.mean + _WIDTH * slot.std)
