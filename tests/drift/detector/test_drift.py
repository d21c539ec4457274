"""A timeline's verdict: like with like, at a stated false-alarm rate, with the numbers that made it."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from personaforge.digest import canonical
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.detector import DriftPolicy, Finding, find_drift
from personaforge.drift.detector.linear import Trend
from personaforge.drift.detector.rate_finding import find_rate
from personaforge.metrics import CHARTED, Metric

POLICY = DriftPolicy(
    method="cusum",
    records_per_alarm=500,
    shift=1,
    sides="both",
    min_records=10,
    window=20,
    confidence=0.95,
    clip=3,
    min_std={"score": 0.001, "ratio": 0.01},
)
COMPOSITE = next(metric for metric in CHARTED if metric.name == "composite")
COSINE_STD = next(metric for metric in CHARTED if metric.name == "cosine_std")


def walks(count: int, seed: int = 1, fall: float = 0.012, std: float = 0.02) -> list[Record]:
    """Walk positions 1 to 20, of which each scores lower than the last by construction, so many times."""
    rng = np.random.default_rng(seed)
    framings = ["head"] * 8 + ["bust"] * 6 + ["full"] * 6
    return [
        Record(float(0.85 - fall * slot + rng.normal(0, std)), f"image/{slot:02}", framings[slot])
        for _ in range(count)
        for slot in range(20)
    ]


def moved(records: list[Record], start: int, size: float) -> list[Record]:
    return [one._replace(value=one.value + size * (index >= start)) for index, one in enumerate(records)]


def found(records: list[Record], metric: Metric = COMPOSITE, policy: DriftPolicy = POLICY) -> Finding:
    return find_drift(records, metric, policy)


def test_walking_the_positions_is_no_drift_and_the_linear_rule_says_so_every_time() -> None:
    for seed in range(5):
        series = walks(4, seed)
        result = found(series)
        assert result.verdict is Trend.STABLE and result.alarms == () and result.change is None
        assert result.slope is not None and result.slope.p > 0.01
        assert found(series, policy=replace(POLICY, method="linear")).verdict is Trend.DEGRADING
        assert result.linear.slope is not None and result.linear.slope < -0.005


def test_one_walk_says_nothing() -> None:
    result = found(walks(1))
    assert result.verdict is Trend.INSUFFICIENT and result.compared == 0 and result.slope is None
    assert result.reason == "0 of 20 records have an earlier one of their kind to be compared with, 10 are needed"


def test_a_step_down_is_found_with_its_start_its_size_and_its_numbers() -> None:
    result = found(moved(walks(8), 100, -0.05))
    assert result.verdict is Trend.DEGRADING and "evidence down passed 2.61 at record 10" in result.reason
    assert result.change is not None and result.change.low <= 100 <= result.change.high
    assert abs(result.change.best - 100) <= 2 and result.change.high - result.change.low < 15
    assert result.size == pytest.approx(-0.05, abs=0.012)
    assert result.size_std == pytest.approx(-2.5, abs=1), "the spreads come from 100 records"
    assert 100 <= result.alarms[-1].raised < 115
    assert result.slope is not None and result.slope.high is not None and result.slope.high < 0
    assert result.points[-1].down > result.threshold - 1 and result.points[-1].up < 1
    off = [one.value < one.low for one in result.points[100:] if one.low is not None]
    assert sum(off) > 0.5 * len(off)


def test_better_is_up_for_scores_and_down_for_spreads() -> None:
    assert found(moved(walks(8), 100, 0.05)).verdict is Trend.IMPROVING
    rng = np.random.default_rng(3)
    steady = [Record(float(0.02 * np.exp(rng.normal(0, 0.2))), f"{slot}", "") for _ in range(15) for slot in range(4)]
    doubled = [one._replace(value=one.value * (2 if index >= 40 else 1)) for index, one in enumerate(steady)]
    halved = [one._replace(value=one.value / (2 if index >= 40 else 1)) for index, one in enumerate(steady)]
    assert found(steady, COSINE_STD).verdict is Trend.STABLE
    worse = found(doubled, COSINE_STD)
    assert worse.verdict is Trend.DEGRADING and worse.size == pytest.approx(2, rel=0.15)
    assert found(halved, COSINE_STD).verdict is Trend.IMPROVING


def test_only_what_is_worse_where_that_is_asked_for() -> None:
    worse = replace(POLICY, sides="worse")
    assert found(moved(walks(8), 100, 0.05), policy=worse).verdict is Trend.STABLE
    fell = found(moved(walks(8), 100, -0.05), policy=worse)
    assert fell.verdict is Trend.DEGRADING and fell.threshold < found(walks(8)).threshold


def test_what_was_mended_is_stable_again_and_stays_in_the_list_of_alarms() -> None:
    series = moved(moved(walks(12), 100, -0.06), 130, 0.06)
    result = found(series)
    assert result.verdict is Trend.STABLE and result.change is None
    (alarm,) = result.alarms
    assert alarm.closed is not None and 130 < alarm.closed < 160
    again = found(moved(series, 200, -0.06))
    assert again.change is not None and again.change.low <= 200 <= again.change.high
    assert again.change.low > alarm.closed, "the mended lapse is not searched again"


def test_a_coarser_baseline_needs_fewer_records_and_costs_power() -> None:
    series = moved(walks(3, fall=0.004), 40, -0.03)
    assert found(series).compared == 60 - 20 - 3
    by_framing = found([one._replace(group=one.scale) for one in series])
    assert by_framing.compared == 60 - 3 - 3
    alone = found([one._replace(group="", scale="") for one in series])
    assert alone.compared == 60 - 2


def test_identical_values_are_stable_and_a_change_after_them_is_seen() -> None:
    same = [Record(0.7, "a", "") for _ in range(30)]
    assert found(same).verdict is Trend.STABLE and found(same).slope is None
    assert found(same + [Record(0.7004, "a", "")] * 10).verdict is Trend.STABLE, "less than is believed in"
    assert found(same + [Record(0.72, "a", "")] * 4).verdict is Trend.IMPROVING


def test_how_alike_records_are_is_said() -> None:
    rng = np.random.default_rng(6)
    noise = [0.0]
    for _ in range(199):
        noise.append(0.7 * noise[-1] + float(rng.normal(0, 0.014)))
    result = found([Record(0.7 + one, "a", "") for one in noise])
    scores = [point.z for point in result.points if point.learned and point.z is not None]
    beside = sum(one * other for one, other in pairwise(scores))
    assert result.autocorrelation == pytest.approx(beside / sum(z * z for z in scores), abs=1e-4)
    assert result.autocorrelation is not None and result.autocorrelation > 0.3
    assert found(walks(8)).notes == ()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_never_makes_stable(value: float) -> None:
    series = walks(4)
    newest = found([*series, series[0]._replace(value=value)])
    assert newest.verdict is Trend.INSUFFICIENT and f"the newest record is {value}" in newest.reason
    earlier = found([*series[:50], series[0]._replace(value=value), *series[50:]])
    assert earlier.verdict is Trend.STABLE and "1 of 81 records are no finite numbers" in earlier.notes[0]
    fell = moved(walks(8), 100, -0.05)
    assert found([*fell[:120], fell[0]._replace(value=value), *fell[120:]]).verdict is Trend.DEGRADING
    with pytest.raises(ValueError, match="no number among 1 records"):
        found([Record(value, "a", "")])


def test_a_broken_slot_is_degrading_and_named() -> None:
    series = walks(12)
    fell = [
        one._replace(value=one.value - 0.3 * (one.group == "image/03" and at >= 120)) for at, one in enumerate(series)
    ]
    result = found(fell)
    assert result.verdict is Trend.DEGRADING and result.change is None
    assert result.reason.startswith("image/03 alone is off (down) since record 124,")
    better = [one._replace(value=2 * series[0].value - one.value) for one in fell]
    assert found(better).verdict is Trend.IMPROVING


def test_the_result_is_json_and_has_a_point_for_every_record() -> None:
    result = found(moved(walks(8), 100, -0.05))
    assert canonical(result.as_json()) and len(result.points) == 160
    assert result.points[0].expected is None and result.points[0].rolling_std is None
    assert result.points[30].rolling_mean == pytest.approx(np.mean([one.value for one in walks(8)[11:31]]), abs=1e-8)
    assert result.points[30].rolling_min == min(one.value for one in walks(8)[11:31]) < result.points[30].rolling_max
    last = [one.value for one in moved(walks(8), 100, -0.05)[-20:]]
    assert (result.window.n, result.window.min, result.window.max) == (20, min(last), max(last))
    assert result.window.std == pytest.approx(np.std(last, ddof=1), abs=1e-8)
    with pytest.raises(ValueError, match="no number among 0 records"):
        found([])


@pytest.mark.parametrize("metric", CHARTED, ids=lambda metric: f"{metric.timeline}-{metric.name}")
def test_every_metric_survives_zero_and_its_scale_is_reversible(metric: Metric) -> None:
    if metric.scale == "rate":
        assert [metric.charted(value) for value in (metric.zero, metric.zero + 1)] == [0.0, 1.0]
        assert math.isnan(metric.charted(math.nan)) and (metric.shown(0.0), metric.shown(1.0)) == (0.0, 1.0)
    else:
        assert metric.shown(metric.charted(4.0)) == pytest.approx(4.0)
    judge = find_rate if metric.scale == "rate" else found
    result = judge([Record(0.0 if index == 7 else 0.2, "a", "") for index in range(30)], metric, POLICY)
    assert result.verdict is Trend.STABLE


@pytest.mark.parametrize(
    ("shift", "threshold"), [(0.2, 2.33), (0.5, 2.33), (0.6, 2.61), (1.0, 2.61), (1.2, 2.72), (3.0, 2.81)]
)
def test_a_threshold_is_that_of_the_next_larger_shift_that_was_counted(shift: float, threshold: float) -> None:
    result = found(walks(4), policy=replace(POLICY, shift=shift))
    assert result.threshold == pytest.approx(threshold, abs=0.005)
    assert result.reason.endswith("(one false alarm in 500 records)")


def test_what_is_too_far_off_is_said_to_be_left_out_and_not_to_have_failed() -> None:
    """Of numbers that no gate reads nothing fails, and of a fall that lasts no picture does."""
    records = moved(walks(4), 60, -0.6)
    result = found(records)
    left_out = sum(point.failed for point in result.points)
    assert result.failed == left_out > 0
    assert result.notes[0] == (
        f"{left_out} of 80 records are too far off to tell anything of the level: its chart leaves them out, and one "
        "of its own counts them"
    )
