"""Who may start while others run, and what an engine is put together from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from personaforge.run.runner import _Slots
from personaforge.run.setup import _timeouts, spent_before
from personaforge.spec.project import project_of
from personaforge.store.spending import spending
from personaforge.store.store import Store
from personaforge.testing import write_project
from tests.plan.lab import Lab, lab
from tests.run.conftest import PERSONA


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        ((), "here/3"),
        (("here/1",), "here/3"),
        (("here/1", "here/2"), "away/3"),
        (("here/1", "away/1"), "here/3"),
        (("here/1", "here/2", "away/1"), "away/3"),
        (("here/1", "here/2", "away/1", "away/2"), None),
        (("away/1", "away/2"), "here/3"),
        (("here/1", "away/1", "away/2"), "here/3"),
    ],
)
def test_two_may_work_here_and_two_may_wait_for_somebody_elsewhere(
    running: tuple[str, ...], expected: str | None
) -> None:
    """The first ready node that there is room for: one that has to wait keeps no other from its place."""
    slots = _Slots(2, 2, {"away/1", "away/2", "away/3"})
    assert slots.next(["here/3", "away/3"], running) == expected
    assert slots.next([], running) is None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(project_of((), str(write_project(tmp_path, {"ana": "id: ana\nbrief: A gardener.\n"}))))
    yield opened
    opened.close()


def at(day: int, month: int = 3, hour: int = 12) -> float:
    return datetime(2026, month, day, hour, tzinfo=UTC).timestamp()


def test_a_month_begins_on_its_first_day_in_utc(store: Store) -> None:
    for number, started in enumerate((at(28, 2, 23), at(1, 3, 0), at(1), at(15))):
        parts = {"kind": "draw", "provider": "fal@1", "request": {"model": "m"}, "take": number}
        record = {
            "parts": parts, "outputs": {}, "node": "ana/image/02", "persona": "ana", "cost_usd": 10.0**-number,
            "reserved_usd": 0.5, "started": started, "paid": True,
        }  # fmt: skip
        store.commit(f"{number}" * 64, record)
    spent = spent_before(store, at(20))
    assert {(line.provider, line.model, line.state) for line in spending(store)} == {("fal", "m", "done")}
    assert spent.month == pytest.approx(0.1 + 0.01 + 0.001)
    assert sum(spent.personas.values()) == pytest.approx(1.111) and spent.unpriced == {}


def test_a_call_that_is_open_counts_with_what_was_set_aside_for_it(store: Store) -> None:
    store.journal.intend("k" * 64, "ana/image/02", "draw", "fal@2, opencv 5", "flux", 0.25)
    (line,) = spending(store)
    assert (line.persona, line.step, line.node) == ("ana", "image", "ana/image/02")
    assert (line.provider, line.model, line.usd, line.reserved_usd, line.state) == ("fal", "flux", None, 0.25, "open")
    assert spent_before(store).month == pytest.approx(0.25)
    store.journal.intend("q" * 64, "ana/image/03", "draw", "fal@2", "flux", None)
    assert spent_before(store).unpriced == {"ana": 1}


@pytest.fixture(scope="module")
def open_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("rooms")) as opened:
        yield opened


def test_the_longest_silence_that_any_persona_allows_a_provider(open_lab: Lab) -> None:
    one = open_lab.load(PERSONA).settings
    patient = PERSONA.replace("text: scripted\n", "text: {timeout_seconds: 9}\n").replace(
        "defaults: [", "defaults: [{override /text: scripted}, "
    )
    other = open_lab.load(patient).settings
    assert _timeouts([one])["text"] == 5.0
    assert _timeouts([one, other])["text"] == 9.0 == _timeouts([other, one])["text"]
