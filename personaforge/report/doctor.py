"""What people see of `forge doctor`: a line for each thing that was examined, under headings, and a last one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from personaforge.doctor.examine import parts
from personaforge.doctor.finding import Finding
from personaforge.listing import counted
from personaforge.report.terminal import style

_HEADS: Final[Mapping[str, str]] = {
    "machine": "This machine",
    "project": "Project",
    "providers": "Providers (keys come from the environment only)",
    "models": "Models in use",
    "packs": "Face packs",
    "store": "Store",
    "live": "Asked just now",
}
_COLORS: Final = {"ok": "green", "warning": "yellow", "problem": "red"}
_INDENT: Final = 11


def diagnosis_lines(findings: Sequence[Finding], width: int | None) -> Iterator[str]:
    """Yield lines of at most `width` characters where words allow it; None for lines as long as they are.

    What is to be typed is on a line of its own and is never broken.
    """
    for part, found in parts(findings).items():
        yield style(_HEADS.get(part, part), bold=True)
        for finding in found:
            first, *others = _wrapped(finding.text, width)
            label = style(finding.level.ljust(_INDENT - 3), fg=_COLORS[finding.level])
            yield f"  {label} {first}"
            yield from (" " * _INDENT + line for line in others)
            if finding.hint:
                yield " " * _INDENT + style(f"-> {finding.hint}", bold=finding.level != "ok")
    problems = sum(finding.level == "problem" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    said = [counted(number, noun) for number, noun in ((problems, "problem"), (warnings, "warning")) if number]
    yield ", ".join(said) + "." if said else "Nothing is wrong."


def _wrapped(text: str, width: int | None) -> list[str]:
    if width is None:
        return [text]
    room = max(width - _INDENT, 20)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
