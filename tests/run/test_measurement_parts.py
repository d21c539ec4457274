"""A measurement's parts have versions of their own: an upgrade of one measures that one, and voids no calibration."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from personaforge.faces.packs import CALIBRATION, SHIPPED
from personaforge.faces.parts import VERSIONS, embedding_version
from personaforge.identity.calibration import mismatch
from personaforge.measuring.evaluation import evaluate
from personaforge.measuring.measurements import FileMeasurer
from personaforge.plan.plan import PlanRequest
from personaforge.steps import measurement
from personaforge.steps.measurement import joined, measure_action, part_actions, share
from personaforge.testing import ColorAnalyzers
from personaforge.warehouse.projection import opened
from personaforge.workspace.calibrations import Applying, calibration_for
from tests.run.conftest import Studio

BEFORE = Path(__file__).parent / "projects" / "before-parts.tar.gz"
"""The studio of tests/run/conftest.py, built by the last forge whose measurements had one version as a whole."""
IDENTITY = {"backend": "b", "backend_version": "1", "pack": "p", "pack_digest": "d" * 64, "detector_size": "auto"}


@pytest.fixture
def before(make_studio: Callable[..., Studio], tmp_path: Path) -> Studio:
    studio = make_studio()
    shutil.rmtree(studio.root)
    with tarfile.open(BEFORE) as archive:
        archive.extractall(tmp_path / "before", filter="data")
    shutil.copytree(tmp_path / "before/studio", studio.root)
    # As forge's default was then: tests here are about numbers, and not about what a new default judges anew.
    studio.edit("personas/ana.yaml", ("max_attempts: 3}", "max_attempts: 3, video: {sampling: uniform}}"))
    return studio


def measured(studio: Studio) -> list[dict[str, Any]]:
    """Return the key parts of every measurement on record."""
    records = [orjson.loads(path.read_bytes()) for path in (studio.root / ".forge/records/actions").rglob("*.json")]
    return [one["parts"] for one in records if one["parts"]["kind"] in ("measure", "measure_clip")]


def test_what_the_last_forge_measured_is_found_and_never_measured_again(before: Studio) -> None:
    known = measured(before)
    assert known and {one["provider"].partition("@")[2] for one in known} == {"2"}
    changes = [node for node in before.plan().nodes() if node.state not in ("cached", "pinned")]
    assert {node.state for node in changes} <= {"restore"}, "texts have other places in the build folder, and no more"
    # Judged anew, each node replays its measuring: all of it is found under the keys of then.
    asked = PlanRequest(overrides=("identity.accept_threshold=0.56",))
    with before.open() as space:
        space.build(space.plan(["ana"], asked))
        analyzers = space.analyzers
    assert isinstance(analyzers, ColorAnalyzers) and analyzers.measured == 0
    assert before.calls() == 0 and len(measured(before)) == len(known)
    for one in known:
        request = {name: value for name, value in one["request"].items() if name != "analyzer"}
        action = measure_action(one["kind"], one["request"]["analyzer"], one["inputs"]["artifact"], request)
        assert action.parts == one
        parts = part_actions(one["kind"], IDENTITY, "a" * 64, request)
        assert [part.request["part"] for part in parts] == [{"measure": "appearance"}.get(one["kind"], "stretches")]


def test_a_clip_of_the_last_forge_is_looked_through_where_its_worst_stretch_decides(before: Studio) -> None:
    known = measured(before)
    (clip,) = {one["inputs"]["artifact"] for one in known if one["kind"] == "measure_clip"}
    with before.open() as space:
        analyzers = space.analyzers
        assert isinstance(analyzers, ColorAnalyzers)
        for threshold in (0.56, 0.57):
            asked = ("+identity.video.gate=worst_stretch", f"identity.accept_threshold={threshold}")
            space.build(space.plan(["ana"], PlanRequest(overrides=asked)))
            assert analyzers.measured == 3, "the looks of a second of a clip, once; no frame is sampled again"
    (looks,) = [one for one in measured(before) if one not in known]
    assert (looks["request"]["part"], looks["provider"]) == ("stretches", "scripted@1")
    assert looks["inputs"] == {"artifact": clip} and before.calls() == 0


@pytest.mark.parametrize("part", ["ratios", "quality"])
def test_a_part_that_rises_is_measured_alone_and_once(
    before: Studio, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    before.build()  # settles what this forge reads besides
    known = len(measured(before))
    monkeypatch.setitem(VERSIONS, part, "3")
    assert not before.plan().has_changes, "a new number alone makes nothing anew"
    asked = PlanRequest(overrides=("identity.accept_threshold=0.56",))
    with before.open() as space:
        space.build(space.plan(["ana"], asked))
        done = space.analyzers
        assert isinstance(done, ColorAnalyzers) and done.measured > 0
        first = done.measured
        space.build(space.plan(["ana"], PlanRequest(overrides=("identity.accept_threshold=0.57",))))
        assert done.measured == first, "what was measured of the part is found"
        with opened(space.store) as connection:
            count = connection.execute("select count(*) from measurements").fetchone()
            versions = connection.execute("select distinct metric, version from measured_values").fetchall()
    assert before.calls() == 0, "nothing is drawn again"
    new = [one for one in measured(before) if "part" in one["request"]]
    assert new and all((one["provider"], one["request"]["part"]) == ("scripted@3", part) for one in new)
    assert len(measured(before)) == known + len(new)
    assert count == (known,), "a part is no further row"
    assert (("sharpness", 3) in versions) is (part == "quality")


def test_a_build_without_changes_leaves_a_new_number_unmeasured_and_eval_measures_it_of_pictures(
    before: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CONTRIBUTING says. The anchor is measured, too: it is what eval compares with."""
    before.build()  # settles what this forge reads besides
    monkeypatch.setitem(VERSIONS, "quality", "3")
    before.build()
    assert [one for one in measured(before) if "part" in one["request"]] == [], "for a number alone nothing is measured"
    with before.open() as space:
        pictures = evaluate(space, [], persona="ana", anchor=None, record=False).pictures
    new = [one for one in measured(before) if "part" in one["request"]]
    assert {one.digest for one in pictures} < {one["inputs"]["artifact"] for one in new}
    assert {(one["kind"], one["request"]["part"], one["provider"]) for one in new} == {
        ("measure", "quality", "scripted@3"),
        ("measure", "appearance", "scripted@3"),
    }


