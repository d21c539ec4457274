"""A persona's state in a few numbers, verdicts and problems: what the project's page says about each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.plan.plan import PersonaPlan
from personaforge.report.drift.attribution import likely_cause
from personaforge.report.drift.page import Series
from personaforge.report.pages.facts import ClipFacts, CostLine, Latest, Position, Summary, Verdict
from personaforge.report.pages.nodes import Nodes
from personaforge.report.status import failures_of
from personaforge.store.store import Store


def summarize(
    plan: PersonaPlan,
    nodes: Nodes,
    document: Mapping[str, Any],
    anchor: Position | None,
    sheet: Sequence[Position],
    clips: Sequence[ClipFacts],
    series: Sequence[Series],
) -> Summary:
    """Return a persona's state, from what is known of its nodes and timelines."""
    places = [*sheet, *(clip.position for clip in clips)]
    built = sum(node.row is not None for node in plan.nodes.values())
    whole = built == len(plan.nodes)
    state = (document.get("status") or "built") if whole else "partly built" if built else "not built"
    composites = [value for one in sheet if (value := composite(one)) is not None]
    labels = {one.now.label for one in (*places, *((anchor,) if anchor else ())) if one.now and one.now.label}
    measured_by = {one.now.measured_by for one in places if one.now and one.now.measured_by}
    costs: Sequence[CostLine] = nodes.evidence.costs
    counts = {
        name: sum(one.standing == name for one in places)
        for name in ("accepted", "flagged", "unmeasured", "rejected", "missing")
    }
    current = [one for one in series if one.current]
    return Summary(
        id=plan.id,
        name=str(document.get("name") or plan.loaded.settings.get("pinned.surface.name") or plan.id),
        state=str(state),
        labels=tuple(sorted({*labels, *document.get("labels", ())})),
        counts=counts,
        mean=mean(composites),
        lowest=min(composites, default=None),
        usd=math.fsum(line.usd for line in costs),
        unknown_calls=sum(line.unknown for line in costs),
        measured_by=tuple(sorted(measured_by)),
        anchor=anchor.now if anchor is not None else None,
        verdicts=tuple(_verdict(one) for one in current),
        latest=next(
            (
                Latest(one.points[-1].value, one.points[-1].slot, one.newest)
                for one in current
                if (one.modality, one.metric) == ("face", "composite") and one.newest is not None
            ),
            None,
        ),
        problems=tuple(_problems(plan, nodes.store, counts, current)) if built else (),
    )


def _verdict(one: Series) -> Verdict:
    change = one.changes[0] if one.changes else None
    if change is None:
        return Verdict(one.label, one.state, "")
    cause = f"; {likely_cause(change.attribution, hint=False)}" if change.attribution is not None else ""
    return Verdict(one.label, one.state, change.since + cause)


def _problems(plan: PersonaPlan, store: Store, counts: Mapping[str, int], series: Sequence[Series]) -> Iterator[str]:
    """Yield what people should look at."""
    for one in series:
        if one.state == "degrading":
            yield f"{one.label}: degrading {_verdict(one).text}"
    failed = failures_of(store, plan)
    if failed:
        yield f"{len(failed)} {'node' if len(failed) == 1 else 'nodes'} failed: {', '.join(sorted(failed)[:3])}"
    for standing in ("rejected", "missing", "flagged", "unmeasured"):
        if counts[standing]:
            yield f"{counts[standing]} {standing}"
    if (store.folder / "journal.db").exists():
        unanswered = [one for one in store.journal.open_entries() if one.state == "unknown"]
        lost = [one for one in unanswered if one.node.startswith(f"{plan.id}/")]
        if lost:
            yield f"{len(lost)} paid calls without an answer: `forge jobs list`"
    yield from standing_notices(plan)


def standing_notices(plan: PersonaPlan) -> list[str]:
    """Return what a build would do now, in words."""
    states: dict[str, int] = {}
    for node in plan.nodes.values():
        states[node.state] = states.get(node.state, 0) + 1
    found = [plan.overruled_text] if plan.overruled else []
    absent = sum(node.row is None for node in plan.nodes.values())
    if absent:
        found.append(f"{absent} of {len(plan.nodes)} nodes have not been built. `forge build {plan.id}` goes on.")
    changed = sum(node.row is not None and node.state in ("run", "maybe") for node in plan.nodes.values())
    if changed:
        found.append(
            f"The spec, a template, a provider or who measures has changed since: {changed} of {len(plan.nodes)} nodes "
            f"would run or might. `forge plan {plan.id}` says why. This page shows what was built."
        )
    if states.get("restore"):
        found.append(
            f"{states['restore']} nodes have files in the build folder that are missing or were edited; this page "
            "shows the artifacts that were judged."
        )
    if states.get("missing"):
        found.append(f"{states['missing']} nodes are pinned to artifacts that are in no store.")
    return found


def composite(position: Position) -> float | None:
    """Return the score of the present artifact; None without one."""
    return position.now.composite if position.now is not None else None


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of the known numbers; None if there are none."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
