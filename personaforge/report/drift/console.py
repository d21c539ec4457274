"""Timelines for people: two tables that fit 80 columns, and sentences about each timeline that changed."""

from __future__ import annotations

from collections.abc import Sequence

from personaforge.drift.detector.change_point import ChangePoint
from personaforge.drift.detector.linear import Trend
from personaforge.drift.timelines import Drift, Timeline
from personaforge.report.drift.attribution import began, likely_cause, print_causes
from personaforge.report.drift.attribution import say as _say
from personaforge.report.tables import print_table
from personaforge.report.terminal import echo, style

_LEVELS = "▁▂▃▄▅▆▇█"
_WIDTH = 9
_SURE = 0.9
"""Probability from which a change's shape is named."""
_SHAPES = {"step": "at once", "ramp": "growing", "bend": "growing faster and faster"}
_COLORS = {Trend.DEGRADING: "red", Trend.IMPROVING: "green", Trend.STABLE: "green", Trend.INSUFFICIENT: "yellow"}


def print_drift(found: Drift, *, causes: bool = False) -> None:
    """Print the last records and the whole timelines, then what made each verdict and where a change began; with
    `causes` also everything that changed there, and how well it explains the change."""
    names = _names(found.timelines)
    window = max(line.finding.window.n for line in found.timelines)
    held = f"compared with its {found.baseline}" if found.baseline != "none" else "compared with all others"
    echo(f"{found.persona}: every distinct artifact against the anchor of now, {held}\n")
    rows = []
    for name, line in zip(names, found.timelines, strict=True):
        last = line.finding.window
        span = f"{_three_digits(last.min)} {_three_digits(last.max)}"
        shown = [_three_digits(last.mean), _three_digits(last.std), span, _moved(line)]
        rows.append([name, line.finding.n, str(line.finding.verdict), *shown])
    print_table(
        ("timeline", "n", "verdict", "mean", "std", "min, max", "off slot" if found.baseline == "slot" else "off base"),
        rows,
        title=f"Last {window} records (n counts all)",
    )
    echo()
    rows = []
    for name, line in zip(names, found.timelines, strict=True):
        finding, slope, end = line.finding, line.finding.slope, line.finding.points[-1]
        interval = "" if slope is None or slope.low is None else f"{_signed(slope.low)} to {_signed(slope.high)}"
        trend = (
            ["", "", ""]
            if slope is None
            else [_signed(slope.slope), interval, "<0.001" if slope.p < 5e-4 else f"{slope.p:.3f}"]
        )
        sums = ["", ""] if not finding.compared else [f"{end.up:.1f}", f"{end.down:.1f}"]
        rows.append([name, finding.compared, *trend, *sums])
    shares = [line.finding.threshold for line in found.timelines if line.metric.scale == "rate"]
    others = [line.finding.threshold for line in found.timelines if line.metric.scale != "rate"]
    beside = f" (shares {shares[0]:.1f})" if shares and others else ""
    passes = f"{(others or shares)[0]:.1f} nats{beside}"
    level = f"{100 * found.policy.confidence:g} % interval"
    title = f"All records; an alarm beyond {passes}"
    print_table(("timeline", "compared", "slope", level, "p", "up", "down"), rows, title=title)
    for name, line in zip(names, found.timelines, strict=True):
        if line.current:
            _print_finding(name, line, causes)
    _print_insufficient(names, found)
    _print_analyzers(names, found.timelines)


def sparkline(values: Sequence[float]) -> str:
    """Return up to 9 values as one character each, between their smallest and largest; more are averaged."""
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


def _moved(line: Timeline) -> str:
    """Draw how far the values were off their baselines, whatever their slots; of a share each value itself, since what
    is expected of it falls with every further record."""
    points = line.finding.points
    if line.metric.scale == "rate":
        return sparkline([point.value for point in points])
    return sparkline([point.value - point.expected for point in points if point.expected is not None])


