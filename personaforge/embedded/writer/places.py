"""Where a brief places its person: the home, the roots, and the people named.

"A Korean-American ceramicist in Lyon" has its home in Lyon and its roots in Korea. Mentions are found by the words of
the locale tables and weighed by what stands before them; a language that somebody speaks is no place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from personaforge.embedded.writer.locales import Locale, is_name, known_locales
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold, pattern, plain
from personaforge.embedded.writer.work import jobs


class Whereabouts(NamedTuple):
    """What a brief says about a person's place. Tags are several where the brief names a region."""

    home: tuple[str, ...] = ()
    city: str = ""
    roots: tuple[str, ...] = ()
    """Where the family comes from, when that is not the home."""
    ethnicity: str = ""
    """An ethnicity of the tables that the brief names."""
    cities: tuple[str, ...] = ()
    """Those of the region that the brief names, where it names no city."""
    heard: bool = False
    """Whether only a language that the person speaks points at the home: a guess, and nothing to hold anybody to."""


class _Word(NamedTuple):
    kind: str
    """country, city, area (a part of a country), people (a demonym or a nickname), region (of several) or language."""
    tags: tuple[str, ...]
    city: str = ""
    ethnicity: str = ""
    cities: tuple[str, ...] = ()


class _Mention(NamedTuple):
    start: int
    end: int
    word: _Word
    role: str
    """home, roots, place, people, spoken (a language) or language (taught, cooked, sung)."""


def whereabouts(brief: str) -> Whereabouts:
    """Read the places and peoples of a brief."""
    mentions = _mentions(brief)
    solid = [mention for mention in mentions if mention.role not in ("language", "spoken")]
    home = _home(solid)
    if home is None:
        return next((_heard(mention) for mention in mentions if mention.role == "spoken"), Whereabouts())
    tags = home.word.tags
    city = next(
        (
            mention.word.city
            for mention in solid
            if mention.word.city and mention.role != "roots" and _meet(mention, tags)
        ),
        "",
    )
    if home.role == "roots" and not city:
        city = home.word.city
    others = [mention for mention in solid if mention.role in ("roots", "people") and not _meet(mention, tags)]
    roots = others[0].word.tags if others else ()
    named = [mention.word.ethnicity for mention in solid if mention.word.ethnicity]
    areas = [mention.word.cities for mention in solid if mention.role != "roots" and _meet(mention, tags)]
    cities = next((found for found in areas if found), ()) if not city else ()
    return Whereabouts(tags, city, roots, named[0] if named else "", cities)


def _heard(mention: _Mention) -> Whereabouts:
    return Whereabouts(mention.word.tags, ethnicity=mention.word.ethnicity, heard=bool(mention.word.tags))


def _meet(mention: _Mention, tags: tuple[str, ...]) -> bool:
    return not set(mention.word.tags).isdisjoint(tags)


def _home(mentions: list[_Mention]) -> _Mention | None:
    for role in ("home", "place"):
        found = [mention for mention in mentions if mention.role == role]
        if found:
            return found[-1] if role == "home" else found[0]
    peoples = [mention for mention in mentions if mention.role == "people"]
    for first, second in pairwise(peoples):
        if second.start - first.end <= 1:  # "Korean-American": at home in America
            stays = set(table("intent")["hyphen_home_first"])
            return first if stays & set(first.word.tags) and not stays & set(second.word.tags) else second
    if peoples:
        return peoples[0]
    return mentions[0] if mentions else None


def _mentions(brief: str) -> list[_Mention]:
    words = _index()
    folded, cased = fold(brief), plain(brief)
    if len(cased) != len(folded):  # a letter whose lower case is longer; then case can't be looked up
        cased = folded
    rules: Mapping[str, list[str]] = table("intent")["places"]
    found: list[_Mention] = []
    for hit in pattern(tuple(words)).finditer(folded):
        word = words.get(hit.group()) or words.get(hit.group().replace("-", " ")) or _wild(hit.group())
        if word is None:
            continue
        before, after = folded[: hit.start()].rstrip(" -"), folded[hit.end() :].lstrip(" -")
        spoken = _languages().get(hit.group())
        if spoken and (_ends(before, rules["speaks"]) or _starts(after, rules["speaks_after"])):
            found.append(_Mention(hit.start(), hit.end(), spoken, "spoken"))
            continue
        prepositions = _ends(before, rules["near"]) or _ends(before, rules["home"]) or _ends(before, rules["roots"])
        capital = cased[hit.start()].isupper()
        if _careful(hit.group(), word) and not (capital and (prepositions or _says_who(word, before, after))):
            continue
        if word.kind == "language" or (
            word.kind == "people" and (_ends(before, rules["language"]) or _starts(after, rules["language_after"]))
        ):
            role = "language"
        elif _ends(before, rules["roots"]):
            role = "roots"
        elif _ends(before, rules["home"]):
            role = "home"
        else:
            role = "people" if word.kind in ("people", "region") else "place"
        found.append(_Mention(hit.start(), hit.end(), word, role))
    return found


