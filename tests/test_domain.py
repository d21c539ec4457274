"""The pack `embedded` knows forge's own drawings: what else it is shown has no score, or one with a mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from personaforge.errors import PersonaForgeError
from personaforge.faces.parts import embedding_version
from personaforge.identity.score import Score, Unmeasured
from personaforge.measuring.calibration import _other_domain, calibrate
from personaforge.measuring.evaluation import Evaluation, evaluate
from personaforge.measuring.measurements import Measured, drawn_here
from personaforge.measuring.photos import score_photos
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.report.evaluation.console import print_evaluation
from personaforge.report.photos import print_photos
from personaforge.testing import ColorAnalyzers, png, write_project
from personaforge.workspace.workspace import Workspace
from tests.embedded.painter.subjects import draw_request, subject


@pytest.fixture(scope="module")
def drawing() -> bytes:
    blob = EmbeddedImages().submit(draw_request(subject(), width=96, height=128)).blob
    assert blob is not None
    return blob.data


@pytest.fixture
def space(tmp_path: Path, drawing: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A project with drawings and other pictures in it, measured by an analyzer whose pack is called embedded."""
    root = write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A calm gardener.\n"})
    (root / "drawn.png").write_bytes(drawing)
    (root / "photo.png").write_bytes(png((200, 110, 90)))
    (root / "nobody.png").write_bytes(png((0, 0, 0)))
    monkeypatch.chdir(root)
    with Workspace.open((), str(root)) as opened:
        opened.analyzers = ColorAnalyzers("embedded")
        yield opened


def evaluated(space: Workspace, *images: str, **options: Any) -> Evaluation:
    return evaluate(space, images, **{"persona": None, "anchor": "drawn.png", "record": False, **options})


