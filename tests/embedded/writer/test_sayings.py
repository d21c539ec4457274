"""Signature phrases in 15 languages besides English: each in its own letters, none twice, all of a length that fits."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from personaforge.brief.language import LANGUAGES
from personaforge.embedded.writer.assignment import Assignment
from personaforge.embedded.writer.sayings import sayings, stance_of
from personaforge.embedded.writer.tables import table
from personaforge.providers.embedded_text import draft
from personaforge.steps.phrasing import phrase_language

OTHERS = tuple(tag for tag in LANGUAGES if tag != "en")
LETTERS = {
    "es": "áéíñóúü",
    "pt": "áàâãçéêíóôõú",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "de": "äöüß",
    "it": "àéèìóòù",
    "nl": "áéëïóöü",
    "pl": "ąćęłńóśźż",
    "tr": "çğıiöşü",
}
"""Letters beside a to z, of the main exemplar sets in CLDR 45."""
SCRIPTS = {
    "ru": ("CYRILLIC",),
    "ar": ("ARABIC",),
    "he": ("HEBREW",),
    "hi": ("DEVANAGARI",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL",),
    "zh": ("CJK",),
}
SCHEMA = {name: yaml.safe_load(Path(f"conf/schema/{name}.yaml").read_text("utf-8")) for name in ("mask", "audit")}
TEXT = SCHEMA["mask"]["properties"]["signature_phrases"]["items"]


@pytest.mark.parametrize("tag", OTHERS)
def test_phrases_are_in_the_letters_of_their_language(tag: str) -> None:
    for _, _, text in sayings(tag):
        letters = [char for char in unicodedata.normalize("NFC", text.lower()) if char.isalpha()]
        if tag in LETTERS:
            assert all("a" <= char <= "z" or char in LETTERS[tag] for char in letters), text
        else:
            assert all(unicodedata.name(char).startswith(SCRIPTS[tag]) for char in letters), text


@pytest.mark.parametrize("tag", OTHERS)
def test_phrases_are_whole_different_and_fit_the_schema(tag: str) -> None:
    texts = [text for _, _, text in sayings(tag)]
    assert len(texts) == len(table("phrases")["slots"]) == len(set(texts))
    assert all(TEXT["minLength"] <= len(text) <= TEXT["maxLength"] for text in texts)
    assert not any(set("{}<>[]_") & set(text) for text in texts)
    assert all(unicodedata.category(text[-1]) in ("Po", "Pf") for text in texts)  # each ends as a sentence does


def test_every_language_has_phrases_of_its_own() -> None:
    assert set(table("phrases")) == {"slots", *OTHERS}
    everything = [text for tag in OTHERS for _, _, text in sayings(tag)]
    assert len(everything) == len(set(everything))
    assert sayings("en") == [] == sayings("cs") == sayings("slots")


def mask(seed: int, **told: Any) -> dict[str, Any]:
    fields = {"section": "mask", "schema": SCHEMA["mask"], "seed": seed, "context": {"brief": "A baker of 41."}}
    found: dict[str, Any] = draft(Assignment.of({**fields, **told}))
    return found


@pytest.mark.parametrize("tag", OTHERS)
def test_a_mask_has_phrases_of_the_language_that_it_is_told(tag: str) -> None:
    known = {text for _, _, text in sayings(tag)}
    for seed in range(4):
        one = mask(seed, language=tag)
        assert len(one["signature_phrases"]) >= 3 and set(one["signature_phrases"]) <= known
        assert {**one, "signature_phrases": 0} == {**mask(seed), "signature_phrases": 0}  # nothing else moves


def test_no_rule_for_english_words_judges_them() -> None:
    soft = [text for stance, _, text in sayings("es") if stance == "soft"][:4]
    sections = {"mask": {**mask(1), "register": "professional", "signature_phrases": soft}}
    fields = {"section": "audit", "schema": SCHEMA["audit"], "seed": 1}
    verdict = draft(Assignment.of({**fields, "context": {"brief": "A baker.", "sections": sections}}))
    assert not [one for one in verdict["findings"] if "a phrase is" in one["problem"]]
    assert stance_of(soft[0]) == "soft" and stance_of("Would it help?") == ""


@pytest.mark.parametrize(
    ("settings", "tag"),
    [
        ({"brief": "Enfermera de Sevilla, 41 años."}, "es"),
        ({"brief": "A nurse of 41 from Seville."}, "en"),
        ({"brief": "Česká zpěvačka z Brna, čtyřicet let, růžové vlasy, hraje na housle v kavárně."}, "en"),
        ({"brief": "A nurse of 41.", "pinned": {"surface": {"languages": ["Japanese", "English"]}}}, "ja"),
        ({"brief": "Enfermera de Sevilla, 41 años.", "pinned": {"surface": {"languages": ["Czech"]}}}, "en"),
        ({"brief": "Enfermera de Sevilla, 41 años.", "text.phrases": "de"}, "de"),
    ],
)
def test_the_language_is_what_is_set_or_pinned_or_the_briefs(settings: dict[str, Any], tag: str) -> None:
    assert phrase_language(SimpleNamespace(get=settings.get)) == tag  # type: ignore[arg-type]
