"""Constants of ours that depend on how the painter draws, fitted anew; printed as they stand in the source.

    python -m tests.benchmarks.painter_fit placement [--people N]
    python -m tests.benchmarks.painter_fit appearance [--people N]

`placement`: WEIGHT and REACH of `embedded.painter.face.placement`, to the cosines that the development pack
(FORGE_MODELS) gives four faces each of N DNAs (60): least squares with weights of at least 0, pairs of one DNA eight
times; what the fit is worth is of the DNAs that are left out, a quarter in turn. `appearance`: the colours and bounds
of `identity.appearance`, from anchors of N people (240) as the pack that comes with forge sees them: train it first.
Nothing here writes a file.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np

from personaforge.embedded.painter.face.hairstyles import read_style
from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.face.placement import WEIGHT, shape_of
from personaforge.embedded.painter.outfit import read_outfit
from personaforge.embedded.training.people import person as trained
from personaforge.embedded.training.positions import positions
from personaforge.faces.appearance import measure_appearance
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.picture import read_picture
from personaforge.faces.pose import pose_106
from personaforge.identity.appearance import EYES, FACIAL_HAIR, HAIR, LENGTHS, SKIN
from tests.benchmarks.painter import draw, person, subject

_FACES: Final = 4
_KIN: Final = 8.0
"""How often a pair of one DNA counts."""
_UP: Final = ("tied", "topknot", "ponytail", "plait", "plaits")
"""Ways of wearing hair in which its length isn't seen beside the face."""
_FIRST: Final = 700_000
"""Number of the first person that appearance is taken from: trained on by nobody, calibrated on neither."""


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("placement", "appearance"))
    parser.add_argument("--people", type=int)
    told = parser.parse_args()
    cv2.setNumThreads(1)
    if told.what == "placement":
        print_placement(told.people or 60)
    else:
        print_appearance(told.people or 240)


def _analyzer(name: str) -> InsightAnalyzer:
    pack = find_pack(name)
    if isinstance(pack, PackMissing):
        sys.exit(f"{pack.reason}; {pack.hint}")
    return InsightAnalyzer(pack)


def print_placement(people: int) -> None:
    """Print weights and reach, and what they predict of DNAs that they weren't fitted to."""
    analyzer = _analyzer("auto")
    shapes, vectors, owners = [], [], []
    for index in range(people):
        who = person(index)
        for number in range(_FACES):
            shape = shape_of(subject_face(subject(who, "01", index), number))
            faces = analyzer.read(read_picture(draw(who, "01", context=index, placement=number)).pixels)
            if faces:
                shapes.append([shape[name] for name in WEIGHT])
                vectors.append(faces[0].embedding / np.linalg.norm(faces[0].embedding))
                owners.append(index)
    values, owner = np.array(shapes), np.array(owners)
    one, other = np.triu_indices(len(owner), 1)
    apart = (values[one] - values[other]) ** 2
    distance = 1 - np.einsum("ij,ij->i", np.stack(vectors)[one], np.stack(vectors)[other])
    kin = owner[one] == owner[other]
    weights, reach = fit(apart, distance, np.where(kin, _KIN, 1.0))
    predicted, truth, of_kin = [], [], []
    for part in range(4):
        left_out = owner % 4 == part
        inside, outside = ~left_out[one] & ~left_out[other], left_out[one] & left_out[other]
        w, r = fit(apart[inside], distance[inside], np.where(kin[inside], _KIN, 1.0))
        predicted.append(r * -np.expm1(-apart[outside] @ w))
        truth.append(distance[outside])
        of_kin.append(kin[outside])
    guess, true, near = (np.concatenate(part) for part in (predicted, truth, of_kin))
    whole, of_dna = np.corrcoef(guess, true)[0, 1], np.corrcoef(guess[near], true[near])[0, 1]
    print(f"{len(owner)} anchors, {people} DNAs; left out: correlation {whole:.2f}, of one DNA {of_dna:.2f}, "
          f"root mean square {np.sqrt(np.mean((guess - true) ** 2)):.3f}")  # fmt: skip
    print(f"REACH = {reach:.2f}\nWEIGHT = {{")
    for name, weight in zip(WEIGHT, weights, strict=True):
        print(f'    "{name}": {weight:.3f},')
    print("}")


def fit(apart: Any, distance: Any, counts: Any) -> tuple[Any, float]:
    """Return weights (of at least 0) and reach of `distance = reach * (1 - exp(-apart @ weights))`.

    `apart` is (pairs, values), squared differences. For each reach the weights are found by Gauss and Newton's steps
    with non-negative least squares, from those of the source; the reach by trying hundredths.
    """
    from scipy.optimize import nnls

    root = np.sqrt(counts)
    best: tuple[float, Any, float] = (np.inf, None, 0.0)
    for reach in np.arange(0.70, 1.11, 0.04):
        weights = np.array(list(WEIGHT.values()))
        for _ in range(6):
            left = np.exp(-apart @ weights)
            slope = (reach * left * root)[:, None] * apart
            target = root * (distance - reach * (1 - left)) + slope @ weights
            weights = nnls(slope.T @ slope + 1e-6 * np.eye(len(weights)), slope.T @ target)[0]
        lost = float(np.sum(counts * (distance - reach * (1 - np.exp(-apart @ weights))) ** 2))
        best = min(best, (lost, weights, float(reach)), key=lambda found: found[0])
    return best[1], best[2]


