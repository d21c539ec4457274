"""Copies are found, and other pictures are not taken for copies."""

import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personaforge.faces.duplicates import Twin, difference_hash, distance, twins
from personaforge.faces.picture import read_picture

MAX_DISTANCE = 5


def hashed(pixels: np.ndarray) -> int:
    value = difference_hash(np.ascontiguousarray(pixels))
    assert value is not None
    return value


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return read_picture(data.tobytes()).pixels


COPIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "jpeg": lambda p: as_jpeg(p, 40),
    "half": lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "larger": lambda p: cv2.resize(p, None, fx=1.7, fy=1.7, interpolation=cv2.INTER_CUBIC),
    "stretched": lambda p: cv2.resize(p, (400, 400), interpolation=cv2.INTER_AREA),
    "brighter": lambda p: np.clip(p * 1.12 + 5, 0, 255).astype(np.uint8),
    "darker": lambda p: (p * 0.85).astype(np.uint8),
    "all": lambda p: as_jpeg(
        np.clip(cv2.resize(p, (300, 300), interpolation=cv2.INTER_AREA) * 1.1, 0, 255).astype(np.uint8), 50
    ),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_stays_near(name: str, astronaut: bytes, six_people: bytes) -> None:
    for data in (astronaut, six_people):
        pixels = read_picture(data).pixels
        assert distance(hashed(pixels), hashed(COPIES[name](pixels))) <= MAX_DISTANCE


def test_known_answers() -> None:
    rising = np.repeat(np.linspace(0, 255, 180)[None, :, None], 160, 0).repeat(3, 2).astype(np.uint8)
    assert difference_hash(rising) == 2**64 - 1
    assert difference_hash(np.ascontiguousarray(rising[:, ::-1])) == 0
    half = rising.copy()
    half[80:] = half[80:, ::-1]
    assert difference_hash(half) == 0xFFFFFFFF00000000
    assert distance(2**64 - 1, 0xFFFFFFFF00000000) == 32


@pytest.mark.parametrize("tone", [0, 128, 255])
def test_one_tone_has_no_hash(tone: int) -> None:
    assert difference_hash(np.full((300, 400, 3), tone, dtype=np.uint8)) is None


def test_portraits_of_equal_framing_are_not_merged() -> None:
    """A hundred faces from LFW, cropped alike to 25 x 25: no two photographs of a person are much more alike."""
    skimage = pytest.importorskip("skimage")
    faces = np.load(Path(skimage.__file__).parent / "data/lfw_subset.npy")[:100]
    hashes = [hashed(np.repeat((face * 255).astype(np.uint8)[:, :, None], 3, 2)) for face in faces]
    nearest = min(distance(one, other) for one, other in combinations(hashes, 2))
    assert nearest > MAX_DISTANCE
    assert twins([(str(index), value) for index, value in enumerate(hashes)], MAX_DISTANCE) == {}


def test_two_photographs_of_one_scene_from_a_step_apart_are_not_merged() -> None:
    skimage = pytest.importorskip("skimage")
    folder = Path(skimage.__file__).parent / "data"
    pair = [folder / "motorcycle_left.png", folder / "motorcycle_right.png"]
    if not all(path.exists() for path in pair):
        pytest.skip("skimage did not bring the stereo pair")
    left, right = (hashed(read_picture(path.read_bytes()).pixels) for path in pair)
    assert distance(left, right) > 2 * MAX_DISTANCE


def test_a_mirrored_picture_is_another_one(astronaut: bytes) -> None:
    pixels = read_picture(astronaut).pixels
    assert distance(hashed(pixels), hashed(pixels[:, ::-1])) > 2 * MAX_DISTANCE


def test_twins_are_of_the_first_of_their_kind() -> None:
    pictures = [("a", 0b0000), ("b", 0xFF00), ("c", 0b0011), ("a", 0b0000), ("d", 0b1111), ("e", None), ("e", None)]
    assert twins(pictures, 2) == {2: Twin(0, 2, False), 3: Twin(0, 0, True), 6: Twin(5, 0, True)}
    # "d" is 2 bits from "c", which is a twin and stands for nothing: a chain does not grow.
    assert twins(pictures, 4)[4] == Twin(0, 4, False)


def test_the_nearest_of_several_is_named() -> None:
    assert twins([("a", 0b1111), ("b", 0), ("c", 0b1)], 3) == {2: Twin(1, 1, False)}


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12), st.integers(0, 64))
def test_what_stands_is_apart_and_what_does_not_is_near(values: list[int], bound: int) -> None:
    pictures = [(str(index), value) for index, value in enumerate(values)]
    found = twins(pictures, bound)
    standing = [index for index in range(len(values)) if index not in found]
    assert all(distance(values[one], values[other]) > bound for one, other in combinations(standing, 2))
    for index, twin in found.items():
        assert twin.of in standing and twin.of < index
        assert twin.distance == distance(values[index], values[twin.of]) <= bound


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_distance_is_a_metric(one: int, other: int, third: int) -> None:
    assert distance(one, one) == 0 and distance(one, other) == distance(other, one)
    assert distance(one, third) <= distance(one, other) + distance(other, third)


def test_the_hash_is_the_same_from_png_and_array(astronaut: bytes) -> None:
    from PIL import Image

    pixels = read_picture(astronaut).pixels
    again = np.asarray(Image.open(io.BytesIO(astronaut)).convert("RGB"))[:, :, ::-1]
    assert hashed(pixels) == hashed(again)
