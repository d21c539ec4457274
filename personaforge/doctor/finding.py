"""A finding: one line for people, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from personaforge.errors import PersonaForgeError, SpecError

Level = Literal["ok", "warning", "problem"]
"""problem: a build fails, or does something unwanted. warning: it may, or soon will."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Finding(NamedTuple):
    """One thing that was looked at."""

    part: str
    """Heading: `machine`, `project`, `providers`, `models`, `packs`, `store` or `live`."""
    level: Level
    text: str
    hint: str = ""
    """What to type."""
    facts: Mapping[str, Any] = _NOTHING
    """The same for programs. Names of variables, never a value of one."""

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"part": self.part, "level": self.level, "text": self.text, "hint": self.hint, **self.facts}


def worst(findings: Iterable[Finding]) -> Level:
    """Return the worst level of all."""
    levels = {finding.level for finding in findings}
    return "problem" if "problem" in levels else "warning" if "warning" in levels else "ok"


def faulty(part: str, error: PersonaForgeError, level: Level = "problem") -> list[Finding]:
    """Return an error of forge's own as findings: one for each problem of a spec."""
    if isinstance(error, SpecError):
        return [
            Finding(part, level, str(problem._replace(hint="")).strip(), problem.hint) for problem in error.problems
        ]
    return [Finding(part, level, str(error), error.hint)]
