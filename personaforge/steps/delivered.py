"""What was asked of a picture or clip beside its person, and what a miss does to its judgement.

What was asked is read from the position and from what its provider is told; what came is in the measurement, so nothing
is decoded or detected for it. What is demanded of it is arithmetic in `identity`; here it becomes part of the gate. To
demand something else, give `with_demands` further `Demand`s.

The person comes first: a picture of somebody else gets the identity patch alone, as it always did, and what else was
wrong is only recorded. What was accepted before stays accepted while the user's gates are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from personaforge.domains import DRAWINGS, PHOTOGRAPHS
from personaforge.errors import SpecError
from personaforge.faces.packs import made_for
from personaforge.identity.decision import Decision
from personaforge.identity.demand import Demand, Use, unmet
from personaforge.identity.expression import Seen, expression_demands
from personaforge.identity.posture import Framing, posture_demands, posture_of
from personaforge.identity.score import Cause, in_domain
from personaforge.identity.shape import Told, shape_demands, shape_of
from personaforge.providers.capability import Capability
from personaforge.providers.sizes import told_size
from personaforge.spec.kinds import kind_named
from personaforge.steps.choices import choices
from personaforge.steps.context import Context
from personaforge.steps.judgement import Judgement
from personaforge.store.artifact import Artifact

UNDELIVERED = "undelivered"
"""The fact that lists what was not as asked and decided something: name, asked, measured and action of each. Advice is
in the evaluation's record alone, so that no lock holds what is only a hint."""


@dataclass(frozen=True)
class Asked:
    """What was asked of one picture or clip."""

    told: Told | None
    """The size that its provider was told; None where it was told none, or isn't known any more."""
    framing: Framing | None = None
    """What its position asks for; None for a clip, which moves, and where no position is known."""
    expression: str = ""
    """The position's expression; empty for a clip."""
    of_clip: bool = False


class Asking(NamedTuple):
    """Who asks: a step, and where its settings are read."""

    get: Callable[[str], Any]
    """A setting's dotted path -> its value; None where there is none."""
    capability: Callable[[str, str], Capability]
    """(modality, provider) -> what is fixed about it. Raises SpecError for an unknown one."""
    step: str
    kind: str


def _asking(context: Context) -> Asking:
    return Asking(context.settings.get, context.capability, context.node.step, context.node.kind)


def asked_of_picture(context: Context, position: Mapping[str, Any], made: Mapping[str, Any]) -> Asked:
    """Return what was asked of a picture of a position; `made` says who made it, see `outputs.how`."""
    return asked_for_picture(_asking(context), position, made)


def asked_for_picture(asking: Asking, position: Mapping[str, Any], made: Mapping[str, Any]) -> Asked:
    """Return the same for a step that is not being built."""
    width, height = size_of_picture(position, asking.get)
    framing = Framing(float(position["yaw"]), float(position["pitch"]), str(position["distance"]))
    return Asked(_told(asking, "image", width, height, made), framing, str(position["expression"]))


def asked_of_clip(context: Context, made: Mapping[str, Any]) -> Asked:
    """Return what was asked of a clip; `made` says who made it."""
    return asked_for_clip(_asking(context), context.settings[f"motion.types.{context.node.slot}"], made)


def asked_for_clip(asking: Asking, motion: Mapping[str, Any], made: Mapping[str, Any]) -> Asked:
    """Return the same for a step that is not being built; `motion` is an entry of `motion.types`."""
    size = asking.get("video.sizes")[motion["aspect"]]
    return Asked(_told(asking, "video", size["width"], size["height"], made), of_clip=True)


def size_of_picture(position: Mapping[str, Any], get: Callable[[str], Any]) -> tuple[int, int]:
    """Return the width and height in pixels that are wanted of a position's picture; `get` returns a setting."""
    width = position["width"] if "width" in position else get("image.width")
    return width, position["height"] if "height" in position else get("image.height")


def _told(asking: Asking, modality: str, width: int, height: int, made: Mapping[str, Any]) -> Told | None:
    """Return the size that whoever made it was told. A fallback may have made it; a plug-in may be gone since."""
    base = f"pipeline.steps.{asking.step}"
    provider = str(made.get("provider", ""))
    asked = choices(lambda name: asking.get(f"{base}.{name}"), lambda name: asking.get(f"{modality}.{name}"))
    models = [one.model for one in asked if one.provider == provider]
    if not models:
        return None
    # A provider may name the model that answered more exactly than we did.
    model = next((one for one in models if one == made.get("model")), models[0])
    try:
        capability = asking.capability(modality, provider)
    except SpecError:
        return None
    options = (asking.get(f"{modality}.options") or {}).get(model) or {}
    by_reference = modality == "video" or kind_named(asking.kind).role != "candidate"
    return told_size(capability, options, width, height, by_reference=by_reference)


@dataclass(frozen=True)
class Delivered:
    """How what came compares with what was asked."""

    demands: tuple[Demand, ...]
    numbers: Mapping[str, float]
    """What metrics have, by name; what was not measured is left out."""

    def as_json(self) -> dict[str, Any]:
        """Return what an evaluation keeps; nothing where nothing was asked."""
        if not self.demands:
            return {}
        return {"demands": [one.as_json() for one in self.demands], "delivered": dict(self.numbers)}


NOTHING_ASKED: Final = Delivered((), {})
"""Of what nothing was asked, or nothing is known."""


