"""The sequential detector of a share: a series of zeros and ones to the stretches in which ones were too frequent, or
too rare, at a false-alarm rate that is set. For what `cusum` can't chart, such as whether a picture failed.

For each of the last STARTS units at which a change may have begun (a unit is a build, or whole builds until it has
LEAST_UNIT records; where builds aren't known, so many records), ones since are compared with ones before, by slot:

    K     ones of slots that have records on both sides, before and since
    E     how many of them to expect since: of each slot its ones, times the share of its records that lies since
    O     how many of them are since
    p     P(X >= O), X binomial of K draws with the probability E / K

Given K, ones of one unchanged rate lie since the start with such probabilities (Przyborowski and Wilenski 1940,
"Homogeneity of results in testing samples from Poisson series", Biometrika 31: for rare ones; frequent ones scatter
less). Over unlike slots they are a sum of unlike draws, which beyond its mean has no longer a tail than the binomial
one of the same mean (Hoeffding 1956, "On the distribution of the number of successes in independent trials", Annals of
Mathematical Statistics 27). So no rate has to be known, none is too small, and slots that fail more by nature tell
nothing by being built more often. Slots that lie on one side alone are taken together by framing: else new names for
all slots would hide any change.

Pictures of one build may fail together. Counts are divided by PHI, how many times as much units' counts vary as those
of independent records would: Pearson's statistic of units about the two rates, over its degrees of freedom (Wedderburn
1974, "Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method", Biometrika 61), where a
belief in BELIEVED is worth PRIOR degrees. The evidence is -log p, nats; an alarm is above `threshold_for` the set rate.

One slot has a CUSUM of its own, with the constants that `cusum` has for records that are far off: three ones in a row
where they are rare. While its alarm is open, its records count nowhere else.

An alarm lasts until records speak for the old rate against one that is off by half of what it was: OVER nats since it
was raised, once it is SOON records old, or MENDED of any run of records. Records since the change are not learned.
PRIOR, BELIEVED, THRESHOLD and what closes an alarm are ours, chosen by simulation of 60 series each;
`python -m tests.benchmarks.verdicts_rate` counts on more what they reach.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from personaforge.drift.detector.cusum import FAILED, GROSS, GROSS_ALARM, Alarm, Alarms, Record, Sides
from personaforge.drift.detector.units import LEAST_UNIT

STARTS = 12
THRESHOLD, THRESHOLD_RISE = 5.0, 1.0
"""Nats of one alarm in 1,000 records for both sides together, and how much more where alarms are e times as rare."""
PRIOR, BELIEVED = 2.0, 3.0
OVER, SOON, MENDED = 1.0, 10, 4.0
LEAST_ZEROS = 2
"""Zeros that a slot has before it can be called broken."""
SLOT_MENDED = 1.5
"""Nats; six zeros where ones are rare."""
_TINY = 1e-9
_HALF = 0.5
"""Added to ones and to zeros where a rate is estimated (Jeffreys)."""


class RatePoint(NamedTuple):
    """A record's place in the chart."""

    expected: float | None
    """Share of ones in the group's learned records, drawn to that of all; None before there is any."""
    up: float
    """Evidence that ones are more frequent, nats; [0, threshold] while an alarm is open."""
    down: float
    learned: bool


@dataclass(frozen=True, slots=True)
class RateChart(Alarms):
    """The chart of a series of zeros and ones."""

    points: tuple[RatePoint, ...]
    phi: float
    """PHI of the last alarm: how many times as much units vary as those of independent records."""


def rate_chart(records: Sequence[Record], *, threshold: float, sides: Sides = "both") -> RateChart:
    """Chart records whose values are 0 or 1, oldest first. A value that is no number counts nowhere."""
    made = _Charting(records, threshold, sides)
    for index in range(len(records)):
        made.add(index)
    return made.chart()


def threshold_for(records_per_alarm: float, *, two_sided: bool = True) -> float:
    """Return nats for so many records an alarm. Two sides alarm at the sum of their rates."""
    return THRESHOLD + THRESHOLD_RISE * math.log(records_per_alarm * (1 if two_sided else 0.5) / 1_000)


