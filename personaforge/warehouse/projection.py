"""Projects records into DuckDB: what is new since the last time, or everything.

    schema.sql    tables, views and what they say; columns and rows bring records into them
    refresh.sql   derives `scores` from them, for what a batch of records is about
    queries       questions by people, who get the file read-only

One process at a time opens the file, under a lease that is taken before connecting and kept until after closing, also
for reading: DuckDB refuses a second process anyway, and its 2.0.0 loses committed rows when processes take turns. What
one `synchronise` brings is one transaction, so whoever dies within leaves the file as it was, and nobody sees a part.
Losing the file loses nothing. Where the store may not be written, or there is none yet, the file is a copy in a
temporary folder, which nobody else opens.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from personaforge.errors import StoreError
from personaforge.machine import system_words
from personaforge.store.files import stat_signature
from personaforge.store.store import Store
from personaforge.store.upkeep import relog
from personaforge.warehouse.columns import insert
from personaforge.warehouse.rows import Row, rows_of

if TYPE_CHECKING:
    import duckdb

VERSION = "5"
"""Of schema.sql and of what rows are made of; another version in the file means that it is made again."""
LEASE = "warehouse"
NAME = "warehouse.duckdb"
FROM_RECORDS = (
    "builds", "build_nodes", "events", "actions", "key_parts", "artifacts", "measurements", "embeddings",
    "landmark_ratios", "video_frames", "photos", "evaluations", "quality", "audits",
)  # fmt: skip
DERIVED = ("series", "scores")
TABLES = FROM_RECORDS + DERIVED
_BATCH = 20_000
"""Records whose rows are in memory at once; some 2 kB each."""
_UNSORTED = 1_000_000
"""Rows of `scores` that may lie as they came before all are sorted again; see `_sort`."""

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
SETTINGS = (
    "set timezone = 'UTC'",
    "set python_enable_replacements = false",  # a table's name must never mean a variable of ours
    "set pandas_analyze_sample = 0",  # looking at a column's texts costs 0.1 ms for each where pandas isn't installed
)


@contextmanager
def opened(store: Store, waiting: Callable[[], None] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse with everything that the records say by now. Raises StoreError.

    `waiting` is called once if another process has it.
    """
    with held(store, waiting) as path:
        connection = connect(path)
        try:
            synchronise(store, connection)
            yield connection
        finally:
            connection.close()


@contextmanager
def held(store: Store, waiting: Callable[[], None] | None = None) -> Iterator[Path]:
    """Give the file to open: the store's own, under the lease, or a copy where that may not be written."""
    if store.writable(NAME, f"{NAME}.wal", "leases"):
        with store.leases.take(LEASE, waiting=waiting):
            yield path_of(store)
        return
    path = store.temporary / NAME
    if not path.exists():
        _copy(path_of(store), path)
    yield path


def _copy(source: Path, path: Path) -> None:
    """Copy the file as it stands, to have less to project. One that is written at this moment is left where it is."""
    before = stat_signature(str(source))
    if before is None or Path(f"{source}.wal").exists():
        return
    try:
        shutil.copyfile(source, path)
    except OSError as error:
        path.unlink(missing_ok=True)
        if not isinstance(error, PermissionError):
            raise
        return
    if stat_signature(str(source)) != before:
        path.unlink()


def rebuild(store: Store) -> int:
    """Throw the warehouse away and make it from the records. Returns how many records there were."""
    with store.leases.take(LEASE):
        _remove(path_of(store))
        connection = connect(path_of(store))
        try:
            return synchronise(store, connection)
        finally:
            connection.close()


def path_of(store: Store) -> Path:
    """Return where the warehouse is."""
    return store.folder / NAME


def synchronise(store: Store, connection: duckdb.DuckDBPyConnection) -> int:
    """Project the records that came since the last time. Returns how many. Raises StoreError."""
    meta = dict(connection.execute("select name, value from meta").fetchall())
    epoch, new, fresh = _new_records(store, meta)
    if not new and not fresh:
        return 0
    connection.execute("begin")
    try:
        if fresh:
            for table in TABLES:
                connection.execute(f"truncate {table}")
        connection.execute("create temporary table touched (subject varchar)")
        for start in range(0, len(new), _BATCH):
            _project(store, connection, new[start : start + _BATCH])
        _refresh(connection)
        seq = str(new[-1][0]) if new else "0"
        connection.execute("delete from meta where name in ('epoch', 'seq', 'former')")
        values = [epoch, seq, _former(store)]
        connection.execute("insert into meta values ('epoch', ?), ('seq', ?), ('former', ?)", values)
        _sort(connection, meta.get("sorted", "0"), fresh)
        connection.execute("commit")
    except BaseException:
        with suppress(Exception):  # after a full disk DuckDB refuses this, too, and what it said first is what counts
            connection.execute("rollback")
        raise
    return len(new)


