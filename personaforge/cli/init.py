"""`forge init`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from personaforge.cli.options import Folder
from personaforge.report.terminal import echo, style


@click.command("init", short_help="Make a repository of personas, with CI.")
@click.argument("directory", metavar="DIR", type=Folder(path_type=Path))
@click.option(
    "--forge", "requirement", metavar="REQUIREMENT", help="How CI installs forge, as pip takes it; else as it is here."
)
def init_command(directory: Path, requirement: str | None) -> int:
    """Make a repository of personas: one that builds without a key, settings, a workflow for GitHub Actions that
    validates, plans, builds and measures, and a hook that validates before a commit.

    Writes over nothing: where any of its files is there, it names them and writes none.
    """
    from personaforge.repository.starter import start

    made = start(directory, requirement)
    shown = os.path.relpath(made.folder)
    for path in made.paths:
        echo(f"  {path if shown == '.' else f'{shown}/{path}'}")
    for note in made.notes:
        echo(f"{style('note', fg='yellow')}: {note}", err=True)
    go = "" if shown == "." else f"cd {shlex.quote(shown)} && "
    echo(f"Next: {go}git init && forge build && git add -A && git commit -m 'Start'")
    return 0
