"""A call of a provider, the means to make it, and what is reported and kept about it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from personaforge.errors import BackendError, JobFailed, ProviderStopped, Unknown
from personaforge.providers.capability import Capability
from personaforge.providers.protocols import Provider
from personaforge.run.budget import Budget
from personaforge.run.events import Event
from personaforge.run.executors import Executors
from personaforge.run.limits import Lane, Lanes, Sleep
from personaforge.run.retrying import Backoff, Chance, Pace
from personaforge.steps.action import Action
from personaforge.store.journal import Entry, Journal


@dataclass(frozen=True)
class Call:
    """An action with the provider that performs it, and the persona and node for which it does."""

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
        """The model asked for, empty where a provider has but one."""
        return str(self.action.request.get("model", ""))


@dataclass
class CallContext:
    """What the calls of one build are made with, and what is noted about them."""

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

    def note_refused(self, call: Call, error: BackendError) -> None:
        """Commit that a call was refused or failed, and what that cost."""
        if call.action.price.paid:
            cost = error.cost_usd if isinstance(error, JobFailed) else 0.0
            self.journal().refused(call.action.key, error.message, cost)

    def is_open(self, call: Call) -> bool:
        """Tell whether a call may have been bought, and has no result yet."""
        entry = self.journal().get(call.action.key) if call.action.price.paid else None
        return entry is not None and entry.state in ("intent", "submitted", "unknown")

    def stop(self, call: Call, error: ProviderStopped) -> None:
        """Send nothing more to a call's provider in this run, and say so once."""
        if call.lane.account.stop(error):
            text = f"{error}; nothing more is sent to {call.lane.account.name} in this run"
            self.say(call, "notice", f"{text}. {error.hint}" if error.hint else text)

    def say(self, call: Call, kind: str, text: str) -> None:
        """Emit an event about a call."""
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
    """Return the error for a call of which it isn't known how it ended."""
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.started))
    reason = why or entry.note or "its answer never came"
    return Unknown(
        f"{entry.node}: a {entry.kind} call to {entry.provider.partition('@')[0]} was sent at {when}, and {reason}; "
        "it may have been bought, so it is not sent again",
        hint=way_out(entry.key),
    )


def way_out(key: str) -> str:
    """Return what to type about a call that only the user can resolve."""
    return f"forge jobs resolve {key[:12]} --resubmit (or --abandon)"
