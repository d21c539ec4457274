"""What every format is written from: lines with a state, cells for a table, and where each comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

State = Literal["pass", "fail", "warn", "skip", "error", "note"]
"""note: only informs, and can neither pass nor fail."""


class Code(str):
    """A text to type; Markdown shows it as code."""

    __slots__ = ()


class Section(NamedTuple):
    """A further table, about one line or one persona."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    text: str = ""
    """What to say under it."""
    command: str = ""
    """What to type."""


class Line(NamedTuple):
    """One result: a check, a picture, a timeline or a node."""

    group: str
    """The persona, or what was measured against."""
    name: str
    state: State
    cells: tuple[Any, ...]
    """As many as the sheet has columns; None where there is no value."""
    message: str = ""
    """A sentence; empty where there is nothing to say."""
    detail: str = ""
    """Several lines of text, for logs."""
    file: str = ""
    """The file that declares it, relative to the project; empty where it isn't known."""
    line: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Sheet:
    """The results of one command."""

    name: str
    """`forge test`."""
    title: str
    """The whole result, in a few words."""
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    json: Callable[[], Any]
    """What `--json` prints."""
    table: tuple[str, ...] | None = None
    """The columns that Markdown shows; None for all. CSV has all."""
    summary: Section | None = None
    """What Markdown shows in place of the lines."""
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences below."""
    started: float = 0.0
    """Seconds since 1970; 0 leaves it out."""
    prefix: str = ""
    """The project's folder within its git repository, with a slash; annotations name files from there."""

    def count(self, *states: State) -> int:
        """Return how many lines have one of these states."""
        return sum(line.state in states for line in self.lines)
