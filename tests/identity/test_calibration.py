"""Error rates, thresholds and P(same) on cosines whose truth is known."""

from __future__ import annotations

import json
import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.identity.calibration import (
    Calibration,
    Pair,
    applies,
    fit,
    mismatch,
    people,
    probability,
    raw_cosine,
)
from personaforge.identity.logistic import Unfit, fit_logistic
from personaforge.identity.roc import _People, d_prime, equal_error, operating_point
from tests.faces.conftest import SCRIPTED

PHI = NormalDist()
MILLIONTHS = st.integers(-1_000_000, 1_000_000).map(lambda value: value / 1e6)


def gaussians(same: int, different: int, distance: float, seed: int = 0) -> tuple[list[float], list[float]]:
    """Same pairs around .6 and different ones `distance` standard deviations of .08 below."""
    random = np.random.RandomState(seed)
    return (
        list(np.clip(0.6 + 0.08 * random.randn(same), -1, 1)),
        list(np.clip(0.6 - 0.08 * distance + 0.08 * random.randn(different), -1, 1)),
    )


def quantiles(count: int, mean: float, std: float) -> list[float]:
    """A Gaussian without chance: its quantiles."""
    return [PHI.inv_cdf((place + 0.5) / count) * std + mean for place in range(count)]


@pytest.mark.parametrize("distance", [1.0, 2.0, 3.0])
def test_two_gaussians_have_the_eer_of_the_book(distance: float) -> None:
    same, different = quantiles(4000, 0.3, 0.05), quantiles(2500, 0.3 - 0.05 * distance, 0.05)
    found = equal_error(same, different, draws=20)
    assert found.rate == pytest.approx(PHI.cdf(-distance / 2), abs=5e-4)
    assert found.threshold == pytest.approx(0.3 - 0.05 * distance / 2, abs=1e-3)
    assert d_prime(same, different) == pytest.approx(distance, rel=0.01)


def test_separable_pairs_have_no_error_and_still_an_interval() -> None:
    found = equal_error([0.7, 0.9, 0.8], [0.1, 0.3, -0.2])
    assert (found.rate, found.low, found.threshold) == (0.0, 0.0, 0.5), "in the middle of what parts them"
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 3), abs=1e-6)
    assert "no error was seen" in found.note
    assert equal_error([0.5], [0.499999], draws=20).threshold == 0.5


def test_reversed_pairs_and_equal_ones() -> None:
    assert equal_error([0.1, 0.2], [0.8, 0.9], draws=20).rate == 1.0
    assert equal_error([0.4] * 5, [0.4] * 9, draws=20).rate == 0.5, "a coin"


def test_ties_get_half_credit() -> None:
    # The ROC goes (0, 0), (0, 1/2) at .8, (1/2, 1) at .5, (1, 1) at .2; it meets FRR = FAR at 1/4.
    found = equal_error([0.8, 0.5], [0.5, 0.2], draws=20)
    assert (found.rate, found.threshold) == (0.25, 0.5)
    # Apart by less than scores are kept with is a tie, too.
    assert equal_error([0.8, 0.5000001], [0.4999999, 0.2], draws=20).rate == 0.25


@given(st.lists(MILLIONTHS, min_size=1, max_size=30), st.lists(MILLIONTHS, min_size=1, max_size=30))
def test_both_errors_surround_the_eer_at_its_threshold(same: list[float], different: list[float]) -> None:
    found = equal_error(same, different, draws=5)

    def errors(threshold: float) -> tuple[float, float]:
        far = sum(value >= threshold for value in different) / len(different)
        return far, sum(value < threshold for value in same) / len(same)

    # Just above the threshold no more are wrongly accepted than rejected, at it no fewer; the EER is in between.
    far, frr = errors(found.threshold)
    far_above, frr_above = errors(found.threshold + 1e-6)
    assert far >= frr - 1e-9 and (far_above <= frr_above + 1e-9)
    assert far_above - 1e-6 <= found.rate <= far + 1e-6 and frr - 1e-6 <= found.rate <= frr_above + 1e-6
    turned = equal_error([-value for value in different], [-value for value in same], draws=5)
    assert turned.rate == pytest.approx(found.rate, abs=2e-6), "the other way round it is the same"
    assert 0 <= found.low <= found.rate <= found.high <= 1


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth, held, widths = PHI.cdf(-1), 0, []
    for seed in range(150):
        found = equal_error(*gaussians(60, 200, 2.0, seed), draws=200, seed=seed)
        held += found.low <= truth <= found.high
        widths.append(found.high - found.low)
    assert 0.90 <= held / 150 <= 0.995
    assert np.mean(widths) < 0.15, "and is no wider than it has to be"


