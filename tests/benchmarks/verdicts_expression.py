"""What landmarks tell of an expression: eight faces of photographs that come with dependencies, and the same, changed.

    python -m tests.benchmarks.verdicts_expression

Each face by 106 points and by the mesh; how far the numbers move where nothing of the face does (mirrored, at half and
double size, blurred); and where something does: pixels are moved so that the corners of the mouth go out by .05 and up
by .1 of the distance between the eyes or back, brows up by .2, upper lids down on the lower ones. The bounds of
conf/delivered come from these tables. Last, a laugh beside a face at rest in drawings by forge, by the pack for them.
Nothing here passes or fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import yaml

from personaforge.faces.expression import Expression, expression_106, expression_mesh
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.mesh import FaceMesh
from personaforge.faces.packs import Pack, find_pack
from personaforge.faces.picture import read_picture
from personaforge.faces.pose import pose_106
from personaforge.providers.embedded_images import EmbeddedImages
from tests.benchmarks.verdicts_asked import _FIELDS, CONF, people
from tests.benchmarks.verdicts_clips import embedded_pack
from tests.benchmarks.verdicts_pack import _photographs
from tests.embedded.painter.subjects import draw_request
from tests.faces.test_mesh import OURS

Pixels = np.ndarray
Both = tuple[Expression, Expression]


class Readers(NamedTuple):
    """What reads."""

    insight: InsightAnalyzer
    mesh: FaceMesh


def main() -> None:
    """Print the tables."""
    pack = find_pack("auto")
    if not isinstance(pack, Pack):
        raise SystemExit("expected FORGE_MODELS with a face pack of 106 points")
    readers = Readers(InsightAnalyzer(pack), FaceMesh(OURS))
    moved: dict[str, list[tuple[Expression, ...]]] = {}
    names = "  ".join(f"{name:>6}" for name in Expression._fields)
    print(f"{'face':14}{'yaw':>6}   106: {names}   mesh: {names}")
    for name, pixels, face in faces(readers):
        middle = face.landmarks5.mean(axis=0)
        plain = read(readers, pixels, middle)
        print(f"{name:14}{pose_106(list(face.landmarks106)).yaw:6.0f}   106: {_row(plain[0])}   mesh: {_row(plain[1])}")
        for change, other, at in changes(pixels, face, middle):
            found = read(readers, other, at)
            off = tuple(Expression(*np.subtract(one, before)) for one, before in zip(found, plain, strict=True))
            moved.setdefault(change, []).append(off)
    print(f"\n{'least and most that a number moves':36}106, then mesh")
    for change, several in moved.items():
        sets = ("106", "mesh")
        for index, one in enumerate(sets):
            values = np.array([both[index] for both in several])
            span = "  ".join(
                f"{field} {low:+.3f} to {high:+.3f}"
                for field, low, high in zip(Expression._fields, values.min(axis=0), values.max(axis=0), strict=True)
            )
            print(f"{change if index == 0 else '':30}{one:>5} {span}")
    print("\ndrawings: a laugh, less the face at rest")
    for number, off in enumerate(drawings()):
        print(f"person {number:<23}  106 " + "  ".join(f"{n} {v:+.3f}" for n, v in off._asdict().items()))


def faces(readers: Readers) -> Iterator[tuple[str, Pixels, Any]]:
    """Yield every face of the photographs: a name, the picture's pixels, the face."""
    for name, data in _photographs():
        pixels = read_picture(data).pixels
        for number, face in enumerate(readers.insight.read(pixels)):
            yield f"{name} {number}", pixels, face


def read(readers: Readers, pixels: Pixels, at: Sequence[float]) -> Both:
    """Return the numbers of the face that is nearest to a place."""
    face = min(readers.insight.read(pixels), key=lambda one: float(np.linalg.norm(one.landmarks5.mean(axis=0) - at)))
    assert face.landmarks106 is not None
    mesh = readers.mesh.points(pixels, face.box, face.landmarks5[:2])
    return expression_106(list(face.landmarks106)), expression_mesh(list(mesh))


def changes(pixels: Pixels, face: Any, middle: Any) -> Iterator[tuple[str, Pixels, Any]]:
    """Yield the picture changed, with what was done and where the face is then."""
    points = face.landmarks106.astype(float)
    eyes = points[88] - points[38]
    apart = float(np.linalg.norm(eyes))
    across, down = eyes / apart, np.array([-eyes[1], eyes[0]]) / apart
    yield "mirrored", pixels[:, ::-1].copy(), np.array([pixels.shape[1] - 1 - middle[0], middle[1]])
    for what, factor, way in (("half size", 0.5, cv2.INTER_AREA), ("double size", 2.0, cv2.INTER_CUBIC)):
        yield what, cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=way), middle * factor
    yield "blurred by .04 of the eyes", cv2.GaussianBlur(pixels, (0, 0), apart * 0.04), middle
    for what, sign in (("corners of the mouth up, out", 1), ("corners of the mouth down, in", -1)):
        shifts = [sign * apart * (-0.1 * down - 0.05 * across), sign * apart * (-0.1 * down + 0.05 * across)]
        yield what, pulled(pixels, points[[52, 61]], shifts, (0.2 * apart, 0.2 * apart)), middle
    brows = np.array([points[[44, 45, 47]].mean(axis=0), points[[98, 99, 100]].mean(axis=0)])
    yield "brows up", pulled(pixels, brows, [-0.2 * apart * down] * 2, (0.3 * apart, 0.12 * apart)), middle
    lids = [points[33] - points[40], points[87] - points[94]]
    yield "upper lids down", pulled(pixels, points[[40, 94]], lids, (0.2 * apart, 0.08 * apart)), middle


def pulled(pixels: Pixels, places: Any, shifts: Sequence[Any], reach: tuple[float, float]) -> Pixels:
    """Return the picture with what lies at each place moved by its shift, less and less around it (Gaussian)."""
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
    from_x, from_y = columns.copy(), rows.copy()
    for (x, y), (by_x, by_y) in zip(places, shifts, strict=True):
        share = np.exp(-((columns - x) ** 2 / (2 * reach[0] ** 2) + (rows - y) ** 2 / (2 * reach[1] ** 2)))
        from_x -= (share * by_x).astype(np.float32)
        from_y -= (share * by_y).astype(np.float32)
    return cv2.remap(pixels, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def drawings() -> Iterator[Expression]:
    """Yield, for each of six drawn people, how far a laugh moves the numbers of the face at rest."""
    matrix = yaml.safe_load((CONF / "matrix/heia_20.yaml").read_text())
    painter, analyzer, position = EmbeddedImages(), InsightAnalyzer(embedded_pack()), matrix["positions"]["01"]
    for number, who in enumerate(people(1)):
        found = []
        for expression in ("neutral", "laugh"):
            asked = {name: position[name] for name in _FIELDS} | {"expression": expression}
            scene = {"name": position["scene"], "colors": matrix["scenes"][position["scene"]]["colors"]}
            request = draw_request({**who, "position": asked, "scene": scene}, None, width=384, height=560, seed=number)
            blob = painter.submit(request).blob
            assert blob is not None
            (face,) = analyzer.read(read_picture(blob.data).pixels)
            assert face.landmarks106 is not None
            found.append(expression_106(list(face.landmarks106)))
        yield Expression(*np.subtract(found[1], found[0]))


def _row(found: Expression) -> str:
    return "  ".join(f"{value:6.3f}" for value in found)


if __name__ == "__main__":
    main()
