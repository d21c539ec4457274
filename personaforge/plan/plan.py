"""The plan as a value: what each node would do, why, and what that may cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from personaforge import __version__
from personaforge.arguments import texts
from personaforge.digest import digest_strings
from personaforge.plan.graph import Shape, ShapeNode
from personaforge.spec.load import Loaded
from personaforge.steps.action import Action, Outcome
from personaforge.steps.context import ANCHOR
from personaforge.steps.look import Overruled, overruled_text
from personaforge.store.index import NodeRow
from personaforge.store.lockfile import LockFile

SCHEMA = 1
"""Of the JSON form."""

State = Literal["cached", "pinned", "restore", "run", "maybe", "blocked", "missing", "left"]
"""cached: its result is known and is in the build folder. pinned: kept by the lock, whatever the settings say.
restore: known, but the file is missing or was edited, or its line is gone from the lock. run: something that shapes it
changed. maybe: only if the result of a need changes. blocked: it can't be made, since what it needs failed its
gate or nothing could judge it. missing: pinned, and its bytes are nowhere. left: not selected."""

WORKING: tuple[State, ...] = ("run", "maybe", "restore")
"""States in which a build has something to do or to decide."""


@dataclass(frozen=True)
class PlanRequest:
    """What the user asks of a plan besides personas. One text is one override or selection."""

    overrides: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force: tuple[str, ...] = ()
    repin: tuple[str, ...] = ()
    frozen: bool = False
    """Whether nothing may be made that the lock doesn't pin."""

    def __post_init__(self) -> None:
        """Raise PersonaForgeError for what are no texts."""
        for name in ("overrides", "select", "exclude", "force", "repin"):
            object.__setattr__(self, name, texts(name, getattr(self, name)))


@dataclass(frozen=True)
class Selection:
    """What that means for this graph."""

    selected: frozenset[str] | None = None
    """Node ids; None for all."""
    forced: frozenset[str] = frozenset()
    """Nodes that are to have a further take."""
    repinned: frozenset[str] = frozenset()
    """Nodes whose pin may be replaced. The anchor's covers its candidates."""
    frozen: bool = False
    """Whether nothing may be made that the lock doesn't pin."""
    excluded: frozenset[str] = frozenset()
    """Nodes that the user left out by name."""


class Reason(NamedTuple):
    """Why a node is in its state."""

    code: str
    """new, setting, template, input, code, provider, analyzer, output, lost, forced, repin, gate, needs, pin, sent
    (a paid call of it has no result yet) or issued: where a new face will lie among those issued."""
    text: str
    """For people, with old and new values."""

    def as_json(self) -> dict[str, str]:
        """Return the reason as JSON."""
        return {"code": self.code, "text": self.text}


class Estimate(NamedTuple):
    """What a node may buy."""

    calls_min: int = 0
    calls_max: int = 0
    priced_usd_min: float = 0.0
    """US dollars of the calls whose price is declared."""
    priced_usd_max: float = 0.0
    unpriced_min: int = 0
    """Calls whose price is not declared."""
    unpriced_max: int = 0

    @property
    def usd_min(self) -> float | None:
        """What all calls cost at least, US dollars; None where a price is not declared."""
        return None if self.unpriced_min else self.priced_usd_min

    @property
    def usd_max(self) -> float | None:
        """What all calls cost at most, US dollars; None where a price is not declared."""
        return None if self.unpriced_max else self.priced_usd_max

    def __add__(self, other: object) -> Estimate:
        if not isinstance(other, Estimate):
            return NotImplemented
        return Estimate(
            self.calls_min + other.calls_min,
            self.calls_max + other.calls_max,
            self.priced_usd_min + other.priced_usd_min,
            self.priced_usd_max + other.priced_usd_max,
            self.unpriced_min + other.unpriced_min,
            self.unpriced_max + other.unpriced_max,
        )

    def as_json(self) -> dict[str, float | int | None]:
        """Return the estimate as JSON, in US dollars; null for what all calls cost where a price is not declared."""
        return {**self._asdict(), "usd_min": self.usd_min, "usd_max": self.usd_max}


NOTHING = Estimate()


