"""The error family. Everything the user can cause or mend is one of these; anything else is our bug.

    PersonaForgeError          message, hint (what to type), where (file and key path)
    ├── SpecError              a persona, a conf file, a template or an override is wrong; carries every problem found
    ├── PlanError              the graph can't be planned or selected as asked
    ├── PinnedArtifactMissing  a pinned artifact is in no store; carries the way out
    ├── StoreError             the store, an index or the lock file can't be read or written
    ├── MissingExtra           a library or a system package is not there
    └── BackendError           a provider or a model failed
        ├── Refused            definitely not accepted: nothing was bought, a fallback may be tried
        └── Unknown            may have been accepted: never sent again without the user's word

Expected outcomes (no face, gate failed, nothing to do) are return values, not errors.
"""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong in a spec: where it stands, what was found and what was expected."""

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


class PersonaForgeError(Exception):
    """An error with a message for a person, a hint to type and the place it is about."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class SpecError(PersonaForgeError):
    """A spec is wrong. `problems` holds all of them, so that a user mends the file in one go."""

    def __init__(self, problems: list[Problem] | Problem) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else problems
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PlanError(PersonaForgeError):
    """The graph can't be planned or selected as asked."""


class PinnedArtifactMissing(PersonaForgeError):
    """A pinned artifact is neither in the store nor in the build folder, and can't be remade byte for byte."""

    exit_code = 1


class StoreError(PersonaForgeError):
    """The store, its index or a lock file can't be read or written."""


class MissingExtra(PersonaForgeError):
    """A library or a system package that this command needs is not installed."""


class BackendError(PersonaForgeError):
    """A provider or a model failed."""

    exit_code = 1


class Refused(BackendError):
    """The provider definitely did not accept the request: nothing was bought."""


class Unknown(BackendError):
    """The provider may have accepted the request: sending it again could pay twice."""
