"""Pictures, LoRA inference and clips by the models at fal, through its queue.

`POST queue.fal.run/<model>` answers with a request id and the addresses of status, result and cancel. Those are kept as
they come, since they can't be built from the model's name, and the key only goes to fal's own hosts. A job that is
COMPLETED may still have failed: its result says so. fal would repeat a failed request itself, up to ten times; the
header `x-fal-no-retry` makes it ask once. Documented at fal.ai/docs/model-apis/inference/queue and
fal.ai/docs/model-apis/request-errors (5xx of a model are not charged); input names per model from fal-ai/fal-js.

Results lie on a public CDN until they are deleted, unless the account says otherwise. `delete` has fal delete what it
keeps of a request and its result; that takes a key of scope ADMIN, in FAL_KEY_ADMIN if the usual one has less
(fal.ai/docs/platform-apis/v1/models/requests/payloads). Files that were sent along stay: they go as data URIs, so there
are none. Unconfirmed: the names of the fields in its answer.

A lost request can't be found. fal lists those to a model (.../requests/by-endpoint) by the time of their end, with
`expand=payloads` also their input. It isn't documented whether a queued or running one is listed, nor how soon: so a
request that isn't listed may exist, and the addresses of one that is listed can't be built from the list.

`options` may carry what else a model takes, such as
`loras: [{path: ..., scale: 1}]` for `fal-ai/flux-lora`. Which field a model takes its reference in differs: the option
`reference_field` names it (`image_urls` for the edit models, `reference_image_url` for `fal-ai/flux-pulid`, ...).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from personaforge.errors import BackendError, Blocked, JobFailed, ProviderStopped, Refused, Unavailable, Unknown
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import data_uri, nearest_size, options_of, references
from personaforge.providers.protocols import Job, PingAnswer, Remote, Reply, Request
from personaforge.providers.table import Entry, Options

_QUEUE = "https://queue.fal.run"
_PLATFORM = "https://api.fal.ai/v1"
"""The API for past requests: fal.ai/docs/platform-apis."""
_ADMIN = "FAL_KEY_ADMIN"
_HOSTS = ("queue.fal.run", "api.fal.ai")
_RATIOS = ("9:16", "16:9", "1:1")
_BLOCKS = ("content_policy_violation", "nsfw", "safety")
_REFERENCE_LIST = "image_urls"
_FIRST_LOOKS = {"image": 1.0, "video": 5.0}
"""Seconds after which a request may be done."""
_LOOK_AGAIN = 0.1
"""The shortest pause between looks: that of fal's own Python client."""
_OURS = ("reference_field", "size_field")
"""Options that are for this adapter and not for the model."""


def _capability(modality: str, reads: set[str], **more: Any) -> Capability:
    return Capability(
        "fal",
        modality,
        frozenset({"prompt", "width", "height", "seed", "reference", "options", *reads}),
        remote=True,
        immediate=False,
        seed=True,
        transports=frozenset({"data-uri"}),
        result_seconds=None,
        cancels=True,
        deletes=True,
        pings=True,
        keys=("FAL_KEY",),
        hosts=_HOSTS,
        **more,
    )


