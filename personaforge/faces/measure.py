"""A file's bytes to a measurement: one JSON value that every later judgement is made from. It judges nothing.

A measurement depends on the bytes, the analyzer's identity and nothing else, so it is made once per image and kept.
It holds only JSON values:

    status      `measured`, `no_face` or `unreadable`; these three are never expressed as a number
    code        the outcome for programs: `` when measured, else `no_face`, `degenerate`, `truncated`, `empty`, ...
    reason      the outcome for people; empty when measured
    damage      what the file lacks that changes no pixel (a JPEG's end marker); absent for a whole file
    width, height, faces                         absent when unreadable; all else is absent unless measured
    box         x1, y1, x2, y2 of the largest face, pixels, 2 decimals; may reach beyond the picture
    detection   the detector's confidence, [0, 1]
    embedding   base64 of n little-endian float32, L2 norm 1
    embedding_norm   before normalising; null when the analyzer doesn't say
    ratio_set   `106`, `mesh` or `5`: which landmarks the ratios came from
    ratios      name -> distance over the distance between the eyes, 6 decimals
    pose        yaw, pitch and roll in degrees, 2 decimals; see `pose`
    sharpness   see `quality.sharpness`; null when the face lies wholly beyond the picture's edge
    appearance  of the largest face: colours, hair and so on; see `appearance`. Not of a clip's frames
    expressions of a picture, and not of a clip's frames: for each of the MOST_PEOPLE largest faces, from the largest
                on, the numbers of `expression`, or null where its points don't show one
    people      only where there are several faces: `faces`, the MOST_PEOPLE largest from the largest on, each with
                `status` (`measured` or `no_face`: its points can't be used), `code`, `reason`, `box`, `detection`, and
                where measured all of the above but its appearance; `left_out`, how many more there are

Whoever keeps a measurement by a pack for drawings adds `in_domain`; see `media.provenance`.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from personaforge.errors import BackendError, described
from personaforge.faces.analyzer import read_faces, read_only
from personaforge.faces.appearance import measure_appearance
from personaforge.faces.capture import OPENCV, UnreadableClip
from personaforge.faces.expression import measure_expression
from personaforge.faces.landmarks import ratios_5, ratios_106, ratios_mesh
from personaforge.faces.parts import FURTHER
from personaforge.faces.picture import UnreadablePicture, picture_in_room
from personaforge.faces.pose import Pose, pose_5, pose_106, pose_mesh
from personaforge.faces.quality import METHODS, histogram_distances, sharpness, tones
from personaforge.faces.room import PIXELS
from personaforge.faces.video import read_clip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.faces.analyzer import Face, FaceAnalyzer

MOST_PEOPLE = 16
"""Faces of one picture that are measured, the largest: bounds the record (3 KB a face), and no group portrait of a
persona shows so many. Chosen by us."""
_ARRAYS = ("box", "embedding", "landmarks5", "landmarks106", "mesh")


def measure_image(data: bytes, analyzer: FaceAnalyzer) -> dict[str, Any]:
    """Measure the largest face of an image file, and where it shows several, all of them as `people`.

    Bad bytes and missing faces are outcomes, not errors.
    """
    try:
        with picture_in_room(data) as picture:
            measured = measure_pixels(picture.pixels, analyzer, is_picture=True)
    except UnreadablePicture as error:
        return {"status": "unreadable", "code": error.reason_code, "reason": error.message}
    return {**measured, "damage": picture.damage} if picture.damage else measured


def measure_clip(
    data: bytes, analyzer: FaceAnalyzer, *, frames: int, sampling: str = "uniform", reader: str = OPENCV
) -> dict[str, Any]:
    """Measure `frames` frames of a clip.

    `sampling` is `uniform` (evenly spread by number, the first and the last among them), `time` (the same, but of a
    clip whose frames are shown for unequal times what is shown at evenly spread instants) or `faces` (of the frames
    that show one, as evenly spread as possible); see `video.read_clip`. Raises ValueError for another. `reader` is who
    decodes; see `readers`.

    `frames` holds one image measurement each, with `frame` (number from 0) and `second`; by time a frame is there once
    for each instant. `histogram_distances` holds for each method the distances between one sampled frame and the next.
    The status is `no_face` when no frame has one. `uneven` is true where `uniform` missed what `time` shows, and absent
    else; `sampling` and `reader` are there where they are `time` and not OpenCV.
    """
    if sampling not in ("uniform", "time", "faces"):
        raise ValueError(f"sampling is {sampling!r}, expected uniform, time or faces")
    shows_face = _face_test(analyzer) if sampling == "faces" else None
    by_time = sampling == "time"
    try:
        with PIXELS.share() as share:
            clip = read_clip(data, frames=frames, shows_face=shows_face, by_time=by_time, reader=reader, share=share)
            once = {frame.number: measure_pixels(frame.pixels, analyzer) for frame in clip.frames}
            shades = {frame.number: tones(frame.pixels) for frame in clip.frames}
    except UnreadableClip as error:
        return {"status": "unreadable", "code": error.reason_code, "reason": error.message}
    measured = [
        {"frame": frame.number, "second": _rounded(frame.second), **once[frame.number]} for frame in clip.frames
    ]
    steps = [histogram_distances(shades[one.number], shades[other.number]) for one, other in pairwise(clip.frames)]
    found = any(frame["status"] == "measured" for frame in measured)
    return {
        "status": "measured" if found else "no_face",
        "code": "" if found else "no_face",
        "reason": "" if found else f"no face was found in any of the {len(measured)} sampled frames",
        "width": clip.width,
        "height": clip.height,
        "fps": _rounded(clip.fps),
        "seconds": _rounded(clip.seconds),
        "frame_count": clip.frame_count,
        "frames": measured,
        "histogram_distances": {method: [round(step[method], 6) for step in steps] for method in METHODS},
        **({"uneven": True} if clip.is_uneven and sampling == "uniform" else {}),
        **({"sampling": sampling} if by_time else {}),
        **({} if reader == OPENCV else {"reader": reader}),
    }


def _face_test(analyzer: FaceAnalyzer) -> Callable[[NDArray[np.uint8]], bool]:
    """Return a function that says whether a frame shows a face: the analyzer's own quick test, or a full reading."""
    quick = getattr(analyzer, "shows_face", None)
    return quick if callable(quick) else lambda pixels: bool(read_faces(analyzer, pixels))


