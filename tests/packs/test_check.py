"""Comparing what is on disk with the catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import PersonaForgeError
from personaforge.faces.packs import Pack, PackMissing
from personaforge.packs.catalog import Catalog, KnownPack
from personaforge.packs.verification import list_packs, pack_path, verify
from tests.packs.conftest import LICENCE, MODELS, model, pins

UNUSED = {"genderage.onnx": model("g")}
CATALOG = Catalog(
    {
        "buffalo_s": KnownPack(title="A pack", licence=LICENCE, files=pins(MODELS), unused=pins(UNUSED)),
        "yunet": KnownPack(title="A model", licence=LICENCE, files=pins({"face_detection.onnx": model("y")})),
    }
)


def place(folder: Path, **changes: bytes | None) -> Path:
    """Write the pack with changed or (None) without some files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (MODELS | {f"{key.replace('__', '')}.onnx": value for key, value in changes.items()}).items():
        if data is not None:
            (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("changes", "pack", "files"),
    [
        ({}, "ok", {"det_500m.onnx": "ok"}),
        ({"genderage": model("g")}, "ok", {"genderage.onnx": "ok"}),
        ({"extra": model("e")}, "ok", {"extra.onnx": "not declared"}),
        ({"det_500m": model("x")}, "wrong", {"det_500m.onnx": "wrong", "w600k_mbf.onnx": "ok"}),
        ({"w600k_mbf": MODELS["w600k_mbf.onnx"][:-1]}, "wrong", {"w600k_mbf.onnx": "truncated"}),
        ({"w600k_mbf": b"version https://git-lfs.github.com/spec/v1\n"}, "wrong", {"w600k_mbf.onnx": "wrong"}),
        ({"w600k_mbf": MODELS["w600k_mbf.onnx"] + b"."}, "wrong", {"w600k_mbf.onnx": "wrong"}),
        ({"__2d106det": None}, "incomplete", {"2d106det.onnx": "missing"}),
        ({"genderage": model("x")}, "wrong", {"genderage.onnx": "wrong"}),
    ],
)
def test_verdicts(tmp_path: Path, changes: dict[str, bytes | None], pack: str, files: dict[str, str]) -> None:
    folder = place(tmp_path / "buffalo_s", **changes)
    [check] = verify(CATALOG, (), [tmp_path])
    assert check.verdict == pack and check.sound is (pack == "ok") and check.folder == folder
    verdicts = {file.name: file.verdict for file in check.files}
    assert {name: verdicts[name] for name in files} == files
    repair = f"rm {folder}/genderage.onnx" if "genderage" in changes else f"forge models pull buffalo_s --to {tmp_path}"
    assert check.hint == ("" if pack == "ok" else repair)


def test_a_difference_has_both_sides(tmp_path: Path) -> None:
    place(tmp_path / "buffalo_s", det_500m=model("x"), w600k_mbf=b"version https://git-lfs.github.com/spec/v1\n")
    [check] = verify(CATALOG, ["buffalo_s"], [tmp_path])
    files = {file.name: file for file in check.files}
    wrong = files["det_500m.onnx"]
    assert (wrong.sha256, wrong.expected_sha256) == (digest_bytes(model("x")), digest_bytes(model("d")))
    pointer = files["w600k_mbf.onnx"]
    assert (pointer.size, pointer.expected_size) == (43, 300_000) and "Git LFS pointer" in pointer.note


def test_an_unknown_pack_is_not_judged_but_described(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/det_x.onnx").write_bytes(model("x"))
    (tmp_path / "mine/w600k_x.onnx").write_bytes(MODELS["w600k_mbf.onnx"])
    [check] = verify(CATALOG, (), [tmp_path])
    assert check.verdict == "not known" and check.sound
    det, rec = check.files
    assert (det.verdict, det.size, det.sha256) == ("not declared", 20_000, digest_bytes(model("x")))
    assert rec.note == "is w600k_mbf.onnx of buffalo_s, Test terms"
    (tmp_path / "mine/det_x.onnx").write_bytes(b"")
    [check] = verify(CATALOG, (), [tmp_path])
    assert check.verdict == "wrong" and not check.sound and "is empty" in check.files[0].note


def test_named_packs_that_are_nowhere_are_missing(tmp_path: Path) -> None:
    known, unknown = verify(CATALOG, ["buffalo_s", "nope"], [tmp_path])
    assert (known.verdict, known.sound, known.hint) == ("missing", False, "forge models pull buffalo_s")
    assert (unknown.verdict, unknown.hint) == ("missing", "forge models list")
    assert verify(CATALOG, (), [tmp_path / "nowhere"]) == []


def test_a_pack_that_is_found_later_is_checked_and_said_to_be_unused(tmp_path: Path) -> None:
    first, second = place(tmp_path / "a/buffalo_s"), place(tmp_path / "b/buffalo_s", det_500m=model("x"))
    checks = verify(CATALOG, (), [tmp_path / "a", tmp_path / "b"])
    assert [(check.folder, check.verdict, check.shadowed_by) for check in checks] == [
        (first, "ok", None),
        (second, "wrong", first),
    ]


def test_the_list_compares_sizes_and_names_what_auto_is(tmp_path: Path) -> None:
    rows, auto = list_packs(CATALOG, [tmp_path])
    assert [(row.name, row.states, row.measures) for row in rows] == [("buffalo_s", (), True), ("yunet", (), False)]
    assert isinstance(auto, PackMissing)
    place(tmp_path / "buffalo_s", det_500m=model("x"))
    place(tmp_path / "buffalo_sc", w600k_mbf=None)
    (rows, auto) = list_packs(CATALOG, [tmp_path])
    assert [row.name for row in rows] == ["buffalo_s", "yunet", "buffalo_sc"]
    assert [row.states[0].verdict if row.states else None for row in rows] == ["size ok", None, "not known"]
    assert isinstance(auto, Pack) and auto.folder == tmp_path / "buffalo_s"


def test_a_folder_of_a_known_name_without_models_is_listed_as_incomplete(tmp_path: Path) -> None:
    (tmp_path / "buffalo_s").mkdir()
    rows, auto = list_packs(CATALOG, [tmp_path])
    assert rows[0].states[0].verdict == "incomplete"
    assert isinstance(auto, PackMissing) and "no detection model" in auto.reason


def test_paths_are_those_that_builds_find(tmp_path: Path) -> None:
    for name, said in (("auto", "buffalo_l"), ("buffalo_s", "buffalo_s"), ("yunet", "yunet")):
        with pytest.raises(PersonaForgeError, match="no face pack") as error:
            pack_path(CATALOG, name, [tmp_path])
        assert f"forge models pull {said}" in error.value.hint and error.value.exit_code == 2
    folder = place(tmp_path / "buffalo_s")
    assert pack_path(CATALOG, "auto", [tmp_path]) == pack_path(CATALOG, "buffalo_s", [tmp_path]) == folder
    (tmp_path / "yunet").mkdir()
    (tmp_path / "yunet/face_detection.onnx").write_bytes(model("y"))
    assert pack_path(CATALOG, "yunet", [tmp_path]) == tmp_path / "yunet"
    (tmp_path / "yunet/face_detection.onnx").write_bytes(model("y", 15_000))
    with pytest.raises(PersonaForgeError, match=r"is not whole: face_detection\.onnx is truncated"):
        pack_path(CATALOG, "yunet", [tmp_path])
