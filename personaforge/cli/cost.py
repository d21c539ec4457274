"""`forge cost`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from personaforge.cli.options import PersonaArgument, forms_option, print_json
from personaforge.report.terminal import echo, style
from personaforge.workspace.workspace import Workspace

GROUPS = ("persona", "step", "provider", "model", "month")


@click.command("cost", short_help="Show what was spent, by persona, step, provider and model.")
@click.argument("personas", nargs=-1, type=PersonaArgument(), metavar="[PERSONA]...")
@click.option(
    "--by",
    "by",
    multiple=True,
    type=click.Choice(GROUPS),
    help="Columns to group by, in this order; persona, step, provider and model otherwise.",
)
@click.option("--month", metavar="YYYY-MM", help="Only this calendar month (UTC).")
@forms_option("table", "json", "csv")
@click.pass_obj
def cost_command(
    folder: str | None,
    personas: tuple[str, ...],
    by: tuple[str, ...],
    month: str | None,
    form: str,
) -> int:
    """Show what was spent on PERSONA, or on all: paid calls, US dollars, and calls of unknown cost.

    PERSONA is a file, a folder, an id or a glob, and may be one whose file is gone: records keep what it cost.

    Counts every paid call, also those without a result. A call of unknown cost counts in budgets with what it was
    expected to cost; one of unknown price can't be counted, and a build with a budget makes none.
    """
    columns = list(dict.fromkeys(by)) or ["persona", "step", "provider", "model"]
    with Workspace.open(personas, folder) as space:
        names, gone = spenders(space, personas)
        rows = totals(space, columns, names, month)
    for name in gone:
        note = f"{name} has no persona file any more: this is what the records say"
        echo(f"{style('note', fg='yellow')}: {note}", err=True)
    every = _sum(rows)
    if form == "json":
        print_json({"schema": 1, "by": columns, "rows": rows, "total": every})
    elif form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, [*columns, *FIGURES], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        echo(text.getvalue(), nl=False)
    elif not rows:
        echo("Nothing was spent.")
    else:
        from personaforge.report.money import unknown_text
        from personaforge.report.tables import print_table

        shown = [(*(row[name] for name in columns), *_figures(row)) for row in rows]
        shown.append(("total", *[""] * (len(columns) - 1), *_figures(every)))
        print_table((*columns, "calls", "spent", "failed", "open", "cost unknown"), shown)
        if every["unknown_calls"]:
            known = f"at least ${every['usd']:.4f}, and " if every["usd"] else ""
            rest = unknown_text(every["unknown_calls"], every["unpriced_calls"], every["reserved_usd"])
            echo(f"In all {known}{rest}.")
    return 0


FIGURES = ("calls", "usd", "failed_calls", "open_calls", "unknown_calls", "reserved_usd", "unpriced_calls")
"""`unknown_calls`: of unknown cost. `reserved_usd`: what those were expected to cost, without the `unpriced_calls`
among them, whose expected cost is unknown, too."""


def spenders(space: Workspace, personas: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids that arguments name, and those among them that only records know. Raises SpecError with the
    nearest id for an argument that names neither."""
    from difflib import get_close_matches
    from fnmatch import fnmatchcase

    from personaforge.errors import SpecError
    from personaforge.spec.persona_files import resolve_personas
    from personaforge.spec.project import persona_id
    from personaforge.store.spending import spending

    found: dict[str, None] = {}
    problems = []
    recorded: set[str] | None = None
    for argument in personas:
        try:
            files = resolve_personas(space.project, [argument])
            problem = None
        except SpecError as error:
            files, problem = [], error.problems[0]
        ids = [persona_id(file) for file in files]
        # Records know personas whose files are gone. They are read only when needed: that takes a while.
        if problem is not None or any(char in argument for char in "*?["):
            if recorded is None:
                recorded = {line.persona for line in spending(space.store)}
                recorded |= {row[0].partition("/")[0] for row in space.store.index.node_history()}
            ids += [name for name in sorted(recorded) if fnmatchcase(name, argument) and name not in ids]
        if not ids and problem is not None:
            close = get_close_matches(argument, sorted(recorded or ()), 1)
            gone = f"did you mean {close[0]}, which only records know?" if close else ""
            near = problem.hint.startswith("did you mean")
            problems.append(problem if near or not gone else problem._replace(hint=gone))
        found.update(dict.fromkeys(ids))
    if problems:
        raise SpecError(problems)
    present = {persona_id(file) for file in space.project.persona_files()} if recorded else set(found)
    return tuple(found), tuple(name for name in found if name not in present)


def totals(
    space: Workspace, columns: list[str], personas: tuple[str, ...] = (), month: str | None = None
) -> list[dict[str, Any]]:
    """Return what was spent, a row for each combination of the columns, the dearest first."""
    from personaforge.store.spending import spending

    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    personas = tuple(space.store.names.present(name) for name in personas)
    for line in spending(space.store):
        about = {**line._asdict(), "month": datetime.fromtimestamp(line.at, UTC).strftime("%Y-%m")}
        if (personas and line.persona not in personas) or (month and about["month"] != month):
            continue
        names = tuple(str(about[name]) for name in columns)
        row = rows.setdefault(names, {**dict(zip(columns, names, strict=True)), **dict.fromkeys(FIGURES, 0)})
        row["calls"] += 1
        row["usd"] += line.usd or 0.0
        row["failed_calls"] += line.state == "failed"
        row["open_calls"] += line.state == "open"
        if line.usd is None:
            row["unknown_calls"] += 1
            row["reserved_usd"] += line.reserved_usd or 0.0
            row["unpriced_calls"] += line.reserved_usd is None
    for row in rows.values():
        row["usd"], row["reserved_usd"] = round(row["usd"], 6), round(row["reserved_usd"], 6)
    return sorted(rows.values(), key=lambda row: (-row["usd"], *(row[name] for name in columns)))


def _sum(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: round(sum(row[name] for row in rows), 6) for name in FIGURES}


def _figures(row: dict[str, Any]) -> tuple[Any, ...]:
    from personaforge.report.money import spent_text, unknown_text

    spent = spent_text(row["usd"], row["calls"], row["unknown_calls"])
    rest = unknown_text(row["unknown_calls"], row["unpriced_calls"], row["reserved_usd"])
    return row["calls"], spent, row["failed_calls"] or None, row["open_calls"] or None, rest
