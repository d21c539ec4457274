"""`forge test` and the formats as a shell sees them: exit codes, files, and what stands on which stream."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import PICTURES
from tests.conftest import Forge

MEASURED = PICTURES.replace("defaults: [{override /identity: insightface}]\n", "").replace(
    "identity: {require_measurement: false, anchor", "identity: {anchor"
)


@pytest.fixture
def ben(project: Path) -> Path:
    """The project with pictures that forge's own pack measures."""
    (project / "personas/ana.yaml").unlink()
    (project / "personas/ben.yaml").write_text(MEASURED)
    return project


def test_a_built_persona_passes_and_a_stricter_check_fails(forge: Forge, ben: Path) -> None:
    forge("build", "ben", cwd=ben, check=0)
    assert "ben: 2 passed, 4 skipped" in forge("test", cwd=ben, check=0).stdout
    with (ben / "personas/ben.yaml").open("a") as file:
        file.write("checks:\n  strict: min(composite) >= 0.9999 over images\n")
    failed = forge("test", "ben", "--select", "strict", cwd=ben, check=1).stdout
    assert "strict: fail  personas/ben.yaml:" in failed and "forge build ben --force image/02" in failed
    assert forge("test", "ben", "checks.strict=null", cwd=ben, check=0)
    warned = forge("test", "-s", "strict", '+checks.w={sql: "select 1", severity: warn}', "-s", "w", cwd=ben, check=1)
    assert "1 failed, 1 warned" in warned.stdout
    line = len((ben / "personas/ben.yaml").read_text().splitlines())
    github = forge("test", "-s", "strict", "--format", "github", cwd=ben, check=1).stdout
    assert github.startswith(f"::error file=personas/ben.yaml,line={line},title=ben strict::min(composite) >= 0.9999")
    told = json.loads(forge("test", "--format", "json", cwd=ben, check=1).stdout)
    assert told["passed"] is False and told["counts"]["fail"] == 1
    [check] = [one for one in told["checks"] if one["result"] == "fail"]
    assert check["rows"][0]["node"] == "image/02" and (ben / "build/ben" / check["rows"][0]["path"]).is_file()


def test_a_file_takes_the_format_and_the_terminal_the_table(forge: Forge, ben: Path) -> None:
    done = forge("test", "--format", "junit", "--out", "reports/checks.xml", cwd=ben, check=1)
    root = ET.parse(ben / "reports/checks.xml").getroot()
    assert root.tag == "testsuites" and root.attrib["failures"] == "1" and "not built" in done.stdout
    assert "--out needs a --format" in forge("test", "--out", "x.xml", cwd=ben, check=2).stderr
    forge("build", "ben", cwd=ben, check=0)
    for command in (("eval", "-p", "ben"), ("drift", "ben")):
        table = forge(*command, cwd=ben, check=0).stdout
        done = forge(*command, "--format", "csv", "--out", "found.csv", cwd=ben, check=0)
        assert done.stdout == table and len((ben / "found.csv").read_text().splitlines()) > 1
        plain = forge(*command, "--json", cwd=ben, check=0).stdout
        assert forge(*command, "--format", "json", cwd=ben, check=0).stdout == plain, "the same as ever"


def test_a_plan_for_a_pull_request(forge: Forge, ben: Path) -> None:
    first = forge("plan", "--format", "markdown", cwd=ben, check=0).stdout
    assert first.startswith("### forge plan: ") and "| ben | " in first and "<details><summary>ben</summary>" in first
    forge("build", "ben", cwd=ben, check=0)
    assert forge("plan", "--format", "markdown", cwd=ben, check=0).stdout == "### forge plan: nothing to do\n"
    plain = forge("plan", "--json", cwd=ben, check=0).stdout
    assert forge("plan", "--format", "json", cwd=ben, check=0).stdout == plain
    changed = forge("plan", "seed=9", "--format", "markdown", "--detailed-exitcode", cwd=ben, check=2).stdout
    assert "seed 0 is now 9" in changed and "pinned: ben/" in changed


def test_mistakes_exit_with_2(forge: Forge, ben: Path) -> None:
    missing = forge("test", "nobody", cwd=ben, check=2)
    assert "neither a persona file nor a persona id" in missing.stderr
    unknown = forge("test", "--select", "imags", cwd=ben, check=2)
    assert "--select imags names no check" in unknown.stderr and "did you mean images?" in unknown.stderr
    broken = forge("test", "+checks.q={sql: selec 1}", "-s", "q", cwd=ben, check=2)
    assert "can't be run" in broken.stdout and "syntax error" in broken.stdout
    unreadable = forge("test", "+checks.q='mim(cosine) > 0 over images'", cwd=ben, check=2)
    assert "found 'mim' at character 1" in unreadable.stderr and "did you mean min?" in unreadable.stderr
