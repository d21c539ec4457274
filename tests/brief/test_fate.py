"""What becomes of facts: kept, overruled by a pin, lost, open, not understood; and the coverage that is counted."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.brief.fate import KEPT, LOST, OPEN, OVERRULED, UNREAD, Account, account, summary
from personaforge.report.brief import print_account

DOCUMENT: dict[str, Any] = {
    "surface": {
        "name": "Ana Ruiz",
        "age": 41,
        "gender": "woman",
        "ethnicity": "Spanish",
        "occupation": "nurse",
        "location": {"city": "Seville", "country": "Spain"},
        "languages": ["Spanish"],
    },
    "lifestyle": {"fashion_sense": {"streetwear": 0.8}, "daily_rhythm": "Wine on the balcony after work"},
    "dna": {
        "face": {"facial_hair": "none"},
        "eyes": {"color": "dark brown"},
        "skin": {"marks": ["freckles across the nose"]},
        "hair": {"color": "brown", "texture": "straight", "length": "long", "style": "loose"},
        "body": {"height_cm": 168},
    },
}


def fates(brief: str, pinned: dict[str, Any] | None = None, sections: dict[str, Any] = DOCUMENT) -> dict[str, str]:
    return {row.words: row.fate for row in account(brief, pinned or {}, sections).rows}


def test_a_document_keeps_and_loses() -> None:
    found = fates("Enfermera de Sevilla, 41 años; pelo rizado castaño, pecas, ojos azules")
    assert found == {
        "Enfermera": KEPT,
        "Sevilla": KEPT,
        "41 años": KEPT,
        "rizado": LOST,
        "castaño": KEPT,
        "pecas": KEPT,
        "azules": LOST,
    }


def test_a_pin_overrules_and_keeps() -> None:
    pinned = {"surface": {"age": 60, "gender": "woman"}}
    assert fates("Enfermera, 41 años", pinned)["41 años"] == OVERRULED
    assert fates("A woman of 41", pinned, {})["woman"] == KEPT
    assert fates("A nurse, 41, in Lyon", pinned, {}) == {"nurse": OPEN, "41": OVERRULED, "Lyon": OPEN}


@pytest.mark.parametrize(
    ("words", "fate"),
    [
        ("never streetwear", LOST),  # a taste of 0.8
        ("no alcohol", LOST),  # wine on the balcony
        ("no beard", KEPT),
        ("no freckles", LOST),
        ("without glasses", KEPT),
    ],
)
def test_exclusions_are_facts(words: str, fate: str) -> None:
    assert fates(f"A nurse, {words}")[words] == fate


def test_a_pin_may_overrule_an_exclusion() -> None:
    assert (
        fates("A nurse, no glasses", {"dna": {"hair": {"style": "up, with glasses in it"}}})["no glasses"] == OVERRULED
    )


@pytest.mark.parametrize(
    ("brief", "kept"),
    [
        ("A carpenter", "furniture maker"),
        ("A furniture maker", "furniture maker"),
        ("Une infirmière de Lyon", "infirmière libérale"),
        ("A baker", "master baker"),
    ],
)
def test_other_words_for_the_same_work(brief: str, kept: str) -> None:
    sections = {"surface": {"occupation": kept}}
    rows = account(brief, {}, sections).rows
    assert [row.fate for row in rows if row.kind == "occupation"] == [KEPT]


def test_another_occupation_is_lost() -> None:
    rows = account("A baker in Leeds", {}, {"surface": {"occupation": "pub landlord"}}).rows
    assert [(row.fate, row.found) for row in rows if row.kind == "occupation"] == [(LOST, "pub landlord")]


def test_contradicting_ages_are_not_both_kept() -> None:
    found = account("A nurse of 41 years of age, aged 52", {}, DOCUMENT)
    assert sorted(row.fate for row in found.rows if row.kind == "age") == [KEPT, LOST]


def test_coverage() -> None:
    found = account("Enfermera de Sevilla, 50 años, colecciona faros", {"surface": {"age": 41}}, DOCUMENT)
    assert [(row.words, row.fate) for row in found.rows] == [
        ("Enfermera", KEPT),
        ("Enfermera", KEPT),
        ("Sevilla", KEPT),
        ("50 años", OVERRULED),
        ("colecciona faros", UNREAD),
    ]
    assert found.coverage == pytest.approx(4 / 5)
    assert found.read_share == pytest.approx(4 / 5)


def test_nothing_built_and_nothing_stated_have_no_coverage() -> None:
    assert account("A nurse, 41", {}, {}).coverage is None
    assert account("", {}, DOCUMENT) == Account("en", ())
    assert account("", {}, DOCUMENT).coverage is None


def test_summary_names_what_is_lost_and_unread() -> None:
    found = account("A baker in Seville who juggles", {}, DOCUMENT)
    assert summary("ana", found) == ('ana: lost of its brief: "baker"; not understood: "juggles" (forge brief ana)')
    assert summary("ana", account("A nurse in Seville", {}, DOCUMENT)) == ""


def test_a_taste_is_found_by_a_word_of_its_name() -> None:
    sections = {"lifestyle": {"fashion_sense": {"streetwear_chic": 0.96, "classic_minimalist": 0.2}}}
    (row,) = [row for row in account("A nurse, never streetwear", {}, sections).rows if row.kind == "exclusion"]
    assert (row.fate, row.found) == (LOST, "a taste for streetwear_chic of 0.96")
    sections["lifestyle"]["fashion_sense"]["streetwear_chic"] = 0.25
    assert fates("A nurse, never streetwear", None, sections)["never streetwear"] == KEPT


def test_any_beard_is_ruled_out_and_a_look_says_of_what(capsys: pytest.CaptureFixture[str]) -> None:
    print_account("bo", account("A baker with blue eyes, no beard", {}, {}))
    said = capsys.readouterr().out
    assert (
        "bo: a brief read as English" in said
        and "blue (eyes color)" in said
        and "no beard" in said
        and "short" not in said
    )
