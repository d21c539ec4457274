"""What of a day belongs to another place than the home: money, cities, streets, rivers, offices, shops, feasts,
weather, telephone codes; and whether the city lies in the country at all. By local.yaml and the tables of places.

Only texts of the day are read (the rhythm, the role, the phrases, the occupation): somebody's past, holiday and
interests may be anywhere. What stands behind words of travel, calls or memories is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from personaforge.brief.language import LATIN, data, language
from personaforge.brief.text import plain as brief_plain
from personaforge.embedded.once import once
from personaforge.embedded.writer.clash import clash
from personaforge.embedded.writer.flaws import Flaw, all_texts, quoted, ruled, text, texts
from personaforge.embedded.writer.locales import by_city, by_country, by_tag, known_locales
from personaforge.embedded.writer.own import Said, in_digits, regex, said_in, tongue_of
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold, pattern

_DAY = ("mask.social_role", "mask.signature_phrases", "lifestyle.daily_rhythm", "surface.occupation")
_PAID = (*_DAY, "lifestyle.interests")
_LIFE = (*_DAY, "lifestyle.interests", "soul.fear")
_PRICED = (*_PAID, "soul.desire", "soul.fear", "soul.growth_arc")
"""Texts with sums that somebody pays at home."""
_WHERE = ("lifestyle.daily_rhythm", "mask.social_role", "surface.occupation")
_SCORE = "cultural_fidelity"
_AMOUNT = (
    r"(?:\d[\d.,]*|one|half an?|hundred|thousand|million|few|couple of|mil|cien|cent|mille|hundert|tausend|un|una|ein)"
)
_WEIGHT = re.compile(
    r"\b(?:lost|los(?:e|es|ing)|weigh\w*|lift\w*|gained?|flour|apples|sacks?|bags?|muscle|barbell\w*|dumbbell\w*|bench|squats?|"
    r"deadlift\w*|catch|luggage|heavier|lighter|dental|teeth|tooth|shoes?|boots)\b"
)
"""Words with which pounds are a weight, and crowns are on teeth."""
_NEAR_CITY = re.compile(
    r"\b(?:in|at|across|around|through|downtown|central|of|over|near|for|to|outside) (?:the |old |downtown )?$"
)
"""What stands before the name of a city where somebody is; Florence, Sydney and Austin are people, too."""
_ANYWHERE = frozenset(["received pronunciation", "oxford"])
"""Accents that are learned far from home."""
_CLAUSE = re.compile(r"[.;]\s*")
_SIGNS = 3
"""Little words of another language, and none of one that is spoken, from which a phrase is in that language."""


def local_flaws(document: Mapping[str, Any], brief: str) -> Iterator[Flaw]:
    """Yield what belongs to another place."""
    country = text(document, "surface.location.country")
    yield from _region(document, country)
    yield from ruled("city", _city_of(document, country))
    yield from _money(document, country)
    yield from _cities(document, country, brief)
    yield from _marks(document, country, brief)
    yield from ruled("weather", _weather(document, country))
    yield from ruled("language of a phrase", _phrases(document))
    yield from ruled("accent", _accent(document, country, brief))


def _code(country: str) -> str:
    """Return the ISO code of a country by its English name; empty for one that is unknown."""
    return _codes().get(fold(country), "")


@once
def _codes() -> Mapping[str, str]:
    found = {fold(row["name"]): code for code, row in data("places")["countries"].items()}
    found |= {fold(row.get("en", "")): code for code, row in data("places")["countries"].items() if row.get("en")}
    return {**found, **{fold(name): code for name, code in table("local")["also"].items()}}


def _region(document: Mapping[str, Any], country: str) -> Iterator[Flaw]:
    """Yield the region of the intent's locale that isn't the home's; `culture` does it for locales of its tables."""
    locale = text(document, "intent.locale")
    region = locale.rpartition("-")[2]
    code = _code(country)
    known = by_tag(locale) is not None and by_country(country) is not None
    if code and len(region) == 2 and region.isupper() and region != code and not known:
        problem = f"The intent's locale is {quoted(locale)}, the home is in {country}."
        rule = "written in English" if locale.startswith("en-") else "locale"
        yield Flaw(_SCORE, 0.5, "intent", problem, f"Use a locale of {country}, or move the home.", 0.1, rule)


