"""What the parts of a composed pack give beside what they stand in for, on photographs that come with dependencies.

    python -m tests.benchmarks.verdicts_pack
    python -m tests.benchmarks.verdicts_pack --litert    (needs ai-edge-litert) compares with MediaPipe's own runtime
    python -m tests.benchmarks.verdicts_pack --pairs FILE    the EER of a table with the columns person_a, person_b,
                                                             same and cosine, as `measuring.peers` has it

The recogniser's weights are not AuraFace's: FORGE_MODELS has the development pack's w600k_mbf, which is of the same
form and shows that alignment and scaling are right. No accuracy is printed: nobody has labelled photographs here.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from personaforge.faces import yunet
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.landmarks import ratios_mesh
from personaforge.faces.mesh import FaceMesh
from personaforge.faces.packs import Pack, find_pack, pack_folders
from personaforge.faces.picture import read_picture
from personaforge.faces.pose import pose_106, pose_mesh
from personaforge.faces.recognisers import ArcFace
from personaforge.faces.runtime import onnxruntime
from personaforge.identity.roc import equal_error
from tests.faces.test_mesh import LITERT, OURS, patterns

_LEGEND = """
eyes: pixels between the eyes, the unit of distances. mesh:scrfd and yunet:scrfd: mean distance of the five points.
mirror: mean difference of the ratios to the mirrored picture's. yaw and pitch: degrees from those of 106 points.
looks: how far points move where the box is shifted by 15 % or scaled by 0.8 and 1.25. cos: of our embedding and
insightface's, each by its own detector's five points; {} faces."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--litert", action="store_true", help="compare with LiteRT, and write what it gives for tests")
    parser.add_argument("--pairs", type=Path, metavar="FILE", help="print the EER of a table of measured pairs")
    asked = parser.parse_args()
    if asked.litert or asked.pairs is not None:
        _litert() if asked.litert else _pairs(asked.pairs)
        return
    pack = find_pack("auto")
    found = _file("opencv", "face_detection_yunet_2023mar.onnx")
    if not isinstance(pack, Pack) or found is None:
        raise SystemExit("expected FORGE_MODELS with a face pack and opencv/face_detection_yunet_2023mar.onnx")
    insight, detector, mesh = InsightAnalyzer(pack), yunet.load(found), FaceMesh(OURS)
    recogniser = ArcFace(pack.folder / next(name for name in pack.files if name.startswith("w600k")))
    columns = ("eyes", "mesh:scrfd", "yunet:scrfd", "mirror", "yaw:106", "pitch:106", "1 look", "2 looks", "cos")
    print(f"{'face':16}" + "".join(f"{one:>12}" for one in columns))
    rows = []
    for name, data in _photographs():
        pixels = read_picture(data).pixels
        others = insight.read(pixels)
        for number, seen in enumerate(yunet.sightings(detector, pixels)):
            other = min(others, key=lambda face: float(np.linalg.norm(face.landmarks5 - seen.points)))
            rows.append(_row(pixels, seen, other, mesh, recogniser))
            print(f"{name} {number:<10}"[:16] + "".join(f"{value:12.3f}" for value in rows[-1]))
    print(f"{'mean':16}" + "".join(f"{value:12.3f}" for value in np.mean(rows, axis=0)))
    print(_LEGEND.format(len(rows)))
    _speed(mesh, read_picture(next(_photographs())[1]).pixels)


