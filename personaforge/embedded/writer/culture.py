"""Whether name, city, languages and accent belong to the place that a document names.

Values that no table has are not faults: the tables are small and the world isn't.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from personaforge.embedded.writer.flaws import Flaw, quoted, ruled, text, texts, value
from personaforge.embedded.writer.locales import (
    Locale,
    by_city,
    by_country,
    by_tag,
    kin,
    known_locales,
    known_parts,
)
from personaforge.embedded.writer.places import whereabouts
from personaforge.embedded.writer.tables import entry, table
from personaforge.embedded.writer.words import fold


def evidence(document: Mapping[str, Any]) -> float:
    """Return how strong the evidence is that a person is at home in their place, 0 to 1."""
    signs = _signs(document)
    return sum(signs.values()) / len(signs) if signs else 0.0


def is_unknown(document: Mapping[str, Any]) -> bool:
    """Return whether a document names a country of which the tables know nothing."""
    country = text(document, "surface.location.country")
    return bool(country) and by_country(country) is None


def missing(document: Mapping[str, Any]) -> list[str]:
    """Return the signs of being at home in the country that are missing in a document."""
    return [name for name, there in _signs(document).items() if not there]


def _signs(document: Mapping[str, Any]) -> dict[str, bool]:
    """Return the possible signs of being at home in the country, and whether each is there; none if the country is
    unknown."""
    here = by_country(text(document, "surface.location.country"))
    if here is None:
        return {}
    given, family = known_parts(text(document, "surface.name"))
    families = _families(text(document, "surface.ethnicity"), here)
    spoken = [fold(language) for language in texts(document, "surface.languages")]
    accent = fold(text(document, "dna.voice.accent"))
    signs = {
        "given name": not given.isdisjoint(families),
        "family name": not family.isdisjoint(families),
        "city": fold(text(document, "surface.location.city")) in {fold(city) for city in here.cities},
        "languages": any(fold(language) in spoken for language in (*here.languages, *here.tongues.values())),
        "accent": any(fold(word) in accent for tag in families for word in _sounds(tag)) if accent else False,
    }
    interests = value(document, "lifestyle.interests")
    if isinstance(interests, Mapping):
        said = {interest for kind in interests for interest in texts(document, f"lifestyle.interests.{kind}")}
        signs["pastimes"] = not said.isdisjoint(entry(line).text for line in here.pastimes)
        signs["dishes"] = not said.isdisjoint(entry(line).text for line in here.dishes)
    return signs


def culture_flaws(document: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what belongs to another place."""
    if value(document, "surface") is None:
        problem = "There is no surface to place this person by."
        yield Flaw("cultural_fidelity", 1.0, "surface", problem, "Draft the surface.", rule="no surface")
        return
    country = text(document, "surface.location.country")
    here = by_country(country) if country else None
    if here is None:
        if not country:
            advice = "Name the country, and check name, city and languages by it."
            problem = "The surface names no country."
            yield Flaw("cultural_fidelity", 2.0, "surface", problem, advice, rule="no country")
        return
    families = _families(text(document, "surface.ethnicity"), here)
    yield from ruled("city", _city(document, here))
    yield from ruled("name and ethnicity", _name(document, here, families))
    yield from ruled("language of the country", _languages(document, here))
    yield from ruled("accent", _accent(document, here, families))
    stated = by_tag(text(document, "intent.locale"))
    if stated and stated.tag != here.tag:
        problem = f"The intent's locale is {quoted(stated.tag)}, the home is in {country}."
        advice = f"Use the locale {here.tag}, or move the home."
        rule = "written in English" if stated.tag.startswith("en-") else "locale"
        yield Flaw("cultural_fidelity", 0.5, "intent", problem, advice, rule=rule)


def _families(ethnicity: str, here: Locale) -> frozenset[str]:
    """Return the tags of all locales that a name or an accent may come from: the home's, and the roots'."""
    known = here.ethnicity(ethnicity)
    named = whereabouts(ethnicity)
    tags = {here.tag, *named.home, *named.roots, *([known.roots] if known and known.roots else [])}
    return frozenset(relative for tag in tags for relative in kin(tag))


def _city(document: Mapping[str, Any], here: Locale) -> Iterator[Flaw]:
    city = text(document, "surface.location.city")
    known = by_city(city)
    if here.country in table("local")["twins"].get(city, ()):
        return  # a name that both countries have
    if known and known.tag != here.tag and fold(city) not in {fold(own) for own in here.cities}:
        problem = f"{quoted(city)} is in {known.country}, not in {here.country}."
        yield Flaw("cultural_fidelity", 1.6, "surface", problem, f"Choose a city in {here.country}.", 0.35)


def _name(document: Mapping[str, Any], here: Locale, families: frozenset[str]) -> Iterator[Flaw]:
    name = text(document, "surface.name")
    given, family = known_parts(name)
    foreign = [part for part in (given, family) if part and part.isdisjoint(families)]
    if len(foreign) == 2 or (len(foreign) == 1 and not (given | family) & families):
        problem = (
            f"The name {quoted(name)} is at home elsewhere than in {here.country}, and the ethnicity doesn't say why."
        )
        yield Flaw(
            "cultural_fidelity", 1.2, "surface", problem, f"Choose a name that people in {here.country} have.", 0.2
        )


def _languages(document: Mapping[str, Any], here: Locale) -> Iterator[Flaw]:
    spoken = [fold(language) for language in texts(document, "surface.languages")]
    local = [fold(language) for language in (*here.languages, *here.tongues.values())]
    if not any(word in language for language in spoken for word in local):
        problem = f"Nobody at home in {here.country} gets by without {here.languages[0]}."
        yield Flaw("cultural_fidelity", 1.4, "surface", problem, f"Add {here.languages[0]} to the languages.", 0.25)


def _accent(document: Mapping[str, Any], here: Locale, families: frozenset[str]) -> Iterator[Flaw]:
    accent = fold(text(document, "dna.voice.accent"))
    if not accent:
        return
    spoken = texts(document, "surface.languages")
    own = [word for tag in families for word in _sounds(tag)]
    words = {fold(word) for word in (*spoken, *own, *here.tongues.values())}
    if any(word and word in accent for word in words):
        return
    foreign = [
        locale.demonym
        for locale in known_locales()
        if any(fold(word) in accent for word in (locale.demonym, *locale.cities))
    ]
    if foreign:
        heard = quoted(text(document, "dna.voice.accent"))
        problem = f"The accent {heard} belongs neither to {here.country} nor to a language spoken."
        yield Flaw("cultural_fidelity", 1.2, "dna", problem, f"Let the accent be one of {here.country}'s.", 0.2)


def _sounds(tag: str) -> list[str]:
    locale = by_tag(tag)
    return [locale.demonym, *locale.cities, *locale.languages] if locale else []
