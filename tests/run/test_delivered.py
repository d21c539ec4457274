"""What was asked and what came: a picture of the wrong size passes no gate, costs no more than one further attempt, and
never becomes the anchor; what was accepted before forge looked at sizes stays accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from personaforge.identity.decision import Decision
from personaforge.identity.demand import Demand, Use
from personaforge.providers.protocols import Request
from personaforge.steps import images, measuring
from personaforge.steps.attempts import Attempt, Made, patch_of
from personaforge.steps.context import AnalyzerRef
from personaforge.steps.delivered import Delivered, with_demands
from personaforge.steps.judgement import Judgement
from personaforge.store.artifact import Artifact
from personaforge.testing import ColorAnalyzers
from personaforge.testing.sizes import asked_size
from tests.run.conftest import FILES, PERSONA, SKIN, Studio
from tests.run.test_pins import pins

PATCHED = {
    **FILES,
    "templates/image.j2": FILES["templates/image.j2"] + "{% for one in corrections %} {{ one }}{% endfor %}",
}
SMALL = (16, 24)
NEAR = (100, 150, 60)
"""Composite 0.94 against SKIN."""


def smiling_in(*sizes: tuple[int, int]) -> Callable[[Request], tuple[int, int]]:
    """The picture with the smile has these sizes, call by call; all others are as asked."""
    calls: list[Request] = []

    def size(request: Request) -> tuple[int, int]:
        if "smile" not in request.fields["prompt"]:
            return asked_size(request.fields)
        calls.append(request)
        return sizes[min(len(calls), len(sizes)) - 1]

    return size


def sized(make_studio: Callable[..., Studio], size: Callable[[Request], tuple[int, int]], **options: Any) -> Studio:
    from personaforge.testing import scripted_images

    studio = make_studio(files=PATCHED, **options)
    color = options.get("color", lambda request: SKIN)
    studio.images = scripted_images(color, size, paid=bool(options.get("paid"))).register()
    return studio


def smiling(studio: Studio) -> list[str]:
    """The prompts of the picture with the smile, in the order of the calls."""
    return [call.fields["prompt"] for call in studio.images.calls if "smile" in call.fields["prompt"]]


def test_a_wrong_size_is_another_attempt_which_is_told_what_was_wrong(make_studio: Callable[..., Studio]) -> None:
    studio = sized(make_studio, smiling_in(SMALL, (64, 64)))
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and (outcome.status, outcome.attempt) == ("accepted", 1)
    first, second = smiling(studio)
    assert "must be" not in first
    assert "The last result was 16 by 24 pixels; it must be 64 by 64." in second
    assert "The last result was too narrow; width to height must be 64 to 64." in second
    assert "SAME FACE" not in second, "its person was right: no identity patch"
    wrong, right = outcome.evaluations
    assert wrong["decision"] == "RETRY" and wrong["reason"].startswith("size: 16x24, and 64x64 was asked for")
    assert wrong["delivered"] == {
        "scale": 0.306186,
        "aspect_error": 0.5,
        "turn_error": 0.0,
        "tilt_error": 0.0,
        "face_height": 0.8,
    }
    met = {one["name"]: one["met"] for one in wrong["demands"]}
    assert met == {"size": False, "aspect": False, "people": True, "turn": True, "tilt": True, "smile": None}
    assert (right["delivered"]["scale"], right["delivered"]["aspect_error"]) == (1.0, 0.0)
    assert "undelivered" not in outcome.facts
    assert not studio.plan().has_changes


def test_the_same_wrong_size_again_ends_the_attempts(make_studio: Callable[..., Studio]) -> None:
    studio = sized(make_studio, smiling_in(SMALL), paid=True)
    node = studio.build().nodes["ana/image/02"]
    assert len(smiling(studio)) == 2, "of three: the same request has the same answer"
    assert node.end == "rejected" and "16x24, and 64x64 was asked for" in node.error
    assert "image/02" not in studio.lock.read_text()
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["rejected"] == ["image/02"]
    before = studio.calls()
    studio.build()
    assert studio.calls() == before, "building again buys nothing"


def test_another_person_gets_the_identity_patch_alone(make_studio: Callable[..., Studio]) -> None:
    """As every forge before: so no key of a retry changes that is there already."""
    colors = iter([NEAR, SKIN])
    studio = sized(
        make_studio,
        smiling_in(SMALL, (64, 64)),
        persona=PERSONA.replace("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.95, retry_threshold: 0.6"),
        color=lambda request: next(colors) if "smile" in request.fields["prompt"] else SKIN,
    )
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.attempt == 1
    second = smiling(studio)[1]
    assert "SAME FACE (1)" in second and "must be" not in second
    assert [one["met"] for one in outcome.evaluations[0]["demands"][:2]] == [False, False], "on record all the same"


def test_a_candidate_of_the_wrong_size_is_never_the_anchor(make_studio: Callable[..., Studio]) -> None:
    seen: list[Request] = []

    def size(request: Request) -> tuple[int, int]:
        seen.append(request)
        return SMALL if len(seen) == 1 else asked_size(request.fields)

    studio = sized(make_studio, size)
    report = studio.build("+anchor")
    anchor = report.nodes["ana/anchor"].outcome
    assert anchor is not None and anchor.status == "accepted"
    candidates = {slot: report.nodes[f"ana/candidate/{slot}"].outcome for slot in "12"}
    wrong = next(slot for slot, one in candidates.items() if one is not None and one.status == "flagged")
    assert anchor.facts["candidate"] != wrong
    assert anchor.facts["left_out"] == {wrong: candidates[wrong].facts["reason"]}  # type: ignore[union-attr]
    assert len(studio.images.calls) == 2, "no candidate is drawn a second time"


def test_where_all_candidates_have_the_wrong_size_nothing_is_pinned_and_no_picture_bought(
    make_studio: Callable[..., Studio],
) -> None:
    studio = sized(make_studio, lambda request: SMALL)
    report = studio.build()
    assert report.nodes["ana/anchor"].end == "rejected"
    assert (
        "no candidate is what was asked for: size: 16x24, and 64x64 was asked for" in report.nodes["ana/anchor"].error
    )
    assert "anchor" not in pins(studio) and len(studio.images.calls) == 2
    assert not studio.plan().estimate.calls_max
    studio.edit(
        "personas/ana.yaml", ("motion: one", "motion: one\ndelivered: {size: {action: flag}, aspect: {action: flag}}")
    )
    studio.build("+anchor")
    assert "anchor" in pins(studio) and len(studio.images.calls) == 2, "a bound that was moved judges what is there"


@pytest.mark.parametrize(("action", "status"), [("flag", "flagged"), ("advice", "accepted")])
def test_a_flag_ships_and_advice_is_only_told(make_studio: Callable[..., Studio], action: str, status: str) -> None:
    persona = f"{PERSONA}delivered: {{size: {{action: {action}}}, aspect: {{action: {action}}}}}\n"
    studio = sized(make_studio, smiling_in(SMALL), persona=persona)
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == status and len(smiling(studio)) == 1
    told = {"name": "size", "asked": "64x64", "measured": "16x24", "action": action}
    (judged,) = outcome.evaluations
    assert {name: judged["demands"][0][name] for name in told} == told and judged["demands"][0]["met"] is False
    assert outcome.facts.get("undelivered", [None])[0] == (told if action == "flag" else None)
    assert ("16x24" in outcome.facts.get("reason", "")) is (action == "flag")
    assert pins(studio)["image/02"]["status"] == status
    assert not studio.plan().has_changes


def test_what_was_accepted_before_sizes_were_looked_at_stays(make_studio: Callable[..., Studio]) -> None:
    """A lock as the forge before wrote it: no demands are noted in it. A gate of the user's changes nothing in that."""
    persona = f"{PERSONA}delivered: {{size: {{action: advice}}, aspect: {{action: advice}}}}\n"
    studio = sized(make_studio, smiling_in(SMALL), persona=persona, paid=True)
    studio.build()
    bought = studio.calls()
    text = studio.lock.read_text()
    for line in pins(studio).values():
        kept = {key: value for key, value in line.get("under", {}).items() if key != "delivered"}  # type: ignore[attr-defined]
        facts = {key: value for key, value in line["facts"].items() if key != "undelivered"}  # type: ignore[attr-defined]
        old = {**line, "under": kept, "facts": facts}
        text = text.replace(
            json.dumps(line, separators=(",", ":"), sort_keys=True),
            json.dumps(old, separators=(",", ":"), sort_keys=True),
        )
    assert '"delivered"' not in text and "undelivered" not in text
    studio.lock.write_text(text)
    before = pins(studio)
    (studio.root / "personas/ana.yaml").write_text(
        PERSONA.replace("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.6")
    )
    assert studio.plan().estimate.calls_max == 0
    studio.build()
    assert studio.calls() == bought
    after = pins(studio)["image/02"]
    assert after["under"]["accept"] == 0.6, "it was judged anew"  # type: ignore[index]
    assert (after["status"], after["outputs"]) == ("accepted", before["image/02"]["outputs"])
    assert "delivered" not in after["under"] and "undelivered" not in after["facts"]


