"""How well appearance is measured on drawings whose DNA is known.

    python -m tests.benchmarks.verdicts_appearance [--people N] [--first N]

The packaged personas, and people whom the colours of `identity.appearance` were not taken from (the training's
generator, with numbers from `--first` on), each drawn as the anchor and in ten positions of the matrix, in the clothes
that the positions ask for, at 768 x 1024, and measured with the pack that comes with forge. Three tables: for each word
of the DNA how many readings agree, in the anchor's position and in all, and what was not measured; for each change
from the anchor its quantiles over pictures of one person, and over the anchors of two; and for the clothes their
distances within one rank of the wardrobe and between two. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.figure.body import body_of_dna
from personaforge.embedded.painter.painter import Stage
from personaforge.embedded.painter.subject import read_pose, read_scenery
from personaforge.embedded.training.people import Person, conf, described, person
from personaforge.faces.appearance import measure_appearance
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.pose import pose_106
from personaforge.identity.appearance import Reading, changes, clothes_distance, readings
from tests.keys import ROOT, copy_packaged

POSITIONS = ("01", "02", "03", "04", "06", "07", "09", "10", "11", "15", "18")
ANCHOR = "01"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=12, help="how many besides the packaged")
    parser.add_argument("--first", type=int, default=50_000, help="number of the first")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}; {arguments.people} people and the packaged")
    found = {name: list(pictures(who, name)) for name, who in people(arguments.first, arguments.people)}
    read: dict[str, list[tuple[str, Reading]]] = defaultdict(list)
    for shots in found.values():
        for position, _, measured, dna in shots:
            for one in readings(dna, measured):
                read[one.name].append((position, one))
    print(f"\n{'word':13}{'agree, anchor':>15}{'agree, all':>13}{'not measured':>14}  most frequent mistakes")
    for name, every in read.items():
        wrong = Counter(f"{one.asked} as {one.seen}" for _, one in every if one.agrees is False)
        missing = sum(one.agrees is None for _, one in every)
        anchors = share([one for position, one in every if position == ANCHOR])
        told = ", ".join(f"{what} {count}" for what, count in wrong.most_common(3))
        print(f"{name:13}{anchors:>15}{share([one for _, one in every]):>13}{missing:14}  {told}")
    print_changes(found)
    print_clothes(found)


Shot = tuple[str, int, Mapping[str, Any], Mapping[str, Any]]
"""Position, rank of the wardrobe, measurement and DNA."""


def people(first: int, count: int) -> Iterator[tuple[str, Person]]:
    """Yield people by name, the packaged first; variants of the person before are left out."""
    with tempfile.TemporaryDirectory() as folder:
        copy_packaged(Path(folder))
        command = (sys.executable, "-m", "personaforge.cli.main", "build", "--select", "+profile")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=folder, env=environment, capture_output=True)  # what isn't selected is missing
        for path in sorted(Path(folder).glob("build/*/layers/profile.json")):
            told = json.loads(path.read_bytes())
            surface = told["surface"]
            face = subject_face({"dna": told["dna"], "surface": surface})
            yield (
                path.parts[-3],
                Person(face, body_of_dna(told["dna"], face.masculinity, face.age), told["dna"], surface["gender"]),
            )
    numbers = (number for number in itertools.count(first) if number % 3 != 2)
    for number in itertools.islice(numbers, count):
        yield str(number), person(number)


def pictures(who: Person, name: str) -> Iterator[Shot]:
    """Yield a person's measured pictures; one without a face is left out."""
    pack = find_pack("embedded")
    if isinstance(pack, PackMissing):
        raise SystemExit(f"{pack.reason}; {pack.hint}")
    analyzer = InsightAnalyzer(pack)
    matrix, contexts = conf()["matrix"], conf()["fashion"]["contexts"]
    ranked = random.Random(name).sample(sorted(contexts), 6)
    body = body_of_dna(who.dna, who.face.masculinity, who.face.age)
    for slot in POSITIONS:
        position = matrix["positions"][slot]
        subject = described(who, ranked[position["wardrobe"] - 1], position["scene"])
        pose, _ = read_pose(position, "position", position["gaze"])
        scenery = read_scenery(subject, position, "position")
        frame = Stage(who.face, body, scenery, 768, 1024, pose.yaw, int(slot)).frame(pose, grain=3)
        pixels = np.ascontiguousarray(frame[..., ::-1])
        for face in analyzer.read(pixels)[:1]:
            yaw = pose_106(list(face.landmarks106)).yaw  # type: ignore[arg-type]
            yield slot, position["wardrobe"], {"appearance": measure_appearance(pixels, face, yaw)}, who.dna


def share(every: Sequence[Reading]) -> str:
    """Return how many of the measured readings agree."""
    measured = [one for one in every if one.agrees is not None]
    return f"{sum(bool(one.agrees) for one in measured)}/{len(measured)}"


def quantiles(values: Sequence[float]) -> str:
    """Return median, 95 % and largest of values."""
    if not values:
        return f"{'-':>24}"
    return "".join(f"{np.quantile(values, at):8.3f}" for at in (0.5, 0.95, 1))


def print_changes(found: Mapping[str, Sequence[Shot]]) -> None:
    """Print the changes within and between people."""
    anchors = {name: shot[2] for name, shots in found.items() for shot in shots if shot[0] == ANCHOR}
    same: dict[str, list[float]] = defaultdict(list)
    other: dict[str, list[float]] = defaultdict(list)
    for name, shots in found.items():
        for position, _, measured, _ in shots:
            if position != ANCHOR:
                for metric, value in changes(anchors[name], measured, same_clothes=False).numbers.items():
                    same[metric].append(value)
    for one, two in itertools.combinations(anchors.values(), 2):
        for metric, value in changes(one, two, same_clothes=False).numbers.items():
            other[metric].append(value)
    print(f"\n{'change':20}{'pictures':>9}{'median':>8}{'95 %':>8}{'most':>8}   of others' anchors: 5 %, median")
    for metric, values in same.items():
        apart = "".join(f"{np.quantile(other[metric], at):8.3f}" for at in (0.05, 0.5))
        print(f"{metric:20}{len(values):9}{quantiles(values)}   {apart}")


def print_clothes(found: Mapping[str, Sequence[Shot]]) -> None:
    """Print the distances of clothes of one rank and of two."""
    same, other = list[float](), list[float]()
    for shots in found.values():
        for (_, one, a, _), (_, two, b, _) in itertools.combinations(shots, 2):
            first, second = a["appearance"]["clothes"], b["appearance"]["clothes"]
            if first is not None and second is not None:
                (same if one == two else other).append(clothes_distance(first, second))
    print(f"\n{'clothes':20}{'pairs':>9}{'5 %':>8}{'median':>8}{'95 %':>8}")
    for what, values in (("of one rank", same), ("of two ranks", other)):
        low, high = np.quantile(values, (0.05, 0.95))
        print(f"{what:20}{len(values):9}{low:8.3f}{statistics.median(values):8.3f}{high:8.3f}")


if __name__ == "__main__":
    main()
