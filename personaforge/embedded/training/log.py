"""The training log: one line for every so many steps, on the screen and in a file that is committed with the models."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path

EVERY = 100


class Log:
    """Means of what is measured at each step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._count = 0
        self._started = time.monotonic()

    def step(self, name: str, step: int, steps: int, **values: float) -> None:
        """Add what a step measured; every hundredth step is told."""
        self._count += 1
        for key, value in values.items():
            self._sums[key] += value
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            means = "  ".join(f"{key} {total / self._count:.5f}" for key, total in self._sums.items())
            self.say(f"{name} {step + 1:6}/{steps}  {means}")
            self._sums.clear()
            self._count = 0

    def say(self, line: str) -> None:
        """Write a line."""
        with self._path.open("a") as file:
            file.write(f"{line}\n")
        sys.stdout.write(f"{time.monotonic() - self._started:7.0f} s  {line}\n")
        sys.stdout.flush()
