"""What every adapter of a hosted provider has to keep, driven by the real engine over real HTTP.

A provider's case (`tests/providers/cases.py`) says what is asked, what has to go over the wire, and how the server's
routes can be made to fail. `test_contract.py` runs every check over every case.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personaforge.digest import digest_json
from personaforge.plan.contents import Contents
from personaforge.providers.table import capability
from personaforge.run.actions import Engine, Tally
from personaforge.run.budget import Budget
from personaforge.run.calls import Calls
from personaforge.run.events import Event, Events
from personaforge.run.executors import Executors
from personaforge.run.limits import Lanes
from personaforge.run.retrying import Backoff, Pace
from personaforge.run.setup import settle_recorded
from personaforge.spec.project import Project
from personaforge.steps.action import Action, Result
from personaforge.steps.prices import price_of
from personaforge.store.store import Store
from personaforge.testing import png
from tests.providers.sounds import sound
from tests.server import Becomes, Call, Fault, Route, Server

KINDS = {"text": "complete", "image": "draw", "video": "film", "speech": "speak"}
REFERENCE = png((10, 20, 30), note="the reference")
CANARY = "canary-0f3b9c-do-not-keep"
"""The key that every test gives, and that nothing may hold afterwards."""


class _Reference(Contents):
    """What the store holds, and a reference picture under every digest."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, store.build_folder("nobody"))

    def read(self, digest: str) -> bytes:
        return REFERENCE


@dataclass(frozen=True)
class Case:
    """One adapter and one of its models."""

    name: str
    """Of the provider, as in YAML."""
    modality: str
    model: str
    fields: Mapping[str, Any]
    """Of the request."""
    routes: list[Route]
    submit: str
    """Name of the route that accepts requests that cost money."""
    wire: Callable[[Call], None]
    """Asserts what has to be in the first request to that route."""
    url: str
    """The variable that sets the provider's address."""
    key: str
    """The variable that holds the key."""
    price: Any = 0.05
    """As the YAML declares it."""
    usd: float = 0.05
    """What the call then costs."""
    references: bool = True
    """Whether a reference picture goes along."""
    poll: str = ""
    """Name of the route that tells about jobs; empty for an immediate provider."""
    file: str = "files.get"
    """Name of the route that serves results; empty where they are in the answer."""
    keyed_file: bool = False
    """Whether that route is the provider's own, and asks for the key."""
    blocked: tuple[str, Fault] = ("", Becomes("blocked"))
    """(route, fault) of a content filter."""
    failed: tuple[str, Fault] | None = None
    """(route, fault) of a job that was accepted and failed."""
    in_200: tuple[str, Fault] | None = None
    """(route, fault) of an error inside a good answer to what costs money."""
    besides: Mapping[str, str] = field(default_factory=dict)
    """Other variables that the provider needs."""
    no_credit: Fault | None = None
    """An answer of the submit route for an account without credit."""

    @property
    def id(self) -> str:
        return f"{self.name}-{self.modality}"

    def action(self, take: int = 0) -> Action:
        """Return the action that the case asks for."""
        fixed = capability(self.modality, self.name)
        fields = {name: value for name, value in self.fields.items() if name in fixed.reads}
        kind = KINDS[self.modality]
        inputs = {"reference": digest_json("reference", 1)} if self.references else {}
        return Action(
            kind,
            f"{fixed.name}@{fixed.version}",
            {**fields, "model": self.model},
            inputs,
            take=take,
            deterministic=False,
            price=price_of(True, self.price, kind, fields),
        )


@dataclass
class Shop:
    """A store and the engine that buys for it, without any waiting: its sleep moves its clock."""

    root: Path
    timeout: float = 5.0
    max_usd: float | None = None
    now: float = 1_000_000.0
    naps: list[float] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    engine: Engine = field(init=False)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    def close(self) -> None:
        """End the process, so to speak."""
        self.engine.executors.close()
        self.store.close()

    def open(self) -> Shop:
        """Open the store anew, as another process would."""
        if hasattr(self, "store"):
            self.close()
        self.root.mkdir(exist_ok=True)
        self.store = Store(Project(self.root))
        executors = Executors(lambda identity: None, dict.fromkeys(KINDS, self.timeout), self.store.blobs.scratch)
        store = self.store
        calls = Calls(
            lambda: store.journal,
            executors,
            Budget(self.max_usd),
            Lanes(lambda: self.now),
            Events(self.events.append),
            self.nap,
            clock=lambda: self.now,
            chance=lambda: 0.5,
            backoff=Backoff(),
            pace=Pace(),
        )
        self.engine = Engine(self.store, executors, calls, calls.emit, self.stop.is_set, clock=lambda: self.now)
        settle_recorded(self.store)
        return self

    def nap(self, seconds: float) -> bool:
        self.naps.append(seconds)
        self.now += seconds
        if len(self.naps) > 2_000:
            raise AssertionError("the engine waits for ever")
        return self.stop.is_set()

    def buy(self, action: Action, node: str = "ana/image/01") -> Result:
        return self.engine.perform(action, node.partition("/")[0], node, Tally(), _Reference(self.engine.store))

    def states(self) -> list[str]:
        return [entry.state for entry in self.store.journal.open_entries()]

    def content(self, result: Result) -> bytes:
        (artifact,) = result.outputs.values()
        return self.store.blobs.get(artifact.digest)

    def said(self, kind: str) -> list[str]:
        return [event.message for event in self.events if event.type == kind]


def picture(body: Mapping[str, Any], number: int) -> tuple[bytes, str]:
    """What the server draws: a picture that differs by number."""
    return png((number % 250, 90, 40), width=16, height=16, note=f"drawn {number} " + "x" * 3000), "image/png"


def stocked(server: Server) -> Server:
    """Give a server pictures, clips and sounds to hand out."""
    from tests.run.conftest import clip

    server.state["picture"] = picture
    server.state["sound"] = lambda form, number: sound(form, f"spoken {number}")
    server.state["clip"] = lambda body, number: (clip((number % 250, 90, 40), "film"), "video/webm")
    return server
