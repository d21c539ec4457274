"""Measuring an artifact, and judging it against the anchor: the part of the attempt loop that images and clips share.

A measurement is an action of its own, keyed by the artifact, the analyzer's identity and nothing else, so every picture
is measured once however many policies read it. Judging is arithmetic over measurements, and is done anew each time.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from personaforge.faces.parts import OF_CLIPS, OF_PICTURES, PEOPLE, UPRIGHT, WHERE_NEEDED
from personaforge.identity.decision import Decision
from personaforge.identity.policy import AUTO, Gate, Mode, Policy, Quality
from personaforge.identity.score import Cause, Score, Unmeasured
from personaforge.steps.action import Action, Outcome, Result
from personaforge.steps.age import age_of, demands_of, kept_age
from personaforge.steps.context import Context
from personaforge.steps.delivered import UNDELIVERED, Asked, demands_on, with_demands
from personaforge.steps.expression import expression_of, was_measured
from personaforge.steps.judgement import Judgement
from personaforge.steps.likeness import Meant, likeness_of, with_likeness
from personaforge.steps.measurement import (
    further_request,
    joined,
    measure_action,
    needed_actions,
    part_actions,
    request_of,
    sampling_of,
    size_action,
)
from personaforge.steps.second_opinion import second_opinion
from personaforge.steps.standing import judged_elsewhere
from personaforge.store.artifact import Artifact

if TYPE_CHECKING:
    from personaforge.identity.people import Judged
    from personaforge.identity.stretches import Shown

_CHOSEN = ("face", "turned_by", "frames_with_several")
"""Facts of what was judged by all of its faces, or turned."""
Measuring = Generator[Action, Result, Mapping[str, Any] | None]


def measure(context: Context, artifact: Artifact, needed: Collection[str] = (UPRIGHT,)) -> Measuring:
    """Return an image's measurement, or None where nothing can measure; of the parts that only some pictures call for
    (`parts.WHERE_NEEDED`) those in `needed`. Without `people` it is the largest face's."""
    return (yield from _whole(context, "measure", artifact, {}, needed))


def measure_clip(
    context: Context, artifact: Artifact, needed: Collection[str] = (PEOPLE,), *, by_mean: bool = False
) -> Measuring:
    """Return a clip's measurement, or None where nothing can measure; `needed` as in `measure`. `by_mean` tells that
    its mean alone decides."""
    sampled = sampling_of(context.settings["identity.video"])
    return (yield from _whole(context, "measure_clip", artifact, sampled, needed, by_mean=by_mean))


def _whole(
    context: Context,
    kind: str,
    artifact: Artifact,
    request: Mapping[str, Any],
    needed: Collection[str],
    *,
    by_mean: bool = False,
) -> Measuring:
    """Measure all parts. Where no face was found there is nothing to measure another part of.

    A clip that was measured before it was looked through is not looked through for the record's sake: only where its
    worst stretch decides about it. Nor is the appearance measured of what an older forge measured and accepted.
    """
    identity = context.analyzer_ref.identity
    if identity is None:
        return None
    first = measure_action(kind, identity, artifact.digest, request)
    spares = kind == "measure_clip" and context.known(first.key) and by_mean
    older = context.pin is not None and context.known(first.key)
    whole = (yield first).value
    while request and (more := further_request(request, whole, context.settings["identity.video"])) is not None:
        request = more
        whole = (yield measure_action(kind, identity, artifact.digest, request)).value
    for action in needed_actions(kind, identity, artifact.digest, whole, request):
        if action.request["part"] in needed:
            whole = joined(whole, (yield action).value)
    if whole["status"] != "measured":
        return whole
    for action in part_actions(kind, identity, artifact.digest, request):
        if not context.known(action.key) and (
            (spares and action.request["part"] in OF_CLIPS) or (older and action.request["part"] in OF_PICTURES)
        ):
            continue
        part = yield action
        whole = joined(whole, part.value)
    return whole


@dataclass(frozen=True)
class ReferenceSet:
    """What a candidate is compared with."""

    anchor: Artifact
    others: Mapping[str, Artifact] = field(default_factory=dict)
    """Accepted pictures of the reference set, by slot."""

    @property
    def digests(self) -> list[str]:
        """The others' digests, in the order of their slots."""
        return [self.others[slot].digest for slot in sorted(self.others)]


