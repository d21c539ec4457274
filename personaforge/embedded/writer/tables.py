"""The word tables of the embedded text provider, read once and only when asked for.

Tables are YAML beside this module, so that a locale, an occupation or a phrase is added without touching Python. They
are shared between threads and never changed. An entry may carry tags (`suya by the roadside ~meat`), which are what a
constraint of the brief can rule out.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml


class Entry(NamedTuple):
    """A text of a table with its tags."""

    text: str
    tags: frozenset[str]


class Interest(NamedTuple):
    """A pastime: its text, what rules it out, the genres it belongs to and the scores that draw somebody to it."""

    text: str
    tags: frozenset[str]
    genres: frozenset[str]
    scores: tuple[tuple[str, float], ...]


@cache
def table(name: str) -> dict[str, Any]:
    """Return the table of this name, such as `soul`."""
    text = (files("personaforge.embedded.writer") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return loaded


@cache
def locale_tables() -> dict[str, dict[str, Any]]:
    """Return the entries of every `locales_*.yaml` by tag, in the order of the file names."""
    merged: dict[str, dict[str, Any]] = {}
    folder = files("personaforge.embedded.writer") / "data"
    for name in sorted(item.name for item in folder.iterdir() if item.name.startswith("locales_")):
        merged |= table(name.removesuffix(".yaml"))
    return merged


def entry(text: str) -> Entry:
    """Split a table text from its tags."""
    words, *tags = text.split(" ~")
    return Entry(words.strip(), frozenset(tag.strip() for tag in tags))


@cache
def interests(category: str) -> tuple[Interest, ...]:
    """Return the interests of one of the five categories."""
    found = []
    for line in table("lifestyle")["interests"][category]:
        text, genres, scores = (part.strip() for part in line.split("|"))
        words, tags = entry(text)
        signed = tuple((score[1:], 1.0 if score[0] == "+" else -1.0) for score in scores.split())
        found.append(Interest(words, tags, frozenset(genres.split()), signed))
    return tuple(found)
