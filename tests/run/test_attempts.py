"""The attempt loop: gates, retries with a stronger patch, the best attempt, the second reader's rounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from personaforge.brief.remark import LOOK
from personaforge.providers.protocols import Reply, Request
from personaforge.testing import ColorAnalyzers
from personaforge.workspace.workspace import BuildOptions
from tests.notices import noticed
from tests.run.conftest import PERSONA, SKIN, Studio, answer

NEAR = (100, 150, 60)
"""Composite 0.94 against SKIN."""
FAR = (0, 0, 255)
"""Composite 0.55."""
BLACK = (0, 0, 0)
STRICT_PERSONA = PERSONA.replace("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.95, retry_threshold: 0.6")


def by_attempt(*colors: tuple[int, int, int]) -> Callable[[Request], tuple[int, int, int]]:
    """Candidates and clips are SKIN; the image with the smile goes through the colors, attempt by attempt."""

    def color(request: Request) -> tuple[int, int, int]:
        if "smile" in request.fields["prompt"]:
            return colors[min(request.fields["attempt"], len(colors) - 1)]
        return SKIN

    return color


def test_a_retry_gets_a_stronger_patch_and_the_first_that_passes_is_taken(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(NEAR, SKIN))
    report = studio.build()
    smiling = [call for call in studio.images.calls if "smile" in call.fields["prompt"]]
    assert [("SAME FACE (1)" in call.fields["prompt"]) for call in smiling] == [False, True]
    outcome = report.nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.attempt == 1 and outcome.status == "accepted"
    assert [one["decision"] for one in outcome.evaluations] == ["RETRY", "ACCEPT"]
    assert not studio.plan().has_changes


def test_when_all_fail_the_best_attempt_is_kept_and_named(make_studio: Callable[..., Studio]) -> None:
    worse = (60, 150, 60)
    studio = make_studio(
        STRICT_PERSONA.replace("accept_threshold: 0.95", "accept_threshold: 0.999"),
        color=by_attempt(worse, NEAR, worse),
    )
    report = studio.build()
    node = report.nodes["ana/image/02"]
    assert node.end == "rejected" and node.outcome is not None
    assert node.outcome.attempt == 1, "the nearest of the three"
    assert "is below" in node.error
    assert report.nodes["ana/document"].end == "done", "the document reports on what was rejected"
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["status"] == "rejected" and document["rejected"] == ["image/02", "video/wave"]
    assert "image/02" not in studio.lock.read_text(), "nothing that failed its gate is pinned"
    assert not studio.plan().has_changes, "all attempts are used up: building again buys nothing"


def test_far_below_is_rejected_without_another_attempt(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(FAR, SKIN))
    report = studio.build()
    assert len([call for call in studio.images.calls if "smile" in call.fields["prompt"]]) == 1
    assert report.nodes["ana/image/02"].end == "rejected"


def test_no_face_is_worth_another_attempt(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(BLACK, SKIN))
    report = studio.build()
    outcome = report.nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.status == "accepted" and outcome.attempt == 1
    assert outcome.evaluations[0]["unmeasured"]["code"] == "no_face"
    assert "score" not in outcome.evaluations[0], "no face is not a score of zero"


def test_a_raised_threshold_runs_only_what_fails_it(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(NEAR))
    studio.edit("personas/ana.yaml", ("accept_threshold: 0.95", "accept_threshold: 0.9"))
    studio.build()
    studio.forget()
    studio.edit("personas/ana.yaml", ("accept_threshold: 0.9", "accept_threshold: 0.999"))
    node = studio.node("image/02")
    assert node.state == "run"
    assert "below its gate" in node.reasons[-1].text or "accept_threshold" in node.reasons[0].text
    assert studio.running() == {"image/02", "video/wave", "document", "sheet"}, "frames are coded: none reaches .999"
    studio.build()
    assert [call.fields["attempt"] for call in studio.images.calls] == [1, 2], "attempt 0 is known and judged again"


def test_a_lowered_threshold_keeps_what_is_pinned(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(STRICT_PERSONA, color=by_attempt(NEAR, SKIN))
    studio.build()
    picture = (studio.root / "build/ana/images/02-smiling.png").read_bytes()
    studio.forget()
    studio.edit("personas/ana.yaml", ("accept_threshold: 0.95", "accept_threshold: 0.6"))
    assert not studio.plan().has_changes, "attempt 0 would pass now, but attempt 1 is the accepted one"
    studio.build()
    assert (studio.root / "build/ana/images/02-smiling.png").read_bytes() == picture and studio.calls() == 0


def test_a_draft_is_asked_again_with_what_was_wrong(studio: Studio) -> None:
    asked: list[str] = []

    def reply(request: Request) -> Reply:
        if request.fields["section"] != "soul":
            return Reply(text=answer(request))
        asked.append(request.fields["prompt"])
        return Reply(text=["I am a poet", '{"fear": "frost"}', '```json\n{"desire": "peace"}\n```'][len(asked) - 1])

    studio.edit("conf/pipeline/small.yaml", ("retries: 2,", "retries: 2, repairs: 0,"))

    studio.text.answer = reply
    report = studio.build()
    assert "Mend: the answer: found no single JSON object, expected one and nothing around it" in asked[1]
    assert "Mend: the section: found no desire, expected a string of that name" in asked[2]
    outcome = report.nodes["ana/soul"].outcome
    assert outcome is not None and outcome.attempt == 2
    assert json.loads((studio.root / "build/ana/layers/soul.json").read_text()) == {"desire": "peace"}


def test_a_draft_that_never_fits_is_rejected_and_stops_what_needs_it(studio: Studio) -> None:
    studio.text.answer = lambda request: Reply(text="no")
    report = studio.build()
    node = report.nodes["ana/soul"]
    assert node.end == "rejected" and len(studio.text.calls) == 3 * 2, "three attempts, each handed back once"
    assert "found no single JSON object" in node.error and "forge explain ana/soul" in node.error
    assert report.nodes["ana/surface"].end == "skipped" and not studio.images.calls


def test_pinned_values_are_kept_to_the_letter(studio: Studio) -> None:
    studio.edit("personas/ana.yaml", ("seed: 3", "seed: 3\npinned: {surface: {age: 51}}"))
    stubborn = lambda request: Reply(text=answer(request).replace("51", "29"))  # noqa: E731
    studio.text.answer = stubborn
    report = studio.build()
    node = report.nodes["ana/surface"]
    assert node.end == "rejected" and node.outcome is not None
    assert node.outcome.facts["problems"] == ["age: found 29, expected 51, which the user has fixed"]


def test_an_audit_below_its_threshold_revises_with_its_findings(studio: Studio) -> None:
    scores = dict.fromkeys(("coherence", "depth", "cultural_fidelity", "voice_distinctiveness", "realism"), 2.0)
    rounds: list[str] = []

    def reply(request: Request) -> Reply:
        section = request.fields["section"]
        if section == "audit":
            rounds.append(request.fields["prompt"])
            finding = {"section": "surface", "problem": "the name is too common", "advice": "find a rarer name"}
            low = {"scores": scores, "findings": [finding]}
            return Reply(
                text=json.dumps(low if len(rounds) == 1 else {"scores": dict.fromkeys(scores, 4.5), "findings": []})
            )
        if section == "surface" and request.fields["context"]["findings"]:
            return Reply(text='{"name": "Anahi", "age": 44}')
        return Reply(text=answer(request))

    studio.text.answer = reply
    report = studio.build()
    outcome = report.nodes["ana/audit"].outcome
    assert outcome is not None and outcome.status == "accepted" and outcome.attempt == 1
    sections = [call.fields["section"] for call in studio.text.calls]
    assert sections == ["soul", "surface", "dna", "audit", "surface", "dna", "audit"], "from the named section on"
    profile = json.loads((studio.root / "build/ana/layers/profile.json").read_text())
    assert profile["surface"]["name"] == "Anahi"
    assert all("Anahi" in call.fields["prompt"] for call in studio.images.calls)
    assert not studio.plan().has_changes


def test_what_is_worth_a_look_is_shown_and_changes_nothing(studio: Studio) -> None:
    """By itself it sends nothing back, and a revision for another reason isn't told of it."""
    look = {"section": "soul", "problem": f"{LOOK}the fear is short", "advice": "say more of it"}
    fault = {"section": "surface", "problem": "the name is too common", "advice": "find a rarer name"}
    rounds: list[Request] = []

    def reply(request: Request) -> Reply:
        if _is_audit(request):
            rounds.append(request)
            low = {"scores": dict.fromkeys(FIVE, 2.0), "findings": [fault, look]}
            return Reply(
                text=json.dumps(low if len(rounds) == 1 else {"scores": dict.fromkeys(FIVE, 4.5), "findings": [look]})
            )
        return Reply(text=answer(request))

    studio.text.answer = reply
    outcome = studio.build().nodes["ana/audit"].outcome
    assert outcome is not None and outcome.status == "accepted" and outcome.facts["audit_mean"] == 4.5
    assert outcome.facts["worth_a_look"] == ["the fear is short"]
    sections = [call.fields["section"] for call in studio.text.calls]
    assert sections == ["soul", "surface", "dna", "audit", "surface", "dna", "audit"], "from the fault on, not the look"
    told = [call.fields["context"]["findings"] for call in studio.text.calls if call.fields["context"]["findings"]]
    assert told == [[fault], [fault]]
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["worth_a_look"] == ["the fear is short"] and document["status"] == "complete"