def test_calibrations_are_about_the_embedding_alone(monkeypatch: pytest.MonkeyPatch, before: Studio) -> None:
    with before.open() as space:
        shipped = orjson.loads((SHIPPED / "embedded" / CALIBRATION).read_bytes())
        analyzer = shipped["analyzer"]
        for part in ("ratios", "quality"):
            monkeypatch.setitem(VERSIONS, part, "3")
        found = calibration_for(space.project, analyzer)
        assert isinstance(found, Applying), "the one that comes with forge"
        assert mismatch(found.calibration, analyzer, embedding_version()) == ""
        monkeypatch.setitem(VERSIONS, "embedding", "3")
        assert not isinstance(calibration_for(space.project, analyzer), Applying)


def test_a_measurement_is_the_sum_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    face = {
        "status": "measured", "code": "", "reason": "", "width": 4, "box": [0, 0, 1, 1], "embedding": "e",
        "ratio_set": "5", "ratios": {"jaw": 1.0}, "pose": {"yaw": 1.0}, "sharpness": 80.0,
    }  # fmt: skip
    clip = {
        "status": "measured", "code": "", "reason": "", "fps": 8, "histogram_distances": {"correlation": [0.25]},
        "frames": [{"frame": 0, **face}, {"frame": 5, "status": "no_face", "code": "no_face", "reason": "none"}],
    }  # fmt: skip
    monkeypatch.setitem(VERSIONS, "quality", "3")
    for kind, value in (("measure", face), ("measure_clip", clip)):
        base = measure_action(kind, IDENTITY, "a" * 64)
        part, *others = part_actions(kind, IDENTITY, "a" * 64)
        assert [one.request["part"] for one in others] == [{"measure": "appearance"}.get(kind, "stretches")]
        assert base.provider == "b@2" and part.provider == "b@3" and base.key != part.key
        assert "sharpness" not in str(share(base, value)) and "ratios" in str(share(base, value))
        assert "embedding" not in str(share(part, value)) and "ratios" not in str(share(part, value))
        assert joined(share(base, value), share(part, value)) == value
        old = {**value, **({"sharpness": 1.0} if kind == "measure" else {})}
        assert joined(old, share(part, value)) == value, "an older record's own number gives way"
    monkeypatch.setitem(VERSIONS, "embedding", "3")
    monkeypatch.setitem(VERSIONS, "ratios", "3")
    monkeypatch.setitem(VERSIONS, "appearance", "3")
    assert part_actions("measure", IDENTITY, "a" * 64) == () and share(base, face) == face
    assert measure_action("measure", IDENTITY, "a" * 64).provider == "b@3"
    assert set(measurement.FIELDS) | {"embedding"} == set(VERSIONS)


def test_what_the_last_forge_judged_is_in_one_series_with_what_is_judged_now(before: Studio) -> None:
    """Its records don't name their weights; those of now do. Other weights begin other series."""

    def now(*overrides: str, force: tuple[str, ...] = ("image", "video")) -> list[tuple[Any, ...]]:
        """Draw another take, and return weight, number of series and of judgements of composites, by modality."""
        with before.open() as space:
            if force:
                space.build(space.plan(["ana"], PlanRequest(overrides=overrides, force=force)))
            with opened(space.store) as connection:
                return connection.execute(
                    "select scores.modality, embedding_weight, count(distinct series), count(*) "
                    "from scores join series using (series) where scores.metric = 'composite' group by all order by all"
                ).fetchall()

    assert now(force=()) == [("face", 0.7, 1, 3), ("video", 0.7, 1, 1)]
    assert now() == [("face", 0.7, 1, 6), ("video", 0.7, 1, 2)]
    assert now("identity.weights.embedding=0.5", "identity.weights.geometric=0.5") == [
        ("face", 0.5, 1, 3), ("face", 0.7, 1, 6), ("video", 0.5, 1, 1), ("video", 0.7, 1, 2),
    ]  # fmt: skip
    paths = (before.root / ".forge/records/evaluations").rglob("*.json")
    records = [one for path in paths if (one := orjson.loads(path.read_bytes()))["modality"] != "text"]
    assert sorted(str(one.get("weights", "")) for one in records) == [
        *[""] * 4,
        *["{'embedding': 0.5, 'geometric': 0.5}"] * 4,
        *["{'embedding': 0.7, 'geometric': 0.3}"] * 4,
    ]


def test_a_file_that_was_measured_before_gets_what_it_lacks(before: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    data = (before.root / "build/ana/images/02-smiling.png").read_bytes()
    with before.open() as space:
        colors = space.analyzers
        assert isinstance(colors, ColorAnalyzers)
        bench = FileMeasurer(space, colors.identity.as_json(), "ana")
        whole = bench.measure(data).value
        assert colors.measured == 1 and "appearance" in whole, "forge measured no appearance then"
        monkeypatch.setitem(VERSIONS, "ratios", "3")
        assert bench.measure(data).value == whole and colors.measured == 2
        assert bench.measure(data).value == whole and colors.measured == 2
    parts = sorted(one["request"]["part"] for one in measured(before) if "part" in one["request"])
    assert parts == ["appearance", "ratios"]
