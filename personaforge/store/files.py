"""Writing a file so that it is either not there or whole: temporary name in the same folder, fsync, rename.

The folder is synced where losing the name would mean paying twice (records); a blob's name may be lost to a power cut,
since its record is written, and synced, after it. On ext4 and XFS that later sync carries the earlier rename along.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

from personaforge.errors import StoreError

_COUNTER = count()
TEMPORARY = ".tmp-"
"""Prefix of names that are not finished; `forge cache gc` removes old ones."""
DAMAGED = ".damaged"
"""Suffix of what `forge cache verify --repair` has put aside."""


def write_atomic(
    path: Path | str,
    data: bytes,
    *,
    mode: int = 0o644,
    sync: bool = True,
    sync_folder: bool = False,
    still: Callable[[], bool] | None = None,
) -> bool:
    """Write a file in one step, and tell whether it was. Missing folders are made. Raises StoreError.

    `still` is asked at the last moment whether the file is to be put in place: what it replaces may have changed.
    """
    folder, name = os.path.split(path)
    temporary = f"{folder}/{TEMPORARY}{os.getpid()}-{threading.get_ident()}-{next(_COUNTER)}-{name[:40]}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        try:
            descriptor = os.open(temporary, flags, mode)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            descriptor = os.open(temporary, flags, mode)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if still is not None and not still():
            os.unlink(temporary)
            return False
        os.rename(temporary, path)
        if sync_folder:
            sync_directory(folder)
        return True
    except OSError as error:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        hint = "free some space" if error.errno == 28 else ""
        raise StoreError(f"can't write {path}: {error.strerror}", hint=hint) from error


def sync_directory(folder: str) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stat_signature(path: str) -> tuple[int, int, int, int] | None:
    """Return what changes when a file does (size, modification and change time in ns, inode), or None without a file.

    The change time can't be set by programs, so an edit that restores the modification time is still seen.
    """
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
