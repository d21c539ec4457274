"""Extracts the named models from a pack's zip file, each verified while it is written.

Only names that the catalog declares are read, so an entry such as `../../evil` is never touched: no path comes from the
archive. Sizes are compared before and while reading, so a file that is larger than declared is refused.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from personaforge.packs.catalog import Pin
from personaforge.packs.download import SourceFailed

_PIECE = 1 << 20
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    RuntimeError,  # encrypted
    NotImplementedError,  # a method of compression
)


def unpack(archive: Path, pack: str, files: Mapping[str, Pin], into: Path) -> None:
    """Write the files to a folder that is there: from the archive's top, or from its folder named like the pack.

    Files are synced, so that renaming the folder gives a whole pack. Raises SourceFailed for files that are not as
    declared, OSError when one can't be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, pin in files.items():
                _unpack_one(opened, _entry(opened, pack, name), name, pin, into)
    except _DAMAGED as error:
        raise SourceFailed(f"can't be unpacked: {error or type(error).__name__}") from None


def _entry(opened: zipfile.ZipFile, pack: str, name: str) -> zipfile.ZipInfo:
    found = [entry for entry in opened.infolist() if entry.filename in (name, f"{pack}/{name}")]
    if len(found) != 1:
        inside = ", ".join(ascii(entry.filename[:60])[1:-1] for entry in opened.infolist()[:8]) or "nothing"
        raise SourceFailed(f"holds {name} {len(found)} times" if found else f"doesn't hold {name}: it holds {inside}")
    return found[0]


def _unpack_one(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, pin: Pin, into: Path) -> None:
    if entry.file_size != pin.size:
        raise SourceFailed(f"holds {name} of {entry.file_size:,} bytes, expected {pin.size:,}")
    digest, size = hashlib.sha256(), 0
    with opened.open(entry) as source, open(into / name, "xb") as file:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > pin.size:
                raise SourceFailed(f"holds {name} of more than {pin.size:,} bytes")
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != pin.sha256:
        raise SourceFailed(f"holds {name} with SHA-256 {digest.hexdigest()}, expected {pin.sha256}")
