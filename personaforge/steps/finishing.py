"""The finishing steps: an accepted picture is made to look like a phone's photograph, and a soft clip is sharpened.

Neither replaces what it was made from: the finished file lies beside it, and is the original again wherever identity
would suffer. Both are measured before and after, against the same reference set. What was finished is pinned like
everything that was accepted; what was left as it is has nothing to pin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.digest import derive_seed
from personaforge.identity.clip import Recommendation
from personaforge.identity.decision import Decision
from personaforge.media import realism
from personaforge.media import repair as clip_repair
from personaforge.steps.action import Action, Outcome, Output, Procedure
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop
from personaforge.steps.context import Context
from personaforge.steps.images import IMAGE, reference_set
from personaforge.steps.judgement import Judgement
from personaforge.steps.measuring import judge_clip, judge_image
from personaforge.steps.outputs import suffix_of
from personaforge.steps.video import CLIP
from personaforge.store.artifact import Artifact
from personaforge.versions import library_versions

FINISHED = "finished"
"""Name of a finished picture's or clip's output."""

_MADE_FACTS = ("model", "provider", "label")


class _LeftAsItIs(Exception):
    """The file can be shown but not written again, such as a clip with sound."""


def finish(context: Context) -> Procedure:
    """Give a picture the marks of a real camera, unless it would look less like the person."""
    settings = context.settings
    source = _source(context)
    if IMAGE not in source.outputs or not source.passed:
        return _nothing_to_finish(source)
    original = source.outputs[IMAGE].artifact
    references = reference_set(context)
    action = Action(
        kind="finish",
        provider=f"forge@{realism.VERSION}",
        request={
            "realism": settings["realism"],
            "seed": derive_seed(context.node.origin, context.stream, context.take, 0, settings["seed"]),
        },
        inputs={"image": original.digest},
        take=context.take,
    )

    def examine(made: Made) -> Examining:
        before = yield from judge_image(context, original, references)
        after = yield from judge_image(context, made.outputs[FINISHED], references)
        return _weighed(before, after, _loss(before, after, settings["identity.max_finishing_loss"]))

    return (yield from _finished(context, source, IMAGE, action, examine))


def repair(context: Context) -> Procedure:
    """Sharpen a clip where its picture has gone soft and its identity is stable; leave it as it is otherwise."""
    wanted = context.settings["quality.post_processing"]
    source = _source(context)
    if CLIP not in source.outputs or not source.passed:
        return _nothing_to_finish(source)
    original = source.outputs[CLIP].artifact
    references = reference_set(context)
    action = Action(
        kind="repair",
        provider=", ".join((f"forge@{clip_repair.VERSION}", *library_versions(_libraries(wanted)))),
        request={
            "unsharp": wanted["unsharp"] if wanted["auto_sharpen"] else None,
            "super_resolution": wanted["super_resolution"] if wanted["auto_super_res"] else None,
        },
        inputs={"clip": original.digest},
        take=context.take,
    )
    # Its own node has accepted it; here counts what it loses. What was accepted by its mean is not looked through.
    before = yield from judge_clip(context, original, references, by_mean="shown" not in source.facts)
    advice = _advice(before)
    repaired_before = context.pin is not None and context.pin.key == action.key
    if advice.get("recommendation") != str(Recommendation.SHARPEN) and not repaired_before:
        return _kept(source, CLIP, str(advice.get("text", "its quality was not measured")))

    def examine(made: Made) -> Examining:
        after = yield from judge_clip(context, made.outputs[FINISHED], references)
        refused = _loss(before, after, context.settings["identity.max_finishing_loss"])
        if not refused and _advice(after) and not _advice(after)["identity_stable"]:
            refused = "its identity would no longer be stable"
        if not refused and advice and not _sharper(before, after):
            refused = "it came out no sharper"
        return _weighed(before, after, refused)

    return (yield from _finished(context, source, CLIP, action, examine))


def _libraries(wanted: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the libraries whose version changes a repaired clip's bytes: the VP8 encoder, and what runs a model."""
    model = wanted["auto_super_res"] and (wanted["super_resolution"] or {}).get("upscaler") == "onnx"
    return ("opencv", "onnxruntime") if model else ("opencv",)


