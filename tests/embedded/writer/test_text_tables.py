"""The word tables hold together: nothing refers to what isn't there, and nothing offers what a schema refuses."""

from __future__ import annotations

import string
from typing import Any

import pytest

from personaforge.embedded.writer.locales import Locale, known_locales, locales
from personaforge.embedded.writer.naming import forms
from personaforge.embedded.writer.places import whereabouts
from personaforge.embedded.writer.reading import DRIVES, SCORES
from personaforge.embedded.writer.tables import entry, interests, locale_tables, table
from personaforge.embedded.writer.words import fold, has
from personaforge.embedded.writer.work import job_of, jobs

from .text_cases import schema

TAGS = set(table("intent")["avoid"]) | {"children", "sport"}
GENRES = set(table("intent")["genres"])


def members(path: str) -> set[str]:
    """Return the words that a schema allows at a path."""
    section, *keys = path.split(".")
    part: Any = schema(section)
    for key in keys:
        part = part["properties"][key]
    return set(part["enum"])


@pytest.mark.parametrize("tag", list(locale_tables()))
def test_a_locale_is_complete(tag: str) -> None:
    locale = locales()[tag]
    assert all(len(locale.given[gender]) >= (3 if gender == "neutral" else 5) for gender in ("woman", "man", "neutral"))
    assert len(set(locale.family)) >= 5
    assert len(locale.dishes) >= 4 and len(locale.pastimes) >= 4 and len(locale.corners) >= 4
    naming = locale.naming
    for pattern in (naming.pattern, *naming.patterns.values()):
        slots = {slot for _, slot, _, _ in string.Formatter().parse(pattern) if slot}
        assert slots <= {"given", "family", "family2", "middle", "father"} and "given" in slots
        assert "middle" not in slots or naming.middle.keys() == {"woman", "man"}
        assert "father" not in slots or len(set(naming.father)) >= 5
    own = {"woman", "man", "nonbinary"} | {people.name for people in locale.ethnicities}
    assert naming.patterns.keys() <= own or not locale.full
    assert all(len(forms(name)) <= 2 and all(forms(name)) for name in locale.family)
    assert all(set(cities) <= set(locale.cities) for cities in locale.regions.values())
    assert 145 < locale.height["woman"] < locale.height["man"] < 190
    assert any(ethnicity.share > 0 for ethnicity in locale.ethnicities)
    for ethnicity in locale.ethnicities:
        assert ethnicity.palette in table("dna")["palettes"]
        assert ethnicity.share >= 0 and 3 <= len(ethnicity.name) <= 60
        assert not ethnicity.roots or ethnicity.roots in locales()
    assert all(entry(line).tags <= TAGS for line in (*locale.dishes, *locale.pastimes))
    assert set(locale.peoples) <= {ethnicity.name for ethnicity in locale.ethnicities} or not locale.full
    if tag != "mul":
        assert locale.cities and locale.accents and locale.languages
        local = {fold(word) for word in (*locale.languages, *locale.tongues.values(), locale.demonym)}
        assert all(any(word in fold(accent) for word in local) for accent in locale.accents)
        assert len(locale.languages) <= 3 and all(
            2 <= len(language) <= 40 for language in (*locale.languages, *locale.second)
        )
        assert all(2 <= len(city) <= 60 for city in locale.cities)
        assert all(3 <= len(accent) <= 80 for accent in locale.accents)


FULL = [locale for locale in known_locales() if locale.full]


def test_there_are_locales_enough() -> None:
    assert len(FULL) >= 40
    for locale in FULL:
        assert min(len(set(locale.given["woman"])), len(set(locale.given["man"]))) >= 40, locale.tag
        assert len(set(locale.family)) >= 40, locale.tag
        assert len(set(locale.cities)) >= 5


def test_full_locales_are_spread_over_the_world() -> None:
    first_languages = {locale.languages[0] for locale in FULL}
    assert len(first_languages) >= 25
    palettes = {people.palette for locale in FULL for people in locale.ethnicities}
    assert palettes >= set(table("dna")["palettes"]) - {"mixed"}
    orders = {locale.naming.pattern for locale in FULL}
    assert len(orders) >= 5  # given or family first, one or two surnames, a middle name, a patronymic


