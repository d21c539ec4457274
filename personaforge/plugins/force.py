"""The plug-ins in force in this process, and what of theirs is found here by name. `loading` puts them into force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from personaforge.plugins.contributions import AnalyzerEntry, FormatEntry


class Plugin(NamedTuple):
    """A plug-in that is in force."""

    name: str
    """Normalised name of its distribution."""
    version: str
    adds: tuple[str, ...] = ()
    """What it adds, for people: `image provider mosaic`."""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass
class Force:
    """What is in force."""

    asked: tuple[tuple[str, str], ...] = ()
    """(name, version) of what was put into force."""
    plugins: tuple[Plugin, ...] = ()
    withdraw: list[Callable[[], None]] = field(default_factory=list)
    """What takes it out of force again, in the order in which it was put into it."""
    analyzers: dict[str, AnalyzerEntry] = field(default_factory=dict)
    formats: dict[str, FormatEntry] = field(default_factory=dict)

    def end(self) -> None:
        """Take everything out of force."""
        for undo in reversed(self.withdraw):
            undo()
        self.asked, self.plugins, self.withdraw = (), (), []
        self.analyzers.clear()
        self.formats.clear()


FORCE = Force()


def in_force() -> tuple[Plugin, ...]:
    """Return the plug-ins in force, by name."""
    return FORCE.plugins


def analyzer_named(name: str) -> AnalyzerEntry | None:
    """Return the analyzer in force of that name."""
    return FORCE.analyzers.get(name)


def analyzer_names() -> tuple[str, ...]:
    """Return the names of the analyzers in force."""
    return tuple(FORCE.analyzers)


def format_named(name: str) -> FormatEntry | None:
    """Return the format in force of that name."""
    return FORCE.formats.get(name)


def formats() -> tuple[str, ...]:
    """Return the names of the formats in force, sorted."""
    return tuple(sorted(FORCE.formats))
