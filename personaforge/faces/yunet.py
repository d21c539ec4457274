"""Where the faces are, by YuNet: a first look over the picture, then close looks at each face.

Pixels are uint8 (H, W, 3) BGR; boxes (4,) x1, y1, x2, y2 and points (5, 2) as (x, y) in pixels, origin top left.
YuNet's five points come in SCRFD's order, image-left eye first (its documentation calls that the right eye, the
subject's); confirmed by us on photographs and their mirror images.

YuNet's pass over the whole picture is only a first look. On tilted and on small faces its points are wrong by a sixth
of the eyes' distance, and so are the embeddings: nine faces of four photographs, compared with turned, scaled and
mirrored copies, had a mean cosine of 0.83, and 0.18 at worst. So each face is looked at again, twice, turned upright
and scaled to 200 px in 320 x 320: then 0.96 and 0.78 (the first stack: 0.95 and 0.76). The close look also separates
faces from what only resembles one: it scores 0.85 and more on all our clear faces, cut in half or turned by any angle,
and 0.76 at most on the false faces that YuNet finds in 26 pictures without any. With strong blur and noise it finds
fewer faces than the first stack.

A detector is not re-entrant; whoever calls has one for each thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personaforge.faces.opencv import opencv

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

LONGER_SIDE = 640
"""Pixels of the longer side at the first look, border included; smaller pictures are enlarged to it."""

_WIDE_SIDE = 1600
"""The same where 640 shows no face: YuNet wants 15 px of one, and a full-length picture of 2000 x 3000 may leave 8."""

_WORTH_ENLARGING = 800
"""Pixels of the longer side from which the wide look shows more than the first did."""

_FIRST_SCORE = 0.6
"""The score of a first look from which a close look follows: our faces score 0.64 and more, tight crops the least."""

_CLOSE_SIDE, _CLOSE_FACE = 320, 200
"""Pixels of the close look and of the face's longer side in it. 200 was the most stable of 80 to 240."""

_CLOSE_LOOKS = 2
"""The second one starts from an upright face; a third changes nothing."""

_CLOSE_SCORE = 0.8
"""The score that the last close look must reach."""

_SURE_SCORE = 0.9
"""Below it a face may be a lying one that was read upright: those score 0.83 to 0.87, clear faces 0.91 to 0.95."""

_MIN_SIDE = 16
"""Pixels; as for the first stack, so that both find the same pictures too small."""

_MAX_ASPECT = 64
"""As for the first stack."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face as the detector saw it, in the picture's own coordinates."""

    box: NDArray[np.float64]
    """(4,) x1, y1, x2, y2."""
    points: NDArray[np.float64]
    """(5, 2)."""
    score: float


def load(path: Path) -> Any:
    """Return a detector of this file that has been used once: a model of the wrong kind fails only in use. Raises
    `cv2.error`."""
    import numpy as np

    detector = opencv().FaceDetectorYN.create(str(path), "", (_CLOSE_SIDE, _CLOSE_SIDE), _FIRST_SCORE)
    detector.detect(np.zeros((_CLOSE_SIDE, _CLOSE_SIDE, 3), dtype=np.uint8))
    return detector


def sightings(detector: Any, pixels: NDArray[np.uint8]) -> list[Sighting]:
    """Return the faces of a picture.

    When the picture shows none it is tried inside a black border, for crops tighter than the face, and then larger, for
    faces that are small in it.
    """
    if _sliver(pixels):
        return []
    longer = max(pixels.shape[:2])
    for side, bordered in ((LONGER_SIDE, False), (LONGER_SIDE, True), (_WIDE_SIDE, False)):
        if side == _WIDE_SIDE and longer < _WORTH_ENLARGING:
            break
        seen = [_confirmed(detector, pixels, first) for first in _first_look(detector, pixels, side, bordered)]
        faces = [sighting for sighting in seen if sighting is not None]
        if faces:
            return faces
    return []


def glimpses(detector: Any, pixels: NDArray[np.uint8], most: int) -> list[Sighting]:
    """Return the largest faces, at most so many, that the first look over the picture finds and close looks confirm."""
    if _sliver(pixels):
        return []
    first = _first_look(detector, pixels, LONGER_SIDE, False)
    largest = sorted(first, key=lambda one: -float((one.box[2] - one.box[0]) * (one.box[3] - one.box[1])))[:most]
    return [found for one in largest if (found := _confirmed(detector, pixels, one)) is not None]


def _sliver(pixels: NDArray[np.uint8]) -> bool:
    """Return whether a picture is too small or too narrow to have a face."""
    height, width = pixels.shape[:2]
    return bool(min(height, width) < _MIN_SIDE or max(height, width) > _MAX_ASPECT * min(height, width))