def judge_image(
    context: Context,
    artifact: Artifact,
    references: ReferenceSet,
    asked: Asked | None = None,
    meant: Meant | None = None,
) -> Generator[Action, Result, Judgement]:
    """Measure an image and judge it against the reference set, and by what else was `asked` of it; with its appearance,
    where it is known what was `meant`."""
    from personaforge.identity.people import judge_faces
    from personaforge.identity.references import ANCHOR

    known = yield from _measured(context, references)
    if known is None:
        return (yield from _by_size(context, artifact, references, "face", asked))
    older, combine = was_measured(context, artifact), context.settings["identity.references.combine"]
    policy = policy_of(context, artifact)
    for needed in _readings(context, artifact):
        measured = yield from measure(context, artifact, needed)
        if measured is None:
            return (yield from _by_size(context, artifact, references, "face", asked))
        whole, found = measured, judge_faces(known, measured, policy, combine)
        judgement = _with_face(_judged(context, found.score, policy, references, "face", found.as_json()), found)
        if judgement.decision is Decision.ACCEPT:
            break
    likeness = likeness_of(context, known[ANCHOR], found.measurement, meant, found.score)
    if likeness is not None and meant is not None:
        looks = yield from age_of(context, artifact, found.measurement, found.index, older=older)
        advice = (*likeness.demands, *demands_of(context, looks, meant.age))
        likeness = replace(likeness, kept=kept_age(likeness.kept, looks), demands=advice)
    judgement = with_likeness(judgement, likeness)
    pairs = [(known[ANCHOR], found.measurement)]
    judgement = yield from second_opinion(
        context, judgement, artifact, references.anchor, pairs, all_faces=PEOPLE in needed
    )
    judgement = _flagged(judgement, found.second_face)
    # of the judged face, in the picture as it is with all its faces
    seen = {**found.measurement, **{name: one for name, one in whole.items() if name in ("width", "height", "faces")}}
    wanted = "" if asked is None else asked.expression
    expression = yield from expression_of(context, artifact, wanted, found.measurement, found.index, older=older)
    delivered = demands_on(context, asked, seen, known[ANCHOR], expression)
    if likeness is not None:
        delivered = replace(delivered, demands=(*delivered.demands, *likeness.demands))
    return with_demands(context, judgement, delivered, artifact)


def _readings(context: Context, artifact: Artifact) -> tuple[tuple[str, ...], ...]:
    """Return the parts that a picture or clip is judged by: all that it calls for.

    What was accepted by its largest face, as it stands in the lock, is judged by that one first: an upgrade measures
    nothing anew and doubts nothing that passes.
    """
    pin = context.pin
    if pin is None or artifact.digest not in pin.outputs.values() or any(name in pin.facts for name in _CHOSEN):
        return (WHERE_NEEDED,)
    return ((), WHERE_NEEDED)


def _with_face(judgement: Judgement, found: Judged) -> Judgement:
    """Return a judgement whose facts say which face was judged, where that was a choice."""
    facts = {"face": found.index, "turned_by": found.turned_by}
    evaluation = dict(judgement.evaluation or {})
    if found.text:
        evaluation["reason"] = f"{evaluation['reason']}; {found.text}"
    return replace(
        judgement,
        facts={**judgement.facts, **{name: one for name, one in facts.items() if one is not None}},
        evaluation=evaluation,
    )


def _flagged(judgement: Judgement, second_face: str) -> Judgement:
    """Return a judgement that ships with a mark where the picture shows another face that could be taken for the
    person; the decision stays."""
    if not second_face or judgement.decision is not Decision.ACCEPT or judgement.status == "unmeasured":
        return judgement
    reason = "; ".join(filter(None, (str(judgement.facts.get("reason", "")), f"second_face: {second_face}")))
    return replace(judgement, status="flagged", facts={**judgement.facts, "reason": reason, "second_face": second_face})


