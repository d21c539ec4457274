"""Lanes and accounts: who may send now, who waits, and what two personas' declarations for one provider come to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from personaforge.errors import ProviderStopped
from personaforge.providers.capability import Capability, Limits
from personaforge.run.limits import Account, Lane, Lanes, Stopped, least


@dataclass
class Clock:
    """Time that passes only in sleep."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)
    stop: bool = False

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> bool:
        self.slept.append(seconds)
        self.now += seconds
        return self.stop


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lane(clock: Clock, **limits: float) -> Lane:
    return Lane(Account("fal", clock), Limits(**limits), clock)  # type: ignore[arg-type]


def test_of_two_declarations_the_smaller_load_and_the_longer_patience_hold() -> None:
    """Fewer calls and a lower rate ask less of the provider. A deadline asks nothing of it: with the shorter one a
    persona's paid jobs would be given up before the time for which it has said that it waits."""
    one, other = Limits(4, 60.0, 300.0), Limits(2, None, 900.0)
    assert least(one, other) == Limits(2, 60.0, 900.0) == least(other, one)
    assert least(one, one) == one
    assert least(one, Limits(8, 30.0, 100.0)) == Limits(4, 30.0, 300.0)
    assert least(Limits(1), Limits(1)).per_minute is None


def test_turns_of_a_rate_are_evenly_spaced(clock: Clock) -> None:
    one = lane(clock, per_minute=30.0)
    for _ in range(3):
        one.ready(clock.sleep)
    assert clock.slept == [2.0, 2.0], "the first goes at once"
    clock.now += 60.0
    one.ready(clock.sleep)
    one.ready(clock.sleep)
    assert clock.slept == [2.0, 2.0, 2.0], "time in which nothing was sent is not saved up"


def test_without_a_rate_nothing_waits(clock: Clock) -> None:
    one = lane(clock)
    for _ in range(3):
        one.ready(clock.sleep)
    assert clock.slept == []


def test_a_pause_holds_for_all_lanes_of_an_account_and_the_longest_counts(clock: Clock) -> None:
    account = Account("fal", clock)
    one, other = (Lane(account, Limits(), clock) for _ in range(2))
    assert account.pause(5.0) and not account.pause(5.0) and not account.pause(3.0)
    assert account.pausing() == 5.0
    other.ready(clock.sleep)
    one.ready(clock.sleep)
    assert clock.slept == [5.0] and account.pausing() == 0.0
    assert account.pause(1.0), "what is over is no pause"
    clock.now += 9.0
    assert account.pausing() == 0.0


def test_an_account_that_is_stopped_sends_nothing_more_and_says_the_same_each_time(clock: Clock) -> None:
    one = lane(clock)
    assert one.account.stop(ProviderStopped("no money", hint="pay"))
    assert not one.account.stop(ProviderStopped("another error"))
    for _ in range(2):
        with pytest.raises(ProviderStopped, match="no money") as error:
            one.ready(clock.sleep)
        assert error.value.hint == "pay"


@pytest.mark.parametrize("waits_for", ["pause", "rate"])
def test_a_user_who_stops_waits_for_nothing(clock: Clock, waits_for: str) -> None:
    one = lane(clock, per_minute=1.0)
    if waits_for == "pause":
        one.account.pause(5.0)
    else:
        one.ready(clock.sleep)
    clock.stop = True
    with pytest.raises(Stopped):
        one.ready(clock.sleep)
    assert len(clock.slept) == 1


def test_slots_are_handed_on_in_the_order_of_coming_and_given_back_once(clock: Clock) -> None:
    one = lane(clock, in_flight=1)
    order: list[str] = []

    def hold(name: str) -> None:
        with one.slot(lambda seconds: False):
            order.append(name)

    with one.slot(clock.sleep) as slot:
        threads = []
        for number, name in enumerate(("first", "second", "third"), 1):
            threads.append(threading.Thread(target=hold, args=(name,)))
            threads[-1].start()
            while len(one._waiting) < number:
                pass
        slot.release()
        slot.release()
        for thread in threads:
            thread.join()
    assert order == ["first", "second", "third"]
    with one.slot(clock.sleep):
        assert one._free == 0, "one slot is one slot, however often it was given back"
    assert one._free == 1


def test_who_stops_while_waiting_leaves_no_gap(clock: Clock) -> None:
    one = lane(clock, in_flight=1)
    clock.stop = True
    with one.slot(clock.sleep):
        with pytest.raises(Stopped), one.slot(clock.sleep):
            raise AssertionError("there is no slot")
        assert not one._waiting
    with one.slot(clock.sleep):
        assert one._free == 0


def test_lanes_of_one_provider_share_its_account_and_those_of_two_models_owners_don_t(clock: Clock) -> None:
    lanes = Lanes(clock, {("image", "fal"): Limits(9)})
    image, video = (Capability("fal", modality, frozenset()) for modality in ("image", "video"))
    assert lanes.of(image, "a") is lanes.of(image, "b") and lanes.of(image, "a") is not lanes.of(video, "a")
    assert lanes.of(image, "a").account is lanes.of(video, "a").account
    assert lanes.of(image, "a").limits == Limits(9) and lanes.of(video, "a").limits == Limits()
    text = Capability("litellm", "text", frozenset(), model_accounts=True)
    one, other = lanes.of(text, "anthropic/one"), lanes.of(text, "openai/two")
    assert one is lanes.of(text, "anthropic/three") and one.account is not other.account
    assert one.account.name == "litellm:anthropic"
