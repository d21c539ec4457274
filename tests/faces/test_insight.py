"""InsightFace on real weights and the photographs that come with the dependencies."""

import io
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from personaforge.errors import BackendError, MissingExtra, SpecError
from personaforge.faces.detection import _OVERLAP, _TILES, _starts
from personaforge.faces.insight import InsightAnalyzer, insight_identity
from personaforge.faces.measure import embedding, measure_clip, measure_image
from personaforge.faces.packs import Pack, find_pack
from personaforge.faces.picture import read_picture

Encode = Callable[..., bytes]

PRETEND = Pack("buffalo_s", Path("/nowhere"), {"det_500m.onnx": "a" * 64, "w600k_mbf.onnx": "b" * 64}, "c" * 64)


NOTHING = (np.empty((0, 5), dtype=np.float32), np.empty((0, 5, 2), dtype=np.float32))


def a_small_head(
    pixels: np.ndarray, behind: str, size: tuple[int, int], face: int
) -> tuple[np.ndarray, tuple[int, int]]:
    """Paste the astronaut's head, with a face of so many pixels, into a picture of (width, height); and say where."""
    width, height = size
    if behind == "plain":
        picture = np.full((height, width, 3), (210, 200, 190), dtype=np.uint8)
    elif behind == "noise":
        picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    else:
        photograph = getattr(pytest.importorskip("skimage.data"), behind)()
        photograph = photograph if photograph.ndim == 3 else np.repeat(photograph[:, :, None], 3, axis=2)
        picture = cv2.resize(photograph, size)
    scale = face / 105  # the astronaut's face is 105 pixels high
    head = cv2.resize(pixels[20:240, 120:330], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left, top = width // 3, height // 8
    picture[top : top + len(head), left : left + head.shape[1]] = head
    return picture, (left, top)


def test_the_identity_needs_neither_models_nor_insightface() -> None:
    identity = insight_identity(PRETEND, "640")
    assert (identity.backend, identity.pack, identity.pack_digest) == ("insightface", "buffalo_s", "c" * 64)
    assert identity.detector_size == "640"
    first, *others = identity.backend_version.split(", ")
    assert first == "2.1" and [other.split()[0] for other in others] == ["onnxruntime", "opencv", "pillow"]
    assert InsightAnalyzer(PRETEND, "640").identity == identity


@pytest.mark.parametrize("size", ["", "big", "0", "-640", "100", "32", "4096", "640x640", "٦٤٠"])
def test_detector_sizes_that_are_none(size: str) -> None:
    with pytest.raises(SpecError, match="expected auto or a multiple of 32"):
        InsightAnalyzer(PRETEND, size)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"insightface": "2.1"}
    monkeypatch.setattr("personaforge.faces.insight.installed_version", known.get)
    with pytest.raises(MissingExtra, match="onnxruntime is not installed"):
        insight_identity(PRETEND)


def test_nothing_is_downloaded_or_printed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(BackendError, match=r"buffalo_s in /nowhere can't be loaded") as caught:
        InsightAnalyzer(PRETEND).read(np.zeros((64, 64, 3), dtype=np.uint8))
    assert "unpack buffalo_s there again" in caught.value.hint
    assert capfd.readouterr() == ("", "")


