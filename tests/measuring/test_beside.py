"""What `forge eval` compares besides the face, and which pictures are of one look."""

from __future__ import annotations

from typing import Any

from personaforge.measuring.beside import beside

SEEN: dict[str, Any] = {
    "skin": [70.0, 13.0, 20.0], "hair": None, "eyes": None, "reach": None, "beard": None, "moustache": None,
    "glasses": None, "why": {},
}  # fmt: skip


def picture(clothes: list[float] | None, lightness: float = 70.0) -> dict[str, Any]:
    skin = [lightness, 13.0, 20.0]
    return {"status": "measured", "appearance": {**SEEN, "skin": skin, "clothes": clothes}}


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
