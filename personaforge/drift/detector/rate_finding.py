"""A timeline of zeros and ones to a verdict and what made it: `detector.find_drift`, for metrics whose scale is a rate.

The chart is `rate`'s. A point is one record's number, so what is shown beside it is the share of ones of the last
`window` records: its expectation, and the band that holds 95 % of such shares while records are independent and nothing
changes (binomial). There is no slope: pairs of zeros and ones are nearly all tied.

When a rise or fall began has a posterior as in `change_point`, with rates for means: at each record the likelihood of
one rate before and another since, each with Jeffreys' prior, its logarithm divided by PHI. Slots are taken together
there. Where builds differ by themselves, the interval may be too short.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from personaforge.drift.detector.change_point import ChangePoint, shortest
from personaforge.drift.detector.cusum import Record, Sides
from personaforge.drift.detector.detector import (
    BAND,
    DriftPolicy,
    Finding,
    Point,
    Window,
    evidence,
    judged_by_line,
    trend_of,
)
from personaforge.drift.detector.linear import Trend, summarize
from personaforge.drift.detector.rate import RateChart, rate_chart, threshold_for
from personaforge.identity.score import Unmeasured
from personaforge.metrics import Metric

LEAST_SPREAD = 0.1
"""Standard deviation of a 0 or 1 that is assumed at least, that of a rate of 1 %. Ours: for what a change is attributed
to, where a rate was 0 before."""


def find_rate(records: Sequence[Record], metric: Metric, policy: DriftPolicy) -> Finding:
    """Judge a timeline, oldest first, one record for each distinct artifact; values in the metric's units.

    Values that are no finite number count nowhere. Raises ValueError without any that is one.
    """
    charted = [one._replace(value=metric.charted(one.value)) for one in records]
    values = [one.value for one in charted]
    linear = summarize([value for value in values if math.isfinite(value)], policy.window)
    if isinstance(linear, Unmeasured):
        raise ValueError(f"a timeline has no number among {len(records)} records, expected at least one")
    two_sided = policy.sides == "both"
    worse: Sides = "down" if metric.higher_is_better else "up"
    made = rate_chart(
        charted,
        threshold=threshold_for(policy.records_per_alarm, two_sided=two_sided),
        sides="both" if two_sided else worse,
    )
    points = _points(records, charted, made, policy.window)
    compared = _compared(charted)
    change = _change(charted, made, policy)
    size = None
    if change is not None:
        known = [at for at in range(change.best, len(values)) if math.isfinite(values[at])][-policy.window :]
        offs = [values[at] - (made.points[at].expected or 0.0) for at in known]
        size = statistics.fmean(offs) if offs else None
    judged = _judged(made, points, compared, metric, policy) if policy.method == "cusum" else None
    verdict, reason = judged or judged_by_line(linear, metric)
    if not math.isfinite(values[-1]) and verdict is Trend.STABLE:
        verdict, reason = Trend.INSUFFICIENT, f"the newest record is {records[-1].value}, expected a finite number"
    return Finding(
        verdict=verdict,
        reason=reason,
        method=policy.method,
        n=len(records),
        compared=compared,
        window=_window([one.value for one in records], policy.window),
        slope=None,
        linear=linear,
        threshold=round(made.threshold, 6),
        alarms=made.alarms,
        slots=made.slots,
        failed=0,
        spreads=_spreads(charted, made),
        change=change,
        size=None if size is None else round(size, 6),
        size_std=None,
        autocorrelation=None,
        notes=tuple(_notes(values, made)),
        points=points,
    )


def _judged(
    made: RateChart, points: Sequence[Point], compared: int, metric: Metric, policy: DriftPolicy
) -> tuple[Trend, str]:
    """Return the detector's verdict and the numbers that made it."""
    rate = f"one false alarm in {policy.records_per_alarm:g} records"
    if compared < policy.min_records:
        of = f"{compared} of {len(points)} records have an earlier one of their kind to be compared with"
        return Trend.INSUFFICIENT, f"{of}, {policy.min_records} are needed"
    last = points[-1]
    if made.open is not None:
        side = "more" if made.open.rising else "less"
        share = f"{last.rolling_mean:.0%} of the last {policy.window}"
        passed = f"evidence passed {made.threshold:.2f} at record {made.open.raised + 1} and is not over"
        return trend_of(made.open, metric), f"{share}, {side} than before: {passed} ({rate})"
    if made.broken:
        worst = made.broken[0]
        others = f" and {len(made.broken) - 1} more" if len(made.broken) > 1 else ""
        where = f"since record {worst.started + 1}, the other groups are not"
        return trend_of(worst, metric), f"{worst.group}{others} alone is off {where} ({rate})"
    sums = f"more {last.up:.2f}, less {last.down:.2f}, threshold {made.threshold:.2f}"
    return Trend.STABLE, f"{last.rolling_mean:.0%} of the last {policy.window}; evidence {sums} ({rate})"


