"""Bytes by digest: kept once, checked on every read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.digest import digest_bytes
from personaforge.errors import StoreError
from personaforge.store.artifact import Artifact, is_digest, parse_artifact
from personaforge.store.blobs import Blobs

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
