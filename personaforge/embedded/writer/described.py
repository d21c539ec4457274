"""Whether texts describe the body that the dna section has: height, hair, eyes, beard, voice, build, and the gender of
"he" and "she". Only sentences about the person count, by described.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from personaforge.embedded.once import once
from personaforge.embedded.writer.clash import clash
from personaforge.embedded.writer.flaws import Flaw, ruled, text, value
from personaforge.embedded.writer.locales import UNKNOWN, by_country, locales
from personaforge.embedded.writer.own import Said, numbers, own_sentences, regex, said_in, sentences
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import is_negated

_CENTIMETRES = 5
"""Difference in cm from which a height in words is another one: feet and inches are rounded to 2.5."""
_TALL, _SHORT = -4, 4
"""Difference in cm to the mean of the place and gender beyond which nobody is called tall, or short."""
_METRE = re.compile(
    r"\b(?:one|un|mon|ein|einen|uno?|dos) (?:met(?:re|er|ro)s?) (?:e |y |et )?([a-z]+(?:[- ][a-z]+)?)"
    r"|\b(?:metre) (soixante[a-z -]*|quatre-vingt[a-z -]*|cinquante[a-z -]*)|\beins ([a-z]+zig)\b"
)
_DIGITS = re.compile(
    r"\b([12])[.,](\d\d) ?(?:m\b|met)|\b(1[3-9]\d|20\d|21\d) ?(?:cm\b|centi)|\b([12]) ?m ?(\d\d)\b"
    r"|\b([12]) met(?:re|er|ro)s? (\d\d)\b"
)
_FOOT = re.compile(r"\b(four|five|six|seven|[4567]) ?(?:foot|feet|ft|')(?:(?:[ -]| and )?(?:(\d{1,2})\b|([a-z]+)\b)?)")
_TWO_METRES = re.compile(r"\b(?:nearly|almost|over|just under|all) ?(?:of )?two met(?:re|er)s (?:tall|of)\b")
_THINGS = re.compile(
    r"\b(?:board|plank|table|fence|rope|wall|ladder|door|fabric|wood|beam|shelf of|snow|wide|deep|water|jump\w*|pool|"
    r"boat|canvas|dive|wave\w*|long|apart|above|below|under ground|trench|scaffold\w*|ceiling)\b"
)
_INCHES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_BESIDE = 24
"""Characters beside a height within which the thing is named that has it."""
_ONCE = re.compile(
    r"\b(?:once|used to|former\w*|formerly|before|no longer|dyed|wigs?|would|will|until|"
    r"when (?:she|he|they|i) (?:was|were)|as a child|was|were|had|wish\w*|wants?|like to|dream\w*|first)\b"
)
"""Words with which a look isn't that of today."""


def described_flaws(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield texts that describe another body."""
    own = own_sentences(document)
    for found in (_heights(document, own), _looks(document, own), _pronouns(document)):
        yield from ruled("described body", found)


def _heights(document: Mapping[str, Any], own: Sequence[Said]) -> Iterator[Flaw]:
    height = value(document, "dna.body.height_cm")
    if not isinstance(height, (int, float)) or isinstance(height, bool):
        return
    stated = f"dna.body.height_cm is {height}"
    gender = text(document, "surface.gender")
    here = by_country(text(document, "surface.location.country")) or locales()[UNKNOWN]
    mean = here.height[gender] if gender in here.height else sum(here.height.values()) / 2
    tall, short = (regex(table("described")[name]) for name in ("tall", "short"))
    for one in own:
        said = [cm for cm in _centimetres(one.folded) if 130 <= cm <= 215]
        if said and all(abs(cm - height) > _CENTIMETRES for cm in said):
            yield clash(one, stated, f"{said[0]} cm is another height")
        elif not said and tall.search(one.folded) and height - mean < _TALL and not _ONCE.search(one.folded):
            yield clash(one, stated, "nobody of that height is called tall there")
        elif not said and short.search(one.folded) and height - mean > _SHORT and not _ONCE.search(one.folded):
            yield clash(one, stated, "nobody of that height is called short there")


def _centimetres(folded: str) -> Iterator[int]:
    """Yield heights in cm that a text names."""
    for hit in _DIGITS.finditer(folded):
        if _THINGS.search(folded[max(0, hit.start() - _BESIDE) : hit.end() + _BESIDE]):
            continue
        metres, rest, whole, other, tail, last, end = hit.groups()
        yield int(whole) if whole else 100 * int(metres or other or last) + int(rest or tail or end)
    for hit in _METRE.finditer(folded):
        if _THINGS.search(folded[max(0, hit.start() - _BESIDE) : hit.end() + _BESIDE]):
            continue
        word = next(group for group in hit.groups() if group).strip()
        found = next((n for tag in ("en", "fr", "es", "de", "it", "pt") if (n := _number(word, tag)) is not None), None)
        if found is not None:
            yield 100 + found
    for hit in _FOOT.finditer(folded):
        if _THINGS.search(folded[max(0, hit.start() - _BESIDE) : hit.end() + _BESIDE]):
            continue
        feet = {"four": 4, "five": 5, "six": 6, "seven": 7}.get(hit.group(1)) or int(hit.group(1))
        digits, word = hit.group(2), hit.group(3) or ""
        inches = int(digits) if digits and int(digits) < 12 else _INCHES.index(word) if word in _INCHES else 0
        yield round(30.48 * feet + 2.54 * inches)
    if _TWO_METRES.search(folded):
        yield 200


def _number(word: str, tag: str) -> int | None:
    """Return the number that a word, or its first part, says in a language, from 18; None where it says none."""
    for said in (word, word.split(" ")[0]):
        found = numbers(tag).get(re.sub(r"[\s-]+", "", said))
        if found is not None and found >= 18:
            return found
    return None


@once
def _rules() -> list[tuple[str, frozenset[str], re.Pattern[str]]]:
    return [
        (rule["path"], frozenset(map(str, rule["not"])), re.compile("|".join(rule["said"])))
        for rule in table("described")["looks"]
    ]


def _looks(document: Mapping[str, Any], own: Sequence[Said]) -> Iterator[Flaw]:
    spoken = [*own, *(one for said in said_in(document, ("mask.tone",)) for one in sentences(said))]
    for path, wrong, matcher in _rules():
        found = value(document, path)
        if str(found) not in wrong:
            continue
        for one in spoken:
            hit = matcher.search(one.folded)
            if (
                hit
                and one.path != "soul.wound"
                and not is_negated(one.folded, hit.start())
                and not _ONCE.search(one.folded)
            ):
                yield clash(one, f"{path} is {found}", "only one of them can be true")
                break


def _pronouns(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield a day that begins with the pronoun of the other gender."""
    gender = text(document, "surface.gender")
    foreign = {"woman": "he", "man": "she"}.get(gender, "")
    for one in said_in(document, ("lifestyle.daily_rhythm",)) if foreign else ():
        if re.match(rf"{foreign}(?:'s)?\b", one.folded):
            yield clash(one, f"surface.gender is {gender}", "it speaks of another gender")
