"""A persona's timelines: `forge drift`. One for each metric and analyzer, since unlike measurements don't compare.

An analyzer is its whole identity: pack, its digest, detector size and library versions. A new library version begins a
new timeline rather than a step in the old one; so does a new anchor, or another reference set, of which
only the present one is examined. An artifact counts once, where it was first judged. Every attempt counts, also one
that the gate refused: a timeline of accepted scores alone would be cut off at the threshold, and hide a fall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from personaforge.drift.acknowledgement import Acknowledgement, acknowledgements
from personaforge.drift.attribution.causes import Attribution, PossibleCause, attribute
from personaforge.drift.attribution.inputs import InputHistory
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.detector import DriftPolicy, Finding, find_drift
from personaforge.drift.detector.linear import Trend
from personaforge.drift.detector.rate_finding import find_rate
from personaforge.drift.failures import far_off, with_far_off
from personaforge.errors import PlanError
from personaforge.identity.policy import Policy
from personaforge.identity.score import composite
from personaforge.metrics import CHARTED, FAILED, Metric
from personaforge.plan.graph import lay_out
from personaforge.plan.renamed import lock_name, renamed_steps
from personaforge.results.results import Results
from personaforge.spec.kinds import framing_of
from personaforge.spec.settings import Settings
from personaforge.store.lockfile import read_lock
from personaforge.store.store import Store
from personaforge.warehouse.projection import opened
from personaforge.workspace.workspace import Workspace

FRONTAL = 15.0
"""Degrees of yaw below which a pose counts as frontal; the geometric bound relaxes from 10."""
PROFILE = 40.0
"""Degrees from which it counts as a profile."""
_FETCHED = 2_000
"""Rows that are taken from the warehouse at once."""
_MIXED = 2e-6
"""If a composite differs from its parts under the present weights by more than this, it was made under others."""


class MeasuredBy(NamedTuple):
    """The source of numbers: a face pack and what they depend on, or a model that reads text. Texts can be empty."""

    name: str
    digest: str
    detector_size: str
    version: str

    def __str__(self) -> str:
        detector = f"detector {self.detector_size}" if self.detector_size else ""
        return " ".join(part for part in (self.name, self.digest[:8], detector) if part)


class Entry(NamedTuple):
    """Which record a point of a timeline is."""

    time: datetime
    """UTC."""
    node: str
    """Within the persona; empty for pictures that `forge eval --record` measured."""
    slot: str
    build: str
    artifact: str
    """Its digest."""


@dataclass(frozen=True)
class Timeline:
    """The values of one metric by one analyzer since the anchor was pinned, oldest first, and their verdict."""

    metric: Metric
    measured_by: MeasuredBy
    anchor: str
    """Digest of what was measured against; empty for texts."""
    current: bool
    """Whether nothing newer was measured of this metric by another analyzer."""
    left_out: int
    """Records against earlier anchors or reference sets."""
    entries: tuple[Entry, ...]
    values: tuple[float, ...]
    finding: Finding
    attribution: Attribution | None
    """What the change is attributed to; None without a change."""
    follows: MeasuredBy | None = None
    """What measured this metric before, if that was something else: unlike measurements have timelines of their own."""
    notes: tuple[str, ...] = ()
    acknowledged: tuple[Acknowledgement, ...] = ()
    """Changes that somebody has accepted, oldest first. The records before them are left out."""

    @property
    def modality(self) -> str:
        """The metric's modality."""
        return self.metric.timeline

    @property
    def causes(self) -> tuple[PossibleCause, ...]:
        """What may have caused the change, the most probable first."""
        return self.attribution.causes if self.attribution is not None else ()

    def as_json(self) -> dict[str, Any]:
        """Return the timeline as JSON. Numbers of records in it are indices, from 0."""
        finding = self.finding.as_json()
        places = [{**entry._asdict(), "time": entry.time.isoformat()} for entry in self.entries]
        return {
            "modality": self.modality,
            "metric": self.metric.name,
            "label": self.metric.label,
            "higher_is_better": self.metric.higher_is_better,
            "scale": self.metric.scale,
            "measured_by": str(self.measured_by),
            "analyzer": self.measured_by._asdict(),
            "anchor": self.anchor,
            "current": self.current,
            "records": len(self.values),
            "left_out": self.left_out,
            "acknowledged": [one.as_json() for one in self.acknowledged],
            **finding,
            "notes": [*self.notes, *self.finding.notes],
            "follows": self.follows._asdict() if self.follows is not None else None,
            "causes": [one.as_json() for one in self.causes],
            "unrecorded": self.attribution.unrecorded if self.attribution is not None else None,
            "attribution_notes": list(self.attribution.notes) if self.attribution is not None else [],
            "points": [{**place, **point} for place, point in zip(places, finding["points"], strict=True)],
        }


