"""Clips by PyAV, the only place that imports `av`: for codecs that OpenCV's wheels don't have, such as AV1.

An extra, `pip install 'personaforge[av]'`. PyAV itself is under the BSD licence; its wheels hold FFmpeg with libx264
and libx265, which are under the GPL. It takes 100 MB on disk (18.1 for Linux).

PyAV 18.1 converts a frame to BGR as OpenCV 5.0 does, to the bit, of H.264 (4:2:0, 4:4:4, BT.709), HEVC, VP9, MPEG-4,
ProRes and Motion JPEG (compared by us, 18 frames each). That may change with either's FFmpeg, so keys name PyAV with
its version.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from personaforge.errors import MissingExtra
from personaforge.faces.capture import Capture, UnreadableClip, sensible, undecoded
from personaforge.versions import installed_version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HINT: Final = "pip install 'personaforge[av]'"
_FORMATS: Final = ((b"\x1a\x45\xdf\xa3", "matroska"), (b"RIFF", "avi"), (b"", "mov"))
"""First bytes and FFmpeg's demuxer: named, so that it guesses no other."""
_MOST_PIXELS: Final = 36_000_000
"""Of a frame, as `video.MAX_FRAME_PIXELS`: FFmpeg refuses larger ones that the stream announces."""


def reader() -> str | None:
    """Return PyAV with its version, `av 18.1.0`, as keys name it; None where it isn't installed. Imports nothing."""
    version = installed_version("av")
    return None if version is None else f"av {version}"


@contextmanager
def by_pyav(data: bytes, named: str) -> Iterator[Capture]:
    """Yield an open clip. Raises MissingExtra where the named PyAV isn't the installed one, and UnreadableClip."""
    if named != reader():
        raise MissingExtra(f"the clip is to be read by {named}, and {reader() or 'no PyAV'} is installed", hint=HINT)
    try:
        import av
    except Exception as error:  # its native part may raise any exception
        raise MissingExtra(f"PyAV can't be loaded: {error}", hint=f"pip install --force-reinstall '{named}'") from error
    av.logging.set_level(av.logging.PANIC)  # FFmpeg would write to file descriptor 2 about every broken clip
    form = next(name for start, name in _FORMATS if data.startswith(start))
    try:
        with av.open(io.BytesIO(data), mode="r", format=form) as container:
            if not container.streams.video:
                raise UnreadableClip("broken", "the clip has no pictures")
            if container.streams.video[0].codec_context is None:
                raise undecoded(data, "the clip can't be opened: it is in no known codec", named)
            yield _ByPyAV(av, container)
    except av.error.FFmpegError as error:
        raise undecoded(data, f"the clip can't be opened: {error}", named) from error


class _ByPyAV:
    def __init__(self, av: Any, container: Any) -> None:
        self._av, self._container = av, container
        self._stream = stream = container.streams.video[0]
        context = stream.codec_context
        context.thread_type, context.thread_count = "NONE", 1
        context.options = {"max_pixels": str(_MOST_PIXELS)}
        self._width, self._height = int(context.width), int(context.height)
        self._start = stream.start_time or 0
        self.size = self._width * self._height
        self.rate = sensible(float(stream.average_rate or 0))
        seconds = (container.duration or 0) / av.time_base
        self.stated = float(stream.frames or math.floor(seconds * (self.rate or 0) + 0.5))
        self._frames = self._decoded()
        self._grabbed: Any = None

    def grab(self) -> bool:
        self._grabbed = next(self._frames, None)
        return self._grabbed is not None

    def frame(self) -> NDArray[np.uint8] | None:
        import numpy as np

        # Of the first frames' size, and by the same filter, as OpenCV scales frames whose size changes on the way.
        pixels = self._grabbed.to_ndarray(
            format="bgr24", width=self._width, height=self._height, interpolation="BICUBIC"
        )
        turns = round(self._grabbed.rotation / 90) % 4  # counter-clockwise, as numpy's
        return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels

    def second(self) -> float:
        stamp = self._grabbed.pts if self._grabbed.pts is not None else self._grabbed.dts
        return math.nan if stamp is None else float((stamp - self._start) * self._stream.time_base)

    def _decoded(self) -> Iterator[Any]:
        """Yield what can be decoded; a damaged packet has no frame, and the next one may have."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, self._av.error.FFmpegError):
                return
            with suppress(self._av.error.FFmpegError):
                yield from packet.decode()