def _finished(context: Context, source: Outcome, output: str, action: Action, examine: Any) -> Procedure:
    """Perform the action once, and take its result or keep the original."""
    name = source.outputs[output].path.rpartition("/")[2].rpartition(".")[0]

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        result = yield action
        if FINISHED not in result.outputs:
            raise _LeftAsItIs(str(result.value.get("refused", "")))
        facts = {fact: source.facts[fact] for fact in _MADE_FACTS if fact in source.facts}
        return Made({FINISHED: result.outputs[FINISHED]}, facts)

    try:
        outcome = yield from attempt_loop(
            context,
            first=action,
            make=make,
            examine=examine,
            limit=1,
            paths=lambda outputs: {FINISHED: _path(name, outputs[FINISHED])},
        )
    except _LeftAsItIs as error:
        return _kept(source, output, str(error))
    if outcome.passed:
        return outcome
    kept = _kept(source, output, str(outcome.facts.get("reason", "")))
    return Outcome(kept.status, kept.outputs, kept.facts, evaluations=outcome.evaluations)


def _kept(source: Outcome, output: str, reason: str) -> Outcome:
    """Return the original as the outcome. It has no key, so that nothing is pinned for it."""
    original = source.outputs[output]
    facts = {**source.facts, "kept": "original", "reason": f"left as it is: {reason}"}
    path = _path(original.path.rpartition("/")[2].rpartition(".")[0], original.artifact)
    return Outcome(source.status, {FINISHED: Output(original.artifact, path)}, facts)


def _nothing_to_finish(source: Outcome) -> Outcome:
    return Outcome("rejected", {}, {"reason": f"there is nothing to finish: {source.facts.get('reason', 'rejected')}"})


def _source(context: Context) -> Outcome:
    """Return the outcome of the node that is finished: the same slot of the step that `source` names."""
    step = context.settings[f"pipeline.steps.{context.node.step}.source"]
    return context.needs[f"{step}/{context.node.slot}"]


def _loss(before: Judgement, after: Judgement, max_loss: float) -> str:
    """Return why a finished artifact may not be used in place of its original; empty when it may.

    Where nothing can measure, the same opt-out lets both through.
    """
    if after.decision is not Decision.ACCEPT:
        return after.problems[0] if after.problems else "it fails its gate"
    was, now = before.facts.get("composite"), after.facts.get("composite")
    if was is None or now is None or was - now <= max_loss:
        return ""
    return f"it would cost {was - now:.4f} of the composite, more than {max_loss:g}"


def _weighed(before: Judgement, after: Judgement, refused: str) -> Judgement:
    """Return the finished artifact's judgement, with the scores from before and the final decision."""
    facts = {**after.facts, "kept": "finished"}
    if "composite" in before.facts:
        facts["composite_before"] = before.facts["composite"]
    decision = after.decision
    if refused:
        decision, facts["reason"] = Decision.REJECT, refused
    problems = (refused,) if refused else after.problems
    return Judgement(
        decision, after.rank, after.status, facts, problems, after.evaluation, unjudged=after.unjudged and not refused
    )


def _advice(judgement: Judgement) -> Mapping[str, Any]:
    """Return the post-processing gate's row, empty where nothing was measured here."""
    found: Mapping[str, Any] = (judgement.evaluation or {}).get("clip", {}).get("advice", {})
    return found


def _sharper(before: Judgement, after: Judgement) -> bool:
    was, now = (
        (judgement.evaluation or {}).get("clip", {}).get("sharpness_ratio_mean") for judgement in (before, after)
    )
    return was is not None and now is not None and now > was


def _path(name: str, artifact: Artifact) -> str:
    return f"finished/{name}{suffix_of(artifact)}"
