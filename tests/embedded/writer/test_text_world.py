"""Every locale that stands on its own: found in briefs, whole people of every gender and age, named as people there."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product
from random import Random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from personaforge.digest import derive_seed, digest_json
from personaforge.embedded.writer.home import home
from personaforge.embedded.writer.locales import Locale, by_country, gender_of_name, known_locales, locales
from personaforge.embedded.writer.naming import forms
from personaforge.embedded.writer.places import whereabouts
from personaforge.embedded.writer.tables import table
from personaforge.embedded.writer.words import fold

from .text_cases import FOUR_LAYER, draft, persona, schema

FULL = [locale for locale in known_locales() if locale.full]
GENDERS = ("woman", "man", "nonbinary")


def tag(locale: Locale) -> str:
    return locale.tag


def country_of(surface: dict[str, Any]) -> Locale:
    found = by_country(surface["location"]["country"])
    assert found
    return found


# --- what a brief names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", FULL, ids=tag)
def test_a_brief_that_names_the_country_or_the_people_is_at_home_there(locale: Locale) -> None:
    for brief in (
        f"a quiet baker who lives in {locale.country}",
        f"Night-shift nurse from {locale.country}, likes chess.",
        f"{locale.demonym} architect in their forties",
        f"warm, witty and {locale.demonym}",
    ):
        for seed in (1, 2):
            assert country_of(draft("surface", brief, seed=seed)).tag == locale.tag, brief
        assert draft("intent", brief)["locale"] == locale.tag


@pytest.mark.parametrize("locale", FULL, ids=tag)
def test_a_brief_that_names_a_city_or_a_region_is_at_home_there(locale: Locale) -> None:
    shared = Counter(fold(city) for other in known_locales() for city in other.cities)
    for city in locale.cities:
        for brief in (f"a nurse from {city}", f"Based in {city}, teaches physics."):
            surface = draft("surface", brief)
            if shared[fold(city)] == 1:
                assert surface["location"] == {"city": city, "country": locale.country}, brief
            else:
                assert fold(surface["location"]["city"]) == fold(city)
    for region, cities in locale.regions.items():
        seen = {draft("surface", f"a potter from {region}", seed=seed)["location"]["city"] for seed in range(12)}
        assert seen <= set(cities), region
        assert len(seen) == len(cities) or len(cities) > 3
        assert country_of(draft("surface", f"lives in {region}")).tag == locale.tag


@pytest.mark.parametrize("locale", FULL, ids=tag)
def test_a_brief_that_names_only_a_language_gets_somebody_who_speaks_it(locale: Locale) -> None:
    language = locale.languages[0]
    for brief in (f"{language}-speaking nurse", f"a potter who speaks {language}", f"native {language} speaker, 41"):
        assert locale.tag in whereabouts(brief).home, brief
        surface = draft("surface", brief, seed=3)
        here = country_of(surface)
        assert language in here.languages and language in surface["languages"], brief


@pytest.mark.parametrize(
    ("brief", "people"),
    [("a Māori-speaking teacher", "Māori"), ("speaks Tamil", "Tamil Indian"), ("a Twi speaker", "Akan Ghanaian")],
)
def test_a_peoples_language_points_at_the_people(brief: str, people: str) -> None:
    assert draft("surface", brief)["ethnicity"] == people


def test_a_language_that_is_taught_or_eaten_is_no_home_and_a_place_outweighs_one_that_is_spoken() -> None:
    assert whereabouts("teaches Greek and loves Thai food").home == ()
    assert whereabouts("studies Vietnamese").home == ()
    assert whereabouts("an engineer from Kraków who speaks Arabic").home == ("pl-PL",)
    assert country_of(draft("surface", "speaks Thai", pinned={"name": "Solveig Haugen"})).tag == "nb-NO"


def test_a_language_is_nothing_to_hold_a_document_to() -> None:
    """Who speaks French may live anywhere, so the audit must not say that the brief puts them in France."""
    document = {name: part for name, part in persona("a nurse from Hanoi", seed=2).items() if name != "audit"}
    findings = draft("audit", "a nurse who speaks French", document)["findings"]
    assert not any("place this person" in finding["problem"] for finding in findings)


@pytest.mark.parametrize(
    "brief", ["an acre of beans", "every hue of blue", "a mecca for bakers", "tamale lover", "ho ho ho", "isn't it"]
)
def test_new_places_are_no_everyday_words(brief: str) -> None:
    assert whereabouts(brief).home == ()


def test_a_region_that_two_countries_share_is_either() -> None:
    found = {country_of(draft("surface", "a nurse from Punjab", seed=seed)).tag for seed in range(20)}
    assert found == {"ur-PK", "hi-IN"}


# --- nobody twice -------------------------------------------------------------------------------------------------


def five_hundred() -> list[str]:
    manners = ("shy", "witty", "blunt", "warm", "elegant", "restless", "calm", "stubborn")
    jobs = ("", "nurse", "chef", "park ranger", "lawyer", "ceramicist", "DJ", "teacher")
    peoples = ("", "Vietnamese", "Chilean", "Ethiopian", "Greek", "Saudi", "New Zealander", "Dutch")
    briefs = [" ".join(word for word in words if word) for words in product(manners, peoples, jobs)]
    return briefs[:500]


def test_500_briefs_are_500_people() -> None:
    briefs = five_hundred()
    assert len(set(briefs)) == 500
    people = [persona(brief, seed=1, order=("intent", "soul", "surface", "dna")) for brief in briefs]
    for part in ("surface", "dna"):
        assert len({digest_json(part, person[part]) for person in people}) == 500
    assert len({digest_json("person", person) for person in people}) == 500
    assert len({person["surface"]["name"] for person in people}) >= 490  # namesakes exist, and are few
    assert len({digest_json("soul", person["soul"]) for person in people}) >= 499


def test_equal_briefs_of_unlike_personas_are_unlike_people() -> None:
    """A step's seed is derived from the persona's id and seed, so either makes another person of the same brief."""
    brief = "calm Vietnamese novelist"
    seeds = [derive_seed(name, "surface", str(seed)) for name, seed in product(("ana", "bo", "cy"), range(20))]
    people = [persona(brief, seed, ("intent", "soul", "surface", "dna")) for seed in seeds]
    for part in ("soul", "surface", "dna"):
        assert len({digest_json(part, person[part]) for person in people}) == len(seeds)
    assert len({person["surface"]["name"] for person in people}) >= len(seeds) - 2


# --- whole people -------------------------------------------------------------------------------------------------


def custom(locale: Locale, gender: str, people: str) -> re.Pattern[str]:
    """Return what a full name at home looks like, read straight off the table."""
    own = locale.peoples.get(people, {})
    naming = locale.naming
    names = own or locale.given
    given = {*names.get("woman", ()), *names.get("man", ())} if gender == "nonbinary" else {*names[gender]}
    if gender == "nonbinary":
        given |= {*(own.get("neutral") or locale.given["neutral"])}
    surnames = set()
    for name in own.get("family", locale.family):
        both = forms(name)
        surnames |= {*both} if gender == "nonbinary" else {both[0] if gender == "man" else both[-1]}
    middle = {name for kind, names in naming.middle.items() for name in names if gender in (kind, "nonbinary")}
    parts = {"given": given, "family": surnames, "family2": surnames, "middle": middle, "father": set(naming.father)}
    pattern = naming.patterns.get(people) or naming.patterns.get(gender) or naming.pattern
    filled = {slot: f"(?:{'|'.join(map(re.escape, sorted(words)))})" for slot, words in parts.items()}
    return re.compile(pattern.format(**filled))


@pytest.mark.parametrize("gender", GENDERS)
@pytest.mark.parametrize("locale", FULL, ids=tag)
def test_a_whole_person_of_any_gender_and_age(locale: Locale, gender: str) -> None:
    for seed, age in enumerate((18, 27, 44, 63, 80)):
        pins = {"surface": {"gender": gender, "age": age}}
        document = persona(f"somebody who lives in {locale.country}", seed, pins=pins)
        for name in FOUR_LAYER:
            Draft202012Validator(schema(name)).validate(document[name])
        surface = document["surface"]
        assert (surface["gender"], surface["age"]) == (gender, age)
        assert country_of(surface).tag == locale.tag and surface["location"]["city"] in locale.cities
        assert set(surface["languages"]) & {*locale.languages, *locale.tongues.values()}
        known = locale.ethnicity(surface["ethnicity"])
        assert known
        if not known.roots:
            assert custom(locale, gender, known.name).fullmatch(surface["name"]), surface["name"]
        accent = fold(document["dna"]["voice"]["accent"])
        assert any(
            fold(word) in accent for word in (*surface["languages"], locale.demonym, *locale.tongues.values())
        ), accent
        scores = document["audit"]["scores"]
        assert min(score for score in scores.values() if score is not None) >= 4.0, document["audit"]["findings"]


@pytest.mark.parametrize("locale", FULL, ids=tag)
def test_names_are_many_and_no_name_is_twice_the_same_word(locale: Locale) -> None:
    rng = Random(5)
    made = set()
    for _ in range(300):
        gender = rng.choice(GENDERS)
        people = rng.choice(locale.ethnicities)
        name = locale.complete(rng, locale.given_name(rng, gender, people.name), people.name, gender)
        made.add(name)
        words = fold(name).split()
        assert len(words) == len(set(words)) or any("van" in word or word in ("de", "el") for word in words), name
        assert 2 <= len(name) <= 80 and "/" not in name and "{" not in name
    assert len(made) >= 180


def named(country: str, gender: str, number: int = 40) -> list[str]:
    pins = {"gender": gender}
    return [draft("surface", f"lives in {country}", seed=seed, pinned=pins)["name"] for seed in range(number)]


def test_iceland_has_patronymics() -> None:
    native = {"woman": "dóttir", "man": "son", "nonbinary": "bur"}
    for gender, ending in native.items():
        names = named("Iceland", gender)
        assert sum(name.endswith(ending) for name in names) >= 0.8 * len(names)
        assert not any(name.endswith(other) for name in names for other in native.values() if other != ending)


def test_vietnam_china_and_korea_put_the_family_first() -> None:
    for country, code in (("Vietnam", "vi-VN"), ("China", "zh-CN"), ("South Korea", "ko-KR")):
        here = locales()[code]
        for gender in ("woman", "man"):
            assert sum(name.split()[0] in here.family for name in named(country, gender)) >= 36
    assert all(name.split()[1] in locales()["vi-VN"].naming.middle["woman"] for name in named("Vietnam", "woman"))


def test_family_order_follows_the_new_home() -> None:
    """A Vietnamese Australian isn't called family first."""
    here = locales()["en-AU"]
    for seed in range(30):
        surface = draft("surface", "lives in Australia", seed=seed, pinned={"ethnicity": "Vietnamese Australian"})
        given, family = surface["name"].split()
        assert family in locales()["vi-VN"].family
        sources = (here.given, locales()["vi-VN"].given)
        assert given in {name for source in sources for names in source.values() for name in names}


