"""Whether a pin on disk wins, always: builds that are interleaved at random, among edits of the lock by others.

python -m tests.soak.pins [first seed]

Three proofs, each printing its seeds: interleavings in one process, where every step of every build is followed by a
look at what it has changed in the lock; the same in processes that run at once; and real builds that start together
with different settings.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from personaforge.errors import StoreError
from personaforge.run import lock as keeping
from personaforge.run.lock import LockKeeper, PinConflict, Watched
from personaforge.spec.project import Project
from personaforge.steps.action import Outcome, Output
from personaforge.store.artifact import Artifact
from personaforge.store.lockfile import LockFile, Pin, read_lock
from personaforge.store.store import Store
from personaforge.testing import write_project

STICKY = ("placement", "candidate/1", "candidate/2", "anchor")
NODES = ("soul", *STICKY, "image/02", "image/03")
CALLED = ("soul", "candidate/1", "candidate/2", "image/02", "image/03")
INTERLEAVINGS = 400
ROUNDS = 12
RACES = 6


class Broken(AssertionError):
    """A pin was changed that nobody may change."""


@dataclass
class Build:
    """What one build may change: lines that it has read at its start, or written since."""

    name: str
    settings: int
    repin: bool
    known: dict[str, bytes]

    def require(self, before: LockFile, after: LockFile) -> None:
        """Raise Broken when a step of this build has changed what it may not."""
        for name in {*before.names(), *after.names()}:
            old, new = before.line(name), after.line(name)
            if old == new:
                continue
            if old != self.known.get(name, b""):
                raise Broken(f"{self.name} wrote {name} over a line that it had not read: {old!r} -> {new!r}")
            replaced = name in STICKY and old and _outputs(before, name) != _outputs(after, name)
            if replaced and "anchor" in before and not self.repin:
                raise Broken(f"{self.name} replaced the pin of {name} without --repin: {old!r} -> {new!r}")
            self.known[name] = new


def _outputs(lock: LockFile, name: str) -> dict[str, str]:
    pin = lock.pin(name)
    return dict(pin.outputs) if pin is not None else {}


def steps(build: Build, keeper: LockKeeper) -> Iterator[None]:
    """Do what a build does with its lock, node by node, pausing wherever another process may come in between."""
    keeper.begin()
    yield
    for name in NODES:
        keeper.require_unchanged()
        keeper.adopt(name)
        yield
        pin = keeper.lock.pin(name)
        anchored = "anchor" in keeper.lock and not build.repin
        # Its text depends on nothing, its pictures on its settings.
        key = _digest(name, 0 if name == "soul" else build.settings)
        if pin is not None and (pin.key == key or (name in STICKY and anchored)):
            digest, key = pin.outputs["image"], pin.key
        else:
            if name in CALLED:
                keeper.before_call(name, key)
            digest = _digest(name, build.settings, build.repin)
        yield
        facts = {"by": build.name} if name == "image/03" else {}
        outputs = {"image": Output(Artifact(digest, "image/png", 1), f"{name}.png")}
        keeper.accept(name, Outcome("accepted", outputs, facts, key))
        if name in STICKY and not (name in CALLED and build.repin):
            yield
            keeper.write()
        yield
    keeper.write()


def begun(store: Store, path: Path, chance: random.Random, name: str) -> tuple[Build, LockKeeper]:
    """Start a build: read the lock as a plan does."""
    lock = read_lock(path, "ana")
    build = Build(name, chance.randrange(3), chance.random() < 0.15, {one: lock.line(one) for one in lock.names()})
    repinned = STICKY if build.repin else ()
    return build, LockKeeper(store, lock, Watched(STICKY, ("anchor",), repinned))


def edited(path: Path, chance: random.Random, kept: list[bytes]) -> str:
    """Change the lock as people and git do, without asking anybody, and return how."""
    there = path.read_bytes() if path.exists() else None
    kept += [there] if there else []
    kind = chance.choice(("change", "change", "add", "remove", "replace", "delete", "spoil", "reorder"))
    if kind == "replace" and kept:  # git pull, git checkout, git stash pop
        path.write_bytes(chance.choice(kept))
    elif kind == "delete" and there is not None:
        path.unlink()
    elif kind == "spoil":
        path.write_bytes((there or b"") + b"<<<<<<< ours\n")
    else:
        try:
            lock = read_lock(path, "ana")
        except StoreError:
            path.write_bytes(kept[0] if kept else LockFile(path, "ana", {}).text())
            return "mend"
        name = chance.choice(NODES)
        digest = _digest(name, "somebody", chance.randrange(5))
        pin = Pin(_digest(name, chance.randrange(3)), {"image": digest}, {"image": "image/png"})
        if kind == "remove" and lock.names():
            lock = lock.with_lines({chance.choice(lock.names()): b""})
        elif kind != "reorder":
            lock = lock.with_pins({name: pin})
        lines = lock.text().splitlines(keepends=True)
        tail = lines[4:]
        chance.shuffle(tail)
        path.write_bytes(b"".join(lines[:4] + tail))
    return kind


@dataclass
class Told:
    """What became of builds, over all interleavings."""

    ended: int = 0
    refused: int = 0
    killed: int = 0
    edits: dict[str, int] = field(default_factory=dict)


def interleave(root: Path, seed: int, told: Told, builds: int = 3) -> None:
    """Run builds one step at a time in random order, among none or many edits. Raises Broken."""
    chance = random.Random(seed)
    edits = chance.choice((0.0, 0.01, 0.03, 0.1))
    path = root / f"personas-{seed}" / "ana.lock.yaml"
    path.parent.mkdir(parents=True)
    store = Store(Project(root / f"project-{seed}"))
    kept: list[bytes] = []
    running: list[tuple[Build, LockKeeper, Iterator[None]]] = []
    left = builds
    while running or left:
        if chance.random() < edits:
            kind = edited(path, chance, kept)
            told.edits[kind] = told.edits.get(kind, 0) + 1
            continue
        if left and (not running or chance.random() < 0.2):
            left -= 1
            try:
                build, keeper = begun(store, path, chance, f"build {builds - left} of seed {seed}")
            except StoreError:
                continue  # a lock that can't be read is no plan's
            running.append((build, keeper, steps(build, keeper)))
            continue
        if not running:
            continue
        build, keeper, work = chance.choice(running)
        before = _read(path)
        over = True
        try:
            if chance.random() < 0.01:
                told.killed += 1
            else:
                over = next(work, "over") is not None
                told.ended += over
        except PinConflict:
            told.refused += 1
        after = _read(path)
        if before is not None and after is not None:
            build.require(before, after)
        elif _bytes(path) != b"" and before is None and after is not None:
            raise Broken(f"{build.name} wrote over a lock that could not be read")
        if over:
            keeper.end()
            running = [one for one in running if one[0] is not build]
    store.close()


def _read(path: Path) -> LockFile | None:
    try:
        return read_lock(path, "ana")
    except StoreError:
        return None


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


# --- processes at once ------------------------------------------------------------------------------------------------


def work(root: Path, seed: int) -> str:
    """Be one of many processes: build again and again, or edit; every write is checked as it is made."""
    chance = random.Random(seed)
    path = root / "personas" / "ana.lock.yaml"
    store = Store(Project(root))
    now: list[Build] = []
    write = LockFile.write

    def watched_write(lock: LockFile, **options: object) -> bool:
        before = _read(path)
        done = write(lock, **options)  # type: ignore[arg-type]
        # Only builds write here, and under the lease: what differs now is this one's doing, or an edit's, which is
        # made with the lease so that it can be told.
        after = _read(path)
        if before is not None and after is not None:
            now[-1].require(before, after)
        return done

    LockFile.write = watched_write  # type: ignore[method-assign,assignment]
    told, kept = Told(), list[bytes]()
    for number in range(25):
        if chance.random() < 0.3:
            with store.leases.take("lock-ana"):
                edited(path, chance, kept)
            continue
        try:
            build, keeper = begun(store, path, chance, f"build {number} of seed {seed}")
        except StoreError:
            continue
        now.append(build)
        try:
            for _ in steps(build, keeper):
                time.sleep(chance.random() * 0.004)
            told.ended += 1
        except PinConflict:
            told.refused += 1
        finally:
            keeper.end()
    return f"{told.ended} ended, {told.refused} refused"


def at_once(root: Path, seed: int, processes: int = 4) -> list[str]:
    """Let processes build and edit at once. Raises Broken."""
    (root / "personas").mkdir(parents=True)
    code = (
        "import sys; from pathlib import Path; from tests.soak.pins import work;"
        "print(work(Path(sys.argv[1]), int(sys.argv[2])))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(root), str(seed * 100 + number)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(processes)
    ]  # fmt: skip
    said = []
    for one in started:
        out, err = one.communicate(timeout=300)
        if one.returncode:
            raise Broken(f"seed {seed}: {err}")
        said.append(out.strip())
    return said


# --- real builds ------------------------------------------------------------------------------------------------------

PERSONA = "id: ana\nbrief: Italian baker in her forties who films her oven at dawn.\nseed: 5\n"
FILES = {
    "conf/project/settings.yaml": """\
