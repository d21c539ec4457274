"""What a build says is kept in pieces, and only where something was done."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.run import chronicle as module
from personaforge.run.chronicle import Chronicle
from personaforge.run.events import Event
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse.projection import opened


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "personas").mkdir()
    return Store(Project(tmp_path))


def begun(store: Store, clock: list[float]) -> Chronicle:
    chronicle = Chronicle(store, lambda: clock[0])
    chronicle(Event("build_started", result={"build": "one"}))
    return chronicle


def test_a_build_that_does_nothing_keeps_nothing(store: Store) -> None:
    chronicle = begun(store, [0.0])
    chronicle(Event("node_started", "ana", "ana/soul"))
    chronicle.close()
    assert list(store.records.all("events")) == []


def test_pieces_are_kept_as_they_fill_and_read_as_one_stream(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 4)
    clock = [0.0]
    chronicle = begun(store, clock)
    for number in range(6):
        chronicle(Event("action_started", "ana", "ana/soul", time=100.0 + number, result={"attempt": number}))
    assert len(list(store.records.all("events"))) == 1, "killed now, the build has left its first piece"
    clock[0] = 60.0
    chronicle(Event("node_finished", "ana", "ana/soul", error="no luck", time=200.0))
    assert len(list(store.records.all("events"))) == 2, "nothing waits for long"
    chronicle.close()
    with opened(store) as connection:
        sql = "select number, type, node, error, result->>'attempt' from events where build = 'one' order by number"
        rows = connection.execute(sql).fetchall()
    assert [row[0] for row in rows] == list(range(8))
    assert rows[0][1:4] == ("build_started", None, None) and rows[3] == (3, "action_started", "ana/soul", None, "2")
    assert rows[7] == (7, "node_finished", "ana/soul", "no luck", None)
