"""What `forge validate` found as a sheet: a line for each problem, each valid persona; remarks are its notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personaforge.errors import Problem
from personaforge.report.formats.sheet import Line, Sheet


def validation_json(problems: Sequence[Problem], valid: Sequence[str], remarks: Sequence[str]) -> dict[str, Any]:
    """Return the result as JSON."""
    found = [problem._asdict() for problem in problems]
    return {"schema": 1, "valid": not problems, "personas": list(valid), "problems": found, "remarks": list(remarks)}


def validation_sheet(
    problems: Sequence[Problem], valid: Sequence[str], remarks: Sequence[str], prefix: str = ""
) -> Sheet:
    """Return what is wrong, what is valid and what is remarked on. `prefix`: see `Sheet`."""
    count = len(problems)
    return Sheet(
        "forge validate",
        f"{count} problem{'s' if count != 1 else ''}, {len(valid)} valid",
        ("state", "where", "path", "message", "hint"),
        (
            *(_problem(problem) for problem in problems),
            *(Line(name, name, "pass", ("valid", name, None, None, None)) for name in valid),
        ),
        lambda: validation_json(problems, valid, remarks),
        notes=tuple(remarks),
        prefix=prefix,
    )


def _problem(problem: Problem) -> Line:
    file, _, number = problem.where.rpartition(":")
    placed = file if number.isdigit() else problem.where
    message = problem.message + (f" ({problem.hint})" if problem.hint else "")
    return Line(
        placed,
        problem.path or placed,
        "error",
        ("problem", problem.where, problem.path, problem.message, problem.hint),
        message,
        file="" if placed.startswith(("packaged ", "command line")) else placed,
        line=int(number) if number.isdigit() else None,
    )
