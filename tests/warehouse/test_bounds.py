"""What SQL that people write may take: declared in YAML, raised on the command line, kept for whatever they write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from personaforge.cli.main import run
from personaforge.spec.models import Query
from personaforge.spec.project import Project, packaged
from personaforge.store.store import Store
from personaforge.testing import write_project
from personaforge.warehouse.bounds import Bounds, Clock, OutOfBounds
from personaforge.warehouse.query import QueryError, ask, confined, write_parquet

ENDLESS = "select count(*) from range(10000000000) a, range(100000) b"
LARGE = "select list(a.range * b.range) from range(100000) a, range(10000) b"
SORTED = "select a.range, repeat('x', 200) || a.range::varchar as text from range(3000000) a order by text desc"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "p/.forge").mkdir(parents=True)
    return Store(Project(tmp_path / "p"))


def rows(store: Store, sql: str, bounds: Bounds) -> int:
    with confined(store, bounds=bounds) as connection:
        return sum(1 for _ in ask(connection, sql, bounds).rows())


@pytest.mark.parametrize(
    ("sql", "bounds", "says", "hint"),
    [
        (ENDLESS, Bounds(1, 1, 0.3), "was stopped after 0.3 s", "--timeout 1.2, or store.query.seconds"),
        (f"select * from ({ENDLESS}), range(3)", Bounds(1, 1, 0.3), "was stopped after 0.3 s", "--timeout"),
        (
            "with recursive x as (select 1 i union all select i + 1 from x) select count(*) from x",
            *(Bounds(1, 1, 0.3), "was stopped after 0.3 s", "--timeout"),
        ),
        ("select range from range(100000000000)", Bounds(1, 1, 0.3), "was stopped after 0.3 s", "--timeout"),
        (
            LARGE,
            Bounds(0.1, 1, 60),
            "needs more than 0.1 GB of memory",
            "--memory 0.4, or store.query.memory_gigabytes",
        ),
        (SORTED, Bounds(0.1, 0.02, 60), "0.02 GB of temporary files", "store.query.temporary_gigabytes"),
    ],
)
def test_a_bound_is_named_with_its_value_and_how_to_raise_it(
    store: Store, sql: str, bounds: Bounds, says: str, hint: str
) -> None:
    with pytest.raises(OutOfBounds, match=says) as error:
        rows(store, sql, bounds)
    assert error.value.exit_code == 2 and hint in error.value.hint
    assert rows(store, "scores", bounds) == 0
    store.close()
    assert not [name for name in os.listdir(store.folder) if "tmp" in name]


def test_the_time_is_over_however_duckdb_says_it() -> None:
    """A result that is stopped between two of its batches is another error than one that is stopped within a batch."""
    import duckdb

    said = "Attempting to execute an unsuccessful or closed pending query result\nError: INTERRUPT Error: Interrupted!"
    with duckdb.connect() as connection:
        with pytest.raises(OutOfBounds, match="was stopped after 5 s"), Clock(connection, Bounds(1, 1, 5)).running():
            raise duckdb.InvalidInputException(said)
        with pytest.raises(duckdb.InvalidInputException, match="other"), Clock(connection, Bounds(1, 1, 5)).running():
            raise duckdb.InvalidInputException("other")


def test_a_file_is_bounded_too(store: Store, tmp_path: Path) -> None:
    out, bounds = tmp_path / "out.parquet", Bounds(1, 1, 0.3)
    with confined(store, allow_files=True, bounds=bounds) as connection, pytest.raises(OutOfBounds):
        write_parquet(connection, ENDLESS, out, tmp_path / "out.tmp", bounds)
    assert not out.exists()


def test_nobody_lifts_a_bound_in_sql(store: Store) -> None:
    with confined(store, bounds=Bounds(1, 1, 5)) as connection, pytest.raises(QueryError, match="expected SELECT"):
        ask(connection, "set memory_limit = '100GB'", Bounds(1, 1, 5))


def test_what_is_packaged_is_what_a_store_without_bounds_gets() -> None:
    declared = yaml.safe_load((packaged("conf") / "store/local.yaml").read_text())["query"]
    assert Query().model_dump() == declared == {"memory_gigabytes": 2, "temporary_gigabytes": 4, "seconds": 60}


def test_the_project_and_the_command_line_set_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"conf/project/settings.yaml": "store: {query: {seconds: 0.2}}\n"}
    monkeypatch.chdir(write_project(tmp_path / "p", {"ana": "id: ana\nbrief: A gardener.\n"}, settings))
    assert run(["query", ENDLESS]) == 2
    assert "was stopped after 0.2 s" in capsys.readouterr().err
    assert run(["query", ENDLESS, "--timeout", "0.4"]) == 2
    assert "was stopped after 0.4 s" in capsys.readouterr().err
    assert run(["query", LARGE, "--memory", "0.1", "--timeout", "60"]) == 2
    assert "needs more than 0.1 GB of memory" in capsys.readouterr().err
    (tmp_path / "p/conf/project/settings.yaml").write_text("store: {query: {seconds: -1}}\n")
    assert run(["query", "scores"]) == 2
    assert "store.query.seconds" in capsys.readouterr().err


def test_a_table_that_nobody_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sql = "select repeat('x', 100000) from range(300)"
    assert run(["query", sql]) == 2 and "too large for a table" in capsys.readouterr().err
    assert run(["query", sql, "--out", "out.csv"]) == 0 and (tmp_path / "out.csv").stat().st_size > 30_000_000
    (tmp_path / "out.csv").unlink()
    assert not list(tmp_path.iterdir())
