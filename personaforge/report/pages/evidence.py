"""Looks up what the records say about a persona: what was judged, what was measured, what it cost. Judges nothing.

The warehouse finds the records, and the records are read where a row doesn't hold all that a page says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from personaforge.errors import StoreError
from personaforge.plan.renamed import as_named_now
from personaforge.report.pages.facts import BuildLine, CostLine
from personaforge.store.store import Store

if TYPE_CHECKING:
    import duckdb

MAX_BUILDS = 10
"""Newest builds that a page lists."""
_ANALYZER = ("backend", "backend_version", "pack", "pack_digest", "detector_size")
_JUDGED = (
    "evaluation, build, node, take, attempt, decision, measured, score, cosine, error, error_bound, turn, unmeasured, "
    "reason, artifact, anchor, model, provider, label, " + ", ".join(_ANALYZER)
)


@dataclass(frozen=True)
class Evidence:
    """What is on record about one persona."""

    evaluations: Mapping[str, tuple[Mapping[str, Any], ...]]
    """Node name -> its rows of the warehouse, oldest first."""
    measurements: Mapping[str, tuple[Mapping[str, Any], ...]]
    """Artifact -> (record, analyzer's fields) rows, newest first."""
    made: Mapping[str, frozenset[str]]
    """Action key -> digests of what it made."""
    costs: tuple[CostLine, ...]
    builds: tuple[BuildLine, ...]
    more_builds: int

    def last_analyzer(self) -> Mapping[str, Any] | None:
        """Return the identity of the analyzer that measured last; None if none did."""
        rows = [row for found in self.evaluations.values() for row in found if row["measured"] and row["pack"]]
        return analyzer_of(max(rows, key=lambda row: (row["evaluated"], row["evaluation"]))) if rows else None


def collect(connection: duckdb.DuckDBPyConnection, persona: str, renamed: Mapping[str, str] | None = None) -> Evidence:
    """Return what the warehouse knows of a persona. Text scores are left out: they are no pictures.

    `renamed` are the steps that older records know by another name; see `personaforge.plan.renamed`.
    """
    judged: dict[str, list[Mapping[str, Any]]] = {}
    sql = f"""
        select {_JUDGED}, evaluated from evaluations
        where persona = ? and modality in ('face', 'video') and coalesce(node, '') != '' order by evaluated, evaluation
    """  # noqa: S608 - our own column names
    for row in as_named_now(_rows(connection, sql, [persona]), renamed or {}):
        judged.setdefault(row["node"], []).append(row)
    # An artifact may have been measured for another persona first: what it shows is the same.
    sql = """
        select artifact, record, backend, backend_version, pack, pack_digest, detector_size from measurements
        where artifact in (
            select digest from artifacts join actions on artifacts.record = actions.record where persona = ?
            union select artifact from evaluations where persona = ?
        ) order by measured desc, record
    """
    measured: dict[str, list[Mapping[str, Any]]] = {}
    for row in _rows(connection, sql, [persona, persona]):
        measured.setdefault(row["artifact"], []).append(row)
    sql = """
        select key, digest from artifacts join actions on artifacts.record = actions.record where persona = ?
    """
    made: dict[str, set[str]] = {}
    for row in _rows(connection, sql, [persona]):
        made.setdefault(row["key"], set()).add(row["digest"])
    builds, more = _builds(connection, persona)
    return Evidence(
        {node: tuple(rows) for node, rows in judged.items()},
        {artifact: tuple(rows) for artifact, rows in measured.items()},
        {key: frozenset(digests) for key, digests in made.items()},
        costs_of(connection, persona),
        builds,
        more,
    )


def costs_of(connection: duckdb.DuckDBPyConnection, persona: str) -> tuple[CostLine, ...]:
    """Return what a persona cost, by step, kind and model; calls that cost nothing are lines, too."""
    sql = """
        select split_part(coalesce(node, ''), '/', 2) as step, kind, coalesce(provider, '') as provider,
            coalesce(model, '') as model, count(*) as calls, count(*) filter (where paid) as paid,
            coalesce(sum(cost_usd), 0) as usd, count(*) filter (where paid and cost_usd is null) as unknown
        from actions where persona = ? group by all order by usd desc, calls desc, step, kind, provider, model
    """
    return tuple(CostLine(**row) for row in _rows(connection, sql, [persona]))


def analyzer_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the analyzer's identity from a row."""
    return {name: row[name] or "" for name in _ANALYZER}


def measurement_of(
    store: Store, evidence: Evidence, artifact: str, analyzer: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Return the newest measurement of an artifact by an analyzer, or None where there is no readable record."""
    for row in evidence.measurements.get(artifact, ()):
        if analyzer is None or analyzer_of(row) != dict(analyzer):
            continue
        try:
            record = store.records.get("actions", row["record"])
        except StoreError:
            continue
        if record is not None:
            value: Mapping[str, Any] = record["value"]
            return value
    return None


def evaluation_record(store: Store, name: str) -> Mapping[str, Any]:
    """Return an evaluation's whole record; empty where it is damaged or gone, since its row says the most of it."""
    try:
        return store.records.get("evaluations", name) or {}
    except StoreError:
        return {}


def _builds(connection: duckdb.DuckDBPyConnection, persona: str) -> tuple[tuple[BuildLine, ...], int]:
    sql = """
        select started, build, coalesce(git_commit, '') as git_commit, coalesce(forge, '') as forge, performed,
            coalesce(cost_usd, 0) as usd
        from builds where list_contains(personas, ?) order by started desc, build
    """
    rows = list(_rows(connection, sql, [persona]))
    return tuple(BuildLine(**row) for row in rows[:MAX_BUILDS]), max(0, len(rows) - MAX_BUILDS)


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[str | datetime]
) -> Iterable[dict[str, Any]]:
    cursor = connection.execute(sql, list(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
