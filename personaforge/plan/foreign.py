"""What a plan says if who draws cannot follow the anchor: one that a person set, that an old painter drew, or any."""

from __future__ import annotations

from personaforge.errors import SpecError
from personaforge.listing import and_more, listed
from personaforge.plan.graph import ShapeNode
from personaforge.plan.plan import WORKING, PersonaPlan
from personaforge.plan.renamed import anchor_in
from personaforge.providers.table import capability
from personaforge.spec.settings import Settings
from personaforge.steps.context import ANCHOR
from personaforge.steps.table import step_kind
from personaforge.store.lockfile import Pin

_NOT_OWN, _NOT_READ = "drawn by forge", "seen by who draws"
"""What the picture was not, for a provider that follows only its own pictures, and for one that reads no reference."""

_SHOWN = 3
_DRAWS = ("draw", "film")
"""Kinds of actions that show a person anew."""


def foreign_remark(settings: Settings, pin: Pin | None) -> str:
    """Return which steps would show another person than a persona's anchor, and how to avoid it; empty if none would.

    The embedded painter takes a face from what its own drawings carry, and knows no other picture of anybody. A
    provider that reads no reference knows none at all, whether there is an anchor by now or not.
    """
    found: dict[str, list[str]] = {}
    causes: set[str] = set()
    for name, step in settings.value("pipeline.steps").items():
        kind = step_kind(step["kind"])
        cause = _blind(kind.modality, str(step["provider"]), pin) if kind.role in ("picture", "clip") else ""
        if cause:
            found.setdefault(str(step["provider"]), []).append(name)
            causes.add(cause)
    if not found:
        return ""
    steps = "; ".join(f"{', '.join(names)} by {provider}" for provider, names in found.items())
    ways = (
        "Choose a provider that takes reference pictures, such as image: fal, or leave them out: "
        f"--exclude {found[next(iter(found))][0]}+"
    )
    if pin is None:
        return (
            f"{', '.join(found)} takes no reference pictures, so these would not show {settings.id}'s anchor, but "
            f"another face in every picture: {steps}. {ways}"
        )
    why = _NOT_OWN if _NOT_OWN in causes else _NOT_READ
    return (
        f"{settings.id}'s anchor is a picture that was not {why}, so these would show another face, which its DNA "
        f"describes: {steps}. {ways}"
    )


def former_remark(plan: PersonaPlan) -> str:
    """Return what becomes of pictures that are to be drawn from an anchor which an earlier painter of forge drew; empty
    where there are none. Pictures that are pinned stay."""
    settings = plan.loaded.settings
    pin = anchor_in(settings, plan.lock)
    step = settings.step_of(ANCHOR)
    if (
        pin is None
        or pin.facts.get("drawn") is False
        or any(node.shape.kind.role == ANCHOR and node.state in WORKING for node in plan.nodes.values())
    ):
        return ""
    was, provider = str(pin.facts.get("model", "")), str(pin.facts.get("provider", ""))
    drawn = [node.shape for node in plan.nodes.values() if node.shape.kind.modality == "image"]
    now = {str(shape.declaration["model"]) for shape in drawn if shape.declaration["provider"] == provider}
    # What is pinned and only measured again isn't drawn.
    waiting = (node for node in plan.nodes.values() if node.missing is not None and node.missing.kind in _DRAWS)
    found = [node.shape.name for node in waiting if _follows_own(node.shape, provider)]
    if not found or not now or was in now:
        return ""
    return (
        f"{plan.id}'s anchor was drawn by {was}, which {', '.join(sorted(now))} has replaced: what is drawn from now "
        f"on ({listed(found[:_SHOWN])}{and_more(len(found) - _SHOWN)}) has another style, and may fail its gate. What "
        f"is pinned stays. To have all of {plan.id} drawn anew: forge build {plan.id} --repin {step}"
    )


def _follows_own(shape: ShapeNode, provider: str) -> bool:
    """Tell whether a node is drawn by a provider that follows only its own pictures, such as forge's painter."""
    if shape.kind.role not in ("picture", "clip") or shape.declaration["provider"] != provider:
        return False
    try:
        return capability(shape.kind.modality, provider).own_references
    except SpecError:
        return False


def _blind(modality: str, provider: str, pin: Pin | None) -> str:
    """Return why a provider can't follow the anchor; empty where it can."""
    try:
        fixed = capability(modality, provider)
    except SpecError:
        return ""
    if fixed.own_references:
        return _NOT_OWN if pin is not None and pin.facts.get("drawn") is False else ""
    return "" if "reference" in fixed.reads else _NOT_READ
