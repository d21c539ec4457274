"""A record against its own kind: exact for few records, blind to the mix of slots."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from personaforge.drift.detector.baseline import Baseline


def scores(values: Iterable[tuple[str, float]], scale: str = "") -> list[float | None]:
    baseline = Baseline(min_std=1e-9)
    found = []
    for group, value in values:
        one = baseline.compare(group, scale, value)
        baseline.add(group, scale, value)
        found.append(None if one is None else one.z)
    return found


def test_one_slot_is_hawkins_self_starting_score() -> None:
    values = [0.71, 0.68, 0.74, 0.70, 0.66, 0.79]
    found = scores([("a", value) for value in values])
    assert found[:2] == [None, None], "one value has no mean before it, the second no deviation"
    for index in range(2, len(values)):
        past = values[:index]
        t = math.sqrt(index / (index + 1)) * (values[index] - np.mean(past)) / np.std(past, ddof=1)
        assert found[index] == pytest.approx(stats.norm.ppf(stats.t.cdf(t, index - 1)), abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=4, max_size=40))
def test_the_spread_is_the_pooled_one_within_groups(values: list[tuple[str, float]]) -> None:
    baseline = Baseline(min_std=1e-12)
    for group, value in values:
        baseline.add(group, "", value)
    groups = [[value for name, value in values if name == group] for group in {name for name, _ in values}]
    freedom = sum(len(one) - 1 for one in groups)
    assert baseline.degrees == freedom
    if freedom:
        pooled = math.sqrt(sum(float(np.var(one)) * len(one) for one in groups) / freedom)
        assert baseline.std("") == pytest.approx(max(pooled, 1e-12), abs=1e-9)


def test_a_slots_level_changes_no_score() -> None:
    rng = np.random.default_rng(1)
    walk = [(f"{number % 5}", float(value)) for number, value in enumerate(rng.normal(0.7, 0.03, 40))]
    shifted = [(slot, value - 0.05 * int(slot)) for slot, value in walk]
    for one, other in zip(scores(walk), scores(shifted), strict=True):
        assert one == other == None or one == pytest.approx(other, abs=1e-6)  # noqa: E711


def test_scores_of_three_records_a_slot_are_independent_standard_normal() -> None:
    rng = np.random.default_rng(7)
    found: list[float] = []
    pairs: list[tuple[float, float]] = []
    for _ in range(400):
        levels = rng.normal(0.7, 0.1, 6)
        series = [(str(slot), float(levels[slot] + rng.normal(0, 0.03))) for _ in range(3) for slot in range(6)]
        mine = [z for z in scores(series) if z is not None]
        assert len(mine) == 18 - 6 - 1
        found += mine
        pairs += pairwise(mine)
    assert stats.kstest(found, "norm").pvalue > 0.01
    assert abs(np.corrcoef(np.array(pairs).T)[0, 1]) < 0.05
    assert np.std(found) == pytest.approx(1, abs=0.03)


def test_scales_have_spreads_of_their_own() -> None:
    baseline = Baseline(min_std=1e-9)
    for value in (0.5, 0.6, 0.4, 0.55):
        baseline.add("full", "wide", value)
    for value in (0.70, 0.71, 0.69, 0.705):
        baseline.add("head", "narrow", value)
    far, near = baseline.compare("full", "wide", 0.4), baseline.compare("head", "narrow", 0.6)
    assert far is not None and near is not None and near.z < -3 < far.z < 0


def test_equal_values_have_the_least_spread_that_is_believed_in() -> None:
    baseline = Baseline(min_std=0.001)
    for _ in range(30):
        baseline.add("a", "", 0.7)
    same, nearly, other = (baseline.compare("a", "", value) for value in (0.7, 0.7005, 0.72))
    assert same is not None and nearly is not None and other is not None
    assert same.z == 0 and other.z > 5 and 0 < nearly.z < 1
