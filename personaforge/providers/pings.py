"""What adapters ask to learn whether a provider answers and accepts its key: nothing here costs or makes anything.

The adapters ask Runway's `GET /v1/organization` (runwayml/sdk-python), Replicate's `GET /v1/account`
(replicate/replicate-python), ElevenLabs' `GET /v1/user/subscription` (elevenlabs/elevenlabs-python), Runware's task
`accountManagement` (runware.ai/docs/platform/account-management), MiniMax' `POST /v1/get_voice` (platform.minimax.io),
Kling's list of tasks and fal's list of requests (fal.ai/docs/platform-apis/v1/models/requests/by-endpoint).

Text models are asked about by house. What is asked is documented: OpenAI's `GET /v1/models` and Anthropic's
(developers.openai.com/api/reference/resources/models, platform.claude.com/docs/en/api/models/list), Gemini's
`GET /v1beta/models` (ai.google.dev/api/models), OpenRouter's `GET /api/v1/key` (openrouter.ai/docs/api), Ollama's
`GET /api/tags` (github.com/ollama/ollama/blob/main/docs/api.md). A gateway for OpenAI's chat completions is asked for
`/models` beside them. For any other house no free request is known.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from personaforge.http.addresses import completions, said_by
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability
from personaforge.providers.protocols import PingAnswer
from personaforge.providers.table import Options
from personaforge.providers.vendors import vendor_keys, vendor_of

GEMINI_MODELS: Final = "/v1beta/models?pageSize=1000"
OPENAI_MODELS: Final = "/v1/models"


class _Service(NamedTuple):
    """Where a house is asked."""

    base: str
    path: str
    headers: Callable[[str], Mapping[str, str]]
    read: Callable[[Answer], PingAnswer]


def listed(answer: Answer, part: str = "data", name: str = "id", start: str = "") -> PingAnswer:
    """Return the models in an answer: JSON with a list `part` of objects with `name`, which may begin with `start`."""
    found = answer.json.get(part) if isinstance(answer.json, Mapping) else None
    if not isinstance(found, list):
        return PingAnswer("it answers with no list of models")
    ids = frozenset(str(one[name]).removeprefix(start) for one in found if isinstance(one, Mapping) and name in one)
    return PingAnswer(f"it lists {len(ids)} model{'' if len(ids) == 1 else 's'}", ids)


def gemini_listed(answer: Answer) -> PingAnswer:
    """Return the models in an answer of the Gemini API."""
    return listed(answer, "models", "name", "models/")


def number(answer: Answer, *path: str) -> float | None:
    """Return a number somewhere in an answer, None where there is none."""
    found: Any = answer.json
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def ping_house(model: str, options: Options, modality: str = "text") -> PingAnswer | None:
    """Ask the house of a model; None where nothing free is known. Raises BackendError and SpecError."""
    house = vendor_of(model)
    service = _ollama() if house in ("ollama", "ollama_chat") else _SERVICES.get(house)
    if house != "gemini" and said_by(house, "text"):
        # Its path may be any, and a version at its end is part of it.
        service = _Service("", f"{completions(house)}/models", _bearer, listed)
    if service is None:
        return None
    keys = vendor_keys(house)
    hosts = tuple(filter(None, (urlsplit(service.base).hostname,)))
    wire = Wire(
        Capability(house, modality, frozenset(), keys=keys, hosts=hosts), service.base, options, service.headers
    )
    try:
        return service.read(wire.ask("GET", service.path))
    finally:
        wire.close()


def _bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _openrouter(answer: Answer) -> PingAnswer:
    left = number(answer, "data", "limit_remaining")  # its `label` quotes the key, and is left alone
    return PingAnswer("" if left is None else f"${left:.2f} left of the key's limit")


_SERVICES: Final[Mapping[str, _Service]] = {
    "anthropic": _Service(
        "https://api.anthropic.com",
        "/v1/models?limit=1000",
        lambda key: {"x-api-key": key, "anthropic-version": "2023-06-01"},
        listed,
    ),
    "gemini": _Service(
        "https://generativelanguage.googleapis.com", GEMINI_MODELS, lambda key: {"x-goog-api-key": key}, gemini_listed
    ),
    "openai": _Service("https://api.openai.com", OPENAI_MODELS, _bearer, listed),
    "openrouter": _Service("https://openrouter.ai", "/api/v1/key", _bearer, _openrouter),
}


def _ollama() -> _Service:
    base = os.environ.get("OLLAMA_API_BASE", "").strip().rstrip("/") or "http://127.0.0.1:11434"
    return _Service(base, "/api/tags", lambda key: {}, lambda answer: listed(answer, "models", "name"))
