"""Puts an engine together from what personas declare: limits, deadlines and budgets."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from personaforge.modalities import MODALITIES
from personaforge.providers.capability import Limits
from personaforge.providers.table import capability, names
from personaforge.run.actions import Engine
from personaforge.run.budget import Bounds, Budget, Spent
from personaforge.run.calls import Calls
from personaforge.run.events import Event, Events
from personaforge.run.executors import Executors
from personaforge.run.limits import Lanes, least
from personaforge.spec.settings import OFF, Settings
from personaforge.store.store import Store


def engine_of(
    store: Store,
    analyzer: Callable[[Mapping[str, str]], Any],
    stop: threading.Event,
    settings: Sequence[Settings],
    max_cost_usd: float | None = None,
    listeners: Sequence[Callable[[Any], None]] = (),
    jobs: int = 0,
) -> Engine:
    """Return the engine that performs the actions of these personas.

    `analyzer` returns the face analyzer with an identity; `stop`, once set, ends waiting and starts nothing more.
    """
    executors = Executors(analyzer, _timeouts(settings), store.blobs.scratch)
    limits = [max_cost_usd, *(one.value("run.max_cost_usd") for one in settings)]
    bounds = Bounds(
        {one.id: one.get("run.budget.persona_usd") for one in settings},
        _least(one.get("run.budget.month_usd") for one in settings),
    )
    emit = Events(*listeners)
    executors.say = lambda text: emit(Event("notice", "", "provider", text))
    calls = Calls(
        lambda: store.journal,
        executors,
        Budget(_least(limits), bounds, lambda: _noted(spent_before(store), emit)),
        Lanes(time.monotonic, declared_limits(settings)),
        emit,
        stop.wait,
    )
    turns = threading.Semaphore(jobs or os.cpu_count() or 1)
    return Engine(store, executors, calls, emit, stop.is_set, turns)


def declared_limits(settings: Iterable[Settings]) -> dict[tuple[str, str], Limits]:
    """Return the limits that presets declare, by (modality, provider); the strictest where personas differ."""
    found: dict[tuple[str, str], Limits] = {}
    for one in settings:
        for group in MODALITIES:
            declared = one.get(group)
            if not declared or declared["provider"] not in names(group):
                continue  # a plug-in's, in a process that doesn't have it
            usual = capability(group, declared["provider"]).limits
            wished = {name: value for name, value in (declared.get("limits") or {}).items() if value is not None}
            limits = usual._replace(**wished)
            key = (group, str(declared["provider"]))
            found[key] = least(found[key], limits) if key in found else limits
    return found


def calls_at_once(settings: Iterable[Settings]) -> int:
    """Return how many calls the declared hosted providers are given at the same time, all together."""
    return sum(
        limits.in_flight
        for (group, name), limits in declared_limits(settings).items()
        if capability(group, name).remote
    )


def spent_before(store: Store, now: float | None = None) -> Spent:
    """Return what has been spent so far, by persona and in this calendar month (UTC)."""
    from personaforge.store.spending import counted, spending

    today = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    month = datetime(today.year, today.month, 1, tzinfo=UTC).timestamp()
    personas: dict[str, float] = {}
    unpriced: dict[str, int] = {}
    this_month = 0.0
    for line in spending(store):
        personas[line.persona] = personas.get(line.persona, 0.0) + counted(line)
        if line.usd is None and line.reserved_usd is None:
            unpriced[line.persona] = unpriced.get(line.persona, 0) + 1
        if line.at >= month:
            this_month += counted(line)
    return Spent(personas, this_month, unpriced)


def _noted(spent: Spent, emit: Callable[[Event], None]) -> Spent:
    """Say once in a build with a budget what the budget can't count."""
    if spent.unpriced:
        names = ", ".join(f"{count} by {persona}" for persona, count in sorted(spent.unpriced.items()))
        text = f"earlier calls of unknown price can't be counted: {names} (`forge cost` shows them)"
        emit(Event("notice", "", "budget", text))
    return spent


def settle_recorded(store: Store) -> None:
    """Note as done what has a record: a process may have died between the record and the journal."""
    for entry in store.journal.open_entries():
        record = store.find(entry.key)
        if record is not None:
            store.journal.done(entry.key, record.get("cost_usd"))


def _timeouts(settings: Sequence[Settings]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in settings:
        for group in MODALITIES:
            seconds = one.get(f"{group}.timeout_seconds")
            if seconds is not None:
                found[group] = max(found.get(group, 0.0), float(seconds))
        if one.get("reader.provider", OFF) != OFF:  # its calls are a text provider's
            found["text"] = max(found.get("text", 0.0), float(one.value("reader.timeout_seconds")))
    return found


def _least(limits: Iterable[float | None]) -> float | None:
    known = [limit for limit in limits if limit is not None]
    return min(known) if known else None
