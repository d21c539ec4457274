"""What `forge validate` says of everyday slips: what to type, and no mistake hidden by another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from personaforge.errors import Problem, SpecError
from personaforge.testing import write_project
from personaforge.workspace.workspace import Workspace

BEGUN = "id: ana\nbrief: A calm gardener.\n"


def problems_of(folder: Path, text: str) -> Sequence[Problem]:
    root = write_project(folder / "project", {"ana": text})
    with Workspace.open((), str(root)) as space:
        found, valid = space.validate([])
    assert not found or not valid
    return found


@pytest.mark.parametrize(
    ("line", "path", "message", "hint"),
    [
        ("pinned: {dna: {body: {height_cm: 1.7}}}", "pinned.dna.body.height_cm", "found 1.7", "write 170: it is in"),
        ("pinned: {dna: {body: {height_cm: 1.82 m}}}", "pinned.dna.body.height_cm", "found '1.82 m'", "write 182: "),
        ("pinned: {dna: {skin: {marks: freckles}}}", "pinned.dna.skin.marks", "expected a list", "marks: [freckles]"),
        ("pinned: {surface: {gender: female}}", "pinned.surface.gender", "one of woman, man", "did you mean woman?"),
        ("pinned: {surface: {gender: male}}", "pinned.surface.gender", "one of woman, man", "did you mean man?"),
        ("tags: motion", "tags", "found 'motion', expected a list: [motion]", ""),
        ("brief: {text: A calm gardener., files: notes.md}", "brief.files", "expected a list: [notes.md]", ""),
        ("text: {phrases: Spanish}", "text.phrases", "found 'Spanish'", "did you mean es?"),
        ("text: {phrases: no}", "text.phrases", "found False", "quote it"),
        ('matrix: {positions: {"7": {light: x}}}', "matrix.positions.7", "lacks name", 'did you mean "07"?'),
    ],
)
def test_one_slip_is_one_problem_with_what_to_type(
    tmp_path: Path, line: str, path: str, message: str, hint: str
) -> None:
    text = BEGUN if not line.startswith("brief") else "id: ana\n"
    (problem,) = problems_of(tmp_path, f"{text}{line}\n")
    assert problem.path == path and message in problem.message and hint in problem.hint


def test_what_nothing_is_near_to_is_listed_once(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, BEGUN + "pinned: {surface: {gender: xyz}}\n")
    assert problem.message.count("nonbinary") == 1 and problem.hint == ""


def test_numbers_that_nobody_means_hide_no_other_mistake(tmp_path: Path) -> None:
    more = "tags: motion\nimage: {width: abc}\npinned: {dna: {body: {height_cm: 1.7}}}\n"
    text = BEGUN + "seed: 034\nmotion: {types: {lifestyle: {aspect: 9:16}}}\n" + more
    found = {problem.path: problem.message for problem in problems_of(tmp_path, text)}
    assert found["seed"] == "found 034, which YAML reads as 28"
    assert found["motion.types.lifestyle.aspect"] == "found 9:16, which YAML reads as 556"
    assert set(found) == {
        "seed",
        "motion.types.lifestyle.aspect",
        "tags",
        "image.width",
        "pinned.dna.body.height_cm",
    }


def test_such_a_number_still_stops_every_command(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", {"ana": BEGUN + "seed: 034\n"})
    with Workspace.open((), str(root)) as space, pytest.raises(SpecError) as caught:
        space.plan([])
    assert [problem.path for problem in caught.value.problems] == ["seed"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("id: ana\nbrief: A gardener from Bergen: 33 years\n", "quote a text that holds a colon and a space"),
        ("id: ana\nbrief:\n\ttext: x\n", "indent with spaces"),
        ("id: ana\nbrief: [x\n", ""),
    ],
)
def test_a_file_that_is_no_yaml_says_that_there_may_be_more(tmp_path: Path, text: str, hint: str) -> None:
    (problem,) = problems_of(tmp_path, text)
    assert hint in problem.hint and problem.hint.endswith("there may be more")
