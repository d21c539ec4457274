"""`forge drift` on a project: what counts as a record, what it is held against, and a known slide that it finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personaforge.drift.timelines import Drift, Timeline, drift
from personaforge.errors import PlanError, SpecError
from personaforge.faces.packs import AUTO_ORDER, Pack, find_pack
from personaforge.plan.plan import PlanRequest
from personaforge.report.drift.console import print_drift
from personaforge.testing import write_project
from personaforge.workspace.workspace import BuildOptions, Workspace
from tests.cli.conftest import FILES
from tests.conftest import Forge

ANA = "id: ana\nbrief: A calm gardener.\n"
ANALYZER = {
    "backend": "scripted",
    "backend_version": "1",
    "pack": "p",
    "pack_digest": "d" * 64,
    "detector_size": "auto",
}


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace.open(["ana"], str(write_project(tmp_path / "p", {"ana": ANA})))


def kept(space: Workspace, number: int, value: float, **fields: Any) -> None:
    """Keep an evaluation of a new picture, `number` seconds into the series, of the slots 02 to 06 in turn."""
    slot = f"{number % 5 + 2:02}"
    record = {
        "persona": "ana", "node": f"image/{slot}", "step": "image", "slot": slot, "modality": "face",
        "decision": "ACCEPT", "measured": True, "anchor": "a" * 64, "analyzer": ANALYZER,
        "score": {"composite": round(value, 6), "cosine": round((value - 0.3) / 0.7, 6), "error": 0.0},
        "artifacts": {"image": f"{number:064x}"}, "time": 1_700_000_000.0 + number, **fields,
    }  # fmt: skip
    space.store.keep("evaluations", f"{number:x}".rjust(64, str(fields.get("mark", "0"))), record)


def series(space: Workspace, count: int, start: int = 10_000, size: float = 0.0, **fields: Any) -> None:
    """Keep records whose slots lie 0.04 apart, off by `size` from `start` on."""
    rng = np.random.default_rng(count)
    for number in range(count):
        kept(space, number, 0.8 - 0.04 * (number % 5) + float(rng.normal(0, 0.01)) + size * (number >= start), **fields)


def face(found: Drift, metric: str = "composite") -> Timeline:
    (line,) = [line for line in found.timelines if line.metric.name == metric and line.modality in ("face", "quality")]
    return line


def test_a_series_over_slots_is_stable_and_a_fall_degrades(
    space: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    series(space, 60)
    line = face(drift(space, "ana"))
    assert line.finding.verdict == "stable" and line.finding.compared == 60 - 5 - 4, "five slots in four framings"
    print_drift(drift(space, "ana"))
    said = capsys.readouterr().out
    assert "stable" in said and max(map(len, said.splitlines())) <= 80


def test_the_fall_is_told_with_its_place_in_80_columns(space: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    series(space, 60, start=40, size=-0.03)
    found = drift(space, "ana")
    change = face(found).finding.change
    assert change is not None and change.low <= 40 <= change.high
    assert [line.metric.name for line in found.with_verdict(["degrading"])] == ["composite"]
    told = found.as_json()
    lines = told.pop("timelines")
    assert told == {"schema": 4, "persona": "ana", "method": "cusum", "baseline": "slot", "records_per_alarm": 1000.0}
    assert [line["metric"] for line in lines] == [line.metric.name for line in found.timelines]
    assert found.with_verdict(["improving", "insufficient"]) == []
    print_drift(found)
    said = capsys.readouterr().out
    assert "face composite: degrading" in said and "(95 %: " in said and "image/" in said
    attribution = face(found).attribution
    assert attribution is not None and not attribution.causes and attribution.unrecorded == 1
    assert "nobody knows what shaped them" in attribution.notes[0], "no build made these pictures"
    assert max(map(len, said.splitlines())) <= 80


def test_an_artifact_counts_once_however_often_it_is_judged(space: Workspace) -> None:
    series(space, 20)
    for number in range(20):
        kept(space, number, 0.1, mark="f", time=1_800_000_000.0 + number)  # judged again, say under other thresholds
    line = face(drift(space, "ana"))
    assert len(line.values) == 20 and min(line.values) > 0.5


def test_only_the_anchor_of_now_counts_and_only_its_reference_set(space: Workspace) -> None:
    series(space, 20, anchor="b" * 64)
    rng = np.random.default_rng(0)
    for number in range(100, 130):
        kept(space, number, 0.6 + float(rng.normal(0, 0.01)))
    for number in range(200, 240):
        kept(space, number, 0.7 + float(rng.normal(0, 0.01)), references=["c" * 64])
    line = face(drift(space, "ana"))
    assert (len(line.values), line.left_out, line.anchor) == (40, 50, "a" * 64)


def test_other_weights_are_no_drift(space: Workspace) -> None:
    series(space, 30)
    for number in range(30, 60):  # cosine 0.6 and error 0.2 under weights of 0.5 each
        score = {"composite": 0.7, "cosine": 0.6, "error": 0.2}
        kept(space, number, 0.7, score=score)
    kept(space, 60, 0.4, score={"composite": 0.4, "cosine": 0.0, "error": 0.2})
    line = face(drift(space, "ana"))
    assert line.values[-2:] == (pytest.approx(0.7 * 0.6 + 0.3 * 0.8), pytest.approx(0.3 * 0.8))
    assert "identity.weights changed" in line.notes[0]


def test_unlike_analyzers_have_timelines_of_their_own_and_only_the_newest_can_fail(
    space: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    series(space, 60, start=40, size=-0.05)
    rng = np.random.default_rng(1)
    for number in range(100, 150):
        analyzer = {**ANALYZER, "backend_version": "2"}
        kept(space, number, 0.8 - 0.04 * (number % 5) + float(rng.normal(0, 0.01)), analyzer=analyzer)
    found = drift(space, "ana")
    new, old = (line for line in found.timelines if line.modality == "face")
    assert (new.current, new.finding.verdict) == (True, "stable")
    assert (old.current, old.finding.verdict) == (False, "degrading")
    assert new.follows == old.measured_by and old.follows is None
    print_drift(found, causes=True)
    said = " ".join(capsys.readouterr().out.split())
    assert "begins where the analyzer changed: version 1 -> 2" in said, "a pack is named as a timeline's beginning"
    assert found.with_verdict(["degrading"]) == []


def test_clips_have_timelines_of_steadiness_and_quality(space: Workspace) -> None:
    rng = np.random.default_rng(6)
    for number in range(40):
        worse = 3 if number >= 28 else 1
        clip = {
            "cosine_std": float(0.02 * np.exp(rng.normal(0, 0.15))),
            "ratio_variance_mean": float(0.0004 * worse * np.exp(rng.normal(0, 0.2))),
            "sharpness_ratio_mean": float(0.9 * np.exp(rng.normal(0, 0.1))),
            "histogram_distance_max": float(0.1 * np.exp(rng.normal(0, 0.1))),
            "frames_measured": 8 if number else 1,
        }
        slot = ("smile_reveal", "invitation")[number % 2]
        value = 0.8 + float(rng.normal(0, 0.01))
        kept(space, number, value, modality="video", step="video", slot=slot, node=f"video/{slot}", clip=clip)
    found = {line.metric.name: line for line in drift(space, "ana").timelines}
    assert set(found) == {"composite", "cosine_std", "ratio_variance", "clip_sharpness", "flicker", "clip_failed"}
    assert {name: str(line.finding.verdict) for name, line in found.items()} == {
        "composite": "stable",
        "cosine_std": "stable",
        "ratio_variance": "degrading",
        "clip_sharpness": "stable",
        "flicker": "stable",
        "clip_failed": "stable",
    }
    assert len(found["cosine_std"].values) == 39, "one frame has no deviation"
    for number in range(40, 60):
        slot = ("smile_reveal", "invitation")[number % 2]
        clip = {"cosine_min": 0.6 + float(rng.normal(0, 0.01)), "frames_measured": 8}
        kept(space, number, 0.8, modality="video", step="video", slot=slot, node=f"video/{slot}", clip=clip)
    lowest = next(line for line in drift(space, "ana").timelines if line.metric.name == "cosine_min")
    assert len(lowest.values) == 20 and lowest.modality == "video", "older records that lack it are no part of it"
    assert {line.modality for line in drift(space, "ana", modality="quality").timelines} == {"quality"}


def test_the_settings_decide(space: Workspace) -> None:
    series(space, 60, start=40, size=-0.03)
    linear = face(drift(space, "ana", overrides=["drift.method=linear"])).finding
    assert linear.method == "linear" and "the linear rule" in linear.reason
    coarse = drift(space, "ana", overrides=["drift.baseline=none"])
    assert face(coarse).finding.compared == 58 and coarse.baseline == "none"
    rare = face(drift(space, "ana", overrides=["drift.records_per_alarm=100000"])).finding
    assert rare.threshold > face(drift(space, "ana")).finding.threshold
    assert face(drift(space, "ana", last=12)).finding.n == 12
    with pytest.raises(SpecError, match="records_per_alarm"):
        drift(space, "ana", overrides=["drift.records_per_alarm=1"])
    with pytest.raises(SpecError, match="found clip 2 and shift 3, expected a clip of at least the shift"):
        drift(space, "ana", overrides=["drift.clip=2", "drift.shift=3"])


def test_pictures_from_elsewhere_are_held_against_their_own_name(space: Workspace) -> None:
    rng = np.random.default_rng(2)
    for number in range(60):
        name = ("head.png", "body.png")[number % 2]
        value = (0.8, 0.6)[number % 2] + float(rng.normal(0, 0.01))
        kept(space, number, value, step="eval", slot=name, node="")
    line = face(drift(space, "ana"))
    assert line.finding.verdict == "stable" and line.finding.compared == 60 - 2 - 1


def test_the_page_draws_the_bands_and_marks_the_change(space: Workspace) -> None:
    from personaforge.report.drift.page import WIDEST, series_of
    from personaforge.warehouse.projection import opened

    series(space, 60, start=40, size=-0.03)
    with opened(space.store) as connection:
        one, failed = series_of(space.store, connection, space.load(["ana"])[0].settings)
    (change,) = one.changes
    assert change.first <= 40 <= change.last and one.verdict.startswith("degrading: evidence down passed")
    bands = [point.baseline for point in one.points]
    assert bands[0] is None and all(band is not None and band.high - band.low < WIDEST for band in bands[30:])
    last = bands[-1]
    assert last is not None and one.points[-1].value < last.mean, "the band stays where it was"
    assert failed.label == "failed images, share of the last 20" and failed.points[-1].value == 0


def test_nothing_measured_says_what_to_do(space: Workspace) -> None:
    with pytest.raises(PlanError, match="nothing has been measured of ana for video") as error:
        drift(space, "ana", modality="video")
    assert "forge build ana" in (error.value.hint or "")


def test_ci_can_fail_on_a_verdict(space: Workspace, forge: Forge) -> None:
    series(space, 60, start=40, size=-0.03)
    root = Path(space.project.root)
    space.store.close()
    forge("drift", "ana", "--fail-on", "degrading", cwd=root, check=1)
    asked = ("--fail-on", "improving", "--fail-on", "insufficient", "--format", "json")
    told = json.loads(forge("drift", "ana", *asked, cwd=root, check=0).stdout)
    line, failed = told["timelines"]
    assert (failed["metric"], failed["verdict"], failed["scale"]) == ("failed", "stable", "rate")
    assert line["verdict"] == "degrading" and len(line["points"]) == 60 and line["points"][59]["node"] == "image/06"
    assert line["change"]["low"] <= 40 <= line["change"]["high"]
    assert "drift.window" in forge("drift", "ana", "drift.window=0", cwd=root, check=2).stderr


# --- a slide that is known --------------------------------------------------------------------------------------------

FOUR = """\
anchor: "01"
scenes: {plain: {text: a plain wall, colors: ["#eeeeee", "#cccccc"]}}
positions:
  "01": &p {tier: identity, name: anchor, distance: headshot, yaw: 0, pitch: 0, expression: neutral,
            gaze: into the camera, pose: still, scene: plain, light: even soft light, wardrobe: 1}
  "02": {<<: *p, name: smiling, expression: smile}
  "03": {<<: *p, name: turned, yaw: 20}
  "04": {<<: *p, name: bust, distance: bust, yaw: 6}
  "05": {<<: *p, name: bust turned, distance: bust, yaw: -12}
