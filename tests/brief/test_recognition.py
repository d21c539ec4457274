"""A brief's language is named only where its words tell: none of Swedish, of Ukrainian or of nonsense."""

from __future__ import annotations

import pytest

from personaforge.brief.fate import account, as_json
from personaforge.brief.language import LATIN
from personaforge.brief.reading import read_brief
from personaforge.report.brief import print_account
from tests.benchmarks.brief_languages import foreign, own, row


def test_no_brief_of_the_benchmark_loses_its_language() -> None:
    wrong = [text for tag, text in own() if not read_brief(text).is_recognised or read_brief(text).language != tag]
    assert wrong == []


def test_other_languages_and_nonsense_are_named_as_none() -> None:
    named = [text for _, text in foreign("chosen") if read_brief(text).is_recognised]
    assert named == []
    # written after the bounds were chosen; "a" is a word of English and of Czech
    held = [text for _, text in foreign("held") if read_brief(text).is_recognised]
    assert held == ["Tanečnice kolem třiceti, bydlí u řeky a sbírá staré mapy."]


@pytest.mark.parametrize(
    "text",
    ["", "41, 170", "Nurse", "Camarera de 41", "מורה", "간호사", "看護師", "Sevilla'dan balıkçı, 66, mavi gözlü"],
)
def test_little_is_enough_where_nothing_speaks_against_it(text: str) -> None:
    assert read_brief(text).is_recognised


def test_what_was_read_is_told_by_whose_words_and_without_a_language(capsys: pytest.CaptureFixture[str]) -> None:
    found = account("En sjuksköterska från Malmö, 41 år, 170 cm", {}, {})
    assert as_json(found)["language"] is None and as_json(found)["read_by"] in LATIN
    print_account("bo", found)
    assert "bo: a brief in no language that forge recognises, read by the words of" in capsys.readouterr().out
    assert as_json(account("A nurse of 41", {}, {}))["language"] == "en"


def test_a_row_counts_what_is_named_wrongly_and_what_is_not_named() -> None:
    texts = [("en", "A nurse from Leeds"), ("de", "A nurse from Leeds"), ("Finnish", "Eläkkeellä oleva opettaja")]
    assert row("some", texts).split() == ["some", "3", "1", "1", "2"]
