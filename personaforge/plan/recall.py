"""Pins whose line has gone from the lock, and which the store still knows: a merge resolved by hand, a deleted lock.

A lost line is written again, and the plan says so. What was pinned is known from the node's last outcome; the place of
a face also from the call that drew the anchor, so that a fresh clone with a pulled store is repaired as well. A
recalled pin is a pin like any other: it holds as long as the request is what it was. Only an anchor's pin would be kept
whatever has changed, so it is recalled only where the lock still names its picture as a candidate's: then just its line
is lost. If the candidates' lines are gone, too, the lock was removed, and only what the settings say now counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from personaforge.plan.graph import Shape, ShapeNode
from personaforge.plan.renamed import anchor_in, lock_name, renamed_steps
from personaforge.providers.table import capability, placer
from personaforge.spec.settings import Settings
from personaforge.steps.context import ANCHOR
from personaforge.steps.placing import placement_of
from personaforge.store.index import NodeRow
from personaforge.store.lockfile import LockFile, Pin, pin_of
from personaforge.store.store import Store


def recalled(
    lock: LockFile, shape: Shape, rows: Mapping[str, NodeRow], settings: Settings, store: Store
) -> tuple[LockFile, frozenset[str]]:
    """Return the lock with the lost pins of a persona, and the names of their lines."""
    pins: dict[str, Pin] = {}
    renamed = renamed_steps(settings, shape, lock)
    for node in shape.nodes:
        name = lock_name(node.name, renamed)
        if not node.kind.pinned or name in lock:
            continue
        row = rows.get(f"{settings.id}/{node.name}")
        pin = _of_row(row, store) if row is not None else None
        if pin is None and node.kind.places:
            pin = _of_anchor(lock, node, settings, store)
        if pin is None or (node.kind.role == ANCHOR and not _is_candidates(lock, pin)):
            continue
        pins[name] = pin
    return (lock.with_pins(pins), frozenset(pins)) if pins else (lock, frozenset())


def _of_row(row: NodeRow, store: Store) -> Pin | None:
    """Return the pin that a node's last outcome was given."""
    found = store.index.result(row.node) if row.status in ("accepted", "flagged", "unmeasured") else None
    return pin_of(found.outcome) if found is not None and found.outcome.outputs and found.outcome.key else None


def _of_anchor(lock: LockFile, node: ShapeNode, settings: Settings, store: Store) -> Pin | None:
    """Return the placement by which the pinned anchor was drawn, as the record of that call tells."""
    anchor = anchor_in(settings, lock)
    record = store.find(anchor.key) if anchor is not None else None
    parts = (record or {}).get("parts") or {}
    drawn_by = capability("image", node.declaration["provider"])
    if parts.get("provider") != f"{drawn_by.name}@{drawn_by.version}":
        return None  # another painter, or another version of it, draws another face by the same number
    found = placer(drawn_by.name)
    if found is None:
        return None
    return placement_of(parts.get("request") or {}, settings.value("image.placement.draws"), found)


def _is_candidates(lock: LockFile, pin: Pin) -> bool:
    """Tell whether a lock names an anchor's picture for another node."""
    digests = {digest.encode() for digest in pin.outputs.values()}
    return any(digest in lock.line(name) for name in lock.names() for digest in digests)