def _row(
    pixels: np.ndarray, seen: yunet.Sighting, other: Any, mesh: FaceMesh, recogniser: ArcFace
) -> tuple[float, ...]:
    eyes = float(np.linalg.norm(seen.points[1] - seen.points[0]))
    points = mesh.points(pixels, seen.box, seen.points[:2])
    five = np.array([points[[33, 133]].mean(axis=0), points[[362, 263]].mean(axis=0), *points[[1, 61, 291]]])[:, :2]
    across = pixels.shape[1] - 1
    box, pair = seen.box.copy(), seen.points[[1, 0]].copy()
    box[[0, 2]], pair[:, 0] = across - seen.box[[2, 0]], across - pair[:, 0]
    mirrored = ratios_mesh(mesh.points(np.ascontiguousarray(pixels[:, ::-1]), box, pair))
    ratios = ratios_mesh(points)
    one, two = pose_mesh(points), pose_106(other.landmarks106)
    middle, half = (seen.box[:2] + seen.box[2:]) / 2, (seen.box[2:] - seen.box[:2]) / 2
    moved: tuple[list[float], list[float]] = ([], [])
    for scale, shift in ((0.8, 0.0), (1.25, 0.0), (1.0, 0.15), (1.0, -0.15)):
        at = middle + np.array([2 * half[0] * shift, 0.0])
        jittered = np.concatenate([at - half * scale, at + half * scale])
        once = mesh._look(pixels, at, float(2 * half.max() * scale), seen.points[1] - seen.points[0])
        for found, far in zip((once, mesh.points(pixels, jittered, seen.points[:2])), moved, strict=True):
            far.append(float(np.linalg.norm((found - points)[:, :2], axis=1).mean() / eyes))
    vector = recogniser.embed(pixels, seen.points)
    return (
        eyes,
        float(np.linalg.norm(five - other.landmarks5, axis=1).mean() / eyes),
        float(np.linalg.norm(seen.points - other.landmarks5, axis=1).mean() / eyes),
        float(np.mean([abs(ratios[name] - mirrored[name]) for name in ratios])),
        one.yaw - two.yaw,
        one.pitch - two.pitch,
        float(np.mean(moved[0])),
        float(np.mean(moved[1])),
        float(vector @ other.embedding / np.linalg.norm(vector)),
    )


def _speed(mesh: FaceMesh, pixels: np.ndarray) -> None:
    box, eyes = np.array([182.0, 60.0, 268.0, 178.0]), np.array([[201.0, 109.0], [243.0, 110.0]])
    mesh.points(pixels, box, eyes)
    times = []
    for _ in range(50):
        start = time.process_time()
        mesh.points(pixels, box, eyes)
        times.append(time.process_time() - start)
    print(f"mesh, two looks: {1000 * float(np.median(times)):.1f} ms of processor time (median of {len(times)})")


def _pairs(path: Path) -> None:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    same = [row for row in rows if row["same"] == "1"]
    different = [row for row in rows if row["same"] == "0"]
    error = equal_error(
        [float(row["cosine"]) for row in same],
        [float(row["cosine"]) for row in different],
        [int(row["person_a"]) for row in same],
        [(int(row["person_a"]), int(row["person_b"])) for row in different],
    )
    people = {row[side] for row in rows for side in ("person_a", "person_b")}
    print(f"{len(same)} same and {len(different)} different pairs of {len(people)} people: {error}")


def _litert() -> None:
    from ai_edge_litert.interpreter import Interpreter

    source = _file("mediapipe", "face_landmark.tflite")
    if source is None:
        raise SystemExit("expected FORGE_MODELS with mediapipe/face_landmark.tflite")
    theirs = Interpreter(str(source), num_threads=1)
    theirs.allocate_tensors()
    given = theirs.get_input_details()[0]["index"]
    found = [one["index"] for one in theirs.get_output_details()]
    session = onnxruntime().InferenceSession(str(OURS), providers=["CPUExecutionProvider"])
    told, worst = [], 0.0
    for data in patterns():
        theirs.set_tensor(given, np.ascontiguousarray(data.transpose(1, 2, 0)[None]))
        theirs.invoke()
        points, presence = (theirs.get_tensor(one).ravel() for one in found)
        ours = session.run(["points"], {"data": data[None]})[0].ravel()
        worst = max(worst, float(np.abs(ours - points).max()))
        told.append({"points": [round(float(one), 4) for one in points[::9]], "presence": round(float(presence[0]), 4)})
    LITERT.write_text(json.dumps(told) + "\n")
    print(f"largest difference: {worst:.1e} of a pixel of 192; written: {LITERT}")


def _photographs() -> Iterator[tuple[str, bytes]]:
    from importlib.util import find_spec

    for package, name in (("skimage", "data/astronaut.png"), ("insightface", "data/images/t1.jpg"),
                          ("insightface", "data/images/Tom_Hanks_54745.png")):  # fmt: skip
        spec = find_spec(package)
        assert spec is not None and spec.origin is not None
        yield Path(name).stem[:9], (Path(spec.origin).parent / name).read_bytes()


def _file(folder: str, name: str) -> Path | None:
    return next((path for one in pack_folders() if (path := one / folder / name).is_file()), None)


if __name__ == "__main__":
    main()
