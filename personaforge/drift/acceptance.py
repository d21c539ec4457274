"""`forge drift ack`: a person accepts a change that lasts. Measures nothing and changes no result.

with Workspace.open(["nova"]) as space:
    acknowledge(space, "nova", ["composite"], by="Ana <ana@example.org>", reason="the new lens is meant")
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from personaforge.drift.acknowledgement import KIND, Acknowledgement
from personaforge.drift.timelines import Drift, Timeline, drift
from personaforge.errors import PlanError, StoreError
from personaforge.run.records import keep_record
from personaforge.spec.measures import nearest
from personaforge.steps.action import Action
from personaforge.workspace.workspace import Workspace

_LONGEST = 2_000
"""Characters of who and why. Ours: it is printed with every verdict."""


@dataclass(frozen=True)
class Acknowledged:
    """What was acknowledged."""

    persona: str
    made: tuple[Acknowledgement, ...]
    nothing: tuple[str, ...]
    """The timelines among those that were named in which no change is open, with their verdicts."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        made = [one.as_json() for one in self.made]
        return {"schema": 1, "persona": self.persona, "acknowledged": made, "nothing": list(self.nothing)}


def acknowledge(space: Workspace, persona: str, timelines: Sequence[str], *, by: str, reason: str) -> Acknowledged:
    """Acknowledge the changes that are open in some of a persona's timelines, or in all where none is named.

    A timeline is named by its metric or its modality. Raises PlanError for an unknown persona or timeline, where `by`
    or `reason` says nothing or can't be printed in a line, and where nothing was measured; StoreError where the store
    can't be written.
    """
    for name, text in (("by", by), ("reason", reason)):
        if not text.strip():
            raise PlanError(f"--{name} says nothing", hint=f'--{name} "..."')
        if not text.isprintable() or len(text) > _LONGEST:
            fault = f"holds line breaks or control characters, or is longer than {_LONGEST} characters"
            raise PlanError(f"--{name} {fault}")
    found = drift(space, persona)
    if not space.store.keeps():
        raise StoreError("the store can't be written, so nothing can be acknowledged", where=str(space.store.folder))
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    made: list[Acknowledgement] = []
    nothing: list[str] = []
    for line in _named(found, timelines):
        changes = _changes(line)
        made += [
            Acknowledgement(
                modality=line.modality,
                metric=line.metric.name,
                measured_by=tuple(line.measured_by),
                anchor=line.anchor,
                group=group,
                artifact=line.entries[start].artifact,
                judged=line.entries[start].time.isoformat(),
                verdict=str(line.finding.verdict),
                by=by.strip(),
                why=reason.strip(),
                when=now,
            )
            for group, start in changes
        ]
        if not changes:
            nothing.append(f"{line.modality} {line.metric.name} is {line.finding.verdict}")
    for one in made:
        action = Action(KIND, "person@1", {"persona": found.persona, **one.as_json()})
        started = datetime.fromisoformat(now).timestamp()
        keep_record(space.store, action, {}, started=started, seconds=0.0, persona=found.persona)
    return Acknowledged(found.persona, tuple(made), tuple(nothing))


def _named(found: Drift, names: Sequence[str]) -> list[Timeline]:
    """Return the current timelines that are named; all where none is. Raises PlanError."""
    current = [line for line in found.timelines if line.current]
    known = dict.fromkeys(name for line in current for name in (line.metric.name, line.modality))
    for name in names:
        if name not in known:
            raise PlanError(f"{found.persona} has no timeline {name!r}", hint=nearest(name, known))
    return [line for line in current if not names or {line.metric.name, line.modality} & set(names)]


def _changes(line: Timeline) -> list[tuple[str, int]]:
    """Return the group and the first record of each change that is open; the group is empty for all records."""
    finding = line.finding
    changes = [(alarm.group, alarm.started) for alarm in finding.slots if alarm.closed is None and alarm.group]
    if finding.alarms and finding.alarms[-1].closed is None:
        start = finding.change.best if finding.change is not None else finding.alarms[-1].started
        changes.insert(0, ("", start))
    return changes
