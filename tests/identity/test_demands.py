"""Demands beside the person: exact sizes and shapes, angles, the height of a face, one person alone."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from personaforge.identity.demand import Demand, Use, unmet
from personaforge.identity.posture import Framing, posture_demands, posture_of
from personaforge.identity.shape import Shape, Told, shape_demands, shape_of

CONF = Path(__file__).resolve().parents[2] / "conf"
BOUNDS: dict[str, Any] = yaml.safe_load((CONF / "delivered/default.yaml").read_text())
ANCHOR = {"pose": {"yaw": 0.5, "pitch": 9.0, "roll": 0.0}}


def picture(yaw: float = 0, pitch: float = 9, faces: int = 1, top: float = 200, bottom: float = 690) -> dict[str, Any]:
    return {
        "faces": faces, "width": 768, "height": 1000, "box": [100.0, top, 500.0, bottom],
        "pose": {"yaw": yaw, "pitch": pitch, "roll": 0.0},
    }  # fmt: skip


def missed(demands: tuple[Demand, ...]) -> dict[str, str]:
    return {one.name: one.words for one in unmet(demands)}


def test_the_provider_of_the_issue_is_found_out() -> None:
    told = Told(832, 1216, True)
    assert shape_of(told, 192, 256) == Shape(0.220416, 0.096154)
    words = missed(shape_demands(told, 192, 256, BOUNDS, of_clip=False))
    assert words == {
        "size": "The last result was 192 by 256 pixels; it must be 832 by 1216.",
        "aspect": "The last result was too wide; width to height must be 832 to 1216.",
    }


@pytest.mark.parametrize(
    ("told", "size", "names"),
    [
        (Told(832, 1216, True), (832, 1216), set()),
        (Told(832, 1216, True), (1216, 832), {"aspect"}),
        (Told(832, 1216, True), (416, 608), {"size"}),
        (Told(832, 1216, True), (1664, 2432), {"size"}),
        (Told(2, 3, False), (832, 1248), set()),
        (Told(2, 3, False), (1024, 1024), {"aspect"}),
        (Told(2, 3, False), (83, 125), set()),
    ],
)
def test_pixels_bind_size_and_shape_and_a_ratio_the_shape_alone(
    told: Told, size: tuple[int, int], names: set[str]
) -> None:
    demands = shape_demands(told, *size, BOUNDS, of_clip=False)
    assert set(missed(demands)) == names
    assert {one.name for one in demands} == ({"size", "aspect"} if told.exact else {"aspect"})
    assert all(one.lasting and one.action is Use.RETRY for one in demands)
    assert all(one.action is Use.FLAG for one in shape_demands(told, *size, BOUNDS, of_clip=True))


def test_models_that_round_sides_pass_as_the_comment_in_conf_says() -> None:
    """To the nearest and up: all sizes that come with forge. Down: the scale, and all but one shape."""
    sizes = {(one["width"], one["height"]) for one in _sizes()}
    assert len(sizes) > 8
    worst, lowest = 0.0, set()
    for (width, height), step in product(sizes, (8, 16, 32, 64)):
        up, near, down = (
            tuple(step * rounded(side, step) for side in (width, height))
            for rounded in (lambda a, b: -(-a // b), lambda a, b: round(a / b), lambda a, b: a // b)
        )
        for came in (up, near):
            assert not missed(shape_demands(Told(width, height, True), *came, BOUNDS, of_clip=False)), (width, height)
            worst = max(worst, shape_of(Told(width, height, True), *came).aspect_error)
        found = missed(shape_demands(Told(width, height, True), *down, BOUNDS, of_clip=False))
        assert "size" not in found
        if found:
            lowest.add((min(width, height), min(down)))
    assert round(worst, 3) == 0.067 and lowest == {(432, 384)}


def _sizes() -> Any:
    for path in (*CONF.glob("image/*.yaml"), *CONF.glob("video/*.yaml")):
        preset = yaml.safe_load(path.read_text())
        yield from preset.get("sizes", {}).values()
        if "width" in preset:
            yield preset
    yield from yaml.safe_load((CONF / "matrix/heia_20.yaml").read_text())["utility"].values()


def test_angles_are_compared_with_the_positions_and_the_pitch_against_the_anchors() -> None:
    asked = Framing(-24, -16, "headshot")
    found = posture_of(asked, picture(yaw=-21.5, pitch=-5), ANCHOR)
    assert (found.turn_error, found.tilt_error, found.face_height) == (2.5, 2.0, 0.49)
    assert posture_of(asked, picture(), None).tilt_error is None
    assert posture_of(asked, {**picture(), "pose": None}, ANCHOR)[:2] == (None, None)


def test_what_is_wrong_is_said_for_a_generator() -> None:
    drawings = BOUNDS["drawings"]
    assert missed(posture_demands(Framing(0, 0, "headshot"), picture(), ANCHOR, drawings)) == {}
    wrong = picture(yaw=-30, pitch=30, faces=2, top=100, bottom=300)
    assert missed(posture_demands(Framing(0, 0, "headshot"), wrong, ANCHOR, drawings)) == {
        "people": "The last picture showed 2 people; it must show one person alone.",
        "turn": "The face was turned 30° to the viewer's left; it must face the camera.",
        "tilt": "The head was tilted 21° up; it must be level.",
        "framing": "The face filled 20% of the picture's height; it must fill 38% to 56%.",
    }
    turned = missed(posture_demands(Framing(35, 0, "headshot"), picture(), ANCHOR, drawings))
    assert turned == {"turn": "The face was straight ahead; it must be turned 35° to the viewer's right."}


def test_on_photographs_nothing_of_that_decides() -> None:
    """Nobody has measured its error there, so nobody pays for it."""
    wrong = picture(yaw=-80, pitch=60, faces=3, top=10, bottom=30)
    demands = posture_demands(Framing(0, 0, "headshot"), wrong, ANCHOR, BOUNDS["photographs"])
    assert set(missed(demands)) == {"people", "turn", "tilt"} and {one.action for one in demands} == {Use.ADVICE}


def test_a_demand_that_was_not_measured_is_no_fault() -> None:
    demand = Demand("tilt", "level", "", "at most 5° off", Use.RETRY, None, "the anchor has no pose")
    assert unmet([demand]) == () and demand.fault == ""
    assert demand.as_json()["met"] is None and demand.as_json()["unmeasured"] == "the anchor has no pose"
