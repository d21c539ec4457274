"""What only Runway does: addresses that end and are named anew, stages of its filter, cancelling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personaforge.errors import Blocked, JobFailed, Unavailable, Unknown
from personaforge.providers.protocols import Job, Reply
from personaforge.providers.runway import RunwayImages
from personaforge.providers.table import Options
from personaforge.testing import files
from personaforge.testing.contract import CANARY, Case, Shop, stocked
from personaforge.testing.server import Becomes, Says, Server, serving
from tests.providers.cases import CASES
from tests.server import runway


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*files.ROUTES, *runway.ROUTES) as found:
        monkeypatch.setenv("FORGE_RUNWAY_URL", found.url)
        monkeypatch.setenv("RUNWAYML_API_SECRET", CANARY)
        yield stocked(found)


@pytest.fixture
def made(server: Server) -> Iterator[RunwayImages]:
    found = RunwayImages(Options())
    yield found
    found.wire.close()


@pytest.fixture
def drawn() -> Case:
    return next(case for case in CASES if case.id == "runway-image")


def test_a_result_whose_address_has_ended_is_fetched_from_a_fresh_one(server: Server, shop: Shop, drawn: Case) -> None:
    server.script("files.get", Becomes("gone"), Says(403, {}))
    result = shop.buy(drawn.action())
    assert [call.path for call in server.calls("files.get")] == [f"/files/task-1-{look}.bin" for look in (1, 2, 3)]
    assert len(server.ledger) == 1 and result.outputs


def test_a_task_that_is_accepted_and_not_named_is_unknown(server: Server, shop: Shop, drawn: Case) -> None:
    server.script("runway.submit", Becomes("no task"))
    with pytest.raises(Unknown, match="names no task"):
        shop.buy(drawn.action())
    assert shop.states() == ["unknown"] and len(server.ledger) == 1


@pytest.mark.parametrize(("word", "stage"), [("blocked", "output"), ("blocked input", "input")])
def test_the_filter_says_what_it_stopped_and_not_what_it_cost(
    server: Server, shop: Shop, drawn: Case, word: str, stage: str
) -> None:
    server.script("runway.task", Becomes(word))
    assert (shop.buy(drawn.action()).blocked or "").startswith(f"{stage}: runway's filter")
    assert shop.engine.budget.unknown_calls == 1


def test_a_task_is_cancelled_and_then_counts_as_failed(
    server: Server, shop: Shop, made: RunwayImages, drawn: Case
) -> None:
    server.latency = 1e9
    action = drawn.action()
    job = made.submit(shop.engine.executors.request(action, {}))
    assert isinstance(job, Job) and isinstance(made.poll(job), Job)
    made.cancel(job)
    (call,) = server.calls("runway.cancel")
    assert call.path == "/v1/tasks/task-1" and call.headers["x-runway-version"] == "2024-11-06"
    with pytest.raises(JobFailed, match="cancelled") as caught:
        made.poll(job)
    assert caught.value.cost_usd is None


def test_a_state_that_nobody_knows_is_looked_at_again(server: Server, made: RunwayImages) -> None:
    server.script("runway.task", Says(200, {"status": "PONDERING"}))
    with pytest.raises(Unavailable, match="'PONDERING'"):
        made.poll(Job("task-1"))


def test_a_task_id_stays_one_part_of_the_path(server: Server, made: RunwayImages) -> None:
    with pytest.raises(Exception, match="404"):
        made.poll(Job("../organization?x="))
    assert server.requests[-1].path.startswith("/v1/tasks/..%2F")


def test_only_the_code_makes_a_failure_a_block(server: Server, made: RunwayImages) -> None:
    for code, kind in (("SAFETY.INPUT.IMAGE", Blocked), ("INTERNAL", JobFailed), ("", JobFailed)):
        server.script("runway.task", Says(200, {"status": "FAILED", "failure": "safety first", "failureCode": code}))
        with pytest.raises(kind):
            assert not isinstance(made.poll(Job("task-1")), Reply)
