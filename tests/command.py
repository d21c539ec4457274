"""The command line in a test: within its own process, isolated, or in a process of its own."""

from __future__ import annotations

import codecs
import contextvars
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]


def in_process(arguments: tuple[str, ...], *, cwd: Path, env: Mapping[str, str] | None = None, input: str = "") -> Done:
    """Run the command line in this process and return what one of its own would have: exit code and both outputs.

    The command has its own arguments, folder, environment, streams that are no terminal, warning filters and context
    variables; none of what it changes there is left afterwards. What it shares with the test is what Python keeps for a
    process: modules, their caches, the providers that the test registered, signal handlers.
    """
    from personaforge.cli import streams
    from personaforge.cli.main import run

    codecs.register_error(streams._ESCAPED, streams._escaped)
    out, err = io.BytesIO(), io.BytesIO()
    texts = (
        io.TextIOWrapper(out, "utf-8", streams._ESCAPED, write_through=True),
        io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True),
    )
    with _as_a_process(arguments, cwd, env, input, texts):
        code = contextvars.copy_context().run(run, list(arguments))
    said = [stream.getvalue().decode().replace("\r\n", "\n").replace("\r", "\n") for stream in (out, err)]
    return subprocess.CompletedProcess(["forge", *arguments], code, *said)


@contextmanager
def _as_a_process(
    arguments: tuple[str, ...],
    cwd: Path,
    env: Mapping[str, str] | None,
    input: str,
    texts: tuple[io.TextIOWrapper, io.TextIOWrapper],
) -> Iterator[None]:
    environment, folder = dict(os.environ), os.getcwd()
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    try:
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
        os.chdir(cwd)
        sys.argv, sys.stdin = ["forge", *arguments], io.StringIO(input)
        sys.stdout, sys.stderr = texts
        with warnings.catch_warnings():
            warnings.resetwarnings()  # as Python starts: these say nothing, all others are printed
            for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", kind)
            warnings.showwarning = _print_warning
            yield
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
        os.chdir(folder)
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        os.environ.update(environment)


def _print_warning(message: Any, category: type[Warning], filename: str, lineno: int, *_: Any) -> None:
    print(warnings.formatwarning(message, category, filename, lineno), end="", file=sys.stderr)


def as_process(arguments: tuple[str, ...], *, cwd: Path, **options: Any) -> Done:
    """Run the command line in a process of its own, with the options of `subprocess.run`."""
    command = [sys.executable, "-m", "personaforge.cli.main", *arguments]
    done: Done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, **options)
    return done
