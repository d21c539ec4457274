"""The graph of a persona: its steps laid out into nodes, in an order in which needs come first.

Personas with the same pipeline, matrix, motions and number of candidates have the same shape, which is laid out once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from personaforge.errors import PlanError
from personaforge.spec.kinds import framing_of, kind_named
from personaforge.spec.settings import Settings
from personaforge.steps.context import Node
from personaforge.steps.table import StepKind, step_kind

MAX_NODES = 5_000
"""For one persona; ours have about 42."""
_FILES = "material.files"
"""The setting that says which files a brief has, with their digests: what was drafted from them is told by it."""
_TEXTS = "material"
"""The setting with the files' texts besides: a second reader's coverage is of what they state, too."""


class ShapeNode(NamedTuple):
    """A node of any persona with this shape."""

    name: str
    """`image/07`."""
    step: str
    slot: str
    kind: StepKind
    needs: tuple[str, ...]
    tags: tuple[str, ...]
    declaration: Mapping[str, Any]
    """The step as `conf/pipeline` declares it."""
    reads: tuple[str, ...]
    templates: tuple[str, ...]

    def node(self, persona: str, origin: str = "") -> Node:
        """Return the node of one persona, whose oldest id is `origin`."""
        return Node(persona, self.step, self.slot, self.kind.name, self.needs, self.tags, origin)


class Shape(NamedTuple):
    """The nodes of a persona in topological order."""

    nodes: tuple[ShapeNode, ...]
    by_name: Mapping[str, ShapeNode]


class Shapes:
    """Lays out graphs, once for each shape."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Shape] = {}

    def of(self, settings: Settings) -> Shape:
        """Return the shape of a persona's graph. Raises PlanError."""
        key = tuple(
            settings.groups[name].digest
            for name in ("pipeline", "matrix", "motion", "identity", "quality", "realism", "speech")
        )
        key += ("material",) if settings.get("material") else ()
        shape = self._known.get(key)
        if shape is None:
            shape = lay_out(settings)
            self._known[key] = shape
        return shape


def lay_out(settings: Settings) -> Shape:
    """Lay a persona's steps out into nodes. Raises PlanError."""
    steps: Mapping[str, Mapping[str, Any]] = settings.value("pipeline.steps")
    slots = {name: step_kind(step["kind"]).slots(settings, step) for name, step in steps.items()}
    if sum(len(each) for each in slots.values()) > MAX_NODES:
        raise PlanError(f"{settings.id} would have more than {MAX_NODES} nodes")
    nodes: list[ShapeNode] = []
    # What reads a brief reads the summary of its files, too, in any pipeline: nothing of it depends on a `needs` that
    # somebody forgot. Without files there is no such node, and no other node knows of it.
    summaries = [name for name, step in steps.items() if kind_named(step["kind"]).role == "summary" and slots[name]]
    for name in [*summaries, *(name for name in _ordered(steps) if name not in summaries)]:
        step = steps[name]
        kind = step_kind(step["kind"])
        told = summaries if "brief" in kind.reads and name not in summaries else []
        nodes += [
            ShapeNode(
                node_name(name, slot),
                name,
                slot,
                kind,
                tuple(
                    need
                    for other in dict.fromkeys((*told, *step["needs"]))
                    for need in _needed(step, other, slots[other], slot)
                ),
                tuple(step["tags"]) + _slot_tags(settings, step, slot),
                step,
                (
                    *kind.paths(name, step, slot, settings.value("matrix.anchor")),
                    *((_TEXTS if kind.role == "review" else _FILES,) if told else ()),
                ),
                kind.templates(step),
            )
            for slot in slots[name]
        ]
    return Shape(tuple(nodes), {node.name: node for node in nodes})


def _needed(step: Mapping[str, Any], other: str, slots: tuple[str, ...], slot: str) -> list[str]:
    """Return the nodes of a needed step: all of them, but of its source a node only needs its own slot."""
    return [node_name(other, each) for each in slots if other != step.get("source") or each == slot]


def node_name(step: str, slot: str) -> str:
    """Return a node's name within its persona."""
    return f"{step}/{slot}" if slot else step


def _ordered(steps: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return step names with needs first, in declared order otherwise. The spec has been checked for cycles."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in done:
            for other in steps[name]["needs"]:
                visit(other)
            done[name] = None

    for name in steps:
        visit(name)
    return list(done)


def _slot_tags(settings: Settings, step: Mapping[str, Any], slot: str) -> tuple[str, ...]:
    """Return the tags of a position or a motion: `--select tag:frontal`."""
    if step.get("positions") and slot:
        return tuple(settings.value(f"{step['positions']}.{slot}").get("tags", ()))
    if kind_named(step["kind"]).role == "clip":
        return tuple(framing_of(settings, step, slot).get("tags", ()))
    return ()
