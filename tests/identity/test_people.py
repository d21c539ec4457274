"""Which of several faces is judged, what is said of the others, and what is too poor to be judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from personaforge.identity.anchor import Choice, choose
from personaforge.identity.clip import ClipScore, compare_clip
from personaforge.identity.decision import Decision, judge
from personaforge.identity.people import Judged, judge_faces
from personaforge.identity.policy import FaceRule, Limits, Mode, Policy, Quality
from personaforge.identity.references import ANCHOR
from personaforge.identity.score import Cause, Score, Unmeasured

Make = Callable[..., dict[str, Any]]
LIMITS = Limits(min_norm=18.6, min_side=20, max_yaw=45, max_roll=60, min_sharpness=2.2, strangers=0.244)
FACE = ("status", "code", "reason", "box", "detection", "embedding", "embedding_norm")
SHAPE = ("ratio_set", "ratios", "sharpness")
ONE_PACK = {"backend": "insightface", "pack": "buffalo_s_dev"}


@pytest.fixture
def crowd(measured: Make) -> Callable[..., dict[str, Any]]:
    """A picture of faces with these cosines to the anchor, each smaller than the one before; `changes` by face."""

    def built(*cosines: float, left_out: int = 0, changes: dict[int, dict[str, Any]] | None = None) -> dict[str, Any]:
        faces = [
            measured(cosine, box=[0.0, 0.0, 90.0 - 10 * at, 90.0 - 10 * at], **(changes or {}).get(at, {}))
            for at, cosine in enumerate(cosines)
        ]
        people = [{name: one[name] for name in (*FACE, *SHAPE, *(["pose"] if "pose" in one else []))} for one in faces]
        return {
            **faces[0],
            "faces": len(cosines) + left_out,
            "people": {"faces": people, "left_out": left_out},
        }

    return built


def judged(policy: Policy, measured: Make, candidate: dict[str, Any], **changes: Any) -> Judged:
    return judge_faces({ANCHOR: measured()}, candidate, replace(policy, **changes))


def cosine(found: Judged) -> float:
    assert isinstance(found.score, Score), found.score
    return found.score.cosine


def test_the_shipped_limits_are_the_development_packs_alone(identity_settings: dict[str, Any]) -> None:
    assert Policy.from_settings(identity_settings, ONE_PACK).limits == LIMITS
    for other in ("buffalo_l", "embedded"):
        assert Policy.from_settings(identity_settings, {**ONE_PACK, "pack": other}).limits is None
    switched_off = {**identity_settings, "poor_pictures": "judged"}
    assert Policy.from_settings(switched_off, ONE_PACK).limits is None


def test_the_person_beside_somebody_larger_is_found(policy: Policy, measured: Make, crowd: Make) -> None:
    picture = crowd(0.05, 0.625, 0.1)
    best = judged(policy, measured, picture)
    assert cosine(best) == 0.625 and best.index == 1
    assert judge(best.score, policy, require_measurement=True).decision is Decision.ACCEPT
    assert [one.cosine for one in best.faces] == [0.05, 0.625, 0.1]
    assert [one.chosen for one in best.faces] == [False, True, False]
    assert best.faces[1].box == (0.0, 0.0, 80.0, 80.0)
    assert best.second_face == "another face is larger"
    assert best.text == (
        "of 3 faces number 2 by size was judged, cosine 0.62, the others at most 0.10; another face is larger"
    )
    record = best.as_json()
    assert record["chosen"] == best.text and record["second_face"] == "another face is larger"
    assert record["faces"][1] == {"box": [0.0, 0.0, 80.0, 80.0], "cosine": 0.625, "composite": 0.7375, "chosen": True}


def test_largest_is_what_was_judged_before(policy: Policy, measured: Make, crowd: Make) -> None:
    found = judged(policy, measured, crowd(0.05, 0.625), face=FaceRule.LARGEST)
    assert cosine(found) == 0.05 and found.faces == () and found.as_json() == {} and found.second_face == ""
    assert judge(found.score, policy, require_measurement=True).decision is Decision.REJECT


def test_only_measures_no_picture_of_several(policy: Policy, measured: Make, crowd: Make) -> None:
    found = judged(policy, measured, crowd(0.9, 0.1), face=FaceRule.ONLY)
    assert isinstance(found.score, Unmeasured) and found.score.code is Cause.SEVERAL
    assert "shows 2 faces" in found.score.reason
    assert judge(found.score, policy, require_measurement=True).decision is Decision.RETRY
    assert cosine(judged(policy, measured, measured(0.9), face=FaceRule.ONLY)) == 0.9


def test_a_single_face_has_the_record_that_it_always_had(policy: Policy, measured: Make) -> None:
    found = judged(policy, measured, measured(0.6))
    assert found.as_json() == {} and found.text == "" and found.index is None


def test_a_better_decision_comes_before_a_higher_cosine(policy: Policy, measured: Make, crowd: Make) -> None:
    # What passed by its largest face under `strict` still does: the other's cosine is higher, and its geometry fails.
    strict = replace(policy, mode=Mode.STRICT)
    far = {1: {"ratios": {"nose_length": 1.3, "jaw_width": 1.8}}}
    found = judged(strict, measured, crowd(0.6, 0.7, changes=far))
    assert cosine(found) == 0.6 and found.index == 0
    assert judge(found.score, strict, require_measurement=True).decision is Decision.ACCEPT


@pytest.mark.parametrize(
    ("cosines", "limits", "said"),
    [
        ((0.7, 0.243), LIMITS, ""),
        ((0.7, 0.244), LIMITS, "another face is nearly as like (cosine 0.24)"),
        ((0.5, 0.7), LIMITS, "another face is larger and another face is nearly as like (cosine 0.50)"),
        ((0.7, 0.3), None, ""),  # without a pack's number: one that would be accepted by itself, from .3571 on here
        ((0.7, 0.36), None, "another face is nearly as like (cosine 0.36)"),
        ((0.1, 0.2), LIMITS, ""),  # nothing is said of a picture that is not accepted
    ],
)
def test_a_second_face(
    policy: Policy, measured: Make, crowd: Make, cosines: tuple[float, ...], limits: Limits | None, said: str
) -> None:
    assert judged(policy, measured, crowd(*cosines), limits=limits).second_face == said


def test_equal_faces_give_the_larger_one(policy: Policy, measured: Make, crowd: Make) -> None:
    assert judged(policy, measured, crowd(0.5, 0.5)).index == 0


def test_a_face_without_usable_points_is_passed_over(policy: Policy, measured: Make, crowd: Make) -> None:
    picture = crowd(0.9, 0.6)
    flat = {"status": "no_face", "code": "degenerate", "reason": "on a line", "box": [0, 0, 9, 9]}
    picture["people"]["faces"][0] = flat
    found = judged(policy, measured, {**picture, "status": "no_face", "reason": "on a line"})
    assert cosine(found) == 0.6 and found.faces[0].cosine is None


def test_what_was_left_out_is_counted(policy: Policy, measured: Make, crowd: Make) -> None:
    found = judged(policy, measured, crowd(0.9, 0.1, left_out=5))
    assert found.text.startswith("of 7 faces the largest was judged") and found.as_json()["faces_left_out"] == 5


POOR: tuple[tuple[dict[str, Any], Cause, str], ...] = (
    ({"box": [0.0, 0.0, 19.9, 40.0]}, Cause.TOO_SMALL, "a picture with a larger face helps"),
    ({"pose": {"yaw": 0, "pitch": 0, "roll": -61}}, Cause.TURNED, "turn the picture upright"),
    ({"pose": {"yaw": -46, "pitch": 0, "roll": 0}}, Cause.TURNED, "more of the face from the front helps"),
    ({"sharpness": 2.1}, Cause.BLURRED, "a sharper picture helps"),
    ({"embedding_norm": 18.5}, Cause.COVERED, "shows the whole face in even light helps"),
)


@pytest.mark.parametrize(("changes", "cause", "helps"), POOR)
def test_a_poor_face_is_no_stranger(
    policy: Policy, measured: Make, changes: dict[str, Any], cause: Cause, helps: str
) -> None:
    poor = replace(policy, limits=LIMITS)
    for alike in (0.03, 0.2):  # REJECT and RETRY without limits
        found = judged(poor, measured, measured(alike, **changes))
        assert isinstance(found.score, Unmeasured) and found.score.code is cause and helps in found.score.reason
        assert f"cosine {alike:.2f} says little" in found.score.reason
        assert found.near is not None and found.as_json()["near"]["cosine"] == alike
        assert judge(found.score, poor, require_measurement=False).decision is Decision.RETRY
        assert isinstance(judged(policy, measured, measured(alike, **changes)).score, Score), "no limits, no judgement"
    assert cosine(judged(poor, measured, measured(0.5, **changes))) == 0.5, "what passes is never taken back"


@pytest.mark.parametrize(
    "changes",
    [
        {"box": [0.0, 0.0, 20.0, 40.0]},
        {"pose": {"yaw": 45, "pitch": 60, "roll": 60}},
        {"sharpness": 2.2},
        {"embedding_norm": 18.6},
        {"sharpness": None, "embedding_norm": None},
    ],
)
def test_on_its_bound_a_face_is_judged(policy: Policy, measured: Make, changes: dict[str, Any]) -> None:
    assert cosine(judged(policy, measured, measured(0.03, **changes), limits=LIMITS)) == 0.03


def test_an_anchor_with_one_face_is_preferred(measured: Make) -> None:
    several = [measured(1.0, faces=2), measured(0.99), measured(0.98)]
    largest, best = choose(several, "first"), choose(several, "first", FaceRule.BEST)
    assert isinstance(largest, Choice) and isinstance(best, Choice)
    assert (largest.index, best.index) == (0, 1) and best.reason == "the first of 3 candidates with a single face"
    crowds = [measured(1.0, faces=2), measured(0.9, faces=3)]
    found, refused = choose(crowds, "first", FaceRule.BEST), choose(crowds, "first", FaceRule.ONLY)
    assert isinstance(found, Choice) and found.index == 0
    assert isinstance(refused, Unmeasured) and refused.code is Cause.SEVERAL


@pytest.fixture
def clip() -> Callable[..., dict[str, Any]]:
    def built(*frames: dict[str, Any]) -> dict[str, Any]:
        return {
            "status": "measured",
            "reason": "",
            "frames": [{"frame": at, **one} for at, one in enumerate(frames)],
            "histogram_distances": {"bhattacharyya": [0.0] * (len(frames) - 1)},
        }

    return built


def test_a_clip_is_judged_by_its_persons_face(
    policy: Policy, quality: Quality, measured: Make, crowd: Make, clip: Make
) -> None:
    film = clip(crowd(0.1, 0.7), crowd(0.1, 0.5), measured(0.6))
    best = compare_clip(measured(), film, policy, quality)
    largest = compare_clip(measured(), film, replace(policy, face=FaceRule.LARGEST), quality)
    assert isinstance(best, ClipScore) and isinstance(largest, ClipScore)
    assert best.score.cosine == 0.6 and largest.score.cosine == pytest.approx(0.8 / 3, abs=1e-6)
    assert best.frames_with_several == 2 and largest.frames_with_several == 0
    assert best.second_face == "in 2 of 3 sampled frames another face is larger"
    refused = compare_clip(measured(), film, replace(policy, face=FaceRule.ONLY), quality)
    assert isinstance(refused, Unmeasured) and refused.code is Cause.SEVERAL


def test_a_clip_is_unmeasured_where_only_poor_frames_speak_against_it(
    policy: Policy, quality: Quality, measured: Make, clip: Make
) -> None:
    poor = replace(policy, limits=LIMITS)
    blurred = measured(0.1, sharpness=1.0)
    found = compare_clip(measured(), clip(blurred, blurred, measured(0.5)), poor, quality)
    assert isinstance(found, Unmeasured) and found.code is Cause.BLURRED
    assert found.reason.startswith("2 of 3 frames can't be judged: the face is too blurred")
    stranger = compare_clip(measured(), clip(blurred, blurred, measured(0.1)), poor, quality)
    assert isinstance(stranger, ClipScore) and stranger.score.cosine == 0.1
    passing = compare_clip(measured(), clip(blurred, measured(0.9), measured(0.9)), poor, quality)
    assert isinstance(passing, ClipScore) and passing.frames_measured == 3
    assert passing.score.cosine == pytest.approx(1.9 / 3, abs=1e-6), "the mean is over all frames, as published"


def test_the_settings_name_what_they_are_from() -> None:
    text = (Path(__file__).resolve().parents[2] / "conf/identity/insightface.yaml").read_text()
    assert set(yaml.safe_load(text)["judgeable"]) == {"buffalo_s_dev"}, "no other pack was measured"
