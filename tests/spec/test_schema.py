"""The schemas for editors: they know what forge knows, neither more nor less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from personaforge.spec.project import Project, packaged
from personaforge.spec.schema import group_schemas, write_schemas
from personaforge.spec.settings import GROUPS

from .given import ANA, project

CHECKOUT = Project(packaged("conf").parent)


@pytest.fixture(scope="module")
def schemas() -> dict[str, dict[str, Any]]:
    return group_schemas(CHECKOUT)


def errors(schema: dict[str, Any], text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(yaml.safe_load(text))]


def test_there_is_one_for_every_group_for_a_persona_and_for_the_machine(schemas: dict[str, dict[str, Any]]) -> None:
    assert set(schemas) == {*GROUPS, "consent", "machine", "persona"}
    shared = schemas["persona"]["$defs"]
    Draft202012Validator.check_schema(schemas["persona"])
    for name in GROUPS:
        assert schemas[name]["$defs"] == shared
        Draft202012Validator.check_schema({**schemas[name], "$defs": {}})


@pytest.mark.parametrize("path", sorted((CHECKOUT.root / "personas").glob("[!_]*.yaml")), ids=lambda path: path.name)
def test_the_demo_personas_are_accepted(schemas: dict[str, dict[str, Any]], path: Path) -> None:
    if not path.name.endswith(".lock.yaml"):
        assert errors(schemas["persona"], path.read_text()) == []


@pytest.mark.parametrize(
    "path",
    [path for name in GROUPS for path in sorted((packaged("conf") / name).glob("*.yaml"))],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_the_packaged_options_are_accepted(schemas: dict[str, dict[str, Any]], path: Path) -> None:
    assert errors(schemas[path.parent.name], path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "pipeline: five_stage",
        "defaults: [_base, {override /pipeline: five_stage}, _self_]",
        "image: {width: '${image.height}'}",
        "identity: {require_measurement: '${run.keep_going}', policy: '${owner}'}",
        "pipeline: {steps: {soul: {temperature: 0.5}}}",
        "pipeline: {steps: {extra: {kind: render, template: a.j2, file: a.txt}}}",
        "matrix: {positions: {'02': {scene: plain}}}",
        "pinned: {surface: {name: Ana, location: {city: Lima}, languages: [es]}}",
        "run: {jobs: null, max_cost_usd: 5}",
    ],
)
def test_what_forge_accepts_is_accepted(schemas: dict[str, dict[str, Any]], text: str) -> None:
    assert errors(schemas["persona"], f"{ANA}{text}\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "imge: {width: 64}",
        "image: {widht: 64}",
        "image: {width: wide}",
        "image: {width: 5}",
        "image: nothing",
        "pipeline: five_stag",
        "pipeline: {steps: {soul: {modle: x}}}",
        "pipeline: {steps: {soul: {temperature: 5}}}",
        "identity: {policy: strickt}",
        "identity: {require_measurement: maybe}",
        "tags: [Demo!]",
        "pinned: [a]",
        "locked: [seed]",
        "defaults: base",
    ],
)
def test_a_mistake_is_refused(schemas: dict[str, dict[str, Any]], text: str) -> None:
    assert errors(schemas["persona"], f"{ANA}{text}\n")


def test_a_persona_has_an_id_and_a_brief(schemas: dict[str, dict[str, Any]]) -> None:
    assert errors(schemas["persona"], "seed: 3") == ["'id' is a required property", "'brief' is a required property"]
    assert errors(schemas["persona"], "id: Ana Maria\nbrief: A gardener.")


def test_an_option_is_whole_unless_it_builds_on_another(schemas: dict[str, dict[str, Any]]) -> None:
    part = "width: 64\nheight: 64\n"
    assert "'provider' is a required property" in errors(schemas["image"], part)
    assert errors(schemas["image"], "defaults: [embedded, _self_]\n" + part) == []
    assert errors(schemas["image"], "defaults: [embedded, _self_]\nwidht: 64\n")


def test_the_projects_own_options_may_be_chosen(tmp_path: Path) -> None:
    where = project(tmp_path, ANA, {"conf/pipeline/mine.yaml": "defaults: [four_layer]\n"})
    schema = group_schemas(where)["persona"]
    assert errors(schema, ANA + "pipeline: mine\n") == errors(schema, ANA + "pipeline: four_layer\n") == []
    assert errors(schema, ANA + "pipeline: theirs\n")


def test_writing_them_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = write_schemas(CHECKOUT, tmp_path / "build" / "schema")
    first = {path.name: path.read_bytes() for path in paths}
    assert sorted(first) == sorted(f"{name}.schema.json" for name in (*GROUPS, "consent", "machine", "persona"))
    assert {path.name: path.read_bytes() for path in write_schemas(CHECKOUT, tmp_path / "build" / "schema")} == first
    assert json.loads(first["persona.schema.json"])["title"] == "A persona"


def test_the_machine_file_has_a_schema(tmp_path: Path) -> None:
    schema = group_schemas(Project(tmp_path))["machine"]
    validator = Draft202012Validator(schema)
    Draft202012Validator.check_schema(schema)
    page = (CHECKOUT.root / "docs/machine.md").read_text().partition("```yaml\n")[2].partition("```")[0]
    assert not list(validator.iter_errors(yaml.safe_load(page)))
    for wrong in ({"remote": {}}, {"commands": {"a": {"run": []}}}, {"plugins": "a"}):
        assert list(validator.iter_errors(wrong)), wrong


def undescribed(schema: Any, path: str = "") -> list[str]:
    """Return the properties without a description, by their path."""
    found = []
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items() if isinstance(schema.get("properties"), dict) else ():
            if not isinstance(inner, dict) or not str(inner.get("description", "")).strip():
                found.append(f"{path}.{name}")
        for name, inner in schema.items():
            found += undescribed(inner, f"{path}/{name}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            found += undescribed(inner, f"{path}/{index}")
    return found


def test_every_property_says_what_it_is_for(schemas: dict[str, dict[str, Any]]) -> None:
    assert undescribed({"properties": {"a": {"description": "A."}, "b": {"type": "string"}}}) == [".b"]
    for name in ("persona", "consent", "machine", "identity"):
        assert undescribed(schemas[name]) == [], name


def test_a_description_is_the_sentence_under_the_field(schemas: dict[str, dict[str, Any]]) -> None:
    steps = schemas["persona"]["$defs"]
    assert steps["Query"]["properties"]["seconds"]["description"] == "Of DuckDB's work."
    assert steps["DraftStep"]["properties"]["schema"]["description"] == "A file in `conf/schema/`."
    assert steps["DraftStep"]["properties"]["kind"]["description"] == "Drafts one section of the persona document."
    assert schemas["persona"]["properties"]["identity"]["description"] == "How identity is measured and judged."


def test_what_may_be_pinned_is_typed_and_described(schemas: dict[str, dict[str, Any]]) -> None:
    color = schemas["persona"]["properties"]["pinned"]["properties"]["dna"]["properties"]["eyes"]["properties"]["color"]
    assert color["description"].startswith("dna.eyes.color: dark brown, brown,")
    for fine in ("dna: {eyes: {color: green}}", "surface: {age: 34}", "dna: {eyes: {color: '${x.y}'}}", "own: {a: 1}"):
        assert errors(schemas["persona"], f"id: ana\nbrief: A gardener.\npinned: {{{fine}}}") == [], fine
    for wrong in ("dna: {eyes: {color: greenish}}", "dna: {eyse: {color: green}}", "surface: {age: old}", "own: 3"):
        assert errors(schemas["persona"], f"id: ana\nbrief: A gardener.\npinned: {{{wrong}}}"), wrong


def test_sections_of_the_projects_own_steps_are_typed_as_well(tmp_path: Path) -> None:
    (tmp_path / "conf/project").mkdir(parents=True)
    (tmp_path / "conf/schema").mkdir()
    (tmp_path / "conf/project/settings.yaml").write_text(
        "pipeline: {steps: {pets: {kind: draft, section: pets, schema: pets}}}"
    )
    (tmp_path / "conf/schema/pets.yaml").write_text("type: object\nproperties: {name: {type: string, maxLength: 9}}")
    schema = group_schemas(Project(tmp_path))["persona"]
    assert errors(schema, "id: ana\nbrief: A gardener.\npinned: {pets: {name: Bo}}") == []
    assert errors(schema, "id: ana\nbrief: A gardener.\npinned: {pets: {name: 7}}")
