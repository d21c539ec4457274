"""`forge validate`, `forge config` and `forge schema`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from personaforge.cli.options import (
    Folder,
    format_options,
    json_option,
    personas_argument,
    print_json,
    show_as,
    split_overrides,
)
from personaforge.errors import PlanError, Problem, SpecError
from personaforge.leaves import leaves
from personaforge.report.terminal import echo, style
from personaforge.workspace.workspace import Workspace


@click.command("validate", short_help="Check persona files and list every problem.")
@personas_argument
@format_options
@click.pass_obj
def validate_command(folder: str | None, personas: tuple[str, ...], form: str, out: str | None) -> int:
    """Check persona files, what they compose to, and their templates, and list every problem at once.

    \b
    forge validate --format github                           annotations at file and line
    forge validate --format junit --out reports/validate.xml
    """
    from personaforge.report.formats.place import repository_prefix
    from personaforge.report.validation import validation_sheet

    names, overrides = split_overrides(personas)
    checked: list[str] = []
    with Workspace.open(names, folder) as space:
        problems, checked = space.validate(names, overrides)
        remarks = space.remarks(names, overrides) if checked else []
        prefix = repository_prefix(space.project)
    show_as(
        form,
        out,
        lambda: validation_sheet(problems, checked, remarks, prefix),
        lambda: _print_validation(problems, checked, remarks),
    )
    return 2 if problems else 0


def _print_validation(problems: Sequence[Problem], checked: Sequence[str], remarks: Sequence[str]) -> None:
    from personaforge.cli.main import show_problem

    for problem in problems:
        show_problem(problem)
    if problems:
        echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}.", err=True)
    if checked:
        echo(f"Valid: {', '.join(checked)}")
    for remark in remarks:
        echo(remark)


@click.command("config", short_help="Show the composed settings and where each came from.")
@personas_argument
@click.option("--path", metavar="PATH", help="Only what is below this path, such as identity.geometric.")
@json_option
@click.pass_obj
def config_command(folder: str | None, personas: tuple[str, ...], path: str | None, as_json: bool) -> int:
    """Show a persona's composed settings, and the file and line that each value came from."""
    from personaforge.spec.provenance import config_rows

    names, overrides = split_overrides(personas)
    with Workspace.open(names, folder) as space:
        loaded = space.load(names, overrides)
        if len(loaded) != 1:
            raise click.UsageError(f"name one persona; there are {len(loaded)}")
        rows = config_rows(space.project, loaded[0], overrides)
    if path is not None:
        rows = [row for row in rows if row["path"] == path or row["path"].startswith(path + ".")]
        if not rows:
            raise PlanError(f"there is no setting {path!r}", hint=_near(path, leaves(loaded[0].settings.as_dict())))
    if as_json:
        print_json({"schema": 1, "persona": loaded[0].settings.id, "settings": rows})
        return 0
    width = min(max(len(f"{row['path']}: {_value(row['value'])}") for row in rows), 90)
    for row in rows:
        text = f"{row['path']}: {_value(row['value'])}"
        echo(f"{text:<{width}}  {style('# ' + row['where'], dim=True)}")
    return 0


def _near(path: str, known: Iterable[str]) -> str:
    """Return the setting, or the table of settings, that is nearest to a path that isn't there."""
    from personaforge.listing import meant

    parts = [one.split(".") for one in known]
    paths = {".".join(keys[:length]) for keys in parts for length in range(1, len(keys) + 1)}
    return meant(path, paths) or "forge config lists them all"


@click.command("schema", short_help="Write the JSON Schemas that editors complete persona files with.")
@click.argument("group", required=False)
@click.option(
    "-o",
    "--out",
    "--output",
    "output",
    type=Folder(),
    metavar="FOLDER",
    help="Write them all into this folder.",
)
@click.pass_obj
def schema_command(folder: str | None, group: str | None, output: str | None) -> int:
    """Print the JSON Schema of a persona file, of one GROUP, or of the machine file (`machine`), or write them all with
    -o.

    `forge init` writes the persona's into build/schema, which is not in git; after a clone, and after a change of
    conf/, make it anew with -o build/schema. Editors with a YAML language server take it from a persona file's first
    line:
    \b
    # yaml-language-server: $schema=../build/schema/persona.schema.json
    """
    from personaforge.spec.schema import group_schemas, write_schemas

    with Workspace.open((), folder) as space:
        if output is not None:
            paths = write_schemas(space.project, Path(output))
            echo(f"Wrote {len(paths)} schemas to {output}")
            return 0
        schemas: dict[str, Any] = group_schemas(space.project)
    name = group or "persona"
    if name not in schemas:
        raise SpecError(Problem("", name, "is no group", f"there is: {', '.join(schemas)}"))
    print_json(schemas[name])
    return 0


def _value(value: Any) -> str:
    import orjson

    if isinstance(value, str):
        return value if len(value) <= 80 else value[:79] + "…"
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"
