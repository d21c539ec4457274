"""What texts of any layer say of somebody's own life, beside the numbers and the other texts: age, height, the end of
work, family, what they dislike, the money and the cities of a day. Some of it in Spanish, French and German, too.

As `contradiction`, these rules see words and not meaning. A sentence that speaks of somebody else is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from personaforge.brief.language import language
from personaforge.embedded.once import once
from personaforge.embedded.writer.contradiction import Said, clash, said_in
from personaforge.embedded.writer.flaws import Flaw, quoted, text, value
from personaforge.embedded.writer.locales import by_city, by_country, known_locales
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import count, fold, for_others, pattern

_OWN = ("soul", "mask.social_role", "mask.signature_phrases", "lifestyle.daily_rhythm",
        "lifestyle.vacation_style.description", "surface.occupation")  # fmt: skip
_DAY = ("mask.social_role", "mask.signature_phrases", "lifestyle.daily_rhythm", "lifestyle.interests",
        "surface.occupation")  # fmt: skip
_DOES = ("lifestyle", "surface.occupation", "mask.social_role")
_RETIRES = 48
"""The youngest age at which somebody has retired, as `contradictions.yaml` has it of occupations."""
_BEGINS = 15
"""The youngest age at which work begins; a guess of ours."""
_WRITTEN = 2026
"""The year of this rule. Who is of an age in a later year was born later, so what it finds is wrong then, too."""
_CENTIMETRES = 5
"""Difference in cm from which a height in words is another one: feet and inches are rounded to 2.5."""
_WORD = r"([a-z]+(?:[- ][a-z]+)?|\d{2,3})"
_SOON = r"(?:next|last|this|in|soon|ago|tomorrow|yesterday)\b"
_TURN = re.compile(rf"\bturn(?:ing|ed|s)? {_WORD} (?={_SOON})")
_TURNED = re.compile(rf"\b(?:she|he|they|i|since|and) (?:has |have )?turned {_WORD}(?= *(?:[,.;!?]|$|and\b))")
_HOLDS = re.compile(rf"\b(?:the|a|an) {_WORD}-year-old\b(?! (?:twin|son|daughter|boy|girl|cat|dog|house|car|tree|oak))")
_AM = re.compile(rf"\bi(?:'m| am) {_WORD}(?= (?:years? old|and|now)\b|[,.;!?]|$)")
_ANS = re.compile(r"\b(?:ses|mes|j'ai|elle a|il a) ([a-z]+(?:[- ](?:et[- ])?[a-z]+)*|\d{2}) ans\b")
_ANOS = re.compile(r"\b(?:sus|mis|tengo|tiene|cumple|cumplio) (?:los )?([a-z]+(?: y [a-z]+)?|\d{2})(?: anos)?\b")
_JAHRE = re.compile(r"\b(?:ich bin|sie ist|er ist|wird|wurde) ([a-z]+|\d{2})(?: jahre? alt|\b(?= ?[,.;!?]|$))")
_SINCE = re.compile(r"\b(?:she|he|they|i)(?: first)? (?:joined|started|began|entered|opened|took over)\b[^.;]{0,40}?\b"
                    r"in (19\d\d|20\d\d)\b")  # fmt: skip
_SPENT = (
    (re.compile(rf"\b{_WORD} years (?:of|in|at|on|behind|as|into|with)\b"), "en"),
    (re.compile(r"\b(?:depuis|pendant|apres) ([a-z]+(?:[- ](?:et[- ])?[a-z]+)?|\d{2}) ans\b"), "fr"),
    (re.compile(r"\b(?:desde hace|durante|lleva|tras) ([a-z]+(?: y [a-z]+)?|\d{2}) anos\b"), "es"),
    (re.compile(r"\b(?:seit|nach) ([a-z]+|\d{2}) jahren\b"), "de"),
)
_DECADE = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DECADES = re.compile(r"\b(two|three|four|five|six) decades\b")
_CHILD = 8
"""Years: somebody can't have done something for longer than since the age of 8; as in `contradiction`."""
_TENS = {"twent": 20, "thirt": 30, "fort": 40, "fift": 50, "sixt": 60, "sevent": 70, "eight": 80, "ninet": 90}
_UNITS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_ORDINALS = {
    **{f"{ten}ieth": number for ten, number in _TENS.items()},
    **{f"{ten}y-{unit}": number + place for ten, number in _TENS.items() for place, unit in enumerate(_UNITS, 1)},
}
_BIRTHDAY = re.compile(rf"\b({'|'.join(_ORDINALS)}) birthday (?:{_SOON})")
_METRE = re.compile(
    r"\b(?:one|un|mon|ein|einen|uno?) (?:met(?:re|er|ro)s?) (?:e |y )?([a-z]+(?:[- ][a-z]+)?)"
    r"|\b(?:metre) (soixante[a-z -]*|quatre-vingt[a-z -]*|cinquante[a-z -]*)|\beins ([a-z]+zig)\b"
)
_DIGITS = re.compile(r"\b(1)[.,](\d\d) ?m\b|\b(1[4-9]\d|20\d) ?cm\b|\b(1) ?m ?(\d\d)\b")
_FOOT = re.compile(r"\b(four|five|six|[456]) (?:foot|feet) ?(\w+)?")
_THINGS = re.compile(r"\b(?:board|plank|table|fence|rope|wall|ladder|door|fabric|wood|beam|shelf of|snow|wide|deep)\b")
_AWAY = re.compile(
    r"\b(?:train|flight|weekends?|calls?|letters?|radio|postcards?|trip|travel\w*|every \w+ in)\b|\bfrom $"
)
_AMOUNT = r"(?:\d[\d.,]*|[a-z]+(?:-[a-z]+)?)"
_CLAUSES = re.compile(r"[.;:!?]\s+|,\s+")
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_LITTLE = frozenset(
    [
        "a",
        "an",
        "the",
        "in",
        "on",
        "at",
        "with",
        "of",
        "for",
        "to",
        "and",
        "by",
        "from",
        "her",
        "his",
        "their",
        "my",
        "playing",
        "doing",
        "after",
        "before",
        "every",
    ]
)
_FEWEST = 3
"""Words from which a clause that stands twice in a text is a copy."""


