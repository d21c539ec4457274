"""The age that a picture's judged face looks, beside the declared one: measured where an age model lies in the pack.

It is an action of its own (`measurement.age_action`). What an earlier forge measured and accepted is not read again for
it: there it is not measured, and the demand says so.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from personaforge.identity.age import METRIC, NO_MODEL, OLDER, TURNED, UNREAD, Seen, age_demand
from personaforge.identity.demand import Demand
from personaforge.steps.action import Action, Result
from personaforge.steps.context import Context
from personaforge.steps.measurement import age_action
from personaforge.store.artifact import Artifact


def age_of(
    context: Context,
    artifact: Artifact,
    measured: Mapping[str, Any],
    face: int | None = None,
    *,
    older: bool = False,
) -> Generator[Action, Result, Seen]:
    """Return the age that a picture's face looks, `face` by size from 0 (None: the largest), `measured` being its
    measurement. `older` is what `expression.was_measured` said."""
    identity, model = context.analyzer_ref.identity, context.analyzer_ref.age_model
    action = None if identity is None else age_action(identity, artifact.digest, measured, model)
    if action is None:
        return Seen(None, NO_MODEL)
    if measured.get("turned_by"):
        return Seen(None, TURNED)
    if older and not context.known(action.key):
        return Seen(None, OLDER)
    found = (yield action).value.get("apparent_ages") or ()
    index = face or 0
    return Seen(float(found[index])) if index < len(found) else Seen(None, UNREAD)


def kept_age(kept: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """Return what an evaluation has of a picture's likeness, with the age that it looks, or why there is none."""
    if seen.years is not None:
        return {**kept, METRIC: seen.years}
    return {**kept, "unmeasured": {**kept.get("unmeasured", {}), METRIC: seen.unmeasured}}


def demands_of(context: Context, seen: Seen, declared: float | None) -> tuple[Demand, ...]:
    """Return the advice; none where no age is declared, or no age model is here."""
    if declared is None or seen.unmeasured == NO_MODEL:
        return ()
    return (age_demand(seen, declared, float(context.settings["delivered.age.error_years"])),)