def poor(code: str) -> Judgement:
    facts = {"reason": "it can't be told", "measured": False}
    return Judgement(Decision.RETRY, -1.0, facts=facts, evaluation={"unmeasured": {"code": code}, "reason": "why"})


@pytest.mark.parametrize("code", ["too_small", "blurred", "turned", "covered", "several"])
def test_nobody_is_told_of_somebody_else_where_the_face_could_not_be_judged(code: str) -> None:
    wrong = Demand("size", "64x64", "16x24", "", Use.RETRY, False, words="Must be 64 by 64.", lasting=True)
    context: Any = SimpleNamespace(pin=None, repin=False)
    made = Made({"image": Artifact("0" * 64, "image/png", 1)})
    found = with_demands(context, poor(code), Delivered((wrong,), {}), made.outputs["image"])
    helps, size = found.corrections
    assert size == "Must be 64 by 64." and ("face" in helps or "people" in helps)
    assert found.decision is Decision.RETRY and found.lasting == wrong.fault
    assert found.facts["reason"] == f"it can't be told; {wrong.fault}"
    assert patch_of(1, [Attempt(0, made, found)]) == (0, found.corrections), "no identity patch"
    alone = with_demands(context, poor(code), Delivered((), {}), made.outputs["image"])
    assert alone.corrections == (helps,) and not alone.lasting


