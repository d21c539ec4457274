"""`forge doctor`: what it says of a machine, a project, keys, models, packs and a store; and what it never does."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from personaforge.doctor import machine, models
from personaforge.doctor.examine import examine
from personaforge.doctor.finding import Finding, worst
from personaforge.doctor.project import Use
from personaforge.report.doctor import diagnosis_lines
from personaforge.spec.project import Project
from personaforge.store.journal import Journal
from personaforge.testing import write_project
from personaforge.testing.server import Says, Server, serving
from tests.cli.test_start_up import loaded
from tests.conftest import ROOT, Forge
from tests.server import openai, runway

HOSTED = """\
id: nova
brief: A curious physicist.
text: litellm
image: fal
video: kling
identity: insightface
"""
KEYS = {
    "ANTHROPIC_API_KEY": "canary-anthropic-71",
    "FAL_KEY": "canary-fal-72",
    "KLING_SECRET_KEY": "canary-kling-73",
    "KLING_ACCESS_KEY": "canary-access-74",
}
Said = Callable[..., list[Finding]]


@pytest.fixture
def hosted(tmp_path: Path) -> Path:
    return write_project(tmp_path / "studio", {"nova": HOSTED})


def about(findings: Sequence[Finding], part: str, words: str = "") -> list[Finding]:
    return [finding for finding in findings if finding.part == part and words in finding.text]


def one(findings: Sequence[Finding], part: str, words: str) -> Finding:
    (found,) = about(findings, part, words)
    return found


def test_in_an_empty_folder_it_says_how_to_begin_and_leaves_nothing(forge: Forge, tmp_path: Path) -> None:
    done = forge("doctor", cwd=tmp_path, check=0)
    assert "no project here" in done.stdout and "-> forge init ." in done.stdout
    assert "problem" not in done.stdout and not done.stderr and not list(tmp_path.iterdir())
    forge("init", ".", cwd=tmp_path, check=0)
    done = forge("doctor", cwd=tmp_path, check=0)
    assert "1 persona: " in done.stdout and "no project here" not in done.stdout


def test_json_is_the_same(forge: Forge, hosted: Path) -> None:
    done = json.loads(forge("doctor", "--json", cwd=hosted, check=1).stdout)
    text = forge("doctor", cwd=hosted, check=1).stdout
    assert done["schema"] == 1 and done["level"] == "problem"
    for finding in done["findings"]:
        assert finding["text"] in text or finding["part"] == "machine"
    fal = next(one for one in done["findings"] if one.get("provider") == "fal")
    assert fal["keys"] == {"FAL_KEY": "not set"} and fal["personas"] == ["nova"]


def test_it_loads_what_it_needs_and_nothing_that_makes_connections(project: Path, no_pack: None) -> None:
    (project / "personas/ben.yaml").unlink()  # nobody measures him
    heavy = loaded(project, "doctor")
    assert not heavy & {"litellm", "onnxruntime", "insightface", "scipy", "duckdb", "rich", "PIL", "asyncio"}


def test_a_key_that_a_persona_needs_is_a_problem_and_any_other_is_not(
    hosted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLING_SECRET_KEY", KEYS["KLING_SECRET_KEY"])
    found = examine(Project(hosted))
    fal = one(found, "providers", "fal (")
    assert fal.level == "problem" and "FAL_KEY is not set; used by nova" in fal.text and "export FAL_KEY" in fal.hint
    anthropic = one(found, "providers", "anthropic through litellm")
    assert anthropic.level == "problem" and "ANTHROPIC_API_KEY is not set" in anthropic.text
    kling = one(found, "providers", "kling")
    assert kling.level == "problem" and "KLING_ACCESS_KEY is not set" in kling.text and "SECRET" not in kling.text
    runway = one(found, "providers", "runway")
    assert runway.level == "ok" and "no persona uses it" in runway.text
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    found = examine(Project(hosted))
    assert not [finding for finding in about(found, "providers") if finding.level != "ok"]
    assert "KLING_SECRET_KEY and KLING_ACCESS_KEY are set" in one(found, "providers", "kling").text


def test_no_value_of_a_key_is_in_what_it_says(forge: Forge, hosted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canaries = {**KEYS, "OPENAI_API_KEY": "canary with a space", "GEMINI_API_KEY": "canary-gemini-75"}
    canaries["FORGE_OPENAI_URL"] = "https://canary-user:canary-pass@gateway.example/canary-path?token=canary-query"
    canaries["FORGE_FAL_URL"] = "https://gateway.example:8443/canary-path"
    for name, value in canaries.items():
        monkeypatch.setenv(name, value)
    for arguments in (("doctor",), ("doctor", "--json")):
        done = forge(*arguments, cwd=hosted, check=1)
        assert "canary" not in done.stdout + done.stderr
    assert "FORGE_FAL_URL: fal's image and video go to https://gateway.example:8443" in " ".join(
        forge("doctor", cwd=hosted).stdout.split()
    )
    for path in hosted.rglob("*"):
        assert not path.is_file() or b"canary" not in path.read_bytes()


def test_what_cannot_be_a_key_is_said(hosted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAL_KEY", "two words")
    fal = one(examine(Project(hosted)), "providers", "fal (")
    assert fal.level == "problem" and "FAL_KEY can't be a key" in fal.text and "two" not in fal.text


def test_a_preset_may_name_a_longer_variable_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"conf/image/house.yaml": "defaults: [fal, _self_]\nkey: FAL_KEY_STUDIO\n"}
    root = write_project(tmp_path, {"nova": HOSTED.replace("image: fal", "image: house")}, files)
    monkeypatch.setenv("FAL_KEY", "canary-fal-72")
    assert "FAL_KEY_STUDIO is not set; used by nova" in one(examine(Project(root)), "providers", "STUDIO").text
    monkeypatch.setenv("FAL_KEY_STUDIO", "canary-fal-75")
    assert one(examine(Project(root)), "providers", "STUDIO").level == "ok"
    (root / "conf/image/house.yaml").write_text("defaults: [fal, _self_]\nkey: AWS_SECRET_ACCESS_KEY\n")
    wrong = one(examine(Project(root)), "providers", "AWS_SECRET_ACCESS_KEY")
    assert wrong.level == "problem" and "no key of fal" in wrong.text


def test_a_fallback_without_a_key_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = HOSTED + "defaults: [{override /image: fal}]\n"
    text = text.replace("image: fal\n", "").replace("video: kling\n", "")
    root = write_project(tmp_path, {"nova": text + "image: {fallbacks: [{provider: runway, model: gen4_image}]}\n"})
    runway = one(examine(Project(root)), "providers", "runway")
    assert runway.level == "warning" and "used by nova, as a fallback" in runway.text


def test_a_file_of_keys_is_not_read(hosted: Path) -> None:
    (hosted / ".env").write_text("FAL_KEY=canary-in-a-file\n")
    found = examine(Project(hosted))
    assert one(found, "providers", ".env").hint == "set -a; . ./.env; set +a"
    assert "FAL_KEY is not set" in one(found, "providers", "fal (").text


def test_addresses_in_force_are_said(hosted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_OPENAI_URL", "https://gateway.example/v1")
    monkeypatch.setenv("FORGE_OPENAI_IMAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("FORGE_RUNWAYS_URL", "https://gateway.example")
    monkeypatch.setenv("FORGE_FAL_SPEECH_URL", "https://gateway.example")
    monkeypatch.setenv("FORGE_VEO_URL", "http://gateway.example")
    monkeypatch.setenv("ANTHROPIC_API_BASE", "https://litellm.example/secret-path")
    found = examine(Project(hosted))
    said = one(found, "providers", "FORGE_OPENAI_URL")
    assert said.text == "FORGE_OPENAI_URL: openai's text and speech go to https://gateway.example"
    assert one(found, "providers", "OPENAI_IMAGE_URL").text.endswith("openai's image goes to http://127.0.0.1:9")
    assert one(found, "providers", "RUNWAYS").hint == "did you mean FORGE_RUNWAY_URL?"
    assert "makes no speech" in one(found, "providers", "FAL_SPEECH").text
    assert one(found, "providers", "FORGE_VEO_URL").level == "problem"
    litellm = one(found, "providers", "ANTHROPIC_API_BASE").text
    assert litellm.endswith("anthropic's text goes to https://litellm.example")


def test_personas_with_mistakes_are_named_and_the_others_looked_at(hosted: Path) -> None:
    (hosted / "personas/cay.yaml").write_text("id: cay\nbrief: A calm gardener.\nimag: {width: 3}\n")
    found = examine(Project(hosted))
    wrong = one(found, "project", "with mistakes")
    assert wrong.level == "problem" and "cay" in wrong.text and wrong.hint == "forge validate"
    assert "used by nova" in one(found, "providers", "fal (").text


def test_a_store_that_git_would_take_in_is_said(hosted: Path) -> None:
    import subprocess

    subprocess.run(["git", "init", "-q", str(hosted)], check=True)
    ignored = one(examine(Project(hosted)), "project", "git doesn't ignore")
    assert ignored.level == "warning"
    assert os.system(f"cd {hosted} && {ignored.hint}") == 0
    assert not about(examine(Project(hosted)), "project", "git doesn't ignore")


KNOWN = {
    "gpt-image-1": {"litellm_provider": "openai", "deprecation_date": "2026-10-23"},
    "azure/gpt-image-2": {"litellm_provider": "azure", "deprecation_date": "2026-01-01"},
    "gemini/veo-3": {"litellm_provider": "gemini", "deprecation_date": "2026-12-20"},
    "claude-old": {"litellm_provider": "anthropic", "deprecation_date": "2027-11-30"},
    "claude-new": {"litellm_provider": "anthropic"},
    "vertex_ai/claude-new": {"litellm_provider": "vertex_ai", "deprecation_date": "2020-01-01"},
}


def test_models_past_their_date_are_problems_and_those_near_it_warnings() -> None:
    used = [
        Use("image", "openai", "gpt-image-1", persona="nova"),
        Use("image", "openai", "gpt-image-2", persona="nova"),
        Use("video", "veo", "veo-3", persona="nova"),
        Use("video", "veo", "veo-3", persona="cay"),
        Use("text", "litellm", "anthropic/claude-old", persona="nova"),
        Use("text", "litellm", "anthropic/claude-new", persona="nova"),
        Use("image", "embedded", "painter-1", persona="ana"),
    ]
    past, soon, fine, unknown = models.models(used, KNOWN, date(2026, 11, 21))
    assert past.level == "problem" and "gpt-image-1" in past.text and "2026-10-23" in past.text
    assert soon.level == "warning" and "veo-3" in soon.text and "used by nova, cay" in soon.text
    assert fine.level == "ok" and "claude-old (until 2027-11-30)" in fine.text and "claude-new" in fine.text
    assert unknown.level == "ok" and unknown.facts["unknown"] == ["gpt-image-2"]
    levels = [finding.level for finding in models.models(used, KNOWN, date(2026, 10, 22))]
    assert levels == ["warning", "warning", "ok", "ok"], "a day and 59 days before"
    assert [finding.level for finding in models.models(used, KNOWN, date(2026, 8, 1))] == ["ok", "ok"]
    (none,) = models.models(used[-1:], KNOWN, date(2026, 11, 21))
    assert none.text == "no persona uses a hosted model"


def test_the_list_comes_with_litellm_and_is_read_without_it() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from personaforge.doctor.models import price_map; found = price_map();"
        "print(len(found) > 1000, 'litellm' in sys.modules, found['gpt-4o']['litellm_provider'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "openai"]


def test_a_pack_that_personas_need_and_that_is_missing_is_a_problem(hosted: Path, no_pack: None) -> None:
    found = examine(Project(hosted))
    missing = one(found, "packs", "to be measured with")
    assert missing.level == "problem" and "nova is" in missing.text and "forge models pull" in missing.hint
    assert "licence: MIT" in one(found, "packs", "embedded in").text


def test_the_libraries_are_those_of_pyproject() -> None:
    with open(ROOT / "pyproject.toml", "rb") as file:
        declared = tomllib.load(file)["project"]["dependencies"]
    ours = []
    for library in machine.LIBRARIES:
        bounds = [f">={library.least}"] * bool(library.least) + [f"<{library.below}"] * bool(library.below)
        ours.append(library.name + (f"=={library.exact}" if library.exact else ",".join(bounds)))
    assert sorted(ours) == sorted(declared)


def _versions(**changed: str | None) -> Callable[[str], str | None]:
    usual = {library.name: library.exact or library.least or "0.1" for library in machine.LIBRARIES}
    return {**usual, **{name.replace("_", "-"): version for name, version in changed.items()}}.get


def test_libraries_that_are_missing_or_of_another_version_are_said() -> None:
    (fine,) = machine.libraries(_versions())
    assert fine.level == "ok" and "litellm 1.106.2" in fine.text
    (_, gone) = machine.libraries(_versions(orjson=None))
    assert gone.level == "problem" and gone.hint == "pip install 'orjson>=3.10'"
    (_, newer) = machine.libraries(_versions(duckdb="2.0.0"))
    assert newer.level == "warning" and "duckdb 2.0.0" in newer.text
    (_, bad) = machine.libraries(_versions(litellm="1.82.8"))
    assert bad.level == "problem" and "malicious" in bad.text
    assert len(machine.libraries(_versions(**{"opencv-python": None, "opencv-python-headless": "4.12.0"}))) == 1
    assert len(machine.libraries(_versions(pydantic="2.10.0rc1", numpy="2"))) == 1


def test_a_system_library_that_opencv_lacks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from personaforge.errors import MissingExtra
    from personaforge.faces import opencv

    def fails() -> Any:
        raise MissingExtra("OpenCV can't be loaded: libGL.so.1", hint="apt-get install -y libgl1")

    monkeypatch.setattr(opencv, "opencv", fails)
    assert one(examine(Project(tmp_path)), "machine", "libGL").hint == "apt-get install -y libgl1"


def test_a_full_disk_and_a_folder_that_is_closed_are_problems(hosted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(hosted)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda place: usage._replace(free=100_000_000))
    monkeypatch.setattr(machine.os, "access", lambda path, mode: Path(path) != hosted / "personas")
    found = examine(Project(hosted))
    assert one(found, "machine", "GB free").level == "problem"
    assert "can't write to personas" in one(found, "machine", "can't write").text


def test_a_clock_that_is_behind_is_said(hosted: Path) -> None:
    assert one(examine(Project(hosted), now=86_400.0), "machine", "the clock says").level == "warning"
    assert one(examine(Project(hosted)), "machine", "the clock says").level == "ok"


def test_the_type_of_a_file_system(tmp_path: Path) -> None:
    assert machine.file_system(Path("/proc/self")) == "proc"
    assert machine.file_system(tmp_path) not in ("", "proc")


def test_the_store_at_a_glance(forge: Forge, project: Path) -> None:
    forge("build", "ana", cwd=project, check=0)
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    found = examine(Project(project))
    size = one(found, "store", "artifacts")
    assert size.level == "ok" and size.facts["artifacts"] > 5
    assert one(found, "store", "no paid call is open").level == "ok"
    after = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert {name: data for name, data in after.items() if not name.name.endswith(("-shm", "-wal"))} == before


def test_open_paid_calls_and_leases_are_counted(hosted: Path) -> None:
    journal = Journal(hosted / ".forge/journal.db")
    for number in range(3):
        journal.intend(f"key{number}", f"nova/image/0{number}", "draw", "fal@1", "flux", 0.05)
    journal.submitted("key0", "job-0", {}, 1000.0)
    journal.unknown("key1", "reset")
    journal.done("key2", 0.05)
    journal.close()
    leases = hosted / ".forge/leases"
    leases.mkdir()
    (leases / "left").touch()
    found = examine(Project(hosted))
    accepted = one(found, "store", "accepted and not fetched")
    assert accepted.level == "warning" and "nova/image/00" in accepted.text and accepted.hint == "forge jobs resume"
    assert "past their time" in accepted.text
    lost = one(found, "store", "nobody knows")
    assert lost.level == "warning" and "1 paid call" in lost.text and lost.hint == "forge jobs list"
    assert one(found, "store", "1 lease left").level == "ok"
    from personaforge.store.leases import Leases

    with Leases(leases).take("key0"):
        found = examine(Project(hosted))
        assert "1 paid call at work" in one(found, "store", "at work in another").text
        assert not about(found, "store", "accepted and not fetched")


@pytest.mark.parametrize("name", ["index.db", "journal.db"])
def test_a_damaged_database_is_a_problem_and_is_left_as_it_is(forge: Forge, hosted: Path, name: str) -> None:
    path = hosted / ".forge" / name
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all, " * 100)
    found = one(examine(Project(hosted)), "store", "is damaged: ")
    assert found.level == "problem" and found.hint
    assert path.read_bytes().startswith(b"this is no database") and len(list(path.parent.glob(f"{name}*"))) == 1
    forge("doctor", cwd=hosted, check=1)


def test_an_index_of_another_forge_is_left_alone(hosted: Path) -> None:
    (hosted / ".forge").mkdir()
    connection = sqlite3.connect(hosted / ".forge/index.db")
    connection.execute("pragma user_version = 99")
    connection.execute("create table other (name text)")
    connection.close()
    found = examine(Project(hosted))
    assert not about(found, "store", "is damaged: ") and "used by nova" in one(found, "providers", "fal (").text
    assert [path.name for path in (hosted / ".forge").glob("index*")] == ["index.db"]


def test_a_store_that_is_a_link_is_a_problem(hosted: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (hosted / ".forge").symlink_to(tmp_path / "elsewhere")
    assert one(examine(Project(hosted)), "store", "symbolic link").level == "problem"


def test_broken_presets_and_catalogs_are_problems(hosted: Path) -> None:
    write_project(hosted, {}, {"conf/image/bad.yaml": "a: [", "conf/models/catalog.yaml": "pack: {}\n"})
    found = examine(Project(hosted))
    assert any(finding.level == "problem" for finding in about(found, "project", "conf/image/bad.yaml"))
    assert any(finding.level == "problem" for finding in about(found, "packs", "catalog.yaml"))


def test_a_folder_that_cannot_be_read_ends_its_part_and_no_other(hosted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from personaforge.store.blobs import Blobs

    def closed(self: Blobs) -> Any:
        raise PermissionError(13, "Permission denied", "/closed/blobs")

    (hosted / ".forge").mkdir()
    monkeypatch.setattr(Blobs, "all", closed)
    found = examine(Project(hosted))
    assert one(found, "store", "/closed/blobs can't be read: Permission denied").level == "problem"
    assert about(found, "packs") and about(found, "machine") and about(found, "providers")


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit_a_terminal_and_hints_stay_whole(hosted: Path, width: int) -> None:
    found = examine(Project(hosted))
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in diagnosis_lines(found, width)]
    hints = {finding.hint for finding in found if finding.hint}
    for line in plain:
        longest = max(map(len, line.split()), default=0)
        assert len(line) <= width or line.lstrip().startswith("-> ") or longest > width - 12, line
    assert hints <= {line.strip().removeprefix("-> ") for line in plain}
    said = worst(found)
    assert said == "problem" and plain[-1].startswith(f"{sum(one.level == 'problem' for one in found)} problem")


# --- --live ---


@pytest.fixture
def served(hosted: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The providers that a persona uses, on this machine; Anthropic's models at a gateway."""
    text = HOSTED.replace("image: fal", "image: openai").replace("video: kling", "video: runway")
    (hosted / "personas/nova.yaml").write_text(text)
    with serving(*openai.ROUTES, *runway.ROUTES) as found:
        for name, variable in (("OPENAI", "OPENAI_API_KEY"), ("RUNWAY", "RUNWAYML_API_SECRET")):
            monkeypatch.setenv(f"FORGE_{name}_URL", found.url)
            monkeypatch.setenv(variable, KEYS["FAL_KEY"])
        monkeypatch.setenv("FORGE_ANTHROPIC_URL", found.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEYS["ANTHROPIC_API_KEY"])
        yield found


