"""`forge cache`."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from personaforge.cli.options import PersonaArgument, json_option, print_json
from personaforge.errors import StoreError
from personaforge.workspace import Workspace


@click.group("cache", short_help="Verify, measure, clean and share the store.")
def cache_command() -> None:
    """Verify, measure, clean and share the store."""


@cache_command.command("verify")
@click.option("--repair", is_flag=True, help="Move damaged files aside, and make the index's log again.")
@json_option
@click.pass_obj
def verify_command(folder: str | None, repair: bool, as_json: bool) -> int:
    """Read everything in the store and check that it is what its name says."""
    from personaforge.store.upkeep import verify

    with Workspace.open((), folder) as space:
        found = verify(space.store, repair=repair)
    if as_json:
        print_json({"schema": 1, "sound": not found.problems, **asdict(found)})
    else:
        for problem in found.problems:
            click.echo(f"{click.style('damaged', fg='red')}: {problem}")
        click.echo(f"{found.blobs} artifacts ({_bytes(found.bytes)}) and {found.records} records read.")
        if found.without_artifact:
            click.echo(f"{found.without_artifact} results have no artifact here any more.")
        if found.unfinished:
            click.echo(
                f"{found.unfinished} unfinished files of a killed build; harmless, `forge cache gc` removes them."
            )
        click.echo(f"{len(found.problems)} damaged, {found.repaired} moved aside." if found.problems else "Sound.")
    return 1 if len(found.problems) > found.repaired else 0


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
    click.echo(f"{found['artifacts']} artifacts, {_bytes(found['bytes'])}, in {found['folder']}")
    for name, entry in found["by_type"].items():
        click.echo(f"  {name:<18} {entry['artifacts']:>6}  {_bytes(entry['bytes'])}")
    records = ", ".join(f"{count} {kind}" for kind, count in found["records"].items())
    click.echo(f"Records: {records}")
    click.echo(f"It took {found['seconds_of_work']:.1f} s of work and ${found['spent_usd']:.4f}.")
    if found["calls_of_unknown_cost"]:
        click.echo(f"The cost of {found['calls_of_unknown_cost']} calls is unknown.")
    return 0


@cache_command.command("gc")
@click.option("--yes", is_flag=True, help="Remove it; without this only show what would go.")
@click.option("--max-size", type=click.FloatRange(0), metavar="GB", help="Trim to this size; else store.max_gigabytes.")
@click.option("--keep-days", type=click.FloatRange(0), help="Keep what is younger; else store.keep_days.")
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
    click.echo(f"{verb} {len(found.removed)} artifacts and {found.unfinished} unfinished files, {_bytes(found.freed)}.")
    click.echo(f"{'Kept' if yes else 'Would keep'} {found.kept} artifacts, {_bytes(found.kept_bytes)}.")
    if not yes and (found.removed or found.unfinished):
        click.echo("Nothing was removed; --yes does it.")
    for one in left:
        click.echo(f"{click.style('note', fg='yellow')}: {one.note}")
    return 0


@cache_command.command("push")
@click.argument("personas", nargs=-1, type=PersonaArgument())
@click.option("--remote", metavar="DIR", help="The folder to push to; else store.remote.")
@json_option
@click.pass_obj
def push_command(folder: str | None, personas: tuple[str, ...], remote: str | None, as_json: bool) -> int:
    """Copy what personas consist of to a shared folder."""
    return _exchange(folder, personas, remote, as_json, push=True)


@cache_command.command("pull")
@click.argument("personas", nargs=-1, type=PersonaArgument())
@click.option("--remote", metavar="DIR", help="The folder to pull from; else store.remote.")
@json_option
@click.pass_obj
def pull_command(folder: str | None, personas: tuple[str, ...], remote: str | None, as_json: bool) -> int:
    """Copy what the locks of personas pin from a shared folder."""
    return _exchange(folder, personas, remote, as_json, push=False)


def _exchange(folder: str | None, personas: tuple[str, ...], remote: str | None, as_json: bool, *, push: bool) -> int:
    from personaforge.store.lockfile import read_lock
    from personaforge.store.remote import Remote

    found: dict[str, Any] = {}
    with Workspace.open(personas, folder) as space:
        for loaded in space.load(personas):
            settings = loaded.settings
            there = Remote(_remote_folder(space, remote, settings.value("store.remote")))
            lock = read_lock(loaded.lock, settings.id, settings.formerly)
            done = there.push(space.store, settings.id, lock) if push else there.pull(space.store, settings.id, lock)
            found[settings.id] = asdict(done)
            if not as_json:
                verb = "pushed" if push else "pulled"
                text = f"{settings.id}: {verb} {done.blobs} artifacts ({_bytes(done.bytes)}), {done.records} records"
                click.echo(text + (f"; {len(done.missing)} pinned artifacts are missing" if done.missing else ""))
    if as_json:
        print_json({"schema": 1, "personas": found})
    return 1 if any(one["missing"] for one in found.values()) else 0


def _remote_folder(space: Workspace, given: str | None, declared: str | None) -> Path:
    """A folder from the command line may be anywhere; one from a config file stays in the project."""
    if given is not None:
        return Path(given).absolute()
    if declared is None:
        raise StoreError("no remote is declared", hint="--remote DIR, or `remote:` in conf/store/local.yaml")
    path = Path(os.path.realpath(space.project.root / declared))
    if space.project.root not in path.parents:
        raise StoreError(f"store.remote leads out of the project to {path}", hint="pass it with --remote DIR")
    return path


def _bytes(size: int) -> str:
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError
