"""`forge status`, `forge show` and `forge graph`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from personaforge.cli.options import (
    broken_json,
    forms_option,
    json_option,
    personas_argument,
    print_json,
    selection_options,
    split_overrides,
    tell_broken,
    tell_gone,
)
from personaforge.errors import PlanError, Problem, SpecError, StoreError
from personaforge.plan.plan import PlanRequest
from personaforge.report.terminal import echo
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace

if TYPE_CHECKING:
    from personaforge.report.verdict import Bound


@click.command("status", short_help="Show how every persona stands.")
@personas_argument
@json_option
@click.pass_obj
def status_command(folder: str | None, personas: tuple[str, ...], as_json: bool) -> int:
    """Show for every persona what is built, what a build would do, what failed, when it was last built, and who looks
    like another."""
    from personaforge.persona.orphans import orphans_of
    from personaforge.plan.issued import alike_notes, neighbours
    from personaforge.report.status import print_status, status_rows

    names, overrides = split_overrides(personas)
    broken: list[Broken] = []
    with Workspace.open(names, folder) as space:
        if not names and not space.project.persona_files():
            for one in orphans_of(space.store):
                echo(one.note)
        plan = space.plan(names, PlanRequest(overrides), broken)
        near = neighbours(space.project, [persona.loaded for persona in plan.personas])
        rows = status_rows(space.store, plan, near)
        left = orphans_of(space.store)
    over = filter(None, (persona.overruled_text for persona in plan.personas))
    notices = [*plan.notices, *over, *alike_notes(near), *(one.note for one in left)]
    if as_json:
        orphans = [one.as_json() for one in left]
        print_json({"schema": 1, "notices": notices, "personas": rows, "orphans": orphans, **broken_json(broken)})
    else:
        print_status(rows, notices, [one.persona for one in broken])
    return tell_broken(broken)


@click.command("show", short_help="Show a built persona as a card.")
@personas_argument
@json_option
@click.pass_obj
def show_command(folder: str | None, personas: tuple[str, ...], as_json: bool) -> int:
    """Show a built persona as a readable card; one that is partly built as far as it is there."""
    from personaforge.plan.look import overruled_now
    from personaforge.report.card import print_card
    from personaforge.report.verdict import bound_of
    from personaforge.results.readings import reading_json
    from personaforge.steps.reading import READING
    from personaforge.steps.text import OVERRULED
    from personaforge.workspace.briefs import other_language, phrases_in
    from personaforge.workspace.shown import built_document, with_decisions
    from personaforge.workspace.undrawn import not_drawn

    names, overrides = split_overrides(personas)
    broken: list[Broken] = []
    documents: list[dict[str, Any]] = []
    bounds: list[Bound | None] = []
    gone: dict[str, list[str]] = {}
    with Workspace.open(names, folder) as space:
        for loaded in space.load(names, overrides, broken, gone):
            try:
                document = with_decisions(space, loaded, built_document(space, loaded))
                decides = space.plan_context.analyzer_of(loaded.settings)
                bounds.append(bound_of(decides.calibrated, decides.calibration))
                if over := overruled_now(space.store, loaded):  # of edits since it was built, too
                    document[OVERRULED] = [one.as_json() for one in over]
                if (read := reading_json(space.store, loaded.settings)) is not None:
                    document[READING] = read
                if lacks := not_drawn(space.store, loaded.settings):
                    document["not_drawn"] = lacks
                if said := other_language(
                    loaded.settings, document["sections"], phrases_in(space.store, loaded.settings)
                ):
                    document["written_in"] = said
                documents.append(document)
            except (PlanError, StoreError) as error:
                if names:
                    raise
                problem = Problem(loaded.settings.id, "", error.message, error.hint)
                broken.append(Broken(loaded.settings.id, loaded.file, (problem,)))
    if broken and not documents:
        raise SpecError([problem for one in broken for problem in one.problems])
    if as_json:
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        for document, bound in zip(documents, bounds, strict=True):
            print_card(document, bound)
    tell_gone(gone)
    return tell_broken(broken)


@click.command("graph", short_help="Draw the build graph as mermaid, dot or JSON.")
@personas_argument
@selection_options
@forms_option("mermaid", "dot", "json")
@click.option("--all", "every", is_flag=True, help="Every node rather than every step.")
@click.pass_obj
def graph_command(
    folder: str | None,
    personas: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    form: str,
    every: bool,
) -> int:
    """Draw the build graph: a box for each step with its number of nodes and their states, or for each node."""
    from personaforge.report.plan.graph import graph_data, graph_text

    names, overrides = split_overrides(personas)
    broken: list[Broken] = []
    with Workspace.open(names, folder) as space:
        plan = space.plan(names, PlanRequest(overrides, select, exclude), broken)
        data = graph_data(plan, every=every)
    if form == "json":
        print_json(data)
    else:
        echo(graph_text(data, form))
    return tell_broken(broken)
