"""The image steps: candidates, the choice of the anchor, and every image drawn against it.

The anchor and its candidates are sticky: once the lock names them they stay, whatever the settings say, until the user
types `--repin`. Everything else follows its settings, and the lock only says which take was accepted.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from personaforge.digest import derive_seed
from personaforge.errors import PinnedArtifactMissing
from personaforge.identity.age import declared_age
from personaforge.identity.decision import Decision
from personaforge.providers.capability import Capability
from personaforge.spec.clothing import clothing_of
from personaforge.spec.kinds import kind_named
from personaforge.spec.settings import View
from personaforge.steps.action import Action, Outcome, Output, Procedure, Result, Status
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop, call, frozen, patch_of
from personaforge.steps.choices import asked
from personaforge.steps.context import ANCHOR, Context, pinned_size
from personaforge.steps.delivered import asked_of_picture, demands_on, not_as_asked, size_of_picture, with_demands
from personaforge.steps.expression import expression_of, was_measured
from personaforge.steps.judgement import Judgement, as_outline
from personaforge.steps.likeness import Meant
from personaforge.steps.measurement import measure_action
from personaforge.steps.measuring import (
    ReferenceSet,
    can_judge,
    judge_image,
    measure,
    no_model,
    not_bought,
    policy_of,
    size_of,
)
from personaforge.steps.outputs import made_by, suffix_of
from personaforge.steps.remake import face_of
from personaforge.steps.text import SECTIONS
from personaforge.steps.wardrobe import dressed_as, look_of, wardrobe_of
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import Pin

IMAGE = "image"
"""The step kind of images, and the name of their output and of a candidate's."""
CANDIDATE = "candidate"
"""The step kind of what the anchor is chosen from."""
SILHOUETTE = "silhouette"
"""The form of a position that shows an outline alone."""
REFERENCE = "reference"
"""The step kind of the reference set's other pictures, and the name of their output."""

_FACE_FACTS = ("age", "gender", "ethnicity")
_POSE_FACTS = ("distance", "yaw", "pitch", "expression", "gaze", "pose", "light")


def candidate(context: Context) -> Procedure:
    """Draw one frontal candidate and measure it, so that the anchor's choice finds its measurement.

    Once the anchor is pinned nothing new is drawn here. A candidate whose picture is lost is remade where that gives
    the same bytes, since it may be the anchor's; otherwise that is an error only if the anchor's picture is lost, too.
    """
    settings = context.settings
    slot = context.node.slot
    anchor_pin = None if context.repin else context.pins(ANCHOR)
    kept = _as_pinned(context, IMAGE) if anchor_pin is not None else None
    if kept is not None:
        return (yield from _with_face(context, kept))
    # If nothing could judge the candidates here, none is bought.
    if anchor_pin is None and not can_judge(context) and not context.frozen:
        return not_bought(context)
    provider = str(settings[f"pipeline.steps.{context.node.step}.provider"])
    drawn_alike = context.capability("image", provider).deterministic
    # It isn't needed any more: it can't be drawn alike, or the anchor is a picture that somebody has set.
    if anchor_pin is not None and (context.pin is None or not drawn_alike):
        return _not_drawn(context, anchor_pin)
    position = settings[f"matrix.positions.{settings['matrix.anchor']}"]
    actions = draw(context, position, settings["matrix.anchor"], None, 0)
    first = actions[0]
    remade = context.pin is not None and first.deterministic and context.standing.same_request(context.pin, first.key)
    if anchor_pin is not None and not remade:
        return _not_drawn(context, anchor_pin)
    face, missed = "", dict[str, Any]()

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        return made_by(context, (yield from call(actions)), IMAGE, IMAGE)

    def examine(made: Made) -> Examining:
        nonlocal face, missed
        picture = made.outputs[IMAGE]
        older = was_measured(context, picture)
        measured = yield from measure(context, picture, ())
        face = face_of(measured)
        facts = {"faces": measured.get("faces", 0)} if measured is not None else {}
        judgement = Judgement(Decision.ACCEPT, 0.0, facts=facts)
        if anchor_pin is not None:  # it is chosen, and only drawn again
            return judgement
        asked = asked_of_picture(context, position, made.facts)
        expression = yield from expression_of(context, picture, asked.expression, measured, older=older)
        if measured is None:
            measured = yield from size_of(context, picture, asked)
        delivered = demands_on(context, asked, measured, seen=expression)
        judgement = with_demands(context, judgement, delivered, picture)
        missed = dict(judgement.facts) if not_as_asked(judgement.facts) else {}
        return judgement

    outcome = yield from attempt_loop(
        context,
        first=first,
        make=make,
        examine=examine,
        limit=1,
        exhausted="flagged",  # it is kept, and not chosen as the anchor
        paths=lambda outputs: {IMAGE: f"candidates/{slot}{suffix_of(outputs[IMAGE])}"},
    )
    if missed:  # also where an earlier forge accepted it: no anchor is chosen yet
        outcome = replace(outcome, status="flagged", facts={**outcome.facts, **missed})
    # The face is noted only for what can be drawn again, since only a drawing made again is compared with it.
    pin = context.pin
    if pin is not None and outcome.key == pin.key:  # it was accepted at the pin, and candidates have no gate
        return replace(outcome, face=pin.face or face, under=pin.under or outcome.under)
    return replace(outcome, face=face if first.deterministic else "")


