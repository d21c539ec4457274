"""Lanes: when a job is looked at first, from how long the latest ones took."""

from __future__ import annotations

import pytest

from personaforge.providers.capability import Limits
from personaforge.run.limits import Account, Lane
from personaforge.run.retrying import Pace

HINT = 0.1


@pytest.fixture
def lane() -> Lane:
    clock = lambda: 0.0  # noqa: E731
    return Lane(Account("fal", clock), Limits(in_flight=1), clock)


def followed(lane: Lane, seconds: float) -> tuple[float, int]:
    """Look after one job that takes so long, as the engine does; return when it is seen done, and how many looks."""
    pace, expected, running, looks = Pace(), lane.expected("m"), 0.0, 0
    waited = wait = pace.first(1.0, expected)
    while True:
        looks += 1
        if waited >= seconds:
            lane.took("m", running, waited)
            return waited, looks
        running = waited
        wait = pace.next(wait, waited, HINT, expected)
        waited += wait


def test_before_the_first_job_nobody_knows(lane: Lane) -> None:
    assert lane.expected("m") is None
    lane.took("other", 1.0, 2.0)
    assert lane.expected("m") is None


@pytest.mark.parametrize("seconds", [2.0, 7.3, 41.0])
def test_jobs_of_one_length_are_seen_at_once_and_with_one_look(lane: Lane, seconds: float) -> None:
    for _ in range(20):
        followed(lane, seconds)
    late, looks = zip(*(followed(lane, seconds) for _ in range(64)), strict=True)
    assert sum(late) / 64 - seconds < 0.03 * seconds
    assert sum(looks) / 64 < 1.8


@pytest.mark.parametrize(
    ("running", "expected"),
    [(0.0, 9.7), (9.5, 9.75), (9.75, 9.875), (9.81, 10.1), (9.9, 10.1)],
    ids=["never seen running: 0.94 of it", "halved", "halved to the end", "close enough", "closer"],
)
def test_the_time_between_two_looks_is_halved_down_to_two_hundredths(
    lane: Lane, running: float, expected: float
) -> None:
    lane.took("m", running, 10.0)
    assert lane.expected("m") == pytest.approx(expected)


def test_jobs_that_become_faster_are_found_out(lane: Lane) -> None:
    for _ in range(40):
        followed(lane, 10.0)
    for _ in range(200):
        followed(lane, 8.0)
    assert followed(lane, 8.0)[0] < 8.4


def test_the_shortest_of_jobs_of_many_lengths_counts(lane: Lane) -> None:
    for seconds in (30.0, 12.0, 25.0, 60.0):
        lane.took("m", seconds - 0.1, seconds)
    expected = lane.expected("m")
    assert expected is not None and 12.0 <= expected < 12.2
