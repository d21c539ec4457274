"""`forge models`: list, pull, verify and find face packs."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personaforge.cli.options import json_option, print_json
from personaforge.report.terminal import confirmed, echo

if TYPE_CHECKING:
    from personaforge.packs.catalog import Catalog, KnownPack
    from personaforge.packs.verification import Listed


@click.group("models", short_help="List, fetch and verify the face packs that measure.")
def models_command() -> None:
    """List, fetch and verify the face packs that measure. Nothing is ever fetched by another command."""


@models_command.command("list")
@json_option
@click.pass_obj
def list_command(folder: str | None, as_json: bool) -> int:
    """Show known packs, which are here, and which one `auto` is. Compares sizes; `verify` reads the files."""
    from personaforge.faces.packs import Pack
    from personaforge.packs.catalog import read_catalog
    from personaforge.packs.composition import list_composed
    from personaforge.packs.verification import list_packs
    from personaforge.report.packs import composed_lines, list_lines
    from personaforge.spec.licence_use import licence_use
    from personaforge.spec.project import project_of

    project = project_of((), folder)
    use, catalog = licence_use(project), read_catalog(project)
    rows, chosen = list_packs(catalog)
    composed = list_composed(catalog)
    if as_json:
        auto = {"pack": chosen.name, "folder": str(chosen.folder)} if isinstance(chosen, Pack) else {"pack": None}
        missing = {} if isinstance(chosen, Pack) else {"reason": chosen.reason, "hint": chosen.hint}
        packs = [
            {
                "name": row.name,
                "known": row.known is not None or row.built_in is not None,
                "built_in": row.built_in is not None,
                "measures": row.measures,
                "title": about.title if (about := row.known or row.built_in) else None,
                "licence": _licence(row),
                "size": row.known.size if row.known else None,
                "download_size": row.known.download_size if row.known else None,
                "models": [one.as_json() for one in row.terms],
                "found": [asdict(state) for state in row.states],
            }
            for row in rows
        ]
        print_json(
            {
                "schema": 1,
                "auto": auto | missing,
                "licence_use": use,
                "packs": packs,
                "composed": [one.as_json() for one in composed],
            }
        )
    else:
        echo("\n".join([*composed_lines(composed, use), *list_lines(rows, chosen, use)]))
    return 0


@models_command.command("pull")
@click.argument("name")
@click.option("--to", "to", metavar="DIR", help="The folder for the pack's folder; else ~/.cache/personaforge/models.")
@click.option("--accept-licence", is_flag=True, help="Accept the licence that is shown.")
@json_option
@click.pass_obj
def pull_command(folder: str | None, name: str, to: str | None, accept_licence: bool, as_json: bool) -> int:
    """Fetch a known pack, check it against its pinned digests, and record its licence beside it."""
    from personaforge.errors import PersonaForgeError
    from personaforge.faces.packs import pack_folders, user_folder
    from personaforge.packs.pull import Pulled, pull
    from personaforge.report.packs import PullLines, licence_lines, megabytes

    parent = Path(to).expanduser().absolute() if to else user_folder()
    catalog, asked = _catalog(folder), name
    wanted = catalog.packs_of(name) if name in catalog.composed else (name,)

    def accept(name: str, pack: KnownPack) -> str:
        if not as_json or not accept_licence:
            echo("\n".join(licence_lines(name, pack)), err=True)
        if accept_licence:
            return "--accept-licence"
        if sys.stdin.isatty() and not as_json and confirmed("Accept it?"):
            return "on a terminal"
        again = ["forge", "models", "pull", asked, *(["--to", to] if to else []), "--accept-licence"]
        raise PersonaForgeError(f"the licence of {name} was not accepted", hint=shlex.join(again))

    done: list[Pulled] = []
    for one in wanted:
        if as_json:
            done.append(pull(catalog, one, parent, accept=accept))
        else:
            with PullLines(live=sys.stderr.isatty()) as lines:
                done.append(pull(catalog, one, parent, accept=accept, say=lines))
    first = {one: next((place / one for place in pack_folders() if (place / one).is_dir()), None) for one in wanted}
    if as_json:
        pulled = [{**asdict(result), "found_first": first[result.name]} for result in done]
        print_json(
            {"schema": 1, "name": name, "packs": pulled} if name in catalog.composed else {"schema": 1, **pulled[0]}
        )
        return 0
    for result in done:
        came = "nothing was fetched" if result.state == "here" else f"{megabytes(result.fetched)} fetched"
        echo(f"{result.name} is whole in {result.folder} ({came}).")
    missing = [one for one, place in first.items() if place is None]
    if missing:
        echo(f"Builds find {'it' if len(wanted) == 1 else 'them'} with FORGE_MODELS={shlex.quote(str(parent))}")
    for result in done:
        place = first[result.name]
        if place is not None and place.resolve() != result.folder.resolve():
            echo(f"Builds find {place} first, and so don't use this one: see FORGE_MODELS.")
    if name in catalog.composed and not missing:
        echo(f"{name} is complete: `identity.pack: {name}` measures with it.")
    return 0


@models_command.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@json_option
@click.pass_obj
def verify_command(folder: str | None, names: tuple[str, ...], as_json: bool) -> int:
    """Read the files of packs and compare them with the pinned digests; all packs that are here when none is named."""
    from personaforge.faces.packs import PackMissing, pack_folders
    from personaforge.packs.composition import list_composed, part_faults
    from personaforge.packs.verification import verify
    from personaforge.report.packs import verified_lines

    catalog = _catalog(folder)
    composed = [one for one in list_composed(catalog) if one.name in names]
    others = [name for name in names if name not in catalog.composed]
    beneath = [pack for one in composed for pack in catalog.packs_of(one.name)]
    states = verify(catalog, [*others, *beneath])
    faults = [fault for one in composed for fault in part_faults(one)]
    missing = [one.found.reason for one in composed if isinstance(one.found, PackMissing)]
    sound = bool(states) and all(state.sound for state in states) and not faults and not missing
    if as_json:
        found = {"composed": [{**one.as_json(), "faults": part_faults(one)} for one in composed]} if composed else {}
        print_json({"schema": 1, "sound": sound, "packs": [asdict(state) for state in states], **found})
    elif states:
        echo("\n".join([*verified_lines(states), *faults, *missing]))
    else:
        echo(f"No pack in {', '.join(map(str, pack_folders()))}: nothing was checked.")
        echo("  forge models pull buffalo_l")
    return 0 if sound else 1


@models_command.command("path")
@click.argument("name", default="auto")
@json_option
@click.pass_obj
def path_command(folder: str | None, name: str, as_json: bool) -> int:
    """Print the folder of a pack as builds find it; without a name, of the best one."""
    from personaforge.errors import PersonaForgeError
    from personaforge.packs.verification import pack_path

    catalog = _catalog(folder)
    if name in catalog.composed:
        parts = ", ".join(catalog.packs_of(name))
        hint = f"forge models path {catalog.packs_of(name)[0]}"
        raise PersonaForgeError(f"{name} has no folder of its own: it is composed of files of {parts}", hint=hint)
    found = pack_path(catalog, name)
    if as_json:
        value: dict[str, Any] = {"schema": 1, "pack": found.name, "folder": str(found)}
        print_json(value)
    else:
        echo(found)
    return 0


def _licence(row: Listed) -> dict[str, Any] | None:
    if row.built_in is not None:
        return dict(row.built_in.licence_json())
    return row.known.licence.model_dump() if row.known is not None else None


def _catalog(folder: str | None) -> Catalog:
    from personaforge.packs.catalog import read_catalog
    from personaforge.spec.project import project_of

    return read_catalog(project_of((), folder))
