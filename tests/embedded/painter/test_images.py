"""What the embedded image provider promises: the same bytes, the reference's face, clear messages."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pytest

from personaforge.embedded.painter.png import read_texts
from personaforge.errors import BackendError
from personaforge.providers.embedded_clips import EmbeddedVideos
from personaforge.providers.embedded_images import EmbeddedImages
from personaforge.providers.protocols import Job, Reply, Request

from .subjects import OTHERS, draw_request, film_request, pixels, subject

ROOT = Path(__file__).resolve().parents[3]


def drawn(request: Request) -> bytes:
    blob = EmbeddedImages().submit(request).blob
    assert blob is not None
    assert blob.media_type == "image/png"
    return blob.data


def face_of(png: bytes) -> dict[str, Any]:
    return dict(orjson.loads(read_texts(png)["forge-face"]))


def test_a_reply_holds_the_picture_its_size_and_what_was_drawn() -> None:
    reply = EmbeddedImages().submit(draw_request(subject(yaw=12, expression="smile"), width=300, height=260))
    assert isinstance(reply, Reply)
    assert reply.cost_usd == 0.0
    assert reply.blob is not None
    assert pixels(reply.blob.data).shape == (260, 300, 3)
    assert abs(reply.details["drawn"]["yaw"] - 12) < 1.5
    assert reply.details["drawn"]["expression"] == "smile"
    assert len(reply.details["face"]) == 64
    assert reply.details["face_from"] == "dna"


def test_the_metadata_names_the_software_the_prompt_and_no_time() -> None:
    texts = read_texts(drawn(draw_request(subject(), prompt="a portrait of Ana")))
    assert texts["Software"] == b"PersonaForge embedded"
    assert texts["forge-prompt"].decode() == hashlib.sha256(b"a portrait of Ana").hexdigest()
    assert set(texts) == {"Software", "forge-prompt", "forge-face"}
    other = drawn(draw_request(subject(), prompt="something else"))
    assert np.array_equal(pixels(other), pixels(drawn(draw_request(subject(), prompt="a portrait of Ana"))))


def test_the_same_request_gives_the_same_bytes_on_any_thread() -> None:
    requests = [draw_request(subject(dna, age, gender, yaw=9)) for dna, age, gender in OTHERS]
    alone = [drawn(request) for request in requests]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(drawn, requests * 2)) == alone * 2


def test_the_same_request_gives_the_same_bytes_for_any_number_of_library_threads() -> None:
    request, before = draw_request(subject(pitch=8), width=600, height=800), cv2.getNumThreads()
    found = set()
    try:
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            found.add(drawn(request))
    finally:
        cv2.setNumThreads(before)
    assert len(found) == 1


def test_the_same_request_gives_the_same_bytes_in_another_process() -> None:
    code = """
import hashlib
from tests.embedded.painter.subjects import draw_request, film_request, subject
from personaforge.providers.embedded_clips import EmbeddedVideos
from personaforge.providers.embedded_images import EmbeddedImages
for provider, request in ((EmbeddedImages(), draw_request(subject())), (EmbeddedVideos(), film_request(subject()))):
    print(hashlib.sha256(provider.submit(request).blob.data).hexdigest())
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    clip = EmbeddedVideos().submit(film_request(subject())).blob
    assert clip is not None
    here = [hashlib.sha256(data).hexdigest() for data in (drawn(draw_request(subject())), clip.data)]
    assert run.stdout.split() == here
    assert run.stderr == ""


def test_a_seed_moves_a_candidate_a_little_and_a_dna_moves_it_far() -> None:
    base = face_of(drawn(draw_request(subject(), seed=1)))["z"]
    near = face_of(drawn(draw_request(subject(), seed=2)))["z"]
    far = face_of(drawn(draw_request(subject({"nose": {"width": "wide"}}), seed=1)))["z"]
    assert 0 < max(abs(base[name] - near[name]) for name in base) <= 0.17
    assert np.mean([abs(base[name] - far[name]) for name in base]) > 0.3


def test_a_reference_hands_its_face_on_whatever_the_dna_says() -> None:
    anchor = drawn(draw_request(subject(), seed=3))
    dna, age, gender = OTHERS[0]
    reply = EmbeddedImages().submit(draw_request(subject(dna, age, gender, yaw=20), anchor, seed=99))
    assert reply.blob is not None
    assert reply.details["face_from"] == "reference"
    assert face_of(reply.blob.data) == face_of(anchor)


def test_what_a_reference_lacks_comes_from_the_dna_without_chance() -> None:
    plain = cv2.imencode(".png", np.zeros((40, 40, 3), np.uint8))[1].tobytes()
    first, second = (EmbeddedImages().submit(draw_request(subject(), plain, seed=seed)).details for seed in (1, 2))
    assert first["face_from"] == "dna"
    assert first["face"] == second["face"]


