"""Under which key of ours a request is sent again, once its provider has said that it never got it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import Unavailable, Unknown
from personaforge.providers import table
from personaforge.providers.capability import Capability, Limits
from personaforge.providers.protocols import Blob, Job, Reply, Request
from personaforge.providers.table import Entry, register
from personaforge.run.budget import Budget, OverBudget
from personaforge.run.call import Call
from personaforge.run.calls import Calls
from personaforge.run.executors import Executors
from personaforge.run.limits import Account, Lane, Lanes, Stopped
from personaforge.run.retrying import Backoff
from personaforge.steps.action import Action, Price
from personaforge.store.journal import Journal, client_key
from personaforge.testing import png

ACTION = Action("draw", "finder@1", {"prompt": "a rose"}, price=Price(True, 0.04))
AN_HOUR = 3_600.0


@dataclass
class Finder:
    """Knows what was sent, and answers a question for a request with whatever the test says."""

    fail: list[Exception] = field(default_factory=list)
    """What to raise for the first requests."""
    found: Job | None = None
    keys: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def submit(self, request: Request, key: str = "") -> Reply | Job:
        self.keys.append(key)
        if self.fail:
            raise self.fail.pop(0)
        return Reply(blob=Blob(png((1, 2, 3)), "image/png"), cost_usd=0.04)

    def poll(self, job: Job) -> Reply | Job:
        return Reply(blob=Blob(png((1, 2, 3)), "image/png"), cost_usd=0.04)

    def find(self, request: Request, key: str, since: float) -> Job | None:
        self.asked.append(key)
        return self.found


@dataclass
class CallCase:
    """A provider, who calls it, and what is noted."""

    finder: Finder
    calls: Calls
    call: Call
    journal: Journal
    slept: list[float]


@pytest.fixture
def make_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make a case with a provider that can find what it got; `safe` where it takes a repeated request once."""
    monkeypatch.setattr(table, "_TABLE", dict(table._TABLE))
    journal = Journal(tmp_path / "journal.db")

    def make(*, safe: bool, finds: bool = True, later: float = AN_HOUR) -> CallCase:
        capability = Capability(
            "finder", "image", frozenset({"prompt"}), client_key=True, safe_resubmit=safe, finds=finds,
            find_settles_seconds=60.0,
        )  # fmt: skip
        finder, slept = Finder(), list[float]()
        register(Entry(capability, lambda options: finder))

        def sleep(seconds: float) -> bool:
            slept.append(seconds)
            return False

        clock = lambda: time.time() + later  # noqa: E731
        calls = Calls(
            lambda: journal,
            Executors(lambda identity: None),
            Budget(None),
            Lanes(clock),
            lambda event: None,
            sleep,
            clock,
            lambda: 0.5,
        )
        lane = Lane(Account("finder", clock), Limits(), clock)
        call = Call(ACTION, finder, capability, lane, "ana", "ana/image/02", dict)
        return CallCase(finder, calls, call, journal, slept)

    yield make
    journal.close()


def sent_before(case: CallCase) -> None:
    """Another process sent the request, and died before its answer came."""
    case.journal.intend(ACTION.key, "ana/image/02", "draw", "finder@1", "", 0.04)


FIRST, SECOND, THIRD = (client_key(ACTION.key, number) for number in (1, 2, 3))


def test_a_provider_that_takes_a_repeated_request_once_gets_the_same_key_again(make_case: Any) -> None:
    """If the first one does come late, it is one request to the provider, and is charged once."""
    one = make_case(safe=True)
    sent_before(one)
    one.calls.made(one.call)
    assert one.finder.asked == [FIRST] and one.finder.keys == [FIRST]
    entry = one.journal.get(ACTION.key)
    assert entry is not None and entry.sent == 1


def test_a_provider_that_doesn_t_gets_another_key(make_case: Any) -> None:
    """It has proven that it never got the first, and without safe resubmits an old key may be refused as a repeated
    one: what is sent now is another request, and is found by its own key."""
    one = make_case(safe=False)
    sent_before(one)
    one.calls.made(one.call)
    assert one.finder.asked == [FIRST] and one.finder.keys == [SECOND]
    entry = one.journal.get(ACTION.key)
    assert entry is not None and entry.sent == 2


@pytest.mark.parametrize(("safe", "keys"), [(True, [FIRST, FIRST]), (False, [FIRST, SECOND])])
def test_the_same_holds_for_an_answer_that_was_lost_just_now(make_case: Any, safe: bool, keys: list[str]) -> None:
    one = make_case(safe=safe)
    one.finder.fail = [Unknown("reset by peer")]
    one.calls.made(one.call)
    assert one.finder.keys == keys and one.finder.asked == [FIRST] * 3
    assert one.slept == [2.0, 4.0, 8.0], "it is given time to note what it got"


