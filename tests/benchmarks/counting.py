"""Counts of simulated series for benchmarks, in parts: a run that was stopped goes on from a file.

    python -m tests.benchmarks.NAME [--series N] [--processes N] [--file FILE [--minutes M]]

All lines are counted on a hundred series, then on a hundred more, so that they have equally many where a run ends
early. With a file, what was counted is kept there, and the same command goes on where it was stopped; what other code
counted is left aside.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PART = 100
"""Series of one line that are counted before the next line's."""


class Line(NamedTuple):
    """What is counted: a function of a seed, and what it is given besides."""

    what: Callable[..., tuple[float, ...]]
    given: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name it in a file of results."""
        return f"{self.what.__name__} {json.dumps({name: str(one) for name, one in sorted(self.given.items())})}"

    def of(self, seeds: Sequence[int]) -> list[tuple[float, ...]]:
        """Return what is counted of the series with these seeds."""
        return [self.what(seed, **self.given) for seed in seeds]


class Kept:
    """What was counted so far: in memory, and in a file that a later run goes on with."""

    def __init__(self, path: Path | None, lines: Sequence[Line], code: Sequence[Any]) -> None:
        """`code` are the modules, classes and functions that results depend on."""
        self._path, self._lines = path, lines
        self._code = hashlib.sha256("\n".join(map(inspect.getsource, code)).encode()).hexdigest()
        self._found: dict[str, dict[int, list[float]]] = {}
        for text in path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else []:
            one = json.loads(text)
            if one["code"] == self._code:
                self._take(one["line"], one["first"], one["found"])

    def _take(self, name: str, first: int, found: Sequence[Sequence[float]]) -> None:
        self._found.setdefault(name, {}).update((first + at, list(each)) for at, each in enumerate(found))

    def lacks(self, line: Line, upto: int) -> bool:
        """Return whether some series below this one are still to be counted."""
        return len(self._found.get(line.name, {})) < upto

    def add(self, line: Line, first: int, found: Sequence[Sequence[float]]) -> None:
        """Keep what was counted of the series from `first` on."""
        self._take(line.name, first, found)
        if self._path is not None:
            kept = {"code": self._code, "line": line.name, "first": first, "found": found}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(kept)}\n")

    def of(self, line: Line) -> np.ndarray:
        """Return what was counted, shape (series, numbers); of no series a row that is no number."""
        found = self._found.get(line.name, {})
        return np.array([found[seed] for seed in sorted(found)] or [[np.nan] * 9], float)

    @property
    def series(self) -> str:
        """How many series a line has."""
        counts = [len(self._found.get(line.name, {})) for line in self._lines]
        return f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def count(about: str | None, lines: Sequence[Line], code: Sequence[Any], show: Callable[[Kept], None]) -> None:
    """Count what the command line asks for, and show it."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1_000, help="series for each line, in hundreds")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--file", type=Path, help="keep what was counted here, and go on from what it has")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop counting then, and print what is known")
    told = parser.parse_args()
    started, kept = time.monotonic(), Kept(told.file, lines, code)
    with ProcessPoolExecutor(told.processes) as pool:
        for first in range(0, told.series, PART):
            for line in lines:
                if kept.lacks(line, first + PART) and time.monotonic() - started < told.minutes * 60:
                    parts = [range(at, at + PART // 5) for at in range(first, first + PART, PART // 5)]
                    kept.add(line, first, [one for some in pool.map(line.of, parts) for one in some])
    show(kept)
    print(f"\n{time.monotonic() - started:.0f} s, this run alone")
