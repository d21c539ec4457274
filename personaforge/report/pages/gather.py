"""A persona's plan, store and records to the facts of its page. Reads only: no model runs, nothing is judged anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from personaforge.brief.fate import LOST, UNREAD
from personaforge.identity.policy import AUTO, Mode
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
from personaforge.report.verdict import bound_of
from personaforge.results.facts import chosen, finished
from personaforge.results.readings import agreement_on_record, agreement_text
from personaforge.results.results import DOCUMENT
from personaforge.spec.kinds import KINDS
from personaforge.spec.licence_use import licence_use
from personaforge.spec.material import material_of
from personaforge.spec.settings import Settings
from personaforge.steps.finishing import FINISHED
from personaforge.workspace.briefs import brief_account
from personaforge.workspace.licences import terms_in_force
from personaforge.workspace.undrawn import not_drawn
from personaforge.workspace.workspace import Workspace

if TYPE_CHECKING:
    import duckdb


def gather(space: Workspace, plan: PersonaPlan) -> PersonaFacts:
    """Return all that a persona's page says. Raises StoreError."""
    from personaforge.warehouse.projection import opened

    settings = plan.loaded.settings
    with opened(space.store) as connection:
        renamed = renamed_steps(settings, plan.shape, plan.lock)
        evidence = collect(connection, plan.id, renamed)
        series = series_of(space.store, connection, settings, renamed)
    by_role = _by_role(plan)
    analyzer_ref = space.plan_context.analyzer_of(settings)
    nodes = Nodes(space.store, settings, evidence, bound_of(analyzer_ref.calibrated, analyzer_ref.calibration))
    failures = {node: error for node, (error, _) in space.store.index.failures(plan.id).items()}
    made_better = {node.shape.name: _finishing(nodes, node) for node in by_role.get("finish", ())}

    def position(node: PlannedNode) -> Position:
        source = f"/{node.shape.slot}"
        done = tuple(
            text
            for one in by_role.get("finish", ())
            if node.shape.slot and node.shape.name in one.shape.needs
            if one.shape.name.endswith(source) and (text := made_better[one.shape.name])
        )
        return nodes.position(node, failures, done)

    anchor = position(by_role["anchor"][0]) if "anchor" in by_role else None
    sheet = [position(node) for node in by_role.get("picture", ())]
    clips = tuple(clip_facts(nodes, node, position(node)) for node in by_role.get("clip", ()))
    document = _document(nodes, plan)
    sections = document.get("sections", {})
    stated = brief_account(space.store, plan.loaded)
    return PersonaFacts(
        summary=summarize(plan, nodes, document, anchor, sheet, clips, series),
        line=who(sections),
        brief=str(settings.get("brief", "")),
        brief_files=tuple(one.path for one in material_of(settings)),
        description=str(settings.get("description", "")),
        owner=str(settings.get("owner", "")),
        tags=tuple(str(tag) for tag in settings.get("tags", ())),
        pipeline=str(settings.get("pipeline.name", "")),
        audit_mean=document.get("audit_mean"),
        not_judged=tuple((document.get("not_judged") or {}).items()),
        audit_marks=document.get("audit_marks"),
        worth_a_look=tuple(document.get("worth_a_look", ())),
        coverage=stated.coverage,
        lost=tuple(dict.fromkeys(row.words for row in stated.of(LOST))),
        unread=stated.count(UNREAD),
        not_drawn=tuple(not_drawn(space.store, settings)),
        sections=tuple((name, tuple(rows)) for name, rows in in_words(sections)),
        notices=tuple(standing_notices(plan)),
        overruled=plan.overruled_text,
        anchor=anchor,
        candidates=_candidates(nodes, by_role),
        groups=_grouped(sheet),
        clips=clips,
        clip_mean=mean([composite(clip.position) for clip in clips]),
        accept_threshold=float(settings.value("identity.accept_threshold")),
        retry_threshold=float(settings.value("identity.retry_threshold")),
        by_probability=_by_probability(space, settings),
        analyzers=_analyzers(nodes, [*sheet, *(clip.position for clip in clips)]),
        speech=tuple(speech_facts(nodes, node, position(node)) for node in by_role.get("sound", ())),
        series=series,
        costs=evidence.costs,
        builds=evidence.builds,
        more_builds=evidence.more_builds,
        failures=tuple(sorted(failures.items())),
        licence_use=licence_use(space.project),
        terms=terms_in_force(space.analyzers, settings),
        reader=_second_reader(nodes),
    )


