"""How quick the warehouse is at 10 million scores, beside reading the same from JSON lines. Prints a table.

    python -m tests.benchmarks.warehouse [--rows 10000000] [--folder DIR]

A thousand personas with pictures in 20 slots and clips in 4, in the order in which nightly builds of all of them judge:
the evaluations and measurements are made inside DuckDB, with every column that records fill; `scores` is derived from
them by the projection's own refresh.sql. Takes some 8 GB in DIR while it runs.

    fill         refresh.sql over everything, as `forge warehouse rebuild` runs it
    summary      select * from drift_summary, every row fetched
    timeline     what a chart takes, and select *, from timeline where persona = ..., every row fetched; of 9 personas
    insert       a million rows of `scores`, given as rows in Python, committed
    project      as many score rows as a projection brings them: evaluations and measurements as rows in Python, put in,
                 `scores` derived, committed
    JSON lines   the summary's figures from a file with a line for each score, by Python with orjson and numpy and by
                 DuckDB's own reader. `persona` reads what a timeline has of one persona
"""

from __future__ import annotations

import argparse
import gc
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse import projection
from personaforge.warehouse.columns import insert

PERSONAS = 1_000
SLOTS, CLIPS = 20, 4
PER_NIGHT = 2 * SLOTS + 5 * CLIPS
"""Score rows of a persona in one build: composite and sharpness of every picture, five metrics of every clip."""
EVALUATED = SLOTS + CLIPS

_ANALYZER = """
    'insightface' as backend, '2.1, onnxruntime 1.31.1, opencv 5.0.0.93' as backend_version, 'buffalo_l' as pack,
    repeat('3', 64) as pack_digest, '640' as detector_size
"""
_NUMBERS = "composite, cosine, error, turn, cosine_std, ratio_variance, clip_sharpness, flicker"
_EVALUATIONS = f"""
create or replace temporary table made as
with places as (
    select
        night, persona, place, place >= {SLOTS} as clip, 'persona-' || lpad(persona::varchar, 4, '0') as id,
        sha256(concat_ws('/', night, persona, place)) as artifact, random() as noise
    from range($first, $last) nights (night), range({PERSONAS}) people (persona), range({EVALUATED}) places (place)
)
select
    sha256('e' || artifact) as evaluation,
    timestamp '2025-01-01' + interval (night) day + interval (persona * 30 + place) second as evaluated,
    'build-' || night as build, id as persona,
    case when clip then 'video/' else 'image/' end || place as node,
    case when clip then 'video' else 'image' end as step,
    place::varchar as slot, case when clip then 'video' else 'face' end as modality, 0 as take, 0 as attempt,
    case when noise > 0.02 then 'ACCEPT' else 'RETRY' end as decision, true as measured,
    round(0.9 - 0.01 * place + 0.03 * noise, 6) as composite, round(0.92 - 0.01 * place + 0.02 * noise, 6) as cosine,
    round(0.04 + 0.02 * noise, 6) as error, 0.08 as error_bound, round(12 * noise, 2) as turn, '' as reference,
    case when clip then round(0.01 * noise, 6) end as cosine_std,
    case when clip then 0.0004 * noise end as ratio_variance,
    case when clip then round(0.5 + noise / 5, 6) end as clip_sharpness,
    case when clip then 0.03 * noise end as flicker,
    case when clip then 8 end as frames_measured, null as unmeasured, false as out_of_domain,
    'composite ' || round(noise, 6) || ' is at least 0.55' as reason, artifact, sha256(id) as anchor,
    []::varchar[] as reference_set, 'painter-1' as model, 'embedded' as provider, 'embedded' as label, {_ANALYZER},
    0.55 as accept_threshold, 0.35 as retry_threshold, 8 * (2 * persona + clip::integer) as compared
from places order by evaluated
"""
_JUDGEMENTS = f"insert into judgements by name select * exclude ({_NUMBERS}) from made"
_VALUES = f"""
insert into values by name
select persona, evaluation, metric, value from (unpivot made on {_NUMBERS} into name metric value value)
"""
_MEASUREMENTS = f"""
insert into measurements by name
select
    sha256('m' || artifact) as record, artifact, 'face' as modality, 'measured' as status, '' as reason, 1 as faces,
    0.94 as detection, 3.0 as yaw, -2.0 as pitch, 0.4 as roll, 60 + 10 * composite as sharpness, 768 as width,
    1024 as height,
    {_ANALYZER}, evaluated as measured
from made where modality = 'face'
"""
_MEASURED = """
insert into measured_values by name
select artifact, 'sharpness' as metric, 60 + 10 * composite as value, 2 as version, backend, pack_digest,
    backend_version, detector_size
from made where modality = 'face'
"""
_LINES = "select persona, modality, metric, value, epoch(evaluated) as evaluated, slot, node, series from scores"


