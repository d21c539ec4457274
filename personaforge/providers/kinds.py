"""What a file is by its first bytes. What a provider says about its type is ignored.

Magic bytes: PNG (ISO/IEC 15948, 5.2), JPEG (ITU-T T.81, B.1.1.3), WebP and WAV (RIFF), MP4 (ISO/IEC 14496-12, 4.3),
WebM (RFC 8794), MPEG audio (ISO/IEC 11172-3, 2.4.1.3; with or without ID3), Ogg (RFC 3533).
"""

from __future__ import annotations

from typing import Final

IMAGES: Final = ("image/png", "image/jpeg", "image/webp")
VIDEOS: Final = ("video/mp4", "video/webm")
SOUNDS: Final = ("audio/mpeg", "audio/wav", "audio/ogg")

HEAD = 32
"""First bytes that `media_type` needs."""

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

    Reserved values and layer I don't count: text in UTF-16 begins with the same bits.
    """
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate, frequency = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer in (1, 2) and rate not in (0, 15) and frequency != 3


def shown(head: bytes) -> str:
    """Return the first bytes as an error shows them."""
    return f"{bytes(head[:12])!r}..."
