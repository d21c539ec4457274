"""Merging locks: node by node by forge, line by line by git, and with real git both ways."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from personaforge.errors import StoreError
from personaforge.repository.driver import install_driver
from personaforge.store.lockfile import LockFile, read_lock, same_line
from personaforge.store.lockmerge import merge_files, merge_locks
from tests.conftest import Forge

PAIRS = 30
NODES = ["anchor", "candidate/1", "candidate/2", "soul", *(f"image/{number:02}" for number in range(1, 13))]
Lines = dict[str, bytes]


def line(*about: object, **more: object) -> bytes:
    """A pin's line, as a newer forge might write it."""
    digest = random.Random(repr(about)).randbytes(32).hex()
    fields = {"key": "k", "outputs": {"image": digest}, "media": {"image": "image/png"}, "signed_by": {"x": [1]}}
    return orjson.dumps({**fields, **more})


def text(lines: Lines, persona: str = "ana") -> bytes:
    return LockFile(Path("x"), persona, lines).text() if lines else b""


def sides(seed: int) -> tuple[Lines, Lines, Lines, Lines, dict[str, tuple[bytes, bytes]]]:
    """Return the lines of a base and two branches, what they come to together, and the nodes in conflict.

    What is expected follows from what was done to each node, not from comparing lines.
    """
    chance = random.Random(seed)
    base = {name: line("base", name) for name in NODES if chance.random() < 0.7} if seed % 5 else {}
    ours, theirs, expected, conflicts = dict(base), dict(base), dict(base), dict[str, tuple[bytes, bytes]]()

    def edit(lines: Lines, name: str, to: bytes) -> None:
        lines.pop(name, None)
        lines.update({name: to} if to else {})

    for name in NODES:
        last = "both" if seed % 3 == 0 else "ours"
        who = chance.choice(("nobody", "nobody", "nobody", "ours", "theirs", "alike", last))
        to = b"" if name in base and chance.random() < 0.25 else line("new", seed, name)
        if who in ("ours", "alike", "both"):
            edit(ours, name, to)
        if who in ("theirs", "alike"):
            edit(theirs, name, to)
        if who in ("ours", "theirs", "alike"):
            edit(expected, name, to)
        if who == "both":
            other = line("other", seed, name)
            edit(theirs, name, other)
            expected.pop(name, None)
            conflicts[name] = (to, other)
    return base, ours, theirs, expected, conflicts


# --- by forge ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(0, 60, 6))
def test_a_merge_is_what_was_done_to_each_node(seed: int, tmp_path: Path) -> None:
    base, ours, theirs, expected, conflicts = sides(seed)
    for one, other in ((ours, theirs), (theirs, ours)):
        found = merge_locks(text(base), text(one), text(other))
        assert {one.name for one in found.conflicts} == set(conflicts)
        if not conflicts:
            assert found.text == LockFile(Path("x"), "ana", expected).text()


def test_a_conflict_is_refused_by_name_with_both_digests(tmp_path: Path) -> None:
    a, b = line("a"), line("b")
    found = merge_locks(text({"anchor": line("0")}), text({"anchor": a, "soul": b}), text({"anchor": b}))
    path = tmp_path / "ana.lock.yaml"
    path.write_bytes(found.text)
    digests = [orjson.loads(one)["outputs"]["image"][:12] for one in (a, b)]
    with pytest.raises(StoreError) as caught:
        read_lock(path, "ana")
    assert f"anchor is {digests[0]} on one side and {digests[1]} on the other" in str(caught.value)
    assert "soul" not in str(caught.value)
    kept = [line for line in path.read_bytes().splitlines(True) if not line.startswith((b"<", b"=", b">"))]
    path.write_bytes(b"".join(line for line in kept if digests[0].encode() not in line))
    assert same_line(read_lock(path, "ana").line("anchor"), b), "as the hint says"


