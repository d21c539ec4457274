"""A timeline of comparable records to a verdict: improving, stable, degrading or insufficient, with what made it.

The verdict is the sequential detector's alone (`cusum`, over the scores of `baseline`), because nothing else here
has a false-alarm rate: an unchanged timeline is called changed once in `records_per_alarm` records. It is about the
last record: `stable` again after a lapse that was mended. A fall that lasts stays one.
Slope and p-value (`slope`), the numbers of the window and the linear rule are only shown beside it. When an alarm is
open, `change_point` says since when.

What can't be known is not guessed. The first record of a slot has nothing to be compared with, so one walk through all
positions says nothing, however it slopes; below `min_records` comparisons the verdict is `insufficient`, and so it is
where the newest record is no number: that one is not known to be stable.

Neighbouring records may have something in common (a build whose pictures all share one fault, say): `units` takes them
together. What all this reaches, and doesn't, is a table of docs/design/drift.md.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from personaforge.drift.detector.change_point import ChangePoint, locate
from personaforge.drift.detector.cusum import Alarm, Chart, Record, Sides, chart, threshold_for
from personaforge.drift.detector.linear import LinearTrend, Trend, summarize
from personaforge.drift.detector.slope import Slope, slope_within
from personaforge.identity.score import Unmeasured
from personaforge.metrics import Metric

MOST = 2_000
"""How many of the newest records slope, autocorrelation and change-point read; their time grows with the square."""
BAND = 0.975
"""Quantile at the upper edge of the band that holds 95 % of values."""
MIN_PAIRS = 10
"""Neighbouring records below which their correlation is not stated."""


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """The `drift` settings."""

    method: Literal["cusum", "linear"]
    records_per_alarm: float
    shift: float
    sides: Literal["both", "worse"]
    min_records: int
    window: int
    confidence: float
    clip: float
    min_std: Mapping[str, float]

    @classmethod
    def from_settings(cls, drift: Mapping[str, Any]) -> DriftPolicy:
        """Take the numbers from the `drift` settings."""
        return cls(
            method=drift["method"],
            records_per_alarm=float(drift["records_per_alarm"]),
            shift=float(drift["shift"]),
            sides=drift["sides"],
            min_records=int(drift["min_records"]),
            window=int(drift["window"]),
            confidence=float(drift["confidence"]),
            clip=float(drift["clip"]),
            min_std={name: float(value) for name, value in drift["min_std"].items()},
        )


@dataclass(frozen=True, slots=True)
class Point:
    """A record in its timeline: what a chart draws. Values are in the metric's units, sums in standard deviations."""

    value: float
    expected: float | None
    """Baseline: the mean of its group before it, of a rate drawn to that of all. None, like the next four fields, where
    it is the first of its kind. Of a rate z is always None."""
    low: float | None
    """Lower end of the band in which 95 % of values lie while nothing changes; wide while little is known. Of a
    rate the band is that of `rolling_mean`."""
    high: float | None
    z: float | None
    """How far off it is, standard normal while nothing changes; > 0 is larger, whether better or worse."""
    up: float
    """Evidence in nats that values are too large; an alarm above the threshold."""
    down: float
    rolling_mean: float
    """Of the last `window` values up to here, whatever their slots; of a rate the share of ones."""
    rolling_std: float | None
    rolling_min: float
    rolling_max: float
    learned: bool
    """Whether later records are compared with this one."""
    failed: bool
    """Whether it is so far off, on either side, that the chart of the level leaves it out. Which of these are failed
    pictures, `personaforge.drift.failures` says."""


