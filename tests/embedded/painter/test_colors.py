"""Hair and eyes in any colour that a DNA may state: drawn in it, and eyes of two colours each in its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personaforge.embedded.painter.face.params import Face, face_of_reference, subject_face
from personaforge.embedded.painter.face.words import eye_colors, hair_colors, hair_tint, iris_tint
from personaforge.embedded.painter.figure.body import body_of_dna
from personaforge.embedded.painter.painter import Stage
from personaforge.embedded.painter.subject import read_pose, read_scenery, section
from personaforge.spec.sections import read_schema
from tests.brief.test_colors import CONF
from tests.embedded.painter.subjects import subject


def drawn(face: Face) -> np.ndarray[Any, Any]:
    asked = subject()
    position = section(asked, "position", "")
    body = body_of_dna(section(asked, "dna", ""), face.masculinity, face.age)
    pose, _ = read_pose(position, "position", "into the camera")
    stage = Stage(face, body, read_scenery(asked, position, ""), 192, 192, 0.0, 7)
    return np.asarray(stage.frame(replace(pose, yaw=0.0, pitch=0.0), grain=1)).astype(int)


def test_each_eye_is_drawn_in_its_own_colour() -> None:
    face = subject_face(subject())
    blue, green, both = (drawn(replace(face, eye_color=said)) for said in ("blue", "green", "blue and green"))
    assert not np.array_equal(blue, green)
    assert np.array_equal(both[:, :96], blue[:, :96]) and np.array_equal(both[:, 96:], green[:, 96:])
    assert not np.array_equal(both, blue) and not np.array_equal(both, green)


def test_pink_hair_is_pink_and_its_brows_are_not() -> None:
    face = replace(subject_face(subject()), hair_length="short", hair_texture="straight", hair_style="open")
    brown, pink = drawn(replace(face, hair_color="dark brown")), drawn(replace(face, hair_color="pink"))
    changed = np.abs(brown - pink).sum(axis=2) > 120
    rows = np.nonzero(changed.any(axis=1))[0]
    red, greens, blues = (np.median(pink[changed][:, channel]) for channel in range(3))
    assert changed.sum() > 500 and max(red, blues) > greens + 30 and min(red, blues) > greens + 10
    assert rows.min() < 60  # the top of the head


@pytest.mark.parametrize(("part", "known"), [("hair", hair_colors), ("eyes", eye_colors)])
def test_every_colour_that_a_schema_may_have_can_be_drawn(part: str, known: Any) -> None:
    import yaml

    color = yaml.safe_load((CONF / "schema/dna.yaml").read_text())["properties"][part]["properties"]["color"]
    for said in (*color["enum"], *color["x-stated"]):
        assert known(said) == [said] and known(f"{said} and brown") == [said, "brown"]
    assert known("brown and pinkk") == [] and known("a and b and c") == []
    assert read_schema([CONF], "dna", {})["properties"][part]["properties"]["color"] == {"enum": color["enum"]}
    assert hair_tint("pink and black") == hair_tint("pink") and iris_tint("blue and green", 1) == iris_tint("green")


def test_a_reference_hands_its_colours_on_and_garbage_is_not_taken() -> None:
    face = subject_face(subject())
    odd = replace(face, eye_color="blue and green", hair_color="pink")
    found, taken = face_of_reference(odd.to_json(), face)
    assert taken and (found.eye_color, found.hair_color) == ("blue and green", "pink")
    for wrong in ("mauve", "blue and mauve", "blue and green and red"):
        found, _ = face_of_reference(replace(face, eye_color=wrong).to_json(), face)
        assert found.eye_color == face.eye_color
