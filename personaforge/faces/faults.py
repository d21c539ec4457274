"""Why a file can't be read as a picture, by its structure: cut off, damaged, of a kind that isn't read, or no picture.
Decodes nothing; asked only once reading has failed, since a reader's own messages name other faults.

What is checked: PNG's chunks and their checksums (W3C PNG, 5), a JPEG's markers up to its frame header (ITU-T T.81,
annex B), the heads of GIF, BMP, TIFF and RIFF files. What is found first is named.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple

from personaforge.faces.jpeg import ALONE, FRAMES, READABLE_FRAMES, SCAN


class Fault(NamedTuple):
    """What is wrong with a file."""

    code: str
    """`truncated`, `broken`, `unsupported` or `not_an_image`."""
    message: str
    """A sentence part."""


AVIF: Final = (b"ftypavif", b"ftypavis")
"""An AVIF's bytes from byte 4."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""A PNG's bits for each of its colour types."""
_BMP_HEADS: Final = (12, 16, 40, 52, 56, 64, 108, 124)
"""Sizes of a BMP's second header; a file with another one only begins with the letters BM."""
_TIFF_SIDES: Final = (256, 257)
"""Tags of the width and of the height."""
_RIFF: Final = {b"WAVE": "a WAV sound", b"AVI ": "an AVI clip"}
_THINGS: Final = (
    (4, b"ftypM4A", "an M4A sound"),
    (4, b"ftyp", "an MP4 clip"),
    (0, b"\x1a\x45\xdf\xa3", "a WebM or Matroska clip"),
    (0, b"ID3", "an MP3 sound"),
    (0, b"OggS", "an Ogg sound"),
    (0, b"fLaC", "a FLAC sound"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"version https://git-lfs", "a Git LFS pointer (`git lfs pull` gets its file)"),
)
_TEXTS: Final = ((b"<svg", "an SVG drawing"), (b"<!doctype html", "a web page"), (b"<html", "a web page"))
_HEAD: Final = 512
"""Bytes in which a text says what it is."""


def fault_of(data: bytes) -> Fault | None:
    """Return what is wrong with a file that can't be read; None where its structure shows nothing."""
    if data[4:12] in AVIF:
        return None  # boxes like an MP4's, which are not examined
    for start, examine in _EXAMINED:
        if data.startswith(start):
            return examine(data)
    if any(start.startswith(data) for start, _ in _EXAMINED):
        return Fault("truncated", f"the file ends after {len(data)} bytes, inside a picture's first ones")
    thing = _thing(data)
    return Fault("not_an_image", f"found {thing}") if thing else None


def _thing(data: bytes) -> str:
    for at, start, name in _THINGS:
        if data[at:].startswith(start):
            return name
    head = data[:_HEAD].lower()
    return next((name for start, name in _TEXTS if start in head), "")


def _png(data: bytes) -> Fault | None:
    at, chunks = len(_PNG), 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        name = kind.decode("latin-1") if kind.isalpha() else ""
        if not name:
            return Fault("broken", f"the PNG is damaged: there is no chunk at byte {at}")
        if chunks == 0 and (kind != b"IHDR" or length != 13):
            return Fault("broken", f"the PNG begins with the chunk {name} of {length} bytes, expected IHDR of 13")
        body, end = data[at + 8 : at + 8 + length], at + 12 + length
        if end > len(data):
            found = f"{len(body):,} of its chunk {name}'s {length:,} bytes are there"
            return Fault("truncated", f"the PNG is cut off: {found}")
        if zlib.crc32(kind + body) != int.from_bytes(data[end - 4 : end], "big"):
            return Fault("broken", f"the PNG is damaged: the checksum (CRC) of its chunk {name} at byte {at} is wrong")
        if chunks == 0:
            width, height, depth, colours = struct.unpack_from(">IIBB", body)
            if not width or not height:
                return _no_pixels("PNG", width, height)
            if depth not in _DEPTHS.get(colours, ()):
                return Fault("broken", f"the PNG has {depth} bits of colour type {colours}, which there is not")
        if kind == b"IEND":
            return None
        at, chunks = end, chunks + 1
    return Fault("truncated", "the PNG is cut off: its end, the chunk IEND, is not there")


