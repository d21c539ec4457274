"""`forge eval` and `forge drift`."""

from __future__ import annotations

import click

from personaforge.cli.options import PersonaArgument, json_option, print_json
from personaforge.workspace import Workspace


@click.command("eval", short_help="Measure images against an anchor.")
@click.argument("images", nargs=-1, metavar="IMAGE...")
@click.option("-p", "--persona", type=PersonaArgument(), help="Measure against this persona's anchor.")
@click.option("--anchor", type=click.Path(dir_okay=False), metavar="FILE", help="Measure against this picture.")
@click.option("--fail-under", type=click.FloatRange(0, 1), metavar="X", help="Exit with 1 when a composite is below X.")
@click.option("--record", is_flag=True, help="Keep the evaluations, so that `forge drift` sees them.")
@json_option
@click.pass_obj
def eval_command(
    folder: str | None,
    images: tuple[str, ...],
    persona: str | None,
    anchor: str | None,
    fail_under: float | None,
    record: bool,
    as_json: bool,
) -> int:
    """Measure images against a persona's anchor or a given picture, and print a table.

    IMAGE is a file, a folder or a glob; a persona's own built images when none is given. With --fail-under the exit
    code is 1 when an image scores less, or can't be measured.
    """
    from personaforge.evaluate import evaluate
    from personaforge.report.evaluated import print_evaluation

    if (persona is None) == (anchor is None):
        raise click.UsageError("say --persona ID or --anchor FILE")
    if not images and persona is None:
        raise click.UsageError("name the images to measure")
    if record and persona is None:
        raise click.UsageError("--record needs --persona")
    with Workspace.open([persona] if persona else (), folder) as space:
        found = evaluate(space, images, persona=persona, anchor=anchor, record=record)
    if as_json:
        print_json(found.as_json())
    else:
        print_evaluation(found, fail_under)
    return 1 if fail_under is not None and not found.passes(fail_under) else 0


@click.command("drift", short_help="Show how a persona's scores move over time.")
@click.argument("persona", type=PersonaArgument())
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N records.")
@click.option("--modality", type=click.Choice(["face", "video", "text"]), help="Only this one; all otherwise.")
@json_option
@click.pass_obj
def drift_command(folder: str | None, persona: str, last: int | None, modality: str | None, as_json: bool) -> int:
    """Show mean, deviation, minimum, maximum and linear trend of a persona's scores over its last N records."""
    from personaforge.drift import drift
    from personaforge.report.drifted import print_drift

    with Workspace.open([persona], folder) as space:
        found = drift(space, persona, last=last, modality=modality)
    if as_json:
        print_json({"schema": 1, "persona": found.persona, "timelines": [line.as_json() for line in found.timelines]})
    else:
        print_drift(found)
    return 0
