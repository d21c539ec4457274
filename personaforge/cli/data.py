"""`forge query` and `forge warehouse`."""

from __future__ import annotations

from pathlib import Path

import click

from personaforge.cli.options import (
    FiniteRange,
    Folder,
    forms_option,
    json_option,
    print_json,
    tell_left_out,
    text_file_option,
)
from personaforge.errors import PersonaForgeError
from personaforge.report.terminal import echo
from personaforge.workspace.workspace import Workspace

FORMATS = ("table", "csv", "json", "parquet")


@click.command("query", short_help="Ask the warehouse in SQL.")
@click.argument("sql")
@click.option("--format", "form", type=click.Choice(FORMATS), help="table by default; parquet takes --out.")
@text_file_option("-o", "--out", "file", help="Write to a file; - is standard output.")
@click.option("--allow-files", is_flag=True, help="Let the SQL read files: from read_csv('notes.csv').")
@click.option("--memory", type=FiniteRange(0, min_open=True), metavar="GB", help="Instead of store.query's bound.")
@click.option("--timeout", type=FiniteRange(0, min_open=True), metavar="SECONDS", help="The same for the time.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--csv", "as_csv", is_flag=True, help="The same as --format csv.")
@click.pass_obj
def query_command(
    folder: str | None,
    sql: str,
    form: str | None,
    file: str | None,
    allow_files: bool,
    memory: float | None,
    timeout: float | None,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Ask the warehouse in SQL, after bringing it up to date with the records. It is only read.

    SQL is one SELECT in DuckDB's dialect, or the name of a table or view: latest_scores, timeline, drift_summary,
    acceptance_rate, cost_by_step, attempts, ... `forge warehouse schema` says what there is.

    It may take 2 GB of memory and 60 seconds, unless the project or --memory and --timeout say otherwise.

    \b
    forge query "select node, score, decision from latest_scores order by score"
    forge query drift_summary --format csv
    """
    from personaforge.report.query import print_answer
    from personaforge.store.files import typed
    from personaforge.warehouse.bounds import Bounds
    from personaforge.warehouse.query import ask, beside, confined, write_parquet

    out = Path(file) if file is not None else None
    form = form or ("json" if as_json else "csv" if as_csv else _form_of(out))
    if form == "parquet" and out is None:
        raise PersonaForgeError("Parquet is no text to print", hint="--out FILE")
    if out is not None and not out.absolute().parent.is_dir():
        raise PersonaForgeError(
            f"there is no folder {out.parent}", where=str(out), hint=f"mkdir -p {typed(out.parent)}"
        )
    temporary = beside(out.absolute()) if out is not None else None
    writes = () if temporary is None else (temporary,)
    with Workspace.open((), folder) as space:
        bounds = Bounds.of(space.group("store"), memory_gigabytes=memory, seconds=timeout)
        with confined(
            space.store, allow_files=allow_files, writes=writes, waiting=_waiting, bounds=bounds
        ) as connection:
            tell_left_out(space.store)
            if form == "parquet" and out is not None and temporary is not None:
                count = write_parquet(connection, sql, out.absolute(), temporary, bounds)
                echo(f"{count} rows in {out}", err=True)
            else:
                print_answer(ask(connection, sql, bounds), form, out)
    return 0


def _form_of(out: Path | None) -> str:
    suffix = out.suffix.lower().removeprefix(".") if out is not None else ""
    return suffix if suffix in FORMATS else "table"


def _waiting() -> None:
    echo("Waiting: another forge has the warehouse open.", err=True)


@click.group("warehouse", short_help="Look after the warehouse: rebuild, schema, info, export.")
def warehouse_command() -> None:
    """Look after the DuckDB warehouse, which is only a projection of the records."""


@warehouse_command.command("rebuild")
@click.pass_obj
def rebuild_command(folder: str | None) -> int:
    """Throw the warehouse away and make it again from the records."""
    from personaforge.warehouse.projection import rebuild

    with Workspace.open((), folder) as space:
        count = rebuild(space.store)
        echo(f"Rebuilt from {count - len(space.store.left_out)} records.")
        tell_left_out(space.store)
    return 0


@warehouse_command.command("info")
@json_option
@click.pass_obj
def info_command(folder: str | None, as_json: bool) -> int:
    """Say where the warehouse is, how large it is, and how many rows it has."""
    from personaforge.warehouse.describe import info
    from personaforge.warehouse.query import confined

    with Workspace.open((), folder) as space, confined(space.store, waiting=_waiting) as connection:
        found = info(space.store, connection)
    if as_json:
        print_json(found)
        return 0
    echo(f"{found['path']}: {found['bytes'] / 1e6:.1f} MB, schema {found['version']}, DuckDB {found['duckdb']}")
    from personaforge.report.tables import print_table

    print_table(("table", "rows"), found["rows"].items())
    for name, why in found["left_out"].items():
        echo(f"left out: {name}: {why}")
    if found["left_out"]:
        echo("forge cache verify --repair puts damaged records aside; forge warehouse rebuild reads all of them again")
    return 0


@warehouse_command.command("schema")
@click.argument("names", nargs=-1, metavar="[TABLE]...")
@forms_option("table", "json", "markdown", "sql")
@click.pass_obj
def schema_command(folder: str | None, names: tuple[str, ...], form: str) -> int:
    """List tables and views with what they hold; with TABLE, its columns."""
    from personaforge.spec.measures import nearest
    from personaforge.warehouse.describe import markdown, schema
    from personaforge.warehouse.schema import schema_sql

    if form == "sql":
        echo(schema_sql(), nl=False)
        return 0
    every = schema()
    unknown = sorted(set(names) - {one.name for one in every})
    if unknown:
        hint = nearest(unknown[0], (one.name for one in every), most=len(every))
        raise PersonaForgeError(f"there is no table or view {unknown[0]}", hint=hint)
    chosen = [one for one in every if not names or one.name in names]
    if form == "json":
        about = [{**one._asdict(), "columns": [column._asdict() for column in one.columns]} for one in chosen]
        print_json({"schema": 1, "relations": about})
    elif form == "markdown":
        echo(markdown(chosen), nl=False)
    else:
        from personaforge.report.tables import print_table

        if names:
            for one in chosen:
                print_table(("column", "type", ""), one.columns, title=f"{one.name}: {one.about}")
        else:
            print_table(("name", "kind", ""), [(one.name, one.kind, one.about) for one in chosen])
    return 0


@warehouse_command.command("export")
@click.argument("target", type=Folder(path_type=Path), metavar="DIR")
@click.option("--views", is_flag=True, help="The views, too, as they stand now.")
@click.pass_obj
def export_command(folder: str | None, target: Path, views: bool) -> int:
    """Write every table to DIR as a Parquet file, for other tools to read."""
    from personaforge.warehouse.query import export

    with Workspace.open((), folder) as space:
        written = export(space.store, target, views=views)
        tell_left_out(space.store)
    for name, count in written.items():
        echo(f"{target / name}: {count} rows")
    return 0
