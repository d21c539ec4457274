"""What a face's expression is told by: known answers, which points are read, and eight photographed faces."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from personaforge.faces.expression import Expression, expression_106, expression_mesh, measure_expression
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.measure import measure_image
from personaforge.faces.mesh import FaceMesh
from personaforge.faces.picture import read_picture
from tests.faces.test_mesh import OURS

OF_106 = {
    35: (-6, 0), 39: (-4, 0), 41: (-5.5, -0.5), 36: (-5.5, 0.5), 42: (-4.5, -0.3), 37: (-4.5, 0.3),
    89: (4, 0), 93: (6, 0), 95: (4.5, -0.2), 90: (4.5, 0.2), 96: (5.5, -0.2), 91: (5.5, 0.2),
    65: (-3, 10), 69: (3, 10), 66: (-1, 9.7), 54: (-1, 10.3), 62: (0, 9.5), 60: (0, 10.7), 70: (1, 9.7), 57: (1, 10.3),
    52: (-4.5, 10), 61: (4.5, 10),
    44: (-6, -2), 45: (-5, -3), 47: (-4, -2.5), 98: (4, -2), 99: (5, -3), 100: (6, -2.5),
}  # fmt: skip
"""Eyes 10 apart and 2 wide, lids (1 + .6) / 2 / 2 and .4 / 2 apart, lips (.6 + 1.2 + .6) / 3 over 6."""
ANSWER = Expression(eyes=0.3, mouth=0.1333, smile=0.9, brows=0.25)
MESH = {
    **dict(zip((35, 39, 41, 36, 42, 37), (33, 133, 160, 144, 158, 153), strict=True)),
    **dict(zip((89, 93, 95, 90, 96, 91), (362, 263, 385, 380, 387, 373), strict=True)),
    **dict(zip((65, 69, 66, 54, 62, 60, 70, 57, 52, 61), (78, 308, 82, 87, 13, 14, 312, 317, 61, 291), strict=True)),
    **dict(zip((44, 45, 47, 98, 99, 100), (53, 52, 65, 283, 282, 295), strict=True)),
}
"""The same place of a face in both layouts."""


def a_106() -> np.ndarray:
    points = np.full((106, 2), np.inf)
    points[list(OF_106)] = list(OF_106.values())
    points[~np.isfinite(points)] = 77  # nothing else is read
    return points


def a_mesh() -> np.ndarray:
    points = np.full((468, 3), 77.0)
    points[[MESH[one] for one in OF_106], :2] = list(OF_106.values())
    return points


def test_known_answers_of_both_sets_however_the_face_lies() -> None:
    assert expression_106(a_106()) == expression_mesh(a_mesh()) == ANSWER
    turn = np.array([[math.cos(2.5), -math.sin(2.5)], [math.sin(2.5), math.cos(2.5)]])
    assert expression_106(a_106() @ turn.T * 13 + [400, -90]) == pytest.approx(ANSWER, abs=1e-4)


@pytest.mark.parametrize(
    ("moved", "name", "value"),
    [
        ({41: (0, 0.5), 42: (0, 0.3), 95: (0, 0.2), 96: (0, 0.2)}, "eyes", 0.15),
        ({54: (0, -0.6), 60: (0, -1.2), 57: (0, -0.6)}, "mouth", 0.0),
        ({52: (-0.5, -1), 61: (0.5, -1)}, "smile", 1.0),
        (dict.fromkeys((44, 45, 47, 98, 99, 100), (0, -1)), "brows", 0.35),
    ],
)
def test_a_part_that_moves_moves_its_own_number_alone(
    moved: dict[int, tuple[float, float]], name: str, value: float
) -> None:
    points = a_106()
    for index, by in moved.items():
        points[index] += by
    assert expression_106(points)._asdict() == {**ANSWER._asdict(), name: pytest.approx(value, abs=1e-4)}


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({35: (math.nan, 0)}, "finite"),
        ({89: (-6, 0), 93: (-4, 0)}, "coincide"),
        ({35: (-5, 0), 39: (-5, 0)}, "an eye has no width"),
        ({65: (0, 10), 69: (0, 10)}, "the mouth has no width"),
    ],
)
def test_points_that_cant_be_used_are_an_error_that_says_so(spoilt: dict[int, tuple[float, float]], said: str) -> None:
    points = a_106()
    for index, place in spoilt.items():
        points[index] = place
    with pytest.raises(ValueError, match=said):
        expression_106(points)
    with pytest.raises(ValueError, match="found 105 points, expected 106"):
        expression_106(a_106()[1:])


def test_photographed_faces_show_what_they_show(
    analyzer: InsightAnalyzer, astronaut: bytes, six_people: bytes, tom_hanks: bytes
) -> None:
    """By what people see in them: four broad smiles, five pairs of lips apart, one pair of closed eyes."""
    mesh, faces = FaceMesh(OURS), []
    for data in (astronaut, six_people, tom_hanks):
        pixels = read_picture(data).pixels
        for face in analyzer.read(pixels):
            of_mesh = expression_mesh(list(mesh.points(pixels, face.box, face.landmarks5[:2])))
            assert face.landmarks106 is not None
            faces.append((expression_106(list(face.landmarks106)), of_mesh))
            assert measure_expression(face) == faces[-1][0]._asdict()
    assert len(faces) == 8
    smiles, apart, closed = {0, 1, 4, 6}, {0, 1, 3, 4, 6}, {6}
    for which, bound in ((0, (0.92, 0.107)), (1, (0.87, 0.073))):
        assert {at for at, one in enumerate(faces) if one[which].smile >= bound[0]} == smiles
        assert {at for at, one in enumerate(faces) if one[which].mouth >= bound[1]} == apart
        assert {min(range(8), key=lambda at: faces[at][which].eyes)} == closed
    measured = measure_image(six_people, analyzer)
    assert measured["expressions"] == [one[0]._asdict() for one in faces[1:7]]


def test_a_largest_face_with_unusable_points_leaves_the_others_theirs(encode: Any, a_face: Any, scripted: Any) -> None:
    points = a_106() * 4 + [60, 60]
    points[[38, 88, 72, 86, 80, 0]] = np.array([(-5, 0), (5, 0), (0, 0), (0, 6), (0, 8), (0, 16)]) * 4 + [60, 60]
    flat = a_face(landmarks106=np.zeros((106, 2), dtype=np.float32))
    faces = flat, a_face(landmarks106=points.astype(np.float32), box=np.array([20, 30, 80, 120], dtype=np.float32))
    measured = measure_image(encode(np.full((150, 120, 3), 90, dtype=np.uint8)), scripted(*faces))
    assert measured["status"] == "no_face" and measured["people"]["faces"][1]["status"] == "measured"
    assert measured["expressions"] == [None, pytest.approx(ANSWER._asdict(), abs=2e-4)]
