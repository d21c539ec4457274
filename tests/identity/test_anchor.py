"""Which candidate becomes the anchor."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.errors import SpecError
from personaforge.identity.anchor import Choice, choose
from personaforge.identity.score import Cause, Unmeasured

Measured = Callable[..., dict[str, Any]]


def chosen(measurements: list[dict[str, Any] | None], strategy: str = "central_similarity") -> Choice:
    choice = choose(measurements, strategy)
    assert isinstance(choice, Choice), choice
    return choice


def at(angle: float) -> dict[str, Any]:
    """A measurement whose cosine to another is the cosine of the difference of their angles, in degrees."""
    vector = np.zeros(512, dtype="<f4")
    vector[:2] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return {"status": "measured", "embedding": base64.b64encode(vector.tobytes()).decode()}


def test_the_one_in_the_middle_wins() -> None:
    choice = chosen([at(0), at(60), at(20), at(80)])
    assert choice.index == 1
    cos = {degrees: np.cos(np.radians(degrees)) for degrees in (20, 40, 60, 80)}
    assert choice.means == pytest.approx(
        (
            (cos[60] + cos[20] + cos[80]) / 3,
            (cos[60] + cos[40] + cos[20]) / 3,
            (cos[20] + cos[40] + cos[60]) / 3,
            (cos[80] + cos[20] + cos[60]) / 3,
        ),
        abs=1e-6,
    )
    assert choice.reason == f"mean cosine {choice.means[1]:g} to the others, the highest of 4"


def test_a_tie_goes_to_the_lowest_index() -> None:
    assert chosen([at(0), at(10)]).index == 0
    assert chosen([at(90), at(5), at(5), at(5)]).index == 1


def test_without_a_face_nobody_wins(no_face: dict[str, Any], unreadable: dict[str, Any]) -> None:
    choice = chosen([no_face, at(0), None, at(10), unreadable, at(4)])
    assert choice.index == 5
    assert [mean is None for mean in choice.means] == [True, False, True, False, True, False]
    assert choice.reason.endswith("the highest of 3 with a face out of 6")


def test_the_only_one_with_a_face_wins(no_face: dict[str, Any]) -> None:
    choice = chosen([no_face, at(0), no_face])
    assert (choice.index, choice.means) == (1, (None, None, None))
    assert choice.reason == "the only one of 3 candidates with a face"


def test_first_is_the_first_with_a_face(no_face: dict[str, Any]) -> None:
    choice = chosen([no_face, at(80), at(0), at(1)], "first")
    assert choice.index == 1 and choice.means[1] is not None


@pytest.mark.parametrize("strategy", ["central_similarity", "first"])
def test_nothing_to_choose_from(strategy: str, no_face: dict[str, Any], unreadable: dict[str, Any]) -> None:
    def code(measurements: list[dict[str, Any] | None]) -> Cause:
        result = choose(measurements, strategy)
        assert isinstance(result, Unmeasured)
        return result.code

    assert code([]) is Cause.TOO_FEW
    assert code([None, None]) is Cause.NO_MODEL
    assert code([None, no_face, unreadable]) is Cause.NO_FACE
    assert code([None, unreadable]) is Cause.UNREADABLE


def test_an_unknown_strategy_is_the_users_mistake() -> None:
    known = "central_similarity, quality_weighted, first"
    with pytest.raises(SpecError, match=rf"anchor\.strategy: found 'best', expected one of {known}"):
        choose([at(0)], "best")


@given(st.lists(st.integers(0, 90), min_size=2, max_size=6), st.randoms())
def test_the_order_of_candidates_does_not_matter(angles: list[int], random: Any) -> None:
    shuffled = random.sample(angles, len(angles))
    one, other = chosen([at(a) for a in angles]), chosen([at(a) for a in shuffled])
    assert one.means[one.index] == other.means[other.index] == max(m for m in one.means if m is not None)


def told(angle: float, **changes: Any) -> dict[str, Any]:
    whole = {
        "detection": 0.9,
        "sharpness": 100.0,
        "embedding_norm": 22.0,
        "pose": {"yaw": 0.0, "pitch": 0.0, "roll": 0.0},
    }
    return {**at(angle), **whole, **changes}


def test_quality_weighs_against_the_most_central_one() -> None:
    candidates = [told(0), told(20, sharpness=4.0), told(50)]
    assert chosen(candidates).index == 1, "the one in the middle, blurred or not"
    choice = chosen(candidates, "quality_weighted")
    assert choice.index == 0
    assert choice.qualities == pytest.approx(
        ((0.9 * 1 * 1 * 1) ** 0.25, (0.9 * 0.04 * 1 * 1) ** 0.25, (0.9 * 1 * 1 * 1) ** 0.25), abs=1e-6
    )
    assert "times quality" in choice.reason


@pytest.mark.parametrize(
    "worse", [{"detection": 0.5}, {"sharpness": 20.0}, {"embedding_norm": 9.0}, {"pose": {"yaw": -30.0}}]
)
def test_each_part_of_quality_counts(worse: dict[str, Any]) -> None:
    choice = chosen([told(0, **worse), told(10)], "quality_weighted")
    assert choice.index == 1
    assert choice.qualities[0] is not None and choice.qualities[1] is not None
    assert choice.qualities[0] < choice.qualities[1]


def test_what_an_analyzer_does_not_tell_is_left_out_of_quality() -> None:
    silent = {"embedding_norm": None, "sharpness": None, "pose": None}
    choice = chosen([told(0, **silent, detection=0.81), told(3, **silent, detection=0.64)], "quality_weighted")
    assert choice.index == 0 and choice.qualities == pytest.approx((0.81, 0.64))


def test_a_candidate_turned_away_is_no_frontal_reference() -> None:
    choice = chosen([told(20, pose={"yaw": 60.0}), told(0), told(90)], "quality_weighted")
    assert choice.qualities[0] == 0 and choice.index != 0
