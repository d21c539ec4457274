"""`forge lock`."""

from __future__ import annotations

from pathlib import Path

import click

from personaforge.report.terminal import echo


@click.group("lock", short_help="Have git merge lock files node by node.")
def lock_command() -> None:
    """Look after lock files. `forge lock merge --install` has git merge them node by node in your clone."""


@lock_command.command("merge")
@click.option("--install", is_flag=True, help="Have git merge locks with this in the clone that the project is in.")
@click.argument("base", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("ours", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("theirs", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("path", required=False)
@click.pass_obj
def merge_command(
    folder: str | None, install: bool, base: Path | None, ours: Path | None, theirs: Path | None, path: str | None
) -> int:
    """Merge two versions of a lock, node by node, into OURS; or --install that as git's merge driver in this clone.

    Git calls it with BASE, OURS, THEIRS and the file's PATH. Exit code 1: a node was changed differently on both sides,
    and both lines are in the file between git's marks.
    """
    if install:
        if base is not None:
            raise click.UsageError("--install takes no files")
        from personaforge.repository.driver import install_driver

        attributes = install_driver(Path(folder or "."))
        echo(f"Installed: git merges locks node by node in this clone ({attributes}).")
        return 0
    if base is None or ours is None or theirs is None:
        raise click.UsageError("expected BASE OURS THEIRS, as git gives them, or --install")
    from personaforge.store.lockmerge import merge_files

    conflicts = merge_files(base, ours, theirs)
    for conflict in conflicts:
        echo(f"CONFLICT (lock): {path or ours}: {conflict}", err=True)
    if conflicts:
        echo("  keep one line of each pair, remove the lines of marks, and `git add` the file", err=True)
    return 1 if conflicts else 0
