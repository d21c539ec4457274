"""Which of several changes explains a fall best. For a series that the detector has called changed.

Every change has a *dose* for every record: 0 where the record was made the old way, 1 where it was made the new way, or
how much of it there was. Each change is fitted to all records, as `change_point` fits each moment to them:

    y = mean of the group + size * dose * shape(record) + noise,    noise independent, normal, of one variance

is fitted by least squares for each change and shape (a step, a ramp or a bend since the change's first record), and its
weight is RSS ** (-v / 2), as there. A change by degrees may also be its dose, or a level for each dose; every level
beyond the first costs a degree of freedom and n ** (-1/2) (Schwarz 1978). So a change is ranked by comparing records
that carry it with those of their own slots that don't, wherever in the series those lie: a change that reached half of
the slots, or was taken back, is distinguished from one that reached all at the same moment. Changes in the opposite
direction to the alarm have no weight.

One more candidate is what no record names: a step, ramp or bend that began at any record. It has `UNRECORDED` of the
prior weight, spread over all records, so it wins if the fall began where nothing is known to have changed. Ours.

Counted by tests/benchmarks/drift.py with the detector that took records as independent, among five changes 20 records
apart: the cause comes first in 99 of 100 series for a fall of 1.5 standard deviations or more, in about 95 for one of
1, in 90 for 0.75. Changes that are 10 records apart need a fall of 1.5 for 95 of 100, those 5 apart one of 2. A change
with a probability of 90 % was the cause every time from 0.75 up; where the cause is not on record, another change gets
90 % in 1 of 100 series or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from personaforge.drift.detector.change_point import SHAPES, standardised
from personaforge.drift.detector.cusum import Record

UNRECORDED = 0.2
"""Prior probability that nothing on record is the cause. Ours: an alarm more often follows a change than not."""
GRADUAL = 0.05
"""Prior probability that a change on record has its effect gradually rather than at once. Ours: the next call has all
of it. With equal weights for the three shapes, a ramp from an earlier decoy was mistaken for the cause's step in one of
ten runs."""
_FLAT = 1e-9


class Change(NamedTuple):
    """A change that may be the cause."""

    dose: Sequence[float]
    """For each record, 0 before it and 1 after it, or how much of the change the record has."""
    prior: float = 1.0
    """Its prior weight, relative to the others."""
    graded: bool = False
    """Whether the dose says how much. Such a change is gradual, so ramp and bend are as likely as the dose itself."""


class Weighed(NamedTuple):
    """What a change explains."""

    probability: float
    """That it is the cause, in the model above; 0 if its records don't differ, or differ in the other direction."""
    size: float | None
    """Mean difference per dose between a group's records, in spreads; None where no group has both kinds."""


def weigh(
    records: Sequence[Record],
    numbers: Sequence[int],
    spreads: Sequence[float],
    changes: Sequence[Change],
    *,
    earliest: int,
    latest: int,
    rising: bool,
) -> tuple[tuple[Weighed, ...], float]:
    """Return what each change explains, and the probability that none of them is the cause.

    `numbers` are the records' indices in the series, ascending; `spreads` the standard deviations of their scales. What
    no record names may have begun within [earliest, latest].
    """
    import numpy as np

    unknown = tuple(Weighed(0.0, None) for _ in changes), 1.0
    series = standardised(records, spreads)
    if series is None:
        return unknown
    y, within, freedom, total = series
    at = np.asarray(numbers, float)

    def fitted(form: np.ndarray) -> tuple[float, float | None]:
        """Return the logarithm of a form's weight, and its size."""
        moved = within(form)
        square, shared = float(moved @ moved), float(moved @ y)
        if square <= _FLAT:
            return -np.inf, None
        if (shared > 0) != rising:
            return -np.inf, shared / square
        return -freedom / 2 * float(np.log(max(total - shared**2 / square, 1e-12 * total))), shared / square

    def by_levels(dose: np.ndarray) -> float:
        """Return the logarithm of the weight of a level for each dose."""
        forms = np.array([within((dose == level).astype(float)) for level in np.unique(dose[dose > 0])])
        solved, _, found, _ = np.linalg.lstsq(forms.T, y, rcond=None)
        rank = int(found)
        left = max(float(np.square(y - solved @ forms).sum()), 1e-12 * total)
        return -(freedom - rank + 1) / 2 * float(np.log(left)) - (rank - 1) / 2 * float(np.log(len(y)))

    slow = len(SHAPES) - 1
    odds = np.log([1 - GRADUAL] + [GRADUAL / slow] * slow)
    unrecorded = np.full((max(1, latest - earliest + 1), len(SHAPES)), -np.inf)
    weights = np.full(len(changes) + 1, -np.inf)
    sizes: list[float | None] = []
    prior = sum(change.prior for change in changes)
    for row, change in enumerate(changes):
        dose = np.asarray(change.dose, float)
        carried = np.flatnonzero(dose)
        weight, size = fitted(dose)
        sizes.append(size)
        share = (1 - UNRECORDED) * change.prior / prior
        if not np.isfinite(weight):
            continue
        since = np.maximum(at - at[carried[0]] + 1, 0.0)
        grown = [fitted((dose > 0) * since**power)[0] for power in range(1, len(SHAPES))]
        if change.graded:
            forms = np.array([weight, by_levels(dose), *grown]) - np.log(2 + len(grown))
        else:
            forms = np.array([weight, *grown]) + odds
        weights[row] = np.logaddexp.reduce(forms) + np.log(share)
    starts = range(earliest, latest + 1)
    for column, start in enumerate(starts):
        since = at - start + 1
        for power in range(len(SHAPES)):
            unrecorded[column, power] = fitted(np.where(since > 0, since**power, 0.0))[0]
    weights[-1] = np.logaddexp.reduce(unrecorded, axis=None) + np.log(
        (UNRECORDED if changes else 1.0) / unrecorded.size
    )
    return _shares(weights, sizes) or unknown


def _shares(weights: Any, sizes: Sequence[float | None]) -> tuple[tuple[Weighed, ...], float] | None:
    """Return each row's share of all weights; None where there is none."""
    import numpy as np

    if not np.isfinite(weights).any():
        return None
    chances = np.exp(weights - weights.max())
    chances /= chances.sum()
    found = tuple(Weighed(float(chance), size) for chance, size in zip(chances, sizes, strict=False))
    return found, float(chances[-1])
