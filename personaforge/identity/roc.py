"""Error rates of a cosine that separates same pairs (two pictures of one person) from different ones. Plain arithmetic.

A pair is accepted when its cosine is at least the threshold. FAR is the share of different pairs that are accepted, FRR
the share of same pairs that are not, TAR is 1 - FRR. Cosines are taken to 6 decimals, as scores are kept, and counted
as whole millionths, so a threshold divides stored scores exactly as it divided these.

Ties: pairs with the same cosine pass a threshold together. So a ROC has one point for each distinct cosine, with
straight lines between the points, which gives tied pairs half credit (Fawcett 2006, "An introduction to ROC analysis").

The interval of the EER is a percentile interval over 1,000 Bayesian bootstrap draws (Rubin 1981): exponential weights
of mean 1, normalised among the same pairs and among the different pairs, so that both have the same share in every
draw. Pairs that share a person are not independent. Where persons occur in several pairs and there are enough of them,
persons are weighted, and a pair of two persons has the product of their weights (Owen and Eckles 2012, "Bootstrapping
data arrays of arbitrary order"); otherwise pairs are weighted, and the result says so. With weighted pairs the interval
contained the true rate in 95 to 98 of 100 samples of independent pairs.

Draws of persons alone are too narrow where a few persons make most of the errors: another sample may have more of such
persons, and a draw never has. So where persons are drawn the interval is widened to exact bounds. At any threshold the
EER lies between FAR and FRR, so it lies within their exact intervals (`rates`) at the threshold where they cross. On
914 photographs of 260 people, split into halves by person 100 times, one half's interval held the other half's EER,
which varies, too, in 99 % (400 draws alone: in 67 %); see tests/benchmarks/verdicts_calibration.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personaforge.identity.rates import rate_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MIN_PEOPLE = 5
"""With this many persons among the same pairs, and among the different ones, persons are drawn; ours, a low bound: a
draw of fewer says nearly nothing about other persons."""
RULE_OF_THREE = 3.0
"""Without an error among n pairs the rate may still be 3 / n (95 %; Hanley and Lippman-Hand 1983), so stating a FAR
takes at least 3 / FAR different pairs."""

_UNIT = 1_000_000
_Z = 1.959964
"""The normal distribution's 97.5 % point."""
_DRAWN_AT_ONCE = 2_000_000
"""Weights held in memory at a time, to bound it on 100,000 pairs."""


