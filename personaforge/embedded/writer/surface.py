"""The surface section: name, age, gender, people, work and place, grounded in the layers before it.

The order matters: first the place, then the ethnicity and name, then work that suits the character, then an age that
suits the work. Each reads the pins, so that a pinned country determines names, languages and cities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.bounds import number_of
from personaforge.embedded.writer.home import home, roots
from personaforge.embedded.writer.locales import Locale, by_city, gender_of_name, locales
from personaforge.embedded.writer.reading import DRIVES, SCORES
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold, pick, several, within
from personaforge.embedded.writer.work import job_of, jobs_at, title_at, where

_WORKING_AGE = (24, 60)
_LOCAL = 4.0
"""How much likelier the place's own work is than work that is found everywhere: a quarter of people do it."""
_YOUNGEST, _OLDEST = 18, 95


def surface(a: Assignment) -> dict[str, Any]:
    """Draft the surface."""
    here = home(a)
    gender = _gender(a)
    ethnicity = _ethnicity(a, here)
    known = here.ethnicity(ethnicity)
    came_from = locales()[known.roots] if known and known.roots else roots(a, here)
    name = _name(a, here, came_from, gender, ethnicity)
    cities = _cities(a, here)
    job = _occupation(a, here, cities)
    return {
        "name": name,
        "age": _age(a, job),
        "gender": gender,
        "ethnicity": ethnicity,
        "occupation": job,
        "location": {"city": _city(a, here, cities, job), "country": here.country},
        "languages": _languages(a, here, came_from, ethnicity),
    }


def _gender(a: Assignment) -> str:
    stated = a.text("surface.gender") or a.reading.gender or gender_of_name(a.text("surface.name"))
    return stated or pick(a.rng("gender"), {"woman": 0.48, "man": 0.48, "nonbinary": 0.04})


def _ethnicity(a: Assignment, here: Locale) -> str:
    stated = a.text("surface.ethnicity")
    if stated:
        return stated
    named = a.reading.place.ethnicity
    if named and (here.ethnicity(named) or not a.reading.place.home):
        return named
    came_from = roots(a, here)
    if came_from.tag == here.tag:
        shares = {ethnicity.name: ethnicity.share for ethnicity in here.ethnicities if ethnicity.share > 0}
        return pick(a.rng("ethnicity"), a.allowed(shares))
    local = [ethnicity.name for ethnicity in here.ethnicities if ethnicity.roots == came_from.tag]
    return local[0] if local else f"{came_from.demonym}-{here.demonym}" if here.demonym else came_from.demonym


def _name(a: Assignment, here: Locale, came_from: Locale, gender: str, ethnicity: str) -> str:
    stated = a.text("surface.name")
    if stated:
        return stated
    written = a.reading.name
    if len(written.split()) > 1:
        return written
    rng = a.rng("name")
    # A person with roots elsewhere has both names from one people there: a random mix of two would be wrong.
    others = {people.name: people.share for people in came_from.ethnicities if people.share > 0 and not people.roots}
    people = ethnicity if came_from == here or not others else pick(a.rng("people"), others)
    name = ""
    for _ in range(12):  # another one when a finding quotes it; twelve tries leave no name that a finding can name
        giver = here if came_from != here and rng.random() < 0.55 else came_from
        given = written or giver.given_name(rng, gender, people if giver == came_from else ethnicity)
        name = came_from.complete(rng, given, people, gender, abroad=came_from != here)
        if not a.barred(name):
            break
    return name


