"""The peak memory of this very program, for tests that start one to measure it.

`resource.getrusage` begins with the peak of whoever forked the program, so in a large test process nothing seems to
grow. Linux tells the peak of the memory map, which starts anew with each program; elsewhere this falls back.
"""

from __future__ import annotations

import resource
import sys


def peak_kib() -> int:
    """Return the peak resident memory in KiB."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak
