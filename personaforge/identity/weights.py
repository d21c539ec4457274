"""Fits P(same) to the evidence of labelled pairs (`evidence`), and finds out how good it is. Plain arithmetic.

A logistic regression in which same and different pairs have the same total weight, so that without the prior it is a
likelihood ratio. It is regularised twice: Jeffreys' prior (`logistic`), and on all features but the cosine a normal
prior of standard deviation SPREAD of log odds for each standard deviation of the feature.

Thresholds, intervals and checks are over *people*. The coefficients' covariance is the cluster-robust one with persons
as clusters (Cameron, Gelbach and Miller 2011, as in `rates`), times G / (G - k) for G persons and k coefficients. The
thresholds' intervals are of DRAWS Bayesian bootstrap draws in which each person has an exponential weight and a pair of
two persons the product of both. Cross-validation divides the people in PARTS parts, and scores the pairs between two
parts by a fit without both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from personaforge.identity.evidence import FEATURES, Evidence, Range, Threshold, Validation, Weights
from personaforge.identity.logistic import TURNED, Unfit, maximum
from personaforge.identity.rates import numbered, rate_of
from personaforge.identity.roc import RULE_OF_THREE, crossing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

SPREAD: Final = 0.25
"""Ours, by cross-validation on 21,182 pairs of photographs: Cllr without the ends is .0231 for the cosine alone, and
for all features .0229 at 1, .0225 at .5, .0223 at .25 and .0227 at .1."""
DRAWS: Final = 200
PARTS: Final = 5
TARGETS: Final = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
"""FARs that thresholds are kept for, as far as the pairs support them (rule of three)."""
_BINS: Final = 10
_LEAST_SPREAD: Final = 1e-6
"""A feature that varies less is none."""


def fit_weights(
    found: Sequence[Evidence],
    same: Flags,
    people: Ints,
    prior: float,
    seed: int = 0,
) -> Weights:
    """Fit the weights on pairs: their evidence, whether each is a same one, (n,), and both persons of each, (n, 2).

    Raises Unfit where more evidence would not mean the same person.
    """
    import numpy as np

    limits = _range(found)
    names, columns = _features(found, limits)
    values = np.stack(columns, axis=1)
    centre, scale = values.mean(axis=0), values.std(axis=0)
    design = np.concatenate([np.ones((len(values), 1)), (values - centre) / scale], axis=1)
    precision = np.array([0.0, 0.0, *[SPREAD**-2] * (len(names) - 1)])
    theta = maximum(design, same, precision)
    if theta[1] <= 0:
        raise Unfit(TURNED)
    weights = person_weights(people, same, seed)
    unit = np.concatenate([[1.0], scale])
    log_ratio = design @ theta
    least, most = _ends(log_ratio, same, people)
    covariance = _covariance(design, same, people, precision, theta) / np.outer(unit, unit)
    return Weights(
        features=names,
        centre=_rounded(centre),
        intercept=round(float(theta[0]), 6),
        coefficients=_rounded(theta[1:] / scale),
        covariance=tuple(_rounded(row, 9) for row in covariance),
        prior=prior,
        least=round(least, 6),
        most=round(most, 6),
        range=limits,
        thresholds=thresholds(np.round(log_ratio, 6), same, people, weights),
        validation=_validation(design, same, people, precision, (least, most), seed),
    )


def expected_error(log_ratio: Floats, same: Flags) -> float:
    """Return the expected calibration error at a prior of one half; see `Validation.ece`."""
    import numpy as np

    share = 1 / (1 + np.exp(-log_ratio))
    weight = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum())
    place = np.minimum((share * _BINS).astype(int), _BINS - 1)
    stated = np.bincount(place, weight * share, _BINS)
    true = np.bincount(place, weight * same, _BINS)
    return float(np.abs(stated - true).sum())


def cost(log_ratio: Floats, same: Flags) -> float:
    """Return Cllr in bits."""
    import numpy as np

    return float((np.logaddexp(0, -log_ratio[same]).mean() + np.logaddexp(0, log_ratio[~same]).mean()) / math.log(4))


def _range(found: Sequence[Evidence]) -> Range:
    def end(name: str, choose: Any) -> float | None:
        values = [getattr(one, name) for one in found]
        if any(one is None for one in values):
            return None
        # Rounded outwards, so that the pair at the end lies inside.
        outwards = math.floor if choose is min else math.ceil
        return outwards(float(choose(values)) * 1e6) / 1e6

    largest = {name: end(name, max) for name in ("error", "turn", "yaw", "pitch", "roll")}
    return Range(
        **largest,
        norm=end("norm", min),
        size=end("size", min),
        best_norm=end("norm", max),
        best_size=end("size", max),
    )


def _features(found: Sequence[Evidence], limits: Range) -> tuple[tuple[str, ...], list[Floats]]:
    """Return the features that were measured of every pair and vary, and their values."""
    import numpy as np

    names, columns = [], []
    for name in FEATURES:
        if any(getattr(one, name) is None for one in found):
            continue
        column = np.array([limits.feature(name, one) for one in found])
        if name == FEATURES[0] or float(column.std()) > _LEAST_SPREAD:
            names.append(name)
            columns.append(column)
    return tuple(names), columns


def person_weights(people: Ints, same: Flags, seed: int) -> Floats:
    """Return weights of the pairs for each draw, (DRAWS, n): a person's for a same pair, else the product of both."""
    import numpy as np

    # The legacy generator's stream is frozen (NEP 19).
    drawn = np.random.RandomState(seed).standard_exponential((DRAWS, int(people.max()) + 1))
    other = np.where(same, 1.0, drawn[:, people[:, 1]])
    weights: Floats = drawn[:, people[:, 0]] * other
    return weights


