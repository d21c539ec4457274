"""What changed between two sides: node by node, by what its key covers. Comments, descriptions and owners are in no
key, so a persona that only changed there is not touched; a template or a preset touches everybody who uses it.

A node's own key is its signature without what its needs came to (`personaforge.plan.resolver.Desk.signature`). Nodes
whose own key is the same and which need one that isn't *follow*: they change only if that comes out different.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from personaforge.errors import SpecError
from personaforge.plan.graph import ShapeNode
from personaforge.plan.plan import Reason
from personaforge.plan.reasons import changes, part_changes
from personaforge.plan.resolver import NodeResolver
from personaforge.repository.sides import Side, require_personas, sides
from personaforge.spec.load import Broken
from personaforge.workspace.workspace import Workspace

_OTHERS = ("code", "provider", "analyzer")
"""Reasons of `plan.explain.changes` that are told as they are; settings and templates are told in full."""


class SettingChange(NamedTuple):
    """A value that a key covers."""

    path: str
    before: Any
    """None where there is none."""
    after: Any


@dataclass(frozen=True)
class NodeChange:
    """A node whose key changed."""

    name: str
    kind: Literal["new", "gone", "changed", "follows"]
    settings: tuple[SettingChange, ...] = ()
    templates: tuple[str, ...] = ()
    """Names of the template files that differ."""
    reasons: tuple[Reason, ...] = ()
    """Whatever else: provider, pack, pin, needs."""
    was: str = ""
    """The node's name before, where its step was renamed."""

    def as_json(self) -> dict[str, Any]:
        """Return the change as JSON."""
        return {
            "node": self.name,
            "kind": self.kind,
            "settings": [one._asdict() for one in self.settings],
            "templates": list(self.templates),
            "reasons": [reason.as_json() for reason in self.reasons],
        }


@dataclass(frozen=True)
class PersonaChange:
    """A persona that is touched."""

    id: str
    kind: Literal["new", "gone", "changed"]
    nodes: tuple[NodeChange, ...]
    problem: str = ""
    """Why the earlier side can't be composed; then it counts as new."""
    was: str = ""
    """Its id on the earlier side, where that is another."""

    def count(self, kind: str) -> int:
        """Return how many nodes have changed in this way."""
        return sum(node.kind == kind for node in self.nodes)


def touched(
    space: Workspace,
    personas: Iterable[str],
    since: str,
    overrides: Sequence[str] = (),
    broken: list[Broken] | None = None,
) -> tuple[list[str], list[str]]:
    """Return the personas whose keys in the working tree differ from a revision's, and those that are gone.

    Personas of the working tree that can't be composed go into `broken`, if that is given. Raises SpecError and
    PlanError.
    """
    with sides(space, personas, since, None, overrides, broken) as (before, after):
        require_personas(before, after)
        found = list(persona_changes(before, after))
    return [one.id for one in found if one.kind != "gone"], [one.id for one in found if one.kind == "gone"]


def touched_between(
    space: Workspace, personas: Iterable[str], before: str, after: str | None, broken: list[Broken] | None = None
) -> list[str]:
    """Return the personas that are touched between two revisions, or since one, without those that are gone."""
    with sides(space, personas, before, after, (), broken) as (old, new):
        require_personas(old, new)
        return [one.id for one in persona_changes(old, new) if one.kind != "gone"]


def persona_changes(before: Side, after: Side) -> Iterator[PersonaChange]:
    """Yield the personas that are touched, by id. Raises SpecError where a template of the later side can't be read."""
    former = _renamed(before, after)
    for name in sorted({*before.loaded, *after.loaded, *before.broken} - {*former.values()}):
        if name in after.broken:
            continue  # told apart, since nothing can be said of its keys
        if name not in after.loaded:
            yield PersonaChange(name, "gone", ())
        elif name not in before.loaded and name not in former:
            nodes = (NodeChange(node.name, "new") for node in after.resolver(name).plan.shape.nodes)
            yield PersonaChange(name, "new", tuple(nodes), before.broken.get(name, ""))
        else:
            try:
                earlier = before.resolver(former.get(name, name))
                before_keys = _keys(earlier)
            except SpecError as error:
                nodes = (NodeChange(node.name, "new") for node in after.resolver(name).plan.shape.nodes)
                yield PersonaChange(name, "new", tuple(nodes), str(error.problems[0]))
                continue
            found = tuple(_node_changes(earlier, after.resolver(name), before_keys))
            if found:
                yield PersonaChange(name, "changed", found, was=former.get(name, ""))


