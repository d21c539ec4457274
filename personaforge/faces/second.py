"""A second reader of faces, to check the first: YuNet and FaceRecognizerSF, both run by OpenCV, behind the same seam.

It shares no model, no runtime and no detection or alignment code with `insight`: an error in one stack shows as a
disagreement (`identity.agreement`). What the two have in common is the decoder (`picture`) and OpenCV's scaling.

Pixels are uint8 (H, W, 3) BGR; points (5, 2) as (x, y) in pixels, origin top left. YuNet's five points come in SCRFD's
order, image-left eye first (its documentation calls that the right eye, the subject's); checked by us on photographs
and their mirror images. The recogniser gets RGB from 0 to 255; mobilefacenet_y1 scales it inside its graph.

What YuNet says of a whole picture is only a first look. Its points are a sixth of the eyes' distance off on tilted and
on small faces, and embeddings follow: nine faces of four photographs against turned, scaled and mirrored copies had a
mean cosine of 0.83, and 0.18 at worst. So each face is looked at again, twice, turned upright and brought to 200 px in
320 x 320: then 0.96 and 0.78 (the first stack: 0.95 and 0.76). The close look also tells faces from what only resembles
one: it scores 0.85 and more on all our clear faces, cut in half or turned by any angle, and 0.76 at most on what YuNet
takes for a face in 26 pictures without any. Strong blur and noise are where it gives up before the first stack does.

OpenCV's nets are not re-entrant: two threads in one net of 5.0 fail an assertion. Each `read` therefore borrows a pair
of nets, and there are as many pairs as there ever were reads at once, of about 50 MB each. On two processors that is up
to an eighth faster than one pair behind a lock, and nothing where other work keeps them busy. Results are bitwise equal
in fresh and in used nets, and with 1 to 8 of OpenCV's own threads.

Raises MissingExtra without OpenCV or Pillow, and BackendError when the models can't be loaded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personaforge.errors import BackendError, MissingExtra
from personaforge.faces.analyzer import AnalyzerIdentity, Face, by_area
from personaforge.faces.opencv import opencv
from personaforge.faces.second_packs import SecondPack
from personaforge.versions import OPENCV, installed_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LIBRARIES = {
    "opencv": OPENCV,
    "pillow": ("pillow",),
}
"""What decodes, scales and infers, and under which names it may be installed."""

_LONGER_SIDE = 640
"""Pixels of the longer side at the first look, border included; smaller pictures are enlarged to it."""

_WIDE_SIDE = 1600
"""The same where 640 shows no face: YuNet wants 15 px of one, and a full-length picture of 2000 x 3000 may leave 8."""

_WORTH_ENLARGING = 800
"""Pixels of the longer side from which the wide look shows more than the first did."""

_FIRST_SCORE = 0.6
"""Where the first look begins to be worth a close one: our faces score 0.64 and more, tight crops the least."""

_CLOSE_SIDE, _CLOSE_FACE = 320, 200
"""Pixels of the close look and of the face's longer side in it. 200 was the steadiest of 80 to 240."""

_CLOSE_LOOKS = 2
"""The second one starts from an upright face; a third changes nothing."""

_CLOSE_SCORE = 0.8
"""What the last close look must score."""

_SURE_SCORE = 0.9
"""Below it a face may be a lying one that was read upright: those score 0.83 to 0.87, clear faces 0.91 to 0.95."""

_MIN_SIDE = 16
"""Pixels; as for the first stack, so that both call the same pictures empty."""

_MAX_ASPECT = 64
"""As for the first stack."""


def opencv_identity(pack: SecondPack) -> AnalyzerIdentity:
    """Return who would measure, without importing OpenCV. Raises MissingExtra."""
    versions = []
    for library, names in _LIBRARIES.items():
        version = next((found for found in map(installed_version, names) if found), None)
        if version is None:
            raise MissingExtra(f"{library} is not installed", hint=f"pip install {names[0]}")
        versions.append(f"{library} {version}")
    return AnalyzerIdentity("opencv", ", ".join(versions), pack.name, pack.digest, str(_LONGER_SIDE))


