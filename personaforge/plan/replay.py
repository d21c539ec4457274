"""Drives a procedure over what is known, without effects: to its outcome, or to the first action that is missing.

The runner drives the same procedure with `perform` instead of `look_up`; nothing else differs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from personaforge.plan.contents import Contents
from personaforge.steps.action import Action, Outcome, Procedure, Result
from personaforge.store.store import artifacts


class Replay(NamedTuple):
    """How far a procedure got."""

    outcome: Outcome | None
    """Its outcome, also when only bytes that it computed itself are not yet kept."""
    missing: Action | None
    """The first action without a result, or the first bytes that are not kept."""
    keys: tuple[str, ...]
    """Keys of all actions that it asked for."""


def replay(procedure: Procedure, look_up: Callable[[Action], Result | None], contents: Contents) -> Replay:
    """Run a procedure as far as known results carry it."""
    missing: Action | None = None
    keys: list[str] = []
    try:
        action = next(procedure)
        while True:
            keys.append(action.key)
            if action.content is not None:
                result = contents.computed(action)
                if not contents.kept(result):
                    missing = missing or action
                action = procedure.send(result)
                continue
            known = look_up(action)
            if known is None:
                procedure.close()
                return Replay(None, action, tuple(keys))
            action = procedure.send(known)
    except StopIteration as stop:
        return Replay(stop.value, missing, tuple(keys))


def result_of(action: Action, record: dict[str, object] | None) -> Result | None:
    """Return the result that a record holds."""
    if record is None:
        return None
    value, details = record.get("value") or {}, record.get("details") or {}
    assert isinstance(value, dict)
    assert isinstance(details, dict)
    return Result(action, artifacts(record), value, details)
