"""`forge ls`."""

from __future__ import annotations

import shlex

import click

from personaforge.cli.options import (
    broken_json,
    json_option,
    personas_argument,
    print_json,
    selection_options,
    split_overrides,
    tell_broken,
)
from personaforge.errors import SpecError
from personaforge.listing import meant
from personaforge.report.terminal import echo, style
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace

_NODES = "nodes"


@click.command("ls", short_help="List nodes, positions, contexts, motions, pinnable fields.")
@personas_argument
@selection_options
@click.option("-n", "--names", "bare", is_flag=True, help="Names only, one in a line.")
@json_option
@click.pass_obj
def ls_command(
    folder: str | None,
    personas: tuple[str, ...],
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    bare: bool,
    as_json: bool,
) -> int:
    """List what can be named: the nodes of personas, or what WHAT names as the first argument: positions, contexts,
    scenes, motions, steps, or pins (the fields that a persona file may pin, with their values).

    \b
    forge ls --select 'image/*,tag:identity'    which nodes a selection means; runs nothing
    forge ls pins sofia-reyes
    """
    from personaforge.workspace.catalog import LISTS, entries, nodes

    what, rest = _NODES, personas
    if personas and personas[0] in (_NODES, *LISTS):
        what, rest = personas[0], personas[1:]
    names, overrides = split_overrides(rest)
    if what != _NODES and (select or exclude):
        raise click.UsageError(f"--select and --exclude are about nodes, and {what} are none")
    broken: list[Broken] = []
    with Workspace.open(names, folder) as space:
        try:
            loaded = space.load(names, overrides, broken)
        except SpecError as error:
            raise _meant_otherwise(error, personas, what) from None
        if what == _NODES:
            found = nodes(space, loaded, select, exclude)
        elif len(loaded) != 1:
            raise click.UsageError(f"name one persona: `forge ls {what} ID`; there are {len(loaded)}")
        else:
            found = entries(what, loaded[0].settings)
    if as_json:
        listed = {"schema": 1, "list": what, "entries": [one._asdict() for one in found]}
        print_json({**listed, **broken_json(broken)})
        return tell_broken(broken)
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        echo(one.name if bare or not one.about else f"{one.name:<{width}}  {style(one.about, dim=True)}")
    return tell_broken(broken)


def _meant_otherwise(error: SpecError, personas: tuple[str, ...], what: str) -> SpecError:
    """Return an error about a name that is no persona's with what it may be instead: a list, or a node."""
    from personaforge.workspace.catalog import LISTS

    (first, *others), named = error.problems, set(personas)
    if others or first.where not in named or first.path or first.hint.startswith("did you mean"):
        return error
    near = meant(first.where, LISTS) if what == _NODES and first.where == personas[0] else ""
    if near:
        return SpecError(
            first._replace(message="is neither a persona nor one of the lists", hint=f"{near} {first.hint}")
        )
    if set(first.where) & set("/*:"):
        return SpecError(first._replace(hint=f"nodes are named by --select {shlex.quote(first.where)}; {first.hint}"))
    return error
