"""Where a brief places its person: the home, the roots, and the people named.

"A Korean-American ceramicist in Lyon" has its home in Lyon and its roots in Korea. Mentions are found by the words of
the locale tables and weighed by what stands before them; a language that somebody speaks is no place.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from personaforge.providers.embedded.text_locales import Locale, is_name, known_locales
from personaforge.providers.embedded.text_tables import table
from personaforge.providers.embedded.text_words import fold, pattern, plain


class Whereabouts(NamedTuple):
    """What a brief says about a person's place. Tags are several where the brief names a region."""

    home: tuple[str, ...] = ()
    city: str = ""
    roots: tuple[str, ...] = ()
    """Where the family comes from, when that is not the home."""
    ethnicity: str = ""
    """An ethnicity of the tables that the brief names."""


class _Word(NamedTuple):
    kind: str
    """country, city, people (a demonym or a nickname) or region."""
    tags: tuple[str, ...]
    city: str = ""
    ethnicity: str = ""


class _Mention(NamedTuple):
    start: int
    end: int
    word: _Word
    role: str
    """home, roots, place, people or language."""


def whereabouts(brief: str) -> Whereabouts:
    """Read the places and peoples of a brief."""
    mentions = _mentions(brief)
    solid = [mention for mention in mentions if mention.role != "language"]
    home = _home(solid)
    if home is None:
        return Whereabouts()
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
    return Whereabouts(tags, city, roots, named[0] if named else "")


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
        prepositions = _ends(before, rules["near"]) or _ends(before, rules["home"]) or _ends(before, rules["roots"])
        if _careful(hit.group(), word) and not (prepositions and cased[hit.start()].isupper()):
            continue
        if word.kind == "people" and (_ends(before, rules["language"]) or _starts(after, rules["language_after"])):
            role = "language"
        elif _ends(before, rules["roots"]):
            role = "roots"
        elif _ends(before, rules["home"]):
            role = "home"
        else:
            role = "people" if word.kind in ("people", "region") else "place"
        found.append(_Mention(hit.start(), hit.end(), word, role))
    return found


def _ends(text: str, words: list[str]) -> bool:
    return any(text == word or text.endswith(f" {word}") for word in words)


def _starts(text: str, words: list[str]) -> bool:
    return any(text == word or text.startswith((f"{word} ", f"{word}.", f"{word},")) for word in words)


@cache
def _careful_words() -> frozenset[str]:
    return frozenset(fold(word) for word in table("intent")["careful"])


def _careful(found: str, word: _Word) -> bool:
    """Tell whether a word is a place only after a preposition: an everyday word as well, or a city and also a name."""
    return found in _careful_words() or (word.kind == "city" and " " not in found and is_name(found))


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