def _with_face(context: Context, kept: Outcome) -> Generator[Action, Result, Outcome]:
    """Return a pinned candidate with its face, where that was not noted yet and its measurement is known anyway."""
    provider = str(context.settings[f"pipeline.steps.{context.node.step}.provider"])
    if kept.face or context.analyzer_ref.identity is None or not context.capability("image", provider).deterministic:
        return kept
    action = measure_action("measure", context.analyzer_ref.identity, kept.outputs[IMAGE].artifact.digest)
    if not context.known(action.key):
        return kept
    result = yield action
    return replace(kept, face=face_of(result.value))


def _not_drawn(context: Context, anchor_pin: Pin) -> Outcome:
    """Return the outcome of a candidate that isn't needed. Raises PinnedArtifactMissing where the anchor is gone."""
    chosen = _pinned_artifact(anchor_pin, ANCHOR)
    if context.artifacts.size(chosen.digest, _anchor_path(context, chosen)) is None:
        raise _anchor_missing(context, anchor_pin)
    return Outcome("accepted", {}, {"reason": "not drawn, since the anchor is pinned"})


def anchor(context: Context) -> Procedure:
    """Choose the anchor among the candidates, or keep the pinned one."""
    from personaforge.identity.anchor import choose
    from personaforge.identity.score import Unmeasured, in_domain, outside

    if context.pin is not None and not context.repin:
        kept = _as_pinned(context, ANCHOR) or _remade_anchor(context, context.pin)
        if kept is None:
            raise _anchor_missing(context, context.pin)
        # A lock of an earlier forge doesn't say what it was made for; it is noted as soon as the anchor is looked at.
        return kept if kept.look else replace(kept, look=context.look_of(kept.key))
    if context.frozen:
        raise frozen(context)
    settings = context.settings
    candidates = context.needed(CANDIDATE)
    drawn = {slot: outcome.outputs[IMAGE].artifact for slot, outcome in candidates.items() if IMAGE in outcome.outputs}
    if not drawn:
        reasons = [str(outcome.facts.get("reason", "")) for outcome in candidates.values()]
        return Outcome(
            "rejected", {}, {"reason": reasons[0] if reasons else "there is no candidate", "measured": False}
        )
    # A picture that is not what was asked for never becomes the anchor, whatever its face is like.
    faults = {slot: str(candidates[slot].facts["reason"]) for slot in drawn if not_as_asked(candidates[slot].facts)}
    if len(faults) == len(drawn):
        reason = f"no candidate is what was asked for: {next(iter(faults.values()))}"
        return Outcome("rejected", {}, {"reason": reason, "candidates": len(drawn), "measured": False})
    drawn = {slot: artifact for slot, artifact in drawn.items() if slot not in faults}
    measurements: list[Mapping[str, Any] | None] = []
    for artifact in drawn.values():
        measured = yield from measure(context, artifact)
        measurements.append(measured)
    strategy = settings["identity.anchor.strategy"]
    slots = list(drawn)
    facts: dict[str, Any] = {"candidates": len(drawn), **({"left_out": faults} if faults else {})}
    nobody = None
    if context.analyzer_ref.identity is None:
        nobody = no_model()
    elif settings["identity.out_of_domain"] != "allow" and not all(in_domain(one or {}) for one in measurements):
        nobody = outside("a candidate", context.analyzer_ref.identity["pack"])
    if nobody is not None:
        if settings["identity.require_measurement"]:
            facts.update(reason=nobody.reason, measured=False)
            return Outcome("rejected", {}, facts)
        # Nothing can compare the candidates here: the first one is as good as any, and its facts say so.
        index, status = 0, "unmeasured"
        facts.update(reason=f"the first candidate, unmeasured: {nobody.reason}", measured=False)
    else:
        choice = choose(measurements, strategy, policy_of(context).face)
        if isinstance(choice, Unmeasured):
            return Outcome("rejected", {}, {**facts, "reason": choice.reason, "measured": False})
        index, status = choice.index, "accepted"
        facts.update(reason=choice.reason, measured=True, means=dict(zip(slots, choice.means, strict=True)))
    chosen = drawn[slots[index]]
    source = candidates[slots[index]].facts
    facts.update({name: source[name] for name in ("model", "provider", "label", "seed") if name in source})
    facts.update(candidate=slots[index], strategy=strategy)
    outputs = {ANCHOR: Output(chosen, _anchor_path(context, chosen))}
    # The key of the call that drew it: the anchor is the candidate's picture, and makes nothing itself.
    key = candidates[slots[index]].key
    ended: Status = "unmeasured" if status == "unmeasured" else "accepted"
    look = context.look_of(key)
    return Outcome(ended, outputs, facts, key, context.take, under=context.standing.noted(), look=look)


