"""JSON as `--json` has it, and CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from personaforge.report.formats.sheet import Sheet

_ACTING = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula (OWASP, CSV Injection)."""


def as_json(sheet: Sheet) -> str:
    """Return what `--json` prints."""
    return f"{json_text(sheet.json())}\n"


def json_text(value: Any, *, indented: bool = True) -> str:
    """Return a value as JSON that every reader takes. A file name's bytes that are no UTF-8 are written out as tables
    show them, `\\udcff` for the byte FF."""
    import orjson

    option = orjson.OPT_INDENT_2 if indented else 0
    try:
        return orjson.dumps(value, option=option, default=str).decode()
    except orjson.JSONEncodeError as error:
        if "surrogates" not in str(error):
            raise
        return orjson.dumps(_writable(value), option=option, default=str).decode()


def _writable(value: Any) -> Any:
    """Return a value whose texts can be encoded."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_writable(name): _writable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(one) for one in value]
    return value


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
