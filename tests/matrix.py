"""Builds one persona with each Python that is installed, and with the oldest libraries that are allowed; compares.

    python -m tests.matrix [--python 3.11 3.13] [--keep FOLDER]        (make matrix)

Each environment is a throw-away one: the newest libraries that pyproject.toml allows for each Python from 3.11 to 3.14
that is on PATH, and for the oldest of them also the lowest ones (uv's `--resolution lowest-direct`). In each a
repository that `forge init` starts is built anew, small, without keys; then the locks are held against the first one's:
every node must have the same digests, except that clips may differ where OpenCV does, as it is in their keys
(docs/design/portable-drawings.md). Last, each builds from the first one's lock without its store, so that what is
pinned has to be made again. Needs the package index. Exits with 1 if anything failed or differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

_ROOT: Final = Path(__file__).resolve().parents[1]
PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
_SMALL: Final = ("image.width=288", "image.height=384", "video.fps=6")
_SHOWN: Final = ("numpy", "opencv-python", "onnxruntime", "pillow", "scikit-image")
_OWN: Final = ("video/", "clip/", "repair")
"""How nodes begin whose bytes OpenCV's version may change."""


class Row(NamedTuple):
    """One environment and what came of it."""

    name: str
    versions: dict[str, str]
    result: str
    """Empty where everything is well, else what is wrong."""
    note: str = ""
    skipped: bool = False


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="+", default=PYTHONS, metavar="VERSION")
    parser.add_argument("--keep", type=Path, help="work here, and keep it")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="forge-matrix-") as temporary:
        folder = (told.keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        rows = build_all(folder, told.python)
    print(f"\n{'environment':18}{''.join(f'{name:>15}' for name in _SHOWN)}  result")
    for row in rows:
        versions = "".join(f"{row.versions.get(name, '-'):>15}" for name in _SHOWN)
        result = f"skipped: {row.result}" if row.skipped else row.result or f"ok{', ' + row.note if row.note else ''}"
        print(f"{row.name:18}{versions}  {result}")
    built = [row for row in rows if not row.skipped]
    failed = [row for row in built if row.result]
    print(f"\n{len(built) - len(failed)} passed, {len(failed)} failed, {len(rows) - len(built)} skipped")
    return 1 if failed or not built else 0


def build_all(folder: Path, pythons: tuple[str, ...]) -> list[Row]:
    """Build in each environment, and compare with the first one that could."""
    rows: list[Row] = []
    first: Path | None = None
    plan = [(version, False) for version in pythons] + [(pythons[0], True)]
    for version, lowest in plan:
        name = f"{version} {'lowest' if lowest else 'newest'}"
        python, reason = interpreter(version)
        if python is None:
            rows.append(Row(name, {}, reason, skipped=True))
            continue
        start = time.monotonic()
        print(f"{name}: installing ...", flush=True)
        home = folder / name.replace(" ", "-")
        failure = install(home, python, lowest=lowest)
        versions = {} if failure else installed(home)
        if failure is None:
            print(f"{name}: building ...", flush=True)
            failure = build(home, home / "project")
        note = ""
        if failure is None and first is None:
            first = home
        elif failure is None and first is not None:
            failure, note = compare(first, home)
        print(f"{name}: {failure or 'ok'} ({time.monotonic() - start:.0f} s)", flush=True)
        rows.append(Row(name, versions, failure or "", note))
    return rows


def interpreter(version: str) -> tuple[str | None, str]:
    """Return the interpreter of a version that is on PATH, or why there is none."""
    found = shutil.which(f"python{version}")
    if found is None:
        return None, f"python{version} is not on PATH"
    done = subprocess.run([found, "-c", "import sys, venv; print(sys.executable)"], capture_output=True, text=True)
    if done.returncode:
        return None, f"{found} doesn't start: {_last(done.stderr)}"
    return done.stdout.strip(), ""


def install(home: Path, python: str, *, lowest: bool) -> str | None:
    """Make an environment with forge in it; return why that failed."""
    shutil.rmtree(home, ignore_errors=True)
    steps = [[python, "-m", "venv", str(home)]]
    inside = str(home / "bin/python")
    if lowest:
        # uv has a home of its own, so that it brings nothing into the environment.
        steps.append([inside, "-m", "pip", "install", "-q", "--target", str(home / "uv"), "uv"])
        uv = [str(home / "uv/bin/uv"), "pip", "install", "-q", "--resolution", "lowest-direct"]
        steps.append([*uv, "--python", inside, str(_ROOT)])
    else:
        steps.append([inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", str(_ROOT)])
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, env=_environment())
        if done.returncode:
            return f"can't be installed: {_last(done.stderr)}"
    return None


def installed(home: Path) -> dict[str, str]:
    """Return the versions that are shown."""
    code = f"from importlib.metadata import version; print(*[f'{{n}} {{version(n)}}' for n in {_SHOWN!r}], sep='\\n')"
    done = subprocess.run([str(home / "bin/python"), "-c", code], capture_output=True, text=True, env=_environment())
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def build(home: Path, project: Path, lock: Path | None = None) -> str | None:
    """Start a repository and build it; with a lock, what it pins has to be made again. Return why that failed."""
    forge = str(home / "bin/forge")
    done = subprocess.run([forge, "init", str(project)], capture_output=True, text=True, env=_environment())
    if done.returncode:
        return f"forge init ends with {done.returncode}: {_last(done.stderr)}"
    if lock is not None:
        shutil.copy(lock, project / "personas" / lock.name)
    done = subprocess.run([forge, "build", *_SMALL], cwd=project, capture_output=True, text=True, env=_environment())
    return None if done.returncode == 0 else f"forge build ends with {done.returncode}: {_last(done.stderr)}"


def compare(first: Path, home: Path) -> tuple[str | None, str]:
    """Return what differs from the first environment and may not, and what may."""
    (one,), (other,) = (sorted((place / "project/personas").glob("*.lock.yaml")) for place in (first, home))
    ours, theirs = _digests(other), _digests(one)
    differing = sorted(node for node in {*ours, *theirs} if ours.get(node) != theirs.get(node))
    wrong = [node for node in differing if not node.startswith(_OWN)]
    if wrong:
        return f"{len(wrong)} of {len(ours)} nodes differ: {', '.join(wrong[:4])}", ""
    note = f"{len(differing)} clips differ" if differing else "equal bytes"
    failure = build(home, home / "again", one)
    return failure and f"with the first one's lock: {failure}", f"{note}, and made again from the first one's lock"


def _digests(lock: Path) -> dict[str, Any]:
    nodes = yaml.safe_load(lock.read_text(encoding="utf-8"))["nodes"]
    return {name: line["outputs"] for name, line in nodes.items()}


def _environment() -> dict[str, str]:
    """Return this environment without what would bring other libraries in."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no word about why"


if __name__ == "__main__":
    sys.exit(main())
