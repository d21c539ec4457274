"""When to try again, and when to look again: bounded, with jitter, and without a clock of its own.

Only what is proven not to have been accepted is sent again. No library: of tenacity (Apache-2.0) and stamina (MIT) we
would use the arithmetic below and nothing else, since a pause here belongs to the whole provider and not to the call,
and neither of them has a rate limiter for threads (aiolimiter needs an event loop).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

Chance = Callable[[], float]
"""Uniform in [0, 1)."""


class Backoff(NamedTuple):
    """Exponential pauses between tries: full half, random half (`equal jitter`), so that none is too short."""

    first_seconds: float = 1.0
    most_seconds: float = 60.0
    tries: int = 7
    """Sendings at most; with the pauses above about two minutes."""
    longest_asked: float = 900.0
    """The longest Retry-After that is waited for; the call fails if the provider asks for more."""

    def pause(self, tries: int, asked: float | None = None, chance: Chance = random.random) -> float | None:
        """Return the seconds before the next try after `tries` so far; None when there is to be none.

        `asked` is the provider's Retry-After, which is obeyed, with a little more so that not all calls return at once.
        """
        if tries >= self.tries:
            return None
        if asked is not None:
            return None if asked > self.longest_asked else asked + min(0.1 * asked + 0.05, 2.0) * chance()
        whole = min(self.first_seconds * 2.0 ** (tries - 1), self.most_seconds)
        return whole / 2 * (1 + chance())


class Pace(NamedTuple):
    """Pauses between looks at a job: they grow with the time that has passed, up to a bound.

    Where the latest jobs of the same model are known, the first look comes when a job may be done at the earliest, and
    the next ones follow closely: an empty slot costs more than a look.
    """

    most_seconds: float = 15.0
    growth: float = 1.3
    close: float = 0.02
    """Pause in parts of the expected duration, unless the adapter asks for longer ones."""
    least_seconds: float = 0.05

    def first(self, hint: float, expected: float | None) -> float:
        """Return the seconds before the first look. `hint` is the provider's or the adapter's."""
        return hint if expected is None else expected

    def next(self, last: float, waited: float, hint: float, expected: float | None) -> float:
        """Return the seconds before the next look, after a pause of `last` and `waited` in all."""
        if expected is not None and waited < 1.5 * expected:
            return min(max(self.close * expected, self.least_seconds, hint), self.most_seconds)
        return min(max(last, min(hint, self.most_seconds), self.least_seconds) * self.growth, self.most_seconds)