@dataclass(frozen=True)
class Drift:
    """All timelines of a persona."""

    persona: str
    policy: DriftPolicy
    baseline: str
    """The group of records that a record is compared with: slot, pose, framing or none."""
    timelines: tuple[Timeline, ...]

    def with_verdict(self, verdicts: Sequence[str]) -> list[Timeline]:
        """Return the current timelines with one of these verdicts."""
        wanted = {Trend(verdict) for verdict in verdicts}
        return [line for line in self.timelines if line.current and line.finding.verdict in wanted]

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "schema": 4,
            "persona": self.persona,
            "method": self.policy.method,
            "baseline": self.baseline,
            "records_per_alarm": self.policy.records_per_alarm,
            "timelines": [line.as_json() for line in self.timelines],
        }


class _Row(NamedTuple):
    metric: Metric
    measured_by: MeasuredBy
    anchor: str
    references: tuple[str, ...]
    value: float
    cosine: float | None
    error: float | None
    step: str
    entry: Entry


def drift(
    space: Workspace,
    persona: str,
    *,
    last: int | None = None,
    modality: str | None = None,
    overrides: Sequence[str] = (),
) -> Drift:
    """Return a persona's timelines. Raises PlanError without any record, and SpecError.

    `last` looks at no more than so many of the newest records of each, as if it had begun there.
    """
    loaded = space.load([persona], overrides)
    if len(loaded) != 1:
        raise PlanError(f"{persona} names {len(loaded)} personas, expected one")
    with opened(space.store) as connection:
        settings = loaded[0].settings
        renamed = renamed_steps(settings, lay_out(settings), read_lock(loaded[0].lock, settings.id, settings.formerly))
        return drift_in(space.store, connection, settings, last=last, modality=modality, renamed=renamed)


