"""Prints which small faults no test notices: `make mutants`.

    python -m tests.mutants [--sample 240] [--seed 1] [--all] [--package plan ...] [--file FILE ...] [--tests PATH ...]

A sample is drawn from the functions of five packages, from each by its share. How it is done, what was found, and why
what survives may: docs/design/mutants.md. Exits with 1 if more than a tenth survives.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests import conftest
from tests.mutants.mutations import Mutant, mutants
from tests.mutants.trials import Orders

PACKAGES: Final = ("identity", "plan", "run", "store", "drift")
_ALIVE: Final = ("survived", "not reached")
_DEPENDED_ON: Final = ("personaforge/", "conf/", "templates/", "personas/", "tests/", "pyproject.toml")
_NOT: Final = ("tests/mutants/", "tests/benchmarks/", "tests/soak/")
_KEPT: Final = Path(tempfile.gettempdir()) / "personaforge-mutants"
MOST: Final = 0.10
"""The share that may survive."""


def main() -> int:
    """Draw the sample, try it in a copy of the tree, and print what survives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=240, help="how many mutants (240)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--all", action="store_true", help="every mutant, which takes hours")
    parser.add_argument("--package", nargs="+", choices=PACKAGES, default=PACKAGES, help="of these packages only")
    parser.add_argument("--file", nargs="+", help="of these files only, from the root")
    parser.add_argument("--tests", nargs="+", help="tests to try with (those of the packages)")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (2)")
    parser.add_argument("--seconds", type=float, default=30, help="of tests for one mutant (30)")
    parser.add_argument("--keep", type=Path, default=_KEPT, help=f"a folder for what tests reach ({_KEPT})")
    parser.add_argument("--again", type=Path, help="what an earlier run printed: only what was not noticed then")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    by_package = {name: _faults(name, asked.file) for name in asked.package}
    size = sum(map(len, by_package.values())) if asked.all else asked.sample
    drawn = sample(by_package, size, asked.seed)
    if asked.again is not None:
        alive = {line.split()[-1] for line in asked.again.read_text().splitlines() if line.startswith(_ALIVE)}
        drawn = [one for one in drawn if f"{one.path}:{one.line}" in alive]
    tests = asked.tests or [f"tests/{name}" for name in PACKAGES]
    print(f"{len(drawn)} of {sum(map(len, by_package.values()))} mutants, seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        work = Path(folder)
        asked.keep.mkdir(parents=True, exist_ok=True)
        orders = Orders(drawn, _copied(work / "tree"), asked.keep.resolve(), asked.jobs, asked.seconds)
        fates, counts, passed = _trials(orders, tests, work)
    return _report(drawn, fates, counts, passed)


def sample(by_package: dict[str, list[Mutant]], size: int, seed: int) -> list[Mutant]:
    """Return mutants by chance, of each package its share, in the order of the files."""
    whole = sum(map(len, by_package.values()))
    chance, drawn = random.Random(seed), []
    for faults in by_package.values():
        drawn += chance.sample(faults, min(len(faults), round(size * len(faults) / max(whole, 1))))
    return sorted(drawn)


def _faults(package: str, only: Sequence[str] | None) -> list[Mutant]:
    folder = conftest.ROOT / "personaforge" / package
    paths = [str(file.relative_to(conftest.ROOT)) for file in sorted(folder.rglob("*.py"))]
    return [one for path in paths if only is None or path in only for one in mutants(conftest.ROOT, path)]


def _copied(copy: Path) -> str:
    """Copy the tree, and return the digest of all of it that tests depend on, but for the files of tests."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=conftest.ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    digest = hashlib.sha256(sys.version.encode())
    for name in sorted(name for name in names if name and (conftest.ROOT / name).is_file()):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(conftest.ROOT / name, copy / name)
        if name.startswith(_DEPENDED_ON) and not name.startswith(_NOT) and "/test_" not in name:
            digest.update(name.encode() + (copy / name).read_bytes())
    return digest.hexdigest()


def _trials(orders: Orders, tests: Sequence[str], work: Path) -> tuple[list[str], list[int], int]:
    """Try the mutants in the copy, and return each one's fate and number of tests, and how many tests pass."""
    copy = work / "tree"
    (work / "orders").write_bytes(pickle.dumps(orders))
    environment = os.environ | {
        "MUTANTS_WORK": str(work), "PYTHONPATH": str(copy), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    options = ["-q", "-p", "tests.mutants.trials", "-p", "no:cacheprovider", "--capture=sys", "-m", "not slow"]
    session = subprocess.Popen([sys.executable, "-m", "pytest", *options, *tests], cwd=copy, env=environment)
    try:
        session.wait()
    finally:
        session.terminate()
        session.wait()
    answer = work / "fates"
    if not answer.exists():
        raise SystemExit("the tests could not be collected or run; see above")
    fates, counts, passed = json.loads(answer.read_text())
    return fates, counts, passed


def _report(drawn: Sequence[Mutant], fates: Sequence[str], counts: Sequence[int], passed: int) -> int:
    alive = [number for number, fate in enumerate(fates) if fate in _ALIVE]
    print(f"\n{passed} tests pass without a fault. Not noticed:\n")
    for number in alive:
        tried = f"{counts[number]} tests" if fates[number] == "survived" else "reached by no test"
        print(f"{drawn[number].path}:{drawn[number].line}  ({tried})\n{drawn[number].diff(conftest.ROOT)}\n")
    print(f"{'package':10}{'mutants':>9}{'killed':>9}{'stopped':>9}{'survived':>10}{'not reached':>13}")
    found = Counter((one.path.split("/")[1], fate) for one, fate in zip(drawn, fates, strict=True))
    for package in (*dict.fromkeys(name for name, _ in found), "all"):
        row = [
            sum(count for (name, one), count in found.items() if package in (name, "all") and one == fate)
            for fate in ("killed", "stopped", "survived", "not reached")
        ]
        print(f"{package:10}{sum(row):9}{row[0]:9}{row[1]:9}{row[2]:10}{row[3]:13}")
    share = len(alive) / max(len(drawn), 1)
    print(f"{share:.1%} survive; at most {MOST:.0%} may")
    return int(share > MOST)


if __name__ == "__main__":
    sys.exit(main())
