"""The second reader on real weights: alone, beside the first, and where one of the two is lied to."""

import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from personaforge.errors import BackendError, MissingExtra
from personaforge.faces import second, yunet
from personaforge.faces.analyzer import Face
from personaforge.faces.insight import InsightAnalyzer
from personaforge.faces.measure import embedding, encode_embedding, measure_image
from personaforge.faces.packs import PackMissing
from personaforge.faces.picture import read_picture
from personaforge.faces.second import OpenCvAnalyzer, opencv_identity
from personaforge.faces.second_packs import SecondPack, find_second
from personaforge.identity.agreement import Agreement, agree, common_scale, pair_cosine
from personaforge.identity.score import Unmeasured

Encode = Callable[..., bytes]

PRETEND = SecondPack("mine", Path("/nowhere/m.onnx"), Path("/nowhere/y.onnx"), {}, "c" * 64)
SCALE = common_scale(
    "buffalo_s_dev",
    "mobilefacenet_y1",
    {"buffalo_s_dev": {"different": 0.18, "same": 0.59}, "mobilefacenet_y1": {"different": 0.231, "same": 0.651}},
)
BOUND = 0.5


@pytest.fixture(scope="module")
def second_pack() -> SecondPack:
    folders = [Path(part) for part in os.environ.get("FORGE_MODELS", "").split(os.pathsep) if part]
    found = find_second("mobilefacenet_y1", folders)
    if isinstance(found, PackMissing):
        pytest.skip(f"no check pack: {found.reason}; {found.hint}")
    return found


@pytest.fixture(scope="module")
def check(second_pack: SecondPack) -> OpenCvAnalyzer:
    return OpenCvAnalyzer(second_pack)


@pytest.fixture(scope="module")
def data_folder() -> Path:
    return Path(pytest.importorskip("skimage").__file__).parent / "data"


def test_the_identity_needs_neither_models_nor_opencv() -> None:
    identity = opencv_identity(PRETEND)
    assert (identity.backend, identity.pack, identity.pack_digest) == ("opencv", "mine", "c" * 64)
    assert identity.detector_size == "640"
    assert [part.split()[0] for part in identity.backend_version.split(", ")] == ["opencv", "pillow"]
    assert OpenCvAnalyzer(PRETEND).identity == identity


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second, "installed_version", {"opencv-python": "5.0"}.get)
    with pytest.raises(MissingExtra, match="pillow is not installed"):
        opencv_identity(PRETEND)


@pytest.mark.pack
def test_one_face(check: OpenCvAnalyzer, astronaut: bytes) -> None:
    measurement = measure_image(astronaut, check)
    assert (measurement["status"], measurement["faces"], measurement["ratio_set"]) == ("measured", 1, "5")
    x1, y1, x2, y2 = measurement["box"]
    assert 170 < x1 < 200 and 55 < y1 < 85 and 255 < x2 < 285 and 160 < y2 < 190
    assert 0.9 < measurement["detection"] <= 1 and 9 < measurement["embedding_norm"] < 13
    vector = embedding(measurement)
    assert vector.shape == (128,) and np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert pair_cosine(measurement, measurement) == pytest.approx(1, abs=1e-6)


@pytest.mark.pack
def test_the_five_points_are_in_the_order_of_the_first_reader(
    check: OpenCvAnalyzer, analyzer: InsightAnalyzer, astronaut: bytes, six_people: bytes
) -> None:
    for data in (astronaut, six_people):
        pixels = read_picture(data).pixels
        for picture in (pixels, np.ascontiguousarray(pixels[:, ::-1])):
            firsts = analyzer.read(picture)
            for face in check.read(picture):
                points, first = face.landmarks5, same_place(face, firsts).landmarks5
                eyes = float(np.linalg.norm(first[0] - first[1]))
                assert points[0, 0] < points[1, 0] and points[3, 0] < points[4, 0]
                assert np.linalg.norm(points - first, axis=1).max() < 0.3 * eyes  # measured: 0.06 to 0.21
                for index in range(5):  # and no other order comes as near
                    assert np.linalg.norm(first - points[index], axis=1).argmin() == index


