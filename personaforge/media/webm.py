"""Frames to a WebM file with VP8 video that a browser plays and seeks in, and that names the program that made it.

OpenCV can write WebM itself, but its file holds a random track id, which differs on every run, and the version of the
library. So it writes the plain IVF container (32-byte header, then size, time and data of each frame, little-endian)
and this module puts the frames into WebM: EBML elements of id, size and content, big-endian, as the Matroska
specification (RFC 9559) and the WebM guidelines list them. Equal frames give equal files. It reads nothing but what
OpenCV wrote.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from personaforge.digest import canonical
from personaforge.faces.opencv import opencv

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

APP: Final = "PersonaForge"
"""The default muxer and writer that a file names."""
MAX_SIDE: Final = 16_383
"""Pixels; VP8's own limit (RFC 6386, 9.1)."""
_TICK_MS: Final = 1
"""Times in the file are in milliseconds."""
_CLUSTER_MS: Final = 5_000
"""A cluster holds at most this much; a frame's time inside it must fit 16 bits."""


def encode_webm(
    frames: Iterable[NDArray[np.uint8]],
    width: int,
    height: int,
    fps: float,
    *,
    app: str = APP,
    notes: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the frames, uint8 (height, width, 3) BGR with even sides, as a WebM clip. Holds one of them at a time.

    `app` and `notes` as in `webm_of_frames`. Raises ValueError for a frame of another size, which OpenCV would leave
    out silently, and OSError when OpenCV can't write VP8 or has lost a frame.
    """
    import tempfile  # takes 9 ms

    import numpy as np

    cv2 = opencv()
    with tempfile.TemporaryDirectory(prefix="forge-clip-") as folder:
        path = Path(folder) / "clip.ivf"
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"VP80"), fps, (width, height))
        if not writer.isOpened():
            raise OSError("this build of OpenCV can't write VP8 video")
        count = 0
        try:
            for frame in frames:
                if frame.shape != (height, width, 3):
                    raise ValueError(f"frame {count} has the shape {frame.shape}, expected {(height, width, 3)}")
                writer.write(np.ascontiguousarray(frame))
                count += 1
        finally:
            writer.release()
        video = read_ivf(path.read_bytes())
    if len(video.frames) != count:
        raise OSError(f"OpenCV wrote {len(video.frames)} of {count} frames")
    return webm_of_frames(video, fps, app=app, notes=notes)


class Ivf(NamedTuple):
    """An IVF file's content."""

    width: int
    height: int
    frames: list[bytes]


def read_ivf(data: bytes) -> Ivf:
    """Return the frames of an IVF file. Raises ValueError when it isn't one of VP8 or is cut short."""
    if len(data) < 32 or data[:4] != b"DKIF" or data[8:12] != b"VP80":
        raise ValueError("not an IVF file with VP8 video")
    start, width, height = (struct.unpack_from("<H", data, at)[0] for at in (6, 12, 14))
    frames, at = [], int(start)
    while at < len(data):
        if at + 12 > len(data):
            raise ValueError("the IVF file is cut short")
        size = struct.unpack_from("<I", data, at)[0]
        if at + 12 + size > len(data):
            raise ValueError("the IVF file is cut short")
        frames.append(data[at + 12 : at + 12 + size])
        at += 12 + size
    return Ivf(width, height, frames)


def webm_of_frames(video: Ivf, fps: float, *, app: str = APP, notes: Mapping[str, Any] | None = None) -> bytes:
    """Return a WebM file of the frames, which must start with a key frame, at a constant rate.

    `app` is the label under which the file names its writer; `notes` become the tag COMMENT, as canonical JSON.
    """
    if not video.frames or not _is_key(video.frames[0]):
        raise ValueError("a clip must start with a key frame")
    head = _element(0x1A45DFA3, b"".join([  # EBML
        _uint(0x4286, 1), _uint(0x42F7, 1), _uint(0x42F2, 4), _uint(0x42F3, 8),
        _element(0x4282, b"webm"), _uint(0x4287, 2), _uint(0x4285, 2),
    ]))  # fmt: skip
    duration = len(video.frames) * 1000 / fps
    info = _element(0x1549A966, b"".join([
        _uint(0x2AD7B1, _TICK_MS * 1_000_000), _element(0x4489, struct.pack(">d", duration)),
        _element(0x4D80, app.encode()), _element(0x5741, app.encode()),
    ]))  # fmt: skip
    picture = _element(0xE0, _uint(0xB0, video.width) + _uint(0xBA, video.height))
    tracks = _element(0x1654AE6B, _element(0xAE, b"".join([
        _uint(0xD7, 1), _uint(0x73C5, 1), _uint(0x9C, 0), _uint(0x83, 1),
        _element(0x86, b"V_VP8"), _uint(0x23E383, round(1e9 / fps)), picture,
    ])))  # fmt: skip
    clusters, cues = _clusters(video.frames, fps)
    # Cue positions count from the segment's content, and their own length is fixed, so one pass is enough.
    tags = _comment(canonical(dict(notes))) if notes else b""
    before = len(info) + len(tracks) + len(tags) + len(_cues(cues, 0))
    content = info + tracks + tags + _cues(cues, before) + b"".join(clusters)
    return head + _element(0x18538067, content)


def _clusters(frames: list[bytes], fps: float) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Return the clusters, and for each that starts with a key frame its time and its distance from the first."""
    clusters: list[bytes] = []
    cues: list[tuple[int, int]] = []
    blocks: list[bytes] = []
    start, offset = 0, 0
    for index, frame in enumerate(frames):
        time = round(index * 1000 / fps)
        if blocks and (_is_key(frame) or time - start >= _CLUSTER_MS):
            clusters.append(_element(0x1F43B675, b"".join(blocks)))
            offset += len(clusters[-1])
            blocks = []
        if not blocks:
            start = time
            blocks.append(_uint(0xE7, time))
            if _is_key(frame):
                cues.append((time, offset))
        flags = 0x80 if _is_key(frame) else 0
        blocks.append(_element(0xA3, b"\x81" + struct.pack(">hB", time - start, flags) + frame))
    clusters.append(_element(0x1F43B675, b"".join(blocks)))
    return clusters, cues


def _cues(cues: list[tuple[int, int]], before: int) -> bytes:
    points = [
        _element(
            0xBB,
            _uint(0xB3, time) + _element(0xB7, _uint(0xF7, 1) + _element(0xF1, struct.pack(">Q", before + at))),
        )
        for time, at in cues
    ]
    return _element(0x1C53BB6B, b"".join(points))


def _comment(text: bytes) -> bytes:
    """Return the Tags element with a comment on the whole file: a tag without targets."""
    simple = _element(0x67C8, _element(0x45A3, b"COMMENT") + _element(0x4487, text))
    return _element(0x1254C367, _element(0x7373, _element(0x63C0, b"") + simple))


def _is_key(frame: bytes) -> bool:
    """Return whether a VP8 frame is a key frame: the lowest bit of its first byte is 0 (RFC 6386, 9.1)."""
    return bool(frame) and not frame[0] & 1


def _element(name: int, content: bytes) -> bytes:
    """Return an EBML element; its size always takes 8 bytes, which every reader accepts."""
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + struct.pack(">Q", len(content) | 1 << 56) + content


def _uint(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
