"""Nothing that forge keeps for itself may be a link: what is written or removed behind one may be anybody's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import StoreError
from personaforge.store.remote import Remote
from personaforge.store.store import Store
from personaforge.store.upkeep import collect, verify

from .given import action, age, pinned, project

CHILDREN = (
    "blobs",
    "records",
    "leases",
    "edited",
    "log",
    "index.db",
    "index.db-wal",
    "journal.db",
    "warehouse.duckdb",
    "something",
)
LONG_AGO = 10_000_000


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """A folder of somebody's, with names that look like forge's; at the end it is as it was."""
    digest = digest_bytes(b"theirs")
    files = {
        "Documents/thesis.docx": b"thesis",
        "Documents/.tmp-notes": b"notes",
        ".tmp-1-2-3-x": b"half",
        digest: b"theirs",
        f".gc-{digest_bytes(b'x')}": b"x",
        f"{'0' * 64}.json": b"{",
        f"{digest[:2]}/{digest}": b"not what it says",
    }
    folder = tmp_path / "victim"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        age(folder / name, LONG_AGO)
    yield folder
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == files


def upkeep(store: Store) -> None:
    """Do all that removes or renames."""
    verify(store, repair=True)
    collect(store, max_bytes=0, keep_days=0, act=True)
    verify(store, repair=True)


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize("to", ["outside", "inside", "nowhere", "itself"])
def test_a_child_of_the_store_that_is_a_link_is_refused(victim: Path, tmp_path: Path, child: str, to: str) -> None:
    place = project(tmp_path / "project")
    place.state.mkdir()
    (place.root / "own").mkdir()
    target = {"outside": victim, "inside": place.root / "own", "nowhere": tmp_path / "gone", "itself": Path(child)}[to]
    (place.state / child).symlink_to(target)
    with pytest.raises(StoreError, match="is a symbolic link") as caught:
        Store(place)
    assert caught.value.where == str(place.state / child) and caught.value.hint.startswith("rm ")
    assert not (tmp_path / "gone").exists()


def test_the_store_itself_as_a_link_is_refused(victim: Path, tmp_path: Path) -> None:
    place = project(tmp_path / "project")
    place.state.symlink_to(victim)
    with pytest.raises(StoreError, match="is a symbolic link"):
        Store(place)


def test_links_deeper_down_are_never_followed(store: Store, victim: Path) -> None:
    key = action(store, "one", {"image": b"png"})
    digest = digest_bytes(b"png")
    blobs, records = Path(store.blobs.folder), Path(store.records.folder)
    shards = [shard for shard in ("aa", "incoming", "..x") if not (blobs / shard).exists()]
    links = [blobs / name for name in shards]
    links += [records / "actions" / "bb", records / "evaluations", records / "elsewhere", blobs / "Documents"]
    for link in links:
        link.symlink_to(victim if link.name != "Documents" else victim / "Documents")
    (blobs / "loop").symlink_to("loop")
    links.append(blobs / "loop")
    found = verify(store, repair=True)
    assert (found.problems, found.repaired, found.blobs, found.records) == ([], 0, 1, 1)
    assert sorted(found.strays) == sorted(map(str, links))
    age(store.blobs.path(digest), LONG_AGO)
    collected = collect(store, max_bytes=0, keep_days=0, act=True)
    assert (collected.removed, collected.unfinished) == ([digest], 0)
    assert all(link.is_symlink() for link in links) and store.records.get("actions", key) is not None


def test_nothing_is_written_behind_a_link(store: Store, victim: Path) -> None:
    digest = digest_bytes(b"png")
    blobs, records = Path(store.blobs.folder), Path(store.records.folder)
    blobs.mkdir(parents=True)
    (blobs / digest[:2]).symlink_to(victim)
    (blobs / "incoming").symlink_to(victim)
    theirs = digest_bytes(b"theirs")
    (blobs / theirs[:2]).symlink_to(victim / theirs[:2])
    (records / "actions").mkdir(parents=True)
    (records / "actions" / "cc").symlink_to(victim)
    (records / "builds").symlink_to(victim)
    scratch = victim.parent / ".tmp-1-00"
    scratch.write_bytes(b"png")
    for write in (
        lambda: store.blobs.put(b"png"),
        lambda: store.blobs.put_file(scratch),
        store.blobs.scratch,
        lambda: store.records.put("actions", "c" * 64, {"schema": 1}),
        lambda: store.records.put("builds", "d" * 64, {"schema": 1}),
        lambda: store.blobs.collect(digest, 0),
        lambda: store.blobs.give_back(digest),
        lambda: store.blobs.remove(theirs),
    ):
        with pytest.raises(StoreError, match="is a symbolic link"):
            write()
    lease = Path(store.folder / "leases")
    lease.mkdir()
    (lease / "name").symlink_to(victim / "made")
    with pytest.raises(StoreError), store.leases.take("name"):
        pass


def test_files_that_only_look_like_forges_stay(store: Store) -> None:
    action(store, "one", {"image": b"png"})
    folder = Path(store.blobs.path(digest_bytes(b"png"))).parent
    names = [".tmp-notes", "thesis.docx", "A" * 64, "notes.damaged.txt", f".gc-{'0' * 64}"]
    for name in names:
        (folder / name).write_bytes(b"theirs")
        age(folder / name, LONG_AGO)
    (folder / digest_bytes(b"a folder")).mkdir()
    upkeep(store)
    assert {name for name in names if (folder / name).read_bytes() == b"theirs"} == set(names)
    assert len(verify(store).strays) == len(names) + 1


def test_edited_files_do_not_leave_the_project(store: Store, victim: Path) -> None:
    folder = store.build_folder("ana")
    digest = store.blobs.put(b"png")
    folder.place("01.png", digest, store.blobs)
    path = Path(folder.folder) / "01.png"
    path.write_bytes(b"somebody's work")
    (store.folder / "edited").mkdir()
    (store.folder / "edited" / "ana").symlink_to(victim)
    with pytest.raises(StoreError, match="is a symbolic link"):
        folder.place("01.png", digest, store.blobs)
    assert path.read_bytes() == b"somebody's work"


def test_a_build_folder_that_is_a_link_is_no_source(store: Store, victim: Path) -> None:
    store.project.build.mkdir()
    (store.project.build / "ana").symlink_to(victim)
    assert store.build_folder("ana").contents() == {}


def test_a_shared_folder_of_a_strangers_leads_nowhere(store: Store, victim: Path, tmp_path: Path) -> None:
    action(store, "one", {"image": b"png"})
    lock = pinned(store.project, {"anchor": digest_bytes(b"png")})
    shared = tmp_path / "shared"
    for name in ("blobs", "records", "personas", "records/actions", f"blobs/{digest_bytes(b'png')[:2]}"):
        link = shared / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(victim)
        with pytest.raises(StoreError, match="is a symbolic link"):
            Remote(shared).push(store, "ana", lock)
        if os.path.dirname(name) != "blobs":
            with pytest.raises(StoreError, match="is a symbolic link"):
                Remote(shared).pull(store, "ana", lock)
        link.unlink()