def test_eval_marks_what_is_no_drawing(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    found = evaluated(space, "drawn.png", "photo.png", "nobody.png")
    drawn, photo, nobody = found.as_json()["pictures"]
    assert drawn["composite"] == 1 and drawn["out_of_domain"] is False and drawn["decision"] == "ACCEPT"
    for one in (photo, nobody):
        assert one["composite"] is None and one["out_of_domain"] is True and one["decision"] == "REJECT"
        assert one["unmeasured"]["code"] == "out_of_domain"
    assert not found.passes(0.0) and "--out-of-domain" in found.as_json()["hint"]
    print_evaluation(found, None)
    said = capsys.readouterr().out
    assert "2 of 3 out of domain" in said and "--identity insightface" in said

    told = evaluated(space, "drawn.png", "photo.png", out_of_domain=True)
    drawn, photo = told.as_json()["pictures"]
    assert drawn["out_of_domain"] is False and photo["out_of_domain"] is True
    assert 0 < photo["composite"] < 1 and photo["probability"] is None and told.as_json()["hint"] == ""
    print_evaluation(told, None)
    assert "out of domain; composite" in capsys.readouterr().out
    (one,) = evaluated(space, "drawn.png", anchor="photo.png").pictures
    assert isinstance(one.score, Unmeasured) and "the anchor" in one.score.reason


def test_a_pack_for_photographs_has_no_score_for_a_drawing_either(
    space: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from personaforge.faces import packs

    space.analyzers = ColorAnalyzers("faces")
    assert not evaluated(space, "drawn.png", anchor="photo.png").pictures[0].out_of_domain, "nobody says what it is for"
    monkeypatch.setattr(packs, "_others", {"faces": packs.Declared()})
    found = evaluated(space, "photo.png", "drawn.png", anchor="photo.png")
    photo, drawn = found.as_json()["pictures"]
    assert photo["composite"] == 1 and photo["out_of_domain"] is False and photo["decision"] == "ACCEPT"
    assert drawn["composite"] is None and drawn["out_of_domain"] is True and drawn["decision"] == "REJECT"
    assert drawn["unmeasured"] == {
        "code": "out_of_domain",
        "reason": "the picture is a drawing by forge, as its file says, and the pack faces was made for photographs",
    }
    assert found.as_json()["hint"].startswith("--identity embedded measures with the pack for drawings by forge")
    print_evaluation(found, None)
    assert "1 of 2 out of domain: faces was made for photographs" in capsys.readouterr().out

    for _ in range(2):  # measured, and known
        told = evaluated(space, "photo.png", "drawn.png", anchor="photo.png", out_of_domain=True, persona="ana")
        photo, drawn = told.as_json()["pictures"]
        assert photo["out_of_domain"] is False and drawn["out_of_domain"] is True
        assert drawn["composite"] is not None and drawn["probability"] is None
    (one,) = evaluated(space, "photo.png").pictures
    assert isinstance(one.score, Unmeasured) and one.score.reason.startswith("the anchor is a drawing by forge")


def test_only_those_whose_pictures_are_known_are_made_for_some() -> None:
    from personaforge.faces.packs import made_for

    assert made_for({"backend": "insightface", "pack": "buffalo_l"}) == "photographs"
    assert made_for({"backend": "insightface", "pack": "embedded"}) == "drawings"
    assert made_for({"backend": "own", "pack": "grey"}) == ""


def test_records_and_the_warehouse_carry_the_mark(space: Workspace) -> None:
    from personaforge.warehouse.projection import opened

    evaluated(space, "drawn.png", "photo.png", persona="ana", record=True, out_of_domain=True)
    evaluated(space, "nobody.png", persona="ana", record=True)
    with opened(space.store) as connection:
        rows = connection.execute(
            "select slot, out_of_domain, score is not null, pack from evaluations order by slot"
        ).fetchall()
    assert rows == [
        ("drawn.png", False, True, "embedded"),
        ("nobody.png", True, False, "embedded"),
        ("photo.png", True, True, "embedded"),
    ]


def test_the_store_knows_a_drawing_whose_file_says_nothing(space: Workspace) -> None:
    from personaforge.digest import digest_bytes
    from personaforge.store.artifact import Artifact
    from personaforge.store.index import NodeRow
    from personaforge.store.outcome import Outcome, Output
    from personaforge.store.result import NodeResult

    digest = digest_bytes((space.project.root / "photo.png").read_bytes())
    for node, provider, made in (("ana/image/02", "embedded", digest), ("ana/image/03", "hosted", "0" * 64)):
        outputs = {"image": Output(Artifact(made, "image/png", 1), "x.png")}
        result = NodeResult(node, Outcome("accepted", outputs, {"provider": provider}))
        row = NodeRow(node, "s", "o", "accepted", "[]")
        space.store.index.put_node(row, result, persona="ana", build="b", finished=0.0)
    assert drawn_here(space.store) == {digest}
    for _ in range(2):  # measured, and known
        photo, nobody = evaluated(space, "photo.png", "nobody.png", persona="ana").pictures
        assert isinstance(photo.score, Score) and not photo.out_of_domain and nobody.out_of_domain


def test_photographs_have_no_face_scores_by_this_pack(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    slope = Image.linear_gradient("L").rotate(90).resize((600, 600))
    Image.blend(slope, Image.effect_noise((600, 600), 60), 0.3).convert("RGB").save("photo.png")
    found = score_photos(space, ["photo.png", "drawn.png"])
    photo, drawn = found.photos
    missing = photo.score.as_json()["unmeasured"]
    assert {missing["face_detection"]["code"], missing["occlusion"]["code"]} == {"out_of_domain"}
    assert photo.measurement["faces"] is None and "face_detection" not in drawn.score.as_json()["unmeasured"]
    assert photo in found.below(0) and photo not in found.below(0, allow_unmeasured=True)
    print_photos(replace(found, no_analyzer=("no other pack is here", "get one")), None, ())
    said = capsys.readouterr().out
    assert "1 out of domain, as embedded knows drawings by forge only: no other pack is here.\n  get one" in said


def test_a_calibration_leaves_them_out_whatever_is_allowed(space: Workspace) -> None:
    lines = ["path_a,path_b,same"]
    for number in range(24):
        (space.project.root / f"{number}.png").write_bytes(png((200, 100 + number, 90)))
        lines.append(f"{number}.png,{(number + 1) % 24}.png,{number % 2}")
    (space.project.root / "conf/project").mkdir(parents=True)
    settings = space.project.root / "conf/project/settings.yaml"
    settings.write_text("# @package _global_\nidentity: {out_of_domain: allow}\n")
    pairs = space.project.root / "pairs.csv"
    pairs.write_text("\n".join(lines) + "\n")
    with pytest.raises(PersonaForgeError, match="0 same pairs") as error:
        calibrate(space, str(pairs))
    assert "24 out_of_domain" in error.value.hint and "--pack auto is for photographs" in error.value.hint


def test_drawings_that_a_pack_for_photographs_leaves_out_are_not_sent_to_another_such_pack() -> None:
    def measured(domain: str) -> Measured:
        return Measured("", {"status": "measured", "in_domain": False, **({"domain": domain} if domain else {})}, {})

    def said(*domains: str) -> list[str]:
        return list(_other_domain({str(at): measured(one) for at, one in enumerate(domains)}, "p"))

    drawn = "the pack p was made for photographs: --identity embedded is for drawings by forge"
    assert said("drawings", "drawings") == [drawn]
    assert said("") == ["the pack p knows drawings by forge only: --pack auto is for photographs"]


def shipped_calibration(folder: Path, analyzer: dict[str, str]) -> None:
    """Write a calibration for an analyzer where the pack embedded has its own."""
    from personaforge.identity.calibration import Pair, fit

    same = [Pair(0.9 - 0.01 * number, True, (number, number)) for number in range(12)]
    different = [Pair(0.2 + 0.01 * number, False, (number, number + 1)) for number in range(12)]
    found = fit(same + different, analyzer=analyzer, measuring=embedding_version(), pairs_digest="a" * 64,
                pictures_digest="b" * 64, unmeasured={})  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calibration.json").write_text(json.dumps(found.as_json()))


def test_the_packs_own_calibration_holds_where_the_project_has_none(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from personaforge.faces import packs

    monkeypatch.setattr(packs, "SHIPPED", tmp_path / "shipped")
    analyzer = ColorAnalyzers("embedded").identity.as_json()
    assert evaluated(space, "drawn.png").as_json()["calibration"] is None
    shipped_calibration(tmp_path / "shipped/embedded", analyzer)
    said = evaluated(space, "drawn.png", "photo.png", out_of_domain=True).as_json()
    assert said["calibration"] == "the calibration that comes with the pack embedded"
    drawn, photo = said["pictures"]
    assert drawn["probability"] > 0.9 and photo["probability"] is None, "it says nothing of other pictures"
    shipped_calibration(tmp_path / "shipped/embedded", {**analyzer, "backend_version": "2"})
    said = evaluated(space, "drawn.png").as_json()
    assert said["calibration"] is None and "backend version 2, not 1" in said["calibration_reason"]
    shipped_calibration(space.project.root / "calibration", analyzer)
    assert evaluated(space, "drawn.png").as_json()["calibration"] == "calibration/calibration.json"
