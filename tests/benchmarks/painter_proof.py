"""The proof of the painter: each aim beside what is measured, a line each, of one pass over balanced people.

Every picture of positions 1 to 11 is drawn, found and embedded once; all lines but the times and the expressions read
from that. Pictures count as found where exactly one face is. Pairs of one person are set against pairs of strangers of
one group of origin (`within`) and of two (`between`). What pixels show of the DNA is read of the anchors, and in
brackets of all eleven positions where it can be measured. Intervals are of 95 %, by resampling people.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from personaforge.faces.appearance import measure_appearance
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.picture import read_picture
from personaforge.faces.pose import pose_106
from personaforge.identity.appearance import Reading, readings
from tests.benchmarks.groups import age_band, interval, print_groups, separation, tone_class
from tests.benchmarks.painter_expressions import classify_expressions
from tests.benchmarks.painter_people import Person, balanced
from tests.keys import ROOT, copy_packaged

SLOTS: Final = tuple(f"{number:02}" for number in range(1, 12))
_READ: Final = {"hair": "hair colour", "hair length": "length class of hair", "skin": "skin tone", "eyes": "eye colour"}
_COLD: Final = ("01", "03", "04", "05")
"""A position of each distance."""


class Shot(NamedTuple):
    """What a pass keeps of one picture."""

    owner: int
    slot: str
    count: int
    """Faces."""
    vector: Any
    """Of the largest face: (512,), of length 1; None without a face."""
    read: tuple[Reading, ...]


def print_proof(people: list[Person], analyzer: InsightAnalyzer, draw: Callable[..., bytes], builds: int) -> None:
    """Print the table, what was read wrongly, and the groups. `draw` is `painter.draw`."""
    shots = _pass(people, analyzer, draw)
    print(f"{'proof, ' + str(len(people)) + ' people':58}{'aim':>9}{'measured':>10}")
    share = [statistics.mean(shot.count == 1 for shot in shots if shot.owner == who) for who in range(len(people))]
    _line("found, positions 1-11", ">= .98", f"{statistics.mean(share):.3f}", _between(interval(share)))
    seen = [shot for shot in shots if shot.vector is not None]
    vectors, owners = np.stack([shot.vector for shot in seen]), np.array([shot.owner for shot in seen])
    _print_identity(vectors, owners, [who["group"] for who in people])
    _print_expressions(people, analyzer, draw)
    _print_readings(shots)
    cold = [_spent(draw, balanced(1000 + index), _COLD[index % 4]) for index in range(24)]
    _line(
        "picture, cold, of 24 strangers: median ms", "<= 250", f"{statistics.median(cold):.0f}", f"most {max(cold):.0f}"
    )
    if builds:
        _print_builds(builds)
    _print_missed(shots)
    labels = [
        {"skin": tone_class(who["dna"]["skin"]["tone"]), "age": age_band(who["age"]), "gender": who["gender"]}
        for who in people
    ]
    print_groups(vectors, owners, labels)


def _pass(people: list[Person], analyzer: InsightAnalyzer, draw: Callable[..., bytes]) -> list[Shot]:
    shots = []
    for index, who in enumerate(people):
        anchor = draw(who, "01", context=index)
        for number, slot in enumerate(SLOTS, 1):
            png = anchor if number == 1 else draw(who, slot, anchor, context=index, seed=number)
            pixels = read_picture(png).pixels
            faces = analyzer.read(pixels)
            vector, read = None, ()
            if faces:
                vector = faces[0].embedding / np.linalg.norm(faces[0].embedding)
                if faces[0].landmarks106 is not None:
                    yaw = pose_106(list(faces[0].landmarks106)).yaw
                    read = readings(who["dna"], {"appearance": measure_appearance(pixels, faces[0], yaw)})
            shots.append(Shot(index, slot, len(faces), vector, read))
    return shots


def _line(what: str, aim: str, measured: str, more: str = "") -> None:
    print(f"  {what:56}{aim:>9}{measured:>10}  {more}".rstrip(), flush=True)


def _between(ends: tuple[float, float]) -> str:
    return f"({ends[0]:.3f} to {ends[1]:.3f})"


def _print_identity(vectors: Any, owners: Any, groups: list[str]) -> None:
    cosines = vectors @ vectors.T
    names, origin = np.unique(groups, return_inverse=True)
    upper = np.triu_indices(len(owners), 1)
    one, other = owners[upper[0]], owners[upper[1]]
    values, same, kin = cosines[upper], one == other, origin[one] == origin[other]
    own = values[same]
    for what, chosen in (("within", kin & ~same), ("between", ~kin)):
        if not chosen.any():
            continue
        area, error, _ = separation(own, values[chosen])
        p50, p99 = np.percentile(values[chosen], (50, 99))
        more = f"equal error {100 * error:.2f} %; strangers' median {p50:.3f}, 99 % {p99:.3f}"
        _line(f"same/different AUC {what} the {len(names)} groups of origin", ">= .99", f"{area:.4f}", more)
    if (~kin).any():
        p1, p50 = np.percentile(own, (1, 50))
        more = f"same person: median {p50:.3f}, 1 % {p1:.3f}"
        _line("kin-look: median of strangers of unlike origin", "<= .25", f"{np.median(values[~kin]):.3f}", more)


def _print_expressions(people: list[Person], analyzer: InsightAnalyzer, draw: Callable[..., bytes]) -> None:
    if len(people) < 6:
        _line("expressions told apart by MediaPipe's mesh", ">= .95", "-", "needs six people")
        return
    told = classify_expressions(people, analyzer, draw)
    right = told.found["anchor"] == told.truth
    by_person = [float(right[told.owners == who].mean()) for who in np.unique(told.owners)]
    alone = float((told.found["alone"] == told.truth).mean())
    more = f"{_between(interval(by_person))}; without the anchor {alone:.3f}"
    _line("expressions told apart by MediaPipe's mesh", ">= .95", f"{right.mean():.3f}", more)


def _print_readings(shots: list[Shot]) -> None:
    for name, what in _READ.items():
        every = [(shot.slot, one) for shot in shots for one in shot.read if one.name == name]
        anchors = [one for slot, one in every if slot == "01"]
        right, count = _right(anchors)
        all_right, all_count = _right([one for _, one in every])
        wrong = Counter(f"{one.asked} as {one.seen}" for one in anchors if one.agrees is False)
        mistakes = "".join(f"; {text} {times}" for text, times in wrong.most_common(3))
        more = f"{right} of {count}, {len(anchors) - count} not measured (all: {all_right} of {all_count}){mistakes}"
        _line(f"DNA from pixels: {what}", ">= .95", f"{right / count:.3f}" if count else "-", more)


def _right(every: list[Reading]) -> tuple[int, int]:
    """Return how many agree, and of how many that were measured."""
    return sum(one.agrees is True for one in every), sum(one.agrees is not None for one in every)


def _print_missed(shots: list[Shot]) -> None:
    missed = Counter(shot.slot for shot in shots if shot.count != 1)
    if missed:
        slots = ", ".join(f"{slot}: {count}" for slot, count in sorted(missed.items()))
        print(f"  not exactly one face, by position: {slots}")
    print(flush=True)


def _spent(draw: Callable[..., bytes], who: Person, slot: str) -> float:
    """Return the processor time of one picture, in milliseconds."""
    start = time.process_time()
    draw(who, slot)
    return (time.process_time() - start) * 1e3


def _print_builds(count: int) -> None:
    """Print the time by the clock of a demo's first build, as somebody has it who has no models but forge's."""
    spent, ended = [], set()
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            copy_packaged(Path(folder))
            environment: Mapping[str, str] = {
                **{name: value for name, value in os.environ.items() if name != "FORGE_MODELS"},
                "PYTHONPATH": str(ROOT),
            }
            command = (sys.executable, "-m", "personaforge.cli.main", "build", "personas/sofia.yaml")
            start = time.perf_counter()
            ended.add(subprocess.run(command, cwd=folder, env=environment, capture_output=True).returncode)
            spent.append(time.perf_counter() - start)
    failed = f"; ends with {max(ended)}" if ended != {0} else ""
    more = f"of {count}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}{failed}"
    _line("demo build: median s", "<= 60", f"{statistics.median(spent):.0f}", more)
