"""Which of several changes is named first: the one whose records differ from their slots' others, not the nearest."""

from __future__ import annotations

import numpy as np
import pytest

from personaforge.drift.attribution.likelihood import Change, Weighed, weigh
from personaforge.drift.detector.cusum import Record

STD = 0.03
COUNT = 120


def weighed(
    changes: dict[str, Change], cause: np.ndarray, size: float, *, seed: int = 0
) -> tuple[dict[str, Weighed], float]:
    """Weigh changes of 120 records of ten slots, which are off by `size` standard deviations times the cause's dose."""
    rng = np.random.default_rng(seed)
    slots = np.concatenate([rng.permutation(10) for _ in range(COUNT // 10)])
    values = 0.9 - 0.05 * slots + STD * (size * cause + rng.normal(0, 1, COUNT))
    records = [Record(float(value), str(slot), "") for value, slot in zip(values, slots, strict=True)]
    found, none = weigh(
        records,
        range(COUNT),
        [STD] * COUNT,
        list(changes.values()),
        earliest=0,
        latest=COUNT - 1,
        rising=size > 0,
    )
    return dict(zip(changes, found, strict=True)), none


def since(start: int, stop: int = COUNT) -> np.ndarray:
    at = np.arange(COUNT)
    return ((at >= start) & (at < stop)).astype(float)


def change(dose: np.ndarray, **about: float) -> Change:
    return Change(tuple(map(float, dose)), **about)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [-2.0, 2.0])
def test_the_cause_is_told_from_changes_before_and_after(size: float) -> None:
    changes = {"early": change(since(50)), "cause": change(since(70)), "late": change(since(90))}
    found, none = weighed(changes, since(70), size)
    assert found["cause"].probability > 0.8 and sum(one.probability for one in found.values()) + none == pytest.approx(
        1
    )
    assert found["cause"].size == pytest.approx(size, abs=0.5)


def test_one_that_reached_half_of_the_records_is_told_from_one_that_reached_all() -> None:
    half = since(70) * (np.arange(COUNT) % 2)
    changes = {"all": change(since(70)), "half": change(half), "nearer": change(since(71))}
    assert weighed(changes, half, -3)[0]["half"].probability > 0.95
    assert weighed(changes, since(70), -3)[0]["half"].probability < 0.01


def test_what_was_taken_back_does_not_explain_what_lasts() -> None:
    changes = {"tried": change(since(70, 80)), "kept": change(since(72))}
    found, _ = weighed(changes, since(72), -2)
    assert found["kept"].probability > 0.95 > 0.05 > found["tried"].probability


def test_nothing_on_record_is_the_cause_where_nothing_changed_then() -> None:
    for changes in ({"before": change(since(30)), "after": change(since(105))}, {}):
        found, none = weighed(changes, since(70), -2)
        assert none > 0.9 and all(one.probability < 0.1 for one in found.values())


def test_a_growing_change_is_explained_by_its_degrees_or_its_ramp() -> None:
    grown = np.clip((np.arange(COUNT) - 69) / 50, 0, 1)
    changes = {
        "step": change(since(69)),
        "degrees": Change(tuple(map(float, grown)), graded=True),
        "late": change(since(95)),
    }
    found, none = weighed(changes, grown, -4)
    assert found["degrees"].probability > found["late"].probability + found["step"].probability + none
    del changes["degrees"]
    found, none = weighed(changes, grown, -4)
    assert found["step"].probability > found["late"].probability + none


def test_a_change_by_degrees_need_not_work_evenly() -> None:
    """Three levels, the first without effect: neither a step nor what grows with the dose."""
    dose = since(60) / 4 + since(80) / 4 + since(100) / 2
    worked = 0.1 * since(80) + 0.9 * since(100)
    changes = {
        "degrees": Change(tuple(map(float, dose)), graded=True),
        "first": change(since(60)),
        "decoy": change(since(90)),
    }
    found, none = weighed(changes, worked, -12)
    assert found["degrees"].probability > 0.9 > found["first"].probability + found["decoy"].probability + none


def test_the_other_direction_and_what_differs_between_slots_alone_explain_nothing() -> None:
    found, _ = weighed({"better": change(since(0, 70)), "always": change(np.ones(COUNT))}, since(70), -3)
    assert found["better"] == Weighed(0.0, pytest.approx(3, abs=0.5)) and found["always"] == Weighed(0.0, None)


def test_a_less_believable_change_yields_to_an_equal_one() -> None:
    found, _ = weighed({"part": change(since(70)), "commit": change(since(70), prior=0.1)}, since(70), -3)
    assert found["part"].probability == pytest.approx(10 * found["commit"].probability)


def test_too_little_to_tell() -> None:
    assert weigh([], [], [], [change(since(0))], earliest=0, latest=0, rising=False) == ((Weighed(0.0, None),), 1.0)
    once = [Record(0.5, str(slot), "") for slot in range(10)]
    assert weigh(once, range(10), [STD] * 10, [], earliest=0, latest=9, rising=False) == ((), 1.0)
