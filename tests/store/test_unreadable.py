"""What can't be read now is neither missing nor damaged: it is named with the reason, and nobody touches it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import StoreError, Unreadable
from personaforge.store.remote import Remote
from personaforge.store.spending import spending
from personaforge.store.store import Store
from personaforge.store.upkeep import collect, roots, verify

from .failing import PASSING, unreadable
from .given import action, age, pinned


def made(store: Store) -> tuple[str, str]:
    """Keep one paid action, and return its key and the digest of its picture."""
    return action(store, "one", {"image": b"png"}, paid=True), digest_bytes(b"png")


@pytest.mark.parametrize("number", PASSING)
def test_an_artifact_that_cannot_be_read_now(store: Store, number: int) -> None:
    key, digest = made(store)
    path = store.blobs.path(digest)
    with unreadable(path, number):
        assert store.blobs.has(digest) and store.blobs.size(digest) == 3 and store.find(key) is not None
        for ask in (store.blobs.get, store.blobs.sound):
            with pytest.raises(Unreadable, match=os.strerror(number)) as caught:
                ask(digest)
            assert "damaged" not in str(caught.value) and caught.value.where == path
        found = verify(store, repair=True)
        assert (found.problems, found.repaired) == ([], 0)
        assert len(found.unreadable) == 1 and os.strerror(number) in found.unreadable[0] and path in found.unreadable[0]
    assert store.blobs.get(digest) == b"png" and verify(store).unreadable == []


@pytest.mark.parametrize("number", PASSING)
def test_nobody_says_lost_of_what_nobody_can_see(store: Store, number: int) -> None:
    key, digest = made(store)
    for path in (os.path.dirname(store.blobs.path(digest)), store.records.path("actions", key)):
        with unreadable(path, number, looks=True):
            with pytest.raises(Unreadable):
                store.find(key)  # None would buy it again
            found = verify(store, repair=True)
            assert found.unreadable and not found.problems and not found.repaired
    with unreadable(store.records.path("actions", key), number):
        for again in (store.find, lambda name: store.records.get("actions", name)):
            with pytest.raises(Unreadable, match="can't read a record"):
                again(key)
        with pytest.raises(Unreadable):
            list(spending(store))  # a budget that forgot it would spend it twice
    assert store.find(key) is not None


def test_a_name_that_nobody_can_see_is_not_free(store: Store) -> None:
    key, _ = made(store)
    with unreadable(store.records.path("actions", key), looks=True), pytest.raises(Unreadable):
        store.records.free_name("actions", key)
    assert store.records.free_name("actions", key) == f"{key}~1"


def test_what_cannot_be_read_is_put_anew_without_a_word(store: Store) -> None:
    _, digest = made(store)
    with unreadable(store.blobs.path(digest)):
        assert store.blobs.put(b"png") == digest
    assert store.blobs.get(digest) == b"png"


def test_too_many_open_files_are_no_damage(store: Store) -> None:
    import resource

    _, digest = made(store)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 20, before[1]))
        while True:
            try:
                kept.append(os.open("/dev/null", os.O_RDONLY))
            except OSError as error:
                assert error.errno == errno.EMFILE
                break
        with pytest.raises(Unreadable, match="Too many open files") as caught:
            store.blobs.sound(digest)
        assert "ulimit -n" in caught.value.hint
    finally:
        for descriptor in kept:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_folder_that_cannot_be_read_stops_a_collection(store: Store) -> None:
    _, digest = made(store)
    age(store.blobs.path(digest), 10_000_000)
    clients = store.project.root / "clients"
    pinned(store.project, {"anchor": digest}, folder="clients")
    store.keep("builds", "b" * 64, {"templates": {"x.j2": digest}})
    for path in (clients, Path(store.records.path("builds", "b" * 64))):
        with unreadable(path, errno.EACCES), pytest.raises(Unreadable):
            collect(store, max_bytes=0, keep_days=0, act=True)
    assert digest in roots(store) and store.blobs.has(digest)


# --- the build folder -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", PASSING)
def test_a_built_file_that_cannot_be_read_is_neither_missing_nor_edited(store: Store, number: int) -> None:
    folder = store.build_folder("ana")
    digest = store.blobs.put(b"png")
    placed = folder.place("images/01.png", digest, store.blobs)
    path = f"{folder.folder}/images/01.png"
    os.utime(path)  # so that its content has to be looked at
    with unreadable(path, number):
        for ask in (
            lambda: folder.condition([placed]),
            lambda: folder.place("images/01.png", digest, store.blobs),
            lambda: folder.remove("images/01.png", digest),
            folder.contents,
            lambda: folder.read("images/01.png"),
        ):
            with pytest.raises(Unreadable, match=os.strerror(number)):
                ask()
    with unreadable(os.path.dirname(path), number, looks=True), pytest.raises(Unreadable):
        folder.condition([placed])
    assert Path(path).read_bytes() == b"png" and not (store.folder / "edited").exists()


def test_what_is_no_file_is_edited_or_missing(store: Store) -> None:
    folder = store.build_folder("ana")
    digest = store.blobs.put(b"png")
    placed = folder.place("01.png", digest, store.blobs)
    path = Path(folder.folder) / "01.png"
    path.unlink()
    os.mkfifo(path)  # opening it would wait for ever
    assert [condition for _, condition in folder.condition([placed])] == ["edited"]
    assert folder.contents() == {}
    folder.place("01.png", digest, store.blobs)
    assert path.read_bytes() == b"png"
    path.unlink()
    path.symlink_to("01.png")
    assert [condition for _, condition in folder.condition([placed])] == ["missing"]


# --- a shared folder --------------------------------------------------------------------------------------------------


def test_a_shared_artifact_that_cannot_be_read_is_not_called_missing_or_damaged(store: Store, tmp_path: Path) -> None:
    remote = Remote(tmp_path / "remote")
    _, digest = made(store)
    lock = pinned(store.project, {"anchor": digest})
    remote.push(store, "ana", lock)
    store.blobs.remove(digest)
    with unreadable(tmp_path / "remote" / "blobs" / digest[:2] / digest, errno.ESTALE):
        found = remote.pull(store, "ana", lock)
    assert (found.blobs, found.damaged, found.missing) == (0, (), (digest,))
    assert "Stale file handle" in found.unreadable[0]
    with unreadable(tmp_path / "remote" / "personas" / "ana.json"), pytest.raises(StoreError, match="can't read"):
        remote.pull(store, "ana", lock)
    assert remote.pull(store, "ana", lock).blobs == 1