defaults: [override /pipeline: short, override /matrix: two]
identity: {anchor: {candidates: 2}}
image: {width: 96, height: 128}
""",
    "conf/pipeline/short.yaml": """\
name: short
steps:
  identity: {kind: draft, section: surface, template: text/surface.j2, schema: surface, provider: "${text.provider}",
             model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  visual_dna: {kind: draft, section: dna, needs: [identity], template: text/dna.j2, schema: dna,
               provider: "${text.provider}", model: "${text.models.light}", temperature: 0.5, max_tokens: 300}
  profile: {kind: profile, needs: [identity, visual_dna]}
  matrix: {kind: matrix, needs: [profile]}
  placement: {kind: placement, needs: [profile], provider: "${image.provider}"}
  candidate: {kind: candidate, needs: [profile, matrix, placement], template: image/heia.j2,
              provider: "${image.provider}", model: "${image.model}"}
  anchor: {kind: anchor, needs: [candidate]}
  image: {kind: image, positions: matrix.positions, needs: [profile, matrix, anchor], template: image/heia.j2,
          provider: "${image.provider}", model: "${image.model}"}
""",
    "conf/matrix/two.yaml": """\
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#eeeeee", "#cccccc"]}}
positions:
  "01": &p {tier: identity, name: anchor, distance: headshot, yaw: 0, pitch: 0, expression: neutral,
            gaze: into the camera, pose: still, scene: plain, light: even soft light, wardrobe: 1}
  "02": {<<: *p, name: turned, yaw: 12}
utility: {}
""",
}


def race(root: Path, seed: int) -> str:
    """Start two builds with different settings at almost the same moment, and watch the anchor. Raises Broken."""
    chance = random.Random(seed)
    write_project(root, {"ana": PERSONA}, FILES)
    path = root / "personas/ana.lock.yaml"
    second = chance.choice(("seed=9", "image.width=112", "identity.anchor.candidates=1"))
    apart = chance.uniform(0.0, 3.0)
    builds = [start(root)]
    seen: list[str] = []
    began = time.monotonic()
    while len(builds) < 2 or any(build.poll() is None for build in builds):
        if len(builds) < 2 and time.monotonic() - began >= apart:
            builds.append(start(root, second))
        pinned = _read(path)
        anchor = _outputs(pinned, "anchor").get("anchor", "") if pinned is not None else ""
        if anchor != (seen[-1] if seen else ""):
            seen.append(anchor)
        time.sleep(0.01)
    codes = [build.wait() for build in builds]
    said = [build.communicate()[1] for build in builds]
    story = f"seed {seed}: build, and {apart:.1f} s later build {second}: exit codes {codes}"
    if len(seen) != 1:
        raise Broken(f"{story}: the anchor was {seen}")
    if 0 not in codes or not set(codes) <= {0, 1}:
        raise Broken(f"{story}: {said}")
    for code, text in zip(codes, said, strict=True):
        if code == 1 and "pinned to" not in text:
            raise Broken(f"{story}, without a word of the pin: {text}")
    again = start(root)
    text = again.communicate()[1]
    pinned = _read(path)
    if again.returncode or pinned is None or _outputs(pinned, "anchor").get("anchor") != seen[0]:
        raise Broken(f"{story}; then the next build: {again.returncode} {text}")
    return story


def start(root: Path, *overrides: str) -> subprocess.Popen[str]:
    """Start `forge build`."""
    command = [sys.executable, "-m", "personaforge.cli.main", "build", "--jobs", "1", *overrides]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def main() -> None:
    """Run all three, and print seeds and results."""
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    root = str(Path(__file__).resolve().parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as folder:
        told = Told()
        settling, keeping._SETTLING_SECONDS = keeping._SETTLING_SECONDS, 0.0  # here nobody is in the middle of an edit
        for seed in range(first, first + INTERLEAVINGS):
            interleave(Path(folder), seed, told)
        print(
            f"interleaved, seeds {first} to {first + INTERLEAVINGS - 1}: {told.ended} builds ended, "
            f"{told.refused} refused, "
            f"{told.killed} killed; edits: {dict(sorted(told.edits.items()))}"
        )
        keeping._SETTLING_SECONDS = settling
        for seed in range(first, first + ROUNDS):
            print(f"at once, seed {seed}: {'; '.join(at_once(Path(folder) / f'at-once-{seed}', seed))}")
        for seed in range(first, first + RACES):
            print(race(Path(folder) / f"race-{seed}", seed))
    print("No pin was changed that nobody may change.")


if __name__ == "__main__":
    main()
