"""Who draws and who measures have to fit each other: the pack `embedded` knows forge's own drawings and nothing else.

Knows settings only: no providers, no packs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from personaforge.spec.kinds import VISUAL, kind_named

EMBEDDED: Final = "embedded"
"""The name of the providers that draw and film here, and of the pack that was trained on what they make."""


def domain_problems(steps: Mapping[str, Any], identity: Mapping[str, Any]) -> Iterator[tuple[list[str], str, str]]:
    """Yield where the pack `embedded` would measure what other providers make, as (key path, message, hint)."""
    if identity["pack"] != EMBEDDED or identity["out_of_domain"] == "allow":
        return
    others: dict[str, list[str]] = {}
    for name, provider in _makers(steps).items():
        if provider != EMBEDDED:
            others.setdefault(provider, []).append(name)
    for provider, names in sorted(others.items()):
        made = f"{', '.join(sorted(names))} {'are' if len(names) > 1 else 'is'} made by {provider}"
        message = f"found {EMBEDDED}, which knows drawings by forge only, but {made}"
        yield ["identity", "pack"], message, "identity: insightface, or identity.out_of_domain: allow"


def domain_remark(steps: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    """Return what to keep in mind where drawings are judged by thresholds for photographs; empty otherwise."""
    drawn = EMBEDDED in _makers(steps).values()
    if identity["pack"] == EMBEDDED or not drawn:
        return ""
    return (
        f"Drawings are judged by the pack {identity['pack']}, which was made for photographs: to it, drawn "
        "strangers look more alike than photographed ones. identity: embedded is made for drawings."
    )


def _makers(steps: Mapping[str, Any]) -> dict[str, str]:
    """Return the providers of the steps that draw or film."""
    return {name: str(step["provider"]) for name, step in steps.items() if kind_named(step["kind"]).role in VISUAL}
