"""Questions that people ask of the warehouse in SQL: read-only, in one statement, and confined to it.

A query may come from a stranger's pull request, as all of a project's files may. So it can't change anything, reach the
network, load extensions, or read files; `allow_files` allows the last to a user who asks for it by name. It also can't
take more than its bounds of memory, temporary files and time (`bounds`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.errors import PersonaForgeError, StoreError
from personaforge.spec.measures import nearest
from personaforge.store.files import TEMPORARY
from personaforge.store.store import Store
from personaforge.warehouse.bounds import Bounds, Clock
from personaforge.warehouse.projection import CONFIG, CONSTANT, SETTINGS, SHOWN, TABLES, connect, held, synchronise

if TYPE_CHECKING:
    import duckdb

_BATCH = 10_000
_ZONED = "TIMESTAMP WITH TIME ZONE"
_READS = ("SELECT", "EXPLAIN")
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_LACKING = re.compile(r'Column "([^"]+)" (?:in EXCLUDE list not found|does not exist on)')
"""Of DuckDB's words for an unknown column those that name no candidates."""
HINT = "forge warehouse schema lists tables, views and columns"
FILES_HINT = "--allow-files lets SQL read files"


class QueryError(PersonaForgeError):
    """What was asked can't be answered: wrong SQL, or SQL that does more than read."""


@dataclass(frozen=True)
class Answer:
    """The columns of a result, and its rows in batches as DuckDB makes them."""

    names: tuple[str, ...]
    batches: Iterator[Sequence[tuple[Any, ...]]]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows. Raises QueryError."""
        for batch in self.batches:
            yield from batch


class Rows(NamedTuple):
    """The result of a question as a whole."""

    names: tuple[str, ...]
    """The columns' names, in order; two may be equal."""
    rows: tuple[tuple[Any, ...], ...]
    """Values as Python's own: numbers, texts, lists, `datetime` in UTC without an offset, None for null."""


def answered(store: Store, sql: str, *, allow_files: bool = False, bounds: Bounds | None = None) -> Rows:
    """Return all of a statement's result, held in memory. Raises QueryError, OutOfBounds and StoreError."""
    with confined(store, allow_files=allow_files, bounds=bounds) as connection:
        answer = ask(connection, sql, bounds)
        return Rows(answer.names, tuple(answer.rows()))


@contextmanager
def confined(
    store: Store,
    *,
    allow_files: bool = False,
    writes: Sequence[Path] = (),
    waiting: Callable[[], None] | None = None,
    bounds: Bounds | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse to read, up to date with the records. `writes` are files that may be written all the same.

    Leave `bounds` out only for statements of our own.
    """
    import duckdb

    with held(store, waiting) as path:
        connection = connect(path)
        try:
            synchronise(store, connection)
        finally:
            connection.close()
        connection = duckdb.connect(str(path), read_only=True, config=CONFIG)
        try:
            for setting in (*SETTINGS, *(bounds.settings(path) if bounds is not None else ())):
                connection.execute(setting)
            if not allow_files:
                listed = ", ".join(_quoted(os.path.abspath(path)) for path in writes)
                connection.execute(f"set allowed_paths = [{listed}]")
                connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
            yield connection
        finally:
            connection.close()


def ask(connection: duckdb.DuckDBPyConnection, sql: str, bounds: Bounds | None = None) -> Answer:
    """Return the result of a statement, or the rows of a table or view by name. Raises QueryError and OutOfBounds."""
    clock = Clock(connection, bounds).running if bounds is not None else nullcontext
    with _refusals_explained(connection), clock():
        sql = statement(connection, sql)
        cursor = connection.execute(sql)
        names = tuple(column[0] for column in cursor.description or ())
        zoned = [str(column[1]) == _ZONED for column in cursor.description or ()]
        if any(zoned):
            cursor = connection.execute(_in_utc(sql, zoned))

    def batches() -> Iterator[Sequence[tuple[Any, ...]]]:
        while True:
            with _refusals_explained(connection), clock():
                rows = cursor.fetchmany(_BATCH)
            if not rows:
                return
            yield rows

    return Answer(names, batches())


def write_parquet(
    connection: duckdb.DuckDBPyConnection, sql: str, out: Path, temporary: Path, bounds: Bounds | None = None
) -> int:
    """Write the result of a statement, or a table, as a Parquet file in one step. Returns the number of rows."""
    clock = Clock(connection, bounds).running if bounds is not None else nullcontext
    with _refusals_explained(connection), clock():
        relation = connection.sql(statement(connection, sql))
        if relation is None:
            raise QueryError("the statement has no rows to write")
        try:
            relation.write_parquet(str(temporary), compression="zstd", overwrite=True)
            (count,) = connection.execute(
                "select coalesce(sum(num_rows), 0)::bigint from parquet_file_metadata(?)", [str(temporary)]
            ).fetchone() or (0,)
            os.replace(temporary, out)
        except OSError as error:
            raise StoreError(f"can't write {out}: {error.strerror}") from error
        finally:
            temporary.unlink(missing_ok=True)
    return int(count)


def export(store: Store, folder: Path, *, views: bool = False) -> dict[str, int]:
    """Write every table, and every view where asked, as a Parquet file. Returns the rows of each by file name.

    A file that is there is replaced in one step; others in the folder are left alone. Raises StoreError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"can't make the folder: {error.strerror}", where=str(folder)) from error
    written = {}
    with confined(store, allow_files=True) as connection:
        for name in dict.fromkeys((*SHOWN, *(known_views(connection) if views else ()))):
            out = folder / f"{name}.parquet"
            written[out.name] = write_parquet(connection, name, out, beside(out))
    return written


