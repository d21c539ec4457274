"""Has actions performed: by a provider, whose answers are examined here, or by one of `performers`. Sees an action's
request and inputs, no settings.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personaforge.digest import digest_json
from personaforge.errors import BackendError, Blocked, PersonaForgeError, Undelivered, described
from personaforge.faces.parts import PEOPLE
from personaforge.http.secrets import masked, masked_json
from personaforge.modalities import MODALITY_OF
from personaforge.providers import kinds
from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Blob, Job, Provider, Reply, Request
from personaforge.providers.table import Options, capability, provider
from personaforge.providers.whole import is_cut_off
from personaforge.run.answer import examine_error, examined
from personaforge.run.completion_json import json_object
from personaforge.run.performers import Performed, performer_of
from personaforge.steps.action import Action
from personaforge.steps.context import pretty_json
from personaforge.steps.measurement import share
from personaforge.steps.prices import settled

if TYPE_CHECKING:
    from personaforge.providers.results import Fetched, Fetcher

_OUTPUTS = {"complete": "reply", "draw": "image", "film": "clip", "speak": "speech"}
_WANTED = {"draw": kinds.IMAGES, "film": kinds.VIDEOS, "speak": kinds.SOUNDS}
MAX_RESULT_BYTES = 256 * 1024 * 1024
_MAX_MEASURED = 16
"""Whole measurements that are remembered; without one the picture is read again, which costs time and nothing else."""


@dataclass
class Executors:
    """Performs actions. Providers and the analyzer are made on first use, and shared by all threads."""

    make_analyzer: Callable[[Mapping[str, str]], Any]
    """Returns the analyzer of an identity. Raises PersonaForgeError when it is no longer available."""
    timeouts: Mapping[str, float] = field(default_factory=dict)
    """The longest silence of a provider in seconds, by modality."""
    scratch: Callable[[], Path] | None = None
    """Names a temporary file beside the store's blobs for what is fetched."""
    fetcher: Fetcher | None = None
    say: Callable[[str], None] = lambda text: None
    """Takes notices about what a provider answered."""
    _providers: dict[tuple[str, str, str], Provider] = field(default_factory=dict)
    _analyzers: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _measured: dict[tuple[str, str, str], Mapping[str, Any]] = field(default_factory=dict)
    """Whole measurements of pictures with several faces whose part `people` is likely to be asked for next."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def capability(self, action: Action) -> Capability | None:
        """Return what is fixed about the provider of an action, or None when forge performs it itself."""
        modality = MODALITY_OF.get(action.kind)
        return None if modality is None else capability(modality, action.provider.partition("@")[0])

    def provider(self, action: Action) -> Provider:
        """Return the provider that an action is for."""
        modality, name = MODALITY_OF[action.kind], action.provider.partition("@")[0]
        key = (modality, name, action.account)
        with self._lock:
            if key not in self._providers:
                options = Options(self.timeouts.get(modality, 60.0), action.account)
                self._providers[key] = provider(modality, name, options)
            return self._providers[key]

    def close(self) -> None:
        """Close the connections of all providers."""
        with self._lock:
            for made in self._providers.values():
                wire = getattr(made, "wire", None)
                if wire is not None:
                    wire.close()
            self._providers.clear()

    def request(self, action: Action, inputs: Mapping[str, bytes]) -> Request:
        """Return what a provider is asked for."""
        fields = {name: value for name, value in action.request.items() if name != "model"}
        blobs = {name: Blob(data, kinds.media_type(data[: kinds.HEAD])) for name, data in inputs.items()}
        return Request(action.kind, str(action.request.get("model", "")), fields, blobs)

    def submit(self, made_by: Provider, action: Action, inputs: Mapping[str, bytes], key: str = "") -> Reply | Job:
        """Send an action's request to its provider. Raises BackendError."""
        request = self.request(action, inputs)
        return self.examined(action, self.guarded(action, lambda: made_by.submit(request, key)))

    def poll(self, made_by: Provider, action: Action, job: Job) -> Reply | Job:
        """Ask once how a job is. Raises BackendError."""
        return self.examined(action, self.guarded(action, lambda: made_by.poll(job)))

    def examined(self, action: Action, answer: Any) -> Reply | Job:
        """Return what a provider answered, with only what can be counted and kept. Raises Undelivered."""
        return examined(action.provider, answer, self.say)

    def finished(self, action: Action, reply: Reply) -> Performed:
        """Examine a provider's reply, fetch what it points to, and return it in the form in which it is kept.

        Raises BackendError.
        """
        name = _OUTPUTS[action.kind]
        details = self._details(action, reply.details)
        cost = settled(action.price, action.request, reply.cost_usd, details).usd
        if action.kind == "complete":
            value = {"truncated": True} if reply.truncated else {}
            return Performed({name: _answer(reply.text)}, value, details, cost)
        wanted = _WANTED[action.kind]
        if reply.remote is not None:
            return Performed({name: self._fetched(action, reply, wanted)}, {}, details, cost)
        blob = reply.blob
        if blob is None or not blob.data:
            raise BackendError(f"{action.provider} sent nothing back")
        if len(blob.data) > MAX_RESULT_BYTES:
            raise BackendError(f"{action.provider} sent {len(blob.data)} bytes, more than {MAX_RESULT_BYTES}")
        found = kinds.media_type(blob.data[: kinds.HEAD])
        if found not in wanted or found != blob.media_type:
            expected = blob.media_type if blob.media_type in wanted else f"one of {', '.join(wanted)}"
            raise BackendError(f"{action.provider} sent {kinds.shown(blob.data)}, which is not {expected}")
        if is_cut_off(io.BytesIO(blob.data)):
            raise BackendError(f"{action.provider} sent a {found} that is cut off after {len(blob.data)} bytes")
        return Performed({name: blob}, {}, details, cost)

    def blocked(self, action: Action, error: Blocked) -> Performed:
        """Return a block in the form in which it is kept: a result without an artifact."""
        details = self._details(action, {**error.details, "blocked": error.stage})
        cost = error.cost_usd
        if cost != 0.0 and "tokens_out" in details:  # charged, and counted: the declared price of a token decides
            cost = settled(action.price, action.request, cost, details).usd
        return Performed({}, {"blocked": f"{error.stage}: {masked(error.message)}"}, details, cost)

    def guarded(self, action: Action, call: Callable[[], Any]) -> Any:
        """Turn what a provider raises into an error of ours, without any key in it or in what led to it."""
        try:
            return _guarded(action, call)
        except PersonaForgeError as error:
            error.message, error.hint = masked(error.message), masked(error.hint)
            error.args = (error.message,)
            examine_error(action.provider, error, self.say)
            raise error from None

    def _details(self, action: Action, details: Mapping[str, Any]) -> dict[str, Any]:
        label = capability(MODALITY_OF[action.kind], action.provider.partition("@")[0]).label
        return {**masked_json(details), **({"label": label} if label else {})}

    def _fetched(self, action: Action, reply: Reply, wanted: tuple[str, ...]) -> Fetched:
        from personaforge.providers.results import Fetcher

        assert reply.remote is not None
        if self.scratch is None:
            raise Undelivered("a result lies at an address, and there is no place to fetch it to")
        with self._lock:
            self.fetcher = self.fetcher or Fetcher()
        made_by = self.provider(action)
        remote, wire, target = reply.remote, getattr(made_by, "wire", None), self.scratch()
        fetcher = self.fetcher
        found: Fetched = self.guarded(action, lambda: fetcher.fetch(remote, wanted, target, wire))
        return found

    def perform(self, action: Action, inputs: Mapping[str, bytes]) -> Performed:
        """Perform an action that is forge's own. Raises BackendError."""
        if action.request.get("part") == PEOPLE:
            with self._lock:
                known = self._measured.pop(_about(action), None)
            if known is not None:  # read a moment ago, together with the largest face
                return Performed({}, share(action, known))
        done: Performed = _guarded(action, lambda: performer_of(action.kind)(action, inputs, self._analyzer))
        if any(PEOPLE in one for one in (done.whole, *done.whole.get("frames", ()))):
            with self._lock:
                self._measured[_about(action)] = done.whole
                while len(self._measured) > _MAX_MEASURED:
                    del self._measured[next(iter(self._measured))]
        return done

    def _analyzer(self, wanted: Mapping[str, str]) -> Any:
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
    except (KeyboardInterrupt, MemoryError):
        raise
    except (Exception, SystemExit) as error:  # an adapter may end no program: its call would be left without a word
        raise BackendError(f"{action.provider} failed at {action.kind}: {described(error)}") from error


def _about(action: Action) -> tuple[str, str, str]:
    """Return what a measuring action is about, whichever part of it."""
    request = {name: value for name, value in action.request.items() if name != "part"}
    return action.kind, action.inputs.get("artifact", ""), digest_json("request/1", request)


def _answer(text: str) -> Blob:
    """Return a completion as it is kept: JSON in one fixed form, so that formatting changes nothing, or plain text."""
    answer = json_object(text)
    if answer is None:
        return Blob(text.encode(), "text/plain")
    return Blob(pretty_json(answer), "application/json")
