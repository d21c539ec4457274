"""The schema: everything says what it is, and docs/warehouse.md says the same."""

from __future__ import annotations

import re

import duckdb

from personaforge.warehouse.describe import markdown, schema
from personaforge.warehouse.projection import CONSTANT, TABLES, VERSION
from personaforge.warehouse.schema import schema_sql
from tests.conftest import ROOT

DOCS = ROOT / "docs/warehouse.md"
BEGIN = "## Tables and views\n\n"


def test_every_table_view_and_column_says_what_it_is() -> None:
    for relation in schema():
        assert relation.about.endswith("."), relation.name
        for column in relation.columns:
            assert column.about, f"{relation.name}.{column.name} has no comment"


def test_the_docs_are_the_schema() -> None:
    head, _, reference = DOCS.read_text().partition(BEGIN)
    assert reference == markdown(schema()), "write docs/warehouse.md anew: forge warehouse schema --format markdown"
    known = {relation.name for relation in schema()}
    for name in re.findall(r"forge query ([a-z_]+)", head):
        assert name in known, f"docs/warehouse.md asks for {name}"


def test_what_the_projection_fills_is_what_the_schema_declares() -> None:
    assert {relation.name for relation in schema() if relation.kind == "table"} == {*TABLES, *CONSTANT}
    assert schema_sql().startswith(f"-- The warehouse, version {VERSION}.")


def test_what_people_ask_has_a_view() -> None:
    views = {relation.name for relation in schema() if relation.kind == "view"}
    assert views >= {"latest_scores", "timeline", "drift_summary", "acceptance_rate", "cost_by_step", "drift_records"}
    with duckdb.connect() as connection:
        connection.execute(schema_sql())
        for view in views:
            assert connection.execute(f"select * from {view}").fetchall() == [], f"{view} of nothing is nothing"
