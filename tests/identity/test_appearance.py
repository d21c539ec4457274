"""Appearance compared: known answers, and what is missing is missing."""

from __future__ import annotations

from typing import Any

import pytest

from personaforge.embedded.painter.face.words import FACIAL_HAIR, IRIS, LENGTHS
from personaforge.embedded.painter.face.words import HAIR as DRAWN_HAIR
from personaforge.embedded.painter.face.words import SKIN as DRAWN_SKIN
from personaforge.identity import appearance
from personaforge.identity.appearance import CHANGES, EYES, HAIR, SKIN, Reading, changes, clothes_distance, readings
from personaforge.identity.people import each_face

FOUND: dict[str, Any] = {
    "skin": [70.0, 13.0, 20.0], "hair": [13.0, 2.0, 1.0], "eyes": [20.0, 8.0, 11.0], "reach": 0.0, "beard": 3.0,
    "moustache": 1.0, "glasses": 0.0, "clothes": [0.5, 0.5, 0.0], "why": {},
}  # fmt: skip
DNA: dict[str, Any] = {
    "skin": {"tone": "medium"}, "hair": {"color": "black", "length": "short", "style": "cropped"},
    "eyes": {"color": "blue"}, "face": {"facial_hair": "stubble"},
}  # fmt: skip


def measured(**more: Any) -> dict[str, Any]:
    return {"appearance": {**FOUND, **more}}


def test_a_picture_is_unchanged_from_itself() -> None:
    found = changes(measured(), measured(), same_clothes=True)
    assert found.numbers == dict.fromkeys(CHANGES, 0.0) and found.unmeasured == {}


def test_changes_are_distances() -> None:
    other = measured(
        skin=[76.0, 13.0, 24.0], hair=[13.0, 5.0, 5.0], reach=2.5, beard=30.0, moustache=6.0, glasses=9.0,
        clothes=[0.0, 0.0, 1.0],
    )  # fmt: skip
    assert changes(measured(), other, same_clothes=True).numbers == {
        "skin_change": 5.0,  # half of 6, and 4
        "hair_change": 5.0,  # 3 and 4
        "eyes_change": 0.0,
        "hair_length_change": 2.5,
        "facial_hair_change": 27.0,
        "glasses_change": 1.0,
        "clothes_change": 1.0,
    }
    assert "clothes_change" not in changes(measured(), other, same_clothes=False).numbers
    assert clothes_distance([0.5, 0.5], [1.0, 0.0]) == pytest.approx((1 - 0.5**0.5) ** 0.5)


def test_what_is_not_measured_is_no_number() -> None:
    closed = measured(eyes=None, why={"eyes": "closed"})
    found = changes(measured(), closed, same_clothes=False)
    assert "eyes_change" not in found.numbers and found.unmeasured == {
        "eyes_change": "of the picture: the eyes are closed"
    }
    older = changes({}, measured(), same_clothes=True)
    assert older.numbers == {} and set(older.unmeasured) == set(CHANGES)
    assert older.unmeasured["hair_change"] == "of the anchor: it was measured before appearance was"


def test_nothing_is_compared_where_another_face_was_judged_or_the_picture_was_turned() -> None:
    """Appearance is of the largest face, in the picture as it is."""
    people = {"faces": [{"box": [0, 0, 9, 9]}, {"box": [9, 0, 12, 3]}], "left_out": 0}
    largest, smaller = each_face({**measured(), "faces": 2, "people": people})
    assert changes(measured(), largest, same_clothes=True).numbers == dict.fromkeys(CHANGES, 0.0)
    for other, why in (
        (smaller, "another face than the largest was judged"),
        ({**measured(), "turned_by": 180}, "its face was measured in the turned picture"),
    ):
        found = changes(measured(), other, same_clothes=True)
        assert found.numbers == {} and found.unmeasured == dict.fromkeys(CHANGES, f"of the picture: {why}")
        assert {(read.agrees, read.seen, read.unmeasured) for read in readings(DNA, other)} == {(None, "", why)}
    turned = changes({**measured(), "turned_by": 90}, measured(), same_clothes=False)
    assert set(turned.unmeasured.values()) == {"of the anchor: its face was measured in the turned picture"}


