"""The mask section: the voice that others hear, drawn by the soul and self of a person.

A person who seeks approval and gives way easily hedges: most of the phrases ask, the tone has a careful word in it, and
the role and the punctuation are tentative.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.bounds import assert_below, number_of, ordinal, readings, soften_from
from personaforge.embedded.writer.home import home
from personaforge.embedded.writer.sayings import sayings
from personaforge.embedded.writer.tables import entry, table
from personaforge.embedded.writer.words import bare, content_words, leaning, pick, several, within
from personaforge.embedded.writer.work import job_of

_LOUDER = 0.7
"""The share of the brief's effect on a tone that is added again where the voice is chosen."""
_ASKED = 0.1
"""From this value on a word expresses what the brief said."""
_CLASH = -0.15
"""A phrase for one end of the registers isn't used at the other: product of its formality and the register's."""


def mask(a: Assignment) -> dict[str, Any]:
    """Draft the mask."""
    read = _heard(a, readings(a.document, a.reading.traits))
    pinned = a.text("mask.register")
    register = pinned or ordinal(a.document, "mask.register", read["formality"] + a.rng("register").gauss(0, 0.1))
    softens = read["softening"] >= soften_from()
    tables = table("mask")
    roles = dict.fromkeys(tables["soft_roles"], 4.0) if softens else {}
    roles |= {text: leaning(axes, read, 9.0) * math.exp(9.0 * _asked(a, axes)) for axes, text in tables["roles"]}
    return {
        "register": register,
        "tone": _tone(a, read, softens),
        "signature_phrases": _phrases(a, read, register),
        "social_role": pick(a.rng("role"), a.allowed(roles)),
        "writing_style": _style(a, read, register, softens),
    }


def _heard(a: Assignment, read: Mapping[str, float]) -> dict[str, float]:
    """Return the readings with more weight on the brief's own words: a person who is called blunt sounds blunt.

    Softening and formality don't change: they are bounded by the layers before, and include the brief already. The work
    and the age in a brief have an effect, too: a judge doesn't write like a surfer, nor a person of seventy like one of
    twenty.
    """
    moved = a.reading.tone
    heard = {axis: value + _LOUDER * moved.get(axis, 0.0) for axis, value in read.items()}
    heard |= {axis: read[axis] for axis in ("softening", "formality")}
    job = job_of(a.text("surface.occupation") or a.reading.occupation)
    tables = table("mask")
    heard["formality"] += tables["work"].get(job.dress, 0.0) if job else 0.0
    ages = a.reading.ages
    heard["formality"] += next((by for low, high, by in tables["years"] if ages and low <= sum(ages) / 2 <= high), 0.0)
    return {axis: within(value, 0.0, 1.0) for axis, value in heard.items()}


def _tone(a: Assignment, read: Mapping[str, float], softens: bool) -> list[str]:
    rng = a.rng("tone")
    tables = table("mask")
    weights = {word: leaning(axes, read, 12.0) for word, axes in tables["tones"].items()}
    asked = {word: weights[word] for word, axes in tables["tones"].items() if _asked(a, axes) >= _ASKED}
    words = several(rng, a.allowed(asked), 1) if asked else []  # at least one word expresses what the brief said
    words += several(rng, a.allowed({word: weights[word] for word in weights if word not in words}), 3 - len(words))
    words = words[: rng.choice([2, 3, 3])]
    if softens:
        words.insert(rng.randrange(2), pick(rng, a.allowed(dict.fromkeys(tables["soft_tones"], 1.0))))
    return words


def _asked(a: Assignment, axes: Mapping[str, float]) -> float:
    """Return how well something with these axes fits the brief's words; 0 where they say nothing about them."""
    return sum(weight * a.reading.tone.get(axis, 0.0) for axis, weight in axes.items())


