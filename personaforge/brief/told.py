"""Facts of a brief that a drafter is told beside it, for one that reads little by itself: the embedded writer.

It reads English by its own rules, and what those read stays as it was: of an English brief it is told only what they
never read (a height, skin marks, an age in words), so that no other request changes. Of any other brief it is told
everything.
"""

from __future__ import annotations

from typing import Any

from personaforge.brief.reading import read_brief

_NEVER_READ = ("height", "mark")


def told_facts(brief: str) -> list[dict[str, Any]]:
    """Return facts as a request has them: kind, path and value; empty where there is nothing to tell."""
    reading = read_brief(brief)
    return [
        {
            "kind": fact.kind,
            "path": fact.path,
            "value": list(fact.value) if isinstance(fact.value, tuple) else fact.value,
        }
        for fact in reading.facts
        if reading.language != "en"
        or fact.kind in _NEVER_READ
        or (fact.path == "surface.age" and not any(char.isdigit() for char in fact.words) and _is_exact(fact.value))
    ]


def _is_exact(value: Any) -> bool:
    return isinstance(value, tuple) and value[0] == value[1]
