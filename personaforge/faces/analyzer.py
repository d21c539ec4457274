"""The seam between pixels and faces: what an analyzer is, what it returns, and how it identifies itself.

An analyzer reads all faces of one picture in one call, so that a picture is decoded and detected once. Its identity is
part of each measurement's key: embeddings of different models, or of one model after different detection, can't be
compared.

Shapes: pixels uint8 (H, W, 3) BGR; points float32 (n, 2) as (x, y) in pixels, origin top left; boxes (x1, y1, x2, y2).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from personaforge.errors import BackendError

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
    mesh: NDArray[np.float32] | None = None
    """(468, 3) in the layout of MediaPipe's face mesh, the third being depth; None where no such model measures."""
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
        """Return the faces by box area, largest first. Empty when there is none. The pixels are read-only."""
        ...


def by_area(faces: list[Face]) -> tuple[Face, ...]:
    """Return faces by box area, largest first; equal areas by score, then from left to right."""

    def rank(face: Face) -> tuple[float, float, float]:
        x1, y1, x2, y2 = (float(value) for value in face.box)
        return (-(x2 - x1) * (y2 - y1), -face.score, x1)

    return tuple(sorted(faces, key=rank))


def read_faces(analyzer: FaceAnalyzer, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
    """Return the faces that an analyzer reads, which can't write into the pixels. Raises BackendError for faces that
    are not what `Face` says: they would be measured, and kept."""
    faces = analyzer.read(read_only(pixels))
    name = getattr(getattr(analyzer, "identity", None), "pack", type(analyzer).__name__)
    if not isinstance(faces, (tuple, list)) or not all(isinstance(face, Face) for face in faces):
        raise BackendError(f"the analyzer {name} gave {type(faces).__name__}, expected a tuple of Face")
    fault = next(filter(None, map(_fault, faces)), "")
    if fault:
        raise BackendError(f"the analyzer {name} gave a face whose {fault}")
    return tuple(faces)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view of an array for code that must not write into it."""
    view = array.view()
    view.setflags(write=False)
    return view


_FARTHEST = 1e6
"""Pixels from the origin that a box may reach: no picture that is read is so large."""
_NORM_TOLERANCE = 1e-3
"""Float16 and float32 embeddings are normalised to within this."""


def _fault(face: Face) -> str:
    """Say what of a face is not what `Face` says; empty where all is. Points that can't be a face's are left to the
    measurement, which says that it has none."""
    import numpy as np

    shapes: dict[str, tuple[int, ...]] = {"box": (4,), "landmarks5": (5, 2), "landmarks106": (106, 2), "mesh": (468, 3)}
    for name, shape in {**shapes, "embedding": np.shape(face.embedding)[:1] or (1,)}.items():
        array = getattr(face, name)
        if array is None and name in ("landmarks106", "mesh"):
            continue
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.shape != shape or not array.size:
            found = f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else repr(array)[:80]
            return f"{name} is {found}, expected floats of shape {'(n,)' if name == 'embedding' else shape}"
    x1, y1, x2, y2 = (float(value) for value in face.box)
    if not (-_FARTHEST <= x1 <= x2 <= _FARTHEST and -_FARTHEST <= y1 <= y2 <= _FARTHEST):
        return f"box is {[x1, y1, x2, y2]}, expected x1, y1, x2, y2 in pixels"
    norm = float(np.linalg.norm(face.embedding.astype(np.float64)))
    if not abs(norm - 1) <= _NORM_TOLERANCE:
        return f"embedding has the norm {norm:g}, expected 1"
    if not _is_number(face.score) or not 0 <= face.score <= 1 + 1e-6:
        return f"score is {face.score!r}, expected 0 to 1"
    if face.embedding_norm is not None and (not _is_number(face.embedding_norm) or face.embedding_norm < 0):
        return f"embedding_norm is {face.embedding_norm!r}, expected a number of at least 0, or None"
    return ""


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except (TypeError, OverflowError):
        return False
