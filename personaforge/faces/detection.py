"""Where the faces are: a ladder of detection passes over one picture. The detector is insightface's SCRFD, handed in.

    1  the picture scaled to each configured size     nearly every picture; the result is insightface's, bit by bit
    2  the picture within a black border              a face that fills its picture, as tight crops do
    3  overlapping tiles of the picture, enlarged     a face of 40 pixels in a full-body picture

A step runs only when those before it found nothing. So the step that finds a face depends on the pixels and the pass
sizes alone, and once a face is found no further step is run.

Pixels are uint8 (H, W, 3) BGR. Detections are boxes float32 (n, 5) as (x1, y1, x2, y2, score) and points float32
(n, 5, 2) as (x, y), in the picture's own pixels, origin top left; a box may reach beyond the picture.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from personaforge.faces.opencv import opencv
from personaforge.faces.picture import shrunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MIN_SIDE = 16
"""Pixels; the detector's finest stride is 8, and a face needs two steps of it."""

_MAX_ASPECT = 64
"""Beyond it the shorter side is under 10 pixels at 640, and insightface's resize to 128 fails at 0 pixels."""

_BORDER_SIDE = 1280
"""Pixels of the longer side of a bordered copy: a border doubles each side, and detection scales to 640 anyway."""

_TILES = 4
"""Tiles along the longer side, at most. At 640 that shows a face of 40 pixels in 3,000 at a size of 30."""

_OVERLAP = 0.15
"""Of a tile; 96 pixels at 640. A face that step 1 overlooks is smaller, and so some tile contains the whole face: heads
pasted into pictures are found by step 1 from 25 pixels of 640 on, which is 89 in the tiles of the largest pictures."""

_WORTH_TILING = 1.25
"""Times the size of the pass; a smaller picture would be enlarged by less than a quarter over step 1."""

_TILE_THRESHOLD = 0.65
"""The detector's confidence that a tile has to reach. The other steps take insightface's 0.5, but 16 tiles give more
false faces in lawns and walls than one picture does: a photograph of grass gave 0.55, and heads of 40 pixels in 3,000
gave 0.81 and more."""

_EDGE = 2
"""Pixels from a tile's edge within which a box counts as cut off."""