def image(context: Context) -> Procedure:
    """Draw one image with the anchor as its reference, judge it, and try again with a stronger identity patch.

    A picture of the reference set is drawn in the same way, and judged against the anchor alone.
    """
    settings = context.settings
    slot, position = position_of(context)
    reference = context.of_kind(ANCHOR).outputs[ANCHOR].artifact
    is_reference = kind_named(context.node.kind).scope == "references"
    output, folder = (REFERENCE, "references") if is_reference else (IMAGE, "images")
    references = references_of(context)
    name = str(position["name"]).replace(" ", "-")

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        actions = first if number == 0 else draw(context, position, slot, reference, number, tried)
        return made_by(context, (yield from call(actions)), output, IMAGE)

    def examine(made: Made) -> Examining:
        return (yield from judge_picture(context, made.outputs[output], references, made.facts))

    first = draw(context, position, slot, reference, 0)
    return (
        yield from attempt_loop(
            context,
            first=first[0],
            make=make,
            examine=examine,
            limit=settings["identity.max_attempts"] if can_judge(context) else 0,
            # A silhouette may show no face at all: it is kept, but not in the set.
            exhausted="flagged" if is_reference else "rejected",
            otherwise=not_bought(context),
            paths=lambda outputs: {
                output: f"{folder}/{f'{slot}-{name}' if context.node.slot and not is_reference else slot}"
                f"{suffix_of(outputs[output])}"
            },
        )
    )


def judge_picture(context: Context, artifact: Artifact, references: ReferenceSet, made: Mapping[str, Any]) -> Examining:
    """Judge a picture of this node, and by what else was asked of it; `made` says who made it."""
    slot, position = position_of(context)
    asked, meant = asked_of_picture(context, position, made), meant_by(context, position, slot)
    judgement = yield from judge_image(context, artifact, references, asked, meant)
    return as_outline(judgement) if position.get("form") == SILHOUETTE else judgement


def references_of(context: Context) -> ReferenceSet:
    """Return what this node's pictures are compared with: of a picture of the reference set the anchor alone."""
    if kind_named(context.node.kind).scope == "references":
        return ReferenceSet(context.of_kind(ANCHOR).outputs[ANCHOR].artifact)
    return reference_set(context)


