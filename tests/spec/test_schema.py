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
