"""What a page says beside the face."""

from __future__ import annotations

from personaforge.report.pages.likeness import beside_the_face


def test_distances_readings_and_what_is_missing_are_words() -> None:
    reading = {"name": "hair", "asked": "blond", "seen": "black", "agrees": False, "unmeasured": ""}
    likeness = {
        "skin_change": 1.234, "clothes_change": 0.5, "glasses_change": 1.0, "copying": 0.75,
        "unmeasured": {"eyes_change": "of the picture: the eyes are closed"},
        "readings": [
            reading,
            {**reading, "name": "skin", "seen": "fair", "agrees": True},
            {**reading, "name": "eyes", "seen": "", "agrees": None, "unmeasured": "the eyes are closed"},
        ],
    }  # fmt: skip
    assert beside_the_face({"likeness": likeness}) == (
        ("from the anchor", "skin 1.23, clothes 0.50, glasses put on or taken off"),
        ("seen (advice)", "hair black where the DNA says blond; as the DNA says: skin"),
        ("not compared", "of the picture: the eyes are closed"),
        ("turn", "+0.75 (1 as in the anchor, -1 as asked)"),
    )
    assert beside_the_face({"likeness": {"skin_change": 0.0}}) == (("from the anchor", "skin 0.00"),)
    assert beside_the_face({}) == () and beside_the_face({"likeness": {"unmeasured": {}, "readings": []}}) == ()
