"""A movement of a face moves what its action unit moves and little else; words are apart in the drawn lines."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from personaforge.embedded.painter.expression import EXPRESSIONS, REST, Expression, between
from personaforge.embedded.painter.face.curves import brow, gaze_of, lids, lips
from personaforge.embedded.painter.face.params import subject_face
from personaforge.embedded.painter.subject import read_pose
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import OTHERS, draw_request, pixels, subject

PEOPLE = [subject(), *(subject(*other) for other in OTHERS)]
NAMED = ("neutral", "soft smile", "laugh", "serious", "surprised", "thoughtful", "confident", "sad", "angry")


def measured(who: dict[str, Any], act: Expression) -> dict[str, float]:
    """Return what each unit moves, in face units; heights grow upwards."""
    at = subject_face(who).lengths()
    hairs, other, eye, mouth = brow(at, act, -1), brow(at, act, 1), lids(at, act, 1), lips(at, act)
    return {
        "inner brow": -float(hairs.y[0]),
        "outer brow": -float(hairs.y[15]),
        "other outer brow": -float(other.y[15]),
        "gap of brows": float(hairs.x[0]),
        "upper lid": -float(eye.upper[16]),
        "lower lid": -float(eye.lower[16]),
        "left corner": -float(mouth.middle[0]),
        "right corner": -float(mouth.middle[-1]),
        "width": float(mouth.x[-1] - mouth.x[0]),
        "lips": float(mouth.seam_up[20] - mouth.upper[20] + mouth.lower[20] - mouth.seam_down[20]),
        "gap": float(mouth.gap[20]),
        "middle": -float(mouth.middle[20]),
    }


@pytest.mark.parametrize("who", range(len(PEOPLE)))
@pytest.mark.parametrize(
    ("unit", "up", "down"),
    [
        ("inner", {"inner brow"}, set()),
        ("outer", {"outer brow", "other outer brow"}, set()),
        ("frown", set(), {"inner brow", "outer brow", "other outer brow", "gap of brows", "upper lid"}),
        ("wide", {"upper lid"}, {"lower lid"}),
        ("cheeks", {"lower lid"}, {"upper lid"}),
        ("tight", {"lower lid"}, {"upper lid"}),
        ("smile", {"left corner", "right corner", "width"}, {"lips", "middle"}),
        ("down", {"middle"}, {"left corner", "right corner"}),
        ("chin", {"middle"}, {"width"}),
        ("round", {"lips"}, {"width"}),
        ("stretch", {"width"}, set()),
        ("press", set(), {"lips"}),
        ("part", {"gap"}, set()),
        ("open", {"gap"}, {"width"}),
        ("bite", set(), {"lips"}),
        ("shut", set(), {"upper lid"}),
        ("tongue", set(), set()),
        ("side", set(), set()),
    ],
)
def test_a_unit_moves_what_it_names_and_little_else(who: int, unit: str, up: set[str], down: set[str]) -> None:
    rest, moved = measured(PEOPLE[who], REST), measured(PEOPLE[who], Expression(**{unit: 1.0}))
    for name, value in moved.items():
        change = value - rest[name]
        if name in up:
            assert change > 0.008, name
        elif name in down:
            assert change < (0.004 if name == "upper lid" else -0.004), name
        elif unit == "open" and "corner" in name:
            assert -0.06 < change <= 0, "corners that curl up at rest don't while the jaw drops"
        elif unit == "shut" and name == "lower lid":
            assert abs(change) < 0.06, "the lids meet at a line below the eye's middle"
        else:
            assert abs(change) < 0.031, name


def test_one_side_leads_in_smile_and_brow() -> None:
    found = measured(PEOPLE[0], Expression(smile=0.5, outer=0.5, side=0.6))
    assert found["right corner"] > found["left corner"] + 0.02
    assert found["other outer brow"] > found["outer brow"] + 0.03
    mirrored = measured(PEOPLE[0], Expression(smile=0.5, outer=0.5, side=-0.6))
    assert mirrored["left corner"] == pytest.approx(found["right corner"])


def test_eyes_look_where_an_expression_looks_but_into_the_camera_where_that_is_asked_for() -> None:
    ahead, away = gaze_of(0, True), gaze_of(0, True, 0, Expression(aside=0.8, up=0.7))
    assert (ahead.x, ahead.y) == (0, 0)
    assert away.x > 0.04 and away.y < -0.02
    values = {"expression": "thoughtful", "yaw": 10, "pitch": 0}
    assert read_pose(values, "", "into the camera")[0].expression.aside == 0
    assert read_pose(values, "", "off to the side")[0].expression.aside > 0.5
    assert read_pose({**values, "yaw": -10}, "", None)[0].expression.aside < -0.5


@pytest.mark.parametrize("who", range(len(PEOPLE)))
def test_the_words_are_apart_in_the_drawn_lines(who: int) -> None:
    """Two words differ by 4 % of the eyes' distance somewhere, most by far more."""
    at = subject_face(PEOPLE[who]).lengths()
    rows = {name: measured(PEOPLE[who], EXPRESSIONS[name]) for name in NAMED}
    for first, second in combinations(NAMED, 2):
        apart = max(abs(rows[first][key] - rows[second][key]) for key in rows[first]) / (2 * at["eye_x"])
        assert apart > 0.04, (first, second)


@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_a_word_is_weaker_when_scaled_and_rests_at_nothing(name: str) -> None:
    act = EXPRESSIONS[name]
    assert act.scaled(0) == REST
    assert between(REST, act, 0.5) == pytest.approx(act.scaled(0.5))
    assert all(-1 <= value <= 1 for value in act)


@pytest.mark.parametrize("who", [0, 1, 2, 4])
def test_teeth_are_seen_in_a_laugh_and_not_at_rest(who: int) -> None:
    """Teeth are the only thing about a mouth that is light and without colour, but for porcelain skin."""
    at = subject_face(PEOPLE[who]).lengths()
    scale, middle = 190 * 384 / 1024, 0.42 * 384  # of a headshot of 288 x 384
    plain = {}
    for name in ("neutral", "serious", "laugh"):
        shown = {**PEOPLE[who], "position": {**PEOPLE[who]["position"], "expression": name}}
        blob = EmbeddedImages().submit(draw_request(shown, b"")).blob
        assert blob is not None
        y, half = round(middle + (at["mouth_y"] + 0.03) * scale), round(0.2 * scale)
        mouth = pixels(blob.data)[y - half : y + half, 144 - half : 144 + half]
        light = mouth.max(axis=2)
        plain[name] = float(np.mean((light > 150) & (mouth.min(axis=2) > 0.86 * light)))
    assert plain["laugh"] > 0.05
    assert max(plain["neutral"], plain["serious"]) < 0.02
