"""Bytes by digest: kept once, checked on every read."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personaforge.digest import digest_bytes
from personaforge.errors import StoreError
from personaforge.store.artifact import Artifact, is_digest, parse_artifact
from personaforge.store.blobs import CONDEMNED, Blobs

from .given import age

NOWHERE = "0" * 64


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def test_what_is_kept_comes_back(blobs: Blobs) -> None:
    for data in (b"", b"data", bytes(range(256)) * 5_000):
        digest = blobs.put(data)
        assert digest == digest_bytes(data)
        assert blobs.get(digest) == data
        assert blobs.has(digest) and blobs.sound(digest)
        assert blobs.size(digest) == len(data)
        assert blobs.path(digest) == f"{blobs.folder}/{digest[:2]}/{digest}"


def test_a_blob_is_read_only(blobs: Blobs) -> None:
    assert stat.S_IMODE(os.stat(blobs.path(blobs.put(b"data"))).st_mode) == 0o444


def test_what_is_there_already_is_not_written_again(blobs: Blobs) -> None:
    path = blobs.path(blobs.put(b"data"))
    first = os.stat(path)
    assert blobs.put(b"data") == digest_bytes(b"data")
    assert os.stat(path).st_ino == first.st_ino


def test_what_is_kept_again_counts_as_new(blobs: Blobs) -> None:
    path = blobs.path(blobs.put(b"data"))
    age(path, 10_000)
    old = os.stat(path).st_mtime
    blobs.put(b"data")
    assert os.stat(path).st_mtime > old + 9_000


def test_what_was_cut_short_is_mended_by_keeping_it_again(blobs: Blobs) -> None:
    digest = blobs.put(b"data")
    os.chmod(blobs.path(digest), 0o644)
    Path(blobs.path(digest)).write_bytes(b"da")
    assert not blobs.sound(digest)
    blobs.put(b"data")
    assert blobs.get(digest) == b"data"


@pytest.mark.parametrize("data", [b"", b"DATA", b"data "])
def test_a_damaged_blob_is_never_read(blobs: Blobs, data: bytes) -> None:
    digest = blobs.put(b"data")
    os.chmod(blobs.path(digest), 0o644)
    Path(blobs.path(digest)).write_bytes(data)
    assert blobs.has(digest) and not blobs.sound(digest)
    with pytest.raises(StoreError, match="is damaged") as caught:
        blobs.get(digest)
    assert caught.value.hint == "forge cache verify --repair" and caught.value.where == blobs.path(digest)


def test_what_is_not_there(blobs: Blobs) -> None:
    assert not blobs.has(NOWHERE) and not blobs.sound(NOWHERE)
    assert blobs.size(NOWHERE) is None and blobs.remove(NOWHERE) == 0
    assert list(blobs.all()) == [] and list(blobs.unfinished()) == []
    with pytest.raises(StoreError, match="is not in the store") as caught:
        blobs.get(NOWHERE)
    assert caught.value.hint == "forge cache pull"


def test_what_cannot_be_read_says_why(blobs: Blobs) -> None:
    os.makedirs(blobs.path(NOWHERE))
    with pytest.raises(StoreError, match="can't read artifact 000000000000: Is a directory"):
        blobs.get(NOWHERE)


def test_removing_frees_what_it_says(blobs: Blobs) -> None:
    digest = blobs.put(b"data")
    assert blobs.remove(digest) == 4
    assert not blobs.has(digest)


def test_all_of_them_without_what_is_unfinished_or_put_aside(blobs: Blobs) -> None:
    digests = {blobs.put(bytes([number])) for number in range(20)}
    folder = Path(blobs.path(next(iter(digests)))).parent
    (folder / ".tmp-1-2-3-x").write_bytes(b"half")
    (folder / f"{NOWHERE}.damaged").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / ("ff" * 32)).write_bytes(b"in the wrong folder")
    assert {digest for digest, _ in blobs.all()} == digests
    assert all(stat.st_size == 1 for _, stat in blobs.all())
    assert [Path(path).name for path, _ in blobs.unfinished()] == [".tmp-1-2-3-x"]
    assert sorted(Path(path).name for path in blobs.strays()) == [".DS_Store", "ff" * 32]


# --- artifacts in records ---------------------------------------------------------------------------------------------


@given(st.text(max_size=70))
def test_only_64_hex_characters_are_a_digest(text: str) -> None:
    assert is_digest(text) == (len(text) == 64 and all(char in "0123456789abcdef" for char in text))


@pytest.mark.parametrize(
    "text", ["", "A" * 64, "a" * 63, "a" * 65, "../" + "a" * 61, "a" * 63 + "\n", "а" * 64, "a" * 63 + "/"]
)
def test_what_is_no_digest(text: str) -> None:
    assert not is_digest(text)


def test_an_artifact_survives_the_record() -> None:
    artifact = Artifact("a" * 64, "image/png", 5)
    assert parse_artifact(artifact.as_json(), "x") == artifact


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "../" * 21 + "x"},
        {"digest": None},
        {"digest": 5},
        {"media_type": "text/html"},
        {"media_type": None},
        {"size": "5"},
        {"size": None},
        {"size": -1},
        {"media_type": ["image/png"]},
    ],
)
def test_a_record_that_names_something_else_is_refused(change: dict[str, object]) -> None:
    fields = {**Artifact("a" * 64, "image/png", 5).as_json(), **change}
    for wrong in (fields, [fields], None, {}):
        with pytest.raises(StoreError, match="no artifact"):
            parse_artifact(wrong, "x")


# --- damage is written over -------------------------------------------------------------------------------------------


def damaged(blobs: Blobs, data: bytes, by: bytes) -> str:
    """Keep bytes, and let the disk turn them into others."""
    path = blobs.path(digest := blobs.put(data))
    os.chmod(path, 0o644)
    Path(path).write_bytes(by)
    return digest


@settings(max_examples=25)
@given(st.binary(min_size=1, max_size=300), st.data())
def test_keeping_bytes_again_replaces_damage_of_any_kind(data: bytes, draw: st.DataObject) -> None:
    by = draw.draw(st.binary(max_size=300) | st.binary(min_size=len(data), max_size=len(data)))
    with tempfile.TemporaryDirectory() as folder:
        for keep in (put, put_file):
            blobs = Blobs(Path(folder) / keep.__name__)
            digest = damaged(blobs, data, by)
            assert keep(blobs, data) == digest
            assert blobs.sound(digest) and blobs.get(digest) == data
            assert list(blobs.unfinished()) == []


def put(blobs: Blobs, data: bytes) -> str:
    return blobs.put(data)


def put_file(blobs: Blobs, data: bytes) -> str:
    """Keep what a download has left in a file."""
    path = blobs.scratch()
    path.write_bytes(data)
    return blobs.put_file(path)


def test_a_file_that_is_there_already_is_not_written_again(blobs: Blobs) -> None:
    path = blobs.path(blobs.put(b"data"))
    first = os.stat(path)
    put_file(blobs, b"data")
    assert os.stat(path).st_ino == first.st_ino and list(blobs.unfinished()) == []


def test_what_stands_in_a_blobs_place_and_is_none_is_a_miss_and_replaced(blobs: Blobs, tmp_path: Path) -> None:
    foreign = tmp_path / "thesis.txt"
    foreign.write_bytes(b"thesis")
    path = Path(blobs.path(digest := blobs.put(b"data")))
    for target in (foreign, tmp_path / "nowhere", path.name):
        path.unlink()
        path.symlink_to(target)
        assert not blobs.has(digest) and not blobs.sound(digest) and blobs.size(digest) is None
        assert list(blobs.all()) == [] and list(blobs.strays()) == [str(path)]
        assert not blobs.touch(digest) and blobs.remove(digest) == 0 and path.is_symlink()
        blobs.put(b"data")
        assert not path.is_symlink() and blobs.get(digest) == b"data"
    assert foreign.read_bytes() == b"thesis"


def test_a_full_disk_says_so(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = blobs.scratch()
    scratch.write_bytes(b"data")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    for keep in (lambda: blobs.put(b"data"), lambda: blobs.put_file(scratch)):
        with pytest.raises(StoreError, match="No space left on device") as caught:
            keep()
        assert caught.value.hint == "free some space"
    assert not blobs.has(digest_bytes(b"data"))


# --- a collector at work ----------------------------------------------------------------------------------------------


def old(blobs: Blobs, data: bytes) -> str:
    age(blobs.path(digest := blobs.put(data)), 10_000)
    return digest


def now() -> float:
    """Return a moment between the old and the new ones."""
    return time.time() - 5_000


def test_what_nobody_has_touched_is_collected_and_nothing_is_left(blobs: Blobs) -> None:
    digest = old(blobs, b"data")
    assert blobs.collect(digest, now()) == 4
    assert not blobs.has(digest) and list(Path(blobs.folder).rglob("*data*")) == []
    assert blobs.collect(digest, now()) is None and not blobs.touch(digest)


@pytest.mark.parametrize("how", ["put", "put_file", "touch"])
@pytest.mark.parametrize("when", ["before", "at the rename", "between rename and removal"])
def test_who_needs_a_blob_wins_over_its_removal_at_every_moment(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch, how: str, when: str
) -> None:
    digest = old(blobs, b"data")

    def need() -> None:
        if how == "touch":
            assert blobs.touch(digest)
        else:
            assert {"put": put, "put_file": put_file}[how](blobs, b"data") == digest

    rename, unlink, done = os.rename, os.unlink, []

    def first(real: Callable[..., None], mine: str) -> Callable[..., None]:
        def call(*arguments: str) -> None:
            if not done and mine in str(arguments[-1]):
                done.append(True)
                need()
            real(*arguments)

        return call

    if when == "before":
        need()
    elif when == "at the rename":
        monkeypatch.setattr(os, "rename", first(rename, CONDEMNED))
    else:
        monkeypatch.setattr(os, "unlink", first(unlink, CONDEMNED))
    blobs.collect(digest, now())
    monkeypatch.undo()
    assert when == "before" or done
    assert blobs.get(digest) == b"data" and blobs.touch(digest)
    assert blobs.collect(digest, now()) is None and list(blobs.condemned()) == []


def test_a_collector_that_is_killed_loses_nothing(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = old(blobs, b"data")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "unlink", killed)
    with pytest.raises(KeyboardInterrupt):
        blobs.collect(digest, now())
    monkeypatch.undo()
    assert list(blobs.condemned()) == [digest] and list(blobs.strays()) == []
    # Whoever reads sees no difference; whoever needs it takes it back.
    assert blobs.has(digest) and blobs.size(digest) == 4 and blobs.sound(digest) and blobs.get(digest) == b"data"
    assert [name for name, _ in blobs.all()] == [digest]
    assert blobs.touch(digest) and os.path.exists(blobs.path(digest)) and list(blobs.condemned()) == []


def test_a_file_that_is_not_there_cannot_be_kept(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't read it: No such file") as error:
        blobs.put_file(tmp_path / "nothing")
    assert error.value.where == str(tmp_path / "nothing")
