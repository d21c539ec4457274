"""The linear rule, which is chosen by name: `drift.method: linear`. A timeline of one number to a summary and a trend.

The rule is Personalab's: the slope of a least-squares line over the record's index, improving above +0.005 a record,
degrading below -0.005, else stable. It has no false-alarm rate and compares unlike slots: on composites that scatter by
0.03 around nothing, five records exceed it six times in ten, and twenty that walk the positions from headshots to full
bodies do at one record in five (counted by tests/benchmarks/drift.py). Below five values it says `insufficient`; above,
it is a hint and no proof.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from personaforge.identity.score import Cause, Unmeasured

MIN_RECORDS = 5
SLOPE_PER_RECORD = 0.005


class Trend(StrEnum):
    """Where a timeline is heading."""

    IMPROVING = "improving"
    DEGRADING = "degrading"
    STABLE = "stable"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class LinearTrend:
    """A timeline in numbers of 6 decimals."""

    n: int
    """How many values were used."""
    mean: float
    std: float
    """Population standard deviation."""
    min: float
    max: float
    slope: float | None
    """Change per record; None with one value."""
    trend: Trend

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {**asdict(self), "trend": str(self.trend)}


def summarize(values: Sequence[float], last: int | None = None) -> LinearTrend | Unmeasured:
    """Summarise the values, oldest first; with `last`, only that many of the newest."""
    if last is not None and last < 1:
        raise ValueError(f"last is {last}, expected at least 1")
    window = list(values) if last is None else list(values)[-last:]
    if not window:
        return Unmeasured(Cause.TOO_FEW, "there are no measured values yet")
    n = len(window)
    middle = math.fsum(window) / n
    slope = None if n < 2 else round(_slope(window), 6)
    return LinearTrend(
        n=n,
        mean=round(middle, 6),
        std=round(math.sqrt(math.fsum((value - middle) ** 2 for value in window) / n), 6),
        min=round(min(window), 6),
        max=round(max(window), 6),
        slope=slope,
        trend=_trend(n, slope),
    )


def _trend(n: int, slope: float | None) -> Trend:
    if n < MIN_RECORDS or slope is None:
        return Trend.INSUFFICIENT
    if abs(slope) <= SLOPE_PER_RECORD:
        return Trend.STABLE
    return Trend.IMPROVING if slope > 0 else Trend.DEGRADING


def _slope(values: Sequence[float]) -> float:
    """Return the least-squares slope over the index 0, 1, ...; two or more values."""
    n = len(values)
    centre = (n - 1) / 2
    middle = math.fsum(values) / n
    covariance = math.fsum((index - centre) * (value - middle) for index, value in enumerate(values))
    return covariance * 12 / (n * (n * n - 1))
