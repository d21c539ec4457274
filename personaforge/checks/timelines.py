"""Compares the verdicts of `forge drift` with an assertion. Only current timelines count, as with `--fail-on`."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from personaforge.checks.figures import nothing
from personaforge.checks.results import Cause, FailingRow, Judged, Result
from personaforge.drift.detector.linear import Trend
from personaforge.spec.grammar import DriftAssertion

if TYPE_CHECKING:
    from personaforge.drift.timelines import Drift, Timeline


def judge_drift(assertion: DriftAssertion, found: Drift | None, persona: str, allow: Collection[str]) -> Judged:
    """Return how an assertion about timelines is judged; `found` is None where nothing was ever measured."""
    lines = [
        line
        for line in (found.timelines if found is not None else ())
        if line.current and line.modality == assertion.modality and assertion.metric in ("", line.metric.name)
    ]
    if not lines:
        name = f"{assertion.modality} {assertion.metric}".strip()
        return nothing(f"nothing has been measured that makes a timeline of {name}", allow)
    hint = f"forge drift {persona} --modality {assertion.modality} --blame"
    said = _verdicts(lines)
    untold = _untold(assertion, lines)
    if untold and Cause.INSUFFICIENT not in allow:
        names = "; ".join(f"{line.metric.label}: {line.finding.reason}" for line in untold)
        reason = f"{names}; that never passes unless allowed by name: allow: [insufficient]"
        return Judged(Result.FAIL, said, Cause.INSUFFICIENT, reason, hint=hint)
    told = [line for line in lines if line not in untold]
    if not told:
        return Judged(Result.SKIP, said, Cause.INSUFFICIENT, lines[0].finding.reason)
    bad = [line for line in told if (str(line.finding.verdict) in assertion.verdicts) is assertion.negated]
    if not bad:
        notes = [f"{', '.join(line.metric.name for line in untold)} can't be told yet"] if untold else []
        notes += [f"{line.metric.name}: {one.note}" for line in lines for one in line.acknowledged]
        return Judged(Result.PASS, said, reason="; ".join(notes))
    reason = "; ".join(f"{line.metric.label} is {line.finding.verdict}: {line.finding.reason}" for line in bad)
    return Judged(Result.FAIL, said, Cause.VALUE, reason, rows=tuple(_row(line, hint) for line in bad), hint=hint)


def _untold(assertion: DriftAssertion, lines: Collection[Timeline]) -> list[Timeline]:
    if Trend.INSUFFICIENT in assertion.verdicts:
        return []  # asked for by name
    return [line for line in lines if line.finding.verdict is Trend.INSUFFICIENT]


def _verdicts(lines: Collection[Timeline]) -> str:
    verdicts = list(dict.fromkeys(str(line.finding.verdict) for line in lines))
    if len(verdicts) == 1:
        return verdicts[0]
    return ", ".join(f"{line.metric.name} {line.finding.verdict}" for line in lines)


def _row(line: Timeline, hint: str) -> FailingRow:
    """Return a timeline as a row: where its change began, or its last record."""
    change = line.finding.change
    entry = line.entries[change.best] if change is not None else line.entries[-1]
    since = f"since {entry.time:%Y-%m-%d %H:%M} UTC" if change is not None else ""
    causes = "; ".join(f"{one.name} ({one.probability:.0%})" for one in line.causes[:3])
    parts = [f"{line.metric.name} {line.finding.verdict}", since, f"changed then: {causes}" if causes else ""]
    return FailingRow(
        entry.node, entry.slot, line.finding.window.mean, ", ".join(filter(None, parts)), entry.artifact, "", hint
    )
