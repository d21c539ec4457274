"""What `forge test` found as a sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping

from personaforge.checks.results import CheckReport, CheckResult, Result
from personaforge.listing import and_more
from personaforge.report.formats.place import rows_text
from personaforge.report.formats.sheet import Code, Line, Section, Sheet, State

DIGITS = 12
"""Of an artifact's digest."""
_DIGEST = re.compile("[0-9a-f]{64}")


def checks_sheet(tested: CheckReport, prefix: str = "") -> Sheet:
    """Return the results of checks: a line for each."""
    several = len(tested.personas) > 1
    return Sheet(
        "forge test",
        checks_title(tested),
        ("persona", "check", "result", "found", "expected", "reason", "severity", "cause", "number", "file", "line"),
        tuple(_check_line(check) for check in tested.checks),
        tested.as_json,
        table=(*(("persona",) if several else ()), "check", "result", "found", "expected"),
        sections=tuple(check_section(check) for check in tested.checks if check.result in ("fail", "warn", "error")),
        started=tested.started,
        prefix=prefix,
    )


def checks_title(tested: CheckReport) -> str:
    """Return how many checks ended with each result, in words: `4 passed, 1 failed, 1 skipped`."""
    words = {
        Result.FAIL: "failed",
        Result.ERROR: "can't be run",
        Result.WARN: "warned",
        Result.PASS: "passed",
        Result.SKIP: "skipped",
    }
    counts = [f"{tested.count(result)} {word}" for result, word in words.items() if tested.count(result)]
    who = tested.personas[0] if len(tested.personas) == 1 else f"{len(tested.personas)} personas"
    return f"{who}: {', '.join(counts) or 'no check is declared'}"


def check_section(check: CheckResult) -> Section:
    """Return the rows that keep a check from passing, with what to type."""
    judged = check.judged
    title = f"{check.persona} {check.name}: {judged.reason or judged.found}"
    about = [and_more(judged.more).strip()] if judged.more else []
    about += [check.description] if check.description else []
    if judged.table or not judged.rows:
        table = tuple(tuple(_short(value) for value in row) for row in judged.table)
        return Section(title, judged.names, table, "; ".join(about), judged.hint)
    names = ("node", "value", "artifact", "why", "to type")
    rows = [(row.node, row.value, row.artifact[:DIGITS], row.why, Code(row.hint)) for row in judged.rows]
    shown = [index for index in range(len(names)) if any(row[index] not in (None, "") for row in rows)]
    kept = tuple(tuple(row[index] for index in shown) for row in rows)
    return Section(title, tuple(names[index] for index in shown), kept, "; ".join(about), judged.hint)


def _short(value: object) -> object:
    """Return the first digits of a digest, and anything else as it is."""
    return value[:DIGITS] if isinstance(value, str) and _DIGEST.fullmatch(value) else value


def _check_line(check: CheckResult) -> Line:
    judged = check.judged
    cells = (
        check.persona,
        check.name,
        str(check.result),
        judged.found,
        check.expected,
        judged.reason,
        check.severity,
        str(judged.cause) if judged.cause else None,
        judged.number,
        check.file,
        check.line,
    )
    state: Mapping[str, State] = {"pass": "pass", "warn": "warn", "fail": "fail", "skip": "skip", "error": "error"}
    message = f"{check.expected}: {judged.reason}" if judged.reason else ""
    return Line(
        check.persona,
        check.name,
        state[check.result],
        cells,
        message,
        rows_text(check_section(check)) if judged.reason else "",
        check.file,
        check.line,
        check.seconds,
    )
