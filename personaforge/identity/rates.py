"""A rate of errors among pairs that share people, with an interval that holds. Plain arithmetic.

    rate      the share of pairs that are errors
    interval  Clopper and Pearson 1934, "The use of confidence or fiducial limits", with the effective number of pairs
              in place of their number: Korn and Graubard 1998, "Confidence intervals for proportions with small
              expected number of positive counts estimated from survey data"

Pairs of one person are not independent: where one photograph of Ana is blurred, all her pairs fail together. The
effective number is that of independent pairs whose rate would vary as much: rate * (1 - rate) / variance. The variance
is that of a mean over clusters: a same pair belongs to one person, a different pair to two, whose parts are added and
the part of the two together is taken off once (Cameron, Gelbach and Miller 2011, "Robust inference with multiway
clustering"). It is never more than the number of pairs. Where every pair or none is an error the pairs show no
variance: then persons are counted for same pairs, and pairs of persons for different ones. The rule of three (Hanley
and Lippman-Hand 1983) is the same with 3 in place of the exact 3.7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

_TAIL = 0.025
"""On either side of a 95 % interval."""
_STEPS = 100
"""Halvings of [0, 1] in search of a bound: more than a double can tell apart."""
_TERMS = 300
"""Terms of the continued fraction at most; it takes about the root of the larger count."""
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of pairs. Numbers in [0, 1], 6 decimals."""

    errors: int
    pairs: int
    rate: float
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end."""


def rate_of(errors: Sequence[bool] | Flags, people: Sequence[tuple[int, int]] | NDArray[Any]) -> Rate | None:
    """Return the rate of errors; None without any pair.

    `people` holds both persons of each pair, (n, 2): equal ones for a same pair.
    """
    import numpy as np

    wrong = np.asarray(errors, dtype=bool)
    if wrong.size == 0:
        return None
    who = np.asarray(people, dtype=np.int64).reshape(-1, 2)
    count, total = int(wrong.sum()), int(wrong.size)
    low, high = exact(count / total, effective(wrong, who))
    return Rate(count, total, round(count / total, 6), round(low, 6), round(high, 6))


def effective(errors: Flags, people: NDArray[Any]) -> float:
    """Return how many independent pairs would give a rate that varies as much; see the module."""
    import numpy as np

    total = len(errors)
    share = float(errors.mean())
    both = numbered(np.sort(people, axis=1))
    if share in (0.0, 1.0):
        return float(len(np.unique(both)))
    off = errors - share
    apart = people[:, 0] != people[:, 1]
    size = int(people.max()) + 1
    # What the pairs that each person is in add up to, and those of each two persons, whom that counts twice.
    sums = np.bincount(people[:, 0], off, size) + np.bincount(people[apart, 1], off[apart], size)
    twice = np.bincount(both[apart], off[apart])
    variance = float((sums**2).sum() - (twice**2).sum()) / total**2
    return share * (1 - share) / max(variance, share * (1 - share) / total)


def numbered(people: NDArray[Any]) -> NDArray[Any]:
    """Return a number for every two persons, from 0."""
    import numpy as np

    width = int(people.max()) + 1
    return np.unique(people[:, 0] * width + people[:, 1], return_inverse=True)[1].reshape(-1)


def exact(share: float, number: float) -> tuple[float, float]:
    """Return the 95 % interval (Clopper-Pearson) of a share that was seen in so many independent cases; neither needs
    to be whole."""
    found = share * number
    low = 0.0 if found <= 0 else _quantile(_TAIL, found, number - found + 1)
    high = 1.0 if found >= number else _quantile(1 - _TAIL, found + 1, number - found)
    return low, high


def _quantile(probability: float, a: float, b: float) -> float:
    """Return the quantile of the beta distribution."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if incomplete_beta(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), a and b above 0, by its continued fraction (Abramowitz
    and Stegun 1964, 26.5.8, evaluated by Lentz's method)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # where the fraction of the other tail converges sooner
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    c, d = 1.0, _away(1 - (a + b) * x / (a + 1))
    d = 1 / d
    value = d
    for m in range(1, _TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return front * value


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
