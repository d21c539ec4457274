"""What personas were called before, and whose an id is."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.errors import SpecError
from personaforge.providers.table import KNOWN
from personaforge.spec.load import Loader
from personaforge.spec.names import Names, read_formerly, read_names
from personaforge.spec.project import Project
from personaforge.testing import write_project


def names_of(root: Path, **personas: str) -> Names:
    """Read the names of a project with these persona files."""
    write_project(root, {stem: text + "\nbrief: A calm gardener.\n" for stem, text in personas.items()})
    return read_names(Project(root))


def problems(names: Names, persona: str) -> str:
    return " ".join(str(problem) for problem in names.problems(persona, f"personas/{persona}.yaml"))


def test_a_persona_goes_by_its_present_id_and_is_seeded_by_its_oldest(tmp_path: Path) -> None:
    names = names_of(tmp_path, bob="id: bob\nformerly: [bo, rob]", ann="id: ann")
    assert [names.origin(name) for name in ("bob", "rob", "bo", "ann", "eve")] == ["bo", "bo", "bo", "ann", "eve"]
    assert [names.present(name) for name in ("bob", "rob", "bo", "ann", "eve")] == ["bob", "bob", "bob", "ann", "eve"]
    assert names.formerly("bob") == ("bo", "rob") and names.living == {"ann", "bob"}
    assert names.present_node("rob/image/07") == "bob/image/07" and not problems(names, "bob")


def test_renamed_back_it_may_name_itself(tmp_path: Path) -> None:
    names = names_of(tmp_path, bo="id: bo\nformerly: [bo, bob]")
    assert names.origin("bo") == "bo" and names.present("bob") == "bo" and names.present("bo") == "bo"
    assert not problems(names, "bo")


def test_a_former_id_that_is_there_or_is_claimed_twice_is_wrong_for_both(tmp_path: Path) -> None:
    names = names_of(tmp_path / "a", bob="id: bob\nformerly: [bo]", ann="id: bo")
    assert "'bo', and there is a persona of that id, too (ann.yaml)" in problems(names, "bob")
    assert "'bo', which is a former id of bob" in problems(names, "bo")
    assert names.present("bo") == "bo"
    names = names_of(tmp_path / "b", bob="id: bob\nformerly: [bo]", ann="id: ann\nformerly: [bo]")
    assert "'bo', and ann is said to have been bo, too" in problems(names, "bob")
    assert "'bo', and bob is said to have been bo, too" in problems(names, "ann")
    assert names.present("bo") == "bo" and dict(names.former) == {}
    names = names_of(tmp_path / "c", a="id: aa\nformerly: [bb]", b="id: bb\nformerly: [aa]")  # two that swapped
    assert problems(names, "aa") and problems(names, "bb")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id: bob\nformerly:\n  - bo\n  - 'rob'\n", ("bo", "rob")),
        ("id: bob\n# formerly: [bo]\n", ()),
        ("id: bob\nformerly: bo\n", ()),
        ("id: bob\nformerly: [bo\n", ()),
        ("id: bob\nformerly: [Bo, 7, bo]\n", ("bo",)),
    ],
)
def test_what_a_file_says_is_read_without_composing_it(tmp_path: Path, text: str, found: tuple[str, ...]) -> None:
    (tmp_path / "bob.yaml").write_text(text)
    assert read_formerly(tmp_path / "bob.yaml") == found


def test_loading_refuses_what_is_wrong_and_what_the_command_line_says(tmp_path: Path) -> None:
    names_of(tmp_path, bob="id: bob\nformerly: [ann]", ann="id: ann", eve="id: eve\nformerly: [Bo]")
    project = Project(tmp_path)
    (_, found), (one, others), _ = Loader(project, domains=KNOWN).each(project.persona_files())
    assert "which is a former id of bob" in str(found[0])
    assert "there is a persona of that id" in str(others[0])
    assert one is not None and one.settings.origin == "ann" and one.settings.formerly == ("ann",)
    with pytest.raises(SpecError, match=r"formerly\.0"):
        Loader(project, domains=KNOWN).load_all([tmp_path / "personas/eve.yaml"])
    with pytest.raises(SpecError, match="is set elsewhere"):
        Loader(project, domains=KNOWN).load_all([tmp_path / "personas/ann.yaml"], ["formerly=[bob]"])


def test_records_read_with_present_ids_and_stay_as_they_are(tmp_path: Path) -> None:
    names = names_of(tmp_path, bob="id: bob\nformerly: [bo]")
    action = {"persona": "bo", "node": "bo/image/07"}
    assert names.record("actions", action) == {"persona": "bob", "node": "bob/image/07"}
    assert action == {"persona": "bo", "node": "bo/image/07"}
    assert names.record("evaluations", {"persona": "bo", "node": "bo/07"}) == {"persona": "bob", "node": "bo/07"}
    build = {"personas": ["ann", "bo"], "nodes": {"bo/dna": 1, "ann/dna": 2}}
    assert names.record("builds", build) == {"personas": ["ann", "bob"], "nodes": {"bob/dna": 1, "ann/dna": 2}}
    events = {"events": [{"type": "build_started"}, {"persona": "bo", "node": "bo/dna"}]}
    assert names.record("events", events)["events"][1] == {"persona": "bob", "node": "bob/dna"}
