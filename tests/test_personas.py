"""The personas that come with the project, built whole and twice: texts, pictures and clips, measured by the pack that
comes with forge, or by nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT, Forge

PERSONAS = {
    "sofia-reyes": {"intent", "soul", "self", "mask", "surface", "lifestyle", "dna", "audit"},
    "kenji-watanabe": {"surface", "self", "lifestyle", "dna"},
}
CLIPS = {  # seconds, width over height
    "smile_reveal": (5.0, 9 / 16),
    "personality_moment": (8.0, 9 / 16),
    "lifestyle": (8.0, 16 / 9),
    "invitation": (5.0, 9 / 16),
}
SMALL = """\
# @package _global_
image: {width: 192, height: 256}
matrix: {utility: {banner: {width: 320, height: 108}, avatar: {width: 160, height: 160}}}
video: {fps: 2, sizes: {"9:16": {width: 72, height: 128}, "16:9": {width: 128, height: 72}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the packaged personas and nothing else: all settings are the packaged ones."""
    (tmp_path / "personas").mkdir()
    for file in sorted((ROOT / "personas").glob("*.yaml")):
        if not file.name.endswith(".lock.yaml"):
            shutil.copy(file, tmp_path / "personas")
    return tmp_path


def frames(path: Path) -> tuple[int, float, tuple[int, int]]:
    """Return the number of frames that really decode, the rate and (width, height)."""
    capture = cv2.VideoCapture(str(path))
    count, size, last = 0, (0, 0), None
    while True:
        good, frame = capture.read()
        if not good:
            break
        count, size, last = count + 1, (frame.shape[1], frame.shape[0]), frame
    assert last is not None and np.std(last) > 5, f"{path} shows nothing"
    return count, capture.get(cv2.CAP_PROP_FPS), size


def check_folder(folder: Path, persona: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "persona.json").read_text())
    assert document["id"] == persona and document["labels"] == ["embedded"]
    assert set(document["sections"]) | {"intent", "audit"} >= PERSONAS[persona] - {"audit", "intent"}
    written = {path.stem for path in (folder / "layers").iterdir()}
    assert written >= PERSONAS[persona], "every drafted section has a file"
    pictures = sorted(path.name for path in (folder / "images").iterdir())
    assert len(pictures) == 22 and [name[:2] for name in pictures[:20]] == [f"{n:02}" for n in range(1, 21)]
    for name in pictures:
        picture = cv2.imread(str(folder / "images" / name))
        assert picture is not None and np.std(picture) > 5, f"{name} shows nothing"
    clips = {path.stem: path for path in (folder / "videos").iterdir()}
    assert set(clips) == set(CLIPS)
    for name, (seconds, aspect) in CLIPS.items():
        count, rate, (width, height) = frames(clips[name])
        assert abs(count / rate - seconds) < 0.26 and abs(width / height - aspect) < 0.01, name
    assert cv2.imread(str(folder / "contact_sheet.jpg")) is not None
    return document


@pytest.mark.usefixtures("no_pack")
@pytest.mark.parametrize("persona", PERSONAS)
def test_a_packaged_persona_builds_whole_and_then_has_nothing_to_do(persona: str, project: Path, forge: Forge) -> None:
    """With a pack for photographs that is not there, and leave to do without it."""
    (project / "conf/project").mkdir(parents=True)
    (project / "conf/project/settings.yaml").write_text(SMALL)
    unmeasured = ("identity=insightface", "identity.require_measurement=false")
    done = forge("build", persona, *unmeasured, cwd=project, check=0)
    assert done.stderr.count("Faces are not measured here") == 1, "said once"
    document = check_folder(project / "build" / persona, persona)
    assert document["status"] == "unmeasured" and len(document["unmeasured"]) == 26
    assert all(entry.get("composite") is None for entry in document["artifacts"].values()), "no number without a model"
    again = forge("build", persona, *unmeasured, cwd=project, check=0)
    assert "Nothing to do" in again.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("no_pack")
def test_sofia_is_measured_whatever_packs_are_installed_and_drift_is_a_query(project: Path, forge: Forge) -> None:
    fewer = "video.fps=4"  # a third of the frames: drawing and encoding them is most of the build
    done = forge("build", "sofia-reyes", fewer, cwd=project, check=0)
    assert "not measured here" not in done.stderr
    folder = project / "build/sofia-reyes"
    document = check_folder(folder, "sofia-reyes")
    assert document["status"] == "complete" and not document["unmeasured"] and not document["rejected"]
    scores = {name: entry["composite"] for name, entry in document["artifacts"].items() if "composite" in entry}
    assert len(scores) == 19 + 2 + 4 and all(0.55 <= score <= 1 for score in scores.values()), scores
    assert len(set(scores.values())) > 15, "measured, not made up"
    surface = document["sections"]["surface"]
    assert (surface["name"], surface["gender"]) == ("Sofia Reyes", "woman"), "what is pinned is kept"
    drift = json.loads(forge("drift", "sofia-reyes", "--json", cwd=project, check=0).stdout)
    assert drift["persona"] == "sofia-reyes"
    assert {line["analyzer"]["name"] for line in drift["timelines"] if line["modality"] != "text"} == {"embedded"}
    assert [who.split()[0] for who in document["measured_by"]] == ["embedded"]
    lock = (project / "personas/sofia-reyes.lock.yaml").read_text()
    assert lock.count('"measured_by":"embedded ') == 19 + 2 + 4 and "out_of_domain" not in lock
    asked = "select count(*) n, avg(score) mean from evaluations where measured and modality = 'face'"
    [row] = json.loads(forge("query", asked, "--json", cwd=project, check=0).stdout)
    assert row["n"] >= 21 and 0.55 < row["mean"] < 1