def verdict(scores: dict[str, float | None], **more: Any) -> str:
    return json.dumps({"scores": scores, "findings": [], **more})


def _is_audit(request: Request) -> bool:
    return bool(request.fields["section"] == "audit")


FIVE = ("coherence", "depth", "cultural_fidelity", "voice_distinctiveness", "realism")


def test_every_file_in_layers_is_of_the_accepted_document(studio: Studio) -> None:
    finding = {"section": "surface", "problem": "the name is too common", "advice": "find a rarer name"}
    marks = iter((2.0, 4.5))

    def reply(request: Request) -> Reply:
        if _is_audit(request):
            return Reply(text=verdict(dict.fromkeys(FIVE, next(marks)), findings=[finding]))
        if request.fields["section"] == "surface" and request.fields["context"]["findings"]:
            return Reply(text='{"name": "Anahi", "age": 44}')
        return Reply(text=answer(request))

    studio.text.answer = reply
    studio.build()
    folder = studio.root / "build/ana"
    sections = json.loads((folder / "persona.json").read_text())["sections"]
    assert sections["surface"]["name"] == "Anahi"
    for name, section in sections.items():
        assert json.loads((folder / f"layers/{name}.json").read_text()) == section, name
    assert json.loads((folder / "layers/profile.json").read_text()) == sections
    assert json.loads((folder / "drafts/surface.json").read_text())["name"] != "Anahi", "what was refused is elsewhere"
    assert {path.stem for path in (folder / "layers").iterdir()} == {*sections, "profile", "audit", "wardrobes"}
    assert not studio.plan().has_changes


