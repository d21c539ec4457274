"""A persona's plan, store and records to the facts of its page. Reads only: no model runs, nothing is judged anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personaforge.plan.plan import PersonaPlan, PlannedNode
from personaforge.plan.renamed import renamed_steps
from personaforge.report.drift.page import series_of
from personaforge.report.pages.clips import clip_facts
from personaforge.report.pages.evidence import Evidence, analyzer_of, collect, costs_of
from personaforge.report.pages.facts import CandidateFacts, ClipFacts, PersonaFacts, Position, Summary
from personaforge.report.pages.nodes import Nodes
from personaforge.report.pages.speech import speech_facts
from personaforge.report.pages.summary import composite, mean, standing_notices, summarize
from personaforge.report.sections import in_words, who
from personaforge.workspace.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

_SHEET = ("reference", "image")
_FINISHING = ("finish", "repair")


def gather(space: Workspace, plan: PersonaPlan) -> PersonaFacts:
    """Return all that a persona's page says. Raises StoreError."""
    from personaforge.warehouse.projection import opened

    settings = plan.loaded.settings
    with opened(space.store) as connection:
        renamed = renamed_steps(settings, plan.shape, plan.lock)
        evidence = collect(connection, plan.id, renamed)
        series = series_of(space.store, connection, settings, renamed)
    kinds: dict[str, list[PlannedNode]] = {}
    for node in plan.nodes.values():
        kinds.setdefault(node.shape.kind.name, []).append(node)
    nodes = Nodes(space.store, settings, evidence, _anchor_digest(space, kinds))
    failures = {node: error for node, (error, _) in space.store.index.failures(plan.id).items()}
    finished = {node.shape.name: _finishing(nodes, node) for kind in _FINISHING for node in kinds.get(kind, ())}

    def position(node: PlannedNode) -> Position:
        source = f"/{node.shape.slot}"
        done = tuple(
            text
            for one in plan.nodes.values()
            if one.shape.kind.name in _FINISHING and node.shape.slot and node.shape.name in one.shape.needs
            if one.shape.name.endswith(source) and (text := finished[one.shape.name])
        )
        return nodes.position(node, failures, done)

    anchor = position(kinds["anchor"][0]) if "anchor" in kinds else None
    sheet = [position(node) for kind in _SHEET for node in kinds.get(kind, ())]
    clips = tuple(clip_facts(nodes, node, position(node)) for node in kinds.get("video", ()))
    document = _document(nodes, plan)
    sections = document.get("sections", {})
    return PersonaFacts(
        summary=summarize(plan, nodes, document, anchor, sheet, clips, series),
        line=who(sections),
        brief=str(settings.get("brief", "")),
        description=str(settings.get("description", "")),
        owner=str(settings.get("owner", "")),
        tags=tuple(str(tag) for tag in settings.get("tags", ())),
        pipeline=str(settings.get("pipeline.name", "")),
        audit_mean=document.get("audit_mean"),
        sections=tuple((name, tuple(rows)) for name, rows in in_words(sections)),
        notices=tuple(standing_notices(plan)),
        anchor=anchor,
        candidates=_candidates(nodes, kinds),
        groups=_grouped(sheet),
        clips=clips,
        clip_mean=mean([composite(clip.position) for clip in clips]),
        accept_threshold=float(settings.value("identity.accept_threshold")),
        retry_threshold=float(settings.value("identity.retry_threshold")),
        analyzers=_analyzers(nodes, [*sheet, *(clip.position for clip in clips)]),
        speech=tuple(speech_facts(nodes, node, position(node)) for node in kinds.get("speech", ())),
        series=series,
        costs=evidence.costs,
        builds=evidence.builds,
        more_builds=evidence.more_builds,
        failures=tuple(sorted(failures.items())),
    )


