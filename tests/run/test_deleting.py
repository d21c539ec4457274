"""What providers keep is deleted at the user's word, and only once the result is whole in the store: over real HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from personaforge.errors import JobFailed, Refused, StoreError
from personaforge.providers.protocols import Job
from personaforge.providers.runway import RunwayImages
from personaforge.providers.table import Options, capability
from personaforge.run.resume import deletable, delete
from personaforge.store.artifact import parse_artifact
from personaforge.testing import files
from personaforge.testing.contract import CANARY, Case, Shop, stocked
from personaforge.testing.server import Accepts, Becomes, Says, Server, serving
from tests.conftest import Forge
from tests.providers.cases import CASES
from tests.run.conftest import PERSONA, Studio
from tests.server import fal, runway

ROUTES = {"fal": "fal.payloads", "runway": "runway.cancel"}
"""By provider: the route that deletes."""
DELETING = list({case.id: case for case in CASES if capability(case.modality, case.name).deletes}.values())


@pytest.fixture(params=DELETING, ids=lambda case: case.id)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def server(case: Case, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(*case.routes) as found:
        monkeypatch.setenv(case.url, found.url)
        monkeypatch.setenv(case.key, CANARY)
        found.state["fal admin"] = CANARY
        yield stocked(found)


@pytest.fixture
def shop(tmp_path: Path, server: Server) -> Iterator[Shop]:
    found = Shop(tmp_path / "project")
    yield found
    found.close()


def test_every_adapter_that_deletes_is_here() -> None:
    assert {case.name for case in DELETING} == set(ROUTES)


def test_what_is_done_is_deleted_there_and_stays_here(case: Case, server: Server, shop: Shop) -> None:
    result = shop.buy(case.action())
    content = shop.content(result)
    assert not server.calls(ROUTES[case.name]), "nothing is deleted unasked"
    (entry,), others = deletable(shop.store)
    assert not others and server.state["files"]
    delete(shop.engine, entry)
    (call,) = server.calls(ROUTES[case.name])
    assert entry.job in call.path and CANARY in str(call.headers) and not server.state["files"]
    assert shop.content(shop.buy(case.action())) == content and len(server.ledger) == 1
    assert deletable(shop.open().store) == ([], {}), "it is asked once"


def test_a_result_that_is_not_whole_here_is_not_deleted_there(case: Case, server: Server, shop: Shop) -> None:
    result = shop.buy(case.action())
    (entry,), _ = deletable(shop.store)
    (artifact,) = result.outputs.values()
    path = Path(shop.store.blobs.path(artifact.digest))
    data = path.read_bytes()
    for damage in (data[:-1], data[:-1] + bytes([data[-1] ^ 1])):
        os.chmod(path, 0o644)
        path.write_bytes(damage)
        with pytest.raises(StoreError, match="isn't whole in the store"):
            delete(shop.engine, entry)
    path.unlink()
    with pytest.raises(StoreError, match="isn't whole in the store"):
        delete(shop.engine, entry)
    assert not server.calls(ROUTES[case.name]) and server.state["files"]
    path.write_bytes(data)
    delete(shop.engine, entry)
    assert not server.state["files"]


def test_what_failed_or_was_blocked_may_be_deleted_too(case: Case, server: Server, shop: Shop) -> None:
    assert case.failed is not None
    server.script(*case.failed)
    with pytest.raises(JobFailed):
        shop.buy(case.action())
    server.script(*case.blocked)
    assert shop.buy(case.action(1)).blocked
    entries, _ = deletable(shop.store)
    assert sorted(entry.state for entry in entries) == ["done", "refused"]
    for entry in entries:
        delete(shop.engine, entry)
    assert len(server.calls(ROUTES[case.name])) == 2 and deletable(shop.store) == ([], {})


def test_an_open_call_is_not_deleted(case: Case, server: Server, shop: Shop) -> None:
    server.latency = 1e9
    with pytest.raises(Exception, match="has not finished"):
        shop.buy(case.action())
    assert shop.states() == ["submitted"] and deletable(shop.store) == ([], {})


def test_what_is_gone_already_counts_as_deleted(case: Case, server: Server, shop: Shop) -> None:
    shop.buy(case.action())
    (entry,), _ = deletable(shop.store)
    server.script(ROUTES[case.name], Accepts(Says(500, {})))
    with pytest.raises(Exception, match="answers 500"):
        delete(shop.engine, entry)
    assert deletable(shop.store)[0] == [entry], "nobody said that it is gone"
    delete(shop.engine, entry)
    assert deletable(shop.store) == ([], {})


def falling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Case, Shop]:
    case = next(one for one in DELETING if one.id == "fal-image")
    monkeypatch.setenv(case.key, CANARY)
    return case, Shop(tmp_path / "project")


def test_fal_deletes_for_an_admin_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, shop = falling(monkeypatch, tmp_path)
    with serving(*case.routes) as server:
        monkeypatch.setenv(case.url, server.url)
        stocked(server).state["fal admin"] = "admin-canary-1"
        shop.buy(case.action())
        (entry,), _ = deletable(shop.store)
        with pytest.raises(Refused, match="scope ADMIN") as caught:
            delete(shop.engine, entry)
        assert "FAL_KEY_ADMIN" in caught.value.hint
        monkeypatch.setenv("FAL_KEY_ADMIN", "admin-canary-1")
        server.script("fal.payloads", Becomes("stuck"))
        with pytest.raises(Exception, match="did not delete 1 of the files"):
            delete(shop.engine, entry)
        delete(shop.engine, entry)
        assert [call.headers["authorization"] for call in server.calls("fal.submit")] == [f"Key {CANARY}"]
    shop.close()


def test_runway_cancels_no_task_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAYML_API_SECRET", CANARY)
    with serving(*files.ROUTES, *runway.ROUTES) as server:
        monkeypatch.setenv("FORGE_RUNWAY_URL", server.url)
        stocked(server).state["runway"] = {
            "t": {"body": {}, "since": 0.0, "finished": False, "number": 1, "looks": 0},
        }
        made = RunwayImages(Options())
        with pytest.raises(Refused, match=r"has ended \(SUCCEEDED\)"):
            made.cancel(Job("t"))
        made.wire.close()
        assert not server.calls("runway.cancel") and "t" in server.state["runway"]


PRESET = """\
provider: fal
model: fal-ai/nano-banana/edit
width: 64
height: 64
timeout_seconds: 5
prices: {fal-ai/nano-banana/edit: 0.039}
"""


def test_forge_jobs_delete_shows_first_and_then_acts(
    make_studio: Callable[..., Studio], forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.run.test_hosted_build import skin

    studio = make_studio(PERSONA.replace("image: scripted", "image: hosted"), files={"conf/image/hosted.yaml": PRESET})
    with serving(*files.ROUTES, *fal.ROUTES) as server:
        monkeypatch.setenv("FORGE_FAL_URL", server.url)
        monkeypatch.setenv("FAL_KEY", CANARY)
        skin(stocked(server)).state["fal admin"] = CANARY
        studio.build()
        made = len(server.ledger)
        assert made > 2 and len(server.state["files"]) == made
        shown = forge("jobs", "delete", cwd=studio.root, check=0).stdout
        assert shown.count("kept there") == made and "Nothing was deleted; --yes does it." in shown
        assert len(server.state["files"]) == made
        said = json.loads(forge("jobs", "delete", "--json", cwd=studio.root, check=0).stdout)
        assert not said["acted"] and len(said["jobs"]) == made
        first, second = said["jobs"][0]["key"], said["jobs"][1]["key"]
        done = forge("jobs", "delete", first[:12], "--yes", cwd=studio.root, check=0).stdout
        assert f"{first[:12]}  deleted" in done and len(server.state["files"]) == made - 1
        with studio.open() as space:
            record = space.store.find(second)
            assert record is not None
            artifact = parse_artifact(record["outputs"]["image"], "")
            os.unlink(space.store.blobs.path(artifact.digest))
        done = forge("jobs", "delete", "--yes", cwd=studio.root, check=1).stdout
        assert done.count("deleted ") == made - 2 and "isn't whole in the store" in done and CANARY not in done
        assert len(server.state["files"]) == 1
        assert "starts with" in forge("jobs", "delete", first[:12], cwd=studio.root, check=2).stderr
