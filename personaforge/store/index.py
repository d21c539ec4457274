"""Makes a build with nothing to do quick: an SQLite index over the records, the last outcome of every node, and
composed specs.

All of it can be made again: `log` from the record files, `nodes` by planning once more over the cached actions,
`specs` by composing. So it is written without waiting for the disk (WAL, synchronous=NORMAL), and a damaged one is
put aside and started afresh. The journal of paid calls, which can't be made again, is a file of its own (`journal.py`).

Where there is no `.forge`, reading and caching make none: the index is in memory until something is built. Where it may
not be written, a copy in memory is read; cached values are kept in that copy and lost with it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Container, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

import orjson

from personaforge.errors import StoreError
from personaforge.store import sqlite
from personaforge.store.artifact import digests_in, is_digest
from personaforge.store.outcome import Status
from personaforge.store.outputs import Placed
from personaforge.store.result import NodeResult, read_result

T = TypeVar("T")

SCHEMA = 1
"""Version of the tables; kept as SQLite's `user_version`. An index of another version is put aside."""
_TABLES = """
create table meta (name text primary key, value text not null) without rowid;
create table log (seq integer primary key autoincrement, kind text not null, name text not null, unique (kind, name));
create table specs (key text primary key, body blob not null);
create table groups (digest text primary key, body blob not null) without rowid;
create table nodes (
    node text primary key, persona text not null, signature text not null, outcome text not null, status text not null,
    files text not null, body text not null, build text not null, finished real not null
) without rowid;
create index nodes_by_persona on nodes (persona);
create table failures (
    node text primary key, persona text not null, build text not null, error text not null, failed real not null
) without rowid;
"""
_LATER = """
create table if not exists pending (kind text not null, name text not null, at real not null, primary key (kind, name))
    without rowid
"""
"""Tables that were added after SCHEMA 1; they need no new version."""
_KEPT_SPECS = 5_000
_LONGEST_PATH = 500
"""Bytes; SQLite takes 512 on Unix, with the suffix of its log."""


class NodeRow(NamedTuple):
    """The last finished outcome of a node."""

    node: str
    signature: str
    """Digest over everything the node's procedure depends on; equal means that it would give the same outcome."""
    outcome: str
    """Digest of the outcome: what the nodes after it depend on."""
    status: str
    files: str
    """JSON: [[path, digest, size, mtime_ns, ctime_ns, inode], ...] of its files in the build folder."""

    @property
    def placed(self) -> list[Placed]:
        """The node's artifacts, with where each stands in the build folder."""
        return [Placed(*file) for file in orjson.loads(self.files)]

    @property
    def is_sound(self) -> bool:
        """Whether a forge wrote it: every field has its type."""
        try:
            files = self.placed
        except (TypeError, ValueError):
            return False
        types = [str, str, int, int, int, int]
        right = all([type(value) for value in file] == types and is_digest(file.digest) for file in files)
        return right and self.files[0] == "[" and self.status in get_args(Status)


def files_text(placed: Iterable[Placed]) -> str:
    """Return a node's artifacts as `NodeRow.files` holds them."""
    return orjson.dumps([list(file) for file in placed]).decode()


def _bytes(value: Any) -> bytes | None:
    return value if isinstance(value, bytes) else None


