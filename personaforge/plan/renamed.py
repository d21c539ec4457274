"""Steps that were renamed since the lock was written: `canon: {kind: anchor}` in place of `anchor: {kind: anchor}`.

A lock names nodes, and a name is no content: what it holds under a name that the pipeline no longer has belongs to the
step of the same kind that the lock doesn't know, where there is one of each. The lock keeps the old name, from which
seeds derive as well, so a new name buys nothing and changes no face. Where several steps of one kind were renamed at
once, nothing says which is which; only drafts can be distinguished, by their section.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from personaforge.plan.graph import Shape
from personaforge.spec.kinds import KINDS, kind_named
from personaforge.spec.settings import Settings
from personaforge.store.lockfile import LockFile, Pin, read_lock


def renamed_steps(settings: Settings, shape: Shape, lock: LockFile) -> dict[str, str]:
    """Return the steps that the lock knows by another name: present name -> the lock's. Raises StoreError."""
    declared: Mapping[str, Any] = settings.value("pipeline.steps")
    locked: dict[str, str] = {}
    for name in lock.names():
        locked.setdefault(name.partition("/")[0], name)
    gone = [step for step in locked if step not in declared]
    if not gone:
        return {}
    found: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for step in gone:
        pin = lock.pin(locked[step])
        assert pin is not None
        kind = kind_of(pin)
        slotted = "/" in locked[step]
        if kind:
            found.setdefault(_family(kind, slotted, str(pin.facts.get("section", ""))), ([], []))[0].append(step)
    for node in shape.nodes:
        if node.kind.pinned and node.step not in locked:
            family = _family(node.kind.name, bool(node.slot), str(node.declaration.get("section", "")))
            if family in found and node.step not in found[family][1]:
                found[family][1].append(node.step)
    return {new[0]: old[0] for old, new in found.values() if len(old) == len(new) == 1}


def pinned_anchor(settings: Settings, lock: Path) -> Pin | None:
    """Return the pin of a persona's anchor, whatever its step is called now or was called then. Raises StoreError."""
    return anchor_in(settings, read_lock(lock, settings.id, settings.formerly))


def anchor_in(settings: Settings, lock: LockFile) -> Pin | None:
    """Return the pin of the anchor in a lock that has been read. Raises StoreError."""
    pins = (lock.pin(name) for name in (settings.step_of("anchor"), *lock.names()) if name in lock)
    return next((pin for pin in pins if pin is not None and "anchor" in pin.outputs), None)


def lock_name(name: str, renamed: Mapping[str, str]) -> str:
    """Return a node's name in the lock."""
    step, slash, slot = name.partition("/")
    return f"{renamed.get(step, step)}{slash}{slot}"


def as_named_now(rows: Iterable[Mapping[str, Any]], renamed: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """Return rows of evaluations, which keep the names of their time, under the names that nodes and steps have now."""
    if not renamed:
        return list(rows)
    now = {old: new for new, old in renamed.items()}
    return [
        {
            **row,
            "node": lock_name(row["node"], now),
            **({"step": now.get(row["step"], row["step"])} if "step" in row else {}),
        }
        for row in rows
    ]


def kind_of(pin: Pin) -> str:
    """Return the kind of step whose result a pin is, judged by its outputs; empty where they don't say."""
    for output, media in pin.media.items():
        kinds = [kind for kind in KINDS.values() if output in kind.outputs]
        if len(kinds) > 1:  # pictures and clips are finished alike
            kinds = [kind for kind in kinds if (kind.scored_as == "video") is media.startswith("video/")]
        if len(kinds) > 1:  # an image is judged against the anchor, a candidate against nobody
            kinds = [kind for kind in kinds if bool(kind.scope) is ("anchor" in pin.facts)]
        if kinds:
            return kinds[0].name
    return ""


def fits(pin: Pin, kind: str) -> bool:
    """Tell whether a pin may be of a node of this kind, judged by its outputs; any pin may be of an unknown kind."""
    given = kind_named(kind).outputs
    return not given or not pin.outputs.keys().isdisjoint(given)


def _family(kind: str, slotted: bool, section: str) -> tuple[str, ...]:
    return (kind, section) if kind_named(kind).role == "section" else (kind, str(slotted))
