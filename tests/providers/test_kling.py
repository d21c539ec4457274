"""What only Kling does: tokens signed with a secret, tasks found by our name, codes that say more than the status."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator

import pytest

from personaforge.errors import ProviderStopped, RateLimited, Unknown
from personaforge.http.secrets import masked
from personaforge.providers.kling import KlingVideos, token
from personaforge.providers.protocols import Request
from personaforge.providers.table import Options
from personaforge.testing import files
from personaforge.testing.contract import CANARY, Case, Shop, stocked
from personaforge.testing.server import Becomes, Drop, Says, Server, serving
from tests.providers.cases import CASES
from tests.server import kling


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*files.ROUTES, *kling.ROUTES) as found:
        monkeypatch.setenv("FORGE_KLING_URL", found.url)
        monkeypatch.setenv("KLING_SECRET_KEY", CANARY)
        monkeypatch.setenv("KLING_ACCESS_KEY", kling.ACCESS)
        yield stocked(found)


@pytest.fixture
def made(server: Server) -> Iterator[KlingVideos]:
    found = KlingVideos(Options())
    yield found
    found.wire.close()


@pytest.fixture
def filmed() -> Case:
    return next(case for case in CASES if case.name == "kling")


def words(seconds: float = 5) -> Request:
    return Request("film", "kling-v2-5-turbo", {"prompt": "x", "width": 9, "height": 16, "seconds": seconds})


def test_an_accepted_task_whose_answer_was_lost_is_found_by_name(server: Server, shop: Shop, filmed: Case) -> None:
    server.script("kling.submit", Drop(accepted=True))
    assert shop.buy(filmed.action()).outputs
    assert len(server.calls("kling.submit")) == len(server.ledger) == 1
    assert server.calls("kling.look")[0].path.endswith(f"/{server.ledger[0].key}") and not server.calls("kling.list")


def test_what_is_not_in_a_whole_list_is_sent_again_after_a_while(server: Server, shop: Shop, filmed: Case) -> None:
    server.script("kling.submit", Drop(accepted=False))
    with pytest.raises(Unknown, match="may still change"):
        shop.buy(filmed.action())
    assert not server.ledger and shop.states() == ["unknown"] and server.calls("kling.list")
    shop.now = time.time() + 120  # the journal's clock is the system's
    assert shop.buy(filmed.action()).outputs
    assert len(server.calls("kling.submit")) == 2 and len(server.ledger) == 1


def test_a_full_page_proves_nothing(server: Server, made: KlingVideos) -> None:
    other = {"task_id": "1", "task_info": {"external_task_id": "another"}}
    server.script("kling.list", Says(200, {"code": 0, "data": [other] * 500}))
    with pytest.raises(Unknown, match="there may be more"):
        made.find(words(), "ours", 0.0)
    assert made.find(words(), "ours", 0.0) is None
    server.script("kling.list", Says(500, {}), Says(200, {"code": 5000, "message": "oops"}))
    for _ in range(2):
        with pytest.raises(Unknown):
            made.find(words(), "ours", 0.0)


def test_an_answer_about_another_task_is_no_find(server: Server, made: KlingVideos) -> None:
    server.script("kling.look", Says(200, {"code": 0, "data": {"task_id": "1", "task_status": "succeed"}}))
    assert made.find(words(), "ours", 0.0) is None


def test_words_alone_go_another_way(server: Server, made: KlingVideos) -> None:
    job = made.submit(words(10), "ours")
    (call,) = server.calls("kling.submit")
    assert call.path == "/v1/videos/text2video" and "image" not in call.json
    assert call.json["aspect_ratio"] == "9:16" and call.json["duration"] == "10"
    assert made.find(words(10), "ours", 0.0) == job


def test_a_task_that_the_filter_ends_is_a_block(server: Server, shop: Shop, filmed: Case) -> None:
    server.script("kling.look", Becomes("risk"))
    assert "risk control" in (shop.buy(filmed.action()).blocked or "")


def test_codes_say_more_than_the_status(server: Server, made: KlingVideos) -> None:
    for status, code, kind in (
        (429, 1302, RateLimited),
        (200, 1303, RateLimited),
        (200, 1004, ProviderStopped),
        (200, 1101, ProviderStopped),
        (200, 5001, Unknown),
    ):
        server.script("kling.submit", Says(status, {"code": code, "message": "no"}))
        with pytest.raises(kind):
            made.submit(words(), "ours")
    server.script("kling.submit", Becomes("no task"))
    with pytest.raises(Unknown, match="names no task"):
        made.submit(words(), "ours")


def test_a_token_is_signed_masked_and_good_for_a_while(server: Server, made: KlingVideos) -> None:
    head, claims, signature = token("ak", "sk", 1_000_199.0).split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {"iss": "ak", "exp": 1_001_700, "nbf": 999_895}
    assert len(signature) == 43 and token("ak", "sk", 999_900.0) == token("ak", "sk", 1_000_199.9)
    sent = made.wire.key_headers()["Authorization"]
    assert masked(f"{sent} {kling.ACCESS}") == "Bearer *** ***"


def test_half_a_pair_of_keys_says_which_half(made: KlingVideos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLING_SECRET_KEY_STUDIO", CANARY)
    studio = KlingVideos(Options(key="KLING_SECRET_KEY_STUDIO"))
    with pytest.raises(ProviderStopped, match="KLING_ACCESS_KEY_STUDIO is not set"):
        studio.submit(words(), "ours")