def test_removed_on_one_side_and_changed_on_the_other_is_a_conflict() -> None:
    base, ours, theirs = {"anchor": line("0")}, {"soul": line(1)}, {"anchor": line("1")}
    [conflict] = merge_locks(text(base), text(ours), text(theirs)).conflicts
    assert conflict.name == "anchor" and " nothing here" in str(conflict)


def test_other_facts_of_the_same_artifact_are_not_chosen_from_either() -> None:
    one, other = line("a", facts={"x": 1}), line("a", facts={"x": 2})
    assert merge_locks(b"", text({"image/02": one}), text({"image/02": other})).conflicts
    reordered = orjson.dumps(dict(reversed(orjson.loads(one).items())))
    assert merge_locks(b"", text({"image/02": one}), text({"image/02": reordered})).conflicts == ()


@pytest.mark.parametrize("theirs", ["a\nb\nd\n", "a\nB\nc\n"])
def test_files_that_are_no_locks_are_merged_as_text(tmp_path: Path, theirs: str) -> None:
    """And are said to be in conflict only where git's merge of the text is."""
    files = {"base": "a\nb\nc\n" * 3, "ours": "A\nb\nc\n" + "a\nb\nc\n" * 2, "theirs": "a\nb\nc\n" * 2 + theirs}
    if "B" in theirs:
        files["ours"] = "a\nb\nc\n" * 2 + "a\nother\nc\n"
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    said = merge_files(*(tmp_path / name for name in ("base", "ours", "theirs")))
    merged = (tmp_path / "ours").read_text()
    if "B" in theirs:
        assert said == ["it was merged as text, since the lock names no persona"] and "<<<<<<< ours" in merged
    else:
        assert said == [] and merged == "A\nb\nc\na\nb\nc\na\nb\nd\n"


def test_locks_of_two_personas_are_not_merged() -> None:
    with pytest.raises(StoreError, match="the locks are of ana, eva, expected one persona"):
        merge_locks(b"", text({"soul": line(1)}), text({"soul": line(1)}, "eva"))


# --- by git -----------------------------------------------------------------------------------------------------------