def _covariance(design: Floats, same: Flags, people: Ints, precision: Floats, theta: Floats) -> Floats:
    """Return the coefficients' covariance over people, (k, k)."""
    import numpy as np

    p = 1 / (1 + np.exp(-(design @ theta)))
    n, m = int(same.sum()), int((~same).sum())
    weight = np.where(same, 1 / n, 1 / m)
    total = 2 / (1 / n + 1 / m)  # of both sides' weights, as in `maximum`
    bread = np.linalg.inv(design.T @ (design * (weight * p * (1 - p))[:, None]) + np.diag(precision) / total)
    score = design * (weight * (same - p))[:, None]
    apart = ~same
    both = numbered(np.sort(people, axis=1))
    persons, columns = len(np.unique(people)), design.shape[1]
    size = int(people.max()) + 1

    def summed(groups: Ints, rows: Floats) -> Floats:
        found = np.zeros((max(size, int(both.max()) + 1), columns))
        np.add.at(found, groups, rows)
        return found

    by_person = summed(people[:, 0], score) + summed(people[apart, 1], score[apart])
    twice = summed(both[apart], score[apart])
    meat = by_person.T @ by_person - twice.T @ twice
    found: Floats = bread @ meat @ bread * persons / max(1, persons - columns)
    return found


def _ends(log_ratio: Floats, same: Flags, people: Ints) -> tuple[float, float]:
    """Return the lowest and the highest log ratio that the pairs support; see `evidence`."""
    import numpy as np

    low = rate_of((log_ratio <= np.median(log_ratio[~same]))[same], people[same])
    high = rate_of((log_ratio >= np.median(log_ratio[same]))[~same], people[~same])
    assert low is not None and high is not None
    return min(0.0, math.log(low.high / 0.5)), max(0.0, math.log(0.5 / high.high))


def thresholds(score: Floats, same: Flags, people: Ints, weights: Floats) -> tuple[Threshold, ...]:
    """Return the thresholds of any score for TARGETS, as far as the pairs support them. `score` is (n,), larger is more
    alike, to 6 decimals; `weights` as from `person_weights`."""
    import numpy as np

    strangers = score[~same]
    order = np.argsort(-strangers, kind="stable")
    falling = strangers[order]
    shares = weights[:, ~same][:, order]
    above = np.cumsum(shares, axis=1) / shares.sum(axis=1, keepdims=True)
    found = []
    for target in TARGETS:
        if len(strangers) < math.ceil(RULE_OF_THREE / target - 1e-9):
            continue
        at = round(float(falling[int(target * len(strangers) + 1e-9)]) + 1e-6, 6)
        drawn = falling[np.argmax(above > target, axis=1)]
        low, high = np.percentile(drawn, [2.5, 97.5])
        far = rate_of(strangers >= at, people[~same])
        frr = rate_of(score[same] < at, people[same])
        assert far is not None and frr is not None
        ends = round(min(float(low), at), 6), round(max(float(high), at), 6)
        found.append(Threshold(target, at, *ends, far.rate, far.low, far.high, frr.rate, frr.low, frr.high))
    return tuple(found)


def _validation(
    design: Floats, same: Flags, people: Ints, precision: Floats, ends: tuple[float, float], seed: int
) -> Validation | None:
    log_ratio = held_out(design, same, people, precision, seed)
    if log_ratio is None:
        return None
    import numpy as np

    said = np.clip(log_ratio, *ends)
    whole = np.rint(log_ratio * 1e6).astype(np.int64)
    rate, _ = crossing(whole[same], whole[~same])
    numbers = expected_error(said, same), cost(said, same), cost(log_ratio, same), rate
    return Validation(PARTS, *_rounded(numbers))


def held_out(design: Floats, same: Flags, people: Ints, precision: Floats, seed: int) -> Floats | None:
    """Return each pair's log ratio by a fit without both persons, (n,); None with too few people to leave any out."""
    import numpy as np

    persons = np.unique(people)
    if len(np.unique(people[same])) < 2 * PARTS:
        return None
    part_of = np.zeros(int(people.max()) + 1, dtype=np.int64)
    part_of[np.random.RandomState(seed).permutation(persons)] = np.arange(len(persons)) % PARTS
    one, other = part_of[people[:, 0]], part_of[people[:, 1]]
    found = np.zeros(len(same))
    for first in range(PARTS):
        for second in range(first, PARTS):
            both = (first, second)
            left = ((one == first) & (other == second)) | ((one == second) & (other == first))
            kept = ~(np.isin(one, both) | np.isin(other, both))
            if not left.any():
                continue
            if not (same & kept).any() or not (~same & kept).any():
                return None
            found[left] = design[left] @ maximum(design[kept], same[kept], precision)
    return found


def _rounded(values: Any, places: int = 6) -> tuple[float, ...]:
    return tuple(round(float(one), places) for one in values)