def test_a_call_whose_answers_are_lost_three_times_is_left_to_the_user(make_case: Any) -> None:
    one = make_case(safe=False)
    one.finder.fail = [Unknown("reset by peer") for _ in range(9)]
    with pytest.raises(Unknown, match="reset by peer") as error:
        one.calls.made(one.call)
    assert one.finder.keys == [FIRST, SECOND, THIRD]
    assert error.value.hint == f"forge jobs resolve {ACTION.key[:12]} --resubmit (or --abandon)"
    entry = one.journal.get(ACTION.key)
    assert entry is not None and entry.state == "unknown"


def test_what_was_refused_for_certain_is_another_request_each_time(make_case: Any) -> None:
    one = make_case(safe=False)
    one.finder.fail = [Unavailable("busy"), Unavailable("busy")]
    one.calls.made(one.call)
    assert one.finder.keys == [FIRST, SECOND, THIRD] and one.finder.asked == []
    assert one.slept == [0.75, 1.5], "half of a second and of two, and half of that by chance"


def test_what_is_found_is_not_sent_again(make_case: Any) -> None:
    one = make_case(safe=False)
    sent_before(one)
    one.finder.found = Job("job-7", 0.0)
    one.calls.made(one.call)
    assert one.finder.keys == [] and one.finder.asked == [FIRST]


@pytest.mark.parametrize(("safe", "later", "sent"), [(False, 59.0, []), (False, 61.0, [SECOND]), (True, 0.0, [FIRST])])
def test_not_found_proves_nothing_before_a_provider_must_know(
    make_case: Any, safe: bool, later: float, sent: list[str]
) -> None:
    """A minute here. Where a repeated request is safe, nothing needs to be proven."""
    one = make_case(safe=safe, later=later)
    sent_before(one)
    if sent:
        one.calls.made(one.call)
    else:
        with pytest.raises(Unknown, match="finder doesn't know it yet, which may still change"):
            one.calls.made(one.call)
    assert one.finder.keys == sent


def test_a_provider_that_can_t_find_is_not_asked_and_nothing_is_sent_again(make_case: Any) -> None:
    one = make_case(safe=True, finds=False)
    sent_before(one)
    with pytest.raises(Unknown, match="it may have been bought, so it is not sent again"):
        one.calls.made(one.call)
    assert one.finder.keys == [] == one.finder.asked


def test_a_call_is_sent_as_often_as_declared_and_no_more(make_case: Any) -> None:
    one = make_case(safe=False)
    one.calls.backoff = Backoff(tries=3)
    one.finder.fail = [Unavailable("busy") for _ in range(9)]
    with pytest.raises(Unavailable):
        one.calls.made(one.call)
    assert len(one.finder.keys) == 3 and len(one.slept) == 2


def test_money_is_given_back_for_what_was_certainly_not_bought_when_the_user_stops(make_case: Any) -> None:
    """A refused request waits for its next try when the stop comes; five cents are enough for one call, not for two."""
    one = make_case(safe=False)
    one.calls.budget = Budget(0.05)
    one.finder.fail = [Unavailable("busy")]
    one.calls.sleep = lambda seconds: True
    with pytest.raises(Stopped):
        one.calls.made(one.call)
    one.calls.budget.reserve(ACTION.price, "another call")


def test_money_stays_reserved_for_what_may_still_be_charged_when_the_user_stops(make_case: Any) -> None:
    one = make_case(safe=False)
    one.calls.budget = Budget(0.05)
    one.finder.fail = [Unknown("reset by peer")]
    one.calls.sleep = lambda seconds: True
    with pytest.raises(Stopped):
        one.calls.made(one.call)
    with pytest.raises(OverBudget):
        one.calls.budget.reserve(ACTION.price, "another call")


def test_what_was_bought_is_settled_at_its_cost_and_what_nobody_can_say_at_what_was_set_aside(make_case: Any) -> None:
    one = make_case(safe=False)
    one.calls.made(one.call)
    assert one.calls.budget.spent_usd == pytest.approx(0.04) and one.calls.budget.unknown_calls == 0
    one.journal.done(ACTION.key, 0.04)
    lost = make_case(safe=False, finds=False)
    lost.finder.fail = [Unknown("reset by peer")]
    with pytest.raises(Unknown):
        lost.calls.made(lost.call)
    assert lost.calls.budget.spent_usd == pytest.approx(0.04) and lost.calls.budget.unknown_calls == 1
