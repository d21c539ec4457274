"""The fields of a pin as a lock holds them, each examined: a lock may come from anywhere.

What is not as forge writes it is a ValueError; a field that has to be there, and isn't, a KeyError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MOST = 100_000
"""The highest number of takes and attempts in a lock."""
_LONGEST = 200
"""The most characters of a text."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object in which each name occurs once: of two, a reader would silently take the last."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r:.80} is given twice")
    return found


def text_of(fields: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    """Return a text; `otherwise` where it isn't there."""
    value = fields[name] if otherwise is None else fields.get(name, otherwise)
    if not isinstance(value, str):
        raise ValueError(f"{name}: found {value!r:.40}, expected a text")
    return value


def count_of(fields: Mapping[str, Any], name: str) -> int:
    """Return a number of takes or attempts; 0 where it isn't there."""
    value = fields.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError(f"{name}: found {value!r:.40}, expected a number from 0 to {_MOST}")
    return value


def under_of(value: Any) -> dict[str, Any]:
    """Return the rules that a result was accepted under: single values by name."""
    if not isinstance(value, dict):
        raise ValueError(f"under: found {value!r:.40}, expected names and values")
    for name, one in value.items():
        if not isinstance(one, (str, int, float, type(None))) or (isinstance(one, str) and len(one) > _LONGEST):
            raise ValueError(f"under.{name:.40}: found {one!r:.40}, expected a number or a short text")
    return value


MOST_FIELDS = 100
"""The most visible fields of one anchor; forge's own schemas have 26."""
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62}){1,7}")


def is_look(path: str, value: Any) -> bool:
    """Tell whether a field may be part of a look: a number, a short text or a list of such, by its dotted path."""
    parts = value if isinstance(value, list) and len(value) <= MOST_FIELDS else [value]
    short = all(isinstance(part, (str, int, float)) and len(str(part)) <= _LONGEST for part in parts)
    return short and _FIELD.fullmatch(path) is not None


def look_of(value: Any) -> dict[str, Any]:
    """Return what an anchor was made for."""
    if not isinstance(value, dict) or len(value) > MOST_FIELDS:
        raise ValueError(f"look: found {value!r:.40}, expected at most {MOST_FIELDS} paths and values")
    for path, one in value.items():
        if not is_look(path, one):
            raise ValueError(f"look.{path:.40}: found {one!r:.40}, expected a number, a short text or a list of such")
    return value
