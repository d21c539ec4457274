"""The wheel carries all it needs: built, installed into an empty environment, run from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_ships_conf_templates_and_tables_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "personaforge/conf/config.yaml",
        "personaforge/conf/models/catalog.yaml",
        "personaforge/conf/photos/default.yaml",
        "personaforge/conf/pipeline/four_layer.yaml",
        "personaforge/conf/pipeline/parts/media.yaml",
        "personaforge/conf/schema/dna.yaml",
        "personaforge/report/pages/templates/difference.html.j2",
        "personaforge/report/pages/templates/persona.html.j2",
        "personaforge/plugins/skeleton/.gitignore.tmpl",
        "personaforge/plugins/skeleton/src/@MODULE@/py.typed.tmpl",
        "personaforge/repository/files/gitignore",
        "personaforge/repository/files/workflow.yml",
        "personaforge/report/pages/templates/style.css",
        "personaforge/templates/image/blocks/pose.j2",
        "personaforge/warehouse/refresh.sql",
        "personaforge/warehouse/schema.sql",
        "personaforge/py.typed",
    ):
        assert name in names, name
    assert any(name.startswith("personaforge/embedded/writer/data/") for name in names)
    assert not any(name.startswith("tests/") or name.endswith((".png", ".lock.yaml")) for name in names)


def test_the_wheel_ships_the_embedded_pack_and_no_other_model(wheel: Path) -> None:
    """Three models of ours, their card and their calibration, under 6 MB; all of the wheel under 12."""
    inside = {info.filename: info.file_size for info in zipfile.ZipFile(wheel).infolist()}
    folder = "personaforge/faces/models/embedded/"
    mesh = "personaforge/faces/models/mediapipe_mesh/"
    assert {mesh + "face_landmark.onnx", mesh + "NOTICE", mesh + "LICENSE"} <= set(inside), (
        "Apache-2.0, with its notice"
    )
    models = {name.removeprefix(folder) for name in inside if name.endswith(".onnx") and not name.startswith(mesh)}
    assert models == {"det_embedded.onnx", "2d106det.onnx", "recognition_embedded.onnx"}
    assert {folder + "calibration.json", folder + "MODEL_CARD.md"} <= set(inside)
    assert sum(size for name, size in inside.items() if name.startswith(folder)) < 6_000_000
    assert wheel.stat().st_size < 12_000_000


def test_an_installed_forge_builds_from_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin/python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    )
    zipfile.ZipFile(wheel).extractall(site)
    # The dependencies are those of the environment that runs the tests; the package itself comes from the wheel.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    folder = tmp_path / "empty"
    folder.mkdir()
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "FORGE_MODELS")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(python), "-m", "personaforge.cli.main", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=env, timeout=600)

    where = subprocess.run(
        [python, "-c", "import personaforge; print(personaforge.__file__)"],
        cwd=folder,
        capture_output=True,
        text=True,
        env=env,
    )
    assert str(site) in where.stdout, where.stdout + where.stderr
    (folder / "personas").mkdir()
    (folder / "personas/nova.yaml").write_text(
        "id: nova\nbrief: Curious Swedish physicist who explains the night sky.\nvideo: {fps: 2}\n"
    )
    done = run("build", "personas/nova.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((folder / "build/nova/persona.json").read_text())
    assert document["labels"] == ["embedded"] and document["status"] == "complete", document["rejected"]
    assert [who.split()[0] for who in document["measured_by"]] == ["embedded"]
    pictured = [entry for entry in document["artifacts"].values() if "composite" in entry]
    assert len(pictured) == 19 + 2 + 4 and all(entry["measured"] for entry in pictured)
    assert len(list((folder / "build/nova/images").iterdir())) == 22
    assert len(list((folder / "build/nova/videos").iterdir())) == 4
    again = run("build")
    assert again.returncode == 0 and "Nothing to do: 43 nodes" in again.stdout, again.stdout + again.stderr
    assert run("schema").returncode == 0 and run("validate").returncode == 0
