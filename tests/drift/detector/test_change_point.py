"""When it began: the record, an interval that holds the truth as often as it says, and the slots' levels left aside."""

from __future__ import annotations

import numpy as np
import pytest

from personaforge.drift.detector.change_point import ChangePoint, locate
from personaforge.drift.detector.cusum import Record

STD = 0.03


def located(shape: int, size: float, *, start: int = 60, count: int = 90, seed: int = 0) -> ChangePoint:
    """Locate a change of `size` standard deviations by the last record, growing with a power of the records since."""
    rng = np.random.default_rng(seed)
    slots = [slot for _ in range(count) for slot in rng.permutation(10)][:count]
    since = np.clip(np.arange(count) - start + 1, 0, None).astype(float)
    off = np.where(since > 0, (since / since[-1]) ** shape, 0.0) * size * STD
    values = 0.9 - 0.05 * np.array(slots) + off + rng.normal(0, STD, count)
    records = [Record(float(value), str(slot), "") for value, slot in zip(values, slots, strict=True)]
    found = locate(records, range(count), [STD] * count, earliest=0, latest=count - 1, rising=size > 0, confidence=0.95)
    assert found is not None
    return found


@pytest.mark.parametrize(("shape", "name"), [(0, "step"), (1, "ramp"), (2, "bend")])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_large_change_is_found_with_its_shape(shape: int, name: str, sign: int) -> None:
    found = located(shape, sign * (8 if shape == 0 else 40))
    assert found.low - 1 <= 60 <= found.high + 1 and abs(found.best - 60) <= (0, 1, 4)[shape]
    assert found.shape == name and found.shape_probability > 0.8
    assert found.high - found.low <= (1, 3, 12)[shape]


@pytest.mark.parametrize(("shape", "size"), [(0, 1.5), (0, 3), (1, 4), (2, 6)])
def test_the_interval_holds_the_start_as_often_as_it_says(shape: int, size: float) -> None:
    found = [located(shape, -size, seed=seed) for seed in range(60)]
    assert sum(one.low <= 60 <= one.high for one in found) >= 53


def test_the_slots_levels_are_left_aside() -> None:
    walk = [Record(0.9 - 0.04 * slot + 0.001 * (at % 3), str(slot), "") for at in range(4) for slot in range(20)]
    dropped = [one._replace(value=one.value - 0.05 * (index >= 50)) for index, one in enumerate(walk)]
    found = locate(dropped, range(80), [0.01] * 80, earliest=0, latest=79, rising=False, confidence=0.95)
    assert found is not None and (found.low, found.best, found.high) == (50, 50, 50)


def test_the_unit_of_the_values_makes_no_difference() -> None:
    series = [Record(1.0 * (at >= 30) + 0.01 * (at % 3), str(at % 2), "") for at in range(60)]
    small = [one._replace(value=1e-4 * one.value) for one in series]
    asked = {"earliest": 0, "latest": 59, "rising": True, "confidence": 0.95}
    large, found = (locate(one, range(60), [1.0] * 60, **asked) for one in (series, small))  # type: ignore[arg-type]
    assert found == large and found is not None and (found.low, found.best, found.high) == (30, 30, 30)


def test_what_cannot_be_told_is_not_guessed() -> None:
    once = [Record(0.9 - 0.04 * slot, str(slot), "") for slot in range(20)]
    asked = {"earliest": 0, "latest": 19, "rising": False, "confidence": 0.95}
    assert locate(once, range(20), [0.01] * 20, **asked) is None, "no slot was seen twice"  # type: ignore[arg-type]
    assert locate([], [], [], **asked) is None  # type: ignore[arg-type]
    same = [Record(0.5, "a", "") for _ in range(20)]
    assert locate(same, range(20), [0.01] * 20, **asked) is None  # type: ignore[arg-type]