@dataclass(frozen=True, slots=True, eq=False)
class _Nets:
    detector: Any
    recogniser: Any


@dataclass(frozen=True, slots=True, eq=False)
class _Sighting:
    """A face as the detector saw it, in the picture's own coordinates."""

    box: NDArray[np.float64]
    """(4,) x1, y1, x2, y2."""
    points: NDArray[np.float64]
    """(5, 2)."""
    score: float


class OpenCvAnalyzer:
    """Faces by OpenCV alone. Loads nothing until the first `read`; safe to share between threads."""

    def __init__(self, pack: SecondPack) -> None:
        self.identity = opencv_identity(pack)
        self._pack = pack
        self._idle: list[_Nets] = []

    def read(self, pixels: NDArray[np.uint8]) -> tuple[Face, ...]:
        """Return the faces by box area, largest first; the embedding has as many values as the recogniser gives.

        When the picture shows none it is tried inside a black border, for crops tighter than the face, and then larger,
        for faces that are small in it.
        """
        try:
            nets = self._idle.pop()  # one step under the interpreter's lock: no two threads get the same pair
        except IndexError:
            nets = _load(self._pack)
        faces = self._faces(nets, pixels)
        self._idle.append(nets)  # not after an exception: what state the nets are in then is anybody's guess
        return by_area(faces)

    def _faces(self, nets: _Nets, pixels: NDArray[np.uint8]) -> list[Face]:
        height, width = pixels.shape[:2]
        if min(height, width) < _MIN_SIDE or max(height, width) > _MAX_ASPECT * min(height, width):
            return []
        for side, bordered in ((_LONGER_SIDE, False), (_LONGER_SIDE, True), (_WIDE_SIDE, False)):
            if side == _WIDE_SIDE and max(height, width) < _WORTH_ENLARGING:
                break
            seen = [_confirmed(nets, pixels, first) for first in _first_look(nets, pixels, side, bordered)]
            faces = [self._face(nets, pixels, sighting) for sighting in seen if sighting is not None]
            if faces:
                return faces
        return []

    def _face(self, nets: _Nets, pixels: NDArray[np.uint8], sighting: _Sighting) -> Face:
        import numpy as np

        row = np.zeros((1, 15), dtype=np.float32)  # as the detector gives it: x, y, w, h, five points, score
        row[0, 4:14] = sighting.points.ravel()
        crop = nets.recogniser.alignCrop(pixels, row)
        vector = np.array(nets.recogniser.feature(crop), dtype=np.float64).ravel()  # a copy: the net keeps the buffer
        norm = float(np.linalg.norm(vector))
        if not math.isfinite(norm) or norm == 0:
            raise BackendError(
                f"the recogniser {self._pack.recogniser} gave {vector.size} values of norm {norm}",
                hint=_again(self._pack),
            )
        return Face(
            box=sighting.box.astype(np.float32),
            score=min(1.0, sighting.score),
            embedding=(vector / norm).astype(np.float32),
            landmarks5=sighting.points.astype(np.float32),
            embedding_norm=norm,
        )


def _load(pack: SecondPack) -> _Nets:
    """Return a pair of nets that have been used once: a model of the wrong kind loads, and fails only in use."""
    cv2 = opencv()
    import numpy as np

    try:
        detector = cv2.FaceDetectorYN.create(str(pack.detector), "", (_CLOSE_SIDE, _CLOSE_SIDE), _FIRST_SCORE)
        detector.detect(np.zeros((_CLOSE_SIDE, _CLOSE_SIDE, 3), dtype=np.uint8))
        recogniser = cv2.FaceRecognizerSF.create(str(pack.recogniser), "")
        shape = recogniser.feature(np.zeros((112, 112, 3), dtype=np.uint8)).shape
    except cv2.error as error:
        raise BackendError(
            f"the check pack {pack.name} ({pack.recogniser} and {pack.detector}) can't be loaded: {error}",
            hint=_again(pack),
        ) from error
    if len(shape) != 2 or shape[0] != 1 or shape[1] < 64:
        found = f"the recogniser {pack.recogniser} gives {tuple(shape)} values, expected one row of an embedding"
        raise BackendError(found, hint=_again(pack))
    return _Nets(detector, recogniser)


