"""Follows paid calls outside of builds: takes up open ones, cancels, keeps results, has providers delete theirs.

What the journal holds of a call is enough to record its result under its key, so that the next build finds it. Nothing
is sent here that costs money.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from personaforge.errors import BackendError, PersonaForgeError, Refused, StoreError, Unknown
from personaforge.modalities import MODALITY_OF
from personaforge.money import amount
from personaforge.providers.protocols import Cancelling, Deleting, Job
from personaforge.run.actions import Engine, keep_result
from personaforge.run.call import Call, unknown
from personaforge.run.limits import Stopped
from personaforge.steps.action import Action, Price
from personaforge.store.journal import Entry
from personaforge.store.store import artifacts

if TYPE_CHECKING:
    from personaforge.store.store import Store


class Settled(NamedTuple):
    """How an open call ended, or how far it is."""

    key: str
    node: str
    state: str
    """done, failed, submitted (still running), unknown, not bought, cancelled, or deleted."""
    text: str = ""


def resume(engine: Engine, entries: list[Entry], say: Callable[[Settled], None]) -> list[Settled]:
    """Take up open calls, side by side, and return how each one ended. A call that a build holds is left to it."""
    from concurrent.futures import ThreadPoolExecutor

    found: list[Settled] = []
    with ThreadPoolExecutor(max(1, min(len(entries), 64)), "forge-resume") as pool:
        for outcome in pool.map(lambda entry: _resumed(engine, entry), entries):
            found.append(outcome)
            say(outcome)
    return found


def cancel(engine: Engine, entry: Entry) -> Settled:
    """Have the provider stop a call. Raises StoreError and BackendError."""
    if entry.state != "submitted":
        raise StoreError(f"{entry.node}: only an accepted call can be cancelled, and this one is {entry.state}")
    with _exclusive(engine.store, entry):
        call = _call(engine, entry)
        if not call.capability.cancels:
            raise Refused(
                f"{call.capability.name} can't cancel a call",
                hint=f"forge jobs resolve {entry.key[:12]} --abandon forgets it",
            )
        stop = cast(Cancelling, call.made_by).cancel
        job = Job(entry.job, 0.0, json.loads(entry.data))
        engine.executors.guarded(call.action, lambda: stop(job))
        engine.store.journal.cancelled(entry.key, "cancelled by the user")
    return Settled(entry.key, entry.node, "cancelled")


def deletable(store: Store, start: str = "") -> tuple[list[Entry], dict[str, int]]:
    """Return the ended calls whose jobs a provider would delete, and for every provider that deletes nothing how many
    of its jobs have ended. `start` is the beginning of a key."""
    from personaforge.providers.table import capability

    found, others = [], dict[str, int]()
    for entry in store.journal.ended_jobs(start):
        name = entry.provider.partition("@")[0]
        if capability(MODALITY_OF[entry.kind], name).deletes:
            found.append(entry)
        else:
            others[name] = others.get(name, 0) + 1
    return found, others


def delete(engine: Engine, entry: Entry) -> Settled:
    """Have a provider delete what it keeps of an ended call, once its result is whole in the store.

    Raises StoreError where the result isn't here, and BackendError.
    """
    store = engine.store
    with _exclusive(store, entry):
        if store.journal.get(entry.key) != entry:
            raise StoreError(f"{entry.node}: another process has taken this call up", hint="forge jobs list")
        if entry.state == "done":
            record = store.find(entry.key)
            if record is None or not all(store.blobs.sound(one.digest) for one in artifacts(record).values()):
                raise StoreError(
                    f"{entry.node}: its result isn't whole in the store, and may be nowhere but at its provider",
                    hint="forge cache verify, or forge cache pull",
                )
        call = _call(engine, entry)
        if not call.capability.deletes:
            raise Refused(f"{call.capability.name} deletes nothing when asked")
        remove = cast(Deleting, call.made_by).delete
        job = Job(entry.job, 0.0, json.loads(entry.data))
        engine.executors.guarded(call.action, lambda: remove(job))
        store.journal.deleted(entry.key)
    return Settled(entry.key, entry.node, "deleted")


def _resumed(engine: Engine, entry: Entry) -> Settled:
    """Take up one call, as far as that costs nothing."""
    store, journal = engine.store, engine.store.journal
    if store.leases.held(entry.key):
        return Settled(entry.key, entry.node, entry.state, "a build is working on it")
    try:
        with _exclusive(store, entry):
            if store.find(entry.key) is not None:
                journal.done(entry.key, entry.cost_usd)
                return Settled(entry.key, entry.node, "done")
            call = _call(engine, entry)
            started = engine.clock()
            if entry.state in ("intent", "unknown"):
                if not call.capability.finds:
                    raise unknown(entry)
                job = engine.calls.found(call, entry)
                if job is None and call.capability.safe_resubmit:
                    # It may be too early to tell: under its own key it can't be bought twice, under a new one it can.
                    text = f"{call.capability.name} doesn't know it; the next build sends it under the same key"
                    return Settled(entry.key, entry.node, "unknown", text)
                if job is None:
                    journal.refused(entry.key, f"{call.capability.name} knows of no such call")
                    return Settled(entry.key, entry.node, "not bought", "the next build sends it")
                current = journal.get(entry.key)
                assert current is not None
                entry = current
            done = engine.calls.taken_up(call, entry)
            keep_result(store, call.action, done, call.persona, call.node, started, engine.clock)
            return Settled(entry.key, entry.node, "done", "" if done.outputs else str(done.value.get("blocked", "")))
    except Unknown as error:
        return Settled(entry.key, entry.node, "unknown", f"{error}. {error.hint}" if error.hint else str(error))
    except Stopped:
        return Settled(entry.key, entry.node, "submitted", "stopped waiting")
    except PersonaForgeError as error:
        now = journal.get(entry.key)
        state = now.state if now is not None else entry.state
        return Settled(entry.key, entry.node, "failed" if state == "refused" else state, str(error))


def _call(engine: Engine, entry: Entry) -> Call:
    """Return a journalled call. Raises StoreError for one of an earlier forge, which kept too little."""
    body: dict[str, Any] = json.loads(entry.body)
    if "parts" not in body:
        raise StoreError(
            f"{entry.node}: an earlier forge sent this call and kept too little of it",
            hint="the next build takes it up",
        )
    parts = body["parts"]
    action = Action(
        parts["kind"],
        parts["provider"],
        parts["request"],
        parts["inputs"],
        parts["take"],
        parts["attempt"],
        bool(body["deterministic"]),
        Price(True, amount(body["usd"]), _sound(body["tariff"])),
        body["sources"],
        body["account"],
    )
    if action.key != entry.key:
        raise StoreError(f"{entry.node}: the journal's copy of this call is not what its key says")
    capability = engine.executors.capability(action)
    if capability is None:
        raise BackendError(f"nobody performs actions of kind {action.kind!r}")
    blobs = engine.store.blobs
    return engine.calls.call(
        action,
        capability,
        engine.store.names.present(body["persona"]),
        entry.node,
        lambda: {name: blobs.get(digest) for name, digest in action.inputs.items()},
    )


def _sound(tariff: Mapping[str, Any]) -> dict[str, Any]:
    """Return a journalled table of prices without those that are no amount, in a journal that was damaged."""
    each = {unit: price if isinstance(price, Mapping) else {"": price} for unit, price in tariff.items()}
    return {unit: tariff[unit] for unit in each if all(amount(price) is not None for price in each[unit].values())}


def _exclusive(store: Store, entry: Entry) -> Any:
    return store.leases.take(entry.key)
