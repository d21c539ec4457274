"""`forge jobs`: paid calls in flight, and those that were never answered."""

from __future__ import annotations

import time
from typing import Any

import click

from personaforge.cli.options import json_option, print_json
from personaforge.errors import StoreError
from personaforge.listing import meant
from personaforge.report.terminal import echo
from personaforge.workspace.workspace import Workspace


@click.group("jobs", short_help="Look after paid calls: list, resume, cancel, resolve, delete.")
def jobs_command() -> None:
    """Paid calls that are neither done nor given up: list them, take them up, cancel or resolve them; and have
    providers delete what they keep of those that are done."""


@jobs_command.command("list")
@json_option
@click.pass_obj
def list_command(folder: str | None, as_json: bool) -> int:
    """List paid calls that are neither done nor given up."""
    with Workspace.open((), folder) as space:
        _settle(space)
        entries = [_described(space, entry) for entry in space.store.journal.open_entries()]
    if as_json:
        print_json({"schema": 1, "jobs": entries})
        return 0
    for entry in entries:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry["started"]))
        price = "unknown price" if entry["reserved_usd"] is None else f"${entry['reserved_usd']:.4f}"
        model = f"{entry['provider'].partition('@')[0]} {entry['model']}"
        echo(f"{entry['key'][:12]}  {entry['standing']:<9}  {entry['node']}  {model}  {price}  sent {when}")
        if entry["expires"] is not None and entry["standing"] == "resumable":
            until = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry["expires"]))
            echo(f"{'':14}its provider keeps the result until about {until}")
        if entry["note"]:
            echo(f"{'':14}{entry['note']}")
    if not entries:
        echo("No paid call is in flight.")
    standings = {entry["standing"] for entry in entries}
    if "resumable" in standings:
        echo("`forge jobs resume`, or the next build, takes up what was accepted; nothing is sent again.")
    if "lost" in standings:
        echo(
            "A lost call may have been bought: look at the provider's own list. `forge jobs resolve KEY --resubmit` has"
            " the next build send it again, `--abandon` gives it up."
        )
    return 0


@jobs_command.command("resume")
@click.argument("key", default="")
@json_option
@click.pass_obj
def resume_command(folder: str | None, key: str, as_json: bool) -> int:
    """Wait for the calls that were accepted, and keep their results. Sends nothing that costs money.

    KEY is the start of one call's key; all open calls without it.
    """
    from personaforge.cli.build import interruptible
    from personaforge.run.resume import resume
    from personaforge.run.setup import engine_of

    with Workspace.open((), folder) as space:
        _settle(space)
        entries = _resumable(space, key)
        engine = engine_of(space.store, space.analyzers.analyzer, space.stop, _all_settings(space))

        def say(outcome: Any) -> None:
            if not as_json:
                echo(f"{outcome.key[:12]}  {outcome.state:<10}  {outcome.node}  {outcome.text}".rstrip())

        try:
            with interruptible(space):
                found = resume(engine, entries, say)
        finally:
            engine.executors.close()
    if as_json:
        print_json({"schema": 1, "jobs": [outcome._asdict() for outcome in found]})
    elif not entries:
        echo("No paid call is in flight.")
    return 0 if all(outcome.state in ("done", "not bought") for outcome in found) else 1


@jobs_command.command("cancel")
@click.argument("key")
@click.pass_obj
def cancel_command(folder: str | None, key: str) -> int:
    """Have the provider stop a call that it accepted. KEY is the start of its key."""
    from personaforge.run.resume import cancel
    from personaforge.run.setup import engine_of

    with Workspace.open((), folder) as space:
        entry = _one(space, key)
        engine = engine_of(space.store, space.analyzers.analyzer, space.stop, _all_settings(space))
        try:
            cancel(engine, entry)
        finally:
            engine.executors.close()
    echo(f"{entry.node}: cancelled; what the provider charges for it is not known. The next build sends it again.")
    return 0


@jobs_command.command("resolve")
@click.argument("key")
@click.option("--resubmit", is_flag=True, help="Let the next build send it again, and perhaps buy it a second time.")
@click.option("--abandon", is_flag=True, help="Give it up: it is not sent again, and --force makes another take.")
@click.option("--not-bought", is_flag=True, help="The provider's own list doesn't have it: its money is free again.")
@click.pass_obj
def resolve_command(folder: str | None, key: str, resubmit: bool, abandon: bool, not_bought: bool) -> int:
    """Decide about a call that was never answered, or was given up. KEY is the start of its key."""
    if resubmit == abandon:
        raise click.UsageError("say either --resubmit (it may be bought a second time) or --abandon")
    with Workspace.open((), folder) as space:
        entry = _one(space, key)
        if space.store.leases.held(entry.key):
            raise StoreError(f"{entry.node} is being worked on by another build")
        if resubmit:
            space.store.journal.resubmit(entry.key, "sent again at the user's word", bought=not not_bought)
        else:
            space.store.journal.abandon(entry.key, "given up by the user", bought=not not_bought)
    echo(f"{entry.node}: " + ("the next build sends it again." if resubmit else "given up."))
    return 0


