"""The text of schema.sql with what the table of metrics puts into it, and the rows of the table `metrics`.

`evaluations` and `latest_scores` have a column for each metric that lies in the evaluation's record, of whichever
modality; those that a gate judges share the column `score`.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from personaforge.metrics import FAILED, METRICS, Metric

if TYPE_CHECKING:
    import duckdb

_ATTEMPT = "attempt"
"""In `judgements` already, as the record counts it."""
_BESIDE = ("score", "metric", "value", "low", "high", "series")
"""Columns that `evaluations` and `latest_scores` have besides those of `judgements` and of metrics."""


def schema_sql() -> str:
    """Return the statements that make an empty warehouse, without the rows of `metrics`.

    Raises ValueError where a metric would take the place of another column.
    """
    text = files("personaforge.warehouse").joinpath("schema.sql").read_text(encoding="utf-8")
    columns = _columns(text)
    gates = dict.fromkeys(one.name for one in METRICS if one.is_gate)
    drawn = list(dict.fromkeys(one.name for one in METRICS if one.timeline and one.source != FAILED))
    comments = {
        relation: "\n".join(f"comment on column {relation}.{one.name} is '{_about(one)}';" for one in columns)
        for relation in ("evaluations", "latest_scores")
    }
    places = {
        "gates": ", ".join(f"'{name}'" for name in gates),
        "pivot": ",\n        ".join(
            f"max(value) filter (where metric = '{one.name}') as {one.name}" for one in columns
        ),
        "columns": ", ".join(f"numbers.{one.name}" for one in columns),
        "metrics": f"{', '.join(drawn[:-1])} or {drawn[-1]}",
        **{f"comments of {relation}": text for relation, text in comments.items()},
    }
    for place, filling in places.items():
        text = text.replace(f"{{{place}}}", filling)
    return text


def make_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables and views of an empty warehouse, and fill `metrics`."""
    connection.execute(schema_sql())
    for one in METRICS:
        row = [
            one.name, one.modality, one.unit, one.low, one.high, one.better, one.is_gate, one.timeline, one.label,
            one.least_frames, one.source, list(one.comparability), one.about,
        ]  # fmt: skip
        connection.execute(f"insert into metrics values ({', '.join('?' * len(row))})", row)  # noqa: S608 - marks only


def _columns(text: str) -> tuple[Metric, ...]:
    """Return the first row of each metric that `evaluations` has a column of its own for: one that lies in a judgement,
    if only of one modality. Raises ValueError for a name that is taken."""
    (declared,) = re.findall(r"create table judgements \((.*?)\n\);", text, re.DOTALL)
    taken = {*re.findall(r"^ +(\w+) ", declared, re.MULTILINE), *_BESIDE}
    gates = {one.name for one in METRICS if one.is_gate}
    first: dict[str, Metric] = {}
    for one in METRICS:
        if one.is_gate:
            continue
        has_column = not one.is_measured_alone and not one.name == one.source == _ATTEMPT
        if one.name in gates or (has_column and one.name in taken):
            whose = "a number that a gate judges" if one.name in gates else "another column of `evaluations`"
            raise ValueError(f"metric {one.name} of {one.modality} has the name of {whose}: give it one of its own")
        if has_column:
            first.setdefault(one.name, one)
    return tuple(first.values())


def _about(metric: Metric) -> str:
    """Return a column's comment as SQL text: a sentence, and what it is measured of if that isn't everything."""
    of = {one.modality for one in METRICS if one.name == metric.name}
    head = "Of clips: " if of == {"video"} else ""
    about = metric.about if head else metric.about[0].upper() + metric.about[1:]
    return f"{head}{about}.".replace("'", "''")
