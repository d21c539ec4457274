"""What a plan says of a paid call that was sent before and has no result here: a build follows it, asks about it, or
stops at it, and never buys it again unasked (`personaforge.run.calls`). Reads the journal, and writes nothing.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from personaforge.plan.estimate import NONE_FOR_SURE
from personaforge.plan.plan import Estimate, PlannedNode, Reason
from personaforge.providers.table import capability
from personaforge.steps.action import Action
from personaforge.store.store import Store


class InFlight(NamedTuple):
    """A call without a result."""

    reason: Reason
    estimate: Estimate
    """What the node may still buy."""


def in_flight(store: Store, node: PlannedNode, missing: Action | None) -> InFlight | None:
    """Return what is known of the call that a node would make next; None where it was never sent, or where nobody has
    to know: it was refused, or is free."""
    if missing is None or not missing.price.paid or not store.journal.is_there:
        return None
    entry = store.journal.peek(missing.key)
    if entry is None or entry.state not in ("intent", "submitted", "unknown", "abandoned"):
        return None
    who, key = entry.provider.partition("@")[0], entry.key[:12]
    if entry.state == "abandoned":
        text = f"its call was given up ({entry.note}), and a build stops at it: forge jobs resolve {key} --resubmit"
        return InFlight(Reason("sent", text), Estimate())
    when = f"its call was sent to {who} at {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(entry.started))}"
    if entry.state == "submitted":
        return InFlight(Reason("sent", f"{when}, and a build waits for that result"), _without(node.estimate))
    if capability(node.shape.kind.modality, who).finds:
        text = f"{when}, and no answer came: a build asks {who} for it, and sends it again only if there is none"
        return InFlight(Reason("sent", text), node.estimate._replace(**NONE_FOR_SURE))
    text = (
        f"{when}, and no answer came: it may have been bought, so a build doesn't send it again, and stops at it: "
        f"forge jobs resolve {key} --resubmit (or --abandon)"
    )
    return InFlight(Reason("sent", text), Estimate())


def _without(whole: Estimate) -> Estimate:
    """Return an estimate without the call that was accepted already."""
    most = max(0, whole.calls_max - 1)
    price = whole.priced_usd_max / whole.calls_max if whole.calls_max else 0.0
    unpriced = max(0, whole.unpriced_max - 1)
    return Estimate(0, most, 0.0, whole.priced_usd_max - price, 0, unpriced)
