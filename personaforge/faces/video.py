"""Bytes of a clip to a few sampled frames. Not an editor, and not for long films.

The clip is decoded in order, in memory and once: the sample is chosen by the frame count in the file's header, and a
second pass chooses again only when another number of frames was decoded. The count in a header is a guess for WebM, and
seeking finds a neighbouring frame for several codecs; decoding in order is exact. So the sample is always taken over
the frames that can really be decoded. Frames are uint8 (H, W, 3) BGR, turned as the file says; `readers` opens
the clip.

Not bounded here: a stream may announce larger frames than the file's header. FFmpeg allocates them, up to 268 million
pixels in a few buffers of 1.5 bytes a pixel (600 MB were measured for 144 million), and OpenCV scales them.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, TypeVar

from personaforge.faces.capture import OPENCV, Capture, UnreadableClip, require_clip, undecoded
from personaforge.faces.readers import open_capture
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

_SHOWN_AGAIN = re.compile(rb"\d\dd[bc]\0{4}")
"""An AVI's frame of no bytes."""

UNEVEN = 0.125
"""Seconds. By number a frame may be sampled that is shown so much before or after its place in time, and no more: half
of the time between two looks (`looks.PER_SECOND`). Chosen by us."""

CANDIDATES = 4
"""Frames looked at for a face, for each frame sampled; see `read_clip`."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a clip."""

    number: int
    """From 0, in decoding order."""
    second: float | None
    """`number / fps`, or None when the file names no frame rate; of a sample by time its time stamp."""
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
    """The sample, in order. By time a frame that is shown for long may be there several times."""
    is_uneven: bool = False
    """Whether a sample by number misses what is shown at times; see the function `is_uneven`."""
    end: float | None = None
    """Seconds at which the last frame ends, where that was asked for."""

    @property
    def seconds(self) -> float | None:
        """Duration: to the end of the last frame where that is known, else from the frames and their rate."""
        if self.end is not None:
            return self.end
        return None if self.fps is None else self.frame_count / self.fps


def read_clip(
    data: bytes,
    *,
    frames: int,
    shows_face: Callable[[NDArray[np.uint8]], bool] | None = None,
    by_time: bool = False,
    reader: str = OPENCV,
    share: Share | None = None,
) -> Clip:
    """Decode `frames` frames, spread evenly, the first and the last among them. Raises UnreadableClip.

    Evenly by their numbers, or `by_time` where the clip is uneven: then the frames that are shown at `frames` instants,
    which takes a second decoding pass. `reader` is who decodes; see `readers`. `share` is held for as many bytes as the
    frames take, from before the first is decoded; see `room`.

    With `shows_face` frames with a face are preferred: it is called for each of `CANDIDATES * frames` frames, spread
    evenly, in order; the sample is spread evenly over those with a face, and frames without one fill it up when those
    are too few. So the sample depends on the bytes and the answers alone. It costs a second decoding pass, and a
    decision by it doesn't see how much of the clip shows nobody.
    """
    if frames < 1:
        raise ValueError(f"frames is {frames}, expected at least 1")
    require_clip(data)
    if by_time:
        times = _decoded(data, lambda _: [], _keep, None, share, reader)[0].times
        numbers = at_instants(times, frames) if is_uneven(times, frames) else sample(len(times), frames)
        drawn, _ = _decoded(data, lambda _: numbers, _keep, len(times), share, reader)
    elif shows_face is not None:
        faces = _drawn(data, lambda count: sample(count, CANDIDATES * frames), shows_face, share, reader)
        numbers = prefer(faces.frames, frames)
        drawn, _ = _decoded(data, lambda _: numbers, _keep, len(faces.times), share, reader)
    else:
        drawn = _drawn(data, lambda count: sample(count, frames), _keep, share, reader)
        numbers = list(drawn.frames)
    if not drawn.frames:
        raise UnreadableClip("broken", "the clip's frames could be counted and not decoded")
    height, width = next(iter(drawn.frames.values())).shape[:2]
    rate, uneven = drawn.fps, is_uneven(drawn.times, frames)

    def second(number: int) -> float | None:
        return drawn.times[number] if by_time and uneven else rate and number / rate

    taken = tuple(Frame(number, second(number), drawn.frames[number]) for number in numbers if number in drawn.frames)
    end = ends(drawn.times)[-1] if by_time and uneven else None
    return Clip(int(width), int(height), rate, len(drawn.times), taken, uneven, end)


def sample(count: int, frames: int) -> list[int]:
    """Return up to `frames` frame numbers of `count`, evenly spread, with the first and, from two on, the last."""
    if frames == 1 or count == 1:
        return [0]
    step = (count - 1) / (frames - 1)
    # floor(x + 0.5) and not round(): round() goes to even numbers, which spaces the sample unevenly.
    return sorted({math.floor(index * step + 0.5) for index in range(frames)})


def at_instants(times: Sequence[float], frames: int) -> list[int]:
    """Return the numbers of the frames that are shown at `frames` instants, in order and with repeats: evenly spread
    from the middle of the first frame to the middle of the last, so that of a constant rate they are `sample`'s."""
    until = ends(times)
    first, last = (times[0] + until[0]) / 2, (times[-1] + until[-1]) / 2
    step = (last - first) / max(1, frames - 1)
    return [max(0, bisect_right(times, first + index * step) - 1) for index in range(frames)]


