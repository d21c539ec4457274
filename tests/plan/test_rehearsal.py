"""Every template is rendered before a build, with stand-ins for what nobody has answered yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.plan.graph import lay_out
from personaforge.plan.rehearsal import rehearse
from personaforge.spec.instances import instance
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace

NOVA = "id: nova\nbrief: A calm gardener who talks to her roses.\npinned: {dna: {eyes: {color: amber}}}\n"
ROOT = Path(__file__).resolve().parents[2]


def problems(root: Path) -> list[str]:
    with Workspace.open((), str(root)) as space:
        found, valid = space.validate([])
    assert bool(found) is not bool(valid)
    return [f"{one.where} {one.path}: {one.message}" for one in found]


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("image/blocks/face.j2", "dna.eyes.color }}", "dna.eyes.colr }}", "image/blocks/face.j2:6"),
        ("image/blocks/body.j2", "{{ body.posture }}", "{{ persna.id }}", "image/blocks/body.j2:2"),
        ("image/blocks/body.j2", "{{ body.posture }}", "{{ body.posture | round }}", "image/blocks/body.j2:2"),
        ("image/patch.j2", "dna.face.shape", "dna.face.form", "image/patch.j2:4"),
        ("text/mask.j2", "Write", "{{ sections.soul.no_such }} Write", "text/mask.j2:3"),
        ("text/repair.j2", '{% include "text/pinned.j2" %}', "{{ anser }}", "text/repair.j2:"),
        ("text/findings.j2", "finding.advice", "finding.advise", "text/findings.j2:"),
        ("video/motion.j2", "else motion.description", "else motion.words", "video/motion.j2:"),
    ],
)
def test_a_wrong_name_is_found_with_its_line_although_the_embedded_providers_read_no_prompt(
    tmp_path: Path, name: str, old: str, new: str, where: str
) -> None:
    root = write_project(tmp_path, {"nova": NOVA})
    source = (ROOT / "templates" / name).read_text()
    assert old in source
    (root / "templates" / name).parent.mkdir(parents=True, exist_ok=True)
    (root / "templates" / name).write_text(source.replace(old, new, 1))
    found = problems(root)
    assert found and all(one.startswith(f"templates/{where}") and "can't be rendered" in one for one in found), found
    assert not (root / "build").exists()


def test_the_packaged_templates_render_for_both_pipelines_with_pins_in_their_places(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"nova": NOVA, "five": NOVA.replace("nova", "five") + "pipeline: five_stage\n"})
    assert problems(root) == []
    with Workspace.open((), str(root)) as space:
        for loaded in space.load([]):
            shape = lay_out(loaded.settings)
            done = rehearse(loaded.settings, shape, space.templates)
            asked = [node.name for node in shape.nodes if node.kind.calls(loaded.settings, node.declaration)]
            assert [one.node for one in done.requests] == asked, "a request for every node that calls anybody"
            drawn = next(one.action for one in done.requests if one.node == "image/02")
            assert "amber eyes" in drawn.request["prompt"]


def test_an_instance_has_what_the_schema_declares() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "color": {"enum": ["red", "blue"]},
            "age": {"type": "integer", "minimum": 18},
            "marks": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/mark"}},
            "either": {"anyOf": [{"type": "number", "minimum": 0.5}, {"type": "null"}]},
            "tastes": {"type": "object"},
        },
        "$defs": {"mark": {"type": "string"}},
    }
    found = instance(schema, {"age": 40})
    assert found == {
        "color": "red",
        "age": 40,
        "marks": ["a value of marks"] * 2,
        "either": 0.5,
        "tastes": {},
    }
    assert found["tastes"]["anything"], "what a schema allows beside its properties is no mistake"
    with pytest.raises(KeyError):
        found["colour"]


def test_a_schema_that_names_itself_ends() -> None:
    schema = {"type": "object", "properties": {"inner": {"$ref": "#"}}}
    assert isinstance(instance(schema)["inner"]["inner"], dict)
