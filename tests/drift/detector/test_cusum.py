"""The detector: published run lengths, the rate that was asked for, and what happens after an alarm."""

from __future__ import annotations

import numpy as np
import pytest

from personaforge.drift.detector.cusum import Chart, Record, chart, run_length, threshold_for
from tests.benchmarks.drift import dense_run_length

FAR = 99.0
"""A clip that clips nothing."""


def charted(values: list[float], groups: list[str] | None = None, **options: float | str) -> Chart:
    asked = {"allowance": 0.5, "threshold": threshold_for(500, 0.5, 3.0), "min_std": 0.001, "clip": 3.0, **options}
    slots = groups or ["a"] * len(values)
    return chart([Record(value, slot, "") for value, slot in zip(values, slots, strict=True)], **asked)  # type: ignore[arg-type]


def steady(count: int, seed: int = 1, mean: float = 0.7, std: float = 0.03) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).normal(mean, std, count)]


@pytest.mark.parametrize(
    ("threshold", "shift", "expected"),
    # Hawkins and Olwell 1998, and Montgomery's table for k = 1/2: two sides at 0, one side beyond.
    [(4, 0.0, 2 * 168), (5, 0.0, 2 * 465), (4, 1.0, 8.38), (5, 1.0, 10.4), (4, 2.0, 3.34), (5, 2.0, 4.01)],
)
def test_run_lengths_are_the_published_ones(threshold: float, shift: float, expected: float) -> None:
    assert run_length(threshold, 0.5, FAR, shift) == pytest.approx(expected, rel=0.004)


@pytest.mark.parametrize(("allowance", "clip"), [(0.25, 2.5), (0.5, 3.0), (1.0, FAR)])
@pytest.mark.parametrize("threshold", [0.5, 4.0, 5.71, 9.0])  # 5.7 puts an edge of two states on the clip itself
def test_a_run_length_is_that_of_the_whole_chain(threshold: float, allowance: float, clip: float) -> None:
    expected = dense_run_length(threshold, allowance, clip)
    # The longer a run, the more the rounding of probabilities counts, in either way of solving it.
    assert run_length(threshold, allowance, clip) == pytest.approx(expected, rel=1e-11 + 1e-14 * expected)


def test_without_memory_a_run_is_geometric() -> None:
    assert run_length(0.0, 1.0, FAR) == pytest.approx(1 / 0.1586553, rel=1e-5)


@pytest.mark.parametrize("records", [50, 500, 1000, 20_000])
@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_the_threshold_gives_the_rate_that_was_asked_for(records: float, shift: float) -> None:
    for two_sided in (True, False):
        threshold = threshold_for(records, shift / 2, 3.0, two_sided=two_sided)
        assert run_length(threshold, shift / 2, 3.0) == pytest.approx(records * (1 + two_sided), rel=1e-3)
    assert threshold_for(records, shift / 2, 3.0, two_sided=False) < threshold_for(records, shift / 2, 3.0)


def test_simulated_false_alarms_come_at_the_set_rate() -> None:
    rng = np.random.default_rng(5)
    compared = alarms = 0
    for _ in range(30):
        slots = [str(slot) for _ in range(75) for slot in rng.permutation(20)]
        levels = rng.normal(0.7, 0.06, 20)
        values = [float(levels[int(slot)] + rng.normal(0, 0.03)) for slot in slots]
        found = charted(values, slots, threshold=threshold_for(200, 0.5, 3.0))
        alarms += len(found.alarms)
        compared += sum(point.comparison is not None for point in found.points)
    assert alarms > 150
    assert compared / alarms == pytest.approx(200, rel=0.2)


def test_a_fall_and_a_rise_raise_their_own_side() -> None:
    for sign in (-1, 1):
        found = charted(steady(60) + [value + sign * 0.06 for value in steady(20, 2)])
        assert found.open is not None and found.open.rising == (sign > 0)
        assert 60 <= found.open.raised < 70 and 55 <= found.open.started <= found.open.raised


def test_a_new_level_stays_an_alarm_however_long_it_lasts() -> None:
    found = charted(steady(60) + [value - 0.06 for value in steady(400, 2)])
    assert found.open is not None and len(found.alarms) == 1
    assert not any(point.learned for point in found.points[found.open.started :])
    assert found.baseline.mean("a") == pytest.approx(0.7, abs=0.01)


def test_a_lapse_that_was_mended_closes_and_leaves_no_trace_in_the_baseline() -> None:
    found = charted(steady(60) + [value - 0.09 for value in steady(15, 2)] + steady(60, 3))
    (alarm,) = found.alarms
    assert found.open is None and alarm.closed is not None and 75 < alarm.closed < 100
    assert found.baseline.mean("a") == pytest.approx(0.7, abs=0.01)
    assert found.baseline.std("") == pytest.approx(0.03, abs=0.006)
    assert found.points[-1].learned


def test_a_fall_that_turns_into_a_rise_is_an_alarm_of_the_other_side() -> None:
    found = charted(steady(60) + [value - 0.09 for value in steady(15, 2)] + [value + 0.09 for value in steady(30, 3)])
    assert [alarm.rising for alarm in found.alarms] == [False, True]
    assert found.alarms[0].closed is not None and found.open is not None and found.open.rising


def test_one_side_hears_nothing_of_the_other() -> None:
    rising = steady(60) + [value + 0.09 for value in steady(20, 2)]
    assert charted(rising, sides="down").alarms == () and charted(rising, sides="up").open is not None
    assert {point.down for point in charted(rising, sides="up").points} == {0.0}
    assert {point.up for point in charted(rising, sides="down").points} == {0.0}


def test_one_outlier_is_no_alarm() -> None:
    assert charted([*steady(60), 0.0, *steady(20, 2)]).alarms == ()


def test_slots_seen_once_say_nothing() -> None:
    found = charted([0.9 - 0.02 * number for number in range(20)], [str(number) for number in range(20)])
    assert all(point.comparison is None for point in found.points) and found.alarms == ()
