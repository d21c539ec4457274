"""`forge plugin new`: which names it takes, and that it writes over nothing. What it wrote is tested in
`tests/plugins/test_sample.py`."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from personaforge import __version__
from personaforge.plugins.contributions import GROUPS
from tests.conftest import Forge


def test_it_writes_one_of_everything_under_its_own_names(forge: Forge, tmp_path: Path) -> None:
    done = forge("plugin", "new", "Forge_Night.Sky", cwd=tmp_path, check=0)
    assert "cd forge-night-sky && pip install" in done.stdout
    folder = tmp_path / "forge-night-sky"
    written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert [line.strip() for line in done.stdout.splitlines()[:-1]] == [f"forge-night-sky/{path}" for path in written]
    assert not [path for path in written if re.search(r"@[A-Z]+@", path + (folder / path).read_text())]
    declared = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert declared["name"] == "forge-night-sky" and declared["dependencies"] == [f"personaforge>={__version__}"]
    assert set(declared["entry-points"]) == set(GROUPS)
    for group, entries in declared["entry-points"].items():
        for name, value in entries.items():
            assert name.startswith("night_sky")
            module = EntryPoint(name, value, group).module
            assert (folder / "src" / f"{module.replace('.', '/')}.py").is_file()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../up", "found '../up', expected the name of a distribution: letters, digits and -"),
        ("a b", "found 'a b', expected the name"),
        ("mosaïc", "expected the name"),
        ("forge-" + "x" * 35, "40 at most"),
        ("forge-1st", "found 'forge-1st', expected a letter at its beginning"),
        ("json", "found 'json', and `import json` is something else"),
        ("match", "`import match` is something else"),
        ("personaforge", "`import personaforge` is something else"),
        ("forge-fal", "'forge-fal' would add 'fal', and forge has an image provider of that name"),
        ("buffalo_l", "would add 'buffalo_l', and forge has a face pack of that name"),
        ("forge-auto", "would add 'auto', and forge has a face pack of that name"),
    ],
)
def test_a_name_that_can_not_be_one_is_refused(forge: Forge, tmp_path: Path, name: str, said: str) -> None:
    done = forge("plugin", "new", name, cwd=tmp_path, check=2)
    assert said in done.stderr and "forge plugin new forge-" in done.stderr
    assert not list(tmp_path.iterdir())


def test_it_writes_over_nothing(forge: Forge, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here/README.md").write_text("mine")
    done = forge("plugin", "new", "forge-mosaic", "-o", "here", cwd=tmp_path, check=2)
    assert "nothing was written, since these are there: README.md" in done.stderr
    assert "forge plugin new forge-mosaic -o DIR" in done.stderr
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["README.md"]
    assert (tmp_path / "here/README.md").read_text() == "mine"


def test_what_is_installed_is_not_replaced(forge: Forge, tmp_path: Path) -> None:
    """Installing the plug-in would uninstall the library of that name."""
    for name, there in (("numpy", "numpy "), ("Jinja2", "jinja2 "), ("yaml", "a module yaml (")):
        done = forge("plugin", "new", name, cwd=tmp_path, check=2)
        said = " ".join(done.stderr.split())
        assert f"found {name!r}, and {there}" in said and "is installed: the plug-in would take its place" in said
        assert f"forge plugin new forge-{name.lower()}" in said
    assert not list(tmp_path.iterdir())


def test_inside_a_project_it_says_that_its_code_is_not_run_there(forge: Forge, tmp_path: Path) -> None:
    (tmp_path / "p/personas").mkdir(parents=True)
    inside = " ".join(forge("plugin", "new", "forge-mosaic", cwd=tmp_path / "p", check=0).stderr.split())
    assert f"it lies in the project {tmp_path}/p, which runs no code of its own repository" in inside
    assert "lies in the project" not in forge("plugin", "new", "forge-mosaic", cwd=tmp_path, check=0).stderr
