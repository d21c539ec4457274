"""JSON as `--json` has it, and CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

from personaforge.report.formats.sheet import Sheet

_ACTING = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula (OWASP, CSV Injection)."""


def as_json(sheet: Sheet) -> str:
    """Return what `--json` prints."""
    import orjson

    return orjson.dumps(sheet.json(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE, default=str).decode()


def as_csv(sheet: Sheet) -> str:
    """Return the lines as CSV with a header, every column. Absent values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(sheet.columns)
    writer.writerows([_cell(value) for value in line.cells] for line in sheet.lines)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Return a value as CSV holds it; a text that a spreadsheet would take for a formula gets an apostrophe before."""
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # a lone one ends a row for some readers, and isn't quoted
    return f"'{text}" if text.startswith(_ACTING) else text
