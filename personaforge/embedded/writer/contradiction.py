"""What can't both be true: words against numbers, texts against texts, the years of a life, by contradictions.yaml.

These rules see words, not meaning: what is said in other words passes. A flaw here is one contradiction, and its advice
names both sides, since either may be the one that is fixed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from personaforge.embedded.writer.bounds import number
from personaforge.embedded.writer.flaws import Flaw, all_texts, quoted, text, texts, value
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import content_words, count, fold, for_others, pattern

_WEIGHT = 0.5
"""Contradiction of one such flaw. With 1.7 and 2 points for a whole one (`audit`) coherence falls from 4.9, the most
that it can be, below the floor of 2.5: a single clear contradiction is not accepted."""
_COST = 0.6
_DOING = ("surface.occupation", "lifestyle.interests", "lifestyle.vacation_style", "lifestyle.daily_rhythm")
_SAYING = ("mask.signature_phrases", "mask.social_role")
_CHARACTER = (
    "soul.desire", "mask.tone", "mask.social_role", "lifestyle.daily_rhythm",
    "surface.occupation",
)  # fmt: skip
_LIFE = ("soul", "self", "mask", "surface", "lifestyle")
_UNITS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight",
    "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = {
    **{word: place for place, word in enumerate(_UNITS, 1)},
    **{word: 10 * place for place, word in enumerate(_TENS, 2)},
    **{f"{ten}-{unit}": 10 * a + b for a, ten in enumerate(_TENS, 2) for b, unit in enumerate(_UNITS[:9], 1)},
}
_YEARS = rf"(\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_CLOCK = r"(?! ?(?:o'clock|am|pm|:|in the|sharp|every|each|and a|weeks|days|minutes|percent|to|tables?|times))"
"""What follows an hour or a share, and no age."""
_PAST = re.compile(rf"\b(?:at|at the age of|aged|when (?:she|he|they) (?:was|were)) {_YEARS}\b{_CLOCK}")
_TURNS = r"turning|she turns|he turns|they turn|reaching|the age of|her|his|my"
_BEFORE = re.compile(rf"\bbefore (?:{_TURNS}) {_YEARS}(?:th|st|nd|rd|ieth)?\b")
_FOR = re.compile(rf"\b(?:for|after|spent|over) (?:the last |the past |more than |over |nearly )?{_YEARS} years\b")
_DECADES = re.compile(
    r"\b(?:in|into) (?:her|his|their) (?:early |mid |late |mid-|late-|early-)?"
    r"(twenties|thirties|forties|fifties|sixties|seventies|eighties)\b"
)
_OLD = re.compile(rf"\b{_YEARS}[- ]year[- ]old (?:woman|man|person|widow|widower|veteran|who|with|body|self)\b")
_SPENT = 8
"""Years: somebody can't have done something for longer than since the age of 8."""


class Said(NamedTuple):
    """A text of a document, or of the brief, and where it stands."""

    path: str
    text: str
    folded: str


def said_in(document: Mapping[str, Any], paths: Sequence[str]) -> list[Said]:
    """Return the texts at or below paths."""
    return [Said(path, words, fold(words)) for root in paths for path, words in all_texts(value(document, root), root)]


def contradictions(document: Mapping[str, Any], brief: str = "") -> Iterator[Flaw]:
    """Yield what can't both be true in a document, with the brief as one more text."""
    told = [Said("brief", brief, fold(brief))] if brief else []
    yield from _numbers(document)
    yield from _topics(document, told)
    yield from _facts(document, told)
    yield from _vacation(document)
    yield from _years(document)
    yield from _repeats(document)


def clash(one: Said, other: str, why: str, score: str = "coherence") -> Flaw:
    """Return the flaw of a text that contradicts what stands at another path."""
    section = one.path.partition(".")[0]
    problem = f"{one.path} says {quoted(one.text)}, but {other}: {why}."
    advice = f"Change one of the two, {one.path} or {other.partition(' ')[0]}, so that both can be true."
    return Flaw(score, _COST, section if section != "brief" else other.partition(".")[0], problem, advice, _WEIGHT)


def _hit(words: Sequence[str], one: Said) -> str:
    """Return the first of the words that a text has and doesn't negate; empty if there is none."""
    if not count(words, one.folded):
        return ""
    found = pattern(tuple(words)).search(one.folded)
    return found.group() if found else ""


def _numbers(document: Mapping[str, Any]) -> Iterator[Flaw]:
    bounds = table("contradictions")["beyond"]
    for rule in table("contradictions")["traits"]:
        found = number(document, rule["path"])
        if found is None:
            continue
        # A drive is what somebody wants, and only the desire speaks of that.
        spoken = said_in(document, ("soul.desire",) if rule["path"].startswith("soul.drives.") else _CHARACTER)
        side, beyond = ("low", found > bounds["above"]), ("high", found < bounds["below"])
        for name, wrong in (side, beyond):
            one = next((one for one in spoken if wrong and _hit(rule[name], one)), None)
            if one is not None:
                yield clash(one, f"{rule['path']} is {found:.2f}", f"{_hit(rule[name], one)!r} is at the other end")


