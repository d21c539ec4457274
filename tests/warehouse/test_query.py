"""Asking the warehouse: what is answered, in which form, and what no query can do."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from personaforge.report.query import lines_of
from personaforge.spec.project import Project
from personaforge.store.store import Store
from personaforge.warehouse.projection import SHOWN
from personaforge.warehouse.query import QueryError, ask, confined, export
from tests.conftest import Forge
from tests.warehouse.test_projection import action, evaluation


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "p/personas").mkdir(parents=True)
    store = Store(Project(tmp_path / "p"))
    for number in range(3):
        action(store, number)
        store.keep("evaluations", f"{number:064x}", evaluation(number))
    return store


def asked(store: Store, sql: str, *, allow_files: bool = False) -> list[tuple[object, ...]]:
    with confined(store, allow_files=allow_files) as connection:
        return list(ask(connection, sql).rows())


def test_a_name_alone_is_all_of_that_table_or_view(store: Store) -> None:
    assert len(asked(store, "scores")) == len(asked(store, " Timeline ; ")) == 3
    assert asked(store, "select count(*) from evaluations") == [(3,)]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("selec 1", "syntax error"),
        ("select nope from scores", "nope"),
        ("select * from nope", "nope"),
        ("nope", "no table or view nope"),
        ("", "no statement"),
        ("select 1; select 2", "2 statements"),
        ("delete from scores", "expected SELECT"),
        ("drop table scores", "expected SELECT"),
        ("create table mine (a int)", "expected SELECT"),
        ("set enable_external_access = true", "expected SELECT"),
        ("attach 'other.duckdb'", "expected SELECT"),
        ("copy scores to 'scores.csv'", "expected SELECT"),
        ("install httpfs", "expected SELECT"),
        ("load httpfs", "expected SELECT"),
        ("select * from read_text('/etc/hostname')", "disabled"),
        ("select * from '/etc/hostname'", "hostname"),
        ("select * from glob('/*')", "disabled"),
        ("select * from read_csv('https://127.0.0.1/x.csv')", "disabled"),
    ],
)
def test_what_cannot_be_answered_says_why(store: Store, sql: str, says: str) -> None:
    with pytest.raises(QueryError, match=says) as error:
        asked(store, sql)
    assert error.value.hint
    assert len(asked(store, "scores")) == 3


@pytest.mark.parametrize(
    ("sql", "says", "hint"),
    [
        ("valeus", "^there is no table or view valeus$", "did you mean values?"),
        (" Latest_score ;", "^there is no table or view latest_score$", "did you mean latest_scores?"),
        ("drift", "^there is no table or view drift$", "there is: metrics, builds,"),
        ("select * from valeus", 'Did you mean "values"', "forge warehouse schema"),
        ("select valeu from scores", 'Candidate bindings: "value"', "forge warehouse schema"),
        ("select * exclude (valeu) from scores", '"valeu" in EXCLUDE list', "did you mean value?"),
        ("from scores join builds using (biuld)", '"biuld" does not exist', "did you mean build?"),
        ("from scores join builds using (xyz)", '"xyz" does not exist', "forge warehouse schema"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_answered_with_the_nearest(store: Store, sql: str, says: str, hint: str) -> None:
    """DuckDB has its own for what stands in a statement; the rest is ours."""
    with pytest.raises(QueryError, match=says) as error:
        asked(store, sql)
    assert error.value.hint.startswith(hint)


def test_the_schema_of_an_unknown_table_is_answered_with_the_nearest(store: Store, forge: Forge) -> None:
    said = forge("warehouse", "schema", "scors", cwd=store.project.root, check=2).stderr
    assert "there is no table or view scors" in said and "did you mean scores?" in said


def test_a_name_never_means_a_variable_of_ours(store: Store) -> None:
    with pytest.raises(QueryError, match="does not exist"):
        asked(store, "select * from relation")


def test_files_are_read_where_asked_for_by_name(store: Store, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("persona,campaign\nana,spring\n")
    sql = f"select distinct campaign from scores join read_csv('{tmp_path}/notes.csv') using (persona)"
    with pytest.raises(QueryError, match="disabled") as error:
        asked(store, sql)
    assert "--allow-files" in error.value.hint
    assert asked(store, sql, allow_files=True) == [("spring",)]


def test_json_carries_what_sql_makes(store: Store) -> None:
    sql = """
        select 1.50 as price, 3::decimal(9, 2) as whole, sum(9223372036854775807::hugeint) as large,
            'nan'::double as odd,
            timestamptz '2026-01-02 03:04:05+01' as zoned, date '2026-01-02' as day, {'a': [1, null]} as nested,
            null as none, 1 as twice, 2 as twice, 18446744073709551615::ubigint as id
        from range(3) -- a comment at the end
    """
    with confined(store) as connection:
        (found,) = json.loads("".join(lines_of(ask(connection, sql), "json")))
        assert found == {
            "price": 1.5, "whole": 3, "large": str(3 * (2**63 - 1)), "odd": "nan", "zoned": "2026-01-02T02:04:05",
            "day": "2026-01-02", "nested": {"a": [1, None]}, "none": None, "twice": 1, "twice_1": 2, "id": 2**64 - 1,
        }  # fmt: skip
        assert json.loads("".join(lines_of(ask(connection, "select 1 where false"), "json"))) == []


def test_every_table_is_exported_and_reads_back(store: Store, tmp_path: Path) -> None:
    written = export(store, tmp_path / "out", views=True)
    assert {f"{name}.parquet" for name in SHOWN} < set(written) and "timeline.parquet" in written
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(written), "nothing unfinished is left"
    for name in ("scores", "evaluations", "actions"):
        rows = duckdb.execute(f"select * from '{tmp_path}/out/{name}.parquet' order by all").fetchall()
        assert rows == asked(store, f"select * from {name} order by all") and len(rows) == written[f"{name}.parquet"]
    assert export(store, tmp_path / "out") == {name: written[name] for name in (f"{one}.parquet" for one in SHOWN)}


def test_the_command_line_prints_and_writes_every_form(store: Store, forge: Forge, tmp_path: Path) -> None:
    root = store.project.root
    sql = "select slot, value from scores order by slot"
    assert forge("query", sql, cwd=root, check=0).stdout.splitlines()[0].split() == ["slot", "value"]
    assert forge("query", sql, "--format", "csv", cwd=root, check=0).stdout.splitlines()[1] == "00,0.5"
    assert json.loads(forge("query", sql, "--format", "json", cwd=root, check=0).stdout)[2] == {
        "slot": "02",
        "value": 0.502,
    }
    for form in ("csv", "json", "parquet"):
        forge("query", sql, "--out", str(tmp_path / f"made.{form}"), cwd=root, check=0)
    assert (tmp_path / "made.csv").read_text().startswith("slot,value\n00,0.5\n")
    assert len(json.loads((tmp_path / "made.json").read_text())) == 3
    made = duckdb.execute(f"select * from '{tmp_path}/made.parquet'").fetchall()
    assert made == [("00", 0.5), ("01", 0.501), ("02", 0.502)]
    assert "--out" in forge("query", sql, "--format", "parquet", cwd=root, check=2).stderr
    assert "no folder" in forge("query", sql, "-o", "gone/x.csv", cwd=root, check=2).stderr
    assert "Traceback" not in forge("query", "selec", cwd=root, check=2).stderr


def test_info_and_schema(store: Store, forge: Forge) -> None:
    found = json.loads(forge("warehouse", "info", "--json", cwd=store.project.root, check=0).stdout)
    assert found["rows"]["scores"] == 3 and found["records"] == 6
    assert "warehouse.duckdb" in forge("warehouse", "info", cwd=store.project.root, check=0).stdout
    assert "cosine" in forge("warehouse", "schema", "evaluations", cwd=store.project.root, check=0).stdout
    assert "drift_summary" in forge("warehouse", "schema", cwd=store.project.root, check=0).stdout
    assert "no table" in forge("warehouse", "schema", "nope", cwd=store.project.root, check=2).stderr
