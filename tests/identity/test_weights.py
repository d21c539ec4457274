"""P(same) from all evidence, and the rates of gates: right values, honest ends, and verdicts that agree with them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personaforge.faces.packs import CALIBRATION, SHIPPED
from personaforge.identity.calibration import Calibration, mismatch
from personaforge.identity.decision import Decision, judge, would_say
from personaforge.identity.evidence import Evidence, Weights
from personaforge.identity.policy import Calibrated, Mode, Policy, calibrated
from personaforge.identity.rates import exact, incomplete_beta, rate_of
from personaforge.identity.score import Score
from personaforge.workspace.calibrations import OURS
from tests.benchmarks import verdicts_calibration as benchmark

PHOTOGRAPHS = OURS / "buffalo_s_dev.json"
EMBEDDED = SHIPPED / "embedded" / CALIBRATION


def shipped(path: Path) -> Weights:
    weights = Calibration.from_json(json.loads(path.read_bytes())).weights
    assert weights is not None
    return weights


def test_exact_intervals_are_those_of_the_tables() -> None:
    assert incomplete_beta(0.3, 2, 5) == pytest.approx(0.579825, abs=1e-6)
    assert exact(0, 260) == (0.0, pytest.approx(1 - 0.025 ** (1 / 260), abs=1e-9))
    assert exact(0.01, 100) == (pytest.approx(0.000253, abs=1e-6), pytest.approx(0.054459, abs=1e-6))
    assert exact(1.0, 4)[1] == 1.0


def test_pairs_of_one_person_count_as_the_person() -> None:
    """Ten errors of one person say no more than one; ten of ten persons say ten times as much."""
    errors = np.array([True] * 10 + [False] * 190)
    one = rate_of(errors, [(n // 10, n // 10) for n in range(200)])
    ten = rate_of(errors, [(n, n) for n in range(200)])
    assert one is not None and ten is not None and one.rate == ten.rate == 0.05
    assert ten.low == pytest.approx(exact(0.05, 200)[0], abs=1e-6)
    assert one.high > 0.2 > ten.high
    none = rate_of([False] * 200, [(n // 10, n // 10) for n in range(200)])
    assert none is not None and none.high == pytest.approx(1 - 0.025 ** (1 / 20), abs=1e-6), "20 persons, not 200 pairs"
    assert rate_of([], []) is None


@pytest.mark.parametrize("path", [PHOTOGRAPHS, EMBEDDED])
def test_probabilities_end_where_the_pairs_end(path: Path) -> None:
    """At cosine 0 of photographs 1.7 % of pairs were once found to be of one person: nothing lower may be claimed."""
    weights = shipped(path)
    least, most = weights.at(-99.0), weights.at(99.0)
    assert 0.02 < least < 0.04 and 0.99 < most < 0.9999
    limits = weights.range
    usual = Evidence(0.0, 0.1, 5.0, limits.best_norm, limits.best_size, 5.0, 5.0, 2.0)
    for cosine in (-1.0, 0.0, 1.0):
        found = weights.probability(usual._replace(cosine=cosine))
        assert not isinstance(found, str) and least <= found.low <= found.value <= found.high <= most
    larger = usual._replace(norm=99.0, size=4000.0)
    assert weights.probability(larger) == weights.probability(usual), "a better picture than any counts as the best"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"norm": 3.0}, "the embedding's norm is 3, and the calibration was fitted from"),
        ({"size": 20.0}, "the face's diagonal is 20 px"),
        ({"turn": 90.0}, "the turn between the two heads is 90 degrees"),
        ({"roll": 180.0}, "a head's lean is 180 degrees"),
        ({"yaw": None}, "a head's yaw was not measured"),
    ],
)
def test_there_is_no_probability_outside_the_range(change: dict[str, Any], said: str) -> None:
    for path in (PHOTOGRAPHS, EMBEDDED):
        weights = shipped(path)
        inside = Evidence(0.5, 0.1, 5.0, weights.range.norm, weights.range.size, 5.0, 5.0, 2.0)
        assert not isinstance(weights.probability(inside), str), "the ends belong to it"
        found = weights.probability(inside._replace(**change))
        assert isinstance(found, str) and said in found


def test_a_shipped_calibration_holds_for_all_versions_of_the_libraries() -> None:
    for path in (PHOTOGRAPHS, EMBEDDED):
        about = Calibration.from_json(json.loads(path.read_bytes()))
        assert mismatch(about, {**about.analyzer, "backend_version": "9"}) == ""
        assert "detector size" in mismatch(about, {**about.analyzer, "backend_version": "9", "detector_size": "640"})


def bounds_of(path: Path = PHOTOGRAPHS, far: float = 1e-3, retry: tuple[float, float] = (0.1, 0.5)) -> Calibrated:
    found = calibrated(shipped(path), {"far": far, "retry": retry}, "calibration/x.json")
    assert not isinstance(found, str), found
    return found


def scored(log_ratio: float, bounds: Calibrated) -> Score:
    share = bounds.weights.at(log_ratio)
    # By the composite the opposite would be decided.
    wrong = 0.9 if log_ratio < bounds.accept else 0.1
    return Score(0.5, 0.1, 0.08, wrong, 1, "106", 0.0, log_ratio=log_ratio, probability=share)


@pytest.mark.parametrize("path", [PHOTOGRAPHS, EMBEDDED])
@pytest.mark.parametrize(
    ("far", "retry"), [(1e-3, (0.1, 0.5)), (1e-2, (0.05, 0.9)), (3e-4, (0.5, 0.5)), (0.1, (0.01, 0.5))]
)
def test_verdict_and_probability_agree_by_construction(
    path: Path, far: float, retry: tuple[float, float], identity_settings: dict[str, Any]
) -> None:
    bounds = bounds_of(path, far, retry)
    policy = Policy.from_settings({**identity_settings, "policy": "auto"}, None, bounds)
    assert policy.mode is Mode.CALIBRATED
    seen = []
    for log_ratio in np.linspace(-12, 12, 481):
        score = scored(round(float(log_ratio), 6), bounds)
        found = judge(score, policy, require_measurement=True)
        seen.append(found.decision)
        assert score.probability is not None
        if found.decision is Decision.ACCEPT:
            assert score.probability >= max(0.5, retry[1] - 1e-6)
        if found.decision is Decision.REJECT:
            assert score.probability < retry[0] <= 0.5
        assert f"P(same) {score.probability:g}" in found.reason
    order = [Decision.REJECT, Decision.RETRY, Decision.ACCEPT]
    assert seen == sorted(seen, key=order.index), "more evidence is never decided worse"


def test_what_has_no_probability_is_decided_by_the_composite_and_says_so(identity_settings: dict[str, Any]) -> None:
    policy = Policy.from_settings({**identity_settings, "policy": "calibrated"}, None, bounds_of())
    small = Score(0.8, 0.05, 0.08, 0.84, 1, "106", no_probability="the face's diagonal is 20 px")
    found = judge(small, policy, require_measurement=True)
    assert found.decision is Decision.ACCEPT and would_say(small, policy) is None
    assert found.reason == "composite 0.84 is at least 0.55; no P(same): the face's diagonal is 20 px"


def test_names_of_policies(identity_settings: dict[str, Any]) -> None:
    for name, mode in (
        ("auto", "composite"),
        ("composite", "composite"),
        ("composite_only", "composite"),
    ):
        assert Policy.from_settings({**identity_settings, "policy": name}).mode == mode
    for name, mode in (("auto", "calibrated"), ("composite", "composite"), ("strict", "strict")):
        assert Policy.from_settings({**identity_settings, "policy": name}, None, bounds_of()).mode == mode


def test_a_calibration_that_does_not_support_what_is_declared_does_not_decide() -> None:
    weights = shipped(PHOTOGRAPHS)
    declared = {"far": 1e-3, "retry": (0.1, 0.5)}
    assert "supports a FAR of 0.0003 or more" in str(calibrated(weights, {**declared, "far": 1e-5}, "x"))
    assert "P(same) is at most" in str(calibrated(replace(weights, prior=1e-6), declared, "x"))
    assert "cosine alone" in str(calibrated(None, declared, "x"))
    nearest = calibrated(weights, {**declared, "far": 5e-4}, "x")
    assert isinstance(nearest, Calibrated), "the nearest stricter one"
    assert nearest.accept == weights.threshold(3e-4).at  # type: ignore[union-attr]


def test_figures_of_the_table_of_photographs() -> None:
    """From the shipped file, which `python -m tests.benchmarks.verdicts_calibration --write` made of the table."""
    about = Calibration.from_json(json.loads(PHOTOGRAPHS.read_bytes()))
    weights = shipped(PHOTOGRAPHS)
    assert (about.people, about.same.n, about.different.n) == (260, 1182, 20000)
    assert about.equal_error.rate == pytest.approx(0.0046, abs=1e-4)
    assert about.equal_error.low < 0.001 and 0.012 < about.equal_error.high < 0.014
    point = weights.threshold(1e-3)
    assert point is not None and point.far == 0.001 and point.frr < 0.006 and point.frr_high < 0.014
    check = weights.validation
    assert check is not None and check.ece < 0.015 and check.cllr_open < check.cllr < 0.04 and check.equal_error < 0.005


def test_the_gates_on_the_table_of_photographs() -> None:
    where = benchmark.folder()
    if where is None:
        pytest.skip("the table of photographs (reference/pairs beside FORGE_MODELS) is not here")
    table = benchmark.read_table(where, Policy.from_settings(benchmark.settings()))
    found = benchmark.gates(table, Calibration.from_json(json.loads(PHOTOGRAPHS.read_bytes())))
    gates = {one.gate: one for one in found.gates}
    assert found.in_force == "calibrated"
    rates = {name: [one.far, one.frr, one.retried_different] for name, one in gates.items()}
    shares = {name: [round(rate.rate, 4) for rate in row if rate is not None] for name, row in rates.items()}
    assert shares == {
        "composite": [0.0, 0.0702, 0.0805],
        "strict": [0.0, 0.4036, 0.0805],
        "calibrated": [0.001, 0.0051, 0.0117],
    }
    errors = {one.score: round(one.equal_error, 4) for one in found.separations}
    assert errors == {"composite": 0.0042, "cosine": 0.0046, "geometry": 0.4036, "evidence": 0.0042}
    names = [band.name for band in found.bands]
    assert names[0] == "turned 0 to 10 degrees" and names[-1].startswith("norm ") and len(names) == 7
    assert sum(band.same for band in found.bands[:4]) == 1182
