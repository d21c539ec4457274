"""The parts of a measurement, and their versions: what a number of ours depends on, and which numbers rise together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.faces.analyzer import Face

EMBEDDING = "embedding"
FIELDS: dict[str, tuple[str, ...]] = {
    "ratios": ("ratio_set", "ratios", "pose"),
    "quality": ("sharpness", "histogram_distances"),
    "stretches": ("looks", "end", "undecoded", "sound"),
    "appearance": ("appearance",),
    "people": ("people",),
    "upright": ("upright",),
    "expression": ("expressions",),
    "age": ("apparent_ages",),
}
"""Part -> its fields in a measurement and in a clip's frames; all others are the embedding's."""
VERSIONS = {
    EMBEDDING: "2",
    "ratios": "2",
    "quality": "2",
    "stretches": "1",
    "appearance": "3",
    "people": "1",
    "upright": "1",
    "expression": "1",
    "age": "1",
}
"""A part's version rises when our own code for it would give other numbers."""
OF_CLIPS = ("stretches",)
"""Parts that are measured of a clip as a whole, whatever frames are sampled: always actions of their own."""
OF_PICTURES = ("appearance",)
"""Parts that are measured of pictures alone, and not of a clip's frames."""
PEOPLE, UPRIGHT, EXPRESSION, AGE = "people", "upright", "expression", "age"
WHERE_NEEDED = (PEOPLE, UPRIGHT, EXPRESSION, AGE)
"""Parts that are measured only of pictures that call for them, as actions of their own: all faces where the first
reading shows several, a second look where a face may lie on its side, the expression where one was asked for, and the
apparent age where an age model lies beside the pack's."""
EXPRESSIVE = ("106", "mesh")
"""The sets of points, by the name of their ratios, that show an expression."""
FURTHER: dict[str, Callable[[NDArray[np.uint8], Face], float | None]] = {}
"""Parts of plug-ins with one number each, and what measures it: (pixels uint8 (H, W, 3) BGR, face) -> the number."""


def embedding_version() -> str:
    """Return the version that a calibration is made with, and that keys name."""
    return VERSIONS[EMBEDDING]


def register(name: str, version: str, measure: Callable[[Any, Face], float | None]) -> None:
    """Add a part with one number of its own name. For plug-ins. Raises ValueError for a name that is taken."""
    if name in VERSIONS or any(name in fields for fields in FIELDS.values()):
        raise ValueError(f"there is a number {name!r} in measurements already")
    FIELDS[name], VERSIONS[name], FURTHER[name] = (name,), version, measure


def withdraw(name: str) -> None:
    """Remove a part that was registered; none of ours."""
    for table in () if name not in FURTHER else (FIELDS, VERSIONS, FURTHER):
        table.pop(name, None)
