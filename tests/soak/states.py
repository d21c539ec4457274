"""The plan says exactly what the build will do: the whole table of states, then random walks through them.

    python -m tests.soak.states [WALKS [FIRST_SEED]]

A walk starts from a built project and does something to it, plans and builds with some flag, several times over without
starting afresh. What is right is not known there; that plan and build agree, and that no sticky pin moves and no pinned
artifact is bought again, is known always. Prints the seed and the steps of every walk that shows a difference; rows of
the table that are known to differ (`LIES`) are counted apart. Exits with 1 after any other difference.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from personaforge.plan.plan import PlanRequest
from tests.plan import deeds
from tests.plan.deeds import Deed
from tests.plan.sites import Site, sites
from tests.plan.state_table import CASES
from tests.plan.states import PLAIN, Case, compare, try_case
from tests.plan.test_states import LIES

NODES = (
    *("soul", "surface", "dna", "profile", "matrix", "candidate/1", "candidate/2"),
    *("image/02", "image/03", "video/wave", "document", "sheet"),
)
WISHED = ("soul", "dna", "image/02", "image/03", "image", "video/wave")
SELECTED = (
    *("image/02", "+image/02", "image/02+", "+anchor", "document", "+document"),
    *("tag:text", "state:modified+", "result:rejected"),
)
FLAGS = ("force", "repin", "select", "exclude")


def optional(deed: Deed) -> Deed:
    """Do something where that is still possible: it may have been done before."""

    def do(site: Site) -> None:
        try:
            deed(site)
        except (AssertionError, FileNotFoundError, KeyError, StopIteration):
            pass

    return do


def some_deed(dice: random.Random) -> tuple[str, Deed]:
    """Return something to do to a project, and its name."""
    node = dice.choice(NODES)
    known: list[tuple[str, Callable[[], Deed]]] = [
        ("nothing", lambda: deeds.nothing),
        ("threshold up", lambda: deeds.threshold(0.98)),
        ("threshold down", lambda: deeds.edited(deeds.PERSONA, ("accept_threshold: 0.98", "accept_threshold: 0.8"))),
        ("threshold low", lambda: deeds.threshold(0.5)),
        ("width", lambda: deeds.width),
        ("seed", lambda: deeds.seed),
        ("eyes", lambda: deeds.green_eyes),
        ("position", lambda: deeds.new_position),
        ("no position", lambda: deeds.no_position),
        (f"lost {node}", lambda: deeds.lost(node)),
        (f"lost {node}", lambda: deeds.lost(node)),
        (f"blob {node}", lambda: deeds.lost(node, file=False)),
        (f"file {node}", lambda: deeds.lost(node, blob=False)),
        ("lost anchor", lambda: deeds.lost_anchor),
        (f"repaired {node}", lambda: deeds.damaged(node, repaired=True)),
        (f"damaged {node}", lambda: deeds.damaged(node, repaired=False)),
        (f"records {node}", lambda: deeds.no_record(node)),
        (f"edited {node}", lambda: deeds.in_build(node, "edited")),
        ("no build", lambda: deeds.gone("build")),
        ("no blobs", lambda: deeds.gone(".forge/blobs")),
        ("no records", lambda: deeds.gone(".forge/records")),
        ("no index", lambda: deeds.gone(deeds.INDEX)),
        ("no store", lambda: deeds.gone(".forge")),
        ("clone", lambda: deeds.CLONE),
        (f"unpinned {node}", lambda: deeds.unpinned(node)),
        ("no lock", lambda: deeds.no_lock),
        ("first lock", lambda: deeds.first_lock),
        ("other anchor", lambda: deeds.other_anchor),
        ("wrong anchor", lambda: deeds.wrong_anchor),
    ]
    name, deed = dice.choice(known)
    return name, optional(deed())


def some_flags(dice: random.Random) -> PlanRequest:
    """Return flags; half of the time none."""
    roll = dice.random()
    if roll < 0.5:
        return PLAIN
    if roll < 0.65:
        return PlanRequest(force=(dice.choice(WISHED),))
    if roll < 0.75:
        return PlanRequest(repin=(dice.choice(("anchor", *WISHED)),))
    if roll < 0.95:
        return PlanRequest(select=(dice.choice(SELECTED),))
    return PlanRequest(exclude=(dice.choice(SELECTED),))


def walk(site: Site, seed: int) -> tuple[list[str], list[str]]:
    """Return the steps of a walk up to the first difference, and the differences."""
    dice = random.Random(seed)
    site.restart()
    steps: list[str] = []
    for _ in range(3):
        names = []
        for _ in range(dice.randint(1, 2)):
            name, deed = some_deed(dice)
            deed(site)
            names.append(name)
        asked = some_flags(dice)
        flags = " ".join(
            f"--{flag} {value}" for flag in ("force", "repin", "select", "exclude") for value in getattr(asked, flag)
        )
        steps.append(f"{', '.join(names)} {flags}".rstrip())
        case = Case(f"walk {seed}", site.flavour, "", deeds.nothing, asked=asked, may_refuse=True)
        lies, seen = compare(site, case)
        if lies:
            return steps, lies
        if seen.error:
            steps[-1] += f" (refused: {seen.error})"
    return steps, []


def main(walks: int = 300, first: int = 0) -> int:
    """Try everything; return how to exit."""
    started, known, found = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder, sites(Path(folder)) as built:
        for case in CASES:
            lies, _ = try_case(built[case.flavour], case)
            if bool(lies) != (case.name in LIES):
                found += 1
                print(f"{case.name}: {'; '.join(lies) or 'is mended: take it off the list'}", flush=True)
            known += case.name in LIES
        print(f"{len(CASES)} rows: {found} unexpected, {known} known to differ", flush=True)
        wrong = 0
        for seed in range(first, first + walks):
            site = built["local" if seed % 4 == 0 else "hosted"]
            steps, lies = walk(site, seed)
            if lies:
                wrong += 1
                print(f"seed {seed} ({site.flavour}): {' THEN '.join(steps)}", *lies, sep="\n    ", flush=True)
        print(f"{walks} walks from seed {first}: {wrong} with a difference, {time.monotonic() - started:.0f} s")
    return 1 if found or wrong else 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
