"""Packs that are composed of parts: what identifies one, what is missing of one, and what it measures."""

from __future__ import annotations

import io
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from personaforge.errors import BackendError, MissingExtra, SpecError
from personaforge.faces import composed
from personaforge.faces.composed import ComposedAnalyzer, ComposedPack, WantedPart, composed_identity, find_composed
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.measure import embedding, measure_image
from personaforge.faces.packs import Pack, PackMissing, made_for
from personaforge.faces.picture import read_picture
from personaforge.faces.recognisers import ArcFace, similarity
from personaforge.faces.second import OpenCvAnalyzer
from personaforge.faces.second_packs import SecondPack, find_second
from personaforge.identity.score import Cause, unmeasured
from tests.faces.conftest import MODELS

YUNET = WantedPart("detector", "yunet", "yunet", "opencv", "face_detection_yunet_2023mar.onnx")
ARC = WantedPart("recognizer", "mbf", "arcface", "buffalo_s_dev", "w600k_mbf.onnx")
"""Of AuraFace's form; its weights are InsightFace's, so it stands in for the interface alone."""
SMALL = WantedPart("recognizer", "y1", "sface", "mobilefacenet_y1", "mobilefacenet_y1.onnx")
MESH = WantedPart("landmarks", "mediapipe_mesh", "mesh", "mediapipe_mesh", "face_landmark.onnx", ours=True)


def found(*parts: WantedPart, name: str = "free") -> ComposedPack:
    pack = find_composed(name, parts, MODELS)
    if isinstance(pack, PackMissing):
        pytest.skip(f"no parts: {pack.reason}")
    return pack


@pytest.fixture(scope="module")
def large() -> ComposedAnalyzer:
    return ComposedAnalyzer(found(YUNET, ARC, MESH))


@pytest.fixture(scope="module")
def small() -> ComposedAnalyzer:
    return ComposedAnalyzer(found(SMALL, MESH, YUNET))


def made(folder: Path, **files: bytes) -> list[WantedPart]:
    """Write parts that are no models, and return what is wanted of them."""
    wanted = []
    for role, (name, runs) in {"detector": ("d", "yunet"), "recognizer": ("r", "arcface")}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "m.onnx").write_bytes(files.get(role, role.encode() * 2000))
        wanted.append(WantedPart(role, name, runs, name, "m.onnx"))  # type: ignore[arg-type]
    return wanted


def digest(name: str, parts: list[WantedPart], folder: Path) -> str:
    pack = find_composed(name, parts, [folder])
    assert isinstance(pack, ComposedPack)
    return pack.digest


def test_the_digests_of_the_parts_are_the_packs(tmp_path: Path) -> None:
    parts = made(tmp_path)
    plain = digest("free", parts, tmp_path)
    assert digest("other", parts[::-1], tmp_path) == plain, "neither a name nor the order is content"
    shutil.copytree(tmp_path / "r", tmp_path / "elsewhere")
    assert digest("free", [parts[0], parts[1]._replace(folder="elsewhere", name="x")], tmp_path) == plain
    assert digest("free", [parts[0], parts[1]._replace(runs="sface")], tmp_path) != plain, "run otherwise"
    assert digest("free", [*parts, MESH], tmp_path) != plain
    (tmp_path / "r/m.onnx").write_bytes(b"another" * 3000)
    assert digest("free", parts, tmp_path) != plain


def test_what_is_missing_is_named_with_what_to_type(tmp_path: Path) -> None:
    parts = made(tmp_path)

    def reason() -> str:
        pack = find_composed("free", parts, [tmp_path])
        assert isinstance(pack, PackMissing) and pack.hint.startswith("forge models pull free")
        return pack.reason

    (tmp_path / "r/m.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert "m.onnx, the recognizer of the pack free, is a Git LFS pointer" in reason()
    (tmp_path / "r/m.onnx").unlink()
    assert reason() == f"the pack free has no recognizer here: {tmp_path / 'r/m.onnx'} is not there"
    shutil.rmtree(tmp_path / "d")
    assert reason() == f"the pack free has no detector here: no folder d in {tmp_path}"


def test_a_part_that_comes_with_forge_is_never_taken_from_a_folder(tmp_path: Path) -> None:
    parts = [*made(tmp_path), MESH]
    (tmp_path / "mediapipe_mesh").mkdir()
    (tmp_path / "mediapipe_mesh/face_landmark.onnx").write_bytes(b"another" * 3000)
    pack = find_composed("free", parts, [tmp_path])
    assert isinstance(pack, ComposedPack) and pack.parts[2].path.parent.parent == composed.SHIPPED


def test_the_identity_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = find_composed("free", made(tmp_path), [tmp_path])
    assert isinstance(pack, ComposedPack)
    identity = composed_identity(pack)
    assert (identity.backend, identity.pack, identity.pack_digest) == ("parts", "free", pack.digest)
    assert [part.split()[0] for part in identity.backend_version.split(", ")] == [
        "1",
        "opencv",
        "onnxruntime",
        "pillow",
    ]
    assert ComposedAnalyzer(pack).identity == identity and made_for(identity.as_json()) == "photographs"
    with pytest.raises(SpecError, match="found '640', expected auto"):
        composed_identity(pack, "640")
    monkeypatch.setattr(composed, "installed_version", {"opencv-python": "5.0", "pillow": "11"}.get)
    with pytest.raises(MissingExtra, match="onnxruntime is not installed"):
        composed_identity(pack)


def test_the_five_points_are_laid_on_arcfaces() -> None:
    template = np.array(
        [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
    )
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    matrix = similarity((template @ (3 * turn).T) + [200, -40])
    assert matrix[:, :2] == pytest.approx(np.linalg.inv(3 * turn)) and matrix.shape == (2, 3)
    from insightface.utils.face_align import estimate_norm

    points = np.array([[30, 52], [70, 47], [55, 71], [38, 95], [66, 90]], dtype=np.float32)
    assert similarity(points) == pytest.approx(estimate_norm(points), abs=1e-4)


@pytest.mark.pack
def test_the_recogniser_gives_insightfaces_embedding(
    large: ComposedAnalyzer, pack: Pack, analyzer: InsightAnalyzer, six_people: bytes
) -> None:
    """With the same five points: so alignment and scaling are ArcFace's, and AuraFace's, which is of its form."""
    pixels = read_picture(six_people).pixels
    ours = ArcFace(pack.folder / "w600k_mbf.onnx")
    faces = analyzer.read(pixels)
    assert len(faces) == 6
    for face in faces:
        vector = ours.embed(pixels, face.landmarks5)
        assert face.embedding_norm is not None
        assert abs(float(np.linalg.norm(vector)) / face.embedding_norm - 1) < 1e-3
        assert float(vector @ face.embedding) / float(np.linalg.norm(vector)) > 0.9999


@pytest.mark.pack
def test_the_small_recogniser_gives_what_the_second_reader_gives(small: ComposedAnalyzer, astronaut: bytes) -> None:
    second = find_second("mobilefacenet_y1", MODELS)
    assert isinstance(second, SecondPack)
    pixels = read_picture(astronaut).pixels
    (mine,), (theirs,) = small.read(pixels), OpenCvAnalyzer(second).read(pixels)
    assert mine.embedding.tobytes() == theirs.embedding.tobytes() and mine.embedding.shape == (128,)
    assert mine.box.tobytes() == theirs.box.tobytes() and theirs.mesh is None


@pytest.mark.pack
def test_people_are_told_apart(large: ComposedAnalyzer, six_people: bytes, astronaut: bytes) -> None:
    faces = large.read(read_picture(six_people).pixels)
    assert len(faces) == 6
    cosines = [float(one.embedding @ other.embedding) for one in faces for other in faces if one is not other]
    assert max(cosines) < 0.35
    image = Image.open(io.BytesIO(astronaut)).convert("RGB")
    buffer = io.BytesIO()
    image.rotate(20, expand=True).resize((400, 400)).save(buffer, "PNG")
    one, other = measure_image(astronaut, large), measure_image(buffer.getvalue(), large)
    assert float(embedding(one) @ embedding(other)) > 0.8


@pytest.mark.pack
def test_a_measurement_says_that_its_points_are_a_meshs(
    large: ComposedAnalyzer, analyzer: InsightAnalyzer, astronaut: bytes
) -> None:
    measured = measure_image(astronaut, large)
    assert (measured["status"], measured["faces"], measured["ratio_set"]) == ("measured", 1, "mesh")
    assert len(measured["ratios"]) == 7 and abs(measured["pose"]["yaw"]) < 10
    other = measure_image(astronaut, analyzer)
    assert other["ratio_set"] == "106"
    blocked = unmeasured(measured, other)
    assert blocked is not None and blocked.code is Cause.RATIO_SETS
    assert blocked.reason.endswith("the anchor's from a mesh of 468 points, the candidate's from 106 points")


@pytest.mark.pack
def test_a_glance_has_no_landmarks_and_stills_have(large: ComposedAnalyzer, six_people: bytes) -> None:
    pixels = read_picture(six_people).pixels
    seen = large.glance(pixels, 2)
    assert len(seen) == 2 and all(face.mesh is None for face in seen)
    whole = large.read(pixels)
    assert [face.embedding.tobytes() for face in seen] == [face.embedding.tobytes() for face in whole[:2]]
    assert large.shows_face(pixels) and not large.shows_face(np.zeros((300, 300, 3), dtype=np.uint8))
    assert large.read(np.zeros((12, 900, 3), dtype=np.uint8)) == () == large.glance(np.zeros((8, 8, 3), np.uint8), 3)


@pytest.mark.pack
def test_threads_read_the_same(large: ComposedAnalyzer, six_people: bytes) -> None:
    pixels = read_picture(six_people).pixels
    alone = [face.embedding.tobytes() + face.mesh.tobytes() for face in large.read(pixels) if face.mesh is not None]
    with ThreadPoolExecutor(4) as pool:
        for faces in pool.map(lambda _: large.read(pixels), range(4)):
            assert [face.embedding.tobytes() + face.mesh.tobytes() for face in faces if face.mesh is not None] == alone


def test_a_model_of_another_kind_is_named(tmp_path: Path) -> None:
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pack = find_composed("free", made(tmp_path), [tmp_path])
    assert isinstance(pack, ComposedPack)
    with pytest.raises(BackendError, match=r"the detector .*d/m.onnx can't be loaded") as error:
        ComposedAnalyzer(pack).read(pixels)
    assert error.value.hint == "forge models verify free"


@pytest.mark.pack
def test_a_recogniser_of_another_kind_is_named(tmp_path: Path) -> None:
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    detector = next(folder for folder in MODELS if (folder / "opencv").is_dir())
    for runs, model, text in (
        ("arcface", "2d106det.onnx", r"takes tensor\(float\) of .*, expected floats of \(1, 3, 112, 112\)"),
        ("sface", "det_500m.onnx", "can't be loaded|gives values of shape"),
        ("arcface", "det_500m.onnx", "can't be loaded|takes"),
    ):
        other = WantedPart("recognizer", "x", runs, "buffalo_s_dev", model)
        pack = find_composed("free", [YUNET, other], [detector])
        assert isinstance(pack, ComposedPack)
        with pytest.raises(BackendError, match=text):
            ComposedAnalyzer(pack).read(pixels)


@pytest.mark.pack
def test_a_recogniser_that_scales_its_input_itself_is_refused_as_arcface(small: ComposedAnalyzer) -> None:
    """Scaled twice it gives any two faces a cosine of .998, which would accept everybody."""
    scaled = SMALL._replace(runs="arcface")
    with pytest.raises(BackendError, match=r"nearly the same embedding for black, .* has to say `runs: sface`"):
        ComposedAnalyzer(found(YUNET, scaled)).read(np.zeros((64, 64, 3), dtype=np.uint8))
