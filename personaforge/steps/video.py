"""The video step: one clip for each motion type, filmed against the anchor and judged over its frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.digest import derive_seed
from personaforge.providers.capability import Capability
from personaforge.spec.settings import View
from personaforge.steps.action import Action, Procedure
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop, call, patch_of
from personaforge.steps.choices import asked
from personaforge.steps.context import ANCHOR, Context
from personaforge.steps.delivered import asked_of_clip
from personaforge.steps.images import profile_of, reference_set, subject_of, uses_wheelchair
from personaforge.steps.measuring import ReferenceSet, can_judge, judge_clip, not_bought
from personaforge.steps.outputs import made_by, suffix_of
from personaforge.steps.wardrobe import wardrobe_of
from personaforge.store.artifact import Artifact

VIDEO = "video"
"""The step kind of motion clips."""
CLIP = "clip"
"""Name of a video's output."""


def video(context: Context) -> Procedure:
    """Film one motion type."""
    settings = context.settings
    slot = context.node.slot
    references = reference_set(context)

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        actions = first if number == 0 else film(context, number, tried)
        return made_by(context, (yield from call(actions)), CLIP, CLIP)

    def examine(made: Made) -> Examining:
        return (yield from judge_motion(context, made.outputs[CLIP], references, made.facts))

    first = film(context, 0)
    return (
        yield from attempt_loop(
            context,
            first=first[0],
            make=make,
            examine=examine,
            limit=settings["identity.max_attempts"] if can_judge(context) else 0,
            otherwise=not_bought(context),
            paths=lambda outputs: {CLIP: f"videos/{slot}{suffix_of(outputs[CLIP])}"},
        )
    )


def judge_motion(context: Context, artifact: Artifact, references: ReferenceSet, made: Mapping[str, Any]) -> Examining:
    """Judge a clip of this node, and by what else was asked of it; `made` says who made it."""
    return (yield from judge_clip(context, artifact, references, asked_of_clip(context, made)))


def film(context: Context, attempt: int, tried: Sequence[Attempt] = ()) -> list[Action]:
    """Return the actions that film a motion type: the provider's, then its fallbacks'. `tried` came before."""
    base = f"pipeline.steps.{context.node.step}"
    slot = context.node.slot
    reference = context.of_kind(ANCHOR).outputs[ANCHOR].artifact
    profile = profile_of(context)
    wardrobe = wardrobe_of(context, slot)
    sources: dict[str, str] = {}
    patch, corrections = patch_of(attempt, tried)

    def fields(capability: Capability, model: str, view: View) -> dict[str, Any]:
        motion = view[f"motion.types.{slot}"]
        scene = view[f"matrix.scenes.{motion['scene']}"]
        size = view["video.sizes"][motion["aspect"]]
        found: dict[str, Any] = {
            "width": size["width"],
            "height": size["height"],
            "aspect": motion["aspect"],
            "fps": view["video.fps"],
            "seconds": filmed_seconds(view.get("video.durations"), model, motion["seconds"]),
            "seed": derive_seed(context.node.origin, context.stream, context.take, attempt, view["seed"]),
            "attempt": patch,
        }
        if "prompt" in capability.reads:
            variables = {
                "profile": profile,
                "motion": motion,
                "wardrobe": wardrobe,
                "scene": {"name": motion["scene"], "text": scene["text"]},
                "staging": wardrobe.get("staging", {}),
                "attempt": patch,
                "corrections": corrections,
                "reference": True,
            }
            rendered = context.render(view[f"{base}.template"], variables)
            found["prompt"] = rendered.text
            sources.update(rendered.sources)
        if "subject" in capability.reads:
            path = {**{name: motion[name] for name in ("seconds", "distance", "keys")}, "type": context.node.slot}
            path |= {"uses": "wheelchair"} if uses_wheelchair(profile) else {}
            found["subject"] = {**subject_of(profile, wardrobe, motion["scene"], scene), "motion": path}
        return found

    inputs = {"reference": reference.digest}
    return asked(context, "video", fields, inputs=inputs, attempt=attempt, sources=sources)


def filmed_seconds(durations: Mapping[str, Sequence[float]] | None, model: str, wanted: float) -> float:
    """Return how long a model films: the shortest of its durations that is long enough, else its longest."""
    known = sorted((durations or {}).get(model, ()))
    if not known:
        return wanted
    return next((seconds for seconds in known if seconds >= wanted), known[-1])