def _jpeg(data: bytes) -> Fault | None:
    at, framed = 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return Fault("broken", f"the JPEG is damaged: there is no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF or marker in ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == SCAN and framed:
            return None
        if marker in (SCAN, 0xD9):
            return Fault("broken", "the JPEG is damaged: it has no frame header, which says how large it is")
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            return Fault("broken", f"the JPEG is damaged: its segment at byte {at} has no length")
        if at + 2 + length > len(data):
            break
        if marker in FRAMES:
            if length < 8:
                return Fault("broken", f"the JPEG is damaged: its frame header at byte {at} has {length} bytes")
            bits, height, width = struct.unpack_from(">BHH", data, at + 4)
            if not width or not height:
                return _no_pixels("JPEG", width, height)
            if marker not in READABLE_FRAMES:
                kind = "a lossless JPEG" if marker in (0xC3, 0xC7, 0xCB, 0xCF) else "a hierarchical JPEG"
                return Fault("unsupported", f"found {kind}, which can't be read; save it as PNG or JPEG")
            if bits != 8:
                found = f"a JPEG of {bits} bits a colour"
                return Fault("unsupported", f"found {found}, and only 8 can be read; save it as PNG")
            framed = True
        at += 2 + length
    return Fault("truncated", "the JPEG is cut off inside its header")


def _gif(data: bytes) -> Fault | None:
    if len(data) < 13:
        return Fault("truncated", "the GIF is cut off inside its header")
    colours = 3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0
    if len(data) < 13 + colours:
        return Fault("truncated", "the GIF is cut off inside its colours")
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        return Fault("broken", f"the GIF is of the version {data[3:6]!r}, expected 87a or 89a")
    return None


def _bmp(data: bytes) -> Fault | None:
    if len(data) < 26:
        return Fault("truncated", "the BMP is cut off inside its header")
    (head,) = struct.unpack_from("<I", data, 14)
    if head not in _BMP_HEADS:
        if any(data[6:10]):  # reserved, and so zeros: a text has letters there
            return Fault("not_an_image", "found a file that begins with BM and has no header of a BMP")
        return Fault("broken", f"the BMP is damaged: its second header has {head:,} bytes, which there is not")
    width, height = struct.unpack_from("<HH" if head == 12 else "<ii", data, 18)
    return _no_pixels("BMP", width, abs(height)) if width <= 0 or height == 0 else None


def _tiff(data: bytes) -> Fault | None:
    if len(data) < 8:
        return Fault("truncated", "the TIFF is cut off inside its header")
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    entries = struct.unpack_from(f"{order}H", data, at)[0] if at + 2 <= len(data) else 0
    if at + 2 + 12 * entries > len(data):
        found = f"its directory is at byte {at:,}, and the file has {len(data):,}"
        return Fault("truncated", f"the TIFF is cut off: {found}")
    sides = {}
    for index in range(entries):
        tag, kind, _ = struct.unpack_from(f"{order}HHI", data, at + 2 + 12 * index)
        if tag in _TIFF_SIDES:
            (sides[tag],) = struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", data, at + 10 + 12 * index)
    return _no_pixels("TIFF", *(sides[tag] for tag in _TIFF_SIDES)) if len(sides) == 2 and 0 in sides.values() else None


def _riff(data: bytes) -> Fault | None:
    if len(data) < 12:
        return Fault("truncated", "the file is cut off inside its header")
    form = data[8:12]
    if form != b"WEBP":
        return Fault("not_an_image", f"found {_RIFF.get(form, f'a RIFF file of the kind {form!r}')}")
    length = struct.unpack_from("<I", data, 4)[0] + 8
    if length > len(data):
        return Fault("truncated", f"the WebP is cut off: {len(data):,} of its {length:,} bytes are there")
    kind = data[12:16]
    if kind not in (b"VP8 ", b"VP8L", b"VP8X"):
        return Fault("broken", f"the WebP begins with the chunk {kind!r}, expected VP8, VP8L or VP8X")
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a" and len(data) >= 30:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        return None if width and height else _no_pixels("WebP", width, height)
    return None


def _no_pixels(kind: str, width: int, height: int) -> Fault:
    return Fault("broken", f"the {kind} says that it is {width} pixels wide and {height} high: it shows nothing")


_EXAMINED: Final = (
    (_PNG, _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"RIFF", _riff),
)
STARTS: Final = tuple(start for start, _ in _EXAMINED)
"""How files begin whose structure is examined."""
