"""Projects records into DuckDB: what is new since the last time, or everything.

One process at a time opens the file, under a lease that is taken before connecting and kept until after closing, also
for reading: DuckDB refuses a second process anyway, and its 2.0.0 loses committed rows when processes take turns.
Losing the file loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from personaforge.errors import StoreError
from personaforge.store.store import Store
from personaforge.store.upkeep import relog

if TYPE_CHECKING:
    import duckdb

VERSION = "3"
"""Of schema.sql; another version in the file means that it is made again."""
LEASE = "warehouse"
_BATCH = 5_000

Row = dict[str, Any]


@contextmanager
def opened(store: Store) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse with everything that the records say by now. Raises StoreError."""
    with store.leases.take(LEASE):
        connection = _connect(store)
        try:
            synchronise(store, connection)
            yield connection
        finally:
            connection.close()


def rebuild(store: Store) -> int:
    """Throw the warehouse away and make it from the records. Returns how many records there were."""
    with store.leases.take(LEASE):
        _remove(store)
        count = relog(store)
        connection = _connect(store)
        try:
            synchronise(store, connection)
        finally:
            connection.close()
    return count


def synchronise(store: Store, connection: duckdb.DuckDBPyConnection) -> int:
    """Project the records that came since the last time. Returns how many."""
    meta = dict(connection.execute("select name, value from meta").fetchall())
    epoch = store.index.epoch()
    fresh = meta.get("epoch") != epoch
    new = store.index.since(0 if fresh else int(meta.get("seq", "0")))
    if not new and not fresh:
        return 0
    connection.execute("begin")
    try:
        if fresh:
            for table in ("builds", "build_nodes", "actions", "artifacts", "measurements", "photos", "evaluations"):
                connection.execute(f"delete from {table}")  # noqa: S608 - our own names
        for start in range(0, len(new), _BATCH):
            _project(store, connection, new[start : start + _BATCH])
        seq = str(new[-1][0]) if new else "0"
        connection.executemany("insert or replace into meta values (?, ?)", [["epoch", epoch], ["seq", seq]])
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return len(new)


def _connect(store: Store) -> duckdb.DuckDBPyConnection:
    import duckdb

    path = str(store.folder / "warehouse.duckdb")
    store.folder.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(path, config={"autoinstall_known_extensions": "false"})
    except duckdb.Error as error:
        if "lock" in str(error).lower():
            raise StoreError(f"the warehouse is open in another program: {error}", hint="close it") from error
        _remove(store)  # damaged, or of another DuckDB: it is only a projection
        connection = duckdb.connect(path, config={"autoinstall_known_extensions": "false"})
    connection.execute("set timezone = 'UTC'")
    known = connection.execute("select count(*) from duckdb_tables() where table_name = 'meta'").fetchone()
    version = None
    if known and known[0]:
        row = connection.execute("select value from meta where name = 'version'").fetchone()
        version = row[0] if row else None
    if version == VERSION:
        return connection
    if known and known[0]:
        connection.close()
        _remove(store)
        connection = duckdb.connect(path, config={"autoinstall_known_extensions": "false"})
        connection.execute("set timezone = 'UTC'")
    connection.execute(files("personaforge.warehouse").joinpath("schema.sql").read_text(encoding="utf-8"))
    connection.execute("insert into meta values ('version', ?)", [VERSION])
    return connection


def _remove(store: Store) -> None:
    for suffix in ("", ".wal"):
        (store.folder / f"warehouse.duckdb{suffix}").unlink(missing_ok=True)


def _project(store: Store, connection: duckdb.DuckDBPyConnection, new: Sequence[tuple[int, str, str]]) -> None:
    tables: dict[str, list[Row]] = {}
    for _, kind, name in new:
        record = store.records.get(kind, name)
        if record is None:
            continue  # its writer died between noting and writing it; it never was
        for table, row in _ROWS[kind](name, record):
            tables.setdefault(table, []).append(row)
    for table, rows in tables.items():
        _insert(connection, table, rows)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    """Insert rows as columns: unnesting lists is ten times faster than a statement for each row."""
    names = list(rows[0])
    columns = ", ".join(f'"{name}"' for name in names)
    types = dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() where table_name = ?", [table]
        ).fetchall()
    )
    values = ", ".join(f"unnest(?::{types[name]}[])" for name in names)
    sql = f"insert or ignore into {table} ({columns}) select {values}"
    if table in ("build_nodes", "artifacts"):
        sql = sql.replace("insert or ignore", "insert")
    connection.execute(sql, [[row[name] for row in rows] for name in names])


