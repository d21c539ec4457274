"""`forge plan` and `forge explain`."""

from __future__ import annotations

from typing import Any

import click

from personaforge.cli.options import (
    NodeArgument,
    OwnFile,
    broken_json,
    format_options,
    json_option,
    personas_argument,
    print_json,
    refuse_force_when_frozen,
    selection_options,
    show_as,
    since_option,
    split_overrides,
    tell_broken,
    tell_gone,
    unread_option,
    wish_options,
    with_unread,
)
from personaforge.plan.plan import PlanRequest
from personaforge.report.terminal import echo
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace


@click.command("plan", short_help="Show what a build would do, why, and what it may cost.")
@personas_argument
@selection_options
@since_option
@wish_options
@unread_option
@click.option("-v", "--verbose", is_flag=True, help="Every node, with all its reasons.")
@click.option(
    "-o",
    "--save",
    "--output",
    "saved",
    type=OwnFile(),
    metavar="FILE",
    help="Save the plan for `forge build --plan FILE`.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 0 when there is nothing to do, 2 with changes.")
@format_options
@click.pass_obj
def plan_command(
    folder: str | None,
    personas: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    changed_since: str | None,
    force: tuple[str, ...],
    repin: tuple[str, ...],
    frozen: bool,
    allow_unread: bool,
    verbose: bool,
    saved: str | None,
    detailed_exitcode: bool,
    form: str,
    out: str | None,
) -> int:
    """Show what `forge build` would do and why. Runs nothing, and reaches no network.

    --format markdown is for a pull request's comment.
    """
    from personaforge.cli.since import plan_since
    from personaforge.report.plan.console import plan_lines

    names, overrides = split_overrides(personas)
    overrides = with_unread(overrides, allow_unread)
    refuse_force_when_frozen(frozen, force, repin)
    asked = PlanRequest(overrides, select, exclude, force, repin, frozen)
    broken: list[Broken] = []
    with Workspace.open(names, folder) as space:
        if changed_since is not None:
            names, plan = plan_since(space, names, changed_since, asked, broken)
        else:
            plan = space.plan(names, asked, broken)
        project = space.project
        if saved is not None:
            from personaforge.plan.planfile import save_plan

            save_plan(saved, plan, [one.id for one in plan.personas] if broken else names, asked)

    def sheet() -> Any:
        from dataclasses import replace

        from personaforge.report.formats.place import repository_prefix
        from personaforge.report.plan.sheet import plan_sheet

        made = plan_sheet(plan, repository_prefix(project), project.root)
        return replace(made, json=lambda: {**plan.as_json(), **broken_json(broken)}) if broken else made

    def table() -> None:
        for line in plan_lines(plan, verbose=verbose):
            echo(line)

    show_as(form, out, sheet, table)
    code = 1 if plan.counts().get("missing") else 2 if detailed_exitcode and plan.has_changes else 0
    return tell_broken(broken, code)


@click.command("explain", short_help="Show what a node depends on and what has changed.")
@click.argument("node", type=NodeArgument())
@click.argument("overrides", nargs=-1, metavar="[OVERRIDE]...")
@click.option("--prompt", is_flag=True, help="Only the rendered prompt, as it was sent or would be.")
@click.option("--provider", metavar="NAME", help="With --prompt: as this provider would be asked, by its preset.")
@json_option
@click.pass_obj
def explain_command(
    folder: str | None, node: str, overrides: tuple[str, ...], prompt: bool, provider: str | None, as_json: bool
) -> int:
    """Show the inputs of a node's key, which of them differ from the last build, and the artifact it has now.

    NODE is an id such as sofia-reyes/image/07, or image/07 where the project has one persona. Nobody is asked anything:
    before what it needs is made, the prompt is rendered with what its schema allows in its place.

    \b
    forge explain sofia-reyes/image/07 --prompt --provider fal
    """
    from personaforge.plan.explanation import asking, explain
    from personaforge.report.plan.console import explanation_lines, prompt_lines

    if provider is not None and not prompt:
        raise click.UsageError("--provider goes along with --prompt")
    broken: list[Broken] = []
    gone: dict[str, list[str]] = {}
    with Workspace.open((), folder) as space:
        personas, name = space.load_node(node, overrides, broken, gone)
        if provider is not None:
            overrides = asking(space.plan_context, personas, name, overrides, provider)
            broken.clear()
            personas, name = space.load_node(node, overrides, broken, gone)
        explanation = explain(space.plan_context, personas, name, overrides, anew=provider is not None)
    if as_json:
        print_json(explanation)
    else:
        for line in (prompt_lines if prompt else explanation_lines)(explanation):
            echo(line)
    tell_gone({name: files for name, files in gone.items() if explanation["node"].startswith(f"{name}/")})
    return tell_broken(broken)
