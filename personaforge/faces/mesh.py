"""MediaPipe's face mesh: 468 points of a face, by onnxruntime. What they mean is in `landmarks` and `pose`.

The network wants a crop of 192 x 192 pixels, RGB from 0 to 1: a square of 1.5 times the face's longer side around its
middle, turned so that the eyes lie level (MediaPipe's face_landmark graph; the file is converted by `packs.mesh`).
MediaPipe means the box of its own detector. Boxes of other detectors are larger or smaller, so the face is looked at
twice, as MediaPipe does in a clip: the second square is laid around the points of the first look, and so no longer
depends on who detected.

Pixels are uint8 (H, W, 3) BGR; points float32 (468, 3): x, y in pixels of the picture, origin top left, and depth in
the same unit, smaller is nearer. Raises BackendError for a file that is no such network.

On eight faces of three photographs, with boxes shifted by 15 % or scaled by 0.8 and 1.25, points move by 0.03 of the
eyes' distance with the second look and by 0.07 without it (means; `tests.benchmarks.verdicts_pack`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from personaforge.errors import BackendError
from personaforge.faces.opencv import opencv
from personaforge.faces.runtime import onnxruntime

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

POINTS: Final = 468
_SIDE: Final = 192
"""Pixels of the crop."""
_AROUND: Final = 1.5
"""Of the face's longer side; MediaPipe's own margin."""
_LEFT_EYE, _RIGHT_EYE = (33, 133), (362, 263)
"""Points of the eyes' corners; left is the image's left."""


class FaceMesh:
    """The network, loaded once; safe to share between threads, because onnxruntime's sessions are."""

    def __init__(self, path: Path) -> None:
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            shapes = [tuple(one.shape) for one in (*self._session.get_inputs(), *self._session.get_outputs())]
        except Exception as error:  # protobuf and onnxruntime each raise their own kinds
            raise BackendError(f"the landmark model {path} can't be loaded: {error}") from error
        if shapes != [(1, 3, _SIDE, _SIDE), (1, POINTS, 3), (1, 1)]:
            expected = f"(1, 3, {_SIDE}, {_SIDE}), (1, {POINTS}, 3), (1, 1)"
            raise BackendError(f"the landmark model {path} has the shapes {shapes}, expected {expected}")

    def points(
        self, pixels: NDArray[np.uint8], box: NDArray[np.floating[Any]], eyes: NDArray[np.floating[Any]]
    ) -> NDArray[np.float32]:
        """Return the points of the face in a box (4,), given where its left and right eye are, (2, 2)."""
        import numpy as np

        middle, side = np.array([box[0] + box[2], box[1] + box[3]]) / 2, max(box[2] - box[0], box[3] - box[1])
        first = self._look(pixels, middle, side, eyes[1] - eyes[0])
        flat = first[:, :2]
        level = flat[list(_RIGHT_EYE)].mean(axis=0) - flat[list(_LEFT_EYE)].mean(axis=0)
        # The box of the points as they lie in the first look, so that a tilted face is not measured at its tilt.
        turn = _turned(level)
        upright = flat @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        return self._look(pixels, turn.T @ ((low + high) / 2), float((high - low).max()), level)

    def _look(
        self, pixels: NDArray[np.uint8], middle: NDArray[Any], side: float, level: NDArray[Any]
    ) -> NDArray[np.float32]:
        """Return the points that one crop shows: of the face of this size, with `level` pointing to its right eye."""
        import numpy as np

        cv2 = opencv()
        scale = _SIDE / (_AROUND * max(float(side), 1.0))
        matrix = scale * _turned(level)
        shift = _SIDE / 2 - matrix @ middle
        crop = cv2.warpAffine(pixels, np.column_stack([matrix, shift]), (_SIDE, _SIDE), flags=cv2.INTER_LINEAR)
        data = np.ascontiguousarray(crop[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)
        seen = self._session.run(["points"], {"data": data})[0][0].astype(np.float64)
        flat = (seen[:, :2] - shift) @ np.linalg.inv(matrix).T
        return np.column_stack([flat, seen[:, 2] / scale]).astype(np.float32)


def _turned(level: NDArray[Any]) -> NDArray[np.float64]:
    """Return the rotation (2, 2) that lays a direction level; none for a direction without length."""
    import numpy as np

    length = math.hypot(*level)
    cos, sin = (float(level[0]) / length, float(level[1]) / length) if length else (1.0, 0.0)
    return np.array([[cos, sin], [-sin, cos]])
