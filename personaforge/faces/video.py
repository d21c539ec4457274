"""Bytes of a clip to a few sampled frames. Not an editor, and not for long films.

The whole clip is decoded twice, in order: once to count, once to pick. The frame count in a file's header is a guess
for WebM, and seeking lands on a neighbouring frame for several codecs; decoding in order is exact. Frames are uint8
(H, W, 3) BGR.

OpenCV 4.10 reads clips from files only, so the bytes go to a temporary one. FFmpeg follows what it finds in a playlist,
to other files and over the network, so only files that begin as MP4, WebM or AVI are handed to it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personaforge.faces.opencv import opencv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_FRAMES = 7_200
"""Five minutes at 24 per second. Our clips last 5 to 8 seconds; what is longer is somebody's mistake."""

MAX_FRAME_PIXELS = 60_000_000
"""As for pictures."""


class UnreadableClip(Exception):
    """The bytes are no clip that can be measured: an expected outcome, which the measuring code makes a value."""

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        """`empty`, `not_a_clip`, `broken` or `too_large`."""
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a clip."""

    number: int
    """From 0, in decoding order."""
    second: float | None
    """`number / fps`, or None when the file names no frame rate."""
    pixels: NDArray[np.uint8]
    """(height, width, 3), BGR."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A clip's dimensions and the frames sampled from it."""

    width: int
    height: int
    fps: float | None
    """Frames per second as the file says; None when it says nothing sensible."""
    frame_count: int
    """Frames that could be decoded, which is not always what the header says."""
    frames: tuple[Frame, ...]
    """The sample, in order."""

    @property
    def seconds(self) -> float | None:
        """Duration, from the frames and their rate."""
        return None if self.fps is None else self.frame_count / self.fps


def read_clip(data: bytes, *, frames: int) -> Clip:
    """Decode `frames` frames, spread evenly, the first and the last among them. Raises UnreadableClip."""
    import tempfile  # takes 9 ms

    if frames < 1:
        raise ValueError(f"frames is {frames}, expected at least 1")
    if not data:
        raise UnreadableClip("empty", "the file is empty")
    if not (data[4:8] == b"ftyp" or data.startswith(b"\x1a\x45\xdf\xa3") or data[:4] + data[8:12] == b"RIFFAVI "):
        raise UnreadableClip("not_a_clip", f"found no clip in the {len(data)} bytes, expected MP4, WebM or AVI")
    with tempfile.TemporaryDirectory(prefix="forge-clip-") as folder:
        path = os.path.join(folder, "clip")
        with open(path, "wb") as file:
            file.write(data)
        count = _count(path)
        with _capture(path) as capture:
            fps = _rate(capture)
            taken = tuple(_picked(capture, sample(count, frames), fps))
    if not taken:
        raise UnreadableClip("broken", "the clip's frames could be counted and not decoded")
    height, width = taken[0].pixels.shape[:2]
    return Clip(int(width), int(height), fps, count, taken)


def sample(count: int, frames: int) -> list[int]:
    """Return up to `frames` frame numbers of `count`, evenly spread, with the first and, from two on, the last."""
    if frames == 1 or count == 1:
        return [0]
    step = (count - 1) / (frames - 1)
    # floor(x + 0.5) and not round(): round() goes to even numbers, which spaces the sample unevenly.
    return sorted({math.floor(index * step + 0.5) for index in range(frames)})


@contextmanager
def _capture(path: str) -> Iterator[Any]:
    cv2 = opencv()
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)  # by name, or OpenCV tries every backend it has, cameras included
    try:
        if not capture.isOpened():
            raise UnreadableClip("broken", "the clip can't be opened: it is truncated or in no known codec")
        size = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if size > MAX_FRAME_PIXELS:
            raise UnreadableClip("too_large", f"frames of {size:,.0f} pixels, more than {MAX_FRAME_PIXELS:,}")
        yield capture
    finally:
        capture.release()


def _count(path: str) -> int:
    with _capture(path) as capture:
        count = 0
        while capture.grab():
            count += 1
            if count > MAX_FRAMES:
                raise UnreadableClip("too_large", f"more than {MAX_FRAMES:,} frames")
    if count == 0:
        raise UnreadableClip("broken", "not one frame can be decoded")
    return count


def _rate(capture: Any) -> float | None:
    fps = float(capture.get(opencv().CAP_PROP_FPS))
    return fps if math.isfinite(fps) and fps > 0 else None


def _picked(capture: Any, numbers: list[int], fps: float | None) -> Iterator[Frame]:
    wanted = set(numbers)
    for number in range(numbers[-1] + 1):
        if not capture.grab():
            return
        if number in wanted:
            done, pixels = capture.retrieve()
            if done:
                yield Frame(number, None if fps is None else number / fps, pixels)