class _Queue:
    """What pictures and clips have in common."""

    capability: Capability

    def __init__(self, options: Options) -> None:
        self._options = options
        self.wire = Wire(self.capability, _QUEUE, options, _authorization)

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Put a request into the queue. See `personaforge.providers.protocols.Provider`."""
        answer = self.wire.pay(f"/{request.model}", json=self._input(request), headers={"x-fal-no-retry": "1"})
        found = answer.json
        try:
            job = {name: str(found[name]) for name in ("request_id", "status_url", "response_url")}
            job["cancel_url"] = str(found.get("cancel_url", ""))
        except (KeyError, TypeError, AttributeError):
            raise Unknown(f"fal accepted the request and names no job: {answer.said()[:200]}") from None
        for name in ("status_url", "response_url"):
            try:
                self.wire.address(job[name])
            except Refused as error:
                raise Unknown(f"fal accepted the request, but {error.message}") from None
        return Job(job.pop("request_id"), _FIRST_LOOKS[self.capability.modality], job)

    def poll(self, job: Job) -> Reply | Job:
        """Poll a request, and read its result when it is completed."""
        status = self.wire.ask("GET", job.data["status_url"]).json
        word = status.get("status") if isinstance(status, dict) else None
        if word in ("IN_QUEUE", "IN_PROGRESS"):
            return replace(job, wait_seconds=_LOOK_AGAIN)
        if word != "COMPLETED":
            raise Unavailable(f"fal says {str(word)[:40]!r} about its request {job.id}")
        failed = _said_error(status)
        answer = self.wire.ask("GET", job.data["response_url"], explain=lambda answer: _failed_result(answer, failed))
        if failed:
            raise JobFailed(f"fal completed {job.id} with an error: {failed}")
        return self._reply(answer, job)

    def cancel(self, job: Job) -> None:
        """Take a request out of the queue; one that has begun goes on."""
        if not job.data.get("cancel_url"):
            raise Refused(f"fal gave no address to cancel {job.id}")
        self.wire.ask("PUT", job.data["cancel_url"])

    def delete(self, job: Job) -> None:
        """Delete the input and result of a request. A request that is gone already counts as deleted."""
        admin = bool(os.environ.get(_ADMIN, "").strip())
        wire = Wire(self.capability, _QUEUE, self._options._replace(key=_ADMIN), _authorization) if admin else self.wire
        try:
            answer = wire.ask("DELETE", f"{_PLATFORM}/models/requests/{quote(job.id, safe='')}/payloads", explain=_kept)
        except _Gone:
            return
        finally:
            if admin:
                wire.close()
        left = _left(answer.json)
        if left:
            raise BackendError(f"fal did not delete {left} of the files of {job.id}", hint="look at fal.ai/dashboard")

    def ping(self, model: str = "") -> PingAnswer | None:
        """List the last request to a model. See `personaforge.providers.protocols.Pinging`."""
        if not model:
            return None
        self.wire.ask("GET", f"{_PLATFORM}/models/requests/by-endpoint", params={"endpoint_id": model, "limit": "1"})
        return PingAnswer()

    def _input(self, request: Request) -> dict[str, Any]:
        raise NotImplementedError

    def _reply(self, answer: Answer, job: Job) -> Reply:
        raise NotImplementedError


class _Gone(Refused):
    """There is no such request any more."""


def _authorization(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Key {key}"}


def _kept(answer: Answer) -> BackendError | None:
    """Return what an error in answer to a deletion means."""
    if answer.status == 404:
        return _Gone("")
    if answer.status in (401, 403):
        return Refused(
            f"fal answers {answer.status}: {answer.said()} (only a key of scope ADMIN may delete)",
            hint=f"export {_ADMIN}=... (never in a config file)",
        )
    return None


def _left(found: Any) -> int:
    """Return how many files an answer says were not deleted: it lists each with its error, if any."""
    lists = [value for value in found.values() if isinstance(value, list)] if isinstance(found, Mapping) else []
    files = [one for entries in lists for one in entries if isinstance(one, Mapping)]
    return sum(bool(one.get("exception") or one.get("error")) for one in files)


class FalImages(_Queue):
    """Picture models at fal."""

    capability = _capability("image", set(), references=4, limits=Limits(in_flight=8, deadline_seconds=300))

    def _input(self, request: Request) -> dict[str, Any]:
        fields = request.fields
        options = options_of(request)
        size = {"width": fields["width"], "height": fields["height"]}
        found: dict[str, Any] = {
            "prompt": fields["prompt"],
            **({} if options.get("size_field") == "none" else {options.get("size_field", "image_size"): size}),
            "seed": fields["seed"],
            "num_images": 1,
            **_passed_on(options),
        }
        uris = [data_uri(blob) for blob in references(request, self.capability.references)]
        if uris:
            name = str(options.get("reference_field", _REFERENCE_LIST))
            found[name] = uris if name.endswith("s") else uris[0]
        return found

    def _reply(self, answer: Answer, job: Job) -> Reply:
        found = answer.json if isinstance(answer.json, dict) else {}
        if any(found.get("has_nsfw_concepts") or []):
            raise Blocked("fal's safety checker stopped the picture", stage="output", cost_usd=None)
        images = found.get("images") or ([found["image"]] if "image" in found else [])
        return _located(images[0] if isinstance(images, list) and images else None, answer, job)


class FalVideos(_Queue):
    """Clip models at fal: image-to-video."""

    capability = _capability("video", {"seconds", "aspect"}, references=1, limits=Limits(4, None, 1_800), sizes=_RATIOS)

    def _input(self, request: Request) -> dict[str, Any]:
        fields = request.fields
        options = options_of(request)
        found: dict[str, Any] = {
            "prompt": fields["prompt"],
            "duration": f"{fields['seconds']:g}",
            "aspect_ratio": nearest_size(fields["width"], fields["height"], _RATIOS),
            "seed": fields["seed"],
            **_passed_on(options),
        }
        for blob in references(request, self.capability.references):
            found[str(options.get("reference_field", "image_url"))] = data_uri(blob)
        return found

    def _reply(self, answer: Answer, job: Job) -> Reply:
        found = answer.json if isinstance(answer.json, dict) else {}
        return _located(found.get("video"), answer, job)


def _passed_on(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in _OURS}


def _located(file: Any, answer: Answer, job: Job) -> Reply:
    if not isinstance(file, dict) or not file.get("url"):
        raise JobFailed(f"fal completed {job.id} without a result: {answer.said()[:200]}")
    details: dict[str, Any] = {"request_id": job.id}
    if isinstance(answer.json, dict) and isinstance(answer.json.get("seed"), int):
        details["seed_used"] = answer.json["seed"]
    return Reply(remote=Remote(str(file["url"])), cost_usd=None, details=details)


def _said_error(status: Mapping[str, Any]) -> str:
    """Return the error that a status names, empty for none."""
    found = [str(status[name])[:200] for name in ("error_type", "error") if status.get(name)]
    return ": ".join(found)


def _failed_result(answer: Answer, failed: str) -> BackendError | None:
    """Return what an error in place of a completed job's result means; None where it may pass."""
    said = answer.said()
    if answer.status in (401, 403, 429) or (answer.status == 404 and "not found" in said.lower()):
        return None
    if answer.status == 402:
        return ProviderStopped(f"fal answers 402: {said}")
    kind = answer.headers.get("x-fal-error-type", "")
    if any(word in f"{kind} {said} {failed}".lower() for word in _BLOCKS):
        return Blocked(f"fal stopped the request: {said}", stage="input", cost_usd=None)
    if answer.status in (400, 422) or kind or failed:
        charged = 0.0 if answer.status >= 500 else None
        return JobFailed(f"fal's model failed ({answer.status}{', ' + kind if kind else ''}): {said}", cost_usd=charged)
    return None


IMAGES = Entry(FalImages.capability, FalImages)
VIDEOS = Entry(FalVideos.capability, FalVideos)
