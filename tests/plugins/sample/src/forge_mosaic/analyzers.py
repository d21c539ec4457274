"""An analyzer that sees one face in every picture, whose embedding is its mean colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from personaforge.faces.analyzer import AnalyzerIdentity, Face
from personaforge.plugins.contributions import AnalyzerEntry

_POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.75], [0.65, 0.75]], dtype=np.float32)


def identity(detector_size: str) -> AnalyzerIdentity:
    """Return what can change what is measured."""
    return AnalyzerIdentity("tiles", "1", "tiles", "7" * 64, detector_size)


class Tiles:
    """Reads no more than colours."""

    def __init__(self, detector_size: str) -> None:
        self.identity = identity(detector_size)

    def read(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the one face that fills the picture."""
        height, width = pixels.shape[:2]
        mean = pixels.reshape(-1, 3).mean(axis=0)
        vector = np.zeros(512, dtype=np.float32)
        vector[:3] = mean / np.linalg.norm(mean)
        box = np.array([0.1 * width, 0.1 * height, 0.9 * width, 0.9 * height], dtype=np.float32)
        return (Face(box, 0.9, vector, _POINTS * np.array([width, height], dtype=np.float32)),)


TILES = AnalyzerEntry("tiles", identity, Tiles)
