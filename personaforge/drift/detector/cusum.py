"""The sequential detector: two one-sided CUSUMs over standard normal scores, with a false-alarm rate that is set.

    up   = max(0, up   + z - k)
    down = max(0, down - z - k)        an alarm where one exceeds h

(Page 1954, "Continuous inspection schemes", Biometrika 41.) k is half the shift to find, in standard deviations, which
makes the chart the quickest one for that shift. h is chosen so that an unchanged series raises one alarm per N records:
the in-control average run length of both sides together is N. Run lengths come from the Markov chain of Brook and Evans
(1972, "An approach to the probability distribution of cusum run length", Biometrika 59), over the clipped normal
distribution that the scores really have; no Python library that we know of offers one. It gives the published 168, 465
and 8.38 (h = 4 and 5, k = 0.5; Hawkins and Olwell 1998) to all digits shown there.

After an alarm the chart goes on, because the question is what is true *now*. The baseline is set back to the records
before the sum began to rise, and learns nothing while the alarm is open: a new level must not become the norm by
lasting. The sum stops growing at h, and the alarm closes when it is back at 0, which takes about h / k records at the
old level and doesn't happen at the shifted one. Then the baseline learns again, without the records in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from personaforge.drift.detector.baseline import Baseline, Comparison

STATES = 200
"""Of the Markov chain. With 400 no run length in use moves by 0.1 %."""
MIN_DEGREES = 5
"""Degrees of freedom that a baseline must keep when it is set back; else it is only frozen. Ours."""


class Record(NamedTuple):
    """A value to chart."""

    value: float
    group: str
    """The group whose mean it is compared with."""
    scale: str
    """The scale whose spread it is compared with."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A stretch in which the values are off. Numbers are indices of records, from 0."""

    rising: bool
    started: int
    """The first record after the sum was last 0: where it began to rise."""
    raised: int
    """The record that took it over the threshold."""
    closed: int | None = None
    """The record that took it back to 0; None while the alarm is open."""


class Charted(NamedTuple):
    """A record's place in the chart."""

    comparison: Comparison | None
    """None where there was nothing like it before."""
    up: float
    down: float
    learned: bool
    """Whether it is part of the baseline now."""


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of a series."""

    points: tuple[Charted, ...]
    alarms: tuple[Alarm, ...]
    allowance: float
    """k, standard deviations."""
    threshold: float
    """h, standard deviations."""
    baseline: Baseline
    """As it is after the last record."""

    @property
    def open(self) -> Alarm | None:
        """The alarm that is open at the end."""
        return self.alarms[-1] if self.alarms and self.alarms[-1].closed is None else None


def chart(
    records: Sequence[Record],
    *,
    allowance: float,
    threshold: float,
    min_std: float,
    clip: float,
    sides: Literal["both", "up", "down"] = "both",
) -> Chart:
    """Chart the records, oldest first. `min_std` is in units of the values, the other three in standard deviations."""
    baseline = Baseline(min_std=min_std, clip=clip)
    points: list[Charted] = []
    alarms: list[Alarm] = []
    learned: list[tuple[int, Record]] = []
    up = down = 0.0
    up_from = down_from = 0
    for index, record in enumerate(records):
        found = baseline.compare(record.group, record.scale, record.value)
        alarm = alarms[-1] if alarms and alarms[-1].closed is None else None
        learns = alarm is None
        if learns:
            entry = record._replace(value=found.kept) if found else record
            baseline.add(*_place(entry))
            learned.append((index, entry))
        if found:
            up = max(0.0, up + found.z - allowance) if sides != "down" else 0.0
            down = max(0.0, down - found.z - allowance) if sides != "up" else 0.0
            if alarm:  # its sum stays at the threshold, so that it can fall as fast as it rose
                up, down = (min(up, threshold), down) if alarm.rising else (up, min(down, threshold))
            up_from = index + 1 if up == 0 else up_from
            down_from = index + 1 if down == 0 else down_from
            rising = up > threshold
            if rising or down > threshold:
                if alarm:
                    alarms[-1] = replace(alarm, closed=index)
                alarms.append(Alarm(rising, up_from if rising else down_from, index))
                up, down = (threshold, 0.0) if rising else (0.0, threshold)
                baseline, learned = _set_back(baseline, learned, alarms[-1].started, min_std, clip)
            elif alarm and (up if alarm.rising else down) == 0:
                alarms[-1] = replace(alarm, closed=index)
                up = down = 0.0
        points.append(Charted(found, up, down, learns))
    kept = {index for index, _ in learned}
    points = [point._replace(learned=index in kept) for index, point in enumerate(points)]
    return Chart(tuple(points), tuple(alarms), allowance, threshold, baseline)


def _place(record: Record) -> tuple[str, str, float]:
    return record.group, record.scale, record.value


def _set_back(
    baseline: Baseline, learned: list[tuple[int, Record]], before: int, min_std: float, clip: float
) -> tuple[Baseline, list[tuple[int, Record]]]:
    """Return the baseline of the records before an index, or the given one where too little would be left."""
    kept = [(index, record) for index, record in learned if index < before]
    earlier = Baseline(min_std=min_std, clip=clip)
    for _, record in kept:
        earlier.add(*_place(record))
    return (earlier, kept) if earlier.degrees >= MIN_DEGREES else (baseline, learned)


@lru_cache(maxsize=64)
def threshold_for(records_per_alarm: float, allowance: float, clip: float, *, two_sided: bool = True) -> float:
    """Return h for an in-control average run length, in standard deviations.

    Two sides alarm at the sum of their rates (Kemp 1961), so each of them has a run length of twice the records.
    """
    from scipy.optimize import brentq

    wanted = records_per_alarm * (2 if two_sided else 1)
    low, high = 0.0, 4.0
    while run_length(high, allowance, clip) < wanted:
        low, high = high, 2 * high
    return float(brentq(lambda h: run_length(h, allowance, clip) - wanted, low, high, xtol=1e-6))


def run_length(threshold: float, allowance: float, clip: float, shift: float = 0.0) -> float:
    """Return one side's average number of records to its alarm, starting at 0, for scores of mean `shift`.

    The scores are normal with standard deviation 1 around it, then clipped. All in standard deviations.
    """
    import numpy as np
    from scipy import special
    from scipy.linalg import solve_toeplitz

    if threshold <= 0:
        return float(1 / special.ndtr(shift - allowance))
    width = 2 * threshold / (2 * STATES - 1)
    scores = (np.arange(-STATES, STATES) + 0.5) * width + allowance
    """Between which the sum moves by -(STATES - 1) to STATES - 1 states."""
    below = np.where(scores >= clip, 1.0, np.where(scores < -clip, 0.0, special.ndtr(scores - shift)))
    # Until the sum is 0 again its steps depend on nothing but their size: a Toeplitz system, which Levinson's recursion
    # solves in STATES^2 steps on one core. (The dense one cost a thousand times the CPU where BLAS takes every core.)
    # From 0 it is records until 0 or the alarm, over the probability that it is the alarm: the chain's own run length.
    stays = -np.diff(below)
    stays[STATES - 1] += 1.0
    alarms = 1.0 - below[: STATES - 1 : -1]
    sides = np.column_stack((np.ones(STATES), alarms))
    records, alarm = solve_toeplitz((stays[STATES - 1 :: -1], stays[STATES - 1 :]), sides)[0]
    return float(records / alarm)
