"""Bytes of a clip to a few sampled frames. Not an editor, and not for long films.

The clip is decoded in order, in memory and once: the sample is chosen by the frame count in the file's header, and a
second pass chooses again only when another number of frames was decoded. The count in a header is a guess for WebM, and
seeking finds a neighbouring frame for several codecs; decoding in order is exact. So the sample is always taken over
the frames that can really be decoded. Frames are uint8 (H, W, 3) BGR, turned as the file says.

FFmpeg follows the entries of a playlist, to other files and over the network, so it only gets bytes that begin as MP4,
WebM or AVI. It decodes with one thread: callers decode several clips at once, and with several threads a damaged stream
may be decoded differently each time.

Not bounded here: a stream may announce larger frames than the file's header. FFmpeg allocates them, up to 268 million
pixels in a few buffers of 1.5 bytes a pixel (600 MB were measured for 144 million), and OpenCV scales them.

OpenCV reads from memory since 4.11.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from personaforge.errors import MissingExtra
from personaforge.faces.opencv import opencv
from personaforge.faces.room import Share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

MAX_FRAMES = 7_200
"""Five minutes at 24 per second. Our clips last 5 to 8 seconds; a longer one is a mistake."""

MAX_FRAME_PIXELS = 36_000_000
"""8K has 33 million."""

MAX_CLIP_PIXELS = 15_000_000_000
"""Pixels of all frames together: MAX_FRAMES in full HD, a minute in 4K. An 8K film of one still picture has a few KB
and takes long to decode."""

MAX_SAMPLE_PIXELS = 300_000_000
"""Pixels of the sampled frames together, at 3 bytes each: 36 frames in 4K."""

_ATTEMPTS = 8
"""Attempts to get a frame before the clip counts as ended."""

_DECODED = (
    *("h264", "avc1", "avc3", "hevc", "hvc1", "hev1", "vp80", "vp90", "vp08", "vp09", "mjpg", "fmp4", "mp4v"),
    *("v_vp8", "v_vp9", "v_mjpeg", "v_mpeg4/iso/avc", "v_mpegh/iso/hevc"),
)
"""Codecs that OpenCV's wheels decode, in small letters: a clip in one of them of which nothing decodes is broken."""

_CODECS = (
    re.compile(rb"^\x1a\x45\xdf\xa3.*?\x86[\x81-\xbf](V_[A-Z0-9/_]+)", re.DOTALL),
    re.compile(rb"^RIFF.*?strh.{4}vids(.{4})", re.DOTALL),
    re.compile(rb"hdlr.{8}vide.*?stsd.{12}(.{4})", re.DOTALL),
)
"""Where WebM, AVI and MP4 name the codec of their pictures."""

_SHOWN_AGAIN = re.compile(rb"\d\dd[bc]\0{4}")
"""An AVI's frame of no bytes."""

CANDIDATES = 4
"""Frames looked at for a face, for each frame sampled; see `read_clip`."""


class UnreadableClip(Exception):
    """The bytes are no clip that can be measured: an expected outcome, which the measuring code turns into a value."""

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        """`empty`, `not_a_clip`, `unsupported` (a codec that the decoder doesn't have), `broken` or `too_large`."""
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
    """Frames that could be decoded, which is not always the header's number."""
    frames: tuple[Frame, ...]
    """The sample, in order."""

    @property
    def seconds(self) -> float | None:
        """Duration, from the frames and their rate."""
        return None if self.fps is None else self.frame_count / self.fps


