"""A look through the whole of a clip, by time: who is to be seen when. Pixels to looks; it compares with no anchor.

First pass: the first frame in each quarter of a second. A look finds the faces by the analyzer's quickest pass
(`glance`, where it has one) and takes their embeddings. Where a look differs from the one before, and every
`_VERIFIED` looks, the frame is read thoroughly, too; where that finds more faces, as small ones beside a large one, all
looks are thorough until the next difference.

Second pass, only where needed: between two looks that differ, the frames at least `_FINEST` apart, so that a cut is
dated to a frame; and frames that are shown for a quarter of a second or more and began in a quarter that had been
looked at, as clips with a variable frame rate have them.

So any stretch of half a second has a look: it contains a whole quarter, or lies within one frame. What changes little
from look to look, as a slow cross-fade, is dated to a quarter of a second. Frames are decoded in order, as in `video`;
times are the file's time stamps, and by the frame rate where it has none.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.faces.capture import OPENCV, Capture, UnreadableClip, require_clip
from personaforge.faces.container import has_sound
from personaforge.faces.opencv import opencv
from personaforge.faces.readers import open_capture
from personaforge.faces.video import ends, frame_pixels, listed, timed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from personaforge.faces.analyzer import Face, FaceAnalyzer

PER_SECOND = 4
"""Looks a second of the first pass."""

MOST_FACES = 4
"""Faces that are kept of a look, the largest ones."""

_FINEST = 1 / 25 - 0.001
"""Seconds between the looks of the second pass, less a millisecond for rounded time stamps."""

_ALIKE = 0.75
"""Cosine from which the faces of two neighbouring looks are taken for one. It dates changes and decides about nobody:
where it is too high, more frames are looked at, and where it is too low, a change is dated to a quarter of a second."""

_VERIFIED = 8
"""Looks after which one is thorough, if nothing differs."""

_DARKEST = 24
"""Of 255. A frame is black when no 32nd by 32nd of it is brighter on average. Black decodes to 0; VP8 at its coarsest
leaves blocks of up to 8."""

_NEAR = 8
"""Places of lost frames that are named."""


class _Look(NamedTuple):
    second: float
    is_black: bool
    faces: tuple[Face, ...]
    is_thorough: bool


@dataclass
class _Watcher:
    """Looks at one frame after the other."""

    analyzer: FaceAnalyzer
    thorough: bool = False
    """Whether the last thorough look found more than a glance did."""
    before: _Look | None = None
    since: int = 0

    def look(self, second: float, pixels: NDArray[np.uint8]) -> _Look:
        """Look at the next frame of the first pass."""
        found = sight(self.analyzer, second, pixels, self.thorough)
        differs = self.before is None or unlike(self.before, found)
        self.since = 0 if differs else (self.since + 1) % _VERIFIED
        if self.since == 0 and not found.is_black and _glance_of(self.analyzer) is not None:
            glanced = sight(self.analyzer, second, pixels, False) if found.is_thorough else found
            found = sight(self.analyzer, second, pixels, True)
            self.thorough = len(found.faces) > len(glanced.faces)
        self.before = found
        return found


def look_through(data: bytes, analyzer: FaceAnalyzer, *, reader: str = OPENCV) -> dict[str, Any]:
    """Look through a clip. Bad bytes are an outcome, not an error. `reader` is who decodes; see `readers`.

    status, code, reason   `measured`, or `unreadable` and why (`untimed`: the clip has no times); then no more
    looks    in order: `frame` (from 0), `second`, `until` (the next frame's time), `black`, and `faces`, the largest
             first, at most MOST_FACES: `box` (x1, y1, x2, y2, pixels), `detection`, `embedding` (see `unpacked`)
    end      seconds at which the last frame ends
    undecoded  `lost`: frames that the file lists and that can't be decoded, or null where it lists none (WebM);
             `listed`; `near`: seconds before gaps, the first few. What FFmpeg conceals within a frame isn't seen
    sound    whether the clip has a sound track; what is to be heard isn't examined
    """
    try:
        require_clip(data)
        return _looked_through(data, analyzer, reader)
    except UnreadableClip as error:
        return {"status": "unreadable", "code": error.reason_code, "reason": error.message}


def unpacked(face: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return the embedding of a look's face: (n,), L2 norm 1. It was kept as half floats, which changes cosines by
    less than 0.001."""
    import numpy as np

    vector = np.frombuffer(base64.b64decode(face["embedding"]), dtype="<f2").astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def is_black(pixels: NDArray[np.uint8]) -> bool:
    """Return whether a frame shows nothing but black."""
    cv2 = opencv()
    # Where the whole is brighter on average, some part of it is: known in a fifth of the time.
    if max(cv2.mean(pixels)[:3]) > _DARKEST + 1:
        return False
    return bool(cv2.resize(pixels, (32, 32), interpolation=cv2.INTER_AREA).max() <= _DARKEST)


def sight(analyzer: FaceAnalyzer, second: float, pixels: NDArray[np.uint8], thorough: bool) -> _Look:
    """Return what a frame shows."""
    if is_black(pixels):
        return _Look(second, True, (), thorough)
    quick = _glance_of(analyzer)
    faces = analyzer.read(pixels)[:MOST_FACES] if thorough or quick is None else quick(pixels, MOST_FACES)
    return _Look(second, False, tuple(faces), thorough)


def unlike(one: _Look, other: _Look) -> bool:
    """Tell whether two looks show something else: black or not, or faces that are not each other's."""
    if one.is_black != other.is_black or len(one.faces) != len(other.faces):
        return True
    return any(max(float(face.embedding @ known.embedding) for known in other.faces) < _ALIKE for face in one.faces)


def _glance_of(analyzer: FaceAnalyzer) -> Any:
    return getattr(analyzer, "glance", None)


def _looked_through(data: bytes, analyzer: FaceAnalyzer, reader: str) -> dict[str, Any]:
    watcher, looks, times = _Watcher(analyzer), dict[int, _Look](), list[float]()
    quarter = -1
    with open_capture(data, reader) as capture:
        stated = listed(data, capture)
        for number, second in _timed(data, capture, reader):
            times.append(second)
            if math.floor(second * PER_SECOND + 1e-6) > quarter and (pixels := capture.frame()) is not None:
                looks[number] = watcher.look(second, pixels)
                quarter = math.floor(second * PER_SECOND + 1e-6)
    until = ends(times)
    step = until[-1] - times[-1]
    wanted = _wanted(looks, times, until)
    if wanted:
        with open_capture(data, reader) as capture:
            for number, second in _timed(data, capture, reader):
                if number in wanted and (pixels := capture.frame()) is not None:
                    looks[number] = sight(analyzer, second, pixels, wanted[number])
    lost = None if stated is None else max(0, stated - len(times))
    gaps = [round(one, 3) for one, other in zip(times, until, strict=True) if lost and other - one > 1.5 * step]
    return {
        "status": "measured",
        "code": "",
        "reason": "",
        "looks": [_as_json(number, looks[number], until[number]) for number in sorted(looks)],
        "end": round(until[-1], 3),
        "undecoded": {"lost": lost, "listed": stated, "near": gaps[:_NEAR]},
        "sound": has_sound(data),
    }


def _timed(data: bytes, capture: Capture, reader: str) -> Iterator[tuple[int, float]]:
    """Yield each frame's number and its second. Raises UnreadableClip."""
    for number, second in timed(data, capture, frame_pixels(capture), reader):
        if math.isnan(second):
            raise UnreadableClip("untimed", "the clip has neither time stamps nor a frame rate")
        yield number, second


def _wanted(looks: Mapping[int, _Look], times: Sequence[float], until: Sequence[float]) -> dict[int, bool]:
    """Return the numbers of the frames that the second pass looks at, and whether thoroughly."""
    wanted = {
        number: False
        for number in range(len(times))
        if number not in looks and until[number] - times[number] >= 1 / PER_SECOND - 1e-6
    }
    numbers = sorted(looks)
    for one, other in pairwise(numbers):
        if unlike(looks[one], looks[other]):
            last = times[one]
            for number in range(one + 1, other):
                if times[number] - last >= _FINEST:
                    wanted[number] = looks[one].is_thorough and looks[other].is_thorough
                    last = times[number]
    return wanted


def _as_json(number: int, look: _Look, until: float) -> dict[str, Any]:
    faces = [
        {
            "box": [round(float(value), 1) for value in face.box],
            "detection": round(float(face.score), 4),
            "embedding": base64.b64encode(face.embedding.astype("<f2").tobytes()).decode("ascii"),
        }
        for face in look.faces
    ]
    about = {"frame": number, "second": round(look.second, 3), "until": round(until, 3)}
    return {**about, "black": look.is_black, "faces": faces}
