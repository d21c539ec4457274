"""A reference is a stranger's file: whatever it holds, only finite numbers in range and known words are taken."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import orjson
import pytest
from PIL import Image

from personaforge.embedded.painter.face.params import face_of_reference, subject_face
from personaforge.embedded.painter.png import encode_png, read_texts
from personaforge.providers.embedded_images import EmbeddedImages

from .subjects import OTHERS, draw_request, subject

TOLD = subject_face(subject())
OTHER = subject_face(subject(*OTHERS[1]))


def test_pillow_reads_the_pixels_and_the_texts_that_were_written() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (37, 23, 3), dtype=np.uint8)
    data = encode_png(rgb, {"Software": "me", "forge-face": '{"a": 1}'})
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), rgb)
        assert image.text == {"Software": "me", "forge-face": '{"a": 1}'}  # type: ignore[attr-defined]
    assert read_texts(data) == {"Software": b"me", "forge-face": b'{"a": 1}'}


def test_a_face_survives_its_own_metadata() -> None:
    face, found = face_of_reference(OTHER.to_json(), TOLD)
    assert found
    assert face == OTHER
    assert face.digest() == OTHER.digest() != TOLD.digest()


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"garbage",
        b"[1, 2]",
        b"null",
        b"[" * 10_000,
        b'{"version": 1}',
        b'{"version": 1, "z": [1]}',
        b'{"version": 2, "z": {}}',
        b'{"version": 1, "z": {"jaw": NaN}}',
        b'{"version": 1, "z": {"jaw": 1e999}}',
        b"\xff\xfe\x00",
        orjson.dumps({"version": 1, "z": {f"name{index}": 0.5 for index in range(5000)}}),
    ],
)
def test_what_is_not_our_metadata_counts_as_none(metadata: bytes) -> None:
    assert face_of_reference(metadata, TOLD) == (TOLD, False)


def test_values_out_of_range_and_unknown_words_are_taken_from_the_dna() -> None:
    strange = orjson.loads(OTHER.to_json())
    strange["z"].update(jaw=7, eye_x=-1.001, chin_y=True, lid="0.5", tip=None, mouth_y=[0.1])
    strange.update(eye_color="infrared", hair_length=3, skin_tone=["deep"], age=400, strands=-1, cleft="yes")
    strange.update(masculinity=-0.5, parting=2, run="import os")
    face, found = face_of_reference(orjson.dumps(strange), TOLD)
    assert found
    for name in ("jaw", "eye_x", "chin_y", "lid", "tip", "mouth_y"):
        assert face.z[name] == TOLD.z[name]
    assert face.z["nose_length"] == OTHER.z["nose_length"]
    for name in ("eye_color", "hair_length", "skin_tone", "age", "strands", "cleft", "masculinity", "parting"):
        assert getattr(face, name) == getattr(TOLD, name)
    assert face.hair_color == OTHER.hair_color


@pytest.mark.parametrize("kind", ["cut", "flipped", "no image", "long chunk", "jpeg", "many chunks"])
def test_a_damaged_reference_is_no_reference(kind: str) -> None:
    data = encode_png(np.zeros((16, 16, 3), np.uint8), {"forge-face": OTHER.to_json().decode()})
    if kind == "cut":
        data = data[:400]
    elif kind == "flipped":
        data = data[:100] + bytes([data[100] ^ 1]) + data[101:]
    elif kind == "no image":
        data = b"not a picture at all"
    elif kind == "long chunk":
        data = data[:33] + struct.pack(">I", 2**31) + data[37:]
    elif kind == "jpeg":
        made = io.BytesIO()
        Image.new("RGB", (16, 16)).save(made, "JPEG")
        data = made.getvalue()
    else:
        empty = struct.pack(">I", 0) + b"noTh" + struct.pack(">I", zlib.crc32(b"noTh"))
        data = data[:33] + empty * 10_000 + data[33:]
    reply = EmbeddedImages().submit(draw_request(subject(), data, width=64, height=64))
    assert reply.details["face_from"] == "dna"
    assert reply.details["face"] == TOLD.digest()


@pytest.mark.parametrize("end", [-1.0, 1.0])
def test_the_ends_of_every_range_can_be_drawn(end: float) -> None:
    low = end < 0
    face = orjson.loads(OTHER.to_json())
    face["z"] = dict.fromkeys(face["z"], end)
    face.update(strands=0 if low else 2**31 - 1, age=18 if low else 95, masculinity=0 if low else 1, parting=end)
    data = encode_png(np.zeros((16, 16, 3), np.uint8), {"forge-face": orjson.dumps(face).decode()})
    for expression in ("laugh", "surprised", "serious"):
        who = subject(expression=expression, yaw=75 * end, pitch=30 * end)
        assert EmbeddedImages().submit(draw_request(who, data)).details["face_from"] == "reference"