def summary_of(space: Workspace, plan: PersonaPlan, connection: duckdb.DuckDBPyConnection) -> Summary:
    """Return how a persona stands, from the index, its costs and timelines; for those whose page is not written now."""
    nodes = Nodes(space.store, plan.loaded.settings, Evidence({}, {}, {}, costs_of(connection, plan.id), (), 0), "")
    kinds: dict[str, list[PlannedNode]] = {}
    for node in plan.nodes.values():
        kinds.setdefault(node.shape.kind.name, []).append(node)
    anchor = nodes.position(kinds["anchor"][0], {}) if "anchor" in kinds else None
    sheet = [nodes.position(node, {}) for kind in _SHEET for node in kinds.get(kind, ())]
    clips = [ClipFacts(nodes.position(node, {})) for node in kinds.get("video", ())]
    settings = plan.loaded.settings
    series = series_of(space.store, connection, settings, renamed_steps(settings, plan.shape, plan.lock))
    return summarize(plan, nodes, _document(nodes, plan), anchor, sheet, clips, series)


def _anchor_digest(space: Workspace, kinds: Mapping[str, Sequence[PlannedNode]]) -> str:
    import orjson

    for node in kinds.get("anchor", ()):
        body = space.store.index.node_body(node.id)
        output = orjson.loads(body)["outcome"]["outputs"].get("anchor") if body else None
        if output is not None:
            return str(output["digest"])
    return ""


def _document(nodes: Nodes, plan: PersonaPlan) -> Mapping[str, Any]:
    """Return the persona document; empty before there is one. One that is lost is made again by the next build."""
    import orjson

    from personaforge.errors import StoreError
    from personaforge.plan.contents import Contents

    output = nodes.body(plan.document).get("outcome", {}).get("outputs", {}) if plan.document is not None else {}
    if "document" not in output:
        return {}
    contents = Contents(nodes.store, nodes.store.build_folder(plan.id))
    try:
        found: Mapping[str, Any] = orjson.loads(contents.read(output["document"]["digest"]))
    except StoreError:
        return {}
    return found


def _finishing(nodes: Nodes, node: PlannedNode) -> str:
    """Return what finishing did to a picture or clip, in words; empty where nothing was to be done."""
    outcome = nodes.body(node).get("outcome", {})
    facts, outputs = outcome.get("facts", {}), outcome.get("outputs", {})
    if "finished" not in outputs:
        return ""
    what = "finished" if node.shape.kind.name == "finish" else "repaired"
    if facts.get("kept") != "finished":
        return f"{what}: no, {facts.get('reason', 'left as it is')}"
    before, after = facts.get("composite_before"), facts.get("composite")
    scores = f", score {before:.3f} before and {after:.3f} after" if before is not None and after is not None else ""
    return f"{what}: {outputs['finished']['path']}{scores}"


def _candidates(nodes: Nodes, kinds: Mapping[str, Sequence[PlannedNode]]) -> tuple[CandidateFacts, ...]:
    if "anchor" not in kinds:
        return ()
    facts = nodes.body(kinds["anchor"][0]).get("outcome", {}).get("facts", {})
    means = facts.get("means", {})
    found = []
    for node in kinds.get("candidate", ()):
        slot = node.shape.slot
        if node.row is not None:
            chosen = str(facts.get("candidate", "")) == slot
            found.append(CandidateFacts(slot, nodes.artifact(node), means.get(slot), chosen))
    return tuple(found)


def _grouped(sheet: Sequence[Position]) -> tuple[tuple[str, tuple[Position, ...]], ...]:
    groups: dict[str, list[Position]] = {}
    for one in sheet:
        groups.setdefault(one.group, []).append(one)
    return tuple((name, tuple(places)) for name, places in groups.items())


def _analyzers(nodes: Nodes, places: Sequence[Position]) -> tuple[Mapping[str, Any], ...]:
    """Return the identity of everyone whose measurement stands behind a score on the page."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for one in places:
        for row in nodes.evidence.evaluations.get(one.node, ()):
            if one.now is not None and row["artifact"] == one.now.digest and row["measured"] and row["pack"]:
                analyzer = analyzer_of(row)
                found[tuple(str(value) for value in analyzer.values())] = analyzer
    return tuple(found[key] for key in sorted(found))