class PlannedNode:
    """One node's part of the plan."""

    __slots__ = (
        "after",
        "estimate",
        "keys",
        "missing",
        "note",
        "outcome",
        "persona",
        "reads",
        "reasons",
        "returns",
        "row",
        "shape",
        "signature",
        "state",
    )

    def __init__(self, persona: str, shape: ShapeNode, row: NodeRow | None) -> None:
        self.persona = persona
        self.shape = shape
        self.row = row
        """The last finished outcome, with its files' present signatures."""
        self.state: State = "cached"
        self.reasons: tuple[Reason, ...] = ()
        self.signature = ""
        """Empty while what it needs isn't settled."""
        self.outcome: Outcome | None = None
        """The outcome of replaying; None where the last outcome is still valid."""
        self.reads: Mapping[str, Any] = {}
        """Settings that replaying read."""
        self.keys: tuple[str, ...] = ()
        """Keys of the actions that replaying asked for."""
        self.missing: Action | None = None
        """The first action to perform, where it is known."""
        self.estimate = NOTHING
        self.note = ""
        self.returns = False
        """Whether it runs only to make again what the lock pins: nodes that need it are not going to change."""
        self.after = ""
        """Id of another persona's node that has to run before, though nothing of it is needed."""

    @property
    def id(self) -> str:
        """`sofia-reyes/image/07`."""
        return f"{self.persona}/{self.shape.name}"

    @property
    def rejected(self) -> bool:
        """Whether its outcome fails its gate."""
        status = self.outcome.status if self.outcome is not None else self.row.status if self.row is not None else ""
        return status == "rejected" and self.state not in ("run", "maybe")

    @property
    def outcome_digest(self) -> str:
        """What the nodes after it depend on; empty while it isn't settled."""
        if self.outcome is not None:
            return self.outcome.digest
        if self.state in ("cached", "pinned", "restore", "left") and self.row is not None:
            return self.row.outcome
        return ""

    def as_json(self) -> dict[str, Any]:
        """Return the node as JSON."""
        fields: dict[str, Any] = {
            "id": self.id,
            "step": self.shape.step,
            "slot": self.shape.slot,
            "kind": self.shape.kind.name,
            "tags": list(self.shape.tags),
            "state": self.state,
            "reasons": [reason.as_json() for reason in self.reasons],
            "estimate": self.estimate.as_json(),
        }
        if self.missing is not None:
            fields["next_action"] = {"kind": self.missing.kind, "key": self.missing.key}
        if self.note:
            fields["note"] = self.note
        return fields


@dataclass
class PersonaPlan:
    """One persona's part of the plan."""

    loaded: Loaded
    shape: Shape
    lock: LockFile
    nodes: dict[str, PlannedNode] = field(default_factory=dict)
    """By name, in topological order."""
    lost: frozenset[str] = frozenset()
    """Nodes in `lock` whose line is not in the file any more, and which the store still knows; see `plan.recall`."""
    unread: frozenset[str] = frozenset()
    """Ids of nodes whose last result is there and can't be read."""
    overruled: tuple[Overruled, ...] = ()
    """What the pinned anchor overrules of the file; see `personaforge.steps.look`."""
    remarks: tuple[str, ...] = ()
    """What else the user should know of this persona."""

    @property
    def id(self) -> str:
        """The persona."""
        return self.loaded.settings.id

    @property
    def overruled_text(self) -> str:
        """What the pinned anchor overrules, and what to do about it, for people; empty where that is nothing."""
        return overruled_text(self.id, self.loaded.settings.step_of(ANCHOR), self.overruled)

    @property
    def document(self) -> PlannedNode | None:
        """The node that writes the persona document, in pipelines that have one."""
        return next((node for node in self.nodes.values() if node.shape.kind.role == "document"), None)


@dataclass
class Plan:
    """What a build of these personas would do. Made by `personaforge.plan.planner`, which writes nothing."""

    personas: list[PersonaPlan]
    overrides: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)
    notices: tuple[str, ...] = ()
    """What the user should know once, such as that nothing can be measured here."""
    plugins: tuple[str, ...] = ()
    """Plug-ins in force, each with its version."""

    def nodes(self) -> Iterator[PlannedNode]:
        """Yield every node, selected or not."""
        for persona in self.personas:
            yield from persona.nodes.values()

    def counts(self) -> dict[str, int]:
        """Return how many nodes are in each state."""
        found: dict[str, int] = {}
        for node in self.nodes():
            found[node.state] = found.get(node.state, 0) + 1
        return found

    @property
    def estimate(self) -> Estimate:
        """What all nodes together may buy."""
        return total(node.estimate for node in self.nodes())

    @property
    def has_changes(self) -> bool:
        """Whether a build would have anything to do."""
        return any(node.state in WORKING or node.state == "missing" for node in self.nodes())

    @property
    def stands(self) -> bool:
        """Whether every node's last outcome is still valid, so that a run would not even have to note anything."""
        return all(
            node.state not in WORKING and node.outcome is None and node.state != "missing" for node in self.nodes()
        )

    @property
    def digest(self) -> str:
        """What a saved plan is compared by: every node's state, and what it depends on."""
        parts = [f"{node.id} {node.state} {node.signature} {node.outcome_digest}" for node in self.nodes()]
        return digest_strings("plan/1", [*parts, *self.overrides])

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON, with a schema version."""
        return {
            "schema": SCHEMA,
            "forge": __version__,
            "overrides": list(self.overrides),
            "notices": list(self.notices),
            "plugins": list(self.plugins),
            "digest": self.digest,
            "summary": {"nodes": self.counts(), "estimate": self.estimate.as_json(), "changes": self.has_changes},
            "personas": [
                {
                    "id": persona.id,
                    "file": str(persona.loaded.file),
                    "overruled": [one.as_json() for one in persona.overruled],
                    "nodes": [n.as_json() for n in persona.nodes.values()],
                }
                for persona in self.personas
            ],
        }


def total(estimates: Iterable[Estimate]) -> Estimate:
    """Return the sum of estimates; unknown as soon as one is."""
    found = NOTHING
    for estimate in estimates:
        if estimate is not NOTHING:
            found = found + estimate
    return found


def described(plan: Plan, states: Mapping[str, str]) -> str:
    """Return the counts in words: `3 to run, 1 to restore`."""
    counts = plan.counts()
    return ", ".join(f"{counts[state]} {words}" for state, words in states.items() if counts.get(state))
