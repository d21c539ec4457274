"""Who performs an action: a provider, the face analyzer, or forge itself. Sees the request and its inputs, no settings.

Imports what it needs when it is needed: a build that draws nothing never loads OpenCV.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from personaforge.errors import BackendError, PersonaForgeError
from personaforge.providers.protocols import Blob, Job, Provider, Reply, Request
from personaforge.providers.table import Options, capability, provider
from personaforge.steps.action import Action
from personaforge.steps.context import pretty_json

MODALITIES = {"complete": "text", "draw": "image", "film": "video"}
_OUTPUTS = {"complete": "reply", "draw": "image", "film": "clip"}
MAX_RESULT_BYTES = 256 * 1024 * 1024
_MAGIC = {
    "image/png": (0, b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": (0, b"\xff\xd8\xff"),
    "image/webp": (8, b"WEBP"),
    "video/webm": (0, b"\x1aE\xdf\xa3"),
    "video/mp4": (4, b"ftyp"),
}


class Performed(NamedTuple):
    """What performing an action came to, before it is kept."""

    outputs: Mapping[str, Blob]
    value: Mapping[str, Any]
    details: Mapping[str, Any]
    cost_usd: float | None


@dataclass
class Executors:
    """Performs actions. Providers and the analyzer are made on first use, and shared by all threads."""

    make_analyzer: Callable[[Mapping[str, str]], Any]
    """Returns the analyzer of an identity. Raises PersonaForgeError when it can't be had any more."""
    options: Options = field(default_factory=Options)
    _providers: dict[tuple[str, str], Provider] = field(default_factory=dict)
    _analyzers: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def provider(self, action: Action) -> Provider | None:
        """Return the provider that an action is for, or None when forge performs it itself."""
        modality = MODALITIES.get(action.kind)
        if modality is None:
            return None
        name = action.provider.partition("@")[0]
        with self._lock:
            if (modality, name) not in self._providers:
                self._providers[modality, name] = provider(modality, name, self.options)
            return self._providers[modality, name]

    def submit(self, made_by: Provider, action: Action, inputs: Mapping[str, bytes]) -> Reply | Job:
        """Send an action's request to its provider. Raises BackendError."""
        fields = {name: value for name, value in action.request.items() if name != "model"}
        blobs = {name: Blob(data, _media_type(data)) for name, data in inputs.items()}
        request = Request(action.kind, str(action.request.get("model", "")), fields, blobs)
        sent: Reply | Job = _guarded(action, lambda: made_by.submit(request))
        return sent

    def poll(self, made_by: Provider, action: Action, job_id: str) -> Reply | Job:
        """Look after a job. Raises BackendError."""
        found: Reply | Job = _guarded(action, lambda: made_by.poll(job_id))
        return found

    def finished(self, action: Action, reply: Reply) -> Performed:
        """Check a provider's reply and return it in the form in which it is kept. Raises BackendError."""
        name = _OUTPUTS[action.kind]
        label = capability(MODALITIES[action.kind], action.provider.partition("@")[0]).label
        details = {**reply.details, **({"label": label} if label else {})}
        if action.kind == "complete":
            return Performed({name: _answer(reply.text)}, {}, details, reply.cost_usd)
        blob = reply.blob
        if blob is None or not blob.data:
            raise BackendError(f"{action.provider} sent nothing back")
        if len(blob.data) > MAX_RESULT_BYTES:
            raise BackendError(f"{action.provider} sent {len(blob.data)} bytes, more than {MAX_RESULT_BYTES}")
        offset, magic = _MAGIC.get(blob.media_type, (0, b"\0unknown"))
        if blob.data[offset : offset + len(magic)] != magic:
            start = blob.data[:12]
            raise BackendError(f"{action.provider} sent {start!r}..., which is not {blob.media_type or 'a known type'}")
        return Performed({name: blob}, {}, details, reply.cost_usd)

    def perform(self, action: Action, inputs: Mapping[str, bytes]) -> Performed:
        """Perform an action that is forge's own. Raises BackendError."""
        done: Performed = _guarded(action, lambda: self._own(action, inputs))
        return done

    def _own(self, action: Action, inputs: Mapping[str, bytes]) -> Performed:
        if action.kind == "measure":
            from personaforge.faces.measure import measure_image
            from personaforge.media.provenance import with_domain

            value = measure_image(inputs["artifact"], self._measuring(action))
            return Performed({}, with_domain(value, inputs["artifact"], action.request["analyzer"]), {}, 0.0)
        if action.kind == "measure_clip":
            from personaforge.faces.measure import measure_clip
            from personaforge.media.provenance import with_domain

            request = action.request
            found = measure_clip(
                inputs["artifact"],
                self._measuring(action),
                frames=request["frames"],
                sampling=request.get("sampling", "uniform"),
            )
            return Performed({}, with_domain(found, inputs["artifact"], request["analyzer"]), {}, 0.0)
        if action.kind == "finish":
            return _finished(action, inputs)
        if action.kind == "repair":
            return _repaired(action, inputs)
        if action.kind == "sheet":
            return Performed({"sheet": _sheet(action, inputs)}, {}, {}, 0.0)
        raise BackendError(f"nobody performs actions of kind {action.kind!r}")

    def _measuring(self, action: Action) -> Any:
        wanted: Mapping[str, str] = action.request["analyzer"]
        key = tuple(f"{name}={value}" for name, value in sorted(wanted.items()))
        with self._lock:
            if key not in self._analyzers:
                self._analyzers[key] = self.make_analyzer(wanted)
            return self._analyzers[key]