def test_an_interval_worked_out_by_hand() -> None:
    """The threshold passes 0.7, which accepts a share w of the different pairs, and then the only same pair: the rates
    cross at w, and the weights of two pairs are a uniform w and 1 - w."""
    found = equal_error([0.5], [0.7, 0.1], draws=20_000)
    assert (found.low, found.high) == (pytest.approx(0.025, abs=0.005), pytest.approx(0.975, abs=0.005))


def test_the_interval_narrows_with_pairs_and_repeats_with_its_seed() -> None:
    few, many = equal_error(*gaussians(30, 100, 2.0)), equal_error(*gaussians(3000, 10_000, 2.0))
    assert many.high - many.low < (few.high - few.low) / 5
    assert few == equal_error(*gaussians(30, 100, 2.0))
    assert (few.low, few.high) == (0.070268, 0.205233), "and so it is printed everywhere"
    assert (few.drawn, few.note) == (
        "pairs",
        "pairs are drawn, as independent of each other: no person is in two of a kind",
    )


def test_the_weight_of_a_pair_is_that_of_its_people() -> None:
    """Of a different pair that of both, as soon as somebody is in two of them."""
    drawn = np.random.RandomState(5).standard_exponential((4, 3))
    same, different = _People((0, 2), ((0, 1), (1, 2))).weights(np.random.RandomState(5), 4)
    assert np.array_equal(same, drawn[:, [0, 2]])
    assert np.array_equal(different, drawn[:, [0, 1]] * drawn[:, [1, 2]])
    _, different = _People((0, 2, 2), ((0, 1),)).weights(np.random.RandomState(5), 4)
    assert np.array_equal(different, drawn[:, [0]])


def test_people_in_several_pairs_widen_the_interval() -> None:
    random = np.random.RandomState(3)
    persons = range(12)
    hard = 0.1 * random.randn(12)  # what is hard about a person is in all of their pairs
    same = [(0.5 + hard[p] + 0.02 * random.randn(), p) for p in persons for _ in range(15)]
    different = [(0.3 + 0.05 * random.randn(), (p, q)) for p in persons for q in persons if p < q for _ in range(5)]
    scores = [value for value, _ in same], [value for value, _ in different]
    apart = equal_error(*scores)
    drawn = equal_error(*scores, [p for _, p in same], [both for _, both in different])
    assert drawn.rate == apart.rate and (apart.drawn, drawn.drawn) == ("pairs", "people")
    assert drawn.high - drawn.low > 1.5 * (apart.high - apart.low)
    three = equal_error(*scores, [p % 3 for _, p in same], [(p % 2, 3 + q % 2) for _, (p, q) in different])
    assert three.drawn == "pairs" and "likely too narrow" in three.note
    assert "3 in the same pairs, 4 in the different pairs, expected 5" in three.note


@given(
    st.lists(MILLIONTHS, min_size=30, max_size=80),
    st.lists(MILLIONTHS, min_size=1, max_size=20),
    st.sampled_from([0.1, 0.2, 0.5]),
)
def test_a_threshold_is_the_lowest_that_keeps_its_far(different: list[float], same: list[float], target: float) -> None:
    found = operating_point(same, different, target)
    if found.threshold is None:  # no threshold parts them, and only then
        assert different.count(1.0) > target * len(different) and "have cosine 1" in found.reason
        return
    assert found.far is not None and found.tar is not None
    passed = sum(value >= found.threshold for value in different)
    assert passed <= target * len(different) + 1e-9 and found.far == round(passed / len(different), 6)
    lower = round(found.threshold - 1e-6, 6)
    assert sum(value >= lower for value in different) > target * len(different) - 1e-9
    assert found.tar == round(sum(value >= found.threshold for value in same) / len(same), 6)
    assert found.far_low is not None and found.far_high is not None
    assert 0 <= found.far_low <= found.far <= found.far_high <= 1


