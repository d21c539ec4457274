"""Markdown as GitHub shows it in a comment or a job's summary: a heading, a table, details to unfold.

Names and reasons may come from a stranger's pull request, so none of it is markup: no link, picture, HTML, mention
of a person or reference to an issue. GitHub takes 65,536 characters in a comment; what goes beyond is left out, and it
says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from personaforge.report.formats.sheet import Code, Section, Sheet
from personaforge.report.tables import cell_text

MOST = 60_000
"""Characters; GitHub's own bound is 65,536."""
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~$])")
_LINKED = re.compile(r"[@#](?=\w)|(?<=\w):(?=//)|\bwww(?=\.)")
_BOLD = ("fail", "error", "warn", "degrading", "missing", "blocked", "REJECT")


def as_markdown(sheet: Sheet) -> str:
    """Return a sheet as GitHub-flavoured Markdown."""
    parts = [f"### {escaped(sheet.name)}: {escaped(sheet.title)}"]
    if sheet.summary is not None and sheet.summary.rows:
        parts.append(_fitting(sheet.summary.columns, sheet.summary.rows, MOST // 2))
    elif sheet.summary is None and sheet.lines:
        wanted = sheet.table or sheet.columns
        at = [sheet.columns.index(name) for name in wanted]
        parts.append(_fitting(wanted, [[line.cells[index] for index in at] for line in sheet.lines], MOST // 2))
    parts += [escaped(note) for note in sheet.notes]
    length = sum(len(part) + 2 for part in parts)
    left = 0
    for section in sheet.sections:
        text = _section(section, MOST // 4)
        if left or length + len(text) > MOST:
            left += 1
            continue
        parts.append(text)
        length += len(text) + 2
    if left:
        parts.append(f"*{left} more sections are left out; `{sheet.name} --format json` has all.*")
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Return a text in which nothing is Markdown, HTML, a link or a mention."""
    text = " ".join(text.split())
    text = _MARKUP.sub(r"\\\1", text.replace("&", "&amp;")).replace("\\<", "&lt;").replace("\\>", "&gt;")
    # A zero-width space keeps GitHub from linking people, issues and addresses.
    return _LINKED.sub(lambda match: f"{match.group()}\u200b", text)


def table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table. Columns of numbers are aligned to the right."""
    right = [
        any(row[index] is not None for row in rows)
        and all(isinstance(row[index], (int, float)) or row[index] is None for row in rows)
        for index in range(len(names))
    ]
    lines = [f"| {' | '.join(escaped(name) for name in names)} |"]
    lines.append(f"| {' | '.join('---:' if one else '---' for one in right)} |")
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, Code):
        return _code(value).replace("|", "\\|") if value else ""
    text = escaped(cell_text(value))
    return f"**{text}**" if text in _BOLD else text


def _code(text: str) -> str:
    """Return a text as code, in which GitHub links nothing and a backtick would end it."""
    return f"`{' '.join(text.replace('`', chr(39)).split())}`"


def _fitting(names: Sequence[str], rows: Sequence[Sequence[Any]], most: int) -> str:
    """Return a table of the first rows that take so many characters, and how many there are besides."""
    length, kept = 0, 0
    for row in rows:
        length += sum(len(_cell(value)) + 3 for value in row)
        if length > most:
            break
        kept += 1
    text = table(names, rows[:kept])
    return text if kept == len(rows) else f"{text}\n\n*and {len(rows) - kept} more*"


def _section(section: Section, most: int) -> str:
    body = _fitting(section.columns, section.rows, most) if section.rows else ""
    text = escaped(section.text)
    if section.command:
        text = f"{text}{'; ' if text else ''}try {_code(section.command)}"
    inner = "\n\n".join(part for part in (body, text) if part)
    return f"<details><summary>{escaped(section.title)}</summary>\n\n{inner}\n\n</details>"