def test_a_revision_that_leaves_the_brief_is_not_taken(studio: Studio) -> None:
    stated = "brief: A calm gardener of 44 who talks to her roses."
    studio.edit("personas/ana.yaml", ("brief: A calm gardener who talks to her roses.", stated))
    audits = 0

    def reply(request: Request) -> Reply:
        nonlocal audits
        if _is_audit(request):
            audits += 1
            return Reply(text=verdict(dict.fromkeys(FIVE, 2.0 if audits == 1 else 4.5)))
        if request.fields["section"] == "surface":
            return Reply(text='{"name": "Bea", "age": 71}' if audits else '{"name": "Ana", "age": 44}')
        return Reply(text=answer(request))

    studio.text.answer = reply
    studio.build()
    assert json.loads((studio.root / "build/ana/layers/surface.json").read_text()) == {"name": "Ana", "age": 44}
    asked = [call for call in studio.text.calls if call.fields["section"] == "surface"]
    assert len(asked) == 3, "drafted, revised, and asked once more (retries: 1)"


def test_one_mark_below_the_floor_is_not_accepted_whatever_the_mean(studio: Studio) -> None:
    low = {**dict.fromkeys(FIVE, 5.0), "coherence": 2.0}
    studio.text.answer = lambda request: Reply(text=verdict(low) if _is_audit(request) else answer(request))
    outcome = studio.build().nodes["ana/audit"].outcome
    assert outcome is not None and outcome.status == "flagged" and outcome.facts["audit_mean"] == 4.4
    assert outcome.facts["reason"] == "coherence is 2.0, below the floor of 2.5"


def test_a_mark_that_was_not_given_is_no_mark(studio: Studio) -> None:
    marks: dict[str, float | None] = {**dict.fromkeys(FIVE, 4.0), "depth": None, "realism": None}
    said = [{"score": "depth", "reason": "rules can't see it"}]
    studio.text.answer = lambda request: Reply(
        text=verdict(marks, not_judged=said) if _is_audit(request) else answer(request)
    )
    outcome = studio.build().nodes["ana/audit"].outcome
    assert outcome is not None and outcome.status == "accepted" and outcome.facts["audit_mean"] == 4.0
    assert outcome.facts["scores"] == dict.fromkeys(("coherence", "cultural_fidelity", "voice_distinctiveness"), 4.0)
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["not_judged"] == {"depth": "rules can't see it", "realism": "the second reader gave no reason"}


def test_a_document_of_which_nothing_was_judged_does_not_pass(studio: Studio) -> None:
    none = verdict(dict.fromkeys(FIVE))
    studio.text.answer = lambda request: Reply(text=none if _is_audit(request) else answer(request))
    outcome = studio.build().nodes["ana/audit"].outcome
    assert outcome is not None and outcome.status == "flagged" and outcome.facts["audit_mean"] is None
    assert len([call for call in studio.text.calls if _is_audit(call)]) == 1, "nothing to revise by"