def _phrases(a: Assignment, read: Mapping[str, float], register: str) -> list[str]:
    rng = a.rng("phrases")
    softening, tables = read["softening"], table("mask")
    stances = {"soft": 0.5, "plain": 1.0, "assert": 0.6}
    if softening >= soften_from():
        stances = {"soft": 9.0, "plain": 0.8, "assert": 0.0}
    elif softening < assert_below():
        stances = {"soft": 0.0, "plain": 1.0, "assert": 3.0}
    place = number_of("mask.register", register)
    rows = sayings(a.language) or tables["phrases"]
    english = rows is tables["phrases"]
    weights = {
        text: stances[stance] * leaning(axes, read, 6.0)
        for stance, axes, text in rows
        if axes.get("formality", 0.0) * (place - 0.5) > _CLASH
    }
    number = 5 if a.findings else rng.choice([4, 4, 5, 6])
    phrases: list[str] = []
    fillers = _fillers(a, rng)
    order = several(rng, weights, 3 * number)
    if stances["soft"] > stances["plain"]:  # most lines of a person who hedges do
        soft = {text for stance, _, text in rows if stance == "soft"}
        order.sort(key=lambda text: text not in soft)
        number = min(number, 2 * sum(text in soft for text in order))
    for text in order:
        phrase = _filled(text, fillers) if english else text
        if english and register == "formal":
            phrase = _in_full(phrase)
        if len(phrases) < number and not a.barred(phrase) and all(_apart(phrase, other) for other in phrases):
            phrases.append(phrase)
    return phrases


def _fillers(a: Assignment, rng: Random) -> dict[str, list[str]]:
    """Return the texts for the slots of phrases, each in the order in which they are used."""
    genres = table("intent")["genres"]
    things = [thing for genre in a.genres() if genre in genres for thing in genres[genre]["things"]]
    if len(things) < 6:
        things += [thing for genre in ("lifestyle", "home", "literature") for thing in genres[genre]["things"]]
    here, avoid = home(a), a.avoid
    dishes = [dish.text for dish in map(entry, here.dishes) if not dish.tags & avoid]
    fillers = {"thing": sorted(set(things)), "dish": dishes or ["a pot of tea"], "corner": list(here.corners)}
    for values in fillers.values():
        rng.shuffle(values)
    return fillers


def _filled(text: str, fillers: Mapping[str, list[str]]) -> str:
    slots = {
        "thing": fillers["thing"][0],
        "other": fillers["thing"][1],
        "dish": bare(fillers["dish"][0]),
        "corner": fillers["corner"][0],
    }
    used = {name: slots[name] for name in slots if f"{{{name}}}" in text}
    if used.keys() & {"thing", "other"}:  # the next phrase gets other texts
        fillers["thing"].append(fillers["thing"].pop(0))
    phrase = text.format(**slots)
    # A text may begin with a vowel or have more than one word: only the article depends on it.
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", phrase)


def _in_full(phrase: str) -> str:
    for short, long in table("mask")["contractions"].items():
        phrase = re.sub(rf"\b{re.escape(short)}\b", long, phrase)
    return phrase


def _apart(phrase: str, other: str) -> bool:
    """Return whether two phrases are different enough."""
    first, second = set(content_words(phrase)), set(content_words(other))
    alike = len(first & second) / max(1, min(len(first), len(second)))
    return alike < 0.6 and phrase.split()[:2] != other.split()[:2]


def _style(a: Assignment, read: Mapping[str, float], register: str, softens: bool) -> dict[str, Any]:
    rng, tables = a.rng("style"), table("mask")
    marks = dict.fromkeys(tables["punctuation"].get(register, tables["punctuation"]["neutral"]), 1.0)
    if softens and register != "formal":
        marks |= dict.fromkeys(tables["soft_punctuation"], 2.0)
    cheer = (
        0.15
        + 0.5 * read["energy"] * read["warmth"]
        - 0.5 * read["formality"]
        + rng.gauss(0, 0.15)
        + 0.3 * read["humour"]
    )
    emoji = "never" if "emoji" in a.avoid else ordinal(a.document, "mask.writing_style.emoji", cheer)
    return {
        "sentence_length": ordinal(
            a.document,
            "mask.writing_style.sentence_length",
            0.5 + 0.9 * (read["thought"] - read["energy"]) + rng.gauss(0, 0.2),
        ),
        "vocabulary": ordinal(a.document, "mask.writing_style.vocabulary", 0.9 * read["thought"] + rng.gauss(0, 0.15)),
        "punctuation": pick(rng, a.allowed(marks)),
        "emoji": emoji,
    }
