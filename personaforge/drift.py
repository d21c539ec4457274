"""A persona's timelines: `forge drift`. One for each modality and analyzer, since unlike measurements don't compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personaforge.errors import PlanError
from personaforge.identity.drift import DriftSummary, summarize
from personaforge.identity.score import Unmeasured
from personaforge.warehouse.projection import opened
from personaforge.workspace import Workspace


@dataclass(frozen=True)
class Timeline:
    """The scores of one modality by one analyzer, oldest first."""

    modality: str
    measured_by: str
    values: tuple[float, ...]
    nodes: tuple[str, ...]
    summary: DriftSummary | Unmeasured

    def as_json(self) -> dict[str, Any]:
        """Return the timeline as JSON."""
        return {
            "modality": self.modality,
            "measured_by": self.measured_by,
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
        select modality, coalesce(pack, model, ''), coalesce(pack_digest, ''), coalesce(backend_version, ''),
            score, coalesce(node, '')
        from timeline where persona = ? order by modality, evaluated, evaluation
    """
    with opened(space.store) as connection:
        rows = connection.execute(sql, [name]).fetchall()
    series: dict[tuple[str, str, str, str], list[tuple[float, str]]] = {}
    for kind, who, digest, version, score, node in rows:
        if modality in (None, kind):
            series.setdefault((kind, who, digest, version), []).append((score, node))
    if not series:
        hint = f"forge build {name} with a face pack, or forge eval --persona {name} --record IMAGE..."
        raise PlanError(f"nothing has been measured of {name}{f' for {modality}' if modality else ''}", hint=hint)
    timelines = []
    for (kind, who, digest, _), points in series.items():
        kept = points[-last:] if last else points
        values = tuple(score for score, _ in kept)
        measured_by = f"{who} {digest[:8]}".strip()
        timelines.append(Timeline(kind, measured_by, values, tuple(node for _, node in kept), summarize(values, last)))
    return Drift(name, tuple(timelines))
