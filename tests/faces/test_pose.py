"""Pose from landmarks: heads turned by known angles, and real heads and their mirror images."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.faces.picture import read_picture
from personaforge.faces.pose import _HEAD_5, _HEAD_106, Pose, pose_5, pose_106


def rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Turn by yaw, then lift by pitch, then lean by roll; axes are right, up and to the viewer."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    turn = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    lift = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    lean = np.array([[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return lean @ turn @ lift


def seen(head: Any, turn: np.ndarray, scale: float = 10.0, shift: tuple[float, float] = (200.0, 300.0)) -> np.ndarray:
    flat = (np.array(head) @ turn.T)[:, :2] * scale
    return np.column_stack([flat[:, 0] + shift[0], shift[1] - flat[:, 1]])


def all_106(points: np.ndarray) -> np.ndarray:
    whole = np.zeros((106, 2))
    whole[list(_HEAD_106)] = points
    return whole


@given(yaw=st.floats(-80, 80), scale=st.floats(0.5, 400), x=st.floats(-2000, 2000), y=st.floats(-2000, 2000))
def test_yaw_is_exact_for_the_generic_head_at_any_place_and_size(yaw: float, scale: float, x: float, y: float) -> None:
    points = seen(list(_HEAD_106.values()), rotation(yaw, 0, 0), scale, (x, y))
    assert pose_106(all_106(points)) == pytest.approx(Pose(yaw, 0, 0), abs=0.02)
    assert pose_5(seen(_HEAD_5, rotation(yaw, 0, 0), scale, (x, y))) == pytest.approx(Pose(yaw, 0, 0), abs=0.02)


@given(pitch=st.floats(-60, 60), roll=st.floats(-170, 170))
def test_pitch_and_roll_are_exact_for_the_generic_head(pitch: float, roll: float) -> None:
    found = pose_106(all_106(seen(list(_HEAD_106.values()), rotation(0, pitch, 0))))
    assert found == pytest.approx(Pose(0, pitch, 0), abs=0.02)
    leaning = pose_106(all_106(seen(list(_HEAD_106.values()), rotation(0, 0, roll))))
    assert leaning == pytest.approx(Pose(0, 0, roll), abs=0.02)


def test_signs_are_the_viewers() -> None:
    frontal = seen(_HEAD_5, rotation(0, 0, 0))
    right = frontal.copy()
    right[2, 0] += 10  # the nose points to the viewer's right
    assert pose_5(right).yaw > 5
    up = frontal.copy()
    up[2, 1] -= 10
    assert pose_5(up).pitch > 5


def test_points_that_fall_together_or_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="fall together"):
        pose_5(np.full((5, 2), 3.0))
    with pytest.raises(ValueError, match="finite"):
        pose_5(np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="expected 5"):
        pose_5(np.zeros((4, 2)))


@pytest.mark.pack
@pytest.mark.parametrize("photo", ["astronaut", "six_people", "tom_hanks"])
def test_a_mirror_image_is_turned_the_other_way(photo: str, analyzer: Any, request: pytest.FixtureRequest) -> None:
    pixels = read_picture(request.getfixturevalue(photo)).pixels
    faces = sorted(analyzer.read(pixels), key=lambda face: face.box[0])
    mirrored = sorted(analyzer.read(np.ascontiguousarray(pixels[:, ::-1])), key=lambda face: -face.box[0])
    assert len(faces) == len(mirrored) > 0
    for face, other in zip(faces, mirrored, strict=True):
        one, two = pose_106(face.landmarks106), pose_106(other.landmarks106)
        assert one.yaw == pytest.approx(-two.yaw, abs=4), (one, two)
        assert one.roll == pytest.approx(-two.roll, abs=4)
        assert one.pitch == pytest.approx(two.pitch, abs=4)


@pytest.mark.pack
@pytest.mark.parametrize("yaw", [-50, -24, 0, 24, 50])
def test_drawn_heads_are_turned_as_they_were_drawn(yaw: int, analyzer: Any) -> None:
    from personaforge.providers.embedded_images import EmbeddedImages
    from tests.embedded.painter.subjects import draw_request, subject

    reply = EmbeddedImages().submit(draw_request(subject(yaw=yaw), width=384, height=512))
    assert reply.blob is not None  # type: ignore[union-attr]
    [face] = analyzer.read(read_picture(reply.blob.data).pixels)  # type: ignore[union-attr]
    assert pose_106(face.landmarks106).yaw == pytest.approx(yaw, abs=8)
