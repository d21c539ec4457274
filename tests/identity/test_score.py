"""The composite, the relaxed bound, and what can't be compared."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.digest import canonical
from personaforge.identity.policy import FaceRule, Gate, Mode, Policy
from personaforge.identity.score import Cause, Score, Unmeasured, compare, composite, error_bound

Measured = Callable[..., dict[str, Any]]
POLICY = Policy(
    *(Mode.COMPOSITE, 0.55, 0.35, 0.7, 0.3, 0.55, 0.08, 0.30, 0.10, 2.5, 10, 50, 6),
    face=FaceRule.BEST,
    gate=Gate.WORST_STRETCH,
    pack="auto",
)


def test_the_shipped_settings_are_these(policy: Policy) -> None:
    assert policy == POLICY


def test_a_known_score(measured: Measured, policy: Policy) -> None:
    anchor = measured(ratios={"nose_length": 0.9, "jaw_width": 1.8})
    candidate = measured(0.6, ratios={"nose_length": 1.0, "jaw_width": 1.78}, faces=3)
    score = compare(anchor, candidate, policy)
    assert score == Score(
        cosine=0.6,
        error=0.06,  # (0.10 + 0.02) / 2
        error_bound=0.08,
        composite=0.702,  # 0.7 x 0.6 + 0.3 x 0.94
        faces=3,
        ratio_set="106",
    )
    assert canonical(score.as_json())


def test_a_person_is_herself(measured: Measured, policy: Policy) -> None:
    score = compare(measured(), measured(), policy)
    assert isinstance(score, Score) and (score.cosine, score.error, score.composite) == (1, 0, 1)


@pytest.mark.parametrize(
    ("cosine", "ratio", "expected"),
    [
        (-0.4, 0.9, (0.0, 0.0, 0.3)),  # a negative cosine is 0
        (0.5, 0.9, (0.5, 0.0, 0.65)),
        (0.5, 1.4, (0.5, 0.5, 0.5)),
        (0.5, 1.9, (0.5, 1.0, 0.35)),
        (0.5, 20.9, (0.5, 20.0, 0.35)),  # the error is kept as it is, and weighs no more than 1
        (0.0, 20.9, (0.0, 20.0, 0.0)),
    ],
)
def test_clamps(
    measured: Measured, policy: Policy, cosine: float, ratio: float, expected: tuple[float, float, float]
) -> None:
    score = compare(measured(ratios={"nose_length": 0.9}), measured(cosine, ratios={"nose_length": ratio}), policy)
    assert isinstance(score, Score)
    assert (score.cosine, score.error, score.composite) == pytest.approx(expected, abs=1e-6)


@given(cosine=st.floats(-1, 1), error=st.floats(0, 100), other_cosine=st.floats(-1, 1), other_error=st.floats(0, 100))
def test_the_composite_is_in_range_and_monotonic(
    cosine: float, error: float, other_cosine: float, other_error: float
) -> None:
    value = composite(max(0, cosine), error, POLICY)
    assert 0 <= value <= 1
    if other_cosine >= cosine and other_error <= error:
        assert composite(max(0, other_cosine), other_error, POLICY) >= value


def with_share(share: float) -> dict[str, Any]:
    """A face whose diagonal has this share of the picture's."""
    return {"width": 300, "height": 400, "box": [5.0, 7.0, 5 + 300 * share, 7 + 400 * share]}


@pytest.mark.parametrize(
    ("share", "bound"),
    [
        (1.2, 0.08),
        (0.5, 0.08),
        (0.3, 0.08),
        (0.25, 0.11),
        (0.2, 0.14),
        (0.15, 0.17),
        (0.1, 0.20),
        (0.05, 0.20),
        (0.0, 0.20),
    ],
)
def test_the_bound_relaxes_for_small_faces(policy: Policy, share: float, bound: float) -> None:
    assert error_bound(with_share(share), policy) == pytest.approx(bound)


