"""Garbage collection beside builds: what a build relies on stays, whenever it says so, and nothing is bought twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.store.blobs import Blobs
from personaforge.store.store import Store, artifacts
from personaforge.store.upkeep import Collected, collect, verify

from .given import action, age, node

DAY = 86_400.0


def old(store: Store, *data: bytes) -> list[str]:
    """Make results that nothing names any more, and return their keys."""
    keys = [action(store, one.decode(), {"image": one}) for one in data]
    for one in data:
        age(store.blobs.path(digest_bytes(one)), 100 * DAY)
    return keys


def swept(store: Store) -> Collected:
    return collect(store, max_bytes=0, keep_days=0, act=True)


def relied_on(store: Store, key: str) -> bool:
    """Find a result as a build does, and tell whether it may be named."""
    record = store.find(key)
    return record is not None and store.use(key, artifacts(record).values())


def at_removal(monkeypatch: pytest.MonkeyPatch, act: Callable[[str], None]) -> None:
    """Do something at the moment in which a collector has made up its mind about a blob."""
    real = Blobs.collect

    def call(blobs: Blobs, digest: str, before: float) -> int | None:
        act(digest)
        return real(blobs, digest, before)

    monkeypatch.setattr(Blobs, "collect", call)


def test_a_build_that_finds_an_old_result_keeps_it(store: Store) -> None:
    first, second = old(store, b"first", b"second")
    assert relied_on(store, first)
    assert swept(store).removed == [digest_bytes(b"second")]
    assert store.find(first) is not None and store.find(second) is None and not relied_on(store, second)


def test_a_build_that_comes_while_the_collection_is_at_work(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = old(store, b"first", b"second")

    def needed(_: str) -> None:
        relied_on(store, first)

    at_removal(monkeypatch, needed)
    done = swept(store)
    assert done.removed == [digest_bytes(b"second")] and done.kept == 1
    assert store.blobs.get(digest_bytes(b"first")) == b"first"


def test_a_node_that_is_noted_meanwhile(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (key,) = old(store, b"first")
    digest = digest_bytes(b"first")

    def noted(_: str) -> None:
        assert store.claim([digest])
        node(store, "image/07", [key], {"image": digest})

    at_removal(monkeypatch, noted)
    assert swept(store).removed == []
    monkeypatch.undo()
    age(store.blobs.path(digest), 100 * DAY)
    assert swept(store).removed == [] and store.blobs.get(digest) == b"first"


def test_two_collections_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    old(store, b"first", b"second")
    other: list[Collected] = []

    def twice(_: str) -> None:
        monkeypatch.undo()
        other.append(swept(store))

    at_removal(monkeypatch, twice)
    done = swept(store)
    assert sorted(done.removed + other[0].removed) == sorted(map(digest_bytes, (b"first", b"second")))
    assert verify(store).problems == []


def test_what_a_killed_collection_left_is_judged_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = old(store, b"first", b"second")
    real, killed = os.unlink, []

    def kill(path: str, **options: object) -> None:
        if ".gc-" in str(path):
            killed.append(path)
            raise KeyboardInterrupt
        real(path)

    monkeypatch.setattr(os, "unlink", kill)
    with pytest.raises(KeyboardInterrupt):
        swept(store)
    monkeypatch.undo()
    assert len(killed) == 1 and len(list(store.blobs.condemned())) == 1
    found = verify(store)
    assert (found.problems, found.strays, found.blobs, found.without_artifact) == ([], [], 2, 0)
    assert all(store.find(key) is not None for key in keys)
    assert relied_on(store, keys[0])
    assert swept(store).removed == [digest_bytes(b"second")]
    assert [path.name for path in Path(store.blobs.folder).rglob(".gc-*")] == []
