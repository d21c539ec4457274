"""From a cosine to P(same): logistic regression on labelled pairs. Plain arithmetic.

    P(same | cosine) = 1 / (1 + exp(-(intercept + slope * cosine)))

Same pairs and different pairs have the same total weight in the fit, so without the prior it is a likelihood ratio
(Bruemmer and du Preez 2006, "Application-independent evaluation of speaker detection"): the number of collected pairs
of either sort says nothing about how often a picture shows the right person. The prior's log odds are then added to the
intercept. The weights sum to Kish's effective number of pairs.

The likelihood is penalised by Jeffreys' prior (Firth 1993, "Bias reduction of maximum likelihood estimates"; Heinze and
Schemper 2002 for data that separate), which weighs about as much as one pair. So the slope is finite even where no
cosines overlap, and few pairs give less extreme values than many: where all same pairs have one cosine and all
different pairs another, P(same) is 20.5 / 21 with 20 of either and 200.5 / 201 with 200.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_FINEST = 1e-6
"""A logistic never reaches 0 or 1, so the rounded value must not either."""
PRIORS = (_FINEST, 1 - _FINEST)
"""The lowest and the highest prior; beyond them every P(same) would be out of range."""
_LONGEST = 3.0
"""The longest step in log odds; a longer one may end where the information matrix can't be inverted."""
_CLOSE = 1e-9
TURNED = "same pairs are not more alike than different ones: is the column `same` the wrong way round?"


class Unfit(ValueError):
    """No calibration can be fitted on the pairs. The message says why, for people."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """The mapping to P(same), 6 decimals."""

    intercept: float
    slope: float
    """Above 0."""
    prior: float
    """P(same) before anything was measured, which is part of the intercept."""
    cllr: float
    """Cost of the log likelihood ratio on the pairs it was fitted on, in bits (Bruemmer and du Preez 2006): 0 is
    perfect, 1 is no better than the prior."""

    def probability(self, cosine: float) -> float:
        """Return P(same) to 6 decimals, from 0.000001 to 0.999999."""
        z = self.intercept + self.slope * cosine
        share = 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
        return round(min(PRIORS[1], max(PRIORS[0], share)), 6)


def fit_logistic(same: Sequence[float], different: Sequence[float], prior: float) -> Logistic:
    """Fit the mapping.

    Takes one or more cosines of either sort. Raises Unfit where the same pairs' mean is not above the different ones'
    or the slope would not be above 0, and ValueError for a prior outside PRIORS.
    """
    import numpy as np

    if not PRIORS[0] <= prior <= PRIORS[1]:
        raise ValueError(f"the prior is {prior}, expected a number from {PRIORS[0]:g} to {PRIORS[1]}")
    n, m = len(same), len(different)
    x = np.array([*same, *different], dtype=np.float64)
    if float(np.mean(same)) <= float(np.mean(different)):
        raise Unfit(TURNED)
    target = np.repeat([True, False], [n, m])
    # Standardised, so that the information matrix is well conditioned even for cosines in a narrow range.
    middle, scale = float(x.mean()), float(x.std())
    theta = maximum(np.stack([np.ones_like(x), (x - middle) / scale], axis=1), target, np.zeros(2))
    slope = float(theta[1]) / scale
    if slope < _FINEST:
        raise Unfit(TURNED)
    intercept = float(theta[0]) - slope * middle
    ratio = intercept + slope * x  # log of the likelihood ratio
    cost = (np.logaddexp(0, -ratio[:n]).mean() + np.logaddexp(0, ratio[n:]).mean()) / 2 / math.log(2)
    # The prior is added only now: the cost above is about the evidence alone, whatever prior a project declares.
    odds = math.log(prior / (1 - prior))
    return Logistic(round(intercept + odds, 6), round(slope, 6), prior, round(float(cost), 6))


def maximum(design: Floats, target: Flags, precision: Floats) -> Floats:
    """Return the coefficients (k,) at which the penalised likelihood is highest, by Newton's method with steps that are
    halved until it rises.

    `design` is (n, k), `target` says which rows are same pairs; both sorts get the same total weight. `precision` (k,)
    is that of a normal prior around 0 for each coefficient besides Jeffreys', 0 for none.
    """
    import numpy as np

    n, m = int(target.sum()), int((~target).sum())
    # Both sides get the same total weight, and the sum is Kish's effective number, which the penalty is relative to.
    weight = np.where(target, 1 / n, 1 / m) * 2 / (1 / n + 1 / m)
    wanted = target.astype(np.float64)

    def penalised(at: Any) -> tuple[float, Any, Any]:
        """Return the penalised log likelihood, its gradient and the information."""
        z = design @ at
        tail = np.exp(-np.abs(z))
        p = np.where(z >= 0, 1.0, tail) / (1 + tail)
        spread = weight * tail / (1 + tail) ** 2  # weight * p * (1 - p), also where p rounds to 1
        information = design.T @ (design * spread[:, None])
        leverage = spread * ((design @ np.linalg.inv(information)) * design).sum(axis=1)
        gradient = design.T @ (weight * (wanted - p) + leverage * (0.5 - p)) - precision * at
        likelihood = float(weight @ (wanted * z - np.logaddexp(0, z))) - float(precision @ at**2) / 2
        return likelihood + float(np.linalg.slogdet(information)[1]) / 2, gradient, information + np.diag(precision)

    theta = np.zeros(design.shape[1])
    value, gradient, information = penalised(theta)
    for _ in range(200):
        step = np.linalg.solve(information, gradient)
        # Where the sides are far apart the first steps would leave the range in which the likelihood has a slope.
        step = step / max(1.0, float(np.abs(step).max()) / _LONGEST)
        while float(np.abs(step).max()) > _CLOSE:
            found = penalised(theta + step)
            if found[0] > value:
                break
            step = step / 2
        else:
            break
        theta = theta + step
        value, gradient, information = found
    return theta
