"""What is let go of when work is over: lease files, emptied folders, open databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.store.lockfile import former_lock
from personaforge.store.presence import alone, at_work
from personaforge.store.store import Store
from personaforge.store.upkeep import verify

from .given import action


def test_the_last_one_at_work_removes_the_file_of_the_ids(tmp_path: Path) -> None:
    file = tmp_path / "leases/ids"
    with at_work(tmp_path):
        with at_work(tmp_path):
            assert file.exists()
        assert file.exists(), "another one still holds it"
        with pytest.raises(StoreError, match="a build is running here"), alone(tmp_path):
            raise AssertionError("it is not alone")
    assert not file.exists()
    with alone(tmp_path):
        assert file.exists()
    assert not file.exists()


def test_a_lease_that_cannot_be_made_is_an_error_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "leases").write_bytes(b"a file where a folder belongs")
    for take in (at_work, alone):
        with pytest.raises(StoreError, match="can't take a lease: File exists") as error, take(tmp_path):
            raise AssertionError("there is none")
        assert error.value.where == f"{tmp_path}/leases/ids"


def test_folders_that_a_removal_empties_go_with_it_up_to_the_build_folder(store: Store) -> None:
    folder = store.build_folder("ana")
    for path in ("a/b/one.txt", "a/two.txt"):
        folder.place(path, store.blobs.put(path.encode()), store.blobs)
    root = store.project.build / "ana"
    assert folder.remove("a/b/one.txt", store.blobs.put(b"a/b/one.txt"))
    assert not (root / "a/b").exists() and (root / "a/two.txt").exists()
    assert not folder.remove("a/two.txt", store.blobs.put(b"other")), "somebody has edited it"
    assert folder.remove("a/two.txt", store.blobs.put(b"a/two.txt"))
    assert not (root / "a").exists() and root.exists(), "the build folder itself stays"


def test_closing_a_store_closes_a_journal_that_was_opened_and_opens_none(store: Store) -> None:
    store.close()
    assert not (store.folder / "journal.db").exists()
    store.journal.intend("k" * 64, "ana/image/02", "draw", "fal@1", "m", 0.1)
    assert store.journal._connection is not None
    store.close()
    assert store.journal._connection is None


def test_an_index_without_a_store_sees_what_another_process_builds_meanwhile(store: Store) -> None:
    """A command that only reads makes no store; once there is one, what it composed goes into that, too."""
    reader = Store(store.project)
    reader.index.put_spec("mine", b"a", {})
    assert not store.folder.exists()
    other = Store(store.project)
    other.folder.mkdir(parents=True)
    other.index.put_spec("theirs", b"b", {})
    assert reader.index.get_spec("theirs") == b"b" and reader.index.get_spec("mine") == b"a"
    other.close()
    late = Store(store.project)
    assert late.index.get_spec("mine") == b"a"
    reader.close()
    late.close()


def test_what_is_kept_can_be_read_by_all_and_written_by_nobody(store: Store) -> None:
    path = Path(store.blobs.path(store.blobs.put(b"a picture")))
    assert path.stat().st_mode & 0o777 == 0o444


def test_an_edit_is_put_aside_under_the_time_alone_as_long_as_no_other_was_in_that_second(store: Store) -> None:
    folder = store.build_folder("ana")
    digest = store.blobs.put(b"ours")
    folder.place("a.txt", digest, store.blobs)
    (store.project.build / "ana/a.txt").write_text("theirs")
    folder.place("a.txt", digest, store.blobs)
    (aside,) = (store.project.state / "edited/ana").iterdir()
    assert "-" not in aside.name and (aside / "a.txt").read_text() == "theirs"


def test_the_lock_of_a_former_id_stands_in_until_there_is_one_of_the_present(tmp_path: Path) -> None:
    place = tmp_path / "eva.lock.yaml"
    assert former_lock(place, "eva", ("ana", "ida")) is None
    (tmp_path / "ana.lock.yaml").write_text("")
    assert former_lock(place, "eva", ("ana", "ida")) == tmp_path / "ana.lock.yaml"
    (tmp_path / "ida.lock.yaml").write_text("")
    assert former_lock(place, "eva", ("ana", "ida")) == tmp_path / "ida.lock.yaml", "the newest of them"
    assert former_lock(place, "eva", ()) is None
    place.write_text("")
    assert former_lock(place, "eva", ("ana",)) is None


def test_a_file_that_is_taken_over_may_be_written_by_nobody_either(store: Store, tmp_path: Path) -> None:
    fetched = tmp_path / "fetched"
    fetched.write_bytes(b"a clip")
    path = Path(store.blobs.path(store.blobs.put_file(fetched)))
    assert path.read_bytes() == b"a clip" and path.stat().st_mode & 0o777 == 0o444 and not fetched.exists()


def test_only_a_repair_makes_the_log_of_records_again(store: Store) -> None:
    action(store, "a rose", {"image": b"png"})
    assert store.index.count() == 1
    store.index.relog([], store.index.latest())
    verify(store)
    assert store.index.count() == 0, "a look changes nothing"
    verify(store, repair=True)
    assert store.index.count() == 1
