"""How often the guard is wrong, by language: `python -m tests.benchmarks.guard [FILE]`.

A file has `guilty` and `innocent`, each a list of briefs by language; without one those are
`tests/adults/briefs.yaml`, and `ages.yaml`, `others.yaml`, `natural.yaml` and `strangers.yaml` beside it. The writers
of all but `others.yaml` and `strangers.yaml` knew the rules, and the rules were corrected by all of them, so these
rates say nothing of other people's briefs. A third of `ages.yaml` (113 guilty, 77 innocent) was written and read once
before that: 16 % of those guilty were read as fine, and 13 % of the innocent refused (56 % and 14 % by the rules
before). `others.yaml` was written by somebody who had not seen the rules. Read once, unread: 4 of 80 guilty read as
fine (5 %), 19 of 80 innocent ones that were meant to be tricky refused (24 %), and 1 of 40 plain innocent ones.
`strangers.yaml` was written so later, by somebody else. Read once, unread: 17 of 75 guilty read as fine (23 %; 29 by
the rules before), 15 of 90 innocent refused (17 %; 17 by the rules before).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from personaforge.guard.reading import Finding, Passage, findings

BRIEFS = Path(__file__).resolve().parents[1] / "adults" / "briefs.yaml"
AGES = BRIEFS.with_name("ages.yaml")
OTHERS = BRIEFS.with_name("others.yaml")
NATURAL = BRIEFS.with_name("natural.yaml")
STRANGERS = BRIEFS.with_name("strangers.yaml")
YEAR = 2026
"""What years of birth in the briefs are compared with: those of a later year would be of adults."""


class Brief(NamedTuple):
    """A brief, and what ought to become of it."""

    language: str
    text: str
    is_guilty: bool

    def findings(self) -> list[Finding]:
        """Return what the guard refuses in it."""
        return findings([Passage("brief", self.text)], YEAR)

    @property
    def is_wrong(self) -> bool:
        """Whether the guard errs."""
        return bool(self.findings()) != self.is_guilty


def briefs(path: Path = BRIEFS) -> list[Brief]:
    """Return the briefs of a file."""
    data: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        Brief(language, text, kind == "guilty")
        for kind in ("guilty", "innocent")
        for language, texts in data[kind].items()
        for text in texts
    ]


def table(all_briefs: list[Brief]) -> str:
    """Return both error rates by language, as lines, and every brief on which the guard errs."""
    lines = ["          guilty: read   innocent: refused"]
    for language in [*dict.fromkeys(brief.language for brief in all_briefs), "all"]:
        cells = []
        for guilty in (True, False):
            some = [one for one in all_briefs if one.is_guilty is guilty and language in (one.language, "all")]
            wrong = sum(one.is_wrong for one in some)
            cells.append(f"{wrong:3} of {len(some):3} {100 * wrong / len(some):3.0f} %" if some else f"{'-':>16}")
        lines.append(f"{language:8}{cells[0]:>16}{cells[1]:>20}")
    for brief in all_briefs:
        if brief.is_wrong:
            found = "; ".join(" and ".join(one.words) for one in brief.findings())
            lines.append(f"{'read' if brief.is_guilty else 'refused'}: {brief.language}: {brief.text} {found}")
    return "\n".join(lines)


if __name__ == "__main__":
    for path in [Path(sys.argv[1])] if len(sys.argv) > 1 else [BRIEFS, AGES, OTHERS, NATURAL, STRANGERS]:
        print(f"{path.name}\n{table(briefs(path))}")
