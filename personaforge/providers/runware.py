"""Pictures by the models at Runware, as asynchronous tasks under a UUID of ours.

`POST api.runware.ai/v1` takes a JSON array of tasks and answers `{"data": [...]}`, `{"errors": [...]}` or both. A task
is named by the client: `taskUUID` is the engine's key. Sent twice, it is answered with `conflictTaskUUID` (HTTP 400),
which proves that the first one was accepted; then it is followed like any other. `getResponse` follows a task,
`getTaskDetails` has the request and the response of a past one. Documented at runware.ai/docs/models-api/errors,
.../task-polling and .../task-details; the parameters of `imageInference` and the conflict are from
github.com/Runware/sdk-python@5cad935.

Unconfirmed, and so written for both cases: how a task is answered that Runware doesn't know (an empty `data`, or an
error about `getResponse` or `getTaskDetails`), and whether `getTaskDetails` has the last answer of an asynchronous task
or its first. Runware says that its error codes are being renamed: a block and an empty account are known by words.

Faces come in by the block that the preset names in `reference_field`: `puLID` (FLUX), `ipAdapters`, `instantID`,
`acePlusPlus`, or plain `referenceImages`; `reference_with` is what else goes into that block, such as `idWeight`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import uuid4

from personaforge.errors import BackendError, Blocked, JobFailed, ProviderStopped, Refused, Unknown
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import data_uri, options_of, references
from personaforge.providers.protocols import Job, PingAnswer, Remote, Reply, Request
from personaforge.providers.table import Entry, Options

CAPABILITY = Capability(
    "runware",
    "image",
    frozenset({"prompt", "width", "height", "seed", "reference", "options"}),
    remote=True,
    immediate=False,
    references=4,
    seed=True,
    transports=frozenset({"data-uri"}),
    client_key=True,
    safe_resubmit=True,
    finds=True,
    pings=True,
    keys=("RUNWARE_API_KEY",),
    hosts=("api.runware.ai",),
    limits=Limits(in_flight=8, deadline_seconds=300),
)
_TASKS = "/v1"
_FIRST_LOOK = 1.0
"""Seconds: Runware asks to begin with 1 to 2 and to look ever more rarely, which the engine does."""
_LOOKS = ("getResponse", "getTaskDetails")
_CONFLICT = "conflictTaskUUID"
_BLOCK = re.compile(r"moderation|nsfw|content.?policy|unsafe|flagged|inappropriate", re.IGNORECASE)
_EMPTY = re.compile(r"insufficient.?(credit|balance|fund)|not.?enough.?(credit|balance)|no.?credits?\b", re.IGNORECASE)
_UNSURE = re.compile(r"timeout|internal|serverError|unavailable", re.IGNORECASE)
"""Codes after which the task may still be running."""
_OURS = ("reference_field", "reference_with")
"""Options that are for this adapter and not for the model."""
_LISTED: Final = {"puLID": "inputImages", "acePlusPlus": "inputImages", "instantID": "inputImage"}
"""Blocks that hold one picture, and the field for it; those named in the plural take a list."""
_BLOCKS: Final = (*_LISTED, "ipAdapters", "referenceImages")


class _Conflict(Refused):
    """The task is known already."""


class _NotKnown(Refused):
    """A look at a task that Runware doesn't know."""