def life_flaws(document: Mapping[str, Any], brief: str) -> Iterator[Flaw]:
    """Yield what contradicts the numbers, or another text, of a life."""
    told = [Said("brief", brief, fold(brief))] if brief else []
    own = [one for said in said_in(document, _OWN) for one in _sentences(said)]
    yield from _ages(document, own)
    yield from _heights(document, own)
    yield from _ended(document, own)
    yield from _exclusive(document, told)
    yield from _beard(document, own)
    yield from _averse(document, told)
    yield from _money(document)
    yield from _cities(document)
    yield from _copies(document)


def _sentences(said: Said) -> list[Said]:
    """Return the sentences of a text that don't speak of somebody else."""
    others = re.compile(rf"\b(?:{table('lives')['others']})\b")
    return [
        Said(said.path, said.text, one)
        for one in _SENTENCES.split(said.folded)
        if said.path in ("mask.social_role", "surface.occupation") or not others.search(one)
    ]


@cache
def _numbers(tag: str) -> Mapping[str, int]:
    return {re.sub(r"[\s-]+", "", word): number for word, number in language(tag).numbers.items()}


def _number(word: str, tag: str) -> int | None:
    """Return the number that a word, or its first part, says in a language, from 18; None where it says none."""
    if word.isdigit():
        return int(word)
    for said in (word, word.split(" ")[0]):
        found = _numbers(tag).get(re.sub(r"[\s-]+", "", said))
        if found is not None and found >= 18:
            return found
    return None


def _ages(document: Mapping[str, Any], own: Sequence[Said]) -> Iterator[Flaw]:
    age = value(document, "surface.age")
    if not isinstance(age, int) or isinstance(age, bool):
        return
    kinds = ((_TURN, "en", 2, False), (_TURNED, "en", 0, True), (_AM, "en", 1, False), (_ANS, "fr", 2, False),
             (_ANOS, "es", 2, False), (_JAHRE, "de", 2, False))  # fmt: skip
    for one in own:
        for matcher, tag, apart, only_later in kinds:
            numbers = [_number(hit.group(1), tag) for hit in matcher.finditer(one.folded)]
            wrong = [n for n in numbers if n is not None and (n - age if only_later else abs(n - age)) > apart]
            if wrong:
                yield clash(one, f"surface.age is {age}", f"{wrong[0]} is another age")
        if one.path in ("mask.social_role", "mask.signature_phrases"):
            held = [_number(hit.group(1), "en") for hit in _HOLDS.finditer(one.folded)]
            if any(n is not None and abs(n - age) > 1 for n in held):
                yield clash(one, f"surface.age is {age}", "that is another age")
        spent = [_number(hit.group(1), tag) for matcher, tag in _SPENT for hit in matcher.finditer(one.folded)]
        spent += [10 * _DECADE[hit.group(1)] for hit in _DECADES.finditer(one.folded)]
        if any(n is not None and n > age - _CHILD for n in spent):
            yield clash(one, f"surface.age is {age}", "nobody has done so for so long at that age")
        born = [_ORDINALS[hit.group(1)] for hit in _BIRTHDAY.finditer(one.folded)]
        if any(abs(n - age) > 2 for n in born):
            yield clash(one, f"surface.age is {age}", "that is another birthday")
        begun = _SINCE.search(one.folded)
        if begun and int(begun.group(1)) < _WRITTEN - age + _BEGINS:
            yield clash(one, f"surface.age is {age}", f"nobody of that age had work in {begun.group(1)}")


