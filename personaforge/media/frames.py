"""Bytes of a clip to all its frames, one after the other. Decodes once and keeps nothing.

As `faces.video`, which samples: only what begins as MP4, WebM or AVI is handed to FFmpeg, because in a playlist it
follows paths and addresses; the bytes go to a temporary file, because OpenCV reads clips from files only; and the
limits are the same ones. Frames are uint8, (H, W, 3), BGR.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from personaforge.faces.opencv import opencv
from personaforge.faces.video import MAX_CLIP_PIXELS, MAX_FRAME_PIXELS, MAX_FRAMES, UnreadableClip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A clip that is being decoded."""

    width: int
    """Pixels of the first frame."""
    height: int
    """Pixels of the first frame."""
    fps: float | None
    """Frames per second as the file says; None when it says nothing sensible."""
    frames: Iterator[NDArray[np.uint8]]
    """All frames, to be taken once, while the stream is open; a frame of another size is an UnreadableClip."""


@contextmanager
def open_clip(data: bytes) -> Iterator[Stream]:
    """Open a clip. Raises UnreadableClip, also from the frames: after too many of them with the reason `too_large`."""
    import tempfile  # takes 9 ms

    if not data:
        raise UnreadableClip("empty", "the file is empty")
    if not (data[4:8] == b"ftyp" or data.startswith(b"\x1a\x45\xdf\xa3") or data[:4] + data[8:12] == b"RIFFAVI "):
        raise UnreadableClip("not_a_clip", f"found no clip in the {len(data)} bytes, expected MP4, WebM or AVI")
    cv2 = opencv()
    with tempfile.TemporaryDirectory(prefix="forge-clip-") as folder:
        path = os.path.join(folder, "clip")
        with open(path, "wb") as file:
            file.write(data)
        # FFmpeg by name, or OpenCV tries every backend that it has, cameras included; one thread, because with several
        # a damaged stream may come out differently each time.
        capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        try:
            if not capture.isOpened():
                raise UnreadableClip("broken", "the clip can't be opened: it is truncated or in no known codec")
            size = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
            if size > MAX_FRAME_PIXELS:
                raise UnreadableClip("too_large", f"frames of {size:,.0f} pixels, more than {MAX_FRAME_PIXELS:,}")
            first = _read(capture)
            if first is None:
                raise UnreadableClip("broken", "not one frame can be decoded")
            fps = float(capture.get(cv2.CAP_PROP_FPS))
            height, width = first.shape[:2]
            yield Stream(
                int(width),
                int(height),
                fps if math.isfinite(fps) and fps > 0 else None,
                chain([first], _further(capture, first.shape)),
            )
        finally:
            capture.release()


def _read(capture: Any) -> NDArray[np.uint8] | None:
    """Return the next frame, or None after the last one that can be decoded."""
    try:
        done, frame = capture.read()
    except opencv().error as error:
        raise UnreadableClip("broken", f"the clip can't be decoded: {error}") from error
    return frame if done else None


def _further(capture: Any, shape: tuple[int, ...]) -> Iterator[NDArray[np.uint8]]:
    count = 1
    while (frame := _read(capture)) is not None:
        count += 1
        if count > MAX_FRAMES:
            raise UnreadableClip("too_large", f"more than {MAX_FRAMES:,} frames")
        if count * shape[0] * shape[1] > MAX_CLIP_PIXELS:
            raise UnreadableClip("too_large", f"more than {MAX_CLIP_PIXELS:,} pixels in all frames together")
        if frame.shape != shape:
            raise UnreadableClip("broken", f"frame {count - 1} has the shape {frame.shape}, the first one {shape}")
        yield frame
