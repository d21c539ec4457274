"""Numbers and texts that a caller hands over, checked where they come in.

A number that compares with nothing would lift a limit, and a text where several are expected would be its letters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
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


def texts(name: str, value: Any) -> tuple[str, ...]:
    """Return texts as a tuple; one text is taken as one, never as its letters. Raises PersonaForgeError."""
    found = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    for one in found:
        if not isinstance(one, str):
            raise PersonaForgeError(f"{name} is {value!r}, expected texts", hint=f'{name}=("...",)')
    return found


def _wrong(name: str, value: Any, what: str, low: float, high: float, above: bool) -> PersonaForgeError:
    bounds = f"{'above' if above else 'from'} {low:.16g}{f' to {high:.16g}' if math.isfinite(high) else ''}"
    return PersonaForgeError(f"{name} is {value!r}, expected {what} {bounds}")
