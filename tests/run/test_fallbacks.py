"""Who is asked next: after a definite failure the fallback, after anything else nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from personaforge.errors import Blocked, JobFailed, ProviderStopped, RateLimited, Refused, Unknown
from personaforge.providers.protocols import Request
from personaforge.run.retrying import Backoff
from personaforge.testing import scripted_images
from personaforge.workspace.workspace import BuildOptions
from tests.run.conftest import Studio

ONE = BuildOptions(jobs=1)
IMAGE = (
    "{provider: scripted, model: img-1, width: 64, height: 64, prices: {img-1: 0.04, other-1: 0.08},"
    " fallbacks: [{provider: second, model: other-1}]}"
)


@pytest.fixture
def paid(make_studio: Callable[..., Studio]) -> Studio:
    studio = make_studio(paid=True, cost_usd=0.01, files={"conf/image/scripted.yaml": IMAGE})
    studio.second = scripted_images(paid=True, cost_usd=0.02).register("second")  # type: ignore[attr-defined]
    return studio


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (Refused("no such model"), "refused"),
        (ProviderStopped("no credit"), "refused"),
        (Blocked("not this one", cost_usd=0.0), "blocked"),
        (JobFailed("out of memory", cost_usd=0.0), "failed"),
    ],
)
def test_a_definite_failure_has_the_fallback_asked_and_recorded(paid: Studio, error: Exception, word: str) -> None:
    paid.images.fail = lambda request, number: error
    report = paid.build(options=ONE)
    node = report.nodes["ana/image/02"]
    assert node.end == "done" and node.outcome is not None
    assert node.outcome.facts["model"] == "other-1" and node.outcome.facts["provider"] == "second"
    assert node.outcome.facts["passed_over"] == [f"img-1 ({word})"]
    assert f"img-1 ({word})" in paid.lock.read_text()
    assert not paid.plan("+image/02").has_changes
    bought = len(paid.second.calls)  # type: ignore[attr-defined]
    paid.images.fail = None
    paid.build("image/02", options=ONE)
    assert len(paid.second.calls) == bought, "nothing is bought again once the first one is well"  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [Unknown("reset by peer"), RuntimeError("a bug after sending")])
def test_what_may_have_been_bought_has_no_fallback(paid: Studio, error: Exception) -> None:
    paid.images.fail = lambda request, number: error
    report = paid.build(options=ONE)
    assert report.nodes["ana/candidate/1"].end == "failed"
    assert not paid.second.calls  # type: ignore[attr-defined]
    with paid.open() as space:
        assert [entry.state for entry in space.store.journal.open_entries()] == ["unknown"]


def test_over_budget_has_no_fallback(paid: Studio) -> None:
    report = paid.build(options=BuildOptions(jobs=1, max_cost_usd=0.0))
    assert "is left" in next(node for node in report.nodes.values() if node.end == "failed").error
    assert not paid.second.calls  # type: ignore[attr-defined]


def test_a_block_without_a_fallback_rejects_the_node_and_is_bought_once(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True, cost_usd=0.01)

    def blocked(request: Request, number: int) -> Exception | None:
        return Blocked("not this face", stage="output", cost_usd=0.01) if "smile" in request.fields["prompt"] else None

    studio.images.fail = blocked
    report = studio.build(options=BuildOptions(jobs=1, keep_going=True))
    node = report.nodes["ana/image/02"]
    assert node.end == "rejected" and "blocked: output: not this face" in node.error
    assert report.nodes["ana/document"].end == "done"
    calls = len(studio.images.calls)
    studio.build(options=BuildOptions(jobs=1, keep_going=True))
    assert len(studio.images.calls) == calls, "the same request is not sent again"
    assert not [node for node in studio.plan().nodes() if node.state == "run"]


def test_a_text_that_was_blocked_is_not_mended(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True)
    studio.text.fail = lambda request, number: Blocked("refused", stage="refusal")
    report = studio.build(options=ONE)
    assert report.nodes["ana/soul"].end == "rejected" and len(studio.text.calls) == 1


def test_an_answer_that_was_cut_off_is_asked_for_again_with_that_word(make_studio: Callable[..., Studio]) -> None:
    from personaforge.providers.protocols import Reply

    studio = make_studio(paid=True)
    well = studio.text.answer

    class CutOnce:
        done = False

    def answer(request: Request) -> Reply:
        if not CutOnce.done:
            CutOnce.done = True
            return Reply('{"desire": "to be lef', truncated=True)
        return well(request)

    studio.text.answer = answer
    report = studio.build("soul", options=ONE)
    assert report.nodes["ana/soul"].end == "done"
    assert "cut off at 500 tokens" in studio.text.calls[1].fields["prompt"]


def test_pauses_double_with_jitter_and_end() -> None:
    backoff = Backoff(first_seconds=1, most_seconds=8, tries=6)
    assert [backoff.pause(tries, None, lambda: 1.0) for tries in range(1, 7)] == [1, 2, 4, 8, 8, None]
    assert [backoff.pause(tries, None, lambda: 0.0) for tries in range(1, 4)] == [0.5, 1, 2]
    asked = backoff.pause(1, 30.0, lambda: 0.5)
    assert asked is not None and 30 <= asked <= 32, "Retry-After is kept to"
    assert backoff.pause(1, 901.0) is None


def test_too_many_requests_wait_for_the_provider(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True)
    studio.images.fail = lambda request, number: RateLimited("slow down", retry_after=0.05) if number == 1 else None
    report = studio.build(options=BuildOptions(jobs=2))
    assert {node.end for node in report.nodes.values()} == {"done"}
    assert any("is asked nothing" in event.message for event in studio.events)


def test_a_stopped_provider_says_so_once(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio(paid=True)
    studio.images.fail = lambda request, number: ProviderStopped("the key was not accepted")
    report = studio.build(options=BuildOptions(jobs=1, keep_going=True))
    assert len(studio.images.calls) == 1
    assert len([event for event in studio.events if event.type == "notice"]) == 1
    failed = {node.error for node in report.nodes.values() if node.end == "failed"}
    assert failed == {"the key was not accepted"}
