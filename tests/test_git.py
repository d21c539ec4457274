"""Git is started in one place, and runs nothing that a repository names, whoever asks."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import personaforge
from personaforge.doctor.project import _ignored
from personaforge.errors import StoreError
from personaforge.git import GitFailed, GitMissing, git
from personaforge.measuring.anchors import git_person
from personaforge.repository.driver import install_driver
from personaforge.repository.git import Repository
from personaforge.run.builds import author_date, git_commit
from personaforge.spec.project import Project
from personaforge.store.lockmerge import merge_files
from personaforge.store.store import Store
from personaforge.store.upkeep import roots
from personaforge.testing import write_project

PACKAGE = Path(personaforge.__file__).parent
EVIL = (
    "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "core.alternateRefsCommand",
    "diff.external", "diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge",
    "filter.evil.process", "merge.evil.driver", "gpg.program", "credential.helper", "pager.config", "pager.ls-tree",
    "uploadpack.packObjectsHook", "alias.cat-file", "alias.rev-parse", "alias.ls-tree", "alias.config",
    "alias.for-each-ref", "alias.check-ignore", "alias.merge-file", "alias.merge-base",
)  # fmt: skip
HOOKS = ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman", "pre-auto-gc")


def plain(folder: Path, *words: str) -> None:
    """Run git as a user would, but for the traps."""
    quiet = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@studio.example")
    subprocess.run(["git", "-C", str(folder), *quiet, *who, *words], check=True, capture_output=True)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "ran"


@pytest.fixture
def hostile(tmp_path: Path, mark: Path) -> Path:
    """A project in a repository whose configuration names a script wherever one may stand."""
    root = write_project(tmp_path / "studio", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    (root / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    (root / "personas/ana.lock.yaml").write_text("version: 1\npersona: ana\nnodes: {}\n")
    plain(tmp_path, "init", "-q", "studio")
    plain(root, "add", "-A")
    plain(root, "commit", "-q", "-m", "one")
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\n')
    trap.chmod(0o755)
    hooks = root / ".git/evil"
    hooks.mkdir()
    for name in HOOKS:
        (hooks / name).write_text(trap.read_text())
        (hooks / name).chmod(0o755)
    for key in EVIL:
        plain(root, "config", key, f"!{trap}" if key.startswith("alias.") else str(trap))
    for key, value in {
        "core.hooksPath": str(hooks),
        "log.showSignature": "true",
        "user.name": "Ada",
        "user.email": "ada@studio.example",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{trap}",
        "protocol.ext.allow": "always",
    }.items():
        plain(root, "config", key, value)
    return root


def revision(root: Path) -> None:
    repository = Repository(root)
    entries = list(repository.entries(repository.find("HEAD...")))
    assert "personas/ana.yaml" in {entry.path for entry, _ in repository.contents(entries)}


def collection(root: Path) -> None:
    store = Store(Project(root))
    try:
        assert len(roots(store)) == 0
    finally:
        store.close()


def date(root: Path) -> None:
    assert author_date(root, git_commit(root) or "")
    assert author_date(root, "0" * 40) is None, "and a promised object is not fetched"


def merge(root: Path) -> None:
    for name in ("base", "ours", "theirs"):
        (root / name).write_text(f"{name}: no lock\n")
    assert merge_files(root / "base", root / "ours", root / "theirs")
    assert "<<<<<<< ours" in (root / "ours").read_text()


def person(root: Path) -> None:
    assert git_person(root) == "Ada <ada@studio.example>"


def ignored(root: Path) -> None:
    assert [one.level for one in _ignored(Project(root))] == ["warning"]
    (root / ".gitignore").write_text(".forge/\n")
    assert not _ignored(Project(root))


def driver(root: Path) -> None:
    assert install_driver(root).read_text().startswith("*.lock.yaml merge=")


@pytest.mark.parametrize("ask", [revision, collection, date, merge, person, ignored, driver])
def test_no_caller_runs_what_a_repository_names(
    ask: Callable[[Path], None], hostile: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark.unlink(missing_ok=True)
    monkeypatch.chdir(hostile)
    with monkeypatch.context() as hook:  # another repository's hook started us
        hook.setenv("GIT_DIR", str(hostile.parent / "another"))
        hook.setenv("GIT_INDEX_FILE", str(hostile.parent / "another/index"))
        ask(hostile)
    assert not mark.exists(), mark.read_text()
    subprocess.run(["git", "-C", str(hostile), "status"], capture_output=True)
    assert mark.exists(), "the trap does work: git itself falls into it"


def test_only_one_module_starts_programs() -> None:
    """Whoever needs git asks `personaforge.git`, so that there is one environment to trust."""

    def starts(path: Path) -> bool:
        found = ast.walk(ast.parse(path.read_text()))
        names = {
            name
            for node in found
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        return "subprocess" in names or "os.system(" in path.read_text() or "os.popen(" in path.read_text()

    starters = [str(path.relative_to(PACKAGE)) for path in sorted(PACKAGE.rglob("*.py")) if starts(path)]
    assert starters == ["git.py"]


def test_what_could_run_a_program_is_not_asked_for(tmp_path: Path) -> None:
    for command in ("log", "diff", "status", "archive", "checkout", "fetch", "-c", "--exec-path=/tmp"):
        with pytest.raises(ValueError, match="is none of"):
            git(tmp_path, command)


def test_a_missing_git_and_one_that_says_too_much_or_too_late(
    tmp_path: Path, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GitFailed, match="git ls-tree answers with more than 10 bytes"):
        git(hostile, "ls-tree", "-r", "HEAD", most_bytes=10)
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(GitFailed, match=r"git rev-parse took longer than 0\.2 s"):
        git(hostile, "rev-parse", "HEAD", seconds=0.2)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitMissing, match="can't be started"):
        git(hostile, "rev-parse", "HEAD")
    assert git_person(hostile) == "" and author_date(hostile, "0" * 40) is None
    with pytest.raises(StoreError, match="git can't be started"):
        install_driver(hostile)
    for name in ("base", "ours", "theirs"):
        (tmp_path / name).write_text(f"{name}: no lock\n")
    with pytest.raises(StoreError, match="can't be merged as text, either"):
        merge_files(tmp_path / "base", tmp_path / "ours", tmp_path / "theirs")


def test_a_long_question_and_a_long_answer_do_not_wait_for_each_other(hostile: Path) -> None:
    """More than a pipe holds, both ways."""
    name = git(hostile, "rev-parse", "HEAD:personas/ana.yaml").text
    answer = git(hostile, "cat-file", "--batch", input=f"{name}\n".encode() * 20_000)
    assert answer.code == 0 and answer.out.count(b"A calm gardener.") == 20_000
