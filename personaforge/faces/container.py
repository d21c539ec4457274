"""What a clip's container says apart from its pictures: its elements, and whether there is sound.

WebM is walked element by element (RFC 8794, RFC 9559) up to its first cluster. MP4 and AVI are only searched for the
marks of a sound track, a handler of type `soun` (ISO/IEC 14496-12, 8.4.3) and a stream header of type `auds`. The bytes
may come from anywhere: damaged parts are ignored, and nothing is raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_EBML: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_TRACK_TYPE: Final = (0x1654AE6B, 0xAE, 0x83)
"""Tracks / TrackEntry / TrackType."""
_SOUND: Final = 2
_MAX_ELEMENTS: Final = 4096
"""Elements looked at on one level; a clip's segment has a handful before its first cluster."""
_MP4_SOUND: Final = re.compile(rb"hdlr.{8}soun", re.DOTALL)
_AVI_SOUND: Final = re.compile(rb"strh.{4}auds", re.DOTALL)


def has_sound(data: bytes) -> bool:
    """Return whether a clip has a sound track, as far as can be seen without decoding it."""
    if data.startswith(_EBML):
        return any(int.from_bytes(found[:8], "big") == _SOUND for found in values(data, _TRACK_TYPE))
    return bool((_AVI_SOUND if data.startswith(b"RIFF") else _MP4_SOUND).search(data))


def values(data: bytes, path: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the contents of the elements at a path inside a WebM file's segments."""
    if not data.startswith(_EBML):
        return
    places = [(0, len(data))]
    for name in (_SEGMENT, *path):
        inside = [place for start, stop in places for place in _elements(data, start, stop)]
        places = [(start, stop) for found, start, stop in inside if found == name]
    for start, stop in places:
        yield data[start:stop]


def _elements(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield id, start and stop of the contents of the elements in a range, up to the first cluster."""
    for _ in range(_MAX_ELEMENTS):
        name = variable_number(data, start, stop, 4, keep_mark=True)
        size = name and variable_number(data, start + name[1], stop, 8, keep_mark=False)
        if not name or not size or name[0] == _CLUSTER:
            return
        start += name[1] + size[1]
        unknown = size[0] == (1 << 7 * size[1]) - 1  # all ones: as long as the element around it
        end = stop if unknown else min(start + size[0], stop)
        yield name[0], start, end
        start = end


def variable_number(data: bytes, at: int, stop: int, longest: int, *, keep_mark: bool) -> tuple[int, int] | None:
    """Return the number of variable length (RFC 8794, section 4) at a place, and how many bytes it takes; None where
    none of at most `longest` bytes ends before `stop`. An element's id keeps the bit that marks its length."""
    if at >= stop or not data[at]:
        return None
    length = 9 - data[at].bit_length()
    if length > longest or at + length > stop:
        return None
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep_mark else value & ((1 << 7 * length) - 1)), length
