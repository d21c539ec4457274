"""What the audit sees of a life in the texts of any layer, and what it passes over."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from personaforge.embedded.writer.audit import findings_worth, flaws_of, looks_worth

LIFE: dict[str, Any] = {
    "soul": {
        "desire": "To mend one chair a week that nobody else would mend.",
        "fear": "That the workshop goes quiet before the list is done.",
        "wound": "A first chair that broke in front of the whole village.",
        "growth_arc": "From counting chairs, through a broken wrist, towards teaching somebody else.",
    },
    "mask": {
        "register": "casual",
        "social_role": "the neighbour who lends out tools",
        "signature_phrases": ["Measure it again.", "Bring the glue.", "That joint will outlive us."],
    },
    "surface": {
        "name": "Ana Prieto",
        "age": 34,
        "gender": "woman",
        "occupation": "carpenter",
        "languages": ["Spanish"],
        "location": {"city": "Madrid", "country": "Spain"},
    },
    "lifestyle": {
        "daily_rhythm": "Opens the workshop at half past eight, has lunch at the bar and reads until ten.",
        "interests": {"active": ["long walks by the river", "rowing on Sundays"], "culinary": ["tea with honey"]},
        "vacation_style": {"kind": "mountain", "description": "A hut, two trails and a lake for a week."},
    },
    "dna": {"body": {"height_cm": 170}, "face": {"facial_hair": "none"}},
}


def problems(path: str, said: Any, brief: str = "", pins: Any = None) -> list[str]:
    """Return what the audit says of the life with another value that it doesn't say of it as it is: findings, and what
    is worth a look."""
    document = copy.deepcopy(LIFE)
    *parents, last = path.split(".")
    branch: Any = document
    for name in parents:
        branch = branch[int(name)] if isinstance(branch, list) else branch[name]
    branch[int(last) if isinstance(branch, list) else last] = said
    before = {flaw.problem for flaw in flaws_of(LIFE, brief, pins or {})}
    found = flaws_of(document, brief, pins or {})
    return [one.problem for one in (*findings_worth(found), *looks_worth(found)) if one.problem not in before]


PHRASE, DAY, ROLE = "mask.signature_phrases.0", "lifestyle.daily_rhythm", "mask.social_role"


@pytest.mark.parametrize(
    ("path", "said", "why"),
    [
        ("soul.fear", "Turning sixty next spring with nothing to show for it.", "60 is no birthday near"),
        (PHRASE, "I'm fifty-one, so I sit down for this.", "51 is another age"),
        (PHRASE, "J'ai cinquante ans, et alors ?", "50 is another age"),
        (PHRASE, "Tengo cincuenta años y ninguna prisa.", "50 is another age"),
        (ROLE, "the fifty-year-old who still climbs on the roof", "another age"),
        (DAY, "Thirty years behind the same counter, and tea at four.", "for so long"),
        (DAY, "Atiende el taller desde hace cuarenta años, y cierra a las ocho.", "for so long"),
        ("soul.desire", "To hold one more party like the fiftieth birthday last year.", "another birthday"),
        (DAY, "Early shifts at the sawmill that she joined in 1981, then a nap.", "did so in 1981"),
        (PHRASE, "At one metre ninety I reach all of it.", "190 cm is another height"),
        (PHRASE, "Five foot two, and I carry my own planks.", "157 cm is another height"),
        (PHRASE, "Mido 1,52 m y llego a todo.", "152 cm is another height"),
        (DAY, "Retired on a full pension, she walks to the bar at noon.", "is hard to believe"),
        (PHRASE, "Desde mi jubilación no miro el reloj.", "is hard to believe"),
        (ROLE, "the professor emerita of the street", "hard to believe"),
        (PHRASE, "I strop the razor and trim my beard at six.", "facial_hair is none"),
        ("soul.fear", "Boats of any kind: one ferry at ten, and never again.", "(boats)"),
        (PHRASE, "I can't stand tea, don't even ask.", "(tea)"),
        (PHRASE, "Twenty rand, cash, no receipt.", "nobody pays so in Spain"),
        (DAY, "Opens the workshop in downtown Toronto at eight, and reads until ten.", "no day from there"),
        (DAY, "Up at eight, glue until noon; then glue until noon.", "glue until noon” twice"),
        ("lifestyle.interests.culinary.0", "rowing on a Sunday", ""),
        ("lifestyle.interests.culinary.0", "walks by the river", "are one"),
    ],
)
def test_a_life_that_contradicts_itself_is_seen(path: str, said: str, why: str) -> None:
    found = problems(path, said)
    if why:
        assert any(why in one for one in found), found
    else:
        assert found == [], "other words make it another pastime"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("soul.fear", "Turning sixty with nothing to show for it."),
        ("soul.wound", "Her mother turned sixty last year and nobody came."),
        (PHRASE, "I'm sixty percent glue."),
        (ROLE, "the aunt of two nineteen-year-old twins"),
        (DAY, "Her father retired on a full pension, and comes by at noon."),
        (DAY, "Fourteen years behind the same counter, and tea at four."),
        (PHRASE, "That plank is one metre ninety, mind your head."),
        (PHRASE, "I lost four pounds on that staircase."),
        (PHRASE, "Twenty euros, cash, no receipt."),
        (DAY, "Opens at eight, calls her sister in Toronto at noon, and reads until ten."),
        (PHRASE, "My brother can't stand tea."),
        (DAY, "Up at eight, glue until noon; then paper until four."),
    ],
)
def test_what_is_of_somebody_else_or_to_come_is_passed_over(path: str, said: str) -> None:
    assert problems(path, said) == []


@pytest.mark.parametrize(
    ("brief", "path", "said"),
    [
        ("A widowed carpenter.", DAY, "Glue at eight, and her husband has supper ready at seven."),
        ("Carpintera de 34 años, casada.", DAY, "Desde el divorcio come sola en el bar."),
        ("Charpentière, deux enfants.", DAY, "Une maison sans enfants, et du café à six heures."),
        ("A carpenter, lives alone.", "lifestyle.vacation_style.description", "A hut with her husband for a week."),
        ("Carpenter, no glasses.", DAY, "Opens at eight, wipes her glasses and reads until ten."),
        ("A carpenter who doesn't drink alcohol.", "lifestyle.interests.culinary.0", "a glass of Rioja at supper"),
        ("A 34-year-old carpenter, 170 cm tall.", "dna.body.height_cm", 182),
        ("Una carpintera de 34 años.", "surface.age", 44),
    ],
)
def test_the_brief_is_compared_in_its_language(brief: str, path: str, said: Any) -> None:
    assert problems(path, said, brief), "the document says otherwise than the brief"
    assert not problems(path, said) or path == "surface.age", "and nothing is wrong with it but that"


def test_what_goes_to_guests_breaks_no_rule_of_ones_own() -> None:
    brief = "A carpenter who doesn't drink alcohol."
    assert problems("lifestyle.interests.culinary.0", "opening wine for guests, mint tea for herself", brief) == []


def test_a_name_that_the_user_fixed_needs_no_reason() -> None:
    pins = {"surface": {"name": "Kenji Tanaka"}}
    assert any("The name" in one for one in problems("surface.name", "Kenji Tanaka"))
    assert problems("surface.name", "Kenji Tanaka", pins=pins) == []
