"""Every table about verdicts, one after another: `python -m tests.benchmarks.verdicts`, or only some by their names.

Each is a module of its own, `tests.benchmarks.verdicts_NAME`, with its own options and defaults. One that fails is
named at the end, and the exit code is 1; the others run all the same. All of them take hours with their own defaults,
of which `drift` is most.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

NAMES = sorted(path.stem.removeprefix("verdicts_") for path in Path(__file__).parent.glob("verdicts_*.py"))
FIRST = ("face", "calibration", "clips", "asked", "appearance", "pack")
"""The shorter ones before drift's simulations."""


def main(asked: list[str]) -> int:
    """Run the modules asked for, all where none is, and return the exit code."""
    unknown = [name for name in asked if name not in NAMES]
    if unknown:
        sys.stderr.write(f"there is no {', '.join(unknown)}: {', '.join(NAMES)}\n")
        return 2
    failed = []
    for name in asked or sorted(NAMES, key=lambda one: FIRST.index(one) if one in FIRST else len(FIRST)):
        started = time.monotonic()
        sys.stdout.write(f"\n# {name}\n\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, "-m", f"tests.benchmarks.verdicts_{name}"]).returncode:
            failed.append(name)
        sys.stdout.write(f"\n{name}: {time.monotonic() - started:.0f} s\n")
    if failed:
        sys.stdout.write(f"\nfailed: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
