"""The result of a query, on standard output or in a file: CSV, JSON or a table."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from personaforge.errors import StoreError
from personaforge.report.terminal import echo, printable
from personaforge.store.files import TEMPORARY

if TYPE_CHECKING:
    from personaforge.warehouse.query import Answer

_LARGEST = 2**64 - 1
_LARGEST_TABLE = 20_000_000
"""Characters, with `_CELL` for what else a cell takes; laying a table out takes some 30 times as much memory."""
_CELL = 20


def lines_of(answer: Answer, form: str) -> Iterator[str]:
    """Yield a result as text with its line ends, as it comes, in the form csv or json.

    JSON is a list of objects, times are ISO 8601 (UTC, without offset), and what JSON can't carry is a string. A
    second column of the same name gets a number, as in `name_1`.
    """
    if form == "csv":
        yield _csv_line(answer.names)
        for row in answer.rows():
            yield _csv_line([_csv_cell(value) for value in row])
        return
    names, before = _distinct(answer.names), "[\n  "
    for row in answer.rows():
        yield before + printable(orjson.dumps(dict(zip(names, map(plain, row), strict=True))).decode())
        before = ",\n  "
    yield "[]\n" if before.startswith("[") else "\n]\n"


def print_answer(answer: Answer, form: str, out: Path | None) -> None:
    """Print a result, or write it to a file in one step. Raises StoreError and QueryError."""
    if form == "table" and out is None:
        from personaforge.report.tables import print_table

        print_table(answer.names, _readable(answer.rows()))
        return
    if form == "table":
        raise StoreError("a table is for reading", hint="--format csv, json or parquet with --out")
    if out is not None:
        _write(os.path.abspath(out), lines_of(answer, form))
        return

    for line in lines_of(answer, form):
        echo(line, nl=False)


def _readable(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table, which is laid out as a whole. Raises StoreError for one too large to be read."""
    size = 0
    for row in rows:
        size += sum(len(cell) if isinstance(cell, (str, bytes, list)) else 1 for cell in row) + len(row) * _CELL
        if size > _LARGEST_TABLE:
            raise StoreError("the answer is too large for a table", hint="--format csv, or `limit 1000` in the SQL")
        yield row


def _write(path: str, lines: Iterator[str]) -> None:
    """Write lines to a file in one step, holding one at a time."""
    folder, name = os.path.split(path)
    temporary = f"{folder}/{TEMPORARY}{os.getpid()}-{name}"
    try:
        try:
            with open(temporary, "w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
            os.replace(temporary, path)
        except OSError as error:
            raise StoreError(f"can't write {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def plain(value: Any) -> Any:
    """Return a value as JSON carries it."""
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value <= _LARGEST else str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    return value.hex() if isinstance(value, bytes) else str(value)


def _csv_cell(value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)):
        return orjson.dumps(plain(value)).decode()
    return value.isoformat(" ") if isinstance(value, datetime) else value


def _csv_line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _distinct(names: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, unique = 0, name
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found