@pytest.mark.parametrize("locale", [locale for locale in FULL if locale.regions], ids=lambda locale: str(locale.tag))
def test_a_locale_with_regions_has_names_enough(locale: Locale) -> None:
    assert min(len(set(locale.given["woman"])), len(set(locale.given["man"])), len(set(locale.family))) >= 30
    for names in (*locale.given.values(), locale.family, locale.cities):
        assert len(names) == len(set(names))


def test_names_have_sources_and_every_source_is_used() -> None:
    sources = table("sources")
    for locale in FULL:
        assert locale.sources and set(locale.sources) <= set(sources), locale.tag
        assert any(sources[name]["kind"] == "compared" for name in locale.sources), locale.tag
    assert {name for locale in FULL for name in locale.sources} == set(sources)
    for source in sources.values():
        assert source["kind"] in ("compared", "published")
        assert source["url"].startswith("https://") and source["title"] and source["by"]
        assert source["kind"] == "published" or source["licence"]


@pytest.mark.parametrize("tag", [tag for tag in locale_tables() if tag != "mul"])
def test_a_country_and_a_people_are_found_in_a_brief(tag: str) -> None:
    locale = locales()[tag]
    assert whereabouts(f"somebody who lives in {locale.country}").home == (tag,)
    if fold(locale.demonym) not in {fold(word) for word in table("intent")["careful"]}:
        assert tag in whereabouts(f"{locale.demonym} person").home


def test_occupations_refer_to_what_is_there() -> None:
    lifestyle = table("lifestyle")
    for job in jobs():
        assert set(job.genres) <= GENRES, job.title
        assert job.rhythm in lifestyle["days"] and job.dress in lifestyle["dress"]
        assert 18 <= job.ages[0] < job.ages[1] <= 95
        assert set(job.lean) <= {*DRIVES, *SCORES}
        assert job_of(job.title) is job
        assert 3 <= len(job.title) <= 80 and 3 <= len(job.place) <= 60
        assert job.needs in ("", "coast")
    assert len({fold(job.title) for job in jobs()}) == len(jobs())
    assert sum(not job.tag for job in jobs()) >= 80
    assert {genre for job in jobs() for genre in job.genres} == GENRES


@pytest.mark.parametrize("locale", FULL, ids=lambda locale: str(locale.tag))
def test_a_locale_has_work_of_its_own(locale: Locale) -> None:
    own = [job for job in jobs() if job.tag == locale.tag]
    assert len(own) >= 6
    for job in own:
        assert set(job.cities) <= set(locale.cities), job.title
    assert {job.tag for job in jobs()} - {""} <= set(locales())


def test_what_work_is_called_and_where_the_sea_is_refer_to_what_is_there() -> None:
    trades, titles = table("trades"), {job.title for job in jobs()}
    for name in trades["called"]:
        assert name["title"] in titles and set(name["at"]) <= set(locales())
        assert job_of(name["said"]) is job_of(name["title"])
    for tag, cities in trades["coast"].items():
        assert set(cities) <= set(locales()[tag].cities)


def test_longings_fit_the_schema() -> None:
    slots = {"relative": "x", "age": "x", "years": "x", "room": "x"}
    slots |= {f"{name}_cap": "X" for name in slots}
    longest = max(len(text) for text in table("soul")["traces"] + table("soul")["grounds"])
    for name, longing in table("soul")["longings"].items():
        assert set(longing["drives"]) == set(DRIVES)
        assert set(longing["genres"]) <= GENRES, name
        for field in ("desires", "fears", "wounds", "arcs"):
            assert len(longing[field]) >= 3
            assert all(10 <= len(text.format(**slots)) <= 400 - longest - 60 for text in longing[field])


def test_self_tables_fit_the_schema() -> None:
    assert set(table("self")["archetypes"]) == members("self.archetype")
    assert set(table("self")["attachment"]) == members("self.attachment_style")
    assert len(table("self")["values"]) >= 40


