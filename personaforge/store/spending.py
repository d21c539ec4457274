"""What was spent: a line for every paid call that ended, from its record, or from the journal where it has none.

Records say what every result cost. The journal says what was charged for calls without a result, and how much is
reserved for calls whose outcome is not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from personaforge.errors import StoreError, Unreadable
from personaforge.store.store import Store


class Line(NamedTuple):
    """One paid call."""

    persona: str
    step: str
    node: str
    provider: str
    model: str
    usd: float | None
    """None when it isn't known."""
    reserved_usd: float | None
    """What it was expected to cost; counted where `usd` is None."""
    at: float
    """Seconds since 1970."""
    state: str
    """done, failed (charged without a result) or open (still running, or its outcome is unknown)."""


def spending(store: Store) -> Iterator[Line]:
    """Yield what was spent in a store, in no order. A damaged record is left out: `forge cache verify` names it.

    Raises Unreadable: money in a record that can't be read now was spent all the same, and a budget must count it.
    """
    recorded: set[str] = set()
    for name, _ in store.records.all("actions"):
        try:
            record = store.records.get("actions", name)
        # Unreadable is a StoreError, and the only one that must not be passed over.
        except Unreadable:
            raise
        except StoreError:
            continue
        if record is None or not record.get("paid"):
            continue
        recorded.add(str(record.get("key", "")))
        parts = record.get("parts", {})
        node = store.names.present_node(str(record.get("node", "")))
        yield Line(
            *_place(node),
            node,
            str(parts.get("provider", "")).partition("@")[0],
            str(parts.get("request", {}).get("model", "")),
            record.get("cost_usd"),
            record.get("reserved_usd"),
            float(record.get("started", 0.0)),
            "done",
        )
    for charge in store.journal.charges():
        provider = charge.provider.partition("@")[0]
        node = store.names.present_node(charge.node)
        yield Line(
            *_place(node),
            node,
            provider,
            charge.model,
            charge.usd,
            charge.reserved_usd,
            charge.at,
            "failed" if charge.sent else "done",  # a charge that was never sent by itself was kept for a removed record
        )
    # A process may have died between writing the record and closing the entry: then the record has the cost.
    for entry in store.journal.open_entries():
        if entry.key not in recorded:
            provider = entry.provider.partition("@")[0]
            node = store.names.present_node(entry.node)
            yield Line(*_place(node), node, provider, entry.model, None, entry.reserved_usd, entry.started, "open")


def counted(line: Line) -> float:
    """Return the amount of a line in a budget: what it cost, or what was reserved for it."""
    return line.usd if line.usd is not None else line.reserved_usd or 0.0


def _place(node: str) -> tuple[str, str]:
    persona, _, rest = node.partition("/")
    return persona, rest.partition("/")[0]