def _city_of(document: Mapping[str, Any], country: str) -> Iterator[Flaw]:
    """Yield a city that CLDR has in another country; `culture` does it for the cities of the writer's tables."""
    city, code = text(document, "surface.location.city"), _code(country)
    row = data("places")["cities"].get(city)
    if row is None or not code or row["in"] == code or city in table("local")["shared"] or by_city(city) is not None:
        return
    there = data("places")["countries"].get(row["in"], {}).get("name", row["in"])
    problem = f"{quoted(city)} is in {there}, not in {country}."
    yield Flaw(_SCORE, 1.6, "surface", problem, f"Choose a city in {country}.", 0.35)


def _money(document: Mapping[str, Any], country: str) -> Iterator[Flaw]:
    """Yield money that nobody pays with here."""
    if not _code(country):
        return
    tongue, quoted_too = tongue_of(document), table("local")["quoted"]
    for words, countries in table("local")["currencies"]:
        if country in countries:
            continue
        paid = _paid("|".join(words))
        for one in said_in(document, _PRICED):
            said = in_digits(in_digits(one.folded, "en"), tongue)
            hit = paid.search(said)
            if hit and not _WEIGHT.search(one.folded):
                here = country not in quoted_too.get(words[0], ())
                yield _paid_so(one, country, here, _around(said, hit.start()))
                break
    for sign, countries in table("local")["signs"]:
        for one in said_in(document, _PRICED):
            hit = re.search(rf"{re.escape(sign)} ?\d|\d ?{re.escape(sign)}", one.text)
            if country not in countries and hit:
                yield _paid_so(one, country, True, _around(fold(one.text), hit.start()))
                break


def _around(said: str, at: int) -> str:
    """Return the clause of a text that a place lies in."""
    before, behind = re.split(r"[.;?!]\s", said[:at])[-1], re.split(r"[.;?!](?:\s|$)", said[at:])[0]
    return before + behind


def _paid_so(one: Said, country: str, here: bool, clause: str) -> Flaw:
    """Return the flaw of foreign money: clear where the text names no other place, and nobody quotes prices in it."""
    found = clash(one, f"surface.location.country is {country}", f"nobody pays so in {country}", _SCORE)
    elsewhere = regex(table("local")["away"]).search(clause) or _places().search(one.folded)
    return found._replace(rule="price" if here and not elsewhere else "money")


@once
def _places() -> re.Pattern[str]:
    """Return the names of all cities, countries and peoples of the tables."""
    named = {name for locale in known_locales() for name in (*locale.cities, locale.country, locale.demonym)}
    return pattern(tuple(named | {row["name"] for row in data("places")["countries"].values()}))


@once
def _paid(named: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b{_AMOUNT} (?:{named})\b"
        rf"(?= (?:a|an|per|each|for|and|in|the|on|der|la|el|pour|por|\d\d?)\b| ?[,.;!?]|$)"
        rf"|\b(?:paid|pays?|paying|cash|priced|costs?|charges?|counted|counts?|reckoned|settled?|tips?|haggl\w+|quoted?|"
        rf"saves?|earns?|budget|prices|bills|wages|rent|till)\b[^.;]{{0,25}}? in (?:{named})\b"
        rf"|\b(?:a|the|ein paar|quelques|unos) (?:few |fifty |hundred |thousand )?(?:{named})\b"
        rf"(?= (?:note\w*|coin|bill|for|in)\b)"
        rf"|\b(?:mil|cien|hundert|tausend|cent|mille) (?:{named})\b"
    )


@once
def _towns() -> re.Pattern[str]:
    return pattern(tuple(city for locale in known_locales() for city in locale.cities if len(city) > 4))


