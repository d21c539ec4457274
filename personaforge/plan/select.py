"""dbt's selection grammar over our nodes.

    image/07            a node of every persona in the command; globs allowed: image/*
    sofia-reyes/image/07   a node of one persona; sofia-reyes alone for all of its nodes
    +anchor  anchor+  2+image/*+1  @anchor    with what it needs, what needs it, that many steps of it; @: with both
                                              and whatever those need
    tag:identity  step:image  kind:draft  persona:sofia-*  state:modified  result:rejected  config:image.width
    A B                 union (also: --select A --select B)
    A,B                 intersection

`state:` reads the plan (modified: would run; new: never built; or a state's name), `result:` the last outcome
(accepted, flagged, unmeasured, rejected, failed), `config:` the nodes that may read a setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, get_args

from personaforge.errors import PlanError
from personaforge.plan.plan import State

METHODS = ("name", "tag", "step", "kind", "persona", "state", "result", "config")

VALUES = {
    "state": ("modified", "new", *get_args(State)),
    "result": ("accepted", "flagged", "unmeasured", "rejected", "failed"),
}
"""What `state:` and `result:` may ask for. It is no mistake if no node matches: there may be none in that state now."""

_TERM = re.compile(r"^(?P<at>@)?(?:(?P<up>\d*)(?P<plus>\+))?(?P<body>[^+@]+?)(?:(?P<minus>\+)(?P<down>\d*))?$")


class Selectable(NamedTuple):
    """A node as selection sees it."""

    id: str
    persona: str
    name: str
    step: str
    kind: str
    tags: tuple[str, ...]
    needs: tuple[str, ...]
    """Ids."""
    reads: tuple[str, ...]


class Term(NamedTuple):
    """One term of the grammar."""

    text: str
    method: str
    value: str
    up: int | None
    """Steps of needs to take along; None for none, -1 for all."""
    down: int | None
    at: bool


def parse(text: str) -> list[list[Term]]:
    """Return a union of intersections of terms. Raises PlanError."""
    unions: list[list[Term]] = []
    for group in text.split():
        terms = [_term(part) for part in group.split(",") if part]
        if not terms:
            raise PlanError(f"the selection {text!r} has an empty part", hint="see `forge build --help`")
        unions.append(terms)
    return unions


def asks_for(selections: Iterable[str], method: str) -> bool:
    """Tell whether any selection uses a method, such as `state`, which needs a plan first."""
    return any(term.method == method for text in selections for terms in parse(text) for term in terms)


def values(selections: Iterable[str], method: str) -> Iterator[str]:
    """Yield what every term of a method asks for, such as the settings of `config:`."""
    yield from (term.value for text in selections for terms in parse(text) for term in terms if term.method == method)


def select(
    nodes: Sequence[Selectable],
    include: Sequence[str],
    exclude: Sequence[str],
    *,
    state: Callable[[str], frozenset[str]] = lambda node: frozenset(),
    result: Callable[[str], str] = lambda node: "",
) -> set[str]:
    """Return the ids of selected nodes; everything when nothing is asked for.

    Raises PlanError for a term that matches nothing by name, tag, step, kind or persona, with the nearest name, and for
    an intersection in which nothing is left, though no state or result is asked for.
    """
    world = _World(nodes, state, result)
    chosen = world.union(include) if include else {node.id for node in nodes}
    return chosen - (world.union(exclude) if exclude else set())


def whole_personas(nodes: Sequence[Selectable], selections: Iterable[str]) -> list[str]:
    """Return what names personas and no node of theirs, such as `sofia-reyes` or `persona:*`, as it was written."""
    return [
        ",".join(term.text for term in terms)
        for text in selections
        for terms in parse(text)
        if all(_is_persona(term, nodes) for term in terms)
    ]


def _is_persona(term: Term, nodes: Sequence[Selectable]) -> bool:
    if term.method == "name":
        # A glob crosses the slash, so `sofia-*` would fit the ids of her nodes, too.
        names = {name for node in nodes for name in (node.name, node.step)}
        names |= {node.id for node in nodes} if "/" in term.value else set()
        return not any(fnmatchcase(name, term.value) for name in names)
    return term.method == "persona"


class _World:
    def __init__(
        self, nodes: Sequence[Selectable], state: Callable[[str], frozenset[str]], result: Callable[[str], str]
    ) -> None:
        self._nodes = {node.id: node for node in nodes}
        self._state = state
        self._result = result
        self._users: Mapping[str, list[str]] | None = None

    def union(self, selections: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for text in selections:
            for terms in parse(text):
                both = set.intersection(*(self._expanded(term) for term in terms))
                if not both and not any(term.method in VALUES for term in terms):
                    names = [term.text for term in terms]
                    raise PlanError(
                        f"nothing is selected by {','.join(names)!r}: nothing is both {' and '.join(names)}",
                        hint=f"for either, write a space: '{' '.join(names)}', or repeat the option",
                    )
                found |= both
        return found

    def _expanded(self, term: Term) -> set[str]:
        found = self._matching(term)
        if not found and term.value not in VALUES.get(term.method, ()):
            raise PlanError(f"nothing is selected by {term.text!r}", hint=self._nearest(term))
        chosen = set(found)
        if term.up is not None or term.at:
            chosen |= self._walk(found, self._needs, -1 if term.up is None else term.up)
        if term.down is not None or term.at:
            below = self._walk(found, self._needed_by, -1 if term.down is None else term.down)
            chosen |= below
            if term.at:
                chosen |= self._walk(below, self._needs, -1)
        return chosen

    def _matching(self, term: Term) -> set[str]:
        value = term.value
        nodes = self._nodes.values()
        if term.method == "name":
            if value in self._nodes:
                return {value}
            return {node.id for node in nodes if _named(node, value)}
        if term.method == "state":
            return {node.id for node in nodes if value in self._state(node.id)}
        if term.method == "result":
            return {node.id for node in nodes if self._result(node.id) == value}
        if term.method == "config":
            return {node.id for node in nodes if any(_covers(path, value) for path in node.reads)}
        field: Callable[[Selectable], tuple[str, ...]] = {
            "tag": lambda node: node.tags,
            "step": lambda node: (node.step,),
            "kind": lambda node: (node.kind,),
            "persona": lambda node: (node.persona,),
        }[term.method]
        return {node.id for node in nodes if any(fnmatchcase(one, value) for one in field(node))}

    def _walk(self, start: Iterable[str], step: Callable[[str], Iterable[str]], depth: int) -> set[str]:
        seen = set(start)
        edge = set(seen)
        while edge and depth != 0:
            edge = {other for node in edge for other in step(node)} - seen
            seen |= edge
            depth -= 1
        return seen

    def _needs(self, node: str) -> Iterable[str]:
        return self._nodes[node].needs

    def _needed_by(self, node: str) -> Iterable[str]:
        if self._users is None:
            users: dict[str, list[str]] = {}
            for other in self._nodes.values():
                for need in other.needs:
                    users.setdefault(need, []).append(other.id)
            self._users = users
        return self._users.get(node, ())

    def _nearest(self, term: Term) -> str:
        from difflib import get_close_matches

        known: set[str] = set()
        for node in self._nodes.values():
            known |= {
                "name": {node.name, node.step},
                "tag": set(node.tags),
                "persona": {node.persona},
                "config": set(node.reads),
                "step": {node.step},
                "kind": {node.kind},
            }.get(term.method, set())
        known |= set(VALUES.get(term.method, ()))
        step, slash, slot = term.value.rpartition("/")
        padded = f"{step}{slash}{slot.zfill(2)}"
        close = [padded] if padded in known else get_close_matches(term.value, sorted(known), 1)
        prefix = "" if term.method == "name" else f"{term.method}:"
        if close:
            return f"did you mean {prefix}{close[0]}?"
        shown = [f"{prefix}{name}" for name in (VALUES.get(term.method) or sorted(known)[:12])]
        return f"there is: {', '.join(shown)}"


def _term(text: str) -> Term:
    match = _TERM.match(text)
    if match is None:
        raise PlanError(
            f"can't read the selection {text!r}", hint="examples: image/*  +anchor  tag:identity,state:modified+"
        )
    method, colon, value = match["body"].partition(":")
    if not colon:
        method, value = "name", match["body"]
    if method not in METHODS or not value:
        raise PlanError(f"{text!r}: there is no selection method {method!r}", hint=f"methods: {', '.join(METHODS)}")
    up = None if match["plus"] is None else int(match["up"]) if match["up"] else -1
    down = None if match["minus"] is None else int(match["down"]) if match["down"] else -1
    return Term(text, method, value, up, down, match["at"] is not None)


def _named(node: Selectable, value: str) -> bool:
    return (
        fnmatchcase(node.name, value)
        or fnmatchcase(node.step, value)
        or fnmatchcase(node.id, value)
        or fnmatchcase(node.persona, value)
    )


def _covers(read: str, asked: str) -> bool:
    return read == asked or asked.startswith(read + ".") or read.startswith(asked + ".")