def demands_on(
    context: Context,
    asked: Asked | None,
    measured: Mapping[str, Any] | None,
    anchor: Mapping[str, Any] | None = None,
    seen: Seen | None = None,
) -> Delivered:
    """Return the demands on what has this measurement, and the numbers; see `compared`."""
    if asked is None or measured is None:
        return NOTHING_ASKED
    return compared(asked, measured, anchor, seen, context.settings["delivered"], context.analyzer_ref.identity or {})


def compared(
    asked: Asked,
    measured: Mapping[str, Any],
    anchor: Mapping[str, Any] | None,
    seen: Seen | None,
    bounds: Mapping[str, Any],
    analyzer: Mapping[str, str],
) -> Delivered:
    """Return the demands on what has this measurement, and the numbers. Nothing is demanded of what isn't decoded, and
    nothing of a face that isn't measured.

    `anchor` is the anchor's measurement, `seen` the face's expression where one was asked for, `bounds` the group
    `delivered`, `analyzer` the identity of what measured; empty where only the size is known.
    """
    if "width" not in measured:
        return NOTHING_ASKED
    demands: tuple[Demand, ...] = ()
    numbers: dict[str, float | None] = {}
    if asked.told is not None:
        width, height = int(measured["width"]), int(measured["height"])
        demands += shape_demands(asked.told, width, height, bounds, of_clip=asked.of_clip)
        numbers.update(shape_of(asked.told, width, height)._asdict())
    if not asked.of_clip and measured["status"] == "measured" and in_domain(measured):
        if asked.framing is not None:
            of = DRAWINGS.name if analyzer and made_for(analyzer) == DRAWINGS.name else PHOTOGRAPHS.name
            demands += posture_demands(asked.framing, measured, anchor, bounds[of])
            numbers.update(posture_of(asked.framing, measured, anchor)._asdict())
        if seen is not None:
            demands += expression_demands(asked.expression, seen, measured, bounds["expression"])
            numbers.update(seen.metrics)
    return Delivered(demands, {name: value for name, value in numbers.items() if value is not None})


def with_demands(context: Context, judgement: Judgement, delivered: Delivered, artifact: Artifact) -> Judgement:
    """Return a judgement that the demands are part of: a picture of the right person passes only if no demand with the
    action `retry` is missed, and ships flagged where one with `flag` is.

    A picture that is too poor to say whose face it is counts as nobody else's: its next attempt is told what would help
    and what else was wrong, and gets no identity patch.
    """
    demands, helps = delivered.demands, _helps(judgement)
    judgement = replace(judgement, corrections=(helps,)) if helps else judgement
    if not demands:
        return judgement
    if judgement.evaluation is not None:
        judgement = replace(judgement, evaluation={**judgement.evaluation, **delivered.as_json()})
    gates, flags = unmet(demands, Use.RETRY), unmet(demands, Use.FLAG)
    missed = (*gates, *flags)
    if not missed or not (judgement.decision is Decision.ACCEPT or helps):
        return judgement
    pin = context.pin
    pinned = None if pin is None or context.repin or artifact.digest not in pin.outputs.values() else pin
    if pinned is not None and not context.standing.demands_hold(pinned):
        return judgement
    reason = "; ".join(one.fault for one in missed)
    facts = {**judgement.facts, UNDELIVERED: [_fact(one) for one in missed]}
    if gates:
        why = f"{judgement.facts['reason']}; {reason}" if helps else reason
        return _again(judgement, facts, why, gates)
    if helps:
        return judgement
    if pinned is not None and pinned.status == "accepted" and context.standing.same_gates(pinned):
        return judgement  # what forge itself asks now marks nothing that was accepted without a mark
    # A second recogniser's doubt comes first, and the faults are told besides.
    said = f"{judgement.facts['reason']}; {reason}" if judgement.facts.get("reason") else reason
    return replace(judgement, status="flagged", facts={**facts, "reason": said})


_HELPS: Mapping[str, str] = {
    Cause.TOO_SMALL: "The face was too small to be recognised: show it larger.",
    Cause.BLURRED: "The face was blurred: it must be in sharp focus.",
    Cause.TURNED: "The face was turned too far away to be recognised: turn it towards the camera, upright.",
    Cause.COVERED: "The face was covered or badly lit: nothing may lie over it, and light must fall on it evenly.",
    Cause.SEVERAL: "There were several people: show this one person only.",
}
"""Cause -> what a generator is told. Without a face at all, or a picture, the identity patch says it."""


def _helps(judgement: Judgement) -> str:
    """Return what would help a picture of which nobody can say whose face it is; empty for all others."""
    unmeasured = (judgement.evaluation or {}).get("unmeasured")
    return _HELPS.get(unmeasured["code"], "") if unmeasured and judgement.decision is Decision.RETRY else ""


def not_as_asked(facts: Mapping[str, Any]) -> bool:
    """Tell whether a node's facts say that a gate of what was asked is missed."""
    return any(one.get("action") == Use.RETRY for one in facts.get(UNDELIVERED, ()) if isinstance(one, Mapping))


def _again(judgement: Judgement, facts: Mapping[str, Any], reason: str, gates: Sequence[Demand]) -> Judgement:
    evaluation = judgement.evaluation
    return replace(
        judgement,
        decision=Decision.RETRY,
        facts={**facts, "reason": reason},
        problems=(reason,),
        corrections=(*judgement.corrections, *(one.words for one in gates if one.words)),
        lasting="; ".join(one.fault for one in gates) if all(one.lasting for one in gates) else "",
        evaluation=None if evaluation is None else {**evaluation, "reason": reason},
    )


def _fact(demand: Demand) -> dict[str, str]:
    return {"name": demand.name, "asked": demand.asked, "measured": demand.measured, "action": str(demand.action)}
