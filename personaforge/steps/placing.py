"""The placement step: where a new persona's face lies among those already issued in the project.

A DNA leaves much of a face to chance. Where the image provider can draw several faces of one DNA, this step takes the
one that lies farthest from every issued face, and the lock pins the choice with the face's shape, which is all that
later personas know of it. What is pinned stays: the choice while the DNA is the same, and with the anchor for good. So
a persona depends on those issued before it, and never on a later one.

Faces are issued in the order in which placements are pinned; personas that are new in one build take turns by id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.digest import digest_json
from personaforge.providers.protocols import Placer
from personaforge.steps.action import Outcome, Output, Procedure
from personaforge.steps.attempts import frozen
from personaforge.steps.context import ANCHOR, SHAPE, Context, pretty_json
from personaforge.steps.images import face_facts, profile_of
from personaforge.steps.outputs import write_action
from personaforge.store.lockfile import Pin

PLACEMENT = "placement"
"""Name of the output, of its number among the facts, and of the request field that carries it."""
NOT_COMPARED = "not_compared"
"""Name of the fact that lists the personas whose issued faces had no say, since another painter drew them."""


def place(context: Context) -> Procedure:
    """Choose a placement, or keep the pinned one."""
    anchored = context.pins(ANCHOR) is not None and not context.repin
    pin = None if context.repin else context.pin
    if anchored and pin is None:
        return Outcome("accepted", {}, {PLACEMENT: 0, "reason": "the anchor was pinned before its face was placed"})
    if anchored and pin is not None:
        return (yield from _kept(context, pin.key, pin.facts))
    draws = context.settings["image.placement.draws"]
    subject = face_facts(profile_of(context))
    key = digest_json("placement/1", {"subject": subject, "draws": draws})
    if pin is not None and pin.key == key:
        return (yield from _kept(context, key, pin.facts))
    if context.frozen:
        raise frozen(context)
    return (yield from _kept(context, key, _choice(context, subject, draws)))


def placement_of(request: Mapping[str, Any], draws: int, placer: Placer) -> Pin | None:
    """Return the pin of the placement that a drawn candidate's request names, None where it names none: the first face
    of a DNA has no number there, and was perhaps drawn before faces were placed.

    `draws` are how many faces the placement may choose among now: with another number it would be chosen anew, if
    the anchor had not been drawn by it.
    """
    from personaforge.digest import digest_bytes

    try:
        subject = {name: request["subject"][name] for name in ("dna", "surface")}
        number = int(request[PLACEMENT])
        facts = {PLACEMENT: number, SHAPE: placer.shape(subject, number)}
    except (KeyError, TypeError, ValueError):
        return None
    key = digest_json("placement/1", {"subject": subject, "draws": draws})
    return Pin(key, {PLACEMENT: digest_bytes(pretty_json(facts))}, {PLACEMENT: "application/json"}, facts=facts)


def _choice(context: Context, subject: Mapping[str, Any], draws: int) -> dict[str, Any]:
    """Return the facts of the placement that is farthest from all issued faces."""
    placer, issued = context.placer(), context.issued()
    assert placer is not None  # or the step has no node
    try:
        placed = placer.place(subject, issued, draws)
    except ValueError as error:  # the painter says the same when it is asked to draw, and there it is an error
        return {PLACEMENT: 0, "reason": f"not placed: {error}"}
    apart = not_compared(placer, issued)
    facts: dict[str, Any] = {PLACEMENT: placed.number, SHAPE: placed.shape, "issued": len(issued) - len(apart)}
    if apart:
        facts[NOT_COMPARED] = apart
    if placed.nearest:
        facts.update(nearest=placed.nearest, distance=placed.distance)
    return facts


def not_compared(placer: Placer, issued: Mapping[str, str]) -> list[str]:
    """Return the personas whose faces the placer can't read, not even beside themselves: another painter drew them."""
    twin = ""  # no persona's id
    return [name for name, shape in issued.items() if not placer.nearest((name,), {name: shape, twin: shape})]


def _kept(context: Context, key: str, facts: Mapping[str, Any]) -> Procedure:
    """Keep the facts as the step's output: the same bytes from a decision made now and from one in the lock."""
    result = yield write_action(pretty_json(dict(facts)), "application/json")
    return Outcome("accepted", {PLACEMENT: Output(result.outputs["content"], "")}, dict(facts), key, context.take)
