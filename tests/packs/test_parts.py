"""Composed packs: what may be declared, whose licence a file has, and how one is pulled over real HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from personaforge.digest import digest_bytes, digest_file
from personaforge.errors import PersonaForgeError, SpecError
from personaforge.faces.composed import ComposedPack, find_composed
from personaforge.faces.packs import COMPOSED, SHIPPED, PackMissing
from personaforge.packs.catalog import Catalog, Pin, read_catalog
from personaforge.packs.composition import list_composed, part_faults
from personaforge.packs.pull import pull
from personaforge.packs.terms import ModelFile, terms_of
from personaforge.packs.verification import list_packs
from personaforge.spec.project import Project
from personaforge.testing import write_project
from tests.conftest import Forge
from tests.packs.conftest import Served, Server, model

if TYPE_CHECKING:
    import subprocess

    Models = Callable[..., "subprocess.CompletedProcess[str]"]

DET_10G = "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91"
AURAFACE = "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60"
COMMIT = "af6d057c9b0ec4071d4c49c80e3539258798b609"
FILES = {"finder": model("f"), "reader": model("r", 300_000)}
OWN = """\
packs:
  studio_finder:
    title: Our detector
    licence: {{name: MIT, summary: Ours., url: https://example.org/a, use: commercial}}
    files: {{finder.onnx: {{size: 20000, sha256: {finder}, urls: ["{url}/finder.onnx"]}}}}
  studio_reader:
    title: Our recogniser
    licence: {{name: Test terms, summary: For tests only., url: https://example.org/b{use}}}
    files: {{reader.onnx: {{size: 300000, sha256: {reader}, urls: ["{url}/reader.onnx"]}}}}
parts:
  finder: {{role: detector, runs: yunet, pack: studio_finder, file: finder.onnx}}
  reader: {{role: recognizer, runs: arcface, pack: studio_reader, file: reader.onnx}}
composed:
  studio:
    title: Of our own parts
    parts: {{detector: finder, recognizer: reader, landmarks: mediapipe_mesh}}
"""


def own(url: str = "http://127.0.0.1:9", use: str = ", use: commercial", **digests: str) -> str:
    return OWN.format(url=url, use=use, **{name: digest_bytes(data) for name, data in FILES.items()} | digests)


def project(root: Path, catalog: str) -> Project:
    return Project(write_project(root.resolve(), {}, {"conf/models/catalog.yaml": catalog, ".forge/keep": ""}))


def test_the_permissive_packs_are_what_they_say() -> None:
    catalog = read_catalog(None, {})
    large, small = list_composed(catalog, [])
    assert (large.name, small.name) == ("permissive", "permissive_small") == COMPOSED
    assert [part.name for part in large.parts] == ["yunet", "auraface", "mediapipe_mesh"]
    assert [part.name for part in small.parts] == ["yunet", "sface", "mediapipe_mesh"]
    assert large.use == small.use == "commercial"
    recogniser = large.parts[1]
    assert (recogniser.pin.size, recogniser.pin.sha256) == (260_694_151, AURAFACE)
    assert recogniser.pin.urls == (f"https://huggingface.co/fal/AuraFace-v1/resolve/{COMMIT}/glintr100.onnx",)
    assert list(catalog.packs["auraface"].files) == ["glintr100.onnx"], "the others are InsightFace's, byte for byte"
    assert small.parts[1].pin.sha256.startswith("0ba9fbfa") and small.parts[1].pin.size == 38_696_353
    mesh = large.parts[2]
    path = SHIPPED / mesh.name / mesh.file
    assert (mesh.pin.size, mesh.pin.sha256) == (path.stat().st_size, digest_file(path))
    notice = (path.parent / "NOTICE").read_text()
    assert "Apache License, Version 2.0" in notice and "MediaPipe Authors" in notice and "converted" in notice
    assert "Apache License\n" in (path.parent / "LICENSE").read_text()


def test_every_licence_of_forges_own_catalog_says_whom_it_binds() -> None:
    catalog = read_catalog(None, {})
    uses = {name: pack.licence.use for name, pack in catalog.packs.items()}
    research = {name for name, use in uses.items() if use == "research"}
    assert research == {"buffalo_l", "buffalo_s", "buffalo_sc"} and None not in uses.values()
    for name in research:
        assert "non-commercial" in catalog.packs[name].licence.text


def test_a_licence_belongs_to_bytes_and_not_to_a_folder(tmp_path: Path) -> None:
    """AuraFace's repository says Apache-2.0, and its scrfd_10g is InsightFace's det_10g."""
    with pytest.raises(SpecError) as error:
        read_catalog(project(tmp_path, own(finder=DET_10G)), {})
    text = "packs.studio_finder.licence.use: is commercial, and finder.onnx is det_10g.onnx of buffalo_l byte for byte"
    assert text in str(error.value)
    silent = own(finder=DET_10G).replace("url: https://example.org/a, use: commercial", "url: https://example.org/a")
    catalog = read_catalog(project(tmp_path, silent), {})
    [studio] = [one for one in list_composed(catalog, []) if one.name == "studio"]
    assert studio.parts[0].licence.name.startswith("InsightFace") and studio.use == "research"
    rows, _ = list_packs(catalog, [])
    [row] = [row for row in rows if row.name == "studio_finder"]
    assert [(one.file, one.use, one.known_as) for one in row.terms] == [
        ("finder.onnx", "research", "det_10g.onnx of buffalo_l")
    ]
    found = ModelFile("studio", tmp_path / "Apache-2.0/scrfd_10g_bnkps.onnx", DET_10G)
    mine = ModelFile("studio", tmp_path / "studio_reader/reader.onnx", digest_bytes(FILES["reader"]))
    nobody = ModelFile("studio", tmp_path / "det_10g.onnx", "e" * 64)
    barred, free, unknown = terms_of(lambda: catalog, (found, mine, nobody))
    assert (barred.use, barred.known_as) == ("research", "det_10g.onnx of buffalo_l")
    assert str(barred) == (
        "scrfd_10g_bnkps.onnx of the pack studio, which is det_10g.onnx of buffalo_l byte for byte: "
        "InsightFace models, non-commercial research only"
    )
    assert (free.use, free.licence, free.known_as) == ("commercial", "Test terms", "")
    assert (unknown.use, unknown.licence) == ("unknown", "")
    assert str(unknown) == "det_10g.onnx of the pack studio: licence not known"


def test_what_comes_with_forge_has_forges_licence_without_a_catalog() -> None:
    def never() -> Catalog:
        raise AssertionError("the catalog was read")

    [terms] = terms_of(never, [ModelFile("embedded", Path("det_embedded.onnx"), "a" * 64)])
    assert (terms.licence, terms.use) == ("MIT", "commercial")


def test_nobody_says_is_neither_of_both(tmp_path: Path) -> None:
    catalog = read_catalog(project(tmp_path, own(use="")), {})
    [studio] = [one for one in list_composed(catalog, []) if one.name == "studio"]
    assert studio.use is None
    terms = terms_of(lambda: catalog, [ModelFile("studio", Path("r.onnx"), digest_bytes(FILES["reader"]))])
    assert terms[0].use == "unknown" and terms[0].licence == "Test terms"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("runs: arcface", "runs: mesh", "parts.reader: a recognizer runs as arcface or sface, found mesh"),
        ("file: reader.onnx}", "file: other.onnx}", "pack studio_reader, which `packs` does not declare"),
        ("recognizer: reader", "recognizer: finder", "finder is a detector, expected a recognizer"),
        ("recognizer: reader", "recognizer: readr", "readr is no part that is declared, expected a recognizer"),
        ("recognizer: reader, ", "", "composed.studio: has no recognizer"),
        ("  studio:\n", "  permissive:\n", "composed.permissive: is a pack that comes with forge"),
        ("  studio:\n", "  buffalo_l:\n", "composed.buffalo_l: is a pack that comes with forge"),
        ("  studio:\n", "  studio_finder:\n", "composed.studio_finder: is also under `packs`"),
        ("  finder: {role", "  yunet: {role", "parts.yunet: is a part that comes with forge"),
        ("pack: studio_finder, ", "", "parts.finder: expected `pack`, whose licence and digests hold"),
        ("use: commercial", "use: anything", "found 'anything', expected 'commercial' or 'research'"),
    ],
)  # fmt: skip
def test_a_declaration_that_can_not_be_is_named(tmp_path: Path, old: str, new: str, text: str) -> None:
    assert old in own()
    with pytest.raises(SpecError) as error:
        read_catalog(project(tmp_path, own().replace(old, new)), {})
    assert text in str(error.value) and "conf/models/catalog.yaml" in str(error.value)


def test_a_project_can_not_claim_that_a_part_comes_with_forge(tmp_path: Path) -> None:
    licence = "{name: MIT, summary: Ours., url: https://example.org/a, use: commercial}"
    pinned = f"pin: {{size: 20000, sha256: {'a' * 64}}}, licence: {licence}, "
    with pytest.raises(SpecError, match="has no `pack`: only what comes with forge has none"):
        read_catalog(project(tmp_path, own().replace("pack: studio_finder, ", pinned)), {})


def served(server: Server) -> Catalog:
    """The packaged catalog, whose permissive parts are small files on this machine's server."""
    catalog = read_catalog(None, {})
    packs = dict(catalog.packs)
    for name in ("opencv_yunet", "auraface", "opencv_sface"):
        files = {}
        for file in packs[name].files:
            server.paths[f"/{file}"] = Served(model(file[-9]))
            pin = {"size": 20_000, "sha256": digest_bytes(model(file[-9])), "urls": (f"{server.url}/{file}",)}
            files[file] = Pin(**pin)  # type: ignore[arg-type]
        packs[name] = packs[name].model_copy(update={"files": files})
    return Catalog(packs, (), catalog.parts, catalog.composed, catalog.packaged)


def test_permissive_is_pulled_part_by_part_and_nothing_else_is(server: Server, models: Path) -> None:
    catalog = served(server)
    assert isinstance(find_composed("permissive", catalog.wanted("permissive"), [models]), PackMissing)
    asked: list[str] = []

    def accept(name: str, _: object) -> str:
        asked.append(name)
        return "in a test"

    for name in catalog.packs_of("permissive"):
        assert pull(catalog, name, models, accept=accept).state == "pulled"
    assert asked == ["opencv_yunet", "auraface"], "each licence by itself"
    names = ["face_detection_yunet_2023mar.onnx", "face_detection_yunet_2026may.onnx", "glintr100.onnx"]
    assert [path for path, _ in server.asked] == [f"/{name}" for name in names]
    assert json.loads((models / "auraface/LICENCE.json").read_text())["licence"]["name"] == "Apache-2.0"
    found = find_composed("permissive", catalog.wanted("permissive"), [models])
    assert isinstance(found, ComposedPack) and found.parts[1].path == models / "auraface/glintr100.onnx"
    small = find_composed("permissive_small", catalog.wanted("permissive_small"), [models])
    assert isinstance(small, PackMissing) and "no folder opencv_sface" in small.reason
    for name in catalog.packs_of("permissive_small"):
        pull(catalog, name, models, accept=accept)
    assert [path for path, _ in server.asked][3:] == ["/face_recognition_sface_2021dec.onnx"], "YuNet was here"


def test_a_part_with_other_bytes_is_named(server: Server, models: Path) -> None:
    catalog = served(server)
    for name in catalog.packs_of("permissive"):
        pull(catalog, name, models, accept=lambda name, pack: "in a test")
    (models / "auraface/glintr100.onnx").write_bytes(model("z"))
    [large, _] = list_composed(catalog, [models])
    [fault] = part_faults(large)
    assert "glintr100.onnx has the SHA-256" in fault and digest_bytes(model("z")) in fault


@pytest.fixture
def models_of_a_project(forge: Forge, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Models:
    """Run `forge models ...` in a project that composes a pack of its own, on a machine without packs."""
    for name, data in FILES.items():
        server.paths[f"/{name}.onnx"] = Served(data)
    folder = project(tmp_path / "project", own(server.url)).root
    monkeypatch.delenv("FORGE_MODELS", raising=False)
    return lambda *arguments, **options: forge("models", *arguments, cwd=folder, **options)


def test_commands_on_a_composed_pack(models_of_a_project: Models) -> None:
    run = models_of_a_project
    said = run("list", check=0).stdout
    assert "studio  Of our own parts\n  detector    finder (finder.onnx of studio_finder, 0.0 MB)\n" in said
    assert "              licence: MIT; any use\n" in said and "mediapipe_mesh (face_landmark.onnx comes with" in said
    assert "  not here: the pack studio has no detector here: no folder studio_finder in " in said
    done = run("pull", "studio", check=2)
    assert done.stderr.endswith("  forge models pull studio --accept-licence\n")
    assert "no folder of its own" in run("path", "studio", check=2).stderr
    assert "missing" in run("verify", "studio", check=1).stdout
    done = run("pull", "studio", "--accept-licence", check=0)
    home = Path(os.environ["HOME"]) / ".cache/personaforge/models"
    assert done.stdout == (
        f"studio_finder is whole in {home / 'studio_finder'} (0.0 MB fetched).\n"
        f"studio_reader is whole in {home / 'studio_reader'} (0.3 MB fetched).\n"
        "studio is complete: `identity.pack: studio` measures with it.\n"
    )
    assert "Licence: MIT" in done.stderr and "Licence: Test terms" in done.stderr
    told = json.loads(run("list", "--json", check=0).stdout)
    [studio] = [one for one in told["composed"] if one["name"] == "studio"]
    assert studio["here"] and studio["use"] == "commercial" and told["licence_use"] is None
    assert [part["found"] for part in studio["parts"][:2]] == [digest_bytes(data) for data in FILES.values()]
    again = json.loads(run("pull", "studio", "--json", check=0).stdout)
    assert again["name"] == "studio" and [one["state"] for one in again["packs"]] == ["here", "here"]
    assert run("verify", "studio", check=0).stdout.count("  ok  ") == 2
    (home / "studio_reader/reader.onnx").write_bytes(model("z"))
    assert "reader.onnx has the SHA-256" in run("verify", "studio", check=1).stdout
    assert "wrong" in run("list", check=0).stdout.partition("studio  Of")[2].partition("embedded")[0]
    assert "did you mean studio?" in run("pull", "studo", check=2).stderr


def test_a_composed_pack_is_no_pack_by_itself() -> None:
    with pytest.raises(PersonaForgeError, match="no pack 'permissve' is known") as error:
        read_catalog(None, {}).pack("permissve")
    assert "did you mean permissive?" in error.value.hint