def test_surnames_have_the_bearers_gender() -> None:
    assert all(not name.endswith(("os", "is", "as")) for name in named("Greece", "woman"))
    assert not any(name.endswith(("ová", "ná", "rá", "lá")) for name in named("Czechia", "man"))
    assert sum(name.endswith(("ová", "á")) for name in named("Czechia", "woman")) >= 25
    assert not any(name.endswith("ska") for name in named("Ukraine", "man"))
    assert not any(name.split()[-1] in ("Begum", "Khatun", "Akter") for name in named("Bangladesh", "man"))


def test_chile_peru_spain_and_portugal_have_two_surnames() -> None:
    for country in ("Chile", "Peru", "Spain", "Portugal"):
        here = by_country(country)
        assert here and "{family2}" in here.naming.pattern
        assert sum(len(name.split()) >= 3 for name in named(country, "woman")) >= 30


def test_ethiopians_are_called_after_their_fathers() -> None:
    here = locales()["am-ET"]
    men = {name for names in (here.given, *here.peoples.values()) for name in names["man"]}
    fathers = {*here.family, *(name for own in here.peoples.values() for name in own["family"])}
    seconds = {name.split()[1] for name in named("Ethiopia", "woman", 60)}
    assert seconds <= fathers
    assert len(seconds & men) >= 3  # a father's name is a man's given name


