"""`forge anchor`: sets or chooses a persona's face by a person's decision."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from personaforge.cli.options import PersonaArgument, json_option, print_json
from personaforge.errors import PlanError
from personaforge.report.terminal import answer, confirmed, echo, one_line, style
from personaforge.workspace.workspace import Workspace

if TYPE_CHECKING:
    from personaforge.measuring.anchors import Decided


@click.group("anchor", short_help="Set, list and choose a persona's anchor.")
def anchor_command() -> None:
    """Decide whose face a persona has: a picture of your own, or another of the candidates. Nothing is drawn and
    nothing is bought; `forge plan` shows what the next build makes again."""


def _deciding(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option("--repin", is_flag=True, help="Replace the anchor that the persona has.")(function)
    function = click.option("--reason", metavar="TEXT", help="Why; kept in the lock and on record.")(function)
    return click.option("--by", metavar="WHO", help="Who decides; git's user.name and user.email otherwise.")(function)


@anchor_command.command("set")
@click.argument("persona", type=PersonaArgument())
@click.argument("file", type=click.Path(dir_okay=False))
@_deciding
@click.option("--face", type=click.Choice(["largest"]), help="Which of several faces counts; refused otherwise.")
@json_option
@click.pass_obj
def set_command(
    folder: str | None,
    persona: str,
    file: str,
    by: str | None,
    reason: str | None,
    repin: bool,
    face: str | None,
    as_json: bool,
) -> int:
    """Make the picture FILE the anchor of PERSONA: PNG, JPEG or WebP; others are converted to PNG.

    It is measured first, and has to show one face, large enough, that the persona's pack was made for. Candidates are
    then not drawn.

    \b
    forge anchor set nova photos/nova.jpg --reason "the client's choice"
    """
    from personaforge.measuring.anchors import set_anchor

    def decide(space: Workspace, who: str, why: str, replace: bool) -> Decided:
        return set_anchor(space, persona, file, by=who, reason=why, repin=replace, largest=face == "largest")

    return _decided(folder, persona, by, reason, repin, as_json, decide)


@anchor_command.command("choose")
@click.argument("persona", type=PersonaArgument())
@click.argument("candidate")
@_deciding
@json_option
@click.pass_obj
def choose_command(
    folder: str | None, persona: str, candidate: str, by: str | None, reason: str | None, repin: bool, as_json: bool
) -> int:
    """Make another CANDIDATE the anchor of PERSONA: its number, or the beginning of a digest that `forge anchor list`
    shows. Buys nothing.

    \b
    forge anchor choose nova 3 --repin --reason "the eyes are better"
    """
    from personaforge.measuring.anchors import choose_anchor

    def decide(space: Workspace, who: str, why: str, replace: bool) -> Decided:
        return choose_anchor(space, persona, candidate, by=who, reason=why, repin=replace)

    return _decided(folder, persona, by, reason, repin, as_json, decide)


@anchor_command.command("list")
@click.argument("persona", type=PersonaArgument())
@json_option
@click.pass_obj
def list_command(folder: str | None, persona: str, as_json: bool) -> int:
    """List the anchor of PERSONA, its candidates and former anchors: which one it is and why, and where they are."""
    from personaforge.measuring.anchors import list_anchors
    from personaforge.report.tables import print_table

    with Workspace.open([persona], folder) as space:
        listed = list_anchors(space, persona)
    if as_json:
        print_json({"schema": 1, "persona": persona, "pictures": [one._asdict() for one in listed]})
        return 0
    rows = []
    for one in listed:
        sides = f"{one.width} x {one.height}" if one.width else ""
        similarity = f"{one.similarity:.3f}" if one.similarity is not None else ""
        rows.append((one.name, one.standing, one.digest[:12], similarity, sides, one.path or "not here", one.reason))
    if rows:
        print_table(("candidate", "is", "digest", "similarity", "pixels", "file", "why"), rows)
    else:
        echo(f"{persona} has neither an anchor nor candidates: forge build, or forge anchor set {persona} FILE")
    return 0


def _decided(
    folder: str | None,
    persona: str,
    by: str | None,
    reason: str | None,
    repin: bool,
    as_json: bool,
    decide: Callable[[Workspace, str, str, bool], Decided],
) -> int:
    """Ask for missing values, decide, and say what the next build does."""
    from personaforge.measuring.anchors import NeedsRepin, git_person

    with Workspace.open([persona], folder) as space:
        who = by or git_person(space.project.root) or _answer("--by WHO", "Who decides")
        why = reason or _answer("--reason WHY", "Why")
        try:
            done = decide(space, who, why, repin)
        except NeedsRepin as error:
            if as_json or not sys.stdin.isatty():
                raise
            confirmed(f"{error.message}, and every picture would be made again. Replace it?", abort=True)
            done = decide(space, who, why, True)
        if as_json:
            print_json(done.as_json())
            return 0
        for note in done.notes:
            echo(f"{style('note', fg='yellow')}: {note}", err=True)
        if not done.changed:
            echo(f"{done.persona}'s anchor is {done.artifact.digest[:12]} already; nothing was changed.")
            return 0
        before = f", in place of {done.replaced[:12]}" if done.replaced else ""
        echo(one_line(f"{done.persona}'s anchor is {done.artifact.digest[:12]}{before}: {done.facts['reason']}"))
        _say_what_follows(space, done.persona, persona)
    return 0


def _say_what_follows(space: Workspace, name: str, persona: str) -> None:
    from personaforge.plan.plan import described
    from personaforge.report.money import estimate_text
    from personaforge.report.plan.console import WORDS

    plan = space.plan([persona])
    for notice in plan.notices:
        echo(f"{style('note', fg='yellow')}: {notice}", err=True)
    paid = f"; paid calls: {estimate_text(plan.estimate)}" if plan.estimate.calls_max else ""
    echo(f"Nothing was drawn. A build now: {described(plan, WORDS) or 'nothing to do'}{paid}.")
    echo(f"`forge plan {name}` says which; commit {space.project.relative(plan.personas[0].loaded.lock)}")


def _answer(option: str, question: str) -> str:
    if not sys.stdin.isatty():
        command = click.get_current_context().info_name or "set"
        what = "FILE" if command == "set" else "CANDIDATE"
        raise PlanError(f"{option} is missing", hint=f'forge anchor {command} PERSONA {what} --by "Ana" --reason "..."')
    return answer(question)
