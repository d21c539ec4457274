"""What a clip is that is open for decoding, and why one can't be read. `readers` opens it, by OpenCV or by PyAV.

FFmpeg follows the entries of a playlist, to other files and over the network, so it only gets bytes that begin as MP4,
WebM or AVI.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPENCV = ""
"""The reader that needs no name; another one is `pyav.reader()`."""

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


class UnreadableClip(Exception):
    """The bytes are no clip that can be measured: an expected outcome, which the measuring code turns into a value."""

    def __init__(self, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        """`empty`, `not_a_clip`, `unsupported` (a codec that the reader doesn't have), `broken`, `too_large` or
        `untimed`."""
        self.message = message


class Capture(Protocol):
    """A clip that is open. Used by one thread."""

    @property
    def size(self) -> int:
        """Pixels of a frame, as the header says."""
        ...

    @property
    def rate(self) -> float | None:
        """Frames per second as the file says; None when it says nothing sensible."""
        ...

    @property
    def stated(self) -> float:
        """Frames as the header says, or a guess from its duration; any number."""
        ...

    def grab(self) -> bool:
        """Decode the next frame. False where it can't be decoded, and after the last one."""
        ...

    def frame(self) -> NDArray[np.uint8] | None:
        """Return the frame that was grabbed: uint8 (H, W, 3) BGR, turned as the file says; None where it has none."""
        ...

    def second(self) -> float:
        """Return its time stamp; not a number, or 0 again, where it has none."""
        ...


def require_clip(data: bytes) -> None:
    """Refuse bytes that don't begin as a clip: in a playlist FFmpeg follows paths and addresses. Raises
    UnreadableClip."""
    if not data:
        raise UnreadableClip("empty", "the file is empty")
    if not (data[4:8] == b"ftyp" or data.startswith(b"\x1a\x45\xdf\xa3") or data[:4] + data[8:12] == b"RIFFAVI "):
        raise UnreadableClip("not_a_clip", f"found no clip in the {len(data)} bytes, expected MP4, WebM or AVI")


def undecoded(data: bytes, otherwise: str, reader: str = OPENCV) -> UnreadableClip:
    """Return the error for a clip of which nothing decodes: of damage, or for want of a decoder."""
    named = next((match[1] for one in _CODECS if (match := one.search(data))), b"")
    codec = named.decode("latin-1").strip("\0 ")
    if not codec.isprintable() or not codec or codec.lower() in _DECODED:
        return UnreadableClip("broken", otherwise)
    if reader != OPENCV:
        message = f"the clip's codec is {codec}, of which neither OpenCV nor {reader} decodes a frame"
        return UnreadableClip("unsupported", f"{message}; save it as H.264 or VP9")
    message = f"the clip's codec is {codec}, of which this OpenCV decodes not one frame; save it as H.264 or VP9"
    return UnreadableClip("unsupported", f"{message}, or install what reads it: pip install 'personaforge[av]'")


def sensible(rate: float) -> float | None:
    """Return a frame rate, or None where a file gives no sensible one."""
    return rate if math.isfinite(rate) and rate > 0 else None
