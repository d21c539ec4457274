"""Performs one action, once: looks it up, takes the lease on its key, looks again, and only then has it made.

`calls` asks providers. Here their result is kept, recorded, and only then noted as done in the
journal. Actions that take a processor share as many turns as there are jobs; calls that wait for the network don't.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from personaforge.plan.contents import Contents
from personaforge.plan.replay import result_of
from personaforge.providers.protocols import Blob, Job
from personaforge.run.budget import Budget
from personaforge.run.calls import Calls
from personaforge.run.events import Event
from personaforge.run.executors import Executors
from personaforge.run.limits import Stopped
from personaforge.run.performers import Performed
from personaforge.run.records import keep_record
from personaforge.steps.action import Action, Result
from personaforge.store.artifact import Artifact
from personaforge.store.store import Store


@dataclass
class Tally:
    """What a node's actions took: how many were found and performed, seconds, money."""

    performed: int = 0
    found: int = 0
    cost_usd: float = 0.0
    seconds: float = 0.0


@dataclass
class Engine:
    """Performs actions for one build."""

    store: Store
    executors: Executors
    calls: Calls
    emit: Callable[[Event], None]
    stopping: Callable[[], bool]
    """Whether the user has asked to stop."""
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(os.cpu_count() or 1))
    """One for each action that may take a processor at the same time."""
    clock: Callable[[], float] = time.time
    build: str = ""
    """The build's id, which its records name."""

    @property
    def budget(self) -> Budget:
        """The money of this build."""
        return self.calls.budget

    def perform(
        self,
        action: Action,
        persona: str,
        node: str,
        tally: Tally,
        contents: Contents,
        before_call: Callable[[Action], None] = lambda action: None,
    ) -> Result:
        """Return an action's result, made now if nobody has made it. Raises BackendError, StoreError and Stopped.

        A result whose artifact only the build folder still holds counts as known, and is taken back. `before_call` is
        called when a provider is about to be asked, and may raise.
        """
        if action.content is not None:
            return self._kept(action, tally)
        known = self._known(action, tally, contents)
        if known is not None:
            return known
        if self.stopping():
            raise Stopped
        waiting = Event("action_waiting", persona, node, "another build is at it", result={"key": action.key})
        with self.store.leases.take(action.key, waiting=lambda: self.emit(waiting), give_up=self.stopping):
            # Another build may have made it while this one waited for the lease.
            known = self._known(action, tally, contents)
            if known is not None:
                return known
            if self.executors.capability(action) is not None:
                before_call(action)
            return self._made(action, persona, node, tally, contents.read)

    def _kept(self, action: Action, tally: Tally) -> Result:
        """Keep bytes that a procedure has computed. They are named by their content, so no record has to say more."""
        content = action.content
        assert content is not None
        digest = str(action.request["digest"])
        if self.store.blobs.has(digest):
            tally.found += 1
        else:
            tally.performed += 1
        self.store.blobs.put(content)  # also over damage, and so that garbage collection leaves it alone
        return Result(action, {"content": Artifact(digest, action.request["media_type"], len(content))}, {})

    def _known(self, action: Action, tally: Tally, contents: Contents) -> Result | None:
        found = result_of(action, self.store.find(action.key, contents.has))
        if found is None:
            return None
        for artifact in found.outputs.values():
            if not self.store.blobs.has(artifact.digest) and contents.has(artifact.digest):
                self.store.blobs.put(contents.read(artifact.digest))
        if not self.store.use(action.key, found.outputs.values()):
            return None  # garbage collection has taken it this moment
        tally.found += 1
        return found

    def _made(self, action: Action, persona: str, node: str, tally: Tally, read: Callable[[str], bytes]) -> Result:
        started = self.clock()
        about = {"key": action.key, "kind": action.kind, "attempt": action.attempt, "take": action.take}
        self.emit(Event("action_started", persona, node, result=about))

        def inputs() -> Mapping[str, bytes]:
            return {name: read(digest) for name, digest in action.inputs.items()}

        capability = self.executors.capability(action)
        if capability is None:
            with self.turns:
                done = self.executors.perform(action, inputs())
        elif capability.remote or capability.paid:
            # No turn is taken: this thread mostly waits for the network.
            done = self.calls.made(self.calls.call(action, capability, persona, node, inputs))
        else:
            with self.turns:
                done = self._local(action, inputs())
        outputs, seconds = keep_result(self.store, action, done, persona, node, started, self.clock, self.build)
        tally.performed += 1
        tally.seconds += seconds
        tally.cost_usd += done.cost_usd or 0.0
        after = {**about, "cost_usd": done.cost_usd, "seconds": round(seconds, 4)}
        self.emit(Event("action_finished", persona, node, result=after))
        return Result(action, outputs, done.value, done.details)

    def _local(self, action: Action, inputs: Mapping[str, bytes]) -> Performed:
        """Have something made by a provider that calls nobody and costs nothing."""
        made_by = self.executors.provider(action)
        reply = self.executors.submit(made_by, action, inputs)
        while isinstance(reply, Job):
            if self.calls.sleep(reply.wait_seconds):
                raise Stopped
            reply = self.executors.poll(made_by, action, reply)
        return self.executors.finished(action, reply)


def keep_result(
    store: Store,
    action: Action,
    done: Performed,
    persona: str,
    node: str,
    started: float,
    clock: Callable[[], float] = time.time,
    build: str = "",
) -> tuple[dict[str, Artifact], float]:
    """Keep an action's result: artifacts, then the record, then the journal. Returns artifacts and seconds."""
    outputs: dict[str, Artifact] = {}
    for name, made in done.outputs.items():
        if isinstance(made, Blob):
            outputs[name] = Artifact(store.blobs.put(made.data), made.media_type, len(made.data))
        else:
            outputs[name] = Artifact(store.blobs.put_file(made.path), made.media_type, made.size)
    seconds = clock() - started
    keep_record(
        store,
        action,
        done.value,
        started=started,
        seconds=seconds,
        persona=persona,
        node=node,
        outputs=outputs,
        details=done.details,
        cost_usd=done.cost_usd,
        build=build,
    )
    # Last: if the process dies before this line, the next build finds the record and only has to note the call as done.
    if action.price.paid:
        store.journal.done(action.key, done.cost_usd)
    return outputs, seconds
