"""What may be declared about packs, who may declare it, and in which order sources are tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaforge.errors import PersonaForgeError, SpecError
from personaforge.faces.packs import PUBLISHED, role_of
from personaforge.http.url import shown_address
from personaforge.packs.catalog import Catalog, read_catalog
from personaforge.spec.project import Project
from personaforge.testing import write_project

DIGEST = "0123456789abcdef" * 4
OWN = f"""\
mirrors: [https://models.example.org/faces/]
packs:
  studio_r100:
    title: Our own recogniser
    licence: {{name: Ours, summary: For our personas., url: https://example.org/terms}}
    archive: {{name: studio_r100.zip, urls: ["https://example.org/a/studio_r100.zip"]}}
    files:
      det_10g.onnx: {{size: 16923827, sha256: {DIGEST}}}
      recogniser.onnx: {{size: 5000000, sha256: {DIGEST}}}
"""


def project(root: Path, catalog: str) -> Project:
    return Project(write_project(root.resolve(), {}, {"conf/models/catalog.yaml": catalog}))


def problems(root: Path, catalog: str) -> str:
    with pytest.raises(SpecError) as error:
        read_catalog(project(root, catalog), {})
    return str(error.value)


def test_the_packaged_catalog_has_every_published_pack_whole() -> None:
    catalog = read_catalog(None, {})
    for name in PUBLISHED:
        pack = catalog.packs[name]
        assert pack.archive is not None and pack.archive.sha256 and pack.archive.size
        assert pack.archive.urls == (f"https://github.com/deepinsight/insightface/releases/download/v0.7/{name}.zip",)
        assert {role_of(file) for file in pack.files} >= {"detection", "recognition"}
        assert "non-commercial" in pack.licence.text
        assert pack.size < 200_000_000 and not any(role_of(file) for file in pack.unused)
    assert catalog.packs["buffalo_l"].files["w600k_r50.onnx"].size == 174_383_860
    assert "1k3d68.onnx" not in catalog.packs["buffalo_l"].files
    for pack in catalog.packs.values():
        single = [url for pin in pack.files.values() for url in pin.urls]
        urls = single if pack.archive is None else pack.archive.urls
        assert urls and all(url.startswith("https://") for url in urls)


def test_a_project_adds_packs_and_mirrors(tmp_path: Path) -> None:
    catalog = read_catalog(project(tmp_path, OWN), {})
    assert set(catalog.packs) > {"studio_r100", "buffalo_l"}
    assert catalog.mirrors == ("https://models.example.org/faces/",)
    assert catalog.packs["studio_r100"].download_size is None and catalog.packs["studio_r100"].size == 21_923_827


def test_mirrors_come_first_and_those_of_the_environment_before_all(tmp_path: Path) -> None:
    environment = {"FORGE_MIRRORS": " http://10.0.0.1:8080/m , https://b.example.org/,,"}
    catalog = read_catalog(project(tmp_path, OWN), environment)
    archive = catalog.packs["studio_r100"].archive
    assert archive is not None
    assert catalog.sources(archive.name, archive.urls) == (
        "http://10.0.0.1:8080/m/studio_r100.zip",
        "https://b.example.org/studio_r100.zip",
        "https://models.example.org/faces/studio_r100.zip",
        "https://example.org/a/studio_r100.zip",
    )


def test_a_project_cant_put_other_weights_behind_a_name(tmp_path: Path) -> None:
    text = problems(tmp_path, OWN.replace("studio_r100:", "buffalo_l:"))
    assert "conf/models/catalog.yaml:3 packs.buffalo_l" in text and "can't be redefined" in text and "mirrors" in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://example.org/a/", "file:///etc/", "starts with https://"),
        ("https://example.org/a/", "https://me:secret@example.org/", "a password, which belong into FORGE_MIRRORS"),
        ("https://models.example.org/faces/", "models.example.org", "catalog.yaml:1 mirrors.0"),
        (DIGEST, DIGEST.upper(), "expected a text that fits"),
        (DIGEST, "a" * 63, "expected a text that fits"),
        ("size: 5000000", "size: '5000000'", "found '5000000', expected a whole number"),
        ("size: 5000000", "size: 0", "found 0, expected at least 1"),
        ("studio_r100:", "../r100:", "packs.../r100"),
        ("studio_r100:", "auto:", "is what forge calls the best pack"),
        ("studio_r100:", "embedded:", "is the pack that comes with forge"),
        ("recogniser.onnx:", "../recogniser.onnx:", "expected a text that fits"),
        ("recogniser.onnx:", "manifest.json:", "expected a text that fits"),
        ("title:", "titel:", "titel: is not a setting"),
        ("    title: Our own recogniser\n", "", "title: is missing"),
        (f", sha256: {DIGEST}", "", "recogniser.onnx.sha256: is missing"),
        ("title: Our", "title: [Our", "not valid YAML"),
        (f"sha256: {DIGEST}}}", f"sha256: {DIGEST}, urls: ['https://example.org/x.onnx']}}", "not both"),
        ("Our own recogniser", "${oc.env:HOME}", "may not call a resolver"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in OWN
    text = problems(tmp_path, OWN.replace(old, new))
    assert said in text and "conf/models/catalog.yaml:" in text


def test_a_catalog_doesnt_lead_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(OWN)
    one = Project(write_project(tmp_path.resolve() / "project", {}, {"conf/models/readme": ""}))
    (one.root / "conf/models/catalog.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(SpecError, match="leads out of the project"):
        read_catalog(one, {})


@pytest.mark.parametrize(
    "mirrors", ["ftp://h/x", "https://me:pa55@h/x?key=s3cret", "me:pa55@h", "https://h/x#y", "a b", "http://h:port/x"]
)
def test_wrong_mirrors_are_refused_and_their_secrets_not_shown(mirrors: str) -> None:
    with pytest.raises(PersonaForgeError) as error:
        read_catalog(None, {"FORGE_MIRRORS": mirrors})
    assert str(error.value).startswith("FORGE_MIRRORS: ") and error.value.exit_code == 2
    assert "pa55" not in str(error.value) and "s3cret" not in str(error.value)


def test_an_unknown_pack_names_the_nearest() -> None:
    with pytest.raises(PersonaForgeError) as error:
        read_catalog(None, {}).pack("bufalo_l")
    assert error.value.hint.startswith("did you mean buffalo_l? known packs: buffalo_l, ")
    with pytest.raises(PersonaForgeError, match="no pack 'x' is known"):
        Catalog({}).pack("x")


def test_shown_addresses_hold_no_secrets() -> None:
    assert shown_address("https://me:pa55@host:8080/a/b?key=1#c") == "https://host:8080/a/b"
