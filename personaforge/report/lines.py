"""Events for machines and logs: JSON lines to a file or standard output, and plain lines where there is no terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import IO, Any

from personaforge.errors import StoreError
from personaforge.report.formats.plain import json_text
from personaforge.report.terminal import echo, one_line, printable
from personaforge.run.events import Event


class EventLines:
    """Writes every event as a JSON line as it happens; `-` is standard output."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._job = ""
        self._file: IO[bytes] | None = None

    def __enter__(self) -> EventLines:
        if self._target == "-":
            self._file = sys.stdout.buffer
        else:
            try:
                self._file = open(self._target, "ab", buffering=0)
            except OSError as error:
                raise StoreError(f"can't write events: {error.strerror}", where=self._target) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None and self._target != "-":
            self._file.close()

    def __call__(self, event: Event) -> None:
        assert self._file is not None
        self._job = str(event.result.get("build", self._job)) if event.type == "build_started" else self._job
        line = json_text(event.as_json(self._job), indented=False)
        self._file.write(f"{printable(line)}\n".encode())
        if self._target == "-":
            self._file.flush()


class PlainProgress:
    """One line for every node that ended, with the count and the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._total = self._done = 0

    def __call__(self, event: Event) -> None:
        if event.type == "build_started":
            self._total = int(event.result["nodes"])
        elif event.type == "notice" or (event.type == "action_waiting" and event.message):
            echo(one_line(f"{event.node}: {event.message}"), err=True)
        elif event.type == "node_finished":
            self._done += 1
            seconds = time.monotonic() - self._started
            text = node_text(event.result, event.error)
            echo(f"[{self._done}/{self._total} {seconds:6.1f}s] {event.node} {one_line(text)}", err=True)


def node_text(result: Any, error: str) -> str:
    """Return how a node ended, in a few words."""
    end = str(result.get("end", ""))
    words = [end]
    if result.get("status") in ("flagged", "unmeasured"):
        words.append(str(result["status"]))
    if isinstance(result.get("composite"), float):
        words.append(f"{result['composite']:.2f}")
    if result.get("attempt"):
        words.append(f"attempt {result['attempt'] + 1}")
    if result.get("cost_usd"):
        words.append(f"${result['cost_usd']:.4f}")
    return " ".join(words) + (f": {error}" if error else "")
