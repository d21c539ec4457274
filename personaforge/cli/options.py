"""Arguments and options that several commands share, and what they mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from personaforge.report.terminal import echo, held, printable, style

if TYPE_CHECKING:
    from personaforge.errors import Problem
    from personaforge.spec.load import Broken
    from personaforge.store.store import Store

F = TypeVar("F", bound=Callable[..., Any])


class FiniteRange(click.FloatRange):
    """A number within bounds. Click's own type takes nan, which no bound holds, and inf."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises click's BadParameter."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return found


class TextFile(click.Path):
    """A file that a text is written to; `-` is standard output, where it goes without the option."""

    name = "file"

    def __init__(self) -> None:
        super().__init__(dir_okay=False)


def text_file_option(*names: str, help: str) -> Callable[[F], F]:
    """Add an option for a text's file. Its value is None for standard output."""
    return click.option(
        *names,
        type=TextFile(),
        metavar="FILE",
        help=help,
        callback=lambda ctx, param, value: None if value == "-" else value,
    )


class OwnFile(click.Path):
    """A file with a content of its own, which is no text to print."""

    def __init__(self, **options: Any) -> None:
        super().__init__(dir_okay=False, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises click's BadParameter."""
        if str(value) == "-":
            self.fail(
                "found '-', expected the name of a file: this is not printed. A file called so is ./-", param, ctx
            )
        return super().convert(value, param, ctx)


_OF_FILES = (".csv", ".html", ".htm", ".json", ".md", ".png", ".txt", ".xml", ".yaml", ".yml", ".zip")
"""Endings with which somebody means a file."""


class Folder(click.Path):
    """A folder that files are written to."""

    def __init__(self, **options: Any) -> None:
        super().__init__(file_okay=False, **options)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises click's BadParameter."""
        from pathlib import Path

        path = Path(value)
        if str(value) == "-":
            self.fail("found '-', expected a folder: several files are written. A folder called so is ./-", param, ctx)
        if path.is_file() or (path.suffix.lower() in _OF_FILES and not path.is_dir()):
            there = " is a file" if path.is_file() else " is the name of a file"
            instead = f"{path.parent / path.stem}" if path.suffix else f"{path}.d"
            self.fail(f"{str(value)!r}{there}, expected a folder for several files, such as {instead}", param, ctx)
        return super().convert(value, param, ctx)


class PersonaArgument(click.ParamType[str]):
    """A persona file, id or glob, or a Hydra override."""

    name = "persona"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Complete with ids and files of the project around the current folder."""
        from click.shell_completion import CompletionItem

        from personaforge.spec.project import find_project, persona_id

        project = find_project()
        if project is None or "=" in incomplete:
            return []
        files = project.persona_files()
        names = [persona_id(path) for path in files] + [project.relative(path) for path in files]
        return [CompletionItem(name) for name in names if name.startswith(incomplete) and name == printable(name)]


class NodeArgument(click.ParamType[str]):
    """A node such as sofia-reyes/image/07, or a selection."""

    name = "node"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Complete with the nodes that have been built, and their names within a persona."""
        from click.shell_completion import CompletionItem

        from personaforge.spec.names import read_names
        from personaforge.spec.project import find_project
        from personaforge.store.files import is_file
        from personaforge.store.named import NamedIndex

        project = find_project()
        if project is None or not is_file(project.state / "index.db") or project.state.is_symlink():
            return []
        ids = [row[0] for row in NamedIndex(project.state / "index.db", lambda: read_names(project)).node_history()]
        names = sorted({*ids, *(name.partition("/")[2] for name in ids)})
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def personas_argument(function: F) -> F:
    """Add `PERSONA... [OVERRIDE...]`."""
    return click.argument("personas", nargs=-1, type=PersonaArgument(), metavar="[PERSONA]... [OVERRIDE]...")(function)


def selection_options(function: F) -> F:
    """Add --select and --exclude."""
    function = click.option(
        "--exclude", multiple=True, type=NodeArgument(), metavar="NODES", help="Leave out what this selects."
    )(function)
    return click.option(
        "-s",
        "--select",
        multiple=True,
        type=NodeArgument(),
        metavar="NODES",
        help="Only these nodes: image/*  +anchor  tag:identity  state:modified+  result:rejected",
    )(function)


def wish_options(function: F) -> F:
    """Add --force, --repin and --frozen."""
    function = click.option(
        "--frozen", is_flag=True, help="Make nothing that the lock doesn't pin, and don't write it: for CI."
    )(function)
    function = click.option(
        "--repin",
        multiple=True,
        type=NodeArgument(),
        metavar="NODES",
        help="Let these accept something new in place of what the lock pins; for the anchor that is a new face.",
    )(function)
    return click.option(
        "--force", multiple=True, type=NodeArgument(), metavar="NODES", help="Buy another take of these nodes."
    )(function)


def unread_option(function: F) -> F:
    """Add --allow-unread."""
    text = "Draft from a brief, too, of which the embedded writer keeps less than text.min_coverage."
    return click.option("--allow-unread", is_flag=True, help=text)(function)


def with_unread(overrides: tuple[str, ...], allowed: bool) -> tuple[str, ...]:
    """Return overrides with the one that --allow-unread stands for."""
    from personaforge.workspace.forecast import ALLOWED

    return (*overrides, ALLOWED) if allowed else overrides


def refuse_force_when_frozen(frozen: bool, force: Sequence[str], repin: Sequence[str]) -> None:
    """Raise UsageError for options that a frozen lock excludes."""
    if frozen and (force or repin):
        raise click.UsageError("--frozen makes nothing new, so it takes no --force and no --repin")


def since_option(function: F) -> F:
    """Add --changed-since."""
    text = (
        "Only personas whose keys differ from those of a git revision: main, HEAD~1, `main...` for where you left it."
    )
    return click.option("--changed-since", metavar="REV", help=text)(function)


def json_option(function: F) -> F:
    """Add --format, table or json, --out and --json to a command that takes `as_json` and prints one or the other."""
    return _with_output(function, ("table", "json"), lambda form: {"as_json": form == "json"})


def forms_option(*forms: str) -> Callable[[F], F]:
    """Add --format with these forms, the first of which is the default, --out and --json to a command that takes
    `form`."""
    return lambda function: _with_output(function, forms, lambda form: {"form": form})


def _with_output(function: F, forms: Sequence[str], given: Callable[[str], dict[str, Any]]) -> F:
    @wraps(function)
    def with_output(*args: Any, form: str, out: str | None, as_json: bool, **options: Any) -> Any:
        form = _form(form, as_json)
        if out is None:
            return function(*args, **given(form), **options)
        _require_file_form(form)
        with held() as text:
            code = function(*args, **given(form), **options)
        _write(out, "".join(text))
        return code

    flag = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
    text = "Write the format there instead; - is standard output."
    file = text_file_option("--out", help=text)
    choice = click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help="How it is written."
    )
    return cast(F, choice(file(flag(with_output))))


