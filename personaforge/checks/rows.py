"""Which results a check is about, and what is known of each: a row for every node of its scope, or for every attempt.

A node's present result is what the index says, and its numbers are those of the newest evaluation of that very
artifact against the present anchor. Where the lock's scores replace a measurement (a machine without a face pack),
they are the node's own facts. A row says why it has no number: it was never built, was not measured, was measured by
other models than the newest ones, or is out of their domain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from personaforge.checks.results import Cause
from personaforge.plan.graph import Shape, ShapeNode
from personaforge.results.results import Results
from personaforge.spec.grammar import Condition, Scope
from personaforge.spec.kinds import framing_of
from personaforge.spec.measures import MEASURES, SCOPES
from personaforge.spec.settings import Settings
from personaforge.store.outcome import Outcome
from personaforge.store.store import Store


class Row(NamedTuple):
    """One result."""

    node: str
    step: str
    slot: str
    fields: Mapping[str, tuple[str, ...]]
    """What `where` compares: usually one text each, and all tags."""
    accepted: bool
    numbers: Mapping[str, float]
    """Measures that it has."""
    cause: Cause | None
    """Why its numbers don't count, or why it has none; None where all is well."""
    reason: str
    """A sentence for that."""
    artifact: str
    path: str


@dataclass(frozen=True)
class Persona:
    """What is known of one persona."""

    settings: Settings
    shape: Shape
    outcomes: Mapping[str, Outcome]
    """Last outcome of each node that was built, by its name within the persona."""
    failures: Mapping[str, str]
    """The error of each node whose last run failed."""
    evaluations: Sequence[Mapping[str, Any]]
    """Oldest first."""
    anchor: str
    """Digest of the present anchor; empty where there is none."""


def gather(store: Store, settings: Settings, shape: Shape, evaluations: Sequence[Mapping[str, Any]]) -> Persona:
    """Read what the store says of a persona."""
    results = Results(store, settings)
    outcomes = {found.name: found.outcome for found in results if found.name in shape.by_name}
    start = len(settings.id) + 1
    failures = {name[start:]: error for name, (error, _) in store.index.failures(settings.id).items()}
    return Persona(settings, shape, outcomes, failures, evaluations, results.anchor_digest)


def rows_of(persona: Persona, scope: Scope, conditions: Sequence[Condition]) -> tuple[list[Row], int]:
    """Return the rows of a scope that meet all conditions, and how many attempts by other analyzers were left out."""
    nodes = [node for node in persona.shape.nodes if _in_scope(node, scope.name)]
    left_out = 0
    if scope.every:
        rows, left_out = _attempts(persona, nodes)
    else:
        rows = _by_one_analyzer(_standing(persona, node) for node in nodes)
    return [row for row in rows if all(_meets(row, condition) for condition in conditions)], left_out


def _in_scope(node: ShapeNode, scope: str) -> bool:
    if scope in SCOPES:
        return node.kind.scope == scope
    # A gate judges what is made; finishing is weighed against what it was made from.
    return node.step == scope if scope else bool(node.kind.scope) and node.kind.role != "finish"


def _standing(persona: Persona, node: ShapeNode) -> tuple[Row, str]:
    """Return the row of a node, and what measured it."""
    modality = node.kind.what.scored_as
    outcome = persona.outcomes.get(node.name)
    if outcome is None:
        failed = persona.failures.get(node.name)
        why = f"its last run failed: {failed}" if failed else "it has not been built"
        return _row(persona, node, "", {}, Cause.UNBUILT, why), ""
    facts, outputs = outcome.facts, outcome.outputs.values()
    main = next((one for one in outputs if one.path), next(iter(outputs), None))
    digests = {one.artifact.digest for one in outputs}
    place = (main.artifact.digest, main.path) if main is not None else ("", "")
    found = next(
        (
            one
            for one in reversed(persona.evaluations)
            if one["node"] == node.name and one["artifact"] in digests and one["anchor"] in ("", persona.anchor)
        ),
        None,
    )
    if found is not None:
        cause, why = _cause(found)
        about = {**found, "decision": facts.get("decision", found["decision"]), "status": outcome.status}
        return _row(persona, node, modality, about, cause, why, place), str(found["measured_by"])
    attempt = facts.get("attempt")
    about = {**facts, "status": outcome.status, "attempt": attempt + 1 if isinstance(attempt, int) else None}
    if modality != "text" and facts.get("anchor") == persona.anchor and facts.get("composite") is not None:
        outside = bool(facts.get("out_of_domain"))
        cause = Cause.OUT_OF_DOMAIN if outside else None
        return _row(persona, node, modality, about, cause, OUTSIDE, place), ""
    why = str(facts.get("unmeasured") or facts.get("reason") or "nobody has scored it against the anchor of now")
    return _row(persona, node, modality, about, Cause.UNMEASURED, why, place), ""


