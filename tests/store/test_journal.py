"""The journal of paid calls: whatever it has acknowledged is there, whoever is killed and when."""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.store.journal import Journal, client_key

from .given import python

WRITE = """
import sys
from pathlib import Path
from personaforge.store.journal import Journal
journal = Journal(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    key = f"key-{number}"
    journal.intend(key, "ana/image/07", "draw", "paid@1", "model", 0.5)
    print(key, "intent", flush=True)
    journal.submitted(key, f"job-{number}")
    print(key, "submitted", flush=True)
    if number % 3:
        journal.done(key, 0.25)
        print(key, "done", flush=True)
    number += 1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal(path)
    yield opened
    opened.close()


def intend(journal: Journal, key: str = "key", usd: float | None = 0.5) -> None:
    journal.intend(key, "ana/image/07", "draw", "paid@1", "model", usd)


def test_looking_makes_no_file(journal: Journal, path: Path) -> None:
    assert journal.get("key") is None and journal.open_entries() == []
    assert not path.parent.exists()


def test_the_way_of_a_call_that_is_polled(journal: Journal) -> None:
    intend(journal)
    entry = journal.get("key")
    assert entry is not None
    assert entry[:9] == ("key", "ana/image/07", "draw", "paid@1", "model", "intent", "", 0.5, None)
    assert journal.open_entries() == [entry]
    journal.submitted("key", "job-7")
    entry = journal.get("key")
    assert entry is not None and (entry.state, entry.job) == ("submitted", "job-7")
    assert [one.key for one in journal.open_entries()] == ["key"]
    journal.done("key", 0.25)
    entry = journal.get("key")
    assert entry is not None and (entry.state, entry.job, entry.cost_usd) == ("done", "job-7", 0.25)
    assert entry.started <= entry.changed
    assert journal.open_entries() == []


def test_a_refused_or_abandoned_call_is_not_open_and_says_why(journal: Journal) -> None:
    for state, end in (("refused", journal.refused), ("abandoned", journal.abandon)):
        intend(journal, state)
        journal.submitted(state, "job")
        end(state, "no such model " * 100)
        entry = journal.get(state)
        assert entry is not None and entry.state == state
        assert entry.note.startswith("no such model") and len(entry.note) == 500
    assert journal.open_entries() == []


def test_a_refused_call_may_be_sent_again(journal: Journal) -> None:
    intend(journal)
    journal.submitted("key", "job-1")
    journal.refused("key", "busy")
    intend(journal, usd=None)
    entry = journal.get("key")
    assert entry is not None
    assert (entry.state, entry.job, entry.note, entry.reserved_usd, entry.cost_usd) == ("intent", "", "", None, None)


def test_open_calls_come_oldest_first(journal: Journal) -> None:
    for key in ("b", "a", "c"):
        intend(journal, key)
    journal.submitted("b", "job")
    journal.done("a", None)
    assert [entry.key for entry in journal.open_entries()] == ["b", "c"]


def test_an_end_without_a_beginning_notes_nothing(journal: Journal) -> None:
    journal.done("key", 1.0)
    assert journal.get("key") is None


def test_threads_note_side_by_side(journal: Journal) -> None:
    def work(name: str) -> None:
        for number in range(10):
            intend(journal, f"{name}-{number}")
            journal.submitted(f"{name}-{number}", "job")

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry.state for entry in journal.open_entries()} == {"submitted"}
    assert len(journal.open_entries()) == 40


def test_whatever_was_acknowledged_survives_a_kill(journal: Journal, path: Path) -> None:
    order = {"intent": 0, "submitted": 1, "done": 2}
    acknowledged: dict[str, str] = {}
    chance = random.Random(7)
    for round_ in range(4):
        with python(WRITE, path, round_ * 100_000) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 40)):
                key, state = writer.stdout.readline().split()
                acknowledged[key] = state
            writer.send_signal(signal.SIGKILL)
            for line in writer.stdout:
                if line.endswith("\n"):
                    key, state = line.split()
                    acknowledged[key] = state
    for key, state in acknowledged.items():
        entry = journal.get(key)
        assert entry is not None and order[entry.state] >= order[state], (key, state, entry)
        assert entry.state == "intent" or entry.job == f"job-{key.removeprefix('key-')}"
    assert len(acknowledged) >= 4
    intend(journal, "after")
    assert "after" in [entry.key for entry in journal.open_entries()]


@pytest.mark.parametrize("torn", [False, True])
def test_a_damaged_journal_is_never_put_aside(journal: Journal, path: Path, torn: bool) -> None:
    for number in range(200):
        intend(journal, f"key-{number}")
    journal.close()
    data = bytearray(path.read_bytes())
    for offset in range(4096 if torn else 0, len(data), 4096):
        data[offset : offset + 200] = b"\xff" * 200
    path.write_bytes(data)
    for look in (journal.open_entries, lambda: journal.get("key-7"), lambda: intend(journal, "new")):
        with pytest.raises(StoreError, match="can't use the journal of paid calls") as caught:
            look()
        assert caught.value.where == str(path) and "restore it from a backup" in caught.value.hint
    journal.close()
    assert path.read_bytes() == data and [one.name for one in path.parent.iterdir() if "damaged" in one.name] == []


def test_an_end_keeps_what_it_cost_and_nothing_where_it_cost_nothing(journal: Journal) -> None:
    for key, cost in (("free", 0.0), ("charged", 1.0), ("not known", None)):
        intend(journal, key)
        journal.refused(key, "no such model", cost)
    assert {one.key: (one.usd, one.reserved_usd, one.note) for one in journal.charges()} == {
        "charged": (1.0, 0.5, "no such model"),
        "not known": (None, 0.5, "no such model"),
    }


def test_a_client_key_is_the_same_for_the_same_call_everywhere() -> None:
    """A provider knows a call of yesterday by it, so it may never change: the SHA-256 of `a/1`, as a UUID."""
    assert client_key("a", 1) == "773232ab-e934-4f0e-902f-8248423fc6ce"
    assert len({client_key("a", 1), client_key("a", 2), client_key("b", 1)}) == 3


@pytest.mark.parametrize("said", [-5.0, float("inf"), "much"])
def test_an_amount_that_is_none_is_not_known(journal: Journal, path: Path, said: object) -> None:
    intend(journal)
    journal.refused("key", "it failed", 0.25)
    (charge,) = journal.charges()
    assert (charge.usd, charge.reserved_usd) == (0.25, 0.5)
    intend(journal, "open")
    journal.close()
    with closing(sqlite3.connect(path)) as damaged, damaged:
        damaged.execute("update charges set usd = ?", (said,))
        damaged.execute("update journal set cost_usd = ?, reserved_usd = ? where key = 'open'", (said, said))
    (charge,) = journal.charges()
    (entry,) = journal.open_entries()
    assert (charge.usd, charge.reserved_usd) == (None, 0.5), "what was reserved counts"
    assert (entry.cost_usd, entry.reserved_usd) == (None, None) and entry == journal.get("open")
