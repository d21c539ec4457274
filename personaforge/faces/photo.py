"""A photograph's pixels and its faces to the measurements of its quality. Judges nothing; see `measuring.photo_score`.

The caller decodes and detects, once; nothing here does either. No embedding is kept: these numbers can't identify
anybody. JSON values:

    width, height   pixels
    hash        16 hex digits of `duplicates.difference_hash`; null for a picture of one tone
    blur        of the whole picture; see `blur`
    sharpness   of the whole picture; see `quality.sharpness`
    light       of the whole picture; see `light`
    faces       how many; null when nothing could look for faces
    face        the largest one; null without one:
        box         x1, y1, x2, y2 in pixels, 2 decimals; may reach beyond the picture
        pixels      longer side of the box
        share       of the picture that the box covers, [0, 1]
        beyond      share of the box that lies beyond the picture's edge, [0, 1]
        others      area of the second largest face over this one's, [0, 1]; 0 when there is none
        detection   the detector's confidence, [0, 1]
        landmark_gap    mean distance of the five points from the same points among the 106, over the distance between
        the eyes; null without 106 points embedding_norm  null when the analyzer doesn't say
        pose        yaw, pitch and roll in degrees (see `pose`); null when the points are unusable
        blur, sharpness     of the box; null when it lies beyond the edge
        light       of the box's middle, with `unevenness`; null when it lies beyond the edge

What shows that a face is covered. One photograph of a woman, six faces of a group and a crop, each also with half the
face, mouth and nose, one eye or both covered, with buffalo_s_dev: clear faces have a confidence of 0.81 and up, and
0.78 and up when blurred or at 30 % of their light; half covered ones and masks 0.54 to 0.77 but for two blackened
halves (0.79, 0.82). The gap is up to 0.12 on clear faces, and 0.07 to 0.5 and more on covered ones: it separates some
of them. The embedding's norm falls as far for blur, darkness and glare as for a mask, so alone it says nothing about
covering. None of these notices sunglasses or a hand on one eye or on the mouth, which hardly change any of the three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from personaforge.faces.duplicates import difference_hash
from personaforge.faces.opencv import opencv
from personaforge.faces.picture import shrunk
from personaforge.faces.pose import pose_5, pose_106, pose_mesh
from personaforge.faces.quality import SHARPNESS_SIDE, sharpness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.faces.analyzer import Face

PHOTO_VERSION = "1"
"""To be increased when these measurements would give other numbers."""

PICTURE_SIDE = 1024
"""Pixels of the longer side to which a larger picture is reduced before its blur and light are measured."""

SHADOW, HIGHLIGHT = 5, 250
"""Grey values of 255 at or beyond which a pixel counts as clipped; JPEG changes clipped ones by a few."""

_MARGIN = 0.15
"""Share of the box's sides that is left out for the light of a face: hair and background are there."""

_FIVE_AMONG_106 = (38, 88, 86, 52, 61)
"""Pupils, nose tip and corners of the mouth among the 106 points; see `landmarks`."""

_BLUR_WIDTH = 9
"""Pixels of the low-pass filter, as in the paper."""

