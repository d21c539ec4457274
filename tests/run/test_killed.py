"""The process dies at every transition of the journal, before and after it is on disk: after a restart the provider
has accepted every action exactly once."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from personaforge.errors import Unknown
from personaforge.providers import table
from personaforge.store.blobs import Blobs
from personaforge.store.journal import Journal
from personaforge.store.store import Store
from personaforge.testing.contract import CANARY, Case, Shop, stocked
from personaforge.testing.server import Drop, Fault, Server, serving, too_many
from tests.providers.cases import CASES
from tests.providers.finder import ENTRY, FINDER

BY_NAME = {"fal": CASES[0], "openai": CASES[2], "finder": FINDER}


class Point(NamedTuple):
    """Where the process dies."""

    owner: type
    method: str
    faults: tuple[Fault, ...] = ()
    """What the provider does meanwhile, so that the process comes there."""

    def __str__(self) -> str:
        return f"{self.owner.__name__}.{self.method}"


TRANSITIONS = [
    Point(Journal, "intend"),
    Point(Journal, "submitted"),
    Point(Journal, "unknown", (Drop(accepted=True),)),
    Point(Journal, "refused", (too_many("1"),)),
    Point(Journal, "done"),
]
BETWEEN = [Point(Blobs, "put"), Point(Blobs, "put_file"), Point(Store, "commit")]
BY_THE_USER = {"cancelled", "abandon", "resubmit", "deleted", "charge_removed"}
"""One transaction each, at the user's word, with nothing in flight."""
READING = {"is_there", "get", "peek", "open_entries", "ended_jobs", "matching", "charges", "close"}


def test_every_transition_is_here() -> None:
    public = {name for name in vars(Journal) if not name.startswith("_")}
    assert public - READING - BY_THE_USER == {point.method for point in TRANSITIONS}


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Case], tuple[Server, Shop]]]:
    monkeypatch.setattr(table, "_TABLE", {**table._TABLE, ("image", "finder"): ENTRY})
    stack: list[Any] = []

    def started(case: Case) -> tuple[Server, Shop]:
        context = serving(*case.routes)
        server = context.__enter__()
        shop = Shop(tmp_path / "project")
        stack.extend((context, shop))
        monkeypatch.setenv(case.url, server.url)
        monkeypatch.setenv(case.key, CANARY)
        return stocked(server), shop

    yield started
    if stack:
        context, shop = stack
        shop.close()
        context.__exit__(None, None, None)


def die_at(point: Point, when: str, shop: Shop, case: Case) -> bool:
    """Buy in a process of its own that dies at a point; tell whether it got there."""
    shop.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside the server's thread
        child = os.fork()
    if child == 0:
        method = getattr(point.owner, point.method)

        def dying(*arguments: Any, **named: Any) -> Any:
            if when == "after":
                method(*arguments, **named)
            os._exit(9)

        try:
            setattr(point.owner, point.method, dying)
            shop.open().buy(case.action())
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    shop.open()
    return os.waitstatus_to_exitcode(status) == 9


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", [*TRANSITIONS, *BETWEEN], ids=str)
@pytest.mark.parametrize("name", list(BY_NAME))
def test_after_death_and_restart_it_was_accepted_once(
    start: Callable[[Case], tuple[Server, Shop]], name: str, point: Point, when: str
) -> None:
    case = BY_NAME[name]
    server, shop = start(case)
    server.script(case.submit, *point.faults)
    reached = die_at(point, when, shop, case)
    immediate = name == "openai"
    not_on_the_way = {"put_file", "submitted"} if immediate else {"put"}
    assert reached is (point.method not in not_on_the_way)
    try:
        result = shop.buy(case.action())
    except Unknown:
        # Nobody can tell, and nothing is sent. The user looks at the provider's list, which is the ledger here.
        assert name != "finder", "what can be found needs no user"
        (entry,) = shop.store.journal.open_entries()
        assert entry.state == "unknown"
        if server.ledger:
            shop.store.journal.abandon(entry.key, "its result is lost")
            with pytest.raises(Unknown, match="given up"):
                shop.buy(case.action())
            assert len(server.ledger) == 1 and not shop.states()
            return
        shop.store.journal.resubmit(entry.key, "it was not bought", bought=False)
        result = shop.buy(case.action())
    assert len(server.ledger) == 1
    assert shop.content(result) and not shop.states()
    entry = shop.store.journal.get(case.action().key)
    assert entry is None or entry.state == "done"


def test_a_lost_answer_is_found_in_the_same_run(start: Callable[[Case], tuple[Server, Shop]]) -> None:
    server, shop = start(FINDER)
    server.script("finder.submit", Drop(accepted=True))
    shop.buy(FINDER.action())
    server.script("finder.submit", Drop(accepted=False))
    shop.buy(FINDER.action(1))
    first, second = server.ledger
    assert first.key != second.key
    keys = [call.json["key"] for call in server.calls("finder.submit")]
    assert keys == [first.key, second.key, second.key], "the same call is sent under the same key"
    assert shop.engine.budget.spent_usd == pytest.approx(0.04)
