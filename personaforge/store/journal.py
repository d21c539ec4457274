"""The journal of paid calls: what was asked of a provider, and how far it got. The one file that can't be made again.

    intent      committed before the request is sent
    submitted   the provider accepted it under `job`; committed before the first poll
    unknown     it was sent, and nobody knows whether it was accepted
    done        its result is in the store
    refused     the provider definitely did not accept it, or said that it failed: nothing to wait for
    cancelled   the provider was asked to stop it, and agreed
    abandoned   the user gave it up: it is not sent again

After a crash, `submitted` is polled again, never sent again. An `intent` without a lease on its key is a call whose
process died in mid-request, and counts as `unknown`: a provider that can find it again is asked for it; otherwise it
waits for the user's decision (`forge jobs`).

The cost of a call without a result is kept in `charges`: records hold the costs of all others, and there is no record
of this one.

SQLite in WAL mode with synchronous=FULL: a committed row survives kill and power cut. A journal that may not be written
is read as a copy in memory, in which only what a record proves is noted.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.errors import StoreError
from personaforge.money import amount
from personaforge.store import sqlite

_TABLES = """
create table if not exists journal (
    key text primary key, node text not null, kind text not null, provider text not null, model text not null,
    state text not null, job text not null default '', reserved_usd real, cost_usd real,
    started real not null, changed real not null, note text not null default ''
) without rowid;
create table if not exists charges (
    key text not null, sent integer not null, node text not null, kind text not null, provider text not null,
    model text not null, usd real, reserved_usd real, at real not null, note text not null,
    primary key (key, sent)
) without rowid
"""
_ADDED = {
    "sent": "integer not null default 1",
    "client_key": "text not null default ''",
    "data": "text not null default '{}'",
    "body": "text not null default '{}'",
    "expires": "real",
    "deleted": "real",
}
"""Columns that came later, in this order."""
OPEN_STATES = ("intent", "submitted", "unknown")
_ENDED = ("done", "refused", "cancelled")
"""States in which the job is not needed any more."""


class Entry(NamedTuple):
    """One paid call."""

    key: str
    node: str
    kind: str
    provider: str
    model: str
    state: str
    job: str
    reserved_usd: float | None
    """What the call was expected to cost when it was sent; None when that was not known."""
    cost_usd: float | None
    started: float
    """When it was sent, seconds since 1970."""
    changed: float
    note: str
    sent: int = 1
    """How often it was sent, each time with a new client key."""
    client_key: str = ""
    """A UUID that travels with the request where the provider takes one."""
    data: str = "{}"
    """JSON: what else is needed to poll or cancel the job."""
    body: str = "{}"
    """JSON: the action, so that its result can be kept without planning anew."""
    expires: float | None = None
    """When the provider deletes the result, seconds since 1970; None when that is not known."""
    deleted: float | None = None
    """When the provider deleted, on our request, what it kept of the job, seconds since 1970."""


class Charge(NamedTuple):
    """What a call without a result cost."""

    key: str
    sent: int
    node: str
    kind: str
    provider: str
    model: str
    usd: float | None
    """None when it isn't known; `reserved_usd` is then counted in its place."""
    reserved_usd: float | None
    at: float
    note: str


