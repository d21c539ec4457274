"""The index: quick, shared by threads and processes, and remade when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.store import index as module
from personaforge.store.index import Index, NodeRow
from personaforge.store.outcome import Outcome
from personaforge.store.result import NodeResult

from .given import python

WRITE = """
import sys
from pathlib import Path
from personaforge.store.index import Index, NodeRow
from personaforge.store.outcome import Outcome
from personaforge.store.result import NodeResult
index, name = Index(Path(sys.argv[1])), sys.argv[2]
for number in range(40):
    index.add("actions", f"{name}-{number}")
    index.put_spec(f"{name}-{number}", b"body", {f"{name}-{number // 10}": b"group"})
    node = f"ana/{name}/{number}"
    index.put_node(NodeRow(node, "s", "o", "accepted", "[]"), NodeResult(node, Outcome("accepted")), persona="ana",
                   build="b", finished=1.0)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "index.db"


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    opened = Index(path)
    yield opened
    opened.close()


def row(name: str, status: str = "accepted", signature: str = "s") -> NodeRow:
    return NodeRow(name, signature, "outcome", status, "[]")


def put(index: Index, name: str, *, persona: str = "ana", key: str = "", **fields: str) -> None:
    result = NodeResult(name, Outcome("accepted", key=key))
    index.put_node(row(name, **fields), result, persona=persona, build="build", finished=1.5)


# --- nodes ------------------------------------------------------------------------------------------------------------


def test_the_last_outcome_of_a_node_takes_the_place_of_the_one_before(index: Index) -> None:
    put(index, "ana/soul", key="first", signature="1")
    put(index, "ana/soul", key="second", signature="2", status="flagged")
    assert index.nodes("ana") == {"ana/soul": row("ana/soul", "flagged", "2")}
    found = index.result("ana/soul")
    assert found is not None and found.outcome.key == "second"
    assert index.result("ana/nothing") is None and index.results("ana") == [found]


def test_personas_stay_apart(index: Index) -> None:
    put(index, "ana/soul")
    put(index, "eva/soul", persona="eva")
    assert list(index.nodes("ana")) == ["ana/soul"] and index.nodes("uma") == {}
    assert index.node_history("eva") == [("eva/soul", "eva", "accepted", "build", 1.5)]
    assert [entry[0] for entry in index.node_history()] == ["ana/soul", "eva/soul"]


def test_a_failure_leaves_the_last_outcome_and_goes_with_the_next_success(index: Index) -> None:
    put(index, "ana/soul")
    index.put_failure("ana/soul", persona="ana", build="b", error="refused", failed=2.0)
    index.put_failure("ana/soul", persona="ana", build="b", error="lost", failed=3.0)
    assert index.failures("ana") == {"ana/soul": ("lost", 3.0)} and index.failures("eva") == {}
    assert "ana/soul" in index.nodes("ana")
    index.drop_failure("ana/soul")
    index.drop_failure("ana/nothing")
    assert index.failures("ana") == {}


# --- specs ------------------------------------------------------------------------------------------------------------


def test_specs_and_groups_come_back(index: Index) -> None:
    index.put_spec("key", b"first", {"g1": b"one", "g2": b"two"})
    index.put_spec("key", b"second", {"g1": b"never rewritten: a group is named by its content"})
    assert (index.get_spec("key"), index.get_group("g1"), index.get_group("g2")) == (b"second", b"one", b"two")
    assert index.get_spec("other") is None and index.get_group("g3") is None


