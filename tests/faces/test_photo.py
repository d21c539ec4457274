"""Raw measurements of photographs: known answers on drawn pixels, and what changes on real ones."""

import dataclasses
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from personaforge.digest import canonical
from personaforge.faces.analyzer import Face
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.photo import blur, file_format, light, measure_photo
from personaforge.faces.picture import read_picture
from personaforge.faces.quality import sharpness


def grey(rows: int, columns: int, value: int) -> np.ndarray:
    return np.full((rows, columns, 3), value, dtype=np.uint8)


def test_light_of_known_tones() -> None:
    half = np.zeros((10, 10), dtype=np.uint8)
    half[:, 5:] = 255
    assert light(half) == {"mean": 0.5, "contrast": 1.0, "shadows": 0.5, "highlights": 0.5}
    assert light(np.full((4, 4), 102, dtype=np.uint8)) == {"mean": 0.4, "contrast": 0, "shadows": 0, "highlights": 0}
    assert light(np.zeros((4, 4), dtype=np.uint8)) == {"mean": 0, "contrast": None, "shadows": 1, "highlights": 0}


def test_clipped_is_from_five_down_and_from_250_up() -> None:
    tones = light(np.array([[5, 6, 249, 250]], dtype=np.uint8))
    assert (tones["shadows"], tones["highlights"]) == (0.25, 0.25)


def test_blur_of_noise_is_low_and_of_one_tone_unknown() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    values = [blur(noise), *(blur(cv2.GaussianBlur(noise, (0, 0), sigma)) for sigma in (1, 2, 4))]
    assert all(value is not None for value in values)
    assert values == sorted(values, key=float) and len(set(values)) == 4  # type: ignore[arg-type]
    assert values[0] is not None and values[0] < 0.2
    assert blur(np.full((50, 50), 9, dtype=np.uint8)) is None


def test_blur_of_motion_counts_whichever_way_it_goes(astronaut: bytes) -> None:
    plain = cv2.cvtColor(read_picture(astronaut).pixels, cv2.COLOR_BGR2GRAY)
    still = blur(plain)
    for size in ((15, 1), (1, 15)):
        moved = blur(cv2.blur(plain, size))
        assert still is not None and moved is not None and moved > still + 0.2


def test_a_face_on_drawn_pixels(a_face: Callable[..., Face]) -> None:
    """The box is (10, 20) to (90, 120); its middle without 15 % is (22, 35) to (78, 105)."""
    pixels = grey(200, 100, 0)
    pixels[20:120, 10:50] = 60
    pixels[20:120, 50:90] = 180
    second = a_face(box=np.array([0, 0, 20, 100], dtype=np.float32))
    found = measure_photo(pixels, [a_face(embedding_norm=21.5), second])
    assert canonical(found)
    assert (found["width"], found["height"], found["faces"]) == (100, 200, 2)
    face = found["face"]
    assert face["box"] == [10, 20, 90, 120] and face["pixels"] == 100
    assert (face["share"], face["beyond"], face["others"]) == (0.4, 0.0, 0.25)
    assert (face["detection"], face["embedding_norm"], face["landmark_gap"]) == (0.75, 21.5, None)
    assert face["light"]["mean"] == pytest.approx(120 / 255, abs=1e-6)
    assert face["light"]["unevenness"] == pytest.approx(0.5, abs=1e-6)  # |60 - 180| / 240
    assert face["sharpness"] == pytest.approx(sharpness(pixels, [10, 20, 90, 120]), abs=1e-6)
    assert "embedding" not in face


def test_without_faces_and_without_an_analyzer_are_not_the_same() -> None:
    none, unknown = measure_photo(grey(64, 64, 90), []), measure_photo(grey(64, 64, 90), None)
    assert (none["faces"], none["face"]) == (0, None)
    assert (unknown["faces"], unknown["face"]) == (None, None)
    assert none["hash"] is None and none["blur"] is None, "one tone has neither"


@pytest.mark.parametrize(("shift", "beyond"), [(0, 0.0), (-50, 0.5), (-100, 1.0)])
def test_a_face_over_the_edge(a_face: Callable[..., Face], shift: int, beyond: float) -> None:
    box = np.array([0, 0, 80, 80], dtype=np.float32) + np.array([shift, 0, shift, 0], dtype=np.float32)
    found = measure_photo(grey(100, 100, 128), [a_face(box=box)])
    face = found["face"]
    assert face["beyond"] == pytest.approx(min(1.0, -shift / 80), abs=1e-6)
    assert (face["light"] is None) == (beyond == 1.0) and (face["sharpness"] is None) == (beyond == 1.0)
    assert canonical(found)


