"""How often a brief's language is named wrongly, or not at all: `python -m tests.benchmarks.brief_languages`.

named wrongly   a language is named, and it is another one
not named       none is named: right for the sentences of `tests/brief/foreign.yaml`, a loss for the briefs
nearest wrong   the nearest language, by whose words the text is read, is another one

The briefs are the plain and long ones of `tests.benchmarks.brief` and those of the guard's tests, many of four words or
less; the sentences are by us. `chosen` are those by which the bounds were chosen, `held` came later.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from personaforge.brief.language import LANGUAGES
from personaforge.brief.reading import read_brief
from tests.benchmarks.brief import PHRASES, briefs
from tests.benchmarks.guard import AGES, BRIEFS
from tests.benchmarks.guard import briefs as guard_briefs

FOREIGN = Path(__file__).resolve().parents[1] / "brief" / "foreign.yaml"


def foreign(part: str) -> list[tuple[str, str]]:
    """Return sentences in other languages, each with its language: `chosen` or `held`."""
    found = yaml.safe_load(FOREIGN.read_text(encoding="utf-8"))[part]
    return [(language, text) for language, texts in found.items() for text in texts]


def own() -> list[tuple[str, str]]:
    """Return the briefs of `tests.benchmarks.brief`, each with its language's tag."""
    rows = yaml.safe_load(PHRASES.read_text(encoding="utf-8"))
    return [(tag, brief) for tag in LANGUAGES for brief, _ in briefs(rows[tag], tag)]


def row(name: str, texts: Iterable[tuple[str, str]]) -> str:
    """Return one line of the table."""
    read = [(tag, read_brief(text)) for tag, text in texts]
    wrong = sum(one.is_recognised and one.language != tag for tag, one in read)
    silent = sum(not one.is_recognised for _, one in read)
    nearest = sum(one.language != tag for tag, one in read)
    return f"{name:24}{len(read):6}{wrong:16}{silent:12}{nearest:16}"


def table() -> str:
    """Return the table."""
    guarded = [(brief.language, brief.text) for path in (BRIEFS, AGES) for brief in guard_briefs(path)]
    lines = [f"{'':24}{'texts':>6}{'named wrongly':>16}{'not named':>12}{'nearest wrong':>16}"]
    lines += [row("briefs, 16 languages", own()), row("guard's briefs", guarded)]
    lines += [row(f"other languages, {part}", foreign(part)) for part in ("chosen", "held")]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