@pytest.mark.pack
def test_a_mirror_image_mirrors_the_points(check: OpenCvAnalyzer, astronaut: bytes) -> None:
    pixels = read_picture(astronaut).pixels
    one = check.read(pixels)[0].landmarks5
    other = check.read(np.ascontiguousarray(pixels[:, ::-1]))[0].landmarks5
    back = other[[1, 0, 2, 4, 3]]
    back[:, 0] = pixels.shape[1] - 1 - back[:, 0]
    # measured: 0.05, and 0.17 when the last close look doesn't look at the mirror image itself
    assert np.linalg.norm(one - back, axis=1).max() < 0.12 * np.linalg.norm(one[0] - one[1])


@pytest.mark.pack
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_lying_head_is_read_upright(check: OpenCvAnalyzer, astronaut: bytes, quarters: int) -> None:
    pixels = read_picture(astronaut).pixels
    (face,) = check.read(np.ascontiguousarray(np.rot90(pixels, quarters)))
    assert float(face.embedding @ check.read(pixels)[0].embedding) > 0.9  # measured: 0.96 and 0.97


@pytest.mark.pack
def test_six_people_in_a_picture_of_1280_pixels(
    check: OpenCvAnalyzer, analyzer: InsightAnalyzer, six_people: bytes
) -> None:
    pixels = read_picture(six_people).pixels
    firsts, faces = analyzer.read(pixels), check.read(pixels)
    assert pixels.shape == (886, 1280, 3) and len(faces) == 6
    areas = [float((f.box[2] - f.box[0]) * (f.box[3] - f.box[1])) for f in faces]
    assert areas == sorted(areas, reverse=True)
    assert len({id(same_place(face, firsts)) for face in faces}) == 6
    assert all(face.embedding.shape == (128,) and face.landmarks106 is None for face in faces)


@pytest.mark.pack
def test_both_agree_on_who_is_who(
    check: OpenCvAnalyzer, analyzer: InsightAnalyzer, six_people: bytes, astronaut: bytes, tom_hanks: bytes
) -> None:
    people: list[tuple[Face, Face]] = []
    for data in (six_people, astronaut, tom_hanks):
        pixels = read_picture(data).pixels
        firsts = analyzer.read(pixels)
        people += [(same_place(face, firsts), face) for face in check.read(pixels)]
    assert len(people) == 8
    for number, (one, one_check) in enumerate(people):
        for other, other_check in people[:number]:
            cosines = float(one.embedding @ other.embedding), float(one_check.embedding @ other_check.embedding)
            assert cosines[1] < 0.4  # measured: 0.34 at most
            found = agree(*cosines, SCALE, max_disagreement=BOUND, accepted=False)
            assert isinstance(found, Agreement) and found.agrees, found  # measured: 0.27 apart at most


