"""Sentences of a document that speak of its own person, and numbers in them.

A sentence that names somebody else (a mother, a neighbour, a shop) is passed over, except in a role or an occupation,
which are nobody else's. Numbers are digits, or words of eight languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from personaforge.brief.language import language, language_of
from personaforge.brief.text import plain as brief_plain
from personaforge.embedded.once import once
from personaforge.embedded.writer.flaws import all_texts, value
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold

OWN = (
    "soul.desire",
    "soul.fear",
    "soul.wound",
    "soul.growth_arc",
    "mask.social_role",
    "mask.signature_phrases",
    "lifestyle.daily_rhythm",
    "lifestyle.vacation_style.description",
    "surface.occupation",
)
"""Texts that are about the person."""
ALONE = ("mask.social_role", "surface.occupation")
"""Texts that are about nobody else, whoever they name."""
_SENTENCES = re.compile(r"(?<=[.!?;])\s+")
_QUESTION = 3
"""Words up to which a question is the topic of the sentence behind it: Cooking? Not once in my life."""
_LETTERS_APART = re.compile(r"[\s-]+")


AT_TIMES = re.compile(
    r"\b(?:sundays?|saturdays?|weekends?|days? off|holidays?|vacations?|once a (?:year|month)|rarely|except|unless|"
    r"until (?:recently|last)|used to|no longer|apart from|domingos?|sonntags?|dimanches?)\b"
)
"""Words with which a habit isn't one of every day."""
_STATED = re.compile(r"\b(?:is|has|had|was|never|hasn't|as an?|of an?|only)\b")
_MAYBE = re.compile(r"\b(?:will|would|might|may|could|to be|ending|end up|becoming|become|'ll|one day|if)\b")


class Said(NamedTuple):
    """A text of a document, or of the brief, and where it stands."""

    path: str
    text: str
    folded: str


def said_in(document: Mapping[str, Any], paths: Iterable[str]) -> list[Said]:
    """Return the texts at or below paths."""
    return [Said(path, words, fold(words)) for root in paths for path, words in all_texts(value(document, root), root)]


def sentences(said: Said) -> list[Said]:
    """Return the sentences of a text that don't speak of somebody else."""
    parts: list[str] = []
    for part in _SENTENCES.split(said.folded):
        if parts and parts[-1].endswith("?") and len(parts[-1].split()) <= _QUESTION:
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return [
        Said(said.path, said.text, part) for part in parts if said.path in ALONE or not others().search(_reduced(part))
    ]


def is_stated(one: Said) -> bool:
    """Tell whether a sentence says how things are: a desire and a fear mostly say how they may become, and an arc
    begins with what was."""
    if AT_TIMES.search(one.folded):
        return False
    if one.path == "soul.growth_arc":
        return not one.folded.startswith(("from ", "de ", "von ", "da "))
    if one.path not in ("soul.desire", "soul.fear"):
        return True
    return _STATED.search(one.folded) is not None and _MAYBE.search(one.folded) is None


def own_sentences(document: Mapping[str, Any]) -> list[Said]:
    """Return every sentence of a document that speaks of its own person."""
    return [one for said in said_in(document, OWN) for one in sentences(said)]


@once
def others() -> re.Pattern[str]:
    """Return the words that say that a sentence may speak of somebody else."""
    return re.compile(rf"\b(?:{table('lives')['others']})\b")


def clauses(said: Said) -> list[Said]:
    """Return the parts of a text, between commas, too, that don't speak of somebody else."""
    found = [Said(said.path, said.text, part) for part in re.split(r"[.,;:!?]\s+", said.folded)]
    return [one for one in found if said.path in ALONE or not others().search(_reduced(one.folded))]


def claims(said: Said) -> list[Said]:
    """Return the sentences of a text that don't begin with somebody else. What they say may involve others."""
    found = [Said(said.path, said.text, part) for part in _SENTENCES.split(said.folded)]
    return [one for one in found if said.path in ALONE or not _begins().search(_reduced(one.folded))]


@once
def _begins() -> re.Pattern[str]:
    whose = "(?:an?|the|her|his|my|their|our|one|two|both)"
    return re.compile(rf"^(?:and |but |that )?(?:{whose} )?(?:\w+ )?(?:{table('lives')['others']})\b")


@once
def _whole() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{table('lives')['own']})\b")


def _reduced(sentence: str) -> str:
    """Return a sentence without words that name others and say something of the person: an only child, a shop owner."""
    return _whole().sub(" ", sentence)


def tongue(texts: Iterable[str], most: int = 2000) -> str:
    """Return the tag of the language that texts are most likely in."""
    return language_of(brief_plain(" ".join(texts)[:most]))


@lru_cache(maxsize=512)
def tongue_of_text(text: str) -> str:
    """Return the tag of the language that one text is most likely in; a guess for a text of few words."""
    return tongue([text])


def tongue_of(document: Mapping[str, Any]) -> str:
    """Return the tag of the language that a document's texts are most likely in."""
    return tongue(said.text for said in said_in(document, OWN))


@once
def numbers(tag: str) -> Mapping[str, int]:
    """Return the number words of a language, folded and without gaps, from 2."""
    found = {_closed(fold(word)): number for word, number in language(tag).numbers.items()}
    for number, words in (table("years")["small"].get(tag) or {}).items():
        found.update({_closed(fold(word)): int(number) for word in words})
    return found


def _closed(word: str) -> str:
    return _LETTERS_APART.sub("", word)


@once
def _number_words(tag: str) -> re.Pattern[str]:
    words = {fold(word) for word in language(tag).numbers}
    words |= {fold(word) for said in (table("years")["small"].get(tag) or {}).values() for word in said}
    parts = sorted((re.sub(r"\\ |\\-", r"[\\s-]?", re.escape(word)) for word in words), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")


@lru_cache(maxsize=512)
def in_digits(folded: str, tag: str) -> str:
    """Return a folded text with the number words of a language, from 2 to 99, as digits."""
    return _number_words(tag).sub(lambda hit: str(numbers(tag)[_closed(hit.group())]), folded)


@once
def regex(words: str) -> re.Pattern[str]:
    """Return a regular expression, compiled once. `{n}` is a number of one or two digits, its group `n`."""
    return re.compile(words.replace("{n}", r"(?P<n>(?<![\d.,])[1-9]?\d(?![\d%]|[.,:]\d))"))


def each_number(patterns: Sequence[str], digits: str) -> list[int]:
    """Return the numbers that patterns find in a text whose numbers are digits."""
    return [int(hit.group("n")) for said in patterns for hit in regex(said).finditer(digits)]