class Journal:
    """The journal of one store. Safe to use from many threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._peeked: tuple[Any, sqlite3.Connection] | None = None
        self._copied = False
        """Whether the open database is a copy in memory."""

    # --- reading ---

    @property
    def is_there(self) -> bool:
        """Whether anything was ever noted here."""
        return os.path.exists(self._path)

    def get(self, key: str) -> Entry | None:
        """Return the entry of an action key."""
        rows = self._read("select * from journal where key = ?", key)
        return _entry(rows[0]) if rows else None

    def peek(self, key: str) -> Entry | None:
        """Return the same as `get` and write nothing, not even the files that SQLite puts beside a database it reads:
        for a plan. What is read is a copy, made anew when the journal has changed."""
        with self._lock:
            if self._connection is not None:
                return self.get(key)
            with self._faults():
                seen = sqlite.signatures(self._path)
                if self._peeked is None or self._peeked[0] != seen:
                    copy = sqlite.copied(self._path)
                    _prepare(copy)
                    self._peeked = seen, copy
                rows = self._peeked[1].execute("select * from journal where key = ?", (key,)).fetchall()
        return _entry(rows[0]) if rows else None

    def open_entries(self) -> list[Entry]:
        """Return the calls that are neither done nor given up, oldest first."""
        marks = ", ".join("?" * len(OPEN_STATES))
        rows = self._read(f"select * from journal where state in ({marks}) order by started", *OPEN_STATES)  # noqa: S608
        return [_entry(row) for row in rows]

    def matching(self, start: str) -> list[Entry]:
        """Return the calls whose key begins with a text and that are not done, oldest first."""
        query = "select * from journal where substr(key, 1, ?) = ? and state != 'done' order by started"
        return [_entry(row) for row in self._read(query, len(start), start)]

    def ended_jobs(self, start: str = "") -> list[Entry]:
        """Return the calls whose key begins with a text, that have ended, and of whose job the provider may still keep
        something, oldest first. Of a call that was sent several times only the last job is known."""
        marks = ", ".join("?" * len(_ENDED))
        query = (
            f"select * from journal where state in ({marks}) and job != '' and deleted is null"  # noqa: S608
            " and substr(key, 1, ?) = ? order by started"
        )
        return [_entry(row) for row in self._read(query, *_ENDED, len(start), start)]

    def charges(self) -> list[Charge]:
        """Return what calls without a result cost."""
        charges = (Charge._make(row) for row in self._read("select * from charges order by at"))
        return [one._replace(usd=amount(one.usd), reserved_usd=amount(one.reserved_usd)) for one in charges]

    # --- the way of a call ---

    def intend(
        self,
        key: str,
        node: str,
        kind: str,
        provider: str,
        model: str,
        reserved_usd: float | None,
        *,
        body: Mapping[str, Any] | None = None,
        same: bool = False,
    ) -> Entry:
        """Commit that a request is about to be sent. With `same` it is the last request again, with the same client
        key."""
        now = time.time()
        with self._lock:
            self._require_kept()
            last = self.get(key)
            sent = 1 if last is None else last.sent + (0 if same else 1)
            text = json.dumps(dict(body or {}), sort_keys=True)
            entry = Entry(
                *(key, node, kind, provider, model, "intent", "", reserved_usd, None, now, now, ""),
                sent=sent,
                client_key=client_key(key, sent),
                body=text,
            )
            marks = ", ".join("?" * len(entry))
            self._rows(f"insert or replace into journal ({', '.join(entry._fields)}) values ({marks})", *entry)  # noqa: S608
        return entry

    def submitted(
        self, key: str, job: str, data: Mapping[str, str] | None = None, expires: float | None = None
    ) -> None:
        """Commit the provider's job id, and what else is needed to poll or cancel the job."""
        self._require_kept()
        query = "update journal set state = 'submitted', changed = ?, job = ?, data = ?, expires = ? where key = ?"
        self._rows(query, time.time(), job, json.dumps(dict(data or {}), sort_keys=True), expires, key)

    def done(self, key: str, cost_usd: float | None) -> None:
        """Commit that the result is in the store. A copy in memory forgets this: the record proves it, too."""
        self._set(key, "done", cost_usd=cost_usd)

    def unknown(self, key: str, note: str) -> None:
        """Commit that the request may have been accepted, or that its answer is lost."""
        self._require_kept()
        self._set(key, "unknown", note=note)

    def refused(self, key: str, note: str, cost_usd: float | None = 0.0) -> None:
        """Commit that it was not accepted, or failed. `cost_usd` is what it cost all the same; None for unknown."""
        self._end(key, "refused", note, cost_usd)

    def cancelled(self, key: str, note: str) -> None:
        """Commit that the provider has stopped it. What it charged is not known."""
        self._end(key, "cancelled", note, None)

    def abandon(self, key: str, note: str, *, bought: bool = True) -> None:
        """Commit that the user gave the call up, and whether it may have been charged."""
        self._end(key, "abandoned", note, None if bought else 0.0)

    def resubmit(self, key: str, note: str, *, bought: bool = True) -> None:
        """Commit that the user allows sending it again, and whether it may have been charged the first time."""
        self._end(key, "refused", note, None if bought else 0.0)

    def deleted(self, key: str) -> None:
        """Commit that the provider has deleted what it kept of the job."""
        self._require_kept()
        self._rows("update journal set deleted = ? where key = ?", time.time(), key)

    def charge_removed(self, name: str, record: Mapping[str, Any], note: str) -> None:
        """Keep the cost that a record states of its paid call: the record is about to be removed. Once for each
        record."""
        parts = record.get("parts", {})
        model = str(parts.get("request", {}).get("model", ""))
        values = (str(record.get("node", "")), str(parts.get("kind", "")), str(parts.get("provider", "")), model)
        money = (record.get("cost_usd"), record.get("reserved_usd"), float(record.get("started", 0.0)), note)
        self._rows("insert or ignore into charges values (?, 0, ?, ?, ?, ?, ?, ?, ?, ?)", name, *values, *money)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _end(self, key: str, state: str, note: str, cost_usd: float | None) -> None:
        """End a call without a result, and keep what it cost in the same transaction."""
        self._require_kept()
        with self._lock:
            self._rows("begin immediate")
            try:
                if cost_usd != 0.0:
                    query = (
                        "insert or replace into charges select key, sent, node, kind, provider, model, ?, reserved_usd,"
                        " ?, ? from journal where key = ? and state != 'abandoned'"
                    )
                    self._rows(query, cost_usd, time.time(), note[:500], key)
                self._set(key, state, cost_usd=cost_usd, note=note)
            except BaseException:
                self._rows("rollback")
                raise
            self._rows("commit")

    def _set(self, key: str, state: str, *, cost_usd: float | None = None, note: str = "") -> None:
        query = "update journal set state = ?, changed = ?, cost_usd = ?, note = ? where key = ?"
        self._rows(query, state, time.time(), cost_usd, note[:500], key)

    def _require_kept(self) -> None:
        """Raise StoreError where nothing can be committed."""
        with self._lock:
            if self._connection is None and not sqlite.writable(self._path):
                self._copied = True
            if self._copied:
                folder = os.path.dirname(self._path)
                hint = f"ls -ld {folder} shows whose it is"
                raise StoreError("the journal of paid calls may not be written", hint=hint, where=self._path)

    def _read(self, query: str, *parameters: Any) -> list[Any]:
        """Read without making a journal where there is none."""
        if self._connection is None and not os.path.exists(self._path):
            return []
        return self._rows(query, *parameters)

    def _rows(self, query: str, *parameters: Any) -> list[Any]:
        with self._lock, self._faults():
            return self._open().execute(query, parameters).fetchall()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Say what is wrong with the journal and what to do about it."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"can't use the journal of paid calls: {error.strerror}", where=self._path) from error
        except sqlite3.Error as error:
            hint = "it names the paid calls in flight: restore it from a backup, or move it away to give them up"
            raise StoreError(f"can't use the journal of paid calls: {error}", hint=hint, where=self._path) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None and os.path.exists(self._path) and not sqlite.writable(self._path):
            connection = sqlite.copied(self._path)
            _prepare(connection)
            self._connection, self._copied = connection, True
        if self._connection is None:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("pragma journal_mode = wal")
                connection.execute("pragma synchronous = full")
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection


def _entry(row: Sequence[Any]) -> Entry:
    """Return a row as an entry. An amount that is none is not known: a damaged one must not lower what was spent."""
    entry = Entry._make(row)
    return entry._replace(reserved_usd=amount(entry.reserved_usd), cost_usd=amount(entry.cost_usd))


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, and add to a journal of an earlier forge the columns that came later."""
    names = [row[1] for row in connection.execute("pragma table_info(journal)")]
    if names and all(name in names for name in _ADDED) and _has_charges(connection):
        return
    connection.execute("begin immediate")
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    names = [row[1] for row in connection.execute("pragma table_info(journal)")]
    for name, kind in _ADDED.items():
        if name not in names:
            connection.execute(f"alter table journal add column {name} {kind}")
    connection.execute("commit")


def _has_charges(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("select 1 from sqlite_master where name = 'charges'").fetchone())


def client_key(key: str, sent: int) -> str:
    """Return the UUID (RFC 9562, version 4 in form) of a call: the same for the same action and number of sending."""
    return str(uuid.UUID(bytes=sha256(f"{key}/{sent}".encode()).digest()[:16], version=4))
