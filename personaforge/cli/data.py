"""`forge query` and `forge warehouse`."""

from __future__ import annotations

import click

from personaforge.cli.options import print_json
from personaforge.errors import PersonaForgeError
from personaforge.workspace import Workspace


@click.command("query", short_help="Ask the warehouse in SQL.")
@click.argument("sql")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header.")
@click.pass_obj
def query_command(folder: str | None, sql: str, as_json: bool, as_csv: bool) -> int:
    """Ask the warehouse in SQL, after bringing it up to date with the records.

    Tables: builds, build_nodes, actions, artifacts, measurements, evaluations.
    Views: timeline, latest_scores, cost_by_step.

    \b
    forge query "select node, score, decision from latest_scores order by score"
    """
    from personaforge.warehouse.projection import opened

    with Workspace.open((), folder) as space, opened(space.store) as connection:
        import duckdb

        try:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
        except duckdb.Error as error:
            raise PersonaForgeError(str(error).strip(), hint='forge query "show tables"') from error
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif as_csv:
        import csv
        import sys

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    else:
        from personaforge.report.tables import print_table

        print_table(names, rows)
    return 0


@click.group("warehouse", short_help="Rebuild the warehouse from the records.")
def warehouse_command() -> None:
    """Look after the DuckDB warehouse, which is only a projection of the records."""


@warehouse_command.command("rebuild")
@click.pass_obj
def rebuild_command(folder: str | None) -> int:
    """Throw the warehouse away and make it again from the records."""
    from personaforge.warehouse.projection import rebuild

    with Workspace.open((), folder) as space:
        count = rebuild(space.store)
    click.echo(f"Rebuilt from {count} records.")
    return 0
