"""Keeps a build's events as records, piece by piece: the events of a killed build are known up to its last piece.

A build in which no action begins and nothing fails has no event worth keeping, and keeps none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from personaforge.run.events import Event
from personaforge.store.store import Store

PIECE = 500
"""Events to a record, some 100 kB; never rewritten."""
SECONDS = 10.0
"""The longest that an event waits for its piece to fill, when another one comes."""


class Chronicle:
    """A listener to events. Close it when the build is over."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._build = ""
        self._waiting: list[dict[str, Any]] = []
        self._first = 0
        self._worth = False
        self._kept = clock()

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if event.type == "build_started":
            self._build = str(event.result["build"])
        fields = event.as_json(self._build)
        self._waiting.append({name: value for name, value in fields.items() if name not in ("schema", "jobId")})
        self._worth = self._worth or event.type == "action_started" or bool(event.error)
        if self._worth and (len(self._waiting) >= PIECE or self._clock() - self._kept >= SECONDS):
            self._keep()

    def close(self) -> None:
        """Keep the last piece."""
        if self._worth and self._waiting:
            self._keep()

    def _keep(self) -> None:
        record = {"build": self._build, "first": self._first, "events": self._waiting}
        self._store.keep("events", f"{self._build}-{self._first:09}", record)
        self._first += len(self._waiting)
        self._waiting = []
        self._kept = self._clock()
