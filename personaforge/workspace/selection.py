"""Which nodes a request is about: what is selected, forced and repinned, by names, tags, states and results."""

from __future__ import annotations

from collections.abc import Sequence

from personaforge.errors import PlanError
from personaforge.plan.plan import PlanRequest, Selection
from personaforge.plan.planner import Planner
from personaforge.plan.select import Selectable, asks_for, select
from personaforge.spec.load import Loaded
from personaforge.steps.table import step_kind
from personaforge.store.store import Store


def selected(asked: PlanRequest, loaded: list[Loaded], planner: Planner, store: Store) -> Selection:
    """Return what a request means for these personas. Raises PlanError for what selects nothing or can't be forced."""
    nodes = [node for one in loaded for node in _selectable(one, planner)]
    states: dict[str, frozenset[str]] = {}
    results: dict[str, str] = {}
    texts = (*asked.select, *asked.exclude)
    if asks_for(texts, "state"):
        for node in planner.plan(loaded).nodes():
            names: set[str] = {node.state}
            if node.state == "run":
                names |= {"modified"} | ({"new"} if node.row is None else set())
            states[node.id] = frozenset(names)
    if asks_for(texts, "result"):
        for one in loaded:
            rows = store.index.nodes(one.settings.id)
            results.update({name: row.status for name, row in rows.items()})
            results.update(dict.fromkeys(store.index.failures(one.settings.id), "failed"))

    def chosen(include: Sequence[str], exclude: Sequence[str] = ()) -> frozenset[str]:
        found = select(
            nodes,
            include,
            exclude,
            state=lambda node: states.get(node, frozenset()),
            result=lambda node: results.get(node, ""),
        )
        return frozenset(found)

    wanted = chosen(asked.select, asked.exclude) if asked.select or asked.exclude else None
    forced = chosen(asked.force) if asked.force else frozenset()
    repinned = chosen(asked.repin) if asked.repin else frozenset()
    by_id = {node.id: node for node in nodes}
    for name in sorted(forced):
        if step_kind(by_id[name].kind).sticky:
            raise PlanError(f"{name} is pinned for good", hint=f"a new face takes --repin {by_id[name].step}")
    # A new anchor takes new candidates of a face that is placed anew: all stand under the anchor's pin.
    faces = [node for node in nodes if step_kind(node.kind).sticky]
    anew = {node.persona for node in faces if node.id in repinned}
    repinned |= {node.id for node in faces if node.persona in anew}
    if wanted is not None:
        wanted |= forced | repinned
    excluded = chosen(asked.exclude) if asked.exclude else frozenset()
    return Selection(wanted, forced, repinned, excluded=excluded)


def _selectable(loaded: Loaded, planner: Planner) -> list[Selectable]:
    persona = loaded.settings.id
    return [
        Selectable(
            f"{persona}/{node.name}",
            persona,
            node.name,
            node.step,
            node.kind.name,
            (*node.tags, *loaded.settings.persona["tags"]),
            tuple(f"{persona}/{need}" for need in node.needs),
            node.reads,
        )
        for node in planner.shapes.of(loaded.settings).nodes
    ]
