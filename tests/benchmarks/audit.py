"""What the embedded audit sees: `python -m tests.benchmarks.audit [CORPUS.yaml ...] [--held-out] [--misses]`.

A corpus is a YAML list. An entry has `kind`, and either a `document` (sections by name) or a `brief` and a `seed` of
the embedded writer; `set` changes values by dotted path, `pinned` fixes some (by section), `half` names its half.
An entry of the kind `clean` has no fault. Without a file it reads audit_corpus/faults.yaml, the development half unless
told, and drafts 60 clean personas from random briefs.

*Seen*: the rules have a flaw worth a finding that the document without the change doesn't have. *Refused*: the mean is
below 3.5, or a mark below the floor of 2.5. A false alarm is a clean document with any flaw worth a finding.
"""

from __future__ import annotations

import argparse
import copy
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from personaforge.embedded.writer.audit import findings_worth, flaws_of
from tests.embedded.writer.text_cases import draft, many_briefs, persona

CORPUS = Path(__file__).parent / "audit_corpus" / "faults.yaml"
CLEAN = 60
THRESHOLD, FLOOR = 3.5, 2.5


class Judged(NamedTuple):
    """How one entry was judged."""

    kind: str
    name: str
    new: tuple[str, ...]
    """Problems that are there because of the change; of a clean one all."""
    refused: bool


def changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with values at dotted paths replaced."""
    found: dict[str, Any] = copy.deepcopy(dict(document))
    for path, value in changes.items():
        *parents, last = path.split(".")
        branch = found
        for name in parents:
            branch = branch.setdefault(name, {})
        branch[last] = value
    return found


def judged(entry: Mapping[str, Any]) -> Judged:
    """Judge one entry of a corpus."""
    brief, pins = str(entry.get("brief", "")), entry.get("pinned") or {}
    before = entry.get("document") or persona(brief, int(entry.get("seed", 1)), pins=pins)
    before = {name: part for name, part in before.items() if name != "audit"}
    document = changed(before, entry.get("set") or {})
    clean = entry["kind"] == "clean"
    # A document that is given whole has no version without its fault: every flaw in it counts.
    old = set() if clean or entry.get("document") else set(problems(before, brief, pins))
    verdict = draft("audit", brief, document)
    marks = [mark for mark in verdict["scores"].values() if mark is not None]
    refused = sum(marks) / len(marks) < THRESHOLD or min(marks) < FLOOR
    new = tuple(one for one in problems(document, brief, pins) if one not in old)
    return Judged(str(entry["kind"]), str(entry.get("id", brief)), new, refused)


def problems(document: Mapping[str, Any], brief: str, pins: Mapping[str, Any]) -> list[str]:
    """Return the problems that are worth a finding."""
    return [flaw.problem for flaw in findings_worth(flaws_of(document, brief, pins))]


def clean_entries(number: int, seed: int) -> list[dict[str, Any]]:
    """Return clean personas: random briefs and seeds."""
    rng = random.Random(seed)
    return [
        {"kind": "clean", "brief": rng.choice(many_briefs(110)), "seed": rng.randrange(10**6)} for _ in range(number)
    ]


def table(found: Sequence[Judged]) -> list[str]:
    """Return the printed table."""
    lines = [f"{'kind':16} {'entries':>7} {'seen':>6} {'refused':>8}"]
    for kind in sorted({one.kind for one in found}):
        of = [one for one in found if one.kind == kind]
        seen = sum(bool(one.new) for one in of) / len(of)
        lines.append(f"{kind:16} {len(of):7} {seen:6.0%} {sum(one.refused for one in of) / len(of):8.0%}")
    return lines


def main() -> None:
    """Judge the corpora and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="*", type=Path)
    parser.add_argument("--held-out", action="store_true", help="the other half of forge's own corpus")
    parser.add_argument("--clean", type=int, default=CLEAN, help="how many clean personas are drafted")
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--misses", action="store_true", help="name what was missed, and every false alarm")
    asked = parser.parse_args()
    entries = [entry for path in asked.corpora or [CORPUS] for entry in yaml.safe_load(path.read_text("utf-8"))]
    if not asked.corpora:
        half = "held out" if asked.held_out else "development"
        entries = [entry for entry in entries if entry["half"] == half]
    found = [judged(entry) for entry in (*entries, *clean_entries(asked.clean, asked.seed))]
    print("\n".join(table(found)))
    for one in found if asked.misses else ():
        if bool(one.new) == (one.kind == "clean"):
            print(f"{one.name}: {'; '.join(one.new) or 'nothing seen'}")


if __name__ == "__main__":
    main()
