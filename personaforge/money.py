"""What is an amount of money: the one test of every number that providers, records and the journal bring into a sum."""

from __future__ import annotations

import sys
from typing import Any


def amount(value: Any) -> float | None:
    """Return a finite number of at least 0 as a float, US dollars; None for anything else, which is then not known."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value <= sys.float_info.max else None