def _new_records(store: Store, meta: Mapping[str, str]) -> tuple[str, list[tuple[int, str, str]], bool]:
    """Return the log's epoch, what came since the last time, and whether that is everything there is."""
    if meta.get("epoch") != store.index.epoch():
        relog(store)  # the log is of an index that this file doesn't know: it may lack what an earlier one had
    store.note_pending()
    while True:
        epoch = store.index.epoch()
        fresh = meta.get("epoch") != epoch or meta.get("former", "") != _former(store)
        new = store.index.since(0 if fresh else int(meta.get("seq", "0")))
        if store.index.epoch() == epoch:  # else the log was started afresh meanwhile, and has other numbers
            return epoch, new, fresh


def _former(store: Store) -> str:
    """Return what personas were called before as a text: what was projected under other ids is projected again."""
    return " ".join(f"{old}={new}" for old, new in sorted(store.names.former.items()))


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file to write, under the lease. One that is damaged or of another version is made again, empty."""
    import duckdb

    try:
        connection = _opened(path)
        if _version(connection) == VERSION:
            return connection
        connection.close()
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise StoreError(f"the warehouse is open in another program: {error}", hint="close it") from error
        if system_words(str(error)) is not None:
            raise  # the machine's fault, and not the file's
    _remove(path)  # damaged, or of another DuckDB or version: it is only a projection
    connection = _opened(path)
    try:
        connection.execute("begin")
        connection.execute(_sql("schema.sql"))
        connection.execute("insert into meta values ('version', ?)", [VERSION])
        connection.execute("commit")
    except BaseException:
        connection.close()
        raise
    return connection


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(str(path), config=CONFIG)
    for setting in SETTINGS:
        connection.execute(setting)
    return connection


def _version(connection: duckdb.DuckDBPyConnection) -> str | None:
    known = connection.execute("select 1 from duckdb_tables() where table_name = 'meta'").fetchone()
    row = connection.execute("select value from meta where name = 'version'").fetchone() if known else None
    return row[0] if row else None


def _remove(path: Path) -> None:
    for suffix in ("", ".wal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _project(store: Store, connection: duckdb.DuckDBPyConnection, new: Sequence[tuple[int, str, str]]) -> None:
    tables: dict[str, list[Row]] = {}
    touched: dict[str, None] = {}
    for _, kind, name in new:
        record = store.records.get(kind, name)
        if record is None:
            continue  # put aside since it was noted: it was damaged
        for table, row in rows_of(kind, name, store.names.record(kind, record)):
            tables.setdefault(table, []).append(row)
            if table == "evaluations":
                touched[row["artifact"] or row["evaluation"]] = None
            elif table in ("measurements", "artifacts"):
                touched[row["artifact" if table == "measurements" else "digest"]] = None
    for table, rows in tables.items():
        insert(connection, table, rows)
    insert(connection, "touched", [{"subject": subject} for subject in touched])


def _refresh(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_sql("refresh.sql"))


def _sort(connection: duckdb.DuckDBPyConnection, sorted_rows: str, fresh: bool) -> None:
    """Lay `scores` out by persona again once much has come as it came: a persona's rows are then read in one piece.

    It is done when the rows since the last time are more than those that were there, so each row is moved a few times
    at most, and never in warehouses that are read in a moment as they are.
    """
    (count,) = connection.execute("select count(*) from scores").fetchone() or (0,)
    if not fresh and count <= max(2 * int(sorted_rows), _UNSORTED):
        return
    if not fresh:
        connection.execute("create temporary table laid_out as select * from scores")
        connection.execute("truncate scores")
        connection.execute("insert into scores select * from laid_out order by persona, series, evaluated, evaluation")
        connection.execute("drop table laid_out")
    connection.execute("delete from meta where name = 'sorted'")
    connection.execute("insert into meta values ('sorted', ?)", [str(count)])


def _sql(name: str) -> str:
    return files("personaforge.warehouse").joinpath(name).read_text(encoding="utf-8")