_SIGNATURES = {
    "jpeg": (b"\xff\xd8\xff",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "gif": (b"GIF8",),
    "bmp": (b"BM",),
    "tiff": (b"II*\0", b"MM\0*"),
}


def measure_photo(pixels: NDArray[np.uint8], faces: Sequence[Face] | None) -> dict[str, Any]:
    """Measure a decoded photograph. `faces` are the analyzer's, largest first; None where there is no analyzer."""
    height, width = pixels.shape[:2]
    small = shrunk(pixels, PICTURE_SIDE)
    grey = _grey(small)
    value = difference_hash(small)
    return {
        "width": int(width),
        "height": int(height),
        "hash": None if value is None else f"{value:016x}",
        "blur": _rounded(blur(grey)),
        "sharpness": _rounded(sharpness(pixels, (0, 0, width, height))),
        "light": light(grey),
        "faces": None if faces is None else len(faces),
        "face": _face(pixels, faces) if faces else None,
    }


def file_format(data: bytes) -> str:
    """Return `jpeg`, `png`, `webp`, `avif`, `gif`, `bmp` or `tiff` by a file's first bytes; `unknown` for all else."""
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((name for name, starts in _SIGNATURES.items() if data.startswith(starts)), "unknown")


def blur(grey: NDArray[np.uint8]) -> float | None:
    """Return how blurred a grey picture (H, W) is in [0, 1], 0 being sharp; None when it has no edge at all.

    The share of the differences between neighbours that is left after a further blur: a sharp edge loses most of its
    height, a soft one little. The worse of the two directions is taken, so that motion blur counts. F. Crete, T.
    Dolmiere, P. Ladret, M. Nicolas, "The blur effect: perception and estimation with a new no-reference perceptual blur
    metric", SPIE 6492, 2007. Unlike the variance of the Laplacian it doesn't change with the light: at a quarter of the
    light the variance falls to a sixth and this changes by 0.013 (a face of 105 pixels). Noise counts as sharpness in
    both.
    """
    import numpy as np

    cv2 = opencv()
    plain = grey.astype(np.float32)
    values = []
    for axis, size in ((0, (1, _BLUR_WIDTH)), (1, (_BLUR_WIDTH, 1))):
        before = np.abs(np.diff(plain, axis=axis))
        after = np.abs(np.diff(cv2.blur(plain, size), axis=axis))
        total = float(before.sum(dtype=np.float64))
        if total > 0:
            lost = float(np.maximum(before - after, 0).sum(dtype=np.float64))
            values.append(1 - lost / total)
    return max(values, default=None)


def light(grey: NDArray[np.uint8]) -> dict[str, float | None]:
    """Return the light of a grey picture (H, W): gamma-coded luma of BT.601 as OpenCV gives it, over 255.

    `mean` in [0, 1]; `contrast`, its standard deviation over its mean, so that a darker copy has the same (null when
    all is black); `shadows` and `highlights`, the shares of clipped pixels.
    """
    mean = float(grey.mean())
    return {
        "mean": _rounded(mean / 255),
        "contrast": _rounded(float(grey.std()) / mean) if mean > 0 else None,
        "shadows": _rounded(float((grey <= SHADOW).mean())),
        "highlights": _rounded(float((grey >= HIGHLIGHT).mean())),
    }


def _face(pixels: NDArray[np.uint8], faces: Sequence[Face]) -> dict[str, Any]:
    face = faces[0]
    x1, y1, x2, y2 = (float(value) for value in face.box)
    height, width = pixels.shape[:2]
    area = max(0.0, x2 - x1) * max(0.0, y2 - y1)
    inside = max(0.0, min(x2, width) - max(x1, 0.0)) * max(0.0, min(y2, height) - max(y1, 0.0))
    whole = _cut(pixels, face, 0.0)
    middle = _cut(pixels, face, _MARGIN)
    return {
        "box": [round(value, 2) for value in (x1, y1, x2, y2)],
        "pixels": round(max(x2 - x1, y2 - y1), 2),
        "share": _rounded(inside / (width * height)),
        "beyond": _rounded(1 - inside / area) if area > 0 else 1.0,
        "others": _rounded(_area(faces[1]) / area) if len(faces) > 1 and area > 0 else 0.0,
        "detection": _rounded(face.score),
        "landmark_gap": _landmark_gap(face),
        "embedding_norm": _rounded(face.embedding_norm),
        "pose": _pose(face),
        "blur": None if whole is None else _rounded(blur(_grey(shrunk(whole, SHARPNESS_SIDE)))),
        "sharpness": _rounded(sharpness(pixels, face.box)),
        "light": None if middle is None else {**light(_grey(middle)), "unevenness": _unevenness(_grey(middle))},
    }


def _cut(pixels: NDArray[np.uint8], face: Face, margin: float) -> NDArray[np.uint8] | None:
    """Return the face's box without a share of its sides at each edge, as far as it lies in the picture."""
    x1, y1, x2, y2 = (float(value) for value in face.box)
    across, down = (x2 - x1) * margin, (y2 - y1) * margin
    height, width = pixels.shape[:2]
    left, top = max(0, math.floor(x1 + across)), max(0, math.floor(y1 + down))
    right, bottom = min(width, math.ceil(x2 - across)), min(height, math.ceil(y2 - down))
    return pixels[top:bottom, left:right] if right > left and bottom > top else None


def _unevenness(grey: NDArray[np.uint8]) -> float:
    """Return |left - right| / (left + right) of the mean luma of the halves, [0, 1]; 0 when both are black."""
    half = max(1, grey.shape[1] // 2)
    left, right = float(grey[:, :half].mean()), float(grey[:, -half:].mean())
    return round(abs(left - right) / (left + right), 6) if left + right > 0 else 0.0


def _landmark_gap(face: Face) -> float | None:
    """Two models find these points, each from its own view of the picture; on a covered face their guesses differ."""
    if face.landmarks106 is None:
        return None
    five = [(float(x), float(y)) for x, y in face.landmarks5]
    like = [(float(face.landmarks106[index][0]), float(face.landmarks106[index][1])) for index in _FIVE_AMONG_106]
    eyes = math.dist(five[0], five[1])
    gap = math.fsum(math.dist(one, other) for one, other in zip(five, like, strict=True)) / len(five)
    return round(gap / eyes, 6) if eyes >= 1e-3 and math.isfinite(gap / eyes) else None


def _pose(face: Face) -> dict[str, float] | None:
    try:
        if face.landmarks106 is not None:
            pose = pose_106(list(face.landmarks106))
        else:
            pose = pose_5(list(face.landmarks5)) if face.mesh is None else pose_mesh(list(face.mesh))
    except ValueError:
        return None
    return dict(pose._asdict())


def _area(face: Face) -> float:
    x1, y1, x2, y2 = (float(value) for value in face.box)
    return max(0.0, x2 - x1) * max(0.0, y2 - y1)


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    cv2 = opencv()
    found: NDArray[np.uint8] = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