def _form(form: str, as_json: bool) -> str:
    """Return the format that --format and --json ask for together. Raises UsageError where they differ."""
    if not as_json or form == "json":
        return form
    if click.get_current_context().get_parameter_source("form") is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"say --json or --format {form}, not both")
    return "json"


def _require_file_form(form: str) -> None:
    if form == "table":
        raise click.UsageError("--out needs a --format other than table")


def _write(out: str, text: str) -> None:
    from pathlib import Path

    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def split_overrides(arguments: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Separate personas from Hydra overrides: an override has a `=` or starts with `~`."""
    personas = [text for text in arguments if "=" not in text and not text.startswith("~")]
    return personas, tuple(text for text in arguments if "=" in text or text.startswith("~"))


def tell_broken(broken: Sequence[Broken], code: int = 0) -> int:
    """List the personas that can't be read or planned, and return the exit code: 2 where there are any."""
    from personaforge.cli.main import show_problem

    seen: set[Problem] = set()
    for one in broken:
        new = [problem for problem in one.problems if problem not in seen]
        seen.update(new)
        count = f"{len(one.problems)} problem{'s' if len(one.problems) != 1 else ''}"
        echo(f"{style('broken', fg='red', bold=True)}: {one.persona}: {count}", err=True)
        for problem in new:
            show_problem(problem)
    return 2 if broken else code


def tell_gone(gone: Mapping[str, Sequence[str]]) -> None:
    """Say of which personas files of the brief are gone, and what is shown therefore."""
    for name, files in gone.items():
        are, they = ("is", "it is") if len(files) == 1 else ("are", "they are")
        text = f"{name}: {', '.join(files)} {are} gone, so this is by the text that was read last; plan and build"
        echo(f"{style('note', fg='yellow')}: {text} refuse {name} until {they} back, or out of brief.files", err=True)


def tell_left_out(store: Store) -> None:
    """Say how many records the warehouse lacks."""
    count = len(store.left_out)
    if count:
        hold = "1 record holds" if count == 1 else f"{count} records hold"
        text = f"{hold} what forge doesn't write, and {'is' if count == 1 else 'are'} left out"
        echo(f"{style('note', fg='yellow')}: {text}: `forge warehouse info` says why", err=True)


def broken_json(broken: Sequence[Broken]) -> dict[str, Any]:
    """Return the broken personas as a member of a command's JSON; nothing where there are none."""
    return {"broken": [one.as_json() for one in broken]} if broken else {}


def print_json(value: Any) -> None:
    """Print JSON to standard output, two spaces to a level."""
    from personaforge.report.formats.plain import json_text

    echo(json_text(value))


def format_options(function: F) -> F:
    """Add --format, also of the project's plug-ins, --out and --json to a command that takes `form` and `out`."""
    function = text_file_option("--out", help="Write the format there, and print the table; - is standard output.")(
        function
    )
    return format_option(function)


def format_option(function: F) -> F:
    """Add --format, also of the project's plug-ins, and --json, where --out is something else."""
    from personaforge.report.formats import FORMATS

    @wraps(function)
    def with_format(*args: Any, form: str, as_json: bool, **options: Any) -> Any:
        form = _form(form, as_json)
        if form not in FORMATS:
            _require_format(click.get_current_context().obj, options.get("personas", ()), form, FORMATS)
        return function(*args, form=form, **options)

    flag = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
    choice = _Format(FORMATS)
    option = click.option(
        "--format", "form", type=choice, default="table", show_default=True, help="How it is written."
    )
    return cast(F, option(flag(with_format)))


class _Format(click.Choice[str]):
    """forge's own formats, or a name that a plug-in of the project may have: the project isn't open yet."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value if isinstance(value, str) and value.isidentifier() else super().convert(value, param, ctx)


def _require_format(folder: str | None, personas: Sequence[str], form: str, known: Sequence[str]) -> None:
    """Raise UsageError unless a plug-in of the project writes this format: before anything is done for it."""
    from personaforge.plugins.force import formats
    from personaforge.plugins.loading import activate
    from personaforge.spec.plugins import hint_unasked
    from personaforge.spec.project import project_of

    activate(project_of(personas, folder))
    if form not in formats():
        names = hint_unasked(", ".join((*known, *formats())))
        raise click.BadParameter(f"{form!r} is not one of {names}", param_hint="'--format'")


def show_as(form: str, out: str | None, sheet: Callable[[], Any], table: Callable[[], None]) -> None:
    """Print results as a table or in another format, or write that to a file and print the table."""
    if out is not None:
        _require_file_form(form)
    if form == "table":
        table()
        return
    from personaforge.report.formats import render

    text = render(sheet(), form)
    if out is None:
        echo(text, nl=False)
        return
    _write(out, text)
    table()
