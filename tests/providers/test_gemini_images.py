"""What the Gemini adapter takes from litellm, where the contract doesn't ask: cost, keys, and where the key may go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from personaforge.errors import Blocked, JobFailed, ProviderStopped, SpecError
from personaforge.providers.protocols import Reply, Request
from personaforge.providers.table import Options, provider
from personaforge.testing.contract import CANARY, stocked
from personaforge.testing.server import Becomes, Server, serving
from tests.server import gemini

FIELDS = {"prompt": "Nova on her balcony", "width": 1080, "height": 1080, "seed": 7}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*gemini.ROUTES) as found:
        monkeypatch.setenv("FORGE_GEMINI_URL", found.url)
        monkeypatch.setenv("GEMINI_API_KEY", CANARY)
        yield stocked(found)


def submit(model: str = "gemini-2.5-flash-image", **more: Any) -> Reply:
    reply = provider("image", "gemini", Options(20.0)).submit(Request("draw", model, {**FIELDS, **more}))
    assert isinstance(reply, Reply)
    return reply


def test_the_cost_of_a_model_that_litellm_knows_is_by_its_tokens(server: Server) -> None:
    reply = submit()
    # Bundled with litellm 1.106.2: 0.30 US dollars a million tokens of text in, 30 a million of pictures out.
    assert reply.cost_usd == pytest.approx((40 * 0.3 + 1290 * 30) / 1e6)
    assert {name: reply.details[name] for name in ("tokens_in", "tokens_in_image", "tokens_out")} == {
        "tokens_in": 40,
        "tokens_in_image": 0,
        "tokens_out": 1290,
    }
    assert reply.blob is not None and reply.blob.media_type == "image/png"


def test_the_cost_of_any_other_model_is_unknown(server: Server) -> None:
    assert submit("gemini-house-image").cost_usd is None


def test_a_key_that_is_not_valid_stops_the_provider_although_it_is_a_400(server: Server) -> None:
    server.script("gemini.submit", Becomes("bad key"))
    with pytest.raises(ProviderStopped, match="key was not accepted") as caught:
        submit()
    assert "GEMINI_API_KEY" in caught.value.hint and not server.ledger


@pytest.mark.parametrize("word", ["blocked", "prompt blocked"])
def test_blocks_say_what_was_counted(server: Server, word: str) -> None:
    server.script("gemini.submit", Becomes(word))
    with pytest.raises(Blocked, match="safety filter") as caught:
        submit()
    assert caught.value.details["finish_reason"] == "content_filter"
    assert caught.value.details["tokens_in"] == 40


def test_words_in_place_of_a_picture_are_a_failure_that_says_them(server: Server) -> None:
    server.script("gemini.submit", Becomes("error in 200"))
    with pytest.raises(JobFailed, match=r"without a picture \(stop\): I can only describe her"):
        submit()


def test_no_variable_of_litellm_s_sends_the_key_elsewhere(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_BASE", "GOOGLE_API_BASE", "GEMINI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    submit()
    assert len(server.ledger) == 1
    monkeypatch.setenv("FORGE_GEMINI_URL", "http://example.org")
    with pytest.raises(SpecError, match="FORGE_GEMINI_URL"):
        submit()


def test_google_s_other_variable_holds_the_key_too(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")
    monkeypatch.setenv("GOOGLE_API_KEY", "other-key-0001")
    submit()
    assert server.calls("gemini.submit")[0].headers["x-goog-api-key"] == "other-key-0001"