def drift_in(
    store: Store,
    connection: Any,
    settings: Settings,
    *,
    last: int | None = None,
    modality: str | None = None,
    renamed: Mapping[str, str] | None = None,
) -> Drift:
    """Return a persona's timelines from an open warehouse. Raises PlanError without any record.

    `renamed` are the steps that older records know by another name; see `personaforge.plan.renamed`.
    """
    name, policy = settings.id, DriftPolicy.from_settings(settings.value("drift"))
    baseline = str(settings.value("drift.baseline"))
    pinned = Results(store, settings).anchor_digest
    timelines: list[Timeline] = []
    series: dict[tuple[Metric, MeasuredBy], list[_Row]] = {}
    for row in _rows(connection, name, renamed or {}, modality):
        series.setdefault((row.metric, row.measured_by), []).append(row)
    newest: dict[Metric, datetime] = {}
    for (metric, _), rows in series.items():
        newest[metric] = max(rows[-1].entry.time, newest.get(metric, rows[-1].entry.time))
    parts = InputHistory(store, connection)
    accepted = acknowledgements(store, connection, name)
    far: dict[tuple[str, MeasuredBy], frozenset[str]] = {}
    for metric, analyzer in sorted(series, key=lambda of: of[0].source == FAILED):  # failures read the gates' timelines
        rows = series[metric, analyzer]
        whole = _against_one_anchor(rows, pinned)
        kept, told, acknowledged = _acknowledged(whole, accepted, settings, baseline)
        kept = kept[-last:] if last else kept
        values, notes = _values(kept, settings)
        if metric.source == FAILED:
            values, notes = with_far_off(
                values, [row.entry for row in kept], far.get((metric.modality, analyzer), frozenset())
            )
        records = _records(kept, values, settings, baseline)
        finding = find_rate(records, metric, policy) if metric.scale == "rate" else find_drift(records, metric, policy)
        if metric.is_gate:
            far[metric.modality, analyzer] = _far_off(whole, kept, finding, metric, policy, settings, baseline)
        if modality and metric.timeline != modality:
            continue
        entries = tuple(row.entry for row in kept)
        timelines.append(
            Timeline(
                metric,
                analyzer,
                kept[-1].anchor,
                rows[-1].entry.time == newest[metric],
                len(rows) - len(whole),
                entries,
                values,
                finding,
                attribute(parts, entries, records, metric, finding),
                _followed(series, metric, rows),
                (*notes, *told),
                acknowledged,
            )
        )
    if not timelines:
        hint = f"forge build {name} with a face pack, or forge eval --persona {name} --record IMAGE..."
        raise PlanError(f"nothing has been measured of {name}{f' for {modality}' if modality else ''}", hint=hint)
    order = {metric: number for number, metric in enumerate(CHARTED)}
    timelines.sort(key=lambda line: (order[line.metric], not line.current, line.measured_by))
    return Drift(name, policy, baseline, tuple(timelines))


def _rows(connection: Any, persona: str, renamed: Mapping[str, str], modality: str | None) -> Iterator[_Row]:
    """Yield the counted scores, oldest first, of one modality's timelines where it is given.

    With those of failures also what the gates judge.
    """
    sql = """
        select about, metric, coalesce(pack, model, ''), coalesce(pack_digest, ''), coalesce(detector_size, ''),
            coalesce(backend_version, ''), coalesce(anchor, ''), coalesce(reference_set, []), value, cosine, error,
            coalesce(step, ''), evaluated, coalesce(node, ''), coalesce(slot, ''), coalesce(build, ''),
            coalesce(artifact, '')
        from drift_records where persona = $persona and ($modality is null or about = $modality or (
            $modality = 'failures' and (about, metric) in (select timeline, metric from metrics where is_gate)
        )) order by evaluated, evaluation
    """
    now = {old: new for new, old in renamed.items()}
    known = {(metric.timeline, metric.name): metric for metric in CHARTED}
    cursor = connection.execute(sql, {"persona": persona, "modality": modality})
    for about, metric, *rest in (row for some in iter(lambda: cursor.fetchmany(_FETCHED), []) for row in some):
        name, digest, size, version, anchor, references, value, cosine, error, step, *entry = rest
        by = MeasuredBy(name, digest, size, version)
        of = known[about, metric]
        place = Entry(*entry)
        if step in now:
            step, place = now[step], place._replace(node=lock_name(place.node, now))
        yield _Row(of, by, anchor, tuple(references), value, cosine, error, step, place)


def _followed(
    series: Mapping[tuple[Metric, MeasuredBy], list[_Row]], metric: Metric, rows: Sequence[_Row]
) -> MeasuredBy | None:
    """Return the last to measure, of all that had measured a metric before these rows began."""
    began = rows[0].entry.time
    others = [other for (of, _), other in series.items() if of == metric and other[0].entry.time < began]
    return max(others, key=lambda other: other[-1].entry.time)[0].measured_by if others else None


def _against_one_anchor(rows: list[_Row], pinned: str) -> list[_Row]:
    """Return the rows against the pinned anchor, or else the newest row's, and against the newest reference set."""
    anchor = pinned if any(row.anchor == pinned for row in rows) else rows[-1].anchor
    kept = [row for row in rows if row.anchor == anchor]
    return [row for row in kept if row.references == kept[-1].references]