def reference_set(context: Context) -> ReferenceSet:
    """Return what a node's candidates are compared with: the anchor, and the other references that were accepted."""
    others = {
        name.rpartition("/")[2]: outcome.outputs[REFERENCE].artifact
        for name, outcome in context.needs.items()
        if REFERENCE in outcome.outputs and outcome.status == "accepted"
    }
    return ReferenceSet(context.of_kind(ANCHOR).outputs[ANCHOR].artifact, others)


def draw(
    context: Context,
    position: Mapping[str, Any],
    slot: str,
    reference: Artifact | None,
    attempt: int,
    tried: Sequence[Attempt] = (),
) -> list[Action]:
    """Return the actions that draw one position: the provider's, then its fallbacks'. `tried` came before."""
    base = f"pipeline.steps.{context.node.step}"
    profile = profile_of(context)
    wardrobe = wardrobe_of(context, dressed_as(context, slot))
    staging: Mapping[str, Any] = wardrobe.get("staging", {})
    sources: dict[str, str] = {}
    patch, corrections = patch_of(attempt, tried)

    def fields(capability: Capability, model: str, view: View) -> dict[str, Any]:
        scene = view[f"matrix.scenes.{position['scene']}"]
        width, height = size_of_picture(position, view.get)
        found: dict[str, Any] = {
            "width": width,
            "height": height,
            "seed": derive_seed(context.node.origin, context.stream, context.take, attempt, view["seed"]),
            "attempt": patch,
        }
        if "prompt" in capability.reads:
            rendered = context.render(
                view[f"{base}.template"],
                {
                    "profile": profile,
                    "position": position,
                    "wardrobe": wardrobe,
                    "scene": {"name": position["scene"], "text": scene["text"]},
                    "staging": staging,
                    "attempt": patch,
                    "corrections": corrections,
                    "reference": reference is not None,
                },
            )
            found["prompt"] = rendered.text
            sources.update(rendered.sources)
        if "subject" in capability.reads:
            pose = {name: position[name] for name in _POSE_FACTS}
            pose |= {"form": position["form"]} if position.get("form") else {}
            pose |= {"held": staging["held"]} if position.get("acts") and staging.get("held") else {}
            pose |= {"season": position["season"]} if position.get("season") else {}
            pose |= {"uses": "wheelchair"} if uses_wheelchair(profile) else {}
            found["subject"] = {**subject_of(profile, wardrobe, position["scene"], scene), "position": pose}
        if "drift" in capability.reads and reference is not None:
            found["drift"] = view["image.drift"]
        if "placement" in capability.reads and reference is None:
            # Left out where it is 0, so that the first face of a project has the same key with and without placements.
            chosen = next((need.facts["placement"] for need in context.needs.values() if "placement" in need.facts), 0)
            found.update({"placement": chosen} if chosen else {})
        return found

    inputs = {"reference": reference.digest} if reference is not None else {}
    return asked(context, "image", fields, inputs=inputs, attempt=attempt, sources=sources)


