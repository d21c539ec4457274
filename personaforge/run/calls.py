"""One call of a provider: reserve, journal, submit, poll, fetch, verify. What is bought here is never bought twice.

    intent committed -> POST -> job id committed -> polls -> fetch -> (kept and recorded by `actions`) -> done committed

Only what is proven not to have been accepted is sent again. What was accepted is looked after until its deadline, and
then left `submitted` for a later build. What may have been accepted is `unknown`: a provider that can find it is asked,
and otherwise the user.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

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
from personaforge.providers.protocols import Job, Provider, Remote, Reply
from personaforge.run.budget import Budget
from personaforge.run.events import Event
from personaforge.run.executors import Executors, Performed
from personaforge.run.limits import Lane, Lanes, Sleep, Slot, Stopped
from personaforge.run.retrying import Backoff, Chance, Pace
from personaforge.steps.action import Action
from personaforge.store.journal import Entry, Journal

_SENDING_AT_ONCE = 16
"""Bodies of queued jobs on their way at the same time: they may hold megabytes each, and are gone once accepted."""
_FETCHES = 5
_FINDS = 3
_FIND_AGAIN_SECONDS = 2.0
_LOSSES = 3
"""Answers of one call that may be lost in a run, where the provider can say what became of each."""
_PLACED = "placed"
"""In a job's data: an immediate answer whose result lies at an address."""


@dataclass(frozen=True)
class Call:
    """An action, and who performs it for whom."""

    action: Action
    made_by: Provider
    capability: Capability
    lane: Lane
    persona: str
    node: str
    inputs: Callable[[], Mapping[str, bytes]]
    """Read when they are sent and not kept: two hundred jobs in flight hold no pictures."""

    @property
    def model(self) -> str:
        return str(self.action.request.get("model", ""))