def test_mask_tables_fit_the_schema() -> None:
    mask = table("mask")
    assert set(mask["punctuation"]) == members("mask.register") == set(table("bounds")["ordinals"]["mask.register"])
    stances = [stance for stance, _, _ in mask["phrases"]]
    assert set(stances) == {"soft", "plain", "assert"}
    assert min(stances.count(stance) for stance in set(stances)) >= 12
    for _, axes, text in mask["phrases"]:
        assert set(axes) <= {*table("intent")["tone"]["start"], "thought"}
        filled = text.format(thing="x" * 28, other="x" * 28, dish="x" * 40, corner="x" * 40)
        assert 3 <= len(filled) <= 140
    for path in ("emoji", "vocabulary", "sentence_length"):
        assert set(table("bounds")["ordinals"][f"mask.writing_style.{path}"]) == members(f"mask.writing_style.{path}")


def test_interests_are_many_different_and_tagged() -> None:
    seen: set[str] = set()
    for category in schema("lifestyle")["properties"]["interests"]["required"]:
        offered = interests(category)
        assert len(offered) >= 30
        for interest in offered:
            assert interest.text not in seen
            seen.add(interest.text)
            assert interest.genres <= GENRES, interest
            assert interest.tags <= TAGS, interest
            assert {score for score, _ in interest.scores} <= set(SCORES)
            assert 3 <= len(interest.text) <= 80


def test_holidays_and_days_fit_the_schema() -> None:
    lifestyle = table("lifestyle")
    assert set(lifestyle["vacations"]) == members("lifestyle.vacation_style.kind")
    slots = dict.fromkeys(
        ("active", "creative", "intellectual", "corner", "dish", "dish_cap", "place", "early"), "x" * 45
    )
    for text in [text for texts in lifestyle["days"].values() for text in texts]:
        assert 10 <= len(text.format(**slots)) <= 300
    for style in lifestyle["vacations"].values():
        assert set(style["genres"]) <= GENRES
        assert all(10 <= len(text.format(**slots)) <= 300 for text in style["texts"])


def test_dna_tables_offer_only_what_the_schema_allows() -> None:
    dna = table("dna")
    for palette in dna["palettes"].values():
        for look in palette["looks"]:
            assert set(look["tone"]) <= members("dna.skin.tone")
            assert set(look["undertone"]) <= members("dna.skin.undertone")
            assert set(look["hair"]) <= members("dna.hair.color")
            assert set(look["eyes"]) <= members("dna.eyes.color")
        assert set(palette["texture"]) <= members("dna.hair.texture")
        assert set(palette["eye_shape"]) <= members("dna.eyes.shape")
        assert set(palette["bridge"]) <= members("dna.nose.bridge")
        assert set(palette["width"]) <= members("dna.nose.width")
        assert set(palette["lips"]) <= members("dna.lips.fullness")
    assert set(dna["hair"]["styles"]) == members("dna.hair.length")
    for styles in dna["hair"]["styles"].values():
        assert set(styles) == members("dna.hair.texture")
    for part in ("jawline", "chin", "facial_hair"):
        for weights in dna["face"][part].values():
            assert set(weights) <= members(f"dna.face.{part}")
    assert set(dna["body"]["build"]) == members("dna.body.build")
    assert set(dna["ethnicity_words"]) <= set(dna["palettes"])
    for table_ in (table("intent")["looks"], *table("intent")["looks_before"].values()):
        for path, values in table_.items():
            assert set(values) <= members(f"dna.{path}")


def test_no_table_text_speaks_of_the_persona_as_he_or_she() -> None:
    texts = [
        text
        for longing in table("soul")["longings"].values()
        for part in ("desires", "fears", "wounds", "arcs")
        for text in longing[part]
    ]
    texts += [text for _, text in table("mask")["roles"]] + table("mask")["soft_roles"]
    texts += [text for days in table("lifestyle")["days"].values() for text in days]
    for text in texts:
        assert not has(["he", "she", "his", "her", "him", "hers"], fold(text)), text
