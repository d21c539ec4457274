"""Speech by MiniMax, immediately: `/v1/t2a_v2`. The sound is hexadecimal digits in the JSON of the answer.

Documented at platform.minimax.io/docs/api-reference/speech-t2a-http and .../errorcode. Errors come with HTTP 200, as a
`status_code` other than 0 in `base_resp`; `extra_info.usage_characters` counts what is charged. The first speech with a
cloned voice is charged the fee for the clone, too, which the answer doesn't say: declare a price by call for that.

Unconfirmed: code 2049 for a key that isn't accepted, what a call that ended with a fault of theirs is charged, and the
query `GroupId` of older accounts, which is not sent. Keys are per region: FORGE_MINIMAX_URL sets another address.
`options` is merged into the request, such as `voice_setting: {speed: 1.1}` or `language_boost: Spanish`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from personaforge.errors import BackendError, Blocked, JobFailed, ProviderStopped, RateLimited, Refused, Undelivered
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import options_of
from personaforge.providers.protocols import Job, PingAnswer, Reply, Request
from personaforge.providers.sounds import sound
from personaforge.providers.table import Entry, Options

CAPABILITY: Final = Capability(
    "minimax",
    "speech",
    frozenset({"text", "voice", "format", "options"}),
    remote=True,
    pings=True,
    keys=("MINIMAX_API_KEY",),
    hosts=("api.minimax.io", "api-uw.minimax.io", "api.minimaxi.com"),
    limits=Limits(in_flight=3, deadline_seconds=120),
)
_FORMATS: Final = ("mp3", "wav")
_RATE: Final = (1002, 1039, 1041)
"""Requests a minute, tokens a minute, connections."""
_KEY: Final = (1004, 2049)
_EMPTY: Final = 1008
_BLOCKS: Final[Mapping[int, str]] = {1026: "input", 1027: "output"}
_THEIRS: Final = (1000, 1001, 1024, 1033)
"""Faults of their service, a timeout among them: it had begun, and it isn't known whether it was charged."""


class MiniMaxSpeech:
    """MiniMax's speech models."""

    def __init__(self, options: Options) -> None:
        self._key = options.key or CAPABILITY.keys[0]
        self.wire = Wire(CAPABILITY, "https://api.minimax.io", options, lambda key: {"Authorization": f"Bearer {key}"})

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Have one text spoken. See `personaforge.providers.protocols.Provider`."""
        fields = request.fields
        if fields["format"] not in _FORMATS:
            raise Refused(
                f"minimax gives {' or '.join(_FORMATS)}, found {fields['format']}", hint="set speech.format to mp3"
            )
        options = options_of(request)
        body = {
            **options,
            "model": request.model,
            "text": fields["text"],
            "stream": False,
            "output_format": "hex",
            "voice_setting": {**_table(options, "voice_setting"), "voice_id": fields["voice"]},
            "audio_setting": {**_table(options, "audio_setting"), "format": fields["format"]},
        }
        return self._reply(self.wire.pay("/v1/t2a_v2", json=body), request.model)

    def ping(self, model: str = "") -> PingAnswer | None:
        """List the cloned voices. See `personaforge.providers.protocols.Pinging`."""
        answer = self.wire.ask("POST", "/v1/get_voice", json={"voice_type": "voice_cloning"})
        found = answer.json if isinstance(answer.json, dict) else {}
        error = _error(_table(found, "base_resp"), self._key)
        if error is not None:
            raise error
        return PingAnswer()

    def poll(self, job: Job) -> Reply | Job:
        """Speech is answered at once, so there is no job to poll."""
        raise Refused(f"minimax has no job {job.id!r}")

    def _reply(self, answer: Answer, model: str) -> Reply:
        found = answer.json if isinstance(answer.json, dict) else {}
        error = _error(_table(found, "base_resp"), self._key)
        if error is not None:
            raise error
        try:
            data = bytes.fromhex(_table(found, "data").get("audio") or "")
        except (ValueError, TypeError):
            data = b""
        if not data:
            raise Undelivered(f"minimax answers without a sound: {answer.said()[:200]}")
        details: dict[str, Any] = {"model": model}
        info = _table(found, "extra_info")
        if isinstance(info.get("usage_characters"), int):
            details["characters"] = info["usage_characters"]
        if isinstance(info.get("audio_length"), int):
            details["seconds"] = info["audio_length"] / 1000  # they count milliseconds
        if found.get("trace_id"):
            details["request_id"] = str(found["trace_id"])
        return Reply(blob=sound(data), cost_usd=None, details=details)


def _error(base: Mapping[str, Any], key: str) -> BackendError | None:
    """Return what the status inside an answer means, None for a good one."""
    code = base.get("status_code", 0)
    if code == 0:
        return None
    said = f"minimax answers {code}: {str(base.get('status_msg', ''))[:200]}"
    if code in _RATE:
        return RateLimited(said)
    if code in _KEY:
        return ProviderStopped(f"{said} (the key was not accepted)", hint=f"check {key}, and that it is of this region")
    if code == _EMPTY:
        return ProviderStopped(f"{said} (the account has no credit)", hint="top up the account at minimax")
    if code in _BLOCKS:
        stage: Any = _BLOCKS[code]
        return Blocked(said, stage=stage, cost_usd=0.0 if stage == "input" else None)
    if code in _THEIRS:
        return JobFailed(said)
    return Refused(said)


def _table(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    return value if isinstance(value, Mapping) else {}


SPEECH = Entry(CAPABILITY, MiniMaxSpeech)
