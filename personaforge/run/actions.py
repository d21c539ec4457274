"""Performs one action, once: looks it up, takes the lease on its key, looks again, and only then has it made.

A paid call is journalled before it is sent, its job id before the first poll. Whatever was accepted once is polled
after a restart and never sent again; what may have been accepted is not repeated without the user's word.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from personaforge.errors import BackendError, Refused, Unknown
from personaforge.plan.replay import result_of
from personaforge.providers.protocols import Job, Provider, Reply
from personaforge.run.budget import Budget
from personaforge.run.events import Event
from personaforge.run.executors import Executors, Performed
from personaforge.steps.action import Action, Result
from personaforge.store.artifact import Artifact
from personaforge.store.journal import Entry
from personaforge.store.store import Store


class Stopped(Exception):
    """The user interrupted the build; raised between actions, never inside one."""


@dataclass
class Tally:
    """What a node's actions came to."""

    performed: int = 0
    found: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0


@dataclass
class Engine:
    """Performs actions for one build."""

    store: Store
    executors: Executors
    budget: Budget
    emit: Callable[[Event], None]
    stopping: Callable[[], bool]
    """Whether the user has asked to stop."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def perform(self, action: Action, persona: str, node: str, tally: Tally, read: Callable[[str], bytes]) -> Result:
        """Return an action's result, made now if nobody has made it. Raises BackendError, StoreError and Stopped."""
        if action.content is not None:
            return self._kept(action, tally)
        known = self._known(action, tally)
        if known is not None:
            return known
        if self.stopping():
            raise Stopped
        waiting = Event("action_waiting", persona, node, "another build is at it", result={"key": action.key})
        with self.store.leases.take(action.key, waiting=lambda: self.emit(waiting), give_up=self.stopping):
            known = self._known(action, tally)
            if known is not None:
                return known
            inputs = {name: read(digest) for name, digest in action.inputs.items()}
            return self._made(action, persona, node, tally, inputs)

    def _kept(self, action: Action, tally: Tally) -> Result:
        """Keep bytes that a procedure has computed. They are named by their content, so no record has to say more."""
        content = action.content
        assert content is not None
        digest = str(action.request["digest"])
        if self.store.blobs.has(digest):
            tally.found += 1
        else:
            self.store.blobs.put(content)
            tally.performed += 1
        return Result(action.key, {"content": Artifact(digest, action.request["media_type"], len(content))}, {})

    def _known(self, action: Action, tally: Tally) -> Result | None:
        found = result_of(action, self.store.find(action.key))
        if found is not None:
            self.store.note_found(action.key)
            tally.found += 1
        return found

    def _made(self, action: Action, persona: str, node: str, tally: Tally, inputs: Mapping[str, bytes]) -> Result:
        started = self.clock()
        about = {"key": action.key, "kind": action.kind, "attempt": action.attempt, "take": action.take}
        self.emit(Event("action_started", persona, node, result=about))
        made_by = self.executors.provider(action)
        if made_by is None:
            done = self.executors.perform(action, inputs)
        elif action.price.paid:
            done = self._bought(made_by, action, inputs, node)
        else:
            done = self._waited(made_by, action, self.executors.submit(made_by, action, inputs))
        outputs = {
            name: Artifact(self.store.blobs.put(blob.data), blob.media_type, len(blob.data))
            for name, blob in done.outputs.items()
        }
        seconds = self.clock() - started
        record: dict[str, Any] = {
            "persona": persona,
            "node": node,
            "parts": {**action.parts},
            "sources": dict(action.sources),
            "outputs": {name: artifact.as_json() for name, artifact in outputs.items()},
            "value": dict(done.value),
            "details": dict(done.details),
            "paid": action.price.paid,
            "cost_usd": done.cost_usd,
            "started": round(started, 3),
            "seconds": round(seconds, 4),
        }
        self.store.commit(action.key, record)
        if action.price.paid:
            self.store.journal.done(action.key, done.cost_usd)
        tally.performed += 1
        tally.seconds += seconds
        tally.cost_usd += done.cost_usd or 0.0
        after = {**about, "cost_usd": done.cost_usd, "seconds": round(seconds, 4)}
        self.emit(Event("action_finished", persona, node, result=after))
        return Result(action.key, outputs, done.value, done.details)

    def _bought(self, made_by: Provider, action: Action, inputs: Mapping[str, bytes], node: str) -> Performed:
        """Make a paid call, or take up one that was accepted before."""
        journal = self.store.journal
        entry = journal.get(action.key)
        model = str(action.request.get("model", ""))
        if entry is not None and entry.state == "intent":
            raise _unknown(entry)
        self.budget.reserve(action.price, f"{action.kind} by {model}")
        settled = False
        try:
            if entry is not None and entry.state == "submitted":
                reply: Reply | Job = Job(entry.job, 0.0)
            else:
                journal.intend(action.key, node, action.kind, action.provider, model, action.price.usd)
                reply = self.executors.submit(made_by, action, inputs)
                if isinstance(reply, Job):
                    journal.submitted(action.key, reply.id)
            done = self._waited(made_by, action, reply)
            self.budget.settle(action.price, done.cost_usd)
            settled = True
            return done
        except Refused as error:
            journal.refused(action.key, str(error))
            raise
        except Unknown:
            raise  # the intent stands: the user has to say what became of it
        except BackendError as error:
            # The provider answered, so the call is over; what it charged for a failure nobody knows.
            journal.refused(action.key, str(error))
            raise
        finally:
            if not settled:
                self.budget.release(action.price)

    def _waited(self, made_by: Provider, action: Action, reply: Reply | Job) -> Performed:
        while isinstance(reply, Job):
            if self.stopping():
                raise Stopped
            self.sleep(reply.wait_seconds)
            reply = self.executors.poll(made_by, action, reply.id)
        return self.executors.finished(action, reply)


def _unknown(entry: Entry) -> Unknown:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.started))
    return Unknown(
        f"{entry.node}: a {entry.kind} call to {entry.provider.partition('@')[0]} was sent at {when} and its answer "
        "never came; it may have been bought, so it is not sent again",
        hint=f"forge jobs resolve {entry.key[:12]} --resubmit",
    )
