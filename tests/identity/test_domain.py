"""Pictures that the measuring models were not made for: no score, or one with a mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from personaforge.identity.clip import compare_clip
from personaforge.identity.policy import Policy, Quality
from personaforge.identity.score import Cause, Score, Unmeasured, compare


def allowing(policy: Policy) -> Policy:
    return replace(policy, out_of_domain=True)


@pytest.mark.parametrize("outside", ["anchor", "candidate", "both"])
def test_there_is_no_score_out_of_domain_unless_it_is_asked_for(
    outside: str, policy: Policy, measured: Callable[..., dict[str, Any]]
) -> None:
    anchor = measured(in_domain=outside == "candidate")
    candidate = measured(0.9, in_domain=outside == "anchor")
    policy = replace(policy, pack="embedded")
    refused = compare(anchor, candidate, policy)
    assert isinstance(refused, Unmeasured) and refused.code is Cause.OUT_OF_DOMAIN and "embedded" in refused.reason
    marked = compare(anchor, candidate, allowing(policy))
    assert isinstance(marked, Score) and marked.out_of_domain and marked.as_json()["out_of_domain"] is True
    inside = compare(measured(in_domain=True), measured(0.9, in_domain=True), policy)
    assert isinstance(inside, Score) and "out_of_domain" not in inside.as_json()
    assert inside.composite == marked.composite
    # Not even a missing face is believed: these models don't know faces of other pictures.
    faceless = {"status": "no_face", "code": "no_face", "reason": "no face was found", "in_domain": False}
    found = compare(measured(in_domain=True), faceless, policy)
    assert isinstance(found, Unmeasured) and found.code is Cause.OUT_OF_DOMAIN


def test_a_clip_out_of_domain_has_no_score_either(
    policy: Policy, quality: Quality, measured: Callable[..., dict[str, Any]]
) -> None:
    frames = [{"frame": number, "second": number / 2, **measured(0.9)} for number in (0, 1)]
    clip = {"status": "measured", "reason": "", "frames": frames, "in_domain": False,
            "histogram_distances": {"bhattacharyya": [0.1], "chi_squared": [0.1], "correlation": [0.1]}}  # fmt: skip
    refused = compare_clip(measured(in_domain=True), clip, policy, quality)
    assert isinstance(refused, Unmeasured) and refused.code is Cause.OUT_OF_DOMAIN
    marked = compare_clip(measured(in_domain=True), clip, allowing(policy), quality)
    assert not isinstance(marked, Unmeasured) and marked.score.out_of_domain
    inside = compare_clip(measured(in_domain=True), {**clip, "in_domain": True}, policy, quality)
    assert not isinstance(inside, Unmeasured) and not inside.score.out_of_domain
