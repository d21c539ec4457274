"""Nested values by the dotted paths of their leaves, and what differs between two texts."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any


def leaves(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in nested mappings by dotted path. An empty mapping is a leaf, and so is a list.

    If a path occurs twice, as in `{"a.b": 1, "a": {"b": 1}}`, the later value counts.
    """
    found: dict[str, Any] = {}
    for path, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= {f"{path}.{name}": inner for name, inner in leaves(value).items()}
        else:
            found[str(path)] = value
    return found


def text_diff(old: str, new: str, before: str, after: str, around: int = 1) -> list[str]:
    """Return a unified diff of two texts: two lines that name them, and the hunks; no line where they are equal.

    `around` is how many equal lines are shown around each change.
    """
    return list(unified_diff(old.splitlines(), new.splitlines(), before, after, lineterm="", n=around))
