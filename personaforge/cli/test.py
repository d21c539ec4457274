"""`forge test`."""

from __future__ import annotations

import click

from personaforge.cli.options import (
    format_options,
    personas_argument,
    show_as,
    split_overrides,
    tell_broken,
    tell_left_out,
)
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace


@click.command("test", short_help="Run the checks that personas declare over their scores.")
@personas_argument
@click.option(
    "-s", "--select", multiple=True, metavar="NAMES", help="Only these checks: images  drift_*  sofia-reyes/clips"
)
@format_options
@click.pass_obj
def test_command(
    folder: str | None, personas: tuple[str, ...], select: tuple[str, ...], form: str, out: str | None
) -> int:
    """Run the checks of personas, of all of the project's when none is named.

    A check is declared under `checks:` in a persona file or in conf/checks: an assertion such as
    min(composite) >= 0.55 over images, drift.face != degrading or acceptance_rate >= 90%, or SQL that must return no
    rows. What isn't measured never passes unless the check allows it by name. Exits with 1 when a check fails, with 2
    when one can't be run.

    \b
    forge test sofia-reyes --format junit --out reports/checks.xml
    """
    from personaforge.checks.run import run_checks
    from personaforge.report.checks.console import print_checks
    from personaforge.report.checks.sheet import checks_sheet
    from personaforge.report.formats.place import repository_prefix

    names, overrides = split_overrides(personas)
    broken: list[Broken] = []
    with Workspace.open(names, folder) as space:
        tested = run_checks(space, names, overrides=overrides, select=select, broken=broken)
        prefix = repository_prefix(space.project)
        tell_left_out(space.store)
    show_as(form, out, lambda: checks_sheet(tested, prefix), lambda: print_checks(tested))
    return tell_broken(broken, tested.exit_code)