def _says_who(word: _Word, before: str, after: str) -> bool:
    """Tell whether a people's name says who somebody is: a Polish baker, warm and Polish; not Polish your nails."""
    if word.kind != "people":
        return False
    return bool(_persons().match(after)) or (bool(before) and (not after or after[0] in ",.;!?"))


@cache
def _persons() -> re.Pattern[str]:
    """Return a pattern for words that people are called by, up to two words on: architect, jazz singer, woman."""
    called_by_work = (word for job in jobs() for word in (job.title, *job.words))
    called = {fold(word) for words in table("intent")["gender"].values() for word in words} - {
        "she",
        "her",
        "he",
        "his",
    }
    words = "|".join(re.escape(word) for word in sorted({*map(fold, called_by_work), *called, "person", "somebody"}))
    return re.compile(rf"(?:[\w'-]+ ){{0,2}}(?:{words})(?!\w)")


def _ends(text: str, words: list[str]) -> bool:
    return any(text == word or text.endswith(f" {word}") for word in words)


def _starts(text: str, words: list[str]) -> bool:
    return any(text == word or text.startswith((f"{word} ", f"{word}.", f"{word},")) for word in words)


@cache
def _careful_words() -> frozenset[str]:
    return frozenset(fold(word) for word in table("intent")["careful"])


def _careful(found: str, word: _Word) -> bool:
    """Tell whether a word is a place only after a preposition: an everyday word as well, or a city and also a name."""
    return found in _careful_words() or (word.kind in ("city", "area") and " " not in found and is_name(found))


def _wild(found: str) -> _Word | None:
    """Return what a word means that was found through a region's `*`."""
    regions = table("intent")["regions"]
    return next(
        (_Word("region", tuple(entry["tags"])) for word, entry in regions.items() if pattern((word,)).fullmatch(found)),
        None,
    )


@cache
def _index() -> Mapping[str, _Word]:
    """Return every place word, folded, with what it means; the first meaning stays."""
    found: dict[str, _Word] = {}
    for locale in known_locales():
        _add_locale(found, locale)
    intent = table("intent")
    for word, entry in intent["regions"].items():
        found[fold(word)] = _Word("region", tuple(entry["tags"]))
    homes = {city: locale.tag for locale in reversed(known_locales()) for city in locale.cities}
    for word, city in intent["city_words"].items():
        kind = "people" if fold(word) in found and found[fold(word)].kind == "people" else "city"
        found[fold(word)] = _Word(kind, (homes[city],), city=city)
    for locale in known_locales():
        for area, cities in locale.regions.items():
            for name in (area, area.removeprefix("the ")):
                found.setdefault(fold(name), _Word("area", (locale.tag,), cities=cities))
    for language, entry in _languages().items():
        found.setdefault(language, entry)
    return found


@cache
def _languages() -> Mapping[str, _Word]:
    """Return every language, folded, with the locales where it comes first, or else is spoken at home by a people.

    Locales that stand on their own go before those that borrow: they know more about where somebody lives.
    """
    found: dict[str, _Word] = {}
    locales = sorted(known_locales(), key=lambda locale: not locale.full)
    names = {fold(name) for locale in locales for name in (*locale.languages, *locale.tongues.values())}
    for name in sorted(names):
        firsts = [locale for locale in locales if fold(locale.languages[0]) == name]
        firsts = firsts or [locale for locale in locales if name in map(fold, locale.languages)]
        ethnicity = ""
        if not firsts:
            speakers = [
                (locale, people)
                for locale in locales
                for people, tongue in locale.tongues.items()
                if fold(tongue) == name and locale.ethnicity(people)
            ]
            firsts = [locale for locale, _ in speakers]
            ethnicity = speakers[0][1] if len(speakers) == 1 else ""
        full = [locale for locale in firsts if locale.full]
        tags = dict.fromkeys(locale.tag for locale in full or firsts)
        found[name] = _Word("language", tuple(tags), ethnicity=ethnicity)
    return found


def _add_locale(found: dict[str, _Word], locale: Locale) -> None:
    here = (locale.tag,)
    for name in (locale.country, f"the {locale.country}"):
        found.setdefault(fold(name), _Word("country", here))
    for city in locale.cities:
        found.setdefault(fold(city), _Word("city", here, city=city))
    for word in (locale.demonym, f"{locale.demonym}s", *locale.words):
        found.setdefault(fold(word), _Word("people", here))
    for ethnicity in locale.ethnicities:
        folded = fold(ethnicity.name)
        if folded != fold(locale.demonym) and (folded not in found or not found[folded].ethnicity):
            found[folded] = _Word("people", here, ethnicity=ethnicity.name)
