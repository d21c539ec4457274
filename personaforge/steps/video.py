"""The video step: one clip for each motion type, filmed against the anchor and judged over its frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personaforge.digest import derive_seed
from personaforge.steps.action import Action, Price, Procedure
from personaforge.steps.attempts import Attempt, Examining, Made, Making, attempt_loop
from personaforge.steps.context import ANCHOR, Context
from personaforge.steps.images import profile_of, reference_set, subject_of, wardrobe_of
from personaforge.steps.measuring import can_judge, judge_clip, not_bought
from personaforge.steps.text import how, suffix_of

CLIP = "clip"
"""Name of a video's output."""


def video(context: Context) -> Procedure:
    """Film one motion type."""
    settings = context.settings
    slot = context.node.slot
    references = reference_set(context)

    def make(number: int, tried: Sequence[Attempt]) -> Making:
        action = first if number == 0 else film(context, number)
        result = yield action
        return Made({CLIP: result.outputs[CLIP]}, how(context, action, result))

    def examine(made: Made) -> Examining:
        return (yield from judge_clip(context, made.outputs[CLIP], references))

    first = film(context, 0)
    return (
        yield from attempt_loop(
            context,
            first=first,
            make=make,
            examine=examine,
            limit=settings["identity.max_attempts"] if can_judge(context) else 0,
            otherwise=not_bought(context),
            paths=lambda outputs: {CLIP: f"videos/{slot}{suffix_of(outputs[CLIP])}"},
        )
    )


def film(context: Context, attempt: int) -> Action:
    """Return the action that films a motion type."""
    settings = context.settings.scope()
    base = f"pipeline.steps.{context.node.step}"
    slot = context.node.slot
    motion = settings[f"motion.types.{slot}"]
    capability = context.capability("video", settings[f"{base}.provider"])
    reference = context.of_kind(ANCHOR).outputs[ANCHOR].artifact
    profile = profile_of(context)
    wardrobe = wardrobe_of(context, slot)
    scene = settings[f"matrix.scenes.{motion['scene']}"]
    size = settings["video.sizes"][motion["aspect"]]
    fields: dict[str, Any] = {
        "width": size["width"],
        "height": size["height"],
        "aspect": motion["aspect"],
        "fps": settings["video.fps"],
        "seconds": motion["seconds"],
        "seed": derive_seed(context.node.persona, context.node.name, context.take, attempt, settings["seed"]),
        "attempt": attempt,
    }
    sources: dict[str, str] = {}
    if "prompt" in capability.reads:
        variables = {
            "profile": profile,
            "motion": motion,
            "wardrobe": wardrobe,
            "scene": {"name": motion["scene"], "text": scene["text"]},
            "attempt": attempt,
            "reference": True,
        }
        rendered = context.render(settings[f"{base}.template"], variables)
        fields["prompt"] = rendered.text
        sources.update(rendered.sources)
    if "subject" in capability.reads:
        path = {**{name: motion[name] for name in ("seconds", "distance", "keys")}, "type": context.node.slot}
        fields["subject"] = {**subject_of(profile, wardrobe, motion["scene"], scene), "motion": path}
    model = settings[f"{base}.model"]
    usd = settings["video.prices"].get(model)
    return Action(
        kind="film",
        provider=f"{capability.name}@{capability.version}",
        request={**{name: value for name, value in fields.items() if name in capability.reads}, "model": model},
        inputs={"reference": reference.digest} if "reference" in capability.reads else {},
        take=context.take,
        attempt=attempt,
        deterministic=capability.deterministic,
        price=Price(capability.paid, _clip_price(capability.paid, usd, motion["seconds"])),
        sources={
            "settings": {path: value for path, value in settings.reads.items() if not path.endswith(".prices")},
            "templates": sources,
        },
    )


def _clip_price(paid: bool, usd_per_second: float | None, seconds: float) -> float | None:
    if not paid:
        return 0.0
    return None if usd_per_second is None else usd_per_second * seconds
