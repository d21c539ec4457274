"""`licence_use`: what plan, doctor and pages say where models don't cover it, and that a build refuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from personaforge.digest import digest_bytes
from personaforge.packs.terms import ModelFile, Terms
from personaforge.plan.plan import Plan
from personaforge.report.pages.marks import _licences
from personaforge.spec.licence_use import licence_use
from personaforge.spec.project import Project
from personaforge.testing import write_project
from personaforge.workspace.analyzers import Analyzers
from personaforge.workspace.licences import require_licensed
from tests.conftest import Forge
from tests.packs.conftest import model

BARRED, FREE, NOBODYS = model("b"), model("c"), model("n")
CATALOG = f"""\
packs:
  faces:
    title: Faces
    licence: {{name: Research terms, summary: Research only., url: https://example.org/a, use: research}}
    files: {{det_a.onnx: {{size: 20000, sha256: {digest_bytes(BARRED)}}}}}
  free:
    title: Free faces
    licence: {{name: MIT, summary: Free., url: https://example.org/b, use: commercial}}
    files: {{det_b.onnx: {{size: 20000, sha256: {digest_bytes(FREE)}}}}}
"""
ANA = "id: ana\nbrief: A calm gardener.\nidentity: insightface\n"
SETTINGS = "conf/project/settings.yaml"
MINE = "det_a.onnx of the pack mine, which is det_a.onnx of faces byte for byte: Research terms"
MODELS = os.environ.get("FORGE_MODELS", "")
WAY = "forge models pull permissive, then `defaults: [override /identity: permissive]` in conf/project/settings.yaml"


def studio(root: Path, use: str, **files: bytes) -> Path:
    """A project whose personas are measured by the pack `mine`: files that are no models, which nothing loads here."""
    for name, data in files.items():
        (root / "packs/mine").mkdir(parents=True, exist_ok=True)
        (root / f"packs/mine/{name}.onnx").write_bytes(data)
    settings = f"# @package _global_\n{use}\nidentity: {{pack: mine}}\n"
    return write_project(root, {"ana": ANA}, {"conf/models/catalog.yaml": CATALOG, SETTINGS: settings})


@pytest.fixture(autouse=True)
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path / "packs"))


def notes(text: str) -> list[str]:
    return [line for line in text.splitlines() if "licence_use" in line or "licence not known" in line]


def test_a_build_for_money_is_refused_by_what_is_for_research(forge: Forge, tmp_path: Path) -> None:
    root = studio(tmp_path, "licence_use: commercial", det_a=BARRED, w600k_x=FREE)
    said = forge("plan", cwd=root, check=0)
    [note] = notes(said.stdout + said.stderr)
    assert note.endswith(f"ana would be measured by models for research only: {MINE}; {WAY}")
    assert any(MINE in note for note in json.loads(forge("plan", "--json", cwd=root, check=0).stdout)["notices"])
    done = forge("build", "--keep-going", cwd=root, check=2)
    assert (
        f"error: nothing was built: licence_use is commercial, and ana would be measured by {'models'}" in done.stderr
    )
    assert done.stderr.endswith(f"{MINE}\n  {WAY}\n")
    assert not list((root / ".forge").glob("store/blobs/*/*")) and not (root / "build").exists()
    found = json.loads(forge("doctor", "--json", cwd=root, check=1).stdout)["findings"]
    [one] = [finding for finding in found if finding.get("use") == "research" and "models" in finding]
    assert one["level"] == "problem" and MINE in one["text"] and one["hint"] == WAY
    # The user's own words on the command line don't loosen what the project says of itself.
    done = forge("build", "licence_use=research", cwd=root, check=2)
    assert "is the project's to set" in done.stderr


@pytest.mark.parametrize("use", ["licence_use: research", ""])
def test_research_and_silence_refuse_nothing(forge: Forge, tmp_path: Path, use: str) -> None:
    root = studio(tmp_path, use, det_a=BARRED, w600k_x=FREE)
    said = forge("plan", cwd=root, check=0)
    assert not notes(said.stdout + said.stderr)
    assert forge("build", "-s", "+soul", cwd=root, check=0)
    found = json.loads(forge("doctor", "--json", cwd=root).stdout)["findings"]
    [one] = [finding for finding in found if finding.get("use") == "research" and "models" in finding]
    assert one["level"] == "ok" and one["text"].startswith(f"ana may be measured for research only: {MINE}")
    assert one["hint"] == ("" if use else "licence_use: commercial, or research")


def test_what_nobody_knows_is_said_and_refused_by_nobody(forge: Forge, tmp_path: Path) -> None:
    root = studio(tmp_path, "licence_use: commercial", det_a=NOBODYS, w600k_x=FREE)
    said = forge("plan", cwd=root, check=0)
    [note] = notes(said.stdout + said.stderr)
    assert note.endswith("by models whose licence isn't known: det_a.onnx of the pack mine: licence not known")
    assert forge("build", "-s", "+soul", cwd=root, check=0)
    found = json.loads(forge("doctor", "--json", cwd=root).stdout)["findings"]
    [one] = [finding for finding in found if finding.get("use") == "unknown"]
    assert one["level"] == "warning"


def test_free_models_and_forges_own_are_not_spoken_of(forge: Forge, tmp_path: Path) -> None:
    root = studio(tmp_path, "licence_use: commercial", det_a=FREE, w600k_x=FREE)
    said = forge("plan", cwd=root, check=0)
    assert not notes(said.stdout + said.stderr)
    said = forge("plan", "identity=embedded", cwd=root, check=0)
    assert not notes(said.stdout + said.stderr)


def test_nothing_to_measure_is_nothing_to_refuse(forge: Forge, tmp_path: Path) -> None:
    root = studio(tmp_path, "licence_use: commercial", det_a=BARRED, w600k_x=FREE)
    assert forge("build", "-s", "+soul", cwd=root, check=0), "texts are measured by no model"


def test_what_is_accepted_is_measured_by_nobody_and_refused_by_nobody(tmp_path: Path) -> None:
    """A project that says `commercial` once all of its pictures are pinned has nothing to measure, and goes on."""

    class Asked(Exception):
        pass

    class Unasked(Analyzers):
        def models(self, settings: object) -> tuple[ModelFile, ...]:
            raise Asked

    def plan(*states: str) -> Plan:
        kind = SimpleNamespace(measures=True)
        nodes = {state: SimpleNamespace(state=state, shape=SimpleNamespace(kind=kind)) for state in states}
        one = SimpleNamespace(id="ana", nodes=nodes, loaded=SimpleNamespace(settings=None))
        return SimpleNamespace(personas=[one])  # type: ignore[return-value]

    require_licensed(Unasked(lambda path: ""), plan("pinned", "cached", "left"))
    with pytest.raises(Asked):
        require_licensed(Unasked(lambda path: ""), plan("pinned", "run"))


def test_a_wrong_value_and_a_persona_that_sets_it_are_named(forge: Forge, tmp_path: Path) -> None:
    root = studio(tmp_path, "licence_use: profit", det_a=BARRED, w600k_x=FREE)
    for command in ("validate", "plan", "build"):
        assert "found 'profit'" in forge(command, cwd=root, check=2).stderr
    root = studio(tmp_path / "b", "licence_use: commercial", det_a=BARRED, w600k_x=FREE)
    (root / "personas/ana.yaml").write_text(ANA + "licence_use: research\n")
    assert "is the project's to set" in forge("validate", cwd=root, check=2).stderr


def test_it_is_read_from_the_projects_settings_alone(tmp_path: Path) -> None:
    assert licence_use(Project(tmp_path)) is None
    (tmp_path / "conf/project").mkdir(parents=True)
    for text, expected in (("# licence_use: commercial\n", None), ("licence_use: commercial\n", "commercial"),
                           ("licence_use: research\n", "research")):  # fmt: skip
        (tmp_path / SETTINGS).write_text(f"# @package _global_\n{text}")
        assert licence_use(Project(tmp_path)) == expected


def test_init_says_what_pictures_are_for(forge: Forge, tmp_path: Path) -> None:
    forge("init", "studio", "--forge", "personaforge==0.1.0", cwd=tmp_path, check=0)
    root = tmp_path / "studio"
    assert licence_use(Project(root)) == "commercial"
    said = forge("plan", cwd=root, check=0)
    assert not notes(said.stdout + said.stderr), "drawings are measured by forge's own models"
    text = (root / SETTINGS).read_text().replace("# defaults:", "defaults:")
    (root / SETTINGS).write_text(text.replace("#   - override", "  - override"))
    said = forge("plan", cwd=root)
    assert "the pack permissive has no detector here" in said.stdout + said.stderr
    assert "forge models pull permissive" in said.stdout + said.stderr


@pytest.mark.parametrize(
    ("use", "said", "tones"),
    [
        ("research", "commercial", ["bad"]),
        ("research", "research", ["note"]),
        ("research", None, ["note"]),
        ("unknown", "commercial", ["warn"]),
        ("unknown", None, []),
        ("commercial", "commercial", []),
    ],
)
def test_a_page_says_what_its_models_may_be_used_for(use: str, said: str | None, tones: list[str]) -> None:
    terms = Terms("mine", "det_a.onnx", "a" * 64, "Some terms", use)  # type: ignore[arg-type]
    facts = SimpleNamespace(licence_use=said, terms=(terms, terms))
    found = list(_licences(facts))  # type: ignore[arg-type]
    assert [mark.tone for mark in found] == tones
    assert all(mark.text.count("det_a.onnx of the pack mine: Some terms") == 1 for mark in found)


def test_of_files_that_were_measured_it_is_told_what_the_models_licences_do_not_cover(tmp_path: Path) -> None:
    """What `forge eval` and `forge calibrate` print besides."""
    from personaforge.measuring.measurements import project_settings
    from personaforge.workspace.licences import licence_remarks
    from personaforge.workspace.workspace import Workspace

    root = studio(tmp_path, "licence_use: commercial", det_a=BARRED, w600k_x=NOBODYS)
    with Workspace.open((), str(root)) as space:
        found = licence_remarks(space.project, space.analyzers, project_settings(space))
        barred, unknown = sorted(found, key=lambda text: "research only" not in text)
        assert barred == (
            f"licence_use is commercial, and these files were measured by models for research only: {MINE}; {WAY}"
        )
        assert unknown.startswith("licence_use is commercial, and these files were measured by models whose licence")
        assert unknown.endswith("w600k_x.onnx of the pack mine: licence not known"), "bytes that nobody knows"
        (root / SETTINGS).write_text((root / SETTINGS).read_text().replace("commercial", "research"))
        assert licence_remarks(space.project, space.analyzers, project_settings(space)) == ()


@pytest.mark.pack
def test_eval_says_so_of_a_pack_whose_files_were_changed(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from personaforge.faces.packs import Pack, find_pack
    from personaforge.testing import png

    monkeypatch.setenv("FORGE_MODELS", MODELS)
    pack = find_pack("buffalo_s_dev")
    if not isinstance(pack, Pack):
        pytest.skip("no buffalo_s_dev here")
    mine = tmp_path / "packs/buffalo_s_dev"
    shutil.copytree(pack.folder, mine)
    changed = next(path for path in mine.glob("w600k*.onnx"))
    changed.write_bytes(changed.read_bytes() + b"\xfa\x3f\x01a")  # a field that ONNX doesn't know: it loads as before
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path / "packs"))
    settings = "# @package _global_\nlicence_use: commercial\nidentity: {pack: buffalo_s_dev}\n"
    root = write_project(tmp_path / "p", {"ana": ANA}, {SETTINGS: settings})
    (root / "a.png").write_bytes(png((200, 120, 90), width=128, height=128))
    said = forge("eval", "a.png", "--anchor", "a.png", "--identity", "insightface", cwd=root, check=0)
    lines = [line for line in said.stdout.splitlines() if line.startswith("licence_use is commercial")]
    assert any(f"{changed.name} of the pack buffalo_s_dev: licence not known" in line for line in lines), said.stdout
    found = json.loads(
        forge("eval", "a.png", "--anchor", "a.png", "--identity", "insightface", "--json", cwd=root, check=0).stdout
    )
    assert [f"{line}." for line in found["licences"]] == lines