def beside(out: Path) -> Path:
    """Return the temporary name under which a file is written."""
    return out.with_name(f"{TEMPORARY}{os.getpid()}-{out.name}")


def statement(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return the one statement to run: a name alone means all of that table or view. Raises QueryError."""
    import duckdb

    name = sql.strip(" ;\t\r\n").lower()
    known = (*CONSTANT, *TABLES, *known_views(connection))
    if name in known:
        return f"select * from {name}"  # noqa: S608 - one of our own names
    try:
        found = connection.extract_statements(sql)
    except duckdb.Error as error:
        if _WORD.fullmatch(name):
            raise QueryError(f"there is no table or view {name}", hint=nearest(name, known, most=len(known))) from error
        raise QueryError.of_lines(_lines(error), hint=HINT) from error
    if len(found) != 1:
        what = "no statement" if not found else f"{len(found)} statements"
        raise QueryError(f"found {what}, expected one, or the name of a table or view", hint=HINT)
    kind = found[0].type.name
    if kind not in _READS:
        raise QueryError(
            f"found {kind}, expected SELECT: the warehouse is made from the records, and is only read",
            hint="forge warehouse export writes all of it to files of your own",
        )
    return sql


def _in_utc(sql: str, zoned: Sequence[bool]) -> str:
    """Return a statement whose times with a zone come as UTC without one: Python would need pytz to read them."""
    names = [f"c{index}" for index in range(len(zoned))]
    casts = (f"{name}::timestamp" if zone else name for name, zone in zip(names, zoned, strict=True))
    inner = sql.strip().rstrip(";")
    return f"select {', '.join(casts)} from (\n{inner}\n) as asked ({', '.join(names)})"  # noqa: S608 - read-only


def known_views(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the names of our views."""
    rows = connection.execute("select view_name from duckdb_views() where not internal order by view_name").fetchall()
    return tuple(name for (name,) in rows)


def known_columns(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Return the names of our columns, of whichever table or view."""
    rows = connection.execute("select distinct column_name from duckdb_columns() where not internal order by all")
    return tuple(name for (name,) in rows.fetchall())


@contextmanager
def _refusals_explained(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.PermissionException as error:
        raise QueryError.of_lines(_lines(error), hint=FILES_HINT) from error
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException, duckdb.InternalException):
        raise  # not about what was asked
    except duckdb.Error as error:
        lacking = _LACKING.search(str(error))
        hint = nearest(lacking[1], known_columns(connection), most=0) if lacking else ""
        raise QueryError.of_lines(_lines(error), hint=hint if hint.startswith("did") else HINT) from error


def _lines(error: Exception) -> list[str]:
    """Return DuckDB's words without the empty lines in them."""
    return [line for line in str(error).strip().splitlines() if line.strip()] or [type(error).__name__]


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