def _cities(document: Mapping[str, Any], country: str, brief: str) -> Iterator[Flaw]:
    """Yield a day in another city than the home's."""
    home = fold(text(document, "surface.location.city"))
    away = regex(table("local")["away"])
    clauses = [(path, clause) for path in _WHERE for clause in _CLAUSE.split(text(document, path))]
    for path, clause in clauses if home else ():
        folded = fold(clause)
        hit = _towns().search(folded)
        known = by_city(hit.group()) if hit else None
        # Names of towns are words, too, so it has to be written as a name.
        named = hit is not None and len(clause) == len(folded) and clause[hit.start()].isupper()
        if hit and known and named and home not in (hit.group(), folded) and home not in folded:
            before, behind = folded[: hit.start()], folded[hit.end() :]
            if away.search(before) or not _NEAR_CITY.search(before):
                continue
            if re.match(r"[- ](?:style|born|trained|accent|school)", behind):
                continue
            one = Said(path, text(document, path), folded)
            where = f"surface.location.city is {text(document, 'surface.location.city')}"
            found = clash(one, where, "that is no day from there", _SCORE)
            abroad = known.country != country and not _is_told(document, brief, [_code(known.country)], one)
            yield found._replace(rule="day abroad" if abroad else "city of the day")
            return


class _Mark(NamedTuple):
    """A name that belongs to places."""

    said: re.Pattern[str]
    codes: tuple[str, ...]
    cities: tuple[str, ...]
    """Where it is in these alone."""
    is_word: bool
    """Whether it is written small, too."""


@once
def _of_places() -> list[_Mark]:
    return [
        _Mark(
            re.compile(rf"(?<!\w)(?:{line['said']})(?!\w)"),
            tuple(line["in"]),
            tuple(line.get("at", ())),
            "word" in line,
        )
        for line in table("local")["marks"]
    ]


def _marks(document: Mapping[str, Any], country: str, brief: str) -> Iterator[Flaw]:
    """Yield names of another place. Where the document or the brief names that place, it is only worth a look."""
    code, home = _code(country), fold(text(document, "surface.location.city"))
    if not code:
        return
    away = regex(table("local")["away"])
    for said in said_in(document, _LIFE):
        for clause in _CLAUSE.split(said.folded):
            for mark in _of_places():
                hit = mark.said.search(clause)
                if hit is None or away.search(clause[: hit.start()]):
                    continue
                if not mark.is_word and not _is_name(said.text, hit.group()):
                    continue
                if code not in mark.codes:
                    why = f"“{hit.group()}” is not in {country}"
                    found = clash(said, f"surface.location.country is {country}", why, _SCORE)
                    told = _is_told(document, brief, mark.codes, said)
                    yield found._replace(rule="place named elsewhere" if told else "place of the day")
                    return
                # Only a city that is known to be another one is another one: suburbs have many names.
                if mark.cities and said.path in _WHERE and home not in map(fold, mark.cities) and _is_city(home):
                    where = f"surface.location.city is {text(document, 'surface.location.city')}"
                    found = clash(said, where, f"“{hit.group()}” is in {' or '.join(mark.cities)}", _SCORE)
                    yield found._replace(rule="place in the country")
                    return


def _is_told(document: Mapping[str, Any], brief: str, codes: Sequence[str], one: Said) -> bool:
    """Tell whether anything else in a document, or the brief, names one of these countries: whoever comes from there
    keeps its customs."""
    told = [brief] + [
        words
        for section in ("soul", "mask", "surface", "lifestyle", "dna", "intent")
        for path, words in all_texts(document.get(section) or {}, section)
        if path not in ("surface.location.country", "surface.location.city") and words != one.text
    ]
    return any(_names_of(code).search(" ".join(map(fold, told))) for code in codes)


