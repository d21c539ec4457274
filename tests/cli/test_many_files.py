"""Many persona files: in folders below personas/, some of them broken, and names that nobody has."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from personaforge.cli.main import run
from personaforge.testing import write_project
from tests.cli.conftest import FILES, WORDS

pytestmark = pytest.mark.usefixtures("no_pack")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ana` in personas/, `bea` and `cay` in folders below; `ana` and `bea` are built. Read only."""
    root = write_project(
        tmp_path_factory.mktemp("many") / "project",
        {name: WORDS.replace("id: ana", f"id: {Path(name).name}") for name in ("ana", "team/bea", "team/new/cay")},
        FILES,
    )
    assert run(["--project", str(root), "build", "ana", "bea"]) == 0
    return root


@pytest.fixture
def many(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to work in."""
    root = tmp_path / "project"
    shutil.copytree(built, root)
    monkeypatch.chdir(root)
    return root


def shown(capsys: Capture, *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    code = run([*arguments, "--json"])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return {**found, "code": code}


def personas(found: dict[str, object]) -> list[str]:
    return [one.get("id") or one["persona"] for one in found["personas"]]  # type: ignore[attr-defined]


def test_folders_below_personas_are_found_and_locks_lie_beside_their_files(many: Path, capsys: Capture) -> None:
    assert personas(shown(capsys, "status")) == ["ana", "bea", "cay"]
    for argument in ("team/*", "personas/team/", "team", "personas/team/**"):
        assert personas(shown(capsys, "plan", argument)) == ["bea", "cay"], argument
    assert personas(shown(capsys, "plan", "personas/team/new/cay.yaml", "b*")) == ["cay", "bea"]
    assert (many / "personas/team/bea.lock.yaml").exists() and (many / "build/bea").is_dir()
    assert shown(capsys, "validate")["personas"] == ["ana", "bea", "cay"]
    assert run(["plan", "team/nobody"]) == 2 and "did you mean" not in capsys.readouterr().err


def test_an_id_is_unique_over_all_folders(many: Path, capsys: Capture) -> None:
    shutil.copy(many / "personas/ana.yaml", many / "personas/team/anna.yaml")
    assert run(["plan", "ana"]) == 2
    said = capsys.readouterr().err
    assert "personas/team/anna.yaml id: 'ana' is also the id of personas/ana.yaml" in said
    assert run(["plan", "personas/ana.yaml"]) == 2 and run(["plan", "bea"]) == 0
    capsys.readouterr()
    found = shown(capsys, "status")
    assert personas(found) == ["bea", "cay"] and found["code"] == 2


def test_a_lock_that_was_left_behind_is_no_new_face(many: Path, capsys: Capture) -> None:
    (many / "personas/team/bea.yaml").rename(many / "personas/bea.yaml")
    assert run(["plan", "bea"]) == 2
    said = capsys.readouterr().err
    assert "its lock is personas/team/bea.lock.yaml" in said
    assert "git mv personas/team/bea.lock.yaml personas/bea.lock.yaml" in said
    (many / "personas/team/bea.lock.yaml").rename(many / "personas/bea.lock.yaml")
    assert run(["plan", "bea"]) == 0 and "Nothing to do" in capsys.readouterr().out


def test_a_folder_that_leads_out_is_broken_and_the_others_are_not(many: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/zoe.yaml").write_text(WORDS.replace("ana", "zoe"))
    (many / "personas/linked").symlink_to(tmp_path / "elsewhere")
    found = shown(capsys, "status")
    assert personas(found) == ["ana", "bea", "cay"] and found["code"] == 2
    assert "leads out of the project" in str(found["broken"])


ODD = {
    "loop": "is a symbolic link that leads back to itself, expected a file",
    "gone": "leads to no file, or is gone",
    "pipe": "is a named pipe, expected a file",
    "socket": "is a socket, expected a file",
    "folder": "is a folder, expected a file",
}


@pytest.mark.parametrize("what", ODD)
def test_what_only_has_the_name_of_a_persona_stops_nobody_else(many: Path, capsys: Capture, what: str) -> None:
    place = many / "personas/odd.yaml"
    if what in ("loop", "gone"):
        place.symlink_to("odd.yaml" if what == "loop" else "nowhere.yaml")
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "folder":
        place.mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(os.path.relpath(place))  # such a name has 107 characters at most
    said = f"personas/odd.yaml: {ODD[what]}"
    for command in ("status", "plan", "ls", "brief", "graph"):
        capsys.readouterr()
        assert run([command]) == 2, command
        out, err = capsys.readouterr()
        assert ("ana" in out or "3 personas" in out) and "broken: odd" in err and said in err, command
    assert run(["validate"]) == 2
    out, err = capsys.readouterr()
    assert "Valid: ana, bea, cay" in out and said in err
    for arguments in (["plan", "odd"], ["plan", "personas/odd.yaml"], ["mv", "odd", "odette"]):
        assert run(arguments) == 2 and ODD[what].split(",")[0] in capsys.readouterr().err, arguments
    for arguments in (["plan", "ana"], ["validate", "ana"], ["mv", "ana", "anna"], ["rm", "anna"]):
        assert run(arguments) == 0, (arguments, capsys.readouterr().err)


def test_a_folder_that_is_called_like_a_persona_may_hold_some(many: Path, capsys: Capture) -> None:
    (many / "personas/team").rename(many / "personas/team.yaml")
    assert personas(shown(capsys, "status")) == ["ana", "bea", "cay"]


@pytest.mark.parametrize("what", ["spec", "lock"])
def test_one_broken_file_stops_nobody_else(many: Path, capsys: Capture, what: str) -> None:
    if what == "spec":
        (many / "personas/team/bea.yaml").write_text("id: bea\nbrief: x\nimag: {width: 3}\n")
        sound, said = ["ana", "cay"], "personas/team/bea.yaml:3 imag: is not a setting"
    else:
        (many / "personas/team/bea.lock.yaml").write_text("version: 1\nnodes: [\n")
        sound, said = ["ana", "cay"], "the lock can't be read"
    for command in ("status", "plan", "graph", "report") if what == "spec" else ("status", "plan"):
        capsys.readouterr()
        assert run([command]) == 2, command
        out, err = capsys.readouterr()
        assert "personas" in out or "ana" in out, command
        assert "broken: bea" in err.replace("\x1b", "") and said in err, command
    found = shown(capsys, "status")
    assert personas(found) == sound
    assert [one["persona"] for one in found["broken"]] == ["bea"]  # type: ignore[attr-defined]
    assert run(["status"]) == 2 and "bea" in capsys.readouterr().out, "with a line of its own"
    for arguments in (
        ["plan", "ana"],
        ["cost"],
        ["test", "ana"],
        ["config", "ana", "--path", "id"],
        ["validate", "ana"],
    ):
        assert run(arguments) == 0, arguments
    capsys.readouterr()
    if what == "spec":
        assert run(["test"]) == 2 and run(["validate"]) == 2
        out = capsys.readouterr().out
        assert "Valid: ana, cay" in out


def test_a_build_of_all_stops_at_a_broken_file_unless_told_to_go_on(many: Path, capsys: Capture) -> None:
    (many / "personas/ana.yaml").write_text("id: ana\nbrief: x\nimag: {width: 3}\n")
    assert run(["build"]) == 2
    said = capsys.readouterr().err
    assert "personas/ana.yaml:3 imag" in said and "nothing was built; name personas" in said
    assert not (many / "build/cay").exists()
    assert run(["build", "bea"]) == 0, "what is named is all that is read"
    assert run(["build", "--keep-going"]) == 2
    assert "broken: ana" in capsys.readouterr().err and (many / "build/cay/bio.txt").exists()
    assert run(["build", "-k"]) == 2 and "Nothing to do" in capsys.readouterr().out


def test_names_that_nobody_has(many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert run(["cost", "bee"]) == 2 and "did you mean bea?" in capsys.readouterr().err
    assert run(["cost", "team/*"]) == 0 and capsys.readouterr().err == ""
    (many / "personas/ana.yaml").unlink()
    assert run(["cost", "ana"]) == 0
    assert "ana has no persona file any more" in capsys.readouterr().err
    for select, near in (("state:modifed+", "state:modified"), ("result:rejectd", "result:rejected")):
        assert run(["build", "bea", "--select", select]) == 2
        assert f"did you mean {near}?" in capsys.readouterr().err
    assert run(["build", "bea", "--select", "result:rejected"]) == 0, "none is no mistake"
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")
    for command in ("status", "build", "plan"):
        capsys.readouterr()
        assert run([command]) == 2 and "forge init" in capsys.readouterr().err