class RunwareImages:
    """Picture models at Runware."""

    def __init__(self, options: Options) -> None:
        self.wire = Wire(CAPABILITY, "https://api.runware.ai", options, lambda key: {"Authorization": f"Bearer {key}"})

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Send a task under the engine's key. See `personaforge.providers.protocols.Provider`."""
        tasks = [_task(request, key)]
        try:
            answer = self.wire.pay(_TASKS, json=tasks, explain=lambda answer: _refused(answer, key))
        except _Conflict:
            return Job(key, _FIRST_LOOK)
        error = _refused(answer, key)
        if isinstance(error, _Conflict) or (error is None and _own(answer, "data", key) is not None):
            return Job(key, _FIRST_LOOK)
        raise error or Unknown(f"runware answers and doesn't name the task: {answer.said()[:200]}")

    def poll(self, job: Job) -> Reply | Job:
        """Poll a task; read what is kept of it when it is no longer active."""
        result = self._response(job.id) or self._details(job.id)
        if result is None or not (result.get("imageURL") or result.get("NSFWContent")):
            return Job(job.id, _FIRST_LOOK)
        cost = _dollars(result)
        if result.get("NSFWContent") is True:
            raise Blocked("runware's safety check stopped the picture", stage="output", cost_usd=cost)
        details = {"task": job.id, **({"seed_used": result["seed"]} if isinstance(result.get("seed"), int) else {})}
        return Reply(remote=Remote(str(result["imageURL"])), cost_usd=cost, details=details)

    def find(self, request: Request, key: str, since: float) -> Job | None:
        """Return the task that was sent under a key, None when Runware knows of none. A None that is too early does
        no harm: sent again under the same key, the task is still made once."""
        try:
            known = self._response(key) or self._details(key)
        except (JobFailed, Blocked):
            return Job(key, 0.0)
        return None if known is None else Job(key, _FIRST_LOOK)

    def ping(self, model: str = "") -> PingAnswer | None:
        """Ask for the balance. See `personaforge.providers.protocols.Pinging`."""
        key = str(uuid4())
        task = [{"taskType": "accountManagement", "taskUUID": key, "operation": "getDetails"}]
        answer = self.wire.ask("POST", _TASKS, json=task, explain=lambda answer: _refused(answer, key))
        error = _refused(answer, key)
        if error is not None:
            raise error
        found = (
            _own(answer, "data", key) or {}
        )  # it also lists the account's keys and people: only the balance is passed on
        left = found.get("balance")
        return PingAnswer(f"${left:.2f} left" if isinstance(left, int | float) else "")

    def _response(self, key: str) -> Mapping[str, Any] | None:
        """Return the state of a task, None where the answer says nothing about it. Raises JobFailed and Blocked."""
        return self._looked("getResponse", key)

    def _details(self, key: str) -> Mapping[str, Any] | None:
        """Return the result of a past task, empty when it is only known that it was accepted; None for an unknown one.

        Raises JobFailed and Blocked.
        """
        found = self._looked("getTaskDetails", key)
        if found is None:
            return None
        response = found.get("response")
        if not isinstance(response, Mapping):
            return {"taskUUID": key} if found.get("request") else None
        answer = Answer(200, {}, b"", response)
        error = _failed(answer, key)
        if error is not None:
            raise error
        return _own(answer, "data", key) or {"taskUUID": key}

    def _looked(self, look: str, key: str) -> Mapping[str, Any] | None:
        task = [{"taskType": look, "taskUUID": key}]
        try:
            answer = self.wire.ask("POST", _TASKS, json=task, explain=lambda answer: _failed(answer, key))
            error = _failed(answer, key)
        except _NotKnown:
            return None
        if isinstance(error, _NotKnown):
            return None
        if error is not None:
            raise error
        return _own(answer, "data", key)


def _task(request: Request, key: str) -> dict[str, Any]:
    fields, options = request.fields, options_of(request)
    uris = [data_uri(blob) for blob in references(request, CAPABILITY.references)]
    return {
        "outputFormat": "PNG",
        **{name: value for name, value in options.items() if name not in _OURS},
        "taskType": "imageInference",
        "taskUUID": key,
        "deliveryMethod": "async",
        "outputType": "URL",
        "includeCost": True,
        "numberResults": 1,
        "model": request.model,
        "positivePrompt": fields["prompt"],
        "width": fields["width"],
        "height": fields["height"],
        "seed": fields["seed"],
        **(_identity(request.model, uris, options) if uris else {}),
    }


