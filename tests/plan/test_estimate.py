"""What a node may buy, case by case: three attempts at most, at 0.04 US dollars each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from personaforge.plan.estimate import NONE_FOR_SURE, estimate
from personaforge.plan.graph import lay_out
from personaforge.plan.plan import NOTHING, Estimate, PlannedNode, total
from personaforge.spec.settings import Settings
from personaforge.steps.action import FREE, Action, Price
from personaforge.store.lockfile import Pin
from personaforge.testing import scripted_images
from tests.plan.lab import Lab, lab
from tests.run.conftest import PERSONA


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("estimate")) as opened:
        yield opened


@pytest.fixture(scope="module")
def settings(open_lab: Lab) -> Settings:
    return open_lab.load(PERSONA).settings


def node(settings: Settings, name: str = "image/02", state: Any = "run") -> PlannedNode:
    made = PlannedNode("ana", lay_out(settings).by_name[name], None)
    made.state = state
    return made


def draw(attempt: int = 0, usd: float | None = 0.05) -> Action:
    return Action("draw", "scripted@1", {}, attempt=attempt, price=Price(True, usd))


def pinned(attempt: int) -> Pin:
    return Pin("key", {"image": "a" * 64}, {"image": "image/png"}, attempt=attempt)


@pytest.mark.parametrize(
    ("state", "missing", "pin", "expected"),
    [
        ("run", None, None, Estimate(1, 3, 0.04, 0.12)),
        ("maybe", None, None, Estimate(0, 3, 0.0, 0.12)),
        # The first missing call is known, and so is what that one costs: its own price counts.
        ("run", draw(), None, Estimate(1, 3, 0.05, 0.15)),
        ("run", draw(1), None, Estimate(1, 2, 0.05, 0.1)),
        ("run", draw(2), None, Estimate(1, 1, 0.05, 0.05)),
        ("run", draw(3), None, Estimate(1, 1, 0.05, 0.05)),
        ("run", draw(1), pinned(0), Estimate(1, 2, 0.05, 0.1)),
        # Only measured again: if it fails, the attempts that are left.
        ("run", Action("measure", "a@1", {}), None, Estimate(0, 2, 0.0, 0.08)),
        ("run", Action("measure", "a@1", {}), pinned(0), Estimate(0, 2, 0.0, 0.08)),
        ("run", Action("measure", "a@1", {}), pinned(1), Estimate(0, 1, 0.0, 0.04)),
        ("run", Action("measure", "a@1", {}), pinned(2), NOTHING),
        ("run", Action("measure_clip", "a@1", {}), pinned(1), Estimate(0, 1, 0.0, 0.04)),
        ("run", Action("write", "forge@1", {}), None, Estimate(0, 2, 0.0, 0.08)),
    ],
)  # fmt: skip
def test_a_picture(settings: Settings, state: str, missing: Action | None, pin: Pin | None, expected: Estimate) -> None:
    found = estimate(node(settings, state=state), settings, missing, pin)
    assert found._replace(priced_usd_min=0, priced_usd_max=0) == expected._replace(priced_usd_min=0, priced_usd_max=0)
    assert (found.priced_usd_min, found.priced_usd_max) == pytest.approx(
        (expected.priced_usd_min, expected.priced_usd_max)
    )


def test_what_is_pinned_and_stays_whatever_is_measured_buys_nothing(settings: Settings) -> None:
    measured = Action("measure", "a@1", {})
    assert estimate(node(settings), settings, measured, pinned(0), stays=True) == NOTHING
    assert estimate(node(settings), settings, draw(), pinned(0), stays=True).calls_max == 3, "a call is a call"


def test_calls_without_a_price_are_counted_apart(settings: Settings) -> None:
    assert estimate(node(settings), settings, draw(usd=None), None) == Estimate(1, 3, unpriced_min=1, unpriced_max=3)
    assert estimate(node(settings, state="maybe"), settings, draw(usd=None), None) == Estimate(
        0, 3, unpriced_min=0, unpriced_max=3
    )


@pytest.mark.parametrize("name", ["anchor", "profile", "document"])
def test_what_no_provider_makes_costs_nothing(settings: Settings, name: str) -> None:
    assert estimate(node(settings, name), settings, None, None) == NOTHING


def test_a_provider_that_is_not_paid_costs_nothing(settings: Settings, open_lab: Lab) -> None:
    try:
        scripted_images(paid=False).register()
        assert estimate(node(settings), settings, replace(draw(), price=FREE), None) == NOTHING
    finally:
        open_lab.studio.images.register()
    assert estimate(node(settings), settings, draw(), None) != NOTHING


def test_sums() -> None:
    one, other = Estimate(1, 3, 0.5, 1.5), Estimate(0, 2, unpriced_min=0, unpriced_max=2)
    both = total([one, NOTHING, other])
    assert both == one + other == Estimate(1, 5, 0.5, 1.5, 0, 2)
    assert (both.usd_min, both.usd_max) == (0.5, None), "at least is known, at most isn't"
    assert total([]) == NOTHING and total([one]) == one
    assert both._replace(**NONE_FOR_SURE) == Estimate(0, 5, 0.0, 1.5, 0, 2)
    assert both.as_json() == {
        "calls_min": 1, "calls_max": 5, "priced_usd_min": 0.5, "priced_usd_max": 1.5, "unpriced_min": 0,
        "unpriced_max": 2, "usd_min": 0.5, "usd_max": None,
    }  # fmt: skip
