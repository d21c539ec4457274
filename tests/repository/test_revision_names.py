"""A revision that was named by its digits is shown short, with its branch: it is the headline of a pull request."""

from __future__ import annotations

from pathlib import Path

from personaforge.repository.git import Repository
from tests.repository.conftest import Git


def test_digits_are_shown_short_and_with_the_branch(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", name)
    repository = Repository(tmp_path)
    tip, before = (git(tmp_path, "rev-parse", name) for name in ("HEAD", "HEAD~1"))
    assert repository.find(tip).shown == f"{tip[:9]} (main)"
    assert repository.find(tip[:7]).shown == f"{tip[:7]} (main)"
    assert repository.find(before).shown == before[:9], "no branch ends there"
    assert repository.find("main").shown == f"main ({tip[:9]})"
    assert repository.find("HEAD~1").shown == f"HEAD~1 ({before[:9]})"
