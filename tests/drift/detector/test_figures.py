"""The detector's figures, worked out otherwise: intervals, bands, sums and what is said of them."""

from __future__ import annotations

import pytest
from scipy import stats

from personaforge.drift.detector.change_point import shortest
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.linear import Trend, summarize
from tests.drift.detector.test_drift import found, moved, walks


@pytest.mark.parametrize(
    ("chances", "confidence", "expected"),
    [
        ((0.1, 0.2, 0.7), 0.6, (2, 2)),
        ((0.7, 0.2, 0.1), 0.6, (0, 0)),
        ((0.1, 0.4, 0.4, 0.1), 0.8, (1, 2)),
        ((0.3, 0.3, 0.2, 0.2), 0.5, (0, 1)),
        ((0.25, 0.25, 0.25, 0.25), 0.5, (0, 1)),
        ((0.5, 0.0, 0.5), 0.9, (0, 2)),
        ((0.2, 0.3, 0.5), 1.0, (0, 2)),
        ((1.0,), 0.95, (0, 0)),
    ],
)
def test_the_shortest_run_that_holds_the_probability(
    chances: tuple[float, ...], confidence: float, expected: tuple[int, int]
) -> None:
    """Up to the last record; of equally short ones the one that holds most, and then the first."""
    assert shortest(chances, confidence) == expected


def test_the_band_is_the_prediction_interval_of_one_more_value() -> None:
    """Student's, about the mean of the slot's earlier values: s * sqrt(1 + 1/n) with n - 1 degrees of freedom."""
    values = [0.80, 0.82, 0.79, 0.81, 0.83, 0.78]
    last = found([Record(value, "image/02", "head") for value in values]).points[-1]
    n, mean, std = 5, float(stats.tmean(values[:5])), float(stats.tstd(values[:5]))
    low, high = stats.t.interval(0.95, n - 1, loc=mean, scale=std * (1 + 1 / n) ** 0.5)
    assert (last.expected, last.low, last.high) == pytest.approx((mean, low, high), abs=1e-9)
    t = (values[-1] - mean) / (std * (1 + 1 / n) ** 0.5)
    assert last.z == pytest.approx(float(stats.norm.ppf(stats.t.cdf(t, n - 1))), abs=1e-6)


def test_a_stable_timeline_says_its_last_sums() -> None:
    result = found(moved(walks(6), 114, -0.03))
    last = result.points[-1]
    assert result.verdict is Trend.STABLE and last.down > result.points[-2].down > 0
    assert result.reason == (
        f"evidence up {last.up:.2f}, down {last.down:.2f}, threshold {result.threshold:.2f} "
        "(one false alarm in 500 records)"
    )


def test_the_linear_rule_looks_at_one_value_at_least() -> None:
    one = summarize([0.5, 0.7], 1)
    assert (one.n, one.mean, one.slope) == (1, 0.7, None)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="last is 0, expected at least 1"):
        summarize([0.5], 0)