def _acknowledged(
    rows: list[_Row], accepted: Sequence[Acknowledgement], settings: Settings, baseline: str
) -> tuple[list[_Row], tuple[str, ...], tuple[Acknowledgement, ...]]:
    """Return the rows that count since changes were acknowledged, notes of that, and the acknowledgements. The newest
    record always counts."""
    of = rows[-1]
    mine = [one for one in accepted if one.is_of(of.metric.timeline, of.metric.name, of.measured_by, of.anchor)]
    artifacts, times = [row.entry.artifact for row in rows], [row.entry.time for row in rows]
    gone: set[int] = set()
    notes = []
    for one in mine:
        before = range(min(one.begins(artifacts, times), len(rows) - 1))
        less = {at for at in before if not one.group or _group(rows[at], settings, baseline)[0] == one.group} - gone
        gone |= less
        notes.append(f"{one.note} ({len(less)} older records are left out)")
    return [row for at, row in enumerate(rows) if at not in gone], tuple(notes), tuple(mine)


def _records(rows: Sequence[_Row], values: Sequence[float], settings: Settings, baseline: str) -> list[Record]:
    groups = (_group(row, settings, baseline) for row in rows)
    return [Record(value, *group, row.entry.build) for row, value, group in zip(rows, values, groups, strict=True)]


def _far_off(
    whole: list[_Row],
    kept: Sequence[_Row],
    finding: Finding,
    metric: Metric,
    policy: DriftPolicy,
    settings: Settings,
    baseline: str,
) -> frozenset[str]:
    """Return the artifacts whose gate's number is too far off to tell of the level; also of what was acknowledged, or
    is older than what is looked at."""
    if len(kept) < len(whole):
        finding = find_drift(_records(whole, _values(whole, settings)[0], settings, baseline), metric, policy)
    groups = [_group(row, settings, baseline)[0] for row in whole]
    return frozenset(whole[index].entry.artifact for index in far_off(finding, groups, metric, policy.clip))


def _values(rows: list[_Row], settings: Settings) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return the rows' values; composites made under other weights are made again under the present ones."""
    values = tuple(row.value for row in rows)
    if rows[0].metric.name != "composite" or any(row.cosine is None or row.error is None for row in rows):
        return values, ()
    policy = Policy.from_settings(settings.value("identity"))
    again = tuple(round(composite(row.cosine or 0.0, row.error or 0.0, policy), 6) for row in rows)
    # A clip's errors above 1 are clamped frame by frame, so its composite may be larger than its means make it.
    off = [one - other for one, other in zip(values, again, strict=True)]
    if all(abs(one) <= _MIXED for one in off) or (rows[0].metric.modality == "video" and min(off) >= -_MIXED):
        return values, ()
    return again, ("identity.weights changed: composites were made again under the present ones",)


def _group(row: _Row, settings: Settings, baseline: str) -> tuple[str, str]:
    """Return the groups whose mean and whose spread a row is compared with."""
    framing, turn = _framing(row, settings)
    groups: Mapping[str, str] = {
        "slot": f"{row.step}/{row.entry.slot}",
        "pose": f"{framing} {turn}",
        "framing": framing,
        "none": "",
    }
    return groups[baseline], framing if baseline != "none" else ""


def _framing(row: _Row, settings: Settings) -> tuple[str, str]:
    """Return the distance at which a slot is framed and how far the head turns; both empty where it isn't known.

    It is what the persona's settings say now: if a slot was framed anew, its old pictures are compared by mistake, too.
    """
    position = framing_of(settings, settings.value("pipeline.steps").get(row.step, {}), row.entry.slot)
    distance = str(position.get("distance", ""))
    if "yaw" not in position:
        return distance, ""
    yaw = abs(float(position["yaw"]))
    return distance, "frontal" if yaw < FRONTAL else "turned" if yaw < PROFILE else "profile"
