"""What a brief is promised: nobody twice over thousands of briefs, and people whose parts fit each other."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest

from personaforge.digest import digest_json
from personaforge.embedded.writer.locales import Locale, by_country, gender_of_name, known_locales
from personaforge.embedded.writer.reading import read
from personaforge.embedded.writer.tables import locale_tables, table
from personaforge.embedded.writer.words import fold, has
from personaforge.embedded.writer.work import COAST, job_of, jobs, jobs_at, title_at, where

from .text_cases import draft, persona

FULL = [locale for locale in known_locales() if locale.full]
PEOPLE = ("intent", "soul", "self", "mask", "surface")
RELIGION = (
    *("hijab*", "headscar*", "veil*", "turban*", "kippah", "niqab", "burqa", "chador", "dastar", "tichel"),
    *(
        "christian*",
        "muslim*",
        "islam",
        "islamic",
        "hindu*",
        "jewish",
        "jew",
        "sikh*",
        "buddhis*",
        "catholic*",
        "coptic",
        "druze",
    ),
    *(
        "church*",
        "mosque*",
        "synagogue*",
        "pray*",
        "baptis*",
        "caste",
        "brahmin*",
        "dalit*",
        "priest*",
        "imam*",
        "rabbi*",
    ),
)


def two_thousand() -> list[str]:
    """Return 2,000 different short briefs over all full locales: manner, people and work, or some of the three."""
    manners = ("shy", "witty", "blunt", "warm", "", "restless", "calm", "stubborn", "curious", "bold")
    jobs_ = ("", "", "nurse", "", "lawyer", "cook", "")
    briefs: dict[str, None] = {}
    for manner, locale, (place, work) in product(manners, FULL, enumerate(jobs_)):
        who = (locale.demonym, f"lives in {locale.country}", f"from {locale.cities[place % len(locale.cities)]}")[
            place % 3
        ]
        briefs[", ".join(part for part in (f"{manner} {work}".strip(), who) if part)] = None
    return list(briefs)[:2000]


@pytest.fixture(scope="module")
def crowd() -> list[dict[str, Any]]:
    """All 2,000 with the same seed: only the brief tells them apart."""
    return [persona(brief, seed=1, order=PEOPLE) for brief in two_thousand()]


def test_2000_briefs_are_2000_people(crowd: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    assert len(set(two_thousand())) == 2000
    keys = Counter(
        (
            person["surface"]["name"],
            person["surface"]["location"]["city"],
            person["surface"]["occupation"],
            digest_json("soul", person["soul"]),
        )
        for person in crowd
    )
    names = Counter(person["surface"]["name"] for person in crowd)
    souls = Counter(digest_json("soul", {**person["soul"], "drives": None}) for person in crowd)
    namesakes, soulmates = (sum(n for n in found.values() if n > 1) / 2000 for found in (names, souls))
    homes = {person["surface"]["location"]["country"] for person in crowd}
    with capsys.disabled():
        worst = ", ".join(f"{name} {n} times" for name, n in names.most_common(2))
        print(f"\n2,000 briefs, {len(homes)} countries: {len(keys)} people; ", end="")
        print(f"{namesakes:.1%} share a full name ({worst}), {soulmates:.1%} all texts of a soul")
    assert len(keys) == 2000
    assert homes == {locale.country for locale in FULL}
    assert namesakes < 0.1 and max(names.values()) <= 4
    assert soulmates < 0.02


def test_names_and_places_fit(crowd: list[dict[str, Any]]) -> None:
    for person in crowd:
        surface = person["surface"]
        here = by_country(surface["location"]["country"])
        assert here and here.tag == person["intent"]["locale"]
        assert surface["location"]["city"] in here.cities
        gender = gender_of_name(surface["name"])  # empty where a name is everybody's
        assert surface["gender"] == "nonbinary" or gender in ("", surface["gender"]), surface["name"]


def test_work_fits_age_place_and_the_words_used_there(crowd: list[dict[str, Any]]) -> None:
    local = Counter[bool]()
    for brief, person in zip(two_thousand(), crowd, strict=True):
        surface = person["surface"]
        here = by_country(surface["location"]["country"])
        job = job_of(surface["occupation"])
        assert here and job, surface
        assert job.ages[0] <= surface["age"] <= job.ages[1], surface
        assert job.tag in ("", here.tag), surface
        if not read(brief).occupation:
            places = where(job, here.tag)
            assert places is None or surface["location"]["city"] in places, surface
            assert surface["occupation"] == title_at(job, here.tag)
            local[bool(job.tag)] += 1
    assert 0.15 < local[True] / local.total() < 0.45  # some do what is done there, most what is done everywhere


def test_voices_fit_work_and_years(crowd: list[dict[str, Any]]) -> None:
    """Nobody is told how to speak, but formal voices gather where work is formal, and emoji where people are young."""
    scale = table("bounds")["ordinals"]["mask.register"]
    formal: dict[bool, list[int]] = {True: [], False: []}
    ages: dict[bool, list[int]] = {True: [], False: []}
    for brief, person in zip(two_thousand(), crowd, strict=True):
        if read(brief).occupation:
            continue
        job = job_of(person["surface"]["occupation"])
        assert job
        formal[job.dress == "formal"].append(scale.index(person["mask"]["register"]))
        ages[person["mask"]["writing_style"]["emoji"] in ("some", "many")].append(person["surface"]["age"])
    means = {key: sum(values) / len(values) for key, values in formal.items()}
    assert means[True] > means[False] + 0.25
    years = {key: sum(values) / len(values) for key, values in ages.items()}
    assert years[True] < years[False] - 3


def test_a_voice_hears_the_work_and_the_years_of_a_brief() -> None:
    scale = table("bounds")["ordinals"]["mask.register"]

    def register(brief: str) -> float:
        people = [persona(brief, seed, ("intent", "soul", "self", "mask")) for seed in range(40)]
        return sum(scale.index(person["mask"]["register"]) for person in people) / 40

    assert register("a lawyer, 64") > register("a surf instructor, 22") + 0.6


def test_what_a_brief_calls_somebody_is_heard() -> None:
    tones = table("mask")["tones"]
    for word, axis in (("blunt", "edge"), ("witty", "humour"), ("warm", "warmth"), ("energetic", "energy")):
        for seed in range(30):
            said = persona(f"{word} accountant", seed, ("intent", "soul", "self", "mask"))["mask"]["tone"]
            assert any(tones.get(tone, {}).get(axis, 0.0) > 0 for tone in said), (word, said)


def test_nobody_is_a_professor_at_nineteen_unless_the_brief_says_so() -> None:
    for title in ("history lecturer", "surgeon", "airline pilot", "novelist", "general practitioner"):
        job = job_of(title)
        assert job and job.ages[0] >= 24
        for seed in range(20):
            assert draft("surface", f"{title}, Dutch", seed=seed)["age"] >= job.ages[0]
            assert draft("surface", "young, Dutch", seed=seed, pinned={"age": 19})["occupation"] != title
    asked = draft("surface", "19-year-old professor")
    assert (asked["age"], asked["occupation"]) == (19, "professor")


@pytest.mark.parametrize(("brief", "age"), [("Kenyan, witty, 24", 24), ("Saudi man, 33", 33), ("Greek, 61.", 61)])
def test_an_age_may_end_a_brief(brief: str, age: int) -> None:
    assert draft("surface", brief)["age"] == age


# --- work of a place ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", FULL, ids=lambda locale: str(locale.tag))
def test_trades_stay_where_they_are_at_home(locale: Locale) -> None:
    offered = {job.tag for job in jobs_at(locale.tag)}
    assert offered == {"", locale.tag}
    drawn = {draft("surface", f"lives in {locale.country}", seed=seed)["occupation"] for seed in range(120)}
    assert {title for title in drawn if (job := job_of(title)) and job.tag == locale.tag}
    assert len(drawn) >= 40


def test_nobody_surfs_in_prague_by_chance_and_anybody_may_by_wish() -> None:
    surf = job_of("surf instructor")
    assert surf and surf.needs == COAST
    for country in ("Czechia", "Ethiopia"):
        drawn = [draft("surface", f"loves the sea, lives in {country}", seed=seed) for seed in range(150)]
        assert not [person for person in drawn if (job := job_of(person["occupation"])) and job.needs == COAST]
    assert draft("surface", "surf instructor from Prague")["occupation"] == "surf instructor"
    for seed in range(30):
        person = draft("surface", "surf instructor, lives in Spain", seed=seed)
        assert person["location"]["city"] in table("trades")["coast"]["es-ES"]


def test_work_that_is_done_elsewhere_is_pointed_out() -> None:
    document = {name: part for name, part in persona("surf instructor from Seville", seed=4).items() if name != "audit"}
    findings = draft("audit", "", document)["findings"]
    assert any("Seville" in finding["problem"] and "surf instructor" in finding["problem"] for finding in findings)
    document["surface"] = {**document["surface"], "location": {"city": "Valencia", "country": "Spain"}}
    assert not any("surf instructor" in finding["problem"] for finding in draft("audit", "", document)["findings"])


# --- what is never inferred ---------------------------------------------------------------------------------------


def test_no_table_says_what_anybody_believes_or_covers_their_hair() -> None:
    dna, soul, mask = table("dna"), table("soul"), table("mask")
    said = [style for kinds in dna["hair"]["styles"].values() for styles in kinds.values() for style in styles]
    said += [text for texts in soul["slots"].values() for text in texts] + soul["traces"] + soul["grounds"]
    said += [
        text
        for longing in soul["longings"].values()
        for kind in ("desires", "fears", "wounds", "arcs")
        for text in longing[kind]
    ]
    said += [text for _, _, text in mask["phrases"]]
    said += [text for texts in table("lifestyle")["interests"].values() for text in texts]
    said += [text for job in jobs() for text in (job.title, job.place)]
    for entry in locale_tables().values():
        said += [text for name in ("dishes", "pastimes", "corners", "accents") for text in entry.get(name, ())]
    assert not [text for text in said if has(RELIGION, fold(text))]


def test_chance_gives_nobody_a_religion() -> None:
    asked = {people.name for locale in known_locales() for people in locale.ethnicities if people.share == 0}
    named = {
        people.name for locale in known_locales() for people in locale.ethnicities if has(RELIGION, fold(people.name))
    }
    assert named == asked == {"Coptic Egyptian", "Hindu Bangladeshi", "Jewish Israeli", "Druze Israeli"}
    for country in ("Egypt", "Bangladesh", "Israel"):
        drawn = {draft("surface", f"lives in {country}", seed=seed)["ethnicity"] for seed in range(150)}
        assert drawn and not drawn & asked
    assert draft("surface", "a Coptic Egyptian baker")["ethnicity"] == "Coptic Egyptian"
    assert draft("surface", "a baker", pinned={"ethnicity": "Druze Israeli"})["location"]["country"] == "Israel"


@pytest.mark.parametrize(
    "country", ["Saudi Arabia", "Iran", "Indonesia", "Pakistan", "India", "Israel", "Turkey", "Morocco"]
)
def test_chance_covers_nobodys_hair(country: str) -> None:
    for seed in range(25):
        person = persona(f"a teacher who lives in {country}", seed, ("surface", "dna"))
        assert not has(RELIGION, fold(person["dna"]["hair"]["style"]))


@pytest.mark.parametrize(
    ("brief", "style"),
    [
        ("An engineer who wears a blue silk hijab, from Jakarta", "covered by a hijab"),
        ("hijabi designer", "covered by a hijab"),
        ("lawyer from Delhi with a turban", "under a turban"),
        ("a woman in her 40s, always in a headscarf", "covered by a headscarf"),
    ],
)
def test_a_brief_that_asks_for_a_covering_gets_it(brief: str, style: str) -> None:
    assert draft("dna", brief)["hair"]["style"] == style


@pytest.mark.parametrize(
    "brief",
    [
        "never wears a hijab",
        "she doesn't wear a headscarf",
        "a shop that sells hijabs",
        "hijab designer",
        "Sikh lawyer",
        "Muslim woman from Amman",
        "used to wear a hijab",
    ],
)
def test_a_brief_that_only_speaks_of_one_or_of_a_faith_does_not(brief: str) -> None:
    assert "hair.style" not in read(brief).looks
    assert not has(RELIGION, fold(draft("dna", brief)["hair"]["style"]))


def test_a_pinned_covering_stays() -> None:
    pinned = {"hair": {"style": "under a loose grey headscarf"}}
    assert draft("dna", "a Saudi nurse", pinned=pinned)["hair"]["style"] == pinned["hair"]["style"]


def test_what_the_law_forbids_is_nobodys_pastime() -> None:
    for country in ("Saudi Arabia", "Iran"):
        for seed in range(40):
            interests = persona(f"lives in {country}", seed, ("surface", "lifestyle"))["lifestyle"]["interests"]
            said = " ".join(text for texts in interests.values() for text in texts)
            assert not has(["wines", "beer", "pub quiz"], fold(said)), said