def _builds(name: str, record: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    fields = ("seconds", "git_commit", "forge", "performed", "cost_usd", "unknown_calls", "interrupted")
    yield (
        "builds",
        {
            "build": name,
            "started": _time(record["started"]),
            **{field: record[field] for field in fields},
            "personas": list(record["personas"]),
            "overrides": list(record["overrides"]),
        },
    )
    for node, about in record["nodes"].items():
        fields = ("end", "status", "performed", "found", "cost_usd", "seconds", "error")
        yield "build_nodes", {"build": name, "node": node, **{field: about[field] for field in fields}}


def _actions(name: str, record: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    parts, request = record["parts"], record["parts"]["request"]
    started = _time(record["started"])
    yield (
        "actions",
        {
            "record": name,
            "key": record["key"],
            "kind": parts["kind"],
            "provider": parts["provider"].partition("@")[0],
            "model": record["details"].get("model") or request.get("model"),
            "persona": record["persona"],
            "node": record["node"],
            "take": parts["take"],
            "attempt": parts["attempt"],
            "started": started,
            "seconds": record["seconds"],
            "paid": record["paid"],
            "cost_usd": record["cost_usd"],
        },
    )
    for output, artifact in record["outputs"].items():
        about = {"digest": artifact["digest"], "media_type": artifact["media_type"], "size": artifact["size"]}
        yield "artifacts", {**about, "name": output, "record": name}
    if parts["kind"] == "score_photo":
        yield "photos", _photo(name, record, started)
    if parts["kind"] in ("measure", "measure_clip"):
        value, analyzer = record["value"], request["analyzer"]
        fields = ("status", "reason", "faces", "detection", "sharpness", "width", "height")
        identity = ("backend", "backend_version", "pack", "pack_digest", "detector_size")
        yield (
            "measurements",
            {
                "record": name,
                "artifact": parts["inputs"]["artifact"],
                "modality": "face" if parts["kind"] == "measure" else "video",
                **{field: value.get(field) for field in fields},
                **{angle: (value.get("pose") or {}).get(angle) for angle in ("yaw", "pitch", "roll")},
                **{field: analyzer.get(field) for field in identity},
                "measured": started,
            },
        )


def _photo(name: str, record: Mapping[str, Any], measured: datetime) -> Row:
    parts, value = record["parts"], record["value"]
    analyzer = parts["request"]["analyzer"]  # `none` where nothing could look for faces
    face = value.get("face") or {}
    light, face_light, pose = value.get("light") or {}, face.get("light") or {}, face.get("pose") or {}
    whole = ("status", "reason", "format", "bytes", "width", "height", "hash", "blur", "sharpness", "faces")
    identity = ("backend", "backend_version", "pack", "pack_digest", "detector_size")
    return {
        "record": name,
        "artifact": parts["inputs"]["artifact"],
        **{field: value.get(field) for field in whole},
        "mean_luma": light.get("mean"),
        **{f"face_{field}": face.get(field) for field in ("pixels", "share", "beyond", "others", "blur", "sharpness")},
        **{field: face.get(field) for field in ("detection", "landmark_gap", "embedding_norm")},
        "yaw": pose.get("yaw"),
        "face_mean_luma": face_light.get("mean"),
        "unevenness": face_light.get("unevenness"),
        **{field: analyzer.get(field) if isinstance(analyzer, Mapping) else None for field in identity},
        "measured": measured,
    }


def _evaluations(name: str, record: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    score = record.get("score")
    number = score.get("composite") if isinstance(score, Mapping) else score
    parts = score if isinstance(score, Mapping) else {}
    analyzer = record.get("analyzer", {})
    unmeasured, clip = record.get("unmeasured"), record.get("clip", {})
    plain = ("build", "persona", "node", "step", "slot", "modality", "take", "attempt", "decision", "reason", "anchor")
    yield (
        "evaluations",
        {
            "evaluation": name,
            "evaluated": _time(record["time"]),
            **{field: record.get(field) for field in plain},
            "measured": record.get("measured", number is not None),
            "score": number,
            **{field: parts.get(field) for field in ("cosine", "error", "error_bound", "turn", "reference")},
            "cosine_std": clip.get("cosine_std"),
            "ratio_variance": clip.get("ratio_variance_mean"),
            "clip_sharpness": clip.get("sharpness_ratio_mean"),
            "flicker": clip.get("histogram_distance_max"),
            "frames_measured": clip.get("frames_measured"),
            "reference_set": list(record.get("references", [])),
            "unmeasured": unmeasured["reason"] if unmeasured else None,
            "out_of_domain": bool(record.get("out_of_domain")),
            "artifact": next(iter(record.get("artifacts", {}).values()), None),
            **{field: record.get(field) for field in ("model", "provider", "label")},
            **{
                field: analyzer.get(field)
                for field in ("backend", "pack", "pack_digest", "backend_version", "detector_size")
            },
            **{field: record.get(field) for field in ("accept_threshold", "retry_threshold")},
        },
    )


_ROWS: Mapping[str, Callable[[str, Mapping[str, Any]], Iterable[tuple[str, Row]]]] = {
    "builds": _builds,
    "actions": _actions,
    "evaluations": _evaluations,
}


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
