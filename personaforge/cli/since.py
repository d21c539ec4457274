"""`--changed-since REV`: a plan of the personas that a pull request touches."""

from __future__ import annotations

from collections.abc import Sequence

from personaforge.plan.plan import Plan, PlanRequest
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace


def plan_since(
    space: Workspace, names: Sequence[str], since: str | None, asked: PlanRequest, broken: list[Broken] | None = None
) -> tuple[list[str], Plan]:
    """Return the personas whose keys differ from a revision's, and their plan, which may be of nobody; of nobody, too,
    without a revision. Raises SpecError and PlanError."""
    if since is None:
        return [], Plan([], asked.overrides)
    from dataclasses import replace

    from personaforge.repository.changes import touched

    found, gone = touched(space, names, since, asked.overrides, broken)
    notices = []
    if not found:
        notices.append(f"no persona's keys have changed since {since}")
    if gone:
        notices.append(
            f"gone since {since}: {', '.join(gone)}. What was built of them stays in build/ and in the store"
        )
    plan = space.plan(found, asked, broken) if found else Plan([], asked.overrides)
    return found, replace(plan, notices=(*notices, *plan.notices))