def judge_clip(
    context: Context,
    artifact: Artifact,
    references: ReferenceSet,
    asked: Asked | None = None,
    *,
    by_mean: bool = False,
) -> Generator[Action, Result, Judgement]:
    """Measure a clip, and judge it against the reference set by what `identity.video.gate` names, and by what else was
    `asked` of it; with `by_mean` by its mean, whatever the gate is."""
    from personaforge.identity.clip import compare_clip
    from personaforge.identity.people import judge_faces
    from personaforge.identity.references import ANCHOR
    from personaforge.identity.stretches import strangers_of

    known = yield from _measured(context, references)
    if known is None:
        return (yield from _by_size(context, artifact, references, "video", asked))
    combine, policy = context.settings["identity.references.combine"], policy_of(context, artifact)
    policy = replace(policy, gate=Gate.MEAN) if by_mean else policy
    for needed in _readings(context, artifact):
        measured = yield from measure_clip(context, artifact, needed, by_mean=policy.gate is Gate.MEAN)
        if measured is None:
            return (yield from _by_size(context, artifact, references, "video", asked))
        clip = compare_clip(
            known[ANCHOR],
            measured,
            policy,
            Quality.from_settings(context.settings["quality"]),
            others={name: one for name, one in known.items() if name != ANCHOR},
            combine=combine,
            strangers=strangers_of(context.settings["identity.check.scales"], context.analyzer_ref.identity),
        )
        if isinstance(clip, Unmeasured):
            judgement = _judged(context, clip, policy, references, "video")
            continue
        shown = None if clip.over_time is None else clip.over_time.shown
        judgement = _judged(context, clip.score, policy, references, "video", {"clip": clip.as_json()}, shown=shown)
        if clip.frames_with_several and PEOPLE in needed:
            judgement = replace(judgement, facts={**judgement.facts, "frames_with_several": clip.frames_with_several})
        if judgement.decision is Decision.ACCEPT:
            break
    if measured is None or isinstance(clip, Unmeasured):
        return judgement
    faces = [judge_faces(known, frame, policy, combine) for frame in measured["frames"]]
    pairs = [(known[ANCHOR], face.measurement) for face in faces]
    request = request_of(measured, context.settings["identity.video"])
    judgement = yield from second_opinion(
        context, judgement, artifact, references.anchor, pairs, request, all_faces=PEOPLE in needed
    )
    judgement = _flagged(judgement, clip.second_face)
    return with_demands(context, judgement, demands_on(context, asked, measured), artifact)


def _measured(
    context: Context, references: ReferenceSet
) -> Generator[Action, Result, dict[str, Mapping[str, Any]] | None]:
    """Return the measurements of a reference set by name, the anchor's first, or None where nothing can measure."""
    from personaforge.identity.references import ANCHOR

    found: dict[str, Mapping[str, Any]] = {}
    for name, artifact in ((ANCHOR, references.anchor), *sorted(references.others.items())):
        measured = yield from measure(context, artifact)
        if measured is None:
            return None
        found[name] = measured
    return found


def can_judge(context: Context) -> bool:
    """Tell whether a gate could let anything through here: nothing is bought that no gate can ever accept."""
    return context.analyzer_ref.identity is not None or not context.settings["identity.require_measurement"]


def not_bought(context: Context) -> Outcome:
    """Return the outcome of a node that is not made, since no gate could accept it here."""
    reason = f"not made, since it could not be judged: {no_model().reason}"
    return Outcome("rejected", {}, {"reason": reason, "measured": False})


def no_model() -> Unmeasured:
    """Return the score for a machine that can't measure. The plan's notice says where packs were looked for; records
    name no local paths."""
    return Unmeasured(Cause.NO_MODEL, "no face pack is here")


def policy_of(context: Context, artifact: Artifact | None = None) -> Policy:
    """Return the judging policy of the persona, for an artifact where one is given.

    An upgrade of forge doubts nothing that was accepted. What was pinned before anything was noted beside it was
    accepted by the composite, and is judged by that until it is noted. A clip that the lock has as accepted by its mean
    is judged by that, and a picture by P(same) that was given more freely then (`Policy.earlier`).
    """
    pin = context.pin
    before = pin is not None and not pin.under and context.settings["identity.policy"] == AUTO
    analyzer_ref = context.analyzer_ref
    calibrated = None if before else analyzer_ref.calibrated
    policy = Policy.from_settings(context.settings["identity"], analyzer_ref.identity, calibrated)
    if artifact is None:
        return policy
    if pin is None or artifact.digest not in pin.outputs.values():
        return policy
    earlier = "probability" in pin.facts and "compared" not in pin.facts
    return replace(policy, gate=policy.gate if context.standing.stretches_hold(pin) else Gate.MEAN, earlier=earlier)


def _by_size(
    context: Context, artifact: Artifact, references: ReferenceSet, modality: str, asked: Asked | None
) -> Generator[Action, Result, Judgement]:
    """Judge what nothing can measure here: by the lock's scores, and where it has none by its size alone."""
    judgement = _judged_from_pin(context, artifact, references, modality)
    if judgement.decision is not Decision.ACCEPT or judgement.facts.get("measured"):
        return judgement
    size = yield from size_of(context, artifact, asked)
    return with_demands(context, judgement, demands_on(context, asked, size), artifact)


def size_of(
    context: Context, artifact: Artifact, asked: Asked | None
) -> Generator[Action, Result, Mapping[str, Any] | None]:
    """Return width and height of what nothing can measure here, as a measurement has them; None where no size was asked
    for, and of what a forge accepted that didn't look at it."""
    if asked is None or asked.told is None:
        return None
    action, pin = size_action(artifact.digest), context.pin
    pinned = pin is not None and artifact.digest in pin.outputs.values()
    if pinned and pin is not None and UNDELIVERED not in pin.facts and not context.known(action.key):
        return None
    return (yield action).value


