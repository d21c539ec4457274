"""Long lists in one line: the first few, and how many more there are; or the one that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def listed(names: Iterable[str], most: int = 3, between: str = ", ") -> str:
    """Return names as a text, the first few of many: `a, b, c and 2 more`."""
    found = list(names)
    return between.join(found[:most]) + and_more(len(found) - most)


def counted(number: int, noun: str) -> str:
    """Return `1 persona`, `2 personas`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def meant(name: str, known: Iterable[str]) -> str:
    """Return `did you mean studio?` with the nearest of the known names, empty where none is near."""
    from difflib import get_close_matches

    close = get_close_matches(name, sorted(known), 1)
    return f"did you mean {close[0]}?" if close else ""


def and_more(left: int, what: str = "") -> str:
    """Return ` and 2 more` for what is left out, ` and 2 more lines` with a name for it; empty for nothing."""
    return (f" and {left} more {what}" if what else f" and {left} more") if left > 0 else ""


def told_once(lines: Iterable[str], names: Sequence[str]) -> list[str]:
    """Return lines about personas, equal ones as one line about all of them: `3 personas (ana, ben, cay): ...`.

    Two lines are equal if they differ only in which of `names` they name. Later names in a line stand for themselves,
    such as in a command to type: there the first persona's stays. The order is that of the first lines.
    """
    known = set(names)
    groups: dict[str, dict[str, str]] = {}
    for line in dict.fromkeys(lines):
        said = next((name for name in _WORD.findall(line) if name in known), "")
        named = re.compile(rf"(?<![\w/-]){re.escape(said)}(?![\w/-])")
        common = named.sub("\0", line) if said else line
        groups.setdefault(common, {})[said] = line
    found = []
    for common, told in groups.items():
        first, line = next(iter(told.items()))
        if len(told) > 1:
            line = common.replace("\0", f"{len(told)} personas ({listed(told)})", 1).replace("\0", first)
        found.append(line)
    return found


_WORD = re.compile(r"(?<![\w/-])[a-z][a-z0-9-]+(?![\w/-])")
"""What may be a persona's id; not one that begins the id of a node."""


def of_nodes(text: str, node: str) -> str:
    """Return what is said of a node, `ana/image/07`, without its name and its digests: equal for whom the same is
    said."""
    name = node.partition("/")[2]
    return _DIGEST.sub("#", text.replace(node, "@").replace(f" {name}`", " @`"))


_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])")
