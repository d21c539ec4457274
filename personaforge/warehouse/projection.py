"""Projects records into DuckDB: what is new since the last time, or everything.

    schema.sql    tables, views and what they say, with the metrics that `schema` fills in
    rows          the rows of a record, which `columns` puts into them
    refresh.sql   derives `scores` and `failures` from them, for what a batch of records is about
    queries       questions by people, who get the file read-only

One process at a time opens the file, under a lease that is taken before connecting and kept until after closing, also
for reading: DuckDB refuses a second process anyway, and its 2.0.0 loses committed rows when processes take turns. What
`synchronise` brings is split into pieces in the order of the log, each a transaction: a process that dies leaves whole
pieces, after which the next one continues, and no other process sees a part of a piece.
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

from personaforge import metrics
from personaforge.errors import StoreError, Unreadable
from personaforge.machine import system_words
from personaforge.store.files import stat_signature
from personaforge.store.store import Store
from personaforge.store.upkeep import relog
from personaforge.warehouse.columns import insert, misfit
from personaforge.warehouse.rows import Row, rows_of
from personaforge.warehouse.schema import make_schema

if TYPE_CHECKING:
    import duckdb

VERSION = "8"
"""Of schema.sql and of what rows are made of. Another version in the file means that it is made again, and so does
another table of metrics."""
LEASE = "warehouse"
NAME = "warehouse.duckdb"
FROM_RECORDS = (
    "builds", "build_nodes", "events", "actions", "key_parts", "artifacts", "measurements", "embeddings",
    "landmark_ratios", "video_frames", "photos", "judgements", "values", "measured_values", "quality", "audits",
)  # fmt: skip
DERIVED = ("series", "scores", "failures")
CONSTANT = ("metrics",)
TABLES = FROM_RECORDS + DERIVED
"""All that is made from records."""
SHOWN = (*CONSTANT, *TABLES, "evaluations")
"""What is counted and exported: the tables, and the view that joins judgements with their numbers."""
_PIECE = 6_000
"""Records that one transaction brings. What it hasn't committed lies in memory: a block of 256 KiB for each column."""
_ROWS = 2_048
"""Rows of a table from which on they are put in: as Python has them they take some 500 bytes each."""
_OFTEN = 16
"""Records after which the number of rows is examined again."""
_SUBJECTS: Mapping[str, Callable[[Row], str]] = {
    "judgements": lambda row: str(row["artifact"] or row["evaluation"]),
    "measured_values": lambda row: str(row["artifact"]),
    "artifacts": lambda row: str(row["digest"]),
}
"""What the rows of a table are about, where `scores` derive from them."""
_FRUGAL = {"memory_limit": "96MB", "threads": "1", "wal_autocheckpoint": "512MB"}
"""DuckDB's settings while records are brought in: it takes files beyond that, and each thread would take as much again.
Python's part takes far longer than what more threads could save. A checkpoint writes the last 122,880 rows of a table
again, of embeddings 250 MB, so one after each piece would write little else."""
_LEFT_OUT = "left out: "
"""What the names of rows in `meta` begin with that name a record that is left out."""
_UNSORTED = 1_000_000
"""Rows of `scores` that may be unsorted before all are sorted again; see `_sort`."""

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
    """Copy the present file, so that less has to be projected. One that is written at this moment is not copied."""
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
    """Project the records that came since the last time, piece by piece. Returns how many. Raises StoreError.

    A piece is a transaction and begins where the log was left, so the file always holds everything up to some
    record, even if a process dies meanwhile. A record that can't be understood is left out (`Store.left_out`).
    """
    meta = _meta(connection)
    if meta.get("epoch") != store.index.epoch():
        relog(store)  # the log is of an index that this file doesn't know: it may lack what an earlier one had
    store.note_pending()
    count, last = 0, store.index.latest()
    while True:
        epoch = store.index.epoch()
        fresh = meta.get("epoch") != epoch or meta.get("former", "") != _former(store)
        piece = store.index.since(0 if fresh else int(meta.get("seq", "0")), _PIECE)
        if store.index.epoch() != epoch:  # the log was started afresh meanwhile, and has other numbers
            count, last = 0, store.index.latest()
            continue
        if not piece and not fresh:
            store.left_out = _left_out(meta)
            return count
        is_last = len(piece) < _PIECE or piece[-1][0] >= last
        with _frugal(connection), _transaction(connection):
            if fresh:
                for table in TABLES:
                    connection.execute(f"truncate {table}")
                connection.execute("delete from meta where name = 'sorted' or starts_with(name, ?)", [_LEFT_OUT])
            _project(store, connection, piece)
            _refresh(connection)
            if is_last:
                _sort(connection)
            seq = str(piece[-1][0]) if piece else "0"
            connection.execute("delete from meta where name in ('epoch', 'seq', 'former')")
            values = [epoch, seq, _former(store)]
            connection.execute("insert into meta values ('epoch', ?), ('seq', ?), ('former', ?)", values)
        count += len(piece)
        meta = _meta(connection)
        if is_last:
            store.left_out = _left_out(meta)
            return count