class _Charting:
    """A chart while it is made."""

    def __init__(self, records: Sequence[Record], threshold: float, sides: Sides) -> None:
        import numpy as np
        from scipy import special

        self._records, self._threshold, self._sides = records, threshold, sides
        self._groups = {name: at for at, name in enumerate(dict.fromkeys(one.group for one in records))}
        scales = {name: at for at, name in enumerate(dict.fromkeys(one.scale for one in records))}
        self._in_scale = np.zeros((len(self._groups), len(scales)))
        for one in records:  # of a slot that was framed anew, the last framing counts
            self._in_scale[self._groups[one.group]] = 0
            self._in_scale[self._groups[one.group], scales[one.scale]] = 1
        self._tail = special.betainc
        self._learned: list[int] = []
        self._points: list[RatePoint] = []
        self._alarms: list[Alarm] = []
        self._slots: list[Alarm] = []
        self._runs: dict[str, _Run] = {}
        self._mends: dict[str, tuple[float, float]] = {}
        self._over = self._mended = 0.0
        self._since = 0
        self._phi: dict[int, float] = {}
        self._scattered = 1.0
        self._build = ""
        self._count_anew()

    def chart(self) -> RateChart:
        """Return what was charted so far."""
        kept = set(self._learned)
        points = tuple(point._replace(learned=index in kept) for index, point in enumerate(self._points))
        return RateChart(tuple(self._alarms), tuple(self._slots), self._threshold, points, self._scattered)

    def add(self, index: int) -> None:
        """Chart a record."""
        record = self._records[index]
        last = self._points[-1] if self._points else RatePoint(None, 0.0, 0.0, False)
        if not math.isfinite(record.value):
            self._points.append(RatePoint(None, last.up, last.down, False))
            return
        expected = self._expected(record.group)
        broken = next((one for one in self._slots if one.group == record.group and one.closed is None), None)
        up, down = last.up, last.down
        if broken is not None:
            self._mend_slot(broken, index)
        elif self._alarms and self._alarms[-1].closed is None:
            up, down = self._continue(self._alarms[-1], index)
        else:
            up, down = self._watch(index)
        self._points.append(RatePoint(expected, up, down, False))

    def _expected(self, group: str) -> float | None:
        whole = float(self._n.sum())
        if not whole:
            return None
        at = self._groups[group]
        rate = (float(self._k.sum()) + _HALF) / (whole + 2 * _HALF)
        return (float(self._k[at]) + LEAST_UNIT * rate) / (float(self._n[at]) + LEAST_UNIT)

    # --- counts of what was learned ---

    def _count_anew(self, *, forget: bool = False) -> None:
        """Count the learned records; `forget` the starts among them."""
        import numpy as np

        groups = len(self._groups)
        self._n, self._k = np.zeros(groups), np.zeros(groups)
        self._since_n, self._since_k = np.zeros((0, groups)), np.zeros((0, groups))
        self._starts: list[int] = []
        self._units: list[list[float]] = []
        self._anew, self._build = True, ""
        learned, self._learned = self._learned, []
        for index in learned:
            self._learn(index)
        if forget:
            self._forget()

    def _forget(self) -> None:
        """Begin a unit with the next record, and look at no start before it."""
        self._since_n, self._since_k, self._starts = self._since_n[:0], self._since_k[:0], []
        self._anew = True

    def _learn(self, index: int) -> None:
        import numpy as np

        record = self._records[index]
        new_build = not record.build or record.build != self._build
        self._build = record.build
        if self._anew or (new_build and self._units[-1][1] >= LEAST_UNIT):
            self._units.append([index, 0.0, 0.0])
            self._starts = [*self._starts, index][-STARTS:]
            empty = np.zeros((1, len(self._groups)))
            self._since_n = np.concatenate([self._since_n, empty])[-STARTS:]
            self._since_k = np.concatenate([self._since_k, empty])[-STARTS:]
            self._anew = False
        at = self._groups[record.group]
        self._n[at] += 1
        self._k[at] += record.value
        self._since_n[:, at] += 1
        self._since_k[:, at] += record.value
        self._units[-1][1] += 1
        self._units[-1][2] += record.value
        self._learned.append(index)

    # --- while nothing is open ---

    def _watch(self, index: int) -> tuple[float, float]:
        self._learn(index)
        found = self._evidence()
        for rising, (gain, start) in found.items():
            if gain > self._threshold:
                self._raise(rising, start, index)
                return (self._threshold, 0.0) if rising else (0.0, self._threshold)
        self._watch_slot(index)
        return found[True][0], found[False][0]

    def _evidence(self) -> dict[bool, tuple[float, int]]:
        """Return for a rise and for a fall the evidence, nats, and the start that has most of it."""
        import numpy as np

        found = {True: (0.0, self._starts[-1]), False: (0.0, self._starts[-1])}
        ones, expected, seen = self._split()
        told = (expected > 0) & (expected < ones)
        if not told.any():
            return found
        phi = self._scatter()
        k, o, q = ones / phi, seen / phi, np.where(told, expected / np.maximum(ones, 1), 0.5)
        tails = {
            True: np.where(o > 0, self._tail(np.maximum(o, _TINY), k - o + 1, q), 1.0),
            False: np.where(o < k, 1 - self._tail(o + 1, np.maximum(k - o, _TINY), q), 1.0),
        }
        for rising, chances in tails.items():
            if self._sides in ("both", "up" if rising else "down"):
                gains = np.where(told, np.maximum(0.0, -np.log(np.maximum(chances, 1e-300))), 0.0)
                at = int(gains.argmax())
                found[rising] = float(gains[at]), self._starts[at]
        self._phi = dict(zip(self._starts, phi.tolist(), strict=True))
        return found

    def _split(self) -> tuple[Any, Any, Any]:
        """Return K, E and O for each start, shape (starts,)."""
        import numpy as np

        since, ones_since = self._since_n, self._since_k
        before = self._n - since
        alone = (before == 0) | (since == 0)
        parts = [
            (np.where(alone, 0.0, part)) for part in (before, since, np.broadcast_to(self._k, since.shape), ones_since)
        ]
        # Slots that lie on one side alone, by framing.
        rest = [np.where(alone, part, 0.0) @ self._in_scale for part in (before, since, self._k, ones_since)]
        known = (rest[0] > 0) & (rest[1] > 0)
        rest = [np.where(known, part, 0.0) for part in rest]
        n_before, n_since, ones, seen = (np.concatenate(pair, axis=1) for pair in zip(parts, rest, strict=True))
        expected = ones * n_since / np.maximum(n_before + n_since, 1)
        return ones.sum(1), expected.sum(1), seen.sum(1)

    def _scatter(self) -> Any:
        """Return PHI for each start, shape (starts,)."""
        import numpy as np

        first, count, ones = np.array(self._units).T
        since = first >= np.array(self._starts)[:, None]
        squares, degrees = PRIOR * BELIEVED, PRIOR
        for side in (since, ~since):
            number, whole, total = side.sum(1), (count * side).sum(1), (ones * side).sum(1)
            known = (number > 1) & (total > 0) & (total < whole)
            rate = np.where(known, total / np.maximum(whole, 1), 0.5)[:, None]
            off = (ones - count * rate) ** 2 / (count * rate * (1 - rate))
            squares = squares + known * (off * side).sum(1)
            degrees = degrees + known * (number - 1)
        return np.maximum(1.0, squares / degrees)

    def _raise(self, rising: bool, started: int, index: int) -> None:
        self._alarms.append(Alarm(rising, started, index))
        self._scattered = self._phi[started]
        self._learned = [at for at in self._learned if at < started]
        self._count_anew(forget=True)
        self._over = self._mended = 0.0
        self._since = 0
        self._runs = {}
        values = [one.value for one in self._records[started : index + 1] if math.isfinite(one.value)]
        self._off = (float(sum(values)), float(len(values)))

    # --- while an alarm of all records is open ---

    def _continue(self, alarm: Alarm, index: int) -> tuple[float, float]:
        value = self._records[index].value
        ones, count = self._off
        self._off = ones + value, count + 1
        self._since += 1
        old = (float(self._k.sum()) + _HALF) / (float(self._n.sum()) + 2 * _HALF)
        off = (ones + value + _HALF) / (count + 1 + 2 * _HALF)
        half = (old + off) / 2
        if (off > old) == alarm.rising:
            told = math.log(old / half) if value else math.log((1 - old) / (1 - half))
            self._over += told
            self._mended = max(0.0, self._mended + told)
        else:
            self._mended = MENDED
        done = max(self._over / OVER if self._since >= SOON else 0.0, self._mended / MENDED)
        if done >= 1:
            self._alarms[-1] = replace(alarm, closed=index)
            self._forget()
            return 0.0, 0.0
        left = self._threshold * (1 - max(0.0, done))
        return (left, 0.0) if alarm.rising else (0.0, left)

    # --- single groups ---

    def _watch_slot(self, index: int) -> None:
        if len(self._groups) < 2 or self._sides == "down":
            return
        record = self._records[index]
        at, value = self._groups[record.group], record.value
        run = self._runs.get(record.group, _Run())
        if run.total == 0:
            before = float(self._n[at]) - 1, float(self._k[at]) - value
            whole = (float(self._k.sum()) + _HALF) / (float(self._n.sum()) + 2 * _HALF)
            run = _Run(0.0, index, max(FAILED, whole, (before[1] + 1) / (before[0] + 2)), before[0] - before[1])
        if run.borne >= GROSS:
            return
        told = math.log(GROSS / run.borne) if value else math.log((1 - GROSS) / (1 - run.borne))
        run = self._runs[record.group] = run._replace(total=max(0.0, run.total + told))
        if run.total > GROSS_ALARM and run.zeros >= LEAST_ZEROS:
            self._slots.append(Alarm(True, run.first, index, group=record.group))
            same = [one for one in self._learned if one < run.first or self._records[one].group != record.group]
            self._learned = same
            self._count_anew()
            self._mends[record.group] = 0.0, run.borne

    def _mend_slot(self, alarm: Alarm, index: int) -> None:
        assert alarm.group is not None
        total, borne = self._mends[alarm.group]
        half = (borne + GROSS) / 2
        told = math.log(borne / half) if self._records[index].value else math.log((1 - borne) / (1 - half))
        self._mends[alarm.group] = max(0.0, total + told), borne
        if self._mends[alarm.group][0] >= SLOT_MENDED:
            self._slots[self._slots.index(alarm)] = replace(alarm, closed=index)
            self._runs.pop(alarm.group, None)


class _Run(NamedTuple):
    """A CUSUM of one group."""

    total: float = 0.0
    first: int = 0
    borne: float = FAILED
    """The share of ones that is no reason for an alarm: what the group, or all, had before the run."""
    zeros: float = 0.0
    """Zeros that the group had before."""