def _print_finding(name: str, line: Timeline, causes: bool) -> None:
    """Print the numbers behind a verdict, unless it says that all is well, since when, and what else changed there."""
    finding = line.finding
    notes = [*line.notes, *finding.notes]
    if causes and line.follows is not None:
        notes.append(began(line))
    if not notes and (finding.verdict is Trend.STABLE or _too_few(line)):
        return
    echo(f"\n{name}: {style(str(finding.verdict), fg=_COLORS[finding.verdict])}")
    _say(finding.reason)
    if finding.change is not None:
        _say(_since(finding.change, line))
        if causes:
            print_causes(line)
        elif line.attribution is not None:
            _say(likely_cause(line.attribution))
    if line.left_out:
        _say(f"{line.left_out} records against earlier anchors or references are left out")
    for note in notes:
        _say(f"note: {note}")


def _too_few(line: Timeline) -> bool:
    return line.finding.verdict is Trend.INSUFFICIENT and line.finding.method == "cusum"


def _print_insufficient(names: Sequence[str], found: Drift) -> None:
    """Say once what too short timelines lack."""
    few = [
        f"{name} has {line.finding.compared}"
        for name, line in zip(names, found.timelines, strict=True)
        if line.current and _too_few(line)
    ]
    if not few:
        return
    kind = {"slot": "slot", "pose": "framing and pose", "framing": "framing", "none": "timeline"}[found.baseline]
    echo(f"\n{style('insufficient', fg='yellow')}")
    needed = f"needed are {found.policy.min_records} records that have an earlier one of their {kind} to compare with"
    _say(f"{needed}: {', '.join(few)}. Every further take or judgement adds some; drift.baseline can be coarser.")


def _since(change: ChangePoint, line: Timeline) -> str:
    """Return where the change began, and how large it is."""
    place, size, std = line.entries[change.best], line.finding.size, line.finding.size_std
    when = place.time.strftime("%Y-%m-%d %H:%M")
    start = f"since record {change.best + 1} ({100 * change.confidence:g} %: {change.low + 1} to {change.high + 1})"
    shape = _SHAPES[change.shape] if change.shape_probability >= _SURE else "at once or growing"
    amount = (
        "" if size is None else f"lately times {size:.3g}" if line.metric.scale == "ratio" else f"lately {size:+.3g}"
    )
    spreads = "" if std is None else f" ({std:+.1f} std)"
    return f"{start}, {place.node or place.slot}, {when} UTC; {shape}, {amount}{spreads}"


def _names(timelines: Sequence[Timeline]) -> list[str]:
    """Return a short name for each timeline; a star for each newer one of the same metric by another analyzer."""
    names: list[str] = []
    for line in timelines:
        name = f"{line.modality} {line.metric.name}" if line.metric.name in ("composite", "score") else line.metric.name
        stars = sum(one.rstrip("*") == name for one in names)
        names.append(name + "*" * stars)
    return names


def _print_analyzers(names: Sequence[str], timelines: Sequence[Timeline]) -> None:
    """Say which analyzers measured; if there were several, that their numbers are never joined."""
    several = any(name.endswith("*") for name in names)
    by: dict[str, list[str]] = {}
    for name, line in zip(names, timelines, strict=True):
        who = f"{line.measured_by}, {line.measured_by.version}" if several else str(line.measured_by)
        by.setdefault(who, []).append(name)
    echo("\nmeasured")
    for who, measured in by.items():
        _say(f"by {who or 'nobody named'}: {', '.join(measured)}")
    if several:
        echo("Unlike measurements don't compare, so they have timelines of their own (*: earlier ones).")


def _three_digits(value: float | None) -> str:
    """Return a number of about three digits."""
    if value is None:
        return ""
    return (
        f"{value:.3f}"
        if 0.01 <= abs(value) < 100 or value == 0
        else f"{value:.3g}"
        if abs(value) >= 100
        else f"{value:.1e}"
    )


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4f}" if abs(value) >= 1e-4 or value == 0 else f"{value:+.0e}"
