"""One call of a provider: reserve, journal, submit, poll, fetch, verify. What is bought here is never bought twice.

The package's docstring draws a call's states. Only what is proven not to have been accepted is sent again. What was
accepted is followed until its deadline, and then left `submitted` for a later build. What may have been accepted is
`unknown`: a provider that can find it is asked, and otherwise the user.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from personaforge.errors import (
    BackendError,
    Blocked,
    JobFailed,
    ProviderStopped,
    RateLimited,
    Refused,
    Unavailable,
    Undelivered,
    Unknown,
)
from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Finding, Job, Reply
from personaforge.run.call import Call, CallContext, call_body, unknown, way_out
from personaforge.run.following import as_job, follow
from personaforge.run.limits import Slot, Stopped
from personaforge.run.performers import Performed
from personaforge.steps.action import Action
from personaforge.store.journal import Entry

_SENDING_AT_ONCE = 16
"""Bodies of queued jobs on their way at the same time: they may hold megabytes each, and are gone once accepted."""
_FINDS = 3
_FIND_AGAIN_SECONDS = 2.0
_LOSSES = 3
"""Answers of one call that may be lost in a run, where the provider can say how each one ended."""


@dataclass
class Calls(CallContext):
    """Makes the calls of one build."""

    _sending: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_SENDING_AT_ONCE))

    def made(self, call: Call) -> Performed:
        """Make a call, or take up one that was accepted before. Raises BackendError, Stopped."""
        entry = self.journal().get(call.action.key) if call.action.price.paid else None
        if entry is not None and entry.state == "abandoned":
            raise Unknown(
                f"{entry.node}: this {entry.kind} call was given up ({entry.note})",
                hint=f"forge jobs resolve {entry.key[:12]} --resubmit, or --force {call.node} for another take",
            )
        with call.lane.slot(self.sleep) as slot:
            if entry is not None and entry.state == "submitted":
                return self._taken_up(call, entry, slot)
            if entry is not None and entry.state in ("intent", "unknown"):
                if entry.state == "intent":  # we hold the lease, so the process that wrote it is gone
                    self.journal().unknown(entry.key, "the process died before its answer came")
                job = self.found(call, entry)
                if job is not None:
                    return self._held(call, lambda: follow(self, call, job, slot, resumed=True))
                return self._bought(call, slot, same=call.capability.safe_resubmit)
            return self._bought(call, slot)

    def call(
        self, action: Action, fixed: Capability, persona: str, node: str, inputs: Callable[[], Mapping[str, bytes]]
    ) -> Call:
        """Return an action as a call of its provider, whose capability this is."""
        lane = self.lanes.of(fixed, str(action.request.get("model", "")))
        return Call(action, self.executors.provider(action), fixed, lane, persona, node, inputs)

    # --- sending ---

    def _bought(self, call: Call, slot: Slot, *, same: bool = False) -> Performed:
        """Reserve the money, send the request, and wait for its result."""
        if call.action.price.paid:
            self.budget.reserve(call.action.price, f"{call.action.kind} by {call.model}", call.persona)
        return self._settling(call, lambda: self._sent(call, slot, same))

    def _held(self, call: Call, work: Callable[[], Performed]) -> Performed:
        """Do something about a call whose money is spent already."""
        self.budget.hold(call.action.price, call.persona)
        return self._settling(call, work)

    def _settling(self, call: Call, work: Callable[[], Performed]) -> Performed:
        """Settle the money by how a call ends: it stays reserved where that isn't known."""
        price, budget, persona = call.action.price, self.budget, call.persona
        try:
            done = work()
        except JobFailed as error:
            budget.settle(price, error.cost_usd, persona)
            raise
        except Refused:
            # Nothing was accepted, so nothing is charged.
            budget.release(price, persona)
            raise
        except BackendError:
            if call.action.price.paid:
                budget.settle(price, None, persona)
            raise
        except Stopped:
            if not self.is_open(call):
                budget.release(price, persona)
            raise
        budget.settle(price, done.cost_usd, persona)
        return done

    def _sent(self, call: Call, slot: Slot, same: bool, losses: int = 0) -> Performed:
        for tries in count(1):
            call.lane.ready(self.sleep)
            key = self._intended(call, same)
            try:
                reply = self._submitted(call, key)
            except (RateLimited, Unavailable) as error:
                self.note_refused(call, error)
                self._back_off(call, error, tries)
                continue
            except ProviderStopped as error:
                self.note_refused(call, error)
                self.stop(call, error)
                raise
            except Blocked as error:
                # What a filter blocks is a result like any other: nobody tries to get around the filter.
                return self.executors.blocked(call.action, error)
            except (Refused, JobFailed) as error:
                self.note_refused(call, error)
                raise
            except BackendError as error:
                # The provider may have accepted it, and charge for it: it is not simply sent again.
                return self._lost(call, error, slot, losses)
            return self._answered(call, reply, slot)
        raise AssertionError

    def _intended(self, call: Call, same: bool) -> str:
        if not call.action.price.paid:
            return ""
        action = call.action
        entry = self.journal().intend(
            *(action.key, call.node, action.kind, action.provider, call.model, action.price.usd),
            body=call_body(call),
            same=same,
        )
        return entry.client_key

    def _submitted(self, call: Call, key: str) -> Reply | Job:
        if call.capability.immediate:
            return self.executors.submit(call.made_by, call.action, call.inputs(), key)
        with self._sending:
            return self.executors.submit(call.made_by, call.action, call.inputs(), key)

    def _answered(self, call: Call, reply: Reply | Job, slot: Slot) -> Performed:
        paid = call.action.price.paid
        if isinstance(reply, Reply) and reply.remote is not None and paid:
            reply = as_job(reply)
        if isinstance(reply, Job):
            if paid:
                expires = call.capability.result_seconds
                when = None if expires is None else self.clock() + expires
                self.journal().submitted(call.action.key, reply.id, reply.data, when)
            return follow(self, call, reply, slot)
        slot.release()
        try:
            return self.executors.finished(call.action, reply)
        except BackendError as error:
            if paid:
                self.journal().unknown(call.action.key, f"what came back can't be used: {error.message}")
            raise Undelivered(error.message, hint=way_out(call.action.key)) from None

    def _back_off(self, call: Call, error: Refused, tries: int) -> None:
        """Wait before the next try, or raise the error when there is to be none."""
        pause = self.backoff.pause(tries, error.retry_after, self.chance)
        if pause is None:
            raise error
        if isinstance(error, RateLimited) or error.retry_after is not None:
            if call.lane.account.pause(pause):
                self.say(
                    call, "action_waiting", f"{call.lane.account.name} is asked nothing for {pause:.0f} s: {error}"
                )
        elif self.sleep(pause):
            raise Stopped

    # --- what was accepted ---

    def taken_up(self, call: Call, entry: Entry) -> Performed:
        """Follow a call that was accepted before. Raises BackendError, Stopped."""
        with call.lane.slot(self.sleep) as slot:
            return self._taken_up(call, entry, slot)

    def _taken_up(self, call: Call, entry: Entry, slot: Slot) -> Performed:
        job = Job(entry.job, 0.0, json.loads(entry.data))
        return self._held(call, lambda: follow(self, call, job, slot, resumed=True))

    # --- what may have been accepted ---

    def _lost(self, call: Call, error: BackendError, slot: Slot, losses: int) -> Performed:
        """Note that it isn't known how a call ended, and find that out if it can be done at once."""
        if not call.action.price.paid:
            raise error
        journal, key, capability = self.journal(), call.action.key, call.capability
        journal.unknown(key, error.message)
        entry = journal.get(key)
        assert entry is not None
        if isinstance(error, Undelivered) or not capability.finds:
            kind = Undelivered if isinstance(error, Undelivered) else Unknown
            raise kind(error.message, hint=way_out(key)) from None
        # The provider may not list a request that was just sent, so it is asked several times, with growing pauses.
        for tries in range(_FINDS):
            if self.sleep(_FIND_AGAIN_SECONDS * 2**tries):
                raise Stopped
            try:
                job = self.found(call, entry)
            except Unknown as still:
                if tries == _FINDS - 1:
                    raise still from None
                continue
            if job is not None:
                return follow(self, call, job, slot, resumed=True)
        if losses + 1 >= _LOSSES:
            raise Unknown(error.message, hint=way_out(key)) from None
        # The provider has no such job, or charges a repeated request only once: sending it again buys nothing twice.
        return self._sent(call, slot, capability.safe_resubmit, losses + 1)

    def found(self, call: Call, entry: Entry) -> Job | None:
        """Return the job of a call whose answer never came, None when it is proven that there is none.

        Raises Unknown when neither is certain.
        """
        capability = call.capability
        if not capability.finds:
            raise unknown(entry)
        find = cast(Finding, call.made_by).find
        try:
            request = self.executors.request(call.action, call.inputs())
            look = lambda: find(request, entry.client_key, entry.started)  # noqa: E731
            found = self.executors.guarded(call.action, look)
            job = None if found is None else self.executors.examined(call.action, found)
            if isinstance(job, Reply):
                raise BackendError(f"{capability.name} found a finished reply, expected a job or None")
        except BackendError as error:
            raise unknown(entry, error.message) from None
        if job is not None:
            self.journal().submitted(call.action.key, job.id, job.data)
            return job
        settled = self.clock() - entry.started >= capability.find_settles_seconds
        if not settled and not capability.safe_resubmit:
            raise unknown(entry, f"{capability.name} doesn't know it yet, which may still change")
        return None