@once
def _names_of(code: str) -> re.Pattern[str]:
    """Return the names of a country, its people and its cities."""
    names = {data("places")["countries"][code]["name"]} if code in data("places")["countries"] else set()
    names |= {city for city, row in data("places")["cities"].items() if row["in"] == code}
    for here in known_locales():
        if _code(here.country) == code:
            names |= {here.country, here.demonym, *here.cities}
    return pattern(tuple(name for name in names if name))


def _is_name(text: str, found: str) -> bool:
    """Tell whether a found name is written as one somewhere in a text: with a capital, a digit or a sign."""
    at = fold(text).find(found)
    return (
        len(fold(text)) != len(text)
        or not found[:1].isalpha()
        or any(ch.isupper() for ch in text[at : at + len(found)])
    )


@once
def _all_cities() -> frozenset[str]:
    cities = {fold(city) for locale in known_locales() for city in locale.cities}
    return frozenset(cities | {fold(city) for city in data("places")["cities"]})


def _is_city(folded: str) -> bool:
    return folded in _all_cities()


def _weather(document: Mapping[str, Any], country: str) -> Iterator[Flaw]:
    """Yield weather that a country doesn't have."""
    code = _code(country)
    for rule in table("local")["weather"]:
        never = code in rule["never"] if "never" in rule else bool(code) and code not in rule["only"]
        if not never:
            continue
        matcher, away = regex(rule["said"]), regex(table("local")["away"])
        for one in said_in(document, _LIFE):
            hit = matcher.search(one.folded)
            if hit and not away.search(one.folded):
                why = f"“{hit.group()}” is no weather of {country}"
                yield clash(one, f"surface.location.country is {country}", why, _SCORE)
                return


def _phrases(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield a phrase in a language that nobody speaks here. English is passed over: documents are written in it."""
    spoken = {fold(one) for one in texts(document, "surface.languages")}
    if not spoken:
        return
    own = tongue_of(document)
    for one in said_in(document, ("mask.signature_phrases",)):
        words = re.findall(r"[^\W\d_]+", brief_plain(one.text))
        counts = {tag: sum(word in language(tag).signs for word in words) for tag in LATIN}
        best = max(counts, key=lambda tag: counts[tag])
        name = language(best).tag if best in ("en", own) else _name_of(best)
        if best in ("en", own) or counts[best] < _SIGNS or counts[best] <= 1 + max(counts["en"], counts[own]):
            continue
        others = [tag for tag in LATIN if tag != best and counts[tag] >= counts[best] - 1]
        if others or any(fold(name) in said for said in spoken):
            continue
        spoken_text = ", ".join(texts(document, "surface.languages"))
        yield clash(one, f"surface.languages has {spoken_text}", f"that is {name}", _SCORE)
        return


def _name_of(tag: str) -> str:
    from personaforge.brief.language import NAMES

    return NAMES[tag]


def _accent(document: Mapping[str, Any], country: str, brief: str) -> Iterator[Flaw]:
    """Yield an accent of another country where nothing in the document or the brief names that place."""
    accent, here = fold(text(document, "dna.voice.accent")), by_country(country)
    if not accent or here is None:
        return
    told = " ".join(
        fold(words)
        for section in ("soul", "mask", "surface", "lifestyle", "intent")
        for path, words in all_texts(document.get(section) or {}, section)
        if path != "surface.location.country"
    )
    told = f"{told} {fold(brief)}"
    for home, words in table("contradictions")["accents"].items():
        hit = pattern(tuple(words)).search(accent)
        if (
            not hit
            or hit.group() in _ANYWHERE
            or home == country
            or any(fold(word) in accent for word in (country, here.demonym, *here.cities))
        ):
            continue
        there = by_country(home)
        named = [home, hit.group(), *([there.demonym, *there.cities, *there.words] if there else [])]
        if there and not any(re.search(rf"\b{re.escape(fold(name))}\b", told) for name in named):
            problem = (
                f"The accent {quoted(accent)} is at home in {home}, this person in {country}, and nothing says why."
            )
            yield Flaw(
                _SCORE, 0.7, "dna", problem, f"Let the accent be one of {country}'s, or say where it is from.", 0.4
            )
            return
