"""The surface section: name, age, gender, people, work and place, grounded in the layers before it.

Order matters: the place is settled first, then who lives there, then work that suits the character, then an age that
suits the work. Each reads the pins, so that a pinned country brings its names, languages and cities with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from personaforge.providers.embedded.text_assignment import Assignment
from personaforge.providers.embedded.text_home import home, roots
from personaforge.providers.embedded.text_locales import Locale, by_city, gender_of_name, locales
from personaforge.providers.embedded.text_reading import DRIVES, SCORES, job_of
from personaforge.providers.embedded.text_tables import table
from personaforge.providers.embedded.text_words import fold, pick, several, within

_WORKING_AGE = (24, 60)
_YOUNGEST, _OLDEST = 18, 95


def surface(a: Assignment) -> dict[str, Any]:
    """Draft the surface."""
    here = home(a)
    gender = _gender(a)
    ethnicity = _ethnicity(a, here)
    known = here.ethnicity(ethnicity)
    came_from = locales()[known.roots] if known and known.roots else roots(a, here)
    name = _name(a, here, came_from, gender, ethnicity)
    job = _occupation(a)
    return {
        "name": name,
        "age": _age(a, job),
        "gender": gender,
        "ethnicity": ethnicity,
        "occupation": job,
        "location": {"city": _city(a, here), "country": here.country},
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
        return pick(a.rng("ethnicity"), a.allowed({ethnicity.name: ethnicity.share for ethnicity in here.ethnicities}))
    local = [ethnicity.name for ethnicity in here.ethnicities if ethnicity.roots == came_from.tag]
    return local[0] if local else f"{came_from.demonym}-{here.demonym}" if here.demonym else came_from.demonym


def _name(a: Assignment, here: Locale, came_from: Locale, gender: str, ethnicity: str) -> str:
    stated = a.text("surface.name")
    if stated:
        return stated
    written = a.reading.name
    if len(written.split()) > 1 and not a.barred(written):
        return written
    rng = a.rng("name")
    name = ""
    for _ in range(12):  # another one when a finding quotes it; twelve tries leave no name that a finding can name
        giver = here if came_from is not here and rng.random() < 0.55 else came_from
        given = written or giver.given_name(rng, gender, ethnicity)
        name = came_from.complete(rng, given, ethnicity, gender, abroad=came_from is not here)
        if not a.barred(name):
            break
    return name


def _occupation(a: Assignment) -> str:
    stated = a.text("surface.occupation") or a.reading.occupation
    if stated and (a.text("surface.occupation") or not a.barred(stated)):
        return stated
    low, high = _ages(a)
    scores = {**_known(a, "self.big_five", SCORES), **_known(a, "soul.drives", DRIVES)}
    genres = a.genres()
    weights = {}
    for job in table("occupations")["occupations"]:
        first, last = job["ages"]
        if low > last or high < first:
            continue
        weight = math.exp(
            2.5 * sum(lean * (scores[score] - 0.5) for score, lean in job["lean"].items() if score in scores)
        )
        for place, genre in enumerate(job["genres"]):
            weight *= 1.0 + min(genres.get(genre, 0.0), 2.0) * (3.0 if place == 0 else 1.2)
        weights[job["title"]] = weight * (0.3 if job["rhythm"] == "retired" else 1.0)
    return pick(a.rng("occupation"), a.allowed(weights or {"shopkeeper": 1.0}))


def _known(a: Assignment, path: str, names: tuple[str, ...]) -> dict[str, float]:
    values = a.known(path)
    if not isinstance(values, Mapping):
        return {}
    return {name: float(values[name]) for name in names if isinstance(values.get(name), (int, float))}


def _ages(a: Assignment) -> tuple[int, int]:
    """Return the ages that the pins, the brief and the findings leave open."""
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
    first, last = job["ages"] if job else _WORKING_AGE
    if max(low, first) <= min(high, last):
        low, high = max(low, first), min(high, last)
    # Careers start more often than they end: most people are in the earlier half of what the work allows.
    return int(within(round(a.rng("age").triangular(low, high, low + (high - low) * 0.3)), _YOUNGEST, _OLDEST))


def _city(a: Assignment, here: Locale) -> str:
    stated = a.text("surface.location.city")
    if stated:
        return stated
    written = a.reading.place.city
    if written and by_city(written) is here:
        return written
    near = [city for city in a.reading.place.cities if city in here.cities and not a.barred(city)]
    if near:
        return a.rng("city").choice(near)
    if not here.cities:
        return f"the capital of {here.country}"[:60]
    return pick(a.rng("city"), a.allowed(dict.fromkeys(here.cities, 1.0)))


def _languages(a: Assignment, here: Locale, came_from: Locale, ethnicity: str) -> list[str]:
    rng = a.rng("languages")
    tongue = here.tongues.get(ethnicity, "")
    languages = [tongue, *here.languages] if tongue else list(here.languages)
    if came_from is not here and rng.random() < 0.75:
        languages.insert(0 if rng.random() < 0.3 else len(languages), came_from.languages[0])
    openness = _known(a, "self.big_five", SCORES).get("openness", 0.5)
    travels = 0.25 if "travel" in a.genres() else 0.0
    extra = sum(rng.random() < chance for chance in (0.45 + 0.5 * (openness - 0.5) + travels, 0.2 + openness * 0.2))
    # What is learned is learned mostly in the order of the table: English before Basque.
    offered = {language: 1.0 / (1 + place) for place, language in enumerate(here.second)}
    spoken = [fold(language) for language in languages]
    languages += [language for language in several(rng, a.allowed(offered), extra) if fold(language) not in spoken]
    return list(dict.fromkeys(languages))[:4]