def read_clip(
    data: bytes,
    *,
    frames: int,
    shows_face: Callable[[NDArray[np.uint8]], bool] | None = None,
    share: Share | None = None,
) -> Clip:
    """Decode `frames` frames, spread evenly, the first and the last among them. Raises UnreadableClip.

    `share` is held for as many bytes as the frames take, from before the first is decoded; see `room`.

    With `shows_face` frames with a face are preferred: it is called for each of `CANDIDATES * frames` frames, spread
    evenly, in order; the sample is spread evenly over those with a face, and frames without one fill it up when those
    are too few. So the sample depends on the bytes and the answers alone. It costs a second decoding pass, and a
    decision by it doesn't see how much of the clip shows nobody.
    """
    if frames < 1:
        raise ValueError(f"frames is {frames}, expected at least 1")
    require_clip(data)
    if shows_face is None:
        drawn = _drawn(data, lambda count: sample(count, frames), _keep, share)
    else:
        faces = _drawn(data, lambda count: sample(count, CANDIDATES * frames), shows_face, share)
        numbers = prefer(faces.frames, frames)
        drawn, _ = _decoded(data, lambda _: numbers, _keep, faces.count, share)
    if not drawn.frames:
        raise UnreadableClip("broken", "the clip's frames could be counted and not decoded")
    height, width = next(iter(drawn.frames.values())).shape[:2]
    rate = drawn.fps
    taken = tuple(Frame(number, rate and number / rate, pixels) for number, pixels in drawn.frames.items())
    return Clip(int(width), int(height), rate, drawn.count, taken)


def require_clip(data: bytes) -> None:
    """Refuse bytes that don't begin as a clip: in a playlist FFmpeg follows paths and addresses. Raises
    UnreadableClip."""
    if not data:
        raise UnreadableClip("empty", "the file is empty")
    if not (data[4:8] == b"ftyp" or data.startswith(b"\x1a\x45\xdf\xa3") or data[:4] + data[8:12] == b"RIFFAVI "):
        raise UnreadableClip("not_a_clip", f"found no clip in the {len(data)} bytes, expected MP4, WebM or AVI")


def sample(count: int, frames: int) -> list[int]:
    """Return up to `frames` frame numbers of `count`, evenly spread, with the first and, from two on, the last."""
    if frames == 1 or count == 1:
        return [0]
    step = (count - 1) / (frames - 1)
    # floor(x + 0.5) and not round(): round() goes to even numbers, which spaces the sample unevenly.
    return sorted({math.floor(index * step + 0.5) for index in range(frames)})


def prefer(faces: Mapping[int, bool], frames: int) -> list[int]:
    """Return up to `frames` of the numbers, in order: those with a face, evenly spread, then others to fill up."""
    showing, empty = ([number for number in sorted(faces) if faces[number] is shows] for shows in (True, False))
    if len(showing) >= frames:
        return [showing[index] for index in sample(len(showing), frames)]
    missing = min(frames - len(showing), len(empty))
    fill = [empty[index] for index in sample(len(empty), missing)] if missing else []
    return sorted(showing + fill)


@dataclass(frozen=True, slots=True)
class _Drawn(Generic[T]):
    count: int
    fps: float | None
    frames: dict[int, T]