OUTSIDE = "the pack was not made for this picture"


def _cause(found: Mapping[str, Any]) -> tuple[Cause | None, str]:
    if found["score"] is None:
        return Cause.UNMEASURED, str(found["unmeasured"] or found["reason"] or "it has no score")
    return (Cause.OUT_OF_DOMAIN, OUTSIDE) if found["out_of_domain"] else (None, "")


def _by_one_analyzer(measured: Iterator[tuple[Row, str]]) -> list[Row]:
    """Remove numbers that another analyzer measured than most of their step's: unlike measurements don't compare."""
    rows = list(measured)
    by_step: dict[str, dict[str, int]] = {}
    for row, analyzer in rows:
        if analyzer:
            counts = by_step.setdefault(_kind(row), {})
            counts[analyzer] = counts.get(analyzer, 0) + 1
    found = []
    for row, analyzer in rows:
        counts = by_step.get(_kind(row), {})
        usual = max(counts, key=lambda name: counts[name]) if counts else ""
        if analyzer and analyzer != usual:
            why = f"it was measured by {analyzer}, the others by {usual}: they don't compare"
            row = row._replace(cause=Cause.UNMEASURED, reason=why)
        found.append(row)
    return found


def _kind(row: Row) -> str:
    return next(iter(row.fields.get("modality", ())), "")


def _attempts(persona: Persona, nodes: Sequence[ShapeNode]) -> tuple[list[Row], int]:
    """Return a row for each artifact that was judged against the present anchor, by its newest judgement."""
    of_step = {node.step: node for node in nodes}
    by_name = {node.name: node for node in nodes}
    newest: dict[str, Mapping[str, Any]] = {}
    for one in persona.evaluations:
        if one["step"] in of_step and one["anchor"] in ("", persona.anchor):
            newest.pop(one["artifact"], None)
            newest[one["artifact"]] = one
    last = {one["modality"]: one["measured_by"] for one in newest.values()}
    kept = [one for one in newest.values() if one["measured_by"] == last[one["modality"]]]
    rows = []
    for one in kept:
        # A slot that was removed since has no node any more; its step still says what it was.
        node = by_name.get(one["node"]) or of_step[one["step"]]._replace(name=one["node"], slot=one["slot"], tags=())
        path = _path_of(persona, one["node"], one["artifact"])
        rows.append(_row(persona, node, one["modality"], one, *_cause(one), (one["artifact"], path)))
    return rows, len(newest) - len(kept)


def _path_of(persona: Persona, node: str, artifact: str) -> str:
    outputs = persona.outcomes[node].outputs.values() if node in persona.outcomes else ()
    return next((one.path for one in outputs if one.artifact.digest == artifact), "")


def _row(
    persona: Persona,
    node: ShapeNode,
    modality: str,
    about: Mapping[str, Any],
    cause: Cause | None,
    reason: str,
    place: tuple[str, str] = ("", ""),
) -> Row:
    known: Mapping[str, Any] = about.get("numbers", about)
    numbers = {name: float(known[name]) for name in MEASURES if isinstance(known.get(name), (int, float))}
    position = framing_of(persona.settings, node.declaration, node.slot)
    fields = {
        "slot": (node.slot,),
        "step": (node.step,),
        "tag": node.tags,
        "tier": (str(position.get("tier", "")),),
        "distance": (str(position.get("distance", "")),),
        "modality": (modality,) if modality else (),
        **{name: (str(about.get(name) or ""),) for name in ("status", "decision", "model", "provider")},
    }
    accepted = about.get("decision") == "ACCEPT" and cause is not Cause.UNMEASURED
    return Row(node.name, node.step, node.slot, fields, accepted, numbers, cause, reason if cause else "", *place)


def _meets(row: Row, condition: Condition) -> bool:
    found = any(value in condition.values for value in row.fields[condition.field])
    return found is not condition.negated
