"""`forge build`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from personaforge.cli.options import (
    FiniteRange,
    json_option,
    personas_argument,
    print_json,
    refuse_force_when_frozen,
    selection_options,
    since_option,
    split_overrides,
    tell_broken,
    unread_option,
    wish_options,
    with_unread,
)
from personaforge.errors import PlanError, SpecError, StoreError
from personaforge.listing import listed
from personaforge.plan.plan import Plan, PlanRequest
from personaforge.report.terminal import echo, holding, style
from personaforge.run.refusal import require_whole
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import BuildOptions, Workspace


@click.command("build", short_help="Build personas: plan, then run what is needed.")
@personas_argument
@selection_options
@since_option
@wish_options
@unread_option
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Actions that take a processor at once.")
@click.option("-k", "--keep-going", is_flag=True, help="Go on with nodes that don't depend on a failed one.")
@click.option("--max-cost", type=FiniteRange(0), metavar="USD", help="Spend at most this much.")
@click.option("--events", metavar="FILE", help="Write events as JSON lines to a file, or to standard output with -.")
@click.option("--plan", "plan_file", type=click.Path(dir_okay=False), help="Run exactly what `forge plan -o` saved.")
@json_option
@click.pass_obj
def build_command(
    folder: str | None,
    personas: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    changed_since: str | None,
    force: tuple[str, ...],
    repin: tuple[str, ...],
    frozen: bool,
    allow_unread: bool,
    dry_run: bool,
    jobs: int | None,
    keep_going: bool,
    max_cost: float | None,
    events: str | None,
    plan_file: str | None,
    as_json: bool,
) -> int:
    """Build personas: plan, then run what is needed, and only that.

    PERSONA is a file, an id or a glob; all of the project's when none is given. OVERRIDE is Hydra's: image.width=512.
    """
    names, overrides = split_overrides(personas)
    refuse_force_when_frozen(frozen, force, repin)
    # A saved plan is built with the settings that it was made with: there the flag only lets it pass.
    settings = overrides if plan_file is not None else with_unread(overrides, allow_unread)
    asked = PlanRequest(settings, select, exclude, force, repin, frozen)
    if plan_file is not None:
        if personas or asked != PlanRequest() or changed_since is not None:
            raise PlanError("--plan runs what was saved, so it takes no personas, overrides or selections")
        from personaforge.plan.planfile import read_plan_file

        names, asked, saved = read_plan_file(plan_file)
    broken: list[Broken] = []
    with Workspace.open(names, folder) as space:
        if changed_since is not None or (plan_file is not None and not saved["personas"]):
            from personaforge.cli.since import plan_since

            # A saved plan without a persona was made when nothing had changed; passing no name would mean all personas.
            names, plan = plan_since(space, names, changed_since, asked, broken if keep_going else None)
        else:
            plan = _plan(space, names, asked, broken if keep_going else None)
        if plan_file is not None:
            from personaforge.plan.planfile import require_same

            require_same(plan, saved)
        # A dry run ends before the refusals: it has to show what would be refused.
        if dry_run:
            return tell_broken(broken, _dry_run(plan, as_json))
        if not keep_going:
            require_whole(plan, max_cost)
        plan, unread = (plan, 0) if plan.stands or allow_unread else _enough_read(plan, keep_going)
        quiet = (as_json and not holding()) or events == "-"
        # The common case, kept free of the imports that a run needs.
        if plan.stands and not as_json and not quiet and events is None and not space.unsettled(plan):
            return tell_broken(broken, _nothing_to_do(plan) or (1 if unread else 0))
        for notice in plan.notices if not quiet else ():
            echo(f"{style('note', fg='yellow')}: {notice}", err=True)
        with _listeners(space, plan, events, quiet) as listeners, interruptible(space):
            report = space.build(plan, BuildOptions(jobs, keep_going, max_cost), listeners=listeners)
        # Raised only after the run has ended in order: finished nodes are kept, and the bug is logged with exit code 3.
        crashed = next((node for node in report.nodes.values() if node.crash is not None), None)
        if crashed is not None:
            raise RuntimeError(f"{crashed.id}: {crashed.error}") from crashed.crash
        from personaforge.report.build.console import built_summary, has_failures, print_summary

        summary = built_summary(space, plan, report)
        if as_json:
            print_json(summary)
        elif events != "-":
            print_summary(summary, plan, report)
        if report.interrupted:
            return 130
        return tell_broken(broken, 1 if has_failures(summary) or unread else 0)


def _enough_read(plan: Plan, keep_going: bool) -> tuple[Plan, int]:
    """Return a plan without the personas of whose briefs too little would be kept, and how many these are. Without
    --keep-going they stop the build: raises TooLittleRead."""
    from personaforge.workspace.forecast import require_read, without_unread

    if not keep_going:
        require_read(plan)
        return plan, 0
    plan, lines = without_unread(plan)
    for said in lines:
        echo(f"{style('refused', fg='red')}: {said}", err=True)
    return plan, len(lines)


def _plan(space: Workspace, names: list[str], asked: PlanRequest, broken: list[Broken] | None) -> Plan:
    """Return the plan. A broken persona stops the build of all, before anything is bought, unless the personas are
    named or --keep-going is given; then it is added to `broken`."""
    try:
        return space.plan(names, asked, broken)
    except (SpecError, StoreError) as error:
        if broken is None and not names:
            way_out = "nothing was built; name personas to build only those, or --keep-going builds all others"
            error.hint = f"{error.hint}; {way_out}" if error.hint else way_out
        raise


def _nothing_to_do(plan: Any) -> int:
    """Say so without loading the code that runs and reports: most builds have nothing to do."""
    for notice in plan.notices:
        echo(f"{style('note', fg='yellow')}: {notice}", err=True)
    for text in filter(None, (persona.overruled_text for persona in plan.personas)):
        echo(f"{style('overruled', fg='red')}: {text}", err=True)
    if not plan.personas:
        echo("Nothing to do.")
        return 0
    one = plan.personas[0].id if len(plan.personas) == 1 else ""
    rejected = [node.id for node in plan.nodes() if node.state != "left" and (node.rejected or node.state == "blocked")]
    count = sum(number for state, number in plan.counts().items() if state != "left") - len(rejected)
    which = "selected node" if plan.selection.selected is not None else "node"
    echo(f"Nothing to do: {count} {which}{'s are' if count != 1 else ' is'} up to date in build/{one}")
    if rejected:
        echo(f"{style('rejected', fg='red')}: {listed(rejected, 5)}", err=True)
        echo("  --force 'result:rejected' buys another take of what failed its gate", err=True)
    return 1 if rejected else 0


def _dry_run(plan: Any, as_json: bool) -> int:
    from personaforge.report.plan.console import plan_lines

    if as_json:
        print_json(plan.as_json())
    else:
        for line in plan_lines(plan, verbose=False):
            echo(line)
    return 1 if plan.counts().get("missing") else 0


@contextmanager
def _listeners(space: Workspace, plan: Any, events: str | None, quiet: bool) -> Iterator[list[Callable[[Any], None]]]:
    """Show progress where it can be seen: live on a terminal, lines in CI, nothing on a pipe."""
    from contextlib import ExitStack

    listeners: list[Callable[[Any], None]] = []
    with ExitStack() as stack:
        if events is not None:
            from personaforge.report.lines import EventLines

            listeners.append(stack.enter_context(EventLines(events)))
        if not quiet and plan.has_changes:
            if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI"):
                from personaforge.report.build.live import LiveProgress
                from personaforge.report.build.pace import seconds_by_kind

                listeners.append(stack.enter_context(LiveProgress(plan, seconds_by_kind(space.store, plan))))
            elif os.environ.get("CI") or sys.stderr.isatty():
                from personaforge.report.lines import PlainProgress

                listeners.append(PlainProgress())
        yield listeners


_STOPPING = (
    b"\nStopping: nothing new is started, and the calls in flight are waited for, since they are paid for or drawn by "
    b"now.\n^C again stops at once. The next build goes on from here either way.\n"
)
_LEFT = (
    b"\nStopped at once. What was finished is kept; a drawing in flight is made again by the next build. Paid calls in "
    b"flight are journalled:\n`forge jobs list` shows them, and which of them the next build takes up.\n"
)


@contextmanager
def interruptible(space: Workspace) -> Iterator[None]:
    """The first ^C ends the build after the calls in flight, the second at once; neither loses anything."""

    def interrupt(signum: int, frame: Any) -> None:
        if space.stop.is_set():
            os.write(2, _LEFT)
            os._exit(130)
        space.stop.set()
        os.write(2, _STOPPING)

    previous = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
