"""Which traits of a drawn face a recogniser for photographs notices: `SENSITIVITY` of the embedded pack's training.

    python -m tests.benchmarks.sensitivity [--people N] [--first SEED]

Draws people's anchors (position 01) and fits, by least squares with weights of at least 0, 1 - cosine of every pair of
people under the development pack (FORGE_MODELS) to the squared differences of the numbers that they are drawn by
(`training.drawings.IDENTITY`, each from -1 to 1). Every third person is a neighbour of the one before, and those pairs
count thirty times: what is near says more of small changes. Prints the table, and how well it predicts people that it
was not fitted to. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from personaforge.embedded.training.drawings import IDENTITY, identity
from personaforge.embedded.training.people import person
from personaforge.embedded.training.positions import positions
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import PackMissing, find_pack

_NEAR = 30.0


def main() -> None:
    """Draw, fit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=360)
    parser.add_argument("--first", type=int, default=0)
    told = parser.parse_args()
    cv2.setNumThreads(1)
    pack = find_pack("auto")
    if isinstance(pack, PackMissing):
        raise SystemExit(f"{pack.reason}; {pack.hint}")
    analyzer = InsightAnalyzer(pack)
    numbers, vectors, indices = [], [], []
    for index in range(told.first, told.first + told.people):
        who = person(index)
        drawn = next(positions(who, index, ("01",)))
        faces = analyzer.read(drawn.pixels)
        if len(faces) == 1:
            numbers.append(identity(who.face))
            vectors.append(faces[0].embedding)
            indices.append(index)
    held = np.array(indices) >= told.first + told.people * 3 // 4
    at, seen = np.array(numbers, np.float64), np.array(vectors, np.float64)
    near = np.array(indices)
    weights = _fit(at[~held], seen[~held], near[~held])
    squares, apart, _ = _pairs(at[held], seen[held], near[held])
    guess = squares @ weights
    print(f"{len(at)} of {told.people} faces found; pairs of {int(held.sum())} people that were left out: correlation")
    print(f"{np.corrcoef(guess, apart)[0, 1]:.2f}, root mean square {np.sqrt(np.mean((guess - apart) ** 2)):.3f}\n")
    weights = _fit(at, seen, near)
    squares, apart, count = _pairs(at, seen, near)
    strangers = np.median((squares @ weights)[count == 1])
    print(
        f"strangers' median cosine {1 - np.median(apart[count == 1]):.3f}; exp(-F x sum) is 0.15 for them with F = "
        f"{-np.log(0.15) / strangers:.2f}\n"
    )
    for name, weight in sorted(zip(IDENTITY, weights, strict=True), key=lambda row: -row[1]):
        if weight >= 0.0005:
            print(f'"{name}": {weight:.3f},', end=" ")
    print()


def _fit(at: NDArray[np.float64], seen: NDArray[np.float64], indices: NDArray[np.int64]) -> NDArray[np.float64]:
    squares, apart, count = _pairs(at, seen, indices)
    root = np.sqrt(count)
    found: NDArray[np.float64] = nnls(squares * root[:, None], apart * root)[0]
    return found


def _pairs(
    at: NDArray[np.float64], seen: NDArray[np.float64], indices: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return of every pair the squares of half the differences, 1 - cosine, and how much it counts."""
    one, other = np.triu_indices(len(at), 1)
    squares = ((at[one] - at[other]) / 2) ** 2
    count = np.where((indices[other] % 3 == 2) & (indices[other] - indices[one] == 1), _NEAR, 1.0)
    return squares, 1 - np.einsum("ij,ij->i", seen[one], seen[other]), count


if __name__ == "__main__":
    main()
