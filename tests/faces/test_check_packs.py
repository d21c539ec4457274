"""Finding a check pack: its two files, where they may lie, and what is wrong with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.faces.packs import PackMissing
from personaforge.faces.second_packs import SecondPack, find_second

MODEL = b"\x08\x07" + b"m" * 20_000
RECOGNISER, DETECTOR = "mobilefacenet_y1.onnx", "face_detection_yunet_2023mar.onnx"


def make(folder: Path, *names: str, data: bytes = MODEL) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(data)
    return folder


def found(name: str, *folders: Path) -> SecondPack:
    pack = find_second(name, folders)
    assert isinstance(pack, SecondPack), pack
    return pack


def missing(name: str, *folders: Path) -> PackMissing:
    pack = find_second(name, folders)
    assert isinstance(pack, PackMissing), pack
    return pack


@pytest.mark.parametrize("place", ["mine", "opencv", "opencv_yunet"])
def test_a_recogniser_and_a_detector(tmp_path: Path, place: str) -> None:
    make(tmp_path / "mine", RECOGNISER)
    make(tmp_path / place, DETECTOR)
    pack = found("mine", tmp_path)
    assert (pack.name, pack.recogniser, pack.detector) == (
        "mine",
        tmp_path / "mine" / RECOGNISER,
        tmp_path / place / DETECTOR,
    )
    assert pack.files == dict.fromkeys((DETECTOR, RECOGNISER), digest_bytes(MODEL))


def test_the_digest_covers_both_files_and_nothing_else(tmp_path: Path) -> None:
    make(tmp_path / "mine", RECOGNISER)
    make(tmp_path / "opencv", DETECTOR)
    digest = found("mine", tmp_path).digest
    make(tmp_path / "mine", "readme.md", "genderage.onnx")
    make(tmp_path / "opencv", "face_detection_yunet_2026may.onnx", "face_detection_yunet_2023mar_int8.onnx")
    assert found("mine", tmp_path).digest == digest
    for name, folder in ((RECOGNISER, "mine"), (DETECTOR, "opencv")):
        make(tmp_path / folder, name, data=MODEL + b".")
        assert found("mine", tmp_path).digest != digest
        make(tmp_path / folder, name)


def test_the_detector_of_its_own_folder_comes_first(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    make(other / "mine", RECOGNISER)
    make(one / "opencv", DETECTOR)
    assert found("mine", one, other).detector.parent == one / "opencv"
    make(other / "opencv", DETECTOR)
    assert found("mine", one, other).detector.parent == other / "opencv"
    make(other / "mine", "yunet.onnx")
    assert found("mine", one, other).detector == other / "mine" / "yunet.onnx"


def test_a_whole_pack_of_another_kind_is_not_to_be_unpacked_again(tmp_path: Path) -> None:
    make(tmp_path / "buffalo", "det_500m.onnx", "w600k_mbf.onnx")
    pack = missing("buffalo", tmp_path)
    assert pack.reason.startswith("buffalo is no check pack: ") and "remove" not in pack.hint


def test_the_digests_can_come_from_a_cache(tmp_path: Path) -> None:
    make(tmp_path / "mine", RECOGNISER, DETECTOR)
    asked: list[str] = []
    pack = find_second("mine", [tmp_path], digest_of=lambda path: asked.append(path.name) or "d" * 64)
    assert isinstance(pack, SecondPack) and set(pack.files.values()) == {"d" * 64}
    assert asked == [DETECTOR, RECOGNISER]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    nowhere = missing("mine", tmp_path / "a", tmp_path / "b")
    assert str(tmp_path / "a") in nowhere.reason and str(tmp_path / "b") in nowhere.reason
    assert "FORGE_MODELS" in nowhere.hint
    make(tmp_path / "primary", "det_500m.onnx", "w600k_mbf.onnx")
    assert "no recogniser: expected mobilefacenet*.onnx" in missing("primary", tmp_path).reason
    make(tmp_path / "mine", RECOGNISER)
    alone = missing("mine", tmp_path)
    assert "no detector" in alone.reason and alone.hint == "forge models pull opencv_yunet"


@pytest.mark.parametrize("name", ["../mine", "a/b", "..", ".", "", "auto", "/etc", "a\0b"])
def test_only_a_folder_name_is_a_name(tmp_path: Path, name: str) -> None:
    make(tmp_path / "mine", RECOGNISER, DETECTOR)
    assert "is not the name of a check pack" in missing(name, tmp_path / "below").reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "is empty"), (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"), (b"no", "2 bytes")],
)
@pytest.mark.parametrize("name", [RECOGNISER, DETECTOR])
def test_broken_files_are_said_and_not_passed_over(tmp_path: Path, data: bytes, reason: str, name: str) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    make(other / "mine", RECOGNISER, DETECTOR)
    make(one / "mine", RECOGNISER, DETECTOR)
    make(one / "mine", name, data=data)
    broken = missing("mine", one, other)
    assert reason in broken.reason and str(one / "mine" / name) in broken.reason


def test_a_link_to_nothing(tmp_path: Path) -> None:
    make(tmp_path / "mine", DETECTOR)
    (tmp_path / "mine" / RECOGNISER).symlink_to(tmp_path / "gone")
    assert "can't be read: No such file" in missing("mine", tmp_path).reason


def test_importing_is_cheap() -> None:
    code = """
import sys, personaforge.faces.second_packs, personaforge.faces.second, personaforge.identity.agreement
sys.exit(any(m in sys.modules for m in ('numpy', 'cv2', 'PIL', 'insightface', 'onnxruntime')))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
