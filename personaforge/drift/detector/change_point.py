"""When a series began to change: the record, with an interval. For a series that the detector has called changed.

Three shapes of change are weighed, each at every record where it may have begun: a *step*, after which all values are
off by the same amount; a *ramp*, on which they are off by so much more with every record; and a *bend*, on which they
are off by the square of the records since, as a cosine is when a face moves away evenly. (With step and ramp alone, the
intervals of such a series closed in on a record seven too late.) Values are standardised by their scale's spread, and
each group has a mean of its own, so

    y = mean of the group + size * shape(record) + noise,    noise independent, normal, of one variance

is fitted by least squares at each (shape, record), and has RSS left over. Its weight is RSS ** (-v / 2), v = values -
groups - 1: the likelihood with the noise's variance integrated out, which under Zellner's g-prior on the size, any
start alike, and the shapes' `ODDS` beforehand, is the posterior probability up to a factor (Smith 1975, "A Bayesian
approach to inference about a change-point in a sequence of random variables", Biometrika 62). Changes in the other
direction than the alarm have no weight. The interval is the shortest run of records that holds the asked probability,
shapes taken together. Noise is taken to be independent here: where builds differ by themselves, it is too short.

How often such a 95 % interval holds the true start is counted in tests/benchmarks/verdicts_drift.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from personaforge.drift.detector.cusum import Record

if TYPE_CHECKING:
    import numpy as np

Shape = Literal["step", "ramp", "bend"]
SHAPES: tuple[Shape, ...] = ("step", "ramp", "bend")
"""At index p, a change that grows with the power p of the records since it began."""
ODDS = (0.9, 0.05, 0.05)
"""Probability of each shape beforehand. Ours: the next call has all of what changed; with equal odds, ramps from long
before took the weight of small steps."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """Where a change began. Numbers are indices of records, from 0."""

    best: int
    """The most probable one."""
    low: int
    """First record of the interval."""
    high: int
    """Last record of the interval."""
    confidence: float
    """Probability that the interval holds, of the model above."""
    shape: Shape
    """The more probable one."""
    shape_probability: float

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


class Standardised(NamedTuple):
    """A series to which a change is fitted. Arrays are float64, shape (records,)."""

    y: np.ndarray
    """Values in units of their scale's spread, less the mean of their group."""
    within: Callable[[np.ndarray], np.ndarray]
    """Subtracts the mean of each group from a shape."""
    freedom: int
    """Degrees of freedom that a fitted size leaves, 1 and more."""
    total: float
    """The sum of squares of `y`, above 0."""


def locate(
    records: Sequence[Record],
    numbers: Sequence[int],
    spreads: Sequence[float],
    *,
    earliest: int,
    latest: int,
    rising: bool,
    confidence: float,
) -> ChangePoint | None:
    """Return when a change within [earliest, latest] began; None where no record can tell.

    `numbers` are the records' indices in the series, ascending; `spreads` the standard deviations of their scales.
    """
    import numpy as np

    fitted = standardised(records, spreads)
    if fitted is None:
        return None
    y, within, freedom, total = fitted
    at = np.asarray(numbers, float)
    starts = list(range(earliest, latest + 1))
    weights = np.full((len(SHAPES), len(starts)), -np.inf)
    for column, start in enumerate(starts):
        since = at - start + 1
        for row in range(len(SHAPES)):
            moved = within(np.where(since > 0, since**row, 0.0))
            square, shared = float(moved @ moved), float(moved @ y)
            if square > 1e-9 and (shared > 0) == rising:
                left = max(total - shared**2 / square, 1e-12 * total)
                weights[row, column] = np.log(ODDS[row]) - freedom / 2 * np.log(left)
    if not np.isfinite(weights).any():
        return None
    chances = np.exp(weights - weights.max())
    chances /= chances.sum()
    by_start, by_shape = chances.sum(axis=0), chances.sum(axis=1)
    low, high = shortest(by_start, confidence)
    best, row = int(by_start.argmax()), int(by_shape.argmax())
    return ChangePoint(
        best=starts[best],
        low=starts[low],
        high=starts[high],
        confidence=confidence,
        shape=SHAPES[row],
        shape_probability=round(float(by_shape[row]), 6),
    )


def standardised(records: Sequence[Record], spreads: Sequence[float]) -> Standardised | None:
    """Return the values of records in units of their scales' spreads; None where nothing can be fitted to them."""
    import numpy as np

    if not records:
        return None
    _, group = np.unique([record.group for record in records], return_inverse=True)
    counts = np.bincount(group).astype(float)

    def within(values: np.ndarray) -> np.ndarray:
        return np.asarray(values - (np.bincount(group, values) / counts)[group])

    y = within(np.array([record.value for record in records]) / np.asarray(spreads, float))
    freedom, total = len(y) - len(counts) - 1, float(y @ y)
    return None if freedom < 1 or total <= 0 else Standardised(y, within, freedom, total)


def shortest(chances: Any, confidence: float) -> tuple[int, int]:
    """Return the ends of the shortest run that holds the probability; of equals, the one that holds most."""
    import numpy as np

    sums = np.concatenate([[0.0], np.cumsum(chances)])
    best = (len(chances), 0.0, 0)
    for low in range(len(chances)):
        high = int(np.searchsorted(sums, sums[low] + confidence - 1e-12, "left"))
        if high <= len(chances):
            best = min(best, (high - low, -(float(sums[high] - sums[low])), low))
    width, _, low = best
    return low, low + width - 1
