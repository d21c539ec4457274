"""`forge eval` and `forge drift`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from personaforge.cli.options import (
    FiniteRange,
    PersonaArgument,
    format_options,
    json_option,
    print_json,
    show_as,
    tell_left_out,
)
from personaforge.metrics import TIMELINES
from personaforge.report.terminal import echo, one_line
from personaforge.workspace.workspace import Workspace


class _Size(click.ParamType[tuple[int, int]]):
    """A width and a height in pixels."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """See click."""
        if isinstance(value, tuple):
            return value
        sides = str(value).lower().split("x")
        if len(sides) != 2 or not all(side.isascii() and side.isdigit() and len(side) < 8 for side in sides):
            self.fail(f"found {value!r}, expected WIDTHxHEIGHT in pixels, such as 832x1216", param, ctx)
        return int(sides[0]), int(sides[1])


@click.command("eval", short_help="Measure images and clips against an anchor.")
@click.argument("images", nargs=-1, metavar="IMAGE...")
@click.option("-p", "--persona", type=PersonaArgument(), help="Measure against this persona's anchor.")
@click.option("--anchor", type=click.Path(dir_okay=False), metavar="FILE", help="Measure against this picture.")
@click.option("--fail-under", type=FiniteRange(0, 1), metavar="X", help="Exit with 1 when a composite is below X.")
@click.option("--identity", metavar="NAME", help="Measure and judge by conf/identity/NAME.yaml.")
@click.option("--out-of-domain", is_flag=True, help="Score pictures that the pack was not made for, with a mark.")
@click.option("--size", type=_Size(), metavar="WxH", help="Compare with this size in pixels, such as 832x1216.")
@click.option("--expression", metavar="WORDS", help="Compare faces with this: smile, neutral, eyes closed, ...")
@click.option("--record", is_flag=True, help="Keep the evaluations, so that `forge drift` sees them.")
@format_options
@click.pass_obj
def eval_command(
    folder: str | None,
    images: tuple[str, ...],
    persona: str | None,
    anchor: str | None,
    fail_under: float | None,
    identity: str | None,
    out_of_domain: bool,
    size: tuple[int, int] | None,
    expression: str | None,
    record: bool,
    form: str,
    out: str | None,
) -> int:
    """Measure images and clips against a persona's anchor or a given picture, and print a table.

    IMAGE is a file, a folder or a glob; a persona's own built images when none is given. The exit code is 1
    when a file is no picture or clip that can be read; with --fail-under also when an image, or the mean of a clip,
    scores less, or can't be measured, or when a clip's worst stretch doesn't show the person and is what decides
    (identity.video.gate).
    The pack `embedded` gives forge's own drawings a score and nothing else, packs for photographs everything but those,
    unless --out-of-domain asks for one. What is not as asked is named, and changes neither decision nor exit code: of a
    persona's built files by their positions, and by --size and --expression.
    """
    from personaforge.measuring.evaluation import evaluate
    from personaforge.report.evaluation.console import print_evaluation

    if persona is not None and anchor is not None:
        raise click.UsageError("say --persona ID or --anchor FILE, not both")
    with Workspace.open([persona] if persona else (), folder) as space:
        found = evaluate(
            space,
            images,
            persona=persona,
            anchor=anchor,
            record=record,
            identity=identity,
            out_of_domain=out_of_domain,
            size=size,
            expression=expression,
        )
        place = _place(space, persona, "identity")
    if not found.remembered:
        echo("Measured, and not kept: .forge can't be written here.", err=True)
    show_as(
        form,
        out,
        lambda: _evaluation_sheet(found, fail_under, persona, *place),
        lambda: print_evaluation(found, fail_under),
    )
    return 1 if found.unreadable or (fail_under is not None and not found.passes(fail_under)) else 0


class _Drift(click.Command):
    """`forge drift PERSONA`, and `forge drift ack PERSONA` as a command of its own.

    A persona whose id is `ack` is named by its file.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["ack"]:
            return ack_command.make_context("drift ack", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("drift ack", short_help="Acknowledge a change that lasts.")
@click.argument("persona", type=PersonaArgument())
@click.argument("timelines", nargs=-1, metavar="[TIMELINE]...")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept on record.")
@click.option("--by", metavar="WHO", help="Who decides; else FORGE_ACTOR, else git's user.name and user.email.")
@json_option
@click.pass_obj
def ack_command(
    folder: str | None, persona: str, timelines: tuple[str, ...], reason: str, by: str | None, as_json: bool
) -> int:
    """Acknowledge the changes that are open in TIMELINEs of PERSONA: what they have been since is what is meant.

    TIMELINE is a metric, or a modality for all of its metrics; every open change where none is given. Who, when and why
    is kept in the store's records, and shown with the timeline from then on. The chart begins anew where the change
    began, so the verdict is `insufficient` until there are enough records since. Nothing is measured or made again.

    \b
    forge drift ack nova composite --reason "the new lens is meant"
    """
    import os

    from personaforge.drift.acceptance import acknowledge
    from personaforge.errors import PlanError
    from personaforge.measuring.anchors import git_person

    with Workspace.open([persona], folder) as space:
        who = by or os.environ.get("FORGE_ACTOR", "").strip() or git_person(space.project.root)
        if not who:
            raise PlanError("nobody is named who acknowledges this", hint='--by "Ana", FORGE_ACTOR=Ana, or git config')
        done = acknowledge(space, persona, timelines, by=who, reason=reason)
    if as_json:
        print_json(done.as_json())
        return 0
    for one in done.made:
        what = f"{one.modality} {one.metric}" + (f", {one.group}" if one.group else "")
        echo(one_line(f"{done.persona}: {what}: {one.note}"))
    if done.made:
        echo(f"The charts begin anew there; `forge drift {done.persona}` shows them.")
    else:
        echo(one_line(f"{done.persona}: there is no open change to acknowledge: {', '.join(done.nothing)}."))
    return 0


@click.command("drift", cls=_Drift, short_help="Show how a persona's scores move over time.")
@click.argument("persona", type=PersonaArgument())
@click.argument("overrides", nargs=-1, metavar="[OVERRIDE]...")
@click.option("--last", type=click.IntRange(1), metavar="N", help="Only the last N records, as if all began there.")
@click.option("--modality", type=click.Choice(list(TIMELINES)), help="Only this; all otherwise.")
@click.option("--method", type=click.Choice(["cusum", "linear"]), help="What judges, in place of drift.method.")
@click.option(
    "--baseline", type=click.Choice(["slot", "pose", "framing", "none"]), help="What records are compared with."
)
@click.option(
    "--fail-on",
    multiple=True,
    type=click.Choice(["degrading", "improving", "insufficient"]),
    help="Exit with 1 when a timeline's verdict is this; may be given several times.",
)
@click.option("--blame", is_flag=True, help="Say what else changed with each change, how well it explains it, and how.")
@format_options
@click.pass_obj
def drift_command(
    folder: str | None,
    persona: str,
    overrides: tuple[str, ...],
    last: int | None,
    modality: str | None,
    method: str | None,
    baseline: str | None,
    fail_on: tuple[str, ...],
    blame: bool,
    form: str,
    out: str | None,
) -> int:
    """Judge how a persona's scores have moved since its anchor was pinned.

    Each record is compared with earlier ones of its own slot. The verdict of each timeline is improving, stable,
    degrading or insufficient, with a false-alarm rate that conf/drift sets: drift.records_per_alarm=1000. A change that
    lasts stays one until `forge drift ack PERSONA [TIMELINE]... --reason TEXT`.
    """
    from personaforge.drift.timelines import drift
    from personaforge.report.drift.console import print_drift

    asked = [f"drift.{name}={value}" for name, value in (("method", method), ("baseline", baseline)) if value]
    with Workspace.open([persona], folder) as space:
        found = drift(space, persona, last=last, modality=modality, overrides=(*overrides, *asked))
        place = _place(space, persona, "drift")
        tell_left_out(space.store)
    show_as(form, out, lambda: _drift_sheet(found, fail_on, *place), lambda: print_drift(found, causes=blame))
    return 1 if found.with_verdict(fail_on) else 0


def _place(space: Workspace, persona: str | None, path: str) -> tuple[tuple[str, int | None], str]:
    """Return where a persona declares something of a group, or at least its file; and the project's place in git."""
    from personaforge.report.formats.place import NOWHERE, repository_prefix
    from personaforge.spec.places import Places

    prefix = repository_prefix(space.project)
    if persona is None:
        return NOWHERE, prefix
    return Places(space.project).of(space.load([persona])[0], path), prefix


def _evaluation_sheet(
    found: Any, fail_under: float | None, persona: str | None, place: tuple[str, int | None], prefix: str
) -> Any:
    from personaforge.report.evaluation.sheet import evaluation_sheet

    return evaluation_sheet(found, fail_under, persona or "", place, prefix)


def _drift_sheet(found: Any, fail_on: Sequence[str], place: tuple[str, int | None], prefix: str) -> Any:
    from personaforge.report.drift.sheet import drift_sheet

    return drift_sheet(found, fail_on, place, prefix)
