"""Pulling packs over real HTTP: whole or not there, licence first, mirrors in order, one at a time."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from personaforge.digest import digest_bytes
from personaforge.errors import BackendError, PersonaForgeError, StoreError
from personaforge.faces.packs import Pack, PackMissing, find_pack
from personaforge.packs.catalog import Catalog, KnownPack, Pin
from personaforge.packs.download import Step
from personaforge.packs.pull import Pulled, pull
from tests.packs.conftest import LICENCE, MODELS, Publish, Served, Server, model, zipped


def take(catalog: Catalog, models: Path, told: list[Step] | None = None, name: str = "tiny") -> Pulled:
    """Pull with an accepted licence and without waiting between tries."""
    say = [].append if told is None else told.append
    return pull(catalog, name, models, accept=lambda name, pack: "in a test", say=say, sleep=lambda seconds: None)


def refused(catalog: Catalog, models: Path) -> str:
    """Return why a pack was not pulled, after checking that nothing looks like one."""
    with pytest.raises(BackendError) as failure:
        take(catalog, models)
    assert isinstance(find_pack("tiny", [models]), PackMissing) and not (models / "tiny").exists()
    assert "forge models pull tiny" in failure.value.hint and failure.value.exit_code == 1
    return str(failure.value)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_pulled_pack_is_what_is_declared_and_nothing_else(server: Server, publish: Publish, models: Path) -> None:
    done = take(publish(), models)
    assert done.state == "pulled" and done.fetched == len(server.paths["/tiny.zip"].data)
    assert names(models) == ["tiny"] and names(models / "tiny") == sorted([*MODELS, "LICENCE.json"])
    assert all((models / "tiny" / name).read_bytes() == data for name, data in MODELS.items())
    assert isinstance(find_pack("tiny", [models]), Pack)


def test_what_was_accepted_and_fetched_is_recorded(server: Server, publish: Publish, models: Path) -> None:
    take(publish(), models)
    record = json.loads((models / "tiny/LICENCE.json").read_text())
    assert record["licence"] == {**LICENCE.model_dump(), "sha256": digest_bytes(LICENCE.text.encode())}
    assert record["accepted"]["how"] == "in a test" and record["accepted"]["at"].startswith("20")
    assert record["files"] == {name: digest_bytes(data) for name, data in MODELS.items()}
    data = server.paths["/tiny.zip"].data
    source = {"url": f"{server.url}/tiny.zip", "size": len(data), "sha256": digest_bytes(data)}
    assert record["sources"] == {"tiny.zip": source} and record["forge"] and record["pack"] == "tiny"


def test_without_the_licence_not_a_byte_is_asked_for(server: Server, publish: Publish, models: Path) -> None:
    catalog = publish()
    with pytest.raises(PersonaForgeError, match="was not accepted") as error:
        pull(catalog, "tiny", models)
    assert "--accept-licence" in error.value.hint and error.value.exit_code == 2
    assert server.asked == [] and not models.exists()


def test_an_acceptance_holds_for_its_text_only(publish: Publish, models: Path) -> None:
    catalog = publish()
    take(catalog, models)
    first = json.loads((models / "tiny/LICENCE.json").read_text())["accepted"]
    (models / "tiny/det_500m.onnx").unlink()
    assert pull(catalog, "tiny", models).state == "repaired", "the folder says that it was accepted"
    assert json.loads((models / "tiny/LICENCE.json").read_text())["accepted"] == first
    (models / "tiny/det_500m.onnx").unlink()
    other = LICENCE.model_copy(update={"summary": "For a fee."})
    changed = Catalog({"tiny": catalog.packs["tiny"].model_copy(update={"licence": other})})
    with pytest.raises(PersonaForgeError, match="was not accepted"):
        pull(changed, "tiny", models)


def test_what_is_there_is_not_fetched_again(server: Server, publish: Publish, models: Path) -> None:
    catalog = publish()
    take(catalog, models)
    asked = len(server.asked)
    assert pull(catalog, "tiny", models) == Pulled("tiny", models / "tiny", "here", 0)
    assert len(server.asked) == asked


def test_a_wrong_file_is_replaced_and_others_stay(publish: Publish, models: Path) -> None:
    catalog = publish()
    take(catalog, models)
    (models / "tiny/notes.txt").write_text("mine")
    (models / "tiny/w600k_mbf.onnx").write_bytes(model("x", 300_000))
    broken = find_pack("tiny", [models])
    assert isinstance(broken, PackMissing) and "w600k_mbf.onnx is not what was pulled" in broken.reason
    assert broken.hint == f"forge models pull tiny --to {models}"
    told: list[Step] = []
    done = take(catalog, models, told)
    assert done.state == "repaired" and done.replaced == ("w600k_mbf.onnx",)
    [said] = [step.text for step in told if step.kind == "replace"]
    assert digest_bytes(model("x", 300_000)) in said and digest_bytes(MODELS["w600k_mbf.onnx"]) in said
    assert isinstance(find_pack("tiny", [models]), Pack) and (models / "tiny/notes.txt").read_text() == "mine"


def test_a_crash_before_the_pack_has_its_name_costs_nothing(
    server: Server, publish: Publish, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = publish()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("personaforge.packs.pull.unpack", crash)
        take(catalog, models)
    assert names(models) == [".tiny.pull"] and isinstance(find_pack("tiny", [models]), PackMissing)
    asked = len(server.asked)
    assert take(catalog, models).fetched == 0 and len(server.asked) == asked
    assert json.loads((models / "tiny/LICENCE.json").read_text())["sources"]["tiny.zip"]["url"].startswith(server.url)
    assert names(models) == ["tiny"]


def test_an_interrupted_pull_goes_on(server: Server, publish: Publish, models: Path) -> None:
    catalog = publish()
    whole = server.paths["/tiny.zip"].data
    server.paths["/tiny.zip"].cut = [120_000, 0, 0, 0, 0]
    assert "closed" in refused(catalog, models) or "connection failed" in refused(catalog, models)
    done = take(catalog, models)
    assert done.fetched == len(whole) - 120_000 and server.asked[-1] == ("/tiny.zip", "bytes=120000-")


def test_two_at_once_fetch_once(server: Server, publish: Publish, models: Path) -> None:
    catalog = publish()
    server.paths["/tiny.zip"].slow = 0.05
    results: list[Pulled] = []
    told: list[Step] = []
    pulls = [threading.Thread(target=lambda: results.append(take(catalog, models, told))) for _ in range(3)]
    for one in pulls:
        one.start()
    for one in pulls:
        one.join(30)
    assert sorted(done.state for done in results) == ["here", "here", "pulled"]
    assert len(server.asked) == 1 and names(models) == ["tiny"]
    assert [step.text for step in told if step.kind == "waiting"] == ["tiny", "tiny"]


def test_a_killed_pull_leaves_no_lock(server: Server, publish: Publish, models: Path, tmp_path: Path) -> None:
    catalog = publish()
    server.paths["/tiny.zip"].slow = 0.2
    (tmp_path / "pack.json").write_text(catalog.packs["tiny"].model_dump_json())
    code = f"""
