"""What a build may spend: reserved before a paid call, settled after it. An unknown price is never taken for zero."""

from __future__ import annotations

import threading

from personaforge.errors import BackendError
from personaforge.steps.action import Price


class OverBudget(BackendError):
    """The next call could cost more than is left."""


class Budget:
    """The money of one build."""

    def __init__(self, max_usd: float | None) -> None:
        self.max_usd = max_usd
        self._lock = threading.Lock()
        self._spent = 0.0
        self._reserved = 0.0
        self._unknown = 0

    @property
    def spent_usd(self) -> float:
        """What has been paid so far, as far as it is known."""
        return self._spent

    @property
    def unknown_calls(self) -> int:
        """Paid calls whose cost nobody could say."""
        return self._unknown

    def reserve(self, price: Price, what: str) -> None:
        """Set money aside for a call. Raises OverBudget."""
        with self._lock:
            if self.max_usd is None or not price.paid:
                self._reserved += price.usd or 0.0
                return
            if price.usd is None:
                raise OverBudget(
                    f"{what} has no declared price, and the build may spend at most ${self.max_usd:.2f}",
                    hint="declare the model's price in conf/text, conf/image or conf/video",
                )
            if self._spent + self._reserved + price.usd > self.max_usd + 1e-9:
                left = max(self.max_usd - self._spent - self._reserved, 0.0)
                message = f"{what} may cost ${price.usd:.4f}, and ${left:.4f} of ${self.max_usd:.2f} is left"
                raise OverBudget(message, hint="raise --max-cost; what was bought stays bought")
            self._reserved += price.usd

    def settle(self, price: Price, cost_usd: float | None) -> None:
        """Put the call's real cost in place of what was set aside; None when it can't be known."""
        with self._lock:
            self._reserved -= price.usd or 0.0
            if cost_usd is None and price.paid:
                self._unknown += 1
                self._spent += price.usd or 0.0
            else:
                self._spent += cost_usd or 0.0

    def release(self, price: Price) -> None:
        """Give back what was set aside for a call that was not made."""
        with self._lock:
            self._reserved -= price.usd or 0.0