class Index:
    """The index of one store. Safe to use from many threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._absent = False
        """Whether the open database is in memory because nothing has been built yet."""
        self._closed = ""
        """Why the open database is a copy in memory; empty where it is the file itself."""

    # --- composed specs (personaforge.spec.load.SpecCache) ---

    def get_spec(self, key: str) -> bytes | None:
        """Return a cached spec row; None for one that holds no bytes."""
        return _bytes(self._value("select body from specs where key = ?", key))

    def get_group(self, digest: str) -> bytes | None:
        """Return a cached group; None for one that holds no bytes."""
        return _bytes(self._value("select body from groups where digest = ?", digest))

    def put_spec(self, key: str, body: bytes, groups: dict[str, bytes]) -> None:
        """Keep a composed spec and its groups; the oldest are removed when there are thousands.

        Where they can't be kept, as on a full disk, they are composed again the next time.
        """

        def put(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("begin immediate")
                connection.executemany("insert or ignore into groups values (?, ?)", groups.items())
                connection.execute("insert or replace into specs (key, body) values (?, ?)", (key, body))
                newest = connection.execute("select max(rowid) from specs").fetchone()[0]
                connection.execute("delete from specs where rowid <= ?", (newest - _KEPT_SPECS,))

        try:
            self._do(put)
        except StoreError as error:
            if not (isinstance(error.__cause__, sqlite3.Error) and sqlite.unreachable(error.__cause__)):
                raise

    # --- nodes ---

    def nodes(self, persona: str) -> dict[str, NodeRow]:
        """Return the last outcomes of a persona's nodes, by node id.

        A row that can't be read is left out: the node is planned, and made from the records for nothing.
        """
        query = "select node, signature, outcome, status, files, body from nodes where persona = ?"
        rows = ((NodeRow._make(row[:5]), row[5]) for row in self._rows(query, persona))
        return {row.node: row for row, body in rows if row.is_sound and read_result(row.node, body) is not None}

    def unread(self, persona: str, rows: Container[str]) -> frozenset[str]:
        """Return the nodes of a persona that have a row, and none among those that `nodes` returned."""
        return frozenset(row[0] for row in self.node_history(persona) if row[0] not in rows)

    def digests(self, persona: str) -> set[str]:
        """Return everything that looks like a digest in a persona's rows, also in those that can't be read."""
        rows = self._rows("select files, body from nodes where persona = ?", persona)
        return digests_in(" ".join(str(text) for row in rows for text in row).encode(errors="replace"))

    def result(self, node: str) -> NodeResult | None:
        """Return what a node last resulted in; None where it has no result, or one that can't be read."""
        body: str | None = self._value("select body from nodes where node = ?", node)
        return read_result(node, body) if body is not None else None

    def results(self, persona: str) -> list[NodeResult]:
        """Return what a persona's nodes last resulted in, ordered by node, without results that can't be read."""
        rows = self._rows("select node, body from nodes where persona = ? order by node", persona)
        return [found for found in (read_result(*row) for row in rows) if found is not None]

    def put_node(self, row: NodeRow, result: NodeResult, *, persona: str, build: str, finished: float) -> None:
        """Keep a node's outcome in place of the last one."""
        values = (row.node, persona, row.signature, row.outcome, row.status, row.files, result.text(), build, finished)
        self._write("insert or replace into nodes values (?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)

    def drop_nodes(self, nodes: Sequence[str]) -> None:
        """Forget nodes that a persona no longer has."""
        for node in nodes:
            self._write("delete from nodes where node = ?", node)
            self._write("delete from failures where node = ?", node)

    def node_history(self, persona: str | None = None) -> list[tuple[str, str, str, str, float]]:
        """Return (node, persona, status, build, finished) of every node's last outcome."""
        query = "select node, persona, status, build, finished from nodes"
        if persona is None:
            return self._rows(query + " order by node")
        return self._rows(query + " where persona = ? order by node", persona)

    def failures(self, persona: str) -> dict[str, tuple[str, float]]:
        """Return (error, time) of a persona's nodes whose last run failed."""
        rows = self._rows("select node, error, failed from failures where persona = ?", persona)
        return {node: (error, failed) for node, error, failed in rows}

    def put_failure(self, node: str, *, persona: str, build: str, error: str, failed: float) -> None:
        """Note that a node's run failed; its last finished outcome stays."""
        self._write("insert or replace into failures values (?, ?, ?, ?, ?)", node, persona, build, error, failed)

    def drop_failure(self, node: str) -> None:
        """Note that a node's last run did not fail."""
        self._write("delete from failures where node = ?", node)

    # --- the log of records ---

    def announce(self, kind: str, name: str) -> None:
        """Note that a record is about to be written: its writer may die before it can be added."""
        self._write("insert or replace into pending values (?, ?, ?)", kind, name, time.time())

    def add(self, kind: str, name: str) -> None:
        """Note that a record is there, in the order in which records were added."""

        def put(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("begin immediate")
                connection.execute("insert or ignore into log (kind, name) values (?, ?)", (kind, name))
                connection.execute("delete from pending where kind = ? and name = ?", (kind, name))

        with self._lock:
            self._do(lambda connection: None)
            if self._absent:
                self._make()
            self._do(put)

    def pending(self) -> list[tuple[str, str]]:
        """Return (kind, name) of the records that were announced and not added, oldest first."""
        return self._rows("select kind, name from pending order by at")

    def forget_pending(self, before: float) -> None:
        """Forget announcements from before a time, in seconds since 1970, whose records are not there."""
        self._rows("delete from pending where at < ?", before)

    def since(self, seq: int, most: int | None = None) -> list[tuple[int, str, str]]:
        """Return (sequence number, kind, name) of the records after a sequence number: the first `most` of them."""
        return self._rows("select seq, kind, name from log where seq > ? order by seq limit ?", seq, most or -1)

    def count(self) -> int:
        """Return how many records the log knows."""
        return int(self._value("select count(*) from log"))

    def latest(self) -> int:
        """Return the sequence number of the newest record; 0 where there is none."""
        return int(self._value("select max(seq) from log") or 0)

    def relog(self, records: Iterable[tuple[str, str]], after: int | None = None) -> None:
        """Rebuild the log from (kind, name) of the records that are there.

        `after` is the newest sequence number from before the caller looked: what was noted since then is kept, at the
        end.
        """
        rows = list(records)

        def start(connection: sqlite3.Connection) -> None:
            with connection:
                connection.execute("begin immediate")
                if after is not None:
                    query = "select kind, name from log where seq > ? order by seq"
                    rows.extend(connection.execute(query, (after,)).fetchall())
                connection.execute("delete from log")
                connection.execute("update meta set value = ? where name = 'epoch'", (uuid.uuid4().hex,))
                connection.executemany("insert or ignore into log (kind, name) values (?, ?)", rows)

        self._do(start)

    def epoch(self) -> str:
        """Return a value that changes whenever sequence numbers start again."""
        return str(self._value("select value from meta where name = 'epoch'"))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
                self._absent, self._closed = False, ""

    def _value(self, query: str, *parameters: Any) -> Any:
        rows = self._rows(query, *parameters)
        return rows[0][0] if rows else None

    def _rows(self, query: str, *parameters: Any) -> list[Any]:
        return self._do(lambda connection: connection.execute(query, parameters).fetchall())

    def _write(self, query: str, *parameters: Any) -> None:
        """Write what must not be lost. Raises StoreError where it can't."""
        with self._lock:
            self._do(lambda connection: None)
            if self._absent:
                self._make()
            if self._closed:
                raise StoreError(f"can't write the index: {self._closed}", where=self._path, hint=self._hint())
            self._rows(query, *parameters)

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function with the database; a damaged one is put aside and the function run again with a new one."""
        with self._lock:
            try:
                return work(self._open())
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
                    hint = self._hint() if sqlite.unreachable(error) else ""
                    raise StoreError(f"can't use the index: {error}", where=self._path, hint=hint) from error
                if self._closed:
                    assert self._connection is not None
                    self._connection.close()
                    self._connection = _prepared(sqlite.memory())
                else:
                    self.close()
                    _put_aside(self._path)
                return work(self._open())

    def _hint(self) -> str:
        folder = os.path.dirname(self._path)
        space = f"df {folder} shows what is free"
        if len(os.fsencode(self._path)) > _LONGEST_PATH:
            return f"move the project: SQLite opens paths of up to {_LONGEST_PATH} bytes"
        return space if sqlite.writable(self._path) else f"ls -ld {folder} shows whose it is"

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._absent and os.path.exists(self._path):
            self._make()  # another process has built something meanwhile
        if self._connection is None:
            folder = os.path.dirname(self._path)
            self._absent = not os.path.lexists(folder)
            self._closed = "" if self._absent or sqlite.writable(self._path) else f"{folder} may not be written"
            if self._absent:
                self._connection = _prepared(sqlite.memory())
            elif self._closed:
                self._connection = self._copy()
            else:
                self._connection = self._open_or_copy()
        return self._connection

    def _open_or_copy(self) -> sqlite3.Connection:
        """Open the file; where it can't be written, a copy in memory: reading it needs no writing."""
        try:
            return _connect(self._path)
        except sqlite3.OperationalError as error:
            if not sqlite.unreachable(error):
                raise
            self._closed = str(error)
            try:
                return self._copy()
            except (OSError, StoreError):
                self._closed = ""
                raise error from None

    def _copy(self) -> sqlite3.Connection:
        try:
            return _prepared(sqlite.copied(self._path))
        except sqlite3.DatabaseError:  # damaged, or of another version: it can be made again, here in memory
            return _prepared(sqlite.memory())
        except OSError as error:
            raise StoreError(f"can't read the index: {error.strerror or error}", where=self._path) from error

    def _make(self) -> None:
        """Make the file now, with what was composed so far."""
        assert self._connection is not None
        kept = [(table, self._connection.execute(f"select * from {table}").fetchall()) for table in ("groups", "specs")]  # noqa: S608
        self.close()
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
        except OSError as error:
            raise StoreError(f"can't make the store: {error.strerror}", where=os.path.dirname(self._path)) from error
        connection = self._open()
        if not self._closed:
            with connection:
                connection.execute("begin immediate")
                for table, rows in kept:
                    connection.executemany(f"insert or ignore into {table} values (?, ?)", rows)  # noqa: S608


class _OtherVersion(sqlite3.DatabaseError):
    """The tables are those of another version."""


def _connect(path: str) -> sqlite3.Connection:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        return _prepared(connection)
    except _OtherVersion:
        connection.close()
        _put_aside(path)
        return _connect(path)
    except BaseException:
        connection.close()
        raise


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a database with its tables. Raises sqlite3.Error."""
    version = connection.execute("pragma user_version").fetchone()[0]
    if version == 0:
        connection.execute("begin immediate")
        if connection.execute("pragma user_version").fetchone()[0] == 0:
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute("insert into meta values ('epoch', ?)", (uuid.uuid4().hex,))
            connection.execute(f"pragma user_version = {SCHEMA}")
        connection.execute("commit")
    elif version != SCHEMA:
        raise _OtherVersion(f"has tables of version {version}, expected {SCHEMA}")
    connection.execute(_LATER)
    return connection


def _put_aside(path: str) -> None:
    """Move a database that can't be used out of the way; it is kept, so that it can be examined."""
    for suffix in ("", "-wal", "-shm"):
        try:
            os.replace(path + suffix, f"{path}.damaged{suffix}")
        except FileNotFoundError:
            pass
