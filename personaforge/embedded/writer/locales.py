"""Locales: what is said, eaten and called how in a place. Found by tag, country, city or personal name.

A locale that the tables don't know is never guessed at: `elsewhere` gives names that travel and claims nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from personaforge.embedded.writer.naming import Naming, forms
from personaforge.embedded.writer.tables import locale_tables
from personaforge.embedded.writer.words import fold

UNKNOWN = "mul"
"""The tag of the entry for places that no table knows."""


class Ethnicity(NamedTuple):
    """A people at home in a locale."""

    name: str
    share: float
    """How many of the locale's people, in rounded percent. 0 for a name that says a religion: chance never gives it."""
    palette: str
    """Of dna.yaml."""
    roots: str = ""
    """Tag of the locale that the family came from, where that is another."""


@dataclass(frozen=True, slots=True)
class Locale:
    """One entry of the locale tables, complete."""

    tag: str
    country: str
    demonym: str
    words: tuple[str, ...]
    height: Mapping[str, float]
    """Mean adult height in cm for woman and man."""
    languages: tuple[str, ...]
    second: tuple[str, ...]
    ethnicities: tuple[Ethnicity, ...]
    tongues: Mapping[str, str]
    """Ethnicity to the language spoken at home, where that isn't the first of `languages`."""
    given: Mapping[str, tuple[str, ...]]
    """Given names for woman, man and neutral."""
    family: tuple[str, ...]
    """Family names, those with a form for each gender as man's/woman's."""
    peoples: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Ethnicity to its own names, by woman, man, family and perhaps neutral, where they differ from the locale's."""
    naming: Naming
    accents: tuple[str, ...]
    cities: tuple[str, ...]
    regions: Mapping[str, tuple[str, ...]]
    """Names of regions to those of the cities that lie there."""
    dishes: tuple[str, ...]
    pastimes: tuple[str, ...]
    corners: tuple[str, ...]
    unlawful: frozenset[str]
    """Tags of what the law of the place keeps from nearly everybody: chance gives nobody a taste for it."""
    full: bool
    """Whether the locale stands on its own; those that borrow from another aren't drawn for a brief without a place."""
    sources: tuple[str, ...]
    """Keys of sources.yaml: where the names and customs can be checked."""

    def ethnicity(self, name: str) -> Ethnicity | None:
        """Return the ethnicity of this name; None if it isn't one of the locale's."""
        return next((ethnicity for ethnicity in self.ethnicities if ethnicity.name == name), None)

    def given_name(self, rng: Random, gender: str, people: str = "") -> str:
        """Return a given name. A nonbinary person's is mostly, and not always, one that all genders use."""
        own = self.peoples.get(people, self.given)
        if gender in ("woman", "man"):
            return rng.choice(own[gender])
        neutral = own.get("neutral") or self.given["neutral"]
        return rng.choice(neutral if rng.random() < 0.8 else (*own["woman"], *own["man"]))

    def complete(self, rng: Random, given: str, people: str = "", gender: str = "", abroad: bool = False) -> str:
        """Return a full name with this given name, in the locale's order, or in that of wherever the family lives."""
        surnames = self.peoples[people]["family"] if people in self.peoples else self.family
        return self.naming.full(rng, given, surnames, gender, people, abroad)


@cache
def locales() -> Mapping[str, Locale]:
    """Return all locales by tag."""
    entries = locale_tables()
    return {tag: _locale(tag, entry, entries) for tag, entry in entries.items()}


