"""Every command that loads a persona refuses it where the guard does, with the place and the words, and records it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personaforge.embedded.writer.reading import read
from personaforge.errors import SpecError
from personaforge.persona.removal import belongings
from personaforge.providers.table import KNOWN
from personaforge.spec import load
from personaforge.spec.load import Loader
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge

BRIEF = "id: ana\nbrief: A fourteen-year-old skater from Leeds.\n"
SOUND = "id: ana\nbrief: A skater of 34 from Leeds.\n"
SAID = "'fourteen-year-old': every persona, and everybody shown, is 18 or older"


def problems(root: Path, *overrides: str) -> list[str]:
    with Workspace.open((), str(root)) as space:
        return [f"{one.where} {one.path}: {one.message}" for one in space.validate([], overrides)[0]]


def refusals(root: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_bytes()) for path in sorted((root / ".forge/records/refusals").glob("*/*.json"))]


@pytest.mark.parametrize(
    "command", [("validate",), ("plan",), ("build",), ("show", "ana"), ("config", "ana"), ("status",)]
)
def test_every_command_refuses(forge: Forge, tmp_path: Path, command: tuple[str, ...]) -> None:
    root = write_project(tmp_path, {"ana": BRIEF})
    done = forge(*command, cwd=root, check=2)
    assert "personas/ana.yaml:2" in done.stdout + done.stderr and SAID in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("description: She is 16 years old.", "description"),
        ("pinned: {surface: {occupation: high school student}}", "pinned.surface.occupation"),
        ("pinned: {dna: {skin: {marks: [two teenage girls behind her]}}}", "pinned.dna.skin.marks.0"),
        ("matrix: {scenes: {plain: {text: a room with her 12-year-old son}}}", "matrix.scenes.plain.text"),
        ("motion: {types: {invitation: {description: a schoolgirl waves}}}", "motion.types.invitation.description"),
        ("image: {options: {any: {suffix: a 15-year-old girl}}}", "image.options.any.suffix"),
    ],
)
def test_every_free_text_is_read(tmp_path: Path, text: str, path: str) -> None:
    root = write_project(tmp_path, {"ana": SOUND + text + "\n"})
    assert [one for one in problems(root) if one.startswith("personas/ana.yaml:3") and f" {path}: found" in one]


@pytest.mark.parametrize(
    "brief", ["An erotic novelist of 39 from Leeds.", "Boudoir photographer of 45 from Leeds.", "Erotic poet, 51."]
)
def test_forges_own_scenes_are_no_hint_of_youth_and_the_users_are(tmp_path: Path, brief: str) -> None:
    root = write_project(tmp_path, {"ana": f"id: ana\nbrief: {brief}\n"})
    assert not [one for one in problems(root) if "youth" in one], "there is a classroom among the packaged places"
    (root / "personas/ana.yaml").write_text(
        f"id: ana\nbrief: {brief}\nmatrix: {{scenes: {{plain: {{text: a classroom}}}}}}\n", "utf-8"
    )
    assert [one for one in problems(root) if "sexual content with any hint of youth" in one and "classroom" in one]


def test_what_a_negative_prompt_rules_out_is_not_read(tmp_path: Path) -> None:
    text = 'image: {options: {any: {negative_prompt: "child, teenager, nude"}}}\n'
    assert problems(write_project(tmp_path, {"ana": SOUND + text})) == []


def test_the_projects_own_files_and_the_command_line_are_read(tmp_path: Path) -> None:
    settings = {"conf/project/settings.yaml": "# @package _global_\nmatrix: {scenes: {plain: {text: a schoolgirl}}}\n"}
    assert "matrix.scenes.plain.text: found" in problems(write_project(tmp_path / "a", {"ana": SOUND}, settings))[0]
    root = write_project(tmp_path / "b", {"ana": SOUND})
    assert problems(root) == [] and "command line description" in problems(root, "description=a girl aged 14")[0]


def test_the_projects_own_templates_are_read(tmp_path: Path) -> None:
    own = {"templates/image/blocks/body.j2": "{# teenager #}\n[BODY] a fourteen-year-old"}
    found = problems(write_project(tmp_path, {"ana": SOUND}, own))
    assert found and all("image/blocks/body.j2" in one and SAID in one for one in found)


def test_a_persona_that_was_loaded_before_there_was_a_guard_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project(tmp_path, {"ana": BRIEF})
    with monkeypatch.context() as before, Workspace.open((), str(root)) as space:
        before.setattr(load, "_FORMAT", "spec/2")
        before.setattr("personaforge.spec.adults.findings", lambda passages: [])
        assert space.load([])[0].settings.id == "ana"
    with Workspace.open((), str(root)) as space, pytest.raises(SpecError, match="everybody shown"):
        space.load([])


def test_a_refusal_is_recorded_once_and_goes_with_its_persona(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": BRIEF})
    assert problems(root) and problems(root)
    (record,) = refusals(root)
    found = [{"path": "brief", "rule": "minor", "words": ["fourteen-year-old"]}]
    assert (record["persona"], record["file"], record["findings"]) == ("ana", "personas/ana.yaml", found)
    with Workspace.open((), str(root)) as space:
        assert ("refusals", space.store.records.all("refusals").__next__()[0]) in belongings(space.store, "ana").records


def test_where_nothing_can_be_written_it_is_refused_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_project(tmp_path, {"ana": BRIEF})
    monkeypatch.setattr("personaforge.store.store.Store.keeps", lambda store: False)
    assert SAID in problems(root)[0] and refusals(root) == []
    monkeypatch.undo()

    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("personaforge.store.records.write_atomic", full)
    assert SAID in problems(root)[0] and refusals(root) == []


def test_other_problems_are_listed_beside_it(tmp_path: Path) -> None:
    found = problems(write_project(tmp_path, {"ana": BRIEF + "seed: many\n"}))
    assert len(found) == 2 and " brief: " in found[0] and " seed: " in found[1]


def test_a_childs_age_in_a_brief_never_becomes_the_personas() -> None:
    assert read("A mother of a 14 year old, aged 41, from Leeds.").ages == (41, 41)
    assert read("A mother of a 14 year old from Leeds.").ages is None


def test_a_loader_without_a_cache_reads_too(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": BRIEF})
    with Workspace.open((), str(root)) as space, pytest.raises(SpecError, match="fourteen"):
        Loader(space.project, domains=KNOWN).load(root / "personas/ana.yaml")


def test_descriptions_of_the_projects_own_schemas_are_read(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": SOUND})
    packaged = Path(load.__file__).parents[2] / "conf/schema/soul.yaml"
    (root / "conf/schema").mkdir(parents=True)
    own = root / "conf/schema/soul.yaml"
    own.write_bytes(packaged.read_bytes())
    assert problems(root) == []
    own.write_text(packaged.read_text(encoding="utf-8") + "description: What a 15-year-old girl wants.\n", "utf-8")
    assert [one.partition(": found")[0] for one in problems(root)] == ["conf/schema/soul.yaml description"]
