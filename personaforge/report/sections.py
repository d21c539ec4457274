"""A persona document's sections in words, for the card on a terminal and the page in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ORDER = ("surface", "soul", "self", "mask", "lifestyle", "dna")
SKIPPED = ("audit", "intent")
KEYS = {
    "surface": ("name", "age", "gender", "ethnicity", "location", "occupation", "languages"),
    "soul": ("desire", "fear", "wound", "growth_arc", "drives"),
    "self": ("archetype", "values", "attachment_style", "big_five", "hexaco"),
    "mask": ("social_role", "register", "tone", "writing_style", "signature_phrases"),
    "lifestyle": ("daily_rhythm", "interests", "vacation_style", "fashion_sense"),
    "dna": ("hair", "eyes", "face", "skin", "body", "eyebrows", "nose", "lips", "voice"),
}
"""Those that a reader asks for first, by section; documents are kept in the order of the alphabet."""


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
        first = KEYS.get(name, ())
        keys = [key for key in first if key in sections[name]]
        keys += [key for key in sections[name] if key not in first]
        yield name, [(key.replace("_", " "), text_of(sections[name][key])) for key in keys]


def text_of(value: Any) -> str:
    """Return any JSON value as text: numbers by size, lists with commas."""
    if isinstance(value, Mapping):
        if all(isinstance(item, (int, float)) for item in value.values()):
            best = sorted(value.items(), key=lambda item: -item[1])
            return ", ".join(f"{key.replace('_', ' ')} {item:.2g}" for key, item in best[:8])
        return "; ".join(f"{key.replace('_', ' ')}: {text_of(item)}" for key, item in value.items())
    if isinstance(value, list):
        texts = [text_of(item) for item in value]
        whole = any(mark in text for text in texts for mark in ",.;!?")  # sentences, or what commas would tear
        return (" · " if whole else ", ").join(texts) or "none"
    return str(value)
