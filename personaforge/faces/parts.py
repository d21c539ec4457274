"""The parts of a measurement, and their versions: what a number of ours depends on, and which numbers rise together."""

from __future__ import annotations

from collections.abc import Mapping

EMBEDDING = "embedding"
FIELDS: Mapping[str, tuple[str, ...]] = {
    "ratios": ("ratio_set", "ratios", "pose"),
    "quality": ("sharpness", "histogram_distances"),
}
"""Part -> its fields in a measurement and in a clip's frames; all others are the embedding's."""
VERSIONS = {EMBEDDING: "2", "ratios": "2", "quality": "2"}
"""A part's version rises when our own code for it would give other numbers."""


def embedding_version() -> str:
    """Return the version that a calibration is made with, and that keys name."""
    return VERSIONS[EMBEDDING]
