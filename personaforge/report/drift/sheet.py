"""What `forge drift` found as a sheet."""

from __future__ import annotations

from collections.abc import Sequence

from personaforge.drift.timelines import Drift, Timeline
from personaforge.report.formats.place import NOWHERE, Place, rows_text, shortened
from personaforge.report.formats.sheet import Line, Section, Sheet, State


def drift_sheet(found: Drift, fail_on: Sequence[str], place: Place = NOWHERE, prefix: str = "") -> Sheet:
    """Return timelines: a line for each. A fall warns, and fails where the user said so."""
    lines = tuple(_timeline_line(line, found.persona, fail_on, place) for line in found.timelines)
    current = [line for line in found.timelines if line.current]
    counts: dict[str, int] = {}
    for line in current:
        counts[str(line.finding.verdict)] = counts.get(str(line.finding.verdict), 0) + 1
    said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    return Sheet(
        "forge drift",
        f"{found.persona}: {said}",
        (
            "modality", "metric", "verdict", "records", "compared", "mean", "std", "min", "max", "slope", "slope_low",
            "slope_high", "p", "since", "size", "current", "measured_by", "reason",
        ),
        lines,
        found.as_json,
        table=("modality", "metric", "verdict", "records", "compared", "mean", "std", "min", "max", "since"),
        sections=tuple(_timeline_section(line, found.persona) for line in current if line.finding.change is not None),
        notes=(f"Held against: {found.baseline}. One false alarm in {found.policy.records_per_alarm:g} records.",),
        prefix=prefix,
    )  # fmt: skip


def _timeline_line(line: Timeline, persona: str, fail_on: Sequence[str], place: Place) -> Line:
    finding = line.finding
    verdict, last, slope, change = str(finding.verdict), finding.window, finding.slope, finding.change
    since = f"{line.entries[change.best].time:%Y-%m-%d %H:%M}" if change is not None else None
    trend = (slope.slope, slope.low, slope.high, slope.p) if slope is not None else (None, None, None, None)
    cells = (
        line.modality, line.metric.name, verdict, finding.n, finding.compared, last.mean, last.std, last.min, last.max,
        *trend, since, finding.size, line.current, str(line.measured_by), finding.reason,
    )  # fmt: skip
    state: State = "pass"
    if not line.current:
        state = "note"
    elif verdict in fail_on:
        state = "fail"
    elif verdict == "degrading":
        state = "warn"
    elif verdict == "insufficient":
        state = "skip"
    detail = rows_text(_timeline_section(line, persona)) if change is not None else ""
    message = "" if state == "pass" else f"{verdict}: {finding.reason}"
    name = f"{line.modality} {line.metric.name}"
    if not line.current:
        name += f" by {line.measured_by}, {line.measured_by.version}"
    return Line(persona, name, state, cells, message, detail, *place)


def _timeline_section(line: Timeline, persona: str) -> Section:
    """Return what else changed where a timeline changed, the likeliest cause first."""
    change = line.finding.change
    assert change is not None
    entry = line.entries[change.best]
    rows = tuple(
        (one.name, shortened(one.before), shortened(one.after), f"{one.probability:.0%}") for one in line.causes
    )
    when = f"{entry.time:%Y-%m-%d %H:%M} UTC"
    text = f"since record {change.best + 1} ({change.low + 1} to {change.high + 1}), {entry.node or entry.slot}, {when}"
    command = f"forge drift {persona} --modality {line.modality} --blame"
    title = f"{line.modality} {line.metric.name} is {line.finding.verdict}: {line.finding.reason}"
    return Section(title, ("changed then", "before", "after", "probability"), rows, text, command)