@pytest.mark.parametrize(
    ("name", "gender"),
    [("Kim Min-ji", "woman"), ("Nguyễn Thị Lan", "woman"), ("Trần Văn Đức", "man"), ("Guðrún Jónsdóttir", "woman")],
)
def test_the_gender_of_a_name_with_the_family_first(name: str, gender: str) -> None:
    assert gender_of_name(name) == gender
    assert gender_of_name(fold(name)) == gender


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Nguyen Thi Lan", "vi-VN"),
        ("Gudrun Jonsdottir", "is-IS"),
        ("Eliška Nováková", "cs-CZ"),
        ("Eleni Papadopoulou", "el-GR"),
        ("Selam Tesfaye", "am-ET"),
        ("Nikau Ngata", "en-NZ"),
        ("Alanoud Al-Qahtani", "ar-SA"),
    ],
)
def test_a_pinned_name_brings_its_place(name: str, code: str) -> None:
    assert country_of(draft("surface", "a nurse", pinned={"name": name})).tag == code


# --- looks --------------------------------------------------------------------------------------------------------

TONES = ("porcelain", "fair", "light", "medium", "olive", "tan", "brown", "dark brown", "deep")
PLAUSIBLE = {
    # The range of skin tones, lightest and deepest, that a palette may draw: wide, because real peoples are.
    "north_europe": ("porcelain", "olive"),
    "west_europe": ("porcelain", "olive"),
    "east_europe": ("porcelain", "olive"),
    "south_europe": ("fair", "tan"),
    "latin_america": ("fair", "brown"),
    "andes": ("light", "brown"),
    "afro_latin": ("medium", "deep"),
    "afro_america": ("medium", "deep"),
    "west_africa": ("tan", "deep"),
    "east_africa": ("tan", "deep"),
    "south_africa": ("tan", "deep"),
    "north_africa": ("light", "dark brown"),
    "middle_east": ("fair", "brown"),
    "south_asia": ("light", "deep"),
    "southeast_asia": ("light", "dark brown"),
    "east_asia": ("porcelain", "tan"),
    "oceania": ("medium", "deep"),
    "mixed": ("porcelain", "deep"),
}