def embedding(measurement: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return the embedding of a measurement whose status is `measured`; (n,), L2 norm 1, read-only."""
    import numpy as np

    return np.frombuffer(base64.b64decode(measurement["embedding"]), dtype="<f4")


def encode_embedding(vector: NDArray[np.float32]) -> str:
    """Return an embedding as a measurement holds it."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


def measure_pixels(
    pixels: NDArray[np.uint8], analyzer: FaceAnalyzer, *, further: bool = True, is_picture: bool = False
) -> dict[str, Any]:
    """Measure the faces of a decoded picture, uint8 (H, W, 3) BGR; with `further` also plug-ins' numbers, and of what
    `is_picture`, and no frame of a clip, the appearance."""
    height, width = pixels.shape[:2]
    faces = read_faces(analyzer, pixels)
    size = {"width": int(width), "height": int(height), "faces": len(faces)}
    if not faces:
        return {"status": "no_face", "code": "no_face", "reason": "no face was found", **size}
    people = [_measure_face(pixels, face) for face in faces[:MOST_PEOPLE]]
    several = {"people": {"faces": people, "left_out": len(faces) - len(people)}} if len(faces) > 1 else {}
    shown = {"expressions": [measure_expression(face) for face in faces[:MOST_PEOPLE]]} if is_picture else {}
    first = people[0]
    if first["status"] != "measured":
        return {name: first[name] for name in ("status", "code", "reason")} | size | several | shown
    numbers: dict[str, Any] = {name: _further(name, pixels, faces[0]) for name in FURTHER} if further else {}
    if is_picture:
        numbers["appearance"] = measure_appearance(pixels, faces[0], first["pose"]["yaw"])
    return {**first, **size, **numbers, **several, **shown}


def _measure_face(pixels: NDArray[np.uint8], face: Face) -> dict[str, Any]:
    """Measure one face; what else the picture shows changes nothing of it."""
    found = {"box": [round(float(value), 2) for value in face.box], "detection": round(float(face.score), 6)}
    try:
        ratio_set, ratios, pose = _shape(face)
    except ValueError as error:
        reason = f"a face was found and its landmarks can't be used: {error}"
        return {"status": "no_face", "code": "degenerate", "reason": reason, **found}
    return {
        "status": "measured",
        "code": "",
        "reason": "",
        **found,
        "embedding": encode_embedding(face.embedding),
        "embedding_norm": _rounded(face.embedding_norm),
        "ratio_set": ratio_set,
        "ratios": {name: round(value, 6) for name, value in ratios.items()},
        "pose": pose._asdict(),
        "sharpness": _rounded(sharpness(pixels, face.box)),
    }


def _further(name: str, pixels: NDArray[np.uint8], face: Face) -> float | None:
    """Return a plug-in's number. Raises BackendError where its code fails or gives no number."""
    try:
        # It can't write into what the next number is measured of.
        seen: dict[str, Any] = {one: read_only(value) for one in _ARRAYS if (value := getattr(face, one)) is not None}
        found = FURTHER[name](read_only(pixels), replace(face, **seen))
        value = None if found is None else float(found)
    except (Exception, SystemExit) as error:  # anything may go wrong in somebody else's code
        raise BackendError(f"the metric {name} of a plug-in failed: {described(error)}") from error
    if value is not None and not math.isfinite(value):
        raise BackendError(f"the metric {name} of a plug-in gave {value}, expected a finite number or None")
    return _rounded(value)


def _shape(face: Face) -> tuple[str, dict[str, float], Pose]:
    """Return ratios and pose by the better set of points. Raises ValueError when the points are unusable."""
    if face.landmarks106 is not None:
        points = list(face.landmarks106)
        return "106", ratios_106(points), pose_106(points)
    if face.mesh is not None:
        points = list(face.mesh)
        return "mesh", ratios_mesh(points), pose_mesh(points)
    points = list(face.landmarks5)
    return "5", ratios_5(points), pose_5(points)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