def test_a_further_attempt_draws_closer_to_a_calm_front_view() -> None:
    turned = subject(yaw=40, pitch=10, expression="laugh")
    poses = [EmbeddedImages().submit(draw_request(turned, attempt=attempt)).details["drawn"] for attempt in range(3)]
    assert [round(pose["yaw"], -1) for pose in poses] == [40, 30, 20]
    assert [pose["expression_strength"] for pose in poses] == [1.0, 0.75, 0.5]


@pytest.mark.parametrize("size", [(16, 16), (17, 301), (900, 40), (2000, 64)])
def test_any_size_in_bounds_is_drawn(size: tuple[int, int]) -> None:
    found = pixels(drawn(draw_request(subject(yaw=30, pitch=-10), width=size[0], height=size[1])))
    assert found.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("distance", ["headshot", "bust", "half", "full"])
@pytest.mark.parametrize("yaw", [-75, 0, 75])
def test_every_distance_is_drawn_at_the_bounds_of_the_pose(distance: str, yaw: int) -> None:
    for pitch in (-30, 30):
        drawn(draw_request(subject(distance=distance, yaw=yaw, pitch=pitch), width=96, height=128))


def test_every_expression_garment_and_pattern_is_drawn() -> None:
    seen = set()
    words = {
        "expression": "neutral,soft smile,smile,laugh,serious,surprised,thoughtful,confident,tender",
        "garment": "tee,blouse,shirt,blazer,hoodie,knit,dress,tank,polo,jacket,robe,tunic,kurta,gown,saree",
        "pattern": "plain,stripes,pinstripes,dots,floral,plaid,metallic,sequins",
    }
    for key, choices in words.items():
        for choice in choices.split(","):
            who = subject(distance="half")
            who["position" if key == "expression" else "clothing"][key] = choice
            seen.add(drawn(draw_request(who, width=96, height=128)))
    assert len(seen) == 9 + 15 + 8 - 2, "tee and plain are in both lists of clothes, and neutral is the anchor's"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("position.distance", "closeup", "subject.position.distance: 'closeup', expected one of headshot, bust"),
        ("position.expression", None, "subject.position.expression: missing"),
        ("position.yaw", float("nan"), "subject.position.yaw: nan is not a number"),
        ("position.yaw", 120, "subject.position.yaw: 120 is not between -75 and 75"),
        ("position.pitch", True, "subject.position.pitch: True is not a number"),
        ("dna.eyes.color", "tartan", "subject.dna.eyes.color: 'tartan', expected one of dark brown"),
        ("dna.eyes", None, "subject.dna.eyes: missing"),
        ("dna.hair.length", ["long"], "subject.dna.hair.length: ['long'], expected one of shaved"),
        ("dna.body.height_cm", 400, "subject.dna.body.height_cm: 400 is not between 140 and 210"),
        ("dna.skin.marks", "a mole", "subject.dna.skin.marks: 'a mole' is not a list"),
        ("surface.gender", "robot", "subject.surface.gender: 'robot'"),
        ("surface.age", "old", "subject.surface.age: 'old' is not a number"),
        ("clothing.garment", "toga", "subject.clothing.garment: 'toga', expected one of tee"),
        ("clothing.palette", ["#12345g"], "subject.clothing.palette[0]: '#12345g' is not a colour"),
        ("clothing.palette", [], "subject.clothing.palette: a list of 1 to 8 colours"),
        ("scene.colors", "#123456", "subject.scene.colors: a list of 1 to 8 colours"),
        ("scene", 3, "subject.scene: 3 is not a mapping"),
    ],
)
def test_a_message_names_the_key_that_is_wrong(path: str, value: Any, message: str) -> None:
    who = subject()
    *parents, key = path.split(".")
    place: Any = who
    for parent in parents:
        place = place[parent]
    if value is None:
        del place[key]
    else:
        place[key] = value
    with pytest.raises(BackendError) as error:
        drawn(draw_request(who))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"width": 15}, "width: 15 is not between 16 and 4096"),
        ({"height": 5000}, "height: 5000 is not between 16 and 4096"),
        ({"width": 99.5}, "width: 99.5 is not a whole number"),
        ({"seed": None}, "seed: missing"),
        ({"attempt": -1}, "attempt: -1 is not between"),
        ({"prompt": None}, "prompt: missing"),
        ({"subject": None}, "subject: missing"),
    ],
)
def test_a_message_names_the_field_that_is_wrong(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BackendError) as error:
        drawn(draw_request(**{"who": subject(), **fields}))
    assert str(error.value).startswith(message)


def test_other_kinds_and_jobs_are_refused() -> None:
    with pytest.raises(BackendError, match="only 'draw'"):
        EmbeddedImages().submit(film_request(subject()))
    with pytest.raises(BackendError, match="no jobs"):
        EmbeddedImages().poll(Job("7"))
