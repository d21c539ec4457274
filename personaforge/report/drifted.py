"""Timelines as a table with a line drawn in characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from personaforge.drift import Drift
from personaforge.identity.drift import DriftSummary
from personaforge.report.tables import print_table

_LEVELS = "▁▂▃▄▅▆▇█"
_WIDTH = 40


def print_drift(found: Drift) -> None:
    """Print a row for every timeline, and say where a modality has several: they are never joined."""
    rows = []
    shown = Counter((line.modality, str(line.measured_by)) for line in found.timelines)
    for line in found.timelines:
        summary, by = line.summary, line.measured_by
        # The version is long, so it is shown only where nothing else tells two timelines apart.
        who = str(by) if shown[line.modality, str(by)] == 1 else f"{by}, {by.version}"
        if isinstance(summary, DriftSummary):
            numbers = [summary.n, summary.mean, summary.std, summary.min, summary.max, summary.slope]
            rows.append([line.modality, *numbers, str(summary.trend), sparkline(line.values), who])
        else:
            rows.append([line.modality, len(line.values), *[None] * 5, summary.reason, "", who])
    names = ("modality", "n", "mean", "std", "min", "max", "slope", "trend", "scores", "measured by")
    print_table(names, rows, title=found.persona)
    several = [name for name, count in Counter(line.modality for line in found.timelines).items() if count > 1]
    if several:
        click.echo(f"Measured in several ways, which don't compare, so in separate lines: {', '.join(several)}.")


def sparkline(values: Sequence[float]) -> str:
    """Return up to 40 values as one character each, between their smallest and largest."""
    if not values:
        return ""
    if len(values) > _WIDTH:
        size = len(values) / _WIDTH
        groups = [
            values[int(index * size) : max(int((index + 1) * size), int(index * size) + 1)] for index in range(_WIDTH)
        ]
        values = [sum(group) / len(group) for group in groups]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_LEVELS[min(int((value - low) / span * len(_LEVELS)), len(_LEVELS) - 1)] for value in values)
