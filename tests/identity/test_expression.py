"""Whether the expression that was asked for came: by bounds of each set of points, and never "as asked" unmeasured."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.identity.expression import METRICS, Seen, expression_demands, wanted_of
from tests.identity.test_demands import BOUNDS, CONF

ASKED: dict[str, Any] = BOUNDS["expression"]
LAUGHING = {"eyes": 0.09, "mouth": 0.17, "smile": 1.09, "brows": 0.15}
AT_REST = {"eyes": 0.29, "mouth": 0.06, "smile": 0.79, "brows": 0.35}


def face(ratio_set: str = "106", yaw: float = 0.0) -> dict[str, Any]:
    return {"ratio_set": ratio_set, "pose": {"yaw": yaw, "pitch": 0.0, "roll": 0.0}}


def met(expression: str, numbers: dict[str, float], **of: Any) -> dict[str, bool | None]:
    return {one.name: one.met for one in expression_demands(expression, Seen(numbers), face(**of), ASKED)}


def test_a_laugh_is_a_laugh_and_no_face_at_rest() -> None:
    assert met("laugh", LAUGHING) == {"smile": True, "mouth": True}
    assert met("laugh", AT_REST) == {"smile": False, "mouth": False}
    assert met("Neutral ", LAUGHING) == {"smile": False, "mouth": False, "eyes": False}
    assert met("neutral", AT_REST) == {"smile": True, "mouth": True, "eyes": True}
    assert met("eyes closed", LAUGHING) == {"eyes": True} and met("eyes closed", AT_REST) == {"eyes": False}


def test_what_is_said_of_it() -> None:
    smile, mouth = expression_demands("laugh", Seen(AT_REST), face(), ASKED)
    assert (smile.asked, smile.measured) == ("a smile", "no smile, mouth width 0.79")
    assert (smile.bound, smile.words) == ("at least 0.92", "The face didn't smile; it must smile.")
    assert mouth.fault == "mouth: a closed mouth, mouth opening 0.06, and an open mouth was asked for"
    (eyes,) = expression_demands("eyes closed", Seen(AT_REST), face(), ASKED)
    assert (eyes.bound, eyes.words) == ("below 0.11", "The eyes were open; they must be closed.")


def test_each_set_of_points_has_bounds_of_its_own() -> None:
    closed = {**AT_REST, "eyes": 0.18}
    assert met("eyes closed", closed, ratio_set="mesh") == {"eyes": True}
    assert met("eyes closed", closed, ratio_set="106") == {"eyes": False}


@pytest.mark.parametrize(
    ("seen", "measured", "why"),
    [
        (Seen(None, "five points don't show an expression"), face("5"), "five points don't show"),
        (Seen(LAUGHING), face(yaw=-33), "turned by more than 32°"),
        (Seen(LAUGHING), face("5"), "nobody has measured"),
    ],
)
def test_what_cant_be_told_is_not_measured_and_says_why(seen: Seen, measured: dict[str, Any], why: str) -> None:
    demands = expression_demands("laugh", seen, measured, ASKED)
    assert [one.name for one in demands] == ["smile", "mouth"]
    for one in demands:
        assert one.met is None and one.measured == "" and why in one.unmeasured and not one.fault
        assert one.as_json()["unmeasured"] == one.unmeasured


def test_brows_have_no_bound_so_they_are_not_measured() -> None:
    assert met("surprised", {**AT_REST, "mouth": 0.3}) == {"mouth": True, "eyes": True, "brows": None}


def test_of_words_that_nobody_knows_nothing_is_demanded() -> None:
    assert wanted_of("dreaming of the sea", ASKED) == {} and met("dreaming of the sea", LAUGHING) == {}
    own = {**ASKED, "asks": {"Lächelnd": {"smile": "shown", "mouth": None}}}
    assert wanted_of("lächelnd", own) == {"smile": True}


def test_the_numbers_have_their_metrics_names() -> None:
    assert Seen(AT_REST).metrics == {METRICS[name]: value for name, value in AT_REST.items()}
    assert Seen(None, "why").metrics == {}


def test_the_packaged_matrix_asks_for_words_that_are_known_but_one() -> None:
    import yaml

    matrix = yaml.safe_load((CONF / "matrix/heia_20.yaml").read_text())
    positions = [*matrix["positions"].values(), *matrix["references"].values(), *matrix["utility"].values()]
    assert {one["expression"] for one in positions if not wanted_of(one["expression"], ASKED)} == {"thoughtful"}
