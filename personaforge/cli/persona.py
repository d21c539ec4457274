"""`forge mv` and `forge rm`: a persona as a whole."""

from __future__ import annotations

import os
from typing import Any

import click

from personaforge.cli.options import PersonaArgument, json_option, print_json
from personaforge.errors import Problem, SpecError
from personaforge.listing import counted
from personaforge.report.terminal import echo, style
from personaforge.workspace.workspace import Workspace


@click.command("mv", short_help="Give a persona another id; nothing is made anew.")
@click.argument("old", type=PersonaArgument())
@click.argument("new")
@json_option
@click.pass_obj
def mv_command(folder: str | None, old: str, new: str, as_json: bool) -> int:
    """Rename persona OLD to NEW: its file, lock, build folder and page. No text, picture or clip is made again, and its
    timelines and costs go on: the file says `formerly: [OLD]` from now on, and must go on saying so.

    After a rename by hand, or one that was ended midway, it does what is missing.
    """
    from personaforge.persona.rename import rename

    with Workspace.open((), folder) as space:
        found = rename(space.store, old, new)
        file = os.path.relpath(found.file, space.project.root)
        problems = _problems(space, new)
    if as_json:
        said = {"schema": 1, "old": old, "new": new, "file": file, "done": found.done, "mentions": found.mentions}
        print_json({**said, "problems": [problem._asdict() for problem in problems]})
        return 0
    for line in found.done:
        echo(line)
    if not found.done:
        echo(f"{new} is {old} renamed already; there was nothing left to do.")
    for place in found.mentions:
        echo(f"{style('note', fg='yellow')}: {place} names {old}")
    if problems:  # a build refuses it, renamed or not
        why = f"{problems[0]}" if len(problems) == 1 else f"{len(problems)} problems"
        echo(f"Commit {file} and its lock together. It can't be built as it is: {why} (forge validate {new})")
        return 0
    echo(f"Commit {file} and its lock together; forge build {new} writes the document and the sheet anew, free.")
    return 0


def _problems(space: Workspace, name: str) -> list[Problem]:
    """Return why a persona can't be built; empty where nothing of its file is wrong."""
    try:
        space.load([name])
    except SpecError as error:
        return error.problems
    return []


@click.command("rm", short_help="Remove what belongs to a persona; shows it first.")
@click.argument("persona", type=PersonaArgument())
@click.option("--yes", is_flag=True, help="Remove it; without this only show what would go.")
@click.option("--file", "with_file", is_flag=True, help="Remove the persona's file, too.")
@json_option
@click.pass_obj
def rm_command(folder: str | None, persona: str, yes: bool, with_file: bool, as_json: bool) -> int:
    """Show what belongs to a persona, or is left of one whose file is gone: lock, build folder, page, results, records
    and artifacts that nothing else names. --yes removes it; a persona that has its file needs --file as well.

    What other personas or a lock in a git revision name stays, and so does what you edited. Money stays counted.
    """
    from personaforge.persona.removal import belongings, remove

    with Workspace.open((), folder) as space:
        found = remove(space.store, persona, with_file=with_file) if yes else belongings(space.store, persona)
        root = space.project.root
    if as_json:
        print_json(found.as_json())
        return 0
    for line in _lines(found, root):
        echo(line)
    if not yes:
        needs = " --file" if found.file is not None else ""
        echo(f"Nothing was removed; forge rm {persona}{needs} --yes does it.")
    return 0


def _lines(found: Any, root: Any) -> list[str]:
    verb, keeps = ("Removed", "Kept") if found.acted else ("Would remove", "Would keep")
    paths = [path for path in (found.file, found.lock, found.page) if path is not None]
    rows: list[tuple[str, str]] = [(verb, os.path.relpath(path, root)) for path in paths]
    if found.folder is not None:
        rows.append((verb, f"{os.path.relpath(found.folder, root)}/, {counted(len(found.files), 'file')}"))
    if found.nodes or found.records:
        money = f", for ${found.spent_usd:.4f}, which stays counted" if found.spent_usd else ""
        rows.append((verb, f"{len(found.nodes)} results in the index and {len(found.records)} records{money}"))
    if not found.former_of:
        rows.append((verb, f"{len(found.blobs)} artifacts, {found.bytes / 1e6:.1f} MB"))
    if found.shared:
        rows.append((keeps, f"{found.shared} artifacts that another persona or a git revision names"))
    foreign = "which forge didn't write or somebody edited"
    rows += [(keeps, f"{os.path.relpath(path, root)}, {foreign}") for path in found.foreign]
    rows += [(keeps, f"{os.path.relpath(path, root)}, a file of its brief") for path in found.material]
    if found.open_calls:
        rows.append((keeps, f"{found.open_calls} paid calls in flight: forge jobs list"))
    lines = [f"{head} {text}." for head, text in rows]
    if found.former_of:
        lines.append(f"{found.former_of} was called {found.id}; what is {found.former_of}'s own stays.")
    return lines
