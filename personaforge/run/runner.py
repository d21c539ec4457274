"""Runs a plan: nodes whose needs are settled go to the pool, their procedures are driven with real results, and what
they come to is placed, pinned and noted.

Procedures, providers and the store are ordinary blocking code; only this module knows of threads. With one job the same
code runs on a pool that calls at once. Nodes are started in the plan's order, so a build is as deterministic as its
providers, whatever the number of jobs.

`jobs` bounds what takes a processor. A node whose provider is elsewhere mostly waits for the network: such nodes have
threads of their own, as many as keep their providers' calls in flight, and take turns with the others only for what
they do here (`actions.Engine.turns`).
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

from personaforge.errors import BackendError, PersonaForgeError
from personaforge.machine import machine_error
from personaforge.plan.plan import WORKING, PersonaPlan, Plan, PlannedNode, Selection
from personaforge.plan.resolver import NodeResolver, PlanContext
from personaforge.providers.table import capability
from personaforge.run.actions import Engine, Tally
from personaforge.run.events import Event
from personaforge.run.leftovers import remove_leftovers
from personaforge.run.limits import Stopped
from personaforge.run.lock import LockKeeper, PinConflict, watched
from personaforge.run.progress import PersonaProgress
from personaforge.steps.action import Action, Outcome
from personaforge.store.index import NodeRow
from personaforge.store.outputs import Placed
from personaforge.store.store import Store

MAX_THREADS = 320
"""Of nodes that wait for the network. A thread's stack costs some 100 kB once it is used."""
_SPARE = 2
"""Such nodes for every call in flight: while one is measured, another is ready to be sent."""

End = Literal["done", "unchanged", "restored", "rejected", "failed", "skipped", "stopped"]
"""done: came to a new outcome. unchanged: what it needs came out the same. restored: only files were put back.
rejected: came to an outcome that fails its gate. failed: an error. skipped: a need failed. stopped: interrupted."""


@dataclass
class NodeReport:
    """What became of one node."""

    id: str
    end: End
    outcome: Outcome | None = None
    error: str = ""
    hint: str = ""
    tally: Tally = field(default_factory=Tally)
    crash: BaseException | None = None
    """Set when the error is a bug of ours."""
    conflict: bool = False
    """Whether somebody else has pinned another face meanwhile. That ends the persona's part of the build, no other."""


@dataclass
class BuildReport:
    """What became of a build."""

    id: str
    nodes: dict[str, NodeReport]
    seconds: float
    cost_usd: float
    unknown_calls: int
    interrupted: bool
    locks: tuple[Path, ...] = ()
    """Lock files that were written: to be committed."""
    notes: tuple[str, ...] = ()
    """What has to be said of what was remade, for people."""
    in_flight: int = 0
    """Paid calls that their providers are still working on; `forge jobs resume`, or the next build, takes them up."""

    @property
    def performed(self) -> int:
        """Actions that were performed rather than found."""
        return sum(node.tally.performed for node in self.nodes.values())

    @property
    def failed(self) -> list[NodeReport]:
        """Nodes that failed or were rejected."""
        return [node for node in self.nodes.values() if node.end in ("failed", "rejected", "skipped")]


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
    build_id: str = field(default_factory=lambda: time.strftime("%Y%m%dT%H%M%S-") + uuid.uuid4().hex[:8])

    def run(self, plan: Plan) -> BuildReport:
        """Run a plan to its end, or until it is stopped. Node failures are in the report, not raised."""
        started = time.monotonic()
        work = [node for node in plan.nodes() if node.state in WORKING]
        self.emit(Event("build_started", result={"build": self.build_id, "nodes": len(work), "states": plan.counts()}))
        workers = {persona.id: _PersonaWorker(self, persona, plan.selection) for persona in plan.personas}
        reports: dict[str, NodeReport] = {}
        jobs = self.jobs or os.cpu_count() or 1
        away = {node.id for node in work if self._is_away(node)} if jobs > 1 else set()
        waiting = min(_SPARE * self.calls_at_once + jobs, len(away), MAX_THREADS)
        pool: Executor = CallAtOnce() if jobs == 1 else ThreadPoolExecutor(jobs + waiting, "forge")
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
        workers: dict[str, _PersonaWorker],
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

    def _node(self, node: PlannedNode, worker: _PersonaWorker) -> NodeReport:
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