def print_appearance(people: int) -> None:
    """Print medians by word, and the bounds with the fewest mistakes."""
    seen = list(_seen(people))
    print(f"{len(seen)} anchors")
    for name, part, key, table in (
        ("SKIN", "skin", "tone", SKIN), ("HAIR", "hair", "color", HAIR), ("EYES", "eyes", "color", EYES),
    ):  # fmt: skip
        print(f"{name} = {{")
        for word in table:
            colours = [found[part] for dna, found in seen if dna[part][key] == word and found[part] is not None
                       and not (part == "hair" and dna["hair"]["length"] == "shaved")]  # fmt: skip
            if colours:
                median = ", ".join(f"{value:.1f}" for value in np.median(colours, axis=0))
                print(f'    "{word}": ({median}),  # of {len(colours)}')
            else:
                print(f'    "{word}": {table[word]},  # of 0: as it was')
        print("}")
    _print_reach(seen)
    _print_facial_hair(seen)


def _seen(people: int) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    analyzer = _analyzer("embedded")
    numbers = (number for number in itertools.count(_FIRST) if number % 3 != 2)
    for number in itertools.islice(numbers, people):
        who = trained(number)
        if read_outfit({}, ((0, 0, 0),), "headshot", who.dna["hair"]["style"], "clothing").covering is not None:
            continue
        for shown in positions(who, number, ("01",)):
            for face in analyzer.read(shown.pixels)[:1]:
                assert face.landmarks106 is not None, "the pack has a model of 106 points"
                yaw = pose_106(list(face.landmarks106)).yaw
                yield who.dna, measure_appearance(shown.pixels, face, yaw)


def _print_reach(seen: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """Print how far hair reaches and the bounds, of hair that hangs and of coily hair that is left loose."""
    reached: dict[tuple[str, str], list[float]] = defaultdict(list)
    for dna, found in seen:
        hair = dna["hair"]
        style = read_style(hair["style"], hair["texture"], hair["length"])
        if found["reach"] is None or style.worn in _UP or style.form in ("cornrows", "knots"):
            continue
        is_round = hair["texture"] == "coily" and style.form in ("loose", "afro")
        reached["_ROUND" if is_round else "_HANGING", hair["length"]].append(found["reach"])
    for (name, word), values in sorted(reached.items()):
        counted = "  ".join(f"{value:g}: {values.count(value)}" for value in sorted(set(values)))
        print(f"{name:9} {word:9} {counted}")
    for name in ("_HANGING", "_ROUND"):
        for first, second in itertools.pairwise(LENGTHS):
            below = np.array([value for word in first for value in reached[name, word]])
            above = np.array([value for word in second for value in reached[name, word]])
            if len(below) and len(above):
                bound, wrong = _bound(below, above)
                told = f"{wrong} of {len(below) + len(above)} wrong"
                print(f"{name} between {' or '.join(first)} and {second[0]}: {bound:.3f}, {told}")


def _print_facial_hair(seen: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
    values: dict[str, list[tuple[float, float]]] = {word: [] for word in FACIAL_HAIR}
    for dna, found in seen:
        if found["beard"] is not None and found["moustache"] is not None:
            values[dna["face"]["facial_hair"]].append((found["beard"], found["moustache"]))
    for word, pairs in values.items():
        if pairs:
            low, middle, high = np.percentile(pairs, (5, 50, 95), axis=0)
            told = ", ".join(
                f"{name} {low[at]:.1f} {middle[at]:.1f} {high[at]:.1f}" for at, name in enumerate(("chin", "lip"))
            )
            print(f"facial hair {word:12} {len(pairs):4}  5 %, median, 95 %: {told}")
    bare = np.array([pair for word in ("none", "stubble") for pair in values[word]])
    beards = np.array([pair for word in ("short beard", "full beard") for pair in values[word]])
    lips = np.array(values["moustache"])
    if len(bare) and len(beards):
        bound, wrong = _bound(bare.sum(axis=1), beards.sum(axis=1))
        print(f"_BEARD = {bound:.1f}: {wrong} of {len(bare) + len(beards)} wrong")
    if len(lips):
        others = np.concatenate([part for part in (bare, beards) if len(part)])
        best = (len(lips), 0.0, 0.0)
        for lip in np.arange(3, 40, 0.5):
            for chin in np.arange(3, 40, 0.5):
                missed = int((~((lips[:, 1] >= lip) & (lips[:, 0] < chin))).sum())
                best = min(best, (missed + int(((others[:, 1] >= lip) & (others[:, 0] < chin)).sum()), lip, chin))
        print(f"_MOUSTACHE = ({best[1]:.1f}, {best[2]:.1f}): {best[0]} of {len(lips) + len(others)} wrong")


def _bound(below: Any, above: Any) -> tuple[float, int]:
    """Return the value between two kinds of numbers that puts the fewest on the wrong side, and how many those are."""
    every = np.unique(np.concatenate([below, above]))
    marks = np.concatenate([(every[1:] + every[:-1]) / 2, every[-1:] + 1])
    wrong = np.array([(below >= mark).sum() + (above < mark).sum() for mark in marks])
    best = np.flatnonzero(wrong == wrong.min())
    return float(marks[best[len(best) // 2]]), int(wrong.min())


if __name__ == "__main__":
    main()
