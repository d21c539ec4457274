"""A persona's timelines as series to draw. The only place of the report that asks `personaforge.drift.timelines`.

A full-length picture scores lower than a headshot by its nature, so a record is drawn with the band of its own slot, in
which 95 % of values lie while nothing changes, by the records before it (`personaforge.drift.detector.baseline`). While
few are known it is too wide to draw. Scores are drawn as they are, steadiness and quality on logarithmic axes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from personaforge.drift.attribution.causes import Attribution
from personaforge.errors import PlanError
from personaforge.report.drift.attribution import began

if TYPE_CHECKING:
    from personaforge.drift.timelines import Timeline
    from personaforge.spec.settings import Settings
    from personaforge.store.store import Store

WIDEST = 0.3
"""Of a band that is drawn. Ours: two records give one of 25 standard deviations, which would press all dots flat."""
WIDEST_FACTOR = 10.0
"""The same on a logarithmic axis: its upper end over its lower one."""


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
    """In a few words: what the change is attributed to, or else the verdict."""
    since: str = ""
    """When, in words."""
    attribution: Attribution | None = None
    scale: str = "score"


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
    label: str = ""
    """What is measured, in words."""
    scale: str = "score"
    """score, rate, or ratio: drawn on a logarithmic axis."""
    resolution: float = 1e-6
    """The unit to which numbers are rounded; a logarithmic axis shows no smaller number."""
    state: str = ""
    """The verdict alone."""
    current: bool = True
    """Whether no other analyzer has measured this since."""
    metric: str = "composite"
    notes: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    """The verdict's numbers by name, as text."""
    newest: datetime | None = None
    """Time of the last record, UTC."""

    @property
    def reason(self) -> str:
        """The numbers that made the verdict."""
        return self.verdict.partition(": ")[2] or self.verdict

    @property
    def drawn(self) -> bool:
        """Whether there is enough to draw."""
        return len(self.points) > 2


def series_of(
    store: Store, connection: Any, settings: Settings, renamed: Mapping[str, str] | None = None
) -> tuple[Series, ...]:
    """Return a persona's timelines in the order of `forge drift`; none when nothing was measured."""
    from personaforge.drift.timelines import drift_in

    try:
        found = drift_in(store, connection, settings, renamed=renamed)
    except PlanError:
        return ()
    series = []
    for line in found.timelines:
        names = [entry.node or "eval" for entry in line.entries]
        finding, by, ratio = line.finding, line.measured_by, line.metric.scale == "ratio"
        values, label = line.values, line.metric.label
        if line.metric.scale == "rate":  # dots at 0 and 1 would show nothing
            values = tuple(point.rolling_mean for point in finding.points)
            label += f", share of the last {found.policy.window}"
        bands = [_band(point.expected, point.low, point.high, ratio=ratio) for point in finding.points]
        series.append(
            Series(
                modality=line.modality,
                measured_by=str(by),
                version=by.version,
                points=tuple(Point(*about) for about in zip(names, values, bands, strict=True)),
                slots=slots_of(names, line.values),
                verdict=f"{finding.verdict}: {finding.reason}",
                changes=_changes(line),
                label=label,
                scale=line.metric.scale,
                resolution=line.metric.resolution,
                state=str(finding.verdict),
                current=line.current,
                metric=line.metric.name,
                notes=(*line.notes, *finding.notes, *((began(line),) if line.follows is not None else ())),
                numbers=tuple(_numbers(line)),
                newest=line.entries[-1].time,
            )
        )
    return tuple(series)


def slots_of(names: Sequence[str], values: Sequence[float]) -> tuple[Slot, ...]:
    """Return the slots in numbers, in the order in which they first appear."""
    by_slot: dict[str, list[float]] = {}
    for name, value in zip(names, values, strict=True):
        by_slot.setdefault(name, []).append(value)
    return tuple(_slot(name, known) for name, known in by_slot.items())


def _band(expected: float | None, low: float | None, high: float | None, *, ratio: bool) -> Baseline | None:
    if expected is None or low is None or high is None:
        return None
    wide = high > WIDEST_FACTOR * low if ratio else high - low > WIDEST
    return None if wide else Baseline(expected, low, high)


def _numbers(line: Timeline) -> Iterator[tuple[str, str]]:
    """Yield what `forge drift` prints of a timeline, for people."""
    finding, window = line.finding, line.finding.window
    spread = "" if window.std is None else f", deviation {window.std:.3g}"
    yield f"last {window.n}", f"mean {window.mean:.4g}{spread}, {window.min:.4g} to {window.max:.4g}"
    if finding.slope is not None:
        interval = "" if finding.slope.low is None else f" ({finding.slope.low:+.2g} to {finding.slope.high:+.2g})"
        p = "p < 0.001" if finding.slope.p < 5e-4 else f"p = {finding.slope.p:.3f}"
        yield "slope within slots", f"{finding.slope.slope:+.2g} a record{interval}, {p}"
    if line.left_out:
        yield "left out", f"{line.left_out} records against earlier anchors or references"


def _changes(line: Timeline) -> tuple[Change, ...]:
    """Return where the alarm that is open began, labelled with what else changed there."""
    change = line.finding.change
    if change is None:
        return ()
    attribution, verdict = line.attribution, str(line.finding.verdict)
    first = attribution.causes[0] if attribution is not None and attribution.causes else None
    named = attribution is not None and first is not None and first.probability > attribution.unrecorded
    label = f"{verdict}: {first.name}" if first is not None and named else verdict
    since = f"since record {change.best + 1} ({100 * change.confidence:g} %: {change.low + 1} to {change.high + 1})"
    since += f", {line.entries[change.best].time:%Y-%m-%d %H:%M} UTC"
    return (Change(change.best, change.low, change.high, label, since, attribution, line.metric.scale),)


def _slot(name: str, values: Sequence[float]) -> Slot:
    middle = math.fsum(values) / len(values)
    std = None
    if len(values) > 1:
        std = math.sqrt(math.fsum((value - middle) ** 2 for value in values) / len(values))
    return Slot(name, len(values), middle, std, min(values), max(values), values[-1])
