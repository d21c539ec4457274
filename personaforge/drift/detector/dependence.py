"""How strongly a series speaks for a change of level, whatever its neighbouring records have in common.

Pictures of one build share what that build did (a fault, a lucky anchor reference), and neighbouring records may be
alike without any build. Taken as independent, such records raise several times the false alarms that are set. How alike
they are isn't known beforehand, so it is not chosen but weighed: a score is taken to be

    z = size * weight (from the change on) + shared by its build + autoregression of first order

for each of the few *models* of MODELS (how large the shared part is, how strong the autoregression), whose share of
the evidence follows from how well each predicts the scores so far. For one model a Kalman filter turns the scores into
independent innovations e with variances F * s**2, and the weights of a change into x. With size ~ N(0, (shift * s)**2)
beforehand and s unknown (its prior is worth `PRIOR` records of spread 1), the marginal likelihood with the change over
that without is closed (d: PRIOR + records):

    V = sum(x**2 / F)    S = sum(x e / F)    R = PRIOR / (1 + shared) + sum(e**2 / F)
    q = shift**2 S**2 / (1 + shift**2 V)     ratio = (1 + shift**2 V) ** -1/2 * (1 - q / R) ** (-d / 2)

times 2 Phi(+-sqrt(q d / R)), nearly, for sizes of one sign. The evidence is the logarithm of the models' mean ratio,
each weighed by its share, at the start where it is largest: Page's CUSUM (1954) with a likelihood whose unknowns are
integrated out (Lai 1998, "Information bounds and quick detection of parameter changes", IEEE IT 44). Starts lie STEP
records apart and at most WINDOW back.

`cost` is what a change costs under a model, in nats: a correlated series wanders, and reaches a threshold sooner than
an independent one. The models, shares and costs are ours, chosen by `tests/benchmarks/verdicts_drift.py` so that
unchanged series raise alarms at about the rate that is set, whatever makes their records alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

STEP = 4
WINDOW = 400
PRIOR = 10.0


class Model(NamedTuple):
    """What neighbouring records may have in common."""

    shared: float
    """Variance of what a build's records share, over the variance of what they don't."""
    near: float
    """Correlation of neighbours in what they don't share."""
    share: float
    """Probability beforehand."""
    cost: float
    """Of a change, nats."""


MODELS = (
    Model(0.0, 0.0, 0.25, 0.0),
    Model(0.06, 0.0, 0.125, 2.4),
    Model(0.25, 0.0, 0.125, 2.8),
    Model(1.0, 0.0, 0.125, 1.6),
    Model(2.0, 0.0, 0.125, 1.6),
    Model(0.0, 0.2, 0.125, 1.6),
    Model(0.0, 0.4, 0.125, 2.4),
)


