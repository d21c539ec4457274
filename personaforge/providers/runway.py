"""Pictures and clips by the models at Runway, as tasks.

`POST api.dev.runwayml.com/v1/text_to_image`, `/image_to_video` or, without a reference, `/text_to_video` answers with
a task's id and nothing else; `GET /v1/tasks/{id}` returns it, and names fresh addresses of a finished result each
time (good for 24 to 48 hours). `DELETE` cancels a task that runs, and deletes one that has ended and its result: a task
is polled before it is cancelled. There is no list of tasks and no key of ours, so a task whose answer was lost can't
be found. Field names and task states from runwayml/sdk-python (generated from Runway's OpenAPI), failure codes from
docs.dev.runwayml.com/errors/task-failures: `SAFETY.*`, also after `INPUT_PREPROCESSING.`, is a filter. Unconfirmed: the
words of an empty account (`_EMPTY`), and whether a failed or filtered task is charged, so its cost counts as unknown.

References go along as data URIs, which Runway takes up to 5 MB; in pictures the anchor is tagged `reference1`, so a
prompt template may say `@reference1`. Ratios differ by model: the option `ratios` names them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from personaforge.errors import BackendError, Blocked, JobFailed, ProviderStopped, Refused, Unavailable, Unknown
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import data_uri, nearest_size, options_of, references
from personaforge.providers.pings import number
from personaforge.providers.protocols import Job, PingAnswer, Remote, Reply, Request
from personaforge.providers.table import Entry, Options

_BASE = "https://api.dev.runwayml.com"
_VERSION = "2024-11-06"
_LOOK_AGAIN = 4.5
"""The shortest pause between looks in seconds: that of Runway's own Python client (6 s, give or take 1.5 s)."""
_RUNNING = ("PENDING", "THROTTLED", "RUNNING")
_OURS = ("ratios",)
"""Options that are for this adapter and not for the model."""
_EMPTY = "enough credits"


def _capability(modality: str, reads: set[str], ratios: tuple[str, ...], references: int, limits: Limits) -> Capability:
    return Capability(
        "runway",
        modality,
        frozenset({"prompt", "width", "height", "seed", "reference", "options", *reads}),
        remote=True,
        immediate=False,
        references=references,
        seed=True,
        sizes=ratios,
        transports=frozenset({"data-uri"}),
        cancels=True,
        deletes=True,
        pings=True,
        keys=("RUNWAYML_API_SECRET",),
        hosts=("api.dev.runwayml.com",),
        limits=limits,
    )


class _Gone(Refused):
    """There is no such task any more."""


