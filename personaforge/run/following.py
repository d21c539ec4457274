"""Follows what a provider has accepted: polls, fetches, and gives up no job that may still end.

Polls follow the pace of the latest jobs of the same model. An answer may be bad only for a moment, so it is asked for
again a few times; a job that is not done by its deadline stays `submitted`, and a later build looks again.
"""

from __future__ import annotations

import json

from personaforge.errors import BackendError, Blocked, JobFailed, ProviderStopped, RateLimited, Unavailable, Undelivered
from personaforge.providers.protocols import Job, Remote, Reply
from personaforge.run.call import Call, CallContext
from personaforge.run.limits import Slot, Stopped
from personaforge.run.performers import Performed

_FETCHES = 5
_PLACED = "placed"
"""In a job's data: an immediate answer whose result lies at an address."""


def follow(means: CallContext, call: Call, job: Job, slot: Slot, *, resumed: bool = False) -> Performed:
    """Follow a job until it ends or its deadline comes, and return its result. Raises BackendError, Stopped.

    The slot is given back when the provider has finished, before the result is fetched. `resumed` is a job that was
    accepted some time ago: it is polled at once, and its duration isn't used to guess how long jobs take.
    """
    lane, started = call.lane, means.clock()
    expected = None if resumed else lane.expected(call.model)
    wait = 0.0 if resumed else means.pace.first(job.wait_seconds, expected)
    hint, fetches, deaf, running = job.wait_seconds, 0, 0, 0.0
    while True:
        if means.sleep(wait):
            raise Stopped
        waited = means.clock() - started
        try:
            found = _looked(means, call, job)
            if isinstance(found, Reply):
                if not fetches and not resumed:
                    lane.took(call.model, running, waited)
                slot.release()
                fetches += 1
                return means.executors.finished(call.action, found)
            if found.id != job.id or found.data != job.data:
                job = found
                if call.action.price.paid:
                    means.journal().submitted(call.action.key, job.id, job.data)
            hint = found.wait_seconds
            deaf, running = 0, waited
            last: BackendError | None = None
        except JobFailed as error:
            means.note_refused(call, error)
            raise
        except Blocked as error:
            return means.executors.blocked(call.action, error)
        except ProviderStopped as error:
            means.stop(call, error)
            raise _still_there(call, job, error) from None
        except (RateLimited, Unavailable) as error:
            last = error
            if isinstance(error, RateLimited):
                lane.account.pause(means.backoff.pause(1, error.retry_after, means.chance) or error.retry_after or 1.0)
        except BackendError as error:
            # A fresh look may bring a fresh address; what stays wrong is raised after a few looks.
            last = error
            deaf += 1
        wait = max(means.pace.next(wait, waited, hint, expected), lane.account.pausing())
        if last is not None:
            wait = max(wait, means.backoff.pause(min(max(fetches, deaf, 1), 4), None, means.chance) or 0.0)
        if last is not None and (fetches >= _FETCHES or deaf >= _FETCHES):
            raise _still_there(call, job, last) from None
        if means.clock() - started > lane.limits.deadline_seconds:
            text = f"it has not finished in {lane.limits.deadline_seconds:g} s"
            raise _still_there(call, job, last or Undelivered(text)) from None


def as_job(reply: Reply) -> Job:
    """Return an immediate answer whose result lies at an address as a job, which consists of that address only."""
    assert reply.remote is not None
    fields = {
        "url": reply.remote.url,
        "with_key": reply.remote.with_key,
        "cost_usd": reply.cost_usd,
        "details": dict(reply.details),
    }
    return Job("", 0.0, {_PLACED: json.dumps(fields, sort_keys=True)})


def _looked(means: CallContext, call: Call, job: Job) -> Reply | Job:
    if _PLACED not in job.data:
        return means.executors.poll(call.made_by, call.action, job)
    # From the journal, which may be damaged.
    return means.executors.examined(call.action, means.executors.guarded(call.action, lambda: _placed(job)))


def _placed(job: Job) -> Reply:
    fields = json.loads(job.data[_PLACED])
    remote = Remote(fields["url"], fields["with_key"])
    return Reply(remote=remote, cost_usd=fields["cost_usd"], details=fields["details"])


def _still_there(call: Call, job: Job, error: BackendError) -> Undelivered:
    name = f" {job.id}" if job.id else ""
    text = f"{call.capability.name} accepted this call{name}, but {error.message}"
    if not call.action.price.paid:
        return Undelivered(text)
    key = call.action.key[:12]
    way = f"forge jobs resume, or the next build, looks again; forge jobs resolve {key} --resubmit buys it anew"
    return Undelivered(text, hint=way)
