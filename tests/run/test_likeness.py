"""A build's records say what is beside the face, and no picture is read twice for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from personaforge.identity.age import NO_MODEL
from personaforge.identity.appearance import CHANGES
from personaforge.plan.plan import PlanRequest
from personaforge.testing import ColorAnalyzers
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import FILES, Studio


def records(studio: Studio, kind: str) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in (studio.root / f".forge/records/{kind}").rglob("*.json")]


def test_pictures_have_their_likeness_on_record_and_are_read_once(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    with studio.open() as space:
        space.build(space.plan(["ana"]), BuildOptions(jobs=1))
        analyzers = space.analyzers
        assert isinstance(analyzers, ColorAnalyzers)
        read = analyzers.measured
    parts = [one["parts"] for one in records(studio, "actions")]
    whole = [one for one in parts if one["kind"] == "measure" and "part" not in one["request"]]
    beside = [one for one in parts if one["request"].get("part") == "appearance"]
    assert {one["inputs"]["artifact"] for one in whole} == {one["inputs"]["artifact"] for one in beside}
    assert {one["provider"] for one in beside} == {"scripted@3"}
    values = [one["value"] for one in records(studio, "actions")]
    of_clips = sum(len(one.get("frames", ())) + len(one.get("looks", ())) for one in values)
    assert whole and read == len(whole) + of_clips, "a part is of the same reading"
    judged = [one for one in records(studio, "evaluations") if one["modality"] == "face"]
    assert judged
    for one in judged:
        likeness = one["likeness"]
        assert set(likeness) <= {"copying", "unmeasured", "readings"}, "five points show no appearance"
        assert set(likeness["unmeasured"]) >= set(CHANGES) - {"clothes_change"}
        assert set(likeness["unmeasured"].values()) == {"of the picture: the pack gives no 106 points", NO_MODEL}
        assert likeness["unmeasured"]["apparent_age"] == NO_MODEL
        assert {reading["agrees"] for reading in likeness["readings"]} <= {None}


def test_a_head_that_never_turns_repeats_the_anchor(make_studio: Callable[..., Studio]) -> None:
    """The scripted painter draws one colour, in which the scripted analyzer always sees a frontal face."""
    studio = make_studio()
    studio.build()
    turned = {
        one["node"]: one["likeness"].get("copying") for one in records(studio, "evaluations") if "likeness" in one
    }
    assert turned and set(turned.values()) <= {1.0, None}
    assert 1.0 in turned.values()


def outcome_of(studio: Studio, node: str, *overrides: str) -> Any:
    with studio.open() as space:
        report = space.build(space.plan(["ana"], PlanRequest(overrides=overrides)))
        return report.nodes[f"ana/{node}"].outcome


def test_a_copy_ships_flagged_and_is_made_once(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    outcome = outcome_of(studio, "image/03", "+delivered.copying.cosine.colors=0.9")
    assert (outcome.status, outcome.attempt) == ("flagged", 0)
    assert outcome.facts["reason"] == "copied: the anchor's turn, and yaw 20, pitch 0, neutral was asked for"
    (demand,) = [one for one in outcome.evaluations[0]["demands"] if one["name"] == "copied"]
    assert (demand["met"], demand["action"]) == (False, "flag")


def test_a_copy_can_be_made_again_and_is_told_so(make_studio: Callable[..., Studio]) -> None:
    template = FILES["templates/image.j2"] + "{% for one in corrections %} {{ one }}{% endfor %}"
    studio = make_studio(files={"templates/image.j2": template})
    copied = ("+delivered.copying.cosine.colors=0.9", "delivered.copying.action=retry")
    outcome = outcome_of(studio, "image/03", *copied)
    assert (outcome.status, outcome.facts["decision"]) == ("rejected", "RETRY")
    prompts = [call.fields["prompt"] for call in studio.images.calls if "yaw 20" in call.fields["prompt"]]
    assert len(prompts) == 3 and "repeated the reference" not in prompts[0]
    for prompt in prompts[1:]:
        assert "The last picture repeated the reference: show the same person anew, with the head turned 20" in prompt
        assert "SAME FACE" not in prompt, "its person was right: no identity patch"


def test_a_pack_without_a_bound_demands_nothing_of_likeness(make_studio: Callable[..., Studio]) -> None:
    outcome = outcome_of(make_studio(), "image/03")
    assert outcome.status == "accepted"
    assert "copied" not in [one["name"] for one in outcome.evaluations[0]["demands"]]
    assert outcome.evaluations[0]["likeness"]["copying"] == 1.0, "the number is there for checks"


def test_a_copy_that_was_accepted_stays_accepted_when_forge_itself_gets_a_bound(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = make_studio()
    studio.build()
    lock, calls = studio.lock.read_text(), studio.calls()
    from personaforge.steps import likeness

    monkeypatch.setattr(likeness, "_bound", lambda context: 0.9)
    with studio.open() as space:  # no gate, and read with the gates: everything is judged anew
        space.build(space.plan(["ana"], PlanRequest(overrides=("identity.video.frames=7",))))
    demands = [one for record in records(studio, "evaluations") for one in record.get("demands", ())]
    assert "copied" in [one["name"] for one in demands if one["met"] is False], "what would be said now is on record"
    assert studio.calls() == calls and studio.lock.read_text() == lock and '"status":"flagged"' not in lock
