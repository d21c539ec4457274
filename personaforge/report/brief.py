"""What a brief states and what became of it: as lines for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from personaforge.brief.fate import FATES, KEPT, LOST, OPEN, OVERRULED, UNREAD, Account, Row, as_json, counts
from personaforge.brief.language import NAMES
from personaforge.report.terminal import echo, style

_COLORS = {KEPT: "green", OVERRULED: "yellow", LOST: "red", OPEN: "cyan", UNREAD: "yellow"}
_WIDEST = 44


def brief_json(accounts: Mapping[str, Account]) -> dict[str, Any]:
    """Return accounts by persona as JSON."""
    return {"schema": 1, "personas": {name: as_json(account) for name, account in accounts.items()}}


def print_account(name: str, account: Account) -> None:
    """Print one persona's facts, and their number by fate."""
    read = f"read as {NAMES[account.language]}"
    if not account.is_recognised:
        read = f"in no language that forge recognises, read by the words of {NAMES[account.language]}"
    echo(f"{style(name, bold=True)}: a brief {read}, {coverage_text(account)}")
    width = min(max((len(row.words) for row in account.rows), default=0), _WIDEST)
    file = ""
    for row in account.rows:
        if file != (file := row.place.rpartition(":")[0]):
            echo(f"  {style(file, bold=True)}")
        words = row.words if len(row.words) <= _WIDEST else row.words[: _WIDEST - 1] + "…"
        fate = style(f"{row.fate:<14}", fg=_COLORS[row.fate])
        echo(f"  {fate}  {row.kind:<10}  {words:<{width}}  {_stated(row)}{_where(row)}".rstrip())
    for file, number in Counter(row.place.rpartition(":")[0] for row in account.beside).items():
        echo(
            f"  {file}: {number} run{'' if number == 1 else 's'} of words besides that no rule reads (--json has them)"
        )


def coverage_text(account: Account) -> str:
    """Return the coverage in words, with what it is counted from."""
    if not account.rows:
        return "in which nothing that can be checked is stated"
    said = ", ".join(f"{number} {fate}" for fate, number in counts(account).items() if number)
    if account.coverage is None:
        return f"not built from yet: {said}"
    return f"coverage {account.coverage:.2f}: {said}"


def _where(row: Row) -> str:
    """Return the line of a file that states a fact, and that the summary doesn't say it; empty for the brief's text."""
    if not row.place:
        return ""
    left = "; the summary leaves it out" if row.summarised is False else ""
    return f"{left} (line {row.place.rpartition(':')[2]})"


def _stated(row: Row) -> str:
    if row.value is None:
        return ""
    value = row.value
    said = str(value)
    if isinstance(value, tuple):
        said = str(value[0]) if value[0] == value[1] else f"{value[0]} to {value[1]}"
    if row.kind == "exclusion":  # any beard is ruled out, not the short one
        said = f"no {'beard' if said == 'short beard' else said}"
    elif row.kind == "look":
        said = f"{said} ({row.path.removeprefix('dna.').replace('.', ' ')})"
    if row.fate in (LOST, OVERRULED):
        by = "the pin says" if row.fate == OVERRULED else "the document says"
        said += f"; {by} {row.found}" if row.found else "; the document doesn't say it"
    return said


assert set(_COLORS) == set(FATES)
