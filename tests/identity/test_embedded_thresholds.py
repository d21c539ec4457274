"""The thresholds of `identity: embedded` are what the pack's own calibration says, and not somebody's guess."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from personaforge.faces.packs import CALIBRATION, SHIPPED, Pack, find_pack
from personaforge.identity.calibration import Calibration
from tests.conftest import ROOT

EMBEDDED = "embedded"
_NEAR = 0.006
"""Settings have two decimals."""


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return Calibration.from_json(json.loads((SHIPPED / EMBEDDED / CALIBRATION).read_bytes()))


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    ours = yaml.safe_load((ROOT / "conf/identity/embedded.yaml").read_text())
    base = yaml.safe_load((ROOT / "conf/identity/insightface.yaml").read_text())
    return {**base, **ours, "geometric": {**base["geometric"], **ours["geometric"]}}


def test_the_calibration_is_of_the_models_that_are_shipped(calibration: Calibration) -> None:
    pack = find_pack(EMBEDDED)
    assert isinstance(pack, Pack), pack
    about = calibration.analyzer
    assert (about["pack"], about["pack_digest"], about["detector_size"]) == (EMBEDDED, pack.digest, "320")


def test_thresholds_follow_from_it(calibration: Calibration, settings: dict[str, Any]) -> None:
    [strict] = [point.threshold for point in calibration.operating_points if point.target == 1e-3]
    assert strict is not None, "3000 different pairs and more"
    weights, geometric = settings["weights"], settings["geometric"]

    def composite(cosine: float, error: float) -> float:
        return weights["embedding"] * cosine + weights["geometric"] * (1 - error)

    found = settings["embedding"]["min_cosine"]
    assert abs(found - strict) <= _NEAR, f"min_cosine is {found}, the calibration gives {strict:.2f}"
    # One threshold stands for all poses: between that of a head turned away just on its bounds and of one that is not.
    turned, straight = (composite(strict, geometric["max_error"] * factor) for factor in (geometric["turn_factor"], 1))
    found = settings["accept_threshold"]
    assert turned - _NEAR <= found <= straight + _NEAR, (
        f"accept_threshold {found}, expected {turned:.2f} to {straight:.2f}"
    )
    stranger = composite(max(0.0, calibration.different.mean), geometric["max_error"] * geometric["turn_factor"])
    found = settings["retry_threshold"]
    assert stranger - _NEAR <= found < turned, f"retry_threshold {found}, expected {stranger:.2f} to {turned:.2f}"
    assert settings["check"] == {"pack": "none"} and settings["pack"] == EMBEDDED