@pytest.mark.pack
class TestBrokenPacks:
    @pytest.fixture
    def folder(self, pack: Pack, tmp_path: Path) -> Path:
        """A pack in a folder whose name would break a glob, with files that insightface would trip over."""
        folder = tmp_path / "[models]" / "mine"
        folder.mkdir(parents=True)
        for name in pack.files:
            (folder / name).symlink_to(pack.folder / name)
        (folder / "genderage.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
        (folder / "manifest.json").write_text('{"manifest_version": 2}')
        return folder

    def found(self, folder: Path) -> Pack:
        pack = find_pack(folder.name, [folder.parent])
        assert isinstance(pack, Pack), pack
        return pack

    def test_only_the_hashed_files_are_loaded(self, folder: Path, astronaut: bytes) -> None:
        measurement = measure_image(astronaut, InsightAnalyzer(self.found(folder), "320"))
        assert measurement["ratio_set"] == "106"

    def test_five_points_without_the_landmark_model(self, folder: Path, astronaut: bytes) -> None:
        (folder / "2d106det.onnx").unlink()
        measurement = measure_image(astronaut, InsightAnalyzer(self.found(folder), "320"))
        assert measurement["ratio_set"] == "5" and len(measurement["ratios"]) == 2

    def test_a_file_that_is_no_model(self, folder: Path) -> None:
        (folder / "w600k_mbf.onnx").unlink()
        (folder / "w600k_mbf.onnx").write_bytes(b"<html>" * 9_000)
        with pytest.raises(BackendError, match="can't be loaded"):
            InsightAnalyzer(self.found(folder)).read(np.zeros((64, 64, 3), dtype=np.uint8))

    def test_a_model_under_another_ones_name(self, pack: Pack, folder: Path) -> None:
        (folder / "w600k_mbf.onnx").unlink()
        shutil.copy(pack.folder / "2d106det.onnx", folder / "w600k_mbf.onnx")
        with pytest.raises(BackendError, match=r"expected .*'recognition'"):
            InsightAnalyzer(self.found(folder)).read(np.zeros((64, 64, 3), dtype=np.uint8))


@pytest.mark.pack
def test_one_face(analyzer: InsightAnalyzer, astronaut: bytes) -> None:
    measurement = measure_image(astronaut, analyzer)
    assert (measurement["status"], measurement["faces"], measurement["ratio_set"]) == ("measured", 1, "106")
    x1, y1, x2, y2 = measurement["box"]
    assert 170 < x1 < 200 and 55 < y1 < 85 and 255 < x2 < 285 and 160 < y2 < 190
    assert measurement["detection"] > 0.7 and measurement["embedding_norm"] > 15
    assert np.linalg.norm(embedding(measurement)) == pytest.approx(1, abs=1e-6)


@pytest.mark.pack
def test_the_layout_of_the_106_points(analyzer: InsightAnalyzer, astronaut: bytes) -> None:
    """The points that the ratios use lie where `landmarks` says: against the detector's five, and each other."""
    face = analyzer.read(read_picture(astronaut).pixels)[0]
    points = face.landmarks106
    assert points is not None
    eyes = float(np.linalg.norm(points[38] - points[88]))
    for index, five in ((38, 0), (88, 1), (86, 2), (52, 3), (61, 4)):
        assert np.linalg.norm(points[index] - face.landmarks5[five]) < 0.25 * eyes  # measured: 0.01 to 0.18
    x, y = points[:, 0], points[:, 1]
    assert y[40] < y[38] < y[33] and y[94] < y[88] < y[87]
    assert y[38] < y[72] + 0.2 * eyes and y[72] < y[86] < y[80] < y[71] < y[53] < y[0]
    assert x[77] < x[86] < x[83] and x[16] < x[52] < x[61] < x[32]
    assert y[0] == pytest.approx(y.max(), abs=0.1 * eyes)
    assert x[1] < x[38] and x[17] > x[88]


@pytest.mark.pack
def test_six_people_are_six_and_unlike(
    analyzer: InsightAnalyzer, six_people: bytes, astronaut: bytes, tom_hanks: bytes
) -> None:
    faces = analyzer.read(read_picture(six_people).pixels)
    assert len(faces) == 6
    areas = [float((f.box[2] - f.box[0]) * (f.box[3] - f.box[1])) for f in faces]
    assert areas == sorted(areas, reverse=True)
    vectors = [face.embedding for face in faces]
    vectors += [embedding(measure_image(data, analyzer)) for data in (astronaut, tom_hanks)]
    cosines = (np.array(vectors) @ np.array(vectors).T)[np.triu_indices(8, 1)]
    assert cosines.max() < 0.3 and abs(cosines.mean()) < 0.1  # measured: -0.05 to 0.23, mean 0.04


@pytest.mark.pack
@pytest.mark.parametrize("name", ["astronaut", "tom_hanks"])
def test_the_same_person(analyzer: InsightAnalyzer, name: str, encode: Encode, request: pytest.FixtureRequest) -> None:
    data = request.getfixturevalue(name)
    image = Image.open(io.BytesIO(data)).convert("RGB")
    measurement = measure_image(data, analyzer)
    x1, y1, x2, y2 = measurement["box"]
    around = (x2 - x1) * 0.4
    changed = {
        "mirrored": encode(ImageOps.mirror(image)),
        "cropped": encode(image.crop((int(x1 - around), int(y1 - around), int(x2 + around), int(y2 + around)))),
        "brighter": encode(ImageEnhance.Brightness(image).enhance(1.3)),
        "darker": encode(ImageEnhance.Brightness(image).enhance(0.6)),
        "JPEG q70": encode(image, "JPEG", quality=70),
        "half size": encode(image.resize((image.width // 2, image.height // 2))),
    }
    for what, other in changed.items():
        result = measure_image(other, analyzer)
        assert float(embedding(result) @ embedding(measurement)) > 0.85, what  # measured: 0.90 to 0.98
        for ratio, value in result["ratios"].items():
            assert value == pytest.approx(measurement["ratios"][ratio], abs=0.08), (what, ratio)


@pytest.mark.pack
@pytest.mark.parametrize("size", ["auto", "640", "320"])
def test_a_face_that_fills_the_picture(pack: Pack, astronaut: bytes, analyzer: InsightAnalyzer, size: str) -> None:
    pixels = read_picture(astronaut).pixels
    face = analyzer.read(pixels)[0]
    x1, y1, x2, y2 = (int(value) for value in face.box)
    tight = cv2.resize(pixels[y1:y2, x1:x2], None, fx=7, fy=7, interpolation=cv2.INTER_CUBIC)
    other = InsightAnalyzer(pack, size)
    found = other.read(tight)
    assert len(found) == 1
    assert float(found[0].embedding @ face.embedding) > 0.85  # measured: 0.89
    # The coordinates are the picture's own, also when it was the bordered copy that showed the face.
    eyes, at = (found[0].landmarks5[:2] / 7 + [x1, y1]), face.landmarks5[:2]
    assert np.abs(eyes - at).max() < 5


@pytest.mark.pack
def test_the_border_is_what_finds_it(pack: Pack, astronaut: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = read_picture(astronaut).pixels
    tight = cv2.resize(pixels[69:174, 183:271], None, fx=7, fy=7, interpolation=cv2.INTER_CUBIC)
    analyzer = InsightAnalyzer(pack, "640")
    assert len(analyzer.read(tight)) == 1
    monkeypatch.setattr("personaforge.faces.detection._detect_bordered", lambda *_: NOTHING)
    assert analyzer.read(tight) == ()


@pytest.mark.pack
def test_a_face_that_fills_150_pixels(pack: Pack, astronaut: bytes, analyzer: InsightAnalyzer) -> None:
    pixels = read_picture(astronaut).pixels
    x1, y1, x2, y2 = (int(value) for value in analyzer.read(pixels)[0].box)
    tight = cv2.resize(pixels[y1:y2, x1:x2], (150, 150), interpolation=cv2.INTER_CUBIC)
    for size in ("auto", "640", "320"):
        assert len(InsightAnalyzer(pack, size).read(tight)) == 1, size


FULL_BODY = [(1024, 1536), (2000, 3000), (3000, 2000)]


@pytest.mark.pack
@pytest.mark.parametrize("behind", ["plain", "noise", "grass", "coffee"])
@pytest.mark.parametrize("size", FULL_BODY, ids=str)
def test_a_face_of_40_pixels_in_a_large_picture(
    analyzer: InsightAnalyzer, astronaut: bytes, behind: str, size: tuple[int, int]
) -> None:
    picture, (left, top) = a_small_head(read_picture(astronaut).pixels, behind, size, 40)
    measured, alone = analyzer.read(picture), analyzer.read(read_picture(astronaut).pixels)
    assert len(measured) == 1
    x1, y1, x2, y2 = (float(value) for value in measured[0].box)
    assert 36 <= y2 - y1 <= 48 and left < x1 < x2 < left + 80 and top < y1 < y2 < top + 84
    assert float(measured[0].embedding @ alone[0].embedding) > 0.8  # measured: 0.85 to 0.90


@pytest.mark.pack
def test_the_tiles_are_what_finds_it(
    analyzer: InsightAnalyzer, astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, _ = a_small_head(read_picture(astronaut).pixels, "plain", FULL_BODY[1], 40)
    monkeypatch.setattr("personaforge.faces.detection._detect_tiled", lambda *_: NOTHING)
    assert analyzer.read(picture) == ()


@pytest.mark.pack
def test_who_is_found_at_once_is_not_looked_for_again(
    analyzer: InsightAnalyzer, six_people: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later steps of the ladder change no score of a picture whose face the first one finds."""
    for step in ("_detect_bordered", "_detect_tiled"):
        monkeypatch.setattr(f"personaforge.faces.detection.{step}", None)
    assert len(analyzer.read(read_picture(six_people).pixels)) == 6


@pytest.mark.pack
@pytest.mark.parametrize("size", ["auto", "320"])
def test_the_quick_forward_gives_the_same_bits(pack: Pack, size: str, six_people: bytes, astronaut: bytes) -> None:
    """Against insightface's own, down to detections that nobody asks for: some hundreds a picture."""
    analyzer = InsightAnalyzer(pack, size)
    detector = analyzer._loaded()["detection"]
    noise = np.random.default_rng(0).integers(0, 256, (700, 300, 3), dtype=np.uint8)
    for pixels in (read_picture(six_people).pixels, read_picture(astronaut).pixels, noise):
        ours = detector.detect(pixels, det_thresh=0.02)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(detector, "forward", partial(type(detector).forward, detector))
            theirs = detector.detect(pixels, det_thresh=0.02)
        assert len(ours[0]) > 20
        for one, other in zip(ours, theirs, strict=True):
            assert one.dtype == other.dtype == np.float32
            np.testing.assert_array_equal(one, other)


@given(length=st.integers(1, 4000), side=st.sampled_from([64, 128, 320, 640, 2048]))
def test_tiles_cover_and_overlap(length: int, side: int) -> None:
    overlap = round(side * _OVERLAP)
    starts = _starts(length, side, overlap)
    assert starts[0] == 0 and starts[-1] == max(0, length - side)
    assert all(0 < other - one <= side - overlap for one, other in pairwise(starts))
    assert len(_starts(side + (_TILES - 1) * (side - overlap), side, overlap)) == _TILES


@pytest.mark.pack
def test_whether_a_frame_shows_a_face(analyzer: InsightAnalyzer, astronaut: bytes, six_people: bytes) -> None:
    pixels = read_picture(astronaut).pixels
    assert analyzer.shows_face(pixels) and analyzer.shows_face(read_picture(six_people).pixels)
    assert not analyzer.shows_face(pixels[300:, :200]) and not analyzer.shows_face(pixels[:4])


@pytest.mark.pack
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 2000), (3000, 2), (15, 15), (16, 16), (16, 1024), (20, 3000), (512, 512), (1200, 900)]
)
def test_no_face(analyzer: InsightAnalyzer, encode: Encode, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    measurement = measure_image(encode(pixels), analyzer)
    assert (measurement["status"], measurement["height"], measurement["width"]) == ("no_face", *shape)


@pytest.mark.pack
def test_bytes_that_are_no_picture(analyzer: InsightAnalyzer, astronaut: bytes, six_people: bytes) -> None:
    for data, code in (
        (b"This is notes.txt, renamed to portrait.png.\n", "not_an_image"),
        (astronaut[: len(astronaut) // 2], "truncated"),
        (six_people[: len(six_people) // 2], "truncated"),
    ):
        measurement = measure_image(data, analyzer)
        assert (measurement["status"], measurement["code"]) == ("unreadable", code)


@pytest.mark.pack
def test_threads_agree_bit_by_bit(pack: Pack, six_people: bytes, astronaut: bytes) -> None:
    """Four threads that start together on an analyzer that has loaded nothing yet."""
    analyzer, together = InsightAnalyzer(pack), threading.Barrier(4)
    pictures = [six_people, astronaut, six_people, astronaut]

    def measured(data: bytes) -> list[dict[str, Any]]:
        together.wait()
        return [measure_image(data, analyzer) for _ in range(3)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(measured, pictures))
    alone = InsightAnalyzer(pack)
    for data, several in zip(pictures, results, strict=True):
        expected = measure_image(data, alone)
        assert all(result == expected for result in several)


@pytest.mark.pack
def test_the_parts_agree_with_face_analysis(pack: Pack, analyzer: InsightAnalyzer, six_people: bytes) -> None:
    from insightface.app import FaceAnalysis

    app = FaceAnalysis(name=str(pack.folder), providers=["CPUExecutionProvider"])
    app.prepare(ctx_id=0)
    pixels = read_picture(six_people).pixels
    theirs = {tuple(face.bbox): face for face in app.get(pixels)}
    for face in analyzer.read(pixels):
        other = theirs.pop(tuple(face.box))
        np.testing.assert_allclose(face.embedding, other.normed_embedding, atol=1e-6)
        np.testing.assert_allclose(face.landmarks106, other.landmark_2d_106, atol=1e-3)
        np.testing.assert_array_equal(face.landmarks5, other.kps)
    assert theirs == {}


@pytest.mark.pack
def test_a_clip_of_one_person(analyzer: InsightAnalyzer, astronaut: bytes, tmp_path: Path) -> None:
    """The camera moves over the photograph and ends on the wall beside it."""
    pixels = read_picture(astronaut).pixels
    path = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 12, (320, 320))
    for number in range(24):
        writer.write(pixels[0:320, 4 * number : 4 * number + 320] if number < 20 else np.zeros((320, 320, 3), np.uint8))
    writer.release()
    measurement = measure_clip(path.read_bytes(), analyzer, frames=4)
    assert [frame["frame"] for frame in measurement["frames"]] == [0, 8, 15, 23]
    assert [frame["status"] for frame in measurement["frames"]] == ["measured"] * 3 + ["no_face"]
    anchor = embedding(measure_image(astronaut, analyzer))
    assert min(float(embedding(frame) @ anchor) for frame in measurement["frames"][:3]) > 0.8
    distances = measurement["histogram_distances"]["bhattacharyya"]
    assert distances[0] < 0.35 and distances[1] < 0.35 < distances[2]


@pytest.mark.pack
@pytest.mark.parametrize(("ending", "codec"), [("mp4", "mp4v"), ("webm", "VP80")])
def test_clips_measure_bit_by_bit_alike(pack: Pack, astronaut: bytes, tmp_path: Path, ending: str, codec: str) -> None:
    """Alone and beside three others, in one analyzer and in another."""
    pixels = read_picture(astronaut).pixels
    path = tmp_path / f"clip.{ending}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 12, (320, 320))
    for number in range(16):
        writer.write(np.ascontiguousarray(pixels[0:320, 4 * number : 4 * number + 320]))
    writer.release()
    data, analyzer = path.read_bytes(), InsightAnalyzer(pack)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: measure_clip(data, analyzer, frames=3), range(4)))
    alone = measure_clip(data, InsightAnalyzer(pack), frames=3)
    assert alone["status"] == "measured" and all(result == alone for result in together)


@pytest.mark.pack
def test_outside_pytest_it_is_silent(pack: Pack, astronaut: bytes, tmp_path: Path) -> None:
    """Warnings of the libraries, too: they would land in the middle of the progress display."""
    (tmp_path / "face.png").write_bytes(astronaut)
    code = f"""
from pathlib import Path
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.measure import measure_image
from personaforge.faces.packs import find_pack
pack = find_pack({pack.name!r}, [Path({str(pack.folder.parent)!r})])
assert measure_image(Path("face.png").read_bytes(), InsightAnalyzer(pack))["faces"] == 1
"""
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
