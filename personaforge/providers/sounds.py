"""What the adapters of speech providers share: the sound in an answer, and what else such a provider does."""

from __future__ import annotations

import json
from typing import Any

from personaforge.errors import JobFailed, Undelivered, Unknown
from personaforge.http.answers import Answer
from personaforge.providers import kinds
from personaforge.providers.protocols import Blob


def sound(data: bytes) -> Blob:
    """Return bytes as a sound, its media type by its first bytes: the engine verifies whether it is one."""
    return Blob(data, kinds.media_type(data[: kinds.HEAD]))


def sound_in(answer: Answer, name: str) -> Blob:
    """Return the sound that is the body of a good answer.

    Raises JobFailed where JSON in its place says what went wrong, Unknown where JSON says no such thing, and
    Undelivered for an empty body.
    """
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        found = _json(answer.body)
        said = Answer(answer.status, answer.headers, b"", found).said()
        if isinstance(found, dict) and ("error" in found or "detail" in found):
            raise JobFailed(f"{name} answers {answer.status} with an error: {said}")
        raise Unknown(f"{name} answers {answer.status} with JSON and no sound; the request may have been accepted")
    if not answer.body:
        raise Undelivered(f"{name} answers without a sound")
    return sound(answer.body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
