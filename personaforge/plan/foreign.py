"""What a plan says of an anchor that a person set, where who draws can't follow it."""

from __future__ import annotations

from personaforge.errors import SpecError
from personaforge.providers.table import capability
from personaforge.spec.domain import EMBEDDED
from personaforge.spec.settings import Settings
from personaforge.steps.table import step_kind
from personaforge.store.lockfile import Pin


def foreign_remark(settings: Settings, pin: Pin | None) -> str:
    """Return which steps would show somebody else than a persona's anchor, and the way out; empty where none would.

    The embedded painter takes a face from what its own drawings carry, and knows no other picture of anybody. A
    provider that reads no reference knows none at all.
    """
    if pin is None:
        return ""
    found: dict[str, list[str]] = {}
    for name, step in settings.value("pipeline.steps").items():
        kind = step_kind(step["kind"])
        if kind.role in ("picture", "clip") and _blind(kind.modality, str(step["provider"]), pin):
            found.setdefault(str(step["provider"]), []).append(name)
    if not found:
        return ""
    steps = "; ".join(f"{', '.join(names)} by {provider}" for provider, names in found.items())
    why = "drawn by forge" if EMBEDDED in found else "seen by who draws"
    return (
        f"{settings.id}'s anchor is a picture that was not {why}, so these would show another face, which its DNA "
        f"describes: {steps}. Choose a provider that takes reference pictures, such as image: fal, or leave them out: "
        f"--exclude {found[next(iter(found))][0]}+"
    )


def _blind(modality: str, provider: str, pin: Pin) -> bool:
    if provider == EMBEDDED:
        return pin.facts.get("drawn") is False
    try:
        return "reference" not in capability(modality, provider).reads
    except SpecError:
        return False
