"""`forge models` as it is typed: what it prints, its exit codes, and that no other command ever fetches anything."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.testing import write_project
from tests.cli.conftest import FILES, PICTURES
from tests.conftest import Forge
from tests.packs.conftest import MODELS, Served, Server, model, zipped

Models = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path, server: Server) -> Path:
    """A project with a pack of its own, and no pack on the machine."""
    data = zipped(MODELS)
    server.paths["/tiny.zip"] = Served(data)
    files = "\n".join(
        f"      {name}: {{size: {len(one)}, sha256: {digest_bytes(one)}}}" for name, one in MODELS.items()
    )
    catalog = f"""\
packs:
  tiny:
    title: A tiny pack
    licence: {{name: Test terms, summary: For tests only., url: https://example.org/terms}}
    archive: {{name: tiny.zip, urls: ["{server.url}/tiny.zip"], size: {len(data)}, sha256: {digest_bytes(data)}}}
    files:
{files}
"""
    return write_project(tmp_path / "project", {}, {"conf/models/catalog.yaml": catalog, ".forge/keep": ""})


@pytest.fixture
def models(forge: Forge, project: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    """Run `forge models ...` in the project, on a machine without packs."""
    monkeypatch.delenv("FORGE_MODELS", raising=False)
    return lambda *arguments, **options: forge("models", *arguments, cwd=project, **options)


def test_a_pull_shows_the_licence_and_is_found(models: Models, server: Server) -> None:
    done = models("pull", "tiny", "--accept-licence", check=0)
    home = Path(os.environ["HOME"]) / ".cache/personaforge/models/tiny"
    assert done.stdout == f"tiny is whole in {home} (0.3 MB fetched).\n"
    assert "Licence: Test terms\n  For tests only.\n  https://example.org/terms\n" in done.stderr
    assert f"fetching {server.url}/tiny.zip (0.3 MB)\nunpacking tiny.zip\n" in done.stderr
    assert json.loads((home / "LICENCE.json").read_text())["accepted"]["how"] == "--accept-licence"
    assert models("path", "tiny", check=0).stdout == f"{home}\n"
    assert "(nothing was fetched)" in models("pull", "tiny", check=0).stdout


def test_without_a_terminal_the_licence_has_to_be_accepted_by_name(models: Models, server: Server) -> None:
    done = models("pull", "tiny", "--to", "my packs", check=2, process=True, stdin=subprocess.DEVNULL)
    assert "Licence: Test terms" in done.stderr and done.stdout == ""
    assert done.stderr.endswith("  forge models pull tiny --to 'my packs' --accept-licence\n")
    assert server.asked == []


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 2), (b"\n", 2)])
def test_on_a_terminal_it_is_asked(models: Models, server: Server, answer: bytes, code: int) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    done = models("pull", "tiny", check=code, process=True, stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert "Accept it? [y/N]" in done.stderr and len(server.asked) == (1 if code == 0 else 0)


def test_a_pull_elsewhere_says_how_it_is_found(models: Models, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = models("pull", "tiny", "--to", "packs", "--accept-licence", check=0)
    assert done.stdout.endswith(f"Builds find it with FORGE_MODELS={project / 'packs'}\n")
    monkeypatch.setenv("FORGE_MODELS", str(project / "packs"))
    done = models("pull", "tiny", "--accept-licence", check=0)
    assert f"Builds find {project / 'packs/tiny'} first, and so don't use this one" in done.stdout


def test_a_failed_pull_names_source_and_reason(models: Models, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_MIRRORS", f"{server.url}/mirror")
    server.paths["/tiny.zip"] = Served(bytes(len(zipped(MODELS))))
    done = models("pull", "tiny", "--accept-licence", check=1)
    assert (
        f"\n  {server.url}/mirror/tiny.zip answers 404 Not Found\n  {server.url}/tiny.zip has SHA-256 " in done.stderr
    )
    assert f", expected {digest_bytes(zipped(MODELS))}\n" in done.stderr
    assert "  forge models pull tiny goes on where it was cut off; FORGE_MIRRORS=" in done.stderr
    done = models("pull", "tinny", "--accept-licence", check=2)
    assert "did you mean tiny?" in done.stderr


def test_json_is_all_that_is_printed(models: Models, server: Server) -> None:
    done = models("pull", "tiny", "--accept-licence", "--json", check=0)
    told = json.loads(done.stdout)
    assert done.stderr == "" and told["schema"] == 1 and told["state"] == "pulled"
    assert told["sources"] == [f"{server.url}/tiny.zip"] and told["found_first"] == told["folder"]
    listed = json.loads(models("list", "--json", check=0).stdout)
    [tiny] = [pack for pack in listed["packs"] if pack["name"] == "tiny"]
    assert (
        listed["schema"] == 1 and tiny["found"][0]["verdict"] == "size ok" and tiny["licence"]["name"] == "Test terms"
    )
    assert listed["auto"]["pack"] is None and "forge models pull buffalo_l" in listed["auto"]["hint"]
    checked = json.loads(models("verify", "tiny", "--json", check=0).stdout)
    assert checked["schema"] == 1 and checked["sound"] and checked["packs"][0]["name"] == "tiny"
    path = json.loads(models("path", "tiny", "--json", check=0).stdout)
    assert path == {"schema": 1, "pack": "tiny", "folder": told["folder"]}


def test_verify_says_what_is_wrong_and_what_to_type(models: Models) -> None:
    models("pull", "tiny", "--accept-licence", check=0)
    folder = Path(os.environ["HOME"]) / ".cache/personaforge/models/tiny"
    assert "  ok            det_500m.onnx\n" in models("verify", "tiny", check=0).stdout
    (folder / "det_500m.onnx").write_bytes(model("x"))
    (folder / "w600k_mbf.onnx").write_bytes(MODELS["w600k_mbf.onnx"][:100_000])
    said = models("verify", "tiny", check=1).stdout
    digests = digest_bytes(model("x")), digest_bytes(MODELS["det_500m.onnx"])
    assert f"  wrong         det_500m.onnx: found SHA-256 {digests[0]}, expected {digests[1]}\n" in said
    assert "  truncated     w600k_mbf.onnx: found 100,000 bytes, expected 300,000\n" in said
    assert said.endswith("  forge models pull tiny\n")
    assert "is not what was pulled" in models("path", "tiny", check=2).stderr


def test_an_unknown_packs_digests_can_be_pasted(models: Models, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "packs/mine").mkdir(parents=True)
    (project / "packs/mine/det_x.onnx").write_bytes(model("x"))
    monkeypatch.setenv("FORGE_MODELS", str(project / "packs"))
    said = models("verify", "mine", check=0).stdout
    pasted = said.partition("under packs, with a title and a licence:\n")[2]
    assert (
        pasted == f"    mine:\n      files:\n        det_x.onnx: {{size: 20000, sha256: {digest_bytes(model('x'))}}}\n"
    )


def test_the_list_is_for_people(models: Models) -> None:
    said = models("list", check=0).stdout
    assert "buffalo_l     SCRFD-10GF detector" in said and "196.3 MB" in said
    assert "licence: InsightFace models, non-commercial research only" in said
    assert "not here: forge models pull tiny" in said and "auto: none, no face pack (buffalo_l, " in said


def test_help_loads_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys; from personaforge.cli.main import run; run(['models', 'pull', '--help']);"
        "print([name for name in ('httpx', 'pydantic', 'yaml', 'rich', 'ssl') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "--accept-licence" in done.stdout and done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan",),
        ("build",),
        ("status",),
        ("eval", "b.png", "--anchor", "a.png", "--identity", "insightface"),
        ("models", "list"),
        ("models", "path"),
    ],
)
def test_no_other_command_ever_fetches(project: Path, arguments: tuple[str, ...]) -> None:
    """Without a pack, and with one that is broken, nothing so much as loads what could make a connection."""
    from personaforge.testing import png

    write_project(project, {"ben": PICTURES}, FILES)
    for name, color in (("a.png", (9, 9, 9)), ("b.png", (200, 9, 9))):
        (project / name).write_bytes(png(color, width=64, height=64))
    (project / "packs-none").mkdir()
    (project / "packs-broken/buffalo_l").mkdir(parents=True)
    code = f"""
import os, socket, sys
tried = []
for name in ("connect", "connect_ex"):
    setattr(socket.socket, name, lambda self, address: tried.append(address))
socket.getaddrinfo = lambda *address, **options: tried.append(address)
from personaforge.cli.main import run
for packs in ("none", "broken"):
    os.environ["FORGE_MODELS"] = {str(project)!r} + "/packs-" + packs
    run({list(arguments)!r})
    loaded = {{"httpx", "requests", "personaforge.packs.download"}} & set(sys.modules)
    print("TRIED", tried, sorted(loaded), file=sys.stderr, flush=True)
    print("END", flush=True)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)
    said = list(zip(done.stdout.split("END\n")[:2], done.stderr.split("TRIED [] []\n")[:2], strict=True))
    assert len(said) == 2 and done.stderr.count("TRIED [] []") == 2, done.stdout + done.stderr
    for shown, complained in said:
        assert "forge models pull buffalo_l" in shown + complained
    assert not any((Path(os.environ["HOME"]) / ".insightface").rglob("*"))
