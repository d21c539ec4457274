"""Paid calls: journalled before they are sent, resumed and never repeated, within the budget."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from personaforge.errors import Refused, Unknown
from personaforge.providers.protocols import Job, Request
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import PERSONA, Death, Studio


@pytest.fixture
def paid(make_studio: Callable[..., Studio]) -> Studio:
    return make_studio(paid=True, cost_usd=0.01)


def test_the_plan_counts_calls_and_money(paid: Studio) -> None:
    estimate = paid.plan().estimate
    # Per build at least: 3 drafts, 1 audit, 2 candidates, 3 images, 1 clip.
    assert estimate.calls_min == 10
    # At most every attempt, every answer of a text model handed back once: drafts, audit, candidates, images, clip.
    drafts = 2 * (3 + 2 + 2)
    assert estimate.calls_max == drafts + (2 + 2 * (drafts + 2)) + 2 + 3 * 3 + 3
    assert estimate.usd_min is not None and estimate.usd_min > 5 * 0.04 + 0.1
    paid.build()
    assert paid.plan().estimate.calls_max == 0
    assert paid.calls() == 10


def test_an_undeclared_price_is_unknown_and_never_zero(paid: Studio) -> None:
    paid.edit("conf/image/scripted.yaml", ("img-1: 0.04", "other: 0.04"))
    assert paid.plan().estimate.usd_min is None
    report = paid.build(options=BuildOptions(jobs=1, max_cost_usd=100.0))
    failed = report.nodes["ana/candidate/1"]
    assert failed.end == "failed" and "has no declared price" in failed.error
    assert not paid.images.calls


def test_the_budget_stops_before_the_call_that_would_break_it(paid: Studio) -> None:
    report = paid.build(options=BuildOptions(jobs=1, max_cost_usd=0.15))
    spent = report.cost_usd
    assert spent <= 0.15
    failed = [node for node in report.nodes.values() if node.end == "failed"]
    assert len(failed) == 1 and "is left" in failed[0].error and "--max-cost" in failed[0].hint
    before = paid.calls()
    again = paid.build(options=BuildOptions(jobs=1, max_cost_usd=10.0))
    assert {node.end for node in again.nodes.values()} == {"done"}
    assert paid.calls() == 10 and before < 10, "what was bought stays bought"


def test_the_settings_limit_is_a_limit_too(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(PERSONA + "run: {max_cost_usd: 0.0}\n", paid=True)
    report = studio.build(options=BuildOptions(jobs=1, max_cost_usd=50.0))
    assert studio.calls() == 0 and report.cost_usd == 0


def test_a_job_is_polled_to_its_end(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True, polls=3)
    report = studio.build()
    assert {node.end for node in report.nodes.values()} == {"done"}
    with studio.open() as space:
        assert space.store.journal.open_entries() == []


def test_a_restart_resumes_a_job_and_submits_nothing_again(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True, polls=2)
    plain_poll = type(studio.clips).poll

    def dying(job: Job) -> object:
        raise Death("the process dies while it polls")

    studio.clips.poll = dying  # type: ignore[method-assign, assignment]
    with pytest.raises(Death):
        studio.build(options=BuildOptions(jobs=1))
    assert len(studio.clips.calls) == 1
    with studio.open() as space:
        (entry,) = space.store.journal.open_entries()
        assert entry.state == "submitted" and entry.job == "job-1" and entry.node == "ana/video/wave"
    node = studio.node("video/wave")
    (reason,) = node.reasons
    assert reason.code == "sent" and reason.text.endswith("and a build waits for that result")
    assert (node.estimate.calls_min, node.estimate.calls_max, node.estimate.priced_usd_min) == (0, 2, 0), "of three"
    studio.clips.poll = lambda job: plain_poll(studio.clips, job)  # type: ignore[method-assign]
    report = studio.build()
    assert report.nodes["ana/video/wave"].end == "done"
    assert len(studio.clips.calls) == 1 and studio.clips.polled[0] == "job-1"


def test_a_call_that_died_in_mid_request_is_not_sent_again_without_a_word(paid: Studio) -> None:
    def die(request: Request, number: int) -> Exception | None:
        raise Death("the process dies while it waits for the answer")

    paid.clips.fail = die
    with pytest.raises(Death):
        paid.build(options=BuildOptions(jobs=1))
    paid.clips.fail = None
    node = paid.node("video/wave")
    (reason,) = node.reasons
    assert (
        reason.text.startswith("its call was sent to scripted at ")
        and "so a build doesn't send it again" in reason.text
    )
    assert "forge jobs resolve " in reason.text and "never built" not in reason.text
    assert node.estimate.calls_max == 0, "what the plan says is what the build does"
    report = paid.build()
    failed = report.nodes["ana/video/wave"]
    assert failed.end == "failed" and "may have been bought" in failed.error
    assert failed.hint.startswith("forge jobs resolve ") and len(paid.clips.calls) == 1
    with paid.open() as space:
        (entry,) = space.store.journal.open_entries()
        space.store.journal.abandon(entry.key, "not needed")
    (reason,) = paid.node("video/wave").reasons
    assert reason.text.startswith("its call was given up (not needed), and a build stops at it: forge jobs resolve ")
    assert "was given up (not needed)" in paid.build().nodes["ana/video/wave"].error
    with paid.open() as space:
        space.store.journal.resubmit(entry.key, "it was not bought", bought=False)
    assert paid.node("video/wave").estimate.calls_min == 1 and paid.node("video/wave").reasons[0].code == "new"
    assert paid.build().nodes["ana/video/wave"].end == "done"
    assert len(paid.clips.calls) == 2


def test_an_ambiguous_answer_is_kept_as_unknown(paid: Studio) -> None:
    paid.images.fail = lambda request, number: Unknown("reset by peer") if number == 1 else None
    report = paid.build(options=BuildOptions(jobs=1))
    assert report.nodes["ana/candidate/1"].end == "failed"
    with paid.open() as space:
        assert [entry.state for entry in space.store.journal.open_entries()] == ["unknown"]
    again = paid.build()
    assert (
        again.nodes["ana/candidate/1"].end == "failed"
        and "may have been bought" in again.nodes["ana/candidate/1"].error
    )


def test_a_refusal_costs_nothing_and_may_be_tried_again(paid: Studio) -> None:
    paid.images.fail = lambda request, number: Refused("no credit") if number == 1 else None
    report = paid.build(options=BuildOptions(jobs=1))
    assert report.nodes["ana/candidate/1"].end == "failed"
    assert {node.end for node in paid.build().nodes.values()} == {"done"}
    assert len(paid.images.calls) == 1 + 5


def test_a_fallback_is_asked_after_a_definite_refusal_and_recorded(paid: Studio) -> None:
    paid.edit(
        "conf/pipeline/small.yaml", ("schema: soul, tags: [text]", "schema: soul, fallbacks: [small-1], tags: [text]")
    )
    paid.text.fail = lambda request, number: (
        Refused("no such model") if request.model == "deep-1" and number == 1 else None
    )
    report = paid.build()
    soul = report.nodes["ana/soul"]
    assert soul.end == "done" and soul.outcome is not None and soul.outcome.facts["model"] == "small-1"
    assert not paid.plan().has_changes


def test_an_ambiguous_answer_is_no_reason_for_a_fallback(paid: Studio) -> None:
    paid.edit(
        "conf/pipeline/small.yaml", ("schema: soul, tags: [text]", "schema: soul, fallbacks: [small-1], tags: [text]")
    )
    paid.text.fail = lambda request, number: Unknown("timed out") if number == 1 else None
    report = paid.build()
    assert report.nodes["ana/soul"].end == "failed" and len(paid.text.calls) == 1


def test_keep_going_builds_what_does_not_depend_on_the_failure(paid: Studio) -> None:
    paid.images.fail = lambda request, number: Refused("no") if "smile" in request.fields["prompt"] else None
    report = paid.build(options=BuildOptions(jobs=1, keep_going=True))
    ends = {name.partition("/")[2]: node.end for name, node in report.nodes.items()}
    assert ends["image/02"] == "failed" and ends["image/03"] == "done" and ends["video/wave"] == "done"
    assert ends["document"] == "skipped"
    assert paid.states("result:failed").get("image/02") == "run"
    assert [name for name, state in paid.states("result:failed").items() if state != "left"] == ["image/02"]


def test_without_keep_going_nothing_new_starts_after_a_failure(paid: Studio) -> None:
    paid.images.fail = lambda request, number: Refused("no") if number == 1 else None
    report = paid.build(options=BuildOptions(jobs=1))
    assert len(paid.images.calls) == 1
    assert {node.end for node in report.nodes.values()} == {"done", "failed", "skipped"}


def test_a_provider_that_sends_rubbish_fails_its_node(paid: Studio) -> None:
    from personaforge.providers.protocols import Blob, Reply

    paid.images.answer = lambda request: Reply(blob=Blob(b"<html>busy</html>", "image/png"))
    report = paid.build(options=BuildOptions(jobs=1))
    assert "which is not image/png" in report.nodes["ana/candidate/1"].error
    assert report.nodes["ana/candidate/1"].crash is None
