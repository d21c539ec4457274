"""What is known of a pack on disk, file by file, after comparing it with the catalog."""

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
    """`size ok` where the digest was not computed; `not declared` for a file that the catalog doesn't have."""
    used: bool
    """Whether forge uses it; a pack is complete without files that forge doesn't use."""
    size: int | None = None
    """Bytes; None when there is no file."""
    expected_size: int | None = None
    sha256: str | None = None
    """None when it was not computed, or the file can't be read."""
    expected_sha256: str | None = None
    note: str = ""
    """A remark: what the file looks like, or which known file it equals."""


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
    """What to type when something is wrong with it."""
    shadowed_by: Path | None = None
    """A folder of the same name that is searched before this one, and so is used in its place."""

    @property
    def sound(self) -> bool:
        """False when something is wrong; a pack that can't be verified is not wrong."""
        return self.verdict in ("ok", "size ok", "not known")
