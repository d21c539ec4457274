"""The detector: the rate that was asked for, what happens after an alarm, failed pictures and single slots."""

from __future__ import annotations

import numpy as np
import pytest

from personaforge.drift.detector.cusum import Chart, Record, chart, threshold_for


def charted(values: list[float], groups: list[str] | None = None, **options: float | str) -> Chart:
    asked = {"shift": 1.0, "threshold": threshold_for(500), "min_std": 0.001, "clip": 3.0, **options}
    slots = groups or ["a"] * len(values)
    return chart([Record(value, slot, "") for value, slot in zip(values, slots, strict=True)], **asked)  # type: ignore[arg-type]


def steady(count: int, seed: int = 1, mean: float = 0.7, std: float = 0.03) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).normal(mean, std, count)]


def test_simulated_false_alarms_come_at_the_set_rate() -> None:
    rng = np.random.default_rng(5)
    compared = alarms = 0
    for _ in range(30):
        slots = [str(slot) for _ in range(75) for slot in rng.permutation(20)]
        levels = rng.normal(0.7, 0.06, 20)
        values = [float(levels[int(slot)] + rng.normal(0, 0.03)) for slot in slots]
        found = charted(values, slots, threshold=threshold_for(200))
        alarms += len(found.alarms)
        compared += sum(point.comparison is not None for point in found.points)
    assert alarms > 120
    assert 200 / 1.5 < compared / alarms < 200 * 1.5


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


def builds(count: int, seed: int = 1, std: float = 0.03) -> tuple[list[float], list[str]]:
    """Return so many builds of twenty pictures, each in an order of its own; slots lie 0.01 apart."""
    rng = np.random.default_rng(seed)
    slots = [int(slot) for _ in range(count) for slot in rng.permutation(20)]
    return [0.8 - 0.01 * slot + float(rng.normal(0, std)) for slot in slots], [f"image/{slot:02}" for slot in slots]


def test_one_slot_that_broke_is_named_within_six_of_its_own_records_and_the_others_are_well() -> None:
    for seed in range(5):
        values, groups = builds(16, seed)
        mine = [at for at, group in enumerate(groups) if group == "image/07" and at >= 160]
        fell = [value - 0.4 * (at in mine) for at, value in enumerate(values)]
        found = charted(fell, groups, threshold=threshold_for(1000))
        (broken,) = found.broken
        assert (broken.group, broken.rising, broken.started) == ("image/07", False, mine[0])
        assert broken.raised <= mine[5] and found.open is None
        assert found.baseline.mean("image/07") == pytest.approx(0.73, abs=0.05), "what is broken isn't learned"


def test_a_slot_that_was_mended_is_no_longer_named() -> None:
    values, groups = builds(24)
    mine = [at for at, group in enumerate(groups) if group == "image/07"]
    fell = [value - 0.4 * (at in mine[8:14]) for at, value in enumerate(values)]
    found = charted(fell, groups, threshold=threshold_for(1000))
    (slot,) = found.slots
    assert slot.closed is not None and mine[14] <= slot.closed <= mine[17] and found.broken == ()


def test_failed_pictures_neither_alarm_nor_hide_a_fall() -> None:
    values, groups = builds(15, 2)
    lost = set(np.random.default_rng(3).choice(300, 15, replace=False).tolist())
    failed = [0.2 if at in lost else value for at, value in enumerate(values)]
    found = charted(failed, groups, threshold=threshold_for(1000))
    assert found.alarms == () and found.slots == ()
    assert {at for at, point in enumerate(found.points) if point.failed} == lost
    fell = charted(
        [value - 0.06 * (at >= 240) for at, value in enumerate(failed)], groups, threshold=threshold_for(1000)
    )
    assert fell.open is not None and 240 <= fell.open.raised < 260


def test_a_fall_so_large_that_all_records_count_as_failed_is_an_alarm_after_a_few() -> None:
    values, groups = builds(12)
    found = charted([value - 0.3 * (at >= 200) for at, value in enumerate(values)], groups)
    assert found.open is not None and (found.open.started, found.open.raised) == (200, 202)


def test_renaming_all_slots_hides_no_fall() -> None:
    values, groups = builds(12)
    renamed = [group.replace("image", "picture") if at >= 200 else group for at, group in enumerate(groups)]
    assert charted(values, renamed).alarms == (), "a new name alone is no fall"
    found = charted([value - 0.15 * (at >= 200) for at, value in enumerate(values)], renamed)
    assert found.open is not None and not found.open.rising and 200 <= found.open.raised < 220


def test_what_a_build_shares_is_no_fall() -> None:
    raised = 0
    for seed in range(10):
        values, groups = builds(12, seed)
        shifts = np.random.default_rng(100 + seed).normal(0, 0.03, 12)
        records = [
            Record(value + float(shifts[at // 20]), group, "", str(at // 20))
            for at, (value, group) in enumerate(zip(values, groups, strict=True))
        ]
        made = chart(records, shift=1, threshold=threshold_for(1000), min_std=0.001, clip=3)
        raised += len(made.alarms)
    assert raised <= 6, "independent sums alarm in nearly every one of these series"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_counts_nowhere(value: float) -> None:
    plain, holed = charted(steady(60)), charted([*steady(30), value, *steady(60)[30:]])
    assert holed.points[30].comparison is None and not holed.points[30].learned
    assert holed.baseline.mean("a") == pytest.approx(plain.baseline.mean("a"))
