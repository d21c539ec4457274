"""How warm a picture's colours are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personaforge.faces.analyzer import Face
from personaforge.metrics import LIKENESS, Metric
from personaforge.plugins.contributions import MetricEntry


def warmth(pixels: NDArray[np.uint8], face: Face) -> float:
    """Return the share of red in the sum of red and blue, [0, 1]."""
    mean = pixels.reshape(-1, 3).mean(axis=0)
    return float(mean[2] / max(float(mean[0] + mean[2]), 1.0))


WARMTH = MetricEntry(
    Metric(
        "warmth",
        "face",
        "",
        0,
        1,
        "higher",
        "measurement.warmth",
        LIKENESS,
        "share of red in red and blue",
        timeline="quality",
        label="warmth of pictures",
    ),
    warmth,
)
