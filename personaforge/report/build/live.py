"""The live display of a build on a terminal: nodes done, what is in flight, cost, time left."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from personaforge.listing import and_more
from personaforge.plan.plan import Plan
from personaforge.report.build.pace import TimeLeft
from personaforge.report.lines import node_text
from personaforge.report.terminal import console, one_line
from personaforge.run.events import Event

_SHOWN_IN_FLIGHT = 6
_BAD = ("failed", "rejected", "skipped")


class LiveProgress:
    """Redraws a few lines while a build runs, and leaves lines only for what went wrong."""

    def __init__(self, plan: Plan, known: Mapping[str, float]) -> None:
        """`known` are the seconds that nodes of each kind take; see `pace`."""
        self._pace = TimeLeft(plan, known)
        self._console = console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[cost]}"),
            console=self._console,
        )
        names = [persona.id for persona in plan.personas]
        self._title = names[0] if len(names) == 1 else f"{len(names)} personas"
        self._task: TaskID | None = None
        self._flying: dict[str, tuple[float, str]] = {}
        self._cost = 0.0
        self._done = self._total = 0
        self._started = time.monotonic()
        self._live = Live(console=self._console, refresh_per_second=8, transient=True, get_renderable=self._render)

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        if event.type == "build_started":
            self._total = int(event.result["nodes"])
            self._task = self._bar.add_task(self._title, total=self._total, cost="", left="")
        elif event.type == "node_started":
            self._flying[event.node] = (time.monotonic(), "")
        elif event.type in ("action_started", "action_waiting") and event.node in self._flying:
            what = str(event.result.get("kind", ""))
            if event.type == "action_waiting":
                what = f"waits: {event.message.partition(':')[0]}"
            if event.result.get("attempt"):
                what += f", attempt {event.result['attempt'] + 1}"
            self._flying[event.node] = (self._flying[event.node][0], what)
        elif event.type == "notice":
            self._console.print(Text(f"note: {one_line(event.message)}", style="yellow"))
        elif event.type == "node_finished":
            since, _ = self._flying.pop(event.node, (time.monotonic(), ""))
            self._pace.ended(event.node, time.monotonic() - since, bool(event.result.get("performed")))
            self._done += 1
            self._cost += float(event.result.get("cost_usd") or 0.0)
            if event.result.get("end") in _BAD:
                self._console.print(Text(one_line(f"{event.node} {node_text(event.result, event.error)}"), style="red"))
            if self._task is not None:
                cost = f"${self._cost:.2f}" if self._cost else ""
                self._bar.update(self._task, completed=self._done, cost=cost, left=self._left())

    def _left(self) -> str:
        """Return the time left at the pace so far; nothing while it would only be a guess."""
        seconds = self._pace.left(time.monotonic() - self._started)
        return f"about {seconds:.0f}s left" if seconds is not None and seconds >= 1 else ""

    def _render(self) -> Group:
        now = time.monotonic()
        lines = [
            Text(f"  {node}  {what}  {now - since:.0f}s", style="dim")
            for node, (since, what) in list(self._flying.items())[:_SHOWN_IN_FLIGHT]
        ]
        more = and_more(len(self._flying) - _SHOWN_IN_FLIGHT)
        if more:
            lines.append(Text(f" {more}", style="dim"))
        return Group(self._bar, *lines)