def _again(pack: SecondPack) -> str:
    return f"put {pack.recogniser.name} and {pack.detector.name} there again"


def _first_look(nets: _Nets, pixels: NDArray[np.uint8], longer_side: int, bordered: bool) -> list[_Sighting]:
    """Detect in the whole picture, with a black border of half the picture on each side if asked to."""
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
        _Sighting(((box.reshape(2, 2) - shift) * factor).ravel(), (points - shift) * factor, score)
        for box, points, score in _detected(nets, seen)
    ]


def _confirmed(nets: _Nets, pixels: NDArray[np.uint8], sighting: _Sighting) -> _Sighting | None:
    """Return the face as its close looks show it, or None when it turns out to be none.

    YuNet finds a lying head and puts upright points on it. That scores less than an upright head does, so where a score
    is weak the other quarter turns are tried, too.
    """
    best = _looked_at(nets, pixels, sighting, 0)
    if best is None or best.score < _SURE_SCORE:
        turned = [_looked_at(nets, pixels, sighting, quarters) for quarters in (1, 2, 3)]
        best = max((one for one in (best, *turned) if one is not None), key=lambda one: one.score, default=None)
    return best if best is not None and best.score >= _CLOSE_SCORE else None


def _looked_at(nets: _Nets, pixels: NDArray[np.uint8], sighting: _Sighting, quarters: int) -> _Sighting | None:
    """Return what the last close look shows when the first one is turned by so many quarters; None when one fails."""
    found: _Sighting | None = sighting
    for number in range(_CLOSE_LOOKS):
        turn = quarters * math.pi / 2 if number == 0 else 0.0
        last = number == _CLOSE_LOOKS - 1
        found = None if found is None else _close_look(nets, pixels, found, turn, both_ways=last)
    return found


def _close_look(
    nets: _Nets, pixels: NDArray[np.uint8], sighting: _Sighting, more: float, *, both_ways: bool
) -> _Sighting | None:
    """Detect the face again, upright and 200 px large in the middle of 320 x 320; the box stays the first look's.

    Upright is what the points say, turned by `more` radians. `both_ways` looks at the mirror image of that, too, and
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
    seen = [_middlemost(nets, close)]
    if both_ways:
        mirrored = _middlemost(nets, cv2.flip(close, 1))
        seen.append(None if mirrored is None else (_mirrored(mirrored[0]), mirrored[1]))
    found = [one for one in seen if one is not None]
    if len(found) < len(seen):
        return None
    points = np.mean([points for points, _ in found], axis=0)
    score = math.fsum(score for _, score in found) / len(found)
    return _Sighting(sighting.box, (points - matrix[:, 2]) @ np.linalg.inv(rotation).T, score)


def _middlemost(nets: _Nets, close: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float] | None:
    """Return points and score of the face nearest to the middle; half a face away from it is a neighbour's."""
    middle = (_CLOSE_SIDE / 2, _CLOSE_SIDE / 2)
    away = [
        (math.dist((box[:2] + box[2:]) / 2, middle), points, score) for box, points, score in _detected(nets, close)
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


def _detected(nets: _Nets, pixels: NDArray[np.uint8]) -> list[tuple[NDArray[np.float64], NDArray[np.float64], float]]:
    """Return box (x1, y1, x2, y2), points (5, 2) and score of each detection that can be aligned."""
    import numpy as np

    nets.detector.setInputSize((pixels.shape[1], pixels.shape[0]))
    rows = nets.detector.detect(pixels)[1]
    found = []
    for row in np.empty((0, 15)) if rows is None else rows.astype(np.float64):  # None stands for no face
        if np.isfinite(row).all() and row[2] >= 1 and row[3] >= 1:
            box = np.array([row[0], row[1], row[0] + row[2], row[1] + row[3]])
            found.append((box, row[4:14].reshape(5, 2), float(row[14])))
    return found
