"""`forge cache`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personaforge.cli.options import FiniteRange, PersonaArgument, json_option, print_json
from personaforge.report.terminal import echo, style
from personaforge.workspace.workspace import Workspace

if TYPE_CHECKING:
    from personaforge.store.remote import Exchanged


@click.group("cache", short_help="Verify, measure, clean and share the store.")
def cache_command() -> None:
    """Verify, measure, clean and share the store."""


@cache_command.command("verify")
@click.option("--repair", is_flag=True, help="Move damaged files aside, and make the index's log again.")
@json_option
@click.pass_obj
def verify_command(folder: str | None, repair: bool, as_json: bool) -> int:
    """Read everything in the store and check that it is what its name says.

    Exit code 1 says that something is damaged, 2 that something can't be read now: it may be sound, so it is never
    moved. Files that aren't forge's are named, and left alone.
    """
    from personaforge.store.upkeep import verify

    with Workspace.open((), folder) as space:
        found = verify(space.store, repair=repair)
    if as_json:
        print_json({"schema": 1, "sound": not (found.problems or found.unreadable), **asdict(found)})
    else:
        for problem in found.problems:
            echo(f"{style('damaged', fg='red')}: {problem}")
        for fault in found.unreadable:
            echo(f"{style('unreadable', fg='yellow')}: {fault}")
        for stray in found.strays:
            echo(f"{style('note', fg='yellow')}: isn't forge's, and is left alone: {stray}")
        echo(f"{found.blobs} artifacts ({_bytes(found.bytes)}) and {found.records} records read.")
        if found.without_artifact:
            echo(f"{found.without_artifact} results have no artifact here any more.")
        if found.unfinished:
            echo(f"{found.unfinished} unfinished files of a killed build; harmless, `forge cache gc` removes them.")
        damaged = f"{len(found.problems)} damaged, {found.repaired} moved aside" if found.problems else ""
        unread = f"{len(found.unreadable)} can't be read now, and were left as they are" if found.unreadable else ""
        echo(f"{'; '.join(part for part in (damaged, unread) if part) or 'Sound'}.")
    if len(found.problems) > found.repaired:
        return 1
    return 2 if found.unreadable else 0


@cache_command.command("stats")
@json_option
@click.pass_obj
def stats_command(folder: str | None, as_json: bool) -> int:
    """Show what the store holds, and what it took to make."""
    from personaforge.store.upkeep import statistics

    with Workspace.open((), folder) as space:
        found: dict[str, Any] = statistics(space.store)
    if as_json:
        print_json(found)
        return 0
    echo(f"{found['artifacts']} artifacts, {_bytes(found['bytes'])}, in {found['folder']}")
    for name, entry in found["by_type"].items():
        echo(f"  {name:<18} {entry['artifacts']:>6}  {_bytes(entry['bytes'])}")
    records = ", ".join(f"{count} {kind}" for kind, count in found["records"].items())
    echo(f"Records: {records}")
    echo(f"It took {found['seconds_of_work']:.1f} s of work and ${found['spent_usd']:.4f}.")
    if found["calls_of_unknown_cost"]:
        echo(f"The cost of {found['calls_of_unknown_cost']} calls is unknown.")
    return 0


@cache_command.command("gc")
@click.option("--yes", is_flag=True, help="Remove it; without this only show what would go.")
@click.option("--max-size", type=FiniteRange(0), metavar="GB", help="Trim to this size; else store.max_gigabytes.")
@click.option("--keep-days", type=FiniteRange(0), help="Keep what is younger; else store.keep_days.")
@json_option
@click.pass_obj
def gc_command(folder: str | None, yes: bool, max_size: float | None, keep_days: float | None, as_json: bool) -> int:
    """Remove artifacts that no lock, no git branch or tag and no built node names: oldest first, down to a size."""
    from personaforge.persona.orphans import orphans_of
    from personaforge.store.upkeep import collect

    with Workspace.open((), folder) as space:
        settings = space.defaults()["store"]
        gigabytes = settings["max_gigabytes"] if max_size is None else max_size
        days = settings["keep_days"] if keep_days is None else keep_days
        found = collect(space.store, max_bytes=int(gigabytes * 1e9), keep_days=days, act=yes)
        left = orphans_of(space.store)
    if as_json:
        print_json({"schema": 1, **asdict(found), "orphans": [one.as_json() for one in left]})
        return 0
    verb = "Removed" if yes else "Would remove"
    echo(f"{verb} {len(found.removed)} artifacts and {found.unfinished} unfinished files, {_bytes(found.freed)}.")
    echo(f"{'Kept' if yes else 'Would keep'} {found.kept} artifacts, {_bytes(found.kept_bytes)}.")
    if not yes and (found.removed or found.unfinished):
        echo("Nothing was removed; --yes does it.")
    for one in left:
        echo(f"{style('note', fg='yellow')}: {one.note}")
    return 0


@cache_command.command("push")
@click.argument("personas", nargs=-1, type=PersonaArgument())
@click.option("--remote", metavar="DIR|@NAME", help="The folder to push to; else FORGE_REMOTE, else store.remote.")
@json_option
@click.pass_obj
def push_command(folder: str | None, personas: tuple[str, ...], remote: str | None, as_json: bool) -> int:
    """Copy what personas consist of to a shared folder, and replace what is damaged there."""
    return _exchange(folder, personas, remote, as_json, push=True)


@cache_command.command("pull")
@click.argument("personas", nargs=-1, type=PersonaArgument())
@click.option("--remote", metavar="DIR|@NAME", help="The folder to pull from; else FORGE_REMOTE, else store.remote.")
@json_option
@click.pass_obj
def pull_command(folder: str | None, personas: tuple[str, ...], remote: str | None, as_json: bool) -> int:
    """Copy what the locks of personas pin from a shared folder, and replace what is damaged here."""
    return _exchange(folder, personas, remote, as_json, push=False)


def _exchange(folder: str | None, personas: tuple[str, ...], remote: str | None, as_json: bool, *, push: bool) -> int:
    from personaforge.drift.acknowledgement import keys_to_push
    from personaforge.store.lockfile import read_lock
    from personaforge.store.remote import Remote, remote_folder

    found: dict[str, Exchanged] = {}
    notes: dict[str, None] = {}
    with Workspace.open(personas, folder) as space:
        for loaded in space.load(personas):
            settings = loaded.settings
            where = remote_folder(space.project, remote, settings.value("store.remote"), notes=notes)
            lock = read_lock(loaded.lock, settings.id, settings.formerly)
            if push:
                done = Remote(where).push(space.store, settings.id, lock, keys_to_push(space.store, settings.id))
            else:
                done = Remote(where).pull(space.store, settings.id, lock)
            found[settings.id] = done
            if not as_json:
                echo(f"{settings.id}: {_exchanged(done, where, push=push)}")
                for fault in done.unreadable:
                    echo(f"{style('unreadable', fg='yellow')}: {fault}", err=True)
    for note in notes:
        echo(f"{style('note', fg='yellow')}: {note}", err=True)
    if as_json:
        print_json({"schema": 1, "personas": {name: asdict(one) for name, one in found.items()}})
    if any(one.missing for one in found.values()):
        return 1
    return 2 if any(one.unreadable for one in found.values()) else 0


def _exchanged(done: Exchanged, where: Path, *, push: bool) -> str:
    """Return the result of a push or a pull in words: a file that was not copied is never called pushed."""
    verb, way = ("pushed", "to") if push else ("pulled", "from")
    if done.blobs or done.records:
        text = f"{verb} {done.blobs} artifacts ({_bytes(done.bytes)}), {done.records} records {way} {where}"
    elif done.there:
        side = f"in {where}" if push else "here"
        text = f"nothing {verb}: its {done.there} artifacts are {side} already"
    else:
        text = f"nothing {verb}: " + ("nothing of it is in the store" if push else f"nothing of it is in {where}")
    parts = [text]
    if done.damaged:
        parts.append(f"{len(done.damaged)} were damaged there" + (", and replaced" if push else ", and not taken"))
    if done.missing:
        parts.append(f"{len(done.missing)} pinned artifacts are missing")
    return "; ".join(parts)


def _bytes(size: int) -> str:
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError
