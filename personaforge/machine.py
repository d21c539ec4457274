"""Which errors are the machine's: a full disk, missing memory, a file that may not be opened, a folder that is gone.

They may come from any library at any point, so they can't be handled where they arise. Code that catches broadly (the
command line, the runner) asks here before it reports an error as a bug of ours. Texts are compared only with the
operating system's own messages, which libraries include in their errors.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from personaforge.errors import MachineError

_SPACE = "free some space"
_MEMORY = "close other programs, or let fewer actions run at once: --jobs 1"
_ACCESS = "ls -ld shows whose it is"
_OPEN = "`ulimit -n` shows how many files may be open at once"
_TEXTS = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "`ulimit -f` shows how large a file may be",
    errno.ENOMEM: _MEMORY,
    errno.EACCES: _ACCESS,
    errno.EPERM: _ACCESS,
    errno.EROFS: "mount it so that it can be written, or work on a copy",
    errno.EMFILE: _OPEN,
    errno.ENFILE: _OPEN,
    errno.EAGAIN: "`ulimit -u` shows how many processes and threads there may be",
    errno.EIO: "look after the disk: `dmesg` shows its errors",
    errno.ENAMETOOLONG: "use a shorter name, or move the project to a shorter path",
    errno.ELOOP: "a symbolic link leads back to itself",
    errno.ENOTDIR: "a file stands where a folder is expected",
    errno.EISDIR: "a folder stands where a file is expected",
    errno.EEXIST: "move away what stands there",
    errno.ENOTEMPTY: "move away what stands there",
    errno.EBUSY: "another program uses it",
    errno.ETXTBSY: "another program uses it",
    errno.ESTALE: "mount the network's file system again",
    errno.ENODEV: "look after the disk: `dmesg` shows its errors",
    errno.ENXIO: "look after the disk: `dmesg` shows its errors",
    errno.EPIPE: "the program that was to read it has ended",
}
"""Errors that the operating system may raise for reasons of its own -> what to do. A file that isn't there is not among
them: that may be a bug of ours."""
_SAID = {
    **{os.strerror(number).lower(): number for number in _TEXTS if number != errno.EEXIST},
    "out of memory": errno.ENOMEM,
    "bad_alloc": errno.ENOMEM,
    "bad allocation": errno.ENOMEM,
    "insufficient memory": errno.ENOMEM,
    "failed to allocate": errno.ENOMEM,
    "unable to allocate": errno.ENOMEM,
    "failed to map segment": errno.ENOMEM,
    "cannot allocate": errno.ENOMEM,
    "can't start new thread": errno.EAGAIN,
    "database or disk is full": errno.ENOSPC,
    "disk i/o error": errno.EIO,
    "attempt to write a readonly database": errno.EACCES,
}
"""Libraries' own messages for such errors, in lower case."""
_LONGEST = 300


def machine_error(error: BaseException) -> MachineError | None:
    """Return the machine's reason for an error; None where there is none, which means that the error is a bug."""
    cause: BaseException | None = error
    seen = 0
    while cause is not None and seen < 10:
        found = _reason(cause)
        if found is not None:
            return found
        cause, seen = cause.__cause__, seen + 1
    return None


def system_words(text: str) -> int | None:
    """Return the error number whose text a library's message contains, or None."""
    said = text.lower()
    return next((number for words, number in _SAID.items() if words in said), None)


def _reason(error: BaseException) -> MachineError | None:
    if isinstance(error, MachineError):
        return error
    if isinstance(error, MemoryError) or (isinstance(error, SystemError) and "exception set" in str(error)):
        # C code that gets no memory may forget to say so: "error return without exception set".
        return MachineError("there is not enough memory", hint=_MEMORY)
    if isinstance(error, FileNotFoundError):
        return _gone(error)
    if isinstance(error, OSError) and error.errno in _TEXTS:
        return MachineError(error.strerror or str(error), hint=_TEXTS[error.errno], where=_path_of(error))
    if isinstance(error, (Warning, AssertionError, KeyError, NameError)) or not isinstance(error, Exception):
        return None
    text = " ".join(str(error).split())
    if "surrogates not allowed" in text:
        return MachineError("a name or a text holds bytes that are no UTF-8", hint="rename it, or set LC_ALL=C.UTF-8")
    number = system_words(text)
    if number is None:
        number = _of_database(error)
    if number is None:
        return None
    return MachineError(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…", hint=_TEXTS[number])


def _gone(error: FileNotFoundError) -> MachineError | None:
    """Distinguish a folder that was removed from a file that we wrongly expected."""
    try:
        os.getcwd()
    except OSError:
        return MachineError("the folder that forge was started in is no longer there", hint="cd to one that is")
    if "temporary directory" in str(error):
        return MachineError("there is no folder for temporary files", hint="TMPDIR=/a/folder/that/may/be/written")
    return None


def _path_of(error: OSError) -> str:
    name = error.filename
    return "" if name is None or isinstance(name, int) else str(Path(os.fsdecode(name)))


def _of_database(error: Exception) -> int | None:
    """Return what stopped SQLite or DuckDB, where the message doesn't say it. Neither is imported here."""
    sqlite, duckdb = sys.modules.get("sqlite3"), sys.modules.get("duckdb")
    if sqlite is not None and isinstance(error, sqlite.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        names = {
            sqlite.SQLITE_FULL: errno.ENOSPC,
            sqlite.SQLITE_IOERR: errno.EIO,
            sqlite.SQLITE_CANTOPEN: errno.EACCES,
            sqlite.SQLITE_READONLY: errno.EACCES,
            sqlite.SQLITE_PERM: errno.EACCES,
            sqlite.SQLITE_NOMEM: errno.ENOMEM,
            sqlite.SQLITE_BUSY: errno.EBUSY,
            sqlite.SQLITE_PROTOCOL: errno.EBUSY,
        }
        return names.get(code)
    if duckdb is not None and isinstance(error, duckdb.OutOfMemoryException):
        return errno.ENOMEM
    if duckdb is not None and isinstance(error, duckdb.IOException):
        return errno.EIO
    return None
