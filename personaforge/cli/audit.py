"""`forge audit`."""

from __future__ import annotations

import click

from personaforge.cli.options import FiniteRange, json_option, print_json
from personaforge.workspace.workspace import Workspace


@click.group("audit", short_help="Compare the auditor of documents with reference marks.")
def audit_command() -> None:
    """Look after the auditor: the second reader that scores persona documents in a build."""


@audit_command.command("calibrate")
@click.argument("arguments", nargs=-1, metavar="[GOLDEN.yaml] [OVERRIDE]...")
@click.option("-n", "--dry-run", is_flag=True, help="Show what it would ask and may cost, and stop.")
@click.option("--max-cost", type=FiniteRange(0), metavar="USD", help="Spend at most this much.")
@json_option
@click.pass_obj
def calibrate_command(
    folder: str | None, arguments: tuple[str, ...], dry_run: bool, max_cost: float | None, as_json: bool
) -> int:
    """Compare the auditor's marks with those of a golden set: how well they agree, axis by axis, and whether the
    auditor favours one of two groups.

    GOLDEN.yaml holds documents, their marks, the reasons, and who made them; without one it is the set that comes with
    forge. The auditor is the review step as the project has it; text=litellm takes hosted models, and OVERRIDE is
    Hydra's. Each document is asked about once ever: answers are kept by their key, as in a build.

    Exits with 1 where a document has no verdict.
    """
    from personaforge.cli.options import split_overrides
    from personaforge.measuring.audit_calibration import Judge
    from personaforge.report.audit_calibration import print_audit, print_cost

    files, overrides = split_overrides(arguments)
    if len(files) > 1:
        raise click.UsageError(f"takes one golden set, found {len(files)}: {', '.join(files)}")
    with Workspace.open((), folder) as space:
        judge = Judge(space, files[0] if files else None, overrides)
        cost = judge.cost()
        notices = judge.key_notices() if cost.calls_max else ()
        if dry_run:
            if as_json:
                print_json({"schema": 1, "judge": judge.described, "cost": cost.as_json(), "notices": list(notices)})
            else:
                print_cost(judge.golden, judge.described, cost, notices)
            return 0
        if cost.calls_max:
            print_cost(judge.golden, judge.described, cost, notices, err=True)
        found = judge.asked(max_cost)
    if as_json:
        print_json(found.as_json())
    else:
        print_audit(found)
    return 1 if found.failed else 0
