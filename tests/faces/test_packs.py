"""Finding packs: order, roles, digests, and what is wrong with a folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.faces import packs
from personaforge.faces.packs import RECORD, Pack, PackMissing, find_pack, pack_folders, role_of, user_folder

MODEL = b"\x08\x07" + b"m" * 20_000


def make(folder: Path, *names: str, data: bytes = MODEL) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(data)
    return folder


def found(name: str, *folders: Path) -> Pack:
    pack = find_pack(name, folders)
    assert isinstance(pack, Pack), pack
    return pack


def missing(name: str, *folders: Path) -> PackMissing:
    pack = find_pack(name, folders)
    assert isinstance(pack, PackMissing), pack
    return pack


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("det_10g.onnx", "detection"),
        ("det_500m.onnx", "detection"),
        ("2d106det.onnx", "landmarks"),
        ("w600k_r50.onnx", "recognition"),
        ("w600k_mbf.onnx", "recognition"),
        ("glintr100.onnx", "recognition"),
        ("recogniser.onnx", "recognition"),
        ("1k3d68.onnx", None),
        ("genderage.onnx", None),
        ("det_10g.onnx.part", None),
        ("manifest.json", None),
    ],
)
def test_roles(name: str, role: str | None) -> None:
    assert role_of(name) == role


def test_a_pack_is_its_used_files(tmp_path: Path) -> None:
    make(tmp_path / "mine", "det_500m.onnx", "w600k_mbf.onnx", "2d106det.onnx")
    pack = found("mine", tmp_path)
    assert pack.name == "mine" and pack.folder == tmp_path / "mine" and pack.has_landmarks
    assert pack.files == dict.fromkeys(("2d106det.onnx", "det_500m.onnx", "w600k_mbf.onnx"), digest_bytes(MODEL))
    make(tmp_path / "mine", "genderage.onnx", "readme.md", "det_zzz.onnx")
    assert found("mine", tmp_path).digest == pack.digest
    make(tmp_path / "mine", "w600k_mbf.onnx", data=MODEL + b".")
    assert found("mine", tmp_path).digest != pack.digest


def test_an_age_model_is_known_by_its_bytes_and_is_no_part_of_the_pack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "mine", "det_500m.onnx", "w600k_mbf.onnx")
    without = found("mine", tmp_path)
    make(tmp_path / "mine", "genderage.onnx")
    assert found("mine", tmp_path) == without and without.age_model == ""
    monkeypatch.setattr(packs, "AGE_MODELS", frozenset((digest_bytes(MODEL),)))
    pack = found("mine", tmp_path)
    assert (pack.age_model, pack.digest, pack.files) == (digest_bytes(MODEL), without.digest, without.files)
    (tmp_path / "mine" / "genderage.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    assert found("mine", tmp_path) == without


def test_two_models_are_enough(tmp_path: Path) -> None:
    make(tmp_path / "sc", "det_500m.onnx", "w600k_mbf.onnx")
    assert not found("sc", tmp_path).has_landmarks


def test_auto_takes_the_best_pack_and_then_the_first_folder(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    make(one / "buffalo_s", "det_500m.onnx", "w600k_mbf.onnx")
    make(other / "buffalo_s", "det_500m.onnx", "w600k_mbf.onnx")
    assert found("auto", one, other).folder == one / "buffalo_s"
    make(other / "buffalo_l", "det_10g.onnx", "w600k_r50.onnx")
    assert found("auto", one, other).folder == other / "buffalo_l"


def test_the_digests_can_come_from_a_cache(tmp_path: Path) -> None:
    make(tmp_path / "mine", "det_500m.onnx", "w600k_mbf.onnx")
    asked: list[str] = []
    pack = find_pack("mine", [tmp_path], digest_of=lambda path: asked.append(path.name) or "d" * 64)
    assert isinstance(pack, Pack) and set(pack.files.values()) == {"d" * 64}
    assert asked == ["det_500m.onnx", "w600k_mbf.onnx"]


def test_nothing_found_names_the_places(tmp_path: Path) -> None:
    one = missing("buffalo_s", tmp_path / "a", tmp_path / "b")
    assert str(tmp_path / "a") in one.reason and str(tmp_path / "b") in one.reason
    assert one.hint.startswith("forge models pull buffalo_s, or set FORGE_MODELS to ")
    assert missing("auto", tmp_path).hint.startswith("forge models pull buffalo_l, or set FORGE_MODELS to ")
    assert missing("mine", tmp_path).hint.startswith("forge models list shows known packs, or set FORGE_MODELS to ")
    assert missing("auto", tmp_path).reason.startswith("no face pack (")
    assert "buffalo_l, buffalo_s, buffalo_sc, buffalo_s_dev" in missing("auto", tmp_path).reason
    assert "no folder at all" in missing("auto").reason


@pytest.mark.parametrize("name", ["../mine", "a/b", "..", ".", "", "/etc", "a\0b"])
def test_only_a_folder_name_is_a_name(tmp_path: Path, name: str) -> None:
    make(tmp_path / "mine", "det_500m.onnx", "w600k_mbf.onnx")
    assert "is not the name of a pack" in missing(name, tmp_path / "below").reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "is a Git LFS pointer"),
        (b"<html>not found</html>", "has 22 bytes, too few"),
    ],
)
@pytest.mark.parametrize("name", ["det_500m.onnx", "w600k_mbf.onnx", "2d106det.onnx"])
def test_broken_files_are_said_and_not_passed_over(tmp_path: Path, data: bytes, reason: str, name: str) -> None:
    make(tmp_path / "buffalo_l", "det_500m.onnx", "w600k_mbf.onnx", "2d106det.onnx")
    make(tmp_path / "buffalo_l", name, data=data)
    make(tmp_path / "buffalo_s", "det_500m.onnx", "w600k_mbf.onnx")
    broken = missing("auto", tmp_path)
    assert reason in broken.reason and name in broken.reason and "buffalo_l" in broken.hint


def test_the_way_back_is_a_command_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    spaced = make(tmp_path / "my models/buffalo_l").parent
    assert missing("buffalo_l", spaced).hint == f"forge models pull buffalo_l --to '{spaced}'"
    make(user_folder() / "buffalo_l")
    assert missing("buffalo_l", user_folder()).hint == "forge models pull buffalo_l"
    make(spaced / "mine", "det_500m.onnx")
    assert missing("mine", spaced).hint == f"remove {spaced / 'mine'} and unpack mine there again"
    (spaced / "mine" / RECORD).write_text("{}")
    assert missing("mine", spaced).hint == f"forge models pull mine --to '{spaced}'"


def test_a_model_that_has_changed_since_the_pull_is_no_other_pack(tmp_path: Path) -> None:
    folder = make(tmp_path / "mine", "det_500m.onnx", "w600k_mbf.onnx")
    pulled = digest_bytes(MODEL)
    (folder / RECORD).write_text(json.dumps({"files": dict.fromkeys(("det_500m.onnx", "w600k_mbf.onnx"), pulled)}))
    assert found("mine", tmp_path).digest
    make(folder, "w600k_mbf.onnx", data=MODEL + b".")
    changed = missing("mine", tmp_path)
    assert changed.reason == (
        f"{folder / 'w600k_mbf.onnx'} is not what was pulled: "
        f"found SHA-256 {digest_bytes(MODEL + b'.')}, expected {pulled}"
    )
    assert changed.hint == f"forge models pull mine --to {tmp_path}"


@pytest.mark.parametrize("record", ["", "[]", "{", '{"files": 3}', '{"files": {"other.onnx": "0"}}', "[" * 100_000])
def test_a_record_that_is_none_of_ours_says_nothing(tmp_path: Path, record: str) -> None:
    folder = make(tmp_path / "mine", "det_500m.onnx", "w600k_mbf.onnx")
    (folder / RECORD).write_text(record)
    assert found("mine", tmp_path).digest


def test_incomplete_and_odd_folders(tmp_path: Path) -> None:
    voices = missing("voices", make(tmp_path / "voices", "voice_int8.onnx").parent)
    assert voices.reason == f"{tmp_path / 'voices'} is no face pack: it has none of a face pack's models"
    assert voices.hint == "forge models list shows known packs", "nothing of it is to be removed"
    assert "no detection model" in missing("headless", make(tmp_path / "headless", "w600k_mbf.onnx").parent).reason
    assert "no recognition model" in missing("half", make(tmp_path / "half", "det_500m.onnx").parent).reason
    make(tmp_path / "odd", "det_500m.onnx")
    (tmp_path / "odd" / "w600k_mbf.onnx").symlink_to(tmp_path / "gone")
    assert "can't be read: No such file" in missing("odd", tmp_path).reason


def test_folders_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FORGE_MODELS", f"{tmp_path / 'a'}:{tmp_path / 'b'}:")
    caches = [tmp_path / "home/.cache/personaforge/models", tmp_path / "home/.insightface/models"]
    assert pack_folders() == [tmp_path / "a", tmp_path / "b", *caches]
    make(tmp_path / "b" / "buffalo_sc", "det_500m.onnx", "w600k_mbf.onnx")
    assert isinstance(find_pack("auto"), Pack)
    monkeypatch.delenv("FORGE_MODELS")
    assert pack_folders() == caches


def test_importing_is_cheap() -> None:
    code = "import sys, personaforge.faces.packs; sys.exit(any(m in sys.modules for m in ('numpy', 'cv2', 'PIL')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
