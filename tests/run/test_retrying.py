"""Pauses between tries and between looks: how long, how often, and when there is an end."""

from __future__ import annotations

import pytest

from personaforge.run.retrying import Backoff, Pace

never, always = (lambda: 0.0), (lambda: 1.0)


def test_a_request_is_sent_seven_times_and_no_more() -> None:
    """`tries` counts sendings, so after the seventh there is none."""
    backoff = Backoff(tries=7)
    assert [backoff.pause(tries, chance=never) is None for tries in range(1, 9)] == [False] * 6 + [True] * 2


def test_pauses_double_up_to_a_bound_half_of_each_by_chance() -> None:
    backoff = Backoff(first_seconds=1, most_seconds=10, tries=9)
    assert [backoff.pause(tries, chance=never) for tries in range(1, 7)] == [0.5, 1, 2, 4, 5, 5]
    assert [backoff.pause(tries, chance=always) for tries in range(1, 7)] == [1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize(
    ("asked", "least", "most"), [(0.0, 0.0, 0.05), (1.0, 1.0, 1.15), (60.0, 60.0, 62.0), (900.0, 900.0, 902.0)]
)
def test_what_the_provider_asks_for_is_kept_to_with_a_little_more(asked: float, least: float, most: float) -> None:
    assert Backoff().pause(1, asked, never) == pytest.approx(least)
    assert Backoff().pause(1, asked, always) == pytest.approx(most)


def test_a_pause_that_is_too_long_ends_it_and_so_does_the_last_try() -> None:
    assert Backoff(longest_asked=900).pause(1, 900.5, never) is None
    assert Backoff(tries=2).pause(2, 1.0, never) is None


def test_looks_grow_apart_while_nobody_knows_how_long_a_job_takes() -> None:
    pace = Pace(most_seconds=15, growth=1.3, least_seconds=0.05)
    assert pace.first(2.0, None) == 2.0 and pace.first(2.0, 40.0) == 40.0
    assert pace.next(2.0, 2.0, 2.0, None) == pytest.approx(2.6)
    assert pace.next(14.0, 60.0, 2.0, None) == 15
    assert pace.next(0.0, 0.0, 0.0, None) == pytest.approx(0.065), "no look follows at once"
    assert pace.next(1.0, 1.0, 99.0, None) == 15, "not even where the adapter hints at more"


def test_looks_are_close_about_the_time_that_is_expected() -> None:
    pace = Pace(most_seconds=15, close=0.02, least_seconds=0.05)
    assert pace.next(40.0, 40.0, 0.1, 40.0) == pytest.approx(0.8)
    assert pace.next(1.0, 1.0, 0.0, 1.0) == pytest.approx(0.05)
    assert pace.next(40.0, 40.0, 3.0, 40.0) == 3.0, "never closer than the adapter says"
    assert pace.next(40.0, 59.9, 99.0, 40.0) == 15
    assert pace.next(0.8, 60.0, 0.1, 40.0) == pytest.approx(0.8 * 1.3), "half as long again: nobody knows any more"
