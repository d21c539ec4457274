"""One persona's part of a build: its nodes' procedures are driven with real results, and what they result in is placed,
pinned and noted."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from personaforge.errors import BackendError, StoreError
from personaforge.plan.plan import PersonaPlan, PlannedNode, Selection
from personaforge.plan.resolver import NodeResolver, PlanContext
from personaforge.run.actions import Engine, Tally
from personaforge.run.build_report import End, NodeReport
from personaforge.run.events import Event
from personaforge.run.leftovers import remove_leftovers
from personaforge.run.lock import LockKeeper, PinConflict, watched
from personaforge.run.progress import PersonaProgress
from personaforge.steps.action import Action, Outcome
from personaforge.store.index import NodeRow, files_text
from personaforge.store.outputs import Placed
from personaforge.store.result import NodeResult
from personaforge.store.store import Store


class PersonaWorker:
    """One persona at work: its resolver, its lock, its progress."""

    def __init__(self, plan_context: PlanContext, engine: Engine, plan: PersonaPlan, selection: Selection) -> None:
        self._engine = engine
        self._plan = plan
        self._store: Store = plan_context.store
        self._resolver = NodeResolver(plan_context, plan, selection, keep=True)
        self._ends: dict[str, NodeReport] = {}
        self._lock = threading.Lock()
        self.persona = plan.id
        self.conflict: PinConflict | None = None
        """Set once somebody else has pinned another face: nothing more of this persona is started."""
        self._keeper = LockKeeper(
            self._store,
            plan.lock,
            watched(plan, selection, self._resolver.lock_name),
            lambda text: engine.emit(Event("notice", plan.id, "lock", text)),
        )
        self._selection = selection
        self._progress = PersonaProgress(plan, engine.emit)
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
            self._keeper.require_unchanged()
            if not node.shape.kind.places:
                return self._settled(node, tally)
            # A node that places a face must see all that were placed before it, also by another build at this moment.
            with self._store.leases.take("placement", give_up=self._engine.stopping):
                report = self._settled(node, tally)
                self._keeper.write()
                return report
        except PinConflict as error:
            self.conflict = error
            raise

    def _settled(self, node: PlannedNode, tally: Tally) -> NodeReport:
        shape = node.shape
        # A need may have ended otherwise than planned, so it is examined again; nothing is bought for a node whose
        # need isn't there.
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
        # `maybe` in the plan: its needs have ended with what it was built from, so nothing is to be done.
        if node.row is not None and node.row.signature == signature and node.outcome is None and self._intact(node.row):
            return self._standing(node, tally)
        context = self._resolver.context(shape, self._resolver.take(shape))
        engine, persona = self._engine, self._plan.id

        def before_call(action: Action) -> None:
            self._keeper.before_call(self._resolver.lock_name(shape.name), action.key)

        # The procedure decides which action is next, and this loop only performs it: the planner drives the same one.
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
        # A rejected outcome is kept, too: the next plan then knows it, and doesn't try the same again.
        outcome = self._with_evaluations(node, outcome)
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
                self._engine.emit(Event("notice", self._plan.id, node.id, text))

    def refresh(self) -> None:
        """Note outcomes that planning found by replaying known results, so that the next plan need not replay them.

        A pinned node whose settings have moved on is left as it is: later plans say so again.
        """
        try:
            self._refresh()
        except PinConflict as error:
            self.conflict = error

    def _refresh(self) -> None:
        for node in self._plan.nodes.values():
            if node.shape.kind.sticky and node.note and node.outcome is not None and not self._selection.frozen:
                pin = self._resolver.pin(node.shape)
                known = node.outcome
                # What an earlier forge didn't note of it is known now.
                if pin is not None and ((known.face and not pin.face) or (known.look and not pin.look)):
                    self._keeper.accept(self._resolver.lock_name(node.shape.name), known)
            standing = node.row is not None and node.row.signature == node.signature
            # Nothing is to be made for these nodes, so only the note with the old signature is brought up to date.
            if (
                node.state in ("cached", "pinned", "blocked")
                and node.outcome is not None
                and node.signature
                and not (node.note and node.shape.kind.sticky)
                and not standing
            ):
                needs = {name: self._outcome(name).digest for name in node.shape.needs}
                # What the present rules and weights say, for `forge test` and `latest_scores`.
                outcome = self._with_evaluations(node, node.outcome)
                self._keep(node, outcome, needs, node.reads, [])

    def ended(self, node: PlannedNode, report: NodeReport) -> None:
        """Take note of a node's end; called by the scheduler's thread, in the order in which nodes end."""
        self._ends[node.shape.name] = report
        if report.outcome is not None:
            self._resolver.settle(node.shape.name, report.outcome)
        if report.end == "failed":
            self._store.index.put_failure(
                node.id, persona=self._plan.id, build=self._engine.build, error=report.error, failed=time.time()
            )
        elif node.id in self._failed and report.end not in ("skipped", "stopped"):
            self._store.index.drop_failure(node.id)
        self._progress.ended(node, report.end, report.outcome, report.error)

    def finish(self) -> None:
        """Write what has been accepted into the lock, and remove the build folder's files that no node makes now."""
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
            node.id, persona=self._plan.id, build=self._engine.build, error=report.error, failed=time.time()
        )
        return {node.id: report}

    def _outcome(self, name: str) -> Outcome:
        with self._lock:
            return self._resolver.outcome(name)

    def _intact(self, row: NodeRow) -> bool:
        """Tell whether the last outcome's artifacts can be read; verifies every byte if files have to be put back."""
        files = row.placed
        there = self._resolver.contents
        gone = any(condition != "there" for _, condition in self._resolver.folder.condition(files))
        return all((there.sound if gone else there.has)(file.digest) for file in files)

    def _standing(self, node: PlannedNode, tally: Tally) -> NodeReport:
        """Keep the last outcome, which is still valid; put its files back where that is needed."""
        assert node.row is not None
        self._keeper.put_back(self._resolver.lock_name(node.shape.name))
        result = self._resolver.result_of_row(node)
        outcome, files = result.outcome, node.row.placed
        gone = {file.path for file, condition in self._resolver.folder.condition(files) if condition != "there"}
        if gone or node.state == "restore":
            placed = [
                self._resolver.folder.place(file.path, file.digest, self._store.blobs) if file.path else file
                for file in files
            ]
            gone = gone or {node.id}
            row = node.row._replace(files=files_text(placed))
            self._put(row, result)
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
        if pinned and not self._selection.frozen:  # with a frozen lock only what it pins gets this far
            name = self._resolver.lock_name(shape.name)
            self._keeper.accept(name, outcome, replaces=bool(outcome.replaced))
            # What decides the face is pinned at once, before a file or a row says so: it must not depend on the rest of
            # the build, and another build of the same persona must see it at once. Only what the user has replaced goes
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
        # A pin or a known result asks for no action: the actions that made it stay in the node's result.
        before = None if keys else self._resolver.result(node)
        actions = tuple(keys) if before is None else before.actions
        row = NodeRow(
            node.id,
            self._resolver.signature(shape, needs, built=True),
            outcome.digest,
            outcome.status,
            files_text(placed),
        )
        self._put(row, NodeResult(node.id, outcome, actions, {**facts, "needs": dict(needs)}))

    def _put(self, row: NodeRow, result: NodeResult) -> None:
        build, finished = self._engine.build, time.time()
        self._store.index.put_node(row, result, persona=self._plan.id, build=build, finished=finished)

    def _with_evaluations(self, node: PlannedNode, outcome: Outcome) -> Outcome:
        """Keep what was judged on the way to an outcome, and return the outcome with the records' names.

        The newest record of a node is its judgement of now. So what was judged like this before, and otherwise since,
        is kept once more: a judgement that goes back with its settings.
        """
        from personaforge.digest import digest_json

        if not outcome.evaluations and outcome.judged:
            return outcome  # the last result as it was: nothing was judged anew
        last = self._store.index.result(node.id) if node.row is not None else None
        before = last.outcome.judged if last is not None else ()
        names = []
        for evaluation in outcome.evaluations:
            about = {
                "persona": self._plan.id,
                "node": node.shape.name,
                "step": node.shape.step,
                "slot": node.shape.slot,
            }
            record = {**about, **evaluation}
            plain = orjson.loads(orjson.dumps(record))
            name = digest_json("evaluation/1", plain)
            if before and name not in before and self._store.records.has("evaluations", name):
                same = next((one for one in before if self._says(one, plain)), "")
                name = same or digest_json("evaluation/2", {**plain, "build": self._engine.build})
            names.append(name)
            self._store.keep("evaluations", name, {**record, "build": self._engine.build})
        return replace(outcome, judged=tuple(names))

    def _says(self, name: str, evaluation: Mapping[str, Any]) -> bool:
        """Tell whether a kept evaluation says the same."""
        try:
            found = self._store.records.get("evaluations", name)
        except StoreError:
            return False
        return found is not None and all(found.get(field) == value for field, value in evaluation.items())
