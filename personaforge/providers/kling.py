"""Clips by Kling's models, as tasks under a name of ours.

`POST api-singapore.klingai.com/v1/videos/image2video`, or `/v1/videos/text2video` without a reference, with
`external_task_id`: our client key, unique in an account. `GET` of the same path with the task's id or with that name
returns the task, without either it lists them, so a task whose answer was lost is found. The key is a pair: an
access key (KLING_ACCESS_KEY) and the secret (KLING_SECRET_KEY) that signs a short-lived token with it (JSON Web Token,
RFC 7519, HS256). Every answer has a `code`, 0 for success. Results stay for 30 days.

Sources: a mirror of Kling's own pages, and ComfyUI's comfy_api_nodes for field names. Unconfirmed, from memory: the
codes 1300 to 1303 (filter, rate and parallel tasks) and 12xx, the words of a filter in a failed task, what a query for
a name that nobody used answers (so only a whole list without it proves that there is no task), whether a repeated name
is refused (so nothing is sent again before that proof), and what a failed task costs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from dataclasses import replace
from typing import Any
from urllib.parse import quote

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
from personaforge.http.secrets import allowed_name, beside_name, remember
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import nearest_size, options_of, references
from personaforge.providers.protocols import Job, PingAnswer, Remote, Reply, Request
from personaforge.providers.table import Entry, Options

CAPABILITY = Capability(
    "kling",
    "video",
    frozenset({"prompt", "width", "height", "seconds", "reference", "options"}),
    remote=True,
    immediate=False,
    references=1,
    sizes=("9:16", "16:9", "1:1"),
    shape_of_reference=True,
    transports=frozenset({"bytes"}),
    result_seconds=30 * 86_400.0,
    client_key=True,
    finds=True,
    pings=True,
    keys=("KLING_SECRET_KEY",),
    key_beside="KLING_ACCESS_KEY",
    hosts=("api-singapore.klingai.com",),
    limits=Limits(in_flight=3, deadline_seconds=1_800),
)
_BASE = "https://api-singapore.klingai.com"
_FROM_PICTURE = "/v1/videos/image2video"
_FROM_WORDS = "/v1/videos/text2video"
_LOOK_AGAIN = 5.0
"""Seconds between looks at the shortest."""
_LISTED = 500
"""Tasks on a page of the list at most."""
_TOKEN_SECONDS = 1_800
"""How long a token is good for, as Kling's own example has it."""
_TOKEN_STEP = 300
"""Tokens begin on the full five minutes, so that one serves many requests."""
_AUTH = range(1000, 1005)
_EMPTY = range(1100, 1103)
_BLOCKS = (1300, 1301)
_TOO_MANY = (1302, 1303)
_SAID_BLOCKS = ("risk control", "content security", "content policy", "sensitive")
"""What a failed task's message says of a filter."""


