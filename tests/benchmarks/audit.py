"""What the embedded audit sees: `python -m tests.benchmarks.audit [CORPUS.yaml ...] [--held-out] [--misses]`.

A corpus is a YAML list. An entry has `kind`, and a `document` (sections by name), or a `brief` and a `seed` of the
embedded writer, or a `group`: a folder beside the corpus, documents/GROUP, with layers/*.json and persona.yaml (brief
and pins before the change). `set` changes values by dotted path, and so does `edits` ([{layer, path, value}]; a
number in a path is an index of a list); `pinned` or `pins` fixes some (by section), `half` names its half. An entry
of the kind `clean` has no fault. Without a file it reads audit_corpus/faults.yaml, the development half unless told.
60 clean personas from random briefs are drafted besides.

*Seen*: the rules have a flaw worth a finding that the document without the change doesn't have. *Refused*: the mean
is below 3.5, or a mark below the floor of 2.5. *Not judged*: nothing seen, and at least one mark is null with a
reason: which marks, is printed below the table. A false alarm is a clean document with any flaw worth a finding.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from personaforge.embedded.writer.audit import findings_worth, flaws_of
from tests.embedded.writer.text_cases import FOUR_LAYER, draft, many_briefs, persona

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
    unjudged: tuple[str, ...]
    """Marks that are null."""


class Before(NamedTuple):
    """A persona without its fault."""

    document: Mapping[str, Any]
    brief: str
    pins: Mapping[str, Any]


def changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with values at dotted paths replaced. A number in a path is an index of a list; the index one
    past its end appends."""
    found: dict[str, Any] = copy.deepcopy(dict(document))
    for path, value in changes.items():
        *parents, last = path.split(".")
        branch: Any = found
        for name in parents:
            branch = branch[int(name)] if isinstance(branch, list) else branch.setdefault(name, {})
        if not isinstance(branch, list):
            branch[last] = value
        elif int(last) == len(branch):
            branch.append(value)
        else:
            branch[int(last)] = value
    return found


def before_of(entry: Mapping[str, Any], folder: Path) -> Before | None:
    """Return the persona before the change of an entry; None where its document is given whole, with its fault."""
    brief, pins = str(entry.get("brief", "")), entry.get("pinned") or entry.get("pins") or {}
    if "document" in entry:
        return None
    if "group" not in entry:
        return Before(persona(brief, int(entry.get("seed", 1)), pins=pins), brief, pins)
    home = folder / "documents" / str(entry["group"])
    told = yaml.safe_load((home / "persona.yaml").read_text("utf-8"))
    layers = {name: home / "layers" / f"{name}.json" for name in FOUR_LAYER if name != "audit"}
    document = {name: json.loads(path.read_text("utf-8")) for name, path in layers.items() if path.exists()}
    return Before(document, str(told.get("brief", "")), told.get("pinned") or {})


def judged(entry: Mapping[str, Any], folder: Path = CORPUS.parent) -> Judged:
    """Judge one entry of a corpus that lies in a folder."""
    brief, pins = str(entry.get("brief", "")), entry.get("pinned") or entry.get("pins") or {}
    before = before_of(entry, folder)
    changes = {f"{edit['layer']}.{edit['path']}": edit["value"] for edit in entry.get("edits") or ()}
    whole = {name: part for name, part in (before.document if before else entry["document"]).items() if name != "audit"}
    document = changed(whole, {**(entry.get("set") or {}), **changes})
    # A document that is given whole has no version without its fault: every flaw in it counts.
    clean = before is None or entry["kind"] == "clean"
    old = set() if clean or before is None else set(problems(whole, before.brief, before.pins))
    verdict = draft("audit", brief, document, pins=pins)
    marks = [mark for mark in verdict["scores"].values() if mark is not None]
    refused = sum(marks) / len(marks) < THRESHOLD or min(marks) < FLOOR
    new = tuple(one for one in problems(document, brief, pins) if one not in old)
    unjudged = tuple(name for name, mark in verdict["scores"].items() if mark is None)
    return Judged(str(entry["kind"]), str(entry.get("id", brief)), new, refused, unjudged)


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
    lines = [f"{'kind':23} {'entries':>7} {'seen':>6} {'refused':>8} {'not judged':>11}"]
    for kind in sorted({one.kind for one in found}):
        of = [one for one in found if one.kind == kind]
        seen = sum(bool(one.new) for one in of) / len(of)
        refused = sum(one.refused for one in of) / len(of)
        unjudged = sum(not one.new and bool(one.unjudged) for one in of) / len(of)
        lines.append(f"{kind:23} {len(of):7} {seen:6.0%} {refused:8.0%} {unjudged:11.0%}")
    silent = [one for one in found if not one.new]
    null = {name: sum(name in one.unjudged for one in silent) for one in silent for name in one.unjudged}
    told = ", ".join(f"{name} {count}" for name, count in sorted(null.items())) or "none"
    lines.append(f"marks that are null, of the {len(silent)} in which nothing was seen: {told}")
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
    corpora = asked.corpora or [CORPUS]
    entries = [(entry, path.parent) for path in corpora for entry in yaml.safe_load(path.read_text("utf-8"))]
    if not asked.corpora:
        half = "held out" if asked.held_out else "development"
        entries = [(entry, folder) for entry, folder in entries if entry["half"] == half]
    drafted = [(entry, CORPUS.parent) for entry in clean_entries(asked.clean, asked.seed)]
    found = [judged(entry, folder) for entry, folder in (*entries, *drafted)]
    print("\n".join(table(found)))
    for one in found if asked.misses else ():
        if bool(one.new) == (one.kind == "clean"):
            print(f"{one.name}: {'; '.join(one.new) or 'nothing seen'}")


if __name__ == "__main__":
    main()