def _topics(document: Mapping[str, Any], told: list[Said]) -> Iterator[Flaw]:
    everywhere = [*told, *said_in(document, ("intent.constraints", *_LIFE))]
    doing = said_in(document, (*_DOING, *_SAYING))
    for name, topic in table("contradictions")["topics"].items():
        never = next((one for one in everywhere if pattern(tuple(topic["never"])).search(one.folded)), None)
        if never is None:
            continue
        rest = pattern(tuple(topic["never"]))
        for one in doing:
            words = _hit(topic["does"], one._replace(folded=rest.sub(" ", one.folded)))
            if (
                words
                and not for_others(one.folded)
                and f"{words}-free" not in one.folded
                and f"non-{words}" not in one.folded
            ):
                yield clash(never, f"{one.path} has {quoted(one.text)}", f"these don't go together ({name})")
                break


def _facts(document: Mapping[str, Any], told: list[Said]) -> Iterator[Flaw]:
    everywhere = [*told, *said_in(document, _LIFE)]
    for first, second in table("contradictions")["exclusive"]:
        one = next((one for one in everywhere if _hit(first, one)), None)
        other = next((other for other in everywhere if _hit(second, other)), None)
        if one is not None and other is not None:
            yield clash(one, f"{other.path} has {quoted(other.text)}", "only one of them can be true")


def _vacation(document: Mapping[str, Any]) -> Iterator[Flaw]:
    kind, described = (
        text(document, "lifestyle.vacation_style.kind"),
        text(document, "lifestyle.vacation_style.description"),
    )
    rule = table("contradictions")["vacations"].get(kind)
    if rule is None or not described:
        return
    folded = fold(described)
    foreign = pattern(tuple(rule["not"])).search(folded)
    if foreign and not count(rule["has"], folded):
        one = Said("lifestyle.vacation_style.description", described, folded)
        yield clash(one, f"lifestyle.vacation_style.kind is {kind}", f"{foreign.group()!r} is another kind")


def _years(document: Mapping[str, Any]) -> Iterator[Flaw]:
    age = value(document, "surface.age")
    if not isinstance(age, int) or isinstance(age, bool):
        return
    stated = f"surface.age is {age}"
    paths = ("soul", "mask.social_role", "mask.signature_phrases", "lifestyle.daily_rhythm", "surface.occupation")
    for one in said_in(document, paths):
        why = _another_age(one, age)
        if why:
            yield clash(one, stated, why)


def _another_age(one: Said, age: int) -> str:
    """Return why the years that a text names can't be those of somebody of an age; empty where they can."""
    past = one.path == "soul.wound"
    if (past or one.path == "mask.social_role") and any(years > age for years in _found(_PAST, one)):
        return "that is yet to come"
    if not past and any(years <= age for years in _found(_BEFORE, one)):
        return "that age has passed"
    if any(years > age - _SPENT for years in _found(_FOR, one)):
        return "nobody has done so for so long at that age"
    if not past and any(abs(years - age) > 1 for years in _found(_OLD, one)):
        return "that is another age"
    decade = _DECADES.search(one.folded)
    if decade and not past:
        start = next(10 * place for place, ten in enumerate(_TENS, 2) if decade.group(1)[:3] == ten[:3])
        if start > age or (start + 10 <= age and one.path != "soul.growth_arc"):
            return "that is another age"
    return ""


def _found(matcher: re.Pattern[str], one: Said) -> list[int]:
    return [_as_number(next(group for group in hit.groups() if group)) for hit in matcher.finditer(one.folded)]


def _as_number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _repeats(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield texts of different layers that say the same, and entries of one list that stand there twice."""
    long = [one for one in said_in(document, ("soul", "lifestyle.vacation_style", "lifestyle.daily_rhythm",
                                              "mask.social_role"))
            if len(content_words(one.text)) >= 4]  # fmt: skip
    for place, other in enumerate(long):
        one = next((one for one in long[:place] if _alike(one.text, other.text)), None)
        if one is not None and not (one.path.startswith("soul.") and other.path.startswith("soul.")):
            yield clash(other, f"{one.path} has {quoted(one.text)}", "one is a copy of the other", "depth")
    for path in ("self.values", "surface.languages", "intent.themes", "intent.genre", "mask.signature_phrases",
                 "mask.tone", "dna.skin.marks"):  # fmt: skip
        entries = [_bare(entry) for entry in texts(document, path)]
        twice = next((entry for entry in entries if entries.count(entry) > 1), "")
        if twice:
            problem = f"{path} has {quoted(twice)} twice."
            yield Flaw("depth", 0.7, path.partition(".")[0], problem, "Let every entry say something else.", 0.1)


def _bare(words: str) -> str:
    return re.sub(r"[^\w ]", "", fold(words)).strip()


def _alike(one: str, other: str) -> bool:
    first, second = set(content_words(one)), set(content_words(other))
    return len(first & second) >= 0.75 * min(len(first), len(second))