def summary_of(space: Workspace, plan: PersonaPlan, connection: duckdb.DuckDBPyConnection) -> Summary:
    """Return a persona's state, from the index, its costs and timelines; for those whose page is not written now."""
    nodes = Nodes(space.store, plan.loaded.settings, Evidence({}, {}, {}, costs_of(connection, plan.id), (), 0))
    by_role = _by_role(plan)
    anchor = nodes.position(by_role["anchor"][0], {}) if "anchor" in by_role else None
    sheet = [nodes.position(node, {}) for node in by_role.get("picture", ())]
    clips = [ClipFacts(nodes.position(node, {})) for node in by_role.get("clip", ())]
    settings = plan.loaded.settings
    series = series_of(space.store, connection, settings, renamed_steps(settings, plan.shape, plan.lock))
    return summarize(plan, nodes, _document(nodes, plan), anchor, sheet, clips, series)


def _second_reader(nodes: Nodes) -> str:
    """Return who has read the pictures, and how far that agrees with what is measured; empty where nobody has."""
    if not nodes.read:
        return ""
    found = agreement_text(agreement_on_record(nodes.store, nodes.settings))
    models = ", ".join(dict.fromkeys(str(one.content["model"]) for one in nodes.read.values()))
    return f"{models}; beside what is measured: {found or 'nothing was measured of the same'}"


def _by_probability(space: Workspace, settings: Settings) -> str:
    """Return how pictures are accepted where a calibration decides; empty where it doesn't."""
    bounds = space.plan_context.analyzer_of(settings).calibrated
    if bounds is None or settings.value("identity.policy") not in (AUTO, Mode.CALIBRATED):
        return ""
    return (
        f"Pictures are accepted from P(same) {bounds.accept_share:g}, by {bounds.file}: {bounds.among(1).said}; where "
        "it gives no P(same), and clips, by the score"
    )


def _by_role(plan: PersonaPlan) -> dict[str, list[PlannedNode]]:
    """Return a persona's nodes by the part that they play, those of one kind together."""
    order = {name: number for number, name in enumerate(KINDS)}
    found: dict[str, list[PlannedNode]] = {}
    for node in sorted(plan.nodes.values(), key=lambda node: order.get(node.shape.kind.name, len(order))):
        found.setdefault(node.shape.kind.role, []).append(node)
    return found


def _document(nodes: Nodes, plan: PersonaPlan) -> Mapping[str, Any]:
    """Return the persona document; empty before there is one. One that is lost is made again by the next build."""
    import orjson

    from personaforge.errors import StoreError
    from personaforge.plan.contents import Contents

    result = nodes.results.document()
    if plan.document is None or result is None:
        return {}
    contents = Contents(nodes.store, nodes.store.build_folder(plan.id))
    try:
        found: Mapping[str, Any] = orjson.loads(contents.read(result.outcome.outputs[DOCUMENT].artifact.digest))
    except StoreError:
        return {}
    return found


def _finishing(nodes: Nodes, node: PlannedNode) -> str:
    """Return what finishing did to a picture or clip, in words; empty where nothing was to be done."""
    result = nodes.result(node)
    output = result.outcome.outputs.get(FINISHED) if result is not None else None
    if result is None or output is None:
        return ""
    facts = result.outcome.facts
    done = finished(facts)
    what = node.shape.kind.scope
    if not done.kept:
        return f"{what}: no, {facts.get('reason', 'left as it is')}"
    known = done.before is not None and done.after is not None
    scores = f", score {done.before:.3f} before and {done.after:.3f} after" if known else ""
    return f"{what}: {output.path}{scores}"


def _candidates(nodes: Nodes, by_role: Mapping[str, Sequence[PlannedNode]]) -> tuple[CandidateFacts, ...]:
    if "anchor" not in by_role:
        return ()
    result = nodes.result(by_role["anchor"][0])
    choice = chosen(result.outcome.facts if result is not None else {})
    found = []
    for node in by_role.get("candidate", ()):
        slot = node.shape.slot
        if node.row is not None:
            found.append(CandidateFacts(slot, nodes.artifact(node), choice.means.get(slot), choice.candidate == slot))
    return tuple(found)


def _grouped(sheet: Sequence[Position]) -> tuple[tuple[str, tuple[Position, ...]], ...]:
    groups: dict[str, list[Position]] = {}
    for one in sheet:
        groups.setdefault(one.group, []).append(one)
    return tuple((name, tuple(places)) for name, places in groups.items())


def _analyzers(nodes: Nodes, places: Sequence[Position]) -> tuple[Mapping[str, Any], ...]:
    """Return the identity of every analyzer whose measurements are behind a score on the page."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for one in places:
        for row in nodes.evidence.evaluations.get(one.node, ()):
            if one.now is not None and row["artifact"] == one.now.digest and row["measured"] and row["pack"]:
                analyzer = analyzer_of(row)
                found[tuple(str(value) for value in analyzer.values())] = analyzer
    return tuple(found[key] for key in sorted(found))
