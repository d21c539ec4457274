"""Results of checks, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

SCHEMA = 1
"""Of the JSON form."""


class Result(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    """It doesn't hold, and its severity is warn."""
    FAIL = "fail"
    SKIP = "skip"
    """There was nothing to judge, and the check allows that by name."""
    ERROR = "error"
    """It can't be run."""


class Cause(StrEnum):
    """Why a check didn't pass."""

    VALUE = "value"
    """The number, the verdict or the rows are not as they should be."""
    UNMEASURED = "unmeasured"
    UNBUILT = "unbuilt"
    OUT_OF_DOMAIN = "out_of_domain"
    INSUFFICIENT = "insufficient"
    NOTHING = "nothing"
    BROKEN = "broken"


class FailingRow(NamedTuple):
    """One of the results that keep a check from passing."""

    node: str
    """Within the persona."""
    slot: str
    value: float | None
    """None where it wasn't measured."""
    why: str
    artifact: str
    """Its digest; empty where there is none."""
    path: str
    """In the persona's build folder; empty where it isn't there."""
    hint: str
    """What to type."""


class Judged(NamedTuple):
    """A judgement, before the check's severity is applied."""

    result: Result
    found: str
    """What there is, in a few words."""
    cause: Cause | None = None
    reason: str = ""
    """A sentence; empty for a plain pass."""
    number: float | None = None
    """What was compared with the bound."""
    rows: tuple[FailingRow, ...] = ()
    """The worst ones."""
    more: int = 0
    """Failing rows that are not in `rows`."""
    hint: str = ""
    names: tuple[str, ...] = ()
    """Of the columns of `table`."""
    table: tuple[tuple[Any, ...], ...] = ()
    """Rows that SQL found."""


@dataclass(frozen=True)
class CheckResult:
    """One check of one persona."""

    persona: str
    name: str
    expected: str
    """The assertion, or `no rows`."""
    severity: str
    judged: Judged
    description: str = ""
    file: str = ""
    """The file that declares it, relative to the project: the persona's own where it comes with forge."""
    line: int | None = None
    seconds: float = 0.0

    @property
    def result(self) -> Result:
        """How it ended."""
        failed = self.judged.result is Result.FAIL
        return Result.WARN if failed and self.severity == "warn" else self.judged.result

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON; `number` is null where nothing was measured."""
        judged = self.judged
        return {
            "persona": self.persona,
            "check": self.name,
            "result": str(self.result),
            "cause": str(judged.cause) if judged.cause else None,
            "found": judged.found,
            "number": judged.number,
            "expected": self.expected,
            "reason": judged.reason,
            "severity": self.severity,
            "description": self.description,
            "file": self.file,
            "line": self.line,
            "rows": [row._asdict() for row in judged.rows]
            or [dict(zip(judged.names, row, strict=True)) for row in judged.table],
            "more_rows": judged.more,
            "hint": judged.hint,
        }


@dataclass(frozen=True)
class CheckReport:
    """All checks of one call."""

    checks: tuple[CheckResult, ...]
    personas: tuple[str, ...]
    started: float = field(default=0.0, compare=False)
    """Seconds since 1970."""

    @property
    def exit_code(self) -> int:
        """2 where a check can't be run, 1 where one fails, else 0."""
        results = {check.result for check in self.checks}
        return 2 if Result.ERROR in results else 1 if Result.FAIL in results else 0

    def count(self, *results: Result) -> int:
        """Return how many checks ended with one of these results."""
        return sum(check.result in results for check in self.checks)

    def of(self, persona: str) -> Sequence[CheckResult]:
        """Return the checks of one persona, in the order in which they are declared."""
        return [check for check in self.checks if check.persona == persona]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "schema": SCHEMA,
            "passed": self.exit_code == 0,
            "counts": {str(result): self.count(result) for result in Result},
            "personas": list(self.personas),
            "checks": [check.as_json() for check in self.checks],
        }
