"""Pictures and clips by the models at Replicate, as predictions.

An official model (`owner/name`) is asked at `/v1/models/owner/name/predictions`, a version (`owner/name:id`, or 64
hexadecimal digits) at `/v1/predictions`. Inputs, results and logs are deleted an hour after a prediction has ended.
Replicate takes no key of ours, so a prediction whose id was lost is searched for in the list of predictions, by its
input. Documented at replicate.com/docs/topics/predictions and in github.com/replicate/replicate-python@0110c2c.

A file input goes along as a data URI up to 256 kB, and is uploaded to `/v1/files` beyond. A result lies on a public
host, or at the API's own, which alone is given the key. The options say which fields a model takes: `reference_field`
(with `reference_list: true` where that is a list), `size_field` (`aspect_ratio`, `width_height` or `none`), and `none`
in `seed_field` or `duration_field`. Unconfirmed: the words of a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from personaforge.errors import (
    BackendError,
    Blocked,
    JobFailed,
    RateLimited,
    Refused,
    Unavailable,
    Undelivered,
    Unknown,
)
from personaforge.http.answers import Answer
from personaforge.http.wire import Wire
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.pictures import data_uri, nearest_size, options_of, references
from personaforge.providers.protocols import Blob, Job, PingAnswer, Remote, Reply, Request
from personaforge.providers.table import Entry, Options

_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9")
_LARGEST_DATA_URI = 256_000
"""Characters: Replicate takes larger files by address only."""
_BEFORE, _AFTER = 60.0, 600.0
"""Seconds around the time of sending in which a lost prediction was created: clocks differ, answers are slow."""
_PAGES = 20
_BLOCK = re.compile(r"nsfw|sensitive|E005|safety|moderat|content policy", re.IGNORECASE)
_RESETS = re.compile(r"resets in ~?(\d+(?:\.\d+)?) ?s")
_OURS: Final = ("reference_field", "reference_list", "size_field", "seed_field", "duration_field")
"""Options that are for this adapter and not for the model."""


def _capability(modality: str, reads: set[str], **more: Any) -> Capability:
    return Capability(
        "replicate",
        modality,
        frozenset({"prompt", "width", "height", "seed", "reference", "options", *reads}),
        remote=True,
        immediate=False,
        seed=True,
        transports=frozenset({"data-uri", "upload"}),
        result_seconds=3_600,
        finds=True,
        sizes=_RATIOS,  # unless options say size_field: width_height, or none
        cancels=True,
        pings=True,
        keys=("REPLICATE_API_TOKEN",),
        hosts=("api.replicate.com",),
        **more,
    )


class _Predictions:
    """What pictures and clips have in common."""

    capability: Capability
    first_look: float

    def __init__(self, options: Options) -> None:
        base = "https://api.replicate.com"
        headers = lambda key: {"Authorization": f"Bearer {key}"}  # noqa: E731
        self.wire = Wire(self.capability, base, options, headers, explain=_pause_in_text)

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Ask for a prediction. See `personaforge.providers.protocols.Provider`."""
        body: dict[str, Any] = {"input": {**self._asked(request), **self._references(request)}}
        path = "/v1/predictions"
        if _is_version(request.model):
            body["version"] = request.model
        else:
            path = f"/v1/models/{request.model}/predictions"
        answer = self.wire.pay(path, json=body)
        name = answer.json.get("id") if isinstance(answer.json, dict) else None
        if not isinstance(name, str) or not name:
            raise Unknown(f"replicate accepted the request and names no prediction: {answer.said()[:200]}")
        return Job(name, self.first_look)

    def poll(self, job: Job) -> Reply | Job:
        """Poll a prediction."""
        answer = self.wire.ask("GET", f"/v1/predictions/{job.id}")
        found = answer.json if isinstance(answer.json, dict) else {}
        word, error = found.get("status"), str(found.get("error") or "")[:300]
        if word in ("starting", "processing"):
            return replace(job, wait_seconds=self.first_look)
        if word == "failed" and _BLOCK.search(error):
            raise Blocked(f"replicate's model stopped the request: {error}", stage="output", cost_usd=None)
        if word in ("failed", "canceled", "aborted"):
            raise JobFailed(f"replicate's prediction {job.id} is {word}: {error}".rstrip(": "))
        if word != "succeeded":
            raise Unavailable(f"replicate says {str(word)[:40]!r} about its prediction {job.id}")
        url = _url(found.get("output"))
        if not url and found.get("data_removed"):
            raise Undelivered(f"replicate has deleted the result of {job.id}: it does so after an hour")
        if not url:
            raise JobFailed(f"replicate's prediction {job.id} succeeded without a file")
        return Reply(remote=Remote(url, with_key=True), cost_usd=None, details={"prediction": job.id})

    def find(self, request: Request, key: str, since: float) -> Job | None:
        """Return the one prediction that was created about then with the same input, files left out.

        Raises Unknown if there are several, if the model takes no seed, by which calls are distinguished, and if the
        input is deleted already.
        """
        asked = self._asked(request)
        if "seed" not in asked:
            raise Unknown(f"{request.model} takes no seed, so that its predictions can't be told apart")
        found = []
        for one in self._listed(since):
            if one.get("data_removed"):
                raise Unknown("replicate has deleted the inputs of that time: it does so after an hour")
            given = one.get("input")
            if isinstance(given, Mapping) and all(given.get(name) == value for name, value in asked.items()):
                found.append(str(one.get("id", "")))
        if len(found) > 1:
            raise Unknown(f"replicate has {len(found)} predictions like this one: {', '.join(found[:3])}")
        return Job(found[0], self.first_look) if found else None

    def cancel(self, job: Job) -> None:
        """Stop a prediction."""
        self.wire.ask("POST", f"/v1/predictions/{job.id}/cancel")

    def ping(self, model: str = "") -> PingAnswer | None:
        """Ask whose account it is. See `personaforge.providers.protocols.Pinging`."""
        found = self.wire.ask("GET", "/v1/account").json
        name = found.get("username") if isinstance(found, Mapping) else None
        return PingAnswer(f"the account is {name}" if name else "")

    def _listed(self, since: float) -> Iterator[Mapping[str, Any]]:
        target: str | None = "/v1/predictions"
        params: dict[str, Any] = {
            "params": {"created_after": _time(since - _BEFORE), "created_before": _time(since + _AFTER)}
        }
        for _ in range(_PAGES):
            page = self.wire.ask("GET", str(target), **params).json
            if not isinstance(page, dict) or not isinstance(page.get("results"), list):
                raise Unknown("replicate lists no predictions")
            yield from (one for one in page["results"] if isinstance(one, Mapping))
            target, params = page.get("next"), {}
            if not target:
                return
        raise Unknown(f"replicate lists more than {_PAGES} pages of predictions")

    def _asked(self, request: Request) -> dict[str, Any]:
        """Return a model's input without its files."""
        fields, options = request.fields, options_of(request)
        found: dict[str, Any] = {"prompt": fields["prompt"]}
        if options.get("seed_field") != "none":
            found["seed"] = fields["seed"]
        size = options.get("size_field", "aspect_ratio")
        if size == "aspect_ratio":
            found["aspect_ratio"] = nearest_size(fields["width"], fields["height"], _RATIOS)
        elif size == "width_height":
            found |= {"width": fields["width"], "height": fields["height"]}
        if "seconds" in fields and options.get("duration_field") != "none":
            found["duration"] = round(fields["seconds"])
        return found | {name: value for name, value in options.items() if name not in _OURS}

    def _references(self, request: Request) -> dict[str, Any]:
        options = options_of(request)
        found = [self._file(blob) for blob in references(request, self.capability.references)]
        if not found:
            return {}
        name = str(options.get("reference_field", "image"))
        if options.get("reference_list"):
            return {name: found}
        if len(found) > 1:
            hint = "reference_list: true where it takes more"
            raise Refused(f"{name} of {request.model} takes 1 picture, found {len(found)}", hint=hint)
        return {name: found[0]}

    def _file(self, blob: Blob) -> str:
        """Return a file as a data URI, or the address where it was uploaded to."""
        uri = data_uri(blob)
        if len(uri) <= _LARGEST_DATA_URI:
            return uri
        name = f"reference.{blob.media_type.rpartition('/')[2]}"
        answer = self.wire.ask("POST", "/v1/files", files={"content": (name, blob.data, blob.media_type)})
        try:
            return str(answer.json["urls"]["get"])
        except (KeyError, TypeError):
            raise Refused(f"replicate took a file and names no address: {answer.said()[:200]}") from None