from pathlib import Path
from personaforge.packs.catalog import Catalog, KnownPack
from personaforge.packs.pull import pull
pack = KnownPack.model_validate_json(Path({str(tmp_path / "pack.json")!r}).read_text())
pull(Catalog({{"tiny": pack}}), "tiny", Path({str(models)!r}), accept=lambda name, pack: "in a test")
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    part = models / ".tiny.pull/tiny.zip.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size):
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert names(models) == [".tiny.lock", ".tiny.pull"]
    server.paths["/tiny.zip"].slow = 0
    done = take(catalog, models)
    assert done.state == "pulled" and done.fetched < len(server.paths["/tiny.zip"].data)
    assert names(models) == ["tiny"]


def test_mirrors_are_tried_in_order_and_a_wrong_one_is_passed_over(
    server: Server, publish: Publish, models: Path
) -> None:
    catalog = publish(mirrors=("/gone", "/wrong/", "/good"), urls=("/never.zip",))
    server.paths["/wrong/tiny.zip"] = Served(bytes(len(server.paths["/tiny.zip"].data)))
    server.paths["/good/tiny.zip"] = server.paths.pop("/tiny.zip")
    told: list[Step] = []
    done = take(catalog, models, told)
    assert [path for path, _ in server.asked] == ["/gone/tiny.zip", "/wrong/tiny.zip", "/good/tiny.zip"]
    assert done.sources == (f"{server.url}/good/tiny.zip",)
    gone, wrong = [step.text for step in told if step.kind == "failed"]
    assert gone.endswith("/gone/tiny.zip answers 404 Not Found") and "has SHA-256" in wrong