def is_uneven(times: Sequence[float], frames: int) -> bool:
    """Tell whether a sample by number misses what is shown at some of the instants by more than UNEVEN seconds; no
    where the clip has no times."""
    if any(math.isnan(second) for second in times):
        return False
    until, step = ends(times), (len(times) - 1) / max(1, frames - 1)
    first, last = (times[0] + until[0]) / 2, (times[-1] + until[-1]) / 2
    for index in range(frames):
        instant, number = first + index * (last - first) / max(1, frames - 1), math.floor(index * step + 0.5)
        if instant < times[number] - UNEVEN or instant > until[number] + UNEVEN:
            return True
    return False


def ends(times: Sequence[float]) -> list[float]:
    """Return until when each frame is shown: to the next one's time; the last for the median of the others' times, or
    for a quarter of a second if it is the only one."""
    steps = sorted(other - one for one, other in pairwise(times))
    return [*times[1:], times[-1] + (steps[len(steps) // 2] if steps else 0.25)]


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
    times: list[float]
    """Of every frame that was decoded, seconds; not a number where the clip has none."""
    fps: float | None
    frames: dict[int, T]


def _keep(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels


def _drawn(
    data: bytes,
    choose: Callable[[int], list[int]],
    look: Callable[[NDArray[np.uint8]], T],
    share: Share | None,
    reader: str,
) -> _Drawn[T]:
    """Decode the clip, and again where the header's count was wrong; return the results of `look` for the chosen
    frames."""
    drawn, asked = _decoded(data, choose, look, None, share, reader)
    if choose(len(drawn.times)) != asked:
        drawn, _ = _decoded(data, choose, look, len(drawn.times), share, reader)
    return drawn


def _decoded(
    data: bytes,
    choose: Callable[[int], list[int]],
    look: Callable[[NDArray[np.uint8]], T],
    known: int | None,
    share: Share | None,
    reader: str,
) -> tuple[_Drawn[T], list[int]]:
    with open_capture(data, reader) as capture:
        size = frame_pixels(capture)
        expected = _header_count(data, capture) if known is None else known
        numbers = choose(expected) if expected else []
        wanted = set(numbers)
        # Before anything is decoded. A glance keeps no pixels, so only kept frames need the bound.
        if look is _keep and len(wanted) * size > MAX_SAMPLE_PIXELS:
            found = f"a sample of {len(wanted)} frames of {size:,} pixels"
            raise UnreadableClip("too_large", f"{found}, more than {MAX_SAMPLE_PIXELS:,} in all")
        if share is not None:
            share.hold(3 * size * (len(wanted) if look is _keep else 1))
        times, frames = list[float](), {}
        for number, second in timed(data, capture, size, reader):
            times.append(second)
            if number in wanted and (pixels := capture.frame()) is not None:
                frames[number] = look(pixels)
        return _Drawn(times, capture.rate, frames), numbers


def timed(data: bytes, capture: Capture, size: int, reader: str = OPENCV) -> Iterator[tuple[int, float]]:
    """Grab one frame after the other, and yield its number and its second: by the file's time stamp where that is later
    than the one before, else by the frame rate, and not a number where there is none. `size` is `frame_pixels`. Raises
    UnreadableClip, where there is not one frame, too."""
    count, before = 0, -math.inf
    # Decoding goes on after a damaged frame: only several failures in a row are the end of the clip.
    while any(capture.grab() for _ in range(_ATTEMPTS)):
        count += 1
        second = capture.second()
        if not math.isfinite(second) or second <= before:
            second = math.nan if capture.rate is None else max(before, -1 / capture.rate) + 1 / capture.rate
        before = before if math.isnan(second) else second
        yield count - 1, second
        if count > MAX_FRAMES:
            raise UnreadableClip("too_large", f"more than {MAX_FRAMES:,} frames")
        if count * size > MAX_CLIP_PIXELS:
            raise UnreadableClip("too_large", f"more than {MAX_CLIP_PIXELS:,} pixels in all frames together")
    if count == 0:
        raise undecoded(data, "not one frame can be decoded", reader)


def frame_pixels(capture: Capture) -> int:
    """Return width times height. Raises UnreadableClip above MAX_FRAME_PIXELS."""
    if capture.size > MAX_FRAME_PIXELS:
        raise UnreadableClip("too_large", f"frames of {capture.size:,} pixels, more than {MAX_FRAME_PIXELS:,}")
    return capture.size


def listed(data: bytes, capture: Capture) -> int | None:
    """Return how many frames an MP4 or an AVI lists, without those that an AVI shows again instead of a new one; None
    for a WebM, which lists none."""
    if data.startswith(b"\x1a\x45"):
        return None
    count = _header_count(data, capture)
    if count is None or not data.startswith(b"RIFF"):
        return count
    index = data.rfind(b"idx1")
    return max(0, count - len(_SHOWN_AGAIN.findall(data, 0, index if index > 0 else len(data))))


def _header_count(data: bytes, capture: Capture) -> int | None:
    """Return how many frames the file says it has; None when it gives no usable number.

    An MP4 lists its frames, so one with too many is refused before any is decoded. Other headers are guesses, which may
    be far too high or too low: a WebM recorded in a browser claims 1,000 frames a second.
    """
    count = capture.stated
    if not math.isfinite(count) or count < 1:
        return None
    if count <= MAX_FRAMES:
        return int(count)
    if data[4:8] == b"ftyp":
        raise UnreadableClip("too_large", f"{count:,.0f} frames, more than {MAX_FRAMES:,}")
    return None
