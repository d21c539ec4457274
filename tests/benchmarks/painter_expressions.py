"""Whether drawn expressions are told apart by a mesh that never saw a drawing: MediaPipe's, on people left out.

Each person is drawn with each expression, and once more at rest as the anchor, with other light and grain and the head
turned a little. A face is its mesh of 468 points, laid level between the eyes' outer corners and in units of their
distance; what is told apart is the parts that move (brows, lids, lips, chin), with the anchor's taken away (`anchor`)
or as they are (`alone`). The classifier is linear discriminants whose covariance is shrunk by a fixed share, fitted to
all other people. Gaze can't count, as the mesh has no irises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.mesh import FaceMesh
from personaforge.faces.picture import read_picture
from tests.faces.test_mesh import OURS

NAMED: Final = (
    "neutral", "soft smile", "laugh", "serious", "surprised", "thoughtful", "confident", "sad", "angry",
)  # fmt: skip
"""The expressions that must be told apart."""
_MOVING: Final = (
    # brows: lower and upper edges
    46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336,
    # lids
    160, 159, 158, 144, 145, 153, 385, 386, 387, 373, 374, 380,
    # lips: outer and inner
    61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 78, 82, 13, 312, 308, 317, 14, 87,
    # chin, and the skin beside the mouth
    152, 199, 205, 425,
)  # fmt: skip
_CORNERS: Final = (33, 263)
"""The eyes' outer corners."""
_SHRINK: Final = 0.10
"""Share of the covariance that is replaced by its mean variance."""


def features(points: np.ndarray) -> np.ndarray:
    """Return the moving points of a mesh, (468, 3) in pixels, as one row: level, in units of the eyes' distance."""
    flat = points[:, :2].astype(float)
    left, right = flat[list(_CORNERS)]
    apart = right - left
    size = float(np.hypot(*apart))
    turn = np.array([[apart[0], apart[1]], [-apart[1], apart[0]]]) / size
    return (((flat[list(_MOVING)] - (left + right) / 2) @ turn.T) / size).ravel()


def classified(rows: np.ndarray, labels: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Return the label found for each row by discriminants fitted to the rows of all other owners."""
    found = np.empty(len(rows), int)
    for owner in np.unique(owners):
        mine = owners == owner
        names = np.unique(labels[~mine])
        means = np.stack([rows[~mine & (labels == name)].mean(axis=0) for name in names])
        rest = rows[~mine] - means[np.searchsorted(names, labels[~mine])]
        spread = rest.T @ rest / len(rest)
        mean = np.trace(spread) / len(spread)
        inverse = np.linalg.inv((1 - _SHRINK) * spread + _SHRINK * mean * np.eye(len(spread)))
        off = rows[mine][:, None] - means[None]
        found[mine] = names[np.einsum("abi,ij,abj->ab", off, inverse, off).argmin(axis=1)]
    return found


class Told(NamedTuple):
    """How expressions were taken: one value for each picture."""

    truth: np.ndarray
    """Indices of the expressions drawn."""
    owners: np.ndarray
    found: dict[str, np.ndarray]
    """Indices of the expressions found, of a face alone (`alone`) and with its person's at rest (`anchor`)."""
    missed: int
    """Pictures without exactly one face."""


def classify_expressions(
    people: list[dict[str, Any]], analyzer: InsightAnalyzer, draw: Callable[..., bytes], names: tuple[str, ...] = NAMED
) -> Told:
    """Draw people with each expression and say as which each is taken. `draw` is `painter.draw`."""
    mesh = FaceMesh(OURS)

    def read(png: bytes) -> Any:
        pixels = read_picture(png).pixels
        faces = analyzer.read(pixels)
        return features(mesh.points(pixels, faces[0].box, faces[0].landmarks5[:2])) if len(faces) == 1 else None

    rows, calm, labels, owners = [], [], [], []
    missed = 0
    for index, who in enumerate(people):
        size = {"width": 384, "height": 512}
        rest = read(draw(who, "01", seed=90 + index, **size))
        for label, name in enumerate(names):
            found = read(draw(who, "01", changes={"expression": name}, seed=label + 10 * index, **size))
            if found is None or rest is None:
                missed += 1
                continue
            rows.append(found)
            calm.append(found - rest)
            labels.append(label)
            owners.append(index)
    truth, owner = np.array(labels), np.array(owners)
    taken = {what: classified(np.stack(values), truth, owner) for what, values in (("alone", rows), ("anchor", calm))}
    return Told(truth, owner, taken, missed)


def print_expressions(
    people: list[dict[str, Any]], analyzer: InsightAnalyzer, draw: Callable[..., bytes], names: tuple[str, ...] = NAMED
) -> None:
    """Print how many of the expressions are told apart, and which are taken for which. `draw` is `painter.draw`."""
    told = classify_expressions(people, analyzer, draw, names)
    truth = told.truth
    print(f"{len(people)} people x {len(names)} expressions by MediaPipe's mesh, each person left out;"
          f" no face: {told.missed}")  # fmt: skip
    for what, got in told.found.items():
        print(f"  {what:8} told apart {100 * np.mean(got == truth):.1f} %")
        for label, name in enumerate(names):
            wrong = got[(truth == label) & (got != label)]
            if len(wrong):
                taken = ", ".join(f"{names[one]} {np.sum(wrong == one)}" for one in np.unique(wrong))
                right = np.sum(truth == label) - len(wrong)
                print(f"    {name:12} {right}/{np.sum(truth == label)}; taken for {taken}")
    print(flush=True)
