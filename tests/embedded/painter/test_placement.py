"""The faces that one DNA allows, their shapes as text, and the choice of the farthest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.embedded.painter.face.params import Face, face_of_dna, subject_face
from personaforge.embedded.painter.face.placement import (
    REACH,
    WEIGHT,
    nearest_of,
    place_face,
    read_shape,
    read_shapes,
    shape_of,
    shape_text,
)
from personaforge.embedded.painter.face.words import LAYOUT, WORDS
from personaforge.errors import BackendError
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import DNA, OTHERS, changed, draw_request, subject

PEOPLE = [subject(), *(subject(*other) for other in OTHERS)]


def text_of(who: dict[str, Any], placement: int = 0) -> str:
    return shape_text(shape_of(subject_face(who, placement)))


def told(dna: dict[str, Any]) -> dict[str, float]:
    """What the words of a DNA add to each parameter."""
    found: dict[str, float] = {}
    for (part, key), words in WORDS.items():
        for name, offset in words[dna[part][key]].items():
            found[name] = found.get(name, 0.0) + offset
    return found


@pytest.mark.parametrize("who", PEOPLE)
def test_placements_move_what_chance_decides_and_nothing_else(who: dict[str, Any]) -> None:
    first = subject_face(who)
    words = told(who["dna"])
    for number in range(1, 30):
        face = subject_face(who, number)
        for field in Face.__dataclass_fields__:
            if field != "z":
                assert getattr(face, field) == getattr(first, field), field
        for name in LAYOUT:
            reach = 0.75 if name in words else 1.0
            assert abs(face.z[name] - max(-1.0, min(1.0, words.get(name, 0.0)))) <= reach + 1e-4, name
        moved = sum(abs(face.z[name] - first.z[name]) for name in LAYOUT) / len(LAYOUT)
        assert moved > 0.3, "another face, not a neighbour of the first"


def test_a_placement_is_the_same_face_each_time_and_0_is_the_dnas_own() -> None:
    assert subject_face(PEOPLE[1], 7) == subject_face(PEOPLE[1], 7)
    assert subject_face(PEOPLE[1], 0) == face_of_dna(PEOPLE[1]["dna"], age=38, gender="man")
    assert len({text_of(PEOPLE[1], number) for number in range(200)}) == 200


def test_a_word_still_shows_in_every_placement() -> None:
    for spacing, sign in (("close", -1), ("wide", 1)):
        who = subject(changed(DNA, {"eyes": {"spacing": spacing}}))
        found = [sign * subject_face(who, number).z["eye_x"] for number in range(100)]
        assert min(found) >= -0.05 - 1e-4 and sum(found) / len(found) > 0.4


@given(st.dictionaries(st.sampled_from(sorted(WEIGHT)), st.floats(-2, 2)))
def test_a_shape_survives_as_text_but_for_its_steps(given_values: dict[str, float]) -> None:
    values = {name: given_values.get(name, 0.0) for name in WEIGHT}
    shape = read_shape(shape_text(values))
    assert shape is not None
    for (name, weight), found in zip(WEIGHT.items(), shape, strict=True):
        assert abs(found - weight**0.5 * values[name]) <= weight**0.5 * 0.033, name


@pytest.mark.parametrize(
    "text", ["", "2.", "1." + "A" * len(WEIGHT), "2." + "A" * 9, "2." + "é" * len(WEIGHT), "A" * 50]
)
def test_text_that_is_no_shape_of_this_version_counts_as_none(text: str) -> None:
    assert read_shape(text) is None
    assert place_face(PEOPLE[0], {"eve": text}, 9) == place_face(PEOPLE[0], {}, 9)


def test_the_farthest_from_its_nearest_is_taken() -> None:
    issued = {f"p{index}": text_of(who) for index, who in enumerate(PEOPLE[1:])}
    placed = place_face(PEOPLE[0], issued, 25)
    near = []
    for number in range(25):
        found = nearest_of("new", read_shapes({**issued, "new": text_of(PEOPLE[0], number)}))
        assert found is not None
        near.append(found)
    assert near[placed.number] == (placed.nearest, placed.distance)
    assert placed.distance == max(distance for _, distance in near)
    assert placed.distance > near[0][1]
    assert placed.shape == text_of(PEOPLE[0], placed.number)
    assert place_face(PEOPLE[0], dict(reversed(issued.items())), 25) == placed, "whatever the order of the locks"


def test_more_draws_never_come_nearer_and_one_chooses_nothing() -> None:
    issued = {f"p{index}": text_of(who) for index, who in enumerate(PEOPLE[1:])}
    found = [place_face(PEOPLE[0], issued, draws) for draws in (1, 5, 20, 60)]
    assert found[0].number == 0
    distances = [placed.distance for placed in found]
    assert distances == sorted(distances) and distances[0] < distances[-1] <= REACH


def test_the_first_face_of_a_project_is_the_dnas_own() -> None:
    placed = place_face(PEOPLE[2], {}, 40)
    assert placed == (0, text_of(PEOPLE[2]), "", REACH)


def test_twins_get_faces_of_their_own() -> None:
    issued: dict[str, str] = {}
    for index in range(6):
        placed = place_face(PEOPLE[3], issued, 40)
        assert not issued or placed.distance > 0.28
        issued[f"twin{index}"] = placed.shape
    assert len(set(issued.values())) == 6


def test_a_request_draws_the_placement_that_it_names() -> None:
    drawn = EmbeddedImages().submit(draw_request(subject(), placement=3))
    plain = EmbeddedImages().submit(draw_request(subject()))
    zero = EmbeddedImages().submit(draw_request(subject(), placement=0))
    assert plain.blob == zero.blob, "no placement and the first are one picture"
    assert drawn.details["face"] != plain.details["face"] and drawn.details["face_from"] == "dna"
    shown = EmbeddedImages().submit(draw_request(subject(), drawn.blob.data if drawn.blob else b""))
    assert shown.details["face"] == drawn.details["face"], "a reference hands its face on without a placement"


@pytest.mark.parametrize("placement", [-1, 1000, 2.5, "3", True])
def test_a_placement_that_is_none_is_refused_by_name(placement: object) -> None:
    with pytest.raises(BackendError, match=r"^placement: "):
        EmbeddedImages().submit(draw_request(subject(), placement=placement))
