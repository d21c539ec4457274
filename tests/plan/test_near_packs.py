"""A misspelt pack: it is noticed, offered the name that was meant, and no reason for a new face."""

from __future__ import annotations

from pathlib import Path

import pytest

import personaforge as pf
from personaforge.plan.plan import PlannedNode
from personaforge.report.plan.console import stays
from personaforge.testing import write_project
from personaforge.workspace.analyzers import near_pack
from tests.conftest import Forge

FILE = "id: ana\nbrief: A calm gardener.\nidentity: {pack: %s}\n"


def test_a_name_near_a_known_pack_is_offered_that_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "my_studio_tools").mkdir()
    (tmp_path / "my_studio_tools/det_10g.onnx").write_bytes(b"")
    (tmp_path / "my_voices").mkdir()
    (tmp_path / "my_voices/voice.onnx").write_bytes(b"")
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path))
    assert near_pack("embeded") == "embedded" and near_pack("bufalo_l") == "buffalo_l"
    assert near_pack("my_studio_tool") == "my_studio_tools", "a folder of packs"
    assert near_pack("my_voice") == "", "what is no face pack is offered to nobody"
    for known in ("embedded", "buffalo_s", "my_studio_tools", "auto", "antelope_of_ours"):
        assert near_pack(known) == "", known


def test_validate_and_plan_say_so(tmp_path: Path, forge: Forge, no_pack: None) -> None:
    write_project(tmp_path, {"ana": FILE % "embeded"})
    told = "identity.pack of ana is embeded, which nothing here has: did you mean embedded?"
    assert told in forge("validate", cwd=tmp_path).stdout
    planned = forge("plan", cwd=tmp_path)
    assert "did you mean embedded?" in planned.stdout + planned.stderr
    with pf.open(tmp_path) as space:
        [remark] = [one for one in space.remarks("ana", "identity.pack=antelope_of_ours") if "forge brief" not in one]
    assert remark.startswith("Pictures that forge draws are judged by the pack antelope_of_ours"), (
        "a pack that isn't here is no mistake"
    )


def test_what_nothing_can_measure_is_no_reason_for_a_new_face(tmp_path: Path) -> None:
    write_project(tmp_path, {"ana": FILE % "embedded"})
    with pf.open(tmp_path) as space:
        plan = pf.plan(space, "ana")
        anchor: PlannedNode = plan.personas[0].nodes["anchor"]
        anchor.note = "stays, although faces were measured with embedded, and can't be measured here"
        [line] = stays(plan)
        assert "--repin" not in line and line.endswith("or correct the name: forge models list")
        anchor.note = "stays, although image.width 64 is now 72"
        [line] = stays(plan)
        assert line.endswith("a new face: forge build ana --repin anchor")
