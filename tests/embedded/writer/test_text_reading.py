"""What is read out of a free-form brief."""

from __future__ import annotations

import pytest

from personaforge.embedded.writer.locales import by_country, by_tag, elsewhere, known_locales
from personaforge.embedded.writer.reading import read
from personaforge.embedded.writer.work import job_of

from .text_cases import draft


@pytest.mark.parametrize(
    ("brief", "home", "city"),
    [
        ("26-year-old Colombian woman", "es-CO", ""),
        ("a barista in Bogota", "es-CO", "Bogotá"),
        ("DJ from Brooklyn", "en-US", "New York"),
        ("based in Berlin, born in Poland", "de-DE", "Berlin"),
        ("Turkish-German DJ", "de-DE", ""),
        ("British Nigerian lawyer", "en-GB", ""),
        ("Korean-American potter in Lyon", "fr-FR", "Lyon"),
        ("A man in Florence", "it-IT", "Florence"),
        ("Icelandic fisherwoman", "is-IS", ""),
        ("mumbai-based founder", "hi-IN", "Mumbai"),
        ("quiet engineer from Kraków who speaks Spanish", "pl-PL", "Kraków"),
        ("Japanese woman who teaches French cuisine", "ja-JP", ""),
    ],
)
def test_the_home(brief: str, home: str, city: str) -> None:
    place = read(brief).place
    assert home in place.home
    assert place.city == city
    if len(place.home) == 1:
        assert draft("intent", brief)["locale"] == home


@pytest.mark.parametrize(
    "brief", ["Polish your nails", "Florence Miller bakes", "roast turkey lover", "a salt seller", "", "jordan"]
)
def test_everyday_words_are_no_places(brief: str) -> None:
    assert read(brief).place.home == ()


@pytest.mark.parametrize(
    ("brief", "roots"),
    [
        ("Korean-American potter in Lyon", "ko-KR"),
        ("British Nigerian lawyer", "en-NG"),
        ("lives in Oslo, parents from Turkey", "tr-TR"),
    ],
)
def test_the_roots(brief: str, roots: str) -> None:
    assert roots in read(brief).place.roots


def test_a_region_is_several_homes() -> None:
    assert {"es-CO", "es-MX"} <= set(read("confident Latina entrepreneur").place.home)
    found = {draft("intent", "Scandinavian carpenter", seed=seed)["locale"] for seed in range(20)}
    assert found == {"sv-SE", "da-DK", "nb-NO"}


@pytest.mark.parametrize(
    ("brief", "gender"),
    [
        ("he paints", "man"),
        ("Latina founder", "woman"),
        ("they/them coder", "nonbinary"),
        ("a nurse", ""),
        ("named Yui Tanaka", "woman"),
    ],
)
def test_gender(brief: str, gender: str) -> None:
    assert read(brief).gender == gender


@pytest.mark.parametrize(
    ("brief", "ages"),
    [
        ("26-year-old nurse", (26, 26)),
        ("nurse, 41, from Lyon", (41, 41)),
        ("lawyer in her late 30s", (37, 39)),
        ("a man in his fifties", (51, 59)),
        ("16-year-old singer", None),  # refused by the guard, and never made older
        ("mother of a 14-year-old, 41, from Lyon", (41, 41)),
        ("teen idol", (18, 19)),
        ("a nurse", None),
    ],
)
def test_ages_are_adult(brief: str, ages: tuple[int, int] | None) -> None:
    assert read(brief).ages == ages


@pytest.mark.parametrize(
    ("brief", "name"),
    [
        ("a woman named Sofia Reyes who sings", "Sofia Reyes"),
        ("Marta Kowalczyk is a chef", "Marta Kowalczyk"),
        ("Meet Elif, a lawyer", "Elif"),
        ("New York is home", ""),
        ("confident woman", ""),
    ],
)
def test_names(brief: str, name: str) -> None:
    assert read(brief).name == name
    if len(name.split()) > 1:
        assert draft("surface", brief)["name"] == name


