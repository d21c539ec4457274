"""A persona's timelines: `forge drift`. One for each modality and analyzer, since unlike measurements don't compare.

An analyzer is its whole identity: pack, its digest, detector size and library versions. A new library version begins a
new timeline rather than a step in the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from personaforge.errors import PlanError
from personaforge.identity.drift import DriftSummary, summarize
from personaforge.identity.score import Unmeasured
from personaforge.warehouse.projection import opened
from personaforge.workspace import Workspace


class MeasuredBy(NamedTuple):
    """Who measured: a face pack and what else its numbers depend on, or a model that reads text. Texts may be empty."""

    name: str
    digest: str
    detector_size: str
    version: str

    def __str__(self) -> str:
        detector = f"detector {self.detector_size}" if self.detector_size else ""
        return " ".join(part for part in (self.name, self.digest[:8], detector) if part)


@dataclass(frozen=True)
class Timeline:
    """The scores of one modality by one analyzer, oldest first."""

    modality: str
    measured_by: MeasuredBy
    values: tuple[float, ...]
    nodes: tuple[str, ...]
    summary: DriftSummary | Unmeasured

    def as_json(self) -> dict[str, Any]:
        """Return the timeline as JSON."""
        return {
            "modality": self.modality,
            "measured_by": str(self.measured_by),
            "analyzer": self.measured_by._asdict(),
            "records": len(self.values),
            "summary": self.summary.as_json(),
            "values": list(self.values),
            "nodes": list(self.nodes),
        }


@dataclass(frozen=True)
class Drift:
    """All timelines of a persona."""

    persona: str
    timelines: tuple[Timeline, ...]


def drift(space: Workspace, persona: str, *, last: int | None, modality: str | None) -> Drift:
    """Return a persona's timelines with their summaries over the last records. Raises PlanError without any record."""
    loaded = space.load([persona])
    if len(loaded) != 1:
        raise PlanError(f"{persona} names {len(loaded)} personas, expected one")
    name = loaded[0].settings.id
    sql = """
        select modality, coalesce(pack, model, ''), coalesce(pack_digest, ''), coalesce(detector_size, ''),
            coalesce(backend_version, ''), score, coalesce(node, '')
        from timeline where persona = ? order by modality, evaluated, evaluation
    """
    with opened(space.store) as connection:
        rows = connection.execute(sql, [name]).fetchall()
    series: dict[tuple[str, MeasuredBy], list[tuple[float, str]]] = {}
    for kind, who, digest, size, version, score, node in rows:
        if modality in (None, kind):
            series.setdefault((kind, MeasuredBy(who, digest, size, version)), []).append((score, node))
    if not series:
        hint = f"forge build {name} with a face pack, or forge eval --persona {name} --record IMAGE..."
        raise PlanError(f"nothing has been measured of {name}{f' for {modality}' if modality else ''}", hint=hint)
    timelines = []
    for (kind, analyzer), points in series.items():
        kept = points[-last:] if last else points
        values = tuple(score for score, _ in kept)
        nodes = tuple(node for _, node in kept)
        timelines.append(Timeline(kind, analyzer, values, nodes, summarize(values, last)))
    return Drift(name, tuple(timelines))
