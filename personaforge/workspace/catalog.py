"""What there is to name in a project: nodes, and the entries of a persona's settings. For `forge ls`; runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from personaforge.plan.plan import PlanRequest
from personaforge.plan.planner import Planner
from personaforge.spec.kinds import kind_named
from personaforge.spec.pins import fields
from personaforge.spec.settings import Settings
from personaforge.workspace.selection import selected

if TYPE_CHECKING:
    from personaforge.spec.load import Loaded
    from personaforge.workspace.workspace import Workspace


class Entry(NamedTuple):
    """One thing that can be named."""

    name: str
    """As it is typed: a node's id, or the name within its group."""
    about: str
    """A few words; empty where there is nothing to say."""


def nodes(space: Workspace, loaded: list[Loaded], select: Sequence[str], exclude: Sequence[str]) -> list[Entry]:
    """Return the nodes of personas, or those that are selected, in the order of their graphs. Raises PlanError."""
    planner = Planner(space.plan_context)
    chosen = selected(PlanRequest(select=tuple(select), exclude=tuple(exclude)), loaded, planner, space.store).selected
    return [
        Entry(f"{one.settings.id}/{node.name}", " ".join((node.kind.name, *node.tags)))
        for one in loaded
        for node in planner.shapes.of(one.settings).nodes
        if chosen is None or f"{one.settings.id}/{node.name}" in chosen
    ]


def entries(what: str, settings: Settings) -> list[Entry]:
    """Return the entries of one of `LISTS` as a persona's settings have them. Raises KeyError for another name."""
    return list(LISTS[what](settings))


def _contexts(settings: Settings) -> Iterator[Entry]:
    for name, context in settings.value("fashion.contexts").items():
        yield Entry(name, str(context["style"]))


def _positions(settings: Settings) -> Iterator[Entry]:
    for slot, one in settings.value("matrix.positions").items():
        yield Entry(slot, f"{one['name']}: {one['tier']}, {one['distance']}, {one['expression']}")
    for group, what in (("references", "reference"), ("utility", "utility image")):
        for slot, one in settings.value(f"matrix.{group}").items():
            yield Entry(slot, f"{one['name']}: {what}, {one['distance']}, {one['expression']}")


def _scenes(settings: Settings) -> Iterator[Entry]:
    for name, scene in settings.value("matrix.scenes").items():
        yield Entry(name, str(scene["text"]))


def _motions(settings: Settings) -> Iterator[Entry]:
    for name, one in settings.value("motion.types").items():
        yield Entry(name, f"{one['seconds']} s, {one['aspect']}: {one['description']}")


def _steps(settings: Settings) -> Iterator[Entry]:
    for name, step in settings.value("pipeline.steps").items():
        needs = ", ".join(step["needs"])
        yield Entry(name, f"{step['kind']}{f', needs {needs}' if needs else ''}")


def _pins(settings: Settings) -> Iterator[Entry]:
    """Yield the fields that a persona file may pin, with what each takes."""
    for step in settings.value("pipeline.steps").values():
        if "section" in step and "schema" in step and kind_named(step["kind"]).role != "summary":
            for field in fields(f"pinned.{step['section']}", settings.value(f"schema.{step['schema']}")):
                yield Entry(*field)


LISTS: Mapping[str, Callable[[Settings], Iterator[Entry]]] = {
    "positions": _positions,
    "contexts": _contexts,
    "scenes": _scenes,
    "motions": _motions,
    "steps": _steps,
    "pins": _pins,
}
"""What can be listed besides nodes -> how it is read from a persona's settings."""
