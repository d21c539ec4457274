"""What every adapter asks that costs nothing: over real HTTP, with its key, and every way in which it can end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from personaforge.errors import ProviderStopped, RateLimited, Unavailable
from personaforge.providers import pings
from personaforge.providers.protocols import PingAnswer
from personaforge.providers.table import Options, capability, provider
from personaforge.testing.contract import CANARY, Case
from personaforge.testing.server import Answer, Becomes, Call, Route, Says, Server, serving, too_many, web_page
from tests.providers.cases import CASES
from tests.server import openai

ASKED = {
    "elevenlabs": ("elevenlabs.subscription", "82769 of 100000 credits left"),
    "fal": ("fal.requests", ""),
    "gemini": ("gemini.models", "it lists 1 model"),
    "kling": ("kling.list", ""),
    "minimax": ("minimax.voices", ""),
    "openai": ("openai.models", "it lists 2 models"),
    "replicate": ("replicate.account", "the account is nova-studio"),
    "runware": ("runware.account", "$2450.75 left"),
    "runway": ("runway.organization", "412 credits left"),
    "veo": ("veo.models", "it lists 1 model"),
}
"""By provider: the route, and what is worth knowing of its answer."""
ONE_EACH = list({case.id: case for case in CASES}.values())


@pytest.fixture(params=ONE_EACH, ids=lambda case: case.id)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def server(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    more = openai.ROUTES if case.name == "openai" else []
    with serving(*case.routes, *more) as found:
        monkeypatch.setenv(case.url, found.url)
        monkeypatch.setenv(case.key, CANARY)
        for name, value in case.besides.items():
            monkeypatch.setenv(name, value)
        yield found


def ping(case: Case) -> PingAnswer:
    made: Any = provider(case.modality, case.name, Options(5.0))
    try:
        found = made.ping(case.model)
    finally:
        if hasattr(made, "wire"):
            made.wire.close()
    assert isinstance(found, PingAnswer)
    return found


def test_every_hosted_adapter_can_be_asked_something_free() -> None:
    assert {case.name for case in ONE_EACH} == set(ASKED)
    assert all(capability(case.modality, case.name).pings for case in ONE_EACH)


def test_one_request_with_the_key_that_buys_nothing(case: Case, server: Server) -> None:
    route, said = ASKED[case.name]
    assert ping(case).said == said
    (call,) = server.requests
    assert call.route == route and not server.ledger
    assert (CANARY in str(call.headers)) is (case.name != "kling"), "Kling's secret signs, and stays"
    assert CANARY not in call.path + str(call.query) + call.body.decode()


def test_the_models_that_it_lists(case: Case, server: Server) -> None:
    found = ping(case).models
    if case.name in ("gemini", "openai", "veo"):
        assert found is not None and all("/" not in name for name in found)
        assert case.name == "gemini" or case.model in found
    else:
        assert found is None


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_is_told_apart(case: Case, server: Server, status: int) -> None:
    server.script(ASKED[case.name][0], Says(status, {"error": {"message": f"bad key {CANARY}"}}))
    with pytest.raises(ProviderStopped, match="key was not accepted") as caught:
        ping(case)
    assert CANARY not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize("fault", [Says(503, {}), web_page()], ids=["503", "web page"])
def test_a_provider_that_does_not_work_is_told_apart(case: Case, server: Server, fault: Says) -> None:
    server.script(ASKED[case.name][0], fault)
    with pytest.raises(Unavailable):
        ping(case)


def test_nobody_there(case: Case, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(case.url, "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="can't be reached"):
        ping(case)


def test_too_many_requests(case: Case, server: Server) -> None:
    server.script(ASKED[case.name][0], too_many("7"))
    with pytest.raises(RateLimited):
        ping(case)


@pytest.mark.parametrize(("name", "word"), [("minimax", "1004"), ("runware", "bad key")])
def test_a_bad_key_in_an_answer_that_seems_good(name: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(one for one in ONE_EACH if one.name == name)
    with serving(*case.routes) as server:
        monkeypatch.setenv(case.url, server.url)
        monkeypatch.setenv(case.key, CANARY)
        server.script(ASKED[name][0], Becomes(word))
        with pytest.raises(ProviderStopped, match="key was not accepted"):
            ping(case)


# --- text, by house ---


def _models(server: Server, call: Call, word: str) -> Answer:
    return Answer({"data": [{"id": "claude-opus-4-7-20260416"}, {"id": "house-1"}]})


def _key(server: Server, call: Call, word: str) -> Answer:
    quoted = call.headers["authorization"][-6:]
    return Answer({"data": {"label": f"sk-or-v1-...{quoted}", "limit_remaining": 74.5}})


TEXT = [
    Route("text.models", "GET", lambda path: path.endswith("/models"), _models),
    Route("text.key", "GET", lambda path: path == "/api/v1/key", _key),
    Route("text.tags", "GET", lambda path: path == "/api/tags", lambda *_: Answer({"models": [{"name": "qwen3:8b"}]})),
]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*TEXT) as found:
        yield found


def ask(model: str) -> PingAnswer | None:
    made: Any = provider("text", "litellm", Options(5.0))
    found: PingAnswer | None = made.ping(model)
    return found


def test_anthropic_and_openrouter_are_asked_their_own_way(house: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = {name: service._replace(base=house.url) for name, service in pings._SERVICES.items()}
    monkeypatch.setattr(pings, "_SERVICES", moved)
    monkeypatch.setenv("ANTHROPIC_API_KEY", CANARY)
    monkeypatch.setenv("OPENROUTER_API_KEY", CANARY)
    found = ask("anthropic/claude-opus-4-7")
    assert found is not None and "claude-opus-4-7-20260416" in (found.models or ())
    assert ask("openrouter/x-ai/grok-5") == PingAnswer("$74.50 left of the key's limit")
    models, key = house.requests
    assert models.path == "/v1/models" and models.headers["x-api-key"] == CANARY
    assert models.headers["anthropic-version"] == "2023-06-01"
    assert key.path == "/api/v1/key" and key.headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(("end", "path"), [("", "/v1/models"), ("/api/paas/v4", "/api/paas/v4/models")])
def test_a_gateway_is_asked_beside_its_completions(
    house: Server, end: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_HOUSE_URL", house.url + end)
    monkeypatch.setenv("HOUSE_API_KEY", CANARY)
    found = ask("house/house-1")
    assert found is not None and "house-1" in (found.models or ())
    assert [call.path for call in house.requests] == [path]


def test_a_server_on_this_machine_needs_no_key(house: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_BASE", house.url)
    assert ask("ollama_chat/qwen3:8b") == PingAnswer("it lists 1 model", frozenset({"qwen3:8b"}))


def test_a_house_of_which_nothing_is_known_is_not_asked(house: Server) -> None:
    assert ask("sambanova/some-model") is None and not house.requests
