"""Keeps a persona's lock file up to date during a build, beside other builds of the same persona."""

from __future__ import annotations

import threading

from personaforge.steps.action import Outcome
from personaforge.store.lockfile import LockFile, Pin, read_lock
from personaforge.store.store import Store


class LockKeeper:
    """Collects what is accepted, and writes it into the lock file as it stands on disk by then."""

    def __init__(self, store: Store, lock: LockFile) -> None:
        self._store = store
        self._mutex = threading.Lock()
        self._pins: dict[str, Pin] = {}
        self.lock = lock
        """The lock as this build sees it: what it read, with what it has accepted since."""

    def accept(self, name: str, outcome: Outcome) -> None:
        """Pin a node's outcome."""
        pin = Pin(
            key=outcome.key,
            outputs={name: output.artifact.digest for name, output in outcome.outputs.items()},
            media={name: output.artifact.media_type for name, output in outcome.outputs.items()},
            status=outcome.status,
            take=outcome.take,
            attempt=outcome.attempt,
            facts=dict(outcome.facts),
        )
        with self._mutex:
            if pin.line() != self.lock.line(name):
                self._pins[name] = pin
                self.lock = self.lock.with_pins({name: pin})

    def write(self) -> None:
        """Write what has been accepted. Lines that another build wrote meanwhile stay, unless this one has its own."""
        with self._mutex:
            if not self._pins:
                return
            with self._store.leases.take(f"lock-{self.lock.persona}"):
                read_lock(self.lock.path, self.lock.persona, self.lock.former).with_pins(self._pins).write()
