"""Validates a mapping of settings by the fields that an operation takes. Knows no operation.

The settings of a build are validated by the spec's models as well; this is for functions that are called from Python.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from personaforge.errors import Problem


class Number(NamedTuple):
    """A number within bounds, both included."""

    low: float
    high: float
    whole: bool = False
    """Whether it must be an integer."""


class Text(NamedTuple):
    """A text; any, or one of `choices`."""

    choices: tuple[str, ...] = ()
    optional: bool = False
    """Whether it may be left out or None."""


Field = Number | Text


def problems_in(given: Any, fields: Mapping[str, Field], path: str) -> Iterator[Problem]:
    """Yield what is wrong with a mapping of settings: unknown, missing, of the wrong type or out of range."""
    if not isinstance(given, Mapping):
        yield Problem("", path, f"found {given!r}, expected a mapping of {', '.join(fields)}")
        return
    for name in given:
        if name not in fields:
            yield unknown(name, fields, path)
    for name, field in fields.items():
        fault = _fault(given.get(name), field)
        if fault:
            yield Problem("", f"{path}.{name}", fault)


def unknown(name: Any, known: Mapping[str, Any], path: str) -> Problem:
    """Return the problem of a key that isn't read, with the nearest one that is."""
    from difflib import get_close_matches

    close = get_close_matches(str(name), known, 1)
    message = f"found {name!r}, expected one of {', '.join(known)}"
    return Problem("", path, message, f"did you mean {close[0]}?" if close else "")


def _fault(value: Any, field: Field) -> str:
    if isinstance(field, Text):
        if value is None:
            return "" if field.optional else "is missing"
        if not isinstance(value, str) or (field.choices and value not in field.choices):
            return f"found {value!r}, expected {' or '.join(field.choices) or 'text'}"
        return ""
    kind = "an integer" if field.whole else "a number"
    expected = f"expected {kind} from {field.low:g} to {field.high:g}"
    if value is None:
        return f"is missing, {expected}"
    right = isinstance(value, int) if field.whole else isinstance(value, int | float)
    if not right or isinstance(value, bool) or not math.isfinite(value) or not field.low <= value <= field.high:
        return f"found {value!r}, {expected}"
    return ""