@pytest.mark.parametrize("locale", FULL, ids=tag)
def test_looks_fit_the_people_and_are_no_caricature(locale: Locale) -> None:
    for people in locale.ethnicities:
        sections = {
            "surface": {
                "gender": "woman",
                "age": 25,
                "ethnicity": people.name,
                "location": {"city": locale.cities[0], "country": locale.country},
                "languages": list(locale.languages),
            }
        }
        drawn = [draft("dna", "", sections, seed) for seed in range(24)]
        low, high = (TONES.index(tone) for tone in PLAUSIBLE[people.palette])
        tones = [TONES.index(one["skin"]["tone"]) for one in drawn]
        assert low <= min(tones) and max(tones) <= high, people
        assert len({one["skin"]["tone"] for one in drawn}) >= 2
        for part, feature in (("eyes", "shape"), ("nose", "width"), ("nose", "bridge"), ("lips", "fullness")):
            seen = Counter(one[part][feature] for one in drawn)
            assert len(seen) >= 2, (people, part, feature, seen)  # nobody's face is prescribed
        if people.palette in ("west_africa", "east_africa", "south_africa", "east_asia", "southeast_asia", "andes"):
            assert {one["hair"]["color"] for one in drawn} <= {"black", "dark brown", "brown", "gray"}
        heights = [one["body"]["height_cm"] for one in drawn]
        assert abs(sum(heights) / len(heights) - locale.height["woman"]) < 6


def test_no_palette_prescribes_a_face() -> None:
    for name, palette in table("dna")["palettes"].items():
        for feature in ("eye_shape", "bridge", "width", "lips"):
            weights = palette[feature]
            assert len(weights) >= 3, (name, feature)
            assert max(weights.values()) / sum(weights.values()) <= 0.75, (name, feature)
        tones = {tone for look in palette["looks"] for tone in look["tone"]}
        assert len(tones) >= 3, name
        assert palette.keys() >= {"looks", "texture"}
    assert set(PLAUSIBLE) == set(table("dna")["palettes"])


def test_home_is_drawn_from_all_full_locales_when_a_brief_says_nothing() -> None:
    from personaforge.embedded.writer.assignment import Assignment

    from .text_cases import request

    seen = {home(Assignment.of(request("surface", "", seed=seed).fields)).tag for seed in range(600)}
    assert seen == {locale.tag for locale in FULL}
