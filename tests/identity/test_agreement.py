"""Two recognisers' cosines on a common scale: known answers, symmetry, monotony, and what stays unmeasured."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from personaforge.errors import SpecError
from personaforge.identity.agreement import Agreement, CommonScale, ReferencePoints, agree, common_scale, pair_cosine
from personaforge.identity.score import Cause, Unmeasured

DECLARED = {"first": {"different": 0.2, "same": 0.6}, "second": {"different": 0.25, "same": 0.75}}
LINEAR = common_scale("first", "second", DECLARED)
GRID = [-0.2, 0.0, 0.2, 0.21, 0.3, 0.4, 0.5, 0.599999, 0.6, 0.75, 1.0]


def agreed(primary: float, check: float, bound: float = 0.5, scale: CommonScale = LINEAR) -> Agreement:
    found = agree(primary, check, scale, max_disagreement=bound, accepted=True)
    assert isinstance(found, Agreement)
    return found


@pytest.mark.parametrize(
    ("primary", "check", "expected"),
    [
        (0.2, 0.25, (0.0, 0.0, 0.0)),
        (0.6, 0.75, (1.0, 1.0, 0.0)),
        (0.4, 0.5, (0.5, 0.5, 0.0)),
        (0.3, 0.5, (0.25, 0.5, 0.25)),
        (0.6, 0.25, (1.0, 0.0, 1.0)),
        (0.0, 0.2, (0.0, 0.0, 0.0)),  # strangers both, whatever the cosines
        (0.65, 0.99, (1.0, 1.0, 0.0)),  # and good likenesses both
    ],
)
def test_known_answers(primary: float, check: float, expected: tuple[float, float, float]) -> None:
    found = agreed(primary, check)
    assert (found.primary, found.check, found.disagreement) == pytest.approx(expected, abs=1e-6)
    assert found.agrees is (expected[2] <= 0.5) and found.scale == "linear"


def test_the_bound_itself_still_agrees() -> None:
    assert agreed(0.4, 0.25).disagreement == 0.5
    assert agreed(0.4, 0.25, 0.5).agrees and not agreed(0.4, 0.25, 0.499999).agrees
    assert agreed(0.6, 0.25, 1).agrees and agreed(0.6, 0.75, 0).agrees
    assert agreed(0.4, 0.25, 0.3).reason == (
        "likeness 0.5 by the primary recogniser and 0 by the check, 0.5 apart, more than 0.3"
    )


def test_it_is_symmetric() -> None:
    for primary in GRID:
        for check in GRID:
            one, other = agreed(primary, check), agreed(check, primary, scale=LINEAR.swapped())
            assert (one.disagreement, one.agrees) == (other.disagreement, other.agrees)
            assert (one.primary, one.check) == (other.check, other.primary)


def test_it_is_monotone() -> None:
    """The further the check falls below a primary recogniser that is sure, the larger the disagreement; and back."""
    sure = [agreed(1.0, check).disagreement for check in GRID]
    assert sure == sorted(sure, key=lambda one: -(one or 0.0)) and (sure[0], sure[-1]) == (1.0, 0.0)
    strangers = [agreed(0.0, check).disagreement for check in GRID]
    assert strangers == sorted(strangers, key=lambda one: one or 0.0) and (strangers[0], strangers[-1]) == (0.0, 1.0)


def test_probabilities_take_the_place_of_reference_points() -> None:
    def logistic(value: float) -> float:
        return 1 / (1 + math.exp(-20 * (value - 0.3)))

    scale = common_scale("first", "second", {}, primary_probability=logistic, check_probability=lambda value: value)
    found = agreed(0.3, 0.9, scale=scale)
    assert (found.primary, found.check, found.disagreement, found.scale) == (0.5, 0.9, 0.4, "probability")
    assert found.reason.startswith("P(same) 0.5 by the primary")
    # One calibration alone is not used: a probability and a share of a line don't subtract.
    half = common_scale("first", "second", DECLARED, primary_probability=logistic)
    assert half.name == "linear" and agreed(0.4, 0.5, scale=half).disagreement == 0


def test_packs_that_nothing_is_declared_for() -> None:
    with pytest.raises(SpecError) as caught:
        common_scale("buffalo_x", "second", DECLARED)
    (problem,) = caught.value.problems
    assert (
        problem.path == "identity.check.scales.buffalo_x"
        and "found reference points for first, second" in problem.message
    )
    with pytest.raises(SpecError) as caught:
        common_scale("one", "other", {})
    assert len(caught.value.problems) == 2 and "for none" in caught.value.problems[0].message


@pytest.mark.parametrize("points", [(0.6, 0.6), (0.6, 0.2), (-1.1, 0.5), (0.1, 1.1), (math.nan, 0.5), ("0.1", 0.5)])
def test_reference_points_that_are_none(points: tuple[Any, Any]) -> None:
    with pytest.raises(SpecError, match="expected -1 <= different < same <= 1"):
        ReferencePoints("mine", *points)


@pytest.mark.parametrize("bound", [-0.1, 1.1, math.nan, math.inf, "0.5", True])
def test_bounds_that_are_none(bound: Any) -> None:
    with pytest.raises(SpecError, match=r"identity\.check\.max_disagreement: found .*, expected a number from 0 to 1"):
        agreed(0.5, 0.5, bound)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_none(value: float) -> None:
    with pytest.raises(ValueError, match="expected a finite number"):
        agreed(value, 0.5)
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        agreed(0.5, 0.5, scale=CommonScale("probability", lambda _: value, lambda _: 0.5))


NO_FACE = Unmeasured(Cause.NO_FACE, "no face was found")


def test_a_face_that_only_the_primary_recogniser_sees() -> None:
    flagged = agree(0.8, NO_FACE, LINEAR, max_disagreement=1, accepted=True)
    assert isinstance(flagged, Agreement) and not flagged.agrees
    assert (flagged.primary, flagged.check, flagged.disagreement) == (1.0, None, None)
    assert "the check says that no face was found" in flagged.reason
    assert flagged.as_json()["check"] is None and flagged.as_json()["agrees"] is False
    refused = agree(0.8, NO_FACE, LINEAR, max_disagreement=1, accepted=False)
    assert isinstance(refused, Unmeasured) and refused.code is Cause.NO_FACE


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.NO_FACE])
def test_a_check_that_could_not_measure_flags_nothing(cause: Cause, accepted: bool) -> None:
    found = agree(0.8, Unmeasured(cause, "why"), LINEAR, max_disagreement=0.5, accepted=accepted)
    assert found == Unmeasured(cause, "the check has no score: why")


@pytest.mark.parametrize("check", [0.9, NO_FACE, Unmeasured(Cause.NO_MODEL, "nothing")])
def test_without_a_primary_score_there_is_nothing_to_check(check: float | Unmeasured) -> None:
    for accepted in (True, False):  # require_measurement may be off
        found = agree(NO_FACE, check, LINEAR, max_disagreement=0.5, accepted=accepted)
        assert found == Unmeasured(Cause.NO_FACE, "there is nothing to check: no face was found")


def test_the_cosine_of_a_pair(measured: Callable[..., dict[str, Any]]) -> None:
    assert pair_cosine(measured(), measured(0.4)) == 0.4
    assert pair_cosine(measured(), measured(-0.4)) == 0
    nobody = {"status": "no_face", "code": "no_face", "reason": "no face was found"}
    assert pair_cosine(measured(), nobody) == NO_FACE
    anchor = pair_cosine(nobody, measured())
    assert isinstance(anchor, Unmeasured) and anchor.code is Cause.ANCHOR
    unlike = pair_cosine(measured(), measured(), anchor_analyzer={"pack": "a"}, candidate_analyzer={"pack": "b"})
    assert isinstance(unlike, Unmeasured) and unlike.code is Cause.ANALYZERS
