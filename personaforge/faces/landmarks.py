"""Landmarks to ratios that don't change when a face is moved, turned in the image plane or scaled. No models, no numpy.

A ratio is a distance divided by the distance between the eyes. Seven come from 106 points, seven from the 468 of a mesh
and two from five; the sets share names but not a scale, so they are never compared with each other.

Points are (n, 2), (x, y) in pixels, origin top left. The 106 points are in the order of InsightFace's 2d106det,
confirmed by us on a photograph; left and right are the image's, so `left eye` is the subject's right:

    contour   left temple 1, 9..16, 2..8, chin 0, 24..18, 32..25, 17 right temple; 16 and 32 lie on the jaw
    eyes      pupils 38 and 88; left eye: top 40, bottom 33; right eye: top 94, bottom 87
    nose      root 72, tip 86, base 80, wings 77 and 83
    mouth     corners 52 and 61, upper lip's top 71, lower lip's bottom 53

The 468 points are those of MediaPipe's face mesh (Apache-2.0), by its canonical face model; left is the image's left:

    eyes      left eye: corners 33 and 133, top 159, bottom 145; right eye: corners 362 and 263, top 386, bottom 374
    nose      root 168, tip 1, base 2, wings 129 and 358
    mouth     corners 61 and 291, upper lip's top 0, lower lip's bottom 17, inner lips 13 and 14
    contour   jaw 172 and 397, chin 152

An eye of the mesh is the middle of its corners: this mesh has no pupils.

The five points are SCRFD's: left eye, right eye, nose tip, left and right corner of the mouth.

The names and the division by the eyes' distance are Personalab's; which points belong to a name is our interpretation.
All are distances in the image plane: turning the head, or opening the mouth, changes them too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATIOS_106 = (
    "eyes_to_nose_tip",
    "nose_length",
    "mouth_width",
    "jaw_width",
    "nose_width",
    "upper_lip_to_chin",
    "eye_height",
)
RATIOS_MESH = RATIOS_106
"""The same distances, between other points."""
RATIOS_5 = ("nose_to_mouth", "mouth_width")

_LEFT_PUPIL, _RIGHT_PUPIL = 38, 88
_LEFT_LID, _RIGHT_LID = (40, 33), (94, 87)
_NOSE_ROOT, _NOSE_TIP, _NOSE_BASE = 72, 86, 80
_WINGS, _MOUTH, _JAW = (77, 83), (52, 61), (16, 32)
_LIP, _CHIN = 71, 0

_MESH: Final = 468
_MESH_EYES, _MESH_LIDS = ((33, 133), (362, 263)), ((159, 145), (386, 374))
_MESH_ROOT, _MESH_TIP, _MESH_BASE = 168, 1, 2
_MESH_WINGS, _MESH_MOUTH, _MESH_JAW = (129, 358), (61, 291), (172, 397)
_MESH_LIP, _MESH_CHIN = 0, 152

Point = tuple[float, float]


def ratios_106(points: Sequence[Any]) -> dict[str, float]:
    """Return the seven ratios of 106 points. Raises ValueError when the eyes coincide or a coordinate is not finite."""
    at = _validated(points, 106)
    eyes = _eye_distance(at[_LEFT_PUPIL], at[_RIGHT_PUPIL])
    lids = (math.dist(at[_LEFT_LID[0]], at[_LEFT_LID[1]]) + math.dist(at[_RIGHT_LID[0]], at[_RIGHT_LID[1]])) / 2
    return {
        "eyes_to_nose_tip": math.dist(_middle(at[_LEFT_PUPIL], at[_RIGHT_PUPIL]), at[_NOSE_TIP]) / eyes,
        "nose_length": math.dist(at[_NOSE_ROOT], at[_NOSE_BASE]) / eyes,
        "mouth_width": math.dist(at[_MOUTH[0]], at[_MOUTH[1]]) / eyes,
        "jaw_width": math.dist(at[_JAW[0]], at[_JAW[1]]) / eyes,
        "nose_width": math.dist(at[_WINGS[0]], at[_WINGS[1]]) / eyes,
        "upper_lip_to_chin": math.dist(at[_LIP], at[_CHIN]) / eyes,
        "eye_height": lids / eyes,
    }


def ratios_mesh(points: Sequence[Any]) -> dict[str, float]:
    """Return the seven ratios of a mesh, of (468, 2) or (468, 3) points. Raises ValueError as `ratios_106` does."""
    at = _validated([point[:2] for point in points], _MESH)
    left, right = (_middle(at[one], at[other]) for one, other in _MESH_EYES)
    eyes = _eye_distance(left, right)
    lids = math.fsum(math.dist(at[top], at[bottom]) for top, bottom in _MESH_LIDS) / 2
    return {
        "eyes_to_nose_tip": math.dist(_middle(left, right), at[_MESH_TIP]) / eyes,
        "nose_length": math.dist(at[_MESH_ROOT], at[_MESH_BASE]) / eyes,
        "mouth_width": math.dist(at[_MESH_MOUTH[0]], at[_MESH_MOUTH[1]]) / eyes,
        "jaw_width": math.dist(at[_MESH_JAW[0]], at[_MESH_JAW[1]]) / eyes,
        "nose_width": math.dist(at[_MESH_WINGS[0]], at[_MESH_WINGS[1]]) / eyes,
        "upper_lip_to_chin": math.dist(at[_MESH_LIP], at[_MESH_CHIN]) / eyes,
        "eye_height": lids / eyes,
    }


def ratios_5(points: Sequence[Any]) -> dict[str, float]:
    """Return the two ratios of five points. Raises ValueError as `ratios_106` does."""
    left_eye, right_eye, nose, left_mouth, right_mouth = _validated(points, 5)
    eyes = _eye_distance(left_eye, right_eye)
    return {
        "nose_to_mouth": math.dist(nose, _middle(left_mouth, right_mouth)) / eyes,
        "mouth_width": math.dist(left_mouth, right_mouth) / eyes,
    }


def five_of_106(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the five points, (5, 2), of 106 landmarks, (106, 2): an eye is the middle of its corners.

    The landmark model sees the face alone, so its points are more exact than those of a detector that sees the whole
    picture.
    """
    import numpy as np

    eyes = (points[[35, 89]] + points[[39, 93]]) / 2
    return np.concatenate([eyes, points[[_NOSE_TIP, *_MOUTH]]]).astype(np.float32)


def _validated(points: Sequence[Any], count: int) -> list[Point]:
    """Return the points as pairs of Python floats, so that ratios are computed in double precision."""
    if len(points) != count:
        raise ValueError(f"found {len(points)} points, expected {count}")
    pairs = [(float(x), float(y)) for x, y in points]
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in pairs):
        raise ValueError("a landmark is not a finite number")
    return pairs


def _eye_distance(left: Point, right: Point) -> float:
    distance = math.dist(left, right)
    if distance < 1e-3:  # pixels; a thousandth of a pixel is no distance, and the ratios would be noise
        raise ValueError("the eyes coincide")
    return distance


def _middle(one: Point, other: Point) -> Point:
    return ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