@pytest.mark.pack
@pytest.mark.parametrize("name", ["astronaut", "tom_hanks"])
def test_both_agree_on_one_person(
    check: OpenCvAnalyzer, analyzer: InsightAnalyzer, name: str, encode: Encode, request: pytest.FixtureRequest
) -> None:
    data = request.getfixturevalue(name)
    image = Image.open(io.BytesIO(data)).convert("RGB")
    changed = {
        "mirrored": encode(ImageOps.mirror(image)),
        "turned": encode(image.rotate(12, Image.Resampling.BICUBIC)),
        "brighter": encode(ImageEnhance.Brightness(image).enhance(1.3)),
        "darker": encode(ImageEnhance.Brightness(image).enhance(0.6)),
        "JPEG q70": encode(image, "JPEG", quality=70),
        "half size": encode(image.resize((image.width // 2, image.height // 2))),
    }
    first, second_ = measure_image(data, analyzer), measure_image(data, check)
    for what, other in changed.items():
        cosines = [
            pair_cosine(first, measure_image(other, analyzer)),
            pair_cosine(second_, measure_image(other, check)),
        ]
        assert all(isinstance(one, float) and one > 0.8 for one in cosines), (what, cosines)  # measured: 0.88 to 0.99
        found = agree(cosines[0], cosines[1], SCALE, max_disagreement=BOUND, accepted=True)
        assert isinstance(found, Agreement) and found.agrees and found.disagreement == 0, (what, found)


@pytest.mark.pack
def test_a_forged_measurement_is_flagged(
    check: OpenCvAnalyzer, analyzer: InsightAnalyzer, astronaut: bytes, tom_hanks: bytes, encode: Encode
) -> None:
    """One stack is lied to about the candidate, as a swapped record or a broken model would; the other is not."""
    candidate = encode(ImageOps.mirror(Image.open(io.BytesIO(tom_hanks))))
    anchors = [measure_image(astronaut, one) for one in (analyzer, check)]
    truths = [measure_image(candidate, one) for one in (analyzer, check)]
    lies = [measure_image(encode(ImageOps.mirror(Image.open(io.BytesIO(astronaut)))), one) for one in (analyzer, check)]

    def found(first: dict[str, Any], other: dict[str, Any]) -> Agreement:
        cosines = pair_cosine(anchors[0], first), pair_cosine(anchors[1], other)
        result = agree(*cosines, SCALE, max_disagreement=BOUND, accepted=True)
        assert isinstance(result, Agreement)
        return result

    assert found(truths[0], truths[1]).agrees and found(lies[0], lies[1]).agrees
    for forged in (found(lies[0], truths[1]), found(truths[0], lies[1])):
        assert not forged.agrees and forged.disagreement is not None and forged.disagreement > 0.95
    # A tampered vector too: the record's embedding replaced by the anchor's own.
    tampered = {**truths[0], "embedding": encode_embedding(embedding(anchors[0]))}
    assert not found(tampered, truths[1]).agrees


@pytest.mark.pack
def test_one_readers_measurement_is_nothing_to_the_other(
    check: OpenCvAnalyzer, analyzer: InsightAnalyzer, astronaut: bytes
) -> None:
    found = pair_cosine(measure_image(astronaut, analyzer), measure_image(astronaut, check))
    assert isinstance(found, Unmeasured) and found.code == "analyzers"
    assert check.identity != analyzer.identity


@pytest.mark.pack
def test_the_close_look_is_what_steadies_it(
    second_pack: SecondPack, check: OpenCvAnalyzer, six_people: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six people, most with tilted heads, against the same picture turned by 12 degrees."""
    pixels = read_picture(six_people).pixels
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1)
    turned = cv2.warpAffine(pixels, turn, (width, height))

    def worst(analyzer: OpenCvAnalyzer) -> float:
        others = analyzer.read(turned)
        cosines = []
        for face in analyzer.read(pixels):
            nose = turn[:, :2] @ face.landmarks5[2] + turn[:, 2]
            other = min(others, key=lambda one: float(np.linalg.norm(one.landmarks5[2] - nose)))
            cosines.append(float(face.embedding @ other.embedding))
        return min(cosines)

    assert worst(check) > 0.8
    monkeypatch.setattr(yunet, "_CLOSE_LOOKS", 0)
    assert worst(OpenCvAnalyzer(second_pack)) < 0.7


@pytest.mark.pack
def test_tight_crops_of_150_pixels(
    check: OpenCvAnalyzer, astronaut: bytes, encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = measure_image(astronaut, check)
    image = Image.open(io.BytesIO(astronaut)).convert("RGB")

    def tight(margin: int) -> bytes:
        crop = image.crop((183 - margin, 69 - margin, 271 + margin, 174 + margin))
        return encode(crop.resize((150, 150 * crop.height // crop.width), Image.Resampling.BICUBIC))

    for margin, least in ((9, 0.85), (0, 0.85), (-14, 0.6)):  # measured: 0.96, 0.95, 0.77
        found = pair_cosine(whole, measure_image(tight(margin), check))
        assert isinstance(found, float) and found > least, (margin, found)
    look = yunet._first_look
    monkeypatch.setattr(yunet, "_first_look", lambda *given: [] if given[-1] else look(*given))
    assert measure_image(tight(0), check)["status"] == "measured"
    assert measure_image(tight(-14), check)["status"] == "no_face", "the border is what finds it"


@pytest.mark.pack
def test_a_small_face_in_a_large_picture(
    check: OpenCvAnalyzer, astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A face of 50 pixels in 2000 x 3000, which the first look scales to 11."""
    pixels = read_picture(astronaut).pixels
    head = cv2.resize(pixels[20:260, 90:340], None, fx=50 / 110, fy=50 / 110, interpolation=cv2.INTER_AREA)
    picture = np.full((3000, 2000, 3), 180, dtype=np.uint8)
    picture[700 : 700 + head.shape[0], 1200 : 1200 + head.shape[1]] = head
    (face,) = check.read(picture)
    assert 1200 < face.box[0] < face.box[2] < 1200 + head.shape[1]
    assert float(face.embedding @ check.read(pixels)[0].embedding) > 0.85
    monkeypatch.setattr(yunet, "_WORTH_ENLARGING", 10_000)
    assert check.read(picture) == ()


@pytest.mark.pack
@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (15, 15), (16, 16), (16, 1024), (20, 3000), (900, 700)])
def test_no_face(check: OpenCvAnalyzer, encode: Encode, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    measurement = measure_image(encode(pixels), check)
    assert (measurement["status"], measurement["height"], measurement["width"]) == ("no_face", *shape)


@pytest.mark.pack
@pytest.mark.parametrize("name", ["motorcycle_left.png", "motorcycle_right.png", "chelsea.png", "coffee.png"])
def test_what_only_resembles_a_face(check: OpenCvAnalyzer, data_folder: Path, name: str) -> None:
    """YuNet alone gives a headlamp 0.62 and 0.66; the close look doesn't."""
    path = data_folder / name
    if not path.is_file():
        pytest.skip(f"scikit-image has no {name} here")
    assert measure_image(path.read_bytes(), check)["status"] == "no_face"


@pytest.mark.pack
def test_threads_and_runs_agree_bit_by_bit(second_pack: SecondPack, six_people: bytes, astronaut: bytes) -> None:
    """Four threads that start together on an analyzer that has loaded nothing yet, on pictures of unlike size."""
    analyzer, together = OpenCvAnalyzer(second_pack), threading.Barrier(4)
    pictures = [six_people, astronaut, six_people, astronaut]

    def measured(data: bytes) -> list[dict[str, Any]]:
        together.wait()
        return [measure_image(one, analyzer) for one in (data, astronaut, data)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(measured, pictures))
    alone = OpenCvAnalyzer(second_pack)
    expected = {data: measure_image(data, alone) for data in (six_people, astronaut)}
    for data, several in zip(pictures, results, strict=True):
        assert several == [expected[data], expected[astronaut], expected[data]]
    assert 2 <= len(analyzer._idle) <= 4


@pytest.mark.pack
class TestBrokenPacks:
    def broken(self, tmp_path: Path, second_pack: SecondPack, recogniser: Path, detector: Path) -> str:
        folder = tmp_path / "[mine] ü"
        folder.mkdir()
        shutil.copy(recogniser, folder / "mobilefacenet.onnx")
        shutil.copy(detector, folder / "yunet.onnx")
        pack = find_second(folder.name, [tmp_path])
        assert isinstance(pack, SecondPack), pack
        with pytest.raises(BackendError) as caught:
            OpenCvAnalyzer(pack).read(np.zeros((64, 64, 3), dtype=np.uint8))
        assert caught.value.hint == "put mobilefacenet.onnx and yunet.onnx there again"
        return str(caught.value)

    def test_no_model(self, tmp_path: Path, second_pack: SecondPack) -> None:
        page = tmp_path / "page"
        page.write_bytes(b"<html>" * 9_000)
        assert "can't be loaded" in self.broken(tmp_path, second_pack, page, second_pack.detector)

    def test_a_detector_for_a_recogniser(self, tmp_path: Path, second_pack: SecondPack) -> None:
        assert "can't be loaded" in self.broken(tmp_path, second_pack, second_pack.detector, second_pack.detector)

    def test_a_recogniser_for_a_detector(self, tmp_path: Path, second_pack: SecondPack) -> None:
        assert "can't be loaded" in self.broken(tmp_path, second_pack, second_pack.recogniser, second_pack.recogniser)


@pytest.mark.pack
def test_it_is_quiet_and_loads_no_other_stack(second_pack: SecondPack, astronaut: bytes) -> None:
    code = f"""
import sys
from pathlib import Path
from personaforge.faces.second_packs import find_second
from personaforge.faces.measure import measure_image
from personaforge.faces.second import OpenCvAnalyzer
analyzer = OpenCvAnalyzer(find_second("mobilefacenet_y1", [Path({str(second_pack.recogniser.parent.parent)!r})]))
assert measure_image(sys.stdin.buffer.read(), analyzer)["status"] == "measured"
assert not {{"insightface", "onnxruntime"}} & sys.modules.keys()
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV")}
    done = subprocess.run([sys.executable, "-c", code], input=astronaut, capture_output=True, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def same_place(face: Face, others: tuple[Face, ...]) -> Face:
    """Return the face of `others` whose nose is nearest."""
    return min(others, key=lambda one: float(np.linalg.norm(one.landmarks5[2] - face.landmarks5[2])))
