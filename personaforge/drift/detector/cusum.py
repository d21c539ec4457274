"""The sequential detector: a series of records to the stretches in which it was off, at a false-alarm rate that is set.

Four charts read the scores of `baseline`, each for what the others can't see:

    level  the evidence of `units` that all records have moved, an alarm above h nats
    gross  records beyond FAR clips say nothing of the level: its chart leaves them out. Their own CUSUM weighs a share
           of GROSS against the FAILED that is borne: log(GROSS / FAILED) for each, log((1 - GROSS) / (1 - FAILED)) for
           any other record, an alarm above GROSS_ALARM: one failed picture is no drift, and three in a row are
    large  Page's CUSUM of all records with the allowance of the next chart: a fall of four deviations is seen after
           four records and one of three after six, before a unit is full
    slot   Page's CUSUM (1954, "Continuous inspection schemes", Biometrika 41) of each group alone, with the allowance
           SLOT_ALLOWANCE, for one slot that broke while the others are well: four failures in a row. While it is
           open, its records count nowhere else

h is that of the set rate for the level chart (`threshold_for`); tests/benchmarks/verdicts_drift.py counts them all.

An alarm of all records goes on until there is evidence that the level is back, because the question is what is true
*now*. The baseline is set back to the records before the change and learns nothing meanwhile: a new level must not
become the norm by lasting. It closes where the records since it was raised, SOON at least, speak for the old level
against one that is off by half of what it was, at least LEAST (a Wald test; false alarms are over soon, most by the
next unit), or where any run of records does more strongly (a CUSUM, for what is mended later). A record tells less,
there, the more units scatter (`Evidence.spread`). Then the baseline learns again, without the records in between.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from personaforge.drift.detector.baseline import ALIKE, Baseline, Comparison
from personaforge.drift.detector.units import Evidence, known_before

MIN_DEGREES = 5
"""Degrees of freedom that a baseline must keep when it is set back; else it is only frozen. Ours."""
FAR = 4 / 3
"""Clips beyond which the chart of the level leaves a record out."""
FAILED, GROSS, GROSS_ALARM = 0.05, 0.5, 6.5
"""The share of failed records that is borne, the one that is looked for, and the evidence in nats that makes an alarm:
three in a row. Ours."""
SLOT_ALLOWANCE, SLOT_CLIP, SLOT_ALARM = 1.5, 4.0, 9.0
"""Standard deviations of a single record. Ours."""
THRESHOLD, THRESHOLD_RISE = 3.3, 1.0
"""h of one alarm in 1,000 records for both sides together, and how much it rises where alarms are e times as rare.
Counted by tests/benchmarks/verdicts_drift.py, which says what is reached, with a `shift` of 1."""
SHIFTS = ((0.5, -0.28), (1.0, 0.0), (1.5, 0.11), (2.0, 0.17), (math.inf, 0.2))
"""What is added to h for each `shift` up to the one named, so that alarms are no more frequent than with a shift of 1.
Counted at 0.25, 0.5, 1, 1.5, 2 and 4 on 500 series of 320 records each of independent records, builds that share 0.5
and an autoregression of 0.4, at four thresholds: the largest of the twelve differences. The last one is that of 4, near
which it stays: evidence hardly depends on a larger shift. Between them the larger one's is taken: h rises with it."""
LOOKS = (6, 12, 24, 48)
"""Degrees of freedom at which the records learned so far are looked at once more: while a spread rests on few records,
a failed picture among them can't be told. Ours."""
OUTLYING = 5.0
"""Deviations, by the upper quartile, of a record that is taken out then."""
MOST_LOST = 0.15
"""The share of them that can be taken out. Ours."""
LEAST = 0.5
"""Standard deviations; the smallest fall that is kept while it lasts."""
OVER, SOON, MENDED = 0.6, 10, 7.0
"""Nats of evidence that the level is back: since the alarm, once it is so many records old, and of any run of records.
Ours, chosen by tests/benchmarks/verdicts_drift.py: with more, false alarms last beyond the next unit."""
KEPT = 20.0
"""Nats of evidence for a fall that count, at most, against the evidence that the level is back."""


class Record(NamedTuple):
    """A value to chart. One that is no finite number counts nowhere."""

    value: float
    group: str
    """The group whose mean it is compared with."""
    scale: str
    """The scale whose spread it is compared with."""
    build: str = ""
    """What it shares a build with; empty where that isn't known, and then it shares nothing."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A stretch in which the values are off. Numbers are indices of records, from 0."""

    rising: bool
    started: int
    """The record from which the evidence is largest."""
    raised: int
    """The record that took it over the threshold."""
    closed: int | None = None
    """The record that showed the old level; None while it is open."""
    group: str | None = None
    """The one group that is off; None where all are."""


