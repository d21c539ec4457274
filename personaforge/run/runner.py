"""Runs a plan: nodes whose needs are settled go to the pool, in the plan's order, and a `PersonaWorker` settles each.

Procedures, providers and the store are ordinary blocking code. With one job the same code runs on a pool that calls at
once. Nodes are started in the plan's order, so a build is as deterministic as its providers, whatever the number of
jobs.

`jobs` bounds what takes a processor. A node whose provider is elsewhere mostly waits for the network: such nodes have
threads of their own, as many as keep their providers' calls in flight, and take turns with the others only for what
they do here (`actions.Engine.turns`).
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from personaforge.errors import PersonaForgeError
from personaforge.machine import machine_error
from personaforge.plan.plan import WORKING, Plan, PlannedNode
from personaforge.plan.resolver import PlanContext
from personaforge.providers.table import capability
from personaforge.run.actions import Engine, Tally
from personaforge.run.build_report import BuildReport, End, NodeReport
from personaforge.run.events import Event
from personaforge.run.limits import Stopped
from personaforge.run.lock import PinConflict
from personaforge.run.worker import PersonaWorker

MAX_THREADS = 320
"""Of nodes that wait for the network. A thread's stack costs some 100 kB once it is used."""
_SPARE = 2
"""Such nodes for every call in flight: while one is measured, another is ready to be sent."""