def _judged_from_pin(context: Context, artifact: Artifact, references: ReferenceSet, modality: str) -> Judgement:
    """Judge by the scores in the lock, where nothing can measure here: what was measured once stays measured."""
    from personaforge.identity.stretches import Shown

    pin, policy = context.pin, policy_of(context, artifact)
    facts = pin.facts if pin is not None else {}
    if (
        pin is None
        or artifact.digest not in pin.outputs.values()
        or not facts.get("measured")
        or facts.get("anchor") != references.anchor.digest
        or facts.get("references", []) != references.digests
    ):
        return _judged(context, no_model(), policy, references, modality)
    if judged_elsewhere(pin, context.settings["identity.pack"], context.settings["identity.policy"]):
        decision = Decision(facts.get("decision", Decision.ACCEPT))
        return Judgement(decision, 0.0, status="accepted", facts=dict(facts), unjudged=True)
    score = Score(**{one.name: facts[one.name] for one in fields(Score) if one.name in facts})
    shown = Shown.from_json(facts["shown"]) if "shown" in facts else None
    measured_by = str(facts.get("measured_by", ""))
    return _judged(context, score, policy, references, modality, measured_by=measured_by, shown=shown)


_FIRST = 1e3
"""Of attempts that all fail, those with P(same) are ranked before those without, whose composite is at most 1. A log
ratio is a few dozen at most."""


def _calibration(context: Context, policy: Policy, modality: str, score: Score | Unmeasured) -> dict[str, Any]:
    """Return what an evaluation notes of the calibration that decided; nothing where the composite did."""
    if policy.mode is not Mode.CALIBRATED or policy.calibrated is None or modality == "video":
        return {}
    bounds, share = policy.calibrated, policy.calibrated.weights.at
    among = bounds.among(1 if isinstance(score, Unmeasured) else score.compared)
    return {
        "calibrated": {
            "calibration": context.analyzer_ref.calibration,
            "far": bounds.far,
            "accept": share(among.accept),
            "retry": share(among.retry),
            "prior": bounds.weights.prior,
        }
    }


def _judged(
    context: Context,
    score: Score | Unmeasured,
    policy: Policy,
    references: ReferenceSet,
    modality: str,
    extra: Mapping[str, Any] | None = None,
    measured_by: str | None = None,
    shown: Shown | None = None,
) -> Judgement:
    """Return a judgement with what reports, records, the lock and the next attempt need; `shown` is of clips."""
    from personaforge.identity.decision import judge
    from personaforge.identity.stretches import judge_clip

    settings, identity = context.settings, context.analyzer_ref.identity
    required = settings["identity.require_measurement"]
    if modality == "video":
        judged = judge_clip(score, shown, policy, require_measurement=required)
    else:
        judged = judge(score, policy, require_measurement=required)
    facts: dict[str, Any] = {"measured": judged.measured, "anchor": references.anchor.digest}
    if references.others:
        facts["references"] = references.digests
    if judged.decision is not Decision.ACCEPT:
        facts["reason"] = judged.reason  # names the thresholds, which must not change what passes
    evaluation: dict[str, Any] = {
        "modality": modality,
        "anchor": references.anchor.digest,
        "references": references.digests,
        "analyzer": dict(identity or {}),
        "measured": judged.measured,
        "reason": judged.reason,
        "policy": str(policy.mode),
        **_calibration(context, policy, modality, score),
        "accept_threshold": settings["identity.accept_threshold"],
        "retry_threshold": settings["identity.retry_threshold"],
        "weights": policy.weights,
        **(extra or {}),
    }
    if isinstance(score, Unmeasured):
        evaluation["unmeasured"] = score.as_json()
        if score.code is Cause.OUT_OF_DOMAIN:
            evaluation["out_of_domain"] = True
        facts["unmeasured"] = score.reason
        rank = -1.0
    else:
        evaluation["score"] = score.as_json()
        if score.out_of_domain:
            evaluation["out_of_domain"] = True
        facts.update(score.as_json())
        if shown is not None and policy.gate is Gate.WORST_STRETCH:
            facts["shown"] = shown.as_json()
        facts["measured_by"] = measured_by or (f"{identity['pack']} {identity['pack_digest'][:12]}" if identity else "")
        rank = score.composite if score.log_ratio is None else _FIRST + score.log_ratio
    return Judgement(
        judged.decision,
        rank,
        status="accepted" if judged.measured else "unmeasured",
        facts=facts,
        problems=() if judged.decision is Decision.ACCEPT else (judged.reason,),
        # Nothing is evaluated anew where the lock's scores are used instead.
        evaluation=evaluation if measured_by is None else None,
    )
