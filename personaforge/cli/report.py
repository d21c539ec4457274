"""`forge report`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personaforge.cli.options import (
    Folder,
    format_option,
    personas_argument,
    show_as,
    split_overrides,
    tell_broken,
    tell_left_out,
)
from personaforge.report.terminal import echo
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace

if TYPE_CHECKING:
    from personaforge.report.pages.pages import Reports


@click.command("report", short_help="Write an HTML page for each persona and one for the project.")
@personas_argument
@click.option(
    "-o",
    "--out",
    type=Folder(path_type=Path),
    metavar="FOLDER",
    help="Instead of reports/. A folder: each persona has a page of its own.",
)
@click.option("--standalone", is_flag=True, help="A page is one file, and nothing enlarges or plays.")
@format_option
@click.pass_obj
def report_command(folder: str | None, personas: tuple[str, ...], out: Path | None, standalone: bool, form: str) -> int:
    """Write an HTML page for each persona, and one for the project, to reports/.

    Pictures, clips, the persona, and behind them the evidence: scores, decisions and attempts, the anchor's face beside
    each, key frames, timelines and cost. Pictures enlarge and clips play from reports/files; with --standalone a page
    is one file that loads nothing, to be mailed or archived.
    """
    from personaforge.report.formats.place import repository_prefix
    from personaforge.report.pages.pages import report
    from personaforge.report.pages.sheet import report_sheet

    names, overrides = split_overrides(personas)
    broken: list[Broken] = []
    with Workspace.open(names, folder) as space:
        written = report(space, names, out, standalone=standalone, overrides=overrides, broken=broken)
        prefix = repository_prefix(space.project)
        tell_left_out(space.store)
    show_as(form, None, lambda: report_sheet(written, prefix), lambda: _print(written))
    return tell_broken(broken)


def _print(written: Reports) -> None:
    from personaforge.report.money import spent_text
    from personaforge.report.tables import print_table

    rows = []
    for page in written.pages:
        one = page.summary
        scores = [f"{value:.3f}" if value is not None else "unmeasured" for value in (one.mean, one.lowest)]
        accepted, problems = f"{one.counts['accepted']} of {one.total}", len(one.problems) or ""
        # Where no cost is known, all calls may be of unknown cost.
        cost = spent_text(one.usd, one.unknown_calls + bool(one.usd), one.unknown_calls)
        where = f"{os.path.relpath(page.path)} ({page.size / 1e6:.2f} MB)"
        rows.append((page.persona, one.state, accepted, *scores, one.drift, cost, problems, where))
    print_table(("persona", "state", "accepted", "mean", "lowest", "drift", "cost", "problems", "page"), rows)
    echo(os.path.relpath(written.project))
