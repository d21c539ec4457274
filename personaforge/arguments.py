"""Numbers that a caller hands over, checked where they come in: one that compares with nothing would lift a limit."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from personaforge.errors import PersonaForgeError


def number(name: str, value: Any, low: float, high: float = math.inf, *, above: bool = False) -> float:
    """Return a finite number from `low` (`above`: beyond it) to `high`. Raises PersonaForgeError for anything else."""
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        raise _wrong(name, value, "a finite number", low, high, above)
    found = float(value)
    if not low <= found <= high or (above and found == low):
        raise _wrong(name, value, "a number", low, high, above)
    return found


def whole(name: str, value: Any, low: int, high: float = math.inf) -> int:
    """Return a whole number from `low` to `high`. Raises PersonaForgeError for anything else."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not low <= int(value) <= high:
        raise _wrong(name, value, "a whole number", low, high, False)
    return int(value)


def _wrong(name: str, value: Any, what: str, low: float, high: float, above: bool) -> PersonaForgeError:
    bounds = f"{'above' if above else 'from'} {low:.16g}{f' to {high:.16g}' if math.isfinite(high) else ''}"
    return PersonaForgeError(f"{name} is {value!r}, expected {what} {bounds}")