def _keep(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels


def _drawn(
    data: bytes, choose: Callable[[int], list[int]], look: Callable[[NDArray[np.uint8]], T], share: Share | None
) -> _Drawn[T]:
    """Decode the clip, and again where the header's count was wrong; return the results of `look` for the chosen
    frames."""
    drawn, asked = _decoded(data, choose, look, None, share)
    if choose(drawn.count) != asked:
        drawn, _ = _decoded(data, choose, look, drawn.count, share)
    return drawn


def _decoded(
    data: bytes,
    choose: Callable[[int], list[int]],
    look: Callable[[NDArray[np.uint8]], T],
    known: int | None,
    share: Share | None,
) -> tuple[_Drawn[T], list[int]]:
    with open_capture(data) as capture:
        size = frame_pixels(capture)
        expected = _header_count(data, capture) if known is None else known
        numbers = choose(expected) if expected else []
        # Before anything is decoded. A glance keeps no pixels, so only kept frames need the bound.
        if look is _keep and len(numbers) * size > MAX_SAMPLE_PIXELS:
            found = f"a sample of {len(numbers)} frames of {size:,} pixels"
            raise UnreadableClip("too_large", f"{found}, more than {MAX_SAMPLE_PIXELS:,} in all")
        if share is not None:
            share.hold(3 * size * (len(numbers) if look is _keep else 1))
        wanted, count, frames = set(numbers), 0, {}
        for count in grabbed(data, capture, size):
            if count - 1 in wanted:
                done, pixels = capture.retrieve()
                if done:
                    frames[count - 1] = look(pixels)
        return _Drawn(count, rate_of(capture), frames), numbers


def grabbed(data: bytes, capture: Any, size: int) -> Iterator[int]:
    """Grab one frame after the other, and yield how many there are so far; `size` is `frame_pixels`. Raises
    UnreadableClip, where there is not one, too."""
    count = 0
    # Decoding goes on after a damaged frame: only several failures in a row are the end of the clip.
    while any(capture.grab() for _ in range(_ATTEMPTS)):
        count += 1
        yield count
        if count > MAX_FRAMES:
            raise UnreadableClip("too_large", f"more than {MAX_FRAMES:,} frames")
        if count * size > MAX_CLIP_PIXELS:
            raise UnreadableClip("too_large", f"more than {MAX_CLIP_PIXELS:,} pixels in all frames together")
    if count == 0:
        raise _undecoded(data, "not one frame can be decoded")


def _undecoded(data: bytes, otherwise: str) -> UnreadableClip:
    """Return the error for a clip of which nothing decodes: of damage, or for want of a decoder."""
    named = next((match[1] for one in _CODECS if (match := one.search(data))), b"")
    codec = named.decode("latin-1").strip("\0 ")
    if not codec.isprintable() or not codec or codec.lower() in _DECODED:
        return UnreadableClip("broken", otherwise)
    message = f"the clip's codec is {codec}, of which this OpenCV decodes not one frame; save it as H.264 or VP9"
    return UnreadableClip("unsupported", message)


class _Bytes(io.BytesIO):
    """The stream that OpenCV reads from. An exception would pass through FFmpeg's C code, so a wrong position is an
    answer."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return -1


@contextmanager
def open_capture(data: bytes) -> Iterator[Any]:
    """Yield an open cv2.VideoCapture over bytes that begin as a clip. Raises UnreadableClip."""
    cv2 = opencv()
    if cv2.CAP_FFMPEG not in cv2.videoio_registry.getStreamBufferedBackends():
        raise MissingExtra("this OpenCV reads no clips from memory", hint="pip install 'opencv-python>=4.11'")
    # Named, because release() drops its reference to the stream without the interpreter's lock, and crashes if it is
    # the last one (OpenCV 5.0).
    stream = _Bytes(data)
    # FFmpeg by name: otherwise OpenCV tries every backend that it has, cameras included.
    capture = cv2.VideoCapture(stream, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not capture.isOpened():
            raise _undecoded(data, "the clip can't be opened: it is truncated or in no known codec")
        yield capture
    except cv2.error as error:
        raise UnreadableClip("broken", f"the clip can't be decoded: {error}") from error
    finally:
        capture.release()
        stream.close()


def frame_pixels(capture: Any) -> int:
    """Return width times height. Raises UnreadableClip above MAX_FRAME_PIXELS."""
    cv2 = opencv()
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)) * int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if size > MAX_FRAME_PIXELS:
        raise UnreadableClip("too_large", f"frames of {size:,} pixels, more than {MAX_FRAME_PIXELS:,}")
    return size


def listed(data: bytes, capture: Any) -> int | None:
    """Return how many frames an MP4 or an AVI lists, without those that an AVI shows again instead of a new one; None
    for a WebM, which lists none."""
    if data.startswith(b"\x1a\x45"):
        return None
    count = _header_count(data, capture)
    if count is None or not data.startswith(b"RIFF"):
        return count
    index = data.rfind(b"idx1")
    return max(0, count - len(_SHOWN_AGAIN.findall(data, 0, index if index > 0 else len(data))))


def _header_count(data: bytes, capture: Any) -> int | None:
    """Return how many frames the file says it has; None when it gives no usable number.

    An MP4 lists its frames, so one with too many is refused before any is decoded. Other headers are guesses, which may
    be far too high or too low: a WebM recorded in a browser claims 1,000 frames a second.
    """
    count = float(capture.get(opencv().CAP_PROP_FRAME_COUNT))
    if not math.isfinite(count) or count < 1:
        return None
    if count <= MAX_FRAMES:
        return int(count)
    if data[4:8] == b"ftyp":
        raise UnreadableClip("too_large", f"{count:,.0f} frames, more than {MAX_FRAMES:,}")
    return None


def rate_of(capture: Any) -> float | None:
    """Return the frames per second that the file names; None when it says nothing sensible."""
    fps = float(capture.get(opencv().CAP_PROP_FPS))
    return fps if math.isfinite(fps) and fps > 0 else None
