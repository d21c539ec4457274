"""The time left of a build weighs nodes by what their kind takes: a clip is no text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from personaforge.report.build.pace import TimeLeft, seconds_by_kind
from tests.plan.sites import sites


def plan(**kinds: tuple[str, int]) -> Any:
    """A plan to run `kind=(modality, count)` nodes."""
    nodes = [
        SimpleNamespace(
            id=f"a/{kind}/{number}",
            state="run",
            shape=SimpleNamespace(kind=SimpleNamespace(name=kind, modality=modality)),
        )
        for kind, (modality, count) in kinds.items()
        for number in range(count)
    ]
    return SimpleNamespace(nodes=lambda: iter(nodes))


def test_what_takes_long_counts_as_much_as_it_takes() -> None:
    pace = TimeLeft(plan(draft=("text", 8), video=("video", 2)), {"draft": 1.0, "video": 30.0})
    for number in range(8):
        pace.ended(f"a/draft/{number}", 1.0, True)
    assert pace.left(8.0) == pytest.approx(60.0), "by the number of nodes it would have been 2 seconds"
    pace.ended("a/video/0", 30.0, True)
    assert pace.left(38.0) == pytest.approx(30.0)
    pace.ended("a/video/1", 30.0, True)
    assert pace.left(68.0) is None


def test_a_machine_that_is_twice_as_fast_or_runs_two_at_once_takes_half() -> None:
    pace = TimeLeft(plan(draft=("text", 8)), {"draft": 2.0})
    for number in range(4):
        pace.ended(f"a/draft/{number}", 1.0, True)
    assert pace.left(4.0) == pytest.approx(4.0)


def test_nothing_is_said_while_nobody_knows_what_a_kind_takes() -> None:
    pace = TimeLeft(plan(draft=("text", 4), video=("video", 2), profile=("", 1)), {})
    for number in range(4):
        pace.ended(f"a/draft/{number}", 1.0, True)
    assert pace.left(4.0) is None, "no clip has been filmed"
    pace.ended("a/video/0", 20.0, True)
    assert pace.left(24.0) == pytest.approx(20.0), "and the profile is computed in no time"


def test_what_only_stood_says_nothing_of_the_pace() -> None:
    pace = TimeLeft(plan(draft=("text", 8)), {"draft": 1.0})
    for number in range(6):
        pace.ended(f"a/draft/{number}", 0.0, False)
    assert pace.left(0.1) is None
    pace.ended("a/draft/6", 1.0, True)
    assert pace.left(1.0) == pytest.approx(1.0)


def test_the_stores_records_say_what_a_kind_takes(tmp_path: Any) -> None:
    with sites(tmp_path) as built, built["local"].open() as space:
        found = seconds_by_kind(space.store, space.plan([]))
    assert {"draft", "image", "video"} <= found.keys() and all(seconds > 0 for seconds in found.values())
