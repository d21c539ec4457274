"""Which nodes a request is about: what is selected, forced and repinned, by names, tags, states and results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.errors import PlanError
from personaforge.listing import counted, listed, meant
from personaforge.plan.plan import WORKING, Plan, PlanRequest, Selection
from personaforge.plan.planner import Planner
from personaforge.plan.select import Selectable, asks_for, select, values, whole_personas
from personaforge.spec.load import Loaded
from personaforge.spec.settings import GROUPS
from personaforge.steps.context import ANCHOR
from personaforge.steps.table import step_kind
from personaforge.store.store import Store


def selected(asked: PlanRequest, loaded: list[Loaded], planner: Planner, store: Store) -> Selection:
    """Return what a request means for these personas. Raises PlanError for what selects nothing, can't be forced, or
    gives up all pins of a persona by its name alone."""
    nodes = [node for one in loaded for node in _selectable(one, planner)]
    _check_settings((*asked.select, *asked.exclude, *asked.force, *asked.repin), loaded)
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
    selection = Selection(wanted, forced, repinned, excluded=excluded)
    if whole := whole_personas(nodes, asked.repin):
        plan = Planner(planner.plan_context, selection, asked.overrides, planner.shapes).plan(loaded)
        raise _whole_persona(whole[0], plan)
    return selection


def _whole_persona(named: str, plan: Plan) -> PlanError:
    """Return that a persona's name gives up all of its pins, which hardly anybody means who thinks of the face."""
    personas = [one for one in plan.personas if any(node.id in plan.selection.repinned for node in one.nodes.values())]
    first = personas[0]
    anchor, name = first.loaded.settings.step_of(ANCHOR), first.id if len(personas) == 1 else "'*'"
    calls, usd = plan.estimate.calls_max, plan.estimate.usd_max
    paid = f"up to {counted(calls, 'paid call')}" if calls else "no paid call"
    price = (f", {usd:.2f} US dollars at most" if usd is not None else ", of unknown price") if calls else ""
    again = sum(node.state in WORKING for node in plan.nodes())
    count = len(plan.selection.repinned)
    return PlanError(
        f"--repin {named} gives up all that is pinned of {listed(one.id for one in personas)}, the face too: "
        f"{counted(count, 'node')}, of which {again} would be made or decided again ({paid}{price})",
        hint=f"a new face, and the pictures that show it: forge build {name} --repin {anchor}; really all of it: "
        f"--repin '{first.id if len(personas) == 1 else '*'}/*'",
    )


def _check_settings(texts: Sequence[str], loaded: Sequence[Loaded]) -> None:
    """Raise PlanError for a term `config:PATH` whose setting no persona has: a node that may read `image` as a whole
    would else be selected by any name under it."""
    trees = [one.settings.as_dict() for one in loaded]
    for path in dict.fromkeys(values(texts, "config")):
        if trees and not any(_may_be(path, tree) for tree in trees):
            known = {name for tree in trees for name in _paths(tree)}
            hint = meant(path, known).replace("mean ", "mean config:") or "forge config PERSONA shows all settings"
            raise PlanError(f"nothing is selected by 'config:{path}': there is no such setting", hint=hint)


def _may_be(path: str, tree: Mapping[str, Any]) -> bool:
    """Tell whether a setting is there, or may be left out: under what a persona's own file is free to write, in an
    empty value, or as a field that another one of its kind has, such as another position."""
    head, *rest = path.split(".")
    if head not in GROUPS:
        return True
    at: Any = tree.get(head)
    for name in rest:
        if not at:
            return True
        if not isinstance(at, Mapping) or name not in at:
            break
        at = at[name]
    else:
        return True
    alike = (other.split(".") for other in _paths({head: tree[head]}))
    return any(len(other) == len(rest) + 1 and other[-1] == rest[-1] and _siblings(other[1:], rest) for other in alike)


def _siblings(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two paths of one length differ in one part, such as the position."""
    return sum(a != b for a, b in zip(one, other, strict=True)) <= 1


def _paths(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in tree.items():
        yield f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{name}.")


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
