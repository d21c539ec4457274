"""Upkeep: damage is found and put aside, and garbage collection keeps whatever anybody names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from personaforge.errors import StoreError
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.store.upkeep import Collected, collect, relog, roots, statistics, verify

from .given import action, age, kept, node, pinned, project

HOUR, DAY = 3_600, 86_400


def overwrite(path: str | Path, data: bytes) -> None:
    os.chmod(path, 0o644)
    Path(path).write_bytes(data)


# --- verify -----------------------------------------------------------------------------------------------------------


def test_an_empty_and_a_sound_store(store: Store) -> None:
    assert verify(store).problems == [] and verify(store).records == 0
    action(store, "one", {"image": b"png"})
    action(store, "two", {"image": b"other", "mask": b"png"})
    store.keep("evaluations", "e" * 64, {"score": 1.0})
    found = verify(store)
    assert (found.blobs, found.records, found.bytes, found.problems) == (2, 3, 8, [])
    assert (found.without_artifact, found.unfinished, found.repaired) == (0, 0, 0)


def test_every_kind_of_damage_is_found_and_repaired_once(store: Store) -> None:
    keys = [action(store, f"n{number}", {"image": f"png {number}".encode()}) for number in range(9)]
    digests = [store.find(key)["outputs"]["image"]["digest"] for key in keys]  # type: ignore[index]
    overwrite(store.blobs.path(digests[0]), b"png X")
    overwrite(store.blobs.path(digests[1]), b"")
    stray = Path(store.blobs.path("ff" * 32)).with_name("thumbs.db")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    overwrite(store.records.path("actions", keys[2]), b"{")
    overwrite(store.records.path("actions", keys[3]), b'{"schema": 1, "key": "other", "outputs": {}}')
    sound = Path(store.records.path("actions", keys[4])).read_bytes()
    overwrite(store.records.path("actions", keys[4]), sound.replace(b"n4", b"n5"))
    overwrite(store.records.path("actions", keys[5]), sound)
    overwrite(
        store.records.path("actions", keys[6]),
        sound.replace(b'"parts"', b'"parst"').replace(keys[4].encode(), keys[6].encode()),
    )
    store.blobs.remove(digests[7])
    store.keep("builds", "b" * 64, {})
    overwrite(store.records.path("builds", "b" * 64), b"not json")

    found = verify(store)
    assert len(found.problems) == 8 and found.repaired == 0 and found.without_artifact == 1
    text = "\n".join(found.problems)
    for part in (digests[0], digests[1], keys[2], keys[3], keys[4], keys[5], keys[6], "builds"):
        assert part in text
    assert "a record is of another key" in text and "a record's parts don't give its key" in text
    assert found.strays == [str(stray)], "not forge's: reported, and left alone"
    assert verify(store).problems == found.problems  # looking changes nothing

    repaired = verify(store, repair=True)
    assert repaired.repaired == len(repaired.problems) == 8
    again = verify(store)
    assert again.problems == [] and again.blobs == 6 and again.records == 4
    assert len(list(store.folder.rglob("*.damaged"))) == 8 and stray.read_bytes() == b"x"
    assert sorted(name for _, _, name in store.index.since(0)) == sorted([keys[0], keys[1], keys[7], keys[8]])
    assert store.find(keys[8]) is not None and store.find(keys[0]) is None


def test_what_was_put_aside_can_be_kept_again(store: Store) -> None:
    key = action(store, "one", {"image": b"png"})
    digest = store.find(key)["outputs"]["image"]["digest"]  # type: ignore[index]
    overwrite(store.blobs.path(digest), b"PNG")
    verify(store, repair=True)
    assert not store.blobs.has(digest)
    store.blobs.put(b"png")
    assert verify(store).problems == [] and store.find(key) is not None


def test_unfinished_files_are_counted_and_no_damage(store: Store) -> None:
    key = action(store, "one", {"image": b"png"})
    (Path(store.records.path("actions", key)).parent / ".tmp-1-2-3-x").write_bytes(b"{")
    (Path(store.blobs.path("ab" * 32)).parent).mkdir(exist_ok=True)
    (Path(store.blobs.path("ab" * 32)).parent / ".tmp-1-2-3-y").write_bytes(b"half")
    found = verify(store)
    assert found.unfinished == 2 and found.problems == []


def test_the_log_is_made_again_from_the_files_oldest_first(store: Store) -> None:
    keys = [action(store, f"n{number}", {}) for number in range(5)]
    for number, key in enumerate(keys):
        age(store.records.path("actions", key), 100 * number)
    epoch = store.index.epoch()
    assert relog(store) == 5
    assert [name for _, _, name in store.index.since(0)] == keys[::-1]
    assert store.index.epoch() != epoch


def test_statistics_add_up(store: Store) -> None:
    action(store, "one", {"image": b"png"})
    key = action(store, "two", {"image": b"png"}, cost_usd=None)
    action(store, "three", {}, cost_usd=0.25)
    store.commit("c" * 64, {"parts": {}, "outputs": {"text": kept(store, b"words", media_type="text/plain")}})
    overwrite(store.records.path("actions", action(store, "four", {"image": b"gone"})), b"{")
    found = statistics(store)
    assert (found["artifacts"], found["bytes"]) == (3, 12)
    assert found["by_type"] == {"image/png": {"artifacts": 1, "bytes": 3}, "text/plain": {"artifacts": 1, "bytes": 5}}
    assert found["records"] == {"actions": 5, "evaluations": 0, "builds": 0, "events": 0, "refusals": 0}
    assert (found["spent_usd"], found["calls_of_unknown_cost"], found["seconds_of_work"]) == (0.75, 2, 4.5)
    assert store.find(key) is not None


# --- garbage collection -----------------------------------------------------------------------------------------------


def old_blob(store: Store, data: bytes, *, seconds: float = 100 * DAY) -> str:
    digest = store.blobs.put(data)
    age(store.blobs.path(digest), seconds)
    return digest


def swept(store: Store, *, max_bytes: int = 0, keep_days: float = 0, act: bool = True) -> Collected:
    return collect(store, max_bytes=max_bytes, keep_days=keep_days, act=act)


def test_what_nobody_names_goes_but_only_when_asked_to_act(store: Store) -> None:
    digest = old_blob(store, b"unnamed")
    shown = swept(store, act=False)
    assert (shown.removed, shown.freed, shown.acted) == ([digest], 7, False) and store.blobs.has(digest)
    done = swept(store)
    assert (done.removed, done.freed, done.kept, done.acted) == ([digest], 7, 0, True) and not store.blobs.has(digest)
    assert swept(store).removed == []


def test_records_stay_for_ever(store: Store) -> None:
    key = action(store, "one", {"image": b"png"})
    age(store.blobs.path(store.find(key)["outputs"]["image"]["digest"]), 100 * DAY)  # type: ignore[index]
    age(store.records.path("actions", key), 100 * DAY)
    assert len(swept(store).removed) == 1
    assert store.records.get("actions", key) is not None and store.find(key) is None


@pytest.mark.parametrize(
    ("seconds", "keep_days", "goes"),
    [(HOUR / 2, 0, False), (2 * HOUR, 0, True), (2 * DAY, 3, False), (4 * DAY, 3, True)],
)
def test_what_is_young_stays(store: Store, seconds: float, keep_days: float, goes: bool) -> None:
    digest = old_blob(store, b"unnamed", seconds=seconds)
    assert swept(store, keep_days=keep_days).removed == ([digest] if goes else [])


def test_what_was_used_again_is_young(store: Store) -> None:
    old_blob(store, b"unnamed")
    store.blobs.put(b"unnamed")
    assert swept(store).removed == []


def test_the_oldest_go_first_until_the_store_has_its_size(store: Store) -> None:
    digests = [old_blob(store, bytes([number]) * 100, seconds=(10 - number) * DAY) for number in range(5)]
    found = swept(store, max_bytes=250)
    assert found.removed == digests[:3] and (found.kept, found.kept_bytes, found.freed) == (2, 200, 300)
    assert swept(store, max_bytes=200).removed == []


def test_what_the_other_builds_name_stays_where_some_are_left_out(store: Store) -> None:
    used = {"a" * 64: "1" * 64, "b" * 64: "2" * 64, "c" * 64: "3" * 64}
    for build, digest in used.items():
        store.keep("builds", build, {"templates": {"image.j2": digest}})
    for build, digest in used.items():
        assert roots(store, without_builds=frozenset({build})) == set(used.values()) - {digest}
    assert roots(store) == set(used.values())


def test_what_locks_and_nodes_name_stays_whatever_its_age_and_size(store: Store) -> None:
    locked, of_node, unnamed = (old_blob(store, data) for data in (b"locked", b"of a node", b"unnamed"))
    pinned(store.project, {"anchor": locked})
    node(store, "image/07", [], {"image": of_node})
    assert roots(store) >= {locked, of_node}
    found = swept(store)
    assert found.removed == [unnamed] and found.kept == 2


def test_locks_count_wherever_they_lie_in_the_project(store: Store) -> None:
    digests = [old_blob(store, name.encode()) for name in ("elsewhere", "deep")]
    pinned(store.project, {"anchor": digests[0]}, folder=".")
    pinned(store.project, {"anchor": digests[1]}, folder="clients/a/personas")
    assert swept(store).removed == []


def test_a_lock_that_cannot_be_read_stops_the_collection(store: Store) -> None:
    digest = old_blob(store, b"unnamed")
    path = store.project.root / "personas" / "ana.lock.yaml"
    path.write_text("<<<<<<< HEAD\n")
    with pytest.raises(StoreError, match="merge conflict"):
        swept(store)
    assert store.blobs.has(digest)


def test_unfinished_files_of_a_killed_build_go_when_they_are_old(store: Store) -> None:
    key = action(store, "one", {"image": b"png"})
    for folder in (
        Path(store.records.path("actions", key)).parent,
        Path(store.blobs.path(next(iter(store.blobs.all()))[0])).parent,
    ):
        for name, seconds in (("old", 2 * HOUR), ("new", 0)):
            (folder / f".tmp-1-2-3-{name}").write_bytes(b"half")
            age(folder / f".tmp-1-2-3-{name}", seconds)
    shown = swept(store, act=False, max_bytes=10**9)
    assert (shown.unfinished, shown.freed) == (2, 8) and len(list(store.folder.rglob(".tmp-*"))) == 4
    swept(store, max_bytes=10**9)
    assert {path.name for path in store.folder.rglob(".tmp-*")} == {".tmp-1-2-3-new"}


# --- what git revisions name ------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    command = [
        "git",
        "-C",
        str(folder),
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@b.c",
        "-c",
        "commit.gpgsign=false",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def revisions(store: Store, folder: Path, *, lock_folder: str = "personas") -> dict[str, str]:
    """Make a repository in which a branch, two tags, a remote branch and a stash each pin a picture of their own, and
    the working tree none. Return the digests by who names them."""
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text(".forge/\n")
    commit(folder, "first")
    named: dict[str, str] = {}
    for name in ("branch", "light", "annotated", "remote"):
        git(folder, "checkout", "-q", "--detach", "main")
        named[name] = old_blob(store, name.encode())
        pinned(store.project, {"anchor": named[name]}, folder=lock_folder)
        commit(folder, name)
        if name == "branch":
            git(folder, "branch", "feature/face")
        elif name == "light":
            git(folder, "tag", "v1")
        elif name == "annotated":
            git(folder, "tag", "-a", "v2", "-m", "v2")
        else:
            git(folder, "update-ref", "refs/remotes/origin/x", "HEAD")
    git(folder, "checkout", "-q", "main")
    named["stash"] = old_blob(store, b"stash")
    pinned(store.project, {"anchor": named["stash"]}, folder=lock_folder)
    git(folder, "add", "-A")
    git(folder, "stash", "-q")
    git(folder, "tag", "on-a-file", git(folder, "rev-parse", "main:.gitignore"))
    return named


def test_what_branches_tags_and_stashes_pin_stays(store: Store) -> None:
    named = revisions(store, store.project.root)
    unnamed = old_blob(store, b"unnamed")
    assert not list(store.project.root.rglob("*.lock.yaml"))
    assert swept(store).removed == [unnamed]
    assert all(store.blobs.has(digest) for digest in named.values())


def test_it_stays_in_a_project_within_a_larger_repository(tmp_path: Path) -> None:
    store = Store(project(tmp_path / "monorepo" / "studio"))
    try:
        revisions(store, tmp_path / "monorepo")
        assert swept(store).removed == []
    finally:
        store.close()


def test_it_stays_when_the_project_has_moved_within_the_repository(tmp_path: Path) -> None:
    store = Store(project(tmp_path / "monorepo" / "studio"))
    try:
        revisions(store, tmp_path / "monorepo")
        git(tmp_path / "monorepo", "checkout", "-q", "feature/face")
        git(tmp_path / "monorepo", "mv", "studio/personas", "before")
        commit(tmp_path / "monorepo", "as it was before")
        git(tmp_path / "monorepo", "branch", "-q", "-f", "before")
        git(tmp_path / "monorepo", "checkout", "-q", "main")
        git(tmp_path / "monorepo", "branch", "-q", "-D", "feature/face")
        (tmp_path / "monorepo" / "studio" / "personas").mkdir(exist_ok=True)
        assert swept(store).removed == []
    finally:
        store.close()


def test_it_stays_under_names_that_git_quotes(store: Store) -> None:
    revisions(store, store.project.root, lock_folder='personas/Björk "the\tface"')
    assert swept(store).removed == []


def test_what_a_forgotten_revision_pinned_goes(store: Store) -> None:
    named = revisions(store, store.project.root)
    git(store.project.root, "branch", "-q", "-D", "feature/face")
    git(store.project.root, "tag", "-d", "v1")
    assert sorted(swept(store).removed) == sorted([named["branch"], named["light"]])


def test_a_repository_without_a_commit(store: Store) -> None:
    git(store.project.root, "init", "-q")
    digest = old_blob(store, b"unnamed")
    assert swept(store).removed == [digest]


def test_a_repository_that_cannot_be_read_stops_the_collection(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = old_blob(store, b"unnamed")
    (store.project.root / ".git").mkdir()
    with pytest.raises(StoreError, match="can't read the git revisions") as caught:
        swept(store)
    assert caught.value.hint == "nothing was removed"
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StoreError, match="can't read the git revisions"):
        swept(store)
    assert store.blobs.has(digest)


def test_a_project_outside_any_repository_asks_no_git(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert Project(store.project.root).root == store.project.root
    assert len(swept(store).removed) == 0 and len(roots(store)) == 0