class _Tasks:
    """What pictures and clips have in common."""

    capability: Capability

    def __init__(self, options: Options) -> None:
        self.wire = Wire(
            self.capability,
            _BASE,
            options,
            lambda key: {"Authorization": f"Bearer {key}", "X-Runway-Version": _VERSION},
            explain=_empty_account,
        )

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Create a task. See `personaforge.providers.protocols.Provider`."""
        answer = self.wire.pay(self._path(request), json=self._input(request))
        found = answer.json.get("id") if isinstance(answer.json, dict) else None
        if not isinstance(found, str) or not found:
            raise Unknown(f"runway accepted the request and names no task: {answer.said()[:200]}")
        return Job(found, _LOOK_AGAIN)

    def poll(self, job: Job) -> Reply | Job:
        """Poll a task. A finished one names new addresses at every look."""
        answer = self.wire.ask("GET", _task(job))
        found = answer.json if isinstance(answer.json, dict) else {}
        state = found.get("status")
        if state in _RUNNING:
            return replace(job, wait_seconds=_LOOK_AGAIN)
        if state == "SUCCEEDED":
            output = found.get("output")
            if not isinstance(output, list) or not output or not isinstance(output[0], str):
                raise JobFailed(f"runway finished task {job.id} without a result")
            return Reply(remote=Remote(output[0]), cost_usd=None, details={"request_id": job.id})
        if state == "FAILED":
            raise _failure(job, str(found.get("failureCode") or ""), str(found.get("failure") or "no reason given"))
        if state == "CANCELLED":
            raise JobFailed(f"runway's task {job.id} was cancelled")
        raise Unavailable(f"runway says {str(state)[:40]!r} about its task {job.id}")

    def cancel(self, job: Job) -> None:
        """Cancel a task that runs. Raises Refused for one that has ended: the same request would delete its result."""
        found = self.wire.ask("GET", _task(job)).json
        state = found.get("status") if isinstance(found, dict) else None
        if state not in _RUNNING:
            raise Refused(f"runway's task {job.id} has ended ({str(state)[:40]})", hint="forge jobs resume")
        self.wire.ask("DELETE", _task(job))

    def delete(self, job: Job) -> None:
        """Delete a task that has ended, and its result. One that is gone already counts as deleted."""
        try:
            self.wire.ask("DELETE", _task(job), explain=lambda answer: _Gone("") if answer.status == 404 else None)
        except _Gone:
            pass

    def ping(self, model: str = "") -> PingAnswer | None:
        """Ask for the balance. See `personaforge.providers.protocols.Pinging`."""
        left = number(self.wire.ask("GET", "/v1/organization"), "creditBalance")
        return PingAnswer("" if left is None else f"{left:g} credits left")

    def _path(self, request: Request) -> str:
        raise NotImplementedError

    def _input(self, request: Request) -> dict[str, Any]:
        fields, options = request.fields, options_of(request)
        return {
            "model": request.model,
            "promptText": fields["prompt"],
            "ratio": nearest_size(fields["width"], fields["height"], options.get("ratios") or self.capability.sizes),
            "seed": fields["seed"],
            **{name: value for name, value in options.items() if name not in _OURS},
        }


class RunwayImages(_Tasks):
    """Picture models at Runway."""

    capability = _capability(
        "image",
        set(),
        ("1080:1440", "1440:1080", "1080:1920", "1920:1080", "1024:1024"),
        3,
        Limits(in_flight=3, deadline_seconds=600),
    )

    def _path(self, request: Request) -> str:
        return "/v1/text_to_image"

    def _input(self, request: Request) -> dict[str, Any]:
        found = super()._input(request)
        pictures = references(request, self.capability.references)
        if pictures:
            found["referenceImages"] = [
                {"uri": data_uri(blob), "tag": f"reference{number}"} for number, blob in enumerate(pictures, 1)
            ]
        return found


class RunwayVideos(_Tasks):
    """Clip models at Runway: from a picture, or from words alone where there is none."""

    capability = _capability(
        "video", {"seconds"}, ("720:1280", "1280:720", "960:960"), 1, Limits(in_flight=2, deadline_seconds=1_800)
    )

    def _path(self, request: Request) -> str:
        return "/v1/image_to_video" if request.inputs else "/v1/text_to_video"

    def _input(self, request: Request) -> dict[str, Any]:
        seconds = float(request.fields["seconds"])
        found = {**super()._input(request), "duration": int(seconds) if seconds.is_integer() else seconds}
        for blob in references(request, self.capability.references):
            found["promptImage"] = data_uri(blob)
        return found


def _task(job: Job) -> str:
    return f"/v1/tasks/{quote(job.id, safe='')}"


def _failure(job: Job, code: str, said: str) -> BackendError:
    """Return what a failed task means by its code, such as `SAFETY.OUTPUT.VIDEO` or `INTERNAL.BAD_OUTPUT.CODE01`."""
    said = " ".join(said.split())[:200]
    if "SAFETY" in code.split("."):
        return Blocked(
            f"runway's filter stopped the request ({code}): {said}",
            stage="output" if "OUTPUT" in code.split(".") else "input",
            cost_usd=None,
            details={"request_id": job.id},
        )
    return JobFailed(f"runway's task {job.id} failed{f' ({code})' if code else ''}: {said}")


def _empty_account(answer: Answer) -> BackendError | None:
    said = answer.said()
    if answer.status in (400, 403) and _EMPTY in said.lower():
        text = f"runway answers {answer.status}: {said} (the account has no credit)"
        return ProviderStopped(text, hint="top up the account at runway")
    return None


IMAGES = Entry(RunwayImages.capability, RunwayImages)
VIDEOS = Entry(RunwayVideos.capability, RunwayVideos)
