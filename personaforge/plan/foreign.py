"""What a plan says if the provider that draws can't follow the anchor: one that a person set, or any."""

from __future__ import annotations

from personaforge.errors import SpecError
from personaforge.providers.table import capability
from personaforge.spec.settings import Settings
from personaforge.steps.table import step_kind
from personaforge.store.lockfile import Pin

_NOT_OWN, _NOT_READ = "drawn by forge", "seen by who draws"
"""What the picture was not, for a provider that follows only its own pictures, and for one that reads no reference."""


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


def _blind(modality: str, provider: str, pin: Pin | None) -> str:
    """Return why a provider can't follow the anchor; empty where it can."""
    try:
        fixed = capability(modality, provider)
    except SpecError:
        return ""
    if fixed.own_references:
        return _NOT_OWN if pin is not None and pin.facts.get("drawn") is False else ""
    return "" if "reference" in fixed.reads else _NOT_READ
