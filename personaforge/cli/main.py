"""The `forge` command: which commands there are, and what happens to errors.

Commands are imported when they are called, and their help lines are here as text, so that `forge --help` loads
click and nothing else.

Exit codes: 0 done, 1 something failed (the README has a table by command), 2 the input or the command is wrong, or the
machine stands in the way, 3 our bug, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # `python -m` looks into the current folder first, and what is there may be a stranger's

import io
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from personaforge import __version__
from personaforge.report.terminal import echo, one_line, style

COMMANDS = {
    "init": ("init", "Make a repository of personas, with CI."),
    "build": ("build", "Build personas: plan, then run what is needed."),
    "plan": ("plan", "Show what a build would do, why, and what it may cost."),
    "diff": ("diff", "Compare two git revisions: changes, costs and results."),
    "ls": ("ls", "List nodes, positions, contexts, motions, pinnable fields."),
    "explain": ("plan", "Show what a node depends on and what has changed."),
    "brief": ("brief", "Show what a brief states, and what became of it."),
    "validate": ("spec", "Check persona files and list every problem."),
    "config": ("spec", "Show the composed settings and where each came from."),
    "schema": ("spec", "Write the JSON Schemas that editors complete persona files with."),
    "anchor": ("anchor", "Set, list and choose a persona's anchor."),
    "status": ("show", "Show how every persona stands."),
    "show": ("show", "Show a built persona as a card."),
    "graph": ("show", "Draw the build graph as mermaid, dot or JSON."),
    "eval": ("measure", "Measure images and clips against an anchor."),
    "drift": ("measure", "Show how a persona's scores move over time."),
    "test": ("test", "Run the checks that personas declare over their scores."),
    "report": ("report", "Write an HTML page for each persona and one for the project."),
    "photos": ("photos", "Score photographs before training on them."),
    "audit": ("audit", "Compare the auditor of documents with reference marks."),
    "calibrate": ("calibrate", "Fit thresholds and P(same) on labelled pairs of pictures."),
    "models": ("models", "List, fetch and verify the face packs that measure."),
    "query": ("data", "Ask the warehouse in SQL."),
    "warehouse": ("data", "Look after the warehouse: rebuild, schema, info, export."),
    "lock": ("lock", "Have git merge lock files node by node."),
    "cache": ("cache", "Verify, measure, clean and share the store."),
    "doctor": ("doctor", "Look for what would stop a build, from keys to disk."),
    "mv": ("persona", "Give a persona another id; nothing is made anew."),
    "rm": ("persona", "Remove what belongs to a persona; shows it first."),
    "jobs": ("jobs", "Look after paid calls: list, resume, cancel, resolve, delete."),
    "cost": ("cost", "Show what was spent, by persona, step, provider and model."),
    "docs": ("docs", "Print a page of documentation, or list all pages."),
    "plugin": ("plugin", "Write a plug-in: `forge plugin new NAME`."),
    "completion": ("completion", "Print the shell's completion script."),
}
"""Command -> module in personaforge.cli, help line."""


_ELSEWHERE = {"retry": "build", "run": "build", "apply": "build", "repro": "build", "list": "ls"}
"""What other tools of its kind call a command of ours: a build goes on where the last one stopped."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"personaforge.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = [_ELSEWHERE[args[0]]] if args[0] in _ELSEWHERE else get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="forge")
@click.option("--project", metavar="DIR", help="The project's folder; else found upwards from here.")
@click.pass_context
def forge(ctx: click.Context, project: str | None) -> None:
    """Persona as code: build, measure and track synthetic people from YAML in git."""
    ctx.obj = project


def main() -> None:
    """Run the command line and exit."""
    try:
        from personaforge.cli.interrupt import note
        from personaforge.cli.streams import prepare

        note()
        prepare()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code. The only place that catches broadly."""
    from personaforge.cli.interrupt import noted

    streams = sys.stdout, sys.stderr
    try:
        code = forge.main(arguments, prog_name="forge", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return _interrupted() if noted() else code if isinstance(code, int) else 0
    except (KeyboardInterrupt, click.Abort):
        noted()
        return _interrupted()
    except SystemExit:  # click ends in this way on a pipe without a reader, and wraps the error
        sys.stdout, sys.stderr = streams
        return _exit_code(BrokenPipeError())
    except Exception as error:
        return _interrupted() if noted() else _exit_code(error)


def _exit_code(error: Exception) -> int:
    """Print why a command ended, as far as that can be printed, and return its exit code."""
    from personaforge.cli.streams import lost_stream

    try:
        if isinstance(error, click.exceptions.Exit):
            return error.exit_code
        lost = lost_stream()
        if isinstance(lost or error, BrokenPipeError):
            return 141
        if lost is not None:
            _say([f"standard output can't be written: {lost.strerror}"], "what was to be printed is lost")
            return 2
        if isinstance(error, click.ClickException):
            shown = io.StringIO()
            error.show(shown)  # the arguments may come from a stranger's workflow
            echo(shown.getvalue().replace(error.message, one_line(error.message)), err=True, nl=False)
            return 2
        if isinstance(error, RuntimeError) and str(error) == "Query interrupted":  # DuckDB's error for ^C
            return _interrupted()
        return _failed(error)
    except KeyboardInterrupt:
        return _interrupted()
    except OSError:  # there is nowhere to print it
        lost_stream()
        return 2


def _interrupted() -> int:
    try:
        echo("Interrupted.", err=True)
    except (OSError, KeyboardInterrupt):
        pass
    return 130


def _failed(error: Exception) -> int:
    from personaforge.errors import PersonaForgeError, SpecError
    from personaforge.machine import machine_error

    if not isinstance(error, PersonaForgeError) or error.exit_code == 3:
        error = machine_error(error) or error
    if isinstance(error, PersonaForgeError) and error.exit_code != 3:
        if isinstance(error, SpecError):
            for problem in error.problems:
                show_problem(problem)
            if error.hint:
                echo(f"  {error.hint}", err=True)
        else:
            _say(error.lines or (str(error),), error.hint)
        return error.exit_code
    try:
        from personaforge.cli.crash import write_log

        log = write_log(error)
    except MemoryError as lack:
        # Without memory C code may raise SystemError or whatever else; what can't even be logged is no mistake of ours.
        return _failed(lack)
    echo(f"{style('bug', fg='red', bold=True)}: {type(error).__name__}: {error}", err=True)
    echo(f"  This is a mistake in forge, not in your files. Details: {log}", err=True)
    return 3


def _say(lines: Sequence[str], hint: str) -> None:
    echo(f"{style('error', fg='red', bold=True)}: {one_line(lines[0])}", err=True)
    for line in lines[1:]:
        echo(one_line(line), err=True)
    if hint:
        echo(f"  {one_line(hint)}", err=True)


def show_problem(problem: Any) -> None:
    """Print one problem of a spec: where, what, and what to type."""
    place = " ".join(part for part in (problem.where, problem.path) if part)
    head = style("error", fg="red", bold=True)
    echo(f"{head}: {style(one_line(place), bold=True)}: {one_line(problem.message)}", err=True)
    if problem.hint:
        echo(f"  {one_line(problem.hint)}", err=True)


if __name__ == "__main__":
    main()