def _heights(document: Mapping[str, Any], own: Sequence[Said]) -> Iterator[Flaw]:
    height = value(document, "dna.body.height_cm")
    if not isinstance(height, (int, float)) or isinstance(height, bool):
        return
    for one in own:
        if _THINGS.search(one.folded):
            continue
        said = [cm for cm in _centimetres(one.folded) if 130 <= cm <= 215]
        if said and all(abs(cm - height) > _CENTIMETRES for cm in said):
            yield clash(one, f"dna.body.height_cm is {height}", f"{said[0]} cm is another height")


def _centimetres(folded: str) -> Iterator[int]:
    for hit in _DIGITS.finditer(folded):
        metres, rest, whole, other, tail = hit.groups()
        yield int(whole) if whole else 100 * int(metres or other) + int(rest or tail)
    for hit in _METRE.finditer(folded):
        word = next(group for group in hit.groups() if group).strip()
        found = next((n for tag in ("en", "fr", "es", "de", "it") if (n := _number(word, tag)) is not None), None)
        if found is not None:
            yield 100 + found
    for hit in _FOOT.finditer(folded):
        feet = {"four": 4, "five": 5, "six": 6}.get(hit.group(1)) or int(hit.group(1))
        inches = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
        tail = hit.group(2) or ""
        rest = int(tail) if tail.isdigit() and int(tail) < 12 else inches.index(tail) if tail in inches else 0
        yield round(30.48 * feet + 2.54 * rest)


def _ended(document: Mapping[str, Any], own: Sequence[Said]) -> Iterator[Flaw]:
    age = value(document, "surface.age")
    if not isinstance(age, int) or isinstance(age, bool) or age >= _RETIRES:
        return
    matcher = re.compile(rf"\b(?:{'|'.join(table('lives')['ended'])})\b")
    for one in own:
        hit = matcher.search(one.folded)
        if hit and one.path != "surface.occupation":
            yield clash(one, f"surface.age is {age}", f"{hit.group()!r} is hard to believe at that age", "realism")


def _exclusive(document: Mapping[str, Any], told: Sequence[Said]) -> Iterator[Flaw]:
    everywhere = [*told, *said_in(document, ("soul", "mask", "surface.occupation", "lifestyle"))]
    for first, second in table("lives")["exclusive"]:
        one = next((one for one in everywhere if count(first, one.folded)), None)
        other = next((other for other in everywhere if other != one and count(second, other.folded)), None)
        if one is not None and other is not None:
            yield clash(one, f"{other.path} has {quoted(other.text)}", "only one of them can be true")


def _beard(document: Mapping[str, Any], own: Sequence[Said]) -> Iterator[Flaw]:
    beard = text(document, "dna.face.facial_hair")
    words = table("lives")["bearded" if beard == "none" else "shaven"]
    one = next((one for one in own if beard and beard != "stubble" and count(words, one.folded)), None)
    if one is not None:
        yield clash(one, f"dna.face.facial_hair is {beard}", "only one of them can be true")


@once
def _things() -> Mapping[str, re.Pattern[str]]:
    return {name: pattern(tuple(words)) for name, words in table("lives")["things"].items()}


