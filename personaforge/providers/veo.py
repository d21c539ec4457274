"""Clips by Google's Veo models through the Gemini API, as long-running operations.

`POST generativelanguage.googleapis.com/v1beta/models/<model>:predictLongRunning` answers with an operation's name;
`GET /v1beta/<name>` returns it. One that is `done` holds an `error`, or clips, or how many a filter of Google's
stopped (Responsible AI, `raiMediaFilteredCount`) and why; of these Google says that they are not charged. A clip is
downloaded with the same key, which goes to Google's API host and to no other. Field names from googleapis/python-genai:
the Gemini API takes no seed. The first frame is the reference; `options` go into `parameters` as they are.

Unconfirmed, from memory: that a clip stays for two days, that an operation's error 3 that speaks of policies is a
filter's, and the forms of a key that isn't valid (400, `API_KEY_INVALID`) and of a limit per minute (429 with
`RetryInfo`).
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

from personaforge.errors import (
    BackendError,
    Blocked,
    JobFailed,
    ProviderStopped,
    RateLimited,
    Refused,
    Unavailable,
    Unknown,
)
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import nearest_size, options_of, references
from personaforge.providers.pings import GEMINI_MODELS, gemini_listed
from personaforge.providers.protocols import Job, PingAnswer, Remote, Reply, Request
from personaforge.providers.table import Entry, Options

CAPABILITY = Capability(
    "veo",
    "video",
    frozenset({"prompt", "width", "height", "seconds", "reference", "options"}),
    remote=True,
    immediate=False,
    references=1,
    sizes=("9:16", "16:9"),
    transports=frozenset({"bytes"}),
    result_seconds=2 * 86_400.0,
    pings=True,
    keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    hosts=("generativelanguage.googleapis.com",),
    limits=Limits(in_flight=2, deadline_seconds=1_800),
)
_BASE = "https://generativelanguage.googleapis.com"
_LOOK_AGAIN = 5.0
"""Seconds between looks at the shortest."""
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*(/[\w-]+(\.[\w-]+)*)+")
"""An operation, such as models/NAME/operations/ID."""
_INVALID_ARGUMENT = 3
_SAID_BLOCKS = ("policy", "policies", "usage guidelines", "responsible ai", "safety")


class VeoVideos:
    """Veo: from a picture, or from words alone where there is none."""

    def __init__(self, options: Options) -> None:
        self.wire = Wire(CAPABILITY, _BASE, options, lambda key: {"x-goog-api-key": key}, explain=_by_error_details)

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Begin an operation. See `personaforge.providers.protocols.Provider`."""
        answer = self.wire.pay(f"/v1beta/models/{request.model}:predictLongRunning", json=_input(request))
        name = answer.json.get("name") if isinstance(answer.json, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Unknown(f"veo accepted the request and names no operation: {answer.said()[:200]}")
        return Job(name, _LOOK_AGAIN)

    def ping(self, model: str = "") -> PingAnswer | None:
        """List the models. See `personaforge.providers.protocols.Pinging`."""
        return gemini_listed(self.wire.ask("GET", GEMINI_MODELS))

    def poll(self, job: Job) -> Reply | Job:
        """Poll an operation."""
        answer = self.wire.ask("GET", f"/v1beta/{job.id}")
        found = answer.json if isinstance(answer.json, dict) else {}
        if found.get("name") != job.id:
            raise Unavailable(f"veo says nothing about its operation {job.id}")
        if not found.get("done"):
            return replace(job, wait_seconds=_LOOK_AGAIN)
        if isinstance(found.get("error"), dict):
            raise _failure(job, found["error"])
        response = found.get("response")
        inside = response.get("generateVideoResponse") if isinstance(response, dict) else None
        return self._reply(job, inside if isinstance(inside, dict) else {})

    def _reply(self, job: Job, found: dict[str, Any]) -> Reply:
        samples = found.get("generatedSamples")
        first = samples[0] if isinstance(samples, list) and samples else None
        video = first.get("video") if isinstance(first, dict) else None
        uri = video.get("uri") if isinstance(video, dict) else None
        details = {"request_id": job.id}
        if isinstance(uri, str) and uri:
            return Reply(remote=self._remote(uri), cost_usd=None, details=details)
        if found.get("raiMediaFilteredCount"):
            reasons = found.get("raiMediaFilteredReasons")
            said = "; ".join(str(reason) for reason in reasons) if isinstance(reasons, list) else "no reason given"
            raise Blocked(f"veo's filter stopped the clip: {said[:300]}", stage="output", cost_usd=0.0, details=details)
        raise JobFailed(f"veo finished {job.id} without a result")

    def _remote(self, uri: str) -> Remote:
        """Return where a clip is, and whether that is a host that the key may go to."""
        try:
            uri = self.wire.address(uri)
        except Refused:
            return Remote(uri)
        return Remote(uri, with_key=self.wire.owns(uri))


def _input(request: Request) -> dict[str, Any]:
    fields = request.fields
    seconds = float(fields["seconds"])
    instance: dict[str, Any] = {"prompt": fields["prompt"]}
    for blob in references(request, CAPABILITY.references):
        encoded = base64.b64encode(blob.data).decode()
        instance["image"] = {"bytesBase64Encoded": encoded, "mimeType": blob.media_type}
    parameters = {
        "aspectRatio": nearest_size(fields["width"], fields["height"], CAPABILITY.sizes),
        "durationSeconds": int(seconds) if seconds.is_integer() else seconds,
        **options_of(request),
    }
    return {"instances": [instance], "parameters": parameters}


def _failure(job: Job, error: dict[str, Any]) -> BackendError:
    """Return what the error of an operation means: a google.rpc.Status with `code` and `message`."""
    said = " ".join(str(error.get("message") or "no reason given").split())[:300]
    if error.get("code") == _INVALID_ARGUMENT and any(words in said.lower() for words in _SAID_BLOCKS):
        text = f"veo's filter stopped the request: {said}"
        return Blocked(text, stage="input", cost_usd=None, details={"request_id": job.id})
    return JobFailed(f"veo's operation {job.id} failed ({error.get('code')}): {said}")


def _by_error_details(answer: Answer) -> BackendError | None:
    """Return what the details of an error say beyond its status."""
    error = answer.json.get("error") if isinstance(answer.json, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for one in details if isinstance(details, list) else []:
        if not isinstance(one, dict):
            continue
        if answer.status == 400 and one.get("reason") == "API_KEY_INVALID":
            text = f"veo answers 400: {answer.said()} (the key was not accepted)"
            return ProviderStopped(text, hint=f"check {CAPABILITY.keys[0]}")
        delay = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(one.get("retryDelay", "")))
        if answer.status == 429 and delay:
            return RateLimited(f"veo answers 429: {answer.said()}", retry_after=float(delay[1]))
    return None


VIDEOS = Entry(CAPABILITY, VeoVideos)
