"""Facts of a brief that the writer is told: kept in 16 languages; English requests stay as they were."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from personaforge.brief.fate import KEPT, UNREAD, account
from personaforge.brief.language import LANGUAGES
from personaforge.brief.told import told_facts
from personaforge.embedded.writer.assignment import Assignment
from personaforge.providers.embedded_text import draft
from personaforge.spec.sections import read_schema
from tests.brief.test_reading import BRIEFS

ROOT = Path(__file__).parents[3]
SECTIONS = ("intent", "surface", "dna")


@cache
def schema(section: str, brief: str = "") -> dict[str, Any]:
    return read_schema([ROOT / "conf"], section, {"brief": brief})


def drafted(brief: str, *, told: bool = True, seed: int = 5) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for section in SECTIONS:
        fields: dict[str, Any] = {"section": section, "schema": schema(section, brief), "seed": seed}
        fields["context"] = {"brief": brief, "sections": dict(sections), "pinned": {}}
        if told:
            fields["facts"] = told_facts(brief)
        sections[section] = draft(Assignment.of(fields))
    return sections


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_is_read_is_kept(tag: str) -> None:
    brief, _ = BRIEFS[tag]
    for seed in (1, 2):
        rows = account(brief, {}, drafted(brief, seed=seed)).rows
        assert {(row.words, row.fate) for row in rows if row.fate not in (KEPT, UNREAD)} == set()


def test_heights_marks_and_ages_in_words_of_english_are_kept() -> None:
    surface, dna = (drafted("A seventy-year-old retired teacher of 183 cm with freckles")[one] for one in SECTIONS[1:])
    assert surface["age"] == 70
    assert dna["body"]["height_cm"] == 183
    assert any("freckles" in mark for mark in dna["skin"]["marks"])


def test_marks_and_beards_that_are_ruled_out_are_never_drawn() -> None:
    for seed in range(12):
        dna = drafted("Un hombre de Sevilla, 40 años, sin barba, sin pecas ni lunares, sin cicatrices", seed=seed)[
            "dna"
        ]
        assert dna["face"]["facial_hair"] == "none"
        assert not [mark for mark in dna["skin"]["marks"] if "freckle" in mark or "scar" in mark]


def test_a_people_of_another_country_is_where_the_family_is_from() -> None:
    surface = drafted("Eine türkische Bäckerin aus Berlin, 34 Jahre")["surface"]
    assert surface["location"] == {"city": "Berlin", "country": "Germany"}
    assert "Turkish" in surface["ethnicity"]


def test_a_colour_that_the_schema_has_not_is_lost_and_said_to_be() -> None:
    brief = "Enfermera de Sevilla, 41 años, pelo avellana"
    rows = account(brief, {}, drafted(brief)).rows
    assert [(row.words, row.fate) for row in rows if row.path == "dna.hair.color"] == [("avellana", "lost")]


@pytest.mark.parametrize(
    "brief",
    [
        "Confident Latina entrepreneur from Medellín who loves fashion and travel and runs her own small label.",
        "Quiet Japanese furniture maker in his forties who films slow mornings in his Kyoto workshop.",
        "A 58-year-old baker in Leeds with short grey hair, no glasses",
    ],
)
def test_an_english_request_that_was_understood_before_tells_nothing(brief: str) -> None:
    assert told_facts(brief) == []
