"""Standard output and standard error that can't be written: closed, full, a pipe without a reader, few letters."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import IO, Any

_ESCAPED = "forge_escaped"
"""A character that a stream can't encode is written as JSON escapes it: JSON is still JSON, and people can read the
rest."""


def prepare() -> None:
    """Make the standard streams safe to use. Writing to a closed one fails, and never goes to another file."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # Lost output is an error, as with other programs: a stream that is open only for reading can't be written.
            opened = os.open(os.devnull, os.O_RDONLY if number < 2 else os.O_WRONLY)
            os.dup2(opened, number)
            if opened != number:
                os.close(opened)
            os.set_inheritable(number, True)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    codecs.register_error(_ESCAPED, _escaped)
    given = sys.stdout
    encoding, errors = (given.encoding, given.errors) if given is not None else ("utf-8", "strict")
    errors = _ESCAPED if errors == "strict" else errors
    raw = _Output(1, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=raw.isatty())


class _Output(io.FileIO):
    """Standard output that remembers why it couldn't be written: the errors that libraries raise for that can't be
    distinguished from others."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.lost = error
            raise


def lost_stream() -> OSError | None:
    """Return why standard output or error can't be written, and stop writing there: the rest of their buffers would
    fail again at the exit."""
    lost = [error for error in map(_fault, (sys.stdout, sys.stderr)) if error is not None]
    return lost[0] if lost else None


def _fault(stream: IO[str] | None) -> OSError | None:
    if stream is None or stream.closed:
        return None
    error = getattr(getattr(getattr(stream, "buffer", None), "raw", None), "lost", None)
    try:
        stream.flush()
    except OSError as found:
        error = error or found
    if error is not None:
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
        except OSError:
            pass
    return error if isinstance(error, OSError) else None


def _escaped(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[index : index + 2].hex() for index in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
