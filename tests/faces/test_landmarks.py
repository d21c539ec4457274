"""Ratios: known answers, and what must not change them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.faces.landmarks import RATIOS_5, RATIOS_106, ratios_5, ratios_106


def a_106() -> np.ndarray:
    """Eyes 10 apart; every other distance is a small known number."""
    points = np.zeros((106, 2))
    points[38], points[88] = (0, 0), (10, 0)
    points[40], points[33] = (0, -1), (0, 1)  # lids 2 and 4 apart: mean 3
    points[94], points[87] = (10, -2), (10, 2)
    points[86] = (5, 8)
    points[72], points[80] = (5, 1), (5, 10)
    points[77], points[83] = (2, 9), (8, 9)
    points[52], points[61] = (1, 14), (9, 14)
    points[71], points[0] = (5, 12), (5, 24)
    points[16], points[32] = (-4, 18), (14, 18)
    return points


def test_the_seven_ratios() -> None:
    assert ratios_106(a_106()) == pytest.approx(
        {
            "eyes_to_nose_tip": 0.8,
            "nose_length": 0.9,
            "mouth_width": 0.8,
            "jaw_width": 1.8,
            "nose_width": 0.6,
            "upper_lip_to_chin": 1.2,
            "eye_height": 0.3,
        }
    )
    assert tuple(ratios_106(a_106())) == RATIOS_106


def test_the_two_ratios() -> None:
    five = [(30, 50), (70, 50), (50, 70), (40, 90), (60, 90)]
    assert ratios_5(five) == pytest.approx({"nose_to_mouth": 0.5, "mouth_width": 0.5})
    assert tuple(ratios_5(five)) == RATIOS_5


coordinate = st.floats(-500, 500, allow_nan=False)


@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(0.05, 50),
    angle=st.floats(-math.pi, math.pi),
    x=coordinate,
    y=coordinate,
    mirror=st.booleans(),
)
def test_moving_scaling_and_turning_change_nothing(
    seed: int, scale: float, angle: float, x: float, y: float, mirror: bool
) -> None:
    points = np.random.default_rng(seed).uniform(0, 200, (106, 2))
    points[38], points[88] = (60, 80), (140, 85)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    moved = points @ turn.T * scale * ([-1, 1] if mirror else [1, 1]) + [x, y]
    assert ratios_106(moved) == pytest.approx(ratios_106(points), abs=1e-6)
    five, moved_five = points[[38, 88, 1, 2, 3]], moved[[38, 88, 1, 2, 3]]
    assert ratios_5(moved_five) == pytest.approx(ratios_5(five), abs=1e-6)


@given(point=st.integers(0, 105))
def test_each_ratio_reads_the_points_that_its_docstring_names(point: int) -> None:
    """Moving any one point changes exactly the ratios that use it, or all of them for a pupil."""
    readers = {
        "eyes_to_nose_tip": (38, 88, 86),
        "nose_length": (38, 88, 72, 80),
        "mouth_width": (38, 88, 52, 61),
        "jaw_width": (38, 88, 16, 32),
        "nose_width": (38, 88, 77, 83),
        "upper_lip_to_chin": (38, 88, 71, 0),
        "eye_height": (38, 88, 40, 33, 94, 87),
    }
    before, moved = ratios_106(a_106()), a_106()
    moved[point] += (0.7, -0.9)
    changed = {name for name, value in ratios_106(moved).items() if value != pytest.approx(before[name])}
    assert changed == {name for name, read in readers.items() if point in read}


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_unusable_points_are_refused(bad: float) -> None:
    points = a_106()
    points[88] = points[38]
    with pytest.raises(ValueError, match="eyes coincide"):
        ratios_106(points)
    points = a_106()
    points[50, 1] = bad
    with pytest.raises(ValueError, match="not a finite number"):
        ratios_106(points)
    with pytest.raises(ValueError, match="found 105 points, expected 106"):
        ratios_106(points[:105])
    with pytest.raises(ValueError, match="found 106 points, expected 5"):
        ratios_5(points)