@dataclass(frozen=True, slots=True)
class EqualError:
    """Where both error rates are the same. Rates are in [0, 1], 6 decimals."""

    rate: float
    """The EER, on the line between the two ROC points where FAR and FRR cross."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end. Without any error, the highest rate that is still likely with so many pairs or persons
    (Clopper-Pearson)."""
    threshold: float
    """The cosine at which they cross; the middle where every cosine between two pairs gives the same rates."""
    drawn: str
    """What the interval's draws give weights to: `people` or `pairs`."""
    note: str
    """What the interval assumes, for people."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """The lowest threshold with at most the wanted FAR. Numbers have 6 decimals, and are all None where it can't be
    stated."""

    target: float
    """The wanted FAR."""
    threshold: float | None
    far: float | None
    """Share of different pairs at or above the threshold: the target, or less where the target lies between two
    pairs."""
    far_low: float | None
    """Lower end of the FAR's 95 % interval, over people (`rates`); where it isn't known who is in the pairs, they count
    as independent (Wilson 1927)."""
    far_high: float | None
    tar: float | None
    """Share of same pairs at or above the threshold."""
    reason: str
    """Why there is no threshold; empty where there is one."""


def equal_error(
    same: Sequence[float],
    different: Sequence[float],
    same_people: Sequence[int] | None = None,
    different_people: Sequence[tuple[int, int]] | None = None,
    *,
    seed: int = 0,
    draws: int = 1_000,
) -> EqualError:
    """Return the EER of one or more same and different pairs, with its 95 % interval.

    `same_people` holds the person of each same pair, `different_people` both of each different pair; without them every
    pair counts as independent. Raises ValueError for an empty side and for a cosine outside [-1, 1].
    """
    accepted, rejected = _millionths(same, "same"), _millionths(different, "different")
    rate, threshold = crossing(accepted, rejected)
    people = _People(tuple(same_people or range(len(same))), tuple(different_people or ()))
    by_people, note = people.drawn()
    low, high = _interval(accepted, rejected, people if by_people else None, seed, draws)
    if by_people:
        exact = _bounds(accepted, rejected, people, threshold)
        low, high = min(low, exact[0]), max(high, exact[1])
    if rate == 0:
        units = min(len(set(people.same)), len(people.in_different)) if by_people else min(len(same), len(different))
        high = max(high, 1 - 0.025 ** (1 / units))  # draws never show an error that no pair shows
        note += f"; no error was seen, so the upper end is what {units} {'people' if by_people else 'pairs'} allow then"
    return EqualError(
        rate=round(rate, 6),
        low=round(min(low, rate), 6),
        high=round(max(high, rate), 6),
        threshold=threshold,
        drawn="people" if by_people else "pairs",
        note=note,
    )


def drawn_interval(
    same: Sequence[float],
    different: Sequence[float],
    same_people: Sequence[int],
    different_people: Sequence[tuple[int, int]],
    *,
    seed: int = 0,
    draws: int = 1_000,
) -> tuple[float, float]:
    """Return the EER's 95 % interval by draws of people alone, without the exact bounds: too narrow, and here so that
    benchmarks can show by how much. Arguments as of `equal_error`."""
    people = _People(tuple(same_people), tuple(different_people))
    return _interval(_millionths(same, "same"), _millionths(different, "different"), people, seed, draws)


def operating_point(
    same: Sequence[float],
    different: Sequence[float],
    target: float,
    different_people: Sequence[tuple[int, int]] | None = None,
) -> OperatingPoint:
    """Return the lowest threshold at which at most the share `target` of the different pairs is accepted.

    `different_people` holds both persons of each different pair; without them pairs count as independent. Raises
    ValueError for an empty side, a target outside (0, 1), and a cosine outside [-1, 1].
    """
    import numpy as np

    if not 0 < target < 1:
        raise ValueError(f"the FAR is {target}, expected a number between 0 and 1")
    accepted, rejected = _millionths(same, "same"), _millionths(different, "different")
    total = len(rejected)
    needed = math.ceil(RULE_OF_THREE / target - 1e-9)
    if total < needed:
        return _no_point(target, f"{total} different pairs, and a FAR of {target:g} takes {needed} or more")
    allowed = int(target * total + 1e-9)
    threshold = int(np.sort(rejected)[::-1][allowed]) + 1
    if threshold > _UNIT:
        return _no_point(target, f"more than {target:g} of the different pairs have cosine 1")
    passed = int((rejected >= threshold).sum())
    by_people = rate_of(rejected >= threshold, different_people) if different_people else None
    low, high = _wilson(passed, total) if by_people is None else (by_people.low, by_people.high)
    return OperatingPoint(
        target=target,
        threshold=threshold / _UNIT,
        far=round(passed / total, 6),
        far_low=low,
        far_high=high,
        tar=round(int((accepted >= threshold).sum()) / len(accepted), 6),
        reason="",
    )


def d_prime(same: Sequence[float], different: Sequence[float]) -> float | None:
    """Return the distance of the means over the root of the mean variance (n - 1); None without any variance."""
    import numpy as np

    if min(len(same), len(different)) < 2:
        return None
    spread = math.sqrt((float(np.var(same, ddof=1)) + float(np.var(different, ddof=1))) / 2)
    return round((float(np.mean(same)) - float(np.mean(different))) / spread, 6) if spread > 0 else None


def _millionths(cosines: Sequence[float], side: str) -> Ints:
    import numpy as np

    values = np.asarray(cosines, dtype=np.float64)
    if values.size == 0:
        raise ValueError(f"there are no {side} pairs")
    if not bool((np.abs(values) <= 1 + 1e-6).all()):  # NaN fails this, too
        raise ValueError(f"a cosine of the {side} pairs is outside [-1, 1]")
    return np.clip(np.rint(values * _UNIT), -_UNIT, _UNIT).astype(np.int64)


def crossing(accepted: Ints, rejected: Ints) -> tuple[float, float]:
    """Return the EER and its threshold, from counts."""
    import numpy as np

    values = np.unique(np.concatenate([accepted, rejected]))[::-1]
    # For each value as the threshold, from the highest down: how many are accepted.
    far = (len(rejected) - np.searchsorted(np.sort(rejected), values)) / len(rejected)
    frr = np.searchsorted(np.sort(accepted), values) / len(accepted)
    index = int(np.argmax(far >= frr))  # at the lowest value everything is accepted, so there is one
    if far[index] == frr[index]:  # exact: quotients of equal fractions are the same double
        lower, upper = int(values[index + 1]), int(values[index])
        return float(far[index]), (lower + (upper - lower + 1) // 2) / _UNIT
    far_before, frr_before = (far[index - 1], frr[index - 1]) if index else (0.0, 1.0)
    gap_before, gap = float(frr_before - far_before), float(frr[index] - far[index])
    share = gap_before / (gap_before - gap)
    return float(far_before + share * (far[index] - far_before)), int(values[index]) / _UNIT


@dataclass(frozen=True, slots=True)
class _People:
    """The persons in the pairs."""

    same: tuple[int, ...]
    different: tuple[tuple[int, int], ...]

    @property
    def in_different(self) -> Counter[int]:
        """In how many different pairs each person is."""
        return Counter(person for both in self.different for person in both)

    def drawn(self) -> tuple[bool, str]:
        """Return whether persons are drawn, and what that means for the interval."""
        in_same, in_different = Counter(self.same), self.in_different
        if max(in_same.values()) == 1 and max(in_different.values(), default=1) == 1:
            return False, "pairs are drawn, as independent of each other: no person is in two of a kind"
        sides = (("same", in_same), ("different", in_different))
        few = [f"{len(count)} in the {side} pairs" for side, count in sides if len(count) < MIN_PEOPLE]
        if few:
            reason = f"there are too few people to draw people ({', '.join(few)}, expected {MIN_PEOPLE})"
            return False, f"likely too narrow: pairs are drawn as if independent, but share people, and {reason}"
        return True, "people are drawn, as they are in several pairs, and the interval has the exact bounds for so many"

    def weights(self, random: Any, count: int) -> tuple[Any, Any]:
        """Return weights of the same pairs (count, n) and of the different pairs (count, m), not normalised."""
        places = {person: place for place, person in enumerate(sorted({*self.same, *self.in_different}))}
        drawn = random.standard_exponential((count, len(places)))
        same = drawn[:, [places[person] for person in self.same]]
        different = drawn[:, [places[one] for one, _ in self.different]]
        if max(self.in_different.values()) > 1:
            different = different * drawn[:, [places[other] for _, other in self.different]]
        return same, different


def _interval(accepted: Ints, rejected: Ints, people: _People | None, seed: int, draws: int) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % points of the EER over draws of weights; pairs are drawn where people is None."""
    import numpy as np

    # The legacy generator's stream is frozen (NEP 19): the same interval under every numpy.
    random = np.random.RandomState(seed)
    values = np.concatenate([accepted, rejected])
    order = np.argsort(-values, kind="stable")
    is_same = order < len(accepted)
    ends = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))  # the last of each tie
    chunk = max(1, _DRAWN_AT_ONCE // len(values))
    rates = []
    for start in range(0, draws, chunk):
        count = min(chunk, draws - start)
        if people is None:
            same = random.standard_exponential((count, len(accepted)))
            different = random.standard_exponential((count, len(rejected)))
        else:
            same, different = people.weights(random, count)
        shares = [side / side.sum(axis=1, keepdims=True) for side in (same, different)]
        steps = np.concatenate(shares, axis=1)[:, order]
        tar = np.cumsum(np.where(is_same, steps, 0.0), axis=1)[:, ends]
        far = np.cumsum(np.where(is_same, 0.0, steps), axis=1)[:, ends]
        rates.append(_crossings(far, 1 - tar))
    low, high = np.percentile(np.concatenate(rates), [2.5, 97.5])
    return float(low), float(high)


def _bounds(accepted: Ints, rejected: Ints, people: _People, threshold: float) -> tuple[float, float]:
    """Return bounds of the EER: at any threshold it lies between the two rates there, so within their intervals."""
    at = round(threshold * _UNIT)
    missed = rate_of(accepted < at, [(person, person) for person in people.same])
    passed = rate_of(rejected >= at, people.different)
    assert missed is not None and passed is not None
    return min(missed.low, passed.low), max(missed.high, passed.high)


def _crossings(far: Floats, frr: Floats) -> Floats:
    """Return where each row's rates cross; (draws, thresholds from the highest down) to (draws,)."""
    import numpy as np

    start = np.zeros((len(far), 1))  # nothing is accepted
    far, frr = np.hstack([start, far]), np.hstack([start + 1, frr])
    gap = frr - far
    rows, after = np.arange(len(far)), np.argmax(gap <= 0, axis=1)
    before = after - 1
    share = gap[rows, before] / (gap[rows, before] - gap[rows, after])
    found: Floats = far[rows, before] + share * (far[rows, after] - far[rows, before])
    return found


def _wilson(passed: int, total: int) -> tuple[float, float]:
    share, square = passed / total, _Z * _Z / total
    centre = share + square / 2
    half = _Z * math.sqrt(share * (1 - share) / total + square / total / 4)
    return round(max(0.0, (centre - half) / (1 + square)), 6), round((centre + half) / (1 + square), 6)


def _no_point(target: float, reason: str) -> OperatingPoint:
    return OperatingPoint(target, None, None, None, None, None, reason)
