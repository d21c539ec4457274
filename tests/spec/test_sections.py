"""Output schemas: read, resolved, held against drafts and pins, and refused where they could do harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from personaforge.spec.project import packaged
from personaforge.spec.sections import (
    MAX_MATCHED,
    MAX_PROBLEMS,
    dropped_pins,
    pin_problems,
    read_schema,
    section_problems,
)

from .given import texts

SETTINGS = {"fashion": {"contexts": {"beach": {"style": "x"}, "gala": {"style": "y"}}}, "seed": 3}


def read(tmp_path: Path, text: str, settings: dict[str, Any] = SETTINGS) -> dict[str, Any]:
    folder = tmp_path / "conf"
    (folder / "schema").mkdir(parents=True, exist_ok=True)
    (folder / "schema" / "mine.yaml").write_text(text, encoding="utf-8")
    return read_schema([folder, packaged("conf")], "mine", settings)


LIFESTYLE = """
type: object
additionalProperties: false
required: [taste, note]
properties:
  taste:
    type: object
    additionalProperties: false
    x-properties-from: fashion.contexts
    x-property: {type: number, minimum: 0, maximum: 1}
  note: {type: string, minLength: 3}
"""

# --- reading ----------------------------------------------------------------------------------------------------------


def test_one_property_for_every_key_of_a_setting(tmp_path: Path) -> None:
    unit = {"type": "number", "minimum": 0, "maximum": 1}
    assert read(tmp_path, LIFESTYLE)["properties"]["taste"] == {
        "type": "object",
        "additionalProperties": False,
        "properties": {"beach": unit, "gala": unit},
        "required": ["beach", "gala"],
    }


def test_every_property_has_the_same_schema_when_none_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, "type: object\nx-properties-from: fashion.contexts\n")
    assert found == {"type": "object", "properties": {"beach": {}, "gala": {}}, "required": ["beach", "gala"]}


@pytest.mark.parametrize("path", ["fashion.context", "seed", "nothing", "fashion.contexts.beach.style", "''"])
def test_properties_come_from_a_table_only(tmp_path: Path, path: str) -> None:
    found = texts(lambda: read(tmp_path, f"type: object\nx-properties-from: {path}\n"))
    assert len(found) == 1 and "expected a setting with named entries" in found[0]


def test_the_projects_own_schema_overrides_the_packaged_one_by_name(tmp_path: Path) -> None:
    (tmp_path / "conf" / "schema").mkdir(parents=True)
    (tmp_path / "conf" / "schema" / "soul.yaml").write_text("type: object\ntitle: ours\n")
    assert read_schema([tmp_path / "conf", packaged("conf")], "soul", SETTINGS)["title"] == "ours"
    assert "properties" in read_schema([packaged("conf")], "soul", SETTINGS)


@pytest.mark.parametrize("path", sorted((packaged("conf") / "schema").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_packaged_schema_is_one(path: Path) -> None:
    schema = read_schema([packaged("conf")], path.stem, SETTINGS)
    assert section_problems(schema, {}) and section_problems(schema, {"no such field": 1})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type: array\n", "conf/schema/mine.yaml type: found 'array', expected object"),
        ("", "conf/schema/mine.yaml type: found None, expected object"),
        ("- a\n", "conf/schema/mine.yaml:1: found a list or a single value, expected keys and values"),
        (
            "type: object\nproperties: [a]\n",
            "conf/schema/mine.yaml properties: is not a JSON Schema: ['a'] is not of type 'object'",
        ),
        (
            "type: object\nproperties: {a: {type: strng}}\n",
            "conf/schema/mine.yaml properties.a.type: is not a JSON Schema",
        ),
        (
            "type: object\nproperties: {a: {maximum: .nan}}\n",
            "conf/schema/mine.yaml: is not a JSON Schema: properties.a.maximum: nan",
        ),
        (
            "type: object\nproperties: {a: {const: 2020-01-01}}\n",
            "conf/schema/mine.yaml: is not a JSON Schema: properties.a.const: date is",
        ),
        (
            "type: object\nproperties: {a: {$ref: 'file:///etc/passwd'}}\n",
            "conf/schema/mine.yaml properties.a.$ref: found 'file:///etc",
        ),
        (
            "type: object\nproperties: {a: {$ref: 'http://127.0.0.1:9/x'}}\n",
            "conf/schema/mine.yaml properties.a.$ref: found 'http",
        ),
        (
            "type: object\nproperties: {a: {$dynamicRef: 'x.json'}}\n",
            "conf/schema/mine.yaml properties.a.$dynamicRef: found 'x.json'",
        ),
        ("type: object\nallOf: [{$ref: other}]\n", "conf/schema/mine.yaml allOf.0.$ref: found 'other'"),
        ("type: object\n$id: 'http://x/y'\n", "conf/schema/mine.yaml $id: is not for output schemas"),
        (
            "type: object\nproperties: {a: {$ref: '#/$defs/x'}}\n",
            "conf/schema/mine.yaml properties.a.$ref: found '#/$defs/x', which this",
        ),
        (
            "type: object\nproperties: {a: {$ref: '#/properties/b'}}\n",
            "conf/schema/mine.yaml properties.a.$ref: found '#/properties/b'",
        ),
        ("type: object\nallOf: [{$ref: '#'}]\n", "conf/schema/mine.yaml: refers to itself without end"),
        (
            "type: object\nproperties: {a: {$ref: '#/$defs/x'}}\n"
            "$defs: {x: {anyOf: [{$ref: '#/$defs/y'}]}, y: {not: {$ref: '#/$defs/x'}}}\n",
            "conf/schema/mine.yaml $defs.x: refers to itself without end",
        ),
        (
            "type: object\nproperties: {a: {pattern: '('}}\n",
            "conf/schema/mine.yaml properties.a.pattern: is not a regular expression",
        ),
        (
            "type: object\npatternProperties: {'^a': {}}\n",
            "conf/schema/mine.yaml patternProperties: is not for output schemas",
        ),
        (
            "type: object\nproperties: {a: {type: string, default: '${oc.env:HOME}'}}\n",
            "conf/schema/mine.yaml:2 properties.a.default: found ${oc.env:",
        ),
    ],
)
def test_what_is_no_output_schema(tmp_path: Path, text: str, expected: str) -> None:
    found = texts(lambda: read(tmp_path, text))
    assert len(found) == 1 and found[0].startswith(expected), found


def test_an_unknown_schema_gets_the_nearest_name(tmp_path: Path) -> None:
    assert texts(lambda: read_schema([packaged("conf")], "sol", SETTINGS)) == [
        "conf/schema: no schema 'sol' (did you mean soul?)"
    ]
    assert "there is: audit, dna" in texts(lambda: read_schema([packaged("conf")], "qqq", SETTINGS))[0]


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "(a|a)*$", "(a?){30}a{30}", "a*a*a*a*b", "(.*)(.*)(.*)x", "(a{1,50}){1,50}b", "(a)(?:\\1|b)*c"],
)
def test_a_pattern_may_not_take_for_ever(tmp_path: Path, pattern: str) -> None:
    found = texts(lambda: read(tmp_path, f"type: object\nproperties: {{a: {{pattern: '{pattern}'}}}}\n"))
    assert "too many ways" in found[0]


@pytest.mark.parametrize(
    "pattern", ["^[a-z]{2,3}(-[A-Z]{2})?$", "^.*x.*$", "^[a-z]+$", "^(yes|no)$", "^#[0-9a-fA-F]{6}$", "^\\d{4}-\\d{2}$"]
)
def test_ordinary_patterns_stay(tmp_path: Path, pattern: str) -> None:
    assert read(tmp_path, f"type: object\nproperties: {{a: {{pattern: '{pattern}'}}}}\n")


def test_a_slow_pattern_sees_short_texts_only(tmp_path: Path) -> None:
    schema = read(tmp_path, "type: object\nproperties: {a: {pattern: '^.*x.*$'}}\n")
    assert section_problems(schema, {"a": "y" * (MAX_MATCHED - 1) + "x"}) == []
    assert section_problems(schema, {"a": "y" * MAX_MATCHED + "x"})[0].startswith('a: found "yyyy')
    assert section_problems(schema, {"a": 5}) == []


def test_properties_may_be_called_like_keywords(tmp_path: Path) -> None:
    schema = read(
        tmp_path,
        "type: object\nproperties: {pattern: {type: string}, $ref: {type: string}, required: {type: string}}\n",
    )
    assert section_problems(schema, {"pattern": "(", "$ref": "x", "required": "y"}) == []
    assert list(pin_problems({**schema, "additionalProperties": False}, {"required": "y"})) == []


def test_a_schema_may_refer_to_itself_below(tmp_path: Path) -> None:
    schema = read(
        tmp_path,
        "type: object\nadditionalProperties: false\nproperties: {child: {$ref: '#'}, leaf: {$ref: '#/$defs/n'}}\n"
        "$defs: {n: {type: integer}}\n",
    )
    assert section_problems(schema, {"child": {"child": {"leaf": 3}}}) == []
    assert section_problems(schema, {"child": {"child": {"leaf": "x"}}}) == [
        'child.child.leaf: found "x", expected a whole number'
    ]


# --- drafts -----------------------------------------------------------------------------------------------------------


def test_a_draft_that_fits_has_no_problems(tmp_path: Path) -> None:
    schema = read(tmp_path, LIFESTYLE)
    assert section_problems(schema, {"taste": {"beach": 0.5, "gala": 1}, "note": "long"}) == []


def test_every_way_in_which_a_draft_does_not_fit_is_a_sentence(tmp_path: Path) -> None:
    schema = read(tmp_path, LIFESTYLE)
    assert section_problems(schema, {"taste": {"beach": 2, "ball": 0.5}, "note": "no"}) == [
        "note: found 2 characters, expected at least 3",
        "taste: found ball, expected only beach, gala",
        "taste: found no gala, expected a number of that name",
        "taste.beach: found 2, expected at most 1",
    ]
    assert section_problems(schema, [1]) == ["the section: found [1], expected an object"]
    assert section_problems(schema, None) == ["the section: found null, expected an object"]


def test_problems_are_few_and_short_whatever_a_model_answers(tmp_path: Path) -> None:
    schema = read(tmp_path, "type: object\nproperties: {a: {items: {type: string}}}\n")
    found = section_problems(schema, {"a": [["x" * 1000]] * 100})
    assert len(found) == MAX_PROBLEMS and max(map(len, found)) < 220


# --- pins -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pinned", "section", "expected"),
    [
        ({}, {"name": "Ana"}, []),
        ({"name": "Ana"}, {"name": "Ana", "age": 30}, []),
        ({"name": "Ana"}, {"name": "Anna"}, ['name: found "Anna", expected "Ana", which the user has fixed']),
        ({"name": "Ana"}, {}, ['name: found nothing, expected "Ana", which the user has fixed']),
        ({"home": {"city": "Lima"}}, {"home": {"city": "Lima", "country": "Peru"}}, []),
        (
            {"home": {"city": "Lima"}},
            {"home": {"city": "Cusco"}},
            ['home.city: found "Cusco", expected "Lima", which the user has fixed'],
        ),
        (
            {"home": {"city": "Lima"}},
            {"home": "Lima"},
            ['home: found "Lima", expected an object with what the user has fixed'],
        ),
        ({"name": "Ana"}, ["Ana"], ['the section: found ["Ana"], expected an object with what the user has fixed']),
        (
            {"tags": ["a", "b"]},
            {"tags": ["b", "a"]},
            ['tags: found ["b","a"], expected ["a","b"], which the user has fixed'],
        ),
        (
            {"a": 1, "b": 2},
            {"a": 2, "b": 1},
            [
                f"{name}: found {found}, expected {3 - found}, which the user has fixed"
                for name, found in (("a", 2), ("b", 1))
            ],
        ),
        ({"score": 1}, {"score": 1.0}, []),
        ({"pet": None}, {"pet": "cat"}, ['pet: found "cat", expected null, which the user has fixed']),
    ],
)
def test_pins_are_kept_to_the_letter(pinned: Any, section: Any, expected: list[str]) -> None:
    assert dropped_pins(pinned, section) == expected


def test_pins_fill_a_part_of_the_schema(tmp_path: Path) -> None:
    schema = read(tmp_path, LIFESTYLE)
    assert list(pin_problems(schema, {"taste": {"beach": 0.5}})) == []
    assert list(pin_problems(schema, {"taste": {"beech": 0.5}, "note": "no"})) == [
        (["taste", "beech"], "is not a field of this section", "did you mean beach?"),
        (["note"], "'no' is too short", ""),
    ]
