"""The intent section: the brief's reading, written down. Later sections are held to it."""

from __future__ import annotations

from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.home import home
from personaforge.embedded.writer.reading import genres_in
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import several, within


def intent(a: Assignment) -> dict[str, Any]:
    """Draft the intent."""
    genres = _genres(a)
    return {
        "genre": genres,
        "locale": home(a).tag,
        "tone": _tone(a),
        "themes": _themes(a, genres),
        "constraints": list(a.reading.constraints),
    }


def _genres(a: Assignment) -> list[str]:
    pinned = a.known("intent.genre")
    if isinstance(pinned, list):
        return [str(genre) for genre in pinned]
    found = a.reading.genres
    if found:
        ranked = sorted(found, key=lambda genre: -found[genre])
        return [genre for genre in ranked if found[genre] >= 0.9][:4] or ranked[:1]
    names = list(table("intent")["genres"])
    return several(a.rng("genre"), dict.fromkeys(names, 1.0), 2)


def _tone(a: Assignment) -> dict[str, float]:
    rng = a.rng("tone")
    tone = {}
    for axis, start in table("intent")["tone"]["start"].items():
        moved = a.reading.tone.get(axis)
        # What the brief says is kept close to; what it leaves open is where two people may differ.
        value = start + moved + rng.gauss(0, 0.03) if moved is not None else rng.gauss(start, 0.15)
        low, high = a.advised(f"intent.tone.{axis}", 0.03, 0.97)
        tone[axis] = round(within(value, low, high), 2)
    return tone


def _themes(a: Assignment, genres: list[str]) -> list[str]:
    themes = list(a.reading.themes)
    rng = a.rng("themes")
    for genre in genres_in(genres):
        offered = dict.fromkeys(table("intent")["genres"][genre]["themes"], 1.0)
        themes += [theme for theme in several(rng, a.allowed(offered), 2) if theme not in themes]
    return (themes or ["ordinary days"])[:6]
