"""The seam to the world that makes things: one protocol for every modality, and the requests it takes.

A provider receives a complete request and nothing else. It can't read settings, files or the graph, so what is not
in the request can't shape the result, and the action key (which covers the request) can't be stale.

An immediate provider answers `submit` with a `Reply`. A provider whose work takes a while answers with a `Job`; the
caller writes the job's id to the journal before the first `poll`, so that a restart resumes instead of buying again.
Providers hold no retry, sleep, cache or file code: those are the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with a media type, such as a reference image handed to a generator."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Request:
    """What one action asks of a provider. `fields` holds only what the provider's capability says it reads."""

    kind: str
    """Action kind: `complete`, `draw` or `film`."""
    model: str
    """Model id as the provider knows it."""
    fields: Mapping[str, Any]
    """JSON values by name: `prompt`, `system`, `schema`, `context`, `subject`, `width`, `height`, `seconds`, ..."""
    inputs: Mapping[str, Blob] = field(default_factory=dict)
    """Content of the artifacts that the request refers to, by name (`reference`)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished result. Exactly one of `text` and `blob` is what was asked for."""

    text: str = ""
    """The completion, for kind `complete`."""
    blob: Blob | None = None
    """The picture or clip, for kinds `draw` and `film`."""
    cost_usd: float | None = 0.0
    """What the provider charged, in US dollars; None when it can't be known. Never 0 for an unknown price."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What is worth keeping in the record: usage, the model that answered, the request id."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that the provider has accepted and not finished."""

    id: str
    """The provider's own id: what `poll` needs, also in another process."""
    wait_seconds: float = 1.0
    """When to look again."""


class Provider(Protocol):
    """One backend for one modality."""

    def submit(self, request: Request) -> Reply | Job:
        """Send the request once. Raises Refused when it was definitely not accepted, Unknown when it may have been."""
        ...

    def poll(self, job_id: str) -> Reply | Job:
        """Look after a submitted job. Raises BackendError when the provider says that it failed."""
        ...