@given(one=st.floats(0, 1.5), other=st.floats(0, 1.5))
def test_a_smaller_face_never_has_a_tighter_bound(one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert error_bound(with_share(small), POLICY) >= error_bound(with_share(large), POLICY) - 1e-12
    assert 0.08 - 1e-12 <= error_bound(with_share(one), POLICY) <= 0.2 + 1e-12


def test_a_step_instead_of_a_slope() -> None:
    step = dataclasses.replace(POLICY, relax_below=0.2, relax_until=0.2)
    assert error_bound(with_share(0.21), step) == 0.08
    assert error_bound(with_share(0.19), step) == pytest.approx(0.2)


def test_stored_numbers_have_six_decimals(measured: Measured, policy: Policy) -> None:
    candidate = measured(1 / 3, ratios={"nose_length": 0.9 + 1 / 30, "jaw_width": 1.8 - 1 / 70}, **with_share(1 / 7))
    score = compare(measured(), candidate, policy)
    assert isinstance(score, Score)
    for value in (score.cosine, score.error, score.error_bound, score.composite):
        assert value == round(value, 6) and value not in (0, 1)
    assert math.isclose(score.composite, 0.7 / 3 + 0.3 * (1 - (1 / 30 + 1 / 70) / 2), abs_tol=2e-6)


INSIGHT = {"backend": "insightface", "pack": "buffalo_l", "detector_size": "auto"}


def test_what_can_not_be_compared(
    measured: Measured, policy: Policy, no_face: dict[str, Any], unreadable: dict[str, Any]
) -> None:
    def code(anchor: dict[str, Any], candidate: dict[str, Any], **analyzers: Any) -> Cause:
        result = compare(anchor, candidate, policy, **analyzers)
        assert isinstance(result, Unmeasured) and result.reason
        assert canonical(result.as_json())
        return result.code

    assert code(measured(), no_face) is Cause.NO_FACE
    assert code(measured(), unreadable) is Cause.UNREADABLE
    assert code(no_face, measured()) is Cause.ANCHOR
    assert code(unreadable, no_face) is Cause.ANCHOR
    assert code(measured(), measured(ratio_set="5")) is Cause.RATIO_SETS
    assert code(measured(), measured(ratio_set="mesh")) is Cause.RATIO_SETS
    assert code(measured(), measured(embedding="AACAPw==")) is Cause.ANALYZERS  # one value instead of 512
    other = {**INSIGHT, "pack": "buffalo_s"}
    assert code(measured(), measured(), anchor_analyzer=INSIGHT, candidate_analyzer=other) is Cause.ANALYZERS


def test_unlike_analyzers_are_told_apart_by_field(measured: Measured, policy: Policy) -> None:
    other = {**INSIGHT, "pack": "buffalo_s", "detector_size": "640"}
    result = compare(measured(), measured(), policy, anchor_analyzer=INSIGHT, candidate_analyzer=other)
    assert isinstance(result, Unmeasured)
    assert result.reason.endswith("detector_size auto against 640, pack buffalo_l against buffalo_s")
    same = compare(measured(), measured(), policy, anchor_analyzer=INSIGHT, candidate_analyzer=dict(INSIGHT))
    assert isinstance(same, Score)
    with pytest.raises(ValueError, match="expected both or neither"):
        compare(measured(), measured(), policy, anchor_analyzer=INSIGHT)


def test_a_missing_setting_is_no_default(identity_settings: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        Policy.from_settings({name: value for name, value in identity_settings.items() if name != "retry_threshold"})
    with pytest.raises(ValueError, match="lenient"):
        Policy.from_settings({**identity_settings, "policy": "lenient"})


@pytest.mark.parametrize(("said", "allowed"), [("allow", True), ("refuse", False)])
def test_faces_out_of_domain_are_scored_where_the_settings_allow_it(
    identity_settings: dict[str, Any], said: str, allowed: bool
) -> None:
    assert Policy.from_settings({**identity_settings, "out_of_domain": said}).out_of_domain is allowed


def turned(measured: Any, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = measured(pose={"yaw": yaw, "pitch": pitch, "roll": roll}, **changes)
    return found


@pytest.mark.parametrize(("yaw", "times"), [(0, 1), (10, 1), (-10, 1), (30, 3.5), (-30, 3.5), (50, 6), (80, 6)])
def test_the_bound_grows_while_the_head_turns(measured: Any, yaw: float, times: float) -> None:
    score = compare(turned(measured), turned(measured, yaw), POLICY)
    assert isinstance(score, Score)
    assert score.turn == abs(yaw) and score.error_bound == pytest.approx(0.08 * times)


def test_a_turn_is_a_difference_of_poses_and_leaning_is_none(measured: Any) -> None:
    score = compare(turned(measured, 30, -15), turned(measured, 32, 5, roll=40), POLICY)
    assert isinstance(score, Score) and score.turn == 20


def test_what_a_small_face_and_a_turn_allow_is_added(measured: Any) -> None:
    small = turned(measured, 30, box=[45.0, 45.0, 50.0, 50.0])
    score = compare(turned(measured), small, POLICY)
    assert isinstance(score, Score)
    assert score.error_bound == pytest.approx(0.08 * (1 + 1.5 + 2.5))


def test_without_a_pose_the_bound_is_the_frontal_one(measured: Any) -> None:
    score = compare(turned(measured), measured(), POLICY)
    assert isinstance(score, Score) and score.turn is None and score.error_bound == pytest.approx(0.08)


@given(one=st.floats(0, 180), other=st.floats(0, 180))
def test_the_bound_never_shrinks_with_the_turn(one: float, other: float) -> None:
    face = {"box": [10, 10, 90, 90], "width": 100, "height": 100}
    assert (one <= other) == (error_bound(face, POLICY, one) <= error_bound(face, POLICY, other)) or (
        error_bound(face, POLICY, one) == error_bound(face, POLICY, other)
    )
