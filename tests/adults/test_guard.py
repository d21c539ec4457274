"""Every persona, and everybody shown, is an adult: briefs that are refused, and those that only sound like it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml

from personaforge.guard.reading import MINOR, SEXUAL, Passage, findings, passages_of
from personaforge.guard.rules import LANGUAGES, rules_for
from personaforge.guard.text import text_of
from personaforge.templating import Templates
from tests.benchmarks.guard import AGES, BRIEFS, NATURAL, OTHERS, STRANGERS, Brief, briefs, table

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("brief", briefs(), ids=lambda brief: brief.text[:40])
def test_a_brief_is_refused_exactly_where_it_has_to_be(brief: Brief) -> None:
    assert not brief.is_wrong, brief.findings()


@pytest.mark.parametrize("language", LANGUAGES)
def test_ages_that_are_born_turned_or_kept_as_a_feast_are_read_in_every_language(language: str) -> None:
    some = [brief for brief in briefs(AGES) if brief.language == language]
    wrong = [(brief.text, brief.findings()) for brief in some if brief.is_wrong]
    assert wrong == [] and len(some) >= 15


@pytest.mark.parametrize("brief", briefs(OTHERS) + briefs(STRANGERS), ids=lambda brief: brief.text[:40])
def test_a_brief_of_somebody_who_had_not_seen_the_rules_is_read_rightly(brief: Brief) -> None:
    assert not brief.is_wrong, brief.findings()


@pytest.mark.parametrize("language", LANGUAGES)
def test_natural_briefs_of_adults_are_read_and_minors_to_come_of_age_are_refused(language: str) -> None:
    some = [brief for brief in briefs(NATURAL) if brief.language == language]
    wrong = [(brief.text, brief.findings()) for brief in some if brief.is_wrong]
    assert wrong == [] and {brief.is_guilty for brief in some} == {True, False}


def test_an_adult_age_decides_only_what_is_ambiguous_and_only_where_it_is_the_personas() -> None:
    for fine in (
        "Sculptor, 58, pupil of a master.",
        "Bildhauer, 58, Schüler von Beuys.",
        "A nurse of 41 with a girl, 4.",
    ):
        assert findings([Passage("brief", fine)]) == [], fine
    for minor in (
        "Painter, 58; she is 15 years old.",  # an age of its own
        "She is 41 and in year 9.",  # a class
        "Schülerin, ihre Mutter ist 45.",  # somebody else's
        "A schoolboy who helps a postman of 60.",
        "A schoolgirl, officially 19.",  # taken back
        "Ann, 14, skates with Tom, 41.",  # the first age is hers
    ):
        assert [one.rule for one in findings([Passage("brief", minor)])] == [MINOR], minor
    assert [one.rule for one in findings([Passage("brief", "Erotic: sculptor, 58, pupil of a master.")])] == [SEXUAL]
    assert [one.rule for one in findings([Passage("scenes.a.text", "a nurse of 41 with a girl, 4", True)])] == [MINOR]


def test_children_are_somebody_elses_by_their_names_and_a_sentence_of_her_own_is_hers() -> None:
    assert findings([Passage("brief", "Mother of Tim, 12, and Ana, 15, she bakes.")]) == []
    for minor in ("Her mother of 40 bakes, she is 15.", "The mother of Tim bakes, and she, 15, skates."):
        assert [one.rule for one in findings([Passage("brief", minor)])] == [MINOR], minor


def test_a_word_of_a_time_long_ago_is_past_and_one_of_late_is_not() -> None:
    for year in (1985, 2008):
        assert findings([Passage("brief", f"Konfirmandin im Jahr {year}, heute Glaserin.")], 2026) == []
    for year in (2009, 2025):
        assert findings([Passage("brief", f"Konfirmandin im Jahr {year}.")], 2026), year


def test_a_class_of_a_year_to_come_is_a_school_and_one_of_today_is_not() -> None:
    assert [one.words for one in findings([Passage("brief", "Class of 2031, plays chess.")], 2026)] == [
        ("Class of 2031",)
    ]
    assert findings([Passage("brief", "Class of 2031, plays chess.")], 2031) == []
    assert findings([Passage("brief", "Class of 2029 at law school, 34.")], 2026) == []


def test_a_number_that_is_an_ordinary_word_elsewhere_counts_in_its_own_language() -> None:
    for fine in ("Baker of 50 from Cork, once a boxer", "She tends to seize, with joy, the day; 51"):
        assert findings([Passage("brief", fine)]) == [], fine
    for minor in ("Lucía, once, Lima.", "Une fille, seize, dessine avec sa soeur.", "Sem, tien, speelt met de hond."):
        assert [one.rule for one in findings([Passage("brief", minor)])] == [MINOR], minor


def test_the_age_of_a_thing_is_nobodys_and_a_thing_beside_somebody_excuses_nothing() -> None:
    for fine in ("The shop turns ten in May; she is 50", "Sein Fahrrad ist zwölf Jahre alt, er selbst fünfzig"):
        assert findings([Passage("brief", fine)]) == [], fine
    for minor in ("Owner of a shop, she is fifteen years old.", "His car and he are fifteen years old.",
                  "Her bicycle is sixteen years old, she is fifteen."):  # fmt: skip
        assert [one.rule for one in findings([Passage("brief", minor)])] == [MINOR], minor


def test_only_an_adults_age_of_today_makes_an_age_one_of_long_ago() -> None:
    assert findings([Passage("brief", "W wieku dwunastu lat grał na flecie, teraz ma 40 lat.")]) == []
    for minor in (
        "Aged sixteen, she breeds pigeons, today 40 of them.",
        "W wieku dwunastu lat hoduje ptaki, dziś ma 40 gołębi.",
    ):
        assert [one.rule for one in findings([Passage("brief", minor)])] == [MINOR], minor


def test_there_are_enough_briefs_of_both_kinds_in_every_language() -> None:
    for path in (BRIEFS, AGES):
        for guilty in (True, False):
            languages = Counter(brief.language for brief in briefs(path) if brief.is_guilty is guilty)
            assert set(languages) == set(LANGUAGES) and languages.total() >= 60


@pytest.mark.parametrize(
    "path", sorted((ROOT / "personaforge" / "guard" / "rules").glob("*.yaml")), ids=lambda one: one.stem
)
def test_a_rules_file_names_nothing_twice_and_holds_only_text(path: Path) -> None:
    """YAML takes the last of two equal keys, and reads the Turkish ten (`on`) as True."""

    def leaves(node: yaml.Node) -> list[tuple[str, str]]:
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), (path.name, keys)
            return [leaf for _, value in node.value for leaf in leaves(value)]
        if isinstance(node, yaml.SequenceNode):
            return [leaf for value in node.value for leaf in leaves(value)]
        return [(str(node.tag), str(node.value))]

    read = leaves(yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader))
    tags = {tag for tag, value in read if value != "true"}
    assert tags <= {"tag:yaml.org,2002:str", "tag:yaml.org,2002:int"}, read
    assert not [value for _, value in read if value in ("True", "False")]


def test_halves_of_a_year_belong_to_the_number_and_leave_every_index_where_it_was() -> None:
    for text in ("Sie ist fünfzehneinhalb und malt.", "On beş buçuk yaşında.", "Ей 15 с половиной."):
        plain = text_of(text).plain
        assert [len(rules.marked(plain)) for rules in rules_for(plain)] == [len(plain)] * len(rules_for(plain))
        assert [one.rule for one in findings([Passage("brief", text)])] == [MINOR]


def test_how_long_ago_somebody_was_born_is_no_past_that_excuses() -> None:
    (found,) = findings([Passage("brief", "She was born fifteen years ago.")])
    assert found.words == ("born fifteen years ago",)
    assert findings([Passage("brief", "Her firm was born fifteen years ago.")]) == []
    assert findings([Passage("brief", "She was born eighteen years ago.")]) == []


def test_a_number_that_is_another_languages_word_counts_only_in_its_own() -> None:
    assert findings([Passage("brief", "Bir kız, on, resim yapıyor.")])
    assert findings([Passage("brief", "Dons hats, on Sundays (on); she is 45.")]) == []


def test_the_table_counts_both_kinds_of_errors() -> None:
    wrong = [Brief("en", "A 14-year-old.", False), Brief("en", "A nurse of 40.", True), Brief("en", "A cook.", False)]
    assert "en        1 of   1 100 %      1 of   2  50 %" in table(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "age １４", "a ①④-year-old", "aged 1\ufe0f\u20e35\ufe0f\u20e3", "aged \u24ef", "aged \u278a\u278e", "aged ¹⁵",
        "\U0001f162\U0001f152\U0001f157\U0001f15e\U0001f15e\U0001f15b\U0001f156\U0001f158\U0001f161\U0001f15b",
        "a \U0001f1f9\U0001f1ea\U0001f1ea\U0001f1f3",
        "\U0001f143\U0001f134\U0001f134\U0001f13d\U0001f130\U0001f136\U0001f134\U0001f141",
        "age XVI", "edad XV", "AGED 14", "aged\u00a014", "a g\u200bi\u200brl aged 1\u200b4", "aged\u200d 14",
        "aged 14\u0336", "a f\u0301ourteen year old", "14\u2011year\u2011old", "a fourteen\u2014year\u2014old",
        "a gіrl of 12", "a \u0442e\u0435n\u0430ger", "a t\u03b5\u03b5nager", "s\u0441hoolgirl",
        "\u1d1b\u1d07\u1d07\u0274\u1d00\u0262\u1d07\u0280",
        "\u0440\u0435\u0431\u0435\u043do\u043a", "\u043f\u043e\u0434\u0440oc\u0442\u043e\u043a",
        "عمرها ١٤", "१४ साल की", "14\u5c81", "א̶בת 14".replace("א̶", ""),
    ],
)  # fmt: skip
def test_what_looks_alike_is_read_alike(text: str) -> None:
    assert findings([Passage("brief", text)]) or text == "a f\u0301ourteen year old"


def test_words_are_named_as_they_are_written_with_their_place() -> None:
    (found,) = findings([Passage("description", "Meet a f\u200bourteen-year-old from Leeds.")])
    assert (found.path, found.rule, found.words) == ("description", MINOR, ("fourteen-year-old",))
    assert found.message == "found 'fourteen-year-old': every persona, and everybody shown, is 18 or older"


@pytest.mark.parametrize(
    "age", ["**Age:** {}", "__Age__: {}", "Age: **{}**", "**Alter:** {}", '{{"age": {}, "city": "Oslo"}}']
)
def test_an_age_within_markdown_or_json_is_read(age: str) -> None:
    assert findings([Passage("brief", age.format(16))], 2026)
    assert not findings([Passage("brief", age.format(46))], 2026)


def test_the_wider_of_two_places_says_whose_age_it_is() -> None:
    assert findings([Passage("brief", "Ходит в пятый класс.")]) and not findings([Passage("brief", "В пять лет пела.")])


def test_a_number_is_an_age_where_nothing_else_has_it() -> None:
    assert findings([Passage("brief", "Callum, 14, skates.")])
    for other in (
        "14",
        "Potter of 33, Elm Road, 14.",
        "Head of a team of 14.",
        "1. Sings. 2. Paints.",
        "A room, 16:9.",
    ):
        assert findings([Passage("brief", other)]) == [], other


def test_a_unit_makes_an_age_of_a_number_beside_a_street() -> None:
    assert findings([Passage("matrix.scenes.plain.text", "a room with a 12-year-old son", True)])


def test_an_index_leads_back_to_the_original() -> None:
    text = text_of("\u200bＡge ﬁve")
    assert text.plain == "age five" and text.words(4, 8) == "ﬁve"


def test_somebody_elses_child_is_fine_in_a_brief_and_refused_in_a_picture() -> None:
    text = "with her 14-year-old daughter"
    assert findings([Passage("brief", text)]) == []
    assert [one.rule for one in findings([Passage("matrix.scenes.park.text", text, True)])] == [MINOR]


def test_a_hint_in_one_text_counts_beside_a_word_of_another() -> None:
    apart = [Passage("brief", "A dancer in pigtails."), Passage("description", "erotic")]
    assert [one.rule for one in findings(apart)] == [SEXUAL]
    assert findings([Passage("brief", "A mother of a 14-year-old."), Passage("description", "erotic")]) == []


def test_what_is_ruled_out_is_no_content() -> None:
    assert findings([Passage("brief", "A school cook of 44, never sexy, no nudity.")]) == []


@pytest.mark.parametrize("age", [17, 17.0, "14", 0])
def test_an_age_in_a_field_of_that_name_is_read(age: object) -> None:
    assert [one.path for one in findings(passages_of({"surface": {"age": age}}, "pinned"))] == ["pinned.surface.age"]


@pytest.mark.parametrize("age", [18, 44, "34", "mid thirties", -1, True])
def test_an_adults_age_in_a_field_is_fine(age: object) -> None:
    assert findings(passages_of({"age": age}, "pinned.surface")) == [] or age is True


def test_the_packaged_templates_and_settings_are_clean(tmp_path: Path) -> None:
    for path in sorted((ROOT / "conf").rglob("*.yaml")):
        assert findings(passages_of(yaml.safe_load(path.read_text(encoding="utf-8")), path.name, True)) == [], path
    own = Templates([ROOT / "templates", tmp_path])  # as a project's own
    for name in own.names():
        assert own.source(name)


def test_a_year_of_birth_is_compared_with_the_year_that_is_handed_over() -> None:
    born = [Passage("brief", "Maya, born in 2012, skates.")]
    assert [one.words for one in findings(born, 2029)] == [("born in 2012",)]
    assert findings(born, 2030) == []  # 17 or 18: not known, so no more than a hint
    assert [one.rule for one in findings([*born, Passage("description", "erotic")], 2031)] == []
    both = [Passage("brief", "Erotic, born in 2012.")]
    assert [one.rule for one in findings(both, 2030)] == [SEXUAL] and findings(both, 2031) == []


@pytest.mark.parametrize("key", ["born", "birth_year", "date_of_birth"])
@pytest.mark.parametrize("value", [2012, "2012-05-03", "3 May 2012", date(2012, 5, 3)])
def test_a_value_that_is_a_year_of_birth_is_read_as_one(key: str, value: object) -> None:
    read = list(passages_of({"surface": {key: value}}, "pinned"))
    assert [one.path for one in findings(read, 2026)] == [f"pinned.surface.{key}"] and findings(read, 2040) == []


@pytest.mark.parametrize(
    "text",
    [
        "s i x t e e n", "s.i.x.t.e.e.n", "S-I-X-T-E-E-N", "s i x t e e n y e a r s o l d",
        "a  s c h o o l g i r l  here",
        "q u a t o r z e", "ש ש ע ש ר ה", "س ت ة ع ش ر", "सो ल ह सा ल की", "열 여 섯 살",
    ],
)  # fmt: skip
def test_letters_with_gaps_between_them_are_read_as_words(text: str) -> None:
    assert [one.rule for one in findings([Passage("brief", text)])] == [MINOR]


def test_letters_with_gaps_are_named_as_they_are_written_and_initials_are_no_words() -> None:
    (found,) = findings([Passage("brief", "Meet her: s i x t e e n, from Leeds.")])
    assert found.words == ("s i x t e e n",)
    for other in ("B. B. C. host of 44", "T E N N I S is her life, at 40", "h u n d r e d s of hats, 51"):
        assert findings([Passage("brief", other)]) == [], other


def test_a_number_in_a_call_is_no_age_and_one_behind_a_name_is() -> None:
    for code in ("alert(2)", "she types print(16) and foo.bar(12)", "<script>alert(2)</script>", "Бариста, alert(2)"):
        assert findings([Passage("brief", code)]) == [], code
    for name in ("Maya(12) skates", "Maya (12) skates", "a girl (12) skates", "Мая(12) рисует"):
        assert findings([Passage("brief", name)]), name
