"""The seam between pixels and faces: what an analyzer is, what it returns, and how it identifies itself.

An analyzer reads all faces of one picture in one call, so that a picture is decoded and detected once. Its identity is
part of each measurement's key: embeddings of different models, or of one model after different detection, can't be
compared.

Shapes: pixels uint8 (H, W, 3) BGR; points float32 (n, 2) as (x, y) in pixels, origin top left; boxes (x1, y1, x2, y2).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AnalyzerIdentity:
    """Everything about an analyzer that can change what it measures. Comparable with `==`."""

    backend: str
    """`insightface`, `opencv` or the name of another implementation."""
    backend_version: str
    """Versions of every library between the file and the embedding."""
    pack: str
    """Name of the face pack."""
    pack_digest: str
    """Digest over the pack's files; the name is only for people."""
    detector_size: str
    """As configured. One picture at 640 and at `auto` gives embeddings of cosine 0.978 (mean over photographs)."""

    def as_json(self) -> dict[str, str]:
        """Return the fields as JSON values, for keys and records."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in one picture."""

    box: NDArray[np.float32]
    """(4,) x1, y1, x2, y2 in pixels; may reach beyond the picture's edge."""
    score: float
    """The detector's confidence in [0, 1]."""
    embedding: NDArray[np.float32]
    """(n,), L2 norm 1; n is fixed by the pack: 512 with w600k_mbf and w600k_r50, 128 with mobilefacenet_y1."""
    landmarks5: NDArray[np.float32]
    """(5, 2): left eye, right eye, nose tip, left and right corner of the mouth; left is the image's left."""
    landmarks106: NDArray[np.float32] | None = None
    """(106, 2) in the layout of 2d106det, or None when the pack or the backend has no such model; see `landmarks`."""
    embedding_norm: float | None = None
    """Norm before normalising, where the backend gives it. Clear photographs give 20 to 27 with w600k_mbf,
    9 to 13 with mobilefacenet_y1."""


class FaceAnalyzer(Protocol):
    """Reads faces. Safe to call from several threads."""

    @property
    def identity(self) -> AnalyzerIdentity:
        """The analyzer's identity. Known without loading a model."""
        ...

    def read(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces by box area, largest first. Empty when there is none."""
        ...


def by_area(faces: list[Face]) -> tuple[Face, ...]:
    """Return faces by box area, largest first; equal areas by score, then from left to right."""

    def rank(face: Face) -> tuple[float, float, float]:
        x1, y1, x2, y2 = (float(value) for value in face.box)
        return (-(x2 - x1) * (y2 - y1), -face.score, x1)

    return tuple(sorted(faces, key=rank))