@dataclass
class Calls:
    """Makes the calls of one build."""

    journal: Callable[[], Journal]
    executors: Executors
    budget: Budget
    lanes: Lanes
    emit: Callable[[Event], None]
    sleep: Sleep
    clock: Callable[[], float] = time.time
    chance: Chance = random.random
    backoff: Backoff = field(default_factory=Backoff)
    pace: Pace = field(default_factory=Pace)
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
                if entry.state == "intent":  # we hold the lease, so whoever wrote it is gone
                    self.journal().unknown(entry.key, "the process died before its answer came")
                job = self.found(call, entry)
                if job is not None:
                    return self._held(call, lambda: self._followed(call, job, slot, resumed=True))
                return self._bought(call, slot, same=call.capability.safe_resubmit)
            return self._bought(call, slot)

    # --- sending ---

    def _bought(self, call: Call, slot: Slot, *, same: bool = False) -> Performed:
        """Reserve the money, send the request, and wait for what comes of it."""
        if call.action.price.paid:
            self.budget.reserve(call.action.price, f"{call.action.kind} by {call.model}", call.persona)
        return self._settling(call, lambda: self._sent(call, slot, same))

    def _held(self, call: Call, work: Callable[[], Performed]) -> Performed:
        """Do something about a call whose money is spent already."""
        self.budget.hold(call.action.price, call.persona)
        return self._settling(call, work)

    def _settling(self, call: Call, work: Callable[[], Performed]) -> Performed:
        """Settle the money by how a call ends: it stays reserved where nobody knows."""
        price, budget, persona = call.action.price, self.budget, call.persona
        try:
            done = work()
        except JobFailed as error:
            budget.settle(price, error.cost_usd, persona)
            raise
        except Refused:
            budget.release(price, persona)
            raise
        except BackendError:
            if call.action.price.paid:
                budget.settle(price, None, persona)
            raise
        except Stopped:
            if not self._is_open(call):
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
                self._note_refused(call, error)
                self._back_off(call, error, tries)
                continue
            except ProviderStopped as error:
                self._note_refused(call, error)
                self._stop(call, error)
                raise
            except Blocked as error:
                return self.executors.blocked(call.action, error)
            except (Refused, JobFailed) as error:
                self._note_refused(call, error)
                raise
            except BackendError as error:
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
            # The address is all that is left of what was bought: it is kept like a job.
            reply = Job("", 0.0, {_PLACED: _placed_json(reply)})
        if isinstance(reply, Job):
            if paid:
                expires = call.capability.result_seconds
                when = None if expires is None else self.clock() + expires
                self.journal().submitted(call.action.key, reply.id, reply.data, when)
            return self._followed(call, reply, slot)
        slot.release()
        try:
            return self.executors.finished(call.action, reply)
        except BackendError as error:
            if paid:
                self.journal().unknown(call.action.key, f"what came back can't be used: {error.message}")
            raise _with_way_out(Undelivered(error.message), call.action.key) from None

    def _back_off(self, call: Call, error: Refused, tries: int) -> None:
        """Wait before the next try, or raise the error when there is to be none."""
        pause = self.backoff.pause(tries, error.retry_after, self.chance)
        if pause is None:
            raise error
        if isinstance(error, RateLimited) or error.retry_after is not None:
            if call.lane.account.pause(pause):
                self._say(
                    call, "action_waiting", f"{call.lane.account.name} is asked nothing for {pause:.0f} s: {error}"
                )
        elif self.sleep(pause):
            raise Stopped

    def _stop(self, call: Call, error: ProviderStopped) -> None:
        if call.lane.account.stop(error):
            text = f"{error}; nothing more is sent to {call.lane.account.name} in this run"
            self._say(call, "notice", f"{text}. {error.hint}" if error.hint else text)

    # --- what was accepted ---

    def taken_up(self, call: Call, entry: Entry) -> Performed:
        """Look after a call that was accepted before. Raises BackendError, Stopped."""
        with call.lane.slot(self.sleep) as slot:
            return self._taken_up(call, entry, slot)

    def _taken_up(self, call: Call, entry: Entry, slot: Slot) -> Performed:
        job = Job(entry.job, 0.0, json.loads(entry.data))
        return self._held(call, lambda: self._followed(call, job, slot, resumed=True))

    def _followed(self, call: Call, job: Job, slot: Slot, *, resumed: bool = False) -> Performed:
        """Look after a job until it ends or its deadline comes."""
        lane, started = call.lane, self.clock()
        expected = None if resumed else lane.expected(call.model)
        wait = 0.0 if resumed else self.pace.first(job.wait_seconds, expected)
        hint, fetches, deaf, running = job.wait_seconds, 0, 0, 0.0
        while True:
            if self.sleep(wait):
                raise Stopped
            waited = self.clock() - started
            try:
                found = self._looked(call, job)
                if isinstance(found, Reply):
                    if not fetches and not resumed:
                        lane.took(call.model, running, waited)
                    slot.release()
                    fetches += 1
                    return self.executors.finished(call.action, found)
                if found.id != job.id or found.data != job.data:
                    job = found
                    if call.action.price.paid:
                        self.journal().submitted(call.action.key, job.id, job.data)
                hint = found.wait_seconds
                deaf, running = 0, waited
                last: BackendError | None = None
            except JobFailed as error:
                self._note_refused(call, error)
                raise
            except Blocked as error:
                return self.executors.blocked(call.action, error)
            except ProviderStopped as error:
                self._stop(call, error)
                raise self._still_there(call, job, error) from None
            except (RateLimited, Unavailable) as error:
                last = error
                if isinstance(error, RateLimited):
                    lane.account.pause(
                        self.backoff.pause(1, error.retry_after, self.chance) or error.retry_after or 1.0
                    )
            except BackendError as error:
                # A fresh look may bring a fresh address; what stays wrong is said after a few.
                last = error
                deaf += 1
            wait = max(self.pace.next(wait, waited, hint, expected), lane.account.pausing())
            if last is not None:
                wait = max(wait, self.backoff.pause(min(max(fetches, deaf, 1), 4), None, self.chance) or 0.0)
            if last is not None and (fetches >= _FETCHES or deaf >= _FETCHES):
                raise self._still_there(call, job, last) from None
            if self.clock() - started > lane.limits.deadline_seconds:
                text = f"it has not finished in {lane.limits.deadline_seconds:g} s"
                raise self._still_there(call, job, last or Undelivered(text)) from None

    def _looked(self, call: Call, job: Job) -> Reply | Job:
        if _PLACED in job.data:
            return _placed(job.data[_PLACED])
        return self.executors.poll(call.made_by, call.action, job)

    def _still_there(self, call: Call, job: Job, error: BackendError) -> Undelivered:
        name = f" {job.id}" if job.id else ""
        text = f"{call.capability.name} accepted this call{name}, but {error.message}"
        if not call.action.price.paid:
            return Undelivered(text)
        key = call.action.key[:12]
        way = f"forge jobs resume, or the next build, looks again; forge jobs resolve {key} --resubmit buys it anew"
        return Undelivered(text, hint=way)

    # --- what may have been accepted ---

    def _lost(self, call: Call, error: BackendError, slot: Slot, losses: int) -> Performed:
        """Keep a call whose fate nobody knows, and find out where that can be done at once."""
        if not call.action.price.paid:
            raise error
        journal, key, capability = self.journal(), call.action.key, call.capability
        journal.unknown(key, error.message)
        entry = journal.get(key)
        assert entry is not None
        if isinstance(error, Undelivered) or not capability.finds:
            kind = Undelivered if isinstance(error, Undelivered) else Unknown
            raise kind(error.message, hint=_resolve(key)) from None
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
                return self._followed(call, job, slot, resumed=True)
        if losses + 1 >= _LOSSES:
            raise Unknown(error.message, hint=_resolve(key)) from None
        return self._sent(call, slot, capability.safe_resubmit, losses + 1)

    def found(self, call: Call, entry: Entry) -> Job | None:
        """Return the job of a call whose answer never came, None when it is proven that there is none.

        Raises Unknown when nobody can tell.
        """
        capability = call.capability
        if not capability.finds:
            raise unknown(entry)
        find = getattr(call.made_by, "find")  # noqa: B009 - only providers that can have it
        try:
            request = self.executors.request(call.action, call.inputs())
            look = lambda: find(request, entry.client_key, entry.started)  # noqa: E731
            job: Job | None = self.executors.guarded(call.action, look)
        except BackendError as error:
            raise unknown(entry, error.message) from None
        if job is not None:
            self.journal().submitted(call.action.key, job.id, job.data)
            return job
        settled = self.clock() - entry.started >= capability.find_settles_seconds
        if not settled and not capability.safe_resubmit:
            raise unknown(entry, f"{capability.name} doesn't know it yet, which may still change")
        return None

    # --- small ---

    def _note_refused(self, call: Call, error: BackendError) -> None:
        if call.action.price.paid:
            cost = error.cost_usd if isinstance(error, JobFailed) else 0.0
            self.journal().refused(call.action.key, error.message, cost)

    def _is_open(self, call: Call) -> bool:
        entry = self.journal().get(call.action.key) if call.action.price.paid else None
        return entry is not None and entry.state in ("intent", "submitted", "unknown")

    def _say(self, call: Call, kind: str, text: str) -> None:
        self.emit(Event(kind, call.persona, call.node, text, result={"key": call.action.key}))


