"""`forge doctor`."""

from __future__ import annotations

import shutil
import sys

import click

from personaforge.cli.options import json_option, print_json
from personaforge.report.terminal import echo


@click.command("doctor", short_help="Look for what would stop a build, from keys to disk.")
@click.option("--live", is_flag=True, help="Ask each provider that has a key something that costs nothing.")
@json_option
@click.pass_obj
def doctor_command(folder: str | None, live: bool, as_json: bool) -> int:
    """Look for what would stop a build: versions, the project, keys, models that end, face packs, disk and the store.

    Works in any folder, changes nothing and asks nobody; of a key it says whether it is set, and never what it is.
    With --live each provider that has a key is asked something free that its documents name, such as a list of models.
    Exits with 1 when there is a problem.
    """
    from personaforge.doctor.examine import examine
    from personaforge.doctor.finding import worst
    from personaforge.report.doctor import diagnosis_lines
    from personaforge.spec.project import project_of

    findings = examine(project_of((), folder), live=live)
    level = worst(findings)
    if as_json:
        print_json({"schema": 1, "level": level, "findings": [finding.as_json() for finding in findings]})
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in diagnosis_lines(findings, width):
            echo(line)
    return 1 if level == "problem" else 0
