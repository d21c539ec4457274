"""`forge brief`."""

from __future__ import annotations

import click

from personaforge.cli.options import (
    broken_json,
    json_option,
    personas_argument,
    print_json,
    split_overrides,
    tell_broken,
    tell_gone,
)
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace


@click.command("brief", short_help="Show what a brief states, and what became of it.")
@personas_argument
@json_option
@click.pass_obj
def brief_command(folder: str | None, personas: tuple[str, ...], as_json: bool) -> int:
    """Show every fact that a persona's brief states, the words that state it, and its fate: kept, overruled by a pin,
    lost, open (not drafted yet), or not understood.

    Of files beside a brief it shows what their text states, with the line, and what their summary leaves out.

    Briefs are read in Arabic, Chinese, Dutch, English, French, German, Hebrew, Hindi, Italian, Japanese, Korean,
    Polish, Portuguese, Russian, Spanish and Turkish. Coverage is the share that is kept or overruled.
    """
    from personaforge.report.brief import brief_json, print_account
    from personaforge.workspace.briefs import brief_account

    names, overrides = split_overrides(personas)
    broken: list[Broken] = []
    gone: dict[str, list[str]] = {}
    with Workspace.open(names, folder) as space:
        loaded = space.load(names, overrides, broken, gone)
        found = {one.settings.id: brief_account(space.store, one) for one in loaded}
    if as_json:
        print_json({**brief_json(found), **broken_json(broken)})
    else:
        for name, account in found.items():
            print_account(name, account)
    tell_gone(gone)
    return tell_broken(broken)