def test_a_far_takes_enough_different_pairs() -> None:
    spread = [place / 1000 for place in range(300)]
    found = operating_point([0.2985, 0.5], spread, 0.01)
    assert (found.threshold, found.far, found.tar) == (0.296001, 0.01, 1.0), "3 of 300 may pass"
    assert (found.far_low, found.far_high) == pytest.approx((0.003407, 0.028983), abs=1e-6), (
        "as SciPy's binomtest has it"
    )
    short = operating_point([0.5], spread[:299], 0.01)
    assert short.threshold is short.far is short.far_low is short.far_high is short.tar is None
    assert short.reason == "299 different pairs, and a FAR of 0.01 takes 300 or more"
    alike = operating_point([1.0], [1.0] * 300, 0.01)
    assert alike.threshold is None and "have cosine 1" in alike.reason
    for target in (0.0, 1.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="expected a number between 0 and 1"):
            operating_point([0.5], spread, target)


@pytest.mark.parametrize("bad", [[], [1.1], [math.nan], [math.inf]])
def test_what_is_no_cosine_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match=r"no different pairs|outside \[-1, 1\]"):
        equal_error([0.5], bad)


def test_the_logistic_finds_the_log_likelihood_ratio_of_two_gaussians() -> None:
    # Means .5 and .2, variance .01: the log ratio is 30 * cosine - 10.5.
    same, different = quantiles(3000, 0.5, 0.1), quantiles(9000, 0.2, 0.1)
    found = fit_logistic(same, different, 0.5)
    assert (found.slope, found.intercept) == (pytest.approx(30, rel=0.01), pytest.approx(-10.5, rel=0.01))
    bits = [math.log2(1 + math.exp(-found.intercept - found.slope * value)) for value in same]
    others = [math.log2(1 + math.exp(found.intercept + found.slope * value)) for value in different]
    assert found.cllr == pytest.approx((np.mean(bits) + np.mean(others)) / 2, abs=1e-5)
    rare = fit_logistic(same, different, 0.01)
    assert rare.slope == found.slope and rare.cllr == found.cllr
    assert rare.intercept == pytest.approx(found.intercept + math.log(0.01 / 0.99), abs=1e-5)
    assert 0 < found.cllr < 1


@pytest.mark.parametrize("count", [10, 200])
def test_separable_pairs_claim_what_their_number_allows(count: int) -> None:
    # Two cosines make a saturated model, in which Firth's penalty is half a pair in each cell.
    found = fit_logistic([0.8] * count, [0.1] * count, 0.5)
    assert found.probability(0.8) == pytest.approx((count + 0.5) / (count + 1), abs=2e-6)
    assert found.probability(0.1) == pytest.approx(0.5 / (count + 1), abs=2e-6)


def test_many_pairs_of_one_sort_do_not_move_the_mapping() -> None:
    same, different = gaussians(400, 400, 2.5)
    even, uneven = fit_logistic(same, different, 0.5), fit_logistic(same, different * 50, 0.5)
    assert uneven.slope == pytest.approx(even.slope, rel=0.02)
    assert uneven.probability(0.5) == pytest.approx(even.probability(0.5), abs=0.01)


@given(
    st.lists(MILLIONTHS, min_size=10, max_size=20),
    st.lists(MILLIONTHS, min_size=10, max_size=20),
    st.sampled_from([1e-6, 0.1, 0.5, 0.999]),
)
def test_probability_is_finite_and_rises_or_the_fit_is_refused(
    same: list[float], different: list[float], prior: float
) -> None:
    try:
        found = fit_logistic(same, different, prior)
    except Unfit:
        assert np.mean(same) <= np.mean(different) + 0.2
        return
    shares = [found.probability(place / 50) for place in range(-50, 51)]
    assert found.slope > 0 and shares == sorted(shares) and shares[0] > 0 and shares[-1] < 1


