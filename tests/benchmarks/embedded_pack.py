"""What the embedded face pack is worth on drawings it has never seen: detection, landmarks, identity, drift, time.

    python -m tests.benchmarks.embedded_pack [--people N] [--pack FOLDER]
    python -m tests.benchmarks.embedded_pack --groups [--people N] [--pack FOLDER]

The people are held out: their seeds are none of those it was trained on. They are drawn at 768 x 1024 in all 20
positions, and found, aligned and measured as in a build. Where a pack for photographs is found (FORGE_MODELS), the
table sets it beside ours. `--groups` prints only our errors by skin tone, age band and gender, over four positions: 720
people give each group but the nonbinary 200 and more. Times are processor time of one thread. Nothing here passes or
fails.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from personaforge.embedded.training.people import Person
from personaforge.embedded.training.positions import SLOTS, held_out, positions
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import PackMissing, find_pack
from tests.benchmarks.groups import age_band, print_groups, separation, tone_class

_FIRST = 900_000
_STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_GROUP_SLOTS = ("01", "03", "06", "11")
_PEOPLE_SLOTS = tuple(f"{number:02}" for number in range(1, 12))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--pack", type=Path, help="the folder of another pack `embedded`, such as one just trained")
    parser.add_argument("--groups", action="store_true", help="only the errors by group of people")
    told = parser.parse_args()
    cv2.setNumThreads(1)
    folder = told.pack.parent if told.pack else None
    ours = find_pack(told.pack.name if told.pack else "embedded", [folder] if folder else None)
    if isinstance(ours, PackMissing):
        raise SystemExit(f"{ours.reason}; {ours.hint}")
    analyzers = {ours.name: InsightAnalyzer(ours, "320")}
    if told.groups:
        _print_groups(held_out(_FIRST, told.people), analyzers[ours.name])
        return
    other = find_pack("auto")
    if not isinstance(other, PackMissing):
        analyzers[other.name] = InsightAnalyzer(other)
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f}; {told.people} held-out people")
    people = held_out(_FIRST, told.people)
    vectors: dict[str, dict[tuple[int, str], Any]] = {name: {} for name in analyzers}
    errors: dict[str, list[float]] = {name: [] for name in analyzers}
    found: dict[str, list[int]] = {name: [] for name in analyzers}
    extra: dict[str, int] = dict.fromkeys(analyzers, 0)
    missed: dict[str, dict[str, int]] = {name: {} for name in analyzers}
    spent: dict[str, list[float]] = {name: [] for name in analyzers}
    for index, who in enumerate(people):
        for drawn in positions(who, index):
            for name, analyzer in analyzers.items():
                start = time.process_time()
                faces = analyzer.read(drawn.pixels)
                spent[name].append((time.process_time() - start) * 1e3)
                hit = [face for face in faces if _overlap(face.box, drawn.box) > 0.4]
                found[name].append(bool(hit))
                extra[name] += len(faces) > 1
                if not hit:
                    missed[name][drawn.slot] = missed[name].get(drawn.slot, 0) + 1
                    continue
                vectors[name][index, drawn.slot] = hit[0].embedding
                eyes = np.linalg.norm(drawn.points5[0] - drawn.points5[1])
                if abs(drawn.yaw) <= 35 and hit[0].landmarks106 is not None:
                    away = np.linalg.norm(hit[0].landmarks106 - drawn.points106, axis=1)
                    errors[name].append(float(np.mean(away) / eyes))
    for name in analyzers:
        _print_pack(name, found[name], extra[name], missed[name], errors[name], vectors[name], spent[name])
    if len(analyzers) == 2:
        _print_agreement(*(vectors[name] for name in analyzers))
    _print_drift(people[:12], analyzers)


def _print_groups(people: list[Person], analyzer: InsightAnalyzer) -> None:
    vectors, owners, missed = [], [], 0
    for index, who in enumerate(people):
        for drawn in positions(who, index, _GROUP_SLOTS):
            faces = analyzer.read(drawn.pixels)
            missed += not faces
            if faces:
                vectors.append(faces[0].embedding / np.linalg.norm(faces[0].embedding))
                owners.append(index)
    print(f"{len(people)} people, positions {', '.join(_GROUP_SLOTS)}; no face in {missed} pictures")
    labels = [
        {"skin": tone_class(who.face.skin_tone), "age": age_band(who.face.age), "gender": who.gender} for who in people
    ]
    print_groups(np.stack(vectors), np.array(owners), labels)


def _overlap(one: Any, other: Any) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    return shared / (float(np.prod(one[2:] - one[:2])) + float(np.prod(other[2:] - other[:2])) - shared)


def _print_pack(
    name: str, found: list[int], extra: int, missed: dict[str, int], errors: list[float],
    vectors: dict[tuple[int, str], Any], spent: list[float],
) -> None:  # fmt: skip
    print(f"\n{name}")
    print(f"  detected {sum(found)}/{len(found)} = {np.mean(found):.4f}; more than one face: {extra}; missed: {missed}")
    if errors:
        p50, p95 = np.percentile(errors, (50, 95))
        print(f"  106 points, yaw within 35: mean error a face, in eye distances: median {p50:.4f}, p95 {p95:.4f}")
    for label, slots in (("positions 1-11", _PEOPLE_SLOTS), ("all positions", SLOTS)):
        keys = [key for key in vectors if key[1] in slots]
        if not keys:
            continue
        matrix = np.stack([vectors[key] for key in keys])
        owner = np.array([key[0] for key in keys])
        upper = np.triu_indices(len(keys), 1)
        cosines, same = (matrix @ matrix.T)[upper], (owner[:, None] == owner[None])[upper]
        own, others = cosines[same], cosines[~same]
        area, error, threshold = separation(own, others)
        low, high = np.percentile(own, 1), np.percentile(others, 99)
        told = f"same {own.mean():.3f} (p1 {low:.3f}), others {others.mean():.3f} (p99 {high:.3f})"
        print(f"  {label}: {told}; AUC {area:.4f}, EER {100 * error:.2f} % at {threshold:.3f}")
    print(f"  {statistics.median(spent):.1f} ms a picture, median")


def _print_agreement(ours: dict[tuple[int, str], Any], theirs: dict[tuple[int, str], Any]) -> None:
    """Print the rank correlation of the two packs' cosines, over pairs of pictures."""
    from scipy.stats import spearmanr

    keys = [key for key in ours if key in theirs and key[1] in _PEOPLE_SLOTS]
    owner = np.array([key[0] for key in keys])
    upper = np.triu_indices(len(keys), 1)
    first, second = ((m @ m.T)[upper] for m in (np.stack([v[key] for key in keys]) for v in (ours, theirs)))
    same = (owner[:, None] == owner[None])[upper]
    rng = np.random.default_rng(1)
    strangers = rng.choice(np.flatnonzero(~same), same.sum(), replace=False)
    even = np.concatenate([np.flatnonzero(same), strangers])
    print("\nrank correlation of cosines (Spearman), positions 1-11")
    print(
        f"  every pair {spearmanr(first, second).statistic:.3f} ({len(first)} pairs, {same.mean():.1%} of one person)"
    )
    print(f"  as many pairs of one person as of two {spearmanr(first[even], second[even]).statistic:.3f}")
    print(f"  pairs of two people only {spearmanr(first[~same], second[~same]).statistic:.3f}")
    people = np.unique(owner)
    means = [
        np.array([[np.mean(np.stack([v[key] for key in keys if key[0] == who]), axis=0) for who in people]])[0]
        for v in (ours, theirs)
    ]
    pairs = np.triu_indices(len(people), 1)
    a, b = ((m / np.linalg.norm(m, axis=1, keepdims=True)) for m in means)
    print(f"  people, by their mean embeddings {spearmanr((a @ a.T)[pairs], (b @ b.T)[pairs]).statistic:.3f}")


def _print_drift(people: list[Person], analyzers: dict[str, InsightAnalyzer]) -> None:
    print(f"\ndrift        {''.join(f'{step:8.1f}' for step in _STEPS)}")
    for name, analyzer in analyzers.items():
        table = np.full((len(people), len(_STEPS)), np.nan)
        for row, who in enumerate(people):
            anchor = analyzer.read(next(positions(who, row, ("01",))).pixels)[0].embedding
            for column, drift in enumerate(_STEPS):
                moved = who._replace(face=who.face.drifted(drift))
                faces = [analyzer.read(one.pixels) for one in positions(moved, row, ("02", "06", "11"))]
                table[row, column] = np.mean([anchor @ face[0].embedding for face in faces if face])
        falling = int((np.diff(table, axis=1) < 0).all(axis=1).sum())
        means = "".join(f"{value:8.3f}" for value in table.mean(axis=0))
        print(f"{name:13}{means}   falls at every step for {falling} of {len(people)}")


if __name__ == "__main__":
    main()
