"""Probabilities of causes, known otherwise: by fractions worked out by hand, and by brute force with a design matrix.

With n records of g groups a form (what a change would add to each record) is fitted beside a mean for each group, and
leaves a sum of squares over. Its weight is that sum to the power of -v / 2, with v = n - g - 1 degrees of freedom: one
for each group's mean, one for the form's size. By Bayes, a cause's probability is its prior times its weight, over the
sum of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from personaforge.drift.attribution.likelihood import GRADUAL, UNRECORDED, Change, Weighed, weigh
from personaforge.drift.detector.cusum import Record


def records(values: Sequence[float], groups: str = "") -> list[Record]:
    return [Record(value, group, "") for value, group in zip(values, groups or "a" * len(values), strict=True)]


def weighed(
    values: Sequence[float],
    *changes: Change,
    groups: str = "",
    start: tuple[int, int] | None = None,
    numbers: Sequence[int] | None = None,
    spread: float = 1.0,
    rising: bool = True,
) -> tuple[tuple[Weighed, ...], float]:
    earliest, latest = start or (0, len(values) - 1)
    return weigh(
        records(values, groups),
        numbers or range(len(values)),
        [spread] * len(values),
        changes,
        earliest=earliest,
        latest=latest,
        rising=rising,
    )


def test_four_records_by_hand() -> None:
    """0 1 3 4 of one slot, v = 4 - 1 - 1 = 2, so each weight is one over what is left of the sum of squares, 10.

    A change at the third record: a step explains 3 * 3 / 1 and leaves 1; its ramp 0 0 1 2 explains 5 * 5 / 2.75 and
    leaves 10 / 11; its bend 0 0 1 4 explains 9 * 9 / 10.75 and leaves 106 / 43. One at the last record leaves 14 / 3,
    whichever its shape, and what no record names, which may have begun there alone, does so as well.
    """
    third, last = Change((0, 0, 1, 1)), Change((0, 0, 0, 1))
    gradual, unrecorded = Fraction(5, 100), Fraction(2, 10)
    half = (1 - unrecorded) / 2
    weights = [
        half * ((1 - gradual) + gradual / 2 * Fraction(11, 10) + gradual / 2 * Fraction(43, 106)),
        half * Fraction(3, 14),
        unrecorded * Fraction(3, 14),
    ]
    (one, other), none = weighed([0, 1, 3, 4], third, last, start=(3, 3))
    assert [one.probability, other.probability, none] == pytest.approx(
        [float(weight / sum(weights)) for weight in weights], rel=1e-12
    )
    assert one.probability == pytest.approx(0.754460, abs=1e-6)
    assert one.size == pytest.approx(3) and other.size == pytest.approx(8 / 3)
    assert (GRADUAL, UNRECORDED) == (0.05, 0.2), "as in the sums above"


def test_each_group_has_a_mean_of_its_own_which_costs_a_degree() -> None:
    """The same four values and a second slot that says nothing: v = 6 - 2 - 1 = 3, and every weight is to the 3 / 2."""
    third, last = Change((0, 0, 1, 1, 0, 0)), Change((0, 0, 0, 1, 0, 0))
    (one, other), none = weighed([0, 1, 3, 4, 7, 7], third, last, groups="aaaabb", start=(3, 3))
    left = {"step": 1.0, "ramp": 10 / 11, "bend": 106 / 43}
    weights = [
        0.4 * (0.95 + 0.025 * left["ramp"] ** -1.5 + 0.025 * left["bend"] ** -1.5),
        0.4 * (14 / 3) ** -1.5,
    ]
    assert one.probability / other.probability == pytest.approx(weights[0] / weights[1], rel=1e-12)
    assert none > 0


def brute(
    values: Sequence[float],
    numbers: Sequence[int],
    groups: Sequence[str],
    changes: Sequence[Change],
    earliest: int,
    latest: int,
    rising: bool,
) -> list[float]:
    """The model's probabilities, the unrecorded one last, by least squares over a whole design matrix."""
    y = np.asarray(values, float)
    means = np.array([[group == one for group in dict.fromkeys(groups)] for one in groups], float)
    freedom = len(y) - means.shape[1] - 1

    def left(forms: np.ndarray) -> tuple[float, np.ndarray, int]:
        design = np.column_stack([means, forms])
        solved = np.linalg.lstsq(design, y, rcond=None)[0]
        rank = int(np.linalg.matrix_rank(design)) - means.shape[1]
        return float(np.sum((y - design @ solved) ** 2)), solved[means.shape[1] :], rank

    def weight(form: np.ndarray) -> float:
        rest, size, rank = left(form)
        if rank == 0 or (size[0] > 0) != rising:
            return 0.0
        return rest ** (-freedom / 2)

    def levels(dose: np.ndarray) -> float:
        rest, _, rank = left(np.column_stack([dose == level for level in sorted(set(dose)) if level > 0]))
        return rest ** (-(freedom - (rank - 1)) / 2) * len(y) ** (-(rank - 1) / 2)

    at = np.asarray(numbers, float)
    found = []
    for change in changes:
        dose = np.asarray(change.dose, float)
        since = np.maximum(at - at[np.flatnonzero(dose)[0]] + 1, 0)
        plain, ramp, bend = weight(dose), weight((dose > 0) * since), weight((dose > 0) * since**2)
        if plain == 0:
            shared = 0.0
        elif change.graded:
            shared = (plain + levels(dose) + ramp + bend) / 4
        else:
            shared = 0.95 * plain + 0.025 * ramp + 0.025 * bend
        found.append(0.8 * change.prior / sum(one.prior for one in changes) * shared)
    shapes = [
        weight(np.where(at >= start, np.maximum(at - start + 1, 0) ** power, 0.0))
        for start in range(earliest, latest + 1)
        for power in range(3)
    ]
    found.append((0.2 if changes else 1.0) * sum(shapes) / len(shapes))
    return [one / sum(found) for one in found]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rising", [True, False])
