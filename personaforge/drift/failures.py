"""Which records failed: those that tell nothing of the level that a gate's timeline is about.

A picture or clip *failed* where there is no number for a fault of its own (`metrics.FAULTS`: no face, unreadable, too
small, blurred, turned, covered, several faces where one is allowed), or where the number is so much worse than usual
for its slot that the gate's chart leaves it out (`detector.cusum`: beyond 4/3 of `drift.clip` standard deviations). Of
the second kind the warehouse knows nothing: they are found here. A REJECT or RETRY is none for its own sake: a low
score that lies within the scatter is evidence about the level, and charted there.

Where the level has fallen, every record is far off what was usual. From an alarm of the gate's chart on, records are
therefore compared with the median since, so that a fall is no failure of every picture.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Sequence
from typing import Protocol

from personaforge.drift.detector.cusum import FAR
from personaforge.drift.detector.detector import Finding, Point
from personaforge.metrics import Metric


def far_off(finding: Finding, groups: Sequence[str], metric: Metric, clip: float) -> frozenset[int]:
    """Return which records of a gate's timeline, by index, are too far off, on the worse side, to tell of the level.

    `groups` are what each record is compared with, `clip` the policy's, in standard deviations.
    """
    worse = -1 if metric.higher_is_better else 1
    points = finding.points
    offs = [None if point.z is None else worse * point.z for point in points]
    found = {index for index, off in enumerate(offs) if off is not None and off > FAR * clip}
    found |= {index for index, point in enumerate(points) if point.failed and _unexplained(point, points, worse)}
    for alarm in (*finding.slots, *finding.alarms):
        end = len(points) if alarm.closed is None else alarm.closed
        inside = [
            (index, off)
            for index, off in enumerate(offs[alarm.started : end], alarm.started)
            if off is not None and alarm.group in (None, groups[index])
        ]
        if inside:
            usual = statistics.median(off for _, off in inside)
            found -= {index for index, _ in inside}
            found |= {index for index, off in inside if off - usual > FAR * clip}
    return frozenset(found)


class Row(Protocol):
    """A record's place."""

    @property
    def artifact(self) -> str:
        """Its artifact's digest."""


def with_far_off(
    values: Sequence[float], places: Sequence[Row], far: Collection[str]
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return which records failed, 0 or 1, where those are added whose artifacts are `far` off; and a note of them."""
    added = sum(not value and place.artifact in far for value, place in zip(values, places, strict=True))
    found = tuple(float(value or place.artifact in far) for value, place in zip(values, places, strict=True))
    if not added:
        return found, ()
    return found, (f"{added} of {sum(found):g} failed ones have a number, too far off to tell anything of the level",)


def _unexplained(point: Point, points: Sequence[Point], worse: int) -> bool:
    """Return whether a record that was left out before it could be compared is worse than the others."""
    if point.z is not None:
        return False
    return worse * (point.value - statistics.median(one.value for one in points if math.isfinite(one.value))) > 0