@jobs_command.command("delete")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--yes", is_flag=True, help="Have it deleted; without this only show what would be.")
@json_option
@click.pass_obj
def delete_command(folder: str | None, keys: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Have providers delete what they keep of calls that are done: results, and what was sent to them.

    KEY is the start of one call's key; all ended calls without it. A result is deleted there only once it is whole in
    the store here, and what the store loses later can't be fetched again.
    """
    from personaforge.run.resume import deletable
    from personaforge.run.setup import engine_of

    with Workspace.open((), folder) as space:
        _settle(space)
        entries, others = {}, dict[str, int]()
        for start in keys or ("",):
            found, unable = deletable(space.store, start)
            if keys and not found:
                raise StoreError(f"no ended call that can be deleted starts with {start!r}", hint="forge jobs delete")
            entries.update({entry.key: entry for entry in found})
            others |= unable
        engine = engine_of(space.store, space.analyzers.analyzer, space.stop, _all_settings(space)) if yes else None
        try:
            outcomes = [_deleted(engine, entry) for entry in entries.values()]
        finally:
            if engine is not None:
                engine.executors.close()
    failed = [outcome for outcome in outcomes if outcome["state"] not in ("deleted", "kept there")]
    if as_json:
        print_json({"schema": 1, "acted": yes, "jobs": outcomes, "unable": others})
        return 1 if failed else 0
    for outcome in outcomes:
        echo(f"{outcome['key'][:12]}  {outcome['state']:<10}  {outcome['node']}  {outcome['text']}".rstrip())
    for name, count in sorted(others.items()):
        echo(f"{count} of {name}: it deletes nothing when asked.")
    if not outcomes:
        echo("No provider is known to keep anything that it would delete.")
    elif not yes:
        echo("Nothing was deleted; --yes does it.")
    return 1 if failed else 0


def _deleted(engine: Any, entry: Any) -> dict[str, Any]:
    """Have one call's job deleted, or without an engine only say what would be deleted."""
    from personaforge.errors import PersonaForgeError
    from personaforge.run.resume import delete

    name = entry.provider.partition("@")[0]
    about = {"key": entry.key, "node": entry.node, "provider": name, "model": entry.model, "job": entry.job}
    if engine is None:
        return {**about, "state": "kept there", "text": f"{name} {entry.model}, job {entry.job}"}
    try:
        delete(engine, entry)
    except PersonaForgeError as error:
        return {**about, "state": "failed", "text": f"{error}. {error.hint}" if error.hint else str(error)}
    return {**about, "state": "deleted", "text": f"{name} {entry.model}"}


def _settle(space: Workspace) -> None:
    """Note calls as done that have a record already: a process may have died between the two."""
    from personaforge.run.setup import settle_recorded

    settle_recorded(space.store)


def _described(space: Workspace, entry: Any) -> dict[str, Any]:
    """Return an open call as JSON, without the copy of its request."""
    running = space.store.leases.held(entry.key)
    standing = "running" if running else "resumable" if entry.state == "submitted" else "lost"
    fields = {name: value for name, value in entry._asdict().items() if name not in ("body", "data")}
    fields["node"] = space.store.names.present_node(entry.node)
    return {**fields, "running": running, "standing": standing}


def _resumable(space: Workspace, key: str) -> list[Any]:
    """Return the open calls whose key begins so; all of them without a key. Raises StoreError where it names none."""
    entries = space.store.journal.open_entries()
    found = [entry for entry in entries if entry.key.startswith(key)]
    if key and not found:
        raise StoreError(f"no call in flight has a key that starts with {key!r:.80}", hint=_near(space, key))
    return found


def _near(space: Workspace, key: str) -> str:
    """Return the nearest key of an open call, or what became of a call of that key that is no longer in flight."""
    ended = space.store.journal.matching(key) if key else []
    if ended:
        return f"{ended[0].node} with the key {ended[0].key[:12]} is {ended[0].state}; forge jobs list"
    known = [entry.key[:12] for entry in space.store.journal.open_entries()]
    near = meant(key[:12], known)
    return near or (f"open calls: {', '.join(known[:8])}" if known else "no paid call is in flight")


def _one(space: Workspace, key: str) -> Any:
    """Return the one call that is not done and whose key begins so. Raises StoreError."""
    entries = [entry for entry in space.store.journal.matching(key) if entry.state in (*_OPEN, "abandoned")]
    if len(entries) != 1:
        if not entries:
            raise StoreError(f"no open call has a key that starts with {key!r:.80}", hint=_near(space, key))
        known = ", ".join(entry.key[:12] for entry in entries)
        raise StoreError(f"{len(entries)} open calls start with {key!r}", hint=f"open calls: {known}")
    return entries[0]


def _all_settings(space: Workspace) -> list[Any]:
    """Return every persona's settings that can be read, for limits and time limits."""
    from personaforge.errors import PersonaForgeError

    try:
        return [loaded.settings for loaded in space.load((), broken=[])]
    except PersonaForgeError:
        return []  # a broken persona file is no reason to leave a paid call alone


_OPEN = ("intent", "submitted", "unknown")