def test_it_is_what_brute_force_gives(seed: int, rising: bool) -> None:
    """Slots at random, records left out, changes of all kinds: steps, taken back, by degrees, believable or less."""
    rng = np.random.default_rng(seed)
    numbers = sorted(int(one) for one in rng.choice(30, 18, replace=False))
    groups = [str(one) for one in rng.integers(0, 3, 18)]
    cause = (np.asarray(numbers) >= 15).astype(float)
    values = rng.normal(0, 1, 18) + (2 if rising else -2) * cause
    graded = np.clip((np.asarray(numbers) - 8) // 4, 0, 4) / 4
    changes = [
        Change(tuple(cause)),
        Change(tuple(cause * (np.asarray(numbers) < 24)), prior=0.02),
        Change(tuple(graded), graded=True),
        Change(tuple((np.asarray(numbers) >= numbers[5]).astype(float)), prior=2.5),
    ]
    found, none = weigh(
        records(list(values), "".join(groups)), numbers, [1.0] * 18, changes, earliest=4, latest=26, rising=rising
    )
    expected = brute(list(values), numbers, groups, changes, 4, 26, rising)
    assert [*(one.probability for one in found), none] == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert sum(one.probability for one in found) + none == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_the_size_is_the_slope_of_a_linear_regression(seed: int) -> None:
    """Within one slot it is scipy's, per whole dose; in spreads, so twice the spread makes it half as large."""
    from scipy import stats

    rng = np.random.default_rng(seed)
    dose = np.repeat([0.0, 0.25, 0.5, 1.0], 4)
    values = list(3 * dose + rng.normal(0, 0.2, 16))
    (one,), _ = weighed(values, Change(tuple(dose)))
    (half,), _ = weighed(values, Change(tuple(dose)), spread=2.0)
    slope = float(stats.linregress(dose, values).slope)
    assert one.size == pytest.approx(slope) and half.size == pytest.approx(slope / 2)
    assert half.probability == pytest.approx(one.probability), "probabilities know no unit"


def test_changes_of_the_very_same_records_share_by_their_priors() -> None:
    dose = (0, 0, 0, 1, 1, 1)
    (one, same, less), _ = weighed([0, 1, 0, 4, 3, 4], Change(dose), Change(dose), Change(dose, prior=0.25))
    assert one == same and one.probability == pytest.approx(4 * less.probability)


def test_a_first_record_that_the_series_lacks_shifts_no_ramp() -> None:
    """What is left out of the evidence still counts in how long ago a change was: a ramp grows by records made."""
    at = [0, 1, 2, 3, 10, 11]
    grown = [0, 0, 0, 1, 8, 9]
    values = [0.1, -0.1, 0.0, *(one / 2 for one in (2.1, 15.9, 18.0))]
    change = Change((0, 0, 0, 1, 1, 1))
    (one,), none = weighed(values, change, numbers=at, start=(0, 11))
    assert [one.probability, none] == pytest.approx(brute(values, at, "a" * 6, [change], 0, 11, True), rel=1e-8)
    assert np.corrcoef(grown, values)[0, 1] > 0.999, "the ramp that the change began is what the values follow"
    assert one.size == pytest.approx(np.mean(values[3:]) - np.mean(values[:3])), "its size is told as a step's"


def test_without_changes_all_of_it_is_unrecorded_and_without_evidence_too() -> None:
    assert weighed([0, 1, 3, 4]) == ((), 1.0)
    unknown = (Weighed(0.0, None),), 1.0
    step = Change((0, 0, 1, 1))
    assert weighed([2, 2, 2, 2], step) == unknown, "nothing varies"
    assert weighed([0, 1, 5], Change((0, 0, 1)), groups="abb") == unknown, "three records, two means and a size"
    assert weighed([0, 1, 5, 6], step, groups="aaab") != unknown, "four are enough"
    assert weighed([4, 3, 1, 0], step, rising=True) == unknown, "no shape of anything goes that way"
    (fell, rose), _ = weighed([4, 3, 1, 0, 6, 6], Change((0, 0, 1, 1, 0, 0)), Change((0, 0, 0, 0, 1, 1)))
    assert fell.probability == 0 and fell.size == pytest.approx(0.5 - 19 / 4) and rose.probability > 0.5


def test_a_perfect_fit_is_certain_and_no_division_by_zero() -> None:
    (one, other), none = weighed([0, 0, 0, 2, 2, 2], Change((0, 0, 0, 1, 1, 1)), Change((0, 0, 1, 1, 1, 1)))
    assert one.probability + none == pytest.approx(1) and other.probability < 1e-12
    assert math.isfinite(one.probability) and one.size == pytest.approx(2)


def test_values_that_do_not_vary_say_nothing_whichever_way_they_should_go() -> None:
    flat = (Weighed(0.0, None),), 1.0
    for rising in (True, False):
        assert weighed([2, 2, 2, 2], Change((0, 0, 1, 1)), rising=rising) == flat


def test_many_records_that_fit_closely_overflow_nothing() -> None:
    """The weights are powers of what is left, to the 200th here: they are compared by their logarithms."""
    rng = np.random.default_rng(1)
    dose = np.repeat([0.0, 1.0], 200)
    values = list(1e-3 * (dose + rng.normal(0, 1e-3, 400)))
    late = Change(tuple(float(index >= 205) for index in range(400)))
    (one, other), none = weighed(values, Change(tuple(dose)), late, start=(390, 399))
    assert one.probability == pytest.approx(1) and other.probability + none < 1e-9
