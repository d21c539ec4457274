"""Writing a file so that it is either not there or whole: temporary name in the same folder, fsync, rename. And looking
at one so that *not there* and *can't be read* are never confused.

The folder is synced where losing the name would mean paying twice (records); a power cut may lose a blob's name, since
its record is written, and synced, after it. On ext4 and XFS that later sync includes the earlier rename.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
import stat
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

from personaforge.errors import StoreError, Unreadable
from personaforge.spec.source import open_file as open_file

_COUNTER = count()
TEMPORARY = ".tmp-"
"""Prefix of names that are not finished; `forge cache gc` removes old ones."""
DAMAGED = ".damaged"
"""Suffix of files that `forge cache verify --repair` has put aside."""
_TEMPORARY_NAME = re.compile(r"\.tmp-\d+-(\d+-\d+-.*|[0-9a-f]{32})", re.DOTALL)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_HINTS = {
    errno.EACCES: "it is there: give yourself the right to read it (ls -l shows who has it)",
    errno.EPERM: "it is there: give yourself the right to read it (ls -l shows who has it)",
    errno.EMFILE: "too much is open at once: raise `ulimit -n`, then try again",
    errno.ENFILE: "too much is open at once on this machine: close something, then try again",
    errno.EIO: "the disk or its mount fails; nothing was changed",
    errno.ESTALE: "the mount has changed under forge: mount it again, then try again",
}


def write_atomic(
    path: Path | str,
    data: bytes,
    *,
    mode: int = 0o644,
    sync: bool = True,
    sync_folder: bool = False,
    still: Callable[[], bool] | None = None,
) -> bool:
    """Write a file in one step, and return whether it was written. Missing folders are made. Raises StoreError.

    `still` is called at the last moment and decides whether the file is put in place: the file there may have changed.
    """
    folder, name = os.path.split(path)
    temporary = f"{folder}/{TEMPORARY}{os.getpid()}-{threading.get_ident()}-{next(_COUNTER)}-{name[:40]}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        try:
            descriptor = os.open(temporary, flags, mode)
        # The folder nearly always exists, so asking first would cost a system call for each file.
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
        # After the bytes are on the disk: the shorter the time between this question and the rename, the better.
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
        raise unwritable(path, error) from error


def unwritable(path: Path | str, error: OSError, done: str = "write") -> StoreError:
    """Return the error for something that can't be written, moved or removed."""
    hint = "free some space" if error.errno in _FULL else ""
    return StoreError(f"can't {done} {path}: {error.strerror}", hint=hint)


def unreadable(path: Path | str, error: OSError, what: str = "it") -> Unreadable:
    """Return the error for something that is there, as far as is known, and can't be read."""
    reason = error.strerror or str(error)
    hint = _HINTS.get(error.errno or 0, "")
    return Unreadable(f"can't read {what}: {reason}", hint=hint, where=str(path))


def present(path: Path | str) -> os.stat_result | None:
    """Return the stat of what is at a path, links not followed; None where there is nothing. Raises Unreadable where
    the system doesn't say: `os.path.exists` would return False."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error


def is_file(path: Path | str) -> bool:
    """Return whether a path is a file, and neither a link nor a folder. Raises Unreadable where the system doesn't
    say."""
    found = present(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def typed(path: Path | str) -> str:
    """Return a path as it is typed in a shell here: relative to the current folder if it is below it, and quoted."""
    text = os.path.abspath(path)
    try:
        here = os.getcwd() + os.sep
    except OSError:  # the folder is gone
        return shlex.quote(text)
    return shlex.quote(text.removeprefix(here))


def checked_out(path: Path | str) -> str:
    """Return the command that restores a file from git, in whatever folder it is typed."""
    folder, name = os.path.split(os.path.abspath(path))
    shown = typed(path)
    if os.path.isabs(shlex.split(shown)[0]):
        return f"git -C {shlex.quote(folder)} checkout -- {shlex.quote(name)}"
    return f"git checkout -- {shown}"


def refuse_link(path: Path | str) -> None:
    """Make sure that a path of forge's own is no link: a file behind one may belong to somebody else.

    Raises StoreError.
    """
    found = present(path)
    if found is not None and stat.S_ISLNK(found.st_mode):
        raise StoreError("is a symbolic link", where=str(path), hint=f"rm {typed(path)}  (forge makes it itself)")


def refuse_links(folder: Path | str) -> None:
    """Make sure that neither a folder of forge's own nor anything directly in it is a link. Raises StoreError."""
    refuse_link(folder)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    refuse_link(entry.path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise unreadable(folder, error) from error


def scanned(folder: str, faults: list[Unreadable] | None = None) -> list[os.DirEntry[str]]:
    """Return a folder's entries; none where there is no folder, or where it is a link. A folder that can't be read is
    noted in `faults`; without `faults` it raises Unreadable."""
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            return []
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        noted(unreadable(folder, error), faults)
        return []


def noted(fault: Unreadable, faults: list[Unreadable] | None) -> None:
    """Note an error of what can't be read, or raise it where there is no list to note it in."""
    if faults is None:
        raise fault
    faults.append(fault)


def is_temporary(entry: os.DirEntry[str]) -> bool:
    """Return whether a folder's entry is a file that a killed forge left half written, and not somebody else's."""
    return bool(_TEMPORARY_NAME.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)


def sync_directory(folder: str) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def stat_signature(path: str) -> tuple[int, int, int, int] | None:
    """Return what changes when a file does (size, modification and change time in ns, inode), or None without a file.

    The change time can't be set by programs, so an edit that restores the modification time is still seen. Raises
    Unreadable where the system doesn't say whether there is one.
    """
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:  # links in a circle lead to no file
            return None
        raise unreadable(path, error) from error
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