def _guarded(action: Action, call: Callable[[], Any]) -> Any:
    """Turn what a provider or a model library raises into an error that names it; our own pass through."""
    try:
        return call()
    except PersonaForgeError:
        raise
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except Exception as error:
        raise BackendError(f"{action.provider} failed at {action.kind}: {type(error).__name__}: {error}") from error


def _answer(text: str) -> Blob:
    """Return a completion as it is kept: JSON in one fixed form, so that formatting changes nothing, or plain text."""
    stripped = text.strip()
    if stripped.startswith("```"):  # models like to fence JSON, whatever they are told
        stripped = stripped.strip("`").removeprefix("json").strip()
    try:
        answer = orjson.loads(stripped)
    except orjson.JSONDecodeError:
        return Blob(text.encode(), "text/plain")
    if not isinstance(answer, dict):
        return Blob(text.encode(), "text/plain")
    return Blob(pretty_json(answer), "application/json")


def _finished(action: Action, inputs: Mapping[str, bytes]) -> Performed:
    from personaforge.faces.picture import UnreadablePicture
    from personaforge.media.realism import finish_picture

    try:
        data = finish_picture(inputs["image"], action.request["realism"], action.request["seed"])
    except UnreadablePicture as error:
        return Performed({}, {"refused": error.message}, {}, 0.0)
    return Performed({"finished": Blob(data, _media_type(data))}, {}, {}, 0.0)


def _repaired(action: Action, inputs: Mapping[str, bytes]) -> Performed:
    from personaforge.faces.video import UnreadableClip
    from personaforge.media.repair import repair_clip

    request = action.request
    try:
        data = repair_clip(inputs["clip"], unsharp=request["unsharp"], super_resolution=request["super_resolution"])
    except UnreadableClip as error:  # a clip with sound, say, which can be measured and not written again
        return Performed({}, {"refused": error.message}, {}, 0.0)
    return Performed({"finished": Blob(data, _media_type(data))}, {}, {}, 0.0)


def _sheet(action: Action, inputs: Mapping[str, bytes]) -> Blob:
    from personaforge.media.contact_sheet import Cell, draw_sheet

    request = action.request
    cells = [Cell(inputs.get(cell["name"]), cell["caption"], cell["status"]) for cell in request["cells"]]
    data = draw_sheet(cells, title=request["title"], columns=request["columns"], footer=request["footer"])
    return Blob(data, _media_type(data))


def _media_type(data: bytes) -> str:
    for media_type, (offset, magic) in _MAGIC.items():
        if data[offset : offset + len(magic)] == magic:
            return media_type
    return "application/octet-stream"
