"""A persona's timelines as series to draw. The only place of the report that asks `personaforge.drift`.

A full-length picture scores lower than a headshot by its nature, so a record is drawn against its own slot: the band is
where 95 % of values lie while nothing changes, by the records before it (`personaforge.identity.baseline`). While few
are known it is too wide to draw. Timelines of scores are drawn; those of steadiness and quality have other units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from personaforge.errors import PlanError
from personaforge.workspace import Workspace

if TYPE_CHECKING:
    from personaforge.drift import Timeline

WIDEST = 0.3
"""Of a band that is drawn. Ours: two records give one of 25 standard deviations, which would press all dots flat."""


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

    try:
        found = drift(space, persona, last=None, modality=None)
    except PlanError:
        return ()
    series = []
    for line in found.timelines:
        if line.metric.scale != "score":
            continue
        names = [entry.node or "eval" for entry in line.entries]
        finding, by = line.finding, line.measured_by
        bands = [_band(point.expected, point.low, point.high) for point in finding.points]
        points = tuple(Point(*about) for about in zip(names, line.values, bands, strict=True))
        verdict = f"{finding.verdict}: {finding.reason}"
        slots = slots_of(names, line.values)
        series.append(Series(line.modality, str(by), by.version, points, slots, verdict, _changes(line)))
    return tuple(sorted(series, key=lambda one: (one.modality, -len(one.points), one.measured_by, one.version)))


def slots_of(names: Sequence[str], values: Sequence[float]) -> tuple[Slot, ...]:
    """Return the slots in numbers, in the order in which they first appear."""
    by_slot: dict[str, list[float]] = {}
    for name, value in zip(names, values, strict=True):
        by_slot.setdefault(name, []).append(value)
    return tuple(_slot(name, known) for name, known in by_slot.items())


def _band(expected: float | None, low: float | None, high: float | None) -> Baseline | None:
    if expected is None or low is None or high is None or high - low > WIDEST:
        return None
    return Baseline(expected, low, high)


def _changes(line: Timeline) -> tuple[Change, ...]:
    """Return where the alarm that is open began, labelled with what else changed there."""
    change = line.finding.change
    if change is None:
        return ()
    suspects = ", ".join(f"{one.name} {one.before} -> {one.after}" for one in line.suspects[:2])
    return (Change(change.best, change.low, change.high, suspects or str(line.finding.verdict)),)


def _slot(name: str, values: Sequence[float]) -> Slot:
    middle = math.fsum(values) / len(values)
    std = None
    if len(values) > 1:
        std = math.sqrt(math.fsum((value - middle) ** 2 for value in values) / len(values))
    return Slot(name, len(values), middle, std, min(values), max(values), values[-1])