utility: {}
"""
BEN = """\
id: ben
brief: A cheerful Irish baker.
pipeline: pictures
matrix: four
image: {width: 384, height: 480}
identity: {pack: PACK, max_attempts: 1, accept_threshold: 0.1, retry_threshold: 0.05, anchor: {candidates: 1}}
"""
STEADY = 6
SLIDE = (0.25, 0.5, 0.75, 1.0)
PACKS = ["embedded", *(name for name in AUTO_ORDER if isinstance(find_pack(name), Pack))]


@pytest.mark.slow
@pytest.mark.pack
@pytest.mark.parametrize("pack", PACKS)
def test_a_painter_that_slides_away_is_found_where_it_began(tmp_path: Path, pack: str) -> None:
    persona = BEN.replace("PACK", pack)
    root = write_project(tmp_path / "p", {"ben": persona}, {**FILES, "conf/matrix/four.yaml": FOUR})
    with Workspace.open(["ben"], str(root)) as space:
        for take, amount in enumerate((*[0.0] * STEADY, *SLIDE)):
            asked = PlanRequest(overrides=(f"image.drift={amount}",), force=("image/*",) if take else ())
            # One worker, so that a take's four pictures are always kept in one order. The interval is a 95 % one: of 60
            # random orders within the takes, 59 (embedded) and 60 (buffalo_s_dev) have the slide's first picture in it.
            space.build(space.plan(["ben"], asked), BuildOptions(jobs=1))
            if take == STEADY - 1:
                before = face(drift(space, "ben"))
        found = drift(space, "ben")
    assert before.finding.verdict == "stable" and before.finding.change is None
    line = face(found)
    assert len(line.values) == 4 * (STEADY + len(SLIDE)) and all(place.slot for place in line.entries)
    means = [float(np.mean(line.values[at : at + 4])) for at in range(4 * (STEADY - 1), len(line.values), 4)]
    assert means == sorted(means, reverse=True), "the further it slides, the lower the score"
    assert line.finding.verdict == "degrading" and line.finding.change is not None
    change = line.finding.change
    assert change.low <= 4 * STEADY <= change.high, change
    assert change.high - change.low < 4 * STEADY, "an interval that says something"
    cause = line.causes[0]
    assert cause.name == "image.drift" and cause.probability > 0.2, "its four changes are one, by degrees"
    assert (cause.before, cause.after, cause.nodes, cause.of_nodes) == ("0.0", "1.0", 4, 4)


@pytest.mark.parametrize(("late", "verdict"), [(1.0, "stable"), (0.6, "degrading")])
def test_clips_that_all_show_their_person_have_a_timeline_without_spread(
    space: Workspace, late: float, verdict: str
) -> None:
    for number in range(60):
        over_time = {"coverage": 1.0 if number < 40 else late, "switches": 0 if number < 40 or late == 1 else 2}
        clip = {"frames_measured": 8, "over_time": over_time}
        kept(space, number, 0.8, modality="video", step="video", slot="a", node="video/a", clip=clip)
    found = {line.metric.name: str(line.finding.verdict) for line in drift(space, "ana").timelines}
    assert (found["coverage"], found["switches"]) == (verdict, verdict)
