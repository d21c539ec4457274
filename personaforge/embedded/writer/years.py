"""Whether the years that texts name can be somebody's of this age: ages, birthdays, years of work, calendar years.

The patterns are in years.yaml, by language. A number is compared only where its sentence speaks of the person and
not of a time to come.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.embedded.writer.clash import clash
from personaforge.embedded.writer.flaws import Flaw, ruled, value
from personaforge.embedded.writer.own import (
    OWN,
    Said,
    each_number,
    in_digits,
    own_sentences,
    regex,
    said_in,
    tongue_of,
    tongue_of_text,
)
from personaforge.embedded.writer.tables import table

_CHILD = 8
"""Years: somebody can't have done something for longer than since the age of 8; a guess of ours."""
_WORKER = 15
"""The youngest age at which work or a marriage begins; a guess of ours."""
_PARENT = 15
"""The youngest age at which somebody has a child; a guess of ours."""
_WRITTEN = 2026
"""The year of this rule. Who is of an age in a later year was born later, so what it finds is wrong then, too."""
_BORN_APART = 4
"""Years by which a year of birth may differ: the rule doesn't know in which year a document is read."""
_HERE = ("mask.social_role", "mask.signature_phrases", "surface.occupation", "lifestyle.daily_rhythm")
_AHEAD = ("soul.desire", "soul.fear", "soul.growth_arc")
"""Texts that speak of what may come."""
_OF_OTHERS = re.compile(r"(?:she|he|it|they|that|this|these|those|the|her|his|elle|il|sie|er|ella|el)\b")
"""How a phrase begins that is about somebody or something else."""
_TOO_LONG, _ANOTHER = "nobody has done so for so long at that age", "that is another age"
_WISHED = (_TOO_LONG, _ANOTHER)
"""What is wrong with years in most texts, but not in a wish."""
_GROWN = 34
"""The youngest age of somebody with adult children; a guess of ours."""
_TENS = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_IN_DECADE = re.compile(
    r"\b(?:in|into|to|reaching|of) (?:her|his|their|my) (?:early[ -]|mid[ -]|late[ -])?(" + "|".join(_TENS) + r")\b"
)
_ORDINALS = {
    "twentieth": 20, "twenty-fifth": 25, "thirtieth": 30, "thirty-fifth": 35, "fortieth": 40, "forty-fifth": 45,
    "fiftieth": 50, "fifty-fifth": 55, "sixtieth": 60, "sixty-fifth": 65, "seventieth": 70, "seventy-fifth": 75,
    "eightieth": 80, "eighty-fifth": 85, "ninetieth": 90,
}  # fmt: skip
_NTH = rf"(\d\d(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})"
_BIRTHDAY = re.compile(
    rf"\b(?:next|last|this|coming|upcoming|recent)\b[^.;]{{0,25}}\b{_NTH} birthday"
    rf"|\b{_NTH} birthday (?:is |was |falls )?(?:next|last|this|in|soon|ago|tomorrow|yesterday)\b"
)
_SINCE_BIRTHDAY = re.compile(rf"\b(?:since|after) (?:her|his|my|their) {_NTH} birthday")
_SPANS = (
    (re.compile(r"\b(two|three|four|five|six|seven) decades\b(?! (?:ago|later|old|older))"), 10),
    (re.compile(r"\bhalf a century\b"), 50),
    (re.compile(r"\b(?:a )?quarter (?:of a )?century\b"), 25),
    (re.compile(r"\b(dos|tres|cuatro|cinco|seis) decadas\b"), 10),
    (re.compile(r"\b(deux|trois|quatre|cinq|six) decennies\b"), 10),
    (re.compile(r"\b(zwei|drei|vier|funf|sechs) jahrzehnten?\b"), 10),
)
_HOW_MANY = {
    word: number
    for number, words in enumerate(
        ("two dos deux zwei", "three tres trois drei", "four cuatro quatre vier", "five cinco cinq funf",
         "six seis six sechs", "seven"), 2)
    for word in words.split()
}  # fmt: skip


