"""What a file is by its first bytes, and whether it is whole. A provider's word for it counts for nothing.

Magic bytes: PNG (ISO/IEC 15948, 5.2), JPEG (ITU-T T.81, B.1.1.3), WebP and WAV (RIFF), MP4 (ISO/IEC 14496-12, 4.3),
WebM (RFC 8794), MPEG audio (ISO/IEC 11172-3, 2.4.1.3; with or without ID3), Ogg (RFC 3533).
"""

from __future__ import annotations

import struct
from typing import Final

IMAGES: Final = ("image/png", "image/jpeg", "image/webp")
VIDEOS: Final = ("video/mp4", "video/webm")
SOUNDS: Final = ("audio/mpeg", "audio/wav", "audio/ogg")

HEAD = 32
"""First bytes that `media_type` needs."""
TAIL = 4096
"""Last bytes that `cut_off` needs."""

_MAGIC: Final = (
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/webp", 8, b"WEBP"),
    ("video/webm", 0, b"\x1aE\xdf\xa3"),
    ("video/mp4", 4, b"ftyp"),
    ("audio/wav", 8, b"WAVE"),
    ("audio/ogg", 0, b"OggS"),
    ("audio/mpeg", 0, b"ID3"),
)
_STREAMED: Final = b"\xff\xff\xff\xff"
"""The length of a WAV that is sent while it is made, as OpenAI's is (github.com/speaches-ai/speaches issue 493)."""
_END: Final = {"image/png": b"IEND\xaeB`\x82", "image/jpeg": b"\xff\xd9"}


def media_type(head: bytes) -> str:
    """Return the media type of a file that begins with these bytes, `application/octet-stream` for any other."""
    for name, offset, magic in _MAGIC:
        if head[offset : offset + len(magic)] == magic and (offset != 8 or head[:4] == b"RIFF"):
            return name
    if _is_frame(head):
        return "audio/mpeg"
    return "application/octet-stream"


def _is_frame(head: bytes) -> bool:
    """Tell whether bytes begin with the header of an MPEG audio frame of layer II or III.

    Reserved values and layer I are none: text in UTF-16 begins with the same bits.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate, frequency = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer in (1, 2) and rate not in (0, 15) and frequency != 3


def cut_off(head: bytes, tail: bytes, size: int) -> bool:
    """Tell whether a file of `size` bytes ends too early, as far as its first and last bytes say.

    PNG and JPEG have an end mark, RIFF its length, unless it was written as a stream, whose length nobody knew. MP4,
    WebM, MP3 and Ogg are only known by decoding them.
    """
    found = media_type(head)
    if found in _END:
        return _END[found] not in tail
    if head[:4] == b"RIFF" and len(head) >= 8 and not (found == "audio/wav" and head[4:8] == _STREAMED):
        return size < int(struct.unpack("<I", head[4:8])[0]) + 8
    return False


def is_whole(data: bytes) -> bool:
    """Tell whether bytes are a file of a known kind that is not cut off."""
    known = media_type(data[:HEAD]) != "application/octet-stream"
    return known and not cut_off(data[:HEAD], data[-TAIL:], len(data))


def shown(head: bytes) -> str:
    """Return the first bytes as an error shows them."""
    return f"{bytes(head[:12])!r}..."