def _change(charted: Sequence[Record], made: RateChart, policy: DriftPolicy) -> ChangePoint | None:
    """Return where the open alarm's change began, estimated without the lapses before it."""
    import numpy as np
    from scipy import special

    if made.open is None:
        return None
    used, earliest = evidence(charted, made.alarms, _spreads(charted, made))
    at = np.array(used)
    ones = np.array([charted[index].value for index in used])
    starts = [index for index in used if earliest < index <= made.open.raised]
    if not starts:
        return None
    weights = np.full(len(starts), -np.inf)
    for row, start in enumerate(starts):
        since = at >= start
        (n_old, k_old), (n_new, k_new) = ((float(side.sum()), float(ones[side].sum())) for side in (~since, since))
        if (k_new / n_new > k_old / n_old) == made.open.rising:
            both = special.betaln(k_old + 0.5, n_old - k_old + 0.5) + special.betaln(k_new + 0.5, n_new - k_new + 0.5)
            weights[row] = both / made.phi
    if not np.isfinite(weights).any():
        return None
    chances = np.exp(weights - weights.max())
    chances /= chances.sum()
    low, high = shortest(chances, policy.confidence)
    best = int(chances.argmax())
    return ChangePoint(starts[best], starts[low], starts[high], policy.confidence, "step", 1.0)


def _spreads(charted: Sequence[Record], made: RateChart) -> dict[str, float]:
    """Return the standard deviation of a single 0 or 1 for each scale, by what was learned of it."""
    found = {}
    for scale in dict.fromkeys(one.scale for one in charted):
        mine = [
            one.value for one, point in zip(charted, made.points, strict=True) if point.learned and one.scale == scale
        ]
        share = statistics.fmean(mine) if mine else 0.0
        found[scale] = round(max(LEAST_SPREAD, math.sqrt(share * (1 - share))), 9)
    return found


def _notes(values: Sequence[float], made: RateChart) -> Iterator[str]:
    unknown = sum(not math.isfinite(value) for value in values)
    if unknown:
        yield f"{unknown} of {len(values)} records are no finite numbers and count nowhere"
    for alarm in made.broken if made.open is not None else made.broken[1:]:
        yield f"{alarm.group} alone was off already since record {alarm.started + 1}"


def _window(values: Sequence[float], size: int) -> Window:
    known = [value for value in values if math.isfinite(value)][-size:]
    std = round(statistics.stdev(known), 9) if len(known) > 1 else None
    return Window(len(known), round(statistics.fmean(known), 9), std, min(known), max(known), None)


def _compared(charted: Sequence[Record]) -> int:
    """Return how many records have an earlier one of their group."""
    known: set[str] = set()
    count = 0
    for one in charted:
        if math.isfinite(one.value):
            count += one.group in known
            known.add(one.group)
    return count


def _points(records: Sequence[Record], charted: Sequence[Record], made: RateChart, size: int) -> tuple[Point, ...]:
    import numpy as np
    from scipy import special

    points = []
    known = [one.value for one in charted]
    for index, point in enumerate(made.points):
        values = [one for one in known[max(0, index + 1 - size) : index + 1] if math.isfinite(one)] or [math.nan]
        low = high = expected = None
        if point.expected is not None:
            expected, n = round(point.expected, 9), len(values)
            below = special.bdtr(np.arange(n + 1.0), n, point.expected)
            low, high = (round(int(np.searchsorted(below, q)) / n, 9) for q in (1 - BAND, BAND))
        mean = round(statistics.fmean(values), 9)
        std = round(statistics.stdev(values), 9) if len(values) > 1 else None
        band = (expected, low, high, None, round(point.up, 6), round(point.down, 6))
        points.append(Point(records[index].value, *band, mean, std, min(values), max(values), point.learned, False))
    return tuple(points)
