"""Colours of hair and eyes are open where a brief or a pin states them, and nobody else's schema changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from personaforge.brief.fate import KEPT, account
from personaforge.brief.language import LANGUAGES
from personaforge.brief.told import stated_colors, told_facts
from personaforge.embedded.painter.undrawn import undrawn, undrawn_words
from personaforge.embedded.writer.assignment import Assignment
from personaforge.providers.embedded_text import draft
from personaforge.spec.pins import takes
from personaforge.spec.sections import pin_problems, read_schema, stated_words
from personaforge.testing import write_project
from personaforge.workspace.undrawn import not_drawn
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

CONF = Path(__file__).parents[2] / "conf"
PACKAGED = yaml.safe_load((CONF / "schema/dna.yaml").read_text(encoding="utf-8"))
PINK = {
    "en": "A singer from Lyon with pink hair, 30", "es": "Cantante de Lyon, 30 años, pelo rosa",
    "pt": "Cantora de Lyon, 30 anos, cabelo rosa", "fr": "Chanteuse de Lyon, 30 ans, cheveux roses",
    "de": "Sängerin aus Lyon, 30 Jahre alt, rosa Haare", "it": "Cantante di Lione, 30 anni, capelli rosa",
    "nl": "Zangeres uit Lyon, 30 jaar, roze haar", "pl": "Piosenkarka z Lyonu, 30 lat, różowe włosy",
    "tr": "Lyon'dan şarkıcı, 30 yaşında, pembe saçlı", "ru": "Певица из Лиона, 30 лет, розовые волосы",
    "ar": "مغنية من ليون، عمرها 30 سنة، شعر وردي", "he": "זמרת מליון, בת 30, שיער ורוד",
    "hi": "ल्यों की गायिका, 30 साल, गुलाबी बाल", "ja": "リヨンの歌手、30歳、ピンクの髪",
    "ko": "리옹 출신 가수, 30세, 분홍색 머리", "zh": "来自里昂的歌手,30岁,粉色头发",
}  # fmt: skip


def schema(brief: str, **pins: Any) -> dict[str, Any]:
    return read_schema([CONF], "dna", {"brief": brief, "pinned": {"dna": pins}})["properties"]


def dna(brief: str, seed: int = 3, **pins: Any) -> dict[str, Any]:
    found = read_schema([CONF], "dna", {"brief": brief, "pinned": {"dna": pins}})
    fields = {"section": "dna", "schema": found, "seed": seed, "facts": told_facts(brief)}
    drafted: dict[str, Any] = draft(
        Assignment.of({**fields, "context": {"brief": brief, "sections": {}, "pinned": pins}})
    )
    return drafted


@pytest.mark.parametrize("tag", LANGUAGES)
def test_pink_hair_is_drafted_in_every_language(tag: str) -> None:
    assert stated_colors(PINK[tag]) == {"dna.hair.color": ("pink",)}
    assert dna(PINK[tag])["hair"]["color"] == "pink"


def test_silver_hair_is_silver() -> None:
    for brief in ("A baker with silver hair", "Bäckerin aus Leipzig, silberne Haare", "Panadera, pelo plateado"):
        assert stated_colors(brief) == {"dna.hair.color": ("silver",)}, brief
        assert dna(brief)["hair"]["color"] == "silver", brief


def test_two_colours_of_one_thing_are_one_value_and_both_are_kept() -> None:
    brief = "A painter with one blue and one green eye"
    drafted = dna(brief)
    assert drafted["eyes"]["color"] == "blue and green"
    assert [row.fate for row in account(brief, {}, {"dna": drafted}).rows if row.kind == "look"] == [KEPT, KEPT]
    assert stated_colors("one blue eye and one green eye")["dna.eyes.color"][0] == "blue and green"
    assert stated_colors("black and pink hair")["dna.hair.color"][0] == "black and pink"
    for apart in ("blue eyes, green eyes", "brown hair, her eyes are blue", "片目は青、もう片目は緑"):
        assert not any(" and " in value for values in stated_colors(apart).values() for value in values), apart


def test_a_colour_of_another_thing_is_no_hair() -> None:
    for brief in ("blue jeans and gray hair", "blue jeans, gray hair"):
        assert stated_colors(brief) == {"dna.hair.color": ("gray",)}, brief


def test_the_schema_of_everybody_else_is_as_it_was() -> None:
    for part in ("eyes", "hair"):
        plain = schema("A baker from Leeds, brown hair, blue eyes")[part]["properties"]["color"]
        assert plain == {"enum": PACKAGED["properties"][part]["properties"]["color"]["enum"]}
    assert schema("A baker with pink hair")["hair"]["properties"]["color"]["enum"][-2:] == ["white", "pink"]
    assert schema("A baker", eyes={"color": "amber and purple"})["eyes"]["properties"]["color"]["enum"][-1] == (
        "amber and purple"
    )
    for wrong in ("pinkk", "blue and blue", "blue and pinkk", "pink, blue", "blue and green and red"):
        assert wrong not in schema("A baker", hair={"color": wrong})["hair"]["properties"]["color"]["enum"]


def test_a_pin_may_have_any_stated_colour_and_a_slip_is_an_error(forge: Forge, tmp_path: Path) -> None:
    text = "id: ana\nbrief: A baker from Leeds.\npinned: {dna: {hair: {color: %s}}}\n"
    root = write_project(tmp_path, {"ana": text % "turquoise"})
    forge("validate", cwd=root)
    (root / "personas/ana.yaml").write_text(text % "turqoise", "utf-8")
    done = forge("validate", cwd=root, check=2)
    assert "pinned.dna.hair.color" in done.stdout + done.stderr
    assert "also pink" in takes(PACKAGED["properties"]["hair"]["properties"]["color"])


def test_english_requests_of_usual_colours_are_told_nothing_new() -> None:
    assert told_facts("A baker from Leeds with brown hair and blue eyes") == []
    assert told_facts("A baker from Leeds with pink hair and blue eyes") == [
        {"kind": "look", "path": "dna.hair.color", "value": "pink"}
    ]


def test_what_the_painter_lacks_is_named_by_data() -> None:
    assert undrawn_words(["a thin scar over the brow", "a single braid", "freckles"]) == ["braid", "scar"]
    look = {
        "hair": {"color": "black and pink", "texture": "coily", "length": "long", "style": "waist-length locs"},
        "skin": {"marks": ["a mole"]},
    }
    assert undrawn(look, "wheelchair") == []
    # A brief's braid isn't in these locs, and hair that is shaved has neither locs nor a second colour.
    assert undrawn(look, "braid") == ["braid"]
    look["hair"]["length"] = "shaved"
    assert undrawn(look) == ["locs", "pink in the hair"]
    plait = {"color": "brown", "texture": "straight", "length": "long", "style": "long single plait"}
    assert undrawn({"hair": plait}, "braid") == []
    assert undrawn({"hair": {**plait, "length": "short"}}) == ["braid"]
    assert undrawn({"hair": {"color": "brown"}, "skin": {"marks": ["freckles"]}}) == []


def test_plan_build_and_show_say_what_is_not_drawn(forge: Forge, tmp_path: Path) -> None:
    brief = "A Norwegian potter of 33 from Bergen with a braid and a scar, in a wheelchair, no tattoos."
    root = write_project(tmp_path, {"ana": f"id: ana\nbrief: {brief}\n"})
    said = "ana: not drawn by the embedded painter: braid"  # the scar is drafted as a mark, and drawn
    done = forge("plan", cwd=root)
    assert said in done.stdout + done.stderr
    done = forge("build", "--select", "tag:text", cwd=root)
    assert re.search(said, done.stdout + done.stderr)
    shown = forge("show", "ana", cwd=root).stdout
    assert "not drawn: braid" in " ".join(shown.replace("│", " ").split())
    with Workspace.open((), str(root)) as space:
        (one,) = space.load(["ana"], ("image=fal", "identity.out_of_domain=allow"))
        assert not_drawn(space.store, one.settings) == []


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("blue & green", "did you mean blue and green?"),
        ("Blue and Green", "did you mean blue and green?"),
        (["blue", "green"], "did you mean blue and green?"),
        ("purpel", "did you mean purple?"),
        ("zzqq", "write one of these words, or two of them as `blue and green`"),
    ],
)
def test_a_wrong_color_names_all_that_may_be_pinned(value: object, hint: str) -> None:
    schema = read_schema([CONF], "dna", {"brief": "", "pinned": {}})
    ((keys, said, told),) = pin_problems(schema, {"eyes": {"color": value}}, lambda: stated_words([CONF], "dna"))
    assert keys == ["eyes", "color"] and told == hint
    assert "expected one of dark brown, brown" in said and "purple, turquoise, or two of all these" in said
    ((_, shape, near),) = pin_problems(schema, {"eyes": {"shape": "rond"}}, lambda: stated_words([CONF], "dna"))
    assert shape.endswith("upturned, downturned") and near == "did you mean round?"
