"""Everything that forge prints goes through here, so that no text of a persona can steer the terminal that shows it.

A brief, an owner, a file's name, a provider's message or a cell of SQL may come from a stranger's pull request. Control
characters (ESC and with it CSI and OSC sequences, C1, DEL, carriage return), bidirectional controls and Unicode's line
separators are shown as `\\u001b` in place of being sent: JSON's own notation, so that in JSON they still mean what they
meant. All other Unicode stays as it is.

Our own colours survive because they can be distinguished from foreign ones: `style` marks them with a number that is
drawn anew for every process, and `echo` sends only what has that mark. In form they are ordinary colour sequences, so
click's `unstyle` and the width of a column know them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_MARK = int.from_bytes(os.urandom(7), "big")
_OURS = re.compile(rf"\x1b\[{_MARK};([0-9;]*)m")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys and doesn't show, and halves of characters, which can't be written. Tab and line feed stay."""


def printable(text: str) -> str:
    """Return a text with everything that would steer a terminal written out: `\\u001b`, `\\u202e`.

    In JSON, where such a character can only be inside a string, the result is JSON of the same value.
    """
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def one_line(text: str) -> str:
    """Return a text as `printable` does and with its line breaks written out, too: a file's name may hold one, and what
    follows it would look like another line of a log or a table."""
    return printable(text).replace("\n", "\\n")


def style(text: Any, *, fg: str | None = None, bold: bool | None = None, dim: bool | None = None) -> str:
    """Return a text in colours that `echo` sends; escapes in the text itself are not sent."""
    start = click.style("", fg=fg, bold=bold, dim=dim, reset=False)
    marked = re.sub(r"\x1b\[", f"\x1b[{_MARK};", start)
    return f"{marked}{text}\x1b[{_MARK};0m" if marked else str(text)


_held: ContextVar[list[str] | None] = ContextVar("_held", default=None)


@contextmanager
def held() -> Iterator[list[str]]:
    """Keep what `echo` would print to standard output, without colours, and yield it: it is meant for a file."""
    parts: list[str] = []
    token = _held.set(parts)
    try:
        yield parts
    finally:
        _held.reset(token)


def holding() -> bool:
    """Tell whether what is printed goes to a file."""
    return _held.get() is not None


def echo(message: Any = "", *, err: bool = False, nl: bool = True) -> None:
    """Print to standard output, or standard error, what can be shown of a text, in our own colours on a terminal."""
    kept = None if err else _held.get()
    if kept is not None:
        kept.append(printable(_OURS.sub("", str(message))) + "\n" * nl)
        return
    text, sent, at = str(message), [], 0
    for ours in _OURS.finditer(text):
        sent += [printable(text[at : ours.start()]), f"\x1b[{ours.group(1)}m"]
        at = ours.end()
    click.echo("".join([*sent, printable(text[at:])]), err=err, nl=nl)


def confirmed(question: str, *, abort: bool = False) -> bool:
    """Ask on standard error and tell whether the answer is yes; with `abort` any other one raises click.Abort."""
    return click.confirm(printable(question), abort=abort, err=True)


def answer(question: str) -> str:
    """Ask on standard error for a line of text."""
    return str(click.prompt(printable(question), err=True))


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Return a rich console that shows of any text what can be shown; None takes the terminal's width."""
    from rich.console import Console, ConsoleOptions
    from rich.segment import Segment

    class Safe(Console):
        """Cleans what is rendered, but not what rich itself sends to move the cursor."""

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                if segment.control or not _UNSEEN.search(segment.text):
                    yield segment
                else:
                    yield Segment(printable(segment.text), segment.style)

    return Safe(stderr=stderr, width=width, highlight=False)


def fitted(columns: int) -> int | None:
    """Return the width for tables on standard output: a terminal's own, and this many columns elsewhere."""
    return None if sys.stdout.isatty() else columns


def show(rendered: RenderableType, *, columns: int, markup: bool = False) -> None:
    """Print what rich renders to standard output, without the blanks that fill its lines."""
    there = console(width=fitted(columns))
    with there.capture() as captured:
        there.print(rendered, markup=markup)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())