@pytest.mark.parametrize(
    ("brief", "occupation"),
    [
        ("influencer from Oslo", "influencer"),
        ("a human rights lawyer", "human rights lawyer"),
        ("tattooed marine biologist", "marine biologist"),
        ("a DJ", "DJ"),
        ("coaches students", ""),
        ("retired, from Kraków", "retired teacher"),
    ],
)
def test_occupations_keep_the_briefs_words(brief: str, occupation: str) -> None:
    assert read(brief).occupation == occupation
    assert not occupation or job_of(occupation)


def test_tone_genre_themes_and_constraints() -> None:
    intent = draft(
        "intent", "Warm, witty travel photographer who loves night trains and markets. No alcohol. Never swears."
    )
    assert intent["tone"]["warmth"] > 0.7
    assert intent["tone"]["humour"] > 0.6
    assert {"travel", "photography"} <= set(intent["genre"])
    assert intent["themes"][:2] == ["night trains", "markets"]
    assert intent["constraints"] == ["No alcohol", "Never swears"]


def test_a_denied_word_does_not_count() -> None:
    assert "extraversion" not in read("not shy at all").traits
    assert "extraversion" in read("very shy").traits


def test_what_the_brief_says_about_looks() -> None:
    dna = draft("dna", "tall redhead with green eyes and a husky voice, short curly hair, athletic")
    assert (dna["eyes"]["color"], dna["hair"]["color"], dna["hair"]["texture"]) == ("green", "red", "curly")
    assert (dna["hair"]["length"], dna["voice"]["timbre"], dna["body"]["build"]) == ("short", "husky", "athletic")


def test_locales_are_found_by_tag_country_and_language() -> None:
    assert sum(locale.full for locale in known_locales()) >= 12
    assert by_tag("es-CO") is by_country("colombia")
    assert by_country("UK") is by_tag("en-GB")
    found = by_tag("ja")
    assert found and found.country == "Japan"
    assert by_tag("xx-YY") is None
    assert elsewhere("Atlantis").country == "Atlantis"


@pytest.mark.parametrize(
    ("brief", "expected"),
    [
        ("A window cleaner of 38 who fears lifts but not heights.", ()),
        ("A window cleaner who fears lifts, not heights.", ()),
        ("A keeper of 66 who isn't lonely.", ()),
        ("A keeper who is never alone and does not mind the dark.", ()),
        ("A baker not far from the sea. An only child.", ()),
        ("A chef who isn't vegan.", ()),
        ("A chef who isn't a smoker and never drinks.", ("isn't a smoker and never drinks",)),
        ("A cook who eats no meat, not even fish.", ("no meat", "not even fish")),
        ("A cook who doesn't like alcohol.", ("doesn't like alcohol",)),
        ("A strictly vegan cook.", ("strictly vegan cook",)),
    ],
)
def test_only_what_rules_something_out_is_a_constraint(brief: str, expected: tuple[str, ...]) -> None:
    assert read(brief).constraints == expected


def test_what_is_denied_rules_nothing_out() -> None:
    assert read("A chef who isn't vegan.").avoid == frozenset()
    assert read("A baker not far from the sea.").avoid == frozenset()
    assert {"meat", "dairy"} <= read("A vegan chef.").avoid


@pytest.mark.parametrize(
    ("brief", "liked"),
    [
        ("A street photographer who loves hip hop. Never streetwear.", False),
        ("A street photographer who loves hip hop. She doesn't wear streetwear.", False),
        ("A street photographer who loves hip hop. No athleisure or streetwear.", False),
        ("A street photographer who loves hip hop. Only streetwear.", True),
        ("A street photographer who loves hip hop and streetwear.", True),
    ],
)
def test_a_way_to_dress_that_is_ruled_out_is_disliked(brief: str, liked: bool) -> None:

    for seed in range(5):
        taste = draft("lifestyle", brief, seed=seed)["fashion_sense"]["streetwear_chic"]
        assert (taste > 0.25) is liked, taste