def test_a_mirror_that_fails_doesnt_cost_what_another_sent(server: Server, publish: Publish, models: Path) -> None:
    catalog = publish(mirrors=("/mirror",))
    server.paths["/tiny.zip"].cut = [120_000, 0, 0, 0, 0]
    refused(catalog, models)
    take(catalog, models)
    assert server.asked[-2:] == [("/mirror/tiny.zip", ""), ("/tiny.zip", "bytes=120000-")]


def test_every_source_that_failed_is_named(server: Server, publish: Publish, models: Path) -> None:
    catalog = publish(mirrors=("/gone",))
    server.paths["/tiny.zip"] = Served(b"<html>", headers={"Content-Type": "text/html"})
    text = refused(catalog, models)
    assert f"{server.url}/gone/tiny.zip answers 404" in text and f"{server.url}/tiny.zip sends a web page" in text


def test_a_pack_without_any_address_says_how_to_name_one(models: Path) -> None:
    pin = Pin(size=1, sha256="0" * 64)
    pack = KnownPack(title="Lost", licence=LICENCE, files={"det_1.onnx": pin})
    with pytest.raises(PersonaForgeError, match="no address is declared") as error:
        take(Catalog({"lost": pack}), models, name="lost")
    assert "FORGE_MIRRORS" in error.value.hint


def evil(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.onnx", b"evil")
        archive.writestr("/tmp/evil.onnx", b"evil")
        link = zipfile.ZipInfo("link.onnx")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        for name, data in entries.items():
            archive.writestr(f"{name}.onnx", data)
    return buffer.getvalue()


def test_an_archives_paths_lead_nowhere(publish: Publish, models: Path, tmp_path: Path) -> None:
    data = evil(**{name.removesuffix(".onnx"): data for name, data in MODELS.items()})
    take(publish(data, pinned=False), models)
    assert names(models / "tiny") == sorted([*MODELS, "LICENCE.json"])
    assert not list(tmp_path.rglob("evil.onnx")) and not Path("/tmp/evil.onnx").exists()


def test_models_may_lie_in_a_folder_of_the_packs_name(publish: Publish, models: Path) -> None:
    take(publish(zipped({f"tiny/{name}": data for name, data in MODELS.items()}), pinned=False), models)
    assert names(models / "tiny") == sorted([*MODELS, "LICENCE.json"])


def damaged() -> bytes:
    data = bytearray(zipped(MODELS))
    data[1000] ^= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (evil(det_500m=b"small"), "holds det_500m.onnx of 5 bytes, expected 20,000"),
        (evil(), "doesn't hold det_500m.onnx: it holds ../../evil.onnx, /tmp/evil.onnx, link.onnx"),
        (zipped({**MODELS, "tiny/det_500m.onnx": model("d")}), "holds det_500m.onnx 2 times"),
        (zipped({**MODELS, "w600k_mbf.onnx": model("x", 300_000)}), "holds w600k_mbf.onnx with SHA-256"),
        (zipped({**MODELS, "det_500m.onnx": bytes(20_000_000)}), "of 20,000,000 bytes"),
        (damaged(), "can't be unpacked: Bad CRC-32"),
        (b"no archive at all", "can't be unpacked: File is not a zip file"),
        (zipped(MODELS)[:-100], "can't be unpacked"),
    ],
)
def test_an_archive_without_a_digest_is_judged_by_what_is_in_it(
    publish: Publish, models: Path, data: bytes, reason: str
) -> None:
    assert reason in refused(publish(data, pinned=False), models)
    assert not list(models.rglob("*.zip"))


def test_single_files_are_fetched_one_by_one_and_only_those_that_lack(server: Server, models: Path) -> None:
    data = {"det_1.onnx": model("d"), "w600k_1.onnx": model("r")}
    files = {
        name: Pin(size=len(one), sha256=digest_bytes(one), urls=(f"{server.url}/x/{name}?v=1",))
        for name, one in data.items()
    }
    for name, one in data.items():
        server.paths[f"/x/{name}?v=1"] = Served(one)
    catalog = Catalog({"single": KnownPack(title="Single", licence=LICENCE, files=files)})
    assert take(catalog, models, name="single").fetched == 40_000
    (models / "single/det_1.onnx").write_bytes(model("x"))
    server.asked.clear()
    assert take(catalog, models, name="single").replaced == ("det_1.onnx",)
    assert server.asked == [("/x/det_1.onnx?v=1", "")] and names(models) == ["single"]


def test_a_folder_that_cant_be_written_is_an_error_with_a_hint(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as error:
        take(publish(), tmp_path / "file")
    assert error.value.hint == "pull it elsewhere: --to DIR"
