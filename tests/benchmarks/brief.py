"""What is read of 288 briefs in 16 languages, and what the embedded writer keeps: python -m tests.benchmarks.brief.

Each language has twelve plain briefs of known facts (with an exclusion in each), one that contradicts itself (two ages)
and one of nearly 4,000 characters; one of pink hair, two of minors and one of a real person's likeness, of the tests of
the guard, which has to refuse these three. The phrases (`brief.yaml`) are by the author of the word lists, so the
figures say how well the rules work together, not how much of a stranger's brief they read.

stated   facts that the phrases state
read     those that were read right
wrong    facts read of a path with another value than is stated
kept     of what was read, kept in what the writer drafts of it (intent, surface, dna); `lost`: the others
before   the same for a writer that isn't told the facts
unread   runs of words that were not understood, without the long briefs: those consist of them
refused  of the three that have to be refused, how many are
wrongly  how many of all others are
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from personaforge.brief.fate import KEPT, LOST, UNREAD, account
from personaforge.brief.language import LANGUAGES
from personaforge.brief.reading import read_brief
from personaforge.guard.likeness import likeness
from personaforge.guard.reading import Passage, findings
from tests.adults.test_likeness import LOOKALIKES
from tests.benchmarks.guard import YEAR
from tests.benchmarks.guard import briefs as guard_briefs
from tests.brief.test_colors import PINK
from tests.embedded.writer.test_facts import drafted

PHRASES = Path(__file__).with_suffix(".yaml")
_LONG = 3900
AGE, GENDER, WORK, CITY = "surface.age", "surface.gender", "surface.occupation", "surface.location.city"
HAIR, LENGTH, EYES = "dna.hair.color", "dna.hair.length", "dna.eyes.color"


def briefs(row: dict[str, Any], tag: str) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return briefs with the facts that they state, as path and value; an exclusion's path is `no`."""
    found = []
    for number in range(12):
        work, city, age = (
            row[name][(number + number // 4 * step) % 4] for step, name in enumerate(("work", "city", "age"))
        )
        hair, eyes, no = (
            row[name][(number + number // 3 * step) % 3] for step, name in enumerate(("hair", "eyes", "no"))
        )
        said = {"work": work[0], "city": city[0], "age": age[0], "hair": hair[0], "eyes": eyes[0], "no": no[0]}
        stated = [(WORK, work[1]), (GENDER, work[2]), (CITY, city[1]), (AGE, (age[1], age[1])), (HAIR, hair[1])]
        stated += [(LENGTH, hair[2]), (EYES, eyes[1]), ("no", no[1])]
        found.append((row["form"].format(**said), [(path, value) for path, value in stated if value]))
    first, second = found[0], row["age"][2]
    found.append((f"{first[0]}, {second[0]}", [*first[1], (AGE, (second[1], second[1]))]))
    more = f"; {row['more']}"
    found.append((first[0] + more * ((_LONG - len(first[0])) // len(more)), first[1]))
    found.append((PINK[tag], [(HAIR, "pink"), (AGE, (30, 30)), (CITY, "Lyon")]))
    return found


def refused_briefs(tag: str) -> list[str]:
    """Return a language's briefs that have to be refused: the first and the last of a minor, and one of a likeness."""
    guilty = [one.text for one in guard_briefs() if one.is_guilty and one.language == tag]
    return [guilty[0], guilty[-1], LOOKALIKES[1 + LANGUAGES.index(tag)]]


def is_refused(brief: str) -> bool:
    """Return whether the guard refuses a brief of a persona that nobody real is meant by."""
    read = [Passage("brief", brief)]
    return bool(findings(read, YEAR)) or likeness(read, (), ()) is not None


def main() -> None:
    """Print the table."""
    print("language  briefs  stated  read  wrong  kept  lost  before  unread  refused  wrongly")
    total: Counter[str] = Counter()
    for tag, row in yaml.safe_load(PHRASES.read_text(encoding="utf-8")).items():
        counts: Counter[str] = Counter()
        for brief, stated in briefs(row, tag):
            assert len(brief) <= 4000
            reading = read_brief(brief)
            values = Counter((fact.path or "no", fact.value) for fact in reading.facts)
            counts["briefs"] += 1
            counts["stated"] += len(stated)
            counts["read"] += sum(one in values for one in stated)
            known = {path for path, _ in stated}
            counts["wrong"] += sum(
                path in known and value != "retired" and (path, value) not in stated for path, value in values
            )
            found = account(brief, {}, drafted(brief))
            counts["kept"] += found.count(KEPT)
            counts["lost"] += found.count(LOST)
            counts["before"] += account(brief, {}, drafted(brief, told=False)).count(KEPT)
            counts["unread"] += found.count(UNREAD) if len(brief) < 1000 else 0
            counts["wrongly"] += is_refused(brief)
        for brief in refused_briefs(tag):
            counts["briefs"] += 1
            counts["refused"] += is_refused(brief)
        total += counts
        print(_line(tag, counts))
    print(_line("all", total))


def _line(name: str, counts: Counter[str]) -> str:
    columns = (
        ("briefs", 6),
        ("stated", 6),
        ("read", 4),
        ("wrong", 5),
        ("kept", 4),
        ("lost", 4),
        ("before", 6),
        ("unread", 6),
        ("refused", 7),
        ("wrongly", 7),
    )
    return f"{name:<8}  " + "  ".join(f"{counts[column]:>{width}}" for column, width in columns)


if __name__ == "__main__":
    main()
