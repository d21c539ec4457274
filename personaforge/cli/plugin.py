"""`forge plugin`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from personaforge.cli.options import Folder
from personaforge.report.terminal import echo, style
from personaforge.spec.project import find_project


@click.group("plugin", short_help="Write a plug-in: `forge plugin new NAME`.")
def plugin_command() -> None:
    """Write a plug-in: a distribution that adds providers, kinds of steps, metrics, analyzers or formats."""


@plugin_command.command("new")
@click.argument("name")
@click.option(
    "-o", "folder", metavar="DIR", type=Folder(path_type=Path), help="Where it is written; else in a folder NAME."
)
def new_command(name: str, folder: Path | None) -> int:
    """Write the distribution NAME, such as forge-mosaic. It adds one of everything that a plug-in can add, with tests
    and an example that builds: take away what you don't need.

    Writes over nothing: where any of its files is there, it names them and writes none.
    """
    from personaforge.repository.distribution import write_skeleton

    made = write_skeleton(name, folder)
    shown = os.path.relpath(made.folder)
    for path in made.paths:
        echo(f"  {path if shown == '.' else f'{shown}/{path}'}")
    around = find_project(made.folder.parent)
    if around is not None and around.personas.is_dir():
        said = f"it lies in the project {around.root}, which runs no code of its own repository"
        echo(f"{style('note', fg='yellow')}: {said}: install it without --editable there, or move it out", err=True)
    go = "" if shown == "." else f"cd {shlex.quote(shown)} && "
    echo(f"Next: {go}pip install --editable '.[test]' && pytest; README.md says how to allow it and ask for it")
    return 0
