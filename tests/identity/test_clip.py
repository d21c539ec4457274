"""Clip statistics with known answers, and every row of the gate."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.digest import canonical
from personaforge.identity.clip import (
    ClipScore,
    Degradation,
    Recommendation,
    advise,
    compare_clip,
    degradation,
    mean,
    variance,
)
from personaforge.identity.decision import Decision, judge
from personaforge.identity.policy import Mode, Policy, Quality
from personaforge.identity.score import Cause, Unmeasured

Measured = Callable[..., dict[str, Any]]
METHODS = ("bhattacharyya", "chi_squared", "correlation")


def clip_of(*frames: dict[str, Any], distances: tuple[float, ...] | None = None) -> dict[str, Any]:
    numbered = [{"frame": 5 * i, "second": 0.5 * i, **frame} for i, frame in enumerate(frames)]
    steps = list(distances if distances is not None else (0.1,) * (len(frames) - 1))
    found = any(frame["status"] == "measured" for frame in frames)
    return {
        "status": "measured" if found else "no_face",
        "reason": "" if found else f"no face was found in any of the {len(frames)} sampled frames",
        "frames": numbered,
        "histogram_distances": {
            "bhattacharyya": steps,
            "chi_squared": [0.9] * len(steps),
            "correlation": [0.0] * len(steps),
        },
    }


def scored(anchor: dict[str, Any], clip: dict[str, Any], policy: Policy, quality: Quality) -> ClipScore:
    score = compare_clip(anchor, clip, policy, quality)
    assert isinstance(score, ClipScore), score
    return score


def test_a_known_clip(measured: Measured, no_face: dict[str, Any], policy: Policy, quality: Quality) -> None:
    anchor = measured(ratios={"nose_length": 0.9, "jaw_width": 1.8}, sharpness=50.0)
    clip = clip_of(
        measured(0.8, ratios={"nose_length": 0.9, "jaw_width": 1.8}, sharpness=50.0),
        no_face,
        measured(0.6, ratios={"nose_length": 1.0, "jaw_width": 1.8}, sharpness=30.0, faces=2),
        measured(0.7, ratios={"nose_length": 0.8, "jaw_width": 1.8}, sharpness=10.0),
        distances=(0.1, 0.3, 0.2),
    )
    score = scored(anchor, clip, policy, quality)
    assert score.score.cosine == pytest.approx(0.7)
    assert score.score.error == pytest.approx((0 + 0.05 + 0.05) / 3, abs=1e-6)
    composites = [0.86, 0.7 * 0.6 + 0.3 * 0.95, 0.7 * 0.7 + 0.3 * 0.95]
    assert score.score.composite == pytest.approx(np.mean(composites), abs=1e-6)
    assert (score.score.faces, score.score.ratio_set, score.score.error_bound) == (2, "106", 0.08)
    assert score.cosine_std == pytest.approx(np.std([0.8, 0.6, 0.7]), abs=1e-6)
    assert score.cosine_min == pytest.approx(0.6, abs=1e-6)
    assert score.composite_std == pytest.approx(np.std(composites), abs=1e-6)
    assert score.ratio_variance == pytest.approx({"nose_length": 0.02 / 3, "jaw_width": 0.0}, abs=1e-9)
    assert score.ratio_variance_max == pytest.approx(0.02 / 3, abs=1e-9)
    assert score.ratio_variance_mean == pytest.approx(0.01 / 3, abs=1e-9)
    assert score.worst_frame == 10
    assert (score.frames_measured, score.frames_total, score.frames_without_face) == (3, 4, (5,))
    assert score.sharpness_ratio_mean == pytest.approx(0.6)
    assert score.histogram_distance_max == 0.3
    assert not score.advice.identity_stable  # the cosine's deviation of 0.08 is above 0.06
    assert canonical(score.as_json())


def test_the_earliest_of_equal_frames_is_the_worst(measured: Measured, policy: Policy, quality: Quality) -> None:
    clip = clip_of(measured(0.9), measured(0.8), measured(0.8))
    assert scored(measured(), clip, policy, quality).worst_frame == 5


def test_the_mean_composite_is_what_is_judged(measured: Measured, policy: Policy, quality: Quality) -> None:
    clip = clip_of(measured(0.9), measured(0.1))
    score = scored(measured(), clip, policy, quality)
    assert score.score.composite == pytest.approx(0.65)
    assert judge(score.score, policy, require_measurement=True).decision is Decision.ACCEPT
    strict = judge(score.score, dataclasses.replace(policy, mode=Mode.STRICT), require_measurement=True)
    assert strict.decision is Decision.RETRY and "cosine 0.5 is below 0.55" in strict.reason


def test_what_can_not_be_scored(
    measured: Measured, no_face: dict[str, Any], unreadable: dict[str, Any], policy: Policy, quality: Quality
) -> None:
    def code(anchor: dict[str, Any], clip: dict[str, Any], **analyzers: Any) -> Cause:
        result = compare_clip(anchor, clip, policy, quality, **analyzers)
        assert isinstance(result, Unmeasured) and result.reason
        return result.code

    assert code(measured(), clip_of(no_face, no_face)) is Cause.NO_FACE
    assert code(measured(), unreadable) is Cause.UNREADABLE
    assert code(no_face, clip_of(measured())) is Cause.ANCHOR
    assert code(measured(ratio_set="5"), clip_of(measured())) is Cause.RATIO_SETS
    analyzers = {"anchor_analyzer": {"pack": "a"}, "clip_analyzer": {"pack": "b"}}
    assert code(measured(), clip_of(measured()), **analyzers) is Cause.ANALYZERS


def test_the_method_is_configured(measured: Measured, policy: Policy, quality: Quality) -> None:
    clip = clip_of(measured(), measured(), distances=(0.2,))
    found = {
        method: scored(measured(), clip, policy, dataclasses.replace(quality, histogram_method=method))
        for method in METHODS
    }
    assert [score.histogram_distance_max for score in found.values()] == [0.2, 0.9, 0.0]
    assert found["chi_squared"].advice.degradation is Degradation.ILLUMINATION


@pytest.mark.parametrize(
    ("sharpness", "distance", "expected"),
    [
        (1.0, 0.1, Degradation.NONE),
        (0.4, 0.35, Degradation.NONE),  # on the bound is fine
        (0.399999, 0.35, Degradation.TEXTURAL),
        (0.4, 0.350001, Degradation.ILLUMINATION),
        (0.1, 0.9, Degradation.BOTH),
        (None, 0.1, Degradation.UNMEASURED),
        (1.0, None, Degradation.UNMEASURED),
    ],
)
def test_degradation(quality: Quality, sharpness: float | None, distance: float | None, expected: Degradation) -> None:
    assert degradation(sharpness, distance, quality) is expected


@pytest.mark.parametrize(
    ("stable", "degraded", "recommendation", "text"),
    [
        (True, "none", "no_action", "No action needed"),
        (True, "textural", "sharpen_and_super_resolve", "Recommend sharpening + super-resolution"),
        (True, "illumination", "manual_review", "No auto-fix; manual review"),
        (True, "both", "manual_review", "Manual review"),
        (True, "unmeasured", "manual_review", "Quality could not be measured; manual review"),
        *(
            (False, degraded, "no_post_processing", "No post-processing (identity unstable)")
            for degraded in ("none", "textural", "illumination", "both", "unmeasured")
        ),
    ],
)
def test_every_row_of_the_gate(stable: bool, degraded: str, recommendation: str, text: str) -> None:
    advice = advise(stable, Degradation(degraded))
    assert (advice.identity_stable, advice.degradation, advice.recommendation, advice.text) == (
        stable,
        degraded,
        recommendation,
        text,
    )


@pytest.mark.parametrize(
    ("cosines", "noses", "stable"),
    [
        ((0.7, 0.7), (0.9, 0.9), True),
        ((0.76, 0.64), (0.9, 0.9), True),  # a deviation of 0.06
        ((0.762, 0.638), (0.9, 0.9), False),
        ((0.7, 0.7), (0.9, 0.988), True),  # a variance of 0.001936
        ((0.7, 0.7), (0.9, 0.992), False),  # 0.002116
        ((0.3, 0.3), (0.9, 0.9), False),  # steady, and somebody else
    ],
)
def test_stable_is_all_three(
    measured: Measured,
    policy: Policy,
    quality: Quality,
    cosines: tuple[float, float],
    noses: tuple[float, float],
    stable: bool,
) -> None:
    frames = [measured(c, ratios={"nose_length": n}) for c, n in zip(cosines, noses, strict=True)]
    advice = scored(measured(ratios={"nose_length": 0.9}), clip_of(*frames), policy, quality).advice
    assert advice.identity_stable is stable
    assert advice.recommendation is (Recommendation.NO_ACTION if stable else Recommendation.NO_POST_PROCESSING)


def test_a_smooth_clip_of_a_steady_face(measured: Measured, policy: Policy, quality: Quality) -> None:
    clip = clip_of(*(measured(0.8, sharpness=sharpness) for sharpness in (10.0, 20.0)))
    score = scored(measured(sharpness=50.0), clip, policy, quality)
    assert score.sharpness_ratio_mean == 0.3
    assert score.advice.recommendation is Recommendation.SHARPEN


@pytest.mark.parametrize(
    ("anchor", "frames"), [(None, (1.0, 1.0)), (0.0, (1.0, 1.0)), (50.0, (None, None)), (50.0, (50.0,))]
)
def test_quality_that_was_not_measured_is_not_fine(
    measured: Measured, policy: Policy, quality: Quality, anchor: float | None, frames: tuple[float | None, ...]
) -> None:
    clip = clip_of(*(measured(0.8, sharpness=value) for value in frames))
    score = scored(measured(sharpness=anchor), clip, policy, quality)
    assert score.advice.degradation is Degradation.UNMEASURED
    assert score.advice.recommendation is Recommendation.MANUAL_REVIEW


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_mean_and_variance_are_the_populations(values: list[float]) -> None:
    assert mean(values) == pytest.approx(np.mean(values), abs=1e-9)
    assert variance(values) == pytest.approx(np.var(values), abs=1e-7)
