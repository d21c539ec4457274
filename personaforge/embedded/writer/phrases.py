"""Texts for properties that no rule knows: from the property's name and description, brief and person so far."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.home import home
from personaforge.embedded.writer.pattern import matching
from personaforge.embedded.writer.reading import genres_in
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import content_words, fold

_SHORT, _MEDIUM = 24, 80
"""Lengths up to which a property asks for a word and for a phrase; beyond, for a sentence."""
_PLAIN_WORDS = frozenset(
    [
        "what",
        "which",
        "that",
        "this",
        "with",
        "from",
        "they",
        "them",
        "their",
        "person",
        "someone",
        "somebody",
        "should",
        "about",
        "where",
        "when",
    ]
)


class Phrases:
    """The texts of one assignment."""

    def __init__(self, a: Assignment) -> None:
        self._a = a
        self._facts = _facts(a)
        self._themes = _themes(a)

    def keys(self, number: int, path: tuple[str, ...]) -> list[str]:
        """Return names for properties that a schema leaves to the writer."""
        rng = self._a.rng("keys/" + "/".join(path))
        names = list(dict.fromkeys(re.sub(r"[^a-z0-9]+", "_", fold(theme)).strip("_") for theme in self._themes))
        rng.shuffle(names)
        return (names + [f"note_{place}" for place in range(1, number + 1)])[:number]

    def text(self, schema: Mapping[str, Any], path: tuple[str, ...]) -> str:
        """Return a text for a string schema."""
        rng = self._a.rng("/".join(path))
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 300))
        if "pattern" in schema:
            fitting = [text for text in self._offers(path, schema, rng) if re.search(schema["pattern"], text)]
            made = next((text for text in fitting if least <= len(text) <= most), None) or matching(
                schema["pattern"], rng
            )
            if made is not None:
                return made
        formatted = table("generic")["formats"].get(schema.get("format"))
        if formatted:
            return str(rng.choice(formatted))
        offers = [text for text in self._offers(path, schema, rng) if len(text) <= most and not self._a.barred(text)]
        text = rng.choice(offers) if offers else self._themes[0][:most]
        return self._long_enough(text, least, most, path, rng)

    def _offers(self, path: tuple[str, ...], schema: Mapping[str, Any], rng: Random) -> list[str]:
        tables = table("generic")
        names = [part for part in path if not part.isdigit()]
        words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", names[-1] if names else "").lower())
        forms = [word.removesuffix("s") for word in reversed(words)] + words[::-1]
        hint = next((tables["hints"][word] for word in forms if word in tables["hints"]), None)
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 300))
        if schema.get("examples"):
            return [str(example) for example in schema["examples"] if isinstance(example, str)]
        if hint:
            offered = hint
        elif most <= _SHORT:
            offered = tables["short"]
        else:
            offered = (
                tables["medium"] if most <= _MEDIUM or (least < 20 and "description" not in schema) else tables["long"]
            )
        slots = self._slots(" ".join(words) or self._a.section, schema, rng)
        return [text.format(**slots) for text in offered]

    def _slots(self, name: str, schema: Mapping[str, Any], rng: Random) -> dict[str, str]:
        described = [word for word in content_words(str(schema.get("description", ""))) if word not in _PLAIN_WORDS]
        themes = [*self._themes, *described[:2]]
        theme = rng.choice(themes)
        other = rng.choice([text for text in themes if text != theme] or [theme])
        tags = {f"{slot}_tag": re.sub(r"\W+", "", fold(text)) for slot, text in (("theme", theme), ("other", other))}
        return {"property": name.replace("_", " "), "theme": theme, "other": other, **tags, **self._facts}

    def _long_enough(self, text: str, least: int, most: int, path: tuple[str, ...], rng: Random) -> str:
        """Return the text with sentences added until it is long enough, and cut where it would be too long."""
        more = [
            sentence.format(**self._slots(path[-1] if path else "", {}, rng)) for sentence in table("generic")["more"]
        ]
        rng.shuffle(more)
        place = 0
        while len(text) < least:
            text = f"{text} {more[place % len(more)]}".strip()
            place += 1
        if len(text) <= most:
            return text
        cut = text[:most].rsplit(" ", 1)[0].rstrip(" ,;")
        return cut if len(cut) >= least else text[:most]


def _facts(a: Assignment) -> dict[str, str]:
    work = a.text("surface.occupation") or a.reading.occupation or "careful work"
    return {
        "name": a.text("surface.name") or a.reading.name or "This person",
        "place": a.text("surface.location.city") or a.reading.place.city or home(a).country,
        "work": work,
        "work_phrase": f"work as {'an' if work[0].lower() in 'aeiou' else 'a'} {work}",
        "desire": a.text("soul.desire"),
        "language": home(a).languages[0],
    }


def _themes(a: Assignment) -> list[str]:
    """Return what the person is about: the intent's themes, the brief's own, and those of its genres."""
    stated = a.known("intent.themes")
    themes = [str(theme) for theme in stated] if isinstance(stated, list) else list(a.reading.themes)
    for genre in genres_in(a.genres()) or a.genres():
        themes += table("intent")["genres"][genre]["themes"]
    values = a.known("self.values")
    themes += [str(value) for value in values] if isinstance(values, list) else []
    if len(themes) < 3:
        words = [word for word in dict.fromkeys(content_words(a.brief)) if word not in _PLAIN_WORDS]
        themes += [*words[:4], "ordinary days", "good tools", "long walks"]
    return list(dict.fromkeys(themes))
