"""The linear rule: its numbers and its trend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.digest import canonical
from personaforge.drift.detector.linear import LinearTrend, Trend, summarize
from personaforge.identity.score import Cause, Unmeasured


def summary(values: list[float], last: int | None = None) -> LinearTrend:
    result = summarize(values, last)
    assert isinstance(result, LinearTrend)
    return result


def test_a_known_timeline() -> None:
    result = summary([0.9, 0.8, 0.7, 0.6, 0.5])
    assert result == LinearTrend(n=5, mean=0.7, std=0.141421, min=0.5, max=0.9, slope=-0.1, trend=Trend.DEGRADING)
    assert canonical(result.as_json())


@pytest.mark.parametrize(
    ("step", "trend"),
    [
        (0.1, "improving"),
        (0.005001, "improving"),
        (0.005, "stable"),
        (0.0, "stable"),
        (-0.005, "stable"),
        (-0.005001, "degrading"),
        (-0.1, "degrading"),
    ],
)
def test_trends(step: float, trend: str) -> None:
    assert summary([0.6 + step * index for index in range(6)]).trend == trend


def test_fewer_than_five_are_insufficient() -> None:
    assert summary([0.9, 0.5, 0.3, 0.1]).trend is Trend.INSUFFICIENT
    assert summary([0.9, 0.5, 0.3, 0.1]).slope == pytest.approx(-0.26)
    assert summary([0.9]) == LinearTrend(1, 0.9, 0.0, 0.9, 0.9, None, Trend.INSUFFICIENT)


def test_no_values_are_no_zero() -> None:
    result = summarize([], None)
    assert isinstance(result, Unmeasured) and result.code is Cause.TOO_FEW


def test_only_the_last() -> None:
    values = [0.1, 0.2, 0.3, 0.9, 0.9, 0.9, 0.9, 0.9]
    assert summary(values, 5).mean == 0.9 and summary(values, 5).trend is Trend.STABLE
    assert summary(values, 100) == summary(values, None)
    assert summary(values).trend is Trend.IMPROVING
    with pytest.raises(ValueError, match="at least 1"):
        summarize(values, 0)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50))
def test_the_slope_is_least_squares(values: list[float]) -> None:
    result = summary(values)
    assert result.slope == pytest.approx(np.polyfit(range(len(values)), values, 1)[0], abs=1e-6)
    assert result.std == pytest.approx(np.std(values), abs=1e-6)
    assert summary(values[::-1]).slope == pytest.approx(-(result.slope or 0), abs=1e-6)
