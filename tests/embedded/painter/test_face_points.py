"""The truth about drawn heads: landmarks that lie where they were painted, and turn with the head."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from personaforge.embedded.painter.expression import EXPRESSIONS
from personaforge.embedded.painter.face.curves import Gaze, gaze_of
from personaforge.embedded.painter.face.points import face_points
from personaforge.embedded.painter.painter import Stage, layout
from personaforge.embedded.painter.subject import Pose
from personaforge.embedded.training.people import Person, person, shots
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.landmarks import ratios_106
from personaforge.faces.packs import PackMissing, find_pack


def _drawn(who: Person, yaw: float, pitch: float, name: str = "neutral"):  # type: ignore[no-untyped-def]
    """Return a headshot, uint8 BGR, and its truth in pixels: 106 points, 5 points."""
    scenery = shots(who, 1, 1, 1)[0].scenery
    scenery = type(scenery)(**{**_fields(scenery), "distance": "headshot", "light": "soft daylight"})
    act = EXPRESSIONS[name]
    stage = Stage(who.face, who.body, scenery, 768, 1024, yaw, 1)
    picture = stage.frame(Pose(yaw, pitch, act))
    frames = layout(768, 1024, "headshot", yaw, who.body.soles)
    truth = face_points(who.face.lengths(), act, gaze_of(yaw, True, pitch), yaw, pitch)
    placed = [points.reshape(-1, 2) * frames.scale + (frames.axis_x, frames.eyes_y) for points in truth]
    return np.ascontiguousarray(picture[..., ::-1]), placed[0], placed[1]


def _fields(scenery):  # type: ignore[no-untyped-def]
    return {name: getattr(scenery, name) for name in scenery.__slots__}


@pytest.mark.parametrize("index", [0, 3, 4])
@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (25, 0), (-25, 8), (0, -10)])
def test_pupils_lie_on_the_darkest_part_of_the_eyes(index: int, yaw: float, pitch: float) -> None:
    picture, points, _ = _drawn(person(index), yaw, pitch)
    gray = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (0, 0), 2)
    for pupil, corner in ((38, 35), (88, 93)):
        at, edge = points[pupil], 0.5 * (points[pupil] + points[corner])
        assert gray[round(at[1]), round(at[0])] < gray[round(edge[1]), round(edge[0])]


def test_a_face_that_looks_ahead_is_its_own_mirror_image() -> None:
    even = {**person(0).face.lengths(), "skew": -1.0}
    points, five, box = face_points(even, EXPRESSIONS["neutral"], Gaze(), 0.0, 0.0)
    assert five[0] == pytest.approx(five[1] * (-1, 1), abs=0.01)
    assert five[3] == pytest.approx(five[4] * (-1, 1), abs=0.01)
    assert points[86][0] == pytest.approx(0, abs=1e-6)
    assert box[0] == pytest.approx(-box[2], abs=0.01)
    assert points[1] == pytest.approx(points[17] * (-1, 1), abs=0.01)


@pytest.mark.parametrize("yaw", [10, 30, 60])
def test_turning_the_other_way_is_the_mirror_image(yaw: float) -> None:
    at, act = {**person(1).face.lengths(), "skew": -1.0}, EXPRESSIONS["smile"]
    right = face_points(at, act, Gaze(), yaw, 5.0)
    left = face_points(at, act, Gaze(), -yaw, 5.0)
    assert np.sort(right.points106[:, 0]) == pytest.approx(np.sort(-left.points106[:, 0]), abs=0.02)
    assert right.points106[86][0] > right.points5[:2, 0].mean()  # the nose points where the head does


def test_expressions_move_the_mouth_and_nothing_above_it() -> None:
    at = person(0).face.lengths()
    calm = face_points(at, EXPRESSIONS["neutral"], Gaze(), 0.0, 0.0).points106
    laugh = face_points(at, EXPRESSIONS["laugh"], Gaze(), 0.0, 0.0).points106
    assert np.linalg.norm(laugh[53] - calm[53]) > 0.05
    assert laugh[52][1] < calm[52][1]  # corners go up
    assert laugh[72] == pytest.approx(calm[72], abs=0.01)


def test_points_are_in_the_order_that_ratios_read() -> None:
    points = face_points(person(0).face.lengths(), EXPRESSIONS["neutral"], Gaze(), 0.0, 0.0).points106
    ratios = ratios_106(points.tolist())
    at = person(0).face.lengths()
    assert ratios["eye_height"] < 0.4
    assert ratios["nose_length"] == pytest.approx(
        (at["nose_length"] + 0.145 - at["eye_y"]) / (2 * at["eye_x"]), rel=0.1
    )
    assert 0.5 < ratios["mouth_width"] < 1.6


@pytest.mark.pack
@pytest.mark.parametrize("index", [0, 1, 3])
def test_a_landmark_model_trained_on_photographs_agrees(index: int) -> None:
    pack = find_pack("auto")
    assert not isinstance(pack, PackMissing)
    picture, points, five = _drawn(person(index), 0, 0)
    found = InsightAnalyzer(pack).read(picture)
    assert len(found) == 1 and found[0].landmarks106 is not None
    away = np.linalg.norm(found[0].landmarks106 - points, axis=1) / np.linalg.norm(five[0] - five[1])
    assert np.median(away) < 0.09
    assert np.percentile(away, 90) < 0.2
