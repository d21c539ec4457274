"""What a build is certain not to finish is refused as a whole, before anything is bought. It loads nothing that a run
needs: a build that has nothing to do asks here, too."""

from __future__ import annotations

from personaforge.errors import PinnedArtifactMissing
from personaforge.listing import and_more
from personaforge.plan.plan import Plan

_LONGEST = 5
"""How many errors of one kind are shown."""


def require_whole(plan: Plan, max_cost_usd: float | None = None) -> None:
    """Raise PinnedArtifactMissing where pinned artifacts are nowhere, and OverBudget where a build with a budget, the
    settings' or `max_cost_usd`, is certain to make a call of unknown price.

    The build itself refuses every such call, also those that can't be foreseen here.
    """
    missing = [node for node in plan.nodes() if node.state == "missing"]
    if missing:
        found = [reason.text for node in missing for reason in node.reasons if reason.code == "pin"]
        more = and_more(len(found) - _LONGEST).strip()
        lines = [*found[:_LONGEST], *([f"{more}: forge plan -v"] if more else [])]
        raise PinnedArtifactMissing.of_lines(lines, hint="nothing was built; --keep-going builds what can be")
    _refuse_unpriced(plan, max_cost_usd)


def _refuse_unpriced(plan: Plan, max_cost_usd: float | None) -> None:
    unpriced: dict[str, int] = {}
    bounded: list[float] = []
    for persona in plan.personas:
        settings = persona.loaded.settings
        bounds = [max_cost_usd, settings.value("run.max_cost_usd"), *(settings.get("run.budget") or {}).values()]
        bounded += [bound for bound in bounds if bound is not None]
        for node in persona.nodes.values():
            if node.estimate.unpriced_min:
                model = f"{node.shape.kind.preset}.prices.{node.shape.declaration['model']}"
                unpriced[model] = unpriced.get(model, 0) + node.estimate.unpriced_min
    if unpriced and bounded:
        from personaforge.run.budget import UNPRICED_HINT, OverBudget

        names = ", ".join(f"{name} ({count} call{'' if count == 1 else 's'})" for name, count in unpriced.items())
        raise OverBudget(
            f"nothing was bought: at most ${min(bounded):.2f} may be spent, and there is no declared price for {names}",
            hint=f"{UNPRICED_HINT}; --keep-going buys what has a price",
        )