def test_readings_name_what_is_asked_and_seen() -> None:
    assert readings(DNA, measured()) == (
        Reading("skin", "medium", "medium", True),
        Reading("hair", "black", "black", True),
        Reading("eyes", "blue", "brown", False),
        Reading("hair length", "short", "shaved or short", True),
        Reading("facial hair", "stubble", "none or stubble", True),
    )
    bearded = readings(DNA, measured(beard=40.0, moustache=12.0, hair=None, why={"hair": "covered"}))
    assert bearded[1] == Reading("hair", "black", "", None, "the hair is covered")
    assert bearded[4] == Reading("facial hair", "stubble", "short beard or full beard", False)
    assert readings(DNA, measured(moustache=15.0))[4].seen == "moustache"
    assert {one.agrees for one in readings(DNA, {})} == {None}


def test_on_photographs_nothing_is_read_that_was_wrong_there() -> None:
    read = {one.name: one for one in readings(DNA, measured(beard=40.0, moustache=12.0), drawn=False)}
    for name in ("hair length", "facial hair"):
        assert (read[name].seen, read[name].agrees) == ("", None) and "wrong on photographs" in read[name].unmeasured
    assert read["skin"].agrees is not None


@pytest.mark.parametrize(
    ("reach", "words"), [(-0.5, "shaved or short"), (1.5, "chin"), (2.5, "shoulder"), (3.5, "long")]
)
def test_length_by_reach(reach: float, words: str) -> None:
    assert readings(DNA, measured(reach=reach))[3].seen == words


def test_coily_hair_grows_to_all_sides_unless_it_is_made_into_cords() -> None:
    seen = {
        style: readings({"hair": {**DNA["hair"], "texture": "coily", "style": style}}, measured(reach=1.05))[1].seen
        for style in ("rounded natural shape", "defined twist-out", "shoulder-length locs", "box braids")
    }
    assert list(seen.values()) == ["shoulder", "shoulder", "shaved or short", "shaved or short"]


@pytest.mark.parametrize("style", ["hijab", "a gele in rust", "under a turban", "head wrap"])
def test_hair_that_is_covered_is_not_read(style: str) -> None:
    covered = {**DNA, "hair": {**DNA["hair"], "style": style}}
    assert [one.name for one in readings(covered, measured())] == ["skin", "eyes", "facial hair"]


@pytest.mark.parametrize(
    "style", ["high puff", "two pigtails", "low cornrows", "a braid", "one long braid", "low knot"]
)
def test_the_length_of_hair_that_is_tied_is_not_read(style: str) -> None:
    tied = {**DNA, "hair": {**DNA["hair"], "style": style}}
    assert "hair length" not in [one.name for one in readings(tied, measured())]


def test_what_a_dna_does_not_say_is_not_read() -> None:
    assert readings({}, measured()) == ()
    other = {**DNA, "eyes": {"color": "violet"}, "hair": {**DNA["hair"], "style": "a low bun"}}
    assert [one.name for one in readings(other, measured())] == ["skin", "hair", "facial hair"]
    bald = {**DNA, "hair": {**DNA["hair"], "length": "shaved"}}
    assert "hair" not in [one.name for one in readings(bald, measured())], "a shaved head has no colour of hair"


def test_every_word_of_a_dna_that_is_drawn_has_a_colour_or_a_length() -> None:
    assert (set(SKIN), set(HAIR), set(EYES)) == (set(DRAWN_SKIN), set(DRAWN_HAIR), set(IRIS))
    assert {word for words in appearance.LENGTHS for word in words} == set(LENGTHS)
    assert appearance.FACIAL_HAIR == FACIAL_HAIR
