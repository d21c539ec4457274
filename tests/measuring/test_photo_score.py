"""Scores from measurements: known answers, that more is never less, and what can't be scored."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from personaforge.digest import canonical
from personaforge.identity.score import Cause, Unmeasured
from personaforge.measuring.photo_score import (
    SCORES,
    Angles,
    PhotoPolicy,
    PhotoScore,
    PhotoVerdict,
    Ramp,
    resolution,
    score_photo,
    score_set,
    weighted,
)
from tests.conftest import ROOT

SETTINGS = yaml.safe_load((ROOT / "conf/photos/default.yaml").read_text())
POLICY = PhotoPolicy.from_settings(SETTINGS)
Measurement = dict[str, Any]


def light(**changes: Any) -> dict[str, Any]:
    return {"mean": 0.5, "contrast": 0.3, "shadows": 0.0, "highlights": 0.0, **changes}


def face(**changes: Any) -> dict[str, Any]:
    return {
        "box": [100.0, 100.0, 500.0, 600.0],
        "pixels": 500.0,
        "share": 0.2,
        "beyond": 0.0,
        "others": 0.0,
        "detection": 0.85,
        "landmark_gap": 0.08,
        "embedding_norm": 23.0,
        "pose": {"yaw": 0.0, "pitch": 0.0, "roll": 0.0},
        "blur": 0.4,
        "sharpness": 30.0,
        "light": light(unevenness=0.05),
        **changes,
    }


def photo(**changes: Any) -> Measurement:
    """A measurement in which nothing is wrong, with whatever else is given."""
    return {
        "status": "measured",
        "code": "",
        "reason": "",
        "bytes": 900_000,
        "format": "jpeg",
        "width": 1200,
        "height": 1600,
        "hash": "dd8dbd0d9d3295a6",
        "blur": 0.35,
        "sharpness": 900.0,
        "light": light(),
        "faces": 1,
        "face": face(),
        **changes,
    }


def test_nothing_wrong_scores_100_and_has_no_advice() -> None:
    score = score_photo(photo(), POLICY)
    assert score == PhotoScore(dict.fromkeys(SCORES, 100.0), 100.0, PhotoVerdict.USABLE, ())
    assert list(score.scores) == list(SCORES) and score.complete
    assert canonical(score.as_json())


def test_the_shipped_numbers_are_the_guides() -> None:
    assert (POLICY.count_minimum, POLICY.count_recommended, POLICY.min_overall) == (5, (10, 20), 70)
    assert (POLICY.minimum_side, POLICY.recommended_side) == (512, 1024)
    assert (POLICY.min_bytes, POLICY.max_bytes, POLICY.formats) == (500e3, 10e6, ("jpeg", "png"))
    assert sum(POLICY.weights.values()) == pytest.approx(1) and list(POLICY.weights) == list(SCORES)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(512, 4000, 60), (256, 300, 30), (768, 768, 80), (1024, 1024, 100), (4000, 3000, 100), (1, 1, 60 / 512)],
)
def test_resolution(width: int, height: int, expected: float) -> None:
    assert resolution(width, height, POLICY) == pytest.approx(expected)


@pytest.mark.parametrize(("value", "expected"), [(0.2, 0), (0.3, 0), (0.4, 50), (0.5, 100), (0.9, 100)])
def test_a_ramp_goes_either_way(value: float, expected: float) -> None:
    assert Ramp(0.3, 0.5).score(value) == pytest.approx(expected)
    assert Ramp(0.5, 0.3).score(value) == pytest.approx(100 - expected)


@pytest.mark.parametrize(
    ("changes", "name", "expected", "says"),
    [
        ({"width": 768, "height": 900}, "resolution", 80.0, ""),
        ({"face": face(blur=0.65)}, "sharpness", 50.0, "the face is blurred"),
        ({"face": face(light=light(mean=0.14, unevenness=0))}, "lighting", 50.0, "too dark"),
        ({"face": face(light=light(mean=0.925, unevenness=0))}, "lighting", 50.0, "too bright"),
        ({"face": face(light=light(highlights=0.275, unevenness=0))}, "lighting", 50.0, "28% of the face is burnt out"),
        ({"face": face(light=light(shadows=0.3, unevenness=0))}, "lighting", 50.0, "30% of the face is black"),
        ({"face": face(light=light(contrast=0.065, unevenness=0))}, "lighting", 50.0, "hardly any contrast"),
        ({"face": face(light=light(unevenness=0.4))}, "lighting", 50.0, "one half"),
        ({"face": face(detection=0.68)}, "occlusion", 50.0, "may be covered"),
        ({"face": face(landmark_gap=0.275)}, "occlusion", 50.0, "may be covered"),
        ({"face": face(beyond=0.175)}, "occlusion", 50.0, "18% of the face is cut off"),
        ({"faces": 3, "face": face(others=0.3)}, "occlusion", 50.0, "3 faces: crop it to one person"),
    ],
)
def test_one_fault_lowers_one_score(changes: Measurement, name: str, expected: float, says: str) -> None:
    score = score_photo(photo(**changes), POLICY)
    assert score.scores == {**dict.fromkeys(SCORES, 100.0), name: expected}
    assert score.overall == pytest.approx(100 - POLICY.weights[name] * (100 - expected))
    assert (len(score.advice) == 1 and says in score.advice[0]) if says else score.advice == ()


def test_a_photo_that_is_not_upright_is_said_to_turn() -> None:
    """Upside down no face is found; on its side a head has a roll, or is hard to make out."""
    (down,) = score_photo(photo(faces=0, face=None), POLICY).advice
    assert down.startswith("no face was found: turn the photo upright if it isn't")
    for roll, said in ((-97.0, True), (45.0, True), (44.0, False)):
        advice = score_photo(photo(face=face(pose={"yaw": 0.0, "pitch": 0.0, "roll": roll})), POLICY).advice
        assert bool(advice) is said, roll
        assert not said or advice == (f"the head lies on its side ({abs(roll):.0f} degrees): turn the photo upright",)
    for fault in ({"detection": 0.57}, {"landmark_gap": 0.5}):
        assert any("isn't upright" in one for one in score_photo(photo(face=face(**fault)), POLICY).advice)


def test_what_costs_most_is_advised_first() -> None:
    advice = score_photo(photo(width=400, face=face(blur=0.78, beyond=0.2)), POLICY, twin_of="a.jpg").advice
    assert [text.split(":")[0] for text in advice] == [
        "the face is blurred",  # 25 points
        "the same picture as a.jpg",  # 10
        "20% of the face is cut off by the edge",  # 9
        "too small",  # 8
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "webp"}, "WEBP: convert it to JPEG or PNG"),
        ({"bytes": 12_500_000}, "12.5 MB: more than 10"),
        ({"bytes": 31_000}, "31 kB: use the original"),
        ({"face": face(pixels=80.0)}, "only 80 px high"),
    ],
)
def test_what_is_only_advised_costs_nothing(changes: Measurement, says: str) -> None:
    score = score_photo(photo(**changes), POLICY)
    assert score.overall == 100 and score.verdict is PhotoVerdict.USABLE
    assert len(score.advice) == 1 and says in score.advice[0]


def test_no_average_outweighs_a_ruined_picture() -> None:
    for changes in ({"face": face(blur=0.78)}, {"width": 511}, {"faces": 2, "face": face(others=0.9)}):
        score = score_photo(photo(**changes), POLICY)
        assert score.overall is not None and score.overall >= POLICY.min_overall
        assert score.verdict is PhotoVerdict.POOR
    copy = score_photo(photo(), POLICY, twin_of="b.jpg")
    assert (copy.scores["duplicates"], copy.overall, copy.verdict) == (0, 90, PhotoVerdict.POOR)


def test_a_low_overall_is_poor_without_one_ruinous_score() -> None:
    score = score_photo(
        photo(width=520, face=face(blur=0.69, light=light(mean=0.12, unevenness=0), beyond=0.2)), POLICY
    )
    there = [value for value in score.scores.values() if not isinstance(value, Unmeasured)]
    assert min(there) >= POLICY.min_score and score.overall is not None and score.overall < POLICY.min_overall
    assert score.verdict is PhotoVerdict.POOR


@pytest.mark.parametrize(
    ("faces", "cause", "verdict"),
    [(None, Cause.NO_MODEL, PhotoVerdict.UNMEASURED), (0, Cause.NO_FACE, PhotoVerdict.NO_FACE)],
)
def test_without_a_face_its_scores_are_no_numbers(faces: int | None, cause: Cause, verdict: PhotoVerdict) -> None:
    score = score_photo(photo(faces=faces, face=None), POLICY)
    for name in ("face_detection", "occlusion"):
        value = score.scores[name]
        assert isinstance(value, Unmeasured) and value.code is cause and value.reason
    assert (score.overall, score.complete, score.verdict) == (100, False, verdict)
    written = score.as_json()
    assert written["scores"]["occlusion"] is None and written["unmeasured"]["occlusion"]["code"] == str(cause)
    assert canonical(written)


def test_without_a_face_the_whole_picture_is_judged() -> None:
    score = score_photo(photo(faces=None, face=None, blur=0.625, light=light(mean=0.095)), POLICY)
    assert (score.scores["sharpness"], score.scores["lighting"]) == (50, 50)
    with_face = score_photo(photo(blur=0.9, light=light(mean=0.0, shadows=1.0)), POLICY)
    assert (with_face.scores["sharpness"], with_face.scores["lighting"]) == (100, 100), "a black wall is no fault"


def test_an_unreadable_file_has_no_score_at_all() -> None:
    broken = {"status": "unreadable", "code": "truncated", "reason": "it ends early", "bytes": 9, "format": "jpeg"}
    score = score_photo(broken, POLICY)
    assert (score.overall, score.verdict) == (None, PhotoVerdict.UNREADABLE)
    assert all(isinstance(value, Unmeasured) and value.code is Cause.UNREADABLE for value in score.scores.values())
    assert score.advice == ("can't be read: it ends early",)


def test_one_tone_has_neither_sharpness_nor_copies() -> None:
    score = score_photo(photo(faces=0, face=None, blur=None, hash=None, light=light(mean=0.0, contrast=None)), POLICY)
    assert [name for name, value in score.scores.items() if isinstance(value, Unmeasured)] == [
        "sharpness", "face_detection", "occlusion", "duplicates",
    ]  # fmt: skip
    assert score.scores["lighting"] == 0


def test_weights_of_missing_scores_count_for_nothing() -> None:
    gone = Unmeasured(Cause.NO_MODEL, "")
    assert weighted({"a": 50.0, "b": gone, "c": 100.0}, {"a": 3, "b": 100, "c": 1}) == 62.5
    assert weighted({"a": gone}, {"a": 1}) is None
    assert weighted({"a": 50.0, "b": gone}, {"a": 0, "b": 1}) is None


# More is never less

numbers = st.floats(0, 1)
sizes = st.integers(16, 5000)


@st.composite
def photos(draw: st.DrawFn) -> Measurement:
    bright = {"mean": draw(numbers), "contrast": draw(numbers), "shadows": draw(numbers), "highlights": draw(numbers)}
    found = face(
        beyond=draw(numbers), others=draw(numbers), detection=draw(numbers), blur=draw(numbers),
        landmark_gap=draw(st.none() | st.floats(0, 3)), light={**bright, "unevenness": draw(numbers)},
    )  # fmt: skip
    there = draw(st.sampled_from([None, 0, 1]))
    return photo(
        width=draw(sizes), height=draw(sizes), blur=draw(st.none() | numbers), light=bright, faces=there,
        face=found if there else None,
    )  # fmt: skip


@given(photos(), st.booleans())
def test_scores_lie_between_0_and_100(measurement: Measurement, copy: bool) -> None:
    score = score_photo(measurement, POLICY, twin_of="a.jpg" if copy else None)
    there = [value for value in score.scores.values() if not isinstance(value, Unmeasured)]
    assert there and all(0 <= value <= 100 for value in there)
    assert score.overall is not None and min(there) - 0.01 <= score.overall <= max(there) + 0.01
    assert score.verdict is not PhotoVerdict.USABLE or (score.complete and score.overall >= POLICY.min_overall)
    assert canonical(score.as_json())


WORSE_WHEN_HIGHER = [
    ("sharpness", ("face", "blur")),
    ("lighting", ("face", "light", "shadows")),
    ("lighting", ("face", "light", "highlights")),
    ("lighting", ("face", "light", "unevenness")),
    ("occlusion", ("face", "beyond")),
    ("occlusion", ("face", "others")),
    ("occlusion", ("face", "landmark_gap")),
    ("sharpness", ("blur",)),
    ("lighting", ("light", "highlights")),
]
BETTER_WHEN_HIGHER = [
    ("resolution", ("width",)),
    ("resolution", ("height",)),
    ("face_detection", ("face", "detection")),
    ("occlusion", ("face", "detection")),
    ("lighting", ("face", "light", "contrast")),
    ("lighting", ("light", "contrast")),
]


def put(tree: Measurement, path: tuple[str, ...], value: Any) -> Measurement:
    head, *rest = path
    return {**tree, head: put(tree[head], tuple(rest), value) if rest else value}


@pytest.mark.parametrize(
    ("name", "path", "sign"),
    [(*row, -1) for row in WORSE_WHEN_HIGHER] + [(*row, 1) for row in BETTER_WHEN_HIGHER],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else str(value),
)
@given(measurement=photos(), one=st.floats(0, 1), other=st.floats(0, 1))
def test_scores_are_monotone(
    name: str, path: tuple[str, ...], sign: int, measurement: Measurement, one: float, other: float
) -> None:
    whole = path[0] in ("blur", "light")
    scale = 4000 if name == "resolution" else 1
    low, high = sorted((one, other))
    base = {**measurement, "faces": 0 if whole else 1, "face": None if whole else measurement["face"] or face()}
    less, more = (score_photo(put(base, path, scale * value), POLICY) for value in (low, high))
    before, after = less.scores[name], more.scores[name]
    assert not isinstance(before, Unmeasured) and not isinstance(after, Unmeasured)
    assert sign * (after - before) >= 0
    assert less.overall is not None and more.overall is not None and sign * (more.overall - less.overall) >= 0


@given(st.floats(0, 1), st.floats(0, 1))
def test_light_is_best_in_a_band(one: float, other: float) -> None:
    low, high = sorted((one, other))

    def lit(mean: float) -> Any:
        return score_photo(photo(face=face(light=light(mean=mean, unevenness=0))), POLICY).scores["lighting"]

    if high <= 0.5:
        assert lit(low) <= lit(high)
    if low >= 0.5:
        assert lit(low) >= lit(high)


# Sets


def of(verdict: PhotoVerdict, duplicates: float = 100.0, overall: float = 80.0) -> PhotoScore:
    scores: dict[str, float | Unmeasured] = {**dict.fromkeys(SCORES, 100.0), "duplicates": duplicates}
    if verdict is PhotoVerdict.UNMEASURED:
        scores["occlusion"] = Unmeasured(Cause.NO_MODEL, "no face pack is here")
    return PhotoScore(scores, overall, verdict, ())


@pytest.mark.parametrize(
    ("usable", "unmeasured", "ready", "says"),
    [
        (0, 0, False, "too few: 0 usable photos"),
        (1, 3, False, "too few: 1 usable photo;"),
        (4, 1, None, "1 photo without face scores"),
        (5, 9, True, "5 usable photos: enough to start"),
        (10, 0, True, ""),
        (20, 0, True, ""),
        (21, 0, True, "21 usable photos: more than needed"),
    ],
)
def test_how_many_photos_make_a_set(usable: int, unmeasured: int, ready: bool | None, says: str) -> None:
    photos_of = [of(PhotoVerdict.USABLE)] * usable + [of(PhotoVerdict.UNMEASURED)] * unmeasured
    found = score_set([*photos_of, of(PhotoVerdict.POOR)], POLICY)
    assert found.ready is ready and found.photos == usable + unmeasured + 1
    assert any(says in text for text in found.advice) if says else found.advice == ()
    assert found.verdicts["poor"] == 1 and canonical(found.as_json())


def test_the_mean_is_of_photos_with_every_score() -> None:
    found = score_set([of(PhotoVerdict.USABLE, overall=60.0), of(PhotoVerdict.UNMEASURED, overall=100.0)], POLICY)
    assert found.mean_overall == 60
    assert score_set([of(PhotoVerdict.UNMEASURED)], POLICY).mean_overall is None


def test_copies_are_counted() -> None:
    found = score_set([of(PhotoVerdict.USABLE)] * 10 + [of(PhotoVerdict.POOR, duplicates=0.0)] * 2, POLICY)
    assert found.duplicates == 2 and found.advice[0].startswith("too similar: 2 photos")


@pytest.mark.parametrize(
    ("yaws", "angles", "says"),
    [
        ([0.0, 3.0, -8.0, 14.9, 2.0, 1.0], Angles(6, 0, 0), "add three-quarter views"),
        ([0.0, 30.0, -60.0, 5.0], Angles(2, 1, 1), ""),
        ([15.0, -50.0, 70.0], Angles(0, 1, 2), "add a frontal portrait"),
        ([None, None], None, ""),
        ([None, 0.0], Angles(1, 0, 0), ""),  # of one face nothing can be said about variety
    ],
)
def test_variety_of_yaw(yaws: list[float | None], angles: Angles | None, says: str) -> None:
    found = score_set([of(PhotoVerdict.USABLE)] * 10, POLICY, yaws)
    assert found.angles == angles
    assert (len(found.advice) == 1 and says in found.advice[0]) if says else found.advice == ()


def test_a_policy_is_all_that_scores_read() -> None:
    strict = dataclasses.replace(POLICY, min_overall=99.0, face_blur=Ramp(0.5, 0.3))
    score = score_photo(photo(), strict)
    assert score.scores["sharpness"] == 50 and score.verdict is PhotoVerdict.POOR
