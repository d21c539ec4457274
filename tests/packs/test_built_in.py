"""The pack that comes with forge: found by its name inside the package, chosen by nothing else, and checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personaforge.cli.main import run
from personaforge.errors import PersonaForgeError
from personaforge.faces import packs
from personaforge.faces.insight import insight_identity
from personaforge.faces.packs import Pack, PackMissing, find_pack
from personaforge.packs.built_in import verify_built_in
from personaforge.packs.catalog import Catalog
from personaforge.packs.verification import list_packs, pack_path, verify
from tests.packs.conftest import model

EMBEDDED = "embedded"
FILES = {name: model(name) for name in ("det_embedded.onnx", "2d106det.onnx", "recognition_embedded.onnx")}


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose pack has small models, and whose calibration names them."""
    folder = tmp_path / "installed" / EMBEDDED
    folder.mkdir(parents=True)
    monkeypatch.setattr(packs, "SHIPPED", folder.parent)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    calibrated(folder, ours().digest)
    return folder


def ours() -> Pack:
    found = find_pack(EMBEDDED)
    assert isinstance(found, Pack), found
    return found


def calibrated(folder: Path, digest: str) -> None:
    (folder / "calibration.json").write_text(json.dumps({"analyzer": {"pack_digest": digest}}))


def elsewhere(tmp_path: Path, name: str) -> Path:
    """Another pack, in a folder of that name."""
    folder = tmp_path / "elsewhere" / name
    folder.mkdir(parents=True)
    for file_name in ("det_500m.onnx", "w600k_mbf.onnx", "2d106det.onnx"):
        (folder / file_name).write_bytes(model("other"))
    return folder.parent


def test_it_is_inside_the_package_and_no_folder_of_its_name_takes_its_place(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = elsewhere(tmp_path, EMBEDDED)
    monkeypatch.setenv("FORGE_MODELS", str(other))
    found = find_pack(EMBEDDED)
    assert isinstance(found, Pack) and found.folder == shipped and found.has_landmarks
    assert set(found.files) == set(FILES)
    trained = find_pack(EMBEDDED, [other])
    assert isinstance(trained, Pack) and trained.folder == other / EMBEDDED, "only who names the folder gets it"


def test_auto_never_chooses_it(shipped: Path, tmp_path: Path) -> None:
    assert EMBEDDED not in packs.AUTO_ORDER
    assert isinstance(find_pack("auto", [shipped.parent]), PackMissing)
    chosen = find_pack("auto", [shipped.parent, elsewhere(tmp_path, "buffalo_s")])
    assert isinstance(chosen, Pack) and chosen.name == "buffalo_s"


def test_auto_as_a_detector_size_means_the_one_that_it_was_trained_for(shipped: Path, tmp_path: Path) -> None:
    assert insight_identity(ours(), "auto") == insight_identity(ours(), "320")
    assert insight_identity(ours(), "640").detector_size == "640"
    other = find_pack("buffalo_s", [elsewhere(tmp_path, "buffalo_s")])
    assert isinstance(other, Pack) and insight_identity(other, "auto").detector_size == "auto"


def test_an_installation_without_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packs, "SHIPPED", tmp_path / "nowhere")
    elsewhere(tmp_path, EMBEDDED)
    monkeypatch.setenv("FORGE_MODELS", str(tmp_path / "elsewhere"))
    found = find_pack(EMBEDDED)
    assert isinstance(found, PackMissing) and "install personaforge again" in found.hint
    assert verify_built_in(EMBEDDED) is None and verify(Catalog({}), (), None) == []
    monkeypatch.chdir(tmp_path)
    assert run(["models", "verify"]) == 1 and "nothing was checked" in capsys.readouterr().out
    check, unused = verify(Catalog({}), [EMBEDDED])
    assert unused.folder == tmp_path / "elsewhere" / EMBEDDED and not unused.files
    assert check.verdict == "missing" and not check.sound and "install personaforge again" in check.hint


def test_models_other_than_those_that_were_calibrated_are_wrong(shipped: Path) -> None:
    check = verify_built_in(EMBEDDED)
    assert check is not None and check.verdict == "ok" and {file.name for file in check.files} == set(FILES)
    (shipped / "recognition_embedded.onnx").write_bytes(model("tampered"))
    check = verify_built_in(EMBEDDED)
    assert check is not None and check.verdict == "wrong" and ours().digest in check.files[-1].note
    calibrated(shipped, ours().digest)
    check = verify_built_in(EMBEDDED)
    assert check is not None and check.sound
    for spoilt in (b"", b"version https://git-lfs.github.com/spec/v1\n"):
        (shipped / "det_embedded.onnx").write_bytes(spoilt)
        check = verify_built_in(EMBEDDED)
        assert check is not None and not check.sound and "det_embedded.onnx" in check.files[-1].note
    for words in (b"{", b"[]", b'{"analyzer": 3}'):
        (shipped / "det_embedded.onnx").write_bytes(FILES["det_embedded.onnx"])
        (shipped / "calibration.json").write_bytes(words)
        check = verify_built_in(EMBEDDED)
        assert check is not None and "names no pack" in check.files[-1].note


def test_a_folder_of_its_name_is_listed_as_never_used(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = elsewhere(tmp_path, EMBEDDED)
    monkeypatch.setenv("FORGE_MODELS", str(other))
    first = list_packs(Catalog({}))[0][0]
    assert first.name == EMBEDDED and [state.folder for state in first.states] == [shipped, other / EMBEDDED]
    assert pack_path(Catalog({}), EMBEDDED) == shipped
    assert [check.shadowed_by for check in verify(Catalog({}))] == [None, shipped]
    monkeypatch.chdir(tmp_path)
    assert run(["models", "list"]) == 0
    said = capsys.readouterr().out
    assert f"ok in {shipped}" in said and "licence: MIT" in said and "never used: embedded means the pack" in said
    assert run(["models", "list", "--json"]) == 0
    [row] = [one for one in json.loads(capsys.readouterr().out)["packs"] if one["built_in"]]
    assert row["name"] == EMBEDDED and row["known"] and row["licence"]["name"] == "MIT"
    assert row["found"][0]["verdict"] == "ok"


def test_it_is_never_fetched() -> None:
    with pytest.raises(PersonaForgeError, match="comes with forge and is never fetched"):
        Catalog({}).pack(EMBEDDED)
