"""Where things are: projects, persona files, and what arguments name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from personaforge.errors import SpecError
from personaforge.spec.persona_files import resolve_personas
from personaforge.spec.project import (
    Project,
    find_project,
    lock_path,
    packaged,
    persona_id,
    project_of,
)

from .given import ANA, project, texts


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, which lies in no project."""
    monkeypatch.chdir(tmp_path)
    return Path(os.path.realpath(tmp_path))


# --- finding the project ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", [".forge", "personas", ".git"])
def test_a_project_is_the_nearest_folder_upwards_with_a_marker(here: Path, marker: str) -> None:
    (here / "outer" / "inner" / "deep").mkdir(parents=True)
    (here / "outer" / ".git").mkdir()
    (here / "outer" / "inner" / marker).mkdir()
    (here / "outer" / "inner" / "deep" / "file.yaml").write_text("")
    for start in ("deep", "deep/file.yaml", "."):
        assert find_project(here / "outer" / "inner" / start) == Project(here / "outer" / "inner")
    assert find_project(here / "outer") == Project(here / "outer")
    assert find_project("outer/inner/deep") == Project(here / "outer" / "inner")


def test_outside_any_project(here: Path) -> None:
    assert find_project(here) is None
    assert not Project(here).declared
    (here / "personas").mkdir()
    assert Project(here).declared


def test_links_are_resolved(here: Path) -> None:
    (here / "real" / "personas").mkdir(parents=True)
    (here / "link").symlink_to("real")
    assert find_project(here / "link" / "personas") == Project(here / "real")


def test_which_project_a_command_is_about(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (here / name / "personas").mkdir(parents=True)
        (here / name / "personas" / "ana.yaml").write_text(ANA)
    (here / "loose.yaml").write_text(ANA)
    assert project_of([], None) == Project(here)
    assert project_of(["one/personas/ana.yaml"]) == Project(here / "one")
    assert project_of(["nobody", "two/personas/ana.yaml"]) == Project(here / "two")
    assert project_of(["loose.yaml"]) == Project(here)
    assert project_of(["one/personas/ana.yaml"], "two") == Project(here / "two")
    monkeypatch.chdir(here / "one" / "personas")
    assert project_of(["../../two/personas/ana.yaml"]) == Project(here / "one")
    assert texts(lambda: project_of([], "nothing")) == ["nothing: is not a folder (--project DIR)"]


def test_the_folders_of_a_project(here: Path) -> None:
    found = Project(here)
    assert (found.state, found.build) == (here / ".forge", here / "build")
    assert found.conf_folders == (packaged("conf"),) and found.template_folders == (packaged("templates"),)
    (here / "conf").mkdir()
    (here / "templates").mkdir()
    assert found.conf_folders == (here / "conf", packaged("conf"))
    assert found.template_folders == (here / "templates", packaged("templates"))


def test_in_a_checkout_of_forge_its_conf_is_not_taken_twice() -> None:
    checkout = Project(packaged("conf").parent)
    assert checkout.conf_folders == (packaged("conf"),)
    assert checkout.template_folders == (packaged("templates"),)
    assert (packaged("conf") / "config.yaml").is_file() and (packaged("templates") / "text" / "soul.j2").is_file()


def test_paths_as_a_person_writes_them(here: Path) -> None:
    (here / "project" / "personas").mkdir(parents=True)
    found = Project(here / "project")
    assert found.relative(here / "project" / "personas" / "ana.yaml") == "personas/ana.yaml"
    assert found.relative("project/personas/ana.yaml") == "personas/ana.yaml"
    assert found.relative(here / "project-2" / "ana.yaml") == str(here / "project-2" / "ana.yaml")


# --- persona files ----------------------------------------------------------------------------------------------------


def test_which_files_are_personas(here: Path) -> None:
    folder = here / "personas"
    folder.mkdir()
    for name in (
        "eva.yaml",
        "ana.yml",
        "_base.yaml",
        ".hidden.yaml",
        "ana.lock.yaml",
        "eva.lock.yml",
        "notes.txt",
        "ana.yaml.orig",
        "UPPER.yaml",
    ):
        (folder / name).write_text(ANA)
    assert [path.name for path in Project(here).persona_files()] == ["UPPER.yaml", "ana.yml", "eva.yaml"]
    assert Project(here / "personas").persona_files() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id: ana\n", "ana"),
        ("# id: no\nbrief: x\nid: ana # yes\n", "ana"),
        ("id: 'ana'\n", "ana"),
        ('id:   "ana-2"\n', "ana-2"),
        ("brief: id: no\nx:\n  id: no\nid:\tana\n", "ana"),
        ("\ufeffid: ana\n", "file"),
        ("name: ana\n", "file"),
        ("", "file"),
        ("identity: {}\nid: ana\r\n", "ana"),
    ],
)
def test_the_id_is_read_without_parsing(here: Path, text: str, expected: str) -> None:
    path = here / "file.yaml"
    path.write_bytes(text.encode())
    assert persona_id(path) == expected
    assert persona_id(here / "missing.yaml") == "missing"


