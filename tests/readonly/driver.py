"""Runs every command that only reads, in one process: in a checkout that can be written, and in some that can't.

`python -m tests.readonly.driver FOLDER mount|permissions [all]` prints JSON: what each command came to in each state of
the checkout, and the checkout's digest before and after. With `mount` it has to run in a mount namespace of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from personaforge.cli.main import run
from personaforge.testing import write_project
from tests.cli.conftest import FILES, PICTURES, WORDS

SMALL = PICTURES.replace("width: 256, height: 320", "width: 80, height: 80").replace(
    "defaults: [{override /identity: insightface}]\n", ""
)
COMMANDS = (
    "validate", "plan --json", "status --json", "show ben", "explain ben/image/02", "drift ben --json", "test",
    "eval -p ben", "query scores", "report -o OUT", "report",
    "config ben --json", "graph --all", "cost --json", "diff HEAD --format json", "jobs list --json",
    "cache stats --json", "cache verify", "doctor", "models list", "warehouse info --json", "warehouse schema actions",
    "schema store", "build --dry-run",
)  # fmt: skip
COLD = (
    "plan --json", "query scores", "eval -p ben", "cost --json", "jobs list --json", "cache stats --json",
    "warehouse info --json",
)  # fmt: skip
"""Where nothing is cached all others compose the personas anew, as `plan` does: `tests.soak.reading` runs them, too."""
AGAIN = ("plan --json", "query scores")


def commands(project: Path, out: Path, names: tuple[str, ...] = COMMANDS) -> dict[str, tuple[int, str, str]]:
    """Run commands in a checkout, and return the exit code, output and errors of each, without the checkout's path."""
    os.chdir(project)
    found = {}
    for name in names:
        texts = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(texts[0]), contextlib.redirect_stderr(texts[1]):
            code = run([str(out) if word == "OUT" else word for word in name.split()])
        shown = [text.getvalue().replace(str(project), "PROJECT") for text in texts]
        found[name] = (code, shown[0].replace(os.path.relpath(out), "OUT").replace(str(out), "OUT"), shown[1])
    return found


def digest(folder: Path) -> str:
    """Return a digest over the names, kinds, times of change and bytes of everything in a folder."""
    parts = []
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        parts.append(
            f"{path.relative_to(folder)} {about.st_mode} {about.st_mtime_ns} {hashlib.sha256(content).hexdigest()}"
        )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextlib.contextmanager
def closed(folder: Path, how: str) -> Iterator[None]:
    """Make a checkout one that can't be written, for a while."""
    if how == "mount":
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        os.chdir(folder)
        yield
        os.chdir("/")
        subprocess.run(["umount", folder], check=True)
        return
    paths = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
    modes = {path: path.stat().st_mode for path in paths}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    yield
    for path, mode in modes.items():
        path.chmod(mode)


def unmerged(database: Path) -> dict[Path, bytes]:
    """Return the files of an index as a crash leaves them: what was written last is in its log only."""
    held = sqlite3.connect(database, isolation_level=None)
    held.execute("pragma wal_autocheckpoint = 0")
    held.execute("update nodes set signature = signature || '-' where persona = 'ben'")
    held.execute("pragma wal_checkpoint(truncate)").fetchall()
    held.execute("update nodes set signature = rtrim(signature, '-') where persona = 'ben'")
    files = {path: path.read_bytes() for path in (database, database.with_name("index.db-wal"))}
    held.close()
    assert all(files.values())
    return files


def main(root: Path, how: str, *, cold: tuple[str, ...] = COLD) -> dict[str, Any]:
    """Make a checkout, and run everything in it in every state."""
    project = write_project(root / "project", {"ana": WORDS, "ben": SMALL}, FILES)
    state = project / ".forge"
    (project / ".gitignore").write_text("/.forge/\n/build/\n/reports/\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "personas"]):
        subprocess.run([*git, *words], cwd=project, check=True)
    os.chdir(project)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert run(["build"]) == 0
    found = {}

    def look(name: str, names: tuple[str, ...], how: str = "") -> None:
        before = digest(project)
        with closed(project, how) if how else contextlib.nullcontext():
            came = commands(project, root / f"{name}-out", names)
        found[name] = {"commands": came, "before": before, "after": digest(project)}

    look("built", COMMANDS)
    look("closed", COMMANDS, how)
    for path, data in unmerged(state / "index.db").items():
        path.write_bytes(data)
    look("killed", AGAIN, how)
    for path in state.glob("index.db*"):
        path.unlink()
    look("lost", AGAIN, how)
    shutil.rmtree(state)
    look("clone", cold)
    look("closed-clone", cold, how)
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], cold=COMMANDS if "all" in sys.argv else COLD)))