class Evidence:
    """Evidence for a rise and for a fall after each score. Arrays are float64: (models,) or (models, starts)."""

    def __init__(self, shift: float) -> None:
        """`shift` is the prior's standard deviation of a change's size, in standard deviations of the scores."""
        import numpy as np

        self._tau = shift**2
        self._shared, self._near, share, self._cost = (np.array(column) for column in zip(*MODELS, strict=True))
        self._fresh = 1 - self._near**2
        self._total = 1 / (1 + self._shared)
        self._share = np.log(share) + PRIOR / 2 * np.log(self._total)
        self._known: dict[int, tuple[np.ndarray, np.ndarray, float]] = {}
        self._logs, self._squares, self._degrees = np.zeros(len(MODELS)), PRIOR * self._total, PRIOR
        self.restart(0)

    def restart(self, index: int) -> None:
        """Forget all starts before a record; what was learned of the noise stays."""
        import numpy as np

        count = len(MODELS)
        self.starts = np.zeros(0, int)
        self.best = index, index
        self._next = index
        self._sums = np.zeros((2, count, 0))
        self._moves = np.zeros((2, count, 0))
        self._state = np.zeros((2, count))
        self._both = [self._shared.copy(), np.zeros(count), np.ones(count)]

    def set_back(self, index: int) -> None:
        """Learn nothing of the noise from a record on."""
        if index in self._known:
            self._logs, self._squares, self._degrees = self._known[index]
            self._known = {at: known for at, known in self._known.items() if at <= index}

    def begin(self, index: int, *, build: bool) -> None:
        """Advance to a record, which may be the first of a `build`; its own place may be a start."""
        import numpy as np

        self._known[index] = (self._logs, self._squares, self._degrees)
        if index >= self._next:
            self.starts = np.append(self.starts, index)
            self._next = index + STEP
            self._sums, self._moves = (
                np.concatenate([one, np.zeros((2, len(MODELS), 1))], axis=2) for one in (self._sums, self._moves)
            )
        if len(self.starts) and self.starts[0] < index - WINDOW:
            self.starts, self._sums, self._moves = self.starts[1:], self._sums[:, :, 1:], self._moves[:, :, 1:]
        first, cross, second = self._both
        self._both = [first, cross * self._near, second * self._near**2 + self._fresh]
        self._state[1] *= self._near
        self._moves[1] *= self._near[:, None]
        if build:
            self._both[0], self._both[1] = self._shared.copy(), np.zeros(len(MODELS))
            self._state[0] = 0.0
            self._moves[0] = 0.0

    def add(self, z: float, weights: np.ndarray, *, repeats: bool = False) -> tuple[float, float]:
        """Take a score in and return the evidence for a rise and for a fall, nats. `best` then has their starts.

        `weights`, shape (starts,), say how far a change of one standard deviation from each start would move it.
        `repeats` is true where values scatter less than is believed: then nor is this score's error, below 1.
        """
        import numpy as np
        from scipy import special

        first, cross, second = self._both
        variance = first + 2 * cross + second
        gains = np.array([(first + cross) / variance, (cross + second) / variance])
        error = z - self._state.sum(axis=0)
        moved = weights - self._moves.sum(axis=0)
        scaled = moved / variance[:, None]
        self._sums = self._sums + np.array([scaled * error[:, None], scaled * moved])
        self._moves += gains[:, :, None] * moved
        self._state += gains * error
        self._both = [
            first - gains[0] * (first + cross),
            cross - gains[0] * (cross + second),
            second - gains[1] * (cross + second),
        ]
        self._logs = self._logs + np.log(variance)
        self._squares = self._squares + np.maximum(error**2 / variance, self._total if repeats else 0.0)
        self._degrees += 1
        if not len(self.starts):
            return 0.0, 0.0
        likely = self._likely() - self._cost
        spread = 1 + self._tau * self._sums[1]
        size = self._sums[0] * np.sqrt(self._tau / spread)
        ratio = np.maximum(1 - size**2 / self._squares[:, None], 1e-9)
        ratios = likely[:, None] - np.log(spread) / 2 - self._degrees / 2 * np.log(ratio) + math.log(2)
        size *= np.sqrt(self._degrees / self._squares)[:, None]
        most = ratios.max(axis=0)
        sides = np.exp(ratios - most) * special.ndtr(np.array([size, -size]))
        found = np.log(np.maximum(sides.sum(axis=1), 1e-300)) + most
        at = found.argmax(axis=1)
        self.best = int(self.starts[at[0]]), int(self.starts[at[1]])
        return float(found[0, at[0]]), float(found[1, at[1]])

    def _likely(self) -> np.ndarray:
        """Return the logarithms of the models' shares of the evidence."""
        import numpy as np

        likely = self._share - self._logs / 2 - self._degrees / 2 * np.log(self._squares)
        most = likely.max()
        return np.asarray(likely - most - math.log(np.exp(likely - most).sum()))

    @property
    def independent(self) -> float:
        """The share of the model in which records have nothing in common, [0, 1]."""
        return math.exp(float(self._likely()[0]))


def known_before(indices: Mapping[str, list[int]], group: str, starts: np.ndarray) -> np.ndarray:
    """Return for each start which share of a group's learned records lies before it; 0 of none."""
    import numpy as np

    mine = indices.get(group, [])
    return np.searchsorted(mine, starts) / len(mine) if mine else np.zeros(len(starts))