def test_without_live_nobody_is_asked(forge: Forge, hosted: Path, served: Server) -> None:
    forge("doctor", cwd=hosted)
    assert not served.requests


def test_live_asks_who_has_a_key_and_buys_nothing(hosted: Path, served: Server) -> None:
    found = examine(Project(hosted), live=True)
    assert one(found, "live", "runway (image, video)").text.endswith("accepts the key; 412 credits left")
    assert one(found, "live", "openai (image, speech) is there").level == "ok"
    unlisted = one(found, "live", "doesn't list")
    assert unlisted.level == "warning" and "anthropic/claude-sonnet-4-6" in unlisted.text
    without = one(found, "live", "since there is no key").text
    assert "fal" in without and "kling" in without and "openai" not in without
    asked = sorted(call.route for call in served.requests)
    assert asked == ["openai.models", "openai.models", "runway.organization"] and not served.ledger


def test_live_says_whose_key_is_not_accepted_and_who_is_not_there(
    forge: Forge, hosted: Path, served: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.script("runway.organization", Says(401, {"error": f"bad key {KEYS['FAL_KEY']}"}))
    monkeypatch.setenv("FORGE_OPENAI_SPEECH_URL", "http://127.0.0.1:9")
    done = forge("doctor", "--live", "--json", cwd=hosted, check=1)
    assert "canary" not in done.stdout + done.stderr
    said = [finding for finding in json.loads(done.stdout)["findings"] if finding["part"] == "live"]
    runway = next(finding for finding in said if finding.get("provider") == "runway")
    assert runway["level"] == "problem" and runway["accepted"] is False and "RUNWAYML_API_SECRET" in runway["hint"]
    speech = next(finding for finding in said if finding.get("modalities") == ["speech"])
    assert speech["reached"] is False and "can't be reached" in speech["text"]
    assert next(finding for finding in said if finding.get("modalities") == ["image"])["accepted"] is True
