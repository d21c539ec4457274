"""What `forge plugin new` writes, installed by pip for real: it works from the command line, only where three say so,
and passes its own tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from personaforge.repository.distribution import write_skeleton
from tests.conftest import ROOT, Forge


def installed(folder: Path, version: str = "0.1.0") -> Path:
    """Write a plug-in and install it into a folder of its own, as pip does it for everybody."""
    source = write_skeleton("forge-mosaic", folder / f"source-{version}").folder
    declared = source / "pyproject.toml"
    declared.write_text(declared.read_text().replace('version = "0.1.0"', f'version = "{version}"'))
    target = folder / f"site-{version}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "--target", str(target), str(source)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def root(tmp_path: Path, site: Path) -> Path:
    """The example that was written with it."""
    return Path(shutil.copytree(site.parent / "source-0.1.0/example", tmp_path / "project"))


def environment(site: Path, *, allowed: bool = True) -> dict[str, str]:
    found = {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), os.environ["PYTHONPATH"]))}
    return {**found, "FORGE_PLUGINS": "forge-mosaic"} if allowed else found


def test_it_works_from_the_command_line(root: Path, site: Path, forge: Forge, tmp_path: Path) -> None:
    env = environment(site)

    def run(*arguments: str, check: int = 0) -> str:
        return forge(*arguments, cwd=root, env=env, process=True, check=check).stdout

    said = run("plan", "ben")
    assert "Plug-ins: forge-mosaic 0.1.0" in said
    planned = json.loads(run("plan", "ben", "--json", check=0))
    assert planned["plugins"] == ["forge-mosaic 0.1.0"]
    built = json.loads(run("build", "ben", "--json"))
    assert built["cost_usd"] == 0 and not built["failed"]
    palette = json.loads((root / "build/ben/palette.json").read_text())
    assert len(palette["colors"]) == 2 and len(palette["anchor"]) == 64
    assert "Nothing to do" in run("plan", "ben"), "its own steps are cached as all others"
    # Its analyzer measured, and its metric is in checks, timelines and queries.
    tested = json.loads(run("test", "ben", "--format", "json"))
    (check,) = tested["checks"]
    assert check["check"] == "warm" and check["result"] == "pass", tested
    drift = json.loads(run("drift", "ben", "--format", "json"))
    assert "mosaic_warmth" in {line["metric"] for line in drift["timelines"]}
    rows = json.loads(run("query", "select value from values where metric = 'mosaic_warmth'", "--format", "json"))
    assert rows and all(0.6 < row["value"] < 0.8 for row in rows)
    assert run("test", "ben", "--format", "mosaic_tally") == "pass=1\n"
    unknown = forge("test", "ben", "--format", "mosaic_tally2", cwd=root, env=env, process=True, check=2)
    assert "'mosaic_tally2' is not one of table, json, csv, markdown, junit, github, mosaic_tally" in unknown.stderr
    doctor = " ".join(forge("doctor", cwd=root, env=env, process=True).stdout.split())
    quoted = (ROOT / "docs/plugins.md").read_text().partition("```\nPlug-ins: ")[2].partition("\n```")[0].splitlines()
    assert quoted[0] == "forge-mosaic 0.1.0" and quoted[1] in doctor

    # Built already, and not allowed any more: doctor says why, and what else there is to say of the machine.
    forbidden = environment(site, allowed=False)
    doctor = " ".join(forge("doctor", cwd=root, env=forbidden, process=True, check=1).stdout.split())
    assert "asks for forge-mosaic, which this machine doesn't allow" in doctor and "no machine file at" in doctor

    # Another version of its code: what it measured is measured again, and no face changes.
    pictures = {path.name: path.read_bytes() for path in (root / "build/ben/images").iterdir()}
    newer = environment(installed(tmp_path, "0.2.0"))
    again = json.loads(forge("plan", "ben", "--json", cwd=root, env=newer, process=True, check=0).stdout)
    assert again["plugins"] == ["forge-mosaic 0.2.0"]
    nodes = {node["id"]: node for node in again["personas"][0]["nodes"]}
    assert nodes["ben/anchor"]["state"] == "pinned" and nodes["ben/image/02"]["next_action"]["kind"] == "measure"
    said = [reason["text"] for reason in nodes["ben/image/02"]["reasons"]]
    assert said[0].startswith("provider mosaic@1 (forge-mosaic 0.1.0), pillow")
    assert "is now mosaic@1 (forge-mosaic 0.2.0), pillow" in said[0]
    forge("build", "ben", cwd=root, env=newer, process=True, check=0)
    assert {path.name: path.read_bytes() for path in (root / "build/ben/images").iterdir()} == pictures


@pytest.mark.parametrize("allowed", [True, False])
def test_a_strangers_pull_request_loads_nothing(
    root: Path, site: Path, forge: Forge, tmp_path: Path, allowed: bool
) -> None:
    """Nothing of a plug-in runs where the machine doesn't allow it, or the project doesn't ask for it."""
    trace = tmp_path / "ran"
    evil = tmp_path / "evil"
    shutil.copytree(site, evil)
    with open(evil / "forge_mosaic/__init__.py", "a") as file:
        file.write(f"\nopen({str(trace)!r}, 'w').close()\n")
    if allowed:
        (root / "conf/project/settings.yaml").write_text("# @package _global_\nplugins: []\n")
    env = environment(evil, allowed=allowed)
    for command in (("validate",), ("plan",), ("build",), ("doctor",), ("status",), ("test",), ("drift", "ben")):
        done = forge(*command, cwd=root, env=env, process=True)
        assert done.returncode in (1, 2), done.stdout
        if not allowed:
            said = " ".join((done.stdout + done.stderr).split())
            assert "asks for forge-mosaic, which this machine doesn't allow" in said, command
    assert not trace.exists()


def in_process(*arguments: str, cwd: Path, **env: str) -> None:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_own_tests_pass_where_it_is_installed(site: Path) -> None:
    """Among them the contract of providers, and a project that plans and builds."""
    path = os.pathsep.join((str(site), os.environ["PYTHONPATH"]))
    source = site.parent / "source-0.1.0"
    in_process("pytest", "-q", "-p", "no:cacheprovider", "-W", "error", cwd=source, PYTHONPATH=path)


@pytest.mark.parametrize("name", ["forge-mosaic", "x", "forge-" + "x" * 34])
def test_ruff_finds_nothing_in_it(tmp_path: Path, name: str) -> None:
    folder = write_skeleton(name, tmp_path / "new").folder
    in_process("ruff", "check", "--no-cache", ".", cwd=folder)
    in_process("ruff", "format", "--no-cache", "--check", ".", cwd=folder)


def test_mypy_finds_nothing_in_it(site: Path) -> None:
    """With forge's own settings and so with the cache of `make check`: without one it takes half a minute."""
    source = site.parent / "source-0.1.0"
    found = [str(source / "src"), str(source / "tests")]
    in_process("mypy", "--strict", "--no-error-summary", *found, cwd=ROOT, MYPYPATH=str(source / "src"))
