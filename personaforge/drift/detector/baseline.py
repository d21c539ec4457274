"""What a record is compared with: the earlier records of its own slot. Yields one standard normal number a record.

Full-body shots score lower than headshots by construction, so a value is compared with the mean of the values before it
in its own *group* (a slot, a framing, a pose), and the difference with how much records of its *scale* (a framing)
scatter about their own groups' means. Both come from few records, so neither is taken as known:

    w = (y - m) / sqrt(1 + 1/n)        m, n: mean and number of the group's earlier values
    s = sqrt(sum of earlier w**2 / d)  d: how many earlier w the scale has
    t = w / s                          Student's t with d degrees of freedom
    z = Phi^-1(F_t(t; d))              standard normal

w is the recursive residual of the model "each group has a mean of its own" (Brown, Durbin, Evans 1975, "Techniques for
testing the constancy of regression relationships over time", JRSS B 37). For independent normal values these are
independent with one variance, however few records a group has: a mean of one record is trusted half as much as a mean
of many, by the factor, and no number is borrowed from other groups. The second half is Hawkins' self-starting transform
(1987, "Self-starting Cusum charts for location and scale", The Statistician 36; Quesenberry 1991 calls z the Q
statistic). So the z of an unchanged series are independent and standard normal *exactly*, from the second w on, and a
chart of them keeps the false-alarm rate that it has for known means and spreads.

What is assumed: values of one group scatter independently and about normally, with one spread within a scale. Values
that aren't symmetric are transformed before (see `drift`). z is clipped, so that one failed picture is no drift, and a
value beyond `MOST` enters the baseline as if it were `MOST`, so that it hides none after it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST = 5.0
"""Standard deviations; a value farther away enters the baseline as if it were this far. At 3, where z is clipped, the
spread of heavy-tailed values (t with 5 degrees of freedom) was so small that there were 40 % more false alarms."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value compared with its baseline."""

    expected: float
    """Mean of the group's earlier values."""
    spread: float
    """Standard deviation of a single value about it, the baseline's own uncertainty included."""
    degrees: int
    """Degrees of freedom of the spread."""
    z: float
    """Standard normal while nothing changes; within +- the clip."""
    kept: float
    """The value as it enters the baseline."""


class Baseline:
    """Means by group and spreads by scale, both of the values that were added so far."""

    def __init__(self, *, min_std: float, clip: float) -> None:
        """`min_std` is the least spread that is assumed, in units of the values; `clip` is in spreads."""
        from scipy import special

        self._min_std = min_std
        self._clip = clip
        self._most = float(special.ndtr(-MOST))
        self._means: dict[str, tuple[int, float]] = {}
        self._squares: dict[str, tuple[int, float]] = {}
        self._cdf = special.stdtr
        self._quantile = special.stdtrit
        self._normal = special.ndtri

    @property
    def degrees(self) -> int:
        """Degrees of freedom of all spreads together."""
        return sum(count for count, _ in self._squares.values())

    def std(self, scale: str) -> float | None:
        """Return how much values of a scale scatter about their groups' means; None before there are two in a group."""
        count, total = self._squares.get(scale, (0, 0.0))
        return max(math.sqrt(total / count), self._min_std) if count else None

    def mean(self, group: str) -> float | None:
        """Return a group's mean; None while it has no value."""
        return self._means[group][1] if group in self._means else None

    def compare(self, group: str, scale: str, value: float) -> Comparison | None:
        """Return a value's comparison; None where its group has no value yet, or its scale no spread."""
        std = self.std(scale)
        if group not in self._means or std is None:
            return None
        number, mean = self._means[group]
        spread = std * math.sqrt(1 + 1 / number)
        degrees = self._squares[scale][0]
        t = (value - mean) / spread
        # By the lower tail on both sides: the upper one would lose its digits to 1.
        tail = float(self._cdf(degrees, -abs(t)))
        z = math.copysign(min(-float(self._normal(tail)), self._clip), t)
        kept = value
        if tail < self._most:
            kept = mean - math.copysign(float(self._quantile(degrees, self._most)), t) * spread
        return Comparison(mean, spread, degrees, z, kept)

    def add(self, group: str, scale: str, value: float) -> None:
        """Take a value into the baseline."""
        number, mean = self._means.get(group, (0, 0.0))
        if number:
            count, total = self._squares.get(scale, (0, 0.0))
            self._squares[scale] = (count + 1, total + (value - mean) ** 2 / (1 + 1 / number))
        self._means[group] = (number + 1, mean + (value - mean) / (number + 1))