class CallAtOnce(Executor):
    """A pool of no threads: `--jobs 1`."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


@dataclass
class Runner:
    """Runs plans."""

    plan_context: PlanContext
    engine: Engine
    emit: Callable[[Event], None]
    jobs: int = 0
    """Nodes at once that take a processor; 0 for their number."""
    calls_at_once: int = 0
    """Calls that hosted providers are given at the same time, all together."""
    keep_going: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    make_pool: Callable[[int], Executor] | None = None
    """Makes the pool for so many nodes at once; our own threads without it."""
    build_id: str = field(default_factory=lambda: time.strftime("%Y%m%dT%H%M%S-") + uuid.uuid4().hex[:8])

    def run(self, plan: Plan) -> BuildReport:
        """Run a plan to its end, or until it is stopped. Node failures are in the report, not raised."""
        started = time.monotonic()
        self.engine.build = self.build_id
        work = [node for node in plan.nodes() if node.state in WORKING]
        self.emit(Event("build_started", result={"build": self.build_id, "nodes": len(work), "states": plan.counts()}))
        workers = {
            persona.id: PersonaWorker(self.plan_context, self.engine, persona, plan.selection)
            for persona in plan.personas
        }
        reports: dict[str, NodeReport] = {}
        jobs = self.jobs or os.cpu_count() or 1
        away = {node.id for node in work if self._is_away(node)} if jobs > 1 else set()
        waiting = min(_SPARE * self.calls_at_once + jobs, len(away), MAX_THREADS)
        pool = (self.make_pool or _threads)(jobs + waiting)
        try:
            for worker in workers.values():
                worker.refresh()
            self._schedule(work, workers, reports, pool, _Slots(jobs, waiting, away))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            _finish(workers.values())
        for node in plan.nodes():
            if node.state == "missing":
                text = node.reasons[0].text if node.reasons else "is pinned and missing"
                reports[node.id] = NodeReport(node.id, "failed", error=text)
        for worker in workers.values():
            if worker.conflict is not None and not any(
                report.conflict for name, report in reports.items() if name.startswith(f"{worker.persona}/")
            ):
                reports.update(worker.unsaid())
        report = BuildReport(
            self.build_id,
            reports,
            time.monotonic() - started,
            self.engine.budget.spent_usd,
            self.engine.budget.unknown_calls,
            self.stop.is_set(),
            in_flight=sum(entry.state == "submitted" for entry in self.engine.store.journal.open_entries()),
            locks=tuple(worker.lock_file for worker in workers.values() if worker.lock_file is not None),
            notes=tuple(note for worker in workers.values() for note in worker.notes),
        )
        self.emit(_finished(report))
        return report

    def _schedule(
        self,
        work: list[PlannedNode],
        workers: dict[str, PersonaWorker],
        reports: dict[str, NodeReport],
        pool: Executor,
        room: _Slots,
    ) -> None:
        working = {node.id: node for node in work}
        users: dict[str, list[str]] = {}
        waiting: dict[str, int] = {}
        for node in work:
            before = [f"{node.persona}/{name}" for name in node.shape.needs] + [node.after]
            needs = [need for need in before if need in working]
            waiting[node.id] = len(needs)
            for need in needs:
                users.setdefault(need, []).append(node.id)
        ready = [node.id for node in work if not waiting[node.id]]
        order = {node.id: index for index, node in enumerate(work)}
        running: dict[Future[NodeReport], str] = {}
        halted = False
        while ready or running:
            while not halted and not self.stop.is_set() and (name := room.next(ready, running.values())) is not None:
                ready.remove(name)
                node = working[name]
                running[pool.submit(self._node, node, workers[node.persona])] = name
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED, timeout=0.5).done:
                name = running.pop(future)
                report = future.result()
                reports[name] = report
                workers[working[name].persona].ended(working[name], report)
                failed = report.end == "failed" and not report.conflict
                halted = halted or (failed and not self.keep_going) or report.crash is not None
                for user in users.get(name, ()):
                    waiting[user] -= 1
                    if not waiting[user]:
                        ready.append(user)
                ready.sort(key=order.__getitem__)
        for name in working:
            if name not in reports:
                end: End = "stopped" if self.stop.is_set() else "skipped"
                reports[name] = NodeReport(name, end, error="" if end == "stopped" else "not started after a failure")

    def _is_away(self, node: PlannedNode) -> bool:
        """Tell whether a node's provider, or the first of its fallbacks, is not on this machine."""
        modality = node.shape.kind.modality
        return bool(modality) and capability(modality, node.shape.declaration["provider"]).remote

    def _node(self, node: PlannedNode, worker: PersonaWorker) -> NodeReport:
        self.emit(Event("node_started", node.persona, node.id))
        tally = Tally()
        try:
            report = worker.settle(node, tally)
        except Stopped:
            report = NodeReport(node.id, "stopped", tally=tally)
        except PersonaForgeError as error:
            crash = error if error.exit_code == 3 else None
            conflict = isinstance(error, PinConflict)
            report = NodeReport(node.id, "failed", None, str(error), error.hint, tally, crash, conflict)
        except Exception as error:
            text, known = f"{type(error).__name__}: {error}", machine_error(error)
            if known is None:
                report = NodeReport(node.id, "failed", error=text, tally=tally, crash=error)
            else:
                report = NodeReport(node.id, "failed", error=str(known), hint=known.hint, tally=tally)
        fields: dict[str, Any] = {
            "end": report.end,
            "performed": tally.performed,
            "found": tally.found,
            "cost_usd": round(tally.cost_usd, 6),
        }
        if report.outcome is not None:
            fields["status"] = report.outcome.status
            fields.update({k: v for k, v in report.outcome.facts.items() if k in ("composite", "decision", "attempt")})
        self.emit(Event("node_finished", node.persona, node.id, result=fields, error=report.error))
        return report


def _threads(size: int) -> Executor:
    return CallAtOnce() if size == 1 else ThreadPoolExecutor(size, "forge")


class _Slots(NamedTuple):
    """How many nodes may run at once, of either sort."""

    jobs: int
    waiting: int
    away: set[str]
    """Nodes whose provider is elsewhere."""

    def next(self, ready: Sequence[str], running: Iterable[str]) -> str | None:
        """Return the first ready node for which a slot is free."""
        away = here = 0
        for name in running:
            if name in self.away:
                away += 1
            else:
                here += 1
        for name in ready:
            if away < self.waiting if name in self.away else here < self.jobs:
                return name
        return None


def _finish(workers: Iterable[PersonaWorker]) -> None:
    """Finish every persona's part; raise the first error only then, so that none loses its pins to another's."""
    errors: list[PersonaForgeError] = []
    for worker in workers:
        try:
            worker.finish()
        except PersonaForgeError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _finished(report: BuildReport) -> Event:
    ends: dict[str, int] = {}
    for node in report.nodes.values():
        ends[node.end] = ends.get(node.end, 0) + 1
    result = {
        "nodes": ends,
        "performed": report.performed,
        "cost_usd": round(report.cost_usd, 6),
        "unknown_calls": report.unknown_calls,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
    }
    return Event("build_finished", result=result)
