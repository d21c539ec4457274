"""What the user pins is kept to the letter, and the rest of the person agrees with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from personaforge.embedded.writer.locales import by_country, homes_of_name, kin

from .text_cases import BRIEFS, FOUR_LAYER, draft, persona, schema

DONORS = [persona(brief, seed=99) for brief in BRIEFS[:6]]
DRAFTED = FOUR_LAYER[:-1]


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def put(target: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        target = target.setdefault(key, {})
    target[path[-1]] = value


@given(data=st.data(), section=st.sampled_from(DRAFTED), brief=st.sampled_from(BRIEFS), seed=st.integers(0, 2**31 - 1))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_pins_are_kept_exactly(data: st.DataObject, section: str, brief: str, seed: int) -> None:
    donor = data.draw(st.sampled_from(DONORS))[section]
    chosen = data.draw(st.lists(st.sampled_from(list(leaves(donor))), max_size=6))
    pins: dict[str, Any] = {}
    for path, value in chosen:
        put(pins, path, value)
    kept = data.draw(st.sets(st.sampled_from(DRAFTED)))
    earlier = {name: DONORS[0][name] for name in DRAFTED if name in kept and name != section}
    drafted = draft(section, brief, earlier, seed, pinned=pins)
    Draft202012Validator(schema(section)).validate(drafted)
    found = dict(leaves(drafted))
    for path, value in leaves(pins):
        assert found[path] == value


def test_a_pin_leaves_the_other_draws_alone() -> None:
    free = draft("dna", "Colombian nurse", seed=5)
    pinned = draft("dna", "Colombian nurse", seed=5, pinned={"lips": {"shape": "wide"}})
    assert pinned["lips"]["shape"] == "wide"
    free["lips"]["shape"] = "wide"
    assert pinned == free


def test_lists_are_replaced_not_merged() -> None:
    assert draft("surface", "Swedish chef", pinned={"languages": ["Swedish Sign Language"]})["languages"] == [
        "Swedish Sign Language"
    ]


@pytest.mark.parametrize("country", ["Japan", "Nigeria", "Poland", "Brazil", "Egypt", "India", "Vietnam", "Iceland"])
@pytest.mark.parametrize("order", [("surface", "dna"), ("intent", "surface", "dna")])
def test_a_pinned_country_brings_names_languages_cities_and_accent(country: str, order: tuple[str, ...]) -> None:
    here = by_country(country)
    assert here
    for seed in range(6):
        found = persona("warm baker", seed, order, {"surface": {"location": {"country": country}}})
        surface = found["surface"]
        assert surface["location"]["country"] == country
        assert surface["location"]["city"] in here.cities
        assert set(surface["languages"]) & {*here.languages, *here.tongues.values()}
        assert any(
            word in found["dna"]["voice"]["accent"]
            for word in (here.demonym, *here.languages, *here.cities, *surface["languages"])
        )
        ethnicity = here.ethnicity(surface["ethnicity"])
        assert ethnicity
        assert homes_of_name(surface["name"]) & (kin(ethnicity.roots or here.tag) | kin(here.tag))


def test_a_country_that_no_table_knows_is_kept() -> None:
    surface = persona("warm baker", 3, ("surface",), {"surface": {"location": {"country": "Atlantis"}}})["surface"]
    assert surface["location"]["country"] == "Atlantis"


def test_a_pinned_name_says_gender_and_place_where_the_brief_does_not() -> None:
    for seed in range(5):
        surface = draft("surface", "a pastry chef", seed=seed, pinned={"name": "Yui Tanaka"})
        assert surface["gender"] == "woman"
        assert surface["location"]["country"] == "Japan"
        assert "Japanese" in surface["languages"]


def test_the_place_of_the_brief_outweighs_a_pinned_name() -> None:
    assert draft("surface", "a chef in Berlin", pinned={"name": "Yui Tanaka"})["location"]["country"] == "Germany"


def test_a_pinned_occupation_sets_the_age_and_a_pinned_age_the_occupation() -> None:
    ages = [draft("surface", "", seed=seed, pinned={"occupation": "retired engineer"})["age"] for seed in range(20)]
    assert min(ages) >= 60
    for seed in range(20):
        assert "retired" not in draft("surface", "", seed=seed, pinned={"age": 22})["occupation"]


def test_a_pinned_gender_gives_a_name_of_that_gender() -> None:
    from personaforge.embedded.writer.locales import gender_of_name

    for seed in range(15):
        name = draft("surface", "Italian florist", seed=seed, pinned={"gender": "man"})["name"]
        assert gender_of_name(name) in ("man", "")


def test_a_pinned_eye_colour_moves_hair_and_skin_with_it() -> None:
    surface = {"gender": "woman", "age": 27, "ethnicity": "Italian", "location": {"city": "Rome", "country": "Italy"}}

    def light_hair(color: str) -> int:
        drafts = [
            draft("dna", "", {"surface": surface}, seed, pinned={"eyes": {"color": color}}) for seed in range(120)
        ]
        assert all(drafted["eyes"]["color"] == color for drafted in drafts)
        return sum(drafted["hair"]["color"] in ("blond", "light brown", "auburn") for drafted in drafts)

    assert light_hair("blue") > light_hair("dark brown") + 20


def test_looks_follow_the_ethnicity_and_leave_room() -> None:
    def tones(ethnicity: str, country: str) -> Counter[str]:
        surface = {"gender": "man", "age": 40, "ethnicity": ethnicity, "location": {"city": "", "country": country}}
        return Counter(draft("dna", "", {"surface": surface}, seed)["skin"]["tone"] for seed in range(150))

    yoruba, swedish, colombian = tones("Yoruba", "Nigeria"), tones("Swedish", "Sweden"), tones("Colombian", "Colombia")
    assert not yoruba.keys() & {"porcelain", "fair", "light"}
    assert not swedish.keys() & {"dark brown", "deep", "brown"}
    assert len(colombian) >= 6


def test_a_pin_wins_over_a_bound() -> None:
    soul = {"drives": {"recognition": 0.1, "belonging": 0.5, "autonomy": 0.5, "security": 0.5, "mastery": 0.5}}
    drafted = draft("self", "", {"soul": soul}, pinned={"big_five": {"extraversion": 0.95}})
    assert drafted["big_five"]["extraversion"] == 0.95
    assert drafted["hexaco"]["extraversion"] >= 0.77


def test_a_pinned_hexaco_score_draws_the_big_five_along() -> None:
    for seed in range(10):
        drafted = draft("self", "", seed=seed, pinned={"hexaco": {"openness": 0.9}})
        assert drafted["big_five"]["openness"] >= 0.75
