"""The only caller of git. It only asks: nothing that a repository or a hook names is run, fetched or waited for.

A repository may be a stranger's. Programs that its configuration could have git start are switched off (a monitor of
files, hooks, a pager, verifying a signature). Only commands that run no filter, diff driver or alias are allowed, and
no protocol, so that a partial clone fetches nothing; git never asks for a password. What a hook's environment says
about its repository is removed: that may be another one than the folder's. The user's own configuration and
`GIT_CONFIG_*` stay in force, `safe.directory` among them.

Output and time are bounded. Knows nothing of projects; each caller says what a failure means there.
"""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path
from typing import IO, Final, NamedTuple

MAX_BYTES = 1 << 30
"""Of an answer: a list of all files of a large repository has some hundred MB."""
SECONDS = 120.0
_MAX_SAID = 1 << 16
_PIECE = 1 << 20

_COMMANDS: Final = frozenset(
    {
        "--version",
        "cat-file",
        "check-ignore",
        "config",
        "for-each-ref",
        "ls-tree",
        "merge-base",
        "merge-file",
        "rev-parse",
    }
)
_SETTINGS: Final = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "log.showSignature=false",
)
_OF_A_HOOK: Final = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
"""Variables that name a repository (git rev-parse --local-env-vars), without `GIT_CONFIG_*`."""
_QUIET: Final = {
    "GIT_NO_LAZY_FETCH": "1",  # since 2.44; before, that no protocol is allowed does the same
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class GitFailed(Exception):
    """Git gave no answer. The text says why, such as `took longer than 120 s`."""


class GitMissing(GitFailed):
    """Git can't be started."""


class Answer(NamedTuple):
    """What git said."""

    code: int
    """0 for yes."""
    out: bytes
    said: str
    """Its errors without `fatal: `, one or more lines, empty for none."""

    @property
    def text(self) -> str:
        """The answer as text, without white space around it."""
        return self.out.decode("utf-8", "replace").strip()


def git(
    folder: Path | None,
    *arguments: str,
    input: bytes = b"",
    seconds: float = SECONDS,
    most_bytes: int = MAX_BYTES,
) -> Answer:
    """Ask git about a folder, or about nothing but the arguments where it is None, and return its answer.

    Raises GitMissing where git can't be started, and GitFailed for more than `seconds` or `most_bytes`.
    """
    if arguments[0] not in _COMMANDS:
        raise ValueError(f"git {arguments[0]} is none of {', '.join(sorted(_COMMANDS))}")
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    where = [] if folder is None else ["-C", str(folder)]
    kept = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    try:
        process = subprocess.Popen(
            ["git", "--no-pager", *settings, *where, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**kept, **_QUIET},
        )
    except OSError as error:
        raise GitMissing(f"can't be started: {error.strerror or error}") from None
    return _answer(process, arguments[0], input, seconds, most_bytes)


def _answer(process: subprocess.Popen[bytes], command: str, input: bytes, seconds: float, most_bytes: int) -> Answer:
    """Write git's input and read its output at the same time: any of the three pipes may be full."""
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    said: list[bytes] = []
    timer = threading.Timer(seconds, stop)
    others = (
        threading.Thread(target=_feed, args=(process.stdin, input), daemon=True),
        threading.Thread(target=lambda stream: said.append(_bounded(stream, _MAX_SAID)[0]), args=(process.stderr,)),
    )
    with process:
        try:
            for thread in (timer, *others):
                thread.start()
            out, whole = _bounded(process.stdout, most_bytes)
            if not whole:
                raise GitFailed(f"git {command} answers with more than {most_bytes} bytes")
            for thread in others:
                thread.join()
            process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                process.kill()
    if late.is_set():
        raise GitFailed(f"git {command} took longer than {seconds:g} s")
    text = b"".join(said).decode("utf-8", "replace").strip()
    return Answer(process.returncode, out, text.removeprefix("fatal: "))


def _feed(stream: IO[bytes], data: bytes) -> None:
    try:
        with stream:
            stream.write(data)
    except OSError:  # git ended before it had read everything; its answer says why
        pass


def _bounded(stream: IO[bytes], most: int) -> tuple[bytes, bool]:
    """Return what a stream holds, as far as `most` bytes, and whether that was all."""
    pieces: list[bytes] = []
    size = 0
    while piece := stream.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            return b"".join(pieces)[:most], False
    return b"".join(pieces), True