def _left_out(meta: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(_LEFT_OUT): why for name, why in sorted(meta.items()) if name.startswith(_LEFT_OUT)}


def _meta(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return dict(connection.execute("select name, value from meta").fetchall())


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Bring everything in or nothing."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with suppress(Exception):  # after a full disk DuckDB refuses this, too, and its first error counts
            connection.execute("rollback")
        raise


@contextmanager
def _frugal(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have DuckDB take little memory meanwhile."""
    usual = {}
    for name, value in _FRUGAL.items():
        (usual[name],) = connection.execute(f"select current_setting('{name}')").fetchone() or ("",)
        connection.execute(f"set {name} = '{value}'")
    try:
        yield
    finally:
        for name, value in usual.items():
            with suppress(Exception):  # the file can't be used any more, and the first error is the one that counts
                connection.execute(f"set {name} = '{value}'")


def _former(store: Store) -> str:
    """Return what personas were called before as a text: what was projected under other ids is projected again."""
    return " ".join(f"{old}={new}" for old, new in sorted(store.names.former.items()))


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the file to write, under the lease. One that is damaged or of another version is made again, empty."""
    import duckdb

    try:
        connection = _opened(path)
        if _version(connection) == _version_now():
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
        make_schema(connection)
        connection.execute("insert into meta values ('version', ?)", [_version_now()])
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


def _version_now() -> str:
    """Return the version that a file has to have: ours, and that of the table of metrics."""
    return f"{VERSION} {metrics.digest()[:12]}"


def _version(connection: duckdb.DuckDBPyConnection) -> str | None:
    known = connection.execute("select 1 from duckdb_tables() where table_name = 'meta'").fetchone()
    row = connection.execute("select value from meta where name = 'version'").fetchone() if known else None
    return row[0] if row else None


def _remove(path: Path) -> None:
    for suffix in ("", ".wal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _project(store: Store, connection: duckdb.DuckDBPyConnection, new: Sequence[tuple[int, str, str]]) -> None:
    """Put the rows of records in, each table's as soon as there are many, and note what they are about in `touched`."""
    waiting: dict[str, list[Row]] = {table: [] for table in FROM_RECORDS}
    touched: dict[str, None] = {}

    def put(least: int) -> None:
        for table, rows in waiting.items():
            if len(rows) >= least:
                if table in _SUBJECTS:
                    touched.update(dict.fromkeys(map(_SUBJECTS[table], rows)))
                insert(connection, table, rows)
                rows.clear()

    for number, (_, kind, name) in enumerate(new):
        try:
            rows = _rows(store, connection, kind, name)
        except Unreadable:
            raise
        except StoreError as error:
            connection.execute("insert into meta values (?, ?)", [f"{_LEFT_OUT}{kind}/{name}", error.message])
            continue
        for table, row in rows:
            waiting[table].append(row)
        if number % _OFTEN == 0:
            put(_ROWS)
    put(1)
    connection.execute("create temporary table touched (subject varchar)")
    insert(connection, "touched", [{"subject": subject} for subject in touched])


def _rows(store: Store, connection: duckdb.DuckDBPyConnection, kind: str, name: str) -> list[tuple[str, Row]]:
    """Return a record's rows; none for one that was put aside since it was noted. Raises StoreError for one that holds
    what no forge writes: nobody has examined what is deep inside it."""
    try:
        record = store.records.get(kind, name)
        rows = list(rows_of(kind, name, store.names.record(kind, record))) if record is not None else []
        why = next(filter(None, (misfit(connection, table, row) for table, row in rows)), "")
    except (ArithmeticError, AttributeError, AssertionError, LookupError, TypeError, ValueError) as error:
        why = f"{type(error).__name__}: {error}"
    if why:
        raise StoreError(f"a record holds what forge doesn't write: {why}")
    return rows


def _refresh(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_sql("refresh.sql"))


def _sort(connection: duckdb.DuckDBPyConnection) -> None:
    """Sort `scores` by persona again once many rows were added unsorted: a persona's rows are then read in one piece.

    It is done when the rows since the last time are more than those that were there, so each row is moved a few times
    at most, and never in warehouses so small that they are read in a moment anyway.
    """
    (count,) = connection.execute("select count(*) from scores").fetchone() or (0,)
    if count <= max(2 * int(_meta(connection).get("sorted", "0")), _UNSORTED):
        return
    connection.execute("create temporary table laid_out as select * from scores")
    connection.execute("truncate scores")
    connection.execute("insert into scores select * from laid_out order by persona, series, evaluated, evaluation")
    connection.execute("drop table laid_out")
    connection.execute("delete from meta where name = 'sorted'")
    connection.execute("insert into meta values ('sorted', ?)", [str(count)])


def _sql(name: str) -> str:
    return files("personaforge.warehouse").joinpath(name).read_text(encoding="utf-8")
