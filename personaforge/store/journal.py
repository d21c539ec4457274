"""The journal of paid calls: what was asked of a provider, and how far it got. The one file that nothing can remake.

    intent      committed before the request is sent
    submitted   the provider accepted it under `job`; committed before the first poll
    done        its result is in the store
    refused     the provider definitely did not accept it, or said that it failed: nothing to wait for
    abandoned   the user said to forget it

After a crash, `submitted` is polled again, never sent again. An `intent` without a lease on its key is a call whose
process died in mid-request: it may have been bought, so it is not repeated without the user's word (`forge jobs`).

SQLite in WAL mode with synchronous=FULL: a committed row survives kill and power cut.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from personaforge.errors import StoreError

_TABLES = """
create table if not exists journal (
    key text primary key, node text not null, kind text not null, provider text not null, model text not null,
    state text not null, job text not null default '', reserved_usd real, cost_usd real,
    started real not null, changed real not null, note text not null default ''
) without rowid
"""
OPEN_STATES = ("intent", "submitted")


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
    """What the call was expected to cost when it was sent; None when nobody could say."""
    cost_usd: float | None
    started: float
    """Seconds since 1970."""
    changed: float
    note: str


class Journal:
    """The journal of one store. Safe to use from many threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def get(self, key: str) -> Entry | None:
        """Return the entry of an action key."""
        if self._connection is None and not os.path.exists(self._path):
            return None
        rows = self._rows("select * from journal where key = ?", key)
        return Entry._make(rows[0]) if rows else None

    def open_entries(self) -> list[Entry]:
        """Return the calls that are neither done nor given up, oldest first."""
        if self._connection is None and not os.path.exists(self._path):
            return []
        rows = self._rows("select * from journal where state in (?, ?) order by started", *OPEN_STATES)
        return [Entry._make(row) for row in rows]

    def intend(self, key: str, node: str, kind: str, provider: str, model: str, reserved_usd: float | None) -> None:
        """Commit that a request is about to be sent."""
        now = time.time()
        values = (key, node, kind, provider, model, "intent", "", reserved_usd, None, now, now, "")
        self._rows("insert or replace into journal values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)

    def submitted(self, key: str, job: str) -> None:
        """Commit the provider's job id."""
        self._set(key, "submitted", job=job)

    def done(self, key: str, cost_usd: float | None) -> None:
        """Commit that the result is in the store."""
        self._set(key, "done", cost_usd=cost_usd)

    def refused(self, key: str, note: str) -> None:
        """Commit that nothing was bought."""
        self._set(key, "refused", note=note)

    def abandon(self, key: str, note: str) -> None:
        """Commit that the user gave the call up."""
        self._set(key, "abandoned", note=note)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _set(
        self, key: str, state: str, *, job: str | None = None, cost_usd: float | None = None, note: str = ""
    ) -> None:
        query = (
            "update journal set state = ?, changed = ?, job = coalesce(?, job), cost_usd = ?, note = ? where key = ?"
        )
        self._rows(query, state, time.time(), job, cost_usd, note[:500], key)

    def _rows(self, query: str, *parameters: Any) -> list[Any]:
        with self._lock:
            try:
                return self._open().execute(query, parameters).fetchall()
            except sqlite3.Error as error:
                hint = "it names the paid calls in flight: restore it from a backup, or move it away to give them up"
                raise StoreError(
                    f"can't use the journal of paid calls: {error}", hint=hint, where=self._path
                ) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("pragma journal_mode = wal")
                connection.execute("pragma synchronous = full")
                connection.execute(_TABLES)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection
