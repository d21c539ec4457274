"""The face mesh: that our ONNX file is MediaPipe's network, and that its points lie where the face's are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import BackendError
from personaforge.faces import yunet
from personaforge.faces.landmarks import RATIOS_106, ratios_mesh
from personaforge.faces.mesh import FaceMesh
from personaforge.faces.packs import SHIPPED
from personaforge.faces.picture import read_picture
from personaforge.faces.pose import pose_106, pose_mesh
from personaforge.faces.runtime import onnxruntime
from personaforge.packs.mesh.convert import SOURCE_SHA256, convert
from personaforge.packs.mesh.tflite import read_tflite
from tests.faces.conftest import MODELS

OURS = SHIPPED / "mediapipe_mesh/face_landmark.onnx"
LITERT = Path(__file__).parent / "mesh_litert.json"
"""What LiteRT (ai-edge-litert 2.3.0, XNNPACK, one thread) gave for `patterns`, from the .tflite file: every ninth of
the 1,404 values of each, 4 decimals; written by `python -m tests.benchmarks.verdicts_pack --litert`."""


def patterns() -> np.ndarray:
    """Four inputs, (4, 3, 192, 192) in [0, 1], by arithmetic that is the same everywhere: no face is needed to compare
    two runtimes of one network."""
    y, x = np.mgrid[0:192, 0:192]
    planes = [
        [((x * a + y * b + 7 * c) % (11 + 2 * a)) / (11 + 2 * a) for c in range(3)]
        for a, b in ((1, 2), (3, 1), (5, 4), (2, 7))
    ]
    return np.array(planes, dtype=np.float32)


@pytest.fixture(scope="module")
def source() -> bytes:
    path = next((one for folder in MODELS if (one := folder / "mediapipe/face_landmark.tflite").is_file()), None)
    if path is None:
        pytest.skip("no mediapipe/face_landmark.tflite in FORGE_MODELS")
    return path.read_bytes()


@pytest.fixture(scope="module")
def mesh() -> FaceMesh:
    return FaceMesh(OURS)


def test_the_shipped_file_is_what_the_script_makes(source: bytes, tmp_path: Path) -> None:
    assert digest_bytes(source) == SOURCE_SHA256
    assert convert(source) == OURS.read_bytes()
    (tmp_path / "a.tflite").write_bytes(source)
    command = [sys.executable, "-m", "personaforge.packs.mesh", "a.tflite", "b.onnx"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"b.onnx: {OURS.stat().st_size} bytes, SHA-256 {digest_bytes(OURS.read_bytes())}\n"
    assert (tmp_path / "b.onnx").read_bytes() == OURS.read_bytes()
    (tmp_path / "a.tflite").write_bytes(source[:-1])
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and f"expected {SOURCE_SHA256}" in done.stderr


def test_it_gives_what_litert_gives() -> None:
    """MediaPipe's own runtime; measured: 2e-4 of a pixel of 192 at most."""
    session = onnxruntime().InferenceSession(str(OURS), providers=["CPUExecutionProvider"])
    told = json.loads(LITERT.read_text())
    assert len(told) == 4
    for data, expected in zip(patterns(), told, strict=True):
        points, presence = session.run(["points", "presence"], {"data": data[None]})
        assert np.abs(points.ravel()[::9] - expected["points"]).max() < 1e-3
        assert abs(float(presence[0, 0]) - expected["presence"]) < 1e-3
    apart = [np.array(one["points"]) - np.array(told[0]["points"]) for one in told[1:]]
    assert min(float(np.abs(one).max()) for one in apart) > 1, "the four inputs don't tell two networks apart"


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda data: data[:4] + b"ONNX" + data[8:], "this is no .tflite file"),
        (lambda data: data[:2000], "too early|are to stand at"),
    ],
)
def test_another_file_is_named(source: bytes, damage: object, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read_tflite(damage(source))  # type: ignore[operator]


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = SHIPPED / "embedded/2d106det.onnx"
    with pytest.raises(BackendError, match=r"has the shapes .*expected \(1, 3, 192, 192\), \(1, 468, 3\), \(1, 1\)"):
        FaceMesh(other)
    (tmp_path / "m.onnx").write_bytes(b"no model" * 2000)
    with pytest.raises(BackendError, match="can't be loaded"):
        FaceMesh(tmp_path / "m.onnx")


ASTRONAUT_BOX = np.array([182.0, 60.0, 268.0, 178.0])
ASTRONAUT_EYES = np.array([[201.0, 109.0], [243.0, 110.0]])


def test_the_points_lie_on_the_face(mesh: FaceMesh, astronaut: bytes) -> None:
    """Compared with where the features are in the photograph, read off by eye within 4 pixels."""
    points = mesh.points(read_picture(astronaut).pixels, ASTRONAUT_BOX, ASTRONAUT_EYES)
    assert points.shape == (468, 3) and points.dtype == np.float32
    for number, place in ((1, (223, 132)), (61, (203, 145)), (291, (245, 145)), (152, (226, 172))):
        assert np.hypot(*(points[number, :2] - place)) < 8, (number, points[number])
    assert points[1, 2] < points[[33, 263, 152], 2].min(), "the tip of the nose is nearest"


def test_a_turned_or_mirrored_picture_has_turned_or_mirrored_points(mesh: FaceMesh, astronaut: bytes) -> None:
    import cv2

    pixels = read_picture(astronaut).pixels
    plain = mesh.points(pixels, ASTRONAUT_BOX, ASTRONAUT_EYES)[:, :2]
    middle = tuple(map(float, plain.mean(axis=0)))
    for degrees in (-60, 25, 90):
        matrix = cv2.getRotationMatrix2D(middle, degrees, 1.0)
        turned = cv2.warpAffine(pixels, matrix, (512, 512))
        moved = plain @ matrix[:, :2].T + matrix[:, 2]
        box = np.concatenate([moved.min(axis=0), moved.max(axis=0)])
        found = mesh.points(turned, box, ASTRONAUT_EYES @ matrix[:, :2].T + matrix[:, 2])[:, :2]
        assert np.linalg.norm(found - moved, axis=1).mean() < 0.05 * 42, degrees  # 42: between the eyes
    eyes = ASTRONAUT_EYES[::-1].copy()
    eyes[:, 0] = 511 - eyes[:, 0]
    box = ASTRONAUT_BOX.copy()
    box[[0, 2]] = 511 - ASTRONAUT_BOX[[2, 0]]
    found = mesh.points(np.ascontiguousarray(pixels[:, ::-1]), box, eyes)
    one, other = ratios_mesh(plain), ratios_mesh(found)
    assert np.mean([abs(one[name] - other[name]) for name in one]) < 0.03
    assert abs(pose_mesh(plain).yaw + pose_mesh(found).yaw) < 5


def test_the_second_look_makes_the_box_matter_less(mesh: FaceMesh, astronaut: bytes) -> None:
    pixels = read_picture(astronaut).pixels
    plain = mesh.points(pixels, ASTRONAUT_BOX, ASTRONAUT_EYES)
    level = ASTRONAUT_EYES[1] - ASTRONAUT_EYES[0]
    middle, half = (ASTRONAUT_BOX[:2] + ASTRONAUT_BOX[2:]) / 2, (ASTRONAUT_BOX[2:] - ASTRONAUT_BOX[:2]) / 2
    far: list[float] = []
    near: list[float] = []
    for scale, shift in ((0.8, 0.0), (1.25, 0.0), (1.0, 0.15), (1.0, -0.15)):
        at = middle + np.array([2 * half[0] * shift, 0.0])
        once = mesh._look(pixels, at, float(2 * half.max() * scale), level)
        twice = mesh.points(pixels, np.concatenate([at - half * scale, at + half * scale]), ASTRONAUT_EYES)
        for points, found in ((once, far), (twice, near)):
            found.append(float(np.linalg.norm((points - plain)[:, :2], axis=1).mean()))
    assert np.mean(near) < 0.02 * 42 and np.mean(near) < np.mean(far) / 1.5  # 42 pixels between the eyes


def test_ratios_of_a_mesh_are_those_of_its_points() -> None:
    points = np.zeros((468, 3))
    for number, place in {
        33: (0, 0), 133: (20, 0), 362: (80, 0), 263: (100, 0), 159: (10, -3), 145: (10, 3), 386: (90, -4), 374: (90, 4),
        168: (50, 0), 1: (50, 40), 2: (50, 48), 129: (36, 40), 358: (64, 40), 61: (30, 70), 291: (70, 70),
        172: (-10, 80), 397: (110, 80), 0: (50, 64), 152: (50, 112),
    }.items():  # fmt: skip
        points[number, :2] = place
    points[:, 2] = 5  # depth plays no part
    expected = {
        "eyes_to_nose_tip": 0.5, "nose_length": 0.6, "mouth_width": 0.5, "jaw_width": 1.5, "nose_width": 0.35,
        "upper_lip_to_chin": 0.6, "eye_height": 0.0875,
    }  # fmt: skip
    assert ratios_mesh(points) == pytest.approx(expected) and tuple(expected) == RATIOS_106
    with pytest.raises(ValueError, match="found 106 points, expected 468"):
        ratios_mesh(points[:106])
    with pytest.raises(ValueError, match="the eyes coincide"):
        ratios_mesh(np.zeros((468, 3)))


def test_the_pose_of_a_mesh_is_that_of_the_same_places_of_106_points() -> None:
    random = np.random.default_rng(3)
    few, many = random.normal(size=(106, 2)) * 50, random.normal(size=(468, 3)) * 50
    same = {35: 33, 39: 133, 89: 362, 93: 263, 72: 168, 86: 1, 52: 61, 61: 291, 0: 152}
    for one, other in same.items():
        many[other, :2] = few[one]
    assert pose_mesh(many) == pose_106(few)


@pytest.mark.pack
def test_a_detector_and_the_mesh_agree_on_the_eyes(mesh: FaceMesh, six_people: bytes) -> None:
    path = next(
        (one for folder in MODELS if (one := folder / "opencv/face_detection_yunet_2023mar.onnx").is_file()), None
    )
    if path is None:
        pytest.skip("no opencv/face_detection_yunet_2023mar.onnx in FORGE_MODELS")
    pixels = read_picture(six_people).pixels
    found = yunet.sightings(yunet.load(path), pixels)
    assert len(found) == 6
    for one in found:
        points = mesh.points(pixels, one.box, one.points[:2])[:, :2]
        eyes = np.array([points[[33, 133]].mean(axis=0), points[[362, 263]].mean(axis=0)])
        apart = np.linalg.norm(one.points[1] - one.points[0])
        assert np.linalg.norm(eyes - one.points[:2], axis=1).max() < 0.3 * apart
