"""What `forge eval` compares besides the face, and which pictures are of one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from personaforge.identity.people import Judged, each_face
from personaforge.identity.score import Cause, Unmeasured
from personaforge.measuring import beside as looks

SEEN: dict[str, Any] = {
    "skin": [70.0, 13.0, 20.0], "hair": None, "eyes": None, "reach": None, "beard": None, "moustache": None,
    "glasses": None, "why": {},
}  # fmt: skip


def picture(clothes: list[float] | None, lightness: float = 70.0) -> dict[str, Any]:
    skin = [lightness, 13.0, 20.0]
    return {"status": "measured", "appearance": {**SEEN, "skin": skin, "clothes": clothes}}


def beside(
    anchor: Mapping[str, Any], pictures: Sequence[tuple[str, Mapping[str, Any]]], worn: Mapping[str, int]
) -> dict[str, dict[str, float]]:
    return looks.beside(anchor, [(name, judged(one)) for name, one in pictures], worn)


def judged(measurement: Mapping[str, Any], cause: Cause = Cause.NO_FACE) -> Judged:
    return Judged(Unmeasured(cause, "no score counts here"), measurement)


def test_a_look_is_compared_with_its_first_picture() -> None:
    red, blue = [1.0, 0.0], [0.0, 1.0]
    pictures = [("p2", picture(red)), ("p3", picture(blue)), ("p4", picture(blue, 74.0)), ("p5", picture(red))]
    found = beside(picture(red), pictures, {"anchor": 1, "p2": 1, "p3": 2, "p4": 2, "p5": 2})
    assert found == {
        "p2": {"skin_change": 0.0, "clothes_change": 0.0},
        "p3": {"skin_change": 0.0},  # the first of its rank
        "p4": {"skin_change": 2.0, "clothes_change": 0.0},
        "p5": {"skin_change": 0.0, "clothes_change": 1.0},
    }


def test_a_first_picture_whose_clothes_are_not_seen_is_passed_over() -> None:
    pictures = [("p3", picture(None)), ("p4", picture([1.0])), ("p5", picture([1.0]))]
    found = beside(picture([1.0]), pictures, {"anchor": 1, "p3": 2, "p4": 2, "p5": 2})
    assert [sorted(found[name]) for name in ("p3", "p4", "p5")] == [
        ["skin_change"], ["skin_change"], ["clothes_change", "skin_change"]
    ]  # fmt: skip


def test_files_that_are_of_no_position_wear_what_they_like_and_unmeasured_ones_have_no_numbers() -> None:
    pictures = [("p9", picture([1.0])), ("none", {"status": "no_face"})]
    assert beside(picture([1.0]), pictures, {}) == {"p9": {"skin_change": 0.0}}


def test_a_face_that_is_not_the_largest_has_no_clothes_and_no_colours() -> None:
    people = {"faces": [{"status": "measured"}, {"status": "measured"}], "left_out": 0}
    smaller = each_face({**picture([1.0]), "people": people})[1]
    pictures = [("p2", smaller), ("p3", {**picture([1.0]), "turned_by": 180}), ("p4", picture([1.0]))]
    found = beside(picture([1.0]), pictures, {"anchor": 1, "p2": 2, "p3": 2, "p4": 2})
    assert found == {"p2": {}, "p3": {}, "p4": {"skin_change": 0.0}}, "p4 is the first of the rank that is seen"


def test_where_none_of_several_faces_was_judged_or_the_anchor_has_no_face_nothing_is_compared() -> None:
    several = [("p2", judged(picture([1.0]), Cause.SEVERAL))]
    assert looks.beside(picture([1.0]), several, {}) == {}
    assert beside({"status": "no_face"}, [("p2", picture([1.0]))], {}) == {}
