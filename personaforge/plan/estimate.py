"""What a node may buy: calls and money, at least and at most."""

from __future__ import annotations

from typing import Any

from personaforge.plan.plan import Estimate, PlannedNode
from personaforge.providers.table import capability
from personaforge.steps.action import Action
from personaforge.store.lockfile import Pin

NONE_FOR_SURE: dict[str, Any] = {"calls_min": 0, "priced_usd_min": 0.0, "unpriced_min": 0}
"""What is pinned and only fails a gate that was changed may have to be bought again, or not."""
_FREE_KINDS = ("measure", "measure_clip", "size", "write")
"""Actions that cost nothing."""


def estimate(
    node: PlannedNode, settings: Any, missing: Action | None, pin: Pin | None, *, stays: bool = False
) -> Estimate:
    """Return what a node may buy: at least the call that is known to be missing, at most every attempt.

    `stays` says that what is pinned is only measured again, and stays whatever the result is.
    """
    kind = node.shape.kind
    if not kind.modality or kind.price is None:
        return Estimate()
    provider = capability(kind.modality, node.shape.declaration["provider"])
    if not provider.paid:
        return Estimate()
    if missing is not None and missing.kind in _FREE_KINDS:
        # Only a measurement is missing. If the gate then refuses the artifact, the attempts that are left may follow.
        spent = pin.attempt + 1 if pin is not None else 1
        most = 0 if stays else max(kind.calls(settings, node.shape.declaration) - spent, 0)
        least, price = 0, kind.price(settings, node.shape.declaration, node.shape.slot)
    else:
        price = missing.price if missing is not None else kind.price(settings, node.shape.declaration, node.shape.slot)
        attempt = missing.attempt if missing is not None else 0
        most = max(kind.calls(settings, node.shape.declaration) - attempt, 1)
        # A retry loop may end with its first call; of votes each one is asked for.
        least = 0 if node.state == "maybe" else most if kind.role == "reading" else 1
    if not most:
        return Estimate()
    if price.usd is None:
        return Estimate(least, most, unpriced_min=least, unpriced_max=most)
    return Estimate(least, most, price.usd * least, price.usd * most)
