"""Results as one line of counts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from personaforge.plugins.contributions import FormatEntry


def tally(sheet: Any) -> str:
    """Return how many lines of a sheet are in each state."""
    states = Counter(line.state for line in sheet.lines)
    return " ".join(f"{state}={count}" for state, count in sorted(states.items())) + "\n"


TALLY = FormatEntry("tally", tally)
