"""Which variable says where a provider is, and what its address comes to for each modality, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from personaforge.errors import SpecError
from personaforge.http.addresses import Override, completions, overrides, root, said_by
from personaforge.providers.protocols import Request
from personaforge.providers.table import Options, provider
from personaforge.testing.contract import CANARY, stocked
from personaforge.testing.server import Answer, Becomes, Call, Route, Server, serving
from tests.server import gemini, openai, openai_speech

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

DRAWN = Request("draw", "gpt-image-2", {"prompt": "Nova", "width": 832, "height": 1216})
SPOKEN = Request("speak", "gpt-4o-mini-tts", {"text": "Hello", "voice": "nova", "format": "wav"})
SCHEMA = {"type": "object", "properties": {}}


def written(model: str) -> Request:
    return Request("complete", model, {"prompt": "Who is she?", "schema": SCHEMA, "max_tokens": 20})


def _complete(server: Server, call: Call, word: str) -> Answer:
    message = {"role": "assistant", "content": "{}"}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    return Answer({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices})


CHAT = Route("chat", "POST", lambda path: path.endswith("/chat/completions"), _complete)


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A gateway for all that OpenAI and Gemini make."""
    with serving(*openai.ROUTES, *openai_speech.ROUTES, *gemini.ROUTES, CHAT) as found:
        for name in ("OPENAI", "GEMINI"):
            monkeypatch.setenv(f"FORGE_{name}_URL", found.url)
            monkeypatch.setenv(f"{name}_API_KEY", CANARY)
        yield stocked(found)


@pytest.fixture
def only_one() -> Iterator[Server]:
    """Another server, for one modality."""
    with serving(*openai.ROUTES, *openai_speech.ROUTES, *gemini.ROUTES, CHAT) as found:
        yield stocked(found)


def ask(modality: str) -> None:
    request = {"text": written("openai/gpt-5"), "image": DRAWN, "speech": SPOKEN}[modality]
    made: Any = provider(modality, "litellm" if modality == "text" else "openai", Options(20))
    made.submit(request)
    if modality != "text":
        made.wire.close()


PATHS = {"text": "/v1/chat/completions", "image": "/v1/images/generations", "speech": "/v1/audio/speech"}


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_one_address_is_for_everything_that_a_provider_makes(
    everything: Server, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGE_OPENAI_URL", everything.url + end)
    for modality in PATHS:
        ask(modality)
    assert [call.path for call in everything.requests] == list(PATHS.values())
    assert all(call.headers["authorization"] == f"Bearer {CANARY}" for call in everything.requests)


@pytest.mark.parametrize("chosen", list(PATHS))
def test_an_address_for_one_modality_wins_and_is_for_no_other(
    everything: Server, only_one: Server, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"FORGE_OPENAI_{chosen.upper()}_URL", only_one.url)
    for modality in PATHS:
        ask(modality)
    assert [call.path for call in only_one.requests] == [PATHS[chosen]]
    assert [call.path for call in everything.requests] == [path for name, path in PATHS.items() if name != chosen]


def test_an_address_of_gemini_speaks_its_own_protocol_for_text_as_for_pictures(everything: Server) -> None:
    everything.script("gemini.submit", Becomes("error in 200"))  # words where a picture is expected
    provider("text", "litellm", Options(20)).submit(written("gemini/gemini-3-pro"))
    fields = {"prompt": "Nova", "width": 832, "height": 1216, "seed": 7}
    provider("image", "gemini", Options(20)).submit(Request("draw", "gemini-house-image", fields))
    paths = [f"/v1beta/models/{name}:generateContent" for name in ("gemini-3-pro", "gemini-house-image")]
    assert [call.path for call in everything.requests] == paths
    assert all(call.headers["x-goog-api-key"] == CANARY for call in everything.requests)


def test_a_house_that_needs_no_key_is_sent_none(everything: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_OLLAMA_URL", everything.url)
    provider("text", "litellm", Options(20)).submit(written("ollama/qwen3"))
    (call,) = everything.requests
    assert call.path == "/v1/chat/completions" and call.json["model"] == "qwen3"
    assert call.headers["authorization"] == "Bearer none"


def test_a_path_in_the_address_is_where_text_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_HOUSE_URL", "https://house.example/compatible-mode/v1")
    assert completions("house") == "https://house.example/compatible-mode/v1"
    monkeypatch.setenv("FORGE_HOUSE_TEXT_URL", "https://text.example")
    assert completions("house") == "https://text.example/v1"
    assert completions("other") == ""


def test_names_with_a_hyphen_have_an_underscore_in_their_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_MY_HOUSE_IMAGE_URL", "https://pictures.example/v1beta")
    assert root("my-house", "image") == "https://pictures.example" and root("my-house", "video") == ""
    assert said_by("my-house", "image") == "FORGE_MY_HOUSE_IMAGE_URL"


def test_an_empty_variable_sets_nothing_and_a_bad_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_HOUSE_IMAGE_URL", " ")
    monkeypatch.setenv("FORGE_HOUSE_URL", "http://house.example")
    with pytest.raises(SpecError, match=r"FORGE_HOUSE_URL: found http://house\.example"):
        root("house", "image")


def test_the_variables_in_an_environment() -> None:
    given = {"FORGE_OPENAI_URL": "x", "FORGE_MY_HOUSE_IMAGE_URL": "x", "FORGE_VEO_URL": "", "FORGE_MODELS": "x"}
    assert overrides(given) == [
        Override("FORGE_MY_HOUSE_IMAGE_URL", "my-house", "image"),
        Override("FORGE_OPENAI_URL", "openai", ""),
    ]
