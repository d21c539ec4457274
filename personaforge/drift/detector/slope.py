"""How fast a series moves, whatever its values' distribution: Theil-Sen slope and Mann-Kendall test within groups.

Only pairs of one group (a slot) are compared, so the mix of slots can't pass for a trend. These are the seasonal
Kendall test and slope of Hirsch, Slack and Smith (1982, "Techniques of trend analysis for monthly water quality data",
Water Resources Research 18), with slots for months:

    slope    median of (y_j - y_i) / (x_j - x_i) over the pairs of one group
    S        sum of sign(y_j - y_i) over them; its variance is the sum of the groups', less what ties take
    p        two-sided, of (S - sign(S)) / sqrt(variance), normal; from about 10 pairs a fair approximation
    interval the slopes whose ranks are (pairs +- q * sqrt(variance)) / 2 (Sen 1968, equation 2.6)

With one group these are `scipy.stats.theilslopes` and the asymptotic Mann-Kendall test. For groups, scipy has
`mstats.sen_seasonal_slopes` and `mstats.kendalltau_seasonal`, which want a full table with a row for each season's turn
and give no interval; records have no such order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Slope:
    """A trend per record, in units of the values. 9 decimals."""

    slope: float
    low: float | None
    """Lower end of the confidence interval; None where there are too few pairs for it."""
    high: float | None
    p: float
    """Of no trend, two-sided."""
    pairs: int
    """Pairs of one group that were compared."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


def slope_within(
    positions: Sequence[float], values: Sequence[float], groups: Sequence[str], confidence: float
) -> Slope | None:
    """Return the trend within groups; None where no group has two values, or all of them are tied.

    Positions (record numbers) must differ. `confidence` is the interval's level, in (0, 1).
    """
    import numpy as np
    from scipy import special

    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    slopes, signs, variance = [], 0.0, 0.0
    for indices in members.values():
        x, y = np.asarray(positions, float)[indices], np.asarray(values, float)[indices]
        first, second = np.triu_indices(len(x), 1)
        rises = (y[second] - y[first]) * np.sign(x[second] - x[first])
        slopes.append(rises / np.abs(x[second] - x[first]))
        signs += float(np.sign(rises).sum())
        variance += _variance(len(x)) - sum(_variance(count) for count in Counter(y.tolist()).values())
    ranked = np.sort(np.concatenate(slopes)) if slopes else np.empty(0)
    if not len(ranked) or variance <= 0:
        return None
    deviation = math.sqrt(variance)
    reach = float(special.ndtri((1 + confidence) / 2)) * deviation
    lower, upper = round((len(ranked) - reach) / 2) - 1, round((len(ranked) + reach) / 2)
    known = lower >= 0 and upper < len(ranked)
    score = (signs - math.copysign(1.0, signs)) / deviation if signs else 0.0
    return Slope(
        slope=round(float(np.median(ranked)), 9),
        low=round(float(ranked[lower]), 9) if known else None,
        high=round(float(ranked[upper]), 9) if known else None,
        p=round(float(2 * special.ndtr(-abs(score))), 9),
        pairs=len(ranked),
    )


def _variance(count: int) -> float:
    """Return the variance of S among so many untied values, which is also what so many tied ones take away."""
    return count * (count - 1) * (2 * count + 5) / 18
