"""Garbage collection against builds, and killed inside its deletions: `python -m tests.soak.upkeep [ROUNDS] [SEED]`.

Each round goes to another variant of a persona, makes everything in the store look old, adds artifacts that nobody
names, and builds while collectors run one after the other. Each of them is killed by SIGKILL just before or just after
one of its renames, links or removals, drawn by chance, or ends by itself. After the round:

    the build has ended well, and all that its lock and its nodes name is in the store, whole
    `verify` finds neither damage nor anything that isn't forge's
    no action was performed again whose artifacts were there, and that no collector has removed in this round
    the next build performs nothing
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from personaforge.spec.project import Project
from personaforge.store.store import Store, artifacts
from personaforge.store.upkeep import collect, roots, verify
from personaforge.testing import write_project
from tests.cli.conftest import FILES, WORDS

VARIANTS = ("A calm gardener.", "A loud baker.", "A tall judge.")
DAYS = 2 * 86_400
JUNK = 12
_CALLS = ("rename", "link", "unlink")


def collector(root: Path, at: int, after: bool) -> None:
    """Collect, noting each removal before it is done, and die at the given one of the calls that change something."""
    count = 0
    noted = os.open(root.parent / "removed.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def watched(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: str, **options: bool) -> None:
            nonlocal count
            if not any(".gc-" in str(argument) for argument in arguments):
                real(*arguments, **options)
                return
            count += 1
            if name == "unlink":
                os.write(noted, f"{str(arguments[0])[-64:]}\n".encode())
            if count == at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            real(*arguments, **options)
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

        setattr(os, name, call)

    for name in _CALLS:
        watched(name)
    store = Store(Project(root))
    collect(store, max_bytes=0, keep_days=0, act=True)
    store.close()


def forge(root: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command."""
    command = [sys.executable, "-m", "personaforge.cli.main", *arguments]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def aged(store: Store) -> None:
    """Make every artifact look old."""
    for digest, stat in list(store.blobs.all()):
        try:
            os.utime(store.blobs.path(digest), (stat.st_mtime - DAYS, stat.st_mtime - DAYS))
        except FileNotFoundError:
            continue  # it waits for its removal


def results(store: Store) -> dict[str, set[str]]:
    """Return what each action's record made."""
    found = {}
    for name, _ in store.records.all("actions"):
        record = store.records.get("actions", name)
        found[name] = {artifact.digest for artifact in artifacts(record or {}).values()}
    return found


def soak(root: Path, rounds: int, seed: int) -> dict[str, int]:
    """Run so many rounds and return what happened. Raises AssertionError."""
    chance = random.Random(seed)
    write_project(root, {"ana": WORDS}, FILES)
    store = Store(Project(Path(os.path.realpath(root))))
    log = root.parent / "removed.txt"
    told = {"rounds": 0, "collectors": 0, "killed": 0, "removed": 0, "performed again": 0}
    try:
        for number in range(rounds):
            text = WORDS.replace("A calm Portuguese gardener.", VARIANTS[chance.randrange(len(VARIANTS))])
            (root / "personas/ana.yaml").write_text(text)
            (root / "personas/ana.lock.yaml").unlink(missing_ok=True)  # else its pins keep what another variant made
            for junk in range(JUNK):
                store.blobs.put(f"{seed} {number} {junk}".encode())
            aged(store)
            before = results(store)
            gone = {digest for made in before.values() for digest in made if not store.blobs.has(digest)}
            log.write_text("")
            build = forge(root, "build", "ana")
            while build.poll() is None:
                at, after = chance.randrange(1, 3 * JUNK), chance.random() < 0.5
                time.sleep(chance.random() * 0.2)
                arguments = ["-m", "tests.soak.upkeep", "--collector", str(root), str(at), str(int(after))]
                code = subprocess.run([sys.executable, *arguments], check=False).returncode
                assert code in (0, -signal.SIGKILL), f"a collector ended with {code}"
                told["collectors"] += 1
                told["killed"] += code != 0
            said = build.communicate()[0]
            assert build.returncode == 0, said
            found = verify(store)
            assert not (found.problems or found.unreadable or found.strays), found
            lost = [digest for digest in roots(store) if len(digest) == 64 and not store.blobs.sound(digest)]
            assert not [digest for digest in lost if digest in named(store)], f"a build's own is gone: {lost}"
            removed = set(log.read_text().split())
            for name, made in before.items():
                again = [one for one in results(store).keys() - before.keys() if one.startswith(f"{name}~")]
                assert not again or made & (gone | removed), f"{name} was performed again"
            second = forge(root, "build", "ana", "--json")
            last = json.loads(second.communicate()[0])
            assert second.returncode == 0 and last["performed"] == 0, last
            told["rounds"] += 1
            told["removed"] += len(removed)
            told["performed again"] = sum("~" in name for name, _ in store.records.all("actions"))
    finally:
        store.close()
    return told


def named(store: Store) -> set[str]:
    """Return what the last outcomes of all nodes consist of."""
    found: set[str] = set()
    for node, *_ in store.index.node_history():
        result = store.index.result(node)
        found |= result.digests if result is not None else set()
    return found


def main() -> None:
    """Run from the command line."""
    if sys.argv[1:2] == ["--collector"]:
        collector(Path(sys.argv[2]), int(sys.argv[3]), bool(int(sys.argv[4])))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**31)
    print(f"upkeep: {rounds} rounds, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        told = soak(Path(folder) / "project", rounds, seed)
    print("upkeep: " + ", ".join(f"{value} {name}" for name, value in told.items()))


if __name__ == "__main__":
    main()
