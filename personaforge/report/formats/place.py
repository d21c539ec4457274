"""Where a line of a sheet is declared, and numbers in its text."""

from __future__ import annotations

from typing import Any

from personaforge.report.formats.sheet import Section
from personaforge.spec.project import Project

Place = tuple[str, int | None]
"""File, relative to the project, and line; an empty file where it isn't known."""
NOWHERE: Place = ("", None)


def repository_prefix(project: Project) -> str:
    """Return the project's folder within its git repository with a slash at the end; empty at the top and outside."""
    for folder in (project.root, *project.root.parents):
        if (folder / ".git").exists():
            inside = project.root.relative_to(folder).as_posix()
            return "" if inside == "." else f"{inside}/"
    return ""


def rows_text(section: Section) -> str:
    """Return a section's rows as lines of text."""
    lines = [" ".join(_text(value) for value in row if value not in (None, "")) for row in section.rows]
    lines += [section.text] if section.text else []
    return "\n".join([*lines, *([f"try: {section.command}"] if section.command else [])])


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def shortened(text: str, most: int = 80) -> str:
    """Return a text as one short line; a key part may be a whole prompt."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
