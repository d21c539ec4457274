"""Failed pictures have a timeline of their own, a share; it is shown, judged and acknowledged as the others are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personaforge.checks.timelines import judge_drift
from personaforge.drift.acceptance import acknowledge
from personaforge.drift.detector.cusum import Record
from personaforge.drift.detector.detector import find_drift
from personaforge.drift.timelines import Timeline, drift
from personaforge.metrics import CHARTED
from personaforge.report.drift.chart import timeline_chart
from personaforge.report.drift.page import series_of
from personaforge.spec.grammar import DriftAssertion, parse_assertion
from personaforge.testing import write_project
from personaforge.warehouse.projection import opened
from personaforge.workspace.workspace import Workspace
from tests.conftest import Forge
from tests.drift.detector.test_drift import POLICY
from tests.drift.test_drift import ANA, face, kept

NO_FACE = {"code": "no_face", "reason": "no face was found"}


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace.open(["ana"], str(write_project(tmp_path / "p", {"ana": ANA})))


def made(space: Workspace, failed: dict[int, Any], count: int, *, fall: int = 10_000, size: float = 0.05) -> None:
    """Keep pictures, twenty a build; `failed` has a cause instead of a score, or a score that is far off."""
    rng = np.random.default_rng(7)
    for number in range(count):
        value = 0.8 - 0.04 * (number % 5) + float(rng.normal(0, 0.01)) - size * (number >= fall)
        about: dict[str, Any] = {"build": f"b{number // 20:03}"}
        cause = failed.get(number)
        if isinstance(cause, dict):
            about |= {"score": None, "unmeasured": cause, "measured": False, "decision": "RETRY"}
        kept(space, number, cause if isinstance(cause, float) else value, **about)


def failures(space: Workspace, **asked: Any) -> Timeline:
    (line,) = [line for line in drift(space, "ana", **asked).timelines if line.metric.name == "failed"]
    return line


RISE = {number: NO_FACE if number % 2 else 0.3 for number in (*range(17, 100, 31), *range(101, 160, 3))}
"""One of thirty, then one of three; every second of them has a score, far below all others."""


def test_more_failed_pictures_are_a_rise_of_their_own_and_none_of_the_scores(space: Workspace, forge: Forge) -> None:
    made(space, RISE, 160)
    line = failures(space)
    assert line.finding.verdict == "degrading" and line.finding.change is not None
    assert line.finding.change.low <= 100 <= line.finding.change.high
    assert sum(line.values) == len(RISE) and line.modality == "failures"
    far = sum(isinstance(one, float) for one in RISE.values())
    assert line.notes == (f"{far} of {len(RISE)} failed ones have a number, too far off to tell anything of the level",)
    alone = drift(space, "ana", modality="failures").timelines
    assert [one.metric.name for one in alone] == ["failed"] and alone[0].values == line.values
    root = Path(space.project.root)
    space.store.close()
    shown = forge("drift", "ana", cwd=root, check=0).stdout
    assert "failed: degrading" in shown and "more than before" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
    forge("drift", "ana", "--modality", "failures", "--fail-on", "degrading", cwd=root, check=1)
    for form in ("csv", "markdown", "junit", "github"):
        told = forge("drift", "ana", "--format", form, cwd=root, check=0).stdout
        assert "failures" in told and "failed" in told, form
    told = json.loads(forge("drift", "ana", "--json", "--blame", cwd=root, check=0).stdout)
    (one,) = [one for one in told["timelines"] if one["metric"] == "failed"]
    assert (one["verdict"], one["scale"], one["higher_is_better"]) == ("degrading", "rate", False)
    assert [point["value"] for point in one["points"]] == list(line.values)


def test_the_page_draws_the_share(space: Workspace) -> None:
    made(space, RISE, 160)
    with opened(space.store) as connection:
        found = series_of(space.store, connection, space.load(["ana"])[0].settings)
    (one,) = [one for one in found if one.metric == "failed"]
    assert one.label == "failed images, share of the last 20" and one.state == "degrading"
    assert one.points[-1].value == pytest.approx(sum(number in RISE for number in range(140, 160)) / 20)
    assert one.points[-1].baseline is not None and one.points[-1].value > one.points[-1].baseline.high
    drawn = str(timeline_chart(one, accept=None))
    assert "degrading" in drawn and "record 160: image/06" in drawn


def test_an_acknowledged_rise_is_what_is_usual_from_then_on(space: Workspace) -> None:
    made(space, RISE | dict.fromkeys(range(161, 220, 3), NO_FACE), 220)
    before = failures(space)
    assert before.finding.change is not None
    done = acknowledge(space, "ana", ["failed"], by="Ana", reason="the new model is cheaper")
    (one,) = done.made
    assert (one.metric, one.modality, one.verdict) == ("failed", "failures", str(before.finding.verdict))
    after = failures(space)
    assert after.entries[0] == before.entries[before.finding.change.best] and "acknowledged by Ana" in after.notes[-1]
    assert judge_drift(asserted("drift.failures != degrading"), drift(space, "ana"), "ana", ()).result == "pass"


def asserted(text: str) -> DriftAssertion:
    found = parse_assertion(text)
    assert isinstance(found, DriftAssertion)
    return found


def test_what_is_not_the_pictures_fault_is_no_failure(space: Workspace) -> None:
    causes = ("no_model", "anchor", "ratio_sets", "analyzers", "out_of_domain")
    unknown = {number: {"code": causes[number % 5], "reason": "..."} for number in range(60, 80)}
    made(space, {**unknown, 20: NO_FACE}, 80)
    line = failures(space)
    assert len(line.values) == 60 and sum(line.values) == 1 and line.finding.verdict == "stable"


def test_a_low_score_within_the_scatter_and_a_fall_of_all_scores_are_no_failures(space: Workspace) -> None:
    made(space, {}, 120, fall=80, size=0.06)
    assert face(drift(space, "ana")).finding.verdict == "degrading"
    assert sum(failures(space).values) == 0, "six deviations lower, all of them"
    acknowledge(space, "ana", ["composite"], by="Ana", reason="meant")
    assert sum(failures(space).values) == 0
    assert sum(failures(space, last=30).values) == 0


def test_far_off_records_still_count_where_older_scores_are_left_out(space: Workspace) -> None:
    made(space, {30: 0.3, 50: 0.3, 100: 0.3}, 120, fall=80, size=0.06)
    assert sum(failures(space).values) == 3, "also the one that is far off the new level"
    acknowledge(space, "ana", ["composite"], by="Ana", reason="meant")
    assert sum(failures(space).values) == 3


def test_one_picture_is_one_record_however_often_it_failed(space: Workspace) -> None:
    made(space, {5: NO_FACE}, 20)
    kept(space, 5, 0.7, mark="f", time=1_800_000_000.0)  # judged again, with other bounds
    assert failures(space).values[5] == 1 and len(failures(space).values) == 20


def test_failed_pictures_leave_the_scores_timeline_its_power() -> None:
    """A fall of one deviation, 60 records old after 400: one in twenty failed pictures take at most a tenth of it."""
    (metric,) = [one for one in CHARTED if one.name == "composite" and one.timeline == "face"]

    def found(seed: int, share: float) -> bool:
        rng = np.random.default_rng(seed)
        off = rng.normal(size=460) - 1.0 * (np.arange(460) >= 400)
        lost = rng.random(460) < share
        values = 0.75 + 0.03 * np.where(lost, -15 + rng.normal(0, 2, 460), off)
        slots = np.concatenate([rng.permutation(20) for _ in range(23)])
        records = [
            Record(value, f"image/{slot:02}", "", str(number // 20))
            for number, (value, slot) in enumerate(zip(values.tolist(), slots.tolist(), strict=True))
        ]
        return bool(find_drift(records, metric, POLICY).verdict == "degrading")

    without, with_failures = (sum(found(seed, share) for seed in range(20)) for share in (0.0, 0.05))
    assert without >= 19 and with_failures >= without - 2