def _occupation(a: Assignment, here: Locale, cities: Sequence[str]) -> str:
    stated = a.text("surface.occupation") or a.reading.occupation
    if stated:  # no finding leads away from the brief
        return stated
    low, high = _ages(a)
    scores = {**_known(a, "self.big_five", SCORES), **_known(a, "soul.drives", DRIVES)}
    genres = a.genres()
    manner = 12.0 * (number_of("mask.register", a.text("mask.register")) - 0.5)
    weights: dict[str, float] = {}
    for job in jobs_at(here.tag):
        first, last = job.ages
        places = where(job, here.tag)
        if low > last or high < first or (places is not None and not set(places) & set(cities)):
            continue
        weight = math.exp(
            2.5 * sum(lean * (scores[score] - 0.5) for score, lean in job.lean.items() if score in scores)
        )
        for place, genre in enumerate(job.genres):
            weight *= 1.0 + min(genres.get(genre, 0.0), 2.0) * (3.0 if place == 0 else 1.2)
        weight *= (_LOCAL if job.tag else 1.0) * math.exp(table("mask")["work"].get(job.dress, 0.0) * manner)
        weights[title_at(job, here.tag)] = weight * (0.3 if job.rhythm == "retired" else 1.0)
    return pick(a.rng("occupation"), a.allowed(weights or {"shopkeeper": 1.0}))


def _known(a: Assignment, path: str, names: tuple[str, ...]) -> dict[str, float]:
    values = a.known(path)
    if not isinstance(values, Mapping):
        return {}
    return {name: float(values[name]) for name in names if isinstance(values.get(name), (int, float))}


def _ages(a: Assignment) -> tuple[int, int]:
    """Return the ages that the pins, the brief and the findings allow."""
    pinned = a.known("surface.age")
    if isinstance(pinned, int):
        return pinned, pinned
    low, high = a.advised("surface.age", *(a.reading.ages or (_YOUNGEST, _OLDEST)))
    return int(low), int(high)


def _age(a: Assignment, occupation: str) -> int:
    low, high = _ages(a)
    if low == high:
        return low
    job = job_of(occupation)
    first, last = job.ages if job else _WORKING_AGE
    if max(low, first) <= min(high, last):
        low, high = max(low, first), min(high, last)
    # A voice full of emoji is mostly a young one.
    if a.text("mask.writing_style.emoji") in ("some", "many"):
        high = low + round((high - low) * 0.5)
    # Careers start more often than they end: most people are in the earlier half of what the work allows.
    return int(within(round(a.rng("age").triangular(low, high, low + (high - low) * 0.3)), _YOUNGEST, _OLDEST))


def _cities(a: Assignment, here: Locale) -> list[str]:
    """Return the cities that the pins, the brief and the findings allow; at least one."""
    stated = a.text("surface.location.city")
    if stated:
        return [stated]
    written = a.reading.place.city
    if written and by_city(written) == here:
        return [written]
    near = {city: 1.0 for city in a.reading.place.cities if city in here.cities}
    if near:
        return list(a.allowed(near))
    return list(a.allowed(dict.fromkeys(here.cities, 1.0))) or [f"the capital of {here.country}"[:60]]


def _city(a: Assignment, here: Locale, cities: Sequence[str], occupation: str) -> str:
    """Return one of the cities, where the work is done if that is among them."""
    job = job_of(occupation)
    places = where(job, here.tag) if job else None
    fitting = [city for city in cities if places is None or city in places]
    return a.rng("city").choice(fitting or list(cities))


def _languages(a: Assignment, here: Locale, came_from: Locale, ethnicity: str) -> list[str]:
    rng = a.rng("languages")
    tongue = here.tongues.get(ethnicity, "")
    languages = [tongue, *here.languages] if tongue else list(here.languages)
    if came_from != here and rng.random() < 0.75:
        languages.insert(0 if rng.random() < 0.3 else len(languages), came_from.languages[0])
    openness = _known(a, "self.big_five", SCORES).get("openness", 0.5)
    travels = 0.25 if "travel" in a.genres() else 0.0
    extra = sum(rng.random() < chance for chance in (0.45 + 0.5 * (openness - 0.5) + travels, 0.2 + openness * 0.2))
    # Languages are mostly learned in the order of the table: English before Basque.
    offered = {language: 1.0 / (1 + place) for place, language in enumerate(here.second)}
    spoken = [fold(language) for language in languages]
    languages += [language for language in several(rng, a.allowed(offered), extra) if fold(language) not in spoken]
    return list(dict.fromkeys(languages))[:4]
