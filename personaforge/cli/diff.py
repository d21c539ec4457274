"""`forge diff`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from personaforge.cli.options import OwnFile, PersonaArgument, forms_option, print_json, tell_broken
from personaforge.report.terminal import echo
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace


@click.command("diff", short_help="Compare two git revisions: changes, costs and results.")
@click.argument("before", metavar="REV")
@click.argument("after", metavar="[REV]", required=False)
@click.option("-p", "--persona", "personas", multiple=True, type=PersonaArgument(), help="Only this; may be repeated.")
@click.option("--name-only", is_flag=True, help="Print the touched personas that are still there, a line each.")
@click.option("--html", type=OwnFile(path_type=Path), metavar="FILE", help="Write a page with the pictures.")
@forms_option("table", "json", "markdown")
@click.pass_obj
def diff_command(
    folder: str | None,
    before: str,
    after: str | None,
    personas: tuple[str, ...],
    name_only: bool,
    html: Path | None,
    form: str,
) -> int:
    """Compare a git revision with another one, or with the working tree.

    Shows the personas and nodes whose keys changed and why, what building them takes, and, where both sides were built,
    their scores side by side. Comments and descriptions change no key. REV is what git understands, and `main...` is
    where this branch left main.
    """
    broken: list[Broken] = []
    with Workspace.open((), folder) as space:
        if name_only:
            from personaforge.repository.changes import touched_between

            for name in touched_between(space, personas, before, after, broken):
                echo(name)
            return tell_broken(broken)
        from personaforge.repository.difference import difference

        found = difference(space, before, after, personas=personas, broken=broken)
        if html is not None:
            from personaforge.report.difference.page import difference_page
            from personaforge.store.files import write_atomic

            write_atomic(str(html.absolute()), difference_page(space, found))
    if form == "json":
        print_json(found.as_json())
    elif form == "markdown":
        from personaforge.report.difference.text import markdown

        echo(markdown(found), nl=False)
    else:
        from personaforge.report.difference.text import print_difference

        print_difference(found)
        if html is not None:
            echo(f"\n{os.path.relpath(html)}")
    return tell_broken(broken)
