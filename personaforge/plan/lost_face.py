"""What a plan says of a persona that had an anchor, which its lock doesn't name any more."""

from __future__ import annotations

from collections.abc import Iterator

from personaforge.plan.plan import PersonaPlan
from personaforge.steps.context import ANCHOR
from personaforge.store.files import checked_out


def lost_faces(plan: PersonaPlan) -> Iterator[str]:
    """Say of a persona that had an anchor, which its lock doesn't name any more, that it is about to get another."""
    for node in plan.nodes.values():
        named = any(pin is not None and ANCHOR in pin.outputs for pin in map(plan.lock.pin, plan.lock.names()))
        if node.shape.kind.role != ANCHOR or named or node.row is None or node.state not in ("run", "maybe"):
            continue
        files = node.row.placed
        if files and node.row.status != "rejected":
            yield (
                f"{plan.id} had an anchor, {files[0].digest[:12]}, and its lock names none: a build chooses a new "
                f"face. To keep the old one, bring the lock back ({checked_out(plan.loaded.lock)})"
            )
