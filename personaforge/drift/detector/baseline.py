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
statistic). So the z of an unchanged series are independent and standard normal *exactly*, from the second w on.

A group that begins anew where others are known already (a slot or a step was renamed, or added) has nothing of its own
to be compared with. Its values are compared with the means of its scale's other groups, or of all groups where the
scale has fewer than `ALIKE`: t = (y - mean of means) / sqrt(v (1 + 1/G) + s**2), with v the variance of those G means
and G - 1 degrees of freedom. Else a fall that comes with a renaming could never be seen.

What is assumed: values of one group scatter about normally, with one spread within a scale. Values that aren't
symmetric are transformed before (see `drift`). What neighbouring records have in common is `units`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ALIKE = 4
"""Groups of two records and more that it takes to compare a group that begins anew. With fewer, Student's t has so long
tails that nothing could be told. Ours."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A value compared with its baseline."""

    expected: float
    """Mean of the group's earlier values, or of the other groups' means."""
    spread: float
    """Standard deviation of a single value about it, the baseline's own uncertainty included."""
    degrees: int
    """Degrees of freedom of the spread."""
    z: float
    """Standard normal while nothing changes; not clipped."""
    weight: float
    """How far z moves where values move by one standard deviation of their scale, in (0, 1]."""
    own: bool
    """Whether the group's own values were compared with."""


class Baseline:
    """Means by group and spreads by scale, both of the values that were added so far."""

    def __init__(self, *, min_std: float) -> None:
        """`min_std` is the least spread that is assumed, in units of the values."""
        from scipy import special

        self._min_std = min_std
        self._means: dict[str, tuple[int, float]] = {}
        self._squares: dict[str, tuple[int, float]] = {}
        self._scales: dict[str, str] = {}
        self._cdf = special.stdtr
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

    def groups(self) -> tuple[str, ...]:
        """Return the groups that have values."""
        return tuple(self._means)

    def compare(self, group: str, scale: str, value: float) -> Comparison | None:
        """Return a value's comparison; None where there is nothing to compare it with."""
        if group not in self._means:
            return self._among_others(scale, value)
        std = self.std(scale)
        if std is None:
            return None
        number, mean = self._means[group]
        weight = 1 / math.sqrt(1 + 1 / number)
        degrees = self._squares[scale][0]
        return Comparison(mean, std / weight, degrees, self._z((value - mean) * weight / std, degrees), weight, True)

    def _among_others(self, scale: str, value: float) -> Comparison | None:
        """Compare the value of a group that begins anew with the other groups' means."""
        known = [(name, mean) for name, (count, mean) in self._means.items() if count > 1]
        alike = [mean for name, mean in known if self._scales[name] == scale]
        means = alike if len(alike) >= ALIKE else [mean for _, mean in known]
        if len(means) < ALIKE:
            return None
        std = self.std(scale) if len(alike) >= ALIKE else None
        if std is None:
            std = max(math.sqrt(sum(total for _, total in self._squares.values()) / self.degrees), self._min_std)
        middle = math.fsum(means) / len(means)
        between = math.fsum((mean - middle) ** 2 for mean in means) / (len(means) - 1)
        spread = math.sqrt(between * (1 + 1 / len(means)) + std**2)
        z = self._z((value - middle) / spread, len(means) - 1)
        return Comparison(middle, spread, len(means) - 1, z, std / spread, False)

    def _z(self, t: float, degrees: int) -> float:
        # By the lower tail on both sides: the upper one would lose its digits to 1.
        tail = max(float(self._cdf(degrees, -abs(t))), 1e-300)
        return math.copysign(-float(self._normal(tail)), t)

    def add(self, group: str, scale: str, value: float) -> None:
        """Take a value into the baseline."""
        number, mean = self._means.get(group, (0, 0.0))
        if number:
            count, total = self._squares.get(scale, (0, 0.0))
            self._squares[scale] = (count + 1, total + (value - mean) ** 2 / (1 + 1 / number))
        self._means[group] = (number + 1, mean + (value - mean) / (number + 1))
        self._scales[group] = scale
