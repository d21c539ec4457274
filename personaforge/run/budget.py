"""What a build may spend: reserved before a paid call, settled after it. An unknown price is never taken for zero.

Three bounds hold at once: for the build, for each persona in its life, and for the calendar month (UTC). What was spent
before is asked for once, when the first call is about to be paid for and a bound needs it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from personaforge.errors import BackendError
from personaforge.steps.action import Price

UNPRICED_HINT = "declare it under `prices` in the model's preset in conf/, or drop the budget"
"""What to do about a call of unknown price under a budget."""


class OverBudget(BackendError):
    """The next call could cost more than is left."""


@dataclass(frozen=True)
class Spent:
    """What was spent before this build, US dollars; reserved money counts where a cost is not known."""

    personas: Mapping[str, float] = field(default_factory=dict)
    month: float = 0.0
    unpriced: Mapping[str, int] = field(default_factory=dict)
    """By persona: calls of unknown cost, for which nothing was set aside either. No budget can count them."""


@dataclass(frozen=True)
class Bounds:
    """What YAML declares, US dollars; None for no bound."""

    personas: Mapping[str, float | None] = field(default_factory=dict)
    """By persona: what it may cost in all."""
    month: float | None = None
    """What the project may spend in a calendar month."""

    @property
    def any(self) -> bool:
        """Whether what was spent before matters."""
        return self.month is not None or any(bound is not None for bound in self.personas.values())


class Budget:
    """The money of one build."""

    def __init__(
        self, max_usd: float | None, bounds: Bounds = Bounds(), spent_before: Callable[[], Spent] = lambda: Spent()
    ) -> None:
        self.max_usd = max_usd
        self._bounds = bounds
        self._before = spent_before
        self._lock = threading.RLock()
        self._known: Spent | None = None
        self._spent = 0.0
        self._reserved = 0.0
        self._by_persona: dict[str, float] = {}
        """Spent and reserved in this build."""
        self._unknown = 0

    @property
    def spent_usd(self) -> float:
        """What has been paid so far, as far as it is known."""
        return self._spent

    @property
    def unknown_calls(self) -> int:
        """Paid calls of unknown cost."""
        return self._unknown

    def reserve(self, price: Price, what: str, persona: str = "") -> None:
        """Set money aside for a call. Raises OverBudget."""
        with self._lock:
            if price.paid:
                for name, bound, used, hint in self._limits(persona):
                    _require_affordable(price, what, name, bound, used, hint)
            self.hold(price, persona)

    def hold(self, price: Price, persona: str = "") -> None:
        """Set money aside for a call that was sent before: it can't be prevented any more."""
        with self._lock:
            self._reserved += price.usd or 0.0
            self._by_persona[persona] = self._by_persona.get(persona, 0.0) + (price.usd or 0.0)

    def settle(self, price: Price, cost_usd: float | None, persona: str = "") -> None:
        """Put the call's real cost in place of what was set aside; None when it can't be known."""
        with self._lock:
            self.release(price, persona)
            unknown = cost_usd is None and price.paid
            spent = (price.usd or 0.0) if unknown else (cost_usd or 0.0)
            self._unknown += unknown
            self._spent += spent
            self._by_persona[persona] = self._by_persona.get(persona, 0.0) + spent

    def release(self, price: Price, persona: str = "") -> None:
        """Give back what was set aside for a call that was not made."""
        with self._lock:
            self._reserved -= price.usd or 0.0
            self._by_persona[persona] = self._by_persona.get(persona, 0.0) - (price.usd or 0.0)

    def _limits(self, persona: str) -> list[tuple[str, float, float, str]]:
        """Return (name, bound, used, hint) of every bound that a call by this persona is under."""
        found = []
        if self.max_usd is not None:
            used = self._spent + self._reserved
            found.append(("the build", self.max_usd, used, "raise --max-cost; what was bought stays bought"))
        if not self._bounds.any:
            return found
        if self._known is None:
            self._known = self._before()
        bound = self._bounds.personas.get(persona)
        if bound is not None:
            used = self._known.personas.get(persona, 0.0) + self._by_persona.get(persona, 0.0)
            found.append((persona, bound, used, "raise run.budget.persona_usd; `forge cost` shows what it went into"))
        if self._bounds.month is not None:
            used = self._known.month + self._spent + self._reserved
            found.append(("this month", self._bounds.month, used, "raise run.budget.month_usd, or wait for the next"))
        return found


def _require_affordable(price: Price, what: str, name: str, bound: float, used: float, hint: str) -> None:
    if price.usd is None:
        raise OverBudget(
            f"{what} has no declared price, and {name} may spend at most ${bound:.2f}",
            hint=UNPRICED_HINT,
        )
    if used + price.usd > bound + 1e-9:
        left = max(bound - used, 0.0)
        whole = f"${bound:.2f}" if bound >= 0.1 or not bound else f"${bound:.4f}"
        raise OverBudget(f"{what} may cost ${price.usd:.4f}, and ${left:.4f} of {whole} is left", hint=hint)
