"""The text of schema.sql with what the table of metrics puts into it, and the rows of the table `metrics`.

`evaluations` and `latest_scores` have a column for each metric that lies in the evaluation's record; those that a gate
judges share the column `score`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from personaforge.metrics import METRICS, Metric

if TYPE_CHECKING:
    import duckdb

_ATTEMPT = "attempt"
"""In `judgements` already, as the record counts it."""


def schema_sql() -> str:
    """Return the statements that make an empty warehouse, without the rows of `metrics`."""
    columns = _columns()
    gates = dict.fromkeys(one.name for one in METRICS if one.is_gate)
    drawn = list(dict.fromkeys(one.name for one in METRICS if one.timeline))
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
    text = files("personaforge.warehouse").joinpath("schema.sql").read_text(encoding="utf-8")
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


def _columns() -> tuple[Metric, ...]:
    """Return the first row of each metric that `evaluations` has a column of its own for."""
    shared = {one.name for one in METRICS if one.is_gate or one.is_measured_alone or one.name == _ATTEMPT}
    first = {one.name: one for one in reversed(METRICS) if one.name not in shared}
    return tuple(first[name] for name in dict.fromkeys(one.name for one in METRICS) if name in first)


def _about(metric: Metric) -> str:
    """Return a column's comment as SQL text: a sentence, and what it is measured of if that isn't everything."""
    of = {one.modality for one in METRICS if one.name == metric.name}
    head = "Of clips: " if of == {"video"} else ""
    about = metric.about if head else metric.about[0].upper() + metric.about[1:]
    return f"{head}{about}.".replace("'", "''")
