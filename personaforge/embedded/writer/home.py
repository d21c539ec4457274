"""Which locale a person is at home in, and which one the family comes from, by what is pinned, drafted and written."""

from __future__ import annotations

from collections.abc import Iterable

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.locales import (
    Locale,
    by_city,
    by_country,
    by_tag,
    elsewhere,
    homes_of_name,
    known_locales,
    locales,
)
from personaforge.embedded.writer.places import whereabouts


def home(a: Assignment) -> Locale:
    """Return the home locale.

    What the user or an earlier section states about the place comes first, then the brief, then what the person is
    called and what they are, then a language that the brief has them speak; a brief that says nothing gets a locale by
    chance.
    """
    country = a.text("surface.location.country")
    if country:
        return by_country(country) or elsewhere(country)
    city = by_city(a.text("surface.location.city"))
    if city:
        return city
    stated = by_tag(a.text("intent.locale"))
    written = a.reading.place.home
    if written and not a.reading.place.heard:
        return stated or _one(a, written)
    pinned = _by_person(a)
    if pinned:
        return stated if stated and stated.tag in pinned else _one(a, pinned)
    if stated:
        return stated
    if written:
        return _one(a, written)
    return _one(a, [locale.tag for locale in known_locales() if locale.full])


def roots(a: Assignment, here: Locale) -> Locale:
    """Return the locale that the family comes from, which is nearly always the home."""
    stated = a.text("surface.ethnicity")
    if stated:
        ethnicity = here.ethnicity(stated)
        if ethnicity:
            return locales()[ethnicity.roots] if ethnicity.roots else here
        named = whereabouts(stated)  # "Korean-American" has its roots in Korea
        tags = named.roots or named.home
        return here if not tags or here.tag in tags else _one(a, tags)
    written = a.reading.place.roots
    return here if not written or here.tag in written else _one(a, written)


def _by_person(a: Assignment) -> list[str]:
    """Return the locales that a pinned ethnicity, name or language points at."""
    ethnicity = whereabouts(a.text("surface.ethnicity")).home
    if ethnicity:
        return list(ethnicity)
    name = homes_of_name(a.text("surface.name") or a.reading.name)
    if name:
        return sorted(name)
    languages = a.known("surface.languages")
    if isinstance(languages, list) and languages:
        return [locale.tag for locale in known_locales() if locale.languages[0] == languages[0]]
    return []


def _one(a: Assignment, tags: Iterable[str]) -> Locale:
    return locales()[a.rng("home").choice(sorted(tags))]
