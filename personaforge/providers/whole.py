"""Whether a file is complete, as far as its own structure says: only lengths are followed, and nothing is decoded but a
JPEG without an end marker, which may lack nothing else.

A download that was cut off would otherwise be judged as a bad result, and another one would be bought. PNG and JPEG
have an end mark. RIFF (WebP, WAV) names its length, unless it was written as a stream. MP4 is a row of boxes (ISO/IEC
14496-12, 4.2), WebM a tree of elements (RFC 8794, section 6), Ogg a row of pages (RFC 3533, section 6), all with
lengths. MP3 says nothing. A file counts as whole if nothing shows that it isn't.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, Final

from personaforge.faces.container import variable_number
from personaforge.providers.kinds import HEAD, media_type

_TAIL: Final = 4096
_END: Final = {"image/png": b"IEND\xaeB`\x82", "image/jpeg": b"\xff\xd9"}
_STREAMED: Final = b"\xff\xff\xff\xff"
"""The length of a WAV that is sent while it is made, as OpenAI's is (github.com/speaches-ai/speaches issue 493)."""
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_MOST_PARTS: Final = 1_000_000
"""How many boxes, elements or pages are read; a file with more counts as whole."""


def is_cut_off(file: BinaryIO) -> bool:
    """Tell whether a file ends too early. It has to allow `seek`, and its position afterwards is arbitrary."""
    size = file.seek(0, os.SEEK_END)
    head = _at(file, 0, HEAD)
    media = media_type(head)
    if media in _END:
        ends = _END[media] in _at(file, max(size - _TAIL, 0), _TAIL)
        return not ends and (media != "image/jpeg" or not _is_whole_jpeg(_at(file, 0, size)))
    if head[:4] == b"RIFF" and len(head) >= 8:
        streamed = media == "audio/wav" and head[4:8] == _STREAMED
        return not streamed and size < int(struct.unpack("<I", head[4:8])[0]) + 8
    walk = {"video/mp4": _mp4, "video/webm": _webm, "audio/ogg": _ogg}.get(media)
    return walk is not None and not walk(file, size)


def _is_whole_jpeg(data: bytes) -> bool:
    """Tell whether a JPEG without an end marker has all of its pixels."""
    from personaforge.faces.picture import UnreadablePicture, picture_in_room

    try:
        with picture_in_room(data):
            return True
    except UnreadablePicture:
        return False


def _mp4(file: BinaryIO, size: int) -> bool:
    """Tell whether the boxes fill the file, the table of its samples among them."""
    at, names = 0, set()
    for _ in range(_MOST_PARTS):
        if at == size:
            return b"moov" in names
        head = _at(file, at, 16)
        if len(head) < 8:
            return False
        length = int.from_bytes(head[:4], "big")
        names.add(head[4:8])
        if length == 0:  # to the end, wherever that is
            return b"moov" in names
        if length == 1:
            length = int.from_bytes(head[8:16], "big") if len(head) == 16 else 0
        if length < 8 or at + length > size:
            return False
        at += length
    return True


def _webm(file: BinaryIO, size: int) -> bool:
    """Tell whether the elements fill the file, a cluster of frames among them."""
    at, frames = 0, False
    for _ in range(_MOST_PARTS):
        if at == size:
            return frames
        head = _at(file, at, 12)
        name = variable_number(head, 0, len(head), 4, keep_mark=True)
        length = name and variable_number(head, name[1], len(head), 8, keep_mark=False)
        if not name or not length:
            return False
        frames = frames or name[0] == _CLUSTER
        at += name[1] + length[1]
        unknown = length[0] == (1 << 7 * length[1]) - 1
        if name[0] == _SEGMENT or (unknown and name[0] == _CLUSTER):
            if not unknown and at + length[0] > size:
                return False
            continue  # what lies inside is walked
        if unknown or at + length[0] > size:
            return False
        at += length[0]
    return True


def _ogg(file: BinaryIO, size: int) -> bool:
    """Tell whether pages fill the file."""
    at = 0
    for _ in range(_MOST_PARTS):
        if at == size:
            return True
        head = _at(file, at, 27 + 255)
        if len(head) < 27 or head[:4] != b"OggS":
            return False
        segments = head[27 : 27 + head[26]]
        at += 27 + head[26] + sum(segments)
        if len(segments) < head[26] or at > size:
            return False
    return True


def _at(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)
