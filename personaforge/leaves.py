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


def shortened(one: str, other: str, most: int) -> tuple[str, str]:
    """Return two texts in at most `most` characters each, with an ellipsis for what is left out, so that where they
    begin to differ can be seen: what both begin with is left out first."""
    if max(len(one), len(other)) <= most:
        return one, other
    alike = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = alike - most // 3 if alike > most // 2 and one != other else 0
    parts = ((f"…{text[start:]}" if start else text) for text in (one, other))
    first, second = (text if len(text) <= most else text[: most - 1] + "…" for text in parts)
    return first, second
