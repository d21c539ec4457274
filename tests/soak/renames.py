"""`forge mv` killed before each of its steps, for real, and then ended by itself or by a build: nothing is made anew.

python -m tests.soak.renames
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from personaforge.store.lockfile import read_lock
from personaforge.testing import write_project
from tests.persona.conftest import BO, FILES, build, digests, states
from tests.persona.test_rename import KILLED, NAMED, mv, unnamed


def main() -> None:
    """Kill before every step, and print what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        whole = write_project(Path(folder) / "built", {"bo": BO}, FILES)
        build(whole)
        before = unnamed(whole / "build/bo")
        pins = read_lock(whole / "personas/bo.lock.yaml", "bo")
        (whole / ".forge/edited/bo").mkdir(parents=True)
        (whole / "reports").mkdir()
        (whole / "reports/bo.html").write_text('<meta name="generator" content="PersonaForge 1">')
        for after in range(8):
            for ends in ("mv", "build") if after else ("mv",):
                root = Path(shutil.copytree(whole, Path(folder) / f"{after}-{ends}"))
                done = subprocess.run([sys.executable, "-c", KILLED, str(root), str(after)], capture_output=True)
                assert done.returncode == (-9 if after < 7 else 0), done.stderr
                found = {name for name, state in states(root).items() if state not in ("cached", "pinned")}
                assert found == (NAMED if after else set()), found
                if ends == "mv":
                    mv(root, "bo", "bob")
                report = build(root)
                assert report.performed == len(NAMED), report.performed
                now = read_lock(root / "personas/bob.lock.yaml", "bob")
                assert {name: now.line(name) for name in now.names()} == {n: pins.line(n) for n in pins.names()}
                assert unnamed(root / "build/bob") == before
                assert not any("/bo/" in f"/{path}" for path in digests(root / "build"))
                assert not (root / "personas/bo.lock.yaml").exists()
                print(f"killed before step {after}, ended by {ends}: {report.performed} made, all of them named")


if __name__ == "__main__":
    main()
