"""The descriptions of the warehouse's tables, views and columns: the comments of schema.sql, as DuckDB has them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from personaforge.warehouse.projection import SHOWN, VERSION, path_of
from personaforge.warehouse.schema import schema_sql

if TYPE_CHECKING:
    import duckdb

    from personaforge.store.store import Store


class Column(NamedTuple):
    """A column of a table or view."""

    name: str
    type: str
    about: str


class Relation(NamedTuple):
    """A table or view."""

    name: str
    kind: str
    """table or view."""
    about: str
    columns: tuple[Column, ...]


def relations(connection: duckdb.DuckDBPyConnection) -> tuple[Relation, ...]:
    """Return the tables in the order of schema.sql, then the views in theirs."""
    found: dict[str, tuple[str, str]] = {}
    for name, about in connection.execute(
        "select table_name, comment from duckdb_tables() where not internal order by table_oid"
    ).fetchall():
        found[name] = ("table", about or "")
    for name, about in connection.execute(
        "select view_name, comment from duckdb_views() where not internal order by view_oid"
    ).fetchall():
        found[name] = ("view", about or "")
    columns: dict[str, list[Column]] = {name: [] for name in found}
    for table, column, kind, about in connection.execute(
        "select table_name, column_name, data_type, comment from duckdb_columns() where not internal "
        "order by column_index"
    ).fetchall():
        columns[table].append(Column(column, kind.lower(), about or ""))
    return tuple(Relation(name, *about, tuple(columns[name])) for name, about in found.items() if name != "meta")


def schema() -> tuple[Relation, ...]:
    """Return what schema.sql declares, without any project."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(schema_sql())
        return relations(connection)


def markdown(described: Iterable[Relation]) -> str:
    """Return the reference as docs/warehouse.md has it."""
    lines = []
    for relation in described:
        lines += [f"### `{relation.name}`", ""]
        lines += [f"{'View. ' if relation.kind == 'view' else ''}{relation.about}", ""]
        lines += ["| column | type | |", "|---|---|---|"]
        lines += [f"| `{column.name}` | {column.type} | {_cell(column.about)} |" for column in relation.columns]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def info(store: Store, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return where the warehouse is, how large, of which version, how many rows each table has, and which records it
    lacks."""
    path = path_of(store)
    (opened,) = connection.execute("select path from duckdb_databases() where not internal").fetchone() or (path,)
    rows = {}
    for table in SHOWN:
        (rows[table],) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)  # noqa: S608
    newest = connection.execute("select max(started) from actions").fetchone() or (None,)
    return {
        "schema": 1,
        "path": str(path),
        "version": VERSION,
        "duckdb": _duckdb_version(),
        "bytes": Path(opened).stat().st_size,
        "records": store.index.count(),
        "newest_action": newest[0].isoformat() if newest[0] else None,
        "rows": rows,
        "left_out": dict(store.left_out),
    }


def _duckdb_version() -> str:
    import duckdb

    return str(duckdb.__version__)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
