"""What a persona's pinned anchor shows, and which edits it overrules; see `personaforge.steps.look`.

The anchor's line in the lock says what it was made for. A line of an earlier forge doesn't: then the record of the call
that drew it names the document that it was drawn from, and where that is gone, too, it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.plan.contents import Contents
from personaforge.plan.plan import PersonaPlan
from personaforge.plan.renamed import anchor_in
from personaforge.plan.resolver import NodeResolver
from personaforge.results.results import Results
from personaforge.spec.load import Loaded
from personaforge.spec.settings import Settings
from personaforge.steps.context import ANCHOR
from personaforge.steps.look import Look, Overruled, in_words, look_of, overruled, overruled_from
from personaforge.steps.text import OVERRULED
from personaforge.store.lockfile import LockFile, read_lock
from personaforge.store.store import Store


def overruled_in(plan: PersonaPlan, resolver: NodeResolver) -> tuple[Overruled, ...]:
    """Return what the anchor overrules of what the file pins, and of the layers as far as they are up to date."""
    found = {one.path: one for one in overruled(_pinned(resolver.settings), resolver.shown())}
    for node in plan.nodes.values():
        if node.shape.kind.role == "profile" and node.outcome_digest:
            facts = resolver.outcome(node.shape.name).facts
            found = {**found, **{one.path: one for one in overruled_from(facts.get(OVERRULED))}}
    return tuple(found.values())


def note_overruled(plan: PersonaPlan, resolver: NodeResolver) -> None:
    """Note in a plan what the anchor overrules, at the anchor's node, too; and where nobody knows what it shows."""
    plan.overruled, plan.remarks = overruled_in(plan, resolver), tuple(look_remarks(plan, resolver))
    for node in plan.nodes.values():
        if plan.overruled and node.shape.kind.role == ANCHOR:
            why = f"{in_words(plan.overruled)}; pictures and document keep what the anchor shows until you decide"
            node.note = f"{node.note}; {why}" if node.note else f"stays, although {why}"


def look_remarks(plan: PersonaPlan, resolver: NodeResolver) -> Iterator[str]:
    """Say that nobody knows what an anchor shows, where something that can be seen is declared or may change."""
    pin = resolver.staying_anchor()
    if pin is None or resolver.shown():
        return
    changing = any(node.shape.kind.role == "profile" and node.state in ("run", "maybe") for node in plan.nodes.values())
    if not changing and not look_of(_pinned(resolver.settings)):
        return
    decided = pin.facts.get("decided")
    by = decided.get("by") if isinstance(decided, Mapping) else None
    why = f"it is a picture that {by} set" if by else "its line in the lock and the store don't tell"
    yield (
        f"What {plan.id}'s anchor was made for is not known ({why}), so a change of what can be seen, such as an eye "
        "colour, is not compared with it"
    )


def overruled_now(store: Store, loaded: Loaded) -> tuple[Overruled, ...]:
    """Return what the pinned anchor overrules of what a persona's file pins now, and of what was built last.

    Raises StoreError for a lock that can't be read.
    """
    settings = loaded.settings
    look = shown_now(store, settings, read_lock(loaded.lock, settings.id, settings.formerly))
    if not look:
        return ()
    pinned = look_of(_pinned(settings))
    found = {one.path: one for one in overruled(_pinned(settings), look)}
    for result in Results(store, settings).by_role("profile"):
        for one in overruled_from(result.outcome.facts.get(OVERRULED)):
            # One that the file has taken back since is no longer overruled, and one by another anchor was shown then.
            if look.get(one.path) == one.shown and pinned.get(one.path) != one.shown:
                found.setdefault(one.path, one)
    return tuple(found.values())


def shown_now(store: Store, settings: Settings, lock: LockFile) -> Look:
    """Return what the pinned anchor shows; empty without one, and where it isn't known. Raises StoreError."""
    pin = anchor_in(settings, lock)
    if pin is None:
        return {}
    from personaforge.plan.drawn import anchor_look

    return pin.look or anchor_look(store, Contents(store, store.build_folder(settings.id)), lock, pin)


def _pinned(settings: Settings) -> Mapping[str, Any]:
    """Return what the persona's file pins: the edits that it names come first."""
    found: Mapping[str, Any] = settings.get("pinned") or {}
    return found
