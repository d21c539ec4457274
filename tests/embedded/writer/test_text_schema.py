"""Sections that a project declares itself are filled from their schema, and changed schemas are lived up to."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from personaforge.embedded.writer.pattern import matching

from .text_cases import draft, persona, schema

BACKSTORY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "hometown",
        "first_memory",
        "favourite_colours",
        "milestones",
        "kind",
        "version",
        "rating",
        "address",
        "tag",
    ],
    "$defs": {
        "place": {
            "type": "object",
            "required": ["city", "since"],
            "properties": {"city": {"type": "string"}, "since": {"type": "integer", "minimum": 1950, "maximum": 2020}},
        }
    },
    "properties": {
        "hometown": {"$ref": "#/$defs/place"},
        "first_memory": {
            "type": "string",
            "minLength": 120,
            "maxLength": 240,
            "description": "An early scene, with weather.",
        },
        "favourite_colours": {
            "type": "array",
            "minItems": 3,
            "maxItems": 3,
            "uniqueItems": True,
            "items": {"enum": ["red", "green", "blue"]},
        },
        "milestones": {
            "type": "array",
            "minItems": 2,
            "items": {
                "type": "object",
                "required": ["age", "title"],
                "additionalProperties": False,
                "properties": {
                    "age": {"type": "integer", "minimum": 0, "maximum": 95},
                    "title": {"type": "string", "maxLength": 30},
                },
            },
        },
        "kind": {"anyOf": [{"type": "null"}, {"enum": ["novel", "diary"]}]},
        "version": {"const": 2},
        "rating": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "multipleOf": 0.25},
        "address": {"type": "string", "format": "email"},
        "tag": {"type": "string", "pattern": "^#[a-f0-9]{6}$"},
        "note": {"type": ["string", "null"], "maxLength": 12},
        "scores": {
            "type": "object",
            "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            "minProperties": 3,
        },
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
        "mixed": {
            "allOf": [
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                {"required": ["b"], "properties": {"b": {"type": "string"}}},
            ]
        },
    },
}


@pytest.mark.parametrize("seed", range(8))
def test_a_section_of_ones_own_is_filled_from_its_schema(seed: int) -> None:
    earlier = persona("warm Kenyan nurse who loves jazz", seed, ("intent", "soul", "surface"))
    drafted = draft("backstory", "warm Kenyan nurse who loves jazz", earlier, seed, schema=BACKSTORY)
    Draft202012Validator(BACKSTORY).validate(drafted)
    assert drafted["hometown"]["city"] == earlier["surface"]["location"]["city"]
    assert len(drafted["first_memory"].split()) > 15


def test_it_works_before_anything_else_and_without_a_brief() -> None:
    Draft202012Validator(BACKSTORY).validate(draft("backstory", schema=BACKSTORY))


def test_its_pins_and_findings_count_too() -> None:
    first = draft("backstory", "sailor", schema=BACKSTORY)
    pinned = draft("backstory", "sailor", schema=BACKSTORY, pinned={"hometown": {"city": "Cork"}, "tag": "#00ff00"})
    assert pinned["hometown"]["city"] == "Cork"
    assert pinned["tag"] == "#00ff00"
    findings = [
        {"section": "backstory", "problem": "The memory is vague.", "advice": "Let backstory.rating be at least 0.75."}
    ]
    again = draft("backstory", "sailor", schema=BACKSTORY, findings=findings)
    assert again != first
    assert again["rating"] >= 0.75


def test_a_schema_that_refers_to_itself_ends() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    }
    Draft202012Validator(tree).validate(draft("tree", schema=tree))


def test_a_known_section_lives_up_to_a_changed_schema() -> None:
    changed = {
        **schema("soul"),
        "required": [*schema("soul")["required"], "motto", "lucky_number"],
        "properties": {
            **schema("soul")["properties"],
            "desire": {"type": "string", "minLength": 10, "maxLength": 24},
            "motto": {"type": "string", "minLength": 5, "maxLength": 60},
            "lucky_number": {"type": "integer", "minimum": 3, "maximum": 9},
        },
    }
    for seed in range(6):
        Draft202012Validator(changed).validate(draft("soul", "shy", seed=seed, schema=changed))
    narrow = {
        **schema("self"),
        "properties": {**schema("self")["properties"], "archetype": {"enum": ["trickster", "elder"]}},
    }
    Draft202012Validator(narrow).validate(draft("self", "shy", schema=narrow))


SIMPLE = st.one_of(
    st.builds(
        lambda least, more: {"type": "string", "minLength": least, "maxLength": least + more},
        st.integers(0, 60),
        st.integers(1, 90),
    ),
    st.builds(
        lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span},
        st.integers(-50, 50),
        st.integers(0, 40),
    ),
    st.builds(
        lambda low, span: {"type": "number", "minimum": low, "maximum": low + span},
        st.integers(-5, 5),
        st.integers(0, 5),
    ),
    st.builds(
        lambda members: {"enum": members}, st.lists(st.text(max_size=8) | st.integers(-9, 9), min_size=1, max_size=4)
    ),
    st.just({"type": "boolean"}),
    st.builds(lambda value: {"const": value}, st.integers(-(2**53), 2**53) | st.booleans()),
)
SCHEMAS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(
            lambda items, least, more: {"type": "array", "items": items, "minItems": least, "maxItems": least + more},
            inner,
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        st.builds(
            lambda properties: {
                "type": "object",
                "additionalProperties": False,
                "required": list(properties),
                "properties": properties,
            },
            st.dictionaries(st.sampled_from(["city", "motto", "age", "favourite_song", "x"]), inner, max_size=4),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)


@given(wanted=SCHEMAS, seed=st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_any_simple_schema_can_be_filled(wanted: dict[str, Any], seed: int) -> None:
    Draft202012Validator(wanted).validate(draft("extra", "witty baker in Oslo", seed=seed, schema=wanted))


@pytest.mark.parametrize(
    "expression",
    [
        "^[a-z]{2,3}(-[A-Z]{2})?$",
        r"^\d{4}-\d{2}$",
        "^(red|green)$",
        "^#[0-9a-f]{6}$",
        "^[^x]+$",
        r"^\+?[1-9]\d{1,14}$",
        "a.c",
        "^(?:ab){2}$",
    ],
)
def test_texts_are_made_for_patterns(expression: str) -> None:
    for seed in range(20):
        text = matching(expression, random.Random(seed))
        assert text is not None
        assert re.search(expression, text)


@pytest.mark.parametrize("expression", ["(?=a)b", r"(a)\1", "(", "*a", "[z-a]"])
def test_what_it_cannot_read_is_no_text(expression: str) -> None:
    assert matching(expression, random.Random(1)) is None
