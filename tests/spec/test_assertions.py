"""`checks:` in a persona file and in conf: merged like other groups, and every mistake named with its line."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from personaforge.spec.project import Project, packaged
from personaforge.spec.schema import group_schemas

from .conftest import Load
from .given import ANA, texts


def refusals(load: Load, text: str, *overrides: str) -> list[str]:
    return texts(lambda: load(ANA + text, *overrides))


def test_the_default_checks_go_by_the_gate_in_force(load: Load) -> None:
    settings = load(ANA + "identity: {accept_threshold: 0.71}\n")
    assert settings.value("checks.images.assert") == "passing_rate == 1 over images"
    assert settings.value("checks.texts.severity") == "warn"


def test_a_persona_adds_changes_and_takes_away(load: Load) -> None:
    settings = load(
        ANA
        + """
checks:
  clips: null
  images: {assert: min(composite) >= 0.9 over images}
  sharp: p10(sharpness) > 20 over images
  rows: {sql: "select 1 where false", allow: [unmeasured], severity: warn, description: nothing}
"""
    )
    checks = settings.value("checks")
    assert checks["clips"] is None and checks["sharp"] == "p10(sharpness) > 20 over images"
    assert checks["images"]["assert"] == "min(composite) >= 0.9 over images" and checks["images"]["allow"] == [
        "nothing"
    ]
    assert checks["rows"]["sql"] == "select 1 where false" and checks["rows"]["assert"] is None
    assert "drift_face" in checks


def test_none_leaves_only_what_the_persona_says(load: Load) -> None:
    text = "defaults: [{override /checks: none}]\nchecks: {a: drift.face == stable}\n"
    assert load(ANA + text).value("checks") == {"a": "drift.face == stable"}
    assert load(ANA + "checks: none\n").value("checks") == {}


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            "min(composit) >= 0.5 over images",
            ":4 checks.a: found 'composit' at character 5, expected a measure (did you",
        ),
        ("{assert: drift.fase != degrading}", ":4 checks.a.assert: found 'drift.fase' at character 1"),
        ("{asert: drift.face != degrading}", ":4 checks.a.asert: is not a setting (did you mean assert?)"),
        ("{severity: warn}", ":4 checks.a: found neither of assert and sql, expected one of them"),
        ("{assert: drift.face != degrading, sql: select 1}", ":4 checks.a: found both of assert and sql"),
        ("{assert: drift.face != degrading, allow: [everything]}", ":4 checks.a.allow.0: found 'everything'"),
        ("{assert: drift.face != degrading, severity: grave}", ":4 checks.a.severity: found 'grave'"),
        ("3", ":4 checks.a: found 3"),
        ("min(composite) >= 0.5 over portrait", ":4 checks.a: found 'portrait', which is neither a scope nor a step"),
        ("min(composite) >= 0.5 over soul", ":4 checks.a: found 'soul', which is neither a scope nor a step"),
    ],
)
def test_every_mistake_is_named_with_its_line(load: Load, check: str, message: str) -> None:
    found = refusals(load, f"checks:\n  a: {check}\n")
    assert any(message in one for one in found), found


def test_a_name_must_be_one(load: Load) -> None:
    assert any(
        "checks.My Check: is not a name" in one for one in refusals(load, "checks: {My Check: drift.face == stable}")
    )


def test_the_command_line_is_checked_too(load: Load) -> None:
    [problem] = refusals(load, "", 'checks.images.assert="min(composite)"')
    assert "command line checks.images.assert: ends after 'min(composite)', expected an operator" in problem


def test_the_schema_knows_checks() -> None:
    schemas = group_schemas(Project(packaged("conf").parent))
    valid = {"a": "drift.face == stable", "b": {"sql": "select 1"}, "c": None}
    persona = Draft202012Validator(schemas["persona"])
    ana = {"id": "ana", "brief": "A calm gardener."}
    assert persona.is_valid({**ana, "checks": valid}) and persona.is_valid({**ana, "checks": "none"})
    assert not persona.is_valid({**ana, "checks": {"a": {"asert": "x"}}})
    assert not persona.is_valid({**ana, "checks": {"My Check": "x"}})
    assert not persona.is_valid({**ana, "checks": {"a": {"sql": "select 1", "allow": ["all"]}}})
