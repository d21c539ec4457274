"""Theil-Sen and Mann-Kendall within groups: scipy's where scipy has them, blind to the mix of slots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from personaforge.drift.detector.slope import slope_within


@given(st.lists(st.integers(0, 40), min_size=8, max_size=40), st.sampled_from([0.8, 0.95]))
def test_one_group_is_scipys_theil_sen_with_its_interval(whole: list[int], confidence: float) -> None:
    values = [number / 40 for number in whole]
    positions = list(range(1, len(values) + 1))
    found = slope_within(positions, values, ["a"] * len(values), confidence)
    if len(set(values)) == 1:
        assert found is None
        return
    expected = stats.theilslopes(values, positions, alpha=confidence)
    assert found is not None and found.slope == pytest.approx(expected.slope, abs=1e-8)
    if found.low is not None:
        assert (found.low, found.high) == pytest.approx((expected.low_slope, expected.high_slope), abs=1e-8)


def test_groups_are_scipys_seasonal_kendall_test() -> None:
    table = np.random.default_rng(4).normal(size=(15, 6)).cumsum(axis=0)
    positions = [row * 6 + column for row in range(15) for column in range(6)]
    found = slope_within(positions, table.ravel().tolist(), [str(number % 6) for number in range(90)], 0.95)
    expected = stats.mstats.kendalltau_seasonal(table)
    assert found is not None and found.pairs == 6 * 15 * 14 // 2
    assert found.p == pytest.approx(float(expected["global p-value (indep)"]), abs=1e-8)


def test_slots_that_lie_lower_are_no_trend() -> None:
    rng = np.random.default_rng(2)
    slots = [slot for _ in range(4) for slot in range(20)]
    values = [0.9 - 0.02 * slot + float(rng.normal(0, 0.005)) for slot in slots]
    found = slope_within(range(80), values, [str(slot) for slot in slots], 0.95)
    assert found is not None and found.low is not None and found.high is not None
    assert found.low < 0 < found.high and found.p > 0.05
    falling = [value - 0.001 * index for index, value in enumerate(values)]
    found = slope_within(range(80), falling, [str(slot) for slot in slots], 0.95)
    assert found is not None and found.slope == pytest.approx(-0.001, abs=2e-4) and found.p < 0.001


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(9)
    held = 0
    for _ in range(300):
        slots = [str(slot) for _ in range(5) for slot in rng.permutation(6)]
        values = [0.05 * int(slot) + 0.002 * at + float(rng.normal(0, 0.03)) for at, slot in enumerate(slots)]
        found = slope_within(range(30), values, slots, 0.9)
        assert found is not None and found.low is not None and found.high is not None
        held += found.low <= 0.002 <= found.high
    assert 0.86 <= held / 300 <= 0.95


def test_nothing_comparable_has_no_slope() -> None:
    assert slope_within([1, 2, 3], [0.1, 0.2, 0.3], ["a", "b", "c"], 0.95) is None
    assert slope_within([1, 2, 3], [0.1, 0.1, 0.1], ["a"] * 3, 0.95) is None
    found = slope_within([1, 2, 3], [0.1, 0.2, 0.4], ["a"] * 3, 0.95)
    assert found is not None and found.low is None and found.high is None, "three pairs have no such interval"
