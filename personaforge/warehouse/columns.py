"""Rows into DuckDB by the thousand: as columns that numpy holds, which DuckDB reads without asking Python for each.

A statement for each row takes a second for a thousand rows, and lists that DuckDB unnests one for 50,000; this, one for
some 100,000 rows of 45 columns. The columns have a name of ours that no table has: DuckDB would take a table of
that name first, and say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import duckdb
    import numpy as np

_GIVEN = "forge_given_columns"
_LISTS = "VARCHAR[]"
_VECTOR = "FLOAT[512]"
_LENGTH = 512

Cells = Sequence[Any]
_TYPES: dict[str, dict[str, str]] = {}
"""Types of a table's columns by name. Every file that we write to has the same tables."""


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same keys: names of the table's columns. None is NULL, times are seconds (UTC)."""
    if not rows:
        return
    names = list(rows[0])
    types = _types(connection, table)
    given: dict[str, Any] = {}
    taken = []
    for name, cells in zip(names, zip(*(row.values() for row in rows), strict=True), strict=True):
        columns, expression = _PREPARED.get(types[name], _texts)(f"c{len(given)}", cells)
        given.update(columns)
        taken.append(expression)
    connection.register(_GIVEN, given)
    try:
        places = ", ".join(f'"{name}"' for name in names)
        connection.execute(f"insert into {table} ({places}) select {', '.join(taken)} from {_GIVEN}")  # noqa: S608
    finally:
        connection.unregister(_GIVEN)


def misfit(connection: duckdb.DuckDBPyConnection, table: str, row: Mapping[str, Any]) -> str:
    """Say which value of a row its column can't take; empty for a row that `insert` takes."""
    types = _types(connection, table)
    for name, value in row.items():
        known, largest = _TAKEN.get(types[name], _TEXT)
        if value is None:
            continue
        if type(value) not in known or (largest and abs(value) > largest):
            return f"{name} of {table} is {str(value)[:60]!r}"
        if type(value) is list and not all(type(item) is str for item in value):
            return f"{name} of {table} holds what is no text"
    return ""


def _types(connection: duckdb.DuckDBPyConnection, table: str) -> Mapping[str, str]:
    types = _TYPES.get(table)
    if types is None:
        sql = "select column_name, data_type from duckdb_columns() where table_name = ?"
        types = _TYPES[table] = dict(connection.execute(sql, [table]).fetchall())
    return types


_TEXT: tuple[frozenset[type], float] = (frozenset({str}), 0)
_TAKEN: Mapping[str, tuple[frozenset[type], float]] = {
    "DOUBLE": (frozenset({int, float}), 0),
    "INTEGER": (frozenset({int}), 2**31 - 1),
    "BIGINT": (frozenset({int}), 2**63 - 1),
    "UBIGINT": (frozenset({int}), 0),
    "BOOLEAN": (frozenset({bool}), 0),
    "TIMESTAMP": (frozenset({int, float}), 1e11),
    _LISTS: (frozenset({list}), 0),
    _VECTOR: (frozenset({bytes}), 0),
}
"""Types in Python that a column takes besides None, and the largest amount; 0 for no bound. Seconds end in the year
5138. A column of another type takes texts."""


def _texts(name: str, cells: Cells) -> tuple[dict[str, Any], str]:
    import numpy as np

    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return {name: column}, name


def _lists(name: str, cells: Cells) -> tuple[dict[str, Any], str]:
    given, name = _texts(name, [None if cell is None else orjson.dumps(cell).decode() for cell in cells])
    return given, f"""from_json({name}, '["VARCHAR"]')"""


def _numbers(dtype: str, sql: str) -> Callable[[str, Cells], tuple[dict[str, Any], str]]:
    def column(name: str, cells: Cells) -> tuple[dict[str, Any], str]:
        import numpy as np

        if None not in cells:
            return {name: np.array(cells, dtype=dtype)}, name
        # No record holds NaN, and DuckDB reads masks for some types only. A double is exact to 2**53.
        given = {name: np.array([math.nan if cell is None else cell for cell in cells], dtype="f8")}
        return given, f"case when not isnan({name}) then cast({name} as {sql}) end"

    return column


def _times(name: str, cells: Cells) -> tuple[dict[str, Any], str]:
    given, seconds = _numbers("f8", "double")(name, cells)
    return given, f"make_timestamp(cast(round(({seconds}) * 1e6) as bigint))"


def _vectors(name: str, cells: Cells) -> tuple[dict[str, Any], str]:
    """A column for each dimension: DuckDB reads no matrices. Cells are bytes of little-endian float32."""
    import numpy as np

    right = [len(cell) == 4 * _LENGTH for cell in cells]
    empty = bytes(4 * _LENGTH)
    joined = b"".join(cell if fits else empty for cell, fits in zip(cells, right, strict=True))
    matrix: np.ndarray[Any, Any] = np.frombuffer(joined, dtype="<f4").reshape(len(cells), _LENGTH)
    given = {f"{name}_{index}": np.ascontiguousarray(matrix[:, index]) for index in range(_LENGTH)}
    values = ", ".join(given)
    return {
        **given,
        name: np.array(right),
    }, f"(case when {name} then [{values}] end)::{_VECTOR}"  # of arrays, case makes none


_PREPARED: Mapping[str, Callable[[str, Cells], tuple[dict[str, Any], str]]] = {
    "DOUBLE": _numbers("f8", "double"),
    "INTEGER": _numbers("i4", "integer"),
    "BIGINT": _numbers("i8", "bigint"),
    "UBIGINT": _numbers("u8", "ubigint"),
    "BOOLEAN": _numbers("?", "boolean"),
    "TIMESTAMP": _times,
    _LISTS: _lists,
    _VECTOR: _vectors,
}