def call_body(call: Call) -> dict[str, Any]:
    """Return what the journal keeps of a call, so that its result can be recorded without planning anew."""
    action = call.action
    return {
        "persona": call.persona,
        "parts": dict(action.parts),
        "deterministic": action.deterministic,
        "sources": dict(action.sources),
        "account": action.account,
        "usd": action.price.usd,
        "tariff": dict(action.price.tariff),
    }


def unknown(entry: Entry, why: str = "") -> Unknown:
    """Return the error for a call whose fate nobody knows."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.started))
    reason = why or entry.note or "its answer never came"
    return Unknown(
        f"{entry.node}: a {entry.kind} call to {entry.provider.partition('@')[0]} was sent at {when}, and {reason}; "
        "it may have been bought, so it is not sent again",
        hint=_resolve(entry.key),
    )


def _resolve(key: str) -> str:
    return f"forge jobs resolve {key[:12]} --resubmit (or --abandon)"


def _with_way_out(error: BackendError, key: str) -> BackendError:
    error.hint = error.hint or _resolve(key)
    return error


def _placed_json(reply: Reply) -> str:
    assert reply.remote is not None
    fields = {
        "url": reply.remote.url,
        "with_key": reply.remote.with_key,
        "cost_usd": reply.cost_usd,
        "details": dict(reply.details),
    }
    return json.dumps(fields, sort_keys=True)


def _placed(text: str) -> Reply:
    fields = json.loads(text)
    remote = Remote(fields["url"], fields["with_key"])
    return Reply(remote=remote, cost_usd=fields["cost_usd"], details=fields["details"])