def test_a_mapping_that_would_fall_is_refused() -> None:
    for same, different in (([0.1] * 10, [0.9] * 10), ([0.5] * 10, [0.5] * 10)):
        with pytest.raises(Unfit, match="wrong way round"):
            fit_logistic(same, different, 0.5)
    for prior in (0.0, 1.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="the prior is"):
            fit_logistic([0.9], [0.1], prior)


def calibrated(same: int = 40, different: int = 300, **changes: object) -> Calibration:
    alike, unlike = gaussians(same, different, 3.0)
    pairs = [Pair(value, True, (number, number)) for number, value in enumerate(alike)]
    pairs += [Pair(value, False, (1000 + number, 2000 + number)) for number, value in enumerate(unlike)]
    given: dict[str, object] = {
        "analyzer": SCRIPTED.as_json(),
        "measuring": "2",
        "pairs_digest": "a" * 64,
        "pictures_digest": "b" * 64,
        "unmeasured": {"unreadable": 1, "no_face": 2},
    }
    return fit(pairs, **{**given, **changes})  # type: ignore[arg-type]


def test_a_calibration_comes_back_from_its_json() -> None:
    made = calibrated()
    kept = json.loads(json.dumps(made.as_json()))
    assert Calibration.from_json(kept) == made
    assert (kept["schema"], kept["analyzer"]) == (1, SCRIPTED.as_json())
    assert list(kept["unmeasured"]) == ["no_face", "unreadable"]
    assert (made.people, made.same.n, made.different.n) == (640, 40, 300)
    for value, said in (
        ([], "the file: found list"),
        ({**kept, "schema": 3}, "schema: found 3, expected 1 or 2"),
        ({**kept, "schema": 2}, "weights: is missing"),
        ({name: one for name, one in kept.items() if name != "logistic"}, "logistic: is missing"),
        ({**kept, "equal_error": {**kept["equal_error"], "rate": math.nan}}, "equal_error.rate: found nan"),
        ({**kept, "same": {**kept["same"], "n": True}}, "same.n: found True, expected int"),
        ({**kept, "operating_points": [None]}, r"operating_points\[0\]: found NoneType"),
    ):
        with pytest.raises(ValueError, match=said):
            Calibration.from_json(value)


def test_it_applies_to_the_same_measurement_alone() -> None:
    made, analyzer = calibrated(), SCRIPTED.as_json()
    assert applies(made, analyzer) and applies(made, analyzer, "2") and mismatch(made, analyzer) == ""
    assert not applies(made, analyzer, "3") and mismatch(made, analyzer, "3") == "it was made with measuring 2, not 3"
    for field in analyzer:
        assert not applies(made, {**analyzer, field: "other"})
        assert f"{field.replace('_', ' ')} " in mismatch(made, {**analyzer, field: "other"})
    assert mismatch(made, {**analyzer, "added": "field"}) == "it was made with added none, not field"
    both = mismatch(made, {**analyzer, "detector_size": "640", "backend_version": "9"})
    assert both == "it was made with backend version 1, not 9; detector size auto, not 640"


def test_a_clamped_score_gets_the_highest_probability_of_what_it_may_stand_for() -> None:
    made = calibrated()
    assert probability(-0.3, made) <= probability(0.0, made) < 0.5 < probability(0.6, made)
    assert probability(-1.0, made) > 0 and probability(1.0, made) < 1


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(Unfit, match="9 same pairs were measured, expected 10 or more"):
        calibrated(same=9)
    with pytest.raises(Unfit, match="9 different pairs were measured"):
        calibrated(different=9)


def test_cosines_are_not_clamped() -> None:
    one, other = np.eye(2, 512, dtype=np.float32)
    assert raw_cosine(one, -one) == -1.0 and raw_cosine(one, other) == 0.0
    assert raw_cosine(one, (one - other) * 3) == 0.707107


def test_people_are_those_whom_same_pairs_link() -> None:
    found = people("abcdefg", [("a", "b"), ("c", "d"), ("d", "b"), ("f", "g"), ("g", "f")])
    assert found["a"] == found["b"] == found["c"] == found["d"]
    assert len({found[name] for name in "aef"}) == 3 and found["f"] == found["g"]