def subject_of(
    profile: Mapping[str, Any], wardrobe: Mapping[str, Any], place: str, scene: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the embedded painter needs and nothing more, so that a new name or voice redraws no picture."""
    staging: Mapping[str, Any] = wardrobe.get("staging", {})
    name = staging.get("drawn") or place
    background = {"name": name, "colors": staging.get("colors") or scene["colors"]}
    country = profile.get("surface", {}).get("location", {}).get("country")
    # The street of a home city is one of that country.
    background |= {"country": country} if name == "street" and country else {}
    return {**face_facts(profile), "clothing": clothing_of(profile, wardrobe), "scene": background}


def uses_wheelchair(profile: Mapping[str, Any]) -> bool:
    """Tell whether what the brief rules in, or a mark, says that a wheelchair is used, as the prompts' templates do."""
    said = [*profile.get("intent", {}).get("constraints", ()), *profile["dna"].get("skin", {}).get("marks", ())]
    text = "; ".join(map(str, said)).casefold()
    return "wheelchair" in text and "no wheelchair" not in text


def face_facts(profile: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a persona document that decides what the face looks like."""
    return {
        "dna": {name: value for name, value in profile["dna"].items() if name != "voice"},
        "surface": {name: profile["surface"][name] for name in _FACE_FACTS if name in profile["surface"]},
    }


def meant_by(context: Context, position: Mapping[str, Any], slot: str) -> Meant:
    """Return what the picture of a position is meant to show beside the face."""
    anchor = context.settings["matrix.anchor"]
    first = context.settings[f"matrix.positions.{anchor}"]
    worn = wardrobe_of(context, dressed_as(context, slot))
    # By rank, too: a picture that stays from an earlier forge was dressed by its rank alone.
    same = position["wardrobe"] == first["wardrobe"] and look_of(worn) == look_of(wardrobe_of(context, anchor))
    profile = profile_of(context)
    return Meant(position, first, same, profile["dna"], declared_age(profile.get("surface", {}).get("age")))


def profile_of(context: Context) -> Mapping[str, Any]:
    """Return the persona document's sections."""
    found: Mapping[str, Any] = context.read_json(context.of_kind(SECTIONS).outputs[SECTIONS].artifact.digest)
    return found


def position_of(context: Context) -> tuple[str, Mapping[str, Any]]:
    """Return the position's name and entry: one of a table, or the step's only one."""
    settings = context.settings
    base = f"pipeline.steps.{context.node.step}"
    if framing := kind_named(context.node.kind).framing:
        return context.node.slot, settings[f"{framing}.{context.node.slot}"]
    if context.node.slot:
        return context.node.slot, settings[f"{settings[f'{base}.positions']}.{context.node.slot}"]
    path = str(settings[f"{base}.position"])
    return path.rpartition(".")[2], settings[path]


def _anchor_path(context: Context, artifact: Artifact) -> str:
    return f"images/{context.settings['matrix.anchor']}-anchor{suffix_of(artifact)}"


def _as_pinned(context: Context, output: str) -> Outcome | None:
    """Return the outcome that the lock pins for this node; None without a pin, or when its artifact can't be read."""
    pin = context.pin
    if pin is None:
        return None
    artifact = _pinned_artifact(pin, output)
    path = (
        _anchor_path(context, artifact) if output == ANCHOR else f"candidates/{context.node.slot}{suffix_of(artifact)}"
    )
    size = pinned_size(context, artifact, path)
    if size is None:
        return None
    outputs = {output: Output(artifact._replace(size=size), path)}
    status: Status = "unmeasured" if pin.status == "unmeasured" else "accepted"
    return _from_pin(pin, status, outputs)


def _remade_anchor(context: Context, pin: Pin) -> Outcome | None:
    """Return the anchor as its candidate was drawn again with other bytes, which measured as the same face."""
    if not context.may_remake:
        return None
    for outcome in context.needed(CANDIDATE).values():
        if outcome.replaced.get(IMAGE) == pin.outputs[ANCHOR]:
            artifact = outcome.outputs[IMAGE].artifact
            outputs = {ANCHOR: Output(artifact, _anchor_path(context, artifact))}
            status: Status = "unmeasured" if pin.status == "unmeasured" else "accepted"
            replaced = {**pin.replaced, ANCHOR: pin.outputs[ANCHOR]}
            return _from_pin(pin, status, outputs, replaced)
    return None


def _from_pin(
    pin: Pin, status: Status, outputs: Mapping[str, Output], replaced: Mapping[str, str] | None = None
) -> Outcome:
    return Outcome(
        status,
        outputs,
        pin.facts,
        pin.key,
        pin.take,
        pin.attempt,
        under=pin.under,
        also=pin.also,
        face=pin.face,
        replaced=pin.replaced if replaced is None else replaced,
        look=pin.look,
    )


def _pinned_artifact(pin: Pin, output: str) -> Artifact:
    return Artifact(pin.outputs[output], pin.media[output], 0)


def _anchor_missing(context: Context, pin: Pin) -> PinnedArtifactMissing:
    persona = context.node.persona
    return PinnedArtifactMissing(
        f"the anchor of {persona} is pinned to {pin.outputs[ANCHOR][:12]}, and that picture is in neither the store "
        "nor the build folder",
        hint=f"get it with `forge cache pull {persona}`, or choose a new face: "
        f"`forge build {persona} --repin {context.anchor_step}`",
    )