def test_a_lock_stands_beside_its_persona_by_id() -> None:
    assert lock_path(Path("/p/personas/file.yaml"), "ana") == Path("/p/personas/ana.lock.yaml")


# --- arguments --------------------------------------------------------------------------------------------------------


@pytest.fixture
def three(here: Path) -> Project:
    """Three personas, of which one is called otherwise than its file."""
    personas = {
        "ana": ANA,
        "eva-file": ANA.replace("ana", "eva-lin"),
        "uma": ANA.replace("ana", "uma"),
        "_base": "x: 1\n",
    }
    return project(here, personas, {"elsewhere/eva-lin.yaml": ANA})


def named(where: Project, *arguments: str) -> list[str]:
    return [path.name for path in resolve_personas(where, arguments)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["ana.yaml", "eva-file.yaml", "uma.yaml"]),
        (("ana",), ["ana.yaml"]),
        (("eva-lin",), ["eva-file.yaml"]),
        (("personas/uma.yaml", "ana"), ["uma.yaml", "ana.yaml"]),
        (("ana", "ana", "personas/ana.yaml"), ["ana.yaml"]),
        (("*",), ["ana.yaml", "eva-file.yaml", "uma.yaml"]),
        (("*a*",), ["ana.yaml", "eva-file.yaml", "uma.yaml"]),
        (("eva-*",), ["eva-file.yaml"]),
        (("[au]*",), ["ana.yaml", "uma.yaml"]),
        (("personas/*.yaml",), ["ana.yaml", "eva-file.yaml", "uma.yaml"]),
        (("personas/?va*",), ["eva-file.yaml"]),
        (("personas/_base.yaml",), ["_base.yaml"]),
    ],
)
def test_files_ids_and_globs(three: Project, arguments: tuple[str, ...], expected: list[str]) -> None:
    assert named(three, *arguments) == expected
    assert all(path.is_absolute() for path in resolve_personas(three, arguments))


def test_a_lock_is_no_persona_that_a_glob_names(three: Project) -> None:
    (three.root / "personas" / "ana.lock.yaml").write_text("version: 1\n")
    assert named(three, "personas/a*") == ["ana.yaml"]


def test_every_argument_that_names_nothing_is_listed_with_the_nearest_id(three: Project) -> None:
    assert texts(lambda: resolve_personas(three, ["anna", "ana", "eva-lim", "xyz", "x*"])) == [
        "anna: is neither a persona file nor a persona id (did you mean ana?)",
        "eva-lim: is neither a persona file nor a persona id (did you mean eva-lin?)",
        "xyz: is neither a persona file nor a persona id (personas: ana, eva-lin, uma)",
        "x*: is neither a persona file nor a persona id (personas: ana, eva-lin, uma)",
    ]


def test_a_project_without_personas(here: Path) -> None:
    way_out = "forge init makes one, and --project DIR names one elsewhere"
    assert texts(lambda: resolve_personas(Project(here), [])) == [f"{here}: no project here ({way_out})"]
    assert texts(lambda: resolve_personas(Project(here), ["ana"])) == [
        f"ana: is neither a persona file nor a persona id (no project here: {way_out})"
    ]
    (here / "personas").mkdir()
    with pytest.raises(SpecError, match="no persona file in"):
        resolve_personas(Project(here), [])
    assert texts(lambda: resolve_personas(Project(here), ["ana"])) == [
        "ana: is neither a persona file nor a persona id (personas: none here)"
    ]


def test_a_file_elsewhere_is_the_users_to_name(three: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "zoe.yaml"
    outside.write_text(ANA)
    assert resolve_personas(three, [str(outside)]) == [Path(os.path.realpath(outside))]


def test_a_file_in_the_project_that_leads_out_of_it_is_refused(
    three: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.yaml"
    outside.write_text(ANA)
    (three.root / "personas" / "zoe.yaml").symlink_to(outside)
    expected = [f"personas/zoe.yaml: leads out of the project to {os.path.realpath(outside)}"]
    assert texts(lambda: resolve_personas(three, ["personas/zoe.yaml"])) == expected
    (three.root / "personas" / "zoe.yaml").unlink()
    (three.root / "personas" / "ana.yaml").unlink()
    (three.root / "personas" / "yara.yaml").symlink_to("../elsewhere/eva-lin.yaml")
    assert named(three, "personas/yara.yaml") == ["eva-lin.yaml"]


@pytest.mark.parametrize("name", ["personas", "conf", "templates"])
def test_a_folder_of_the_project_that_leads_out_of_it_is_refused(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "ana.yaml").write_text(ANA)
    (tmp_path / "own").mkdir()
    found = Project(Path(os.path.realpath(tmp_path)))
    looks = {
        "personas": found.persona_files,
        "conf": lambda: found.conf_folders,
        "templates": lambda: found.template_folders,
    }
    (tmp_path / name).symlink_to(outside)
    assert texts(looks[name]) == [
        f"{name}: leads out of the project to {os.path.realpath(outside)} (remove the symbolic link)"
    ]
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("own")
    looks[name]()
