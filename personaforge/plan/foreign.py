"""What a plan says where who draws can't follow the anchor: one that a person set, or any."""

from __future__ import annotations

from personaforge.errors import SpecError
from personaforge.providers.table import capability
from personaforge.spec.domain import EMBEDDED
from personaforge.spec.settings import Settings
from personaforge.store.lockfile import Pin

_AGAINST_THE_ANCHOR = {"image": "image", "reference": "image", "video": "video"}
"""Kinds of step that show the anchor's person -> modality of who makes them."""


def foreign_remark(settings: Settings, pin: Pin | None) -> str:
    """Return which steps would show somebody else than a persona's anchor, and the way out; empty where none would.

    The embedded painter takes a face from what its own drawings carry, and knows no other picture of anybody. A
    provider that reads no reference knows none at all, whether there is an anchor by now or not.
    """
    found: dict[str, list[str]] = {}
    for name, step in settings.value("pipeline.steps").items():
        modality = _AGAINST_THE_ANCHOR.get(step["kind"], "")
        if modality and _blind(modality, str(step["provider"]), pin):
            found.setdefault(str(step["provider"]), []).append(name)
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
    why = "drawn by forge" if EMBEDDED in found else "seen by who draws"
    return (
        f"{settings.id}'s anchor is a picture that was not {why}, so these would show another face, which its DNA "
        f"describes: {steps}. {ways}"
    )


def _blind(modality: str, provider: str, pin: Pin | None) -> bool:
    if provider == EMBEDDED:
        return pin is not None and pin.facts.get("drawn") is False
    try:
        return "reference" not in capability(modality, provider).reads
    except SpecError:
        return False
