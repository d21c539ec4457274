"""What a DNA's words, its marks and the years do to a drawn face, measured on the painted canvas and its geometry."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import cv2
import numpy as np
import orjson
import pytest

from personaforge.embedded.painter.expression import EXPRESSIONS, Expression
from personaforge.embedded.painter.face.blemishes import spot
from personaforge.embedded.painter.face.canvas import LEFT, TOP, open_eyes, paint_face, skin_color
from personaforge.embedded.painter.face.curves import Gaze, gaze_of, lips, pupil
from personaforge.embedded.painter.face.marks import Mark, known_mark, read_marks
from personaforge.embedded.painter.face.params import Face, face_of_dna, face_of_reference
from personaforge.embedded.painter.face.skew import displacement
from personaforge.embedded.painter.face.words import IRIS, MASCULINITY, SKIN, WORDS
from personaforge.embedded.painter.undrawn import undrawn
from personaforge.embedded.training.people import person
from personaforge.embedded.writer.tables import table

from .subjects import DNA, changed

SCALE = 120.0
CALM = EXPRESSIONS["neutral"]


def face(*marks: str, age: float = 34, gender: str = "woman", **parts: dict[str, Any]) -> Face:
    dna = changed(DNA, {**parts, "skin": {"marks": list(marks), **parts.get("skin", {})}})
    told = face_of_dna(dna, age=age, gender=gender)
    # The same shape and details whatever the words, so that only what is tested differs.
    shape = face_of_dna(DNA, age=34, gender="woman").z
    return replace(told, z=shape, strands=7, parting=0.5, masculinity=MASCULINITY[gender])


def canvas(who: Face, act: Expression = CALM) -> np.ndarray[Any, Any]:
    return open_eyes(paint_face(who, act, SCALE), who, act, Gaze(), SCALE).astype(float)


def around(picture: np.ndarray[Any, Any], x: float, y: float, reach: float = 0.03) -> np.ndarray[Any, Any]:
    """The mean colour within `reach` face units of a place of the canvas."""
    row, column, size = (round(v * SCALE) for v in (y - TOP, x - LEFT, reach))
    return np.asarray(picture[row - size : row + size + 1, column - size : column + size + 1].mean(axis=(0, 1)))


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("small mole above the left eyebrow", [Mark("mole", "above brow", 1)]),
        ("faint scar through the right eyebrow", [Mark("scar", "through brow", -1)]),
        ("two moles in a line on the left cheek", [Mark("moles", "cheek", 1)]),
        ("freckles over cheeks and nose", [Mark("freckles", "nose", 0)]),
        ("dimples in both cheeks", [Mark("dimples", "cheek", 0)]),
        ("port-wine birthmark on the right cheek", [Mark("port-wine stain", "cheek", -1)]),
        ("dark red lipstick and winged liner", [Mark("lipstick", "", 0, "wine"), Mark("eyeliner")]),
        ("a gap between the front teeth", [Mark("tooth gap")]),
        ("hearing aid behind the left ear", [Mark("hearing aid", "", 1)]),
    ],
)
def test_marks_are_read_with_their_place_and_side(text: str, marks: list[Mark]) -> None:
    assert read_marks([text]) == (tuple(marks), [])


def test_every_mark_that_the_writer_drafts_is_drawn_or_named() -> None:
    for text in (text for part in table("dna")["marks"].values() for text in part):
        marks, lacking = read_marks([text])
        assert marks or lacking, text
        assert bool(lacking) == ("neck" in text), text
        assert ("mole on the left side of the neck" in str(undrawn({"skin": {"marks": [text]}}))) == ("neck" in text)


def test_what_a_face_does_not_show_is_named() -> None:
    marks = ["a scar on the left hand", "a nose ring and a scar on the chin", "an unheard-of sign"]
    assert undrawn({"skin": {"marks": marks}}) == [
        "piercing", "scar (a scar on the left hand)", "an unheard-of sign",
    ]  # fmt: skip
    told = {"skin": {"marks": ["scar on the chin"]}}
    assert undrawn(told, "scar") == [], "drawn, as the DNA states it"
    assert undrawn({"skin": {"marks": []}}, "scar") == ["scar"], "only the brief says it"


def test_a_hearing_aid_shows_where_no_hair_hides_it() -> None:
    skin = {"marks": ["a hearing aid"]}
    assert undrawn({"skin": skin, "hair": {"length": "short", "style": "crop"}}) == []
    assert undrawn({"skin": skin, "hair": {"length": "long", "style": "low ponytail"}}) == []
    assert undrawn({"skin": skin, "hair": {"length": "long", "style": "loose waves"}}) == ["hearing aid"]


@pytest.mark.parametrize("tone", ["porcelain", "olive", "deep"])
@pytest.mark.parametrize(
    ("text", "place", "side"),
    [
        ("mole on the left cheek", "cheek", 1),
        ("mole below the right eye", "under eye", -1),
        ("mole on the chin", "chin", 1),
    ],
)
def test_a_mole_lies_where_its_text_says(tone: str, text: str, place: str, side: int) -> None:
    plain, marked = (canvas(face(*marks, skin={"tone": tone})) for marks in ((), (text,)))
    change = np.abs(marked - plain).sum(axis=2)
    rows, columns = np.nonzero(change > 0.4 * change.max())
    x, y = LEFT + columns.mean() / SCALE, TOP + rows.mean() / SCALE
    wanted = spot(face(text).lengths(), place, side if "chin" not in text else int(np.sign(x)))
    assert (x, y) == pytest.approx(wanted, abs=0.05)
    assert marked[rows, columns].mean() < plain[rows, columns].mean(), "darker than the skin"


def test_marks_change_the_skin_as_they_do_in_life() -> None:
    for tone in ("light", "dark brown"):
        tint = {"tone": tone}
        plain = canvas(face(skin=tint))
        at = face().lengths()
        for side, other in ((1, -1), (-1, 1)):
            word = "left" if side == 1 else "right"
            x, y = spot(at, "cheek", side)
            stained = canvas(face(f"port-wine stain on the {word} cheek", skin=tint))
            red = around(stained, x, y - 0.06) / around(plain, x, y - 0.06)
            assert red[0] > red[1] + 0.1 and red[0] > red[2] + 0.08
            far = (other * 0.62, y)
            assert around(stained, *far) == pytest.approx(around(plain, *far), abs=1.0)
        pale = canvas(face("vitiligo", skin=tint))
        assert around(pale, 0, at["mouth_y"] + 0.13).mean() > around(plain, 0, at["mouth_y"] + 0.13).mean() + 5
    brow = canvas(face("scar through the left eyebrow", eyebrows={"thickness": "full"}))
    plain = canvas(face(eyebrows={"thickness": "full"}))
    assert (brow - plain).mean(axis=2).max() > 25, "the hairs are parted"


def test_make_up_is_painted_only_where_it_is_stated() -> None:
    at = face().lengths()
    plain, painted = canvas(face()), canvas(face("red lipstick", "blue eye shadow"))
    lip = (0.0, at["mouth_y"] + 0.5 * at["lower_lip"])
    shift = around(painted, *lip) - around(plain, *lip)
    assert shift[1] < -15 and shift[1] < shift[0]
    lid = (at["eye_x"], at["eye_y"] - 1.12 * at["eye_open"] - 0.4 * at["lid"])
    assert (around(painted, *lid, 0.02) - around(plain, *lid, 0.02))[0] < -10
    assert undrawn({"skin": {"marks": ["red lipstick"]}}, "make-up") == []


def test_a_tooth_gap_shows_between_open_lips() -> None:
    laugh = EXPRESSIONS["laugh"]
    plain, gap = (canvas(who, laugh) for who in (face(), face("gap between the front teeth")))
    change = (plain - gap).mean(axis=2)
    rows, columns = np.nonzero(change > 40)
    assert len(rows) and np.abs(LEFT + columns / SCALE).max() < 0.04
    assert np.array_equal(canvas(face()), canvas(face("gap between the front teeth"))), "closed lips hide it"


@pytest.mark.parametrize("color", sorted(IRIS))
def test_irises_have_their_colour_and_none_glows(color: str) -> None:
    who = face(eyes={"color": f"{color} and dark brown"})
    at = who.lengths()
    for side, name in ((-1, color), (1, "dark brown")):
        x, y = pupil(at, Gaze(), side)
        seen = np.mean([around(canvas(who), x + dx * at["iris"], y + 0.02, 0.012) for dx in (-0.62, 0.62)], axis=0)
        wanted = np.asarray(IRIS[name], float)
        assert seen.max() < 190
        assert np.argmax(seen) == np.argmax(wanted) or np.ptp(wanted) < 45
        hue = seen / seen.sum() - wanted / wanted.sum()
        assert np.abs(hue).max() < 0.07


def test_eyes_look_into_the_camera_whichever_way_the_head_turns() -> None:
    ahead, right, up = gaze_of(0, True), gaze_of(30, True), gaze_of(0, True, 15)
    assert ahead == (0, 0) and right.x < -0.05 and up.y > 0.02
    assert gaze_of(-30, True) == (-right.x, 0) and gaze_of(0, True, -15).y == -up.y
    at = face().lengths()
    left_eye, right_eye = (pupil(at, ahead, side)[0] for side in (-1, 1))
    assert right_eye - left_eye < 2 * at["eye_x"], "both turn inwards a little, never outwards"


def test_age_shows_in_skin_lids_lips_and_jaw_and_grows_by_degree() -> None:
    ages = (20, 35, 50, 65, 80, 95)
    shapes = [face(age=age).lengths() for age in ages]
    for name, sign in (("hood", 1), ("nose_length", 1), ("eye_open", -1), ("upper_lip", -1), ("old", 1)):
        values = [sign * at[name] for at in shapes[1:]]
        assert values == sorted(values) and values[-1] > values[0], name
    lined = []
    for age in ages:
        gray = canvas(face(age=age)).mean(axis=2) / skin_color(face()).mean()
        top, bottom = (round((y - TOP) * SCALE) for y in (-0.75, 1.3))
        across = slice(round((-0.7 - LEFT) * SCALE), round((0.7 - LEFT) * SCALE))
        fine = np.abs(cv2.Laplacian(cv2.GaussianBlur(gray, (0, 0), 1.2), cv2.CV_64F))
        lined.append(float(fine[top:bottom, across].mean()))
    assert all(later > sooner for sooner, later in pairwise(lined[1:])), lined
    assert lined[4] > 1.15 * lined[0]


@pytest.mark.parametrize("beard", ["stubble", "moustache", "short beard", "full beard"])
def test_a_beard_covers_where_it_grows(beard: str) -> None:
    bare, grown = (
        canvas(face(gender="man", face={"facial_hair": hair}, hair={"color": "black"})) for hair in ("none", beard)
    )
    at = face(gender="man").lengths()
    change = (bare - grown).mean(axis=2)[..., None]
    jaw, lip = (
        around(change, *place, 0.04)[0]
        for place in ((0.45, at["chin_y"] - 0.28), (0.15, at["mouth_y"] - at["upper_lip"] - 0.05))
    )
    brow = around(change, 0.0, at["brow_y"] - 0.2, 0.1)[0]
    assert lip > 8 and abs(brow) < 1
    assert (jaw > 8) == (beard != "moustache")


def test_no_words_make_a_caricature() -> None:
    eyes, noses = WORDS["eyes", "shape"], product(WORDS["nose", "bridge"], WORDS["nose", "tip"])
    for shape, (bridge, tip), age in product(eyes, noses, (22, 88)):
        at = face_of_dna(
            changed(DNA, {"eyes": {"shape": shape}, "nose": {"bridge": bridge, "tip": tip}}), age=age, gender="man"
        ).lengths()
        assert -0.034 <= at["eye_tilt"] <= 0.056
        assert 0.2 < at["mouth_y"] - at["nose_length"] - at["upper_lip"] < 0.38
        assert at["jaw"] >= 0.72 * at["face_width"]
        assert 0 <= at["hood"] <= 1 and 0 <= at["epicanthus"] <= 1


def test_lips_are_told_apart_from_the_skin_on_every_tone_and_by_their_fullness() -> None:
    for tone in SKIN:
        who = face(skin={"tone": tone}, age=30)
        at = who.lengths()
        mouth = lips(at, CALM)
        seen = canvas(who)
        lip = around(seen, 0.1, float(mouth.middle[20]) - 0.5 * at["upper_lip"], 0.012)
        skin = around(seen, 0.1, float(mouth.upper[20]) - 0.07, 0.012)
        assert lip[1] < 0.9 * skin[1], f"{tone}: darker"
        assert lip[0] / lip[1] > 1.06 * skin[0] / skin[1], f"{tone}: redder"
    thin, full = (
        face_of_dna(changed(DNA, {"lips": {"fullness": word}}), age=30, gender="woman").lengths()
        for word in ("thin", "full")
    )
    for lip_name in ("upper_lip", "lower_lip"):
        assert full[lip_name] > 1.4 * thin[lip_name]


def test_people_differ_widely_and_none_leaves_what_people_measure() -> None:
    """Face units of 75 mm: a nose is 25 to 55 mm wide, a mouth 38 to 65, a face 115 to 158, pupils 50 to 72 apart."""
    shapes = [person(index).face.lengths() for index in range(200)]
    for name, (least, most), span in (
        ("nose_width", (0.16, 0.37), 0.11),
        ("mouth_width", (0.25, 0.43), 0.075),
        ("face_width", (0.77, 1.05), 0.13),
        ("eye_x", (0.33, 0.48), 0.07),
        ("nose_length", (0.33, 0.66), 0.16),
    ):
        values = np.sort([at[name] for at in shapes])
        assert least <= values[0] and values[-1] <= most, (name, values[0], values[-1])
        assert values[180] - values[20] > span, (name, values[180] - values[20])


def test_no_face_is_its_own_mirror_image_and_none_is_crooked() -> None:
    x, y = np.linspace(-0.6, 0.6, 13)[None], np.linspace(-0.4, 1.2, 17)[:, None]
    for index in range(20):
        across, down = displacement(person(index).face.lengths()["skew"], x, y)
        assert np.abs(across + across[:, ::-1]).max() > 0.004
        assert max(np.abs(across).max(), np.abs(down).max()) < 0.09
        assert np.abs(down[7:10, 2] - down[7:10, -3]).max() < 0.06, "both eyes at one height"


def test_marks_survive_metadata_and_garbage_does_not() -> None:
    who = face("red lipstick", "mole on the left cheek")
    again, found = face_of_reference(who.to_json(), face())
    assert found and again == who
    strange = orjson.loads(who.to_json())
    strange["marks"] = [
        ["mole", "cheek", 2, ""],
        ["mole", "moon", 1, ""],
        "mole",
        [1, 2, 3, 4],
        ["scar", "chin", True, ""],
    ]
    assert face_of_reference(orjson.dumps(strange), face())[0].marks == ()
    assert known_mark(["scar", "chin", 0, ""]) == Mark("scar", "chin")
