"""What the tests of this folder start from: a store in a project, actions in it, and Python in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personaforge.digest import digest_json
from personaforge.spec.project import Project
from personaforge.store.artifact import Artifact
from personaforge.store.index import NodeRow, files_text
from personaforge.store.lockfile import LockFile, Pin, read_lock
from personaforge.store.outcome import Outcome, Output
from personaforge.store.outputs import Placed
from personaforge.store.result import NodeResult
from personaforge.store.store import Store


def project(root: Path) -> Project:
    """Make a project with a folder for personas."""
    (root / "personas").mkdir(parents=True, exist_ok=True)
    return Project(Path(os.path.realpath(root)))


def kept(store: Store, data: bytes, *, media_type: str = "image/png") -> dict[str, Any]:
    """Keep an artifact and return it as a record names it."""
    return {"digest": store.blobs.put(data), "media_type": media_type, "size": len(data)}


def action(store: Store, request: str, outputs: Mapping[str, bytes], **fields: Any) -> str:
    """Keep the record of an action that made artifacts, and return its key."""
    parts = {
        "kind": "draw",
        "provider": "scripted@1",
        "request": {"prompt": request},
        "inputs": {},
        "take": 0,
        "attempt": 0,
    }
    key = digest_json("action/1", parts)
    made = {name: kept(store, data) for name, data in outputs.items()}
    store.commit(key, {"parts": parts, "outputs": made, "cost_usd": 0.5, "seconds": 1.5, **fields})
    return key


def node(store: Store, name: str, actions: list[str], outputs: Mapping[str, str], *, persona: str = "ana") -> None:
    """Note the last outcome of a node."""
    made = {key: Output(Artifact(digest, "image/png", 1), "") for key, digest in outputs.items()}
    result = NodeResult(f"{persona}/{name}", Outcome("accepted", made), tuple(actions))
    files = files_text(Placed("", digest, 1, 0, 0, 0) for digest in outputs.values())
    row = NodeRow(result.node, "signature", "outcome", "accepted", files)
    store.index.put_node(row, result, persona=persona, build="b", finished=0.0)


def pinned(where: Project, pins: Mapping[str, str], *, persona: str = "ana", folder: str = "personas") -> LockFile:
    """Write a persona's lock that pins one picture for each node."""
    path = where.root / folder / f"{persona}.lock.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = read_lock(path, persona).with_pins({name: pin(digest) for name, digest in pins.items()})
    lock.write()
    return lock


def pin(digest: str, **fields: Any) -> Pin:
    """Return a pin of one picture."""
    return Pin(fields.pop("key", "k" * 64), {"image": digest}, {"image": "image/png"}, **fields)


def python(code: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start Python in a process of its own, its output to be read line by line."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def age(path: Path | str, seconds: float) -> None:
    """Make a file look as old as that."""
    then = os.stat(path).st_mtime - seconds
    os.utime(path, (then, then))
