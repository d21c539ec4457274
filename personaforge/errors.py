"""The error family. Everything that the user can cause or correct is one of these; anything else is a bug of ours.

    PersonaForgeError          message, hint (what to type), where (file and key path)
    ├── SpecError              a persona, a conf file, a template or an override is wrong; carries every problem found
    ├── PlanError              the graph can't be planned or selected as asked
    ├── PinnedArtifactMissing  a pinned artifact is in no store; says what to do
    │   └── LockFrozen         --frozen: something else than what the lock pins would be made
    ├── StoreError             the store, an index or the lock file can't be read or written
    │   └── Unreadable         something is there, and the system can't read it now: neither missing nor damaged
    ├── MachineError           the machine doesn't let us: a full disk, missing memory, a file that can't be opened
    ├── MissingExtra           a library or a system package is not there
    └── BackendError           a provider or a model failed
        ├── Refused            definitely not accepted: nothing was bought, a fallback may be tried
        │   ├── RateLimited    too many requests: may be sent again later
        │   ├── Unavailable    never sent, or proven not to have been accepted: may be sent again
        │   └── ProviderStopped  the key or the account's credit: nothing more goes there in this run
        ├── Blocked            a content filter or the model itself said no: a result, never worked around
        ├── JobFailed          accepted, and then failed, as the provider says
        ├── Undelivered        made and paid for, but the result can't be fetched or isn't what it should be
        └── Unknown            may have been accepted: never sent again unless the user says so

After Refused, Blocked and JobFailed a fallback may be tried; after the others never.

Expected outcomes (no face, gate failed, nothing to do) are return values, not errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self


class Problem(NamedTuple):
    """One thing that is wrong in a spec: where it is, what was found and what was expected."""

    where: str
    """`file:line` as far as it is known, else the file or `command line`."""
    path: str
    """Dotted key path inside that file; empty for the whole file."""
    message: str
    """What was found and what was expected."""
    hint: str = ""
    """Something to type or the nearest valid name."""

    def __str__(self) -> str:
        place = " ".join(part for part in (self.where, self.path) if part)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} ({self.hint})" if self.hint else text


def described(error: BaseException) -> str:
    """Return an error of somebody else's code in a line of at most 240 characters; its text may itself raise."""
    try:
        text = " ".join(str(error).split())[:200]
    except Exception:
        text = ""
    return f"{type(error).__name__}{': ' + text if text else ''}"


class PersonaForgeError(Exception):
    """An error with a message for a person, a hint to type and the place it is about."""

    exit_code = 2
    lines: tuple[str, ...] = ()
    """The message's lines, where it is meant to have several: any other line break is from a name, and is written
    out."""

    @classmethod
    def of_lines(cls, lines: Sequence[str], *, hint: str = "") -> Self:
        """Return an error whose message has several lines."""
        error = cls("\n".join(lines), hint=hint)
        error.lines = tuple(lines)
        return error

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class SpecError(PersonaForgeError):
    """A spec is wrong. `problems` holds all of them, so that a user can correct the file at once."""

    def __init__(self, problems: list[Problem] | Problem) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else problems
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PlanError(PersonaForgeError):
    """The graph can't be planned or selected as asked."""


class PinnedArtifactMissing(PersonaForgeError):
    """A pinned artifact is neither in the store nor in the build folder, and can't be remade byte for byte."""

    exit_code = 1


class LockFrozen(PinnedArtifactMissing):
    """The lock is frozen, and what it pins is not what would be made now."""


class StoreError(PersonaForgeError):
    """The store, its index or a lock file can't be read or written."""


class Unreadable(StoreError):
    """Something is there, and the system can't read it now: no permission, a failing disk, too many open files.

    It is neither missing nor damaged: it is not made again, moved aside or overwritten because of this.
    """


class MachineError(PersonaForgeError):
    """The machine doesn't let us; see `personaforge.machine`."""


class MissingExtra(PersonaForgeError):
    """A library or a system package that this command needs is not installed."""


class BackendError(PersonaForgeError):
    """A provider or a model failed."""

    exit_code = 1


class Refused(BackendError):
    """The provider definitely did not accept the request: nothing was bought."""

    def __init__(self, message: str, *, hint: str = "", where: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint, where=where)
        self.retry_after = retry_after
        """Seconds that the provider asks to wait before anything else is sent to it; None when it didn't say."""


class RateLimited(Refused):
    """Too many requests. The same request may be sent again once the provider's pause is over."""


class Unavailable(Refused):
    """The request was never sent, or is proven not to have been accepted. It may be sent again after a while."""


class ProviderStopped(Refused):
    """The key isn't accepted or the account has no credit: nothing more is sent to this provider in this run."""


class Blocked(BackendError):
    """A content filter, or the model itself, said no. It is kept as the call's result, and the request is never
    reworded."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        where: str = "",
        stage: Literal["input", "output", "refusal"] = "output",
        cost_usd: float | None = 0.0,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.stage = stage
        """input: the request was stopped. output: the result was stopped. refusal: the model answered that it won't do
        it."""
        self.cost_usd = cost_usd
        """What the provider charged all the same, US dollars; None when it can't be known."""
        self.details = dict(details or {})


class JobFailed(BackendError):
    """The provider accepted the request and then said that it failed."""

    def __init__(self, message: str, *, hint: str = "", where: str = "", cost_usd: float | None = None) -> None:
        super().__init__(message, hint=hint, where=where)
        self.cost_usd = cost_usd
        """What the provider charged for the failure, US dollars; None when it can't be known, 0 where it says so."""


class Undelivered(BackendError):
    """A result was made and paid for, and can't be fetched, or isn't what it should be."""


class Unknown(BackendError):
    """The provider may have accepted the request: sending it again could pay twice."""
