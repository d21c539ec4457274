"""The seam to the world that makes things: one protocol for every modality, and the requests it takes.

A provider receives a complete request and nothing else. It can't read settings, files or the graph, so what is not
in the request can't shape the result, and the action key (which covers the request) can't be stale.

An adapter only translates. Retries, pauses, journal, budget, polling, downloads, verifying and storage are the engine's
(`personaforge.run`), and an adapter holds no code for any of them:

    submit   sends the request once. An immediate provider answers with a `Reply`, another one with a `Job`; the engine
             writes the job to the journal before the first `poll`, so that a restart resumes instead of buying again.
    poll     asks once how a job is.
    find     looks for the job of a request whose answer was lost        where the capability `finds`
    cancel   asks the provider to stop a job                             where it `cancels`
    delete   has the provider delete what it keeps of a job              where it `deletes`
    ping     asks something that costs nothing: is it there, is the key  where it `pings`

A finished result that lies at an address is a `Remote`: the engine fetches it, and verifies its bytes. What goes wrong
is one of the errors in `personaforge.errors`; `personaforge.http.answers` classifies what HTTP can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with a media type, such as a reference image handed to a generator."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Request:
    """What one action asks of a provider. `fields` holds only what the provider's capability says it reads."""

    kind: str
    """Action kind: `complete`, `draw`, `film` or `speak`."""
    model: str
    """Model id as the provider knows it."""
    fields: Mapping[str, Any]
    """JSON values by name: `prompt`, `system`, `schema`, `context`, `subject`, `width`, `height`, `seconds`, ..., and
    `options`: what the preset declares for this model, passed on as it is."""
    inputs: Mapping[str, Blob] = field(default_factory=dict)
    """Content of the artifacts that the request refers to, by name (`reference`)."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A finished result that lies at an address. Only the engine follows it."""

    url: str
    with_key: bool = False
    """Whether the provider's key has to go with the request. It only ever goes to the provider's own hosts."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished result. Exactly one of `text`, `blob` and `remote` is what was asked for."""

    text: str = ""
    """The completion, for kind `complete`."""
    blob: Blob | None = None
    """The picture, clip or sound, for kinds `draw`, `film` and `speak`. Its media type is compared with its bytes."""
    cost_usd: float | None = 0.0
    """What the provider charged, in US dollars; None when it didn't say: then the declared price counts. Never 0 for
    an unknown price. What is no finite number of at least 0 counts as None."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What is worth keeping in the record: usage, the model that answered, the request id, the seed used."""
    remote: Remote | None = None
    """Where the picture or clip is, in place of `blob`."""
    truncated: bool = False
    """Whether a completion was cut off at `max_tokens`."""


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that the provider has accepted and not finished."""

    id: str
    """The provider's own id, for people and for `poll`, also in another process."""
    wait_seconds: float = 1.0
    """When to look again at the earliest. The engine's pauses grow from there."""
    data: Mapping[str, str] = field(default_factory=dict)
    """What else `poll` needs, such as the addresses that the provider gave. Kept in the journal: no secrets."""


class Provider(Protocol):
    """One backend for one modality. `key` is a UUID that is the same whenever the same call is sent again."""

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        """Send the request once.

        Raises Refused (or one of its kinds) when it was definitely not accepted, Blocked when a filter stopped it,
        JobFailed when it was accepted and failed, Unknown when it may have been accepted. Any other error counts as
        Unknown.
        """
        ...

    def poll(self, job: Job) -> Reply | Job:
        """Poll a submitted job. Raises JobFailed and Blocked when the provider says so; after any other error
        the job is still there, and is polled again."""
        ...


class Finding(Provider, Protocol):
    """A provider that can look for a request whose answer was lost."""

    def find(self, request: Request, key: str, since: float) -> Job | None:
        """Return the job of a request that was sent at about `since` (seconds since 1970), None when there is none.
        Raises Unknown when that can't be known."""
        ...


class Cancelling(Provider, Protocol):
    """A provider that can stop a job."""

    def cancel(self, job: Job) -> None:
        """Ask the provider to stop a job. Raises BackendError when it won't."""
        ...


class Deleting(Provider, Protocol):
    """A provider that deletes what it keeps of a job when asked."""

    def delete(self, job: Job) -> None:
        """Have inputs and results of a job deleted. Raises BackendError."""
        ...


class PingAnswer(NamedTuple):
    """A provider's answer to a request that costs nothing: it is there, and the key is accepted."""

    said: str = ""
    """What else is worth knowing, such as the balance. No part of a key, though some providers quote it."""
    models: frozenset[str] | None = None
    """The ids of the models that it lists for this key; None where it lists none."""


class Pinging(Provider, Protocol):
    """A provider that can be asked something free."""

    def ping(self, model: str = "") -> PingAnswer | None:
        """Ask something that the provider's documents name, and that costs nothing and makes nothing.

        `model` says which service to ask where a provider calls several. None where nothing free is documented for it.
        Raises ProviderStopped when the key isn't accepted, and BackendError.
        """
        ...


class Placed(NamedTuple):
    """The face that was chosen for a persona among those that its DNA allows."""

    number: int
    """Which of them: the request field `placement`."""
    shape: str
    """What a face recogniser sees of it, as text that only its placer reads."""
    nearest: str
    """The issued persona that it is nearest to; empty where none is issued."""
    distance: float
    """To that persona: predicts 1 minus the cosine of the two faces' embeddings."""


class Placer(Protocol):
    """Measures distances between an image provider's faces. Pure: it draws nothing and makes no request."""

    def place(self, subject: Mapping[str, Any], issued: Mapping[str, str], draws: int) -> Placed:
        """Return which of the first `draws` faces of a subject lies farthest from its nearest issued one.

        `issued` holds shapes by persona; text that isn't a shape of this placer is ignored. Raises ValueError that
        names the key of what can't be drawn.
        """
        ...

    def shape(self, subject: Mapping[str, Any], number: int) -> str:
        """Return the shape of the subject's face with this number. Raises ValueError."""
        ...

    def nearest(self, personas: Iterable[str], issued: Mapping[str, str]) -> Mapping[str, tuple[str, float]]:
        """Return for each of these the nearest other issued persona, and its distance; without those that have no shape
        of this placer, or no neighbour."""
        ...
