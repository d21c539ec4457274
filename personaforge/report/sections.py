"""A persona document's sections in words, for the card on a terminal and the page in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ORDER = ("surface", "soul", "self", "mask", "lifestyle", "dna")
SKIPPED = ("audit", "intent")


def who(sections: Mapping[str, Any]) -> str:
    """Return age, gender, occupation and place on one line, as far as they are known."""
    surface = sections.get("surface", {})
    place = surface.get("location", {})
    known = (*(surface.get(name) for name in ("age", "gender", "occupation")), place.get("city"), place.get("country"))
    return ", ".join(str(part) for part in known if part)


def in_words(sections: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each section's name with its keys and values as text, those we know first. Working notes are left out."""
    names = [name for name in ORDER if name in sections]
    for name in [*names, *(other for other in sections if other not in (*ORDER, *SKIPPED))]:
        yield name, [(key.replace("_", " "), text_of(value)) for key, value in sections[name].items()]


def text_of(value: Any) -> str:
    """Return any JSON value as text: numbers by size, lists with commas."""
    if isinstance(value, Mapping):
        if all(isinstance(item, (int, float)) for item in value.values()):
            best = sorted(value.items(), key=lambda item: -item[1])
            return ", ".join(f"{key.replace('_', ' ')} {item:.2g}" for key, item in best[:8])
        return "; ".join(f"{key.replace('_', ' ')}: {text_of(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(text_of(item) for item in value) or "none"
    return str(value)
