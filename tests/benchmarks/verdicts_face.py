"""Where a poor picture of a face can no longer be judged: the tables behind `identity.judgeable` in conf/identity.

    python -m tests.benchmarks.verdicts_face [--pairs FOLDER]

The photographs that come with the packages scikit-image and insightface (eight faces of eight people) are made worse
step by step: fewer pixels, blur, rotation, a plain cover. For each step: how many of the eight are found, the mean and
the lowest embedding norm, the mean and the lowest cosine to the same photograph as it was (`kept`), the highest cosine
to another of the eight (`stranger`), which tells whether a poor picture can make strangers alike, and the sharpness.

Two photographs have about the product of what each keeps and of their cosine as they were. In the table of pairs
(`--pairs`; its figures are printed first) 99 % of pairs of one person are above .281, and 99 % of strangers below .177:
where less than .177 / .281 = .63 is kept, these two meet, and a low cosine says nothing.

The last table rotates the photographs and looks at them as builds do: how many call for a second look, how many are
turned by it, and how much is kept before and after. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from personaforge.faces.analyzer import Face
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.measure import embedding, measure_image
from personaforge.faces.opencv import opencv
from personaforge.faces.packs import PackMissing, find_pack
from personaforge.faces.picture import read_picture
from personaforge.faces.pose import Pose, pose_5, pose_106
from personaforge.faces.quality import sharpness
from personaforge.faces.upright import calls_for_second_look, second_look

Pixels = NDArray[np.uint8]
Worse = Callable[[Pixels, Face, float], Pixels]
"""(pixels, the face in them, how much) -> worse pixels."""
PHOTOGRAPHS = (
    ("skimage", "data/astronaut.png"),
    ("insightface", "data/images/t1.jpg"),
    ("insightface", "data/images/Tom_Hanks_54745.png"),
)
SIDE = 160
"""Pixels of a face's shorter side above which it is shrunk; the largest of the table's are about that (228 px along the
diagonal). Smaller ones stay as they are."""


class Photograph(NamedTuple):
    """One face by itself, and how it is read."""

    name: str
    pixels: Pixels
    face: Face


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", default="", help="folder that holds images.csv and pairs.csv")
    arguments = parser.parse_args()
    if arguments.pairs:
        print_pairs(Path(arguments.pairs))
    analyzer = InsightAnalyzer(_pack())
    faces = [Photograph(name, pixels, _required(name, largest(analyzer, pixels))) for name, pixels in cut(analyzer)]
    print(f"\n{'as it is':14}{'norm':>7}{'yaw':>6}{'roll':>6}{'side':>6}{'sharp':>7}")
    for one in faces:
        angles, sharp = pose(one.face), sharpness(one.pixels, one.face.box) or 0.0
        print(f"{one.name:14}{one.face.embedding_norm or 0:7.1f}{angles.yaw:6.0f}{angles.roll:6.0f}", end="")
        print(f"{side(one.face):6.0f}{sharp:7.1f}")
    for title, steps, worse in TABLES:
        print(
            f"\n{title:24}{'found':>6}{'norm':>7}{'lowest':>8}{'kept':>7}{'lowest':>8}{'stranger':>10}{'sharpness':>14}"
        )
        for step in steps:
            print_step(analyzer, faces, step, worse)
    print(f"\n{'second look, degrees':24}{'asked':>6}{'taken':>7}{'kept before':>13}{'kept':>7}{'lowest':>8}")
    for degrees in range(0, 360, 30):
        print_second_look(analyzer, faces, degrees)


def print_step(analyzer: Any, faces: Sequence[Photograph], step: float, worse: Worse) -> None:
    """Print what is left of all faces after one step."""
    norms, kept, strangers, sharp = [], [], [], []
    for one in faces:
        spoilt = worse(one.pixels, one.face, step)
        face = largest(analyzer, spoilt)
        if face is not None:
            norms.append(face.embedding_norm or 0.0)
            kept.append(float(face.embedding @ one.face.embedding))
            strangers.append(max(float(face.embedding @ other.face.embedding) for other in faces if other is not one))
            sharp.append(sharpness(spoilt, face.box) or 0.0)
    print(f"{step:24g}{len(norms):6}", end="")
    if norms:
        print(f"{fmean(norms):7.1f}{min(norms):8.1f}{fmean(kept):7.2f}{min(kept):8.2f}{max(strangers):10.2f}", end="")
        print(f"{min(sharp):8.2f}-{max(sharp):.2f}", end="")
    print()


def print_second_look(analyzer: Any, faces: Sequence[Photograph], degrees: float) -> None:
    """Print how often a rotated photograph is looked at again, how often turned, and what is kept before and after."""
    asked, taken, before, after = 0, 0, [], []
    for one in faces:
        data = encoded(rotated(one.pixels, one.face, degrees))
        measured = measure_image(data, analyzer)
        found = measured
        if calls_for_second_look(measured, analyzer.identity.as_json()):
            asked += 1
            upright = second_look(data, analyzer)["upright"]
            taken += upright is not None
            found = upright or measured
        before += [alike(measured, one)] if measured["status"] == "measured" else []
        after += [alike(found, one)] if found["status"] == "measured" else []
    kept = f"{fmean(before):.2f} of {len(before)}" if before else "none"
    print(f"{degrees:24g}{asked:6}{taken:7}{kept:>13}{fmean(after):7.2f}{min(after):8.2f}")


def alike(measured: dict[str, Any], one: Photograph) -> float:
    """Return the cosine of a measurement to the photograph as it was."""
    return float(embedding(measured) @ one.face.embedding)


def pose(face: Face) -> Pose:
    """Return a face's pose."""
    points = face.landmarks106
    return pose_5(list(face.landmarks5)) if points is None else pose_106(list(points))


