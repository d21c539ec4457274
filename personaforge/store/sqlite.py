"""SQLite databases that may be read-only: whether one may be written, and a copy in memory for one that may not.

SQLite can't open a database in WAL mode in a folder where it can make no `-shm` file, and what is still in a `-wal`
file is part of the content. So the bytes of both are copied at a moment when they don't change, and read from memory:
nothing is written beside the original, and changes of the copy are lost with it.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from contextlib import closing

from personaforge.errors import StoreError
from personaforge.store.files import stat_signature

_LOG = "-wal"
_BESIDE = (_LOG, "-shm")
_TRIES = 100
_PAUSE = 0.02
_JOURNAL_MODE = slice(18, 20)
"""Where the header says whether the database is in WAL mode (2) or not (1); a database in memory can't be.
https://www.sqlite.org/fileformat.html#file_format_version_numbers"""

_UNREACHABLE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
)
"""Why a sound database can't be opened or written."""


def writable(path: str) -> bool:
    """Return whether a database may be written, or made where there is none: the file, its folder and the files beside
    it."""
    parts = (os.path.dirname(path), path, *(path + suffix for suffix in _BESIDE))
    return all(os.access(part, os.W_OK) for part in parts if os.path.lexists(part))


def unreachable(error: sqlite3.Error) -> bool:
    """Return whether an error is about the disk, the folder or permissions, and not about the database."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _UNREACHABLE


def memory() -> sqlite3.Connection:
    """Return an empty database in memory."""
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def copied(path: str) -> sqlite3.Connection:
    """Return a copy of a database in memory; an empty one where there is none. Raises OSError, StoreError and
    sqlite3.Error."""
    for _ in range(_TRIES):
        before = signatures(path)
        data, log = _bytes(path), _bytes(path + _LOG)
        if signatures(path) == before:
            return _merged(data, log) if log else _in_memory(data)
        time.sleep(_PAUSE)
    raise StoreError("is written all the time, so it can't be copied to be read", where=path, hint="try again later")


def _in_memory(data: bytes) -> sqlite3.Connection:
    connection = memory()
    if data:
        content = bytearray(data)
        content[_JOURNAL_MODE] = b"\x01\x01"
        connection.deserialize(bytes(content))
    return connection


def _merged(data: bytes, log: bytes) -> sqlite3.Connection:
    """Return a copy that includes the log, merged as SQLite does it after a crash."""
    with tempfile.TemporaryDirectory(prefix="forge-index-") as folder:
        path = f"{folder}/copy.db"
        for name, content in ((path, data), (path + _LOG, log)):
            with open(name, "wb") as file:
                file.write(content)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        return _in_memory(_bytes(path))


def signatures(path: str) -> tuple[object, ...]:
    """Return what changes when a database or its log does."""
    return stat_signature(path), stat_signature(path + _LOG)


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
