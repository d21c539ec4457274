"""How much of each provider is used: calls in flight, a rate, pauses that it asks for, and its stop for the run.

A `Lane` is one provider of one modality, with its own number of calls in flight and its own rate. Lanes of one account
share its pauses and its stop: what a provider says to one call, it says to all. Everything that waits takes the clock
and the sleep from the engine, so that tests need no time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from personaforge.errors import ProviderStopped
from personaforge.providers.capability import Capability, Limits

_LATEST = 16
"""How many of a model's latest jobs are used to guess how long the next one takes."""
_CLOSE = 0.01
_EARLIER = 0.94
"""If every job was done at its first poll, the next one is polled a little earlier."""


class Stopped(Exception):
    """The user interrupted the build; raised between calls and between looks at a job, never inside one."""


Clock = Callable[[], float]
Sleep = Callable[[float], bool]
"""Sleeps for so many seconds, or until the user asks to stop: then it returns True at once."""


class Account:
    """A provider as all of its lanes see it."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._until = 0.0
        self._stopped: ProviderStopped | None = None

    def pause(self, seconds: float) -> bool:
        """Send nothing for a while; tell whether that is longer than what was known."""
        with self._lock:
            until = self._clock() + seconds
            longer = until > self._until
            self._until = max(self._until, until)
            return longer

    def pausing(self) -> float:
        """Return how many seconds are left of a pause."""
        with self._lock:
            return max(self._until - self._clock(), 0.0)

    def stop(self, error: ProviderStopped) -> bool:
        """Send nothing more in this run; tell whether that is new."""
        with self._lock:
            new = self._stopped is None
            self._stopped = self._stopped or error
            return new

    def require_running(self) -> None:
        """Raise ProviderStopped, always in the same words, once the provider is stopped."""
        if self._stopped is not None:
            known = self._stopped
            raise ProviderStopped(known.message, hint=known.hint)


class Lane:
    """One provider of one modality."""

    def __init__(self, account: Account, limits: Limits, clock: Clock) -> None:
        self.account = account
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._free = limits.in_flight
        self._waiting: deque[threading.Event] = deque()
        self._next = 0.0
        self._took: dict[str, deque[tuple[float, float]]] = {}

    @contextmanager
    def slot(self, sleep: Sleep) -> Iterator[Slot]:
        """Hold one of the calls in flight; those that wait get it in the order in which they came. Raises Stopped."""
        slot = Slot(self)
        turn: threading.Event | None = None
        with self._lock:
            if self._free > 0:
                self._free -= 1
            else:
                turn = threading.Event()
                self._waiting.append(turn)
        while turn is not None and not turn.wait(0.2):
            if sleep(0.0):
                with self._lock:
                    if turn in self._waiting:
                        self._waiting.remove(turn)
                    else:  # it was handed to us in this moment
                        self._hand_on()
                raise Stopped
        try:
            yield slot
        finally:
            slot.release()

    def ready(self, sleep: Sleep) -> None:
        """Wait until a request may be submitted: the provider is not stopped, no pause is on, and the rate allows it.

        Raises ProviderStopped and Stopped.
        """
        self.account.require_running()
        while (left := self.account.pausing()) > 0:
            if sleep(left):
                raise Stopped
            self.account.require_running()
        wait = self._turn()
        if wait > 0 and sleep(wait):
            raise Stopped
        self.account.require_running()

    def _turn(self) -> float:
        """Take the next turn of the rate, and return how many seconds it is away: turns are evenly spaced."""
        if self.limits.per_minute is None:
            return 0.0
        with self._lock:
            now = self._clock()
            turn = max(self._next, now)
            self._next = turn + 60.0 / self.limits.per_minute
            return turn - now

    def took(self, model: str, running: float, done: float) -> None:
        """Note the seconds after which a job of a model was last seen running, and first seen done."""
        with self._lock:
            self._took.setdefault(model, deque(maxlen=_LATEST)).append((running, done))

    def expected(self, model: str) -> float | None:
        """Return how long a job of a model takes at least, by the latest ones; None before there were any.

        The shortest job ended between two looks: the time between is halved from job to job, down to two hundredths. A
        job that is seen late holds its slot for nothing, and one that is seen a moment early until the next look.
        """
        with self._lock:
            known = self._took.get(model)
            if not known:
                return None
            done = min(done for _, done in known)
            running = max((running for running, _ in known if 0 < running < done), default=_EARLIER * done)
        return (1 + _CLOSE) * done if done - running <= 2 * _CLOSE * done else (running + done) / 2

    def _give_back(self) -> None:
        with self._lock:
            self._hand_on()

    def _hand_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._free += 1


class Slot:
    """One call in flight; given back once."""

    def __init__(self, lane: Lane) -> None:
        self._lane: Lane | None = lane

    def release(self) -> None:
        """Give the slot back: the provider has finished with the call."""
        lane, self._lane = self._lane, None
        if lane is not None:
            lane._give_back()


class Lanes:
    """The lanes of one build, made on first use."""

    def __init__(self, clock: Clock, declared: dict[tuple[str, str], Limits] | None = None) -> None:
        self._clock = clock
        self._declared = declared or {}
        self._lock = threading.Lock()
        self._accounts: dict[str, Account] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}

    def of(self, capability: Capability, model: str) -> Lane:
        """Return the lane of a call."""
        name = capability.name
        if capability.model_accounts:
            name = f"{name}:{model.partition('/')[0]}"
        with self._lock:
            account = self._accounts.setdefault(name, Account(name, self._clock))
            key = (capability.modality, name)
            if key not in self._lanes:
                limits = self._declared.get((capability.modality, capability.name), capability.limits)
                self._lanes[key] = Lane(account, limits, self._clock)
            return self._lanes[key]


def least(one: Limits, other: Limits) -> Limits:
    """Return the stricter of two declarations for one provider, as personas of one build may differ.

    Of two deadlines the later one holds: it asks nothing of the provider, and with the earlier one a persona's paid
    jobs would be given up before the time for which its file says to wait.
    """
    rates = [rate for rate in (one.per_minute, other.per_minute) if rate is not None]
    return Limits(
        min(one.in_flight, other.in_flight),
        min(rates, default=None),
        max(one.deadline_seconds, other.deadline_seconds),
    )
