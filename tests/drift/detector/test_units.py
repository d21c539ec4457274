"""The evidence of a change: that of a two-sample t test on units' means, whatever the records of a unit share."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from personaforge.drift.detector.units import (
    DOUBT,
    FLOOR,
    LEAST_UNIT,
    MORE_LOOKS,
    STARTS,
    UNFINISHED,
    USUAL,
    Evidence,
    known_before,
)


def fed(values: np.ndarray, size: int, fall: int = 10**9) -> tuple[Evidence, list[tuple[float, float]]]:
    """Feed scores in builds of a size; a change is seen fully from any start on."""
    made, found = Evidence(1.0), []
    for index, z in enumerate(values.tolist()):
        made.begin(index, build=index % size == 0)
        found.append(made.add(z, [1.0 if index >= start else 0.0 for start in made.starts]))
    return made, found


def evidence(mean: float, others: float, degrees: int, known: float) -> float:
    """Return a fall's evidence by Student's t: a mean, the others' mean square, and the records that it is worth."""
    score = float(stats.norm.isf(stats.t.sf(mean / math.sqrt(others), degrees)))
    return score**2 / 2 * known / (1 + known) - math.log((1 + known) / (1 + USUAL)) / 2


SCATTERED = np.tile([0.8, -0.8], 4)
"""Means of units, far more apart than those of independent records, so that FLOOR plays no part."""


def test_whole_units_are_compared_by_students_t_with_what_units_scatter() -> None:
    z = np.repeat([*SCATTERED, -6.0], 20) + np.tile(np.linspace(-1, 1, 20), 9)
    made, found = fed(z, 20)
    # The level is known to be 0: scores are recursive residuals.
    assert found[-1] == pytest.approx((0.0, evidence(6, 0.64, 8, 20) - DOUBT), abs=1e-9)
    assert made.best[1] == 160


def test_what_builds_share_makes_a_fall_less_evidence() -> None:
    rng = np.random.default_rng(1)
    noise, fall = rng.normal(size=200), np.where(np.arange(200) >= 180, -1.2, 0.0)
    shared = np.repeat(rng.normal(0, 1.0, 10), 20)
    alike, apart = fed(noise + fall, 20)[1][-1][1], fed(noise + shared + fall, 20)[1][-1][1]
    assert alike > 3 > apart + 2


def test_units_that_scatter_little_by_chance_are_taken_to_scatter_as_floor_says() -> None:
    z = np.concatenate([np.tile([0.1, -0.1], 60), np.full(20, -0.6)])
    assert fed(z, 20)[1][-1][1] == pytest.approx(evidence(0.6, FLOOR / 20, 6, 20), abs=1e-9)


def test_a_unit_that_has_begun_is_less_evidence() -> None:
    z = np.repeat([*SCATTERED, -8.0], 20)[:170]
    shared = 0.64 - 1 / 20
    spread = (1 / 10 + shared) / (1 + 20 * shared)  # of a mean of ten, where one of twenty has 1/20
    told = evidence(8, 0.64 * spread * 20, 8, 1 / spread)
    assert fed(z, 20)[1][-1][1] == pytest.approx(told - UNFINISHED / 2 - DOUBT, abs=1e-9)


def test_small_units_are_less_evidence_as_there_are_more_of_them() -> None:
    z = np.repeat([*SCATTERED, -6.0], 10)
    told = evidence(6, 0.64, 8, 10) - DOUBT - MORE_LOOKS * math.log(2)
    assert fed(z, 10)[1][-1][1] == pytest.approx(told, abs=1e-9)


def test_small_builds_are_taken_together_and_starts_are_units() -> None:
    made = Evidence(1.0)
    firsts = set()
    for index in range(80):
        made.begin(index, build=index % 2 == 0)
        made.add(0.0, [0.0] * len(made.starts))
        firsts |= set(made.starts)
    assert sorted(firsts)[:3] == [0, 6, 12] and LEAST_UNIT == 5, "three builds of two are the first to have five"
    assert len(made.starts) == STARTS and made.starts[-1] == 78
    large = Evidence(1.0)
    for index in range(80):
        large.begin(index, build=index % 40 == 0)
        large.add(0.0, [0.0] * len(large.starts))
    assert large.starts == [0, 40], "a build is never divided"


def test_what_came_after_an_alarm_began_says_nothing_of_the_scatter() -> None:
    z = np.concatenate([np.random.default_rng(2).normal(size=100), np.full(20, -5.0)])
    made, _ = fed(z, 20)
    made.set_back(100)
    made.restart(120)
    before, _ = fed(z[:100], 20)
    made.begin(120, build=True)
    before.begin(100, build=True)
    assert made.spread == before.spread and made.starts == [120]


def test_the_share_that_was_known_before_a_start() -> None:
    places = {"a": [0, 4, 8, 12]}
    assert known_before(places, "a", [0, 4, 5, 20]) == [0, 0.25, 0.5, 1]
    assert known_before(places, "b", [0, 4]) == [0, 0]