class Repository:
    """A repository with three branches for each seed, written in one go."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")
        for name, value in (("user.name", "A"), ("user.email", "a@example.org"), ("core.autocrlf", "false")):
            self.git("config", name, value)
        stream, mark = [], 0
        for seed in range(PAIRS):
            base, ours, theirs, *_ = sides(seed)
            parent = 0
            for branch, lines in (("base", base), ("ours", ours), ("theirs", theirs)):
                mark += 1
                stream.append(f"commit refs/heads/{branch}-{seed}\nmark :{mark}\ncommitter A <a@b> 0 +0000\n".encode())
                stream.append(b"data 1\n.\n" + (b"from :%d\n" % parent if parent else b""))
                other = text({"soul": line(branch if branch == "theirs" else "eva")}, "eva")
                files = {"p/personas/ana.lock.yaml": text(lines), "p/personas/eva.lock.yaml": other}
                files[".gitattributes"] = b"*.lock.yaml merge=union\n"
                for path, data in files.items():
                    entry = b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
                    stream.append(entry if data else b"")
                parent = parent or mark
        self.git("fast-import", "--quiet", input=b"".join(stream))

    def git(self, *arguments: str, code: int | None = 0, input: bytes = b"") -> str:
        command = ["git", "-c", "gc.auto=0", *arguments]
        done = subprocess.run(command, cwd=self.root, input=input, capture_output=True)
        assert code is None or done.returncode == code, done
        return (done.stdout + done.stderr).decode()

    def merged(self, seed: int) -> tuple[str, Path]:
        """Merge the branches of a seed, and return what git said and the lock."""
        self.git("checkout", "-q", "-f", "--detach", f"ours-{seed}")
        said = self.git("merge", "-q", "--no-edit", f"theirs-{seed}", code=None)
        eva = read_lock(self.root / "p/personas/eva.lock.yaml", "eva")
        assert same_line(eva.line("soul"), line("theirs")), "another persona's lock is merged for itself"
        return said, self.root / "p/personas/ana.lock.yaml"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    yield Repository(tmp_path_factory.mktemp("merge") / "r")


def test_a_union_is_read_or_refused_by_name_with_both_digests(repository: Repository) -> None:
    read = 0
    for seed in range(PAIRS):
        said, path = repository.merged(seed)
        _, ours, theirs, expected, conflicts = sides(seed)
        assert "CONFLICT" not in said
        stands: dict[str, list[bytes]] = {}
        for one in path.read_bytes().splitlines():
            name, colon, value = one.partition(b": ")
            if one.startswith(b"  ") and colon:
                stands.setdefault(name.strip().decode(), []).append(value)
        for name, values in stands.items():
            assert set(values) <= {ours.get(name), theirs.get(name)}, "a union adds no line of its own"
        assert all(name in stands for name in {*expected, *conflicts}), "and loses none"
        twice = {name: values for name, values in stands.items() if len(set(values)) > 1}
        assert set(conflicts) - {name for name, (one, other) in conflicts.items() if not (one and other)} <= set(twice)
        if twice:
            with pytest.raises(StoreError) as caught:
                read_lock(path, "ana")
            name = str(caught.value).partition("names '")[2].partition("'")[0]
            for value in twice[name]:
                assert orjson.loads(value)["outputs"]["image"][:12] in str(caught.value)
        else:
            read += 1
            lock = read_lock(path, "ana")
            assert all(same_line(lock.line(name), value) for name, value in expected.items())
    assert 3 <= read < PAIRS, "of changes as dense as these few are no neighbours"


def test_the_driver_merges_node_by_node_and_wins_over_the_committed_union(repository: Repository, forge: Forge) -> None:
    from personaforge.cli.main import run

    assert run(["--project", str(repository.root / "p"), "lock", "merge", "--install"]) == 0
    install_driver(repository.root)  # again: nothing is there twice
    attributes = repository.root / ".git/info/attributes"
    assert attributes.read_text() == "*.lock.yaml merge=forge-lock\n"
    clean = 0
    for seed in range(PAIRS):
        said, path = repository.merged(seed)
        *_, expected, conflicts = sides(seed)
        if not conflicts:
            clean += 1
            assert "CONFLICT" not in said and path.read_bytes() == LockFile(path, "ana", expected).text()
            continue
        assert "CONFLICT" in said
        with pytest.raises(StoreError, match="holds a merge conflict"):
            read_lock(path, "ana")
        for name, (one, other) in conflicts.items():
            for value in filter(None, (one, other)):
                assert orjson.loads(value)["outputs"]["image"][:12] in said, name
    assert clean > 10


def test_a_worktree_and_a_driver_that_is_gone(repository: Repository, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    repository.git("worktree", "add", "-q", "--detach", str(tree), "ours-3")
    (repository.root / ".git/info/attributes").write_text("*.bin -text\n*.lock.yaml merge=union\n")
    attributes = install_driver(tree)
    assert attributes.resolve() == (repository.root / ".git/info/attributes").resolve()
    assert attributes.read_text() == "*.bin -text\n*.lock.yaml merge=forge-lock\n"
    command = repository.git("config", "merge.forge-lock.driver")
    python = command.split()[3].rstrip(";")
    repository.git("config", "merge.forge-lock.driver", command.strip().replace(python, "/nowhere/python"))
    said, path = repository.merged(3)
    assert "CONFLICT" in said and b"<<<<<<<" in path.read_bytes(), "git's own marks, never one side alone"


def test_outside_a_repository_nothing_is_installed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a git repository") as caught:
        install_driver(tmp_path)
    assert "git init" in caught.value.hint


def test_the_command_refuses_half_of_its_files(forge: Forge, tmp_path: Path) -> None:
    assert "expected BASE OURS THEIRS" in forge("lock", "merge", cwd=tmp_path, check=2).stderr