@dataclass(frozen=True, slots=True)
class Window:
    """The last values in numbers."""

    n: int
    mean: float
    std: float | None
    """Sample standard deviation; None of one value."""
    min: float
    max: float
    offset_std: float | None
    """Mean z of those that could be compared: how far off they are in standard deviations."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about a timeline."""

    verdict: Trend
    reason: str
    """The numbers that made the verdict, as a sentence."""
    method: str
    n: int
    compared: int
    """How many records had something to be compared with."""
    window: Window
    slope: Slope | None
    """None where no two records share a group."""
    linear: LinearTrend
    """The linear rule over the window; None of its numbers enters the verdict unless it is the method."""
    threshold: float
    """Nats of evidence above which there is an alarm."""
    alarms: tuple[Alarm, ...]
    slots: tuple[Alarm, ...]
    """Alarms of single groups, whose records are off while the others' aren't."""
    failed: int
    """Records that the chart of the level leaves out; see `Point.failed`."""
    spreads: Mapping[str, float]
    """How much values of each scale scatter about their groups' means, on the scale on which they are charted."""
    change: ChangePoint | None
    """Where the alarm that is open began."""
    size: float | None
    """How far the last values since the change, up to `window`, are off: a factor for ratios, else a difference.
    None without a change."""
    size_std: float | None
    """The same in standard deviations."""
    autocorrelation: float | None
    """Of z and the z before it, over what the baseline learned; None below 10 pairs."""
    notes: tuple[str, ...]
    """Where what is assumed doesn't hold."""
    points: tuple[Point, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {**asdict(self), "verdict": str(self.verdict), "linear": self.linear.as_json()}


def find_drift(records: Sequence[Record], metric: Metric, policy: DriftPolicy) -> Finding:
    """Judge a timeline, oldest first, one record for each distinct artifact; values in the metric's units.

    Values that are no finite number count nowhere. Raises ValueError without any that is one.
    """
    finite = [one.value for one in records if math.isfinite(one.value)]
    linear = summarize(finite, policy.window)
    if isinstance(linear, Unmeasured):
        raise ValueError(f"a timeline has no number among {len(records)} records, expected at least one")
    charted = [one._replace(value=metric.charted(one.value)) for one in records]
    two_sided = policy.sides == "both"
    worse: Sides = "down" if metric.higher_is_better else "up"
    made = chart(
        charted,
        shift=policy.shift,
        threshold=threshold_for(policy.records_per_alarm, shift=policy.shift, two_sided=two_sided),
        min_std=policy.min_std[metric.scale],
        clip=policy.clip,
        sides="both" if two_sided else worse,
    )
    compared = sum(point.comparison is not None for point in made.points)
    change = _change(charted, made, policy)
    size = _size(change, charted, made, policy.window)
    judged = _judged(made, compared, metric, policy) if policy.method == "cusum" else judged_by_line(linear, metric)
    if not math.isfinite(records[-1].value) and judged[0] is Trend.STABLE:
        judged = Trend.INSUFFICIENT, f"the newest record is {records[-1].value}, expected a finite number"
    near = _autocorrelation(made)
    return Finding(
        verdict=judged[0],
        reason=judged[1],
        method=policy.method,
        n=len(records),
        compared=compared,
        window=_window(records, made, policy.window),
        slope=_slope(records, policy.confidence),
        linear=linear,
        threshold=round(made.threshold, 6),
        alarms=made.alarms,
        slots=made.slots,
        failed=sum(point.failed for point in made.points),
        spreads=_spreads(charted, made),
        change=change,
        size=None if size is None else round(size[0] if metric.scale == "score" else math.exp(size[0]), 6),
        size_std=None if size is None else round(size[1], 6),
        autocorrelation=None if near is None else near[0],
        notes=tuple(_notes(records, made)),
        points=_points(records, made, metric, policy.window),
    )


def _judged(made: Chart, compared: int, metric: Metric, policy: DriftPolicy) -> tuple[Trend, str]:
    """Return the detector's verdict and the numbers that made it."""
    rate = f"one false alarm in {policy.records_per_alarm:g} records"
    if compared < policy.min_records:
        of = f"{compared} of {len(made.points)} records have an earlier one of their kind to be compared with"
        return Trend.INSUFFICIENT, f"{of}, {policy.min_records} are needed"
    if made.open is not None:
        side = "up" if made.open.rising else "down"
        passed = f"passed {made.threshold:.2f} at record {made.open.raised + 1} and is not over"
        return trend_of(made.open, metric), f"evidence {side} {passed} ({rate})"
    if made.broken:
        worst = min(made.broken, key=lambda one: trend_of(one, metric) is not Trend.DEGRADING)
        side = "up" if worst.rising else "down"
        others = f" and {len(made.broken) - 1} more" if len(made.broken) > 1 else ""
        where = f"since record {worst.started + 1}, the other groups are not"
        return trend_of(worst, metric), f"{worst.group}{others} alone is off ({side}) {where} ({rate})"
    last = made.points[-1]
    sums = f"up {last.up:.2f}, down {last.down:.2f}, threshold {made.threshold:.2f}"
    return Trend.STABLE, f"evidence {sums} ({rate})"


def trend_of(alarm: Alarm, metric: Metric) -> Trend:
    """Return which verdict an alarm makes."""
    return Trend.IMPROVING if alarm.rising == metric.higher_is_better else Trend.DEGRADING


def judged_by_line(linear: LinearTrend, metric: Metric) -> tuple[Trend, str]:
    """Return the linear rule's verdict; where lower is better, a rising line degrades."""
    turned = {Trend.IMPROVING: Trend.DEGRADING, Trend.DEGRADING: Trend.IMPROVING}
    verdict = linear.trend if metric.higher_is_better else turned.get(linear.trend, linear.trend)
    slope = "no slope" if linear.slope is None else f"slope {linear.slope:+.4f} a record"
    return verdict, f"{slope} over the last {linear.n} (the linear rule, which has no false-alarm rate)"


def _change(charted: Sequence[Record], made: Chart, policy: DriftPolicy) -> ChangePoint | None:
    """Return where the open alarm's change began, estimated without the lapses before it."""
    if made.open is None:
        return None
    stds = _spreads(charted, made)
    used, earliest = evidence(charted, made.alarms, stds)
    return locate(
        [charted[index] for index in used],
        used,
        [stds[charted[index].scale] for index in used],
        earliest=earliest,
        latest=made.open.raised,
        rising=made.open.rising,
        confidence=policy.confidence,
    )


def evidence(records: Sequence[Record], alarms: Sequence[Alarm], spreads: Mapping[str, float]) -> tuple[list[int], int]:
    """Return the records that show where the open alarm's change began, and the first at which it may have begun."""
    over = [(one.started, one.closed) for one in alarms if one.closed is not None]
    used = [
        index
        for index in range(max(0, len(records) - MOST), len(records))
        if records[index].scale in spreads
        and math.isfinite(records[index].value)
        and not any(started <= index <= closed for started, closed in over)
    ]
    return used, max([closed + 1 for _, closed in over] + [used[0] if used else 0])


def _spreads(charted: Sequence[Record], made: Chart) -> dict[str, float]:
    known = {scale: made.baseline.std(scale) for scale in dict.fromkeys(one.scale for one in charted)}
    return {scale: round(std, 9) for scale, std in known.items() if std is not None}


def _size(
    change: ChangePoint | None, charted: Sequence[Record], made: Chart, window: int
) -> tuple[float, float] | None:
    """Return how far the last records since a change are off the baseline as it is now, plainly and in spreads."""
    if change is None:
        return None
    offs = []
    for record in charted[max(change.best, len(charted) - window) :]:
        if not math.isfinite(record.value):
            continue
        mean, std = made.baseline.mean(record.group), made.baseline.std(record.scale)
        if mean is not None and std is not None:
            offs.append((record.value - mean, (record.value - mean) / std))
    return (statistics.fmean(off for off, _ in offs), statistics.fmean(std for _, std in offs)) if offs else None


def _slope(records: Sequence[Record], confidence: float) -> Slope | None:
    known = [(at, one) for at, one in enumerate(records, 1) if math.isfinite(one.value)][-MOST:]
    return slope_within(
        [at for at, _ in known], [one.value for _, one in known], [one.group for _, one in known], confidence
    )


def _autocorrelation(made: Chart) -> tuple[float, int] | None:
    """Return the correlation of neighbouring z about their mean of 0, and the number of pairs; None of few."""
    points = made.points[-MOST:]
    scores = [point.comparison.z for point in points if point.comparison is not None and point.learned]
    pairs = len(scores) - 1
    total = math.fsum(z * z for z in scores)
    if pairs < MIN_PAIRS or total == 0:
        return None
    return round(math.fsum(one * other for one, other in pairwise(scores)) / total, 6), pairs


def _notes(records: Sequence[Record], made: Chart) -> Iterator[str]:
    unknown = sum(not math.isfinite(one.value) for one in records)
    if unknown:
        yield f"{unknown} of {len(records)} records are no finite numbers and count nowhere"
    failed = sum(point.failed for point in made.points)
    if failed:
        yield (
            f"{failed} of {len(records)} records are too far off to tell anything of the level: its chart leaves them "
            "out, and one of its own counts them"
        )
    for alarm in made.broken if made.open is not None else made.broken[1:]:
        yield f"{alarm.group} alone was off already since record {alarm.started + 1}"


def _window(records: Sequence[Record], made: Chart, size: int) -> Window:
    values = [one.value for one in records if math.isfinite(one.value)][-size:]
    offsets = [point.comparison.z for point in made.points[-size:] if point.comparison is not None]
    return Window(
        n=len(values),
        mean=round(statistics.fmean(values), 9),
        std=_std(values),
        min=min(values),
        max=max(values),
        offset_std=round(statistics.fmean(offsets), 6) if offsets else None,
    )


def _points(records: Sequence[Record], made: Chart, metric: Metric, size: int) -> tuple[Point, ...]:
    from scipy import special

    points = []
    known = [one.value for one in records]
    for index, (record, charted) in enumerate(zip(records, made.points, strict=True)):
        values = [one for one in known[max(0, index + 1 - size) : index + 1] if math.isfinite(one)] or [math.nan]
        expected = low = high = z = None
        if charted.comparison is not None:
            mean, degrees = charted.comparison.expected, charted.comparison.degrees
            reach = float(special.stdtrit(degrees, BAND)) * charted.comparison.spread
            expected, low, high = (round(metric.shown(value), 9) for value in (mean, mean - reach, mean + reach))
            z = round(charted.comparison.z, 6)
        band = (expected, low, high, z, round(charted.up, 6), round(charted.down, 6))
        mean, std = round(statistics.fmean(values), 9), _std(values)
        points.append(Point(record.value, *band, mean, std, min(values), max(values), charted.learned, charted.failed))
    return tuple(points)


def _std(values: Sequence[float]) -> float | None:
    """Return the sample standard deviation. `statistics.stdev` counts in fractions, which took most of a timeline."""
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return round(math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)), 9)
