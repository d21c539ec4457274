"""What the embedded audit sees: `python -m tests.benchmarks.audit [CORPUS.yaml ...] [--misses]`.

Without a file it reads all of `audit_corpus` and prints each set apart, the blind one first: its README says what an
entry has, who wrote which set, and what its figures are worth. Clean personas are drafted from random briefs besides.

*Seen*: the rules have a flaw worth a finding that the document without the change doesn't have. *A look*: something is
worth a look that wasn't without the change; it has no effect. *Refused*: the mean is below 3.5, or a mark below the
floor of 2.5. *Not judged*: nothing seen, and at least one mark is null with a reason: which marks, is printed below the
table. A false alarm is a clean document with any flaw worth a finding.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from personaforge.embedded.writer.audit import findings_worth, flaws_of, looks_worth
from tests.embedded.writer.text_cases import FOUR_LAYER, draft, many_briefs, persona

CORPUS = Path(__file__).parent / "audit_corpus"
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
    looks: bool = False
    """Whether something is worth a look because of the change; of a clean one, whether anything is."""


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


def changes_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that an entry changes, by dotted path."""
    edits = {f"{edit['layer']}.{edit['path']}": edit["value"] for edit in entry.get("edits") or ()}
    return {**(entry.get("set") or {}), **edits}


def before_of(entry: Mapping[str, Any], folder: Path) -> Before | None:
    """Return the persona before the change of an entry; None where its document is given with its fault."""
    brief, pins = str(entry.get("brief", "")), pins_of(entry)
    if "document" in entry:
        return Before(entry["document"], brief, pins) if changes_of(entry) else None
    if "group" not in entry:
        return Before(persona(brief, int(entry.get("seed", 1)), pins=pins), brief, pins)
    home = folder / "documents" / str(entry["group"])
    told = yaml.safe_load((home / "persona.yaml").read_text("utf-8"))
    document = {name: part for name in FOUR_LAYER if (part := layer(home / "layers", name)) is not None}
    return Before(document, str(told.get("brief", "")), pins_of(told))


def pins_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the user fixed, by section."""
    return entry.get("pinned") or entry.get("pins") or {}


def layer(folder: Path, name: str) -> Any:
    """Return one section of a document; None where it has none."""
    for path, read in ((folder / f"{name}.json", json.loads), (folder / f"{name}.yaml", yaml.safe_load)):
        if path.exists():
            return read(path.read_text("utf-8"))
    return None


def judged(entry: Mapping[str, Any], folder: Path = CORPUS) -> Judged:
    """Judge one entry of a corpus that lies in a folder."""
    brief, pins = str(entry.get("brief", "")), pins_of(entry)
    before = before_of(entry, folder)
    whole = {name: part for name, part in (before.document if before else entry["document"]).items() if name != "audit"}
    document = changed(whole, changes_of(entry))
    # A document that is given with its fault has no version without it: every flaw in it counts.
    clean = before is None or entry["kind"] == "clean"
    old = set() if clean or before is None else set(problems(whole, before.brief, before.pins))
    verdict = draft("audit", brief, document, pins=pins)
    marks = [mark for mark in verdict["scores"].values() if mark is not None]
    refused = not marks or sum(marks) / len(marks) < THRESHOLD or min(marks) < FLOOR
    new = tuple(one for one in problems(document, brief, pins) if one not in old)
    unjudged = tuple(name for name, mark in verdict["scores"].items() if mark is None)
    looks = {flaw.problem for flaw in looks_worth(flaws_of(document, brief, pins))}
    known = set() if clean or before is None else {flaw.problem for flaw in flaws_of(whole, before.brief, before.pins)}
    return Judged(str(entry["kind"]), str(entry.get("id", brief)), new, refused, unjudged, bool(looks - known))


def problems(document: Mapping[str, Any], brief: str, pins: Mapping[str, Any]) -> list[str]:
    """Return the problems that are worth a finding."""
    return [flaw.problem for flaw in findings_worth(flaws_of(document, brief, pins))]


def clean_entries(number: int, seed: int) -> list[dict[str, Any]]:
    """Return clean personas: random briefs and seeds."""
    rng = random.Random(seed)
    return [
        {"kind": "clean", "brief": rng.choice(many_briefs(110)), "seed": rng.randrange(10**6)} for _ in range(number)
    ]


def sets() -> Iterator[tuple[str, list[tuple[Mapping[str, Any], Path]]]]:
    """Yield every set that lies in the corpus: its name, and its entries with the folder that they lie in."""
    for path in (*sorted((CORPUS / "blind").glob("*.yaml")), *sorted((CORPUS / "read").glob("*.yaml"))):
        yield str(path.relative_to(CORPUS)), entries_of(path)
    yield "clean.yaml", entries_of(CORPUS / "clean.yaml")
    own = entries_of(CORPUS / "faults.yaml")
    for half in ("held out", "development"):
        yield f"faults.yaml, {half}", [(entry, folder) for entry, folder in own if entry["half"] == half]


def entries_of(path: Path) -> list[tuple[Mapping[str, Any], Path]]:
    """Return the entries of a file, each with the folder that its documents lie in."""
    return [(entry, path.parent) for entry in yaml.safe_load(path.read_text("utf-8"))]


def table(found: Sequence[Judged]) -> list[str]:
    """Return the printed table."""
    lines = [f"{'kind':23} {'entries':>7} {'seen':>6} {'a look':>7} {'refused':>8} {'not judged':>11}"]
    for kind in sorted({one.kind for one in found}):
        of = [one for one in found if one.kind == kind]
        seen = sum(bool(one.new) for one in of) / len(of)
        looks = sum(one.looks for one in of) / len(of)
        refused = sum(one.refused for one in of) / len(of)
        unjudged = sum(not one.new and bool(one.unjudged) for one in of) / len(of)
        lines.append(f"{kind:23} {len(of):7} {seen:6.0%} {looks:7.0%} {refused:8.0%} {unjudged:11.0%}")
    silent = [one for one in found if not one.new]
    null = {name: sum(name in one.unjudged for one in silent) for one in silent for name in one.unjudged}
    told = ", ".join(f"{name} {count}" for name, count in sorted(null.items())) or "none"
    lines.append(f"marks that are null, of the {len(silent)} in which nothing was seen: {told}")
    return lines


def main() -> None:
    """Judge the corpora and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="*", type=Path)
    parser.add_argument("--clean", type=int, default=CLEAN, help="how many clean personas are drafted")
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--misses", action="store_true", help="name what was missed, and every false alarm")
    asked = parser.parse_args()
    named = [(str(path), entries_of(path)) for path in asked.corpora] or list(sets())
    drafted = [(entry, CORPUS) for entry in clean_entries(asked.clean, asked.seed)]
    if not asked.corpora and not list((CORPUS / "blind").glob("*.yaml")):
        print("# blind: there is none; what follows was read by whoever wrote the rules\n")
    for name, entries in (*named, *([("drafted by the embedded writer", drafted)] if drafted else [])):
        found = [judged(entry, folder) for entry, folder in entries]
        print(f"# {name}\n" + "\n".join(table(found)))
        for one in found if asked.misses else ():
            if bool(one.new) == (one.kind == "clean"):
                print(f"{one.name}: {'; '.join(one.new) or 'nothing seen'}")
        print()


if __name__ == "__main__":
    main()
