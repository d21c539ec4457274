"""What only Runware does: tasks under our own UUID, which can't be bought twice, and faces by the preset's block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from personaforge.errors import ProviderStopped, Refused, Unknown
from personaforge.providers.protocols import Blob, Request
from personaforge.providers.runware import RunwareImages
from personaforge.providers.table import Options
from personaforge.run.resume import resume
from personaforge.testing.contract import CANARY, REFERENCE, Shop, stocked
from personaforge.testing.server import Accepts, Becomes, Drop, Fault, Says, Server, serving, web_page
from tests.providers.cases import CASES

CASE = next(case for case in CASES if case.name == "runware")
NOTHING = Says(200, {"data": []})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*CASE.routes) as found:
        monkeypatch.setenv(CASE.url, found.url)
        monkeypatch.setenv(CASE.key, CANARY)
        yield stocked(found)


def sent(server: Server) -> list[str]:
    return [call.json[0]["taskUUID"] for call in server.calls("runware.submit")]


@pytest.mark.parametrize(
    "fault",
    [Drop(True), Accepts(web_page()), Accepts(Says(500, {})), Becomes("no name"), Accepts(Says(200, b"{"))],
    ids=["dropped", "web page", "500", "no name", "no json"],
)
def test_a_lost_answer_is_found_by_its_key(server: Server, shop: Shop, fault: Fault) -> None:
    server.script("runware.submit", fault)
    result = shop.buy(CASE.action())
    assert result.outputs and len(sent(server)) == 1 and len(server.ledger) == 1 and not shop.states()


@pytest.mark.parametrize("word", ["", "odd"], ids=["empty data", "an error"])
@pytest.mark.parametrize(
    "fault", [Drop(False), Becomes("slow provider"), Says(502, b"")], ids=["dropped", "code", "502"]
)
def test_what_never_arrived_is_sent_again_under_the_same_key(
    server: Server, shop: Shop, fault: Fault, word: str
) -> None:
    server.script("runware.submit", fault)
    server.script("runware.response", Becomes(word))
    server.script("runware.details", Becomes(word))
    shop.buy(CASE.action())
    first, second = sent(server)
    assert first == second == server.ledger[0].key and len(server.ledger) == 1


def test_a_task_that_is_known_is_followed_and_not_made_twice(server: Server, shop: Shop) -> None:
    """Its answer is lost and the looks that follow know nothing of it: then the conflict tells."""
    server.script("runware.submit", Drop(accepted=True))
    server.script("runware.response", *[NOTHING] * 3)
    server.script("runware.details", *[NOTHING] * 3)
    result = shop.buy(CASE.action())
    first, second = sent(server)
    assert first == second and len(server.ledger) == 1
    assert result.outputs and shop.engine.budget.spent_usd == pytest.approx(CASE.usd)


def test_a_lost_call_is_looked_for_without_a_build_and_keeps_its_key(server: Server, shop: Shop) -> None:
    action = replace(CASE, references=False).action()
    server.script("runware.submit", Drop(accepted=True))
    server.script("runware.response", *[Says(503, {})] * 3)
    with pytest.raises(Unknown):
        shop.buy(action)
    assert shop.states() == ["unknown"]
    server.script("runware.response", NOTHING)
    server.script("runware.details", NOTHING)
    entries = shop.store.journal.open_entries()
    (outcome,) = resume(shop.engine, entries, lambda outcome: None)
    assert outcome.state == "unknown" and "the same key" in outcome.text and shop.states() == ["unknown"]
    (outcome,) = resume(shop.engine, entries, lambda outcome: None)
    assert outcome.state == "done" and len(sent(server)) == len(server.ledger) == 1


def test_a_task_that_is_no_longer_active_is_read_from_its_details(server: Server, shop: Shop) -> None:
    server.script("runware.response", Becomes("past"))
    assert shop.buy(CASE.action()).outputs
    assert len(server.calls("runware.details")) == 1


def test_a_key_that_is_not_accepted_may_come_with_any_status(server: Server, shop: Shop) -> None:
    server.script("runware.submit", Says(400, {"errors": [{"code": "invalidApiKey", "message": "Invalid API key"}]}))
    with pytest.raises(ProviderStopped, match="not accepted"):
        shop.buy(CASE.action())


@pytest.mark.parametrize(
    ("options", "pictures", "said"),
    [
        ({"reference_field": "faceSwap"}, 1, "found reference_field: faceSwap"),
        ({"reference_field": "ipAdapters"}, 1, "needs the adapter's own model"),
        ({"reference_field": "puLID"}, 2, "puLID takes 1 reference picture, found 2"),
        ({}, 5, "takes 4 reference pictures at most, found 5"),
    ],
)
def test_references_that_a_block_cannot_hold_are_refused_unsent(
    server: Server, options: dict[str, Any], pictures: int, said: str
) -> None:
    fields = {"prompt": "Nova", "width": 64, "height": 64, "seed": 1, "options": options}
    inputs = {f"reference_{number}": Blob(REFERENCE, "image/png") for number in range(pictures)}
    with pytest.raises(Refused, match=said):
        RunwareImages(Options()).submit(Request("draw", "any", fields, inputs), "key")
    assert not server.requests


def test_several_references_go_as_a_list(server: Server) -> None:
    fields = {"prompt": "Nova", "width": 64, "height": 64, "seed": 1, "options": {}}
    inputs = {f"reference_{number}": Blob(REFERENCE, "image/png") for number in range(3)}
    RunwareImages(Options()).submit(Request("draw", "any", fields, inputs), "key")
    assert len(server.calls("runware.submit")[0].json[0]["referenceImages"]) == 3
