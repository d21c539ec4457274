"""What a picture shows beside the face's shape, on drawings whose DNA is known."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from personaforge.faces.analyzer import Face
from personaforge.faces.appearance import COLOURS, SHARES, measure_appearance
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.packs import Pack, find_pack
from personaforge.faces.pose import pose_106
from personaforge.identity.appearance import GLASSES, apart, clothes_distance, length_words, readings
from personaforge.providers.embedded_images import EmbeddedImages
from tests.embedded.painter.subjects import OTHERS, draw_request, subject

NAMES = {*COLOURS, *SHARES, "clothes"}


@cache
def analyzer() -> InsightAnalyzer:
    pack = find_pack("embedded")
    assert isinstance(pack, Pack)
    return InsightAnalyzer(pack)


def drawn(who: dict[str, Any], width: int = 480, height: int = 640) -> Any:
    blob = EmbeddedImages().submit(draw_request(who, width=width, height=height)).blob
    assert blob is not None
    return cv2.imdecode(np.frombuffer(blob.data, np.uint8), cv2.IMREAD_COLOR)


def seen(pixels: Any) -> dict[str, Any]:
    face = analyzer().read(pixels)[0]
    assert face.landmarks106 is not None
    return measure_appearance(pixels, face, pose_106(list(face.landmarks106)).yaw)


@pytest.mark.parametrize("person", [1, 2, 3])
def test_a_drawing_shows_its_dna(person: int) -> None:
    changes, age, gender = OTHERS[person]
    who = subject(changes, age, gender)
    found = readings(who["dna"], {"appearance": seen(drawn(who))})
    # Person 3 is one of those few whose curls hang to the next bound; see `appearance._HANGING`.
    wrong = {"hair length": "long"} if person == 3 else {}
    assert {one.name: one.seen for one in found if one.agrees is False} == wrong
    assert {"skin", "hair", "eyes", "facial hair"} <= {one.name for one in found if one.agrees}


@pytest.mark.parametrize(("length", "words"), [("chin", ("chin",)), ("shoulder", ("shoulder",))])
def test_dark_clothes_are_no_hair(length: str, words: tuple[str, ...]) -> None:
    """Cloth that is nearly black hangs from no head; where it has hair's own colour, nothing is said."""
    dna = {"hair": {"color": "black", "length": length}}
    for cloth, reads in (("#f2efe9", True), ("#3b3f46", True), ("#201c1b", False)):
        who = subject(dna)
        who["clothing"].update(garment="hoodie", palette=[cloth, cloth, cloth])
        found = seen(drawn(who, 768, 1024))
        if reads:
            assert length_words(found["reach"]) == words, cloth
        else:
            assert found["why"]["reach"] == "background"


def test_glasses_are_seen_and_change_no_colour() -> None:
    plain = subject(distance="bust")
    worn = subject(distance="bust")
    worn["clothing"]["accessories"] = ["glasses"]
    without, with_glasses = (seen(drawn(who, 768, 1024)) for who in (plain, worn))
    assert without["glasses"] < GLASSES <= with_glasses["glasses"]
    assert apart(without["skin"], with_glasses["skin"]) < 3 > apart(without["hair"], with_glasses["hair"])


def test_clothes_are_told_apart_and_the_same_in_another_pose() -> None:
    blue, red = subject(), subject()
    red["clothing"]["palette"] = ["#a03030", "#402020"]
    here, turned, other = (
        seen(drawn(who))["clothes"] for who in (blue, {**blue, "position": {**blue["position"], "yaw": 16}}, red)
    )
    assert sum(here) == pytest.approx(1, abs=0.07)  # 125 numbers of three decimals
    assert clothes_distance(here, turned) < 0.3 < 0.5 < clothes_distance(here, other)


def test_size_and_roll_change_little() -> None:
    pixels = drawn(subject())
    whole = seen(pixels)
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1.0)
    rolled = cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    for other in (cv2.resize(pixels, None, fx=1.6, fy=1.6), rolled):
        found = seen(other)
        assert apart(found["skin"], whole["skin"]) < 2 and apart(found["hair"], whole["hair"]) < 3
        assert abs(found["reach"] - whole["reach"]) <= 0.5


def test_what_cannot_be_measured_says_why() -> None:
    pixels = drawn(subject(), 240, 320)
    face = analyzer().read(pixels)[0]
    few = Face(face.box, face.score, face.embedding, face.landmarks5)
    assert face.landmarks106 is not None
    small = Face(face.box, face.score, face.embedding, face.landmarks5, face.landmarks106 * 0.2)
    for found, why in (
        (measure_appearance(pixels, few, 0), "points"),
        (measure_appearance(pixels, small, 0), "small"),
        (measure_appearance(pixels, face, 41), "turned"),
    ):
        assert found["why"] == dict.fromkeys(NAMES, why) and {found[name] for name in NAMES} == {None}
    half = measure_appearance(pixels, face, -30)
    assert half["skin"] is not None and {name for name, why in half["why"].items() if why == "turned"} == {*SHARES}
    tiny = Face(face.box, face.score, face.embedding, face.landmarks5, face.landmarks106 * 0.6)
    assert measure_appearance(pixels, tiny, 0)["why"]["eyes"] == "small", "an iris of less than 5 pixels has no colour"


def test_closed_eyes_have_no_colour() -> None:
    pixels = drawn(subject())
    face = analyzer().read(pixels)[0]
    assert face.landmarks106 is not None
    points = face.landmarks106.copy()
    for eye in ((35, 41, 40, 42, 39, 37, 33, 36), (89, 95, 94, 96, 93, 91, 87, 90)):
        points[list(eye), 1] = points[list(eye), 1].mean()
    found = measure_appearance(pixels, Face(face.box, 0.9, face.embedding, face.landmarks5, points), 0)
    assert found["eyes"] is None and found["why"] == {"eyes": "closed"}


def test_a_hat_is_no_hair() -> None:
    who = subject({"hair": {"length": "chin", "color": "blond"}}, distance="bust")
    who["clothing"]["accessories"] = ["sunglasses"]  # they are drawn pushed up into the hair
    found = seen(drawn(who, 768, 1024))
    assert found["hair"] is None or apart(found["hair"], (67, 5, 30)) < 9
