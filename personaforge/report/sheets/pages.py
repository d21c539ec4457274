"""What `forge report` wrote, and how each persona stands, as a sheet."""

from __future__ import annotations

import os

from personaforge.report.formats.sheet import Line, Sheet, State
from personaforge.report.html.pages import Page, Reports
from personaforge.report.sheets.place import NOWHERE

COLUMNS = (
    "persona", "state", "accepted", "of", "mean", "lowest", "drift", "cost_usd", "unknown_calls", "problems", "page",
    "bytes",
)  # fmt: skip


def report_sheet(written: Reports, prefix: str = "") -> Sheet:
    """Return personas with a page: a line for each. Open problems and a fall warn; a report fails nothing."""
    lines = tuple(_line(page) for page in written.pages)
    troubled = sum(line.state == "warn" for line in lines)
    pages = f"{len(lines)} persona{'' if len(lines) == 1 else 's'}"
    return Sheet(
        "forge report",
        f"{pages}, {troubled} to look at" if troubled else f"{pages}, nothing to look at",
        COLUMNS,
        lines,
        written.as_json,
        table=("persona", "state", "accepted", "of", "mean", "lowest", "drift", "cost_usd", "problems"),
        notes=(f"The project's page: {os.path.relpath(written.project)}",),
        prefix=prefix,
    )


def _line(page: Page) -> Line:
    one = page.summary
    cells = (
        page.persona, one.state, one.counts["accepted"], one.total, one.mean, one.lowest, one.drift or None,
        round(one.usd, 6), one.unknown_calls, len(one.problems), os.path.relpath(page.path), page.size,
    )  # fmt: skip
    found = [
        *one.problems,
        *(f"{verdict.label}: degrading" for verdict in one.verdicts if verdict.state == "degrading"),
    ]
    state: State = "warn" if found else "pass"
    return Line(page.persona, "report", state, cells, found[0] if found else "", "\n".join(found[1:]), *NOWHERE)
