"""Opens a clip for decoding: by OpenCV, or by PyAV where that is named.

OpenCV reads what it can read on every machine, so that a clip has the same measurement everywhere. PyAV, an extra, is
for codecs that OpenCV's wheels don't have, such as AV1; see `pyav`. Both are FFmpeg, and both get the same frames and
times from what both read (tests/faces/test_pyav.py compares them).

Both decode with one thread: callers decode several clips at once, and with several threads a damaged stream may be
decoded differently each time. OpenCV reads from memory since 4.11.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from personaforge.errors import MissingExtra
from personaforge.faces.capture import OPENCV, Capture, UnreadableClip, require_clip, sensible, undecoded
from personaforge.faces.opencv import opencv
from personaforge.faces.pyav import by_pyav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@contextmanager
def open_capture(data: bytes, reader: str = OPENCV) -> Iterator[Capture]:
    """Yield a clip, opened by a reader. Raises UnreadableClip, and MissingExtra where the reader isn't installed."""
    require_clip(data)
    if reader == OPENCV:
        with _by_opencv(data) as capture:
            yield capture
        return
    with by_pyav(data, reader) as capture:
        yield capture


class _Bytes(io.BytesIO):
    """The stream that OpenCV reads from. An exception would pass through FFmpeg's C code, so a wrong position is an
    answer."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return -1


class _ByOpenCV:
    def __init__(self, video: Any) -> None:
        cv2 = opencv()
        self._video, self._time = video, cv2.CAP_PROP_POS_MSEC
        self.size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)) * int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self.rate = sensible(float(video.get(cv2.CAP_PROP_FPS)))
        self.stated = float(video.get(cv2.CAP_PROP_FRAME_COUNT))

    def grab(self) -> bool:
        return bool(self._video.grab())

    def frame(self) -> NDArray[np.uint8] | None:
        done, pixels = self._video.retrieve()
        return pixels if done else None

    def second(self) -> float:
        return float(self._video.get(self._time)) / 1000


@contextmanager
def _by_opencv(data: bytes) -> Iterator[Capture]:
    cv2 = opencv()
    if cv2.CAP_FFMPEG not in cv2.videoio_registry.getStreamBufferedBackends():
        raise MissingExtra("this OpenCV reads no clips from memory", hint="pip install 'opencv-python>=4.11'")
    # Named, because release() drops its reference to the stream without the interpreter's lock, and crashes if it is
    # the last one (OpenCV 5.0).
    stream = _Bytes(data)
    # FFmpeg by name: otherwise OpenCV tries every backend that it has, cameras included.
    video = cv2.VideoCapture(stream, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not video.isOpened():
            raise undecoded(data, "the clip can't be opened: it is truncated or in no known codec")
        yield _ByOpenCV(video)
    except cv2.error as error:
        raise UnreadableClip("broken", f"the clip can't be decoded: {error}") from error
    finally:
        video.release()
        stream.close()