class Charted(NamedTuple):
    """A record's place in the chart."""

    comparison: Comparison | None
    """None where there was nothing like it before."""
    up: float
    """Evidence for a rise in nats, [0, threshold] while one is open."""
    down: float
    learned: bool
    """Whether it is part of the baseline now."""
    failed: bool
    """Whether it is too far off to tell anything of the level."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """What a chart of whatever numbers found."""

    alarms: tuple[Alarm, ...]
    """Of all records together, oldest first."""
    slots: tuple[Alarm, ...]
    """Of single groups, in the order in which they were raised."""
    threshold: float
    """h, nats."""

    @property
    def open(self) -> Alarm | None:
        """The alarm of all records that is open at the end."""
        return self.alarms[-1] if self.alarms and self.alarms[-1].closed is None else None

    @property
    def broken(self) -> tuple[Alarm, ...]:
        """The alarms of single groups that are open at the end."""
        return tuple(alarm for alarm in self.slots if alarm.closed is None)


@dataclass(frozen=True, slots=True)
class Chart(Alarms):
    """The chart of a series."""

    points: tuple[Charted, ...]
    baseline: Baseline
    """As it is after the last record."""


Sides = Literal["both", "up", "down"]


def chart(
    records: Sequence[Record],
    *,
    shift: float,
    threshold: float,
    min_std: float,
    clip: float,
    sides: Sides = "both",
) -> Chart:
    """Chart the records, oldest first. `min_std` is in units of the values, `shift` and `clip` in standard deviations,
    `threshold` in nats.
    """
    lost: frozenset[int] = frozenset()
    while True:
        made = _Charting(records, shift, threshold, min_std, clip, sides, lost)
        looks = list(LOOKS)
        for index in range(len(records)):
            made.add(index)
            if looks and made.degrees >= looks[0]:
                looks.pop(0)
                made.lost |= made.outliers()
            if made.lost - lost:
                lost = frozenset(made.lost)
                break
        else:
            return made.chart()


class _Charting:
    """A chart while it is made."""

    def __init__(
        self,
        records: Sequence[Record],
        shift: float,
        threshold: float,
        min_std: float,
        clip: float,
        sides: Sides,
        lost: Collection[int],
    ) -> None:
        self._records, self._threshold, self._min_std, self._clip, self._sides = (
            records,
            threshold,
            min_std,
            clip,
            sides,
        )
        self.lost = set(lost)
        self._several = len({record.group for record in records}) > 1
        self._evidence = Evidence(shift)
        self._points: list[Charted] = []
        self._alarms: list[Alarm] = []
        self._slots: list[Alarm] = []
        self._baseline = Baseline(min_std=min_std)
        self._learned: list[int] = []
        self._places: dict[str, list[int]] = {}
        self._far: dict[bool, tuple[float, int]] = {True: (0.0, 0), False: (0.0, 0)}
        self._runs: dict[bool, tuple[float, int]] = {}
        self._slot_runs: dict[tuple[str, bool], tuple[float, int]] = {}
        self._mends: dict[str, float] = {}
        self._over = self._mended = self._done = self._size = 0.0
        self._since = 0
        self._build = ""
        self._offs = (0, 0.0)

    def chart(self) -> Chart:
        """Return what was charted so far."""
        kept = set(self._learned)
        points = tuple(point._replace(learned=index in kept) for index, point in enumerate(self._points))
        return Chart(tuple(self._alarms), tuple(self._slots), self._threshold, points, self._baseline)

    @property
    def _open(self) -> Alarm | None:
        return self._alarms[-1] if self._alarms and self._alarms[-1].closed is None else None

    def add(self, index: int) -> None:
        """Chart a record."""
        record = self._records[index]
        if not math.isfinite(record.value):
            last = self._points[-1] if self._points else Charted(None, 0.0, 0.0, False, False)
            self._points.append(Charted(None, last.up, last.down, False, False))
            return
        if index in self.lost:
            last = self._points[-1] if self._points else Charted(None, 0.0, 0.0, False, False)
            self._points.append(Charted(None, last.up, last.down, False, True))
            return
        found = self._baseline.compare(record.group, record.scale, record.value)
        failed = found is not None and abs(found.z) > FAR * self._clip
        broken = self._broken(record.group)
        up = down = 0.0
        if broken is not None:
            self._mend_slot(broken, found, index)
            up, down = (self._points[-1].up, self._points[-1].down) if self._points else (0.0, 0.0)
        elif self._open is not None:
            up, down = self._continue(self._open, found, failed, index)
        else:
            self._begin(index)
            up, down = self._watch(record, found, failed, index)
        self._points.append(Charted(found, up, down, False, failed))

    def _begin(self, index: int) -> None:
        build = self._records[index].build
        self._evidence.begin(index, build=not build or build != self._build)
        self._build = build

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the baseline."""
        return self._baseline.degrees

    def outliers(self) -> frozenset[int]:
        """Return which of the learned records had better not been learned, as too far off before that could be told.

        Of a group's first two, it is the one that is farther from the middle of the other groups of its scale.
        """
        offs: dict[str, list[tuple[float, int, int | None]]] = {}
        for places in self._places.values():
            values = [self._records[at].value for at in places]
            for number in range(1, len(values)):
                off = abs(values[number] - statistics.fmean(values[:number])) / math.sqrt(1 + 1 / number)
                first = places[0] if number == 1 else None
                offs.setdefault(self._records[places[0]].scale, []).append((off, places[number], first))
        together = _upper_quartile([off for some in offs.values() for off, _, _ in some])
        found: set[int] = set()
        for some in offs.values():
            typical = _upper_quartile([off for off, _, _ in some]) if len(some) > ALIKE else together
            for off, at, first in some:
                if off > OUTLYING * max(typical / 1.1503, self._min_std):
                    earlier = first is not None and self._middle_off(first) > self._middle_off(at)
                    found.add(first if earlier and first is not None else at)
        # Many that are off are no failures: they scatter so.
        return frozenset(found) if len(found | self.lost) <= max(1.0, MOST_LOST * len(self._points)) else frozenset()

    def _middle_off(self, index: int) -> float:
        record = self._records[index]
        others = [
            statistics.median(self._records[at].value for at in places)
            for group, places in self._places.items()
            if group != record.group and self._records[places[0]].scale == record.scale
        ]
        return abs(record.value - statistics.median(others)) if others else 0.0

    # --- while nothing is open ---

    def _watch(self, record: Record, found: Comparison | None, failed: bool, index: int) -> tuple[float, float]:
        up = down = 0.0
        if found is not None and not failed:
            z = max(-self._clip, min(found.z, self._clip))
            repeats = self._baseline.std(record.scale) == self._min_std
            up, down = self._evidence.add(z, self._weights(record, found), repeats=repeats)
            up, down = self._of_sides(up, down)
        elif self._points:
            up, down = self._points[-1].up, self._points[-1].down
        if not failed:
            self._learn(index)
        elif found is not None and found.own and len(before := self._places[record.group]) <= 2:
            off = self._middle_off(index)
            if all(self._middle_off(at) > off for at in before):
                self.lost |= set(before)
        if found is None:
            return up, down
        for rising in (True, False):
            if self._sides not in ("both", "up" if rising else "down"):
                continue
            if (up if rising else down) > self._threshold:
                self._raise(rising, self._evidence.best[not rising], index)
                return (self._threshold, 0.0) if rising else (0.0, self._threshold)
            if self._gross(found, failed, rising, index):
                self._raise(rising, self._far[rising][1], index)
                return (self._threshold, 0.0) if rising else (0.0, self._threshold)
            if found.own and self._large(found.z, rising, index):
                self._raise(rising, self._runs[rising][1], index)
                return (self._threshold, 0.0) if rising else (0.0, self._threshold)
            if found.own:
                self._watch_slot(record.group, found.z, rising, index)
        return up, down

    def _of_sides(self, up: float, down: float) -> tuple[float, float]:
        return (0.0 if self._sides == "down" else max(0.0, up)), (0.0 if self._sides == "up" else max(0.0, down))

    def _weights(self, record: Record, found: Comparison) -> list[float]:
        places, group = (self._places, record.group) if found.own else ({"": self._learned}, "")
        return [share * found.weight for share in known_before(places, group, self._evidence.starts)]

    def _learn(self, index: int) -> None:
        record = self._records[index]
        self._baseline.add(record.group, record.scale, record.value)
        self._learned.append(index)
        self._places.setdefault(record.group, []).append(index)

    def _gross(self, found: Comparison, failed: bool, rising: bool, index: int) -> bool:
        total, first = self._far[rising]
        hit = failed and (found.z > 0) == rising
        first = index if hit and total == 0 else first
        total += math.log(GROSS / FAILED) if hit else math.log((1 - GROSS) / (1 - FAILED))
        self._far[rising] = (max(0.0, total), first)
        return total > GROSS_ALARM

    def _large(self, z: float, rising: bool, index: int) -> bool:
        self._runs[rising] = _run(self._runs.get(rising), z, rising, index)
        return self._runs[rising][0] > SLOT_ALARM

    def _raise(self, rising: bool, started: int, index: int) -> None:
        self._alarms.append(Alarm(rising, started, index))
        self._set_back([at for at in self._learned if at < started])
        self._evidence.set_back(started)
        self._evidence.restart(index + 1)
        self._far = {True: (0.0, 0), False: (0.0, 0)}
        self._runs = {}
        self._over = self._mended = self._done = 0.0
        self._since = 0
        offs = [
            max(-self._clip, min(point.comparison.z, self._clip))
            for point in self._points[started:]
            if point.comparison is not None
        ]
        self._size = abs(math.fsum(offs) / len(offs)) if offs else 0.0
        self._offs = (len(offs), math.fsum(offs))

    def _set_back(self, kept: Sequence[int]) -> None:
        """Learn these records alone, unless fewer than MIN_DEGREES would be left."""
        earlier = Baseline(min_std=self._min_std)
        for at in kept:
            one = self._records[at]
            earlier.add(one.group, one.scale, one.value)
        if earlier.degrees < MIN_DEGREES:
            return
        self._baseline, self._learned, self._places = earlier, list(kept), {}
        for at in kept:
            self._places.setdefault(self._records[at].group, []).append(at)

    # --- while an alarm of all records is open ---

    def _continue(self, alarm: Alarm, found: Comparison | None, failed: bool, index: int) -> tuple[float, float]:
        number, total = self._offs
        middle = total / number if number else 0.0
        for rising in (True, False):
            if found is not None and found.own and self._sides in ("both", "up" if rising else "down"):
                self._watch_slot(self._records[index].group, found.z - middle, rising, index)
        if found is not None and not failed:
            z = max(-self._clip, min(found.z, self._clip))
            off = z * (1 if alarm.rising else -1)
            self._offs = (number + 1, total + z)
            self._since += 1
            self._size = max(self._size, abs(self._offs[1]) / self._offs[0])
            against = max(LEAST, self._size / 2)
            told = against * (against / 2 - off) / self._evidence.spread
            self._over = max(-KEPT, self._over + told)
            self._mended = max(0.0, self._mended + told)
            self._done = max(self._over / OVER if self._since >= SOON else 0.0, self._mended / MENDED)
        done = self._done
        if done >= 1:
            self._close(index)
            return 0.0, 0.0
        left = self._threshold * (1 - max(0.0, done))
        return (left, 0.0) if alarm.rising else (0.0, left)

    def _close(self, index: int) -> None:
        self._alarms[-1] = replace(self._alarms[-1], closed=index)
        self._evidence.restart(index + 1)
        self._far = {True: (0.0, 0), False: (0.0, 0)}
        self._runs = {}

    # --- single groups ---

    def _broken(self, group: str) -> Alarm | None:
        return next((alarm for alarm in self._slots if alarm.group == group and alarm.closed is None), None)

    def _watch_slot(self, group: str, z: float, rising: bool, index: int) -> None:
        if not self._several or self._broken(group) is not None:
            return
        total, first = self._slot_runs[group, rising] = _run(self._slot_runs.get((group, rising)), z, rising, index)
        if total > SLOT_ALARM:
            self._slots.append(Alarm(rising, first, index, group=group))
            self._set_back([at for at in self._learned if at < first or self._records[at].group != group])
            self._mends[group] = 0.0

    def _mend_slot(self, alarm: Alarm, found: Comparison | None, index: int) -> None:
        assert alarm.group is not None
        if found is None:
            return
        off = max(-SLOT_CLIP, min(found.z, SLOT_CLIP)) * (1 if alarm.rising else -1)
        against = 2 * SLOT_ALLOWANCE
        self._mends[alarm.group] = max(0.0, self._mends[alarm.group] + against * (against / 2 - off))
        if self._mends[alarm.group] >= MENDED:
            self._slots[self._slots.index(alarm)] = replace(alarm, closed=index)
            self._slot_runs.pop((alarm.group, alarm.rising), None)


def _run(before: tuple[float, int] | None, z: float, rising: bool, index: int) -> tuple[float, int]:
    """Return a CUSUM after one more score, and the record with which its run began."""
    total, first = before or (0.0, index)
    off = max(-SLOT_CLIP, min(z, SLOT_CLIP)) * (1 if rising else -1)
    return max(0.0, total + off - SLOT_ALLOWANCE), index if total == 0 else first


def _upper_quartile(values: Sequence[float]) -> float:
    return sorted(values)[3 * len(values) // 4]


def threshold_for(records_per_alarm: float, *, shift: float = 1.0, two_sided: bool = True) -> float:
    """Return h, in nats, for so many records an alarm. Two sides alarm at the sum of their rates."""
    added = next(more for largest, more in SHIFTS if shift <= largest)
    return THRESHOLD + added + THRESHOLD_RISE * math.log(records_per_alarm * (1 if two_sided else 0.5) / 1_000)
