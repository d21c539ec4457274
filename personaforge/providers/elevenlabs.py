"""Speech by ElevenLabs, immediately: `/v1/text-to-speech/{voice_id}`; the body of the answer is the sound itself.

Wire format after github.com/elevenlabs/elevenlabs-python, error words after help.elevenlabs.io. The header
`character-cost` says what a call was charged, in the credits that an account buys; with it a price by character is
settled. Unconfirmed: that header's name, `wav_44100` and `opus_48000_128` as formats on every plan, and that the words
of an error may stand in `code` as well as in `status`. An account in a region of its own has another address: set
FORGE_ELEVENLABS_URL. `options` carries `voice_settings`, `language_code` and, for another format, `output_format`.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from personaforge.errors import BackendError, RateLimited, Refused
from personaforge.http.answers import Answer, retry_after
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import options_of
from personaforge.providers.pings import number
from personaforge.providers.protocols import Job, PingAnswer, Reply, Request
from personaforge.providers.sounds import sound_in
from personaforge.providers.table import Entry, Options

CAPABILITY: Final = Capability(
    "elevenlabs",
    "speech",
    frozenset({"text", "voice", "format", "seed", "options"}),
    remote=True,
    seed=True,
    pings=True,
    keys=("ELEVENLABS_API_KEY",),
    hosts=("api.elevenlabs.io",),
    limits=Limits(in_flight=2, deadline_seconds=120),
)
_FORMATS: Final = {"mp3": "mp3_44100_128", "wav": "wav_44100", "ogg": "opus_48000_128"}
_BUSY: Final = ("too_many_concurrent_requests", "system_busy")
"""Nothing was accepted, whatever the status: the calls in flight are too many for the plan, or for the service."""
_ABOUT_THIS_REQUEST: Final = ("max_character_limit_exceeded", "voice_not_found")
"""Also sent as 401, where they would be mistaken for a key that isn't accepted."""


class ElevenLabs:
    """ElevenLabs' voices."""

    def __init__(self, options: Options) -> None:
        self.wire = Wire(
            CAPABILITY, "https://api.elevenlabs.io", options, lambda key: {"xi-api-key": key}, explain=_by_error_words
        )

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Have one text spoken. See `personaforge.providers.protocols.Provider`."""
        fields = request.fields
        options = dict(options_of(request))
        params = {"output_format": str(options.pop("output_format", _FORMATS[fields["format"]]))}
        body = {"seed": fields["seed"], **options, "text": fields["text"], "model_id": request.model}
        target = f"/v1/text-to-speech/{quote(fields['voice'], safe='')}"
        answer = self.wire.pay(target, json=body, params=params, raw=True)
        details: dict[str, Any] = {"model": request.model}
        try:
            details["characters"] = float(answer.headers["character-cost"])
        except (KeyError, ValueError):
            pass  # not said, so the declared price counts
        if answer.headers.get("request-id"):
            details["request_id"] = answer.headers["request-id"]
        return Reply(blob=sound_in(answer, "elevenlabs"), cost_usd=None, details=details)

    def ping(self, model: str = "") -> PingAnswer | None:
        """Ask for what is left of the plan. See `personaforge.providers.protocols.Pinging`."""
        answer = self.wire.ask("GET", "/v1/user/subscription")
        used, most = number(answer, "character_count"), number(answer, "character_limit")
        return PingAnswer("" if used is None or most is None else f"{most - used:g} of {most:g} credits left")

    def poll(self, job: Job) -> Reply | Job:
        """Speech is answered at once, so there is no job to poll."""
        raise Refused(f"elevenlabs has no job {job.id!r}")


def _by_error_words(answer: Answer) -> BackendError | None:
    detail = answer.json.get("detail") if isinstance(answer.json, dict) else None
    if not isinstance(detail, dict) or not 400 <= answer.status < 500:
        return None
    words = {str(detail.get(name)) for name in ("status", "code")}
    text = f"elevenlabs answers {answer.status}: {answer.said()}"
    if words.intersection(_BUSY):
        import time

        return RateLimited(text, retry_after=retry_after(answer.headers.get("retry-after", ""), time.time()))
    if words.intersection(_ABOUT_THIS_REQUEST):
        return Refused(text)
    return None  # `quota_exceeded` is known to `answers`: the account has no credit


SPEECH = Entry(CAPABILITY, ElevenLabs)
