"""What OpenAI's pictures and speech have in common: the address, the key, and a request that was stopped."""

from __future__ import annotations

from personaforge.errors import BackendError, Blocked
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability
from personaforge.providers.table import Options

_BASE = "https://api.openai.com"
_BLOCKS = ("moderation_blocked", "content_policy_violation")
"""Error codes of a request that the safety system stopped: those of the picture models, unconfirmed for speech."""


def openai_wire(capability: Capability, options: Options) -> Wire:
    """Return the connection of one of OpenAI's modalities."""
    return Wire(capability, _BASE, options, lambda key: {"Authorization": f"Bearer {key}"}, explain=_block)


def _block(answer: Answer) -> BackendError | None:
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if code in _BLOCKS:
        return Blocked(f"openai stopped the request ({code}): {answer.said()}", stage="input")
    return None
