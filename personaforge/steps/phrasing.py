"""In which language a persona's signature phrases are, where a writer by rules is told one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personaforge.brief.language import NAMES
from personaforge.brief.reading import read_brief
from personaforge.spec.settings import Settings, View

FIELD = "signature_phrases"
ENGLISH = "en"
_LEAST = 2
"""Facts that a brief has to state before its language is believed: of a language that no table has the nearest is
named, and reads next to nothing of it. Of eight briefs in such languages 0 to 0.25 is read (docs/brief.md)."""


def phrase_language(settings: Settings | View) -> str:
    """Return the language of a persona's phrases as a tag: what `text.phrases` says, else the first pinned language,
    else the brief's, where at least half of it is read; English otherwise."""
    chosen = settings.get("text.phrases")
    if chosen:
        return str(chosen)
    pinned = settings.get("pinned") or {}
    spoken = (pinned.get("surface") or {}).get("languages") if isinstance(pinned, Mapping) else None
    if isinstance(spoken, (list, tuple)) and spoken:
        return _tag(str(spoken[0]))
    reading = read_brief(str(settings.get("brief") or ""))
    known = reading.is_recognised and len(reading.facts) >= max(_LEAST, len(reading.unread))
    return reading.language if known else ENGLISH


def _tag(name: str) -> str:
    """Return the tag of a language by its English name, as documents have it: `Brazilian Portuguese` is pt."""
    words = {"mandarin": "Chinese", "cantonese": ""}
    said = name.casefold()
    named = next((words[word] for word in words if word in said), name).casefold()
    return next((tag for tag, one in NAMES.items() if one.casefold() in named), ENGLISH)


def told_language(settings: View, schema: Mapping[str, Any]) -> str:
    """Return the language that a request tells: only of a section that has phrases, and none for English, which was
    never told. So no other request has another key."""
    if FIELD not in (schema.get("properties") or {}):
        return ""
    found = phrase_language(settings)
    return "" if found == ENGLISH else found
