"""The numbers that have a timeline: the rows of `personaforge.metrics` that drift is told about, in its order.

Scores scatter about evenly around their slot's mean and are charted as they are. Spreads, variances, sharpness and
histogram distances are positive and scatter by factors (a clip that moves more has a larger standard deviation *and* a
larger scatter of it), so their logarithm is charted: differences are then relative ones.
"""

from __future__ import annotations

from personaforge.metrics import METRICS as ALL
from personaforge.metrics import TIMELINES, Metric

__all__ = ["METRICS", "MODALITIES", "Metric", "refresh"]

MODALITIES = TIMELINES
METRICS: list[Metric] = []


def refresh() -> None:
    """Derive METRICS from all metrics anew, after one was registered or withdrawn."""
    drawn = ((MODALITIES.index(one.timeline), one) for one in ALL if one.timeline)
    METRICS[:] = [one for _, one in sorted(drawn, key=lambda pair: pair[0])]


refresh()
