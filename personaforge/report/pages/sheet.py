"""What `forge report` wrote, and each persona's state, as a sheet."""

from __future__ import annotations

import os

from personaforge.report.formats.place import NOWHERE
from personaforge.report.formats.sheet import Line, Sheet, State
from personaforge.report.pages.pages import Page, Reports

_COLUMNS = (
    "persona", "state", "accepted", "of", "mean", "lowest", "drift", "cost_usd", "unknown_calls", "problems", "page",
    "bytes",
)  # fmt: skip
_SHOWN = _COLUMNS[:-2]


def report_sheet(written: Reports, prefix: str = "") -> Sheet:
    """Return personas with a page: a line for each. Open problems and a fall warn; a report fails nothing."""
    lines = tuple(_line(page) for page in written.pages)
    troubled = sum(line.state == "warn" for line in lines)
    pages = f"{len(lines)} persona{'' if len(lines) == 1 else 's'}"
    return Sheet(
        "forge report",
        f"{pages}, {troubled} to look at" if troubled else f"{pages}, nothing to look at",
        _COLUMNS,
        lines,
        written.as_json,
        table=_SHOWN,
        notes=(f"The project's page: {os.path.relpath(written.project)}",),
        prefix=prefix,
    )


def _line(page: Page) -> Line:
    one = page.summary
    fields = {**page.as_json(), "problems": len(one.problems), "page": os.path.relpath(page.path)}
    falls = [f"{verdict.label}: degrading" for verdict in one.verdicts if verdict.state == "degrading"]
    found = [*one.problems, *falls]
    state: State = "warn" if found else "pass"
    message, others = (found[0], "\n".join(found[1:])) if found else ("", "")
    return Line(page.persona, "report", state, tuple(fields[name] for name in _COLUMNS), message, others, *NOWHERE)
