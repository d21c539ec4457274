"""What is known of a pack on disk, file by file, once it was compared with the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FileVerdict = Literal["ok", "size ok", "wrong", "truncated", "missing", "unreadable", "not declared"]
PackVerdict = Literal["ok", "size ok", "wrong", "incomplete", "not known", "missing"]


@dataclass(frozen=True, slots=True)
class FileState:
    """One model file of a pack."""

    name: str
    verdict: FileVerdict
    """`size ok` where the digest was not asked for; `not declared` for a file that the catalog doesn't have."""
    used: bool
    """Whether forge wants it there; a pack is complete without the files that it doesn't use."""
    size: int | None = None
    """Bytes; None when there is no file."""
    expected_size: int | None = None
    sha256: str | None = None
    """None when it was not asked for, or can't be read."""
    expected_sha256: str | None = None
    note: str = ""
    """What else is known: what the file looks like, or which known file it equals."""


@dataclass(frozen=True, slots=True)
class PackState:
    """One folder that is, or should be, a pack."""

    name: str
    verdict: PackVerdict
    """`not known`: the catalog has no such pack, so its digests can be shown but not judged."""
    folder: Path | None
    """None when it is in none of the folders searched."""
    files: tuple[FileState, ...]
    hint: str = ""
    """What to type when it is not as it should be."""
    shadowed_by: Path | None = None
    """A folder of the same name that is searched earlier, and so is used in place of this one."""

    @property
    def sound(self) -> bool:
        """False when something is wrong; a pack that can't be judged is not wrong."""
        return self.verdict in ("ok", "size ok", "not known")