def _identity(model: str, uris: list[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the block that carries the reference pictures (data URIs, the anchor first). Raises Refused."""
    block = str(options.get("reference_field", "referenceImages"))
    more = dict(options.get("reference_with") or {})
    if block not in _BLOCKS:
        known = ", ".join(_BLOCKS)
        raise Refused(f"found reference_field: {block} for {model}, expected one of {known}", hint="see conf/image")
    if block == "referenceImages":
        return {block: uris}
    if block == "ipAdapters":
        if "model" not in more:
            raise Refused(f"ipAdapters of {model} needs the adapter's own model", hint="reference_with: {model: ...}")
        return {block: [{**more, "guideImage": uri} for uri in uris]}
    if len(uris) > 1:
        raise Refused(f"{block} takes 1 reference picture, found {len(uris)}", hint="reference_field: referenceImages")
    name = _LISTED[block]
    return {block: {**more, name: uris if name.endswith("s") else uris[0]}}


def _entries(answer: Answer, part: str) -> Iterator[Mapping[str, Any]]:
    found = answer.json.get(part) if isinstance(answer.json, Mapping) else None
    yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, Mapping))


def _own(answer: Answer, part: str, key: str) -> Mapping[str, Any] | None:
    """Return what an answer says about our task, and not about any other."""
    return next((one for one in _entries(answer, part) if one.get("taskUUID") == key), None)


def _error(answer: Answer, key: str) -> Mapping[str, Any] | None:
    """Return the error of our task: one task was sent, so an error that names none is about it, too."""
    return _own(answer, "errors", key) or next(
        (one for one in _entries(answer, "errors") if "taskUUID" not in one), None
    )


def _text(error: Mapping[str, Any]) -> str:
    return f"{error.get('code', 'an error')}: {error.get('message', '')}".replace("\n", " ")[:300]


def _account(answer: Answer, error: Mapping[str, Any]) -> BackendError | None:
    """Return an error that is about the account and about no task."""
    if error.get("code") == "invalidApiKey" and answer.status not in (401, 403):
        return ProviderStopped(f"runware says {_text(error)} (the key was not accepted)", hint="check RUNWARE_API_KEY")
    if _EMPTY.search(_text(error)):
        text = f"runware says {_text(error)} (the account has no credit)"
        return ProviderStopped(text, hint="top up the account at runware")
    return None


def _refused(answer: Answer, key: str) -> BackendError | None:
    """Return what an error in answer to a task means; None for what HTTP says."""
    error = _error(answer, key)
    if error is None or answer.status in (401, 403, 408, 429):
        return None
    if error.get("code") == _CONFLICT:
        return _Conflict(f"runware knows the task {key}")
    stopped = _account(answer, error)
    if stopped is not None:
        return stopped
    if answer.status >= 500 or _UNSURE.search(str(error.get("code", ""))):
        return Unknown(f"runware says {_text(error)}; the task may have been accepted")
    if _BLOCK.search(_text(error)):
        return Blocked(f"runware stopped the request: {_text(error)}", stage="input")
    return Refused(f"runware says {_text(error)}")


def _failed(answer: Answer, key: str) -> BackendError | None:
    """Return what an error in answer to a poll means, the task's own or the poll's; None for what HTTP says."""
    error = _error(answer, key)
    if error is None or answer.status in (401, 403, 408, 429) or answer.status >= 500:
        return None
    if error.get("taskType") in _LOOKS or ("taskType" not in error and error.get("status") != "error"):
        return _account(answer, error) or _NotKnown(f"runware says {_text(error)}")
    if _BLOCK.search(_text(error)):
        return Blocked(f"runware stopped the task: {_text(error)}", stage="output", cost_usd=_dollars(error))
    return JobFailed(f"runware's task {key} failed: {_text(error)}", cost_usd=_dollars(error))


def _dollars(found: Mapping[str, Any]) -> float | None:
    """Return what a task cost in US dollars (`includeCost`), None when it isn't said."""
    cost = found.get("cost")
    return float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0 else None


IMAGES = Entry(CAPABILITY, RunwareImages)
