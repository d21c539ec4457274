"""P(same) beside a decision by other rules: one at its end contradicts nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from personaforge.identity.calibration import Calibration
from personaforge.identity.decision import judge
from personaforge.identity.evidence import Evidence
from personaforge.identity.policy import Mode, Policy
from personaforge.identity.score import Score
from personaforge.measuring import judging
from personaforge.workspace.calibrations import OURS, Applying


@pytest.mark.parametrize(
    ("log_ratio", "least", "most", "composite", "why"),
    [
        (-3.0, 0.0, 0.0, 0.1, "mine supports no P(same) below 0.5"),
        (3.0, 0.0, 0.0, 0.1, "mine supports no P(same) above 0.5"),
        (3.0, -1.0, 1.0, 0.1, "mine supports no P(same) above 0.731"),
        (-3.0, -1.0, 1.0, 0.9, "mine supports no P(same) below 0.269"),
        (0.5, -1.0, 1.0, 0.1, "the composite decides, and P(same) says rather the same person"),
        (-0.5, -1.0, 1.0, 0.9, "the composite decides, and P(same) says rather another person"),
        (3.0, -1.0, 1.0, 0.9, ""),
    ],
)
def test_a_probability_at_its_end_says_of_nobody_that_it_is_rather_another_one(
    monkeypatch: pytest.MonkeyPatch,
    log_ratio: float,
    least: float,
    most: float,
    composite: float,
    why: str,
) -> None:
    found = Calibration.from_json(orjson.loads((OURS / "buffalo_s_dev.json").read_bytes()))
    assert found.weights is not None
    nothing = replace(found.weights.range, **dict.fromkeys(found.weights.range.__slots__))
    weights = replace(
        found.weights, features=("cosine",), centre=(0.0,), coefficients=(1.0,), covariance=((0.0, 0.0), (0.0, 0.0)),
        intercept=log_ratio, least=least, most=most, range=nothing, prior=0.5,
    )  # fmt: skip
    monkeypatch.setattr(judging, "evidence_of", lambda *_, **__: Evidence(0.0, 0.0, None, None, None, None, None, None))
    score = Score(composite, 0.0, 0.08, composite, 1, "106")
    policy = Policy(Mode.COMPOSITE, 0.55, 0.35, 0.7, 0.3, 0.55, 0.08, 0.30, 0.10, 2.5, 10, 50, 6)
    judged = judge(score, policy, require_measurement=True)
    share, said, _ = judging.probability_of(
        {}, {}, score, judged, policy, Applying(replace(found, weights=weights), "mine")
    )
    assert said == why and (share is None) is bool(why)


def test_a_calibration_that_is_asked_for_in_vain_is_told_of_pictures_of_nobody(tmp_path: Path) -> None:
    """Without a persona there is no id to name, and the sentence names none."""
    from personaforge.errors import SpecError
    from personaforge.measuring.measurements import project_settings
    from personaforge.testing import ColorAnalyzers, write_project
    from personaforge.workspace.calibrations import NoneApplies
    from personaforge.workspace.workspace import Workspace

    settings = "# @package _global_\nidentity: {policy: calibrated}\n"
    root = write_project(tmp_path, {"ana": "id: ana\nbrief: A gardener.\n"}, {"conf/project/settings.yaml": settings})
    with Workspace.open((), str(root)) as space, pytest.raises(SpecError) as error:
        identity = ColorAnalyzers().identity.as_json()
        judging.judging_policy(project_settings(space), identity, NoneApplies("there is none", False))
    assert (
        error.value.problems[0].message
        == "found calibrated, and no calibration decides for these pictures: there is none"
    )
