"""The ages that a picture's faces look, in years: by InsightFace's `genderage.onnx`, where it lies beside the pack.

Nothing else of that model is read, and gender is not. What it gives is an estimate by a network of 1.3 MB; how far off
that is, `identity.age` says. It measures and judges nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from personaforge.errors import BackendError
from personaforge.faces.analyzer import read_faces
from personaforge.faces.measure import MOST_PEOPLE
from personaforge.faces.picture import UnreadablePicture, picture_in_room

if TYPE_CHECKING:
    from personaforge.faces.analyzer import FaceAnalyzer


def measure_ages(data: bytes, analyzer: FaceAnalyzer, model: str) -> dict[str, Any]:
    """Return `status`, `code` and `reason` as `measure` does, and `apparent_ages`: for each of the MOST_PEOPLE largest
    faces, from the largest on, years with one decimal. `model` is the age model's SHA-256. Raises BackendError."""
    estimate = getattr(analyzer, "apparent_age", None)
    if not callable(estimate):
        raise BackendError(f"the analyzer {analyzer.identity.pack} reads no ages")
    try:
        with picture_in_room(data) as picture:
            faces = read_faces(analyzer, picture.pixels)[:MOST_PEOPLE]
            ages = [round(estimate(picture.pixels, face.box, model), 1) for face in faces]
    except UnreadablePicture as error:
        return {"status": "unreadable", "code": error.reason_code, "reason": error.message}
    if not ages:
        return {"status": "no_face", "code": "no_face", "reason": "no face was found"}
    return {"status": "measured", "code": "", "reason": "", "apparent_ages": ages}
