"""What only Replicate does: lost predictions are looked for in its list, and the API's own files need the key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from personaforge.testing.contract import CANARY, Shop, stocked
from personaforge.testing.server import Becomes, Drop, Server, serving
from tests.providers.cases import CASES

CASE = next(case for case in CASES if case.name == "replicate")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*CASE.routes) as found:
        monkeypatch.setenv(CASE.url, found.url)
        monkeypatch.setenv(CASE.key, CANARY)
        yield stocked(found)


@pytest.mark.parametrize("fault", [Drop(True), Becomes("no name")], ids=["dropped", "no name"])
def test_a_lost_prediction_is_found_in_the_list(server: Server, shop: Shop, fault: Drop | Becomes) -> None:
    server.script("replicate.submit", fault)
    assert shop.buy(CASE.action()).outputs
    assert len(server.ledger) == len(server.calls("replicate.submit")) == 1


def test_the_key_goes_to_a_file_at_the_api_itself(server: Server, shop: Shop) -> None:
    server.script("replicate.look", Becomes("own host"))
    shop.buy(CASE.action())
    assert server.calls("files.get")[0].headers["authorization"] == f"Bearer {CANARY}"
