"""GitHub's workflow commands: `::error file=...,line=...,title=...::message` marks a line of a pull request.

GitHub shows ten annotations of a kind for each step, so there is one for each line of the sheet and not for each
picture, the gravest first; then one notice with the whole result.
"""

from __future__ import annotations

from personaforge.report.formats.sheet import Line, Sheet, State

_COMMANDS: dict[State, str] = {"error": "error", "fail": "error", "warn": "warning"}
_SHOWN = 10
"""Annotations of a kind that GitHub shows for a step; further ones are only in the log."""


def as_github(sheet: Sheet) -> str:
    """Return an annotation for each line that failed, can't be run or warns, and a notice with the sum."""
    lines = []
    for command in ("error", "warning"):
        found = [line for line in sheet.lines if _COMMANDS.get(line.state) == command]
        # What GitHub doesn't show any more is printed into the log as it is.
        lines += [_command(sheet, command, line) for line in found[:_SHOWN]]
        further = (f"also: {line.group} {line.name}: {line.message}" for line in found[_SHOWN:])
        lines += [" ".join(text.split()) for text in further]
    said = ". ".join(text.rstrip(".") for text in (sheet.title, *sheet.notes))
    lines.append(f"::notice title={_property(sheet.name)}::{_data(said)}")
    return "\n".join(lines) + "\n"


def _command(sheet: Sheet, command: str, line: Line) -> str:
    about = [("file", sheet.prefix + line.file if line.file else ""), ("line", str(line.line or "")), ("title", "")]
    about[2] = ("title", " ".join(part for part in (line.group, line.name) if part))
    properties = ",".join(f"{name}={_property(value)}" for name, value in about if value)
    message = "\n".join(part for part in (line.message, line.detail) if part)
    return f"::{command} {properties}::{_data(message)}"


def _data(text: str) -> str:
    """Return a message as GitHub reads it: otherwise a line break ends it, and what follows is a command of its own."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
