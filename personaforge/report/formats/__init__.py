"""Results as text for machines: JSON, CSV, Markdown, JUnit XML and GitHub's workflow commands.

What a command found becomes a `Sheet` (`personaforge.report.formats`), and `render` writes a sheet in any format. A
sheet decides nothing: which of its lines are failures was decided where they were judged.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from personaforge.errors import PersonaForgeError, described
from personaforge.plugins.force import format_named
from personaforge.report.formats.sheet import Line, Section, Sheet, State
from personaforge.report.terminal import printable

FORMATS = ("table", "json", "csv", "markdown", "junit", "github")
"""`table` is written by the terminal's code, not by this package."""
_WRITERS = {
    "json": "plain:as_json",
    "csv": "plain:as_csv",
    "markdown": "markdown:as_markdown",
    "junit": "junit:as_junit",
    "github": "github:as_github",
}


def render(sheet: Sheet, form: str) -> str:
    """Return a sheet in one of FORMATS (not `table`) or of a plug-in's, with a line break at the end; nothing in it
    steers a terminal."""
    added = format_named(form)
    if added is not None:
        try:
            text = added.write(sheet)
        except (Exception, SystemExit) as error:  # anything may go wrong in somebody else's code
            raise PersonaForgeError(f"format {form} of a plug-in failed: {described(error)}") from error
        if not isinstance(text, str):
            raise PersonaForgeError(f"format {form} of a plug-in returned {type(text).__name__}, expected str")
        return printable(text)
    module, _, name = _WRITERS[form].partition(":")
    write: Callable[[Sheet], str] = getattr(import_module(f"personaforge.report.formats.{module}"), name)
    return printable(write(sheet))


__all__ = ["FORMATS", "Line", "Section", "Sheet", "State", "render"]