def seconds_of(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Return the median time that something takes, and what it returned last."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - started)
    return statistics.median(found), result


def peak_mb() -> float:
    """Return the most memory that this process has had, MB. getrusage would tell of the parent's, too."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1e3


def fill(store: Store, nights: int) -> float:
    """Make the warehouse with so many nights, and return the seconds that deriving `scores` took."""
    connection = projection.connect(projection.path_of(store))
    connection.execute("set preserve_insertion_order = true")
    for first in range(0, nights, 10):
        _make(connection, first, min(nights, first + 10))
    started = time.perf_counter()
    connection.execute("begin")
    connection.execute("create temporary table touched as select artifact as subject from judgements")
    projection._refresh(connection)
    projection._sort(connection)
    connection.execute("commit")
    spent = time.perf_counter() - started
    connection.execute("checkpoint")
    connection.close()
    return spent


def _make(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    """Put in what some nights judge and measure."""
    connection.execute(_EVALUATIONS, {"first": first, "last": last})
    for statement in (_JUDGEMENTS, _VALUES, _MEASUREMENTS, _MEASURED):
        connection.execute(statement)


def more(connection: duckdb.DuckDBPyConnection, nights: int, rows: int) -> dict[str, list[dict[str, Any]]]:
    """Return what a further million score rows are derived from, as rows in Python, and take it out again."""
    connection.execute("begin")
    wanted = -(-rows // (PERSONAS * PER_NIGHT))
    _make(connection, nights, nights + wanted)
    keys = {
        "judgements": "evaluation",
        "values": "evaluation",
        "measurements": "artifact",
        "measured_values": "artifact",
    }
    tables = {}
    for table, key in keys.items():
        cursor = connection.execute(f"select * from {table} where {key} in (select {key} from made)")
        names = [one[0] for one in cursor.description or ()]
        tables[table] = [
            {
                name: cell.timestamp() if isinstance(cell, datetime) else cell
                for name, cell in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]
    connection.execute("rollback")
    return tables


def put(connection: duckdb.DuckDBPyConnection, tables: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Put rows in as a projection does. Returns the seconds of each part."""
    gc.freeze()
    began = time.perf_counter()
    connection.execute("begin")
    connection.execute("create temporary table touched (subject varchar)")
    subjects = {row["artifact"]: None for row in tables["judgements"]}
    for table, rows in tables.items():
        for start in range(0, len(rows), projection._ROWS):
            insert(connection, table, rows[start : start + projection._ROWS])
    insert(connection, "touched", [{"subject": subject} for subject in subjects])
    inserted = time.perf_counter()
    projection._refresh(connection)
    refreshed = time.perf_counter()
    connection.execute("commit")
    done = time.perf_counter()
    return {"rows": inserted - began, "scores": refreshed - inserted, "commit": done - refreshed, "all": done - began}


def put_scores(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> float:
    """Insert rows of `scores` in one transaction. Returns the processor's seconds, whoever else works."""
    gc.freeze()  # a projection has a batch in memory, and not millions of rows for the collector to look through
    began = time.process_time()
    connection.execute("begin")
    for start in range(0, len(rows), projection._ROWS):
        insert(connection, "scores", rows[start : start + projection._ROWS])
    connection.execute("commit")
    return time.process_time() - began


def summary_of_lines(path: Path) -> int:
    """Work the summary out of JSON lines with orjson and numpy. Returns the number of series."""
    import numpy as np

    series: dict[int, int] = {}
    places: dict[tuple[int, str], int] = {}
    numbers, values, times, of = [], [], [], []
    with open(path, "rb") as file:
        for line in file:
            row = orjson.loads(line)
            numbers.append(series.setdefault(row["series"], len(series)))
            of.append(places.setdefault((row["series"], row["slot"]), len(places)))
            values.append(row["value"])
            times.append(row["evaluated"])
    value, at, place = np.array(values), np.array(times), np.array(of)
    count = np.bincount(place)
    mean, middle = np.bincount(place, value) / count, np.bincount(place, at) / count
    off, since = value - mean[place], at - middle[place]
    index = np.array(numbers)
    slope = np.bincount(index, off * since) / np.bincount(index, since**2)
    spread = np.sqrt(np.bincount(index, off**2) / np.bincount(index))
    assert len(slope) == len(spread)
    return len(series)


def persona_of_lines(path: Path, persona: str) -> int:
    """Read one persona's scores out of JSON lines."""
    wanted = f'"{persona}"'.encode()
    with open(path, "rb") as file:
        return len([orjson.loads(line) for line in file if wanted in line])


def asked_alone(path: Path, what: str) -> tuple[float, float, float, int]:
    """Ask in a process of its own. Returns median and first seconds, peak MB and rows."""
    command = [sys.executable, "-m", "tests.benchmarks.warehouse", "--ask", what, "--folder", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    median, first, peak, rows = orjson.loads(done.stdout)
    return median, first, peak, rows


def ask(path: Path, what: str) -> None:
    """Measure a question on an open warehouse, read-only, and print JSON."""
    connection = duckdb.connect(str(path), read_only=True, config=projection.CONFIG)
    for setting in projection.SETTINGS:
        connection.execute(setting)
    asked = {
        "summary": ["select * from drift_summary"],
        "chart": [
            f"select metric, number, evaluated, value, residual from timeline where persona = 'persona-{n:04}'"
            for n in range(17, PERSONAS, 111)
        ],
        "timeline": [f"select * from timeline where persona = 'persona-{n:04}'" for n in range(17, PERSONAS, 111)],
        "drift": [f"select * from drift_records where persona = 'persona-{n:04}'" for n in range(17, PERSONAS, 111)],
        "latest": [f"select * from latest_scores where persona = 'persona-{n:04}'" for n in range(17, PERSONAS, 111)],
    }[what]
    took, rows = [], 0
    for sql in asked * (5 if len(asked) == 1 else 1):
        started = time.perf_counter()
        rows = len(connection.execute(sql).fetchall())
        took.append(time.perf_counter() - started)
    print(orjson.dumps([statistics.median(took), took[0], peak_mb(), rows]).decode())


def line(name: str, seconds: float, note: str = "") -> None:
    """Print a line of the table."""
    print(f"{name:<44}{seconds:>9.3f} s   {note}", flush=True)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--ask")
    options = parser.parse_args()
    if options.ask:
        ask(options.folder, options.ask)
        return
    root = Path(tempfile.mkdtemp(prefix="forge-warehouse-", dir=options.folder))
    try:
        run(root, options.rows)
    finally:
        shutil.rmtree(root)


def run(root: Path, rows: int) -> None:
    """Run all of it in a folder."""
    nights = -(-rows // (PERSONAS * PER_NIGHT))
    (root / "personas").mkdir()
    (root / ".forge").mkdir()
    store = Store(Project(root))
    path = projection.path_of(store)
    spent = fill(store, nights)
    with duckdb.connect(str(path), read_only=True) as connection:
        counts = [connection.execute(f"select count(*) from {table}").fetchone() for table in ("scores", "evaluations")]
        lines = root / "scores.jsonl"
        connection.execute(f"copy ({_LINES} order by evaluated) to '{lines}' (format json)")
    (scores,), (evaluations,) = [row or (0,) for row in counts]
    print(f"{PERSONAS} personas, {scores:,} score rows, {evaluations:,} evaluations, duckdb {duckdb.__version__}")
    print(f"warehouse {path.stat().st_size / 1e6:,.0f} MB, JSON lines {lines.stat().st_size / 1e6:,.0f} MB\n")
    line("fill: derive all scores", spent)
    for what, name in (
        ("summary", "drift_summary"),
        ("chart", "timeline of a persona, 5 columns"),
        ("timeline", "timeline of a persona, all 25"),
    ):
        median, first, peak, count = asked_alone(path, what)
        line(name, median, f"first {first:.3f} s, peak {peak:,.0f} MB, {count:,} rows")
    for what, name in (("drift", "drift_records of a persona"), ("latest", "latest_scores of a persona")):
        median, first, peak, count = asked_alone(path, what)
        line(name, median, f"first {first:.3f} s, peak {peak:,.0f} MB, {count:,} rows")
    print()
    took, series = seconds_of(lambda: summary_of_lines(lines), 1)
    line("JSON lines, orjson and numpy: summary", took, f"peak {peak_mb():,.0f} MB, {series:,} series")
    line("JSON lines, orjson: persona", *_once(lambda: persona_of_lines(lines, "persona-0417")))
    sql = f"select series, slot, regr_slope(value, evaluated) from read_json('{lines}') group by all"
    line("JSON lines, DuckDB's reader: slopes", *_once(lambda: len(duckdb.execute(sql).fetchall())))
    lines.unlink()
    print()
    connection = projection.connect(projection.path_of(store))
    tables = more(connection, nights, 1_000_000)
    parts = put(connection, tables)
    (after,) = connection.execute("select count(*) from scores").fetchone() or (0,)
    connection.close()
    note = ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items() if name != "all")
    line(f"project {after - scores:,} score rows into them", parts["all"], note)
    connection = projection.connect(projection.path_of(store))
    cursor = connection.execute("select * from scores limit 1000000")
    names = [one[0] for one in cursor.description or ()]
    rows_given = [
        {name: cell.timestamp() if name == "evaluated" else cell for name, cell in zip(names, row, strict=True)}
        for row in cursor.fetchall()
    ]
    seconds, processor = seconds_of(lambda: put_scores(connection, rows_given), 1)
    line(f"insert {len(rows_given):,} rows into scores", seconds, f"processor {processor:.2f}")
    connection.close()
    path.unlink()
    connection = projection.connect(projection.path_of(store))
    parts = put(connection, tables)
    connection.close()
    note = ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items() if name != "all")
    line("project them into an empty warehouse", parts["all"], note)
    print(f"    from {len(tables['judgements']):,} evaluations and {len(tables['measurements']):,} measurements")


def _once(work: Callable[[], int]) -> tuple[float, str]:
    took, count = seconds_of(work, 1)
    return took, f"{count:,} rows"


if __name__ == "__main__":
    main()
