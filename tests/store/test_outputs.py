"""The build folder: what was deleted or edited is noticed and put back, and nobody's work is lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.store.outputs import BuildFolder, Placed
from personaforge.store.store import Store

from .given import age


@pytest.fixture
def folder(store: Store) -> BuildFolder:
    return store.build_folder("ana")


def place(store: Store, folder: BuildFolder, path: str, data: bytes) -> Placed:
    return folder.place(path, store.blobs.put(data), store.blobs)


def standing(store: Store, path: str) -> Path:
    return store.project.build / "ana" / path


def edited(store: Store) -> dict[str, bytes]:
    """Return what was put aside, by its path below the time."""
    root = store.project.state / "edited" / "ana"
    return {"/".join(path.relative_to(root).parts[1:]): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_an_artifact_is_placed_as_a_copy(store: Store, folder: BuildFolder) -> None:
    placed = place(store, folder, "images/07.png", b"png")
    path = standing(store, "images/07.png")
    assert path.read_bytes() == b"png" and folder.read("images/07.png") == b"png"
    assert placed.path == "images/07.png" and placed.size == 3
    assert folder.holds("images/07.png", placed.digest) and not folder.holds("images/08.png", placed.digest)
    path.write_bytes(b"mine")  # can be written, and is no link to the blob
    assert store.blobs.get(placed.digest) == b"png"


def test_placing_twice_writes_once(store: Store, folder: BuildFolder) -> None:
    first = place(store, folder, "a.png", b"png")
    assert place(store, folder, "a.png", b"png") == first
    assert edited(store) == {}


def test_what_is_untouched_is_there(store: Store, folder: BuildFolder) -> None:
    placed = [place(store, folder, f"{number}.png", bytes([number])) for number in range(3)]
    assert folder.condition(placed) == [(one, "there") for one in placed]
    assert folder.condition([]) == []


def test_a_deleted_file_is_missing_and_put_back(store: Store, folder: BuildFolder) -> None:
    placed = place(store, folder, "a.png", b"png")
    standing(store, "a.png").unlink()
    assert folder.condition([placed]) == [(placed, "missing")]
    again = folder.place("a.png", placed.digest, store.blobs)
    assert folder.condition([again]) == [(again, "there")]


def test_a_touched_file_with_the_same_content_is_there_with_its_new_signature(
    store: Store, folder: BuildFolder
) -> None:
    placed = place(store, folder, "a.png", b"png")
    age(standing(store, "a.png"), 100)
    ((found, condition),) = folder.condition([placed])
    assert condition == "there" and found != placed and found[:2] == placed[:2]
    assert folder.condition([found]) == [(found, "there")]


@pytest.mark.parametrize("same_size_and_time", [False, True])
def test_an_edited_file_is_noticed_and_moved_aside_with_its_content(
    store: Store, folder: BuildFolder, same_size_and_time: bool
) -> None:
    placed = place(store, folder, "images/a.png", b"png")
    path = standing(store, "images/a.png")
    times = path.stat()
    path.write_bytes(b"PNG" if same_size_and_time else b"retouched by hand")
    if same_size_and_time:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert folder.condition([placed]) == [(placed, "edited")]
    again = folder.place("images/a.png", placed.digest, store.blobs)
    assert path.read_bytes() == b"png" and folder.condition([again]) == [(again, "there")]
    assert edited(store) == {"images/a.png": b"PNG" if same_size_and_time else b"retouched by hand"}


def test_edits_within_one_second_are_all_kept(
    store: Store, folder: BuildFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "strftime", lambda form: "20260101T000000")
    digest = place(store, folder, "a.png", b"png").digest
    for number in range(4):
        standing(store, "a.png").write_bytes(f"edit {number}".encode())
        folder.place("a.png", digest, store.blobs)
    kept = sorted(path.read_bytes() for path in (store.project.state / "edited").rglob("a.png"))
    assert kept == [b"edit 0", b"edit 1", b"edit 2", b"edit 3"]


def test_a_folder_in_the_place_of_a_file_is_moved_aside_too(store: Store, folder: BuildFolder) -> None:
    standing(store, "a.png").mkdir(parents=True)
    (standing(store, "a.png") / "notes.txt").write_text("mine")
    place(store, folder, "a.png", b"png")
    assert standing(store, "a.png").read_bytes() == b"png"
    assert edited(store) == {"a.png/notes.txt": b"mine"}


def test_a_link_in_the_place_of_a_file_is_moved_aside_and_what_it_names_stays(
    store: Store, folder: BuildFolder
) -> None:
    notes = store.project.root / "personas" / "ana.yaml"
    notes.write_text("id: ana\n")
    path = standing(store, "a.png")
    path.parent.mkdir(parents=True)
    path.symlink_to(notes)
    place(store, folder, "a.png", b"png")
    assert not path.is_symlink() and path.read_bytes() == b"png" and notes.read_text() == "id: ana\n"


def test_what_is_not_in_the_store_is_not_placed_and_the_edit_is_safe(store: Store, folder: BuildFolder) -> None:
    digest = place(store, folder, "a.png", b"png").digest
    standing(store, "a.png").write_bytes(b"edited")
    store.blobs.remove(digest)
    with pytest.raises(StoreError, match="is not in the store"):
        folder.place("a.png", digest, store.blobs)
    assert b"edited" in [
        *edited(store).values(),
        standing(store, "a.png").read_bytes() if standing(store, "a.png").exists() else b"",
    ]


def test_what_cannot_be_read_says_why(folder: BuildFolder) -> None:
    with pytest.raises(StoreError, match="can't read it: No such file"):
        folder.read("a.png")


# --- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../eva/a.png", "a/../../b.png", "..", ".", "a//b.png", "./a.png", "a/", "a\0b", "a/./b"],
)
def test_no_path_leads_out_of_the_build_folder(store: Store, folder: BuildFolder, path: str) -> None:
    digest = store.blobs.put(b"png")
    for attempt in (lambda: folder.place(path, digest, store.blobs), lambda: folder.read(path)):
        with pytest.raises(StoreError, match="is no file name in the build folder"):
            attempt()


@pytest.mark.parametrize(
    ("link", "target"),
    [
        *(
            (link, target)
            for link in ("build", "build/ana", "build/ana/images")
            for target in ("outside", "project/.git")
        ),
        ("build/ana", "project/conf"),
        ("build/ana", "project/build/eva"),
        ("build/ana/images", "project/build/ana/videos"),
    ],
)
def test_no_link_on_the_way_is_followed(store: Store, tmp_path: Path, link: str, target: str) -> None:
    elsewhere = tmp_path / target
    (elsewhere / "images").mkdir(parents=True)
    (elsewhere / "ana").mkdir()
    before = sorted(tmp_path.rglob("*"))
    path = store.project.root / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(elsewhere)
    folder, digest = store.build_folder("ana"), store.blobs.put(b"[core]\n\tfsmonitor = touch /tmp/owned\n")
    with pytest.raises(StoreError, match="leads out of the build folder") as caught:
        folder.place("images/config", digest, store.blobs)
    assert caught.value.hint == "remove the symbolic link"
    written = [one for one in sorted(tmp_path.rglob("*")) if one not in before and ".forge" not in one.parts]
    assert [one for one in written if one.name == "config"] == []


def test_a_link_to_a_file_outside_is_neither_read_nor_written(
    store: Store, folder: BuildFolder, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("password")
    standing(store, "a.png").parent.mkdir(parents=True)
    standing(store, "a.png").symlink_to(tmp_path / "secret")
    digest = store.blobs.put(b"png")
    for attempt in (lambda: folder.read("a.png"), lambda: folder.place("a.png", digest, store.blobs)):
        with pytest.raises(StoreError, match="leads out of the project"):
            attempt()
    assert (tmp_path / "secret").read_text() == "password"