def _first_look(detector: Any, pixels: NDArray[np.uint8], longer_side: int, bordered: bool) -> list[Sighting]:
    """Detect in the whole picture, with a black border of half the picture on each side if wanted."""
    import numpy as np

    cv2 = opencv()
    height, width = pixels.shape[:2]
    scale = longer_side / max(height, width) / (2 if bordered else 1)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    seen = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    across, down = (size[0] // 2, size[1] // 2) if bordered else (0, 0)
    if bordered:
        seen = cv2.copyMakeBorder(seen, down, down, across, across, cv2.BORDER_CONSTANT)
    shift = np.array([across, down], dtype=np.float64)
    factor = np.array([width / size[0], height / size[1]], dtype=np.float64)
    return [
        Sighting(((box.reshape(2, 2) - shift) * factor).ravel(), (points - shift) * factor, score)
        for box, points, score in _detected(detector, seen)
    ]


def _confirmed(detector: Any, pixels: NDArray[np.uint8], sighting: Sighting) -> Sighting | None:
    """Return the face as its close looks show it, or None when they show that it is none.

    YuNet finds a lying head and puts upright points on it. That scores less than an upright head does, so where a score
    is weak the other quarter turns are tried, too.
    """
    best = _looked_at(detector, pixels, sighting, 0)
    if best is None or best.score < _SURE_SCORE:
        turned = [_looked_at(detector, pixels, sighting, quarters) for quarters in (1, 2, 3)]
        best = max((one for one in (best, *turned) if one is not None), key=lambda one: one.score, default=None)
    return best if best is not None and best.score >= _CLOSE_SCORE else None


def _looked_at(detector: Any, pixels: NDArray[np.uint8], sighting: Sighting, quarters: int) -> Sighting | None:
    """Return what the last close look shows when the first one is turned by so many quarters; None when one fails."""
    found: Sighting | None = sighting
    for number in range(_CLOSE_LOOKS):
        turn = quarters * math.pi / 2 if number == 0 else 0.0
        last = number == _CLOSE_LOOKS - 1
        found = None if found is None else _close_look(detector, pixels, found, turn, both_ways=last)
    return found


def _close_look(
    detector: Any, pixels: NDArray[np.uint8], sighting: Sighting, more: float, *, both_ways: bool
) -> Sighting | None:
    """Detect the face again, upright and 200 px large in the middle of 320 x 320; the box is still the first look's.

    Upright as the points say, turned by `more` radians. `both_ways` looks at the mirror image of that, too, and
    returns the means: YuNet errs differently there, so that much of the error cancels.
    """
    import numpy as np

    cv2 = opencv()
    x1, y1, x2, y2 = sighting.box
    scale = _CLOSE_FACE / max(x2 - x1, y2 - y1)
    turn = _turn(sighting.points) + more
    rotation = scale * np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    middle = np.array([x1 + x2, y1 + y2]) / 2
    matrix = np.column_stack([rotation, _CLOSE_SIDE / 2 - rotation @ middle])
    close = cv2.warpAffine(pixels, matrix, (_CLOSE_SIDE, _CLOSE_SIDE), flags=cv2.INTER_LINEAR)
    seen = [_middlemost(detector, close)]
    if both_ways:
        mirrored = _middlemost(detector, cv2.flip(close, 1))
        seen.append(None if mirrored is None else (_mirrored(mirrored[0]), mirrored[1]))
    found = [one for one in seen if one is not None]
    if len(found) < len(seen):
        return None
    points = np.mean([points for points, _ in found], axis=0)
    score = math.fsum(score for _, score in found) / len(found)
    return Sighting(sighting.box, (points - matrix[:, 2]) @ np.linalg.inv(rotation).T, score)


def _middlemost(detector: Any, close: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float] | None:
    """Return points and score of the face nearest to the middle; one half a face away from it is a neighbour's."""
    middle = (_CLOSE_SIDE / 2, _CLOSE_SIDE / 2)
    away = [
        (math.dist((box[:2] + box[2:]) / 2, middle), points, score) for box, points, score in _detected(detector, close)
    ]
    distance, points, score = min(away, key=lambda one: one[0], default=(math.inf, None, 0.0))
    return None if points is None or distance > _CLOSE_FACE / 2 else (points, score)


def _mirrored(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points of a close look's mirror image where they are in the close look; left is the image's left again."""
    points = points[[1, 0, 2, 4, 3]]
    points[:, 0] = _CLOSE_SIDE - 1 - points[:, 0]
    return points


def _turn(points: NDArray[np.float64]) -> float:
    """Return how far a face is turned in the image plane, in radians, clockwise as seen.

    The mean of two directions, the line of the eyes and the normal of the line from the eyes to the mouth: in a tilted
    face YuNet errs on the eyes more.
    """
    eyes, down = points[1] - points[0], (points[3] + points[4] - points[0] - points[1]) / 2
    long, tall = math.hypot(*eyes) or 1.0, math.hypot(*down) or 1.0
    return math.atan2(eyes[1] / long - down[0] / tall, eyes[0] / long + down[1] / tall)


def _detected(detector: Any, pixels: NDArray[np.uint8]) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    """Return box (x1, y1, x2, y2), points (5, 2) and score of each detection that can be aligned."""
    import numpy as np

    detector.setInputSize((pixels.shape[1], pixels.shape[0]))
    rows = detector.detect(pixels)[1]
    found = []
    for row in np.empty((0, 15)) if rows is None else rows.astype(np.float64):  # None: no face
        if np.isfinite(row).all() and row[2] >= 1 and row[3] >= 1:
            box = np.array([row[0], row[1], row[0] + row[2], row[1] + row[3]])
            found.append((box, row[4:14].reshape(5, 2), float(row[14])))
    return found