class ReplicateImages(_Predictions):
    """Picture models at Replicate."""

    capability = _capability("image", set(), references=4, limits=Limits(8, 600, 300))
    first_look = 1.0


class ReplicateVideos(_Predictions):
    """Clip models at Replicate: image-to-video."""

    capability = _capability("video", {"seconds", "aspect"}, references=1, limits=Limits(4, 600, 1_800))
    first_look = 5.0


def _is_version(model: str) -> bool:
    return ":" in model or re.fullmatch(r"[0-9a-f]{64}", model) is not None


def _url(output: Any) -> str:
    """Return the address in an output: a text, the first of a list, or a field of an object."""
    if isinstance(output, list):
        output = output[0] if output else None
    if isinstance(output, Mapping):
        output = output.get("url") or output.get("video") or output.get("image")
    return output if isinstance(output, str) and output.startswith(("https://", "http://")) else ""


def _time(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pause_in_text(answer: Answer) -> BackendError | None:
    """Return the pause that a 429 names only in its text."""
    resets = _RESETS.search(answer.said())
    if answer.status == 429 and resets and not answer.headers.get("retry-after"):
        return RateLimited(f"replicate answers 429: {answer.said()}", retry_after=float(resets[1]))
    return None


IMAGES = Entry(ReplicateImages.capability, ReplicateImages)
VIDEOS = Entry(ReplicateVideos.capability, ReplicateVideos)
