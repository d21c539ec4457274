"""Long lists in one line: the first few, and how many more there are; or the one that was meant."""

from __future__ import annotations

from collections.abc import Iterable


def listed(names: Iterable[str], most: int = 3, between: str = ", ") -> str:
    """Return names as a text, the first few of many: `a, b, c and 2 more`."""
    found = list(names)
    return between.join(found[:most]) + and_more(len(found) - most)


def meant(name: str, known: Iterable[str]) -> str:
    """Return `did you mean studio?` with the nearest of the known names, empty where none is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), 1)
    return f"did you mean {close[0]}?" if close else ""


def and_more(left: int, what: str = "") -> str:
    """Return ` and 2 more` for what is left out, ` and 2 more lines` with a name for it; empty for nothing."""
    return (f" and {left} more {what}" if what else f" and {left} more") if left > 0 else ""
