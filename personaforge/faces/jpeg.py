"""The markers of a JPEG (ITU-T T.81, annex B), for a file that ends without its end marker. Decodes nothing.

Such a file may be a whole picture, as every viewer shows it, or one of which half is missing. A decoder can't tell them
apart: it fills up what is missing. So the caller decodes with several ends, and compares.
"""

from __future__ import annotations

_END = b"\xff\xd9"
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Frame headers: of every kind of JPEG."""
READABLE_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""Sequential and progressive, by Huffman's or by arithmetic coding."""
SCAN = 0xDA
ALONE = range(0xD0, 0xD8)
"""Restart markers, which have no length and lie within a scan."""

_TAILS = (b"\x00", b"\x55", b"\xaa", b"\x6d")
"""Bits that follow a scan's data where the decoder looks for more of it: each means other coefficients."""
_TAIL_BYTES = 4096
"""Enough to end the block that is cut off, and some that follow; a block takes at most 64 codes of 26 bits."""


def jpeg_with_end(data: bytes) -> tuple[bytes, ...] | None:
    """Return a JPEG without an end marker with several different ends; None where it lacks more than that by its
    markers: scans that refine it, or colours."""
    found = _scans_end(data)
    if found is None:
        return None
    # A download that was cut off may be filled up with zeros, and half an end marker may be there.
    bare = data.rstrip(b"\0")
    cut = data if len(data) - len(bare) < 2 else bare
    cut = cut.rstrip(b"\xff")
    return tuple(cut + tail * _TAIL_BYTES + _END for tail in _TAILS) if len(cut) > found else None


def _scans_end(data: bytes) -> int | None:
    """Return where the last scan's data begin; None unless the scans hold every bit of every coefficient of all
    components, or where the markers can't be followed."""
    at, missing, start = 2, set[tuple[int, int]](), 0
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            return start if start and not missing else None
        marker = data[at + 1]
        if marker in (0x00, 0xFF) or marker in ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) < length - 2:
            return None
        if marker in FRAMES:
            if len(body) < 6 or len(body) < 6 + 3 * body[5]:
                return None
            names = [body[6 + 3 * index] for index in range(body[5])]
            missing = {(name, coefficient) for name in names for coefficient in range(64)}
        elif marker == SCAN:
            count = body[0] if body else 0
            if len(body) < 4 + 2 * count:
                return None
            first, last, bits = body[1 + 2 * count : 4 + 2 * count]
            names = [body[1 + 2 * index] for index in range(count)]
            if not bits & 0x0F:  # down to the last bit
                missing -= {(name, coefficient) for name in names for coefficient in range(first, last + 1)}
            start = at + 2 + length
        elif marker == _END[1]:
            return None
        at += 2 + length
