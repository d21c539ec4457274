"""All faces of a picture, and the second look at one whose face lies on its side or upside down."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from personaforge.digest import canonical
from personaforge.faces.analyzer import Face
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.measure import MOST_PEOPLE, embedding, measure_image
from personaforge.faces.picture import read_picture
from personaforge.faces.upright import calls_for_second_look, second_look
from personaforge.identity.score import cosine
from tests.faces.conftest import ScriptedAnalyzer

Make = Callable[..., Any]
PHOTO_PACK = {"backend": "insightface", "pack": "buffalo_s_dev"}
POINTS = np.array([[30, 50], [70, 50], [50, 70], [40, 90], [60, 90]], dtype=np.float32)


def rotated(data: bytes, code: int | None) -> bytes:
    pixels = read_picture(data).pixels
    done, out = cv2.imencode(".png", pixels if code is None else cv2.rotate(pixels, code))
    assert done
    return bytes(out.tobytes())


class Corner(ScriptedAnalyzer):
    """Sees a face where the white corner of the picture is: sure of it in the upper left corner, and less so, with
    another embedding, in the others."""

    def read(self, pixels: np.ndarray) -> tuple[Face, ...]:
        self.seen.append(pixels)
        height, width = pixels.shape[:2]
        rows, columns = np.nonzero(pixels.max(axis=2) > 250)
        if not len(rows):
            return ()
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], dtype=np.float32)
        is_upright = box[0] < width / 2 and box[1] < height / 2
        vector = np.eye(1, 512, 0 if is_upright else 1, dtype=np.float32)[0]
        return (Face(box, 0.85 if is_upright else 0.6, vector, POINTS, embedding_norm=22.0 if is_upright else 13.0),)


def cornered(top: int, left: int) -> bytes:
    pixels = np.zeros((150, 120, 3), dtype=np.uint8)
    pixels[top : top + 20, left : left + 10] = 255
    done, out = cv2.imencode(".png", pixels)
    assert done
    return bytes(out.tobytes())


@pytest.mark.parametrize(("top", "left", "turned_by"), [(125, 5, 90), (125, 105, 180), (5, 105, 270)])
def test_a_turned_face_is_measured_upright_and_its_box_stays_in_the_picture(
    top: int, left: int, turned_by: int
) -> None:
    found = second_look(cornered(top, left), Corner(()))
    upright = found["upright"]
    assert upright["turned_by"] == turned_by and upright["detection"] == 0.85
    assert upright["box"] == [left, top, left + 10, top + 20]
    assert (upright["width"], upright["height"]) == (120, 150)
    assert embedding(upright)[0] == 1
    assert json.loads(canonical(found)) == found


def test_an_upright_face_is_left_as_it_is() -> None:
    assert second_look(cornered(5, 5), Corner(()))["upright"] is None
    assert second_look(b"", Corner(()))["status"] == "unreadable"
    nobody = np.zeros((150, 120, 3), dtype=np.uint8)
    done, out = cv2.imencode(".png", nobody)
    assert done and second_look(bytes(out.tobytes()), Corner(()))["upright"] is None


@pytest.mark.parametrize(
    ("detection", "norm", "is_better"),
    [
        (0.65, 14.0, True),  # surer by .05, with a longer embedding
        (0.64, 14.0, False),
        (0.9, 13.0, False),  # as long: the detector alone doesn't decide
        (0.6, 16.25, True),  # no surer, and 1.25 times as long
        (0.6, 16.24, False),
        (0.59, 30.0, False),
    ],
)
def test_a_turned_look_counts_where_it_is_clearly_better(
    encode: Make, a_face: Make, detection: float, norm: float, is_better: bool
) -> None:
    class Turning(ScriptedAnalyzer):
        def read(self, pixels: np.ndarray) -> tuple[Face, ...]:
            self.seen.append(pixels)
            return self.faces[:1] if len(self.seen) == 1 else self.faces[1:]

    faces = (a_face(score=0.6, embedding_norm=13.0), a_face(score=detection, embedding_norm=norm))
    found = second_look(encode(np.full((150, 120, 3), 90, dtype=np.uint8)), Turning(faces))
    assert (found["upright"] is not None) is is_better


@pytest.mark.parametrize(("detection", "counts"), [(0.64, False), (0.65, True)])
def test_where_nothing_was_found_a_turned_face_has_to_be_sure(
    encode: Make, a_face: Make, detection: float, counts: bool
) -> None:
    class Later(ScriptedAnalyzer):
        def read(self, pixels: np.ndarray) -> tuple[Face, ...]:
            self.seen.append(pixels)
            return () if len(self.seen) == 1 else self.faces

    found = second_look(encode(np.full((150, 120, 3), 90, dtype=np.uint8)), Later((a_face(score=detection),)))
    assert (found["upright"] is not None) is counts


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({}, False),
        ({"status": "no_face"}, True),
        ({"status": "unreadable"}, False),
        ({"detection": 0.779}, True),
        ({"pose": {"yaw": 0.0, "pitch": 0.0, "roll": -45.0}}, True),
        ({"pose": {"yaw": 60.0, "pitch": 50.0, "roll": 44.9}}, False),
    ],
)
def test_what_calls_for_a_second_look(changes: dict[str, Any], calls: bool) -> None:
    measured = {"status": "measured", "detection": 0.78, "pose": {"yaw": 0.0, "pitch": 0.0, "roll": 0.0}, **changes}
    assert calls_for_second_look(measured, PHOTO_PACK) is calls
    drawn = calls_for_second_look(measured, {**PHOTO_PACK, "pack": "embedded"})
    assert drawn is (calls and "detection" not in changes), "the pack for drawings is less sure of upright ones"


def test_all_faces_are_measured_up_to_a_bound(encode: Make, a_face: Make, scripted: Make) -> None:
    faces = [a_face(box=np.array([0, 0, 90 - at, 100], dtype=np.float32), score=0.9 - at / 100) for at in range(20)]
    measured = measure_image(encode(np.full((150, 120, 3), 90, dtype=np.uint8)), scripted(*faces))
    people = measured["people"]
    assert MOST_PEOPLE == 16 and len(people["faces"]) == 16 and people["left_out"] == 4 and measured["faces"] == 20
    assert [one["detection"] for one in people["faces"][:3]] == [0.9, 0.89, 0.88]
    first = people["faces"][0]
    assert {name: measured[name] for name in first} == first, "the largest is what the picture itself says"
    alone = measure_image(encode(np.full((150, 120, 3), 90, dtype=np.uint8)), scripted(faces[0]))
    assert "people" not in alone


def test_a_largest_face_with_unusable_points_leaves_the_others(encode: Make, a_face: Make, scripted: Make) -> None:
    flat = a_face(landmarks5=np.zeros((5, 2), dtype=np.float32))
    measured = measure_image(encode(np.full((150, 120, 3), 90, dtype=np.uint8)), scripted(flat, a_face()))
    assert (measured["status"], measured["code"], measured["faces"]) == ("no_face", "degenerate", 2)
    assert "box" not in measured and [one["status"] for one in measured["people"]["faces"]] == ["no_face", "measured"]


def test_real_photographs_turned_are_the_same_person(analyzer: InsightAnalyzer, astronaut: bytes) -> None:
    as_it_is = measure_image(astronaut, analyzer)
    identity = analyzer.identity.as_json()
    assert not calls_for_second_look(as_it_is, identity)
    upside_down: dict[str, Any] = {}
    for code, turned_by in ((cv2.ROTATE_180, 180), (cv2.ROTATE_90_COUNTERCLOCKWISE, 90)):
        data = rotated(astronaut, code)
        first = measure_image(data, analyzer)
        assert calls_for_second_look(first, identity)
        upright = second_look(data, analyzer)["upright"]
        assert upright["turned_by"] == turned_by and cosine(as_it_is, upright) > 0.999
        upside_down = first if turned_by == 180 else upside_down
    assert upside_down["status"] != "measured" or cosine(as_it_is, upside_down) < 0.2, "as another person, without it"


def test_six_people_are_six_faces(analyzer: InsightAnalyzer, six_people: bytes) -> None:
    people = measure_image(six_people, analyzer)["people"]["faces"]
    assert len(people) == 6 and {one["status"] for one in people} == {"measured"}
    areas = [(one["box"][2] - one["box"][0]) * (one["box"][3] - one["box"][1]) for one in people]
    assert areas == sorted(areas, reverse=True)
    assert max(cosine(one, other) for at, one in enumerate(people) for other in people[:at]) < 0.3