@pytest.mark.parametrize("code", ["no_face", "unreadable"])
def test_without_a_face_the_patch_is_the_person(code: str) -> None:
    context: Any = SimpleNamespace(pin=None, repin=False)
    artifact = Artifact("0" * 64, "image/png", 1)
    assert with_demands(context, poor(code), Delivered((), {}), artifact).corrections == ()


class Nobody(ColorAnalyzers):
    """A machine without a face pack."""

    def of(self, settings: Any) -> AnalyzerRef:
        return AnalyzerRef(None, "there is no pack", "get one")


UNMEASURED = PERSONA.replace("max_attempts: 3", "max_attempts: 3, require_measurement: false")


def test_without_a_pack_a_wrong_size_is_another_attempt_all_the_same(make_studio: Callable[..., Studio]) -> None:
    studio = sized(make_studio, smiling_in(SMALL, (64, 64)), persona=UNMEASURED)
    studio.analyzers = Nobody()
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and (outcome.status, outcome.attempt) == ("unmeasured", 1)
    assert "The last result was 16 by 24 pixels; it must be 64 by 64." in smiling(studio)[1]
    wrong, right = outcome.evaluations
    assert wrong["decision"] == "RETRY" and wrong["delivered"] == {"scale": 0.306186, "aspect_error": 0.5}
    assert right["delivered"] == {"scale": 1.0, "aspect_error": 0.0}
    assert not studio.plan().has_changes


def test_without_a_pack_a_flag_ships_and_stays(make_studio: Callable[..., Studio]) -> None:
    studio = sized(
        make_studio,
        smiling_in(SMALL),
        persona=UNMEASURED + "delivered: {size: {action: flag}, aspect: {action: flag}}\n",
    )
    studio.analyzers = Nobody()
    outcome = studio.build().nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "flagged" and "16x24" in outcome.facts["reason"]
    assert not studio.plan().has_changes
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 2"))
    studio.build()
    assert pins(studio)["image/02"]["status"] == "flagged"


def test_without_a_pack_what_was_accepted_before_is_not_looked_at(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store as the forge before wrote it, which looked at no size without a pack."""
    studio = sized(make_studio, smiling_in(SMALL), persona=UNMEASURED)
    studio.analyzers = Nobody()

    def unseen(*asked: Any) -> Any:
        return None
        yield

    with monkeypatch.context() as patch:
        patch.setattr(measuring, "size_of", unseen)
        patch.setattr(images, "size_of", unseen)
        studio.build()
    calls, lock = studio.calls(), studio.lock.read_text()
    assert not studio.plan().has_changes
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 2"))
    studio.build()
    assert studio.calls() == calls and pins(studio)["image/02"]["status"] == "unmeasured"
    assert "undelivered" not in studio.lock.read_text() and "undelivered" not in lock