def _averse(document: Mapping[str, Any], told: Sequence[Said]) -> Iterator[Flaw]:
    averse = re.compile("|".join(rf"\b(?:{one})" for one in table("lives")["averse"]))
    spoken = said_in(document, ("soul", "mask.social_role", "mask.signature_phrases", "lifestyle.daily_rhythm"))
    own = [one for said in spoken for one in _sentences(said)]
    own += [said._replace(folded=clause) for said in told for clause in re.split(r"[.,;]\s*", said.folded)]
    sentences = [one for one in own if averse.search(one.folded)]
    implies = table("lives")["implies"]
    doing = said_in(document, _DOES)
    for name, matcher in _things().items():
        one = next((one for one in sentences if matcher.search(one.folded)), None)
        one = one or next((one for one in own if count(implies.get(name, ()), one.folded)), None)
        if one is None:
            continue
        for other in doing:
            hit = matcher.search(other.folded)
            excused = for_others(other.folded) or count(implies.get(name, ()), other.folded)
            if hit and other.path != one.path and not averse.search(other.folded) and not excused:
                yield clash(one, f"{other.path} has {quoted(other.text)}", f"these don't go together ({name})")
                break


def _money(document: Mapping[str, Any]) -> Iterator[Flaw]:
    country = text(document, "surface.location.country")
    if by_country(country) is None:
        return
    for words, countries in table("lives")["currencies"]:
        if country in countries:
            continue
        named = "|".join(words)
        paid = re.compile(rf"\b{_AMOUNT} (?:{named})\b(?= (?:a|an|per|each|for|and|\w+teen|\w+ty)\b| ?[,.;!?]|$)"
                          rf"|\b(?:paid|pays|cash|priced|costs?|charges?) (?:\w+ )?in (?:{named})\b")  # fmt: skip
        for one in said_in(document, _DAY):
            hit = paid.search(one.folded)
            if hit and not re.search(r"\b(?:lost|lose|loses|weigh\w*|lift\w*|gained?)\b", one.folded):
                why = f"nobody pays so in {country}"
                yield clash(one, f"surface.location.country is {country}", why, "cultural_fidelity")
                break


@once
def _towns() -> re.Pattern[str]:
    return pattern(tuple(city for locale in known_locales() for city in locale.cities if len(city) > 4))


def _cities(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield a day in another city than the home's."""
    home = fold(text(document, "surface.location.city"))
    paths = ("lifestyle.daily_rhythm", "mask.social_role", "surface.occupation")
    clauses = [(path, clause) for path in paths for clause in re.split(r"[.;]\s*", text(document, path))]
    for path, clause in clauses if home else ():
        folded = fold(clause)
        hit = _towns().search(folded)
        known = by_city(hit.group()) if hit else None
        # Names of towns are words, too, so it has to be written as a name.
        named = hit is not None and len(clause) == len(folded) and clause[hit.start()].isupper()
        if (
            hit
            and known
            and named
            and hit.group() != home
            and home not in folded
            and not _AWAY.search(folded[: hit.start()])
        ):
            one = Said(path, text(document, path), folded)
            where = f"surface.location.city is {text(document, 'surface.location.city')}"
            yield clash(one, where, "that is no day from there", "cultural_fidelity")
            return


def _copies(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield a clause that stands twice in one text, and an interest that another one only says at more length."""
    for one in said_in(document, ("soul", "mask.social_role", "lifestyle.vacation_style.description",
                                  "lifestyle.daily_rhythm")):  # fmt: skip
        clauses = [
            re.sub(r"^(?:and|then|and then) ", "", clause.strip(" .,;:!?")) for clause in _CLAUSES.split(one.folded)
        ]
        twice = next((c for c in clauses if len(c.split()) >= _FEWEST and clauses.count(c) > 1), "")
        if twice:
            problem = f"{one.path} says {quoted(twice)} twice."
            yield Flaw("depth", 0.7, one.path.partition(".")[0], problem, "Say it once.", 0.1)
    interests = said_in(document, ("lifestyle.interests",))
    for place, other in enumerate(interests):
        words = _bare(other.folded)
        same = next((one for one in interests[:place] if _within(_bare(one.folded), words)), None)
        if same is not None and same.folded != other.folded:
            problem = f"The interests {quoted(same.text)} and {quoted(other.text)} are one."
            yield Flaw("depth", 0.4, "lifestyle", problem, "Give each category interests of its own.")


def _bare(folded: str) -> set[str]:
    return set(re.findall(r"\w+", folded)) - _LITTLE


def _within(first: set[str], second: set[str]) -> bool:
    fewer, more = sorted((first, second), key=len)
    return len(fewer) >= 2 and fewer <= more