def year_flaws(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield texts whose years aren't those of somebody of the document's age."""
    age = value(document, "surface.age")
    if not isinstance(age, int) or isinstance(age, bool):
        return
    whole = tongue_of(document)
    seen: set[str] = set()
    for one in own_sentences(document):
        if (one.path == "mask.social_role" and re.search(r"\bthey\b", one.folded)) or (
            one.path == "mask.signature_phrases" and _OF_OTHERS.match(one.folded)
        ):
            continue  # the ages of those whom a role names, and of a "she" who is not who speaks
        tags = dict.fromkeys(("en", whole, tongue_of_text(one.text)))
        why = next((found for tag in tags if (found := _of_language(one, age, tag))), "") or _in_english(one, age)
        if one.path == "soul.desire" and why in _WISHED:
            continue  # what is wished for may last longer than a life
        if why and one.path + one.text not in seen:
            seen.add(one.path + one.text)
            rule = "own age" if _is_own_age(one, age) else "years"
            yield clash(one, f"surface.age is {age}", why)._replace(rule=rule)
    yield from ruled("years", _of_children(document, age))


def _is_own_age(one: Said, age: int) -> bool:
    """Tell whether a sentence gives another age in the first person and the present: "I am 50", "at 50 I"."""
    return any(
        number >= 18 and abs(number - age) > 1
        for tag, said in table("years")["self"].items()
        for number in each_number(said, in_digits(one.folded, tag))
    )


def _words(tag: str, kind: str) -> re.Pattern[str]:
    return regex((table("years")["patterns"].get(tag) or {}).get(kind) or r"(?!)")


def _of_language(one: Said, age: int, tag: str) -> str:
    """Return why the years of a sentence can't be somebody's of this age; empty where they can."""

    digits = in_digits(one.folded, tag)

    def found(kind: str) -> list[int]:
        return each_number((table("years")["patterns"].get(tag) or {}).get(kind) or (), digits)

    ahead = _words(tag, "future").search(one.folded) is not None
    here = one.path in _HERE
    present = found("now") + (found("here") if here else [])
    if here and _words(tag, "present").search(one.folded) and not ahead:
        present += [number for number in found("past") + found("at") if number >= 18]
    wrong = next((number for number in present if number >= 18 and abs(number - age) > 1), None)
    if wrong is not None:
        return f"{wrong} is another age"
    wrong = next((number for number in found("soon") if number >= 18 and abs(number - age) > 2), None)
    if wrong is not None:
        return f"{wrong} is no birthday near"
    nearly = next((number for number in found("nearly") if here and number >= 18 and not -1 <= number - age <= 6), None)
    if nearly is not None:
        return f"nearly {nearly} is another age"
    behind = found("past") + (found("at") if one.path not in _AHEAD else [])
    wrong = next((number for number in behind if number > age and not ahead), None)
    if wrong is not None:
        return f"{wrong} is yet to come"
    if one.path != "soul.wound" and any(18 <= number <= age for number in found("before")):
        return "that age has passed"
    if _words(tag, "not").search(one.folded):
        return ""
    work = _words(tag, "work").search(one.folded) is not None
    spans = found("spent") + (found("worked") if work else [])
    spans += (
        [_span(hit, each) for matcher, each in _SPANS for hit in matcher.finditer(one.folded)] if tag == "en" else []
    )
    # An old hurt may have lasted from the first day on.
    most = age if one.path == "soul.wound" else age - (_WORKER if work else _CHILD)
    if any(number > most for number in spans):
        return _TOO_LONG
    if any(number > age for number in found("ago")):
        return "that was before this person was born"
    return ""


def _span(hit: re.Match[str], each: int) -> int:
    return each * _HOW_MANY[hit.group(1)] if hit.re.groups else each


def _in_english(one: Said, age: int) -> str:
    """Return why a sentence's decades, birthdays, calendar years and words for an age are another person's."""
    told = table("years")
    ahead = _words("en", "future").search(one.folded) is not None
    decade = _IN_DECADE.search(one.folded)
    if decade and one.path not in ("soul.desire", "soul.fear"):
        start = 20 + 10 * _TENS.index(decade.group(1))
        now = one.path in _HERE and re.search(r"\b(?:still|now|someone|somebody|woman|man|person) in\b", one.folded)
        later = start > age + 1 and not ahead and one.path != "soul.growth_arc"
        if later or (now and not start - 1 <= age <= start + 10):
            return _ANOTHER
    for day in _BIRTHDAY.finditer(one.folded):
        if abs(_nth(next(group for group in day.groups() if group)) - age) > 2:
            return "that is another birthday"
    if any(_nth(day.group(1)) > age for day in _SINCE_BIRTHDAY.finditer(one.folded)):
        return "that birthday is yet to come"
    born = regex(told["born"]).search(one.folded)
    if born and abs(_WRITTEN - int(born.group("y")) - age) > _BORN_APART:
        return f"who was born in {born.group('y')} is of another age"
    for rule in told["dated"]:
        hit = regex(rule["said"]).search(one.folded)
        if hit and int(hit.group("y")) < _WRITTEN - age + rule["from"]:
            return f"nobody of that age did so in {hit.group('y')}"
    hit = regex(told["decade"]).search(one.folded)
    if hit and _decade(hit) + 9 < _WRITTEN - age + 2:
        return "that decade was over"
    for words, low, high in told["words"]:
        said = "|".join(words)
        alone = one.path in ("mask.social_role", "surface.occupation") and re.search(
            rf"(?:^|\b(?:the|a|an|this|your|our|neighbourhood|resident|local|only) (?:\w+ )?)(?:{said})\b(?!'s|s\b)",
            one.folded,
        )
        if (alone or re.search(rf"{told['claim']}(?:{said})\b", one.folded)) and not low - 1 <= age <= high + 1:
            return _ANOTHER
    for said, years in told["anniversaries"].items():
        hit = regex(rf"\b(?:her|his|my|their|our) (?:own )?{said}").search(one.folded)
        if hit and years > age - _WORKER and not ahead:
            return "nobody has been married for so long at that age"
    return ""


def _nth(word: str) -> int:
    return _ORDINALS[word] if word in _ORDINALS else int(word[:2])


def _decade(hit: re.Match[str]) -> int:
    year, short, word = hit.group("y"), hit.group("s"), hit.group("w")
    return int(year) if year else 1900 + (int(short) if short else 50 + 10 * _TENS[3:].index(word))


def _of_children(document: Mapping[str, Any], age: int) -> Iterator[Flaw]:
    """Yield children and grandchildren that nobody of this age has. They are others, so whole texts are read."""
    told = table("years")
    for one in said_in(document, OWN):
        sons = each_number(told["patterns"]["en"]["child"], in_digits(one.folded, "en"))
        if any(number > age - _PARENT for number in sons):
            yield clash(one, f"surface.age is {age}", "nobody of that age has so old a child")
        elif age < _GROWN and regex(told["grown"]).search(one.folded):
            yield clash(one, f"surface.age is {age}", "nobody of that age has grown children")
        elif age < _GROWN and regex(told["spoken"]).search(one.folded):
            yield clash(one, f"surface.age is {age}", "nobody of that age has grandchildren")