def test_after_the_last_round_the_persona_ships_flagged(studio: Studio) -> None:
    scored = ("coherence", "depth", "cultural_fidelity", "voice_distinctiveness", "realism")
    low = {"scores": dict.fromkeys(scored, 3.0), "findings": []}
    studio.text.answer = lambda request: Reply(
        text=json.dumps(low) if request.fields["section"] == "audit" else answer(request)
    )
    report = studio.build()
    assert report.nodes["ana/audit"].outcome.status == "flagged"  # type: ignore[union-attr]
    assert len([call for call in studio.text.calls if call.fields["section"] == "audit"]) == 3
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["status"] == "flagged" and document["audit_mean"] == 3.0
    assert '"status":"flagged"' in studio.lock.read_text()
    assert not studio.plan().has_changes


def test_the_most_central_candidate_becomes_the_anchor(make_studio: Callable[..., Studio]) -> None:
    colors = {1: (200, 120, 90), 2: (90, 120, 200), 3: (198, 122, 92)}
    seen: list[int] = []

    def color(request: Request) -> tuple[int, int, int]:
        if not request.inputs:
            seen.append(request.fields["seed"])
            return colors[len(seen)]
        return SKIN

    studio = make_studio(PERSONA.replace("candidates: 2", "candidates: 3"), color=color)
    studio.build("+anchor", options=BuildOptions(jobs=1))
    facts = (
        studio.node("anchor").shape
        and json.loads(
            next(line for line in studio.lock.read_text().splitlines() if line.startswith("  anchor: ")).partition(
                ": "
            )[2]
        )["facts"]
    )
    assert facts["means"]["2"] < facts["means"]["1"] and facts["candidate"] != "2"


def test_without_a_measurer_nothing_is_bought_that_no_gate_could_accept(studio: Studio) -> None:
    class Nobody(ColorAnalyzers):
        def of(self, settings: object) -> object:  # type: ignore[override]
            from personaforge.steps.context import AnalyzerRef

            return AnalyzerRef(None, "there is no pack", "get one")

    studio.analyzers = Nobody()
    report = studio.build()
    assert not studio.images.calls and not studio.clips.calls
    assert report.nodes["ana/anchor"].end == "rejected" and report.nodes["ana/image/02"].end == "skipped"
    assert noticed(studio.plan()) == ("Faces are not measured here: there is no pack. get one",)


def test_opted_out_by_name_it_ships_unmeasured_and_says_so(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PERSONA.replace("max_attempts: 3", "max_attempts: 3, require_measurement: false"))

    class Nobody(ColorAnalyzers):
        def of(self, settings: object) -> object:  # type: ignore[override]
            from personaforge.steps.context import AnalyzerRef

            return AnalyzerRef(None, "there is no pack", "get one")

    studio.analyzers = Nobody()
    report = studio.build()
    assert {node.end for node in report.nodes.values()} == {"done"}
    image = report.nodes["ana/image/02"].outcome
    assert image is not None and image.status == "unmeasured" and "composite" not in image.facts
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["status"] == "unmeasured" and "image/02" in document["unmeasured"] and document["measured_by"] == []
    studio.forget()
    studio.analyzers = ColorAnalyzers()
    assert studio.states()["image/02"] == "run", "a pack has come: the pictures are measured now"
    studio.build()
    assert studio.calls() == 0
    document = json.loads((studio.root / "build/ana/persona.json").read_text())
    assert document["artifacts"]["image/02"]["measured"] is True


def test_what_was_measured_once_stays_measured_where_nothing_can_measure(studio: Studio) -> None:
    studio.build()
    document = (studio.root / "build/ana/persona.json").read_bytes()
    lock = studio.lock.read_bytes()
    studio.forget()

    class Nobody(ColorAnalyzers):
        def of(self, settings: object) -> object:  # type: ignore[override]
            from personaforge.steps.context import AnalyzerRef

            return AnalyzerRef(None, "there is no pack", "get one")

    studio.analyzers = Nobody()
    plan = studio.plan()
    assert not plan.has_changes and noticed(plan) == ()
    studio.build()
    assert studio.lock.read_bytes() == lock and (studio.root / "build/ana/persona.json").read_bytes() == document
    studio.edit("personas/ana.yaml", ("max_attempts: 3", "max_attempts: 3, accept_threshold: 0.99"))
    assert not studio.plan().has_changes, "the lock's scores are judged by the new threshold"
    studio.edit("templates/image.j2", ("{{ scene.text }}", "at {{ scene.text }}"))
    assert studio.states()["image/02"] == "blocked"
    studio.build()
    assert not studio.images.calls, "a new picture could not be judged here, so none is bought"
    assert studio.states()["image/02"] == "blocked" and "not made" in studio.node("image/02").reasons[0].text
    noted = studio.lock.read_bytes().replace(b'"accept":0.99', b'"accept":0.55')
    assert re.sub(rb'"gates":"\w+"', b"", noted) == re.sub(rb'"gates":"\w+"', b"", lock), "accepted under other gates"