def test_the_gap_is_in_distances_between_the_eyes(a_face: Callable[..., Face]) -> None:
    five = np.array([[30, 50], [70, 50], [50, 70], [40, 90], [60, 90]], dtype=np.float32)
    many = np.tile(five.mean(axis=0), (106, 1)).astype(np.float32)
    many[[38, 88, 86, 52, 61]] = five + np.array([[0, 0], [0, 0], [0, 20], [0, 0], [0, 0]], dtype=np.float32)
    face = a_face(landmarks106=many)
    found = measure_photo(grey(200, 100, 128), [face])["face"]
    assert found["landmark_gap"] == pytest.approx(20 / 5 / 40)
    gone = dataclasses.replace(face, landmarks5=np.full((5, 2), 50, dtype=np.float32))
    assert measure_photo(grey(200, 100, 128), [gone])["face"]["landmark_gap"] is None


def test_a_large_picture_is_measured_as_a_smaller_one(astronaut: bytes) -> None:
    pixels = cv2.resize(read_picture(astronaut).pixels, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(pixels, (3072, 3072), interpolation=cv2.INTER_CUBIC)
    one, other = measure_photo(pixels, None), measure_photo(large, None)
    assert other["blur"] == pytest.approx(one["blur"], abs=0.02)
    assert other["light"]["mean"] == pytest.approx(one["light"]["mean"], abs=0.005)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_formats_are_told_by_their_first_bytes(encode: Callable[..., bytes], kind: str) -> None:
    assert file_format(encode(grey(8, 8, 3), kind)) == kind.lower()


@pytest.mark.parametrize("data", [b"", b"RIFF1234WAVE", b"words", b"\xff\xd8"])
def test_other_bytes_are_of_no_known_format(data: bytes) -> None:
    assert file_format(data) == "unknown"


# Real photographs


def faces_of(analyzer: InsightAnalyzer, pixels: np.ndarray) -> dict[str, Any]:
    found = measure_photo(pixels, analyzer.read(pixels))
    assert canonical(found)
    return found


@pytest.mark.pack
def test_one_woman_and_six_people(analyzer: InsightAnalyzer, astronaut: bytes, six_people: bytes) -> None:
    one, six = (faces_of(analyzer, read_picture(data).pixels) for data in (astronaut, six_people))
    assert (one["faces"], one["face"]["others"]) == (1, 0.0)
    assert six["faces"] == 6 and six["face"]["others"] > 0.8
    assert one["face"]["landmark_gap"] < 0.15 and abs(one["face"]["pose"]["yaw"]) < 10
    assert one["face"]["beyond"] == 0 and 0.02 < one["face"]["share"] < 0.06


@pytest.mark.pack
def test_a_face_is_no_less_sharp_in_a_quarter_of_the_light(analyzer: InsightAnalyzer, astronaut: bytes) -> None:
    """What the variance of the Laplacian can't tell from blur."""
    pixels = read_picture(astronaut).pixels
    dark = (pixels * 0.25).astype(np.uint8)
    (face,) = analyzer.read(pixels)
    bright_face, dark_face = measure_photo(pixels, [face])["face"], measure_photo(dark, [face])["face"]
    assert dark_face["blur"] == pytest.approx(bright_face["blur"], abs=0.02)
    assert dark_face["sharpness"] < bright_face["sharpness"] / 4
    assert dark_face["light"]["contrast"] == pytest.approx(bright_face["light"]["contrast"], abs=0.01)


@pytest.mark.pack
def test_a_covered_face_is_a_less_sure_one(analyzer: InsightAnalyzer, astronaut: bytes) -> None:
    pixels = read_picture(astronaut).pixels
    (face,) = analyzer.read(pixels)
    x1, y1, x2, y2 = (int(value) for value in face.box)
    covered = pixels.copy()
    covered[(y1 + y2) // 2 : y2 + 5, x1 - 5 : x2 + 5] = (120, 150, 200)
    clear, hidden = faces_of(analyzer, pixels)["face"], faces_of(analyzer, covered)["face"]
    assert hidden["detection"] < clear["detection"] - 0.1
    assert hidden["landmark_gap"] > clear["landmark_gap"]
