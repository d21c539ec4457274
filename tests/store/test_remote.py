"""A shared store: what is pushed comes back elsewhere, and what was tampered with does not."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import orjson
import pytest

from personaforge.digest import digest_bytes, digest_json
from personaforge.errors import StoreError
from personaforge.store.lockfile import LockFile, read_lock
from personaforge.store.remote import Exchanged, Remote, remote_folder
from personaforge.store.store import Store

from .given import action, node, pinned, project


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """Another machine's empty store."""
    opened = Store(project(tmp_path / "other"))
    yield opened
    opened.close()


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path / "remote")


def built(store: Store) -> tuple[LockFile, list[str]]:
    """Build a persona: a pinned anchor, and an image of two attempts, of which the second was accepted."""
    anchor = action(store, "anchor", {"image": b"anchor"})
    first, second = (action(store, f"attempt {number}", {"image": f"attempt {number}".encode()}) for number in (1, 2))
    measured = action(store, "measure", {}, value={"cosine": 0.7})
    node(store, "anchor", [anchor], {"image": digest_bytes(b"anchor")})
    node(store, "image/07", [first, second, measured, "f" * 64], {"image": digest_bytes(b"attempt 2")})
    node(store, "image/07", [action(store, "eva", {"image": b"eva"})], {"image": digest_bytes(b"eva")}, persona="eva")
    return pinned(store.project, {"anchor": digest_bytes(b"anchor")}), [anchor, first, second, measured]


def test_what_is_pushed_is_pulled_into_an_empty_store(store: Store, other: Store, remote: Remote) -> None:
    lock, keys = built(store)
    assert remote.push(store, "ana", lock) == Exchanged(blobs=3, bytes=24, records=4)
    assert remote.pull(other, "ana", lock) == Exchanged(blobs=3, bytes=24, records=4)
    for key in keys:
        assert other.find(key) == store.find(key)
    assert other.blobs.get(digest_bytes(b"attempt 1")) == b"attempt 1"
    assert not other.blobs.has(digest_bytes(b"eva"))
    assert sorted(name for _, _, name in other.index.since(0)) == sorted(keys)


def test_doing_it_twice_copies_nothing(store: Store, other: Store, remote: Remote) -> None:
    lock, _ = built(store)
    remote.push(store, "ana", lock)
    remote.pull(other, "ana", lock)
    assert remote.push(store, "ana", lock) == remote.pull(other, "ana", lock) == Exchanged(there=3)
    assert len(other.index.since(0)) == 4


def test_a_pinned_artifact_that_is_nowhere_is_named(store: Store, other: Store, remote: Remote) -> None:
    lock = pinned(store.project, {"anchor": "a" * 64, "soul": "b" * 64})
    assert remote.push(store, "ana", lock).missing == ("a" * 64, "b" * 64)
    assert remote.pull(other, "ana", lock).missing == ("a" * 64, "b" * 64)


def test_the_lock_alone_brings_what_it_pins(store: Store, other: Store, remote: Remote, tmp_path: Path) -> None:
    lock, _ = built(store)
    remote.push(store, "ana", lock)
    os.unlink(tmp_path / "remote" / "personas" / "ana.json")
    assert remote.pull(other, "ana", lock) == Exchanged(blobs=1, bytes=6)


def test_a_push_adds_to_what_others_have_pushed(store: Store, other: Store, remote: Remote) -> None:
    lock, _ = built(store)
    remote.push(store, "ana", lock)
    theirs = action(other, "theirs", {"image": b"theirs"})
    node(other, "soul", [theirs], {"image": digest_bytes(b"theirs")})
    assert remote.push(other, "ana", read_lock(other.project.root / "none", "ana")) == Exchanged(
        blobs=1, bytes=6, records=1
    )
    assert remote.pull(store, "ana", lock) == Exchanged(blobs=1, bytes=6, records=1, there=1)


def test_a_remote_that_is_not_there(store: Store, remote: Remote) -> None:
    with pytest.raises(StoreError, match="there is no such folder") as caught:
        remote.pull(store, "ana", pinned(store.project, {}))
    assert "--remote" in caught.value.hint and "FORGE_REMOTE" in caught.value.hint


def test_a_damaged_artifact_is_not_pushed(store: Store, remote: Remote) -> None:
    lock, _ = built(store)
    path = Path(store.blobs.path(digest_bytes(b"anchor")))
    path.chmod(0o644)
    path.write_bytes(b"ANCHOR")
    with pytest.raises(StoreError, match="is damaged"):
        remote.push(store, "ana", lock)


# --- a remote that somebody has tampered with -------------------------------------------------------------------------


