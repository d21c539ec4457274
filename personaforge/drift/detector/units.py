"""How strongly a series speaks for a change of level, whatever the records of one build have in common.

Pictures of one build share what that build did, and neighbouring records may be alike for other reasons. Taken as
independent, they raise many times the false alarms that are set. So no record is compared with how much *records*
scatter. Records are taken together in *units*: a build, or as many whole builds as it takes to have LEAST_UNIT
compared records (where builds aren't known, so many records). A unit's mean score is compared with how much *units'*
means scatter: that holds what a build shares, however large it is, and nearly all that neighbours have in common.
This is the method of batch means (Runger and Willemain 1996, "Batch-means control charts for autocorrelated data", IIE
Transactions 28), and on the means the change-point model with unknown level and variance of Hawkins, Qiu and Kang
(2003, "The changepoint model for statistical process control", Journal of Quality Technology 35). For each of the last
STARTS units a, at which a change may have begun:

    m     mean score of a unit; independent and of mean 0 while nothing changes, since scores are recursive residuals
    x     mean of how far a change of one standard deviation from a on would move them: less and less, as it is learned
    v     (1/n + r) / (1 + N r): the variance of a unit of n records, so that one of N has 1/N whatever r is; N is the
          units' harmonic mean, r what records share, by moments
    V     sum(x**2 / v)      S: sum(x m / v)      R: sum(m**2 / v), over all units
    s**2  (R - S**2 / V) / d, d: units - 1; at least FLOOR, where 1 is what independent records have
    z     Phi^-1(F_t(S / sqrt(V s**2); d))

so that z is standard normal for any size of what builds share. The evidence, in nats, is that of a normal z for a size
~ N(0, shift**2) beforehand (Wakefield 2009, "Bayes factors for genome-wide association studies", Genetic Epidemiology
33), in which V shift**2 = USUAL stands for no constant:

    w = V shift**2      evidence = z**2 / 2 * w / (1 + w) - log((1 + w) / (1 + USUAL shift**2)) / 2

less what further looks cost: MORE_LOOKS where units are small, and UNFINISHED for a unit that has begun only, in
proportion to what it lacks of N; and less DOUBT where units scatter as twice what independent records would, or more,
in proportion below. FLOOR and DOUBT treat series unlike: with s alone all have the same false alarms, and after few
builds most of those of independent records come from an s that is too small by chance. A least s spares them, the
threshold can be lower, and DOUBT gives back what that would cost correlated series. These numbers, STARTS and
LEAST_UNIT are ours, chosen by simulation; `tests/benchmarks/verdicts_drift.py` counts what they reach.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LEAST_UNIT = 5
"""Compared records that a unit has at least."""
STARTS = 6
FLOOR = 0.5
UNFINISHED = 4.0
DOUBT = 1.5
COUNTED_UNIT, MORE_LOOKS = 20.0, 1.3
"""The N for which thresholds are counted, and how many nats more are asked for where units are e times as small: there
are as many more of them."""
USUAL = 16.0
LEAST_DEGREES = 2
"""Degrees of freedom below which nothing is said of a change."""
PRIOR = 4.0
"""Units that the belief in independent records is worth, where an alarm is to be closed. Ours."""


@dataclass(slots=True)
class _Unit:
    """Records that are taken together."""

    first: int
    count: int = 0
    total: float = 0.0
    """Sum of their scores."""
    moved: dict[int, float] = field(default_factory=dict)
    """Sum of how far a change would move them, by its start."""


class Evidence:
    """Evidence for a rise and for a fall after each score."""

    def __init__(self, shift: float) -> None:
        """`shift` is the prior's standard deviation of a change's size, in standard deviations of the scores."""
        from scipy import special

        self._tau = shift**2
        self._cdf, self._normal = special.stdtr, special.ndtri
        self._units: list[_Unit] = []
        self.restart(0)
        self._know()

    def restart(self, index: int) -> None:
        """Forget all starts before a record; what was learned of the units' scatter stays."""
        self.starts: list[int] = []
        self.best = index, index
        self._anew = True

    def set_back(self, index: int) -> None:
        """Learn nothing of the scatter from a record on."""
        self._units = [unit for unit in self._units if unit.first < index]

    def begin(self, index: int, *, build: bool) -> None:
        """Advance to a record, which may be the first of a `build`; a unit may begin with it."""
        if not self._anew and not (build and self._units[-1].count >= LEAST_UNIT):
            return
        if self._units and not self._units[-1].count:
            self._units.pop()
        self._know()
        self._units.append(_Unit(index))
        self.starts = [*self.starts, index][-STARTS:]
        self._anew = False

    def _know(self) -> None:
        """Work out what finished units say of their scatter."""
        counts = [unit.count for unit in self._units]
        self._usual = len(counts) / math.fsum(1 / count for count in counts) if counts else 0.0
        extra = [(unit.total / unit.count) ** 2 - 1 / unit.count for unit in self._units]
        self._shared = max(0.0, math.fsum(extra) / len(extra)) if extra else 0.0
        self._squares = math.fsum((unit.total / unit.count) ** 2 / self._variance(unit.count) for unit in self._units)
        self._finished = len(counts)

    def _variance(self, count: int) -> float:
        usual = self._usual or count
        return (1 / count + self._shared) / (1 + usual * self._shared)

    @property
    def spread(self) -> float:
        """How many times as much units' means vary as those of independent records would, at least 1."""
        return max(1.0, (PRIOR + self._squares) / (PRIOR + self._finished))

    def add(self, z: float, weights: Sequence[float], *, repeats: bool = False) -> tuple[float, float]:
        """Take a score in and return the evidence for a rise and for a fall, nats. `best` then has their starts.

        `weights`, one for each of `starts`, say how far a change of one standard deviation from each would move it.
        `repeats` is true where values scatter less than is believed: then units aren't believed to scatter less either.
        """
        unit = self._units[-1]
        unit.count += 1
        unit.total += z
        for start, weight in zip(self.starts, weights, strict=True):
            unit.moved[start] = unit.moved.get(start, 0.0) + weight
        degrees = self._finished
        if degrees < LEAST_DEGREES:
            return 0.0, 0.0
        least = 1.0 if repeats else FLOOR
        squares = self._squares + (unit.total / unit.count) ** 2 / self._variance(unit.count)
        lacks = UNFINISHED * max(0.0, 1 - unit.count / self._usual)
        lacks += MORE_LOOKS * max(0.0, math.log(COUNTED_UNIT / self._usual))
        found = {True: (0.0, self.starts[-1]), False: (0.0, self.starts[-1])}
        for start in self.starts:
            known, moved = self._fit(start)
            if known < 1e-6:
                continue
            variance = max(least, (squares - moved**2 / known) / degrees)
            t = abs(moved) / math.sqrt(known * variance)
            score = -float(self._normal(max(float(self._cdf(degrees, -t)), 1e-300)))
            width = known * self._tau
            doubt = DOUBT * max(0.0, min(1.0, variance - 1))
            gain = (
                score**2 / 2 * width / (1 + width) - math.log((1 + width) / (1 + USUAL * self._tau)) / 2 - lacks - doubt
            )
            if gain > found[moved > 0][0]:
                found[moved > 0] = gain, start
        self.best = found[True][1], found[False][1]
        return found[True][0], found[False][0]

    def _fit(self, start: int) -> tuple[float, float]:
        """Return V and S of a start."""
        known = moved = 0.0
        for unit in reversed(self._units):
            if unit.first < start:
                break
            if unit.count:
                shape = unit.moved.get(start, 0.0) / unit.count
                variance = self._variance(unit.count)
                known += shape**2 / variance
                moved += shape * unit.total / unit.count / variance
        return known, moved


def known_before(indices: Mapping[str, list[int]], group: str, starts: Sequence[int]) -> list[float]:
    """Return for each start which share of a group's learned records lies before it; 0 of none."""
    mine = indices.get(group, [])
    return [bisect_left(mine, start) / len(mine) if mine else 0.0 for start in starts]
