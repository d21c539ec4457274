"""`forge report`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from personaforge.cli.options import json_option, personas_argument, print_json, split_overrides
from personaforge.workspace import Workspace


@click.command("report", short_help="Write an HTML page for each persona and one for the project.")
@personas_argument
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Instead of reports/."
)
@json_option
@click.pass_obj
def report_command(folder: str | None, personas: tuple[str, ...], out: Path | None, as_json: bool) -> int:
    """Write a self-contained HTML page for each persona, and one for the project, to reports/.

    Contact sheet with scores, decisions and attempts, the anchor's face beside each, key frames of clips, timelines and
    cost. The pages load nothing and run no script, so they can be mailed, archived and printed.
    """
    from personaforge.report.html.pages import report

    names, overrides = split_overrides(personas)
    with Workspace.open(names, folder) as space:
        written = report(space, names, out, overrides=overrides)
    if as_json:
        print_json(written.as_json())
        return 0
    for page in written.pages:
        click.echo(f"{os.path.relpath(page.path)}  {page.size / 1e6:.2f} MB")
    click.echo(os.path.relpath(written.project))
    return 0
