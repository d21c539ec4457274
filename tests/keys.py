"""Every key of the packaged personas, held in `tests/golden/keys.json`: what moves a key makes everybody pay again.

`python -m tests.keys` builds them in a folder of its own and compares; `--rewrite` writes the file instead, which is
right only together with a version that was raised on purpose. `tests/test_keys.py` compares what needs no drawing.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "keys.json"
PACKAGED = ("conf", "templates", "personas")


def keys_of(store: Path) -> dict[str, Any]:
    """Return the signature of every node, and each action's key, of a store."""
    with sqlite3.connect(f"file:{store / 'index.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute("select node, signature, outcome from nodes order by node").fetchall()
    actions: dict[str, str] = {}
    for path in sorted((store / "records" / "actions").glob("*/*.json")):
        record = json.loads(path.read_bytes())
        actions[record["key"]] = record["parts"]["kind"]
    return {
        "nodes": {node: {"signature": signature, "outcome": outcome} for node, signature, outcome in rows},
        "actions": dict(sorted(actions.items(), key=lambda item: (item[1], item[0]))),
    }


def copy_packaged(folder: Path) -> None:
    """Make a folder a project of the packaged personas, without their locks."""
    for name in PACKAGED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.lock.yaml"))


def build(folder: Path) -> str:
    """Build the personas of a folder; return what the command printed."""
    done = subprocess.run(
        [sys.executable, "-m", "personaforge.cli.main", "build"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def differences(found: dict[str, Any], golden: dict[str, Any]) -> list[str]:
    """Return a line for each node and action that is not as the golden file has it."""
    lines = []
    for part in ("nodes", "actions"):
        for name in sorted(found[part].keys() | golden[part].keys()):
            now, before = found[part].get(name), golden[part].get(name)
            if now != before:
                lines.append(f"{part}: {name}: {before} before, {now} now")
    return lines


def main() -> int:
    """Build, and compare or rewrite."""
    with tempfile.TemporaryDirectory() as folder:
        copy_packaged(Path(folder))
        build(Path(folder))
        found = keys_of(Path(folder) / ".forge")
        if "--rewrite" in sys.argv:
            GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            return 0
        lines = differences(found, json.loads(GOLDEN.read_bytes()))
        print(
            "\n".join(lines) or f"All {len(found['nodes'])} nodes and {len(found['actions'])} actions have their keys."
        )
        again = build(Path(folder))
        print(again.splitlines()[-1])
        return 1 if lines or "up to date" not in again else 0


if __name__ == "__main__":
    sys.exit(main())
