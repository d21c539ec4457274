"""Tables for people, on standard output: as wide as they have to be on a pipe, fitted to a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any


def print_table(names: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
    """Print rows under their names: numbers to the right, nothing for None, a line break as `\\n`."""
    from rich.table import Table

    from personaforge.report.terminal import one_line, printable, show

    rows = [list(row) for row in rows]
    table = Table(title=printable(title) or None, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for column, name in enumerate(names):
        numeric = all(isinstance(row[column], (int, float)) or row[column] is None for row in rows)
        table.add_column(printable(str(name)), justify="right" if numeric and rows else "left", overflow="fold")
    for row in rows:
        table.add_row(*(one_line(cell_text(value)) for value in row))
    show(table, columns=10_000)


def cell_text(value: Any) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.2e}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)
