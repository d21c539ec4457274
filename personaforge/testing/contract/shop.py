"""A store and the engine that buys for it, as a build has them, without any waiting."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personaforge.plan.contents import Contents
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
from personaforge.store.store import Store
from personaforge.testing import png
from personaforge.testing.contract.case import KINDS, REFERENCE
from personaforge.testing.media import clip, sound
from personaforge.testing.server import Server
from personaforge.testing.sizes import asked_size


class _Reference(Contents):
    """What the store holds, and a reference picture under every digest."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, store.build_folder("nobody"))

    def read(self, digest: str) -> bytes:
        return REFERENCE


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
        """Let that many seconds pass, and tell whether the build is to stop."""
        self.naps.append(seconds)
        self.now += seconds
        if len(self.naps) > 2_000:
            raise AssertionError("the engine waits for ever")
        return self.stop.is_set()

    def buy(self, action: Action, node: str = "ana/image/01") -> Result:
        """Have an action performed, as a build does."""
        return self.engine.perform(action, node.partition("/")[0], node, Tally(), _Reference(self.engine.store))

    def states(self) -> list[str]:
        """Return how it is with every call that the journal still has open."""
        return [entry.state for entry in self.store.journal.open_entries()]

    def content(self, result: Result) -> bytes:
        """Return the one artifact that a result has."""
        (artifact,) = result.outputs.values()
        return self.store.blobs.get(artifact.digest)

    def said(self, kind: str) -> list[str]:
        """Return the messages of all events of a kind."""
        return [event.message for event in self.events if event.type == kind]


def picture(body: Mapping[str, Any], number: int) -> tuple[bytes, str]:
    """What the server draws: a picture of the asked size that differs by number."""
    width, height = asked_size(body)
    note = f"drawn {number} " + "x" * 3000
    return png((number % 250, 90, 40), width=width, height=height, note=note), "image/png"


def stocked(server: Server) -> Server:
    """Give a server pictures, clips and sounds to hand out."""
    server.state["picture"] = picture
    server.state["sound"] = lambda form, number: sound(form, f"spoken {number}")
    server.state["clip"] = lambda body, number: (clip((number % 250, 90, 40), "film"), "video/webm")
    return server