class KlingVideos:
    """Clip models at Kling: from a picture, or from words alone where there is none."""

    def __init__(self, options: Options) -> None:
        self._key_name = options.key
        self.wire = Wire(CAPABILITY, _BASE, options, self._authorization, explain=_by_error_code)

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Create a task under the name `key`. See `personaforge.providers.protocols.Provider`."""
        path = _path(request)
        answer = self.wire.pay(path, json={**_input(request), **({"external_task_id": key} if key else {})})
        error = _by_code(answer)
        if error is not None:
            raise error
        name = _data(answer).get("task_id")
        if not name:
            raise Unknown(f"kling accepted the request and names no task: {answer.said()[:200]}")
        return Job(str(name), _LOOK_AGAIN, {"path": path})

    def poll(self, job: Job) -> Reply | Job:
        """Poll a task."""
        answer = self.wire.ask("GET", f"{job.data['path']}/{quote(job.id, safe='')}")
        error = _by_code(answer)
        if error is not None:
            raise Unavailable(error.message) if isinstance(error, Unknown) else error
        found = _data(answer)
        state = found.get("task_status")
        if state in ("submitted", "processing"):
            return replace(job, wait_seconds=_LOOK_AGAIN)
        if state == "failed":
            raise _failure(job, " ".join(str(found.get("task_status_msg") or "no reason given").split())[:200])
        if state != "succeed":
            raise Unavailable(f"kling says {str(state)[:40]!r} about its task {job.id}")
        result = found.get("task_result")
        videos = result.get("videos") if isinstance(result, dict) else None
        first = videos[0] if isinstance(videos, list) and videos else None
        if not isinstance(first, dict) or not first.get("url"):
            raise JobFailed(f"kling finished task {job.id} without a result")
        return Reply(remote=Remote(str(first["url"])), cost_usd=None, details={"request_id": job.id})

    def ping(self, model: str = "") -> PingAnswer | None:
        """List one task. See `personaforge.providers.protocols.Pinging`."""
        answer = self.wire.ask("GET", _FROM_PICTURE, params={"pageNum": "1", "pageSize": "1"})
        error = _by_code(answer)
        if error is not None:
            raise Unavailable(error.message) if isinstance(error, Unknown) else error
        return PingAnswer()

    def find(self, request: Request, key: str, since: float) -> Job | None:
        """Return the task that has our name. See `personaforge.providers.protocols.Finding`."""
        path = _path(request)
        try:
            answer = self.wire.ask("GET", f"{path}/{quote(key, safe='')}")
        except Refused as error:
            if isinstance(error, RateLimited | Unavailable | ProviderStopped):
                raise Unknown(error.message) from None
        else:
            if _by_code(answer) is None and _is_named(_data(answer), key):
                return _job(_data(answer), path)
        return self._listed(path, key)

    def _listed(self, path: str, key: str) -> Job | None:
        """Search the list. Only a complete list proves that there is no such task."""
        try:
            answer = self.wire.ask("GET", path, params={"pageNum": "1", "pageSize": str(_LISTED)})
        except Refused as error:
            raise Unknown(error.message) from None
        tasks = answer.json.get("data") if isinstance(answer.json, dict) else None
        if _by_code(answer) is not None or not isinstance(tasks, list):
            raise Unknown(f"kling doesn't list its tasks: {answer.said()[:200]}")
        for task in tasks:
            if isinstance(task, dict) and _is_named(task, key):
                return _job(task, path)
        if len(tasks) >= _LISTED:
            raise Unknown(f"kling lists {len(tasks)} tasks without this one, and there may be more")
        return None

    def _authorization(self, secret: str) -> dict[str, str]:
        """Return the header with a token that this secret has signed."""
        name = beside_name(CAPABILITY, allowed_name(CAPABILITY, self._key_name))
        access = os.environ.get(name, "").strip()
        if not access:
            raise ProviderStopped(
                f"kling needs a pair of keys, and {name} is not set", hint=f"export {name}=... (never in a config file)"
            )
        remember(access)
        made = token(access, secret, time.time())
        remember(made)
        return {"Authorization": f"Bearer {made}"}


def token(access: str, secret: str, now: float) -> str:
    """Return a JSON Web Token (RFC 7519, HS256) for a pair of keys that is good at `now`, in seconds since 1970."""
    begin = int(now) // _TOKEN_STEP * _TOKEN_STEP
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {"iss": access, "exp": begin + _TOKEN_SECONDS, "nbf": begin - 5}
    signed = b".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return (signed + b"." + _base64url(hmac.new(secret.encode(), signed, hashlib.sha256).digest())).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _path(request: Request) -> str:
    return _FROM_PICTURE if request.inputs else _FROM_WORDS


def _input(request: Request) -> dict[str, Any]:
    fields = request.fields
    found: dict[str, Any] = {
        "model_name": request.model,
        "prompt": fields["prompt"],
        "duration": f"{fields['seconds']:g}",
        **options_of(request),
    }
    pictures = references(request, CAPABILITY.references)
    if pictures:  # raw base64: a data URI is refused; the clip has the picture's shape
        found["image"] = base64.b64encode(pictures[0].data).decode()
    else:
        found["aspect_ratio"] = nearest_size(fields["width"], fields["height"], CAPABILITY.sizes)
    return found


def _data(answer: Answer) -> dict[str, Any]:
    found = answer.json.get("data") if isinstance(answer.json, dict) else None
    return found if isinstance(found, dict) else {}


def _is_named(task: dict[str, Any], key: str) -> bool:
    inside = task.get("task_info")
    return bool(task.get("task_id")) and isinstance(inside, dict) and inside.get("external_task_id") == key


def _job(task: dict[str, Any], path: str) -> Job:
    return Job(str(task["task_id"]), _LOOK_AGAIN, {"path": path})


def _failure(job: Job, said: str) -> BackendError:
    if any(words in said.lower() for words in _SAID_BLOCKS):
        text = f"kling's filter stopped the request: {said}"
        return Blocked(text, stage="output", cost_usd=None, details={"request_id": job.id})
    return JobFailed(f"kling's task {job.id} failed: {said}")


def _by_code(answer: Answer) -> BackendError | None:
    """Return what the code in a good answer means, None where all is well."""
    code = answer.json.get("code") if isinstance(answer.json, dict) else None
    if code in (0, None):
        return None
    text = f"kling answers {answer.status} with code {code}: {answer.said()}"
    if code in _AUTH:
        return ProviderStopped(f"{text} (the key was not accepted)", hint="check KLING_ACCESS_KEY and KLING_SECRET_KEY")
    known = _by_error_code(answer)
    if known is not None:
        return known
    if isinstance(code, int) and 1200 <= code < 1300:
        return Refused(text)
    return Unknown(f"{text}; the request may have been accepted")


def _by_error_code(answer: Answer) -> BackendError | None:
    """Return what a code means that says more than the status: 429 is also an empty account."""
    code = answer.json.get("code") if isinstance(answer.json, dict) else None
    text = f"kling answers {answer.status} with code {code}: {answer.said()}"
    if code in _EMPTY:
        return ProviderStopped(f"{text} (the account has no credit)", hint="top up the account at kling")
    if code in _BLOCKS:
        return Blocked(text, stage="input")
    if code in _TOO_MANY and answer.status != 429:
        return RateLimited(text)
    return None


VIDEOS = Entry(CAPABILITY, KlingVideos)