def encoded(pixels: Pixels) -> bytes:
    """Return pixels as a PNG."""
    done, data = opencv().imencode(".png", pixels)
    assert done
    return bytes(data.tobytes())


def largest(analyzer: Any, pixels: Pixels) -> Face | None:
    """Return the largest face of a picture."""
    return next(iter(analyzer.read(pixels)), None)


def side(face: Face) -> float:
    """Return the shorter side of a face's box, pixels."""
    x1, y1, x2, y2 = (float(value) for value in face.box)
    return min(x2 - x1, y2 - y1)


def cut(analyzer: Any) -> Iterator[tuple[str, Pixels]]:
    """Yield each face by itself: cut out with half its size around it, and shrunk where it is larger than SIDE."""
    cv2 = opencv()
    for package, path in PHOTOGRAPHS:
        spec = importlib.util.find_spec(package)
        assert spec is not None and spec.origin is not None
        pixels = read_picture((Path(spec.origin).parent / path).read_bytes()).pixels
        for number, face in enumerate(analyzer.read(pixels)):
            x1, y1, x2, y2 = (float(value) for value in face.box)
            wide, high = x2 - x1, y2 - y1
            rows = slice(max(0, int(y1 - high / 2)), int(y2 + high / 2))
            part = pixels[rows, max(0, int(x1 - wide / 2)) : int(x2 + wide / 2)]
            scale = SIDE / min(wide, high)
            if scale < 1:
                part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield f"{Path(path).stem[:9]} {number}", np.ascontiguousarray(part)


def _required(name: str, face: Face | None) -> Face:
    assert face is not None, f"no face is found in {name}"
    return face


def smaller(pixels: Pixels, face: Face, wanted: float) -> Pixels:
    """Shrink so that the face's shorter side has so many pixels."""
    cv2 = opencv()
    scale = min(1.0, wanted / side(face))
    return np.ascontiguousarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def blurred(pixels: Pixels, face: Face, share: float) -> Pixels:
    """Blur by a Gaussian whose standard deviation is a share of the face's shorter side."""
    return np.asarray(opencv().GaussianBlur(pixels, (0, 0), share * side(face))) if share else pixels


def rotated(pixels: Pixels, face: Face, degrees: float) -> Pixels:
    """Rotate in the plane about the face's middle."""
    cv2 = opencv()
    height, width = pixels.shape[:2]
    extent = int(math.hypot(height, width))
    middle = (float(face.box[0] + face.box[2]) / 2, float(face.box[1] + face.box[3]) / 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, 1.0)
    matrix[:, 2] += (extent / 2 - middle[0], extent / 2 - middle[1])
    return np.asarray(cv2.warpAffine(pixels, matrix, (extent, extent), borderMode=cv2.BORDER_REPLICATE))


def covered(end: str) -> Worse:
    """Return what lays a plain grey over a share of the face from one end of its box."""

    def cover(pixels: Pixels, face: Face, share: float) -> Pixels:
        x1, y1, x2, y2 = (max(0, round(float(value))) for value in face.box)
        wide, high = round((x2 - x1) * share), round((y2 - y1) * share)
        areas = {"below": (x1, y2 - high, x2, y2), "above": (x1, y1, x2, y1 + high), "left": (x1, y1, x1 + wide, y2)}
        left, top, right, bottom = areas[end]
        found = pixels.copy()
        found[top:bottom, left:right] = 128
        return found

    return cover


TABLES: tuple[tuple[str, tuple[float, ...], Worse], ...] = (
    ("shorter side, pixels", (112, 80, 64, 48, 40, 32, 28, 24, 20, 16, 12, 8), smaller),
    ("blur, share of side", (0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12), blurred),
    ("rotation, degrees", (0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180), rotated),
    ("covered from below", (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), covered("below")),
    ("covered from above", (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), covered("above")),
    ("covered from the left", (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7), covered("left")),
)


def print_pairs(folder: Path) -> None:
    """Print what the table of pairs says of norms and cosines."""
    with open(folder / "images.csv", encoding="utf-8") as file:
        images = list(csv.DictReader(file))
    with open(folder / "pairs.csv", encoding="utf-8") as file:
        pairs = list(csv.DictReader(file))
    marks = [0, 0.5, 1, 50, 99, 99.9, 100]
    print(f"{'percentile':18}" + "".join(f"{mark:9g}" for mark in marks))
    for name in ("embedding_norm", "yaw", "roll", "face_diagonal_px"):
        _print_row(name, np.percentile([float(row[name]) for row in images], marks))
    for same, name in (("1", "cosine, same"), ("0", "cosine, strangers")):
        _print_row(name, np.percentile([float(row["cosine"]) for row in pairs if row["same"] == same], marks))


def _print_row(name: str, values: Iterable[float]) -> None:
    print(f"{name:18}" + "".join(f"{value:9.3f}" for value in values))


def _pack() -> Any:
    models = [Path(part) for part in os.environ.get("FORGE_MODELS", "").split(os.pathsep) if part]
    found = find_pack("buffalo_s_dev", models)
    if isinstance(found, PackMissing):
        raise SystemExit(f"{found.reason}: set FORGE_MODELS to the folder that holds buffalo_s_dev")
    return found


if __name__ == "__main__":
    main()
