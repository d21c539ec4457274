"""A part of a decade is read as its years, in every language that says it, and the drafted age is one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from personaforge.brief.fate import account
from personaforge.brief.reading import read_brief
from personaforge.brief.told import told_beside
from personaforge.embedded.writer.assignment import Assignment
from personaforge.providers.embedded_text import draft

BRIEFS = [
    ("en", "A baker in her late forties from Leeds.", 47, 49),
    ("en", "A baker in her late 40s.", 47, 49),
    ("en", "a baker in her mid-fifties", 54, 56),
    ("en", "A baker, early 30s, from Leeds", 30, 33),
    ("en", "A baker in her forties", 40, 49),
    ("es", "Una panadera de Sevilla, a finales de los cuarenta.", 47, 49),
    ("es", "Una enfermera de cuarenta y pocos años, de Sevilla.", 41, 43),
    ("es", "Una mujer a mediados de sus treinta.", 34, 36),
    ("es", "Un hombre a principios de los 50.", 50, 53),
    ("pt", "Uma padeira de Lisboa no fim dos quarenta.", 47, 49),
    ("pt", "Uma mulher de quarenta e poucos anos.", 41, 43),
    ("pt", "Uma mulher em meados dos trinta.", 34, 36),
    ("pt", "Um homem no início dos 50.", 50, 53),
    ("fr", "Une boulangère de Lyon, en fin de la quarantaine.", 47, 49),
    ("fr", "Une femme au début de la trentaine.", 30, 33),
    ("fr", "Un homme au milieu de la cinquantaine.", 54, 56),
    ("de", "Eine Bäckerin aus Bremen, Ende vierzig.", 47, 49),
    ("de", "Eine Bäckerin aus Bremen, Ende 40.", 47, 49),
    ("de", "Ein Mann Mitte 50.", 54, 56),
    ("de", "Eine Frau Anfang dreißig.", 30, 33),
    ("it", "Una panettiera di Roma, alla fine della quarantina.", 47, 49),
    ("it", "Una donna a metà della trentina.", 34, 36),
    ("it", "Una donna che ha superato da poco la cinquantina.", 51, 53),
    ("nl", "Een bakker uit Utrecht, achter in de veertig.", 47, 49),
    ("nl", "Een vrouw van eind veertig.", 47, 49),
    ("nl", "Een man van begin 50.", 50, 53),
    ("nl", "Een vrouw midden in de dertig.", 34, 36),
    ("pl", "Piekarka z Krakowa, tuż po czterdziestce.", 40, 43),
    ("pl", "Piekarka z Krakowa, po czterdziestce.", 40, 49),
    ("tr", "Kırklarının sonunda bir fırıncı kadın.", 47, 49),
    ("tr", "Otuzlarının ortasında bir kadın.", 34, 36),
    ("ru", "Женщина-пекарь из Казани, немного за сорок.", 41, 43),
    ("ru", "Женщина, за сорок.", 40, 49),
    ("ar", "خبازة من القاهرة في أواخر الأربعينيات من عمرها.", 47, 49),
    ("ar", "امرأة في منتصف الثلاثينيات.", 34, 36),
    ("ar", "رجل في أوائل الخمسينيات.", 50, 53),
    ("he", "אופה מחיפה בסוף שנות הארבעים לחייה.", 47, 49),
    ("he", "אישה באמצע שנות ה-30 לחייה.", 34, 36),
    ("hi", "लखनऊ की एक नर्स, चालीस के दशक के अंत में।", 47, 49),
    ("hi", "एक महिला, तीस के दशक के मध्य में।", 34, 36),
    ("ja", "大阪の四十代後半のパン職人の女性。", 45, 49),
    ("ja", "三十代半ばの女性。", 34, 36),
    ("ko", "서울에 사는 40대 후반의 여성 제빵사.", 47, 49),
    ("ko", "30대 중반의 남성.", 34, 36),
    ("zh", "一位四十出头的女面包师，住在上海。", 41, 43),
    ("zh", "一位四十多岁的女性。", 40, 49),
]  # fmt: skip
SCHEMA = yaml.safe_load(Path("conf/schema/surface.yaml").read_text("utf-8"))


@pytest.mark.parametrize(("language", "brief", "youngest", "oldest"), BRIEFS)
def test_a_part_of_a_decade_is_its_years(language: str, brief: str, youngest: int, oldest: int) -> None:
    reading = read_brief(brief)
    assert reading.language == language
    assert [fact.value for fact in reading.facts if fact.kind == "age"] == [(youngest, oldest)]


@pytest.mark.parametrize(
    ("brief", "youngest", "oldest"),
    [
        ("A baker in her late forties from Leeds.", 47, 49),
        ("A baker in her early 30s.", 30, 33),
        ("Ein Bäcker, Mitte fünfzig, aus Bremen.", 54, 56),
        ("Женщина-пекарь из Казани, немного за сорок.", 41, 43),
    ],
)
def test_the_drafted_age_lies_inside(brief: str, youngest: int, oldest: int) -> None:
    ages = set()
    for seed in range(12):
        fields = {"section": "surface", "schema": SCHEMA, "seed": seed, "context": {"brief": brief}}
        surface = draft(Assignment.of({**fields, "facts": told_beside(brief, "")}))
        ages.add(surface["age"])
        fates = {row.kind: row.fate for row in account(brief, {}, {"surface": surface}).rows}
        assert fates["age"] == "kept"
    assert youngest <= min(ages) and max(ages) <= oldest and len(ages) > 1


def test_another_age_of_the_decade_is_lost() -> None:
    rows = account("A baker in her late forties.", {}, {"surface": {"age": 42, "occupation": "baker"}}).rows
    assert {row.kind: row.fate for row in rows}["age"] == "lost"


def test_a_whole_decade_is_told_as_little_as_before() -> None:
    assert told_beside("A baker in her forties from Leeds.", "") == []