class _Slots(NamedTuple):
    """How many nodes may run at once, of either sort."""

    jobs: int
    waiting: int
    away: set[str]
    """Nodes whose provider is elsewhere."""

    def next(self, ready: Sequence[str], running: Iterable[str]) -> str | None:
        """Return the first ready node that there is room for."""
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


class _PersonaWorker:
    """One persona at work: its desk, its lock, its progress."""

    def __init__(self, runner: Runner, plan: PersonaPlan, selection: Selection) -> None:
        self._runner = runner
        self._plan = plan
        self._store: Store = runner.plan_context.store
        self._resolver = NodeResolver(runner.plan_context, plan, selection, keep=True)
        self._ends: dict[str, NodeReport] = {}
        self._lock = threading.Lock()
        self.persona = plan.id
        self.conflict: PinConflict | None = None
        """Set once somebody else has pinned another face: nothing more of this persona is started."""
        self._keeper = LockKeeper(
            self._store,
            plan.lock,
            watched(plan, selection, self._resolver.lock_name),
            lambda text: runner.emit(Event("notice", plan.id, "lock", text)),
        )
        self._selection = selection
        self._progress = PersonaProgress(plan, runner.emit)
        self.notes: list[str] = []
        self._failed = set(self._store.index.failures(plan.id))

    @property
    def lock_file(self) -> Path | None:
        """The persona's lock, if this build has written it."""
        return self._keeper.lock.path if self._keeper.written else None

    def settle(self, node: PlannedNode, tally: Tally) -> NodeReport:
        """Bring a node to its outcome."""
        if self.conflict is not None:
            return NodeReport(node.id, "skipped", error=f"not started after {self.conflict.node or 'the lock'} failed")
        try:
            self._keeper.begin()
            self._keeper.check()
            if not node.shape.kind.places:
                return self._settled(node, tally)
            # Whoever places a face must see all that were placed before, also by another build at this moment.
            with self._store.leases.take("placement", give_up=self._runner.stop.is_set):
                report = self._settled(node, tally)
                self._keeper.write()
                return report
        except PinConflict as error:
            self.conflict = error
            raise

    def _settled(self, node: PlannedNode, tally: Tally) -> NodeReport:
        shape = node.shape
        for need in shape.needs:
            report = self._ends.get(need)
            if report is not None and report.end in ("failed", "skipped", "stopped"):
                return NodeReport(node.id, "skipped", error=f"needs {need}, which {report.end}")
            state = self._plan.nodes[need].state
            if state in ("missing", "blocked") and not self._plan.nodes[need].outcome_digest:
                return NodeReport(node.id, "skipped", error=f"needs {need}, which is {state}")
            if not shape.kind.lenient and not self._outcome(need).passed:
                return NodeReport(node.id, "skipped", error=f"needs {need}, which was rejected")
        self._progress.started(node)
        if self._keeper.adopt(self._resolver.lock_name(shape.name)):
            self._resolver.lock = self._keeper.lock
        needs = {name: self._outcome(name).digest for name in shape.needs}
        signature = self._resolver.signature(shape, needs)
        if node.row is not None and node.row.signature == signature and node.outcome is None and self._intact(node.row):
            return self._standing(node, tally)
        context = self._resolver.context(shape, self._resolver.take(shape))
        engine, persona = self._runner.engine, self._plan.id

        def before_call(action: Action) -> None:
            self._keeper.before_call(self._resolver.lock_name(shape.name), action.key)

        procedure = shape.kind.start(context)
        keys: list[str] = []
        try:
            action = next(procedure)
            while True:
                keys.append(action.key)
                try:
                    result = engine.perform(action, persona, node.id, tally, self._resolver.contents, before_call)
                except BackendError as error:
                    action = procedure.throw(error)  # a fallback may be tried
                else:
                    action = procedure.send(result)
        except StopIteration as stop:
            outcome: Outcome = stop.value
        self._keep_evaluations(node, outcome)
        self._say_replaced(node, outcome)
        self._keep(node, outcome, needs, context.settings.reads, keys)
        if not outcome.passed:
            return NodeReport(node.id, "rejected", outcome, str(outcome.facts.get("reason", "")), tally=tally)
        new = tally.performed or node.row is None or node.row.outcome != outcome.digest
        end: End = "restored" if node.state == "restore" else "done" if new else "unchanged"
        return NodeReport(node.id, end, outcome, tally=tally)

    def _say_replaced(self, node: PlannedNode, outcome: Outcome) -> None:
        """Say which pins were replaced by what was remade with other bytes."""
        pin = self._resolver.pin(node.shape)
        for name, digest in outcome.replaced.items():
            if pin is not None and pin.outputs.get(name) == digest:
                now = outcome.outputs[name].artifact.digest
                text = (
                    f"was remade here with other bytes, and measures as the same face: {digest[:12]} is now {now[:12]}"
                )
                self.notes.append(f"{node.id} {text}")
                self._runner.emit(Event("notice", self._plan.id, node.id, text))

    def refresh(self) -> None:
        """Note outcomes that planning came to from known results, so that the next plan need not replay them.

        A pinned node whose settings have moved on is left as it is: the plan goes on saying so.
        """
        try:
            self._refresh()
        except PinConflict as error:
            self.conflict = error

    def _refresh(self) -> None:
        for node in self._plan.nodes.values():
            if node.shape.kind.sticky and node.note and node.outcome is not None and not self._selection.frozen:
                pin = self._resolver.pin(node.shape)
                if pin is not None and node.outcome.face and not pin.face:
                    self._keeper.accept(
                        self._resolver.lock_name(node.shape.name), node.outcome
                    )  # its face is known now
            standing = node.row is not None and node.row.signature == node.signature
            if (
                node.state in ("cached", "pinned", "blocked")
                and node.outcome is not None
                and node.signature
                and not (node.note and node.shape.kind.sticky)
                and not standing
            ):
                needs = {name: self._outcome(name).digest for name in node.shape.needs}
                if node.outcome.stays:
                    self._keep_evaluations(node, node.outcome)  # what the present rules say, for `forge test`
                self._keep(node, node.outcome, needs, node.reads, [])

    def ended(self, node: PlannedNode, report: NodeReport) -> None:
        """Take note of a node's end; called by the scheduler's thread, in the order in which nodes end."""
        self._ends[node.shape.name] = report
        if report.outcome is not None:
            self._resolver.settle(node.shape.name, report.outcome)
        if report.end == "failed":
            self._store.index.put_failure(
                node.id, persona=self._plan.id, build=self._runner.build_id, error=report.error, failed=time.time()
            )
        elif node.id in self._failed and report.end not in ("skipped", "stopped"):
            self._store.index.drop_failure(node.id)
        self._progress.ended(node, report.end, report.outcome, report.error)

    def finish(self) -> None:
        """Write what has been accepted into the lock, and clear the build folder of what no node stands for."""
        try:
            if self.conflict is None:
                self._keeper.write()
                remove_leftovers(self._store, self._plan)
        except PinConflict as error:
            self.conflict = error
        finally:
            self._keeper.end()

    def unsaid(self) -> dict[str, NodeReport]:
        """Return the report of a conflict that no node has met: it was found before the first or after the last."""
        assert self.conflict is not None
        names = list(self._plan.nodes)
        name = self.conflict.node if self.conflict.node in names else names[-1]
        node, error = self._plan.nodes[name], self.conflict
        report = NodeReport(node.id, "failed", None, str(error), error.hint, conflict=True)
        self._store.index.put_failure(
            node.id, persona=self._plan.id, build=self._runner.build_id, error=report.error, failed=time.time()
        )
        return {node.id: report}

    def _outcome(self, name: str) -> Outcome:
        with self._lock:
            return self._resolver.outcome(name)

    def _intact(self, row: NodeRow) -> bool:
        """Tell whether the artifacts of the last outcome can be had; those of files to put back are read to tell."""
        files = [Placed(*item) for item in orjson.loads(row.files)]
        there = self._resolver.contents
        gone = any(condition != "there" for _, condition in self._resolver.folder.condition(files))
        return all((there.sound if gone else there.has)(file.digest) for file in files)

    def _standing(self, node: PlannedNode, tally: Tally) -> NodeReport:
        """The last outcome stands after all; put its files back where that is needed."""
        assert node.row is not None
        self._keeper.put_back(self._resolver.lock_name(node.shape.name))
        outcome = self._resolver.outcome_of_row(node)
        files = [Placed(*item) for item in orjson.loads(node.row.files)]
        gone = {file.path for file, condition in self._resolver.folder.condition(files) if condition != "there"}
        if gone or node.state == "restore":
            placed = [
                self._resolver.folder.place(file.path, file.digest, self._store.blobs) if file.path else file
                for file in files
            ]
            gone = gone or {node.id}
            row = node.row._replace(files=_files_json(placed))
            body = self._store.index.node_body(node.id) or "{}"
            self._store.index.put_node(
                row, persona=self._plan.id, body=body, build=self._runner.build_id, finished=time.time()
            )
        if not outcome.passed:
            return NodeReport(node.id, "rejected", outcome, str(outcome.facts.get("reason", "")), tally=tally)
        return NodeReport(node.id, "restored" if gone else "unchanged", outcome, tally=tally)

    def _keep(
        self,
        node: PlannedNode,
        outcome: Outcome,
        needs: Mapping[str, str],
        reads: Mapping[str, Any],
        keys: Sequence[str],
    ) -> None:
        """Place the outcome's files, pin what was accepted, and note all of it."""
        shape = node.shape
        self._store.claim(output.artifact.digest for output in outcome.outputs.values())
        pinned = shape.kind.pinned and outcome.passed and outcome.outputs and outcome.key
        if pinned and not self._selection.frozen:  # with a frozen lock nothing comes this far but what it pins
            name = self._resolver.lock_name(shape.name)
            self._keeper.accept(name, outcome, replaces=bool(outcome.replaced))
            # What decides the face is pinned at once, before a file or a row says so: it must not depend on the rest of
            # the build, and whoever builds the same at this moment must see it. Only what the user has replaced goes
            # together with its anchor, so that no death in between leaves new candidates beside the old anchor.
            if shape.kind.sticky and not (shape.kind.modality and node.id in self._selection.repinned):
                self._keeper.write()
        placed = [
            self._resolver.folder.place(output.path, output.artifact.digest, self._store.blobs)
            if output.path
            else Placed("", output.artifact.digest, output.artifact.size, 0, 0, 0)
            for output in outcome.outputs.values()
        ]
        self._resolver.lock = self._keeper.lock
        facts = self._resolver.facts(shape, reads)
        # A pin or a known result asks for no action: what made it stays on record.
        actions = list(keys) or self._resolver.row_body(node).get("actions", [])
        body = {**facts, "actions": actions, "needs": dict(needs), "outcome": outcome.as_json()}
        row = NodeRow(
            node.id,
            self._resolver.signature(shape, needs, built=True),
            outcome.digest,
            outcome.status,
            _files_json(placed),
        )
        self._store.index.put_node(
            row,
            persona=self._plan.id,
            body=orjson.dumps(body).decode(),
            build=self._runner.build_id,
            finished=time.time(),
        )

    def _keep_evaluations(self, node: PlannedNode, outcome: Outcome) -> None:
        from personaforge.digest import digest_json

        for evaluation in outcome.evaluations:
            about = {
                "persona": self._plan.id,
                "node": node.shape.name,
                "step": node.shape.step,
                "slot": node.shape.slot,
            }
            record = {**about, **evaluation}
            name = digest_json("evaluation/1", orjson.loads(orjson.dumps(record)))
            self._store.keep("evaluations", name, {**record, "build": self._runner.build_id})


def _finish(workers: Iterable[_PersonaWorker]) -> None:
    """Finish every persona's part; raise the first error only then, so that none loses its pins to another's."""
    errors: list[PersonaForgeError] = []
    for worker in workers:
        try:
            worker.finish()
        except PersonaForgeError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _files_json(placed: list[Placed]) -> str:
    return orjson.dumps([list(file) for file in placed]).decode()


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
