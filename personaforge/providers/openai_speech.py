"""Speech by OpenAI's models, and by whatever speaks the same interface, immediately: `/v1/audio/speech`.

Documented at developers.openai.com/api/reference/resources/audio. The body of the answer is the sound itself. A WAV
comes as a stream, with 0xFFFFFFFF for its length. The models take no seed, and the answer counts nothing, so a price by
character counts our own text, and one by tokens stays an estimate. `options` carries `instructions` and `speed`.

FORGE_OPENAI_SPEECH_URL sets another address, such as that of a speech server on this machine (`addresses`). An error
that such a server answers with HTTP 200 is recognised; whether any does so is unconfirmed.
"""

from __future__ import annotations

from typing import Any, Final

from personaforge.errors import Refused
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.openai_api import openai_wire
from personaforge.providers.pictures import options_of
from personaforge.providers.pings import OPENAI_MODELS, listed
from personaforge.providers.protocols import Job, PingAnswer, Reply, Request
from personaforge.providers.sounds import sound_in
from personaforge.providers.table import Entry, Options

CAPABILITY: Final = Capability(
    "openai",
    "speech",
    frozenset({"text", "voice", "format", "options"}),
    remote=True,
    pings=True,
    keys=("OPENAI_API_KEY",),
    hosts=("api.openai.com",),
    limits=Limits(in_flight=4, deadline_seconds=120),
)
_FORMATS: Final = {"mp3": "mp3", "wav": "wav", "ogg": "opus"}


class OpenAISpeech:
    """OpenAI's speech models."""

    def __init__(self, options: Options) -> None:
        self.wire = openai_wire(CAPABILITY, options)

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Have one text spoken. See `personaforge.providers.protocols.Provider`."""
        fields = request.fields
        body: dict[str, Any] = {
            "response_format": _FORMATS[fields["format"]],
            **options_of(request),
            "model": request.model,
            "input": fields["text"],
            "voice": fields["voice"],
        }
        answer = self.wire.pay("/v1/audio/speech", json=body, raw=True)
        details: dict[str, Any] = {"model": request.model}
        if answer.headers.get("x-request-id"):
            details["request_id"] = answer.headers["x-request-id"]
        return Reply(blob=sound_in(answer, "openai"), cost_usd=None, details=details)

    def ping(self, model: str = "") -> PingAnswer | None:
        """List the models. See `personaforge.providers.protocols.Pinging`."""
        return listed(self.wire.ask("GET", OPENAI_MODELS))

    def poll(self, job: Job) -> Reply | Job:
        """Speech comes at once, so there is no job to poll."""
        raise Refused(f"openai has no job {job.id!r}")


SPEECH = Entry(CAPABILITY, OpenAISpeech)