def detect(detector: Any, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the faces of the first step that finds any. Slivers have none.

    A picture without any face costs every step. With det_500m at auto and one thread that takes 35 ms up to 799 pixels,
    135 ms for 1024 x 1536 (6 tiles), 260 ms for 2000 x 3000 and above (12), 320 ms for a large square (16).
    """
    boxes, points = _nothing()
    if not _sliver(pixels):
        for step in (lambda detector, pixels: detector.detect(pixels), _detect_bordered, _detect_tiled):
            boxes, points = step(detector, pixels)
            if len(boxes):
                break
    return boxes, points


def glance(detector: Any, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the faces of step 1's smallest pass that finds any. It is mostly the first: 1 ms at size 128."""
    boxes, points = _nothing()
    for size in () if _sliver(pixels) else sorted(detector.input_sizes):
        boxes, points = detector.detect(pixels, input_size=size)
        if len(boxes):
            break
    return boxes, points


def shows_face(detector: Any, pixels: NDArray[np.uint8]) -> bool:
    """Return whether step 1 finds a face."""
    return len(glance(detector, pixels)[0]) > 0


def quick_forward(detector: Any) -> Callable[[NDArray[np.uint8], float], tuple[list[Any], list[Any], list[Any]]]:
    """Return a replacement for this detector's `forward` that gives the same bits for a quarter of its overhead.

    SCRFD.forward of insightface 2.1 allocates and fills 5 MB anew for each picture, and decodes the boxes and points of
    all 16,800 anchors to keep the few above the threshold: 2.8 ms around a session that takes 14. This one takes the
    256 possible inputs from a table, fills a buffer of the thread's own, and decodes only what it keeps. Sessions for
    the sizes in use must exist. Safe between threads.
    """
    import numpy as np

    cv2 = opencv()
    sessions = dict(detector.resolution_sessions)
    mean, scale = (detector.input_mean,) * 3, 1.0 / detector.input_std
    # OpenCV's own scaling of all 256 values, so that the table has its exact bits.
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    values = cv2.dnn.blobFromImage(ramp, scale, (256, 1), mean, swapRB=True)[0, 0, 0].copy()
    # Buffers a thread, because a session reads the array while other threads fill theirs.
    own = threading.local()

    def forward(
        pixels: NDArray[np.uint8], threshold: float
    ) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        height, width = pixels.shape[:2]
        buffers: dict[tuple[int, int], NDArray[np.float32]] = own.__dict__.setdefault("buffers", {})
        if (height, width) not in buffers:
            buffers[height, width] = np.empty((1, 3, height, width), dtype=np.float32)
        blob = buffers[height, width]
        for channel, plane in enumerate(cv2.split(pixels)):
            cv2.LUT(plane, values, dst=blob[0, 2 - channel])
        outputs = sessions[width, height].run(detector.output_names, {detector.input_name: blob})
        if detector.batched:
            outputs = [output[0] for output in outputs]
        levels = detector.fmc
        scores, boxes, points = [], [], []
        for level, stride in enumerate(detector._feat_stride_fpn):
            # A row for each anchor: row by row over the picture's cells, and in each cell one for each anchor.
            kept = np.where(outputs[level] >= threshold)[0]
            cells = kept // detector._num_anchors
            columns = width // stride
            centers = np.stack([cells % columns, cells // columns], axis=-1).astype(np.float32) * np.float32(stride)
            # Left, top, right, bottom: distances from the centre. The five points: signed distances x, y.
            distances = outputs[level + levels][kept] * stride
            offsets = (outputs[level + 2 * levels][kept] * stride).reshape(-1, 5, 2)
            scores.append(outputs[level][kept])
            boxes.append(np.hstack([centers - distances[:, :2], centers + distances[:, 2:]]))
            points.append(centers[:, None, :] + offsets)
        return scores, boxes, points

    return forward


def _sliver(pixels: NDArray[np.uint8]) -> bool:
    height, width = map(int, pixels.shape[:2])
    return min(height, width) < _MIN_SIDE or max(height, width) > _MAX_ASPECT * min(height, width)


def _nothing() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    import numpy as np

    return np.empty((0, 5), dtype=np.float32), np.empty((0, 5, 2), dtype=np.float32)


def _detect_bordered(detector: Any, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Detect in a copy with a black border of half the picture on each side."""
    import numpy as np

    cv2 = opencv()
    height, width = pixels.shape[:2]
    pixels = shrunk(pixels, _BORDER_SIDE / 2)
    down, across = pixels.shape[0] // 2, pixels.shape[1] // 2
    bordered = cv2.copyMakeBorder(pixels, down, down, across, across, cv2.BORDER_CONSTANT)
    boxes, points = detector.detect(bordered)
    shift = np.array([across, down], dtype=np.float32)
    factor = np.array([width / pixels.shape[1], height / pixels.shape[0]], dtype=np.float32)
    boxes = boxes.copy()
    boxes[:, :4] = (boxes[:, :4] - np.tile(shift, 2)) * np.tile(factor, 2)
    return boxes, (points - shift) * factor


def _detect_tiled(detector: Any, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Detect in overlapping tiles of the size of the largest pass.

    They are cut from the picture as it is, or from one shrunk so that `_TILES` cover its longer side. Tiles of one size
    need no further session; a single pass over so many pixels would, with 12 times the memory.
    """
    import numpy as np

    size = max(detector.input_sizes)
    side, overlap = int(size[0]), round(size[0] * _OVERLAP)
    height, width = pixels.shape[:2]
    if max(height, width) < _WORTH_TILING * side:
        return _nothing()
    pixels = shrunk(pixels, side + (_TILES - 1) * (side - overlap))
    high, wide = pixels.shape[:2]
    found = []
    for top in _starts(high, side, overlap):
        for left in _starts(wide, side, overlap):
            tile = pixels[top : top + side, left : left + side]
            boxes, points = detector.detect(tile, input_size=size, det_thresh=_TILE_THRESHOLD)
            # A face that an edge inside the picture cuts off is whole in the next tile, and would be counted twice.
            whole = boxes[:, 0] >= (_EDGE if left > 0 else -np.inf)
            whole &= boxes[:, 1] >= (_EDGE if top > 0 else -np.inf)
            whole &= boxes[:, 2] <= (side - _EDGE if left + side < wide else np.inf)
            whole &= boxes[:, 3] <= (side - _EDGE if top + side < high else np.inf)
            start = np.array([left, top], dtype=np.float32)
            found.append((boxes[whole] + np.array([left, top, left, top, 0], dtype=np.float32), points[whole] + start))
    boxes, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
    kept = detector.nms(boxes) if len(boxes) else []  # the same face from two tiles
    factor = np.array([width / wide, height / high], dtype=np.float32)
    return boxes[kept] * np.append(np.tile(factor, 2), np.float32(1)), points[kept] * factor


def _starts(length: int, side: int, overlap: int) -> list[int]:
    """Return where tiles of a side begin that cover a length evenly, each overlapping the next by `overlap` or more."""
    steps = max(0, math.ceil((length - side) / (side - overlap)))
    return [round(step * (length - side) / steps) for step in range(steps + 1)] if steps else [0]