def _locale(tag: str, entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> Locale:
    chain = [entry]
    while "like" in chain[-1]:
        chain.append(entries[chain[-1]["like"]])
    whole: dict[str, Any] = {}
    for link in reversed(chain):
        whole |= link
    lists = ("words", "languages", "second", "accents", "cities", "dishes", "pastimes", "corners")
    return Locale(
        tag=tag,
        country=whole["country"],
        demonym=whole["demonym"],
        height=whole["height"],
        ethnicities=tuple(Ethnicity(*ethnicity) for ethnicity in whole["ethnicities"]),
        tongues=whole.get("tongues") or {},
        given={gender: tuple(whole["names"][gender]) for gender in ("woman", "man", "neutral")},
        family=tuple(whole["names"]["family"]),
        peoples={
            people: {kind: tuple(names) for kind, names in own.items()}
            for people, own in (whole.get("peoples") or {}).items()
        },
        naming=Naming(
            whole["pattern"],
            whole.get("patterns") or {},
            {gender: tuple(names) for gender, names in (whole["names"].get("middle") or {}).items()},
            tuple(whole["names"].get("father") or ()),
        ),
        regions={region: tuple(cities) for region, cities in (entry.get("regions") or {}).items()},
        unlawful=frozenset(entry.get("unlawful") or ()),
        full="like" not in entry,
        sources=tuple(entry.get("sources") or ()),
        **{name: tuple(whole[name]) for name in lists},
    )


def known_locales() -> list[Locale]:
    """Return the locales of known places."""
    return [locale for locale in locales().values() if locale.tag != UNKNOWN]


def by_tag(tag: str) -> Locale | None:
    """Return the locale of a BCP 47 tag; without its region, the first that speaks the language."""
    exact = locales().get(tag)
    if exact is not None:
        return exact
    language, _, region = tag.partition("-")
    for locale in known_locales():
        if region and locale.tag.endswith(f"-{region}"):
            return locale
    return next((locale for locale in known_locales() if locale.tag.startswith(f"{language}-")), None)


@cache
def _countries() -> Mapping[str, Locale]:
    found = {fold(locale.country): locale for locale in known_locales()}
    for locale in known_locales():
        for word in locale.words:
            found.setdefault(fold(word), locale)
    return found


def by_country(country: str) -> Locale | None:
    """Return the locale of a country by its name or by another word for it, such as UK."""
    folded = fold(country).strip().removeprefix("the ").rstrip(".")
    return _countries().get(folded)


def elsewhere(country: str) -> Locale:
    """Return a locale for a country that no table knows."""
    return replace(locales()[UNKNOWN], country=country, accents=(f"{country} English",))


@cache
def _cities() -> Mapping[str, tuple[str, Locale]]:
    found: dict[str, tuple[str, Locale]] = {}
    for locale in known_locales():
        for city in locale.cities:
            found.setdefault(fold(city), (city, locale))
    return found


def by_city(city: str) -> Locale | None:
    """Return the locale of a city that a table lists."""
    hit = _cities().get(fold(city).strip())
    return hit[1] if hit else None


@cache
def _names() -> tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
    given: dict[str, set[str]] = {}
    family: dict[str, set[str]] = {}
    genders: dict[str, set[str]] = {}
    for locale in known_locales():
        if locale.tag != UNKNOWN and (locale.full or "names" in locale_tables()[locale.tag]):
            for names in (locale.given, *locale.peoples.values()):
                for gender in names.keys() - {"family"}:
                    for name in names[gender]:
                        given.setdefault(fold(name), set()).add(locale.tag)
                        genders.setdefault(fold(name), set()).add(gender)
            own = (*locale.family, *(name for names in locale.peoples.values() for name in names["family"]))
            for name in (*(form for both in own for form in forms(both)), *locale.naming.patronymics()):
                family.setdefault(fold(name), set()).add(locale.tag)
    return tuple({key: frozenset(tags) for key, tags in index.items()} for index in (given, family, genders))  # type: ignore[return-value]


def _tokens(name: str) -> list[str]:
    """Return the parts of a personal name that tables may know: single words, and pairs for names like De Luca."""
    words = fold(name).replace(".", " ").split()
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def homes_of_name(name: str) -> frozenset[str]:
    """Return the tags of the locales that a name sounds like: those sharing most of its parts; none if unknown."""
    given, family, _ = _names()
    tokens = _tokens(name)
    votes: dict[str, int] = {}
    for index in (given, family):
        for tag in {tag for token in tokens for tag in index.get(token, frozenset())}:
            votes[tag] = votes.get(tag, 0) + 1
    best = max(votes.values(), default=0)
    homes = [tag for tag, vote in votes.items() if vote == best]
    # Nguyễn is at home in Vietnam before it is in the Czechia of Vietnamese Czechs.
    main = {tag: len(_main_names()[tag].intersection(tokens)) for tag in homes}
    return frozenset(tag for tag in homes if main[tag] == max(main.values()))


@cache
def _main_names() -> Mapping[str, frozenset[str]]:
    """Return each locale's names, folded, without those that only one of its peoples has."""
    return {
        locale.tag: frozenset(
            fold(name)
            for names in (*locale.given.values(), *(forms(family) for family in locale.family))
            for name in names
        )
        for locale in known_locales()
    }


def gender_of_name(name: str) -> str:
    """Return woman or man if the tables know the given name as only that; empty otherwise.

    A family name may come first (Kim Min-ji), and may be a given name elsewhere: where several parts are known as given
    names, one that no table has as a family name decides.
    """
    _, family, genders = _names()
    known = [token for token in _tokens(name) if token in genders]
    token = next((token for token in known if token not in family), known[0] if known else "")
    found = genders.get(token, frozenset())
    return next(iter(found)) if len(found) == 1 and "neutral" not in found else ""


def is_name(word: str) -> bool:
    """Tell whether a word is somebody's given or family name in any table."""
    given, family, _ = _names()
    return fold(word) in given or fold(word) in family


def known_parts(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the tags that know the given part of a name, and those that know the family part."""
    given, family, _ = _names()
    tokens = _tokens(name)
    firsts = frozenset(tag for token in tokens for tag in given.get(token, frozenset()))
    lasts = frozenset(tag for token in tokens for tag in family.get(token, frozenset()))
    return firsts, lasts


def kin(tag: str) -> frozenset[str]:
    """Return the tags that share names with a locale: itself, what it borrows from, and those speaking its language."""
    own = locales()[tag]
    language = tag.partition("-")[0]
    like = locale_tables()[tag].get("like", "")
    shared = {tag, *([like] if "names" not in locale_tables()[tag] and like else [])}
    shared |= {other.tag for other in known_locales() if other.tag.partition("-")[0] == language}
    shared |= {other.tag for other in known_locales() if set(other.languages[:1]) == set(own.languages[:1])}
    return frozenset(shared)
