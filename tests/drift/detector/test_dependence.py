"""The evidence of a change: equal to the likelihood ratio worked out with whole covariance matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from personaforge.drift.detector.dependence import MODELS, PRIOR, Evidence, known_before

BUILDS = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]


def likelihoods(z: np.ndarray, weights: np.ndarray, shift: float) -> tuple[float, float]:
    """Return the logarithms of the models' mean likelihood without and with a change."""
    at, builds = np.arange(len(z)), np.array(BUILDS[: len(z)])
    without, changed = [], []
    for shared, near, share, cost in MODELS:
        covariance = near ** np.abs(at[:, None] - at[None, :]) + shared * (builds[:, None] == builds[None, :])
        # With a variance that is inverse gamma beforehand, scores are Student's.
        scale = covariance / (1 + shared)
        plain = stats.multivariate_t(np.zeros(len(z)), scale, df=PRIOR)
        without.append(np.log(share) + plain.logpdf(z))
        moved = stats.multivariate_t(
            np.zeros(len(z)), scale + shift**2 / (1 + shared) * np.outer(weights, weights), df=PRIOR
        )
        changed.append(np.log(share) - cost + moved.logpdf(z))
    return float(np.logaddexp.reduce(without)), float(np.logaddexp.reduce(changed))


def test_both_sides_together_are_the_marginal_likelihood_ratio() -> None:
    rng = np.random.default_rng(4)
    z, weights = rng.normal(size=10), np.array([0, 0, 0, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8, 0.9])
    made = Evidence(1.0)
    for index in range(10):
        fresh = index == 0 or BUILDS[index] != BUILDS[index - 1]
        made.begin(index, build=fresh)
        made._next = 10  # one start alone
        up, down = made.add(float(z[index]), np.full(1, weights[index]))
    without, changed = likelihoods(z, weights, 1.0)
    # A side has twice its share of the two-sided likelihood, so the two sides' mean is all of it.
    both = np.logaddexp(up, down) - np.log(2)
    assert both == pytest.approx(changed - without, abs=1e-6)
    assert made.best == (0, 0)


def test_a_fall_is_less_evidence_where_builds_have_differed() -> None:
    one, many = Evidence(1.0), Evidence(1.0)
    rng = np.random.default_rng(1)
    history, fall = rng.normal(size=100), rng.normal(-1.5, 0.5, 12)
    shared = np.repeat(rng.normal(0, 1.5, 10), 10)
    for index in range(112):
        past = index < 100
        for made, z in (
            (one, history[index] if past else fall[index - 100]),
            (many, (history[index] + shared[index]) if past else fall[index - 100]),
        ):
            made.begin(index, build=index % 10 == 0)
            _, down = made.add(float(z), (made.starts <= index).astype(float))
            if made is one:
                alone = down
        if index == 99:
            assert one.independent > 0.4 and many.independent < 0.01
    assert alone > down + 1


def test_the_share_that_was_known_before_a_start() -> None:
    places = {"a": [0, 4, 8, 12]}
    assert known_before(places, "a", np.array([0, 4, 5, 20])).tolist() == [0, 0.25, 0.5, 1]
    assert known_before(places, "b", np.array([0, 4])).tolist() == [0, 0]