def _renamed(before: Side, after: Side) -> dict[str, str]:
    """Return the earlier id of every persona that has another one by now: both sides know it by its oldest."""
    gone = {one.settings.origin: name for name, one in before.loaded.items() if name not in after.loaded}
    found = {name: gone.get(one.settings.origin) for name, one in after.loaded.items() if name not in before.loaded}
    return {name: old for name, old in found.items() if old is not None}


def _keys(resolver: NodeResolver) -> dict[str, str]:
    return {node.name: resolver.signature(node, {}, built=True) for node in resolver.plan.shape.nodes}


def _node_changes(before: NodeResolver, after: NodeResolver, keys: dict[str, str]) -> Iterator[NodeChange]:
    # A step that was renamed is the same one to the lock.
    old = {before.lock_name(name): node for name, node in before.plan.shape.by_name.items()}
    moved: set[str] = set()
    for node in after.plan.shape.nodes:
        was = old.pop(after.lock_name(node.name), None)
        if was is None:
            moved.add(node.name)
            yield NodeChange(node.name, "new")
        elif was.name != node.name:
            moved.add(node.name)
            yield _renamed_node(before, was, after, node)
        elif keys[node.name] != after.signature(node, {}, built=True) or _needs(before, was) != _needs(after, node):
            moved.add(node.name)
            yield _changed(before, was, after, node)
        elif needs := [name for name in node.needs if name in moved]:
            moved.add(node.name)
            shown = ", ".join(needs[:3]) + (f" and {len(needs) - 3} more" if len(needs) > 3 else "")
            yield NodeChange(node.name, "follows", reasons=(Reason("needs", f"only if it changes: {shown}"),))
    for node in old.values():
        yield NodeChange(node.name, "gone")


def _needs(resolver: NodeResolver, node: ShapeNode) -> tuple[str, ...]:
    return tuple(resolver.lock_name(need) for need in node.needs)


def _renamed_node(before: NodeResolver, old: ShapeNode, after: NodeResolver, new: ShapeNode) -> NodeChange:
    """Return what else is different about a node whose step was renamed."""
    paths = {path for path in (*old.reads, *new.reads) if not path.startswith("pipeline.steps")}
    settings = _settings(before, after, paths)
    return NodeChange(new.name, "changed", settings, reasons=(Reason("renamed", f"was {old.name}"),), was=old.name)


def _changed(before: NodeResolver, old: ShapeNode, after: NodeResolver, new: ShapeNode) -> NodeChange:
    was, now = before.facts(old), after.facts(new)
    reasons = [reason for reason in changes(was, now) if reason.code in _OTHERS]
    names = sorted({*was["templates"], *now["templates"]})
    templates = tuple(name for name in names if was["templates"].get(name) != now["templates"].get(name))
    if new.kind.pinned and before.lock.line(before.lock_name(old.name)) != after.lock.line(after.lock_name(new.name)):
        there = (before.lock_name(old.name) in before.lock, after.lock_name(new.name) in after.lock)
        words = {(True, True): "pins another result", (False, True): "pins it now", (True, False): "pins it no more"}
        reasons.append(Reason("pin", f"the lock {words[there]}"))
    if new.kind.names and before.plan.id != after.plan.id:
        reasons.append(Reason("setting", f"the persona's id {before.plan.id} is now {after.plan.id}"))
    was_needed, needed = set(_needs(before, old)), set(_needs(after, new))
    if was_needed != needed:
        added, left = sorted(needed - was_needed), sorted(was_needed - needed)
        parts = [f"needs {', '.join(added)}"] * bool(added) + [f"no longer needs {', '.join(left)}"] * bool(left)
        reasons.append(Reason("needs", "; ".join(parts)))
    return NodeChange(
        new.name, "changed", _settings(before, after, {*old.reads, *new.reads}), templates, tuple(reasons)
    )


def _settings(before: NodeResolver, after: NodeResolver, paths: Iterable[str]) -> tuple[SettingChange, ...]:
    found: dict[str, SettingChange] = {}
    for path in sorted(paths):
        if before.settings.digest_of(path) != after.settings.digest_of(path):
            for part in part_changes({path: before.settings.get(path)}, {path: after.settings.get(path)}):
                found[part[0]] = SettingChange(*part)
    return tuple(found[name] for name in sorted(found))
