"""What a plan says of personas that were renamed, and of locks whose persona no longer exists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from personaforge.errors import StoreError
from personaforge.persona.orphans import SUFFIX, stray_locks
from personaforge.persona.rename import unsettled
from personaforge.store.lockfile import former_lock, read_lock
from personaforge.store.store import Store

_SHOWN = 3
_LOOKED_AT = 8
"""Pins of a lock whose records are searched for the brief."""


def plan_notices(store: Store, planned: Iterable[Any]) -> list[str]:
    """Return a plan's notices of former ids and of locks whose persona no longer exists (`planned`: PersonaPlans)."""
    found: list[str] = []
    new = []
    for plan in planned:
        loaded, settings = plan.loaded, plan.loaded.settings
        if settings.formerly:
            place = former_lock(loaded.lock, settings.id, settings.formerly)
            if place is not None:
                text = f"{settings.id} was {place.name.removesuffix(SUFFIX)}: what {place.name} pins is its own"
                found.append(f"{text}, and the next build moves it to {loaded.lock.name}")
            elif unsettled(store, loaded.file, settings.id, settings.formerly):
                found.append(f"{settings.id} was {settings.formerly[-1]}: the next build moves what lies under that id")
        elif not plan.lock.names() and all(node.row is None for node in plan.nodes.values()):
            new.append((settings.id, str(settings.value("brief"))))
    if new:
        known = store.names.living | store.names.former.keys()
        gone = [(name, path) for name, path in stray_locks(store.project, store.names) if name not in known]
        found += _new_beside(store, new, gone)
    return found


def _new_beside(store: Store, new: Sequence[tuple[str, str]], gone: Sequence[tuple[str, Path]]) -> list[str]:
    """Yield notices that locks without a persona are left, which may belong to personas that were never built."""
    if not gone:
        return []
    briefs = {name: _brief_of(store, name, path) for name, path in gone}
    found, others = [], []
    for name, brief in new:
        same = [old for old, known in briefs.items() if known == brief]
        if len(same) == 1:
            found.append(
                f"{name} was never built, and has the brief of {same[0]}, whose lock is left without a persona: "
                f"if it was renamed, forge mv {same[0]} {name} keeps its face and all that was made; if {same[0]} is "
                f"gone, forge rm {same[0]}"
            )
        else:
            others.append(name)
    if others:
        shown = ", ".join(path.name for _, path in gone[:_SHOWN]) + (" and others" if len(gone) > _SHOWN else "")
        one = gone[0][0]
        has = f"{', '.join(others[:_SHOWN])}{' and others' if len(others) > _SHOWN else ''}"
        found.append(
            f"{has} {'was' if len(others) == 1 else 'were'} never built, and {shown} "
            f"{'is' if len(gone) == 1 else 'are'} left without a persona: after a rename, "
            f"forge mv {one} {others[0]} (or `formerly: [{one}]` in its file) keeps the face and all that was made; "
            f"of a persona that is gone, forge rm {one}"
        )
    return found


def _brief_of(store: Store, name: str, path: Path) -> str | None:
    """Return the brief that a lock's texts were made from, where their records are here."""
    try:
        lock = read_lock(path, name)
        for node in lock.names()[-_LOOKED_AT:] + lock.names()[:_LOOKED_AT]:
            pin = lock.pin(node)
            record = store.records.get("actions", pin.key) if pin is not None else None
            brief = record.get("sources", {}).get("settings", {}).get("brief") if record is not None else None
            if isinstance(brief, str):
                return brief
    except StoreError:
        pass  # the command that reads that lock reports what is wrong with it
    return None
