"""A database that may not be written is read from a copy: its log counts, and nothing is written beside it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.store import sqlite
from personaforge.store.index import Index, NodeRow
from personaforge.store.journal import Journal
from personaforge.store.outcome import Outcome
from personaforge.store.result import NodeResult

ROW = NodeRow("ana/soul", "s", "o", "accepted", "[]")
RESULT = NodeResult("ana/soul", Outcome("accepted"))


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that may not be written: root is bound by nothing, so its permissions are made up."""
    state = tmp_path / ".forge"
    index, journal = Index(state / "index.db"), Journal(state / "journal.db")
    index.put_node(ROW, RESULT, persona="ana", build="b", finished=1.0)
    index.put_spec("known", b"composed", {})
    index.add("actions", "a")
    journal.intend("k", "ana/image/01", "generate", "fal@1", "m", 0.5)
    index.close()
    journal.close()
    monkeypatch.setattr(sqlite, "writable", lambda path: False)
    return state


def test_what_is_read_is_there_and_what_is_cached_is_forgotten(closed: Path) -> None:
    before = {path.name: path.read_bytes() for path in closed.iterdir()}
    index = Index(closed / "index.db")
    assert index.nodes("ana") == {"ana/soul": ROW} and index.get_spec("known") == b"composed"
    index.put_spec("new", b"composed", {})
    index.relog([("actions", "b")])
    index.add("actions", "c")
    assert index.get_spec("new") == b"composed" and [name for _, _, name in index.since(0)] == ["b", "c"]
    for write in (
        lambda: index.put_node(ROW, RESULT, persona="ana", build="b", finished=1.0),
        lambda: index.announce("actions", "d"),
        lambda: index.put_failure("ana/soul", persona="ana", build="b", error="e", failed=1.0),
        lambda: index.drop_nodes(["ana/soul"]),
    ):
        with pytest.raises(StoreError, match="may not be written") as error:
            write()
        assert error.value.hint == f"ls -ld {closed} shows whose it is"
    index.close()
    index = Index(closed / "index.db")
    assert index.get_spec("new") is None and index.nodes("ana")
    index.close()
    assert {path.name: path.read_bytes() for path in closed.iterdir()} == before


def test_a_call_is_not_sent_that_no_journal_can_hold(closed: Path) -> None:
    journal = Journal(closed / "journal.db")
    assert [entry.key for entry in journal.open_entries()] == ["k"]
    for write in (
        lambda: journal.intend("l", "ana/image/02", "generate", "fal@1", "m", 0.5),
        lambda: journal.submitted("k", "job"),
        lambda: journal.unknown("k", "lost"),
        lambda: journal.abandon("k", "given up"),
        lambda: journal.deleted("k"),
    ):
        with pytest.raises(StoreError, match="the journal of paid calls may not be written"):
            write()
    journal.done("k", 0.5)  # as its record says: the copy may know it
    assert not journal.open_entries()
    journal.close()
    again = Journal(closed / "journal.db")
    assert [entry.state for entry in again.open_entries()] == ["intent"]
    again.close()


def test_the_log_of_a_killed_process_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    held = sqlite3.connect(path, isolation_level=None)
    held.execute("pragma journal_mode = wal")
    held.execute("create table t (a)")
    held.execute("insert into t values (1)")
    before = {name: (tmp_path / name).read_bytes() for name in ("a.db", "a.db-wal")}
    copy = sqlite.copied(str(path))
    assert copy.execute("select a from t").fetchall() == [(1,)]
    copy.execute("insert into t values (2)")
    copy.close()
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    held.close()
    copy = sqlite.copied(str(path))
    assert copy.execute("select a from t").fetchall() == [(1,)]
    copy.close()
    assert os.listdir(tmp_path) == ["a.db"]


@pytest.mark.parametrize("damage", [b"", b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_one_counts_as_empty_and_stays(closed: Path, damage: bytes) -> None:
    (closed / "index.db").write_bytes(damage)
    index = Index(closed / "index.db")
    assert index.nodes("ana") == {} and index.count() == 0
    index.close()
    assert (closed / "index.db").read_bytes() == damage


def test_one_that_is_written_all_the_time_is_refused_and_not_read_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = iter(range(1_000))
    monkeypatch.setattr(sqlite, "_PAUSE", 0)
    monkeypatch.setattr(sqlite, "stat_signature", lambda path: next(changes))
    with pytest.raises(StoreError, match="is written all the time") as error:
        sqlite.copied(str(tmp_path / "a.db"))
    assert error.value.where == str(tmp_path / "a.db") and error.value.hint == "try again later"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_CANTOPEN, True),
        (sqlite3.SQLITE_READONLY_DIRECTORY, True),
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_CORRUPT, False),
        (sqlite3.SQLITE_BUSY, False),
        (None, False),
    ],
)
def test_which_errors_are_the_disks(code: int | None, expected: bool) -> None:
    """And not the database's: a sound one must not be put aside for them."""
    error = sqlite3.OperationalError("x")
    if code is not None:
        error.sqlite_errorcode = code
    assert sqlite.unreachable(error) is expected
