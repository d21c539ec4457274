"""Every command that prints a result takes the same three options: --format, --out and --json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from personaforge.cli.main import forge

MAKES = {"init", "lock merge", "warehouse export", "warehouse rebuild", "jobs cancel", "jobs resolve", "plugin new"}
"""What these make is their result; they print a line that says so."""

OWN = {
    "schema": {"--out"},  # prints JSON Schema and nothing else; --out is a folder for all of them
    "completion": set(),  # prints a shell's script
    "report": {"--format", "--out", "--json"},  # --out is the folder of the pages
}


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        if isinstance(one, click.Group):
            yield from commands(one, (*path, name))
        else:
            yield " ".join((*path, name)), one


EVERY = [pytest.param(name, command, id=name) for name, command in commands(forge)]


def options(command: click.Command) -> dict[str, Any]:
    return {name: one for one in command.params for name in one.opts}


@pytest.mark.parametrize(("name", "command"), EVERY)
def test_a_command_has_one_set_of_output_options(name: str, command: click.Command) -> None:
    there = options(command).keys() & {"--format", "--out", "--json"}
    if name in MAKES:
        assert not there
    else:
        assert there == OWN.get(name, {"--format", "--out", "--json"})


@pytest.mark.parametrize(("name", "command"), EVERY)
def test_every_format_option_can_write_json(name: str, command: click.Command) -> None:
    form = options(command).get("--format")
    if form is not None:
        assert "json" in form.type.choices


def run(*arguments: str) -> Any:
    return CliRunner().invoke(forge, list(arguments))


def test_json_and_format_json_are_the_same_and_out_holds_it(tmp_path: Path) -> None:
    plain, long = run("docs", "--json"), run("docs", "--format", "json")
    assert plain.exit_code == long.exit_code == 0
    assert plain.stdout == long.stdout
    target = tmp_path / "new folder" / "topics.json"
    written = run("docs", "--format", "json", "--out", str(target))
    assert (written.exit_code, written.stdout) == (0, "")
    assert target.read_text(encoding="utf-8") == plain.stdout
    assert json.loads(plain.stdout)["schema"] == 1


def test_a_form_of_its_own_goes_to_a_file_as_it_is_printed(tmp_path: Path) -> None:
    printed = run("warehouse", "schema", "--format", "sql")
    assert "comment on column" in printed.stdout
    run("warehouse", "schema", "--format", "sql", "--out", str(tmp_path / "schema.sql"))
    assert (tmp_path / "schema.sql").read_text(encoding="utf-8") == printed.stdout


def test_contradicting_options_are_a_mistake_of_usage(tmp_path: Path) -> None:
    both = run("warehouse", "schema", "--json", "--format", "sql")
    assert both.exit_code == 2
    assert "say --json or --format sql, not both" in both.stderr
    table = run("docs", "--out", str(tmp_path / "x"))
    assert table.exit_code == 2
    assert "--out needs a --format other than table" in table.stderr
    assert not (tmp_path / "x").exists()
