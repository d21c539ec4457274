"""Stretches of a clip with known answers, and what decides under each gate."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personaforge.digest import canonical
from personaforge.identity.decision import Decision
from personaforge.identity.policy import Gate, Policy
from personaforge.identity.score import Cause, Score, Unmeasured
from personaforge.identity.stretches import (
    OverTime,
    Shown,
    Stretch,
    cosine_at,
    judge_clip,
    over_time,
    strangers_of,
)

Measured = Callable[..., dict[str, Any]]
SCORE = Score(cosine=0.8, error=0.05, error_bound=0.08, composite=0.845, faces=1, ratio_set="106")


def look(
    second: float, *cosines: float | None, black: bool = False, until: float = 0.0, away: int = 1
) -> dict[str, Any]:
    """Return a look at faces with these cosines to `measured()`; `away` names the direction in which they differ."""
    faces = []
    for cosine in cosines:
        vector = np.zeros(512, dtype="<f2")
        vector[0], vector[away] = cosine, math.sqrt(1 - cosine**2)
        embedding = base64.b64encode(vector.tobytes()).decode()
        faces.append({"box": [0, 0, 9, 9], "detection": 0.9, "embedding": embedding})
    return {"frame": 0, "second": second, "until": until or second + 0.05, "black": black, "faces": faces}


def clip(*looks: dict[str, Any], end: float, lost: int | None = 0) -> dict[str, Any]:
    return {"looks": list(looks), "end": end, "undecoded": {"lost": lost, "listed": 120, "near": [1.5] if lost else []}}


@pytest.fixture
def policy(policy: Policy) -> Policy:
    """By the mean; a test of the gate says so."""
    return replace(policy, gate=Gate.MEAN)


def told(anchor: dict[str, Any], value: dict[str, Any], policy: Policy, strangers: float | None = 0.18) -> OverTime:
    found = over_time({"anchor": anchor}, value, policy, "max", strangers)
    assert found is not None
    return found


def test_the_bound_is_the_accept_threshold_at_the_geometric_bound(policy: Policy) -> None:
    assert cosine_at(policy, policy.accept_threshold) == pytest.approx((0.55 - 0.3 * 0.92) / 0.7)
    assert cosine_at(policy, policy.retry_threshold) == pytest.approx((0.35 - 0.3 * 0.92) / 0.7)
    assert cosine_at(policy, 0.1) == 0.0
    geometric = replace(policy, embedding_weight=0.0, geometric_weight=1.0)
    assert cosine_at(geometric, 0.55) == policy.min_cosine


def test_a_known_clip(measured: Measured, policy: Policy) -> None:
    value = clip(
        look(0.0, 0.8), look(0.25, 0.9), look(0.5, 0.1), look(0.75, 0.0), look(1.0, 0.1),
        look(1.25), look(1.5, black=True), look(1.75, 0.3), look(2.0, 0.2, 0.7), look(2.25, 0.6),
        end=2.5,
    )  # fmt: skip
    found = told(measured(), value, policy)
    assert [(one.kind, one.start, one.end, one.looks) for one in found.stretches] == [
        ("person", 0.0, 0.4, 2),
        ("other", 0.4, 1.15, 3),
        ("no_face", 1.15, 1.4, 1),
        ("black", 1.4, 1.65, 1),
        ("doubtful", 1.65, 1.9, 1),
        ("person", 1.9, 2.5, 2),
    ]
    assert [one.cosine for one in found.stretches] == [
        pytest.approx(0.85, abs=1e-3), pytest.approx(0.0667, abs=1e-3), None, None,
        pytest.approx(0.3, abs=1e-3), pytest.approx(0.65, abs=1e-3),
    ]  # fmt: skip
    assert (found.seconds, found.looks, found.coverage, found.switches) == (2.5, 10, 0.4, 2)
    assert found.worst == found.stretches[1]
    assert found.bound == pytest.approx(0.391429) and found.strangers == 0.18
    assert found.text == (
        "worst stretch: another person from 0.4 to 1.15 s, cosine 0.07; the person in 40% of the time; "
        "this decides nothing, the mean does"
    )
    assert found.damage == ""
    assert canonical(found.as_json()) and Shown.from_json(found.shown.as_json()) == found.shown


def test_without_what_strangers_have_an_unlike_face_is_another_persons(measured: Measured, policy: Policy) -> None:
    value = clip(look(0, 0.8), look(0.5, 0.3), look(1.0, 0.3), end=1.5)
    assert [one.kind for one in told(measured(), value, policy, None).stretches] == ["person", "other"]
    assert [one.kind for one in told(measured(), value, policy, 0.18).stretches] == ["person", "doubtful"]
    scales = {"buffalo_s": {"different": 0.18, "same": 0.59}}
    assert strangers_of(scales, {"pack": "buffalo_s"}) == 0.18
    assert strangers_of(scales, {"pack": "embedded"}) is None and strangers_of(scales, None) is None


def test_the_worst_is_of_half_a_second_or_more_if_there_is_such_a_one(measured: Measured, policy: Policy) -> None:
    short = clip(look(0, 0.8), look(0.5, 0.0), look(0.75, 0.8), look(1.0, 0.8), end=1.5)
    found = told(measured(), short, policy)
    assert [one.kind for one in found.stretches] == ["person", "other", "person"]
    assert found.worst.kind == "person" and found.worst.end == 1.5, "of one kind the longest"
    assert "nothing else for 0.5 s or more" in found.text
    only = clip(look(0, 0.8), look(0.2, black=True), end=0.4)
    assert told(measured(), only, policy).worst.kind == "black"


def test_the_most_alike_face_of_a_look_counts_and_every_face_is_followed(measured: Measured, policy: Policy) -> None:
    stranger = look(0, 0.0, away=7)["faces"]
    looks = [look(0.25 * number, 0.8) for number in range(8)]
    for one in looks[2:6]:
        one["faces"] = [*stranger, *one["faces"]]
    found = told(measured(), clip(*looks, end=2.0), policy)
    assert [one.kind for one in found.stretches] == ["person"] and found.coverage == 1
    assert [(one.start, one.end, one.looks) for one in found.faces] == [(0.0, 2.0, 8), (0.5, 1.5, 4)]
    assert [one.cosine for one in found.faces] == [pytest.approx(0.8, abs=1e-3), 0.0]
    assert [one.seconds for one in found.faces] == [2.0, 1.0]


def test_references_join_as_pictures_do(measured: Measured, policy: Policy) -> None:
    value = clip(look(0, 0.6), look(0.5, 0.6), end=1.0)
    references = {"anchor": measured(), "grin": measured(0.6), "lost": {"status": "no_face"}}
    cosines = {
        combine: over_time(references, value, policy, combine).stretches[0].cosine  # type: ignore[union-attr]
        for combine in ("max", "mean")
    }
    assert cosines == {"max": pytest.approx(1.0, abs=1e-3), "mean": pytest.approx(0.8, abs=1e-3)}


def test_a_clip_without_looks_has_no_stretches(measured: Measured, policy: Policy) -> None:
    assert over_time({"anchor": measured()}, {"frames": []}, policy, "max") is None


def test_lost_frames_are_named(measured: Measured, policy: Policy) -> None:
    found = told(measured(), clip(look(0, 0.8), end=1.0, lost=3), policy)
    assert found.damage == "3 of 120 frames that the file lists can't be decoded, after 1.5 s"
    assert told(measured(), clip(look(0, 0.8), end=1.0, lost=None), policy).damage == ""


OTHER = Shown(Stretch("other", 1.0, 2.0, 4, 0.05), 0.8)


@pytest.mark.parametrize(
    ("shown", "score", "decision", "says"),
    [
        (OTHER, SCORE, Decision.REJECT, "another person from 1 to 2 s, cosine 0.05"),
        (Shown(Stretch("other", 1.0, 2.0, 4, 0.15), 0.8), SCORE, Decision.RETRY, "another person"),
        (Shown(Stretch("doubtful", 1.0, 2.0, 4, 0.3), 0.8), SCORE, Decision.RETRY, "a face that is not like enough"),
        (Shown(Stretch("no_face", 1.0, 2.0, 4, None), 0.8), SCORE, Decision.RETRY, "no face from 1 to 2 s"),
        (Shown(Stretch("black", 1.0, 2.0, 4, None), 0.8), SCORE, Decision.RETRY, "black from 1 to 2 s"),
        (Shown(Stretch("person", 1.0, 2.0, 4, 0.7), 0.9), SCORE, Decision.ACCEPT, "composite 0.845 is at least"),
        (Shown(Stretch("person", 1.0, 2.0, 4, 0.7), 0.89), SCORE, Decision.RETRY, "in 0.89 of the time, expected at"),
        (OTHER, replace(SCORE, composite=0.4), Decision.REJECT, "another person"),
        (OTHER, replace(SCORE, composite=0.3), Decision.REJECT, "composite 0.3 is below 0.35"),
        (Shown(Stretch("black", 1, 2, 4, None), 0.8), replace(SCORE, composite=0.4), Decision.RETRY, "composite 0.4"),
        (None, SCORE, Decision.REJECT, "the clip was not looked through"),
        (OTHER, Unmeasured(Cause.NO_FACE, "no face was found"), Decision.RETRY, "no face was found"),
    ],
)
def test_the_worst_stretch_decides_where_it_is_the_gate(
    shown: Shown | None, score: Score | Unmeasured, decision: Decision, says: str, policy: Policy
) -> None:
    strict = replace(policy, gate=Gate.WORST_STRETCH)
    found = judge_clip(score, shown, strict, require_measurement=True)
    assert found.decision is decision and says in found.reason
    if isinstance(score, Score) and score.composite > 0.55:
        assert judge_clip(score, shown, policy, require_measurement=True).decision is Decision.ACCEPT, "by the mean"


def test_settings_name_the_gate(identity_settings: dict[str, Any]) -> None:
    for policy, gate in (
        *[(name, Gate.WORST_STRETCH) for name in ("auto", "calibrated")],
        *[(name, Gate.MEAN) for name in ("composite", "composite_only", "strict")],
    ):
        for video in ({}, {"gate": "auto"}):
            given = {**identity_settings, "policy": policy, "video": {**identity_settings["video"], **video}}
            assert Policy.from_settings(given).gate is gate, (policy, video)
        given["video"]["gate"] = "mean"
        assert Policy.from_settings(given).gate is Gate.MEAN, policy
    video = {**identity_settings["video"], "gate": "worst_stretch", "min_coverage": 0.5}
    found = Policy.from_settings({**identity_settings, "video": video})
    assert (found.gate, found.min_coverage) == (Gate.WORST_STRETCH, 0.5)
