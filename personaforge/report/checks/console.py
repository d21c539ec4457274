"""Checks for people: a table for each persona, and what keeps a check from passing with what to type."""

from __future__ import annotations

import textwrap

from personaforge.checks.results import CheckReport, CheckResult, Result
from personaforge.report.checks.sheet import check_section, checks_title
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, style

_COLORS = {Result.PASS: "green", Result.WARN: "yellow", Result.FAIL: "red", Result.SKIP: "cyan", Result.ERROR: "red"}


def print_checks(tested: CheckReport) -> None:
    """Print every check, then the rows behind each that doesn't hold, then the sum."""
    for persona in tested.personas:
        checks = tested.of(persona)
        if not checks:
            continue
        rows = [(check.name, str(check.result), check.judged.found, check.expected) for check in checks]
        print_table(("check", "result", "found", "expected"), rows, title=persona if len(tested.personas) > 1 else "")
        for check in checks:
            if check.result in (Result.WARN, Result.FAIL, Result.ERROR):
                _print_failing(check)
        echo()
    echo(checks_title(tested))


def _print_failing(check: CheckResult) -> None:
    judged = check.judged
    place = f"{check.file}:{check.line}" if check.line else ""
    head = style(f"{check.name}: {check.result}", fg=_COLORS[check.result])
    echo(f"\n{head}{f'  {place}' if place else ''}")
    _say(check.description)
    # An error of SQL points at a column of its second line, so its lines stay as they are.
    for line in judged.reason.splitlines() if check.result is Result.ERROR else [judged.reason]:
        _say(line, wrap=check.result is not Result.ERROR)
    section = check_section(check)
    if section.rows:
        shown = [index for index, name in enumerate(section.columns) if judged.table or name != "to type"]
        print_table(
            [section.columns[index] for index in shown], [[row[index] for index in shown] for row in section.rows]
        )
    if judged.more:
        echo(f"  and {judged.more} more")
    if judged.hint:
        echo(f"  {judged.hint}")


def _say(text: str, *, wrap: bool = True) -> None:
    if wrap:
        text = textwrap.fill(text, 80, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    else:
        text = f"  {text}".rstrip()
    if text or not wrap:
        echo(text)
