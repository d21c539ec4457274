"""Where commands write: one set of options, `-` is standard output or refused, and a folder is never a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from personaforge.cli.main import COMMANDS, LazyGroup, forge
from personaforge.cli.options import Folder, OwnFile, TextFile
from personaforge.testing import write_project
from tests.conftest import Forge

ANA = "id: ana\nbrief: A calm gardener.\n"
READ = {
    ("build", "plan_file"), ("anchor set", "file"), ("calibrate", "pairs"), ("eval", "anchor"), ("lock merge", "base"),
    ("lock merge", "ours"), ("lock merge", "theirs"),
}  # fmt: skip
"""Parameters that name what is read."""


def parameters() -> Iterator[tuple[str, click.Parameter]]:
    """Yield every command, by its words, with each parameter that is a path."""

    def below(name: str, command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
        yield from ((name, one) for one in command.params if isinstance(one.type, click.Path))
        if isinstance(command, click.Group):
            for word in command.list_commands(click.Context(command)):
                inner = command.get_command(click.Context(command), word)
                assert inner is not None
                yield from below(f"{name} {word}", inner)

    assert isinstance(forge, LazyGroup)
    for word in COMMANDS:
        command = forge.get_command(click.Context(forge), word)
        assert command is not None
        yield from below(word, command)


WRITTEN = [(name, one) for name, one in parameters() if (name, one.name) not in READ]


def test_whatever_is_written_is_one_of_three_kinds() -> None:
    others = [(name, one.name) for name, one in WRITTEN if not isinstance(one.type, (TextFile, OwnFile, Folder))]
    assert not others
    assert len(WRITTEN) > 25


@pytest.mark.parametrize(("command", "option"), WRITTEN, ids=[f"{name} {one.name}" for name, one in WRITTEN])
def test_a_dash_never_names_a_file(command: str, option: click.Parameter, tmp_path: Path) -> None:
    context = click.Context(click.Command(command))
    if isinstance(option.type, TextFile):
        assert option.process_value(context, "-") is None, "as without the option: standard output"
        assert str(option.process_value(context, "./-")) == "./-"
        assert isinstance(option, click.Option) and "- is standard output" in str(option.help)
        return
    with pytest.raises(click.BadParameter, match=r"A (file|folder) called so is \./-$"):
        option.process_value(context, "-")
    if isinstance(option.type, Folder):
        page = tmp_path / "page"
        page.write_text("")
        for found, said in ((str(page), "is a file"), (str(tmp_path / "page.html"), "is the name of a file")):
            with pytest.raises(click.BadParameter, match=f"{said}, expected a folder for several files, such as "):
                option.process_value(context, found)
        (tmp_path / "pages.html").mkdir()
        assert option.process_value(context, str(tmp_path / "pages.html"))
        assert option.process_value(context, str(tmp_path / "reports"))


def test_what_goes_to_a_dash_is_what_is_printed(forge: Forge, tmp_path: Path) -> None:
    root = write_project(tmp_path, {"ana": ANA})
    for command in (("validate", "--format", "junit"), ("ls", "--json"), ("query", "latest_scores", "--format", "csv")):
        printed = forge(*command, cwd=root)
        assert printed.returncode == 0 and printed.stdout
        assert forge(*command, "--out", "-", cwd=root).stdout == printed.stdout
    refused = forge("report", "--out", "page.html", cwd=root)
    assert refused.returncode == 2 and "'page.html' is the name of a file, expected a folder" in refused.stderr
    assert not (root / "-").exists() and not (root / "page.html").exists()