def tampered(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def test_a_tampered_blob_is_refused_and_so_is_the_record_that_needs_it(
    store: Store, other: Store, remote: Remote, tmp_path: Path
) -> None:
    lock, keys = built(store)
    remote.push(store, "ana", lock)
    for data in (b"anchor", b"attempt 2"):
        digest = digest_bytes(data)
        tampered(tmp_path / "remote" / "blobs" / digest[:2] / digest, b"another face")
    found = remote.pull(other, "ana", lock)
    assert found.missing == (digest_bytes(b"anchor"),) and (found.blobs, found.records) == (1, 2)
    assert other.find(keys[0]) is None and other.find(keys[2]) is None
    assert not other.blobs.has(digest_bytes(b"another face"))


def deep() -> bytes:
    return b'{"schema":1,"key":"x","outputs":{},"parts":' + b"[" * 900 + b"]" * 900 + b"}"


@pytest.mark.parametrize(
    "how",
    [
        "another request",
        "another key",
        "another record under this name",
        "an artifact that is no digest",
        "no parts",
        "no key",
        "not a mapping",
        "not json",
        "nothing",
        "parts that nest without end",
        "parts that JSON can't carry",
        "outputs that are a list",
    ],
)
def test_a_tampered_record_is_refused(store: Store, other: Store, remote: Remote, tmp_path: Path, how: str) -> None:
    lock, keys = built(store)
    remote.push(store, "ana", lock)
    key = keys[3]
    path = tmp_path / "remote" / "records" / "actions" / key[:2] / f"{key}.json"
    record = orjson.loads(path.read_bytes())
    if how == "another request":
        record["parts"]["request"]["prompt"] = "cheaper"
    elif how == "another key":
        record["key"] = keys[0]
    elif how == "another record under this name":
        record = store.find(keys[0])
    elif how == "an artifact that is no digest":
        record["outputs"] = {"image": {"digest": "../../../etc/passwd", "media_type": "image/png", "size": 1}}
    elif how == "no parts":
        del record["parts"]
    elif how == "no key":
        del record["key"]
    elif how == "not a mapping":
        record = [record]
    elif how == "outputs that are a list":
        record["outputs"] = [1]
    elif how == "parts that JSON can't carry":
        record["parts"]["take"] = 2**60
    data = orjson.dumps(record)
    if how == "not json":
        data = b"{"
    elif how == "nothing":
        data = b""
    elif how == "parts that nest without end":
        data = deep()
    tampered(path, data)
    found = remote.pull(other, "ana", lock)
    assert (found.blobs, found.records) == (3, 3)
    assert other.find(key) is None


@pytest.mark.parametrize(
    "manifest", [b"", b"[", b"[]", b"{}", b'{"records": 5, "blobs": []}', b'{"records": [], "blobs": null}']
)
def test_a_tampered_list_is_an_error(
    store: Store, other: Store, remote: Remote, tmp_path: Path, manifest: bytes
) -> None:
    lock, _ = built(store)
    remote.push(store, "ana", lock)
    (tmp_path / "remote" / "personas" / "ana.json").write_bytes(manifest)
    with pytest.raises(StoreError, match="the list of ana's parts can't be read"):
        remote.pull(other, "ana", lock)


def test_a_list_that_names_paths_leads_nowhere(store: Store, other: Store, remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    lock, _ = built(store)
    remote.push(store, "ana", lock)
    names = ["../../secret", "/etc/passwd", "..", "", "A" * 64, 5]
    manifest = {"format": 1, "persona": "ana", "records": names, "blobs": names}
    (tmp_path / "remote" / "personas" / "ana.json").write_bytes(orjson.dumps(manifest))
    assert remote.pull(other, "ana", lock) == Exchanged(blobs=1, bytes=6)


def test_a_genuine_key_is_the_digest_of_the_parts(store: Store) -> None:
    _, keys = built(store)
    for key in keys:
        record = store.find(key)
        assert record is not None and digest_json("action/1", record["parts"]) == key


# --- damage on either side --------------------------------------------------------------------------------------------


def test_a_pull_replaces_what_is_damaged_here(store: Store, remote: Remote) -> None:
    lock, _ = built(store)
    remote.push(store, "ana", lock)
    tampered(Path(store.blobs.path(digest_bytes(b"anchor"))), b"ANCHOR")
    found = remote.pull(store, "ana", lock)
    assert (found.blobs, found.there, found.damaged, found.missing) == (1, 2, (), ())
    assert store.blobs.get(digest_bytes(b"anchor")) == b"anchor"


def test_a_pull_never_takes_damage_over_what_is_sound(store: Store, remote: Remote, tmp_path: Path) -> None:
    lock, _ = built(store)
    remote.push(store, "ana", lock)
    digest = digest_bytes(b"anchor")
    copy = tmp_path / "remote" / "blobs" / digest[:2] / digest
    tampered(copy, b"ANCHOR")
    assert remote.pull(store, "ana", lock) == Exchanged(there=3)
    tampered(Path(store.blobs.path(digest)), b"aNCHOR")
    found = remote.pull(store, "ana", lock)
    assert (found.blobs, found.damaged, found.missing) == (0, (digest,), (digest,))
    assert Path(store.blobs.path(digest)).read_bytes() == b"aNCHOR"


def test_a_push_replaces_what_is_damaged_there(store: Store, other: Store, remote: Remote, tmp_path: Path) -> None:
    lock, keys = built(store)
    remote.push(store, "ana", lock)
    digest = digest_bytes(b"anchor")
    tampered(tmp_path / "remote" / "blobs" / digest[:2] / digest, b"ANCHOR")
    tampered(tmp_path / "remote" / "records" / "actions" / keys[1][:2] / f"{keys[1]}.json", b"{")
    assert remote.push(store, "ana", lock) == Exchanged(blobs=1, bytes=6, records=1, there=2, damaged=(digest,))
    assert remote.pull(other, "ana", lock) == Exchanged(blobs=3, bytes=24, records=4)


# --- which folder -----------------------------------------------------------------------------------------------------

NO_FOLDERS = {
    "s3://bucket/x": "s3:// isn't spoken",
    "gs://bucket": "gs:// isn't spoken",
    "ssh://host/x": "ssh:// isn't spoken",
    "https://example.org/x": "https:// isn't spoken",
    "S3://B": "S3:// isn't spoken",
    "file:///mnt/share": "is an address",
    "host:path": "a place on another machine",
    "user@host:/srv/x": "a place on another machine",
    "s3:bucket": "a place on another machine",
    "C:\\share": "a place on another machine",
    "~/share": "would be a folder that is called '~'",
    "~nobody-here/share": "would be a folder that is called '~nobody-here'",
    "\\\\server\\share": "mount the share",
    "": "is no folder",
    "a\nb": "is no folder",
}


@pytest.mark.parametrize("text", NO_FOLDERS)
def test_what_is_no_folder_is_refused_wherever_it_is_named(store: Store, text: str) -> None:
    for given, declared, environment in ((text, None, {}), (None, text, {}), (None, None, {"FORGE_REMOTE": text})):
        if not text and environment:
            continue  # an empty variable is none
        with pytest.raises(StoreError) as caught:
            remote_folder(store.project, given, declared, environment)
        assert NO_FOLDERS[text] in caught.value.message and caught.value.hint
        assert "conf/store" not in caught.value.hint
    assert {path.name for path in store.project.root.iterdir()} <= {"personas", ".forge"}


def test_hints_are_something_to_type(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    for text, hint in (("~/x", "/home/ana/x"), ("file:///mnt/x", "/mnt/x"), ("host:x", "./host:x")):
        with pytest.raises(StoreError) as caught:
            remote_folder(store.project, text, None, {})
        assert hint in caught.value.hint


def test_who_names_the_folder(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {"FORGE_REMOTE": "/mnt/share"}
    assert remote_folder(store.project, "here", "shared", environment) == tmp_path / "here"
    assert remote_folder(store.project, "./s3:/x", "shared", environment) == tmp_path / "s3:/x"
    assert remote_folder(store.project, None, "shared", environment) == Path("/mnt/share")
    assert remote_folder(store.project, None, "shared", {"FORGE_REMOTE": ""}) == store.project.root / "shared"
    for declared in ("/mnt/share", "../share", "a/../../share", str(store.project.root / "shared")):
        with pytest.raises(StoreError, match="leads out of the project") as caught:
            remote_folder(store.project, None, declared, {})
        assert "FORGE_REMOTE" in caught.value.hint and "--remote" in caught.value.hint
    (store.project.root / "link").symlink_to(tmp_path)
    with pytest.raises(StoreError, match="leads out of the project"):
        remote_folder(store.project, None, "link", {})
    for own in (".forge", ".forge/blobs"):
        with pytest.raises(StoreError, match="the project's own store"):
            remote_folder(store.project, str(store.project.root / own), None, {})
    with pytest.raises(StoreError, match="no folder to share through is named"):
        remote_folder(store.project, None, None, {})


def test_a_push_makes_the_folder_and_no_path_to_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, _ = built(store)
    with pytest.raises(StoreError, match="there is no folder") as caught:
        Remote(tmp_path / "mnt" / "share").push(store, "ana", lock)
    assert caught.value.hint.startswith(f"mkdir -p {tmp_path / 'mnt'}") and not (tmp_path / "mnt").exists()
    (tmp_path / "mnt").mkdir()
    assert Remote(tmp_path / "mnt" / "share").push(store, "ana", lock).blobs == 3
    with monkeypatch.context() as full:
        full.setattr("os.mkdir", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(StoreError, match="No space left on device") as caught:
            Remote(tmp_path / "mnt" / "other").push(store, "ana", lock)
    assert str(caught.value) == f"can't make {tmp_path}/mnt/other: No space left on device"
    assert caught.value.hint == "free some space"
    (tmp_path / "file").write_bytes(b"x")
    for act in (Remote(tmp_path / "file").push, Remote(tmp_path / "file").pull):
        with pytest.raises(StoreError, match="is not a folder"):
            act(store, "ana", lock)
