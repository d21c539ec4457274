"""Measurements as `faces.measure` writes them, made by hand; policies from the shipped settings."""

import base64
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from personaforge.identity.policy import Policy, Quality

_CONF = Path(__file__).resolve().parents[2] / "conf"

Measurement = dict[str, Any]


@pytest.fixture(scope="session")
def identity_settings() -> dict[str, Any]:
    return yaml.safe_load((_CONF / "identity" / "insightface.yaml").read_text())


@pytest.fixture(scope="session")
def policy(identity_settings: dict[str, Any]) -> Policy:
    return Policy.from_settings(identity_settings)


@pytest.fixture(scope="session")
def quality() -> Quality:
    return Quality.from_settings(yaml.safe_load((_CONF / "quality" / "default.yaml").read_text()))


@pytest.fixture(scope="session")
def measured() -> Callable[..., Measurement]:
    """Build a measurement whose embedding has the given cosine to the one of cosine 1, in a 100 x 100 picture."""

    def built(cosine: float = 1.0, ratios: dict[str, float] | None = None, **changes: Any) -> Measurement:
        vector = np.zeros(512, dtype="<f4")
        vector[:2] = cosine, math.sqrt(1 - cosine**2)
        return {
            "status": "measured",
            "code": "",
            "reason": "",
            "width": 100,
            "height": 100,
            "faces": 1,
            "box": [10.0, 10.0, 90.0, 90.0],
            "detection": 0.8,
            "embedding": base64.b64encode(vector.tobytes()).decode(),
            "embedding_norm": 22.0,
            "ratio_set": "106",
            "ratios": ratios or {"nose_length": 0.9, "jaw_width": 1.8},
            "sharpness": 40.0,
            **changes,
        }

    return built


@pytest.fixture(scope="session")
def no_face() -> Measurement:
    reason = "no face was found"
    return {"status": "no_face", "code": "no_face", "reason": reason, "width": 100, "height": 100, "faces": 0}


@pytest.fixture(scope="session")
def unreadable() -> Measurement:
    return {"status": "unreadable", "code": "truncated", "reason": "the PNG picture can't be decoded: truncated"}
