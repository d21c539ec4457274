"""A calibration decides about new candidates, never again about what was accepted, and only where one applies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from personaforge.errors import SpecError
from personaforge.plan.plan import PlanRequest
from personaforge.testing import ColorAnalyzers
from personaforge.workspace import calibrations
from personaforge.workspace.calibrations import OURS
from tests.run.conftest import Studio


def appears(studio: Studio, intercept: float) -> None:
    """Put a calibration of the cosine into the project, for what measures there; far below 0 it accepts nobody."""
    made: dict[str, Any] = json.loads((OURS / "buffalo_s_dev.json").read_bytes())
    weights = made["weights"]
    weights.update(features=["cosine"], centre=[0.0], coefficients=[10.0], covariance=[[0.0, 0.0], [0.0, 0.0]])
    weights.update(intercept=intercept, range=dict.fromkeys(weights["range"]))
    with studio.open() as space:
        made["analyzer"] = dict(ColorAnalyzers().of(space.load("ana")[0].settings).identity or {})
    folder = studio.root / "calibration"
    folder.mkdir(exist_ok=True)
    (folder / "colors.json").write_text(json.dumps(made))


def test_a_calibration_that_appears_buys_nothing_and_judges_what_is_new(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    studio.build()
    lock = next((studio.root / "personas").glob("*.lock.yaml"))
    calls, accepted = studio.calls(), lock.read_text()
    assert '"policy":"composite"' in accepted and "calibration" not in accepted
    appears(studio, -60.0)
    plan = studio.plan()
    assert plan.estimate.calls_max == 0 and {node.state for node in plan.nodes()} <= {"cached", "pinned", "restore"}
    notes = [node.note for node in plan.nodes() if node.note]
    assert notes and all("the rules say REJECT now: P(same) " in note for note in notes), notes
    studio.build()
    assert studio.calls() == calls and lock.read_text() == accepted, "what was accepted stays, word for word"
    with studio.open() as space:
        space.build(space.plan(["ana"], PlanRequest(force=("image/02",))))
    assert studio.calls() > calls, "a new take is judged by it"


def test_the_policy_calibrated_is_refused_without_a_calibration(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    asked = PlanRequest(overrides=("identity.policy=calibrated",))
    with studio.open() as space, pytest.raises(SpecError) as error:
        space.plan(["ana"], asked)
    (problem,) = error.value.problems
    assert problem.path == "identity.policy" and "the project has no calibration" in problem.message
    assert "forge calibrate PAIRS.csv" in problem.hint
    with studio.open() as space:
        problems, valid = space.validate(["ana"], ["identity.policy=calibrated"])
        assert not valid and [one.path for one in problems] == ["identity.policy"]
        notices = space.plan(["ana"]).notices
        assert any("composite 0.55 accepts and 0.35 retries, as stated for photographs" in one for one in notices)
        former = space.plan(["ana"], PlanRequest(overrides=("identity.policy=composite_only",))).notices
        assert any("is called composite now" in one for one in former)
    appears(studio, 0.0)
    with studio.open() as space:
        assert space.plan(["ana"], asked).nodes()


def judged(studio: Studio, *overrides: str) -> list[str]:
    """What the plan says about judging; of anything else it may say more."""
    return [one for one in studio.plan(overrides=overrides).notices if "judged" in one]


def test_the_plan_says_which_gate_decides_where_the_last_build_had_another(make_studio: Callable[..., Studio]) -> None:
    studio = make_studio()
    appears(studio, 20.0)
    studio.build()
    assert not judged(studio)
    was = "and the last build judged by P(same) at a false-accept rate of 0.001 (calibration "
    for asked, now in (
        ("identity.policy=composite", "the composite now"),
        ("identity.policy=strict", "the policy strict now"),
        ("identity.calibrated.far=0.01", "P(same) at a false-accept rate of 0.01 (calibration "),
    ):
        (note,) = judged(studio, asked)
        assert note.startswith(f"Pictures of ana are judged by {now}") and was in note, asked
    (note,) = judged(studio, "identity.calibrated.far=0.0001")
    assert note.startswith("Pictures of ana are judged by the composite now") and was in note
    assert "composite 0.55 accepts and 0.35 retries, as stated for photographs under buffalo_l" in note
    assert "calibration/colors.json supports a FAR of 0.0003 or more, and identity.calibrated.far is 0.0001" in note
    studio.build(overrides=("identity.policy=composite",))
    assert not judged(studio, "identity.policy=composite"), "that is what the last build judged by"


def test_a_small_calibration_of_the_project_switches_none_off_that_comes_with_forge(
    make_studio: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = make_studio()
    appears(studio, 20.0)
    own = studio.root / "calibration/colors.json"
    ours = studio.root / "ours"
    ours.mkdir()
    (ours / "colors.json").write_bytes(own.read_bytes())
    small = json.loads(own.read_bytes())
    small["weights"]["thresholds"] = small["weights"]["thresholds"][:1]
    own.write_text(json.dumps(small))
    (note,) = (one for one in studio.plan().notices if "calibration" in one)
    assert "No calibration decides for colors" in note and "supports a FAR of 0.1 or more" in note, "without another"
    monkeypatch.setattr(calibrations, "OURS", ours)
    (note,) = (one for one in studio.plan().notices if "calibration" in one)
    said = "calibration/colors.json doesn't take the place of forge's own calibration of the pack colors: "
    assert note.startswith(said) and "No calibration decides" not in note
    report = studio.build()
    outcome = report.nodes["ana/image/02"].outcome
    assert outcome is not None and outcome.under["policy"] == "calibrated"
    easy = ("identity.calibrated.far=0.1",)
    with studio.open() as space:
        settings = space.load(["ana"], easy)[0].settings
        kept = calibrations.applied_to(space.project, ColorAnalyzers().of(settings).identity or {}, settings)
    assert isinstance(kept, calibrations.Applying) and kept.file == "calibration/colors.json", "it can decide that"


def test_a_picture_that_was_accepted_by_its_p_same_stays_where_such_a_face_has_none_now(
    make_studio: Callable[..., Studio],
) -> None:
    """As of a small face, by the forge before: a gate that the user edits doubts nothing of it, and buys nothing."""
    studio = make_studio()
    appears(studio, 20.0)
    studio.build()
    line = json.loads(studio.lock.read_text().partition("  image/02: ")[2].partition("\n")[0])
    assert line["facts"]["probability"] > 0.9 and line["under"]["policy"] == "calibrated"
    with studio.open() as space:
        pack = (ColorAnalyzers().of(space.load("ana")[0].settings).identity or {})["pack"]
    limits = "{min_norm: 0, min_side: 1e9, max_yaw: 45, max_roll: 60, min_sharpness: 0, strangers: 0.2}"
    asked = ("identity.calibrated.far=0.003", f"+identity.judgeable.{pack}={limits}".replace(": ", ":"))
    calls = studio.calls()
    assert studio.plan(overrides=asked).estimate.calls_max == 0
    studio.build(overrides=asked)
    assert studio.calls() == calls
    forced = studio.build(overrides=asked, force=("image/02",)).nodes["ana/image/02"].outcome
    assert "probability" not in forced.facts and studio.calls() > calls
    assert "the face is too small to be judged" in forced.facts["no_probability"]