def test_the_oldest_specs_go_when_there_are_many(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT_SPECS", 3)
    for number in range(6):
        index.put_spec(f"key-{number}", b"x", {})
    index.put_spec("key-3", b"again", {})
    assert [index.get_spec(f"key-{number}") for number in range(6)] == [None, None, None, b"again", b"x", b"x"]


# --- the log ----------------------------------------------------------------------------------------------------------


def test_records_are_logged_once_in_the_order_in_which_they_came(index: Index) -> None:
    for kind, name in (("actions", "b"), ("actions", "a"), ("builds", "a"), ("actions", "b")):
        index.add(kind, name)
    assert [(kind, name) for _, kind, name in index.since(0)] == [("actions", "b"), ("actions", "a"), ("builds", "a")]
    numbers = [number for number, _, _ in index.since(0)]
    assert numbers == sorted(numbers)
    assert [name for _, _, name in index.since(numbers[0])] == ["a", "a"]
    assert index.since(numbers[-1]) == []


def test_whoever_has_read_the_log_sees_that_it_was_started_afresh(index: Index) -> None:
    index.add("actions", "a")
    epoch = index.epoch()
    assert index.epoch() == epoch
    index.relog([("actions", "c"), ("builds", "b"), ("actions", "c")])
    assert index.epoch() != epoch
    assert [(kind, name) for _, kind, name in index.since(0)] == [("actions", "c"), ("builds", "b")]


def test_a_record_that_comes_while_the_log_is_made_again_stays_in_it(index: Index) -> None:
    index.add("actions", "gone")
    before = index.latest()
    index.add("actions", "new")
    index.relog([("actions", "old")], before)
    assert [name for _, _, name in index.since(0)] == ["old", "new"]


def test_a_log_that_cannot_be_made_again_stays_as_it_was(index: Index) -> None:
    index.add("actions", "a")
    epoch = index.epoch()

    def records() -> Iterator[tuple[str, str]]:
        yield "actions", "b"
        raise OSError("the folder can't be read")

    with pytest.raises(OSError):
        index.relog(records())
    assert index.epoch() == epoch and [name for _, _, name in index.since(0)] == ["a"]


# --- several at once, and again ---------------------------------------------------------------------------------------


def test_it_survives_being_closed(index: Index, path: Path) -> None:
    put(index, "ana/soul")
    epoch = index.epoch()
    index.close()
    index.close()
    assert "ana/soul" in index.nodes("ana") and index.epoch() == epoch
    other = Index(path)
    assert other.nodes("ana") == index.nodes("ana") and other.epoch() == epoch
    other.close()


def test_processes_and_threads_write_at_once_and_lose_nothing(index: Index, path: Path) -> None:
    processes = [python(WRITE, path, f"p{number}") for number in range(4)]

    def write(name: str) -> None:
        for number in range(40):
            index.add("actions", f"{name}-{number}")
            put(index, f"ana/{name}/{number}")

    threads = [threading.Thread(target=write, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in processes] == [0] * 4
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    assert len(index.nodes("ana")) == 8 * 40
    log = index.since(0)
    assert len(log) == len({name for _, _, name in log}) == 8 * 40
    for name in ("t0", "p3"):  # each writer's own are in its order
        mine = [one for _, _, one in log if one.startswith(name)]
        assert mine == [f"{name}-{number}" for number in range(40)]
    assert index.get_group("p2-3") == b"group" and index.get_spec("p3-39") == b"body"


# --- damage -----------------------------------------------------------------------------------------------------------


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "not a database":
        data = bytearray(b"<<<<<<< HEAD\n" * 100)
    elif how == "cut short":
        del data[len(data) // 2 :]
    elif how == "a later version":
        with sqlite3.connect(path) as connection:
            connection.execute("pragma user_version = 99")
        connection.close()
        return
    else:
        for offset in range(4096, len(data), 4096):
            data[offset : offset + 200] = b"\xff" * 200
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["not a database", "cut short", "torn pages", "a later version"])
@pytest.mark.parametrize("first", ["read", "write", "transaction"])
def test_a_damaged_index_is_put_aside_and_remade(index: Index, path: Path, how: str, first: str) -> None:
    for number in range(400):
        put(index, f"ana/{number}", key="x" * 100)
        index.add("actions", f"{number}")
    epoch = index.epoch()
    index.close()
    damage(path, how)
    if first == "read":
        assert index.nodes("ana") == {} or how == "cut short"
    elif first == "write":
        put(index, "ana/new")
    else:
        index.put_spec("key", b"body", {"g": b"group"})
    index.relog([])
    put(index, "ana/after")
    assert "ana/after" in index.nodes("ana")
    assert index.epoch() != epoch
    assert path.with_name("index.db.damaged").exists()


def test_an_index_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "index.db").mkdir()
    with pytest.raises(StoreError, match="can't use the index: unable to open database file"):
        Index(tmp_path / "index.db").epoch()
    assert os.listdir(tmp_path) == ["index.db"]


def test_an_index_that_another_keeps_locked_is_an_error_and_stays(
    index: Index, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(index, "ana/soul")
    index.close()
    connect = sqlite3.connect
    monkeypatch.setattr(module.sqlite3, "connect", lambda *args, **options: connect(*args, **{**options, "timeout": 0}))
    other = connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreError, match="can't use the index: database is locked"):
        put(index, "ana/self")
    other.execute("rollback")
    other.close()
    assert list(index.nodes("ana")) == ["ana/soul"] and not path.with_name("index.db.damaged").exists()


def test_what_was_announced_waits_until_it_is_added(index: Index) -> None:
    index.announce("actions", "a")
    index.announce("builds", "b")
    index.announce("actions", "a")
    assert sorted(index.pending()) == [("actions", "a"), ("builds", "b")] and index.since(0) == []
    index.add("actions", "a")
    index.add("actions", "a")
    assert index.pending() == [("builds", "b")] and [row[1:] for row in index.since(0)] == [("actions", "a")]
    index.forget_pending(0.0)
    assert index.pending() == [("builds", "b")]
    index.forget_pending(4e9)
    assert index.pending() == []
