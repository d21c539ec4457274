"""The expression of a picture's judged face, measured where its position asks for one that a face's points can tell.

It is an action of its own (`measurement.expression_action`). What an earlier forge measured and accepted is not read
again for it: there it is not measured, and the demand says so.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from personaforge.domains import DRAWINGS
from personaforge.faces.packs import made_for
from personaforge.identity.expression import METRICS, Seen, wanted_of
from personaforge.steps.action import Action, Result
from personaforge.steps.context import Context
from personaforge.steps.measurement import expression_action, measure_action
from personaforge.store.artifact import Artifact

_DRAWN = "expressions are told on photographs only: the points of the pack for drawings hardly follow them"
_FIVE = "five points don't show an expression"
_TURNED = "the face was read in the turned picture"
_BEFORE = "the picture was accepted before expressions were measured"
_UNUSABLE = "the face's points can't be used for it"


def was_measured(context: Context, artifact: Artifact) -> bool:
    """Tell whether a pinned node's picture has a measurement already; to be asked before it is measured."""
    identity = context.analyzer_ref.identity
    return (
        identity is not None
        and context.pin is not None
        and context.known(measure_action("measure", identity, artifact.digest).key)
    )


def expression_of(
    context: Context,
    artifact: Artifact,
    expression: str,
    measured: Mapping[str, Any] | None,
    face: int | None = None,
    *,
    older: bool = False,
) -> Generator[Action, Result, Seen | None]:
    """Return what is known of the expression of a picture's face, `face` by size from 0 (None: the largest); None where
    nothing that could be told was asked for, or no face is measured.

    `measured` is the face's measurement. `older` is what `was_measured` said.
    """
    identity = context.analyzer_ref.identity
    if identity is None or measured is None or measured["status"] != "measured":
        return None
    if not expression or not wanted_of(expression, context.settings["delivered.expression"]):
        return None
    if (why := untold(identity, measured)) is not None:
        return Seen(None, why)
    action = expression_action(identity, artifact.digest, measured)
    assert action is not None, "`untold` says where there is none"
    if older and not context.known(action.key):
        return Seen(None, _BEFORE)
    return seen_in((yield action).value, face)


def untold(identity: Mapping[str, str], measured: Mapping[str, Any]) -> str | None:
    """Return why an analyzer's measured face can't have an expression, for people; None where it can."""
    if made_for(identity) == DRAWINGS.name:
        return _DRAWN
    if measured.get("turned_by"):
        return _TURNED
    return _FIVE if expression_action(identity, "", measured) is None else None


def seen_in(value: Mapping[str, Any], face: int | None) -> Seen:
    """Return the expression of one face from the record of a picture's expressions."""
    found = value.get("expressions") or ()
    index = face or 0
    numbers = found[index] if index < len(found) else None
    usable = numbers is not None and all(isinstance(numbers.get(name), (int, float)) for name in METRICS)
    return Seen({name: float(numbers[name]) for name in METRICS}) if numbers and usable else Seen(None, _UNUSABLE)
