"""Content by digest, from where there is any: just computed, the store, or the build folder of a clone."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import StoreError
from personaforge.plan.contents import Contents
from personaforge.providers.kinds import HEAD
from personaforge.spec.project import project_of
from personaforge.steps.action import Result
from personaforge.steps.outputs import write_action
from personaforge.store.artifact import Artifact
from personaforge.store.store import Store
from personaforge.testing import write_project

DATA = b"a picture of Ana"
DIGEST = digest_bytes(DATA)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(project_of((), str(write_project(tmp_path, {"ana": "id: ana\nbrief: A gardener.\n"}))))


def contents(store: Store, *, keep: bool = False) -> Contents:
    return Contents(store, store.build_folder("ana"), keep=keep)


def in_folder(store: Store, data: bytes = DATA, path: str = "images/02.png") -> Path:
    file = store.project.build / "ana" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def damage(store: Store, data: bytes = b"a picture of Eva") -> Path:
    file = Path(store.blobs.path(DIGEST))
    file.chmod(0o644)
    file.write_bytes(data)
    return file


def test_what_is_nowhere_can_not_be_had(store: Store) -> None:
    one = contents(store)
    assert not one.has(DIGEST) and not one.sound(DIGEST) and one.size(DIGEST) is None
    with pytest.raises(StoreError):
        one.read(DIGEST)


def test_what_the_store_has(store: Store) -> None:
    store.blobs.put(DATA)
    one = contents(store)
    assert one.has(DIGEST) and one.sound(DIGEST) and one.size(DIGEST) == len(DATA)
    assert one.read(DIGEST) == DATA == one.head(DIGEST)


def test_a_head_is_as_many_bytes_as_tell_what_it_is(store: Store) -> None:
    long = b"x" * (HEAD + 5)
    one = contents(store)
    in_folder(store, long)
    assert one.head(digest_bytes(long)) == long[:HEAD]
    store.blobs.put(long)
    assert contents(store).head(digest_bytes(long)) == long[:HEAD]


@pytest.mark.parametrize("path", ["", "images/02.png", "elsewhere.png", "images/gone.png"])
def test_what_only_the_build_folder_holds_is_found_at_its_place_or_anywhere(store: Store, path: str) -> None:
    in_folder(store)
    in_folder(store, b"another", "elsewhere.png")
    one = contents(store)
    assert one.size(DIGEST, path) == len(DATA) and one.has(DIGEST) and one.read(DIGEST) == DATA
    assert not store.blobs.has(DIGEST), "planning only looks"


def test_running_takes_it_back_into_the_store(store: Store) -> None:
    in_folder(store)
    assert contents(store, keep=True).has(DIGEST)
    assert store.blobs.has(DIGEST) and store.blobs.get(DIGEST) == DATA


def test_a_file_that_was_edited_after_a_look_is_not_what_it_was(store: Store) -> None:
    file = in_folder(store)
    one = contents(store, keep=True)
    assert one.has(DIGEST)
    file.write_bytes(b"an edit")
    other = contents(store)
    Path(store.blobs.path(DIGEST)).unlink()
    assert not other.has(DIGEST)


def test_what_the_store_holds_damaged_is_as_good_as_not_there_once_it_was_looked_at(store: Store) -> None:
    store.blobs.put(DATA)
    damage(store)
    one = contents(store)
    assert one.has(DIGEST), "nobody has looked at every byte yet"
    assert not one.sound(DIGEST)
    assert not one.has(DIGEST) and one.size(DIGEST) is None, "and it is remembered"
    in_folder(store)
    assert contents(store).has(DIGEST)
    again = contents(store)
    assert again.sound(DIGEST), "the build folder's is as good"
    assert again.read(DIGEST) == DATA and again.size(DIGEST) == len(DATA)


def test_what_was_damaged_and_is_whole_again_counts(store: Store) -> None:
    store.blobs.put(DATA)
    file = damage(store)
    one = contents(store)
    assert not one.sound(DIGEST)
    file.write_bytes(DATA)
    assert one.has(DIGEST) and one.sound(DIGEST)
    result = Result("k", {"content": Artifact(DIGEST, "image/png", len(DATA))}, {})
    assert one.kept(result)


def test_computed_bytes_are_had_and_not_kept(store: Store) -> None:
    one = contents(store)
    result = one.computed(write_action(DATA, "image/png"))
    assert result.outputs["content"] == Artifact(DIGEST, "image/png", len(DATA))
    assert one.has(DIGEST) and one.read(DIGEST) == DATA and one.head(DIGEST) == DATA and not one.kept(result)
    store.blobs.put(DATA)
    assert one.kept(result)
    damage(store)
    assert one.sound(DIGEST) and not one.kept(result), "what the store has is damaged, what was computed is not"
